//! What a package is: its licence, its scope, whether a fix exists.

use super::{decided, pair, text};
use crate::common::Project;
use serde_json::Value;

pub(super) const SBOM: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
    {"type": "library", "name": "good", "version": "1.0.0", "purl": "pkg:npm/good@1.0.0", "licenses": [{"license": {"id": "MIT"}}]},
    {"type": "library", "name": "odd", "version": "1.0.0", "purl": "pkg:npm/odd@1.0.0"},
    {"type": "library", "name": "bad", "version": "1.0.0", "purl": "pkg:npm/bad@1.0.0", "licenses": [{"expression": "GPL-3.0-only OR AGPL-3.0-only"}]}]}"#;

#[test]
fn dependencies_of_development_and_those_without_a_fix_can_be_let_through() {
    let gates = |rest: &str| {
        format!(
            "version = 1\nmode = \"production\"\n[[gate]]\nid = \"audit\"\ntool = \"npm-audit\"\n{rest}\n"
        )
    };
    let project = Project::with_gates(&gates("scope = \"production\""));
    let report = text("npm-audit/recorded-findings/npm-audit.json");
    let lock = text("notes-app/backend/package-lock.json");
    project.write("audit.json", &report);
    let judge = || project.run(&["judge", "--report", "npm-audit=audit.json"]).code;
    project.write("package-lock.json", &lock);
    assert_eq!(judge(), 1);
    // The report of npm when lodash is in devDependencies.
    let lodash = "\"node_modules/lodash\": {";
    assert!(lock.contains(lodash));
    project.write("package-lock.json", lock.replace(lodash, &format!("{lodash}\n      \"dev\": true,")));
    assert_eq!(judge(), 1, "minimist is of production");
    assert_eq!(
        decided(&project, "GHSA-jf85-cpcp-j695"),
        pair("allow", "scope = production: only development needs the package")
    );
    assert_eq!(decided(&project, "GHSA-xvch-5gv4-984h"), pair("deny", "fail_on = high"));
    project.write("gates.toml", gates(""));
    judge();
    assert_eq!(decided(&project, "GHSA-jf85-cpcp-j695"), pair("deny", "fail_on = high"));

    // The report of npm when nothing fixes it.
    project.write("gates.toml", gates("only_fixable = true"));
    judge();
    assert_eq!(decided(&project, "GHSA-jf85-cpcp-j695"), pair("deny", "fail_on = high"));
    let mut unfixed: Value = serde_json::from_str(&report).unwrap();
    for (_, package) in unfixed["vulnerabilities"].as_object_mut().unwrap() {
        package["fixAvailable"] = false.into();
    }
    project.write("audit.json", unfixed.to_string());
    assert_eq!(judge(), 0);
    assert_eq!(
        decided(&project, "GHSA-jf85-cpcp-j695"),
        pair("allow", "only_fixable: no release fixes it yet")
    );
    let reason = project.gate("audit")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("6 without a fix or for development"), "{reason}");
}

#[test]
fn licences_of_an_inventory_are_judged_like_any_finding() {
    for (rest, code, reason) in [
        ("", 0, "no findings"),
        ("licences = { deny = [\"GPL-*\"] }", 0, "1 finding below high"),
        ("licences = { deny = [\"*GPL-*\"] }", 1, "1 finding at or above high"),
        ("licences = { allow = [\"MIT\"], unknown = \"deny\" }", 1, "2 findings at or above high"),
        ("licences = { allow = [\"MIT\"] }\nfail_on = \"critical\"", 0, "2 findings below critical"),
        ("licences = { allow = [\"MIT\", \"AGPL-3.0-only\"], unknown = \"allow\" }", 0, "no findings"),
        (
            "ban = [{ package = \"pkg:npm/bad\", versions = \"<2\", reason = \"bad\" }]",
            1,
            "1 finding at or above high",
        ),
    ] {
        let syft = format!("tool = \"syft\"\n{rest}");
        let command = format!(
            "tool = \"command\"\nrun = [\"cat\", \"sbom.json\"]\nreport = {{ format = \"cyclonedx\", path = \"-\" }}\n\
             exit = {{ clean = [0] }}\n{rest}"
        );
        for (gate, args) in [(syft, vec!["judge", "--report", "sbom=sbom.json"]), (command, vec!["run"])] {
            let project = Project::with_gates(&format!(
                "version = 1\nmode = \"production\"\n[[gate]]\nid = \"sbom\"\n{gate}\n"
            ));
            project.write("sbom.json", SBOM);
            let ran = project.run(&args);
            assert_eq!(ran.code, code, "{gate}: {}", ran.all());
            assert_eq!(project.gate("sbom")["reason"], reason, "{gate}");
        }
    }
}

#[test]
fn an_empty_inventory_proves_nothing_about_licences() {
    let bom = |components: &str| {
        format!(r#"{{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{components}]}}"#)
    };
    let spdx_3 = r#"{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [{"type": "software_Package", "spdxId": "p"}]}"#;
    for sbom in [
        bom(""),
        bom(r#"{"type": "operating-system", "name": "alpine", "version": "3.20"}"#),
        bom(r#"{"type": "file", "name": "/bin/sh"}"#),
        r#"{"bomFormat": "CycloneDX", "specVersion": "1.5"}"#.to_owned(),
        spdx_3.to_owned(),
        String::new(),
    ] {
        let project = Project::with_gates(
            "version = 1\nmode = \"production\"\n[[gate]]\nid = \"sbom\"\ntool = \"syft\"\nlicences = { allow = [\"MIT\"] }\n",
        );
        project.write("sbom.json", &sbom);
        let ran = project.run(&["judge", "--report", "sbom=sbom.json"]);
        assert_eq!(ran.code, 3, "{sbom}: {}", ran.all());
    }
}
