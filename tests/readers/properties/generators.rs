//! Generates findings, gates, policies and JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis::model::assessment::{Assessment, Status};
use portcullis::model::finding::{Category, Finding, Location, Package};
use portcullis::model::policy::Budget;
use portcullis::model::policy::{Conditions, DependencyScope, Probability};
use portcullis::model::policy::{Policy, Ratchet, Threshold};
use portcullis::model::risk::{Epss, Kev, Risk};
use portcullis::model::run::GateRecord;
use portcullis::model::severity::{Counts, Severity};
use portcullis::text::shared::Text;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The gates that findings belong to.
pub(crate) const GATES: [&str; 3] = ["a", "b", "c"];

pub(crate) fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

fn category() -> impl Strategy<Value = Category> {
    prop::sample::select(vec![Category::Secret, Category::Lint, Category::Vulnerability, Category::Test])
}

/// One of a few short texts, so that findings often agree.
fn word() -> impl Strategy<Value = Text> {
    "[abc]{1,2}".prop_map(Text::from)
}

fn location() -> impl Strategy<Value = Location> {
    (word(), prop::option::of(1..4_u64), prop::option::of(1..3_u64))
        .prop_map(|(path, line, column)| Location::file(path).lines(line, line).columns(column, None))
}

fn package() -> impl Strategy<Value = Arc<Package>> {
    (word(), prop::option::of(word()), any::<bool>(), any::<bool>()).prop_map(
        |(name, version, dev, unfixed)| {
            Arc::new(Package { name, version, dev, unfixed, ..Package::default() })
        },
    )
}

/// What other sources say about a finding: KEV, EPSS, a CVSS score, VEX.
fn risk() -> impl Strategy<Value = Arc<Risk>> {
    let kev = Just(Kev { added: jiff::civil::date(2025, 1, 1), ransomware: false });
    let status = prop::sample::select(vec![Status::Affected, Status::NotAffected]);
    let vex = status.prop_map(|status| Assessment {
        vulnerability: "a".into(),
        status,
        justification: None,
        statement: None,
        document: "vex.json".into(),
        at: None,
    });
    let rated = prop::option::weighted(0.2, Just(5.0));
    (prop::option::of(kev), prop::option::of(0..11_u32), rated, prop::option::weighted(0.2, vex)).prop_map(
        |(kev, tenths, rated, vex)| {
            let epss = tenths.map(|n| Epss { probability: f64::from(n) / 10.0, percentile: 0.5 });
            Arc::new(Risk { kev, epss, rated, vex, protected: None })
        },
    )
}

/// Conditions, and others that are at least as strict: fewer that let findings pass, more that block.
fn conditions_and_stricter() -> impl Strategy<Value = (Conditions, Conditions)> {
    let pair = || (any::<bool>(), any::<bool>());
    (pair(), pair(), pair(), prop::option::of((0..11_u32, 0..11_u32)), any::<bool>()).prop_map(
        |(fixable, scope, kev, epss, both)| {
            let tenths = |n: u32| Probability::new(f64::from(n) / 10.0);
            let scope_of =
                |production| if production { DependencyScope::Production } else { DependencyScope::All };
            let loose = Conditions {
                only_fixable: fixable.0 || fixable.1,
                scope: scope_of(scope.0 || scope.1),
                fail_on_kev: kev.0 && kev.1,
                epss_at_least: epss.filter(|_| both).and_then(|(a, b)| tenths(a.max(b))),
            };
            let strict = Conditions {
                only_fixable: fixable.0 && fixable.1,
                scope: scope_of(scope.0 && scope.1),
                fail_on_kev: kev.0 || kev.1,
                epss_at_least: epss.and_then(|(a, b)| tenths(a.min(b))),
            };
            (loose, strict)
        },
    )
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
        package in prop::option::weighted(0.5, package()),
        resource in prop::option::weighted(0.3, word()),
        suppressed in prop::option::weighted(0.1, word()),
        risk in prop::option::weighted(0.4, risk()),
        baseline in prop::bool::weighted(0.3),
        problem in prop::option::weighted(0.3, word()),
    ) -> Finding {
        let mut finding = Finding::new(rule, category, severity, title);
        finding.gate = gate.into();
        (finding.message, finding.location, finding.package) = (message, location, package);
        (finding.resource, finding.suppressed, finding.risk) = (resource, suppressed, risk);
        (finding.baseline, finding.problem) = (baseline, problem);
        finding
    }
}

pub(crate) fn findings() -> impl Strategy<Value = Vec<Finding>> {
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

/// The values of `unrated` from the loosest to the strictest. `None` counts as the threshold.
const UNRATED: [Option<Threshold>; 7] = [
    Some(Threshold::Never),
    Some(Threshold::At(Severity::Info)),
    Some(Threshold::At(Severity::Low)),
    Some(Threshold::At(Severity::Medium)),
    Some(Threshold::At(Severity::High)),
    Some(Threshold::At(Severity::Critical)),
    None,
];

/// `n` findings of every severity.
fn each(n: u64) -> Counts {
    Counts { critical: n, high: n, medium: n, low: n, info: n, unknown: n }
}

/// A policy, and whether it is required.
pub(crate) type Judged = (Policy, bool);

fn at_or_above(least: usize, length: usize) -> std::ops::Range<usize> {
    least..length
}

prop_compose! {
    /// The policy of a gate, and another that is at least as strict.
    pub fn judged_and_stricter()(fail_on in 0..FAIL_ON.len(), unrated in 0..UNRATED.len(), required in any::<bool>())(
        loose in (Just(fail_on), Just(unrated), Just(required)),
        strict in (
            at_or_above(fail_on, FAIL_ON.len()),
            at_or_above(unrated, UNRATED.len()),
            if required { Just(true).boxed() } else { any::<bool>().boxed() },
        ),
        budgets in prop::collection::btree_map(severity(), (0..6_u64, 0..6_u64, any::<bool>()), 0..4),
        conditions in conditions_and_stricter(),
        new_only in (any::<bool>(), any::<bool>()),
        ratchet in prop::option::weighted(0.3, (0..4_u64, 0..4_u64)),
    ) -> (Judged, Judged) {
        // The strict policy has the smaller budget of each pair, and sometimes only it has a budget.
        let all = |loose: bool| -> BTreeMap<Severity, u64> {
            let budgets = budgets.iter().filter(|(_, (.., both))| !loose || *both);
            budgets.map(|(severity, (a, b, _))| (*severity, if loose { *a.max(b) } else { *a.min(b) })).collect()
        };
        let judged = |(fail_on, unrated, required): (usize, usize, bool), loose: bool| {
            let most = |(a, b): (u64, u64)| if loose { a.max(b) } else { a.min(b) };
            let policy = Policy {
                fail_on: FAIL_ON[fail_on],
                unrated: UNRATED[unrated],
                max: all(loose),
                new_only: new_only.0 && (loose || new_only.1),
                no_worse_than: ratchet.map(|mosts| Ratchet { than: "b".into(), counts: each(most(mosts)) }),
                conditions: if loose { conditions.0.clone() } else { conditions.1.clone() },
            };
            (policy, required)
        };
        (judged(loose, true), judged(strict, false))
    }
}

/// A budget of the run, and another that is at least as strict: smaller numbers, more severities.
pub(crate) fn budget_and_stricter() -> impl Strategy<Value = (Budget, Budget)> {
    prop::collection::btree_map(severity(), (0..6_u64, 0..6_u64, any::<bool>()), 0..3).prop_map(|mosts| {
        let loose = mosts.iter().filter(|(_, (.., both))| *both);
        let loose = loose.map(|(severity, (a, b, _))| (*severity, *a.max(b))).collect();
        (loose, mosts.iter().map(|(severity, (a, b, _))| (*severity, *a.min(b))).collect())
    })
}

/// The evidence of a gate before it is judged: `whole`, `lacking` or `nothing`.
pub(crate) fn evidence() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => Just(json!("whole")),
        1 => Just(json!({"lacking": "no report"})),
        1 => Just(json!({"nothing": "no files"})),
    ]
}

pub(crate) fn gate(id: &str, evidence: &Value, (policy, required): &Judged) -> GateRecord {
    serde_json::from_value(json!({
        "id": id, "stage": "Stage", "tool": "eslint", "outcome": "inconclusive", "reason": "",
        "evidence": evidence, "required": required, "policy": policy, "scope": {"files": 3},
        "counts": {"critical": 0, "high": 0, "medium": 0, "low": 0, "info": 0, "unknown": 0},
        "duration_ms": 1, "cached": false, "targets": [],
    }))
    .unwrap()
}

/// JSON of any shape, some of whose keys are `Secret`.
pub(crate) fn json() -> impl Strategy<Value = Value> {
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
