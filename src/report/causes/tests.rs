use super::*;
use crate::model::finding::{Location, Package};
use crate::model::policy::Policy;
use crate::model::run::SCHEMA;
use crate::model::severity::Counts;

fn finding(gate: &str, rule: &str, category: Category, severity: Severity, line: u64) -> Finding {
    let mut finding = Finding::new(rule, category, severity, "words");
    finding.gate = gate.into();
    finding.location = Some(Location::file("src/a.ts").lines(Some(line), None));
    finding
}

fn of(findings: &[Finding], known: Option<u64>) -> Run {
    let gate = |id: &str| {
        serde_json::json!({
            "id": id, "stage": "s", "tool": "eslint", "outcome": "failed", "reason": "", "evidence": "whole",
            "required": id != "advisory", "policy": Policy::default(), "scope": {}, "counts": Counts::default(),
            "duration_ms": 0, "cached": false, "targets": [],
        })
    };
    let gates: Vec<_> = ["lint", "audit", "scan", "advisory"].map(gate).into();
    let known = known.map(|n| serde_json::json!({"from": "gates.baseline.json", "findings": n}));
    serde_json::from_value(serde_json::json!({
        "schema": SCHEMA, "portcullis_version": "0", "mode": "lab", "verdict": "blocked", "would_block": true,
        "exit_code": 0, "started": "2026-01-01T00:00:00Z", "duration_ms": 0, "trace_id": "",
        "gates": gates, "findings": findings,
        "waivers": {"unused": [], "expired": [], "expiring": []}, "known": known,
    }))
    .unwrap()
}

#[test]
fn problems_of_one_cause_are_a_group_the_worst_first() {
    use Category::{Lint, Secret, Type, Vulnerability};
    use Severity::{Critical, High};
    let vulnerable = |gate: &str, rule: &str, severity, problem: &str| {
        let mut finding = finding(gate, rule, Vulnerability, severity, 1);
        let package = Package { name: "lodash".into(), version: Some("4".into()), ..Package::default() };
        finding.package = Some(package.into());
        finding.problem = (!problem.is_empty()).then(|| problem.into());
        finding.target = gate.into();
        finding
    };
    let findings = [
        finding("lint", "eqeqeq", Lint, High, 1),
        finding("lint", "no-any", Lint, High, 2),
        finding("lint", "no-any", Lint, High, 3),
        finding("lint", "no-var", Lint, High, 4),
        finding("lint", "key", Secret, High, 5),
        finding("scan", "key", Secret, High, 6),
        finding("lint", "TS1", Type, High, 7),
        finding("lint", "TS2", Type, High, 8),
        vulnerable("audit", "GHSA-1", High, "p"),
        vulnerable("scan", "CVE-1", Critical, "p"),
        vulnerable("scan", "CVE-2", High, ""),
        finding("advisory", "left out", Lint, Critical, 9),
    ];
    let run = of(&findings, None);
    let causes = Causes::of(&run, 2);
    let seen: Vec<(String, Severity, usize, usize, Vec<&str>)> = causes
        .all
        .iter()
        .map(|cause| {
            let gates = cause.gates.iter().copied().collect();
            (cause.title(), cause.severity, cause.problems, cause.findings, gates)
        })
        .collect();
    let one = |title: &str, severity, problems, findings, gates: &[&'static str]| {
        (title.to_owned(), severity, problems, findings, gates.to_vec())
    };
    assert_eq!(
        seen,
        [
            one("lodash 4", Critical, 2, 3, &["audit", "scan"]),
            one("key", High, 2, 2, &["lint", "scan"]),
            one("no-any", High, 2, 2, &["lint"]),
            one("Type errors", High, 2, 2, &["lint"]),
            one("Rules with one finding each", High, 2, 2, &["lint"]),
        ]
    );
    assert_eq!((causes.problems, causes.findings, causes.knows_new), (10, 11, false));
    let first = &causes.all[0].rows[0];
    assert_eq!((&*first.finding.rule, first.others), ("CVE-1", 1), "the worst finding of the problem");
}

#[test]
fn new_problems_come_first_where_the_run_knows_what_is_new() {
    let mut findings: Vec<Finding> =
        (1..=4).map(|line| finding("lint", "no-any", Category::Lint, Severity::High, line)).collect();
    findings[0].baseline = true;
    findings[1].baseline = true;
    let lines = |run: &Run| -> Vec<(Option<u32>, bool)> {
        let causes = Causes::of(run, 3);
        let rows = causes.all[0].rows.iter();
        rows.map(|row| (subject::line(row.finding), row.new)).collect()
    };
    let (new, known) = (true, false);
    assert_eq!(lines(&of(&findings, Some(2))), [(Some(3), new), (Some(4), new), (Some(1), known)]);
    assert_eq!(lines(&of(&findings, None)), [(Some(1), known), (Some(2), known), (Some(3), known)]);
}
