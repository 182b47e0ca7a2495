use super::*;

use crate::keys::file::parse;
use crate::keys::mistakes::Problems;

fn policy(text: &str) -> Licences {
    let problems = Problems::default();
    let table = toml::de::DeTable::parse(text).unwrap();
    let licences = Licences::read(&Keys::new(table.get_ref(), 0..0, &problems));
    assert_eq!(problems.into_sorted(), [], "{text}");
    licences
}

fn package(name: &str, licences: &[&str]) -> Component {
    let licences = licences.iter().map(|licence| (*licence).to_owned()).collect();
    let purl = Some(format!("pkg:npm/{name}@1.2.3").into());
    let version = Some("1.2.3".to_owned());
    Component { name: name.to_owned(), version, purl, licences, ..Component::default() }
}

fn matched(policy: &Licences, licences: &[&str]) -> LicenceMatch {
    policy.judge(&package("a", licences)).0
}

#[test]
fn one_side_of_an_or_is_enough_and_both_sides_of_an_and_count() {
    use LicenceMatch::{Allowed, Denied, Unknown};
    let policy = policy(
        "allow = ['MIT', 'ISC', 'Apache-2.0', 'LicenseRef-ours', 'GPL-2.0-only WITH Classpath-exception-2.0']",
    );
    for (licence, expected) in [
        ("MIT", Allowed),
        ("GPL-3.0-only", Denied),
        ("MIT OR GPL-3.0-only", Allowed),
        ("MIT AND GPL-3.0-only", Denied),
        ("(MIT OR GPL-3.0-only) AND ISC", Allowed),
        ("MIT AND (GPL-3.0-only OR AGPL-3.0-only)", Denied),
        ("GPL-2.0-only", Denied),
        ("GPL-2.0-only WITH Classpath-exception-2.0", Allowed),
        ("Apache-2.0 WITH LLVM-exception", Denied),
        ("LicenseRef-ours", Allowed),
        ("LicenseRef-theirs", Unknown),
        ("MIT OR LicenseRef-theirs", Allowed),
        ("MIT AND LicenseRef-theirs", Unknown),
        ("GPL-3.0-only AND LicenseRef-theirs", Denied),
        ("GPL-3.0-only OR LicenseRef-theirs", Unknown),
        ("mit license", Allowed),
        ("mit style", Unknown),
        ("MIT,ISC", Unknown),
        ("MIT OR", Unknown),
        ("SEE LICENSE IN LICENSE", Unknown),
        ("NONE", Unknown),
    ] {
        assert_eq!(matched(&policy, &[licence]), expected, "{licence}");
    }
    assert_eq!(matched(&policy, &[]), Unknown);
    // All listed licences apply.
    assert_eq!(matched(&policy, &["MIT", "GPL-3.0-only"]), Denied);
    assert_eq!(matched(&policy, &["MIT", "ISC"]), Allowed);
}

/// The specification compares ids without regard to case (SPDX 2.3, D.2), and an unknown part hides nothing.
#[test]
fn a_denied_licence_is_found_however_it_is_written() {
    use LicenceMatch::{Allowed, Denied, Unknown};
    let agpl = policy("deny = ['AGPL-3.0-only', 'AGPL-3.0-or-later']");
    for (licence, expected) in [
        ("AGPL-3.0", Denied),
        ("AGPL-3.0+", Denied),
        ("agpl-3.0-only", Denied),
        ("MIT AND Agpl-3.0-only", Denied),
        ("AGPL-3.0-only WITH my-own-exception", Denied),
        ("AGPL-3.0-only AND Foo", Denied),
        ("Foo AND AGPL-3.0-only", Denied),
        ("AGPL-3.0-only AND NOASSERTION", Denied),
        ("AGPL-3.0-only, Foo", Denied),
        ("AGPL-3.0 (see LICENSE)", Denied),
        ("Foo OR AGPL-3.0-only", Unknown),
        ("AGPL-3.0-only/MIT", Allowed),
        ("MIT or AGPL-3.0-only", Allowed),
        ("AGPL-1.0-only", Allowed),
        ("NOASSERTION", Unknown),
        ("NONE", Unknown),
        ("MIT AND NOASSERTION", Unknown),
        ("MIT WITH my-own-exception", Unknown),
        ("BSD 3-Clause", Unknown),
        ("https://opensource.org/licenses/MIT", Unknown),
    ] {
        assert_eq!(matched(&agpl, &[licence]), expected, "{licence}");
    }
    for deny in ["AGPL-3.0", "agpl-3.0-ONLY"] {
        let policy = policy(&format!("deny = ['{deny}']"));
        assert_eq!(matched(&policy, &["AGPL-3.0-only"]), Denied, "{deny}");
        assert_eq!(matched(&policy, &["AGPL-3.0"]), Denied, "{deny}");
    }
    let gpl = policy("deny = ['GPL-2.0-only']");
    assert_eq!(matched(&gpl, &["GPL-2.0-with-classpath-exception"]), Denied);
}

#[test]
fn an_allowed_licence_is_allowed_however_it_is_written() {
    use LicenceMatch::{Allowed, Denied, Unknown};
    let policy = policy("allow = ['mit', 'Apache-2.0', 'BSD-*', 'LGPL-2.1']");
    for (licence, expected) in [
        ("MIT", Allowed),
        ("MIT/Apache-2.0", Allowed),
        ("apache-2.0 and mit", Allowed),
        ("LGPL-2.1-only", Allowed),
        ("LGPL-2.1-or-later", Denied),
        ("BSD-3-Clause", Allowed),
        // The pattern is for ids of SPDX.
        ("BSD-of-ours", Unknown),
        ("BSD 3-Clause", Unknown),
        ("BSD-3-Clause WITH my-own-exception", Unknown),
        ("ISC WITH my-own-exception", Denied),
    ] {
        assert_eq!(matched(&policy, &[licence]), expected, "{licence}");
    }
}

#[test]
fn a_classifier_beside_an_id_adds_nothing() {
    use LicenceMatch::{Allowed, Denied, Unknown};
    let allow = policy("allow = ['MIT']");
    let classifier = "License :: OSI Approved :: MIT License";
    assert_eq!(matched(&allow, &["MIT", classifier]), Allowed);
    assert_eq!(matched(&allow, &[classifier]), Unknown);
    assert_eq!(matched(&allow, &["NOASSERTION", classifier]), Unknown);
    let deny = policy("deny = ['License :: *AGPL*']");
    assert_eq!(matched(&deny, &["MIT", "License :: OSI Approved :: AGPL"]), Denied);
}

#[test]
fn a_deny_of_one_gnu_id_says_what_it_leaves_open() {
    let open = |keys: &str| policy(keys).one_sided();
    assert_eq!(
        open("deny = ['GPL-3.0']"),
        ["`deny` names GPL-3.0, and not GPL-3.0-or-later: packages under GPL-3.0-or-later are let through"]
    );
    assert_eq!(open("deny = ['AGPL-3.0-or-later']").len(), 1);
    for keys in [
        "deny = ['GPL-3.0-only', 'GPL-3.0+']",
        "deny = ['GPL-3.0-only', 'GPL-*']",
        "deny = ['MIT']",
        "deny = ['GPL-3.0-only']\nallow = ['MIT']",
    ] {
        assert_eq!(open(keys), [""; 0], "{keys}");
    }
}

#[test]
fn a_denied_licence_is_denied_with_any_exception_and_by_pattern() {
    use LicenceMatch::{Allowed, Denied, Unknown};
    let policy = policy("deny = ['GPL-*', 'AGPL-*', 'SSPL-1.0']");
    for (licence, expected) in [
        ("MIT", Allowed),
        ("GPL-3.0-or-later", Denied),
        ("GPL-2.0", Denied),
        ("GPL-2.0+", Denied),
        ("GPL-2.0-only WITH Classpath-exception-2.0", Denied),
        ("LGPL-2.1-only", Allowed),
        ("AGPL-3.0-only OR MIT", Allowed),
        ("SSPL-1.0", Denied),
        // Not an expression, but the pattern matches it.
        ("GPL-3.0 (modified)", Denied),
        ("Commercial", Unknown),
    ] {
        assert_eq!(matched(&policy, &[licence]), expected, "{licence}");
    }
}

#[test]
fn an_exception_is_only_for_its_package() {
    let policy = policy(
        "allow = ['MIT']\nexceptions = [{ package = 'pkg:npm/sharp*', allow = ['LGPL-3.0-or-later'], reason = 'linked' },
        { package = 'odd', allow = ['unknown'], reason = 'asked its maker' }]",
    );
    let of = |name: &str, licences: &[&str]| policy.judge(&package(name, licences));
    assert_eq!(of("sharp", &["LGPL-3.0-or-later"]), (LicenceMatch::Allowed, Some(0)));
    assert_eq!(of("sharp-libvips", &["LGPL-3.0-or-later AND MIT"]), (LicenceMatch::Allowed, Some(0)));
    assert_eq!(of("sharp", &["GPL-3.0-only"]).0, LicenceMatch::Denied);
    assert_eq!(of("other", &["LGPL-3.0-or-later"]).0, LicenceMatch::Denied);
    assert_eq!(of("odd", &["whatever"]), (LicenceMatch::Allowed, Some(1)));
    assert_eq!(of("odd", &[]), (LicenceMatch::Allowed, Some(1)));
    assert_eq!(of("odd", &["GPL-3.0-only"]).0, LicenceMatch::Denied);
}

#[test]
fn an_exception_names_a_package_as_its_ecosystem_does() {
    let of = |package: &str, name: &str, purl: &str| {
        let keys = format!(
            "allow = ['MIT']\nexceptions = [{{ package = '{package}', allow = ['ISC'], reason = 'r' }}]"
        );
        let component = Component {
            name: name.to_owned(),
            purl: Some(purl.into()),
            licences: vec!["ISC".to_owned()],
            ..Component::default()
        };
        policy(&keys).judge(&component).0 == LicenceMatch::Allowed
    };
    for package in ["zope-interface", "Zope_Interface", "pkg:pypi/zope-interface", "pkg:pypi/zope.*"] {
        assert!(of(package, "zope.interface", "pkg:pypi/zope.interface@7.2"), "{package}");
    }
    assert!(of("org.a:b", "org.a/b", "pkg:maven/org.a/b@1"));
    assert!(!of("pkg:maven/Org.A/b", "org.a/b", "pkg:maven/org.a/b@1"));
    assert!(!of("zope-interface", "zope.interface", "pkg:npm/zope.interface@7.2"));
    assert!(of("pkg:pypi/zope-interface@7.2", "zope.interface", "pkg:pypi/zope.interface@7.2"));
    assert!(!of("pkg:pypi/zope-interface@7.1", "zope.interface", "pkg:pypi/zope.interface@7.2"));
}

#[test]
fn what_is_no_package_has_no_licence_to_miss() {
    let policy = policy("deny = ['GPL-*']");
    let program = |licences: &[&str]| {
        let component = Component { kind: Some("application".to_owned()), ..package("a", licences) };
        policy.judge(&component).0
    };
    assert_eq!(program(&[]), LicenceMatch::Allowed);
    assert_eq!(program(&["NOASSERTION"]), LicenceMatch::Allowed);
    assert_eq!(program(&["whatever"]), LicenceMatch::Unknown);
    assert_eq!(program(&["GPL-2.0"]), LicenceMatch::Denied);
}

#[test]
fn a_huge_expression_is_unknown() {
    let policy = policy("allow = ['MIT']");
    for licence in [format!("MIT{}", " OR MIT".repeat(5_000)), "(".repeat(8_000), "(".repeat(100_000)] {
        assert_eq!(matched(&policy, &[&licence]), LicenceMatch::Unknown);
    }
}

#[test]
fn mistakes_in_the_policy_are_reported() {
    let mistakes = |keys: &str| -> Vec<String> {
        let read = parse(&format!("licences = {{ {keys} }}\n"), InventoryRules::read);
        read.err().unwrap_or_default().into_iter().map(|problem| problem.what).collect()
    };
    for (keys, says) in [
        ("", "neither allows nor denies"),
        ("allow = ['Apache2']", "`Apache2` is not an SPDX licence"),
        ("deny = ['MIT OR ISC']", "is not an SPDX licence"),
        ("allow = ['MIT'], unknown = 'maybe'", "`maybe` is not a value of `unknown`"),
        ("allow = ['MIT'], exceptions = [{ package = 'a', allow = ['ISC'] }]", "`reason` is missing"),
        ("allow = ['MIT'], exceptions = [{ package = 'a', reason = 'x' }]", "names no licence"),
        ("allowed = ['MIT']", "`allowed` is not a key of `licences`"),
    ] {
        let reported = mistakes(keys);
        assert!(reported.iter().any(|what| what.contains(says)), "{keys}: {reported:?}");
    }
    assert!(mistakes("allow = ['MIT', 'BSD-*']").is_empty());
}
