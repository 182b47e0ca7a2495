use std::sync::Arc;

use super::*;
use crate::finding::{Cvss, Package};
use crate::severity::Severity;

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
fn every_condition_says_how_it_changed_the_decision() {
    let all = Conditions {
        only_fixable: true,
        scope: Scope::Production,
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
        (Risk::default(), unfixed.clone(), Decision::Allow, "only_fixable: no release mends it yet"),
        (
            Risk::default(),
            dev.clone(),
            Decision::Allow,
            "scope = production: only development needs the package",
        ),
        // What is exploited blocks all the same.
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
        let (is, why) = all.lean(&finding, below.0, below.1.clone());
        assert_eq!((is, &*why), (decision, because), "{finding:?}");
        // Without the keys nothing of it counts.
        assert_eq!(Conditions::default().lean(&finding, below.0, below.1.clone()), below);
    }
}

#[test]
fn what_blocks_by_its_severity_too_says_both() {
    let conditions = Conditions { fail_on_kev: true, ..Conditions::default() };
    let finding = finding(Risk { kev: kev(), ..Risk::default() }, Package::default());
    let (_, why) = conditions.lean(&finding, Decision::Deny, "fail_on = low".into());
    assert_eq!(why, "fail_on_kev: exploited, in KEV since 2021-12-10, by ransomware too; fail_on = low");
}

/// From "CVSS v2 Complete Documentation" 3.3, "CVSS v3.1 Examples", and "CVSS v4.0 Examples", all of FIRST.
#[test]
fn vectors_of_every_version_score_as_published() {
    for (vector, score) in [
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),                   // CVE-2002-0392
        ("(AV:N/AC:L/Au:N/C:C/I:C/A:C)", 10.0),                // CVE-2003-0818
        ("AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2),                   // CVE-2003-0062
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1), // CVE-2013-1937
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4), // CVE-2013-0375
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1), // CVE-2014-3566
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9), // CVE-2012-1516
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5), // CVE-2014-0160
        ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3), // CVE-2022-41741
        ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7), // CVE-2020-3549
        ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N", 8.3), // CVE-2023-3089
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0), // CVE-2021-44228
    ] {
        assert_eq!(rating::score(vector), Some(score), "{vector}");
    }
    for none in [
        "",
        "CVSS:3.1",
        "CVSS:3.1/AV:N",
        "CVSS:9.0/AV:N/AC:L",
        "AV:N",
        "AV:N/AC:L/Au:N/C:C/I:C",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
        "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N",
        "high",
        "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
    ] {
        assert_eq!(rating::score(none), None, "{none}");
    }
}

#[test]
fn what_nobody_has_rated_is_rated_by_its_vector_and_nothing_else_is() {
    let rated = |severity, score: Option<f64>, vector: Option<&str>| {
        let mut finding = Finding::new("CVE-2021-1", Category::Vulnerability, severity, "bad");
        finding.cvss = Some(Arc::new(Cvss { score, vector: vector.map(Text::from) }));
        rating::rate(&mut finding);
        let again = finding.clone();
        rating::rate(&mut finding);
        assert_eq!(finding, again, "noted twice");
        (finding.severity, finding.cvss.unwrap().score, finding.risk.and_then(|risk| risk.rated))
    };
    let heartbleed = Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N");
    let worst_of_version_2 = Some("AV:N/AC:L/Au:N/C:C/I:C/A:C");
    let (unknown, low) = (Severity::Unknown, Severity::Low);
    assert_eq!(rated(unknown, None, heartbleed), (Severity::High, Some(7.5), Some(7.5)));
    assert_eq!(rated(unknown, Some(9.3), heartbleed), (Severity::Critical, Some(9.3), Some(9.3)));
    assert_eq!(rated(unknown, None, worst_of_version_2), (Severity::High, Some(10.0), Some(10.0)));
    assert_eq!(rated(low, None, heartbleed), (low, Some(7.5), None));
    assert_eq!(rated(unknown, None, Some("nonsense")), (unknown, None, None));
    assert_eq!(rated(unknown, None, None), (unknown, None, None));
}
