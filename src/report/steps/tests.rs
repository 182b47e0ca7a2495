use super::*;
use crate::model::finding::{Location, Package};
use crate::model::severity::Severity;
use crate::text::shared::Text;

fn finding(rule: &str, category: Category, path: &str, line: u64) -> Finding {
    let mut finding = Finding::new(rule, category, Severity::High, "words");
    finding.id = "0123456789abcdef".into();
    finding.target = "app".into();
    finding.location = Some(Location::file(path).lines(Some(line), None));
    finding
}

#[test]
fn changes_of_one_kind_are_one_step_the_most_urgent_first() {
    use Category::{Lint, Misconfiguration, Secret, Test, Type};
    let fixable = |line| Finding {
        fix: Some("`eslint --fix` fixes it".into()),
        ..finding("semi", Lint, "app/src/a.ts", line)
    };
    let lodash = Finding {
        package: Some(Package { name: "lodash".into(), ..Package::default() }.into()),
        ..finding("CVE-1", Category::Vulnerability, "package-lock.json", 1)
    };
    let findings = [
        finding("CKV_1", Misconfiguration, "infra/a.tf", 1),
        finding("CKV_1", Misconfiguration, "infra/b.tf", 2),
        finding("TS1", Type, "src/a.ts", 3),
        finding("adds", Test, "test/a.ts", 4),
        fixable(5),
        fixable(6),
        finding("key", Secret, "src/key.ts", 7),
    ];
    let (gate, why, advice) = (Text::from("scan"), "no database", Text::from("upgrade lodash to 4.17.21"));
    let way = Way {
        prove: vec![(&gate, why)],
        upgrades: vec![Upgrade { advice: &advice, problems: vec![&lodash, &lodash] }],
        problems: findings.iter().collect(),
        ..Way::default()
    };
    let step = |what: &str, resolves, details: &[&str]| Step {
        what: what.to_owned(),
        resolves,
        details: details.iter().map(|detail| (*detail).to_owned()).collect(),
    };
    assert_eq!(
        steps(&way),
        [
            step("Get proof from scan", None, &["no database"]),
            step(
                "Replace 1 secret, then remove what is in the code",
                Some(1),
                &["key src/key.ts:7 (01234567)"]
            ),
            step("Upgrade 1 package", Some(2), &["upgrade lodash to 4.17.21 (resolves 2)"]),
            step("Let `eslint --fix` change 2 places", Some(2), &["in app: 2"]),
            step("Correct 1 failed test", Some(1), &["adds test/a.ts:4 (01234567)"]),
            step("Correct 1 line of code", Some(1), &["TS1 src/a.ts:3 (01234567)"]),
            step("Fix, rate or waive 2 infrastructure findings", Some(2), &["CKV_1 in infra: 2"]),
        ]
    );
}

#[test]
fn a_rule_in_a_folder_is_one_detail_and_the_largest_comes_first() {
    let of = |rule: &str, folder: &str, n: u64| -> Vec<Finding> {
        (1..=n).map(|line| finding(rule, Category::Lint, &format!("{folder}/{line}.ts"), line)).collect()
    };
    let findings = [
        of("one", "a", 1),
        of("format", "a", 9),
        of("format", "b", 2),
        of("other", "a", 3),
        of("last", "a", 1),
        of("least", "b", 1),
    ]
    .concat();
    let way = Way { problems: findings.iter().collect(), ..Way::default() };
    let steps = steps(&way);
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].resolves, Some(17));
    let details =
        ["format in a: 9", "other in a: 3", "format in b: 2", "one a/1.ts:1 (01234567)", "and 2 more groups"];
    assert_eq!(steps[0].details, details);
}
