//! The in-toto statement, read and checked by in-toto's own Python library.

use serde_json::{Value, json};

use crate::common::readers::python;
use crate::common::reports::judged;
use crate::common::reports::written;

/// Reads the statement into in-toto's messages, which know every field, and checks it.
const READ: &str = r#"
import sys, json
from google.protobuf import json_format
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
text = open(sys.argv[1], encoding="utf-8").read()
message = json_format.Parse(text, statement_pb2.Statement())
Statement.copy_from_pb(message).validate()
predicate = json.dumps(json.load(open(sys.argv[2], encoding="utf-8")))
result = json_format.Parse(predicate, test_result_pb2.TestResult())
json.dump({
    "type": message.predicate_type,
    "subject": [[subject.name, dict(subject.digest)] for subject in message.subject],
    "same": json_format.MessageToDict(message.predicate) == json.loads(predicate),
    "result": result.result, "passed": list(result.passed_tests), "failed": list(result.failed_tests),
    "warned": list(result.warned_tests), "tools": [tool.name for tool in result.configuration]}, sys.stdout)
"#;

const COMMIT: &str = "9fceb02d0ae598e95dc970b74767f19372d61af8";

#[test]
fn the_statement_is_one_of_in_totos_about_the_images_and_the_commit() {
    let (project, _) = judged("production", "junit");
    let digest = "ab".repeat(32);
    let mut record = project.record();
    record["commit"] = json!(COMMIT);
    let gates = record["gates"].as_array_mut().unwrap();
    for gate in gates.iter_mut() {
        gate["tool_sha256"] = json!("cd".repeat(32));
        if gate["id"] == "image-scan" {
            gate["targets"][0]["image"] = json!("notes-backend");
            gate["targets"][0]["image_digest"] = json!(format!("sha256:{digest}"));
        }
        if gate["id"] == "lint" {
            gate["required"] = json!(false);
        }
    }
    project.write("saved.json", record.to_string());
    let ran =
        project.run(&["report", "--from", "saved.json", "--format", "attestation", "--out", "attested"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let file = |name: &str| project.root().join("attested").join(name);
    let read = python(READ, &[&file("attestation.intoto.json"), &file("attestation.predicate.json")]);
    assert_eq!(read["type"], "https://in-toto.io/attestation/test-result/v0.1");
    let subjects = json!([["commit", {"gitCommit": COMMIT}], ["notes-backend", {"sha256": digest}]]);
    assert_eq!(read["subject"], subjects);
    assert_eq!((&read["same"], &read["result"]), (&json!(true), &json!("FAILED")));
    let of = |holds: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        let gates = record["gates"].as_array().unwrap().iter();
        gates.filter(|gate| holds(gate)).map(|gate| gate["id"].clone()).collect()
    };
    let stops = |gate: &Value| ["failed", "inconclusive"].iter().any(|outcome| gate["outcome"] == *outcome);
    assert_eq!(read["passed"], json!(of(&|gate| gate["outcome"] == "passed")));
    assert_eq!(read["failed"], json!(of(&|gate| stops(gate) && gate["required"] == true)));
    assert_eq!(read["warned"], json!(["lint"]));
    assert!(!read["failed"].as_array().unwrap().is_empty() && !read["tools"].as_array().unwrap().is_empty());
}

#[test]
fn without_a_commit_and_an_image_it_is_about_the_reports_that_were_read() {
    let (project, _) = judged("production", "attestation");
    let file = |name: &str| written(&project, name);
    let read = python(READ, &[&file("attestation.intoto.json"), &file("attestation.predicate.json")]);
    for subject in read["subject"].as_array().unwrap() {
        let digest = subject[1]["sha256"].as_str().unwrap();
        let bytes = std::fs::read(file(subject[0].as_str().unwrap())).unwrap();
        assert_eq!(portcullis::text::hash::sha256(&bytes), digest);
    }
}

#[test]
fn what_is_no_digest_is_no_subject_and_a_run_about_nothing_is_about_its_record() {
    let (project, _) = judged("production", "json");
    let mut record = project.record();
    record["commit"] = json!("../../HEAD");
    for gate in record["gates"].as_array_mut().unwrap() {
        gate["tool_sha256"] = json!("none");
        for target in gate["targets"].as_array_mut().unwrap() {
            target["image_digest"] = json!("sha256:<b>");
            target["report_sha256"] = json!("AB".repeat(32));
        }
    }
    project.write("saved.json", record.to_string());
    let ran =
        project.run(&["report", "--from", "saved.json", "--format", "attestation,json", "--out", "attested"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let file = |name: &str| project.root().join("attested").join(name);
    let read = python(READ, &[&file("attestation.intoto.json"), &file("attestation.predicate.json")]);
    let digest = portcullis::text::hash::sha256(&std::fs::read(file("run.json")).unwrap());
    assert_eq!(read["subject"], json!([["run.json", { "sha256": digest }]]));
    assert_eq!(read["tools"], json!([]));
}
