use std::sync::Arc;

use super::*;

use crate::model::finding::Package;
use crate::model::risk::Risk;
use crate::model::severity::Severity;

fn finding(risk: Risk, package: Package) -> Finding {
    let mut finding = Finding::new("CVE-2021-1", Category::Vulnerability, Severity::Low, "bad");
    finding.risk = Some(Arc::new(risk));
    finding.package = Some(Arc::new(package));
    finding
}

fn kev() -> Option<Kev> {
    Some(Kev { added: jiff::civil::date(2021, 12, 10), ransomware: true })
}

fn epss(probability: f64) -> Option<Epss> {
    Some(Epss { probability, percentile: 0.9 })
}

#[test]
fn each_condition_says_how_it_changed_the_decision() {
    let all = Conditions {
        only_fixable: true,
        scope: DependencyScope::Production,
        fail_on_kev: true,
        epss_at_least: Probability::new(0.1),
    };
    let below = (Decision::Allow, Text::from("below fail_on = high"));
    let unfixed = Package { unfixed: true, ..Package::default() };
    let dev = Package { dev: true, ..Package::default() };
    for (risk, package, decision, because) in [
        (Risk::default(), Package::default(), Decision::Allow, "below fail_on = high"),
        (
            Risk { kev: kev(), ..Risk::default() },
            Package::default(),
            Decision::Deny,
            "fail_on_kev: exploited, in KEV since 2021-12-10, by ransomware too",
        ),
        (
            Risk { epss: epss(0.31), ..Risk::default() },
            Package::default(),
            Decision::Deny,
            "epss_at_least = 0.1: EPSS 0.31000",
        ),
        (
            Risk { epss: epss(0.1), ..Risk::default() },
            Package::default(),
            Decision::Deny,
            "epss_at_least = 0.1: EPSS 0.10000",
        ),
        (
            Risk { epss: epss(0.09), ..Risk::default() },
            Package::default(),
            Decision::Allow,
            "below fail_on = high",
        ),
        (Risk::default(), unfixed.clone(), Decision::Allow, "only_fixable: no release fixes it yet"),
        (
            Risk::default(),
            dev.clone(),
            Decision::Allow,
            "scope = production: only development needs the package",
        ),
        // An exploited vulnerability blocks in any case.
        (
            Risk { kev: kev(), ..Risk::default() },
            unfixed,
            Decision::Deny,
            "fail_on_kev: exploited, in KEV since 2021-12-10, by ransomware too",
        ),
        (
            Risk { epss: epss(0.5), ..Risk::default() },
            dev,
            Decision::Deny,
            "epss_at_least = 0.1: EPSS 0.50000",
        ),
    ] {
        let finding = finding(risk, package);
        let (is, why) = all.adjust(&finding, below.0, below.1.clone());
        assert_eq!((is, &*why), (decision, because), "{finding:?}");
        // Without the keys none of this counts.
        assert_eq!(Conditions::default().adjust(&finding, below.0, below.1.clone()), below);
    }
}

#[test]
fn a_finding_that_also_blocks_by_severity_says_both() {
    let conditions = Conditions { fail_on_kev: true, ..Conditions::default() };
    let finding = finding(Risk { kev: kev(), ..Risk::default() }, Package::default());
    let (_, why) = conditions.adjust(&finding, Decision::Deny, "fail_on = low".into());
    assert_eq!(why, "fail_on_kev: exploited, in KEV since 2021-12-10, by ransomware too; fail_on = low");
}
