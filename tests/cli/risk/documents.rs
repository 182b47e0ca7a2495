//! Documents of real writers, with what they mean (their sources are in fixtures/): inventories
//! with ratings, licences and bans, SPDX 3, VEX on images.

#![allow(clippy::unwrap_used, reason = "a test that can't read its record has failed")]

use super::{decided, fixture, text};
use crate::common::Project;
use serde_json::{Value, json};

/// The rules, severities and package names of what was found, sorted.
fn found(project: &Project) -> Vec<(String, String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let record = project.record();
    let findings = record["findings"].as_array().unwrap().iter();
    let mut all: Vec<_> = findings
        .map(|one| (word(&one["rule"]), word(&one["severity"]), word(&one["package"]["name"])))
        .collect();
    all.sort();
    all
}

fn three(rule: &str, severity: &str, package: &str) -> (String, String, String) {
    (rule.to_owned(), severity.to_owned(), package.to_owned())
}

fn judged(kind: &str, file: &str) -> (Project, i32) {
    let project = Project::new();
    project.write("report", text(file));
    let code = project.run(&["judge", "--report", &format!("{kind}=report"), "--mode", "production"]).code;
    (project, code)
}

/// An `sbom` gate with these keys.
fn checked(keys: &str, file: &str) -> (Project, i32) {
    let project = Project::with_gates(&format!(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"sbom\"\ntool = \"command\"\nrun = [\"true\"]\n\
        report = {{ format = \"cyclonedx\", path = \"a.cdx.json\" }}\n{keys}\n"
    ));
    project.write("a.cdx.json", text(file));
    let code = project.run(&["judge", "--report", "sbom=a.cdx.json"]).code;
    (project, code)
}

#[test]
fn the_worst_rating_of_a_vulnerability_counts() {
    for (kind, file) in [
        ("cyclonedx", "cyclonedx/trivy-ratings-critical/report.cdx.json"),
        ("trivy", "trivy/ratings-critical/trivy.json"),
    ] {
        let (project, code) = judged(kind, file);
        assert_eq!(
            (found(&project), code),
            (vec![three("CVE-2019-10744", "critical", "lodash")], 1),
            "{kind}"
        );
    }
    let (project, code) = judged("cyclonedx", "cyclonedx/scores-without-words/report.cdx.json");
    assert_eq!((found(&project), code), (vec![three("CVE-2021-44228", "critical", "log4j-core")], 1));
}

#[test]
fn spdx_3_has_vulnerabilities_with_their_assessments() {
    let (project, _) = judged("spdx", "spdx/spdx3-vulnerability/report.spdx.json");
    assert_eq!(found(&project), [three("CVE-2026-7", "critical", "lib")]);
    let finding = &project.record()["findings"][0];
    assert_eq!(finding["cvss"]["score"], 9.8);
    assert_eq!(finding["suppressed"], "VEX not_affected: vulnerableCodeNotPresent");
}

#[test]
fn a_deprecated_licence_id_is_its_successor() {
    for deny in [r#"["AGPL-3.0-only", "AGPL-3.0-or-later"]"#, r#"["AGPL-3.0"]"#, r#"["agpl-3.0"]"#] {
        let (project, code) =
            checked(&format!("[gate.licences]\ndeny = {deny}"), "licences/npm-agpl-deprecated-id.cdx.json");
        assert_eq!((found(&project), code), (vec![three("licence-denied", "high", "evil")], 1), "{deny}");
    }
    let successor =
        text("licences/npm-agpl-deprecated-id.cdx.json").replace("\"AGPL-3.0\"", "\"AGPL-3.0-only\"");
    let (project, _) =
        checked("[gate.licences]\ndeny = [\"AGPL-3.0\"]", "licences/npm-agpl-deprecated-id.cdx.json");
    project.write("a.cdx.json", successor);
    assert_eq!(project.run(&["judge", "--report", "sbom=a.cdx.json"]).code, 1);
}

#[test]
fn a_denied_licence_is_found_in_any_case_and_beside_an_unknown_part() {
    let (project, code) = checked("[gate.licences]\ndeny = [\"AGPL-3.0-only\"]", "licences/case.cdx.json");
    let all = ["a", "b", "c", "d", "e"].map(|name| three("licence-denied", "high", name));
    assert_eq!((found(&project), code), (all.to_vec(), 1));
    let proof = &project.gate("sbom")["targets"][0]["inventory_warnings"];
    let open = "`deny` names AGPL-3.0-only, and not AGPL-3.0-or-later: packages under AGPL-3.0-or-later are let through";
    assert_eq!(proof, &json!([open]));
    for command in
        [&["judge", "--report", "sbom=a.cdx.json"][..], &["judge", "--from", "gates-report/run.json"]]
    {
        let shown = project.run(command).all();
        let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("and not AGPL-3.0-or-later"), "{command:?}: {shown}");
    }
    let plan = project.run(&["plan"]);
    assert!(
        plan.all().split_whitespace().collect::<Vec<_>>().join(" ").contains("and not AGPL-3.0-or-later"),
        "{}",
        plan.all()
    );
}

/// The project that the document describes is not one of its packages, and what is forbidden is forbidden all the same.
#[test]
fn a_ban_meets_the_project_that_a_document_describes() {
    let file = "licences/npm-agpl-deprecated-id.cdx.json";
    let root = serde_json::from_str::<Value>(&text(file)).unwrap()["metadata"]["component"].clone();
    let name = root["name"].as_str().unwrap();
    assert_eq!(root["purl"], "pkg:npm/app@1.0.0");
    let (project, code) = checked("[[gate.ban]]\npackage = \"pkg:npm/app\"\nreason = \"r\"", file);
    let expected = [three("package-banned", "critical", name)];
    assert_eq!((found(&project), code), (expected.to_vec(), 1), "{root}");
    let judged = project.run(&["judge", "--from", "gates-report/run.json"]);
    assert_eq!((found(&project), judged.code), (expected.to_vec(), 1), "{}", judged.all());
}

#[test]
fn names_of_python_packages_are_compared_as_pypi_does() {
    let ban = |name: &str| format!("[[gate.ban]]\npackage = \"pkg:pypi/{name}\"\nreason = \"r\"");
    for name in ["zope-interface", "Zope_Interface", "zope.interface"] {
        let (project, code) = checked(&ban(name), "licences/cyclonedx-py-zope.cdx.json");
        assert_eq!(
            (found(&project), code),
            (vec![three("package-banned", "critical", "zope.interface")], 1),
            "{name}"
        );
    }
    assert_eq!(checked(&ban("zope"), "licences/cyclonedx-py-zope.cdx.json").1, 0);
    let waiver = "[[waiver]]\npackage = \"Zope-Interface\"\nreason = \"r\"\nexpires = 2099-01-01";
    let (_, code) =
        checked(&format!("{}\n{waiver}", ban("zope.interface")), "licences/cyclonedx-py-zope.cdx.json");
    assert_eq!(code, 0);
    let exception = r#"[gate.licences]
allow = ["MIT"]
unknown = "deny"
exceptions = [{ package = "pkg:pypi/zope-interface", allow = ["unknown"], reason = "r" }]"#;
    let (project, _) = checked(exception, "licences/cyclonedx-py-zope.cdx.json");
    assert_eq!(found(&project), [three("licence-unknown", "high", "Typing_Extensions")]);
}

#[test]
fn a_lock_file_in_an_inventory_is_no_package() {
    let keys = "[gate.licences]\nallow = [\"MIT\"]\nunknown = \"deny\"";
    let (project, code) = checked(keys, "licences/trivy-0.76.cdx.json");
    assert_eq!((found(&project), code), (vec![three("licence-unknown", "high", "ms")], 1));
    let target = &project.gate("sbom")["targets"][0];
    assert_eq!(target["scope"]["packages"], 2);
    assert_eq!(target["inventory_notes"][0], "licences looked at in 2 packages");
}

#[test]
fn a_package_without_a_package_url_does_not_slip_through_a_ban() {
    let bans = ["deb/debian/openssl", "maven/org.apache.logging.log4j/log4j-core", "apk/alpine/musl"];
    let keys: String =
        bans.iter().map(|ban| format!("[[gate.ban]]\npackage = \"pkg:{ban}\"\nreason = \"r\"\n")).collect();
    let (project, code) = checked(&keys, "licences/ban-no-purl.cdx.json");
    let names = ["log4j-core", "musl", "openssl", "org.apache.logging.log4j:log4j-core"];
    assert_eq!(
        (found(&project), code),
        (names.map(|name| three("package-banned", "unknown", name)).to_vec(), 1)
    );
}

#[test]
fn an_image_is_named_by_digest_by_package_url_or_as_docker_does() {
    for (document, applies) in [
        ("a-digest", true),
        ("a2-digest-enc", true),
        ("b-repo", true),
        ("b2-name", true),
        ("b3-ref", true),
        ("c-id", true),
        ("d-pkg", true),
        ("d2-pkg-ident", true),
        ("e-wrong-image", false),
        ("f-ns-list", true),
        ("g-version-str", true),
        ("i-docker", true),
    ] {
        let project = Project::with_gates(
            "version = 1\nmode = \"production\"\nvex = [\"vex.json\"]\n[[gate]]\nid = \"image\"\ntool = \"trivy\"\n\
            scan = \"image\"\nimages = [\"ghcr.io/acme/shop:1.2\"]\n",
        );
        let copy =
            r#"while [ $# -gt 0 ]; do [ "$1" = --output ] && out=$2; shift; done; cp trivy.json "$out""#;
        project.program("trivy", copy);
        project.write("trivy.json", text("vex/image-names/trivy.json"));
        project.write("vex.json", text(&format!("vex/image-names/{document}.json")));
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, i32::from(!applies), "{document}: {}", ran.all());
        let decision = decided(&project, "CVE-2019-10744").0;
        assert_eq!(decision, if applies { "waive" } else { "deny" }, "{document}");
    }
    // Nobody could check a statement without a reason.
    let project = Project::with_gates(
        "version = 1\nvex = [\"vex.json\"]\n[[gate]]\nid = \"image\"\ntool = \"trivy\"\nscan = \"image\"\nimages = [\"a\"]\n",
    );
    project.write("vex.json", text("vex/image-names/h-no-just.json"));
    let ran = project.run(&[
        "judge",
        "--report",
        &format!("trivy={}", fixture("vex/image-names/trivy.json").display()),
    ]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.all().contains("no `justification`"), "{}", ran.all());
}
