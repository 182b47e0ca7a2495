//! Open issues and hotspots, page by page.

use serde_json::{Value, json};

use super::{assert_inconclusive, gate, outputs, project, run};
use crate::common::sonar::{Api, PROJECT, Sonar, Trouble, gate_ok};

/// An open issue, with more about it than anybody needs.
pub(crate) fn issue(n: usize, severity: &str, kind: &str) -> Value {
    json!({
        "key": format!("issue-{severity}-{kind}-{n}"), "rule": "typescript:S1481", "severity": severity,
        "component": format!("{PROJECT}:src/file{}.ts", n % 7), "project": PROJECT, "line": n + 1,
        "textRange": {"startLine": n + 1, "endLine": n + 1, "startOffset": 4, "endOffset": 9},
        "status": "OPEN", "message": format!("Remove the unused variable {n}."), "type": kind,
        "author": "ada@example.test", "assignee": "ada", "flows": [], "tags": []
    })
}

#[test]
fn issues_and_hotspots_are_listed_page_by_page() {
    let mut api = Api::with_gate(gate_ok());
    api.issues = (0..1201).map(|n| issue(n, "MINOR", "CODE_SMELL")).collect();
    api.issues.push(issue(0, "BLOCKER", "BUG"));
    api.issues[0]["resolution"] = json!("FIXED");
    let probability = |n: usize| if n == 0 { "HIGH" } else { "LOW" };
    api.hotspots = (0..501)
        .map(|n| {
            json!({
                "key": format!("h{n}"), "component": format!("{PROJECT}:src/app.ts"), "project": PROJECT,
                "securityCategory": "xss", "vulnerabilityProbability": probability(n), "status": "TO_REVIEW",
                "line": n + 1, "message": "Make sure this is safe here.", "author": "ada@example.test",
                "ruleKey": "typescript:S5247"
            })
        })
        .collect();
    let sonar = Sonar::serve(api);
    let project = project(&sonar, "issues = true\nhotspots = true");
    let ran = run(&project);
    assert_eq!(ran.code, 1, "{}", ran.all());
    // 1201 open minor ones but for the fixed one, the blocker, and the hotspots.
    let counts = json!({"critical": 1, "high": 1, "medium": 0, "low": 1700, "info": 0, "unknown": 0});
    assert_eq!(gate(&project)["counts"], counts);
    assert_eq!(sonar.asked_for("/api/issues/search").len(), 3);
    assert_eq!(sonar.asked_for("/api/hotspots/search").len(), 2);
    let record = project.record();
    let blocker = record["findings"].as_array().unwrap().iter().find(|one| one["severity"] == "critical");
    let blocker = blocker.unwrap();
    assert_eq!(blocker["location"]["path"], "src/file0.ts");
    assert_eq!(blocker["location"]["start_column"], 5);
    // Names of people are in nothing that is kept.
    for (name, bytes) in outputs(&project, &ran) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("ada@example.test"), "{name}");
    }
}

#[test]
fn more_issues_than_the_server_shows_are_listed_in_parts() {
    let mut api = Api::with_gate(gate_ok());
    // Each part fits, the whole does not: by severity, and one severity by type.
    for (severity, kind, n) in [
        ("MINOR", "CODE_SMELL", 9000),
        ("MINOR", "BUG", 1500),
        ("MAJOR", "CODE_SMELL", 700),
        ("INFO", "BUG", 3),
    ] {
        api.issues.extend((0..n).map(|n| issue(n, severity, kind)));
    }
    let sonar = Sonar::serve(api);
    let project = project(&sonar, "issues = true\nfail_on = 'high'");
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let counts = json!({"critical": 0, "high": 0, "medium": 700, "low": 10500, "info": 3, "unknown": 0});
    assert_eq!(gate(&project)["counts"], counts);
}

#[test]
fn issues_that_can_not_all_be_listed_are_a_gap() {
    let mut api = Api::with_gate(gate_ok());
    api.issues = (0..10_600).map(|n| issue(n, "MINOR", "BUG")).collect();
    let sonar = Sonar::serve(api);
    let project = project(&sonar, "issues = true");
    let ran = run(&project);
    assert_inconclusive(&project, &ran, &["10000 of 10600 open issues could be listed"]);
    assert_eq!(gate(&project)["counts"]["low"], 10_000);
    // One without a severity is in no part.
    sonar.change(|api| {
        api.issues.truncate(9_999);
        api.issues.extend((0..2).map(|n| issue(n, "MAJOR", "BUG")));
        api.issues[0].as_object_mut().unwrap().remove("severity");
    });
    let ran = run(&project);
    assert_inconclusive(&project, &ran, &["10000 of 10001 open issues could be listed"]);
}

#[test]
fn a_list_that_changes_while_it_is_read_is_a_gap() {
    let mut api = Api::with_gate(gate_ok());
    api.issues = (0..600).map(|n| issue(n, "MINOR", "BUG")).collect();
    let sonar = Sonar::serve(api);
    let project = project(&sonar, "issues = true");
    // The second page comes empty.
    sonar.change(|api| {
        let empty =
            Trouble::Json(r#"{"paging": {"pageIndex": 2, "pageSize": 500, "total": 600}, "issues": []}"#);
        api.broken = Some(("/api/issues", empty));
    });
    assert_inconclusive(&project, &run(&project), &["changed while it was read"]);
    // No total at all.
    sonar.change(|api| api.broken = Some(("/api/issues", Trouble::Json(r#"{"issues": []}"#))));
    assert_inconclusive(&project, &run(&project), &["not a list of open issues"]);
}
