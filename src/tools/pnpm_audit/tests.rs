use super::*;
use crate::scan::raw_report::Document;

use crate::tools::testing::{handed_in, line, mistakes, origin, plan, tool};

#[test]
fn flags_outrank_what_a_project_may_switch_off() {
    let jobs = plan(&*tool(&SPEC, "dirs = [\"backend\"]"), None);
    assert_eq!(jobs[0].invocation.cwd, Path::new("/repo/backend"));
    assert_eq!(
        line(&jobs[0]),
        "audit --json --audit-level=low --config.only=false --config.production=false --config.dev=false \
         --config.lockfile-dir=. --config.ignore-registry-errors=false --config.ignore-pnpmfile=true \
         --config.manage-package-manager-versions=false --config.package-manager-strict=false \
         --config.pm-on-fail=ignore --config.optional=true"
    );
}

#[test]
fn what_is_left_out_and_the_registry_can_be_chosen() {
    let options = "omit = [\"dev\", \"optional\"]\nregistry = \"https://registry.example.test\"";
    let line = line(&plan(&*tool(&SPEC, options), None)[0]);
    assert!(
        line.ends_with(
            "--config.optional=false --prod --no-optional --registry=https://registry.example.test"
        ),
        "{line}"
    );
    assert_eq!(
        mistakes(&SPEC, "omit = [\"peer\"]"),
        ["`peer` is not a kind of dependency that pnpm can leave out"]
    );
}

#[test]
fn its_own_configuration_is_declared_here_and_above() {
    let job = &plan(&*tool(&SPEC, "dirs = [\"backend\"]"), None)[0];
    let files: Vec<String> =
        job.config_files.iter().map(|file| file.path.to_string_lossy().into_owned()).collect();
    for file in
        ["backend/.npmrc", "backend/pnpm-workspace.yaml", "backend/package.json", "pnpm-workspace.yaml"]
    {
        assert!(files.contains(&format!("/repo/{file}")), "{file} is not in {files:?}");
    }
}

#[test]
fn null_is_read_where_pnpm_writes_it() {
    let read = |advisories: &str, counts: &str| {
        let metadata = format!(r#"{{"vulnerabilities": {{{counts}}}, "totalDependencies": 3}}"#);
        let report = format!(r#"{{"advisories": {advisories}, "metadata": {metadata}}}"#);
        tool(&SPEC, "").parse(&handed_in(&report), &origin()).map(|parsed| parsed.findings.len())
    };
    assert_eq!(read("null", r#""high": 0"#).unwrap(), 0);
    // The counts say that something is missing.
    assert!(matches!(read("null", r#""high": 1"#), Err(ReportError::Cut { .. })));
    let nulls = r#"{"1": {"id": 1, "module_name": "a", "title": null, "severity": "high", "url": null, "findings": null,
        "cves": null, "cwe": null, "cvss": null, "references": null, "patched_versions": null}}"#;
    assert_eq!(read(nulls, r#""high": 1"#).unwrap(), 1);
    let paths = nulls
        .replace(r#""findings": null"#, r#""findings": [{"version": "1.0.0", "paths": null, "dev": null}]"#);
    assert_eq!(read(&paths, r#""high": 1"#).unwrap(), 1);
}

#[test]
fn an_error_without_words_is_still_an_error() {
    for report in [r#"{"error":{}}"#, r#"{"advisories":{},"error":{"code":"E"}}"#] {
        let result = tool(&SPEC, "").parse(&handed_in(report), &origin());
        assert!(matches!(result, Err(ReportError::ToolError(_))), "{report}: {result:?}");
    }
}

#[test]
fn faults_of_the_registry_pass_and_others_stay() {
    let tool = tool(&SPEC, "");
    let report = |message: &str| format!(r#"{{"error":{{"code":"E","message":"{message}"}}}}"#);
    for message in ["responded with 503: ", "reason: connect ECONNREFUSED 127.0.0.1:9"] {
        assert!(tool.transient_error(&handed_in(&report(message))).is_some(), "{message}");
    }
    for message in ["responded with 405: ", "No pnpm-lock.yaml found"] {
        assert_eq!(tool.transient_error(&handed_in(&report(message))), None);
    }
    let drawn = RawReport {
        stderr: "Error: ERR_X\n\n  × Failed to request (at http://h/-/\n  │ bulk): \n  ╰─▶ Connection refused (os error 111)\n\n".as_bytes().into(),
        ..handed_in("")
    };
    let words = "ERR_X Failed to request (at http://h/-/ bulk): Connection refused (os error 111)";
    assert_eq!(tool.transient_error(&drawn).as_deref(), Some(words));
}

/// Two of the six that the registry counts are not listed; the fixture's own list says which.
#[test]
fn what_a_project_ignores_is_counted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pnpm-audit/recorded-ignored");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let document = |name: &str| Document { name: name.into(), bytes: read(name).into() };
    let raw = RawReport {
        documents: vec![document("stdout.txt")],
        beside: vec![document("pnpm-workspace.yaml")],
        ..RawReport::default()
    };
    let parsed = tool(&SPEC, "").parse(&raw, &origin()).unwrap();
    assert_eq!((parsed.findings.len(), parsed.ignored), (4, [("auditConfig", 2)].into()));
}
