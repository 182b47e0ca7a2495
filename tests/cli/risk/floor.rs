//! What an organisation's floor asks of documents and conditions.

use super::{FILES, packages::SBOM, project};
use crate::common::Project;

#[test]
fn no_document_waives_what_a_floor_protects() {
    let project = project("vex = [\"vex/*.json\"]", "");
    let under = |floor: &str| {
        project.write("floor.toml", format!("version = 1\n{floor}\n"));
        project.run(&["judge", "--report", "trivy=trivy.json", "--require", "floor.toml"])
    };
    let ran = under("protected = [\"CVE-2019-*\"]");
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("waives `CVE-2019-10744`, which the floor protects"), "{}", ran.stderr);
    let ran = under("vex = false");
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("the floor has vex = false"), "{}", ran.stderr);
    // One document says in the end that it is affected. Another says so for other versions.
    assert_eq!(under("protected = [\"CVE-2021-44906\"]").code, 1);
}

#[test]
fn a_floor_can_ask_for_conditions_and_bans() {
    let floor = "version = 1\n[[gate]]\ntool = \"trivy\"\nfail_on_kev = true\n";
    for (gate, says) in [
        ("", Some("gate `image-scan` has fail_on_kev = false")),
        ("fail_on_kev = true", None),
        ("fail_on_kev = true\nonly_fixable = true", None),
    ] {
        let project = project(FILES, gate);
        project.write("floor.toml", floor);
        let ran = project.run(&["judge", "--report", "trivy=trivy.json", "--require", "floor.toml"]);
        assert_eq!(ran.code == 2, says.is_some(), "{gate}: {}", ran.all());
        assert!(ran.stderr.contains(says.unwrap_or_default()), "{}", ran.stderr);
    }
    let project = project("", "only_fixable = true");
    project.write("floor.toml", "version = 1\n[[gate]]\ntool = \"trivy\"\nfail_on = \"high\"\n");
    let ran = project.run(&["judge", "--report", "trivy=trivy.json", "--require", "floor.toml"]);
    assert!(ran.code == 2 && ran.stderr.contains("has only_fixable = true"), "{}", ran.all());

    let ban = "ban = [{ package = \"pkg:npm/event-stream\", reason = \"stolen\" }]";
    let floor =
        format!("version = 1\n[[gate]]\ntool = \"syft\"\n{ban}\nlicences = {{ deny = [\"GPL-*\"] }}\n");
    let sbom = |rest: &str| format!("version = 1\n[[gate]]\nid = \"sbom\"\ntool = \"syft\"\n{rest}\n");
    for (rest, below) in [
        (String::new(), true),
        (format!("{ban}\nlicences = {{ deny = [\"GPL-*\", \"SSPL-1.0\"] }}"), false),
        (format!("{ban}\nlicences = {{ deny = [\"SSPL-1.0\"] }}"), true),
        ("licences = { deny = [\"GPL-*\"] }".to_owned(), true),
    ] {
        let project = Project::with_gates(&sbom(&rest));
        project.write("floor.toml", &floor);
        project.write("sbom.json", SBOM);
        let ran = project.run(&["judge", "--report", "sbom=sbom.json", "--require", "floor.toml"]);
        assert_eq!(ran.code == 2, below, "{rest}: {}", ran.all());
    }
}
