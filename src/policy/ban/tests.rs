use super::*;

use crate::keys::file::parse;
use crate::policy::licence::InventoryRules;

fn mistakes(ban: &str) -> Vec<String> {
    let read = parse(&format!("ban = [{ban}]\n"), InventoryRules::read);
    read.err().unwrap_or_default().into_iter().map(|problem| problem.what).collect()
}

fn ban(package: &str, versions: Option<&str>) -> Ban {
    let problems = crate::keys::mistakes::Problems::default();
    let versions = versions.map(|versions| format!("versions = '{versions}'\n")).unwrap_or_default();
    let text = format!("[[ban]]\npackage = '{package}'\n{versions}reason = 'no'\n");
    let table = toml::de::DeTable::parse(&text).unwrap();
    let mut bans = Ban::read_all(&Keys::new(table.get_ref(), 0..0, &problems));
    assert_eq!(problems.into_sorted(), []);
    bans.remove(0)
}

fn verdict(ban: &Ban, purl: &str) -> BanVerdict {
    ban.judge(&Component { name: "x".to_owned(), purl: Some(purl.into()), ..Component::default() })
}

#[test]
fn a_package_is_banned_by_pattern_and_range() {
    use BanVerdict::{Banned, Other, Unclear};
    for (package, versions, purl, expected) in [
        ("pkg:npm/event-stream", Some(">=3.3.6, <4"), "pkg:npm/event-stream@3.3.6", Banned),
        ("pkg:npm/event-stream", Some(">=3.3.6, <4"), "pkg:npm/event-stream@3.3.5", Other),
        ("pkg:npm/event-stream", Some(">=3.3.6, <4"), "pkg:npm/event-stream@4.0.0", Other),
        // A Cargo range does not match pre-releases. A ban does.
        ("pkg:npm/event-stream", Some(">=3.3.6, <4"), "pkg:npm/event-stream@3.4.0-rc.1", Banned),
        ("pkg:npm/event-stream", Some("3.3.6"), "pkg:npm/event-stream@3.3.6", Banned),
        ("pkg:npm/event-stream", Some("3.3.6"), "pkg:npm/event-stream@3.3.7", Other),
        ("pkg:npm/event-stream", None, "pkg:npm/event-stream", Banned),
        ("pkg:npm/event-stream", Some("<4"), "pkg:npm/event-stream", Unclear),
        ("pkg:npm/event-stream", Some("<4"), "pkg:npm/event-stream@latest", Unclear),
        ("pkg:npm/event-stream", Some("<4"), "pkg:npm/event-stream-2@3.0.0", Other),
        // A pre-release comes before its release.
        ("pkg:npm/a", Some("<1.2.3"), "pkg:npm/a@1.2.3-beta.1", Banned),
        ("pkg:npm/a", Some(">=1.2.3"), "pkg:npm/a@1.2.2", Other),
        // No range: to the letter.
        ("pkg:golang/a.test/b", Some("v1.2.3"), "pkg:golang/a.test/b@v1.2.3", Banned),
        ("pkg:npm/a", Some("1.0.0-next.1"), "pkg:npm/a@1.0.0-next.1", Banned),
        ("pkg:npm/a", Some("1.0.0-next.1"), "pkg:npm/a@1.0.0", Other),
        ("pkg:npm/a", Some("latest"), "pkg:npm/a@latest", Banned),
        ("pkg:deb/debian/a", Some("1.0~rc1-1"), "pkg:deb/debian/a@1.0~rc1-1", Banned),
        // As the ecosystem compares names.
        ("pkg:pypi/zope-interface", None, "pkg:pypi/zope.interface@7.2", Banned),
        ("pkg:pypi/Zope.Interface", None, "pkg:pypi/zope-interface@7.2", Banned),
        ("pkg:PyPI/zope_*", None, "pkg:pypi/zope.interface@7.2", Banned),
        ("pkg:nuget/newtonsoft.json", None, "pkg:nuget/Newtonsoft.Json@13.0.1", Banned),
        ("pkg:maven/org.a/b", None, "pkg:maven/org.a/b@1", Banned),
        ("pkg:maven/org.a:b", None, "pkg:maven/org.a/b@1", Banned),
        // The last part of a distribution's version is its revision.
        ("pkg:apk/alpine/a", Some("<1.2.3"), "pkg:apk/alpine/a@1.2.3-r0", Other),
        ("pkg:npm/@evil/*", None, "pkg:npm/%40evil/a@1.0.0", Banned),
        ("pkg:npm/%40evil/*", None, "pkg:npm/%40evil/a@1.0.0", Banned),
        ("pkg:npm/*", None, "pkg:npm/%40evil/a@1.0.0", Other),
        ("pkg:npm/Event-Stream", None, "pkg:npm/event-stream@1.0.0", Banned),
        ("pkg:golang/example.test/**", Some("<1.4"), "pkg:golang/example.test/a/b@v1.3.9", Banned),
        (
            "pkg:deb/debian/xz-utils",
            Some(">=5.6.0, <5.6.2"),
            "pkg:deb/debian/xz-utils@5.6.1-1?arch=amd64",
            Banned,
        ),
        ("pkg:deb/debian/openssl", Some("<3"), "pkg:deb/debian/openssl@1:1.1.1n-0", Unclear),
        ("pkg:deb/debian/openssl", Some("1:1.1.1n-0"), "pkg:deb/debian/openssl@1:1.1.1n-0", Banned),
        ("pkg:pypi/a", Some("<1.10"), "pkg:pypi/a@1.9", Banned),
        ("pkg:pypi/a", Some("<1.10"), "pkg:pypi/a@1.9.post1", Unclear),
    ] {
        assert_eq!(verdict(&ban(package, versions), purl), expected, "{package} {versions:?} {purl}");
    }
}

#[test]
fn a_package_without_a_package_url_is_never_silently_let_through() {
    let named = |name: &str| Component { name: name.to_owned(), ..Component::default() };
    assert_eq!(ban("pkg:npm/@evil/a", None).judge(&named("@evil/a")), BanVerdict::Unclear);
    assert_eq!(ban("pkg:npm/event-stream", None).judge(&named("event-stream")), BanVerdict::Unclear);
    assert_eq!(ban("pkg:npm/event-stream", None).judge(&named("stream")), BanVerdict::Other);
    let log4j = ban("pkg:maven/org.apache.logging.log4j/log4j-core", None);
    let openssl = ban("pkg:deb/debian/openssl", None);
    for (ban, name, expected) in [
        (&log4j, "log4j-core", BanVerdict::Unclear),
        (&log4j, "org.apache.logging.log4j:log4j-core", BanVerdict::Unclear),
        (&log4j, "org.apache.logging.log4j/log4j-core", BanVerdict::Unclear),
        (&log4j, "org.other:log4j-core", BanVerdict::Other),
        (&log4j, "log4j-api", BanVerdict::Other),
        (&openssl, "openssl", BanVerdict::Unclear),
        (&openssl, "OpenSSL", BanVerdict::Unclear),
        (&openssl, "vendor/openssl", BanVerdict::Unclear),
        (&openssl, "openssl-doc", BanVerdict::Other),
        (&ban("pkg:npm/@evil/*", None), "@evil/a", BanVerdict::Unclear),
        (&ban("pkg:npm/@evil/*", None), "a", BanVerdict::Other),
        (&ban("pkg:pypi/zope-interface", None), "zope.interface", BanVerdict::Unclear),
        (&ban("pkg:golang/example.test/**", None), "example.test/a/b", BanVerdict::Unclear),
    ] {
        assert_eq!(ban.judge(&named(name)), expected, "{name}");
    }
    // A package URL that can't be read counts as none.
    let broken = Component { purl: Some("pkg:apk/alpine/musl@1.2?arch".into()), ..named("musl") };
    assert_eq!(ban("pkg:apk/alpine/musl", None).judge(&broken), BanVerdict::Unclear);
}

#[test]
fn mistakes_in_a_ban_are_reported() {
    for (ban, says) in [
        ("{ package = 'pkg:npm/a' }", "`reason` is missing"),
        ("{ reason = 'no' }", "`package` is missing"),
        ("{ package = 'event-stream', reason = 'no' }", "is not a package URL"),
        ("{ package = 'pkg:npm/a@1.2.3', reason = 'no' }", "has a version"),
        ("{ package = 'pkg:npm/a', versions = '1 || 2', reason = 'no' }", "is not a range of versions"),
        ("{ package = 'pkg:npm/a', version = '1', reason = 'no' }", "`version` is not a key of a ban"),
        ("{ package = 'pkg:npm/[a', reason = 'no' }", "is not a pattern"),
    ] {
        let reported = mistakes(ban);
        assert!(reported.iter().any(|what| what.contains(says)), "{ban}: {reported:?}");
    }
    assert!(mistakes("{ package = 'pkg:npm/a', versions = '<4', reason = 'no' }").is_empty());
}

#[test]
fn of_several_package_urls_the_worst_counts() {
    let component = Component {
        name: "x".to_owned(),
        purl: Some("pkg:github/x/x@1.0.0".into()),
        more_purls: vec!["pkg:npm/x@1.0.0".into()],
        ..Component::default()
    };
    for (package, versions, expected) in [
        ("pkg:npm/x", None, BanVerdict::Banned),
        ("pkg:github/x/x", Some("<2"), BanVerdict::Banned),
        ("pkg:npm/x", Some(">=2"), BanVerdict::Other),
        ("pkg:pypi/x", None, BanVerdict::Other),
    ] {
        assert_eq!(ban(package, versions).judge(&component), expected, "{package}");
    }
}
