use std::borrow::Cow;

use super::*;

use crate::inputs::Inputs;
use crate::keys::mistakes::Problems;
use crate::model::finding::Category;
use crate::model::scope::Unit;
use crate::system::git::Repo;

fn tool(options: &str) -> Box<dyn Tool> {
    let problems = Problems::default();
    let table = toml::de::DeTable::parse(options).unwrap();
    let tool = configure(&Keys::new(table.get_ref(), 0..0, &problems));
    assert_eq!(problems.into_sorted(), []);
    tool
}

fn read(report: &str) -> Result<Parsed, ReportError> {
    let place = ReportOrigin { root: "/repo".into(), cwd: "/repo/infra".into(), target: "infra".into() };
    report::read(report.as_bytes(), &place)
}

const REPORT: &str = r#"{"check_type": "terraform", "results": {"failed_checks": [
    {"check_id": "CKV_AWS_18", "check_name": "Ensure logging", "file_path": "/main.tf", "file_line_range": [1, 3],
     "resource": "aws_s3_bucket.a", "severity": null, "guideline": "https://g"}], "parsing_errors": []},
    "summary": {"passed": 2, "failed": 1, "skipped": 0, "parsing_errors": 0, "resource_count": 1,
     "checkov_version": "3.3.30"}}"#;

#[test]
fn a_folder_is_scanned_from_inside_without_downloads_and_never_quietly() {
    let repo = Repo { root: "/repo".into(), base: "/repo".into(), ..Repo::default() };
    let scene = Scene { repo: &repo, gate: "iac", since: None, built: &[], inputs: &Inputs::default() };
    let jobs = tool("dirs = ['infra']\nframework = ['terraform', 'dockerfile']").plan(&scene).unwrap();
    assert_eq!(
        jobs[0].invocation.args.join(" "),
        "-d . -o json --output-file-path $SCRATCH/iac/infra --compact --skip-download \
         --framework terraform dockerfile"
    );
    assert_eq!(jobs[0].invocation.cwd, std::path::Path::new("/repo/infra"));
    assert_eq!(jobs[0].files.reports, [ReportSource::Scratch("results_json.json".to_owned())]);
    assert_eq!(tool("").plan(&scene).unwrap()[0].invocation.args.len(), 8);
}

#[test]
fn a_cut_checkov_report_is_inconclusive() {
    assert!(read(REPORT).is_ok());
    for end in 1..REPORT.len() {
        let error = read(&REPORT[..end]).unwrap_err();
        assert!(matches!(error, ReportError::Cut { .. }), "{end}: {error}");
    }
    assert!(matches!(read(""), Err(ReportError::Empty { .. })));
}

#[test]
fn a_path_that_begins_with_a_slash_is_relative_to_the_scanned_folder() {
    let parsed = read(REPORT).unwrap();
    let finding = &parsed.findings[0];
    assert_eq!(finding.location.as_ref().unwrap().to_string(), "infra/main.tf:1");
    assert_eq!(
        (finding.severity.as_str(), finding.resource.as_deref()),
        ("unknown", Some("aws_s3_bucket.a"))
    );
    assert_eq!(parsed.scope.get(Unit::Resources), Some(1));
    assert_eq!(parsed.tool_version.as_deref(), Some("3.3.30"));
}

#[test]
fn only_checkovs_own_lines_may_follow_the_report() {
    for own in [
        "\nMore details: https://x\n",
        "\n\nPath for uploaded logs (give this to support): y\n",
        "\n--- OUTPUT DELIMITER ---\n\n<testsuites/>\n",
    ] {
        assert_eq!(read(&format!("{REPORT}{own}")).unwrap().findings.len(), 1, "{own}");
    }
    for other in ["\nTraceback (most recent call last):\n", "{}", "]", "\n[\n"] {
        assert!(matches!(read(&format!("{REPORT}{other}")), Err(ReportError::Foreign { .. })), "{other}");
    }
}

/// As Checkov 3.3.30 reports a folder with a kustomization, by the check of one object and by that of a graph.
#[test]
fn a_rendered_file_has_one_path() {
    let report = r#"{"check_type": "kustomize", "results": {"passed_checks": [{"file_path": "/base/kustomization.yaml"}],
        "failed_checks": [{"check_id": "CKV2_K8S_6", "check_name": "n", "file_path": "/repo/infra/base/kustomization.yaml",
            "file_abs_path": "/tmp/x/base/Deployment-default-a.yaml", "resource": "base:Pod.default.a.app-a"}]},
        "summary": {"passed": 1, "failed": 1, "resource_count": 2}}"#;
    let parsed = read(report).unwrap();
    assert_eq!(&*parsed.findings[0].location.as_ref().unwrap().path, "infra/base/kustomization.yaml");
    assert!(parsed.read_inputs.iter().all(|path| &**path == "infra/base/kustomization.yaml"), "{parsed:?}");
    // Of another framework, it is a folder with the same name inside.
    let other = read(&report.replace("kustomize\"", "kubernetes\"")).unwrap();
    let path = &other.findings[0].location.as_ref().unwrap().path;
    assert_eq!(&**path, "infra/repo/infra/base/kustomization.yaml");
}

#[test]
fn a_report_of_another_tool_is_foreign() {
    for report in
        ["{}", "[]", "[{}]", "null", "7", r#"{"results": []}"#, r#"{"runs": []}"#, r#"{"passed": 3}"#]
    {
        assert!(matches!(read(report), Err(ReportError::Foreign { .. })), "{report}");
    }
}

#[test]
fn a_report_without_its_summary_or_its_checks_is_foreign() {
    for report in [
        r#"{"check_type": "terraform", "results": {"failed_checks": []}}"#,
        r#"{"check_type": "terraform", "summary": {"failed": 0}}"#,
        r#"{"check_type": "terraform", "results": {"passed_checks": []}, "summary": {"failed": 0}}"#,
    ] {
        assert!(matches!(read(report), Err(ReportError::Foreign { .. })), "{report}");
    }
}

#[test]
fn files_that_do_not_parse_are_gaps_in_every_spelling() {
    let named = r#"{"results": {"failed_checks": [], "parsing_errors": ["/repo/infra/a.tf"]}, "summary": {"parsing_errors": 1}}"#;
    let parsed = read(named).unwrap();
    assert_eq!(parsed.gaps, [""; 0]);
    assert_eq!(parsed.not_read, [("infra/a.tf".into(), "Checkov can't parse it".into())]);
    for (report, gap) in [
        (&*named.replace("\": 1}", "\": 2}"), "1 file does not parse (`quiet` leaves their names out)"),
        (
            r#"{"results": {"failed_checks": []}, "summary": {"parsing_errors": 2}}"#,
            "2 files do not parse (`quiet` leaves their names out)",
        ),
        (
            r#"{"passed": 0, "failed": 0, "parsingerrors": 1, "resourcecount": 0, "checkov_version": "2.1"}"#,
            "1 file does not parse (`quiet` leaves their names out)",
        ),
    ] {
        assert_eq!(read(report).unwrap().gaps, [gap]);
    }
}

#[test]
fn failed_checks_that_the_summary_counts_and_the_report_lacks_are_a_gap() {
    let report = REPORT.replace("\"failed\": 1", "\"failed\": 4");
    let parsed = read(&report).unwrap();
    assert_eq!((parsed.findings.len(), parsed.gaps.len()), (1, 1));
}

#[test]
fn nothing_scanned_is_an_empty_scope() {
    let parsed = read(
        r#"{"passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 0, "checkov_version": "3"}"#,
    );
    assert!(parsed.unwrap().scope.is_empty());
}

#[test]
fn a_secret_is_not_identified_by_the_hash_of_its_value() {
    let parsed = read(&REPORT.replace("\"terraform\"", "\"secrets\"")).unwrap();
    assert_eq!((parsed.findings[0].category, &parsed.findings[0].resource), (Category::Secret, &None));
}

#[test]
fn a_vulnerable_package_is_a_vulnerability_under_its_own_id() {
    let parsed = read(
        r#"[{"check_type": "sca_package", "results": {"failed_checks": [
            {"check_id": "CKV_CVE_2019_19844", "check_name": "SCA package scan", "file_path": "/requirements.txt",
             "file_line_range": [0, 0], "resource": "requirements.txt.django", "severity": "CRITICAL",
             "short_description": "CVE-2019-19844 - django: 1.2",
             "vulnerability_details": {"id": "CVE-2019-19844", "package_name": "django", "package_version": "1.2",
                "lowest_fixed_version": "1.11.27", "cvss": 9.8, "vector": "CVSS:3.1/AV:N", "link": "https://l"}}]},
          "summary": {"passed": 0, "failed": 1, "resource_count": 1}}]"#,
    )
    .unwrap();
    let finding = &parsed.findings[0];
    assert_eq!((&*finding.rule, finding.category), ("CVE-2019-19844", Category::Vulnerability));
    assert_eq!(finding.fix.as_deref(), Some("upgrade django to 1.11.27"));
    assert_eq!(finding.location.as_ref().unwrap().to_string(), "infra/requirements.txt");
    assert_eq!(finding.cvss.as_ref().unwrap().score, Some(9.8));
}

#[test]
fn the_traceback_of_a_download_is_not_the_error_line() {
    let said = |stderr: &'static str| {
        tool("").error_line(&RawReport { stderr: Cow::Borrowed(stderr.as_bytes()), ..RawReport::default() })
    };
    assert_eq!(
        said(
            "2026-11-21 06:20:16,988 [MainThread  ] [ERROR]  Directory nodir does not exist; skipping it\n\
             2026-11-21 06:20:17,573 [MainThread  ] [WARNI]  Failed to get the checkov mappings\n\
             Traceback (most recent call last):\n  File \"x.py\", line 1\nurllib3.exceptions.MaxRetryError: no\n"
        )
        .as_deref(),
        Some("Directory nodir does not exist; skipping it")
    );
    // A crash: Checkov 3.3 with a check of its own that fails while it is loaded.
    assert_eq!(
        said(
            "2026-11-21 06:20:16,988 [MainThread  ] [ERROR]  Exception traceback:\n\
             Traceback (most recent call last):\n  File \"x.py\", line 1\nTypeError: unhashable type: 'list'\n"
        )
        .as_deref(),
        Some("TypeError: unhashable type: 'list'")
    );
    assert_eq!(
        said("usage: checkov [-h]\ncheckov: error: unrecognized arguments: --bogus\n").as_deref(),
        Some("unrecognized arguments: --bogus")
    );
}

/// Python writes one for each byte that is not UTF-8.
#[test]
fn a_file_whose_name_is_not_utf8_is_named_as_it_is_shown() {
    let report = r#"{"check_type": "kubernetes", "results": {"failed_checks": [], "skipped_checks": [], "parsing_errors": [],
        "passed_checks": [{"file_path": "/latin\udce9.yaml"}]}, "summary": {"passed": 1, "failed": 0, "skipped": 0,
        "parsing_errors": 0, "resource_count": 1, "checkov_version": "3.3.30"}}"#;
    let parsed = read(report).unwrap();
    let named: Vec<_> = parsed.read_inputs.iter().map(|path| path.to_string()).collect();
    assert_eq!(named, ["infra/latin\u{fffd}.yaml"]);
}
