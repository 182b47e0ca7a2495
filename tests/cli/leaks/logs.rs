//! What tools print beside their reports.

use super::*;

/// A Checkov that writes a report to its folder, and prints these two texts.
fn checkov(project: &Project, stdout: &str, stderr: &str, code: i32) {
    let [report, stdout, stderr] = [("json", REPORT), ("out", stdout), ("err", stderr)]
        .map(|(name, text)| project.write(&format!("../bytes/checkov.{name}"), text));
    let script = format!(
        "[ \"$1\" = --version ] && {{ echo 3.0.0; exit; }}\n\
         while [ $# -gt 0 ]; do [ \"$1\" != --output-file-path ] || out=$2; shift; done\n\
         cp '{}' \"$out/results_json.json\"; cat '{}'; cat '{}' >&2; exit {code}",
        report.display(),
        stdout.display(),
        stderr.display()
    );
    project.program("checkov", &script);
}

const REPORT: &str = r#"{"check_type": "cloudformation", "results": {"passed_checks": [], "skipped_checks": [], "parsing_errors": [],
    "failed_checks": [{"check_id": "CKV_AWS_1", "check_name": "n", "file_path": "/db.yaml", "file_line_range": [1, 2],
    "resource": "AWS::RDS::DBInstance.DB", "check_result": {"result": "FAILED", "entity": {"Password": "planted-in-entity"}}}]},
    "summary": {"passed": 0, "failed": 1, "skipped": 0, "parsing_errors": 0, "resource_count": 1, "checkov_version": "3.0.0"}}"#;

#[test]
fn a_log_that_repeats_the_report_is_not_kept() {
    let project = Project::with_gates("version = 1\n[[gate]]\nid = 'iac'\ntool = 'checkov'\n");
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(REPORT).unwrap()).unwrap();
    for printed in
        [REPORT, &format!("starting\n{}\nmore at https://host/\n", REPORT.replace(": ", ":")), &pretty]
    {
        checkov(&project, printed, "INFO 1 file\n", 1);
        let ran = project.run(&["run"]);
        assert_eq!(project.gate("iac")["outcome"], "failed", "{}", ran.all());
        // serde_json sorts the keys, so this one is another text; its fields are masked.
        assert_eq!(project.root().join("gates-report/logs/iac/root/stdout.log").exists(), printed == pretty);
        assert_eq!(project.read("gates-report/logs/iac/root/stderr.log"), "INFO 1 file\n");
        assert_nothing_planted(&project, &ran);
    }
}

#[test]
fn logs_are_masked_like_reports() {
    let project = Project::with_gates("version = 1\n[[gate]]\nid = 'iac'\ntool = 'checkov'\n");
    let log = "3:01 check 5\" of {\"entity\": {\"Password\": \"planted-one\"}, \"n\": 1}\n\
        \tcode_block:\n\t\t3 | password = planted-two\n\tat /db.yaml\nentity=planted-three\n\
        {\"log\": \"{\\\"entity\\\": \\\"planted-four\\\"}\"}\n";
    let clean = "3:01 check 5\" of {\"entity\": \"REDACTED\", \"n\": 1}\n\
        \tcode_block:REDACTED\n\tat /db.yaml\nentity=REDACTED\n{\"log\": \"{\\\"entity\\\": \"REDACTED\"}\"}\n";
    checkov(&project, log, log, 1);
    let ran = project.run(&["run", "--verbose"]);
    for name in ["stdout.log", "stderr.log"] {
        assert_eq!(project.read(&format!("gates-report/logs/iac/root/{name}")), clean, "{}", ran.all());
    }
    assert_nothing_planted(&project, &ran);
    // The last line says why it failed.
    checkov(&project, "", "Traceback\n{\"entity\": {\"Password\": \"planted-five\"}}\n", 2);
    let ran = project.run(&["run", "--verbose"]);
    assert_eq!(project.gate("iac")["outcome"], "inconclusive");
    assert_nothing_planted(&project, &ran);
}

fn assert_nothing_planted(project: &Project, ran: &Ran) {
    for (name, bytes) in outputs(project, ran) {
        assert!(!String::from_utf8_lossy(&bytes).contains("planted-"), "{name}");
    }
}
