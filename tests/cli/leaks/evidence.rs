//! Secrets that reports quote, whichever tool and format brought them.

use super::*;

/// A SARIF log with one result of this tool.
fn sarif(tool: &str, rule: Value, result: Value) -> String {
    let mut result = result;
    result["ruleId"] = rule["id"].clone();
    json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": tool, "rules": [rule]}}, "results": [result]}]})
        .to_string()
}

/// A place with a line of source text.
fn place(line: &str) -> Value {
    json!([{"physicalLocation": {"artifactLocation": {"uri": "src/a.py"}, "region": {"startLine": 3, "snippet": {"text": line}}},
        "properties": {"validate_command": format!("curl -H 'Authorization: token {line}'")}}])
}

/// What the real tools wrote for planted secrets, shortened; see the sources of each format.
fn reports(value: &dyn Fn(&str) -> String) -> Vec<(&'static str, String)> {
    let kingfisher = sarif(
        "kingfisher",
        json!({"id": "kingfisher.generic.1"}),
        json!({"kind": "review", "level": "error", "message": {"text": "Generic secret found"}, "locations": place(&value("kingfisher"))}),
    );
    let bandit = sarif(
        "Bandit",
        json!({"id": "B105", "name": "hardcoded_password_string", "properties": {"tags": ["security", "external/cwe/cwe-259"]}}),
        json!({"level": "note", "message": {"text": format!("Possible hardcoded password: '{}'", value("bandit"))},
            "locations": place(&format!("password = \"{}\"", value("bandit-line")))}),
    );
    let detect = sarif(
        "detect-secrets",
        json!({"id": "Secret Keyword"}),
        json!({"message": {"text": "a secret"}, "properties": {"secret_value": value("detect")}}),
    );
    let leak = json!({"RuleID": "generic-api-key", "File": "src/a.py", "Commit": "0123456789abcdef0123456789abcdef01234567",
        "Secret": value("junit"), "Match": format!("key = {}", value("junit"))});
    let junit = format!(
        "<testsuites><testsuite name=\"gitleaks\" tests=\"1\" failures=\"1\"><testcase name=\"generic-api-key has detected a secret in file src/a.py, line 3.\">\
         <failure message=\"generic-api-key has detected a secret\" type=\"Generic API Key\">{}</failure></testcase></testsuite></testsuites>",
        leak.to_string().replace('"', "&#34;")
    );
    let trivy = json!({"SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "filesystem", "Results": [{"Target": "a.env", "Class": "secret",
        "Secrets": [{"RuleID": "aws-access-key-id", "Category": "AWS", "Severity": "CRITICAL", "Title": "AWS Access Key ID",
            "StartLine": 1, "EndLine": 1, "Match": "AWS_KEY=********************",
            "Code": {"Lines": [{"Number": 1, "Content": "AWS_KEY=********************"},
                {"Number": 2, "Content": format!("DB_PASSWORD={}", value("trivy"))}]}}]}]});
    let checkstyle = format!(
        "<checkstyle version=\"8\"><file name=\"src/a.ts\"><error line=\"1\" severity=\"error\" source=\"no-secrets\" \
         message=\"a secret: &quot;{}&quot;\"/></file></checkstyle>",
        value("checkstyle")
    );
    vec![
        ("sarif", kingfisher),
        ("sarif", bandit),
        ("sarif", detect),
        ("junit", junit),
        ("trivy", trivy.to_string()),
        ("checkstyle", checkstyle),
    ]
}

#[test]
fn the_value_of_every_secret_is_struck_out_whichever_tool_reports_it() {
    let values = std::cell::RefCell::new(Vec::new());
    let value = |name: &str| {
        let value = format!("{}-{name}-9x", ["hun", "ter2"].concat());
        values.borrow_mut().push(value.clone());
        value
    };
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = 'any'\ntool = 'command'\nrun = ['make-report']\nreport = { format = 'sarif', path = 'out.sarif' }\n\
         [[gate]]\nid = 'prints'\ntool = 'command'\nrun = ['prints']\n",
    );
    for (format, report) in reports(&value) {
        let path = project.write("../bytes/report", &report);
        let ran = project.run(&["judge", "--report", &format!("{format}={}", path.display()), "--verbose"]);
        assert_eq!(project.record()["findings"].as_array().unwrap().len(), 1, "{report} {}", ran.all());
        let kept =
            outputs(&project, &ran).into_iter().filter(|(name, _)| name.contains("/gates-report/reports/"));
        assert_eq!(kept.count(), 1, "{report}");
        for value in values.borrow_mut().drain(..) {
            assert_hidden(&project, &ran, &value);
        }
        // A place, a rule and a commit are none.
        let record = project.read("gates-report/run.json");
        assert!(
            !record.contains("\"rule\": \"REDACTED\"") && !record.contains("\"path\": \"REDACTED\""),
            "{record}"
        );
    }

    // A secret of one report is struck out of the log of another gate.
    let (_, report) = reports(&value).remove(0);
    project.write("../bytes/report", &report);
    project.program("make-report", "cat ../bytes/report >out.sarif");
    let found = values.borrow()[0].clone();
    writes(&project, "prints", "-", format!("uses {found}\n").as_bytes(), &found, 0);
    let ran = project.run(&["run"]);
    assert_eq!(project.read("gates-report/logs/prints/root/stdout.log"), "uses REDACTED\n", "{}", ran.all());
    assert_hidden(&project, &ran, &found);
}
