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
