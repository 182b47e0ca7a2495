//! Findings, gates, policies and JSON, of all kinds.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis::config::{Policy, Threshold};
use portcullis::finding::{Category, Finding, Location, Package, Text};
use portcullis::record::GateRecord;
use portcullis::severity::Severity;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The gates that findings belong to.
pub const GATES: [&str; 3] = ["a", "b", "c"];

pub fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

fn category() -> impl Strategy<Value = Category> {
    prop::sample::select(vec![Category::Secret, Category::Lint, Category::Vulnerability, Category::Test])
}

/// A text of few, so that findings are often alike.
fn word() -> impl Strategy<Value = Text> {
    "[abc]{1,2}".prop_map(Text::from)
}

fn location() -> impl Strategy<Value = Location> {
    (word(), prop::option::of(1..4_u64), prop::option::of(1..3_u64))
        .prop_map(|(path, line, column)| Location::file(path).lines(line, line).columns(column, None))
}

fn package() -> impl Strategy<Value = Arc<Package>> {
    (word(), prop::option::of(word()))
        .prop_map(|(name, version)| Arc::new(Package { name, version, ..Package::default() }))
}

prop_compose! {
    /// A finding of one of [`GATES`].
    pub fn finding()(
        gate in prop::sample::select(GATES.to_vec()),
        category in category(),
        severity in severity(),
        rule in word(),
        title in word(),
        message in word(),
        location in prop::option::of(location()),
        package in prop::option::weighted(0.3, package()),
        resource in prop::option::weighted(0.3, word()),
        suppressed in prop::option::weighted(0.1, word()),
    ) -> Finding {
        let mut finding = Finding::new(rule, category, severity, title);
        finding.gate = gate.into();
        (finding.message, finding.location, finding.package) = (message, location, package);
        (finding.resource, finding.suppressed) = (resource, suppressed);
        finding
    }
}

pub fn findings() -> impl Strategy<Value = Vec<Finding>> {
    prop::collection::vec(finding(), 0..12)
}

/// Thresholds from the loosest to the strictest.
const FAIL_ON: [Threshold; 6] = [
    Threshold::Never,
    Threshold::At(Severity::Critical),
    Threshold::At(Severity::High),
    Threshold::At(Severity::Medium),
    Threshold::At(Severity::Low),
    Threshold::At(Severity::Info),
];

/// What `unknown` counts as, from the loosest to the strictest: nothing said is as the threshold.
const UNRATED: [Option<Threshold>; 7] = [
    Some(Threshold::Never),
    Some(Threshold::At(Severity::Info)),
    Some(Threshold::At(Severity::Low)),
    Some(Threshold::At(Severity::Medium)),
    Some(Threshold::At(Severity::High)),
    Some(Threshold::At(Severity::Critical)),
    None,
];

/// A policy, and whether it is required.
pub type Judged = (Policy, bool);

fn at_or_above(least: usize, length: usize) -> std::ops::Range<usize> {
    least..length
}

prop_compose! {
    /// What a gate is judged by, and what is at least as strict.
    pub fn judged_and_stricter()(fail_on in 0..FAIL_ON.len(), unrated in 0..UNRATED.len(), required in any::<bool>())(
        loose in (Just(fail_on), Just(unrated), Just(required)),
        strict in (
            at_or_above(fail_on, FAIL_ON.len()),
            at_or_above(unrated, UNRATED.len()),
            if required { Just(true).boxed() } else { any::<bool>().boxed() },
        ),
        budgets in prop::collection::btree_map(severity(), (0..6_u64, 0..6_u64, any::<bool>()), 0..4),
    ) -> (Judged, Judged) {
        // Of each pair, the strict policy has the smaller budget, and sometimes it alone has one.
        let all = |loose: bool| -> BTreeMap<Severity, u64> {
            let budgets = budgets.iter().filter(|(_, (.., both))| !loose || *both);
            budgets.map(|(severity, (a, b, _))| (*severity, if loose { *a.max(b) } else { *a.min(b) })).collect()
        };
        let judged = |(fail_on, unrated, required): (usize, usize, bool), max| {
            (Policy { fail_on: FAIL_ON[fail_on], unrated: UNRATED[unrated], max, ..Policy::default() }, required)
        };
        (judged(loose, all(true)), judged(strict, all(false)))
    }
}

/// What is known of the gate, before it is judged: `whole`, `lacking` or `nothing`.
pub fn evidence() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => Just(json!("whole")),
        1 => Just(json!({"lacking": "no report"})),
        1 => Just(json!({"nothing": "no files"})),
    ]
}

pub fn gate(id: &str, evidence: &Value, (policy, required): &Judged) -> GateRecord {
    serde_json::from_value(json!({
        "id": id, "stage": "Stage", "tool": "eslint", "outcome": "inconclusive", "reason": "",
        "evidence": evidence, "required": required, "policy": policy, "scope": {"files": 3},
        "counts": {"critical": 0, "high": 0, "medium": 0, "low": 0, "info": 0, "unknown": 0},
        "duration_ms": 1, "cached": false, "targets": [],
    }))
    .unwrap()
}

/// JSON of any shape, some of whose keys are `Secret`.
pub fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z\"\\\\{}\\[\\],: \\PC]{0,8}".prop_map(Value::from),
    ];
    let key = prop_oneof![Just("Secret".to_owned()), "[a-z\"\\\\:]{0,4}"];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
