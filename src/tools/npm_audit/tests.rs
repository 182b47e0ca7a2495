use super::*;

use crate::model::severity::Severity;
use crate::tools::testing::{handed_in, line, mistakes, origin, plan, tool};

const REPORT: &str = include_str!("../../../fixtures/npm-audit/recorded-findings/npm-audit.json");

#[test]
fn flags_override_what_an_npmrc_may_switch_off() {
    let jobs = plan(&*tool(&SPEC, "dirs = [\"backend\"]"), None);
    assert_eq!(jobs[0].invocation.cwd, std::path::Path::new("/repo/backend"));
    assert_eq!(
        line(&jobs[0]),
        "audit --json --package-lock-only --audit=true --offline=false --audit-level=info \
         --global=false --location=project --workspaces=null --include=prod --loglevel=http \
         --include=dev --include=optional --include=peer"
    );
}

#[test]
fn what_is_left_out_and_the_registry_can_be_chosen() {
    let tool = tool(&SPEC, "omit = [\"dev\"]\nregistry = \"https://registry.example.test\"");
    let line = line(&plan(&*tool, None)[0]);
    assert!(
        line.ends_with(
            "--omit=dev --include=optional --include=peer --registry=https://registry.example.test"
        )
    );
    assert_eq!(mistakes(&SPEC, "omit = [\"deb\"]"), ["`deb` is not a kind of dependency"]);
}

#[test]
fn installed_versions_come_from_the_nearest_lock_file() {
    let folder = tempfile::tempdir().unwrap();
    let backend = folder.path().join("backend");
    std::fs::create_dir(&backend).unwrap();
    let lock = r#"{"packages":{"node_modules/lodash":{"version":"4.17.4"},
        "node_modules/minimist":{"version":"0.0.8"},"node_modules/linked":{"link":true}}}"#;
    std::fs::write(folder.path().join("package-lock.json"), lock).unwrap();
    let origin = ReportOrigin { root: folder.path().into(), cwd: backend, target: "backend".into() };

    let parsed = tool(&SPEC, "").parse(&handed_in(REPORT), &origin).unwrap();
    let package = parsed.findings.iter().find_map(|finding| finding.package.as_ref()).unwrap();
    assert_eq!(package.version.as_deref(), Some("4.17.4"));
    assert_eq!(package.purl.as_deref(), Some("pkg:npm/lodash@4.17.4"));
}

/// Whether the packages at these nodes are all of development, by this lock file.
fn is_dev(lock: &str, nodes: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("package-lock.json"), lock).unwrap();
    let origin = ReportOrigin { root: folder.path().into(), cwd: folder.path().into(), target: ".".into() };
    let report = format!(
        r#"{{"auditReportVersion": 2, "metadata": {{}}, "vulnerabilities": {{"x": {{"nodes": [{nodes}],
        "via": [{{"source": 1, "name": "x", "severity": "high"}}], "fixAvailable": false}}}}}}"#
    );
    let parsed = tool(&SPEC, "").parse(&handed_in(&report), &origin).unwrap();
    let package = parsed.findings[0].package.clone().unwrap();
    assert!(package.unfixed);
    package.dev
}

/// By `jq '.packages | map_values(.dev)'`: 98 of the 101 packages are of development.
#[test]
fn a_package_is_of_development_when_all_its_places_are() {
    let lock = include_str!("../../../fixtures/notes-app/backend/package-lock.json");
    for (nodes, dev) in [
        (r#""node_modules/eslint""#, true),
        (r#""node_modules/lodash""#, false),
        (r#""node_modules/eslint", "node_modules/typescript""#, true),
        (r#""node_modules/eslint", "node_modules/lodash""#, false),
        (r#""node_modules/not-there""#, false),
        ("", false),
    ] {
        assert_eq!(is_dev(lock, nodes), dev, "{nodes}");
    }
    // Development needs it, and so does an optional dependency, which production may install.
    let optional = r#"{"packages": {"node_modules/x": {"version": "1.0.0", "devOptional": true}}}"#;
    assert!(!is_dev(optional, r#""node_modules/x""#));
}

#[test]
fn lock_files_of_npm_6_nest_their_packages() {
    let lock = r#"{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "dev": true, "requires": {"b": "1"},
        "dependencies": {"@s/b": {"version": "1.0.0", "dev": true}}}, "b": {"version": "2.0.0"}}}"#;
    assert!(is_dev(lock, r#""node_modules/a", "node_modules/a/node_modules/@s/b""#));
    assert!(!is_dev(lock, r#""node_modules/b""#));
    assert!(!is_dev(lock, r#""node_modules/a/node_modules/b""#));
}

#[test]
fn without_a_readable_lock_file_only_the_versions_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("package-lock.json"), "{ cut").unwrap();
    let origin = ReportOrigin { root: folder.path().into(), cwd: folder.path().into(), target: ".".into() };
    let parsed = tool(&SPEC, "").parse(&handed_in(REPORT), &origin).unwrap();
    assert_eq!(parsed.findings.len(), 6);
    assert!(parsed.findings.iter().all(|finding| finding.package.as_ref().unwrap().version.is_none()));
}

#[test]
fn several_installed_versions_are_listed_and_have_no_package_url() {
    let versions = ["2.0.0", "1.0.0", "2.0.0"];
    let package = npm6::installed("@scope/name", versions.into_iter(), [].into());
    assert_eq!(package.version.as_deref(), Some("1.0.0, 2.0.0"));
    assert_eq!(package.purl, None);
    let package = npm6::installed("@scope/name", ["1.0.0+x"].into_iter(), [].into());
    assert_eq!(package.purl.as_deref(), Some("pkg:npm/%40scope/name@1.0.0%2Bx"));
}

#[test]
fn an_advisory_that_is_listed_at_two_packages_is_one_finding() {
    let advisory = r#"{"source":1,"name":"a","title":"T","severity":"moderate","range":"*"}"#;
    let report = format!(
        r#"{{"vulnerabilities":{{
            "a":{{"via":[{advisory}],"nodes":["node_modules/a"],"fixAvailable":{{"name":"a","version":"2.0.0","isSemVerMajor":true}}}},
            "b":{{"via":["a",{advisory}],"nodes":["node_modules/b"],"fixAvailable":false}}}},
          "metadata":{{"vulnerabilities":{{"total":2}},"dependencies":{{"prod":3,"total":2}}}}}}"#
    );
    let parsed = tool(&SPEC, "").parse(&handed_in(&report), &origin()).unwrap();
    assert_eq!(parsed.findings.len(), 1);
    let finding = &parsed.findings[0];
    assert_eq!((&*finding.rule, finding.severity), ("1", Severity::Medium));
    assert_eq!(finding.fix.as_deref(), Some("`npm install a@2.0.0` (a major update)"));
    let package = finding.package.as_ref().unwrap();
    assert_eq!(package.fixed_version.as_deref(), Some("2.0.0"));
    assert_eq!(package.paths[..], ["node_modules/a"]);
}

#[test]
fn credentials_in_addresses_are_not_repeated() {
    let user = ["us", "er"].concat();
    let report = format!(
        r#"{{"message":"request to https://{user}:word@registry.example.test/x@1 failed,\nreason: no","error":{{}}}}"#
    );
    let error = tool(&SPEC, "").parse(&handed_in(&report), &origin()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the registry could not be asked: request to https://registry.example.test/x@1 failed, reason: no"
    );
}

#[test]
fn an_error_without_a_message_is_still_an_error() {
    for report in [r#"{"error":{}}"#, r#"{"message":"no"}"#, r#"{"vulnerabilities":{},"error":{"code":"E"}}"#]
    {
        let result = tool(&SPEC, "").parse(&handed_in(report), &origin());
        assert!(matches!(result, Err(ReportError::ToolError(_))), "{report}: {result:?}");
    }
}

#[test]
fn a_clean_report_of_a_run_needs_the_registrys_answer() {
    let clean = include_str!("../../../fixtures/npm-audit/recorded-clean/npm-audit.json");
    let mut raw = handed_in(clean);
    raw.exit = Some(0);
    let tool = tool(&SPEC, "");
    assert!(matches!(tool.parse(&raw, &origin()), Err(ReportError::ToolError(_))));
    raw.stderr = b"npm http fetch POST 405 https://r/-/npm/v1/security/advisories/bulk 9ms\n".into();
    assert!(tool.parse(&raw, &origin()).is_err());
    raw.stderr = b"npm http fetch POST 200 https://r/-/npm/v1/security/advisories/bulk 9ms\n".into();
    assert_eq!(tool.parse(&raw, &origin()).unwrap().proof, ["the registry answered the audit request"]);
}

/// npm 7 and later count the packages that they list (`toJSON` in Arborist's audit-report.js).
#[test]
fn packages_that_are_counted_and_not_listed_are_a_gap() {
    let gaps = |counts: &str| {
        let report = format!(
            r#"{{"vulnerabilities":{{"a":{{"via":[{{"source":1,"name":"a","severity":"low"}}]}}}},
                "metadata":{{"vulnerabilities":{counts},"dependencies":{{"prod":3,"total":2}}}}}}"#
        );
        tool(&SPEC, "").parse(&handed_in(&report), &origin()).unwrap().gaps
    };
    for counts in ["{}", r#"{"low":1,"total":1}"#, r#"{"low":1}"#, "null"] {
        assert!(gaps(counts).is_empty(), "{counts}");
    }
    for counts in [r#"{"low":1,"critical":1,"total":2}"#, r#"{"low":1,"high":1}"#] {
        assert_eq!(gaps(counts), ["it counts 2 vulnerable packages, and lists 1"], "{counts}");
    }
}
