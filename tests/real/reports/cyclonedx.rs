//! The merged CycloneDX document: by its own schema, and against run.json as Python reads it.

use serde_json::{Value, json};

use crate::common::Project;
use crate::common::readers::{json_of_schema, python};
use crate::common::reports::judged;

/// What must hold of the document itself, and what it says, in a form to compare.
const READ: &str = r#"
import sys, json
bom, run = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:])
refs = [one["bom-ref"] for one in bom["components"]] + [bom["metadata"]["component"]["bom-ref"]]
named = [ref for one in bom["dependencies"] for ref in [one["ref"], *one.get("dependsOn", [])]]
named += [to["ref"] for one in bom["vulnerabilities"] for to in one["affects"]]
named += [ref for one in bom.get("compositions", []) for ref in one["assemblies"]]
found = [one for one in run["findings"] if one["category"] == "vulnerability"]
# A problem that VEX documents say two things of is there twice.
problems = {(one.get("problem") or one["id"], ((one.get("risk") or {}).get("vex") or {}).get("status")) for one in found}
own = lambda one: {pair["name"].removeprefix("portcullis:"): pair["value"] for pair in one.get("properties", [])}
json.dump({
    "unique": len(refs) == len(set(refs)) and len({one["bom-ref"] for one in bom["vulnerabilities"]}) == len(bom["vulnerabilities"]),
    "dangling": sorted(set(named) - set(refs)),
    "vulnerabilities": len(bom["vulnerabilities"]), "problems": len(problems),
    "reported": sorted(id for one in bom["vulnerabilities"] for id in own(one)["findings"].split(", ")),
    "found": sorted(one["id"] for one in found),
    "incomplete": sorted(ref for one in bom.get("compositions", []) for ref in one["assemblies"]),
    "subjects": {one["bom-ref"]: own(one) for one in bom["components"] if one["bom-ref"].split(":")[0] in ("image", "folder")},
    "by": {ref: ids for ref, ids in ((one["ref"], sorted(one.get("dependsOn", []))) for one in bom["dependencies"])},
    "serial": bom["serialNumber"], "run": run["trace_id"], "properties": own(bom["metadata"]),
}, sys.stdout)
"#;

fn read(project: &Project, folder: &str) -> (Value, Value) {
    let file = |name: &str| project.root().join(folder).join(name);
    let bom = json_of_schema(&file("vdr.cdx.json"), "cyclonedx/bom-1.5.schema.json");
    (bom, python(READ, &[&file("vdr.cdx.json"), &file("run.json")]))
}

fn is_sound(read: &Value) {
    assert_eq!((&read["unique"], &read["dangling"]), (&json!(true), &json!([])));
    assert_eq!(read["vulnerabilities"], read["problems"], "a problem is there once");
    assert_eq!(read["reported"], read["found"], "no finding is lost, none is there twice");
}

#[test]
fn every_vulnerability_is_disclosed_once_and_what_has_no_proof_is_incomplete() {
    let (project, _) = judged("production", "cyclonedx");
    let (bom, read) = read(&project, "gates-report");
    is_sound(&read);
    // 3 of npm audit, 6 of Trivy: counted by Python in the fixtures, and none of them is the same.
    assert_eq!(read["vulnerabilities"], 9);
    assert_eq!(bom["specVersion"], "1.5");
    // One gate read nothing, and nobody listed the packages of either subject.
    assert!(read["incomplete"].as_array().unwrap().contains(&json!("project")));
    assert_eq!(read["properties"]["inconclusive"], "types");
    assert_eq!(read["properties"]["verdict"], "inconclusive");
    for (name, subject) in read["subjects"].as_object().unwrap() {
        assert_eq!(subject["packages-listed-by"], "nobody", "{name}");
        assert!(read["incomplete"].as_array().unwrap().contains(&json!(name)));
    }
    // Drawn again, it is the same document.
    let ran = project.run(&[
        "report",
        "--from",
        "gates-report/run.json",
        "--format",
        "cyclonedx",
        "--out",
        "again",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(project.read("again/vdr.cdx.json"), project.read("gates-report/vdr.cdx.json"));
    let digits = |text: &Value| text.as_str().unwrap().replace("urn:uuid:", "").replace('-', "");
    assert_eq!(digits(&read["serial"])[..12], digits(&read["run"])[..12]);
}

const GATES: &str = r#"version = 1
vex = ["vex.json"]
[[gate]]
id = "sbom"
tool = "syft"
[[gate]]
id = "image-scan"
tool = "trivy"
scan = "image"
images = ["notes-backend"]
[[gate]]
id = "audit"
tool = "npm-audit"
[[waiver]]
rule = "CVE-2020-8203"
reason = "we do not zip"
expires = 2999-12-31
"#;

const VEX: &str = r#"{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.test/vex/1", "author": "us",
    "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": [
    {"vulnerability": {"name": "CVE-2019-10744"}, "products": [{"@id": "pkg:npm/lodash"}], "status": "not_affected",
     "justification": "vulnerable_code_not_in_execute_path", "impact_statement": "defaultsDeep is not called"}]}"#;

const SBOM: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
    {"type": "library", "name": "lodash", "version": "4.17.4", "purl": "pkg:npm/lodash@4.17.4", "licenses": [{"license": {"id": "MIT"}}]},
    {"type": "library", "name": "both", "version": "1", "purl": "pkg:npm/both@1", "licenses": [{"license": {"id": "MIT"}}, {"expression": "ISC OR Zlib"}]},
    {"type": "library", "group": "@a", "name": "odd", "version": "1", "purl": "pkg:npm/%40a/odd@1", "licenses": [{"license": {"name": "Ours, see there"}}, {"license": {"id": "MIT"}}]},
    {"type": "library", "name": "no-url", "version": "2"}]}"#;

#[test]
fn packages_are_there_once_with_their_licences_and_what_people_say_of_vulnerabilities() {
    let project = Project::with_gates(GATES);
    project.write("vex.json", VEX);
    project.write("sbom.json", SBOM);
    let fixture = |name: &str| format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let ran = project.run(&[
        "judge",
        "--format",
        "cyclonedx",
        "--report",
        "sbom=sbom.json",
        "--report",
        &format!("image-scan={}", fixture("trivy/recorded-image/trivy.json")),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let (bom, read) = read(&project, "gates-report");
    is_sound(&read);
    let component = |name: &str| {
        let all = bom["components"].as_array().unwrap();
        let mut named = all.iter().filter(|one| one["name"] == name);
        let first = named.next().unwrap_or_else(|| panic!("{name}")).clone();
        assert!(named.next().is_none(), "{name} is there once");
        first
    };
    assert_eq!(component("lodash")["licenses"], json!([{"license": {"id": "MIT"}}]));
    assert_eq!(component("both")["licenses"], json!([{"expression": "(ISC OR Zlib) AND (MIT)"}]));
    let named = json!([{"license": {"name": "MIT"}}, {"license": {"name": "Ours, see there"}}]);
    assert_eq!(component("@a/odd")["licenses"], named);
    assert!(component("no-url").get("purl").is_none());
    // Of lodash in the inventory and lodash in the image, one.
    let lodash = component("lodash")["bom-ref"].clone();
    assert!(
        read["by"]
            .as_object()
            .unwrap()
            .values()
            .filter(|refs| refs.as_array().unwrap().contains(&lodash))
            .count()
            >= 2
    );

    let vulnerability = |id: &str| {
        let all = bom["vulnerabilities"].as_array().unwrap();
        all.iter().find(|one| one["id"] == id).unwrap_or_else(|| panic!("{id}")).clone()
    };
    let cleared = vulnerability("CVE-2019-10744");
    assert_eq!(cleared["analysis"]["state"], "not_affected");
    assert_eq!(cleared["analysis"]["justification"], "code_not_reachable");
    assert!(cleared["analysis"]["detail"].as_str().unwrap().contains("defaultsDeep is not called"));
    assert_eq!(cleared["affects"][0]["versions"], json!([{"version": "4.17.4", "status": "unaffected"}]));
    let waived = vulnerability("CVE-2020-8203");
    assert_eq!(waived["analysis"], json!({"detail": "waived: we do not zip"}));
    assert_eq!(waived["source"]["name"], "NVD");
    let open = vulnerability("CVE-2021-23337");
    assert!(open.get("analysis").is_none());
    assert_eq!(
        open["affects"],
        json!([{"ref": "pkg:npm/lodash@4.17.4", "versions": [{"version": "4.17.4", "status": "affected"}]}])
    );
}

#[test]
fn an_image_that_nobody_could_scan_does_not_read_as_clean() {
    let project = Project::with_gates(GATES);
    project.write("vex.json", VEX);
    project.write("sbom.json", SBOM);
    let ran = project.run(&[
        "judge",
        "--format",
        "cyclonedx",
        "--report",
        "sbom=sbom.json",
        "--report",
        "image-scan=not-there.json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let (bom, read) = read(&project, "gates-report");
    assert_eq!(bom["vulnerabilities"], json!([]));
    assert_eq!(read["properties"]["inconclusive"], "image-scan");
    assert_eq!(read["incomplete"], json!(["folder:sbom.json", "project"]), "no gate searched it");
    assert_eq!(read["subjects"]["folder:sbom.json"]["vulnerabilities-searched-by"], "nobody");
}
