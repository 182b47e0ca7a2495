#![allow(clippy::unwrap_used, reason = "a test that can't read its own text has failed")]

mod conditions;
mod options;

use std::collections::BTreeMap;

use super::*;

use crate::model::policy::Threshold;

const BASE: &str = r#"version = 1
mode = "production"
require_lock = true
[[gate]]
id = "secrets"
tool = "gitleaks"
fail_on = "low"
[[gate]]
id = "audit"
tool = "npm-audit"
dirs = ["backend", "frontend"]
max = { medium = 20 }
unrated = "high"
[[gate]]
id = "images"
tool = "trivy"
scan = "image"
images = ["app:1"]
max_db_age = "24h"
[[gate]]
id = "tests"
tool = "command"
run = ["npm", "test"]
exit = { clean = [0], findings = [1] }
[[gate]]
id = "push"
tool = "ecr-push"
images = ["app"]
needs = ["images"]
branches = ["main"]
[profile.ci]
only = ["secrets", "audit"]
[profile.ci.gate.audit]
fail_on = "medium"
[[waiver]]
name = "legacy"
rule = "CVE-1"
package = "lodash"
reason = "known"
expires = 2030-01-01
"#;

fn config(text: &str) -> Config {
    Config::read(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
}

/// What is reported when the base's text has `from` replaced.
fn after(from: &str, to: &str) -> Vec<String> {
    assert!(BASE.contains(from), "{from}");
    let other = BASE.replacen(from, to, 1);
    loosened(&config(BASE), &config(&other)).iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_is_looser_than_itself() {
    assert_eq!(loosened(&config(BASE), &config(BASE)), []);
}

/// A text of the base, what replaces it, and what is reported.
const LOOSER: [(&str, &str, &str); 38] = [
    ("\"production\"", "\"lab\"", "gates.toml: mode = lab, the base has mode = production"),
    ("fail_on = \"low\"", "fail_on = \"high\"", "gate secrets: fail_on = high, the base has fail_on = low"),
    ("fail_on = \"low\"", "fail_on = \"never\"", "gate secrets: fail_on = never, the base has fail_on = low"),
    ("medium = 20", "medium = 21", "gate audit: max.medium = 21, the base has max.medium = 20"),
    ("max = { medium = 20 }", "", "gate audit: no max.medium, the base has max.medium = 20"),
    ("unrated = \"high\"", "unrated = \"low\"", "gate audit: unrated = low, the base has unrated = high"),
    (
        "fail_on = \"low\"",
        "fail_on = \"low\"\nrequired = false",
        "gate secrets: required = false, the base has required = true",
    ),
    ("fail_on = \"low\"", "fail_on = \"low\"\nallow_empty = true", "gate secrets: allow_empty = true"),
    ("fail_on = \"low\"", "fail_on = \"low\"\nargs = [\"-v\"]", "gate secrets: args changed"),
    ("fail_on = \"low\"", "fail_on = \"low\"\nenv = { A = \"b\" }", "gate secrets: env changed"),
    ("fail_on = \"low\"", "fail_on = \"low\"\nprogram = \"true\"", "gate secrets: program changed"),
    ("fail_on = \"low\"", "fail_on = \"low\"\nneeds = [\"audit\"]", "gate secrets: needs changed"),
    (
        "\"backend\", \"frontend\"",
        "\"backend\"",
        "gate audit: dirs = backend, the base has dirs = backend, frontend",
    ),
    (
        "unrated = \"high\"",
        "unrated = \"high\"\nomit = [\"dev\"]",
        "gate audit: omit = dev, the base has no omit",
    ),
    (
        "unrated = \"high\"",
        "unrated = \"high\"\nregistry = \"https://mine.test\"",
        "gate audit: registry changed",
    ),
    (
        "max_db_age = \"24h\"",
        "max_db_age = \"48h\"",
        "gate images: max_db_age = 48h, the base has max_db_age = 24h",
    ),
    ("max_db_age = \"24h\"", "", "gate images: no max_db_age, the base has max_db_age = 24h"),
    (
        "max_db_age = \"24h\"",
        "max_db_age = \"24h\"\nignore_unfixed = true",
        "gate images: ignore_unfixed = true, the base has ignore_unfixed = false",
    ),
    (
        "images = [\"app:1\"]",
        "images = [\"other:1\"]",
        "gate images: images = other:1, the base has images = app:1",
    ),
    (
        "scan = \"image\"\nimages = [\"app:1\"]",
        "scan = \"fs\"",
        "gate images: scan = fs, the base has scan = image",
    ),
    ("clean = [0]", "clean = [0, 2]", "gate tests: exit changed"),
    ("run = [\"npm\", \"test\"]", "run = [\"true\"]", "gate tests: run changed"),
    (
        "branches = [\"main\"]",
        "branches = [\"main\", \"topic\"]",
        "gate push: branches = main, topic, the base has branches = main",
    ),
    ("branches = [\"main\"]", "", "gate push: branches = all, the base has branches = main"),
    (
        "branches = [\"main\"]",
        "branches = [\"main\"]\nunscanned = true",
        "gate push: unscanned = true, the base has unscanned = false",
    ),
    ("require_lock = true", "require_lock = true\ndeploy_in_lab = true", "gates.toml: deploy_in_lab = true"),
    (
        "tool = \"gitleaks\"",
        "tool = \"gitleaks\"\nscan = \"tree\"",
        "gate secrets: dirs = ., the base has dirs = all",
    ),
    (
        "tool = \"gitleaks\"",
        "tool = \"gitleaks\"\nseverity = \"info\"",
        "gate secrets: severity = info, the base has severity = high",
    ),
    (
        "[[gate]]",
        "[defaults]\nmax = { high = 1 }\nfail_on = \"never\"\n[[gate]]",
        "gate audit: fail_on = never, the base has fail_on = high",
    ),
    ("require_lock = true", "", "gates.toml: require_lock = false"),
    ("tool = \"gitleaks\"", "tool = \"syft\"", "gate secrets: tool = syft, the base has tool = gitleaks"),
    ("only = [\"secrets\", \"audit\"]", "only = [\"audit\"]", "profile ci: it leaves out secrets"),
    (
        "only = [\"secrets\", \"audit\"]",
        "skip = [\"audit\"]\nmode = \"lab\"\nsince = \"HEAD~1\"",
        "profile ci: mode = lab, the base has mode = production",
    ),
    (
        "fail_on = \"medium\"",
        "fail_on = \"high\"",
        "profile ci, gate audit: fail_on = high, the base has fail_on = medium",
    ),
    (
        "fail_on = \"medium\"",
        "fail_on = \"medium\"\nrequired = false",
        "profile ci, gate audit: required = false, the base has required = true",
    ),
    (
        "package = \"lodash\"\n",
        "",
        "waiver legacy: it covers more: rule = CVE-1 until 2030-01-01, the base has rule = CVE-1, package = lodash until 2030-01-01",
    ),
    (
        "2030-01-01",
        "2031-01-01",
        "waiver legacy: it covers more: rule = CVE-1, package = lodash until 2031-01-01, the base has rule = CVE-1, package = lodash until 2030-01-01",
    ),
    (
        "[[waiver]]",
        "[[waiver]]\nname = \"mine\"\nrule = \"X\"\nreason = \"so\"\nexpires = 2999-12-31\n[[waiver]]",
        "waiver mine: it is new: rule = X until 2999-12-31",
    ),
];

#[test]
fn each_way_to_loosen_is_reported_with_its_place_and_what_was_there() {
    for (from, to, reported) in LOOSER {
        let all = after(from, to);
        assert!(all.iter().any(|line| line == reported), "{from} → {to}: no \"{reported}\" in {all:#?}");
    }
}

#[test]
fn a_missing_gate_and_a_missing_profile_are_reported() {
    let other = config(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"secrets\"\ntool = \"gitleaks\"\nfail_on = \"low\"\n",
    );
    let reported: Vec<String> = loosened(&config(BASE), &other).iter().map(ToString::to_string).collect();
    let gone = ["audit", "images", "tests", "push"].map(|id| format!("gate {id}: it was removed"));
    assert_eq!(reported[0], "gates.toml: require_lock = false");
    assert_eq!(reported[1..5], gone);
    assert_eq!(reported[5..], ["profile ci: it was removed"]);
}

#[test]
fn what_is_stricter_longer_or_only_named_otherwise_is_not_reported() {
    for (from, to) in [
        ("fail_on = \"low\"", "fail_on = \"info\""),
        ("fail_on = \"low\"", "fail_on = \"low\"\ntimeout = \"1h\""),
        ("fail_on = \"low\"", "fail_on = \"low\"\nstage = \"Other words\""),
        ("medium = 20", "medium = 19"),
        ("\"backend\", \"frontend\"", "\"frontend\", \"./backend/\", \"third\""),
        ("max_db_age = \"24h\"", "max_db_age = \"12h\""),
        ("images = [\"app:1\"]", "images = [\"app:1\", \"other:1\"]"),
        (
            "tool = \"gitleaks\"\nfail_on = \"low\"",
            "tool = \"gitleaks\"\nfail_on = \"low\"\nseverity = \"low\"",
        ),
        // Another key, and no further finding is accepted.
        ("max = { medium = 20 }", "fail_on = \"medium\""),
        ("unrated = \"high\"", "unrated = \"critical\""),
        ("unrated = \"high\"", ""),
        ("2030-01-01", "2029-01-01"),
        ("rule = \"CVE-1\"", "rule = \"CVE-1\"\ntool = \"npm-audit\""),
        ("name = \"legacy\"", "name = \"another name\""),
        ("only = [\"secrets\", \"audit\"]", ""),
        ("[profile.ci]", "[profile.quick]\nskip = [\"audit\"]\n[profile.ci]"),
    ] {
        assert_eq!(after(from, to), Vec::<String>::new(), "{from} → {to}");
    }
}

#[test]
fn a_loosening_of_the_whole_file_is_not_reported_again_for_each_profile() {
    assert_eq!(after("fail_on = \"low\"", "fail_on = \"high\"").len(), 1);
    assert_eq!(after("\"production\"", "\"lab\"").len(), 1);
}

#[test]
fn defaults_that_no_gate_has_are_reported_by_themselves() {
    let strict = BASE.replace("max = { medium = 20 }", "fail_on = \"medium\"");
    let strict = strict.replace("max_db_age = \"24h\"", "fail_on = \"high\"");
    let strict = strict.replace("run = [\"npm\", \"test\"]", "run = [\"npm\", \"test\"]\nfail_on = \"high\"");
    let loose = strict.replacen("[[gate]]", "[defaults]\nfail_on = \"never\"\n[[gate]]", 1);
    let reported: Vec<String> =
        loosened(&config(&strict), &config(&loose)).iter().map(ToString::to_string).collect();
    assert_eq!(reported, ["defaults: fail_on = never, the base has fail_on = high"]);
}

/// Every threshold and `unrated`, with a few budgets.
fn policies() -> Vec<Policy> {
    let rated = Severity::ALL.into_iter().filter(|severity| *severity != Severity::Unknown);
    let thresholds: Vec<Threshold> = rated.map(Threshold::At).chain([Threshold::Never]).collect();
    let unrated: Vec<Option<Threshold>> = thresholds.iter().copied().map(Some).chain([None]).collect();
    let mut budgets = vec![BTreeMap::new()];
    for severity in [Severity::High, Severity::Medium, Severity::Unknown] {
        budgets.extend([0, 2].map(|most| BTreeMap::from([(severity, most)])));
    }
    let mut all = Vec::new();
    for fail_on in &thresholds {
        for unrated in &unrated {
            for max in &budgets {
                all.push(Policy {
                    fail_on: *fail_on,
                    unrated: *unrated,
                    max: max.clone(),
                    ..Policy::default()
                });
            }
        }
    }
    all
}

#[test]
fn a_policy_is_reported_as_looser_exactly_when_it_passes_what_the_base_blocks() {
    let blocks = |policy: &Policy, severity, n| {
        at_or_above(severity, policy) && n > 0 || policy.max.get(&severity).is_some_and(|most| n > *most)
    };
    let policies = policies();
    for base in &policies {
        assert_eq!(looser_policy(base, base), []);
        for other in &policies {
            let passes_more = Severity::ALL
                .into_iter()
                .any(|severity| (1..=3).any(|n| blocks(base, severity, n) && !blocks(other, severity, n)));
            assert_eq!(!looser_policy(base, other).is_empty(), passes_more, "{base:?}\n{other:?}");
        }
    }
}

#[test]
fn what_is_accepted_because_it_was_known_is_reported() {
    let text = |top: &str, gate: &str| {
        config(&format!("version = 1\n{top}\n[[gate]]\nid = 'lint'\ntool = 'eslint'\n{gate}\n"))
    };
    let reported = |base: &Config, other: Config| -> Vec<String> {
        loosened(base, &other).iter().map(ToString::to_string).collect()
    };
    let base = text("max = { medium = 3 }", "no_worse_than = 'a.json'");
    assert_eq!(reported(&base, text("max = { medium = 2 }", "no_worse_than = 'a.json'")), [""; 0]);
    assert_eq!(
        reported(&base, text("max = { medium = 4 }", "no_worse_than = 'a.json'\nnew_only = true")),
        [
            "gates.toml: max.medium = 4, the base has max.medium = 3",
            "gate lint: new_only = true, the base has new_only = false"
        ]
    );
    assert_eq!(
        reported(&base, text("", "no_worse_than = 'b.json'")),
        [
            "gates.toml: no max.medium, the base has max.medium = 3",
            "gate lint: no_worse_than = b.json, the base has no_worse_than = a.json"
        ]
    );
    let new_only = text("", "new_only = true");
    assert_eq!(
        reported(&new_only, text("[baseline]\nnew_since = 'HEAD'", "new_only = true")),
        ["gates.toml: baseline changed", "defaults: new_only = true, the base has new_only = false"]
    );
}

#[test]
fn where_an_action_acts_is_reported() {
    let text = |top: &str, push: &str| {
        let push = format!(
            "[[gate]]\nid = 'look'\ntool = 'gitleaks'\n[[gate]]\nid = 'push'\ntool = 'ecr-push'\n{push}\n"
        );
        config(&format!("version = 1\n{top}\n[defaults]\nbranches = ['main']\n{push}"))
    };
    let base = text("", "");
    let reported =
        |other: Config| -> Vec<String> { loosened(&base, &other).iter().map(ToString::to_string).collect() };
    assert_eq!(reported(text("", "branches = ['main']")), [""; 0]);
    assert_eq!(
        reported(text("", "branches = ['*']")),
        ["gate push: branches = *, the base has branches = main"]
    );
    assert_eq!(reported(text("deploy_in_lab = true", "")), ["gates.toml: deploy_in_lab = true"]);
    assert_eq!(
        reported(text("", "unscanned = true")),
        ["gate push: unscanned = true, the base has unscanned = false"]
    );
}
