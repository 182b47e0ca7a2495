//! Beside the severity: exploits, fixes, files with facts, licences, bans.

use super::*;

#[test]
fn conditions_beside_the_severity_are_compared() {
    let text = |policy: &str, top: &str| {
        config(&format!(
            "version = 1\n{top}\n[risk]\nepss = 'epss.csv'\nkev = 'kev.json'\nmax_age = '7d'\n\
             [[gate]]\nid = 'audit'\ntool = 'npm-audit'\n{policy}\n"
        ))
    };
    let base = text("fail_on_kev = true\nepss_at_least = 0.1", "vex = ['vex/*.json']");
    let reported = |policy: &str, top: &str| -> Vec<String> {
        loosened(&base, &text(policy, top)).iter().map(ToString::to_string).collect()
    };
    let (same, vex) = ("fail_on_kev = true\nepss_at_least = 0.1", "vex = ['vex/*.json']");
    assert_eq!(reported(same, vex), [""; 0]);
    assert_eq!(reported(same, ""), [""; 0], "fewer documents waive less");
    assert_eq!(reported("fail_on_kev = true\nepss_at_least = 0.05", vex), [""; 0]);
    for (policy, top, expected) in [
        ("epss_at_least = 0.1", vex, "gate audit: fail_on_kev = false, the base has fail_on_kev = true"),
        ("fail_on_kev = true", vex, "gate audit: no epss_at_least, the base has epss_at_least = 0.1"),
        (
            "fail_on_kev = true\nepss_at_least = 0.5",
            vex,
            "gate audit: epss_at_least = 0.5, the base has epss_at_least = 0.1",
        ),
        (
            "fail_on_kev = true\nepss_at_least = 0.1\nonly_fixable = true",
            vex,
            "gate audit: only_fixable = true, the base has only_fixable = false",
        ),
        (
            "fail_on_kev = true\nepss_at_least = 0.1\nscope = 'production'",
            vex,
            "gate audit: scope = production, the base has scope = all",
        ),
        (same, "vex = ['vex/*.json', 'mine.json']", "gates.toml: vex has a new entry, mine.json"),
        (
            same,
            "vex = ['vex/*.json']\nproducts = ['pkg:oci/other']",
            "gates.toml: products has a new entry, pkg:oci/other",
        ),
    ] {
        assert_eq!(reported(policy, top), [expected]);
    }
    let other = config(
        "version = 1\n[risk]\nepss = 'mine.csv'\nkev = 'kev.json'\n[[gate]]\nid = 'audit'\ntool = 'npm-audit'\n\
         fail_on_kev = true\nepss_at_least = 0.1\n",
    );
    let reported: Vec<String> = loosened(&base, &other).iter().map(ToString::to_string).collect();
    assert_eq!(
        reported,
        [
            "risk: epss = mine.csv, the base has epss = epss.csv",
            "risk: no max_age, the base has max_age = 168h"
        ]
    );
}

#[test]
fn licences_and_bans_are_compared() {
    let base = "allow = ['MIT', 'ISC'], deny = ['GPL-*'], unknown = 'deny'";
    let text = |licences: &str, bans: &str| {
        config(&format!(
            "version = 1\n[[gate]]\nid = 'sbom'\ntool = 'syft'\nlicences = {{ {licences} }}\nban = [{bans}]\n"
        ))
    };
    let ban = "{ package = 'pkg:npm/event-stream', versions = '<4', reason = 'stolen' }";
    let reported = |licences: &str, bans: &str| -> Vec<String> {
        loosened(&text(base, ban), &text(licences, bans)).iter().map(|one| one.what.clone()).collect()
    };
    assert_eq!(reported(base, ban), [""; 0]);
    assert_eq!(reported(&base.replace("'MIT', ", ""), ban), [""; 0]);
    assert_eq!(reported(&base.replace("'ISC'", "'ISC', 'Zlib'"), ban), ["licences.allow = MIT, ISC, Zlib"]);
    assert_eq!(reported("deny = ['GPL-*'], unknown = 'deny'", ban), ["licences.allow = all"]);
    assert_eq!(reported(&base.replace("'GPL-*'", ""), ban), ["no licences.deny"]);
    assert_eq!(reported(&base.replace("'deny'", "'warn'"), ban), ["licences.unknown = warn"]);
    let exception =
        format!("{base}, exceptions = [{{ package = 'sharp', allow = ['LGPL-3.0-only'], reason = 'x' }}]");
    assert_eq!(reported(&exception, ban), ["licences.exceptions = sharp as LGPL-3.0-only"]);
    assert_eq!(reported(base, ""), ["no ban"]);
    assert_eq!(reported(base, &ban.replace("<4", "<3")), ["ban = pkg:npm/event-stream <3"]);
    let without = config("version = 1\n[[gate]]\nid = 'sbom'\ntool = 'syft'\n");
    let reported: Vec<String> =
        loosened(&text(base, ban), &without).iter().map(|one| one.what.clone()).collect();
    assert_eq!(reported, ["no ban", "licences = false"]);
}
