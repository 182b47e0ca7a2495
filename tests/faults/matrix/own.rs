//! The faults that one tool alone has: above all the ways in which it says "clean" by itself
//! without having looked.

mod audits;
mod commands;

use serde_json::{Value, json};

use super::cases::{Case, Expect};
use super::sonarqube;
use super::tools::{Acts, Tool, YARN_4, edited, fixture};

pub(crate) fn cases(tool: &Tool) -> Vec<Case<'_>> {
    let mut cases = schemas(tool);
    cases.extend(match tool.name {
        "gitleaks" => gitleaks(tool),
        "git-secrets" => git_secrets(tool),
        "tsc" => tsc(tool),
        "eslint" => eslint(tool),
        "npm-audit" => audits::npm_audit(tool),
        "yarn-audit" => audits::yarn_audit(tool),
        YARN_4 => audits::yarn_4_audit(tool),
        "pnpm-audit" => audits::pnpm_audit(tool),
        "sonarqube" => sonarqube::cases(tool),
        "docker-build" => docker_build(tool),
        "trivy" => trivy(tool),
        "syft" => syft(tool),
        "checkov" => checkov(tool),
        "terraform-validate" => terraform(tool),
        "cfn-lint" => cfn_lint(tool),
        "command with SARIF" => commands::sarif(tool),
        "command with JUnit" => commands::junit(tool),
        "command with Checkstyle" => commands::checkstyle(tool),
        "command with CycloneDX" => commands::inventory(tool, "/components"),
        "command with SPDX" => commands::inventory(tool, "/packages"),
        _ => Vec::new(),
    });
    cases
}

/// A report of another version of its schema, for each that names one: in it a key may mean
/// something else. The reports of gitleaks, tsc, ESLint, docker build, Checkov, JUnit and Checkstyle
/// name none, or that of the program alone.
fn schemas(tool: &Tool) -> Vec<Case<'_>> {
    let (key, versions): (_, Vec<Value>) = match tool.name {
        "npm-audit" => ("/auditReportVersion", vec![1.into(), 3.into()]),
        "trivy" => ("/SchemaVersion", vec![1.into(), 3.into()]),
        "syft" => ("/schema/version", vec!["17.0.0".into(), "new".into()]),
        "syft (CycloneDX)" | "command with CycloneDX" => ("/specVersion", vec!["2.0".into(), "0.9".into()]),
        "syft (SPDX)" | "command with SPDX" => ("/spdxVersion", vec!["SPDX-3.0".into(), "2.3".into()]),
        "command with SARIF" => ("/version", vec!["2.0.0".into(), "2.2.0".into(), "3.0.0".into()]),
        _ => return Vec::new(),
    };
    let report = tool.report().unwrap();
    let of_version = |version: Value| {
        let says = version.as_str().map_or_else(|| version.to_string(), str::to_owned);
        let acts = tool.writes(edited(report, &[(key, version)]));
        Case::new(tool, format!("schema of version {says}"), acts).saying(says)
    };
    versions.into_iter().map(of_version).collect()
}

/// A recorded run of the tool.
fn recorded(exit: i32, report: Option<&str>, stderr: Option<&str>) -> Acts {
    let report = report.map(fixture);
    Acts { reports: vec![report], exit, ..Acts::default() }.says(stderr.map(fixture).unwrap_or_default())
}

fn gitleaks(tool: &Tool) -> Vec<Case<'_>> {
    let clean = || tool.clean.clone();
    let found = tool.findings.clone().unwrap();
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let scanned = "9:51AM INF 5 commits scanned.\n";
    let log = |line: &str| format!("{line}\n{scanned}");
    // The first lines tell that it scanned, and those that are not kept that it did not.
    let lost = format!(
        "{scanned}{}9:51AM ERR failed to scan Git repository\n",
        "9:51AM INF a line of the log that says nothing of interest\n".repeat(1_200_000)
    );
    // The line that counts lies far from the end of the log.
    let buried = log(&format!(
        "9:51AM ERR failed to scan Git repository\n{}",
        "9:51AM INF a line of the log that says nothing of interest\n".repeat(20_000)
    ));
    vec![
        case("leaks, and the exit code of an error", found.exits(1), "error or partial scan"),
        case("partial scan", clean().says(log("9:51AM WRN partial scan completed in 846ms")), "partial scan"),
        case(
            "error in the log",
            clean().says(log("9:51AM ERR failed to scan Git repository")),
            "failed to scan",
        ),
        case("error early in a long log", clean().says(buried), "failed to scan"),
        case("error beyond the log's cap", clean().says(lost), "its log is longer"),
        case(
            "file that may not be read",
            clean().says(log("9:51AM WRN skipping file: permission denied")),
            "",
        ),
        case("silent about what it scanned", clean().says(""), "did not say how many"),
        case("nothing scanned", clean().says(scanned.replace('5', "0")), "nothing was in scope"),
        case(
            "not a repository",
            recorded(
                0,
                Some("gitleaks/recorded-not-a-repository/gitleaks-history.json"),
                Some("gitleaks/recorded-not-a-repository/stderr.txt"),
            ),
            "not a git repository",
        ),
    ]
}

fn git_secrets(tool: &Tool) -> Vec<Case<'_>> {
    let clean = || tool.clean.clone();
    let found = tool.findings.clone().unwrap();
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let says = |case: &str| tool.writes(fixture(&format!("git-secrets/{case}/git-secrets.txt")));
    let matches = String::from_utf8(found.report(0).unwrap().to_vec()).unwrap();
    let (matches, _) = matches.split_once("\n\n").unwrap();
    vec![
        case("no pattern", clean().answered("secrets.patterns", None), "no pattern is registered"),
        case(
            "empty patterns",
            clean().answered("secrets.patterns", Some("\n\n")),
            "no pattern is registered",
        ),
        case("no files", clean().answered("grep", Some("")), "nothing was in scope"),
        case("git can't be asked", Acts { answers: Vec::new(), ..clean() }, "no pattern is registered"),
        case(
            "empty pattern of what is allowed",
            clean().answered("secrets.allowed", Some("a\n\n")),
            "allows every line",
        ),
        case("not a repository", says("recorded-not-a-repository"), "not a git repository"),
        case(".gitallowed is no pattern", says("recorded-gitallowed-is-no-pattern"), "grep: Unmatched"),
        case("provider missing", says("recorded-provider-missing"), "command not found"),
        case("pattern is none", says("recorded-pattern-is-none").exits(128), "exit code 128"),
        case(
            "matches without an end",
            found.clone().with(0, Some(format!("{matches}\n").into())),
            "cut short",
        ),
        case("matches on the other stream", found.before("exec 2>&1"), "means findings"),
    ]
}

fn tsc(tool: &Tool) -> Vec<Case<'_>> {
    let report = tool.report().unwrap();
    let without_line = |report: &[u8], end: &str| -> Vec<u8> {
        let lines = report.split_inclusive(|byte| *byte == b'\n');
        lines.filter(|line| !line.trim_ascii_end().ends_with(end.as_bytes())).flatten().copied().collect()
    };
    let recorded = |exit, case| recorded(exit, Some(&format!("tsc/{case}/stdout.txt")), None);
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    vec![
        case(
            "configuration does not parse",
            recorded(1, "recorded-config-does-not-parse-ts5"),
            "can't be checked",
        ),
        case("unknown option", recorded(1, "recorded-unknown-flag-ts7"), "can't be checked"),
        case("project missing", recorded(1, "recorded-project-missing-ts5"), "can't be checked"),
        case("configuration error, exit code 0", recorded(0, "recorded-no-inputs-ts5"), "can't be checked"),
        case("says nothing", recorded(0, "nothing-printed"), "is empty"),
        case(
            "project that names no file",
            recorded(0, "recorded-solution-style-ts5"),
            "nothing was in scope",
        ),
        case("one listed file is gone", tool.writes(without_line(report, "/src/b.ts")), "its list has"),
        case(
            "checks dependencies only",
            recorded(0, "recorded-only-a-dependency-ts5"),
            "nothing was in scope",
        ),
        case("out of memory", recorded(134, "out-of-memory"), "exit code 134"),
        // The path of the file that is not there any more is shorter, and a source file too.
        case("cut in the middle of a path", tool.writes("/repo/src/a.ts\n/repo/src/b.d.ts"), "cut short"),
    ]
}

fn eslint(tool: &Tool) -> Vec<Case<'_>> {
    let fatal = "eslint/upstream-parse-error/eslint.json";
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    vec![
        case("file that does not parse", recorded(1, Some(fatal), None), "ESLint can't parse it"),
        case("file that does not parse, exit code 0", recorded(0, Some(fatal), None), "clean"),
        case("no file matched", tool.writes("[]"), "nothing was in scope"),
        case(
            "configuration missing",
            recorded(2, None, Some("eslint/recorded-config-missing/stderr.txt")),
            "eslint.config",
        ),
        case("whole report, exit code 2", tool.clean.clone().exits(2), "crash"),
    ]
}

fn docker_build(tool: &Tool) -> Vec<Case<'_>> {
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let failed = |case: &str| recorded(1, None, Some(&format!("docker-build/{case}/stderr")));
    let found = tool.findings.clone().unwrap();
    let steps = "#9 0.123 a line of a step that says nothing of interest\n";
    let [mut buried, mut too_long] = [found.clone(), found.clone()];
    // The warnings of the build checks, with the steps of a long build after and before them.
    buried.stderr.extend(steps.repeat(20_000).bytes());
    too_long.stderr.splice(0..0, steps.repeat(400_000).bytes());
    vec![
        case("no image id", tool.clean.clone().with(0, None), "was not written"),
        case("image id cut", tool.writes("sha256:7bec122c1ee0"), "cut short"),
        case("image id of other letters", tool.writes(format!("sha256:{}", "g".repeat(64))), "64 digits"),
        case("daemon out of reach", failed("recorded-no-daemon"), "Docker daemon"),
        case("step failed", failed("recorded-buildkit-run-failed"), "executor failed running"),
        case(
            "warnings list cut",
            found.says("2 warnings found:\n - JSONArgsRecommended: x (line 1)\n"),
            "warnings",
        ),
        case("warnings early in a long log", buried, "").expecting(Expect::Failed),
        case("warnings beyond the log's cap", too_long, "its log"),
    ]
}

fn trivy(tool: &Tool) -> Vec<Case<'_>> {
    let report = tool.report().unwrap();
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let edit = |key, value| tool.writes(edited(report, &[(key, value)]));
    let failed = |case: &str| recorded(1, None, Some(&format!("trivy/{case}/stderr")));
    // A clean report, and beside the database what Trivy writes of its age.
    let aged = |fault, metadata: &'static str, says| Case {
        gate: "offline = true\ncache_dir = 'cache'\nmax_db_age = '48h'",
        ..case(fault, tool.clean.clone().before(metadata), says)
    };
    const KEPT_ONE: &str = concat!(
        "mkdir -p cache/db; cp '",
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/trivy-db/db/metadata.json' cache/db/"
    );
    const OF_2020: &str = r#"mkdir -p cache/db; echo '{"Version":2,"NextUpdate":"2020-02-04T00:37:15.052734811Z","UpdatedAt":"2020-02-03T18:37:15.052735136Z","DownloadedAt":"2020-02-03T20:01:44.190718Z"}' >cache/db/metadata.json"#;
    const OF_2099: &str = r#"mkdir -p cache/db; echo '{"Version":2,"UpdatedAt":"2099-01-01T00:00:00Z"}' >cache/db/metadata.json"#;
    vec![
        case("no results", edit("/Results", Value::Null), "nothing was in scope"),
        case("empty results", edit("/Results", json!([])), "nothing was in scope"),
        case("no packages", edit("/Results/0/Packages", json!([])), "nothing was in scope"),
        case(
            "packages of the system unread",
            edit("/Results/0", json!({"Target": "alpine", "Class": "os-pkgs"})),
            "package database",
        ),
        aged("database older than max_db_age", KEPT_ONE, "advisories of 2026-11-01"),
        aged("database of years ago", OF_2020, "advisories of 2020-02-03"),
        aged("database of a day to come", OF_2099, "advisories of 2099-01-01"),
        aged("database of unknown age", "", "database is unknown"),
        aged(
            "database whose age is cut",
            "mkdir -p cache/db; echo '{\"Version\":2,\"Upd' >cache/db/metadata.json",
            "database is unknown",
        ),
        case("database out of reach", failed("recorded-database-out-of-reach"), "vulnerability DB"),
        case("no database", failed("recorded-no-database"), "database"),
    ]
}

fn syft(tool: &Tool) -> Vec<Case<'_>> {
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let nothing = |name: &str| Some(fixture(&format!("syft/recorded-nothing/{name}.json")));
    let empty = ["syft", "cyclonedx-1.5", "spdx-2.3"]
        .into_iter()
        .enumerate()
        .fold(tool.clean.clone(), |acts, (n, name)| acts.with(n, nothing(name)));
    let only =
        |n: usize| (0..4).filter(|other| *other != n).fold(tool.clean.clone(), |acts, n| acts.with(n, None));
    vec![
        case("no packages", empty, "nothing was in scope"),
        case("only its own document", only(0), "not written"),
        case("only CycloneDX", only(1), "not written"),
        case("only SPDX", only(2), "not written"),
        case("CycloneDX without packages", tool.clean.clone().with(1, nothing("cyclonedx-1.5")), "disagree"),
        case("SPDX without packages", tool.clean.clone().with(2, nothing("spdx-2.3")), "disagree"),
        case("own document without packages", tool.clean.clone().with(0, nothing("syft")), "disagree"),
    ]
}

fn checkov(tool: &Tool) -> Vec<Case<'_>> {
    let report = tool.report().unwrap();
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let edit = |edits: &[(&str, Value)]| tool.writes(edited(report, edits));
    let unread = [("/results/parsing_errors", json!(["/main.tf"])), ("/summary/parsing_errors", 1.into())];
    vec![
        case(
            "bare summary",
            tool.writes(fixture("checkov/recorded-nothing-scanned/report.json")),
            "in scope",
        ),
        case("file that does not parse", edit(&unread), "main.tf (Checkov can't parse it"),
        case("file that does not parse, named by its number", edit(&unread[1..]), "not parse"),
        case("counts without a list", edit(&[("/summary/failed", 3.into())]), "counts 3"),
        case("soft fail", recorded(0, Some("checkov/recorded-soft-fail/report.json"), None), "soft-fail"),
        case("folder missing", recorded(0, None, None), "was not written"),
        case("words after the report", tool.writes([report, b"Traceback\n"].concat()), "follows"),
    ]
}

fn terraform(tool: &Tool) -> Vec<Case<'_>> {
    let found = tool.findings.clone().unwrap();
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let recorded = |case: &str, exit| {
        tool.writes(fixture(&format!("terraform-validate/{case}/terraform-validate.json"))).exits(exit)
    };
    let edit = |key, value| tool.writes(edited(tool.report().unwrap(), &[(key, value)]));
    let no_network = "Error: Failed to query available provider packages\n\nlookup registry: no such host\n";
    let failed_init =
        recorded("recorded-provider-missing", 1).answered("init", Some("Error: Inconsistent checksums\n"));
    let offline = recorded("recorded-provider-missing", 1).answered("init", Some(no_network));
    vec![
        case(
            "module missing after init",
            recorded("recorded-module-not-installed", 1),
            "Module not installed",
        ),
        case(
            "provider missing after init",
            recorded("recorded-provider-missing", 1),
            "Missing required provider",
        ),
        case("init fails", failed_init, "terraform init failed: Inconsistent checksums"),
        Case { gate: "retries = 1\nretry_delay = '1ms'", ..case("init offline", offline, "after 2 tries") },
        case("for another version", recorded("recorded-other-version", 1), "Unsupported Terraform Core"),
        case("error without a place, exit code 0", recorded("recorded-cycle", 0), "means clean"),
        case("early error as text", recorded("text-of-an-error", 1), "Unreadable module directory"),
        case("words in front of the report", recorded("text-before", 0), "not JSON"),
        case("valid, and lists errors", recorded("valid-with-errors", 1), "lists errors"),
        case("not valid, and lists none", recorded("invalid-without-errors", 1), "lists no error"),
        case("counts without a list", edit("/error_count", 3.into()), "it counts 3 errors"),
        case("format of tomorrow", edit("/format_version", "2.0".into()), "format_version is 2.0"),
        case("no configuration", tool.clean.clone().before("rm -f main.tf"), "nothing was in scope"),
        case("severity of tomorrow", recorded("unknown-severity", 0), "counts 1 warning"),
        case("findings on the other stream", found.before("exec 1>&2"), "is empty"),
    ]
}

fn cfn_lint(tool: &Tool) -> Vec<Case<'_>> {
    let found = tool.findings.clone().unwrap();
    let case = |fault, acts, says| Case::new(tool, fault, acts).saying(says);
    let recorded = |case: &str| {
        let file = |name: &str| fixture(&format!("cfn-lint/{case}/{name}"));
        tool.writes(file("cfn-lint.json")).says(file("stderr.txt"))
    };
    let edit = |key, value| found.clone().with(0, Some(edited(found.report(0).unwrap(), &[(key, value)])));
    vec![
        case("silent about what it linted", tool.clean.clone().says(""), "stack.yaml (it was not linted"),
        case(
            "another template linted instead",
            recorded("recorded-deployment-files"),
            "stack.yaml (it was not linted",
        ),
        case("template does not parse", recorded("recorded-does-not-parse").exits(2), "can't be linted"),
        case(
            "template can't be transformed",
            recorded("recorded-transform-fails").exits(2),
            "can't be linted",
        ),
        case("template missing", recorded("recorded-missing").exits(2), "could not be processed"),
        case("standard input instead of a template", recorded("recorded-all-ignored").exits(2), "E1001"),
        case("no template named", edit("/0/Filename", Value::Null), "not everything"),
        case("rule crashed", edit("/0/Rule/Id", "E0002".into()), "E0002"),
        case("exit code of other levels", found.clone().exits(4), "does not fit"),
        case("level of tomorrow", edit("/0/Level", "Catastrophe".into()), "").expecting(Expect::Failed),
    ]
}
