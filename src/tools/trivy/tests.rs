use std::borrow::Cow;

use super::*;

use crate::inputs::Inputs;
use crate::keys::mistakes::Problems;
use crate::model::finding::Finding;
use crate::model::scope::{Scope, Unit};
use crate::scan::proof::{Proof, assess};
use crate::scan::raw_report::Document;
use crate::scan::scene::BuiltImage;
use crate::system::git::Repo;
use crate::text::shared::Text;

fn tool(options: &str) -> (Box<dyn Tool>, Vec<String>) {
    let problems = Problems::default();
    let table = toml::de::DeTable::parse(options).unwrap();
    let tool = configure(&Keys::new(table.get_ref(), 0..0, &problems));
    (tool, problems.into_sorted().into_iter().map(|problem| problem.what).collect())
}

fn plan(options: &str, built: &[BuiltImage]) -> Result<Vec<Job>, Unplanned> {
    let repo = Repo { root: "/repo".into(), base: "/repo/app".into(), ..Repo::default() };
    let (tool, problems) = tool(options);
    assert_eq!(problems, [""; 0]);
    tool.plan(&Scene { repo: &repo, gate: "scan", since: None, built, inputs: &Inputs::default() })
}

fn command(job: &Job) -> String {
    job.invocation.args.join(" ")
}

fn read(report: &str) -> Result<Parsed, ReportError> {
    let place = ReportOrigin { root: "/repo".into(), cwd: "/repo/app".into(), target: "app".into() };
    report::read(report.as_bytes(), &place, false)
}

fn only_finding(results: &str) -> Finding {
    let mut parsed = read(&format!(r#"{{"SchemaVersion": 2, "Results": [{results}]}}"#)).unwrap();
    assert_eq!(parsed.findings.len(), 1);
    parsed.findings.remove(0)
}

/// Without `--list-all-pkgs`, older versions name no package.
#[test]
fn a_result_with_class_and_type_and_nothing_found_is_a_clean_scan() {
    let scope =
        |results: &str| read(&format!(r#"{{"SchemaVersion": 2, "Results": {results}}}"#)).unwrap().scope;
    let lock =
        r#"{"Target": "package-lock.json", "Class": "lang-pkgs", "Type": "npm", "Vulnerabilities": null}"#;
    let image = r#"{"Target": "a (alpine 3.20)", "Class": "os-pkgs", "Type": "alpine"}"#;
    assert_eq!(scope(&format!("[{lock}]")), Scope::of(Unit::Files, 1));
    assert_eq!(scope(&format!("[{image}]")), Scope::of(Unit::Runs, 1));
    for empty in ["[]", "null", r#"[{"Target": "a"}]"#, r#"[{"Target": "a", "Class": "secret"}]"#] {
        assert!(scope(empty).is_empty(), "{empty}");
    }
}

#[test]
fn a_folder_is_scanned_from_inside_with_every_severity_and_no_cache_lock() {
    let jobs = plan("dirs = ['backend']", &[]).unwrap();
    assert_eq!(
        command(&jobs[0]),
        "fs --format json --output $SCRATCH/scan/app+backend/trivy.json --exit-code 0 \
         --severity UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL --cache-backend memory --disable-telemetry \
         --skip-version-check --no-progress --list-all-pkgs --scanners vuln,secret \
         --show-suppressed ."
    );
    assert_eq!(jobs[0].invocation.cwd, std::path::Path::new("/repo/app/backend"));
}

#[test]
fn files_of_other_names_are_read_if_a_pattern_names_them() {
    let jobs = plan(r#"file_patterns = ["pip:requirements.*\\.txt$", "npm:a"]"#, &[]).unwrap();
    let args = r"--file-patterns pip:requirements.*\.txt$ --file-patterns npm:a";
    assert!(command(&jobs[0]).contains(args), "{}", command(&jobs[0]));
    assert_eq!(
        tool("file_patterns = ['requirements']").1,
        ["`requirements` is no pattern for files of Trivy"]
    );
}

#[test]
fn an_offline_image_scan_looks_nothing_up() {
    let built = [BuiltImage::of_docker("notes", "notes:3f2a91c")];
    let jobs = plan(
        "scan = 'image'\nneeds = ['x']\noffline = true\ncache_dir = '../db'\nscanners = ['vuln']",
        &built,
    )
    .unwrap();
    assert_eq!(
        command(&jobs[0]),
        "image --format json --output $SCRATCH/scan/notes/trivy.json --quiet --exit-code 0 \
         --severity UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL --cache-backend memory --disable-telemetry \
         --skip-version-check --no-progress --list-all-pkgs --scanners vuln --show-suppressed \
         --skip-check-update --skip-db-update --skip-java-db-update --offline-scan --cache-dir /repo/db --input $SCRATCH/.images/notes=3f2a91c.tar"
    );
    assert_eq!(&*jobs[0].target, "notes");
    assert_eq!(jobs[0].image.as_deref(), Some("notes:3f2a91c"));
    assert_eq!(jobs[0].export.as_ref().unwrap().reference, "notes:3f2a91c");
}

#[test]
fn trivy_config_gets_only_the_flags_that_it_knows() {
    let jobs = plan("scan = 'config'\noffline = true", &[]).unwrap();
    assert_eq!(
        command(&jobs[0]),
        "config --format json --output $SCRATCH/scan/app/trivy.json --quiet --exit-code 0 \
         --severity UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL --cache-backend memory --disable-telemetry \
         --skip-version-check --skip-check-update ."
    );
}

#[test]
fn an_image_scan_without_an_image_is_a_mistake_or_inconclusive() {
    assert_eq!(tool("scan = 'image'").1, ["scan = \"image\" without an image"]);
    assert_eq!(tool("scan = 'image'\nimages = []").1.len(), 1);
    assert!(matches!(plan("scan = 'image'\nneeds = ['x']", &[]), Err(Unplanned::Impossible(_))));
}

#[test]
fn options_that_mean_nothing_are_mistakes() {
    assert_eq!(tool("images = ['a']").1, ["`images` has no effect with scan = \"fs\""]);
    assert_eq!(tool("scanners = ['vulns']").1, ["`vulns` is not a scanner of Trivy"]);
    assert_eq!(tool("scan = 'config'\nignore_unfixed = true").1.len(), 1);
}

#[test]
fn a_cut_trivy_report_is_inconclusive() {
    let whole = r#"{"SchemaVersion": 2, "Results": [{"Target": "a", "Packages": [{}]}]}"#;
    assert!(read(whole).is_ok());
    for end in 1..whole.len() {
        let error = read(&whole[..end]).unwrap_err();
        assert!(matches!(error, ReportError::Cut { .. }), "{end}: {error}");
    }
    assert!(matches!(read(" \n"), Err(ReportError::Empty { .. })));
}

#[test]
fn a_report_of_another_tool_is_foreign() {
    for report in [
        "{}",
        "[{\"RuleID\": \"x\"}]",
        "[1]",
        "nul",
        "{\"bomFormat\": \"CycloneDX\"}",
        "{\"runs\": []}",
        "{\"ClusterName\": \"c\"}",
        "{\"SchemaVersion\": 3}",
        "{\"SchemaVersion\": 2} {}",
    ] {
        let error = read(report).unwrap_err();
        assert!(matches!(error, ReportError::Foreign { .. } | ReportError::Cut { .. }), "{report}: {error}");
    }
}

#[test]
fn a_report_in_which_nothing_was_recognised_has_an_empty_scope() {
    for report in ["null", "[]", r#"{"SchemaVersion": 2, "ArtifactName": "."}"#] {
        assert!(read(report).unwrap().scope.is_empty(), "{report}");
    }
}

#[test]
fn the_score_is_that_of_the_source_of_the_severity_by_the_newest_standard() {
    let vulnerability = |source: &str| {
        only_finding(&format!(
            r#"{{"Target": "package-lock.json", "Class": "lang-pkgs", "Vulnerabilities": [{{
                "VulnerabilityID": "CVE-1", "PkgName": "p", "SeveritySource": "{source}",
                "CVSS": {{"redhat": {{"V3Score": 5.0}}, "nvd": {{"V2Score": 4.3, "V3Score": 7.5}},
                          "ghsa": {{"V3Score": 6.1, "V40Score": 8.2, "V40Vector": "CVSS:4.0/x"}}}}}}]}}"#
        ))
    };
    let score = |source| vulnerability(source).cvss.unwrap().score;
    assert_eq!(score("ghsa"), Some(8.2));
    assert_eq!(score("redhat"), Some(5.0));
    assert_eq!(score("alpine"), Some(7.5));
}

#[test]
fn a_vulnerability_says_what_to_do_and_where() {
    let finding = only_finding(
        r#"{"Target": "package-lock.json", "Class": "lang-pkgs", "Type": "npm",
            "Packages": [{"Identifier": {"UID": "1"}, "Locations": [{"StartLine": 7, "EndLine": 9}]}],
            "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "p", "InstalledVersion": "1.0.0",
              "FixedVersion": "1.0.1, 2.0.0", "PkgIdentifier": {"UID": "1", "PURL": "pkg:npm/p@1.0.0"},
              "PrimaryURL": "https://a", "References": ["https://b", "https://a"]}]}"#,
    );
    assert_eq!(finding.fix.as_deref(), Some("upgrade p to 1.0.1 or 2.0.0"));
    assert_eq!(finding.location.unwrap().to_string(), "app/package-lock.json:7");
    assert_eq!(finding.package.unwrap().ecosystem.as_deref(), Some("npm"));
    assert_eq!(*finding.references, [Text::from("https://a"), Text::from("https://b")]);
    assert_eq!((finding.severity.as_str(), finding.severity_raw), ("unknown", None));

    let finding = only_finding(
        r#"{"Target": "x (alpine 3.10)", "Class": "os-pkgs", "Vulnerabilities": [
            {"VulnerabilityID": "CVE-1", "PkgName": "p", "Status": "will_not_fix"}]}"#,
    );
    assert_eq!(finding.fix.as_deref(), Some("no fix yet (will not fix)"));
    assert_eq!(finding.location, None);
}

#[test]
fn checks_that_passed_are_scope_and_not_findings() {
    let parsed = read(
        r#"{"SchemaVersion": 2, "Results": [{"Target": "main.tf", "Class": "config", "Misconfigurations": [
            {"ID": "A", "Status": "PASS", "Severity": "HIGH"}, {"ID": "B", "Status": "EXCEPTION"},
            {"ID": "C", "Status": "FAIL", "Severity": "HIGH", "Resolution": "do",
             "CauseMetadata": {"Resource": "r.x", "StartLine": 3, "EndLine": 4}}]}]}"#,
    )
    .unwrap();
    assert_eq!(parsed.scope.get(Unit::Resources), Some(3));
    let [finding] = &parsed.findings[..] else { panic!("{:?}", parsed.findings) };
    assert_eq!(
        (&*finding.rule, finding.resource.as_deref(), finding.fix.as_deref()),
        ("C", Some("r.x"), Some("do"))
    );
    assert_eq!(finding.location.as_ref().unwrap().to_string(), "app/main.tf:3");
}

#[test]
fn a_system_without_its_package_database_is_a_gap() {
    let report = |trivy: &str| {
        read(&format!(
            r#"{{"SchemaVersion": 2, {trivy} "ArtifactType": "container_image", "Results": [
                {{"Target": "x (alpine 3.14.0)", "Class": "os-pkgs", "Type": "alpine"}},
                {{"Target": "Node.js", "Class": "lang-pkgs", "Type": "node-pkg", "Packages": [{{}}]}}]}}"#
        ))
        .unwrap()
    };
    assert_eq!(report(r#""Trivy": {"Version": "0.70.0"},"#).gaps.len(), 1);
    // Old reports list packages only where they are vulnerable.
    assert!(report("").gaps.is_empty());
}

#[test]
fn the_end_of_life_of_a_system_is_reported() {
    let parsed = read(
        r#"{"SchemaVersion": 2, "Metadata": {"OS": {"Family": "alpine", "Name": "3.9", "EOSL": true}}}"#,
    )
    .unwrap();
    assert!(parsed.notes[0].starts_with("alpine 3.9 is at its end of life"));
}

#[test]
fn a_kubernetes_object_that_could_not_be_scanned_is_a_gap() {
    let parsed = read(
        r#"{"ClusterName": "c", "Resources": [
            {"Namespace": "n", "Kind": "Deployment", "Name": "web", "Error": "no access"},
            {"Kind": "ClusterRole", "Name": "admin", "Results": [{"Target": "t", "Class": "config",
             "Misconfigurations": [{"ID": "K", "Status": "FAIL"}]}]}]}"#,
    )
    .unwrap();
    assert_eq!(parsed.gaps, ["n/Deployment/web: no access"]);
    assert_eq!(parsed.findings[0].resource.as_deref(), Some("ClusterRole/admin"));
    assert_eq!(parsed.findings[0].location, None);
}

#[test]
fn the_older_kubernetes_report_has_two_lists() {
    let parsed = read(
        r#"{"ClusterName": "c",
            "Vulnerabilities": [{"Namespace": "n", "Kind": "Pod", "Name": "a", "Results": [
                {"Target": "redis (debian 10.4)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [
                    {"VulnerabilityID": "CVE-1", "PkgName": "apt", "Severity": "MEDIUM"}]}]}],
            "Misconfigurations": [{"Namespace": "n", "Kind": "Pod", "Name": "a", "Results": [
                {"Target": "Pod/a", "Class": "config", "MisconfSummary": {"Successes": 2, "Failures": 1},
                 "Misconfigurations": [{"ID": "K", "Status": "FAIL", "Severity": "LOW"}]}]}]}"#,
    )
    .unwrap();
    assert_eq!(parsed.findings.len(), 2);
    assert_eq!(parsed.scope.to_string(), "3 resources");
}

/// The summary counts the failures that the result lists (aquasecurity/trivy `pkg/result/filter.go`).
#[test]
fn failures_that_a_summary_counts_and_a_result_lacks_are_a_gap() {
    let gaps = |summary: &str, rest: &str| {
        let report = format!(
            r#"{{"SchemaVersion": 2, "Results": [{{"Target": "main.tf", "Class": "config", "Type": "terraform",
                "MisconfSummary": {summary}{rest}}}]}}"#
        );
        read(&report).unwrap()
    };
    let listed = r#", "Misconfigurations": [{"ID": "K", "Status": "FAIL", "Severity": "LOW"}, {"ID": "L", "Status": "PASS"}]"#;
    let suppressed = r#", "ExperimentalModifiedFindings": [{"Type": "misconfiguration", "Status": "ignored", "Source": ".trivyignore"}]"#;
    for (summary, rest, missing) in [
        (r#"{"Successes": 1, "Failures": 2}"#, "", true),
        (r#"{"Successes": 1, "Failures": 2}"#, listed, true),
        (r#"{"Failures": 1}"#, r#", "Misconfigurations": null"#, true),
        (r#"{"Successes": 1, "Failures": 1}"#, listed, false),
        (r#"{"Failures": 1}"#, suppressed, false),
        (r#"{"Successes": 3, "Failures": 0, "Exceptions": 0}"#, "", false),
    ] {
        let parsed = gaps(summary, rest);
        assert_eq!(!parsed.gaps.is_empty(), missing, "{summary} {rest}: {:?}", parsed.gaps);
    }
    assert_eq!(
        gaps(r#"{"Failures": 2}"#, "").gaps,
        ["main.tf: the summary counts 2 failed checks, and the report lists 0"]
    );
    // Trivy before 0.50: what a policy lets through was looked at.
    let parsed = gaps(r#"{"Successes": 0, "Failures": 0, "Exceptions": 2}"#, "");
    assert_eq!((parsed.scope.to_string(), parsed.ignored.values().sum()), ("2 resources".to_owned(), 2));
}

#[test]
fn the_fatal_line_is_reported_in_one_readable_line() {
    const IMAGE: &str = "2026-01-01T00:00:00Z\tFATAL\tFatal error\trun error: image scan error: scan error: \
        unable to initialize a scan service: unable to initialize artifact: unable to initialize container \
        image: unable to find the specified image \"nosuch:1\" in [\"docker\" \"remote\"]: 2 errors occurred:\n\
        \t* docker error: unable to inspect the image (nosuch:1): No such image: nosuch:1\n\
        \t* remote error: dial tcp: no such host\n\n";
    const DOWNLOAD: &str = "2026-01-01T00:00:00Z\tFATAL\tFatal error\trun error: init error: DB error: failed to \
        download vulnerability DB: OCI artifact error: 1 error occurred:\n\t* Get \"https://x\": no such host\n\n";
    const FIRST: &str = "2026-01-01T00:00:00Z\tFATAL\tFatal error\trun error: init error: DB error: database \
        error: --skip-db-update cannot be specified on the first run\n";
    for (stderr, starts) in [
        (
            IMAGE,
            "unable to find the specified image \"nosuch:1\" in [\"docker\" \"remote\"]: docker error: unable",
        ),
        (
            DOWNLOAD,
            "failed to download vulnerability DB: OCI artifact error: Get \"https://x\": no such host",
        ),
        (FIRST, "--skip-db-update cannot be specified on the first run (there is no vulnerability database"),
        ("2026-01-01T00:00:00Z\tFATAL\tFatal error\tunknown flag: --frob\n", "unknown flag: --frob"),
    ] {
        let (tool, _) = tool("");
        let raw =
            RawReport { exit: Some(1), stderr: Cow::Borrowed(stderr.as_bytes()), ..RawReport::default() };
        let line = tool.error_line(&raw).unwrap();
        assert!(line.starts_with(starts), "{line}");
        assert!(!line.contains('\n'));
    }
}

#[test]
fn an_exit_code_that_is_not_zero_is_inconclusive_whatever_the_report_says() {
    let report = r#"{"SchemaVersion": 2, "Results": [{"Target": "a", "Packages": [{}]}]}"#;
    let place = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: "a".into() };
    for exit in [1, 2, 137] {
        let document = Document { name: "trivy.json".into(), bytes: Cow::Borrowed(report.as_bytes()) };
        let raw = RawReport { exit: Some(exit), documents: vec![document], ..RawReport::default() };
        assert!(matches!(assess(tool("").0.as_ref(), &raw, &place), Proof::Inconclusive { .. }));
    }
}

#[test]
fn a_package_is_of_development_or_without_a_fix_where_the_report_says_so() {
    let of = |package: &str, vulnerability: &str| {
        let finding = only_finding(&format!(
            r#"{{"Target": "package-lock.json", "Class": "lang-pkgs", "Type": "npm",
            "Packages": [{{"Name": "a", "Identifier": {{"UID": "1"}}{package}}}],
            "Vulnerabilities": [{{"VulnerabilityID": "CVE-1", "PkgName": "a", "PkgIdentifier": {{"UID": "1"}}{vulnerability}}}]}}"#
        ));
        let package = finding.package.unwrap();
        (package.dev, package.unfixed)
    };
    assert_eq!(of("", r#", "FixedVersion": "2.0.0""#), (false, false));
    assert_eq!(of(r#", "Dev": true"#, r#", "FixedVersion": "2.0.0""#), (true, false));
    assert_eq!(of("", r#", "Status": "affected""#), (false, true));
    assert_eq!(of("", r#", "Status": "fixed""#), (false, false));
}

/// As Trivy 0.70 writes them.
#[test]
fn what_is_suppressed_is_counted_by_the_kind_of_mark() {
    let suppressed = |status: &str, source: &str| {
        format!(
            r#"{{"Type": "vulnerability", "Status": "{status}", "Statement": "", "Source": "{source}", "Finding": {{}}}}"#
        )
    };
    let all = [
        suppressed("ignored", ".trivyignore"),
        suppressed("ignored", "/tmp/base/.trivyignore"),
        suppressed("ignored", "policy.rego"),
        suppressed("not_affected", "OpenVEX"),
        suppressed("fixed", "CSAF VEX"),
    ];
    let report = format!(
        r#"{{"SchemaVersion": 2, "Results": [{{"Target": "a", "ExperimentalModifiedFindings": [{}]}}]}}"#,
        all.join(",")
    );
    let parsed = read(&report).unwrap();
    assert_eq!(parsed.findings, []);
    assert_eq!(
        parsed.ignored,
        [(".trivyignore", 2), ("an ignore policy of Trivy", 1), ("VEX of Trivy", 2)].into()
    );
}
