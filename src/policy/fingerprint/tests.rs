use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

use crate::model::severity::Severity;
use crate::redact::{Scrubber, Secret};

/// A finding of a linter at a line and a column.
fn lint(path: &str, line: u64, column: Option<u64>) -> Finding {
    let mut finding = Finding::new("no-any", Category::Lint, Severity::High, "no any");
    finding.tool = "eslint".into();
    finding.location = Some(Location::file(path).lines(Some(line), None).columns(column, None));
    finding
}

fn leak(line: u64, commit: Option<&str>) -> Finding {
    let mut finding = lint("a.ini", line, None);
    finding.category = Category::Secret;
    finding.commit = commit.map(Text::from);
    finding
}

/// The ids of findings in a checkout with these files, in the order of the findings.
fn ids_in(files: &[(&str, &str)], findings: &[Finding], scrubber: &Scrubber) -> Vec<Text> {
    let read = |path: &str| {
        let (_, text) = files.iter().find(|(name, _)| *name == path)?;
        Some(text.as_bytes().to_vec())
    };
    let mut findings = findings.to_vec();
    assign_ids(&mut findings, &mut SourceLines::new(&read, scrubber));
    findings.into_iter().map(|finding| finding.id).collect()
}

fn ids(files: &[(&str, &str)], findings: &[Finding]) -> Vec<Text> {
    ids_in(files, findings, &Scrubber::default())
}

fn without_files(findings: &[Finding]) -> Vec<Text> {
    ids(&[], findings)
}

#[test]
fn an_id_stays_with_its_line_when_lines_move() {
    let before = ids(
        &[("a.ts", "let a: any = 1;\nlet b: any = 2;\n")],
        &[lint("a.ts", 1, Some(8)), lint("a.ts", 2, Some(8))],
    );
    let moved = "\u{feff}// new\r\n\tlet c: any = 3;\r\n\tlet b: any =  2\r\n\r\n    let a: any = (1);\r\n";
    let after = ids(
        &[("a.ts", moved)],
        &[lint("a.ts", 2, Some(9)), lint("a.ts", 3, Some(9)), lint("a.ts", 5, Some(12))],
    );
    assert_eq!(after[1..], [before[1].clone(), before[0].clone()]);
    assert!(!before.contains(&after[0]));
}

#[test]
fn two_findings_of_one_rule_on_one_line_differ_by_the_word_at_their_column() {
    let files = [("a.ts", "import { größe, 𝒳y, b } from \"c\";\n")];
    let all = [10, 17, 22].map(|column| lint("a.ts", 1, Some(column)));
    let first = ids(&files, &all);
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 3);
    // One is fixed elsewhere, and the line stays the same.
    assert_eq!(ids(&files, &all[1..]), first[1..]);
}

/// The ids of the lines that say `any`, in a file with these lines.
fn ids_of_any(lines: &[&str]) -> Vec<Text> {
    let found = (1..).zip(lines).filter(|(_, line)| line.contains("any"));
    let found: Vec<Finding> = found.map(|(number, _)| lint("a.ts", number, None)).collect();
    ids(&[("a.ts", &lines.join("\n"))], &found)
}

#[test]
fn equal_lines_are_kept_apart_by_the_line_above_them() {
    let two = ids_of_any(&["f() {", "let a: any", "}", "", "g() {", "  let a: any;", "}"]);
    let three =
        ids_of_any(&["h() {", "let a: any", "}", "f() {", "let a: any", "}", "g() {", "let a: any", "}"]);
    assert_eq!(three[1..], two);
    assert!(!two.contains(&three[0]));
}

#[test]
fn lines_that_nothing_distinguishes_are_all_new_when_one_is_added() {
    let (one, two, three) = (
        ids_of_any(&["any"; 1]),
        ids_of_any(&["f", "any", "any"]),
        ids_of_any(&["f", "any", "{", "any", "any"]),
    );
    assert_eq!(Vec::from_iter(BTreeSet::from_iter([&one[..], &two, &three].concat())).len(), 1 + 2 + 3);
}

#[test]
fn the_same_line_in_two_files_has_two_ids() {
    let text = "let a: any = 1;\n";
    let found = ids(&[("a.ts", text), ("b.ts", text)], &[lint("a.ts", 1, None), lint("b.ts", 1, None)]);
    assert_ne!(found[0], found[1]);
}

#[test]
fn a_minified_or_empty_line_is_not_used() {
    let long = format!("{}\n", "x".repeat(5000));
    for text in [long.as_str(), ""] {
        assert_eq!(
            ids(&[("a.ts", text)], &[lint("a.ts", 1, Some(1))]),
            without_files(&[lint("a.ts", 1, None)])
        );
    }
}

#[test]
fn an_id_never_depends_on_a_secret_or_its_line() {
    let value = |letter: &str| format!("hunter2-{}", letter.repeat(12));
    let of = |letter: &str, known: bool, finding: &Finding| {
        let text = format!("log(\"{}\")\n", value(letter));
        let secrets: Vec<Secret> = Secret::reported(&value(letter)).into_iter().filter(|_| known).collect();
        ids_in(&[("a.ts", &text), ("a.ini", &text)], std::slice::from_ref(finding), &Scrubber::new(&secrets))
    };
    // A linter's finding on the line, once a secret scanner has reported the secret.
    assert_eq!(of("a", true, &lint("a.ts", 1, Some(6))), of("b", true, &lint("a.ts", 1, Some(6))));
    assert_ne!(of("a", false, &lint("a.ts", 1, Some(6))), of("b", false, &lint("a.ts", 1, Some(6))));
    let mut rule = lint("a.ts", 1, Some(6));
    rule.rule = "no-secrets/no-secrets".into();
    for finding in [leak(1, None), leak(1, Some("c0ffee")), rule] {
        assert_eq!(of("a", false, &finding), of("b", false, &finding));
    }
}

#[test]
fn a_leak_in_the_history_has_the_same_id_in_every_range() {
    let all = [leak(3, Some("aaaa")), leak(7, Some("aaaa")), leak(3, Some("bbbb"))];
    let whole = without_files(&all);
    assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(without_files(&all[1..2]), whole[1..2]);
    assert_eq!(without_files(&all[2..]), whole[2..]);
}

#[test]
fn one_more_leak_in_a_file_never_passes_for_a_known_one() {
    let one = without_files(&[leak(3, None)]);
    let two = without_files(&[leak(2, None), leak(3, None)]);
    assert!(!two.contains(&one[0]));
    assert_eq!(without_files(&[leak(12, None), leak(30, None)]), two);
}

#[test]
fn only_a_column_makes_the_line_count_for_a_resource() {
    let files = |header: &str| format!("{header}\n  a = 1\n  b = 2\n");
    let at = |line, column| {
        let mut finding = lint("a.tf", line, column);
        finding.resource = Some("aws_s3_bucket.a".into());
        finding
    };
    let (old, new) = (files("resource \"aws_s3_bucket\" \"a\" {"), files("# Notes"));
    assert_eq!(ids(&[("a.tf", &old)], &[at(1, None)]), ids(&[("a.tf", &new)], &[at(1, None)]));
    let both = ids(&[("a.tf", &old)], &[at(2, Some(3)), at(3, Some(3))]);
    assert_eq!(ids(&[("a.tf", &old)], &[at(3, Some(3))]), both[1..]);
}

#[test]
fn a_terraform_resource_belongs_to_its_folder() {
    let at = |path: &str| {
        let mut finding = lint(path, 1, None);
        finding.resource = Some("aws_s3_bucket.a".into());
        without_files(&[finding])
    };
    assert_eq!(at("infra/storage.tf"), at("infra/buckets.tf"));
    assert_ne!(at("infra/storage.tf"), at("infra/more/storage.tf"));
    assert_ne!(at("infra/queue.yaml"), at("infra/topic.yaml"));
}

#[test]
fn words_that_tools_change_are_not_part_of_an_id() {
    let mut advisory = Finding::new("GHSA-1", Category::Vulnerability, Severity::High, "Bad");
    advisory.package = Some(crate::model::finding::Package { name: "a".into(), ..Default::default() }.into());
    let mut test = Finding::new("suite.adds", Category::Test, Severity::High, "expected 1, was 2");
    let mut error = lint("a.ts", 1, None);
    let before = without_files(&[advisory.clone(), test.clone(), error.clone()]);
    advisory.title = "Worse".into();
    test.title = "expected 1, was 3".into();
    (error.title, error.message, error.fix) = ("re-worded".into(), "more".into(), Some("so".into()));
    assert_eq!(without_files(&[advisory, test, error]), before);
}

#[test]
fn commands_are_kept_apart_by_their_gates() {
    let of = |gate: &str| {
        let mut finding = Finding::new("suite.adds", Category::Test, Severity::High, "no");
        (finding.tool, finding.gate) = ("command".into(), gate.into());
        without_files(&[finding])
    };
    assert_ne!(of("unit"), of("end-to-end"));
}

proptest! {
    /// Lines are added, removed, shuffled and indented. A line that is there before and after keeps the id of
    /// its finding, and no id moves to another line.
    #[test]
    fn edits_around_a_line_never_touch_its_id(
        before in prop::collection::btree_set(0..40_u32, 0..12),
        (after, indents) in prop::collection::btree_set(0..40_u32, 0..12).prop_flat_map(|lines| {
            let lines: Vec<u32> = lines.into_iter().collect();
            let n = lines.len();
            (Just(lines).prop_shuffle(), prop::collection::vec("[ \t]{0,5}", n))
        }),
    ) {
        let identified = |lines: &[u32], indent: &dyn Fn(usize) -> String| -> BTreeMap<u32, Text> {
            let at = |n: usize| indent(n).chars().count() as u64 + 7;
            let text: String =
                lines.iter().enumerate().map(|(n, line)| format!("{}let v{line}: any;\n", indent(n))).collect();
            let found: Vec<Finding> =
                (0..lines.len()).map(|n| lint("a.ts", n as u64 + 1, Some(at(n)))).collect();
            lines.iter().copied().zip(ids(&[("a.ts", &text)], &found)).collect()
        };
        let before: Vec<u32> = before.into_iter().collect();
        let old = identified(&before, &|_| String::new());
        let new = identified(&after, &|n| indents[n].clone());
        for (line, id) in &new {
            for (other, known) in &old {
                prop_assert_eq!(id == known, line == other);
            }
        }
    }

    /// The same for lines with equal words: a line that is added does not get the id of another line, and a
    /// line that is removed does not leave its id to another.
    #[test]
    fn one_line_more_or_less_moves_no_id(
        lines in prop::collection::vec(0..6_usize, 0..14),
        at in 0..14_usize,
        more in prop::option::of(0..6_usize),
    ) {
        const WORDS: [&str; 6] = ["any", "any 2", "", "  }", "f()", "g()"];
        let before: Vec<(usize, usize)> = lines.into_iter().enumerate().collect();
        let mut after = before.clone();
        let at = at.min(before.len());
        match more {
            Some(word) => after.insert(at, (usize::MAX, word)),
            None if at < before.len() => drop(after.remove(at)),
            None => {}
        }
        // Which line each id belongs to.
        let identified = |lines: &[(usize, usize)]| -> BTreeMap<Text, usize> {
            let words: Vec<&str> = lines.iter().map(|(_, word)| WORDS[*word]).collect();
            let found = lines.iter().filter(|(_, word)| WORDS[*word].contains("any")).map(|(who, _)| *who);
            ids_of_any(&words).into_iter().zip(found).collect()
        };
        let (before, after) = (identified(&before), identified(&after));
        for (id, who) in &after {
            prop_assert!(before.get(id).is_none_or(|known| known == who));
        }
    }

    /// Accepted ids never cover more findings than were accepted, whatever is added or removed.
    #[test]
    fn n_ids_cover_at_most_n(before in 0..6_usize, after in 0..6_usize, secret in any::<bool>()) {
        let found = |n: usize| -> BTreeSet<Text> {
            let of = |line: usize| if secret { leak(line as u64, None) } else { lint("a.ts", line as u64, None) };
            let findings: Vec<Finding> = (1..=n).map(of).collect();
            let text = "same\n".repeat(n);
            ids(&[("a.ts", &text)], &findings).into_iter().collect()
        };
        let (old, new) = (found(before), found(after));
        prop_assert_eq!((old.len(), new.len()), (before, after));
        prop_assert!(new.difference(&old).count() >= after.saturating_sub(before));
    }
}
