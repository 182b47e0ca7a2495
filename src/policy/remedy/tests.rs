use proptest::prelude::*;
use serde_json::json;

use super::*;

use crate::keys::file::parse;
use crate::model::policy::{Policy, read_max};
use crate::policy::apply::judge_run;

use crate::model::finding::Package;
use crate::model::risk::{Kev, Risk};
use crate::model::verdict::Verdict;
use crate::policy::judge::Waivers;

/// A run of two gates with these policies, not judged.
fn run(policies: [&str; 2], top: &str, findings: Vec<Finding>) -> Run {
    let read = |text: &str| {
        let policy = parse(text, |keys| Policy::read(keys, &Policy::default()));
        policy.unwrap_or_else(|mistakes| panic!("{text}\n{mistakes:?}"))
    };
    let gates: Vec<serde_json::Value> = ["a", "b"]
        .iter()
        .zip(policies)
        .map(|(id, policy)| {
            json!({
                "id": id, "stage": "s", "tool": "trivy", "outcome": "passed", "reason": "", "evidence": "whole",
                "required": true, "policy": read(policy), "scope": {}, "counts": {"critical": 0, "high": 0,
                "medium": 0, "low": 0, "info": 0, "unknown": 0}, "duration_ms": 0, "cached": false, "targets": [],
            })
        })
        .collect();
    let mut run: Run = serde_json::from_value(json!({
        "schema": crate::model::run::SCHEMA, "portcullis_version": "0", "mode": "production", "verdict": "pass",
        "would_block": false, "exit_code": 0, "started": "2026-01-01T00:00:00Z", "duration_ms": 0, "trace_id": "",
        "gates": gates, "findings": [], "waivers": {"unused": [], "expired": [], "expiring": []},
    }))
    .unwrap();
    run.max = parse(top, read_max).unwrap_or_else(|mistakes| panic!("{top}\n{mistakes:?}"));
    run.findings = findings;
    run
}

fn passes(run: &mut Run) -> bool {
    judge_run(run, Waivers::Of(&[]), jiff::civil::date(2026, 1, 1));
    run.verdict == Verdict::Pass
}

/// A finding of one of four problems, three of which an upgrade removes, or of no problem.
fn finding(
    n: usize,
    gate: &str,
    severity: Severity,
    problem: Option<usize>,
    exploited: bool,
    known: bool,
) -> Finding {
    let category = if problem.is_some() { Category::Vulnerability } else { Category::Lint };
    let mut finding = Finding::new("r", category, severity, "t");
    (finding.id, finding.gate, finding.baseline) = (format!("f{n}").into(), gate.into(), known);
    if let Some(problem) = problem {
        finding.problem = Some(format!("p{problem}").into());
        // Problems 0 and 1 are in one package, 2 is in another, and 3 has no fix.
        let name = ["lodash", "lodash", "next", "got"][problem];
        let fixed = (problem < 3).then(|| Text::from(format!("1.{problem}.0")));
        finding.fix = Some(match &fixed {
            Some(version) => format!("upgrade {name} to {version}").into(),
            None => "no fix yet".into(),
        });
        let package = Package {
            name: name.into(),
            unfixed: fixed.is_none(),
            fixed_version: fixed,
            ..Package::default()
        };
        finding.package = Some(package.into());
    }
    if exploited {
        let kev = Some(Kev { added: jiff::civil::date(2025, 1, 1), ransomware: false });
        finding.risk = Some(Risk { kev, ..Risk::default() }.into());
    }
    finding
}

/// The change that removes a finding, as this test sees it.
fn change(finding: &Finding) -> String {
    match (finding.problem.as_deref(), &finding.package) {
        (Some("p3") | None, _) => finding.problem.as_ref().unwrap_or(&finding.id).to_string(),
        (_, Some(package)) => package.name.to_string(),
        _ => unreachable!("problems have packages"),
    }
}

const POLICIES: [&str; 8] = [
    "fail_on = 'high'",
    "fail_on = 'never'\nmax = { high = 1, low = 0 }",
    "fail_on = 'critical'\nmax = { high = 2, medium = 1 }\nunrated = 'critical'",
    "fail_on = 'critical'\nunrated = 'never'\nmax = { unknown = 1 }\nnew_only = true",
    "fail_on = 'never'\nfail_on_kev = true\nmax = { medium = 1 }",
    "fail_on = 'medium'\nonly_fixable = true\nfail_on_kev = true\nnew_only = true",
    "fail_on = 'never'",
    "fail_on = 'low'\nmax = { info = 0 }",
];

const TOPS: [&str; 4] =
    ["", "", "max = { high = 1, medium = 1 }", "max = { critical = 0, low = 1, unknown = 0 }"];

fn findings() -> impl Strategy<Value = Vec<Finding>> {
    let severity = prop::sample::select(Severity::ALL.to_vec());
    let problem = prop::option::weighted(0.7, 0..4_usize);
    let one =
        (prop::sample::select(vec!["a", "b"]), severity, problem, prop::bool::weighted(0.2), any::<bool>());
    prop::collection::vec(one, 0..9).prop_map(|all| {
        let all = all.into_iter().enumerate();
        all.map(|(n, (gate, severity, problem, exploited, known))| {
            finding(n, gate, severity, problem, exploited, known)
        })
        .collect()
    })
}

proptest! {
    /// Compared with every set of changes: the reported set is enough, and no smaller set is.
    #[test]
    fn the_way_is_enough_and_no_other_is_shorter(
        policies in (prop::sample::select(POLICIES.to_vec()), prop::sample::select(POLICIES.to_vec())),
        top in prop::sample::select(TOPS.to_vec()),
        found in findings(),
    ) {
        let of = |findings: Vec<Finding>| run([policies.0, policies.1], top, findings);
        let mut judged = of(found.clone());
        let passed = passes(&mut judged);
        let way = way(&judged);
        prop_assert!(way.proven);

        let mut changes: Vec<String> = found.iter().map(change).collect();
        changes.sort();
        changes.dedup();
        let without = |gone: &dyn Fn(&str) -> bool| {
            passes(&mut of(found.iter().filter(|finding| !gone(&change(finding))).cloned().collect()))
        };
        let least = (0..1_u32 << changes.len())
            .filter(|set| without(&|name| changes.iter().position(|known| known == name).is_some_and(|n| set >> n & 1 == 1)))
            .map(u32::count_ones)
            .min();
        let reported: HashSet<String> = way
            .upgrades
            .iter()
            .map(|upgrade| change(upgrade.problems[0]))
            .chain(way.problems.iter().map(|finding| change(finding)))
            .collect();
        prop_assert_eq!(reported.len(), way.upgrades.len() + way.problems.len(), "{:?}", reported);
        prop_assert!(without(&|name| reported.contains(name)), "{reported:?} is not enough");
        prop_assert_eq!(Some(reported.len() as u32), least, "{:?}", reported);
        prop_assert_eq!(passed, reported.is_empty());
    }

    /// With the reported settings the run passes. Without any one of them it does not.
    #[test]
    fn the_settings_are_enough_and_each_is_needed(
        policies in (prop::sample::select(POLICIES.to_vec()), prop::sample::select(POLICIES.to_vec())),
        top in prop::sample::select(TOPS.to_vec()),
        found in findings(),
    ) {
        let mut judged = run([policies.0, policies.1], top, found.clone());
        passes(&mut judged);
        let way = way(&judged);
        let set = |skip: Option<(&str, &str)>| {
            let of = |gate: &str, policy: &str| {
                let reported = way.settings.iter().find(|(id, _)| ***id == *gate);
                let reported = reported.map(|(_, settings)| settings.clone()).unwrap_or_default();
                with(policy, reported.iter().map(String::as_str).filter(|line| skip != Some((gate, *line))))
            };
            let top = match &way.max {
                Some(max) if skip != Some(("top", "")) => {
                    let max: Vec<String> = max.iter().map(|(severity, most)| format!("{severity} = {most}")).collect();
                    format!("max = {{ {} }}", max.join(", "))
                }
                _ => top.to_owned(),
            };
            passes(&mut run([&of("a", policies.0), &of("b", policies.1)], &top, found.clone()))
        };
        prop_assert!(set(None), "{:?} {:?}", way.settings, way.max);
        for (gate, settings) in &way.settings {
            for line in settings {
                prop_assert!(!set(Some((gate.as_str(), line))), "{gate}: {line} is not needed");
            }
        }
        // What exceeds the budget of the run may also be more than a gate allows.
        prop_assert!(way.max.is_none() || !way.settings.is_empty() || !set(Some(("top", ""))));
    }
}

/// The lines of a policy, with these instead of the lines for the same keys.
fn with<'a>(policy: &str, reported: impl Iterator<Item = &'a str>) -> String {
    let reported: Vec<&str> = reported.collect();
    let key =
        |line: &str| line.trim_start_matches("no `").split([' ', '`']).next().unwrap_or_default().to_owned();
    let kept = policy.lines().filter(|line| reported.iter().all(|reported| key(reported) != key(line)));
    let set = reported.iter().filter(|reported| !reported.starts_with("no `")).copied();
    kept.chain(set).collect::<Vec<_>>().join("\n")
}

#[test]
fn one_upgrade_to_the_latest_version_removes_all_findings_of_a_package() {
    let mut found = Vec::new();
    for (n, fixed) in ["4.17.5", "4.17.21", "4.17.12"].into_iter().enumerate() {
        let mut finding = finding(n, "a", Severity::High, None, false, false);
        finding.category = Category::Vulnerability;
        finding.fix = Some(format!("upgrade lodash to {fixed}").into());
        let package =
            Package { name: "lodash".into(), fixed_version: Some(fixed.into()), ..Package::default() };
        finding.package = Some(package.into());
        found.push(finding);
    }
    let mut run = run(["fail_on = 'high'", ""], "", found);
    assert!(!passes(&mut run));
    let way = way(&run);
    assert_eq!((way.upgrades.len(), way.problems.len()), (1, 0));
    assert_eq!(
        (way.upgrades[0].advice.as_str(), way.upgrades[0].problems.len()),
        ("upgrade lodash to 4.17.21", 3)
    );
}

#[test]
fn a_problem_without_a_fix_is_not_an_upgrade_and_missing_proof_comes_first() {
    let mut run =
        run(["fail_on = 'low'", ""], "", vec![finding(0, "a", Severity::High, Some(3), false, false)]);
    run.gates[1].evidence = Completeness::Lacking("no report".into());
    passes(&mut run);
    let way = way(&run);
    assert_eq!((way.upgrades.len(), way.problems.len()), (0, 1));
    assert_eq!(way.prove, [(&"b".into(), "no report")]);
}
