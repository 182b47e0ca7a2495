//! GitLab's reports, by the schemas that GitLab itself validates them with.

use std::collections::HashSet;

use serde_json::Value;

use crate::common::Project;
use crate::common::readers::{json_of_schema, python, schema};
use crate::common::reports::{findings, judged, written};

/// The report of a kind, valid.
pub(crate) fn validated(project: &Project, kind: &str) -> Value {
    let report = written(project, &format!("gl-{kind}-report.json"));
    match kind {
        "code-quality" => json_of_schema(&report, "gitlab/code-quality.json"),
        "container-scanning" => {
            // The schema of another kind, with the type and the place of this one.
            const CHECK: &str = r#"
import sys, json, jsonschema
report, schema, location = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:])
schema["properties"]["scan"]["properties"]["type"]["enum"] = ["container_scanning"]
schema["properties"]["vulnerabilities"]["items"]["properties"]["location"] = location
jsonschema.Draft7Validator(schema).validate(report)
json.dump(report, sys.stdout)
"#;
            let base = schema("gitlab/dependency-scanning-report-format-15.2.1.json");
            python(CHECK, &[&report, &base, &schema("gitlab/container-scanning-location-15.2.1.json")])
        }
        kind => json_of_schema(&report, &format!("gitlab/{kind}-report-format-15.2.1.json")),
    }
}

fn vulnerabilities(report: &Value) -> &Vec<Value> {
    report["vulnerabilities"].as_array().unwrap()
}

#[test]
fn each_finding_is_in_the_report_of_its_kind() {
    let (project, _) = judged("production", "gitlab");
    let count = |category: &str, gate: &str| {
        findings(&project, |f| f["category"] == category && f["gate"] == gate && f["decision"] != "waive")
            .len()
    };
    for (kind, category, gate) in [
        ("secret-detection", "secret", "secrets"),
        ("dependency-scanning", "vulnerability", "audit"),
        ("container-scanning", "vulnerability", "image-scan"),
        ("sast", "misconfiguration", "infrastructure"),
    ] {
        let report = validated(&project, kind);
        assert!(count(category, gate) > 0, "{kind}");
        assert_eq!(vulnerabilities(&report).len(), count(category, gate), "{kind}");
        assert_eq!(report["scan"]["status"], "success", "{kind}: {}", report["scan"]);
        let ids: HashSet<&str> = vulnerabilities(&report).iter().map(|v| v["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), vulnerabilities(&report).len(), "{kind}: ids are unique");
        assert!(ids.iter().all(|id| id.len() == 36), "{ids:?}");
    }
    let quality = validated(&project, "code-quality");
    assert_eq!(quality.as_array().unwrap().len(), count("lint", "lint"));
    let prints: HashSet<&str> =
        quality.as_array().unwrap().iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), quality.as_array().unwrap().len());
}

#[test]
fn a_vulnerability_has_the_names_and_places_that_gitlab_shows() {
    let (project, _) = judged("production", "gitlab");
    let image = validated(&project, "container-scanning");
    let one = &vulnerabilities(&image)[0];
    let identifier = &one["identifiers"][0];
    assert_eq!(identifier["type"], "cve", "{one:#}");
    assert!(identifier["url"].as_str().unwrap().ends_with(identifier["value"].as_str().unwrap()));
    assert!(!one["location"]["dependency"]["package"]["name"].as_str().unwrap().is_empty());
    assert!(!one["location"]["image"].as_str().unwrap().is_empty());
    assert!(one["cvss_vectors"][0]["vector"].as_str().unwrap().starts_with("CVSS:3."), "{one:#}");

    let audit = validated(&project, "dependency-scanning");
    assert_eq!(audit["scan"]["scanner"]["name"], "npm audit");
    assert!(
        !vulnerabilities(&audit)[0]["location"]["dependency"]["package"]["name"].as_str().unwrap().is_empty()
    );
    let secrets = validated(&project, "secret-detection");
    assert!(vulnerabilities(&secrets)[0]["location"]["start_line"].as_u64().is_some());
}

#[test]
fn waived_findings_are_left_out_and_counted() {
    let (project, _) = judged("production", "gitlab");
    let sast = validated(&project, "sast");
    let waived = findings(&project, |f| f["decision"] == "waive").len();
    assert!(!sast["vulnerabilities"].to_string().contains("CKV_AWS_18"));
    let reported = sast["scan"]["messages"].to_string();
    assert!(waived > 0 && reported.contains(&format!("{waived} finding")), "{reported}");
}

/// GitLab takes what is not in a report for fixed.
#[test]
fn a_report_of_what_nobody_looked_at_is_a_failure() {
    let project = Project::with_gates("version = 1\n[[gate]]\nid = 'secrets'\ntool = 'gitleaks'\n");
    project.run(&["judge", "--report", "secrets=not-there.json", "--format", "gitlab"]);
    let secrets = validated(&project, "secret-detection");
    assert_eq!(secrets["scan"]["status"], "failure");
    assert_eq!(secrets["scan"]["messages"][0]["level"], "fatal");
    let sast = validated(&project, "sast");
    assert_eq!(sast["scan"]["status"], "failure");
    assert!(sast["scan"]["messages"].to_string().contains("No gate of this run looks for this."));
}

/// A clean scan of an image is a success for images, and says nothing of what it was not asked for.
#[test]
fn a_clean_scan_is_a_success_of_its_kind_alone() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = 'image-scan'\ntool = 'trivy'\nscan = 'image'\nimages = ['a:1']\nscanners = ['vuln']\n",
    );
    project.program(
        "trivy",
        r#"[ "$1" = --version ] && { echo "Version: 0.66.0"; exit 0; }
while [ $# -gt 0 ]; do [ "$1" = --output ] && out=$2; shift; done
echo '{"SchemaVersion":2,"ArtifactName":"a:1","ArtifactType":"container_image","Metadata":{"ImageID":"sha256:1"},"Results":[{"Target":"a:1","Class":"os-pkgs","Type":"alpine","Packages":[{"Name":"musl","Version":"1"}]}]}' >"$out""#,
    );
    let ran = project.run(&["run", "--format", "gitlab"]);
    assert_eq!(project.gate("image-scan")["outcome"], "passed", "{}", ran.all());
    for (kind, status) in [
        ("container-scanning", "success"),
        ("secret-detection", "failure"),
        ("dependency-scanning", "failure"),
        ("sast", "failure"),
    ] {
        assert_eq!(validated(&project, kind)["scan"]["status"], status, "{kind}");
    }

    // An older record does not say what the gate looks for, and its options are not known: no success.
    let mut record = project.record();
    assert_eq!(record["gates"][0]["looks_for"], serde_json::json!(["image-vulnerabilities"]));
    record["gates"][0].as_object_mut().unwrap().remove("looks_for");
    project.write("gates-report/run.json", record.to_string());
    let ran = project.run(&["report", "--from", "gates-report/run.json", "--format", "gitlab"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(validated(&project, "container-scanning")["scan"]["status"], "failure");
}
