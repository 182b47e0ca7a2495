//! Properties of every run, for any findings and any policy: judging is monotone and does not depend on
//! order, ids depend only on the finding, and no finding is lost.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod generators;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use crate::common::fixtures;
use generators::{GATES, budget_and_stricter, evidence, finding, findings, gate, json, judged_and_stricter};
use portcullis::config::Config;
use portcullis::keys::mistakes::draw;
use portcullis::model::finding::{Category, Finding};
use portcullis::model::policy::Budget;
use portcullis::model::run::GateRecord;
use portcullis::model::severity::{Counts, Severity};
use portcullis::model::verdict::{Outcome, Verdict};
use portcullis::policy::fingerprint::{SourceLines, assign_ids, order};
use portcullis::policy::judge::{Waivers, judge};
use portcullis::policy::run_budget;
use portcullis::policy::waiver::Waiver;
use portcullis::redact::{Scrubber, mask_fields};
use portcullis::scan::proof::{Proof, assess};
use portcullis::scan::raw_report::{Document, RawReport};
use portcullis::text::shared::Text;
use portcullis::tools::{TOOLS, foreign};
use proptest::prelude::*;
use serde_json::Value;

/// Waivers for some of the rules and paths that the generators produce.
fn waivers() -> Vec<Waiver> {
    let waiver =
        |condition: &str| format!("[[waiver]]\n{condition}\nreason = \"known\"\nexpires = 2999-12-31\n");
    let all =
        ["rule = \"a\"", "rule = \"bb\"", "path = \"a*\"", "package = \"c\"", "gate = \"b\"\nrule = \"c\""];
    let gates =
        "version = 1\n[[gate]]\nid = \"a\"\ntool = \"eslint\"\n[[gate]]\nid = \"b\"\ntool = \"eslint\"\n";
    Config::read(&format!("{gates}{}", all.map(waiver).concat())).unwrap().waivers
}

/// The verdict on judged gates under a budget of the run.
fn verdict(gates: &[GateRecord], found: &mut [Finding], budget: &Budget) -> Verdict {
    let required = run_budget::required(gates);
    let over = run_budget::judge(found, &required, budget);
    match Verdict::of(gates.iter().map(|gate| (gate.outcome, gate.required))) {
        Verdict::Pass if !over.is_empty() => Verdict::Blocked,
        verdict => verdict,
    }
}

fn is_green(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Passed | Outcome::Skipped)
}

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 1, 1);

/// Recorded reports of tools that found nothing, which may be as short as `[]`: by tool.
static CLEAN: LazyLock<HashSet<(String, Vec<u8>)>> = LazyLock::new(|| {
    let clean = fixtures::fixtures()
        .into_iter()
        .map(Result::unwrap)
        .filter(|fixture| fixture.expected.outcome == "complete" && fixture.expected.counts.is_empty());
    clean.map(|fixture| (fixture.spec, fixture.raw.report().trim_ascii().to_owned())).collect()
});

proptest! {
    /// A stricter policy (lower `fail_on`, smaller and more budgets, `unrated` stricter, fewer
    /// waivers, `required`) never turns red into green, neither for a gate nor for the run.
    #[test]
    fn judging_is_monotone(
        found in findings(),
        policies in prop::collection::vec((evidence(), judged_and_stricter()), GATES.len()),
        kept in prop::collection::vec(any::<bool>(), 5),
        budgets in budget_and_stricter(),
    ) {
        let all = waivers();
        let fewer: Vec<Waiver> =
            all.iter().zip(kept).filter(|(_, kept)| *kept).map(|(waiver, _)| waiver.clone()).collect();
        let judged = |strict: bool, waivers: &[Waiver]| {
            let mut gates: Vec<GateRecord> = GATES
                .iter()
                .zip(&policies)
                .map(|(id, (evidence, (loose, stricter)))| gate(id, evidence, if strict { stricter } else { loose }))
                .collect();
            let mut found = found.clone();
            judge(&mut gates, &mut found, Waivers::Of(waivers), TODAY);
            let verdict = verdict(&gates, &mut found, if strict { &budgets.1 } else { &budgets.0 });
            (gates, verdict)
        };
        let ((loose, loose_verdict), (strict, strict_verdict)) = (judged(false, &all), judged(true, &fewer));
        for (loose, strict) in loose.iter().zip(&strict) {
            prop_assert!(is_green(loose.outcome) || !is_green(strict.outcome), "{loose:?}\n{strict:?}");
        }
        prop_assert!(loose_verdict == Verdict::Pass || strict_verdict != Verdict::Pass);
    }

    /// One more finding, of a new problem or of one that other tools report, never turns red into green:
    /// merging findings of one problem keeps every decision.
    #[test]
    fn a_further_finding_never_helps(
        found in findings(),
        more in finding(),
        policies in prop::collection::vec(judged_and_stricter(), GATES.len()),
        budgets in budget_and_stricter(),
    ) {
        let budget = budgets.1;
        let judged = |mut found: Vec<Finding>| {
            let mut gates: Vec<GateRecord> = GATES
                .iter()
                .zip(&policies)
                .map(|(id, (policy, _))| gate(id, &serde_json::json!("whole"), policy))
                .collect();
            judge(&mut gates, &mut found, Waivers::Of(&[]), TODAY);
            let verdict = verdict(&gates, &mut found, &budget);
            (gates, verdict)
        };
        let all: Vec<Finding> = found.iter().cloned().chain([more]).collect();
        let ((fewer, before), (more, after)) = (judged(found), judged(all));
        for (before, after) in fewer.iter().zip(&more) {
            prop_assert!(is_green(before.outcome) || !is_green(after.outcome), "{before:?}\n{after:?}");
        }
        prop_assert!(before == Verdict::Pass || after != Verdict::Pass);
    }

    /// Every finding and every gate gets the same decision in any order.
    #[test]
    fn judging_does_not_depend_on_order(
        (found, shuffled) in findings().prop_flat_map(|found| {
            let marked: Vec<Finding> = found.into_iter().enumerate().map(|(n, mut finding)| {
                finding.id = Text::from(n.to_string());
                finding
            }).collect();
            (Just(marked.clone()), Just(marked).prop_shuffle())
        }),
        (ids, mixed) in (Just(GATES.to_vec()), Just(GATES.to_vec()).prop_shuffle()),
        policies in prop::collection::vec((evidence(), judged_and_stricter()), GATES.len()),
        budgets in budget_and_stricter(),
    ) {
        let waivers = waivers();
        let judged = |ids: &[&str], mut found: Vec<Finding>| {
            let policy = |id: &str| &policies[GATES.iter().position(|gate| *gate == id).unwrap()];
            let mut gates: Vec<GateRecord> =
                ids.iter().map(|id| gate(id, &policy(id).0, &policy(id).1.0)).collect();
            let used = judge(&mut gates, &mut found, Waivers::Of(&waivers), TODAY);
            let verdict = verdict(&gates, &mut found, &budgets.0);
            let gates: BTreeMap<Text, Value> =
                gates.into_iter().map(|gate| (gate.id.clone(), serde_json::to_value(&gate).unwrap())).collect();
            found.sort_by(|a, b| a.id.cmp(&b.id));
            (verdict, gates, found, used)
        };
        prop_assert_eq!(judged(&ids, found), judged(&mixed, shuffled));
    }

    /// Judging a second time, with the same waivers or with the recorded ones, changes nothing.
    #[test]
    fn judging_is_idempotent(
        mut found in findings(),
        policies in prop::collection::vec((evidence(), judged_and_stricter()), GATES.len()),
    ) {
        let waivers = waivers();
        let mut gates: Vec<GateRecord> =
            GATES.iter().zip(&policies).map(|(id, (evidence, (policy, _)))| gate(id, evidence, policy)).collect();
        let shown = |gates: &[GateRecord], found: &[Finding]| serde_json::to_value((gates, found)).unwrap();
        let used = judge(&mut gates, &mut found, Waivers::Of(&waivers), TODAY);
        let first = shown(&gates, &found);
        for waivers in [Waivers::Of(&waivers), Waivers::AsRecorded(&used)] {
            prop_assert_eq!(&judge(&mut gates, &mut found, waivers, TODAY), &used);
            prop_assert_eq!(&shown(&gates, &found), &first);
        }
    }

    /// Findings of a gate have different ids. An id does not depend on the order in which a tool lists its
    /// findings, on their lines, or on the message about a secret.
    #[test]
    fn an_id_depends_only_on_the_finding(found in findings(), moved in 1..90_u64, words in "[a-c]{1,3}") {
        let identified = |mut found: Vec<Finding>| {
            found.sort_by(order);
            assign_ids(&mut found, &mut SourceLines::new(&|_| None, &Scrubber::default()));
            found
        };
        let first = identified(found.clone());
        let ids = |found: &[Finding]| -> Vec<Text> { found.iter().map(|finding| finding.id.clone()).collect() };
        prop_assert_eq!(ids(&first).into_iter().collect::<HashSet<_>>().len(), first.len());

        let mut reversed = found.clone();
        reversed.reverse();
        prop_assert_eq!(&identified(reversed), &first);

        let mut lower = found.clone();
        for location in lower.iter_mut().filter_map(|finding| finding.location.as_mut()) {
            let down = |line: Option<std::num::NonZeroU32>| line.map(|line| u64::from(line.get()) + moved);
            *location = location.clone().lines(down(location.start_line), down(location.end_line));
        }
        prop_assert_eq!(ids(&identified(lower)), ids(&first));

        let mut other = found;
        for finding in other.iter_mut().filter(|finding| finding.category == Category::Secret) {
            (finding.title, finding.message) = (words.as_str().into(), words.as_str().into());
        }
        let sorted = |found: &[Finding]| ids(found).into_iter().collect::<std::collections::BTreeSet<_>>();
        prop_assert_eq!(sorted(&identified(other)), sorted(&first));
    }

    /// The id of a leak does not depend on the secret, and the finding does not contain the secret.
    #[test]
    fn a_secret_leaves_no_trace_in_its_finding(a in "[0-9a-f]{12,40}", b in "[A-Z]{5}[!-~&&[^\"\\\\]]{5,30}") {
        let tool = fixtures::tool("gitleaks", "").unwrap();
        let read = |secret: &str| {
            let leak = serde_json::json!([{
                "RuleID": "key", "Description": "a key", "File": "src/a.ts", "StartLine": 3, "Commit": "",
                "Secret": secret, "Match": format!("k={secret}"), "Fingerprint": "src/a.ts:key:3",
            }]);
            let document = Document { name: "r".into(), bytes: Cow::Owned(leak.to_string().into_bytes()) };
            let raw = RawReport { documents: vec![document], ..RawReport::default() };
            let mut found = assess(tool.as_ref(), &raw, &fixtures::origin()).parsed().findings.clone();
            assign_ids(&mut found, &mut SourceLines::new(&|_| None, &Scrubber::default()));
            found
        };
        let found = read(&a);
        prop_assert_eq!(found.len(), 1);
        prop_assert!(!serde_json::to_string(&found).unwrap().contains(&a));
        prop_assert_eq!(found, read(&b));
    }

    /// Masked JSON is still JSON, and only the values of the masked keys differ.
    #[test]
    fn masking_changes_only_the_values_of_masked_keys(value in json(), pretty in any::<bool>()) {
        fn mask(value: Value) -> Value {
            match value {
                Value::Object(members) => members
                    .into_iter()
                    .map(|(key, value)| match key.as_str() {
                        "Secret" => (key, Value::from("REDACTED")),
                        _ => (key, mask(value)),
                    })
                    .collect(),
                Value::Array(items) => items.into_iter().map(mask).collect(),
                other => other,
            }
        }
        let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
        let masked = mask_fields(&text, &["Secret"]);
        prop_assert_eq!(serde_json::from_slice::<Value>(&masked).unwrap(), mask(value));
    }

    /// No finding is lost in counting.
    #[test]
    fn counts_add_up(found in prop::collection::vec(finding(), 0..40)) {
        let counts = Counts::of(&found);
        prop_assert_eq!(counts.total(), found.len() as u64);
        for severity in Severity::ALL {
            let n = found.iter().filter(|finding| finding.severity == severity).count();
            prop_assert_eq!(counts.get(severity), n as u64);
        }
    }

    /// Every mistake in a gates.toml has a place in its text and can be shown there.
    #[test]
    fn mistakes_in_a_configuration_are_in_its_text(
        text in prop_oneof![
            any::<String>(),
            prop::collection::vec(prop::sample::select(CONFIGURATION.lines().collect::<Vec<_>>()), 0..12)
                .prop_map(|lines| lines.join("\n")),
            (any::<prop::sample::Index>(), "\\PC{0,3}").prop_map(|(at, words)| {
                let at = at.index(CONFIGURATION.len());
                format!("{}{words}{}", &CONFIGURATION[..at], &CONFIGURATION[at + 1..])
            }),
        ],
    ) {
        if let Err(problems) = Config::read(&text) {
            prop_assert!(!problems.is_empty());
            for problem in &problems {
                prop_assert!(text.get(problem.at.clone()).is_some(), "{problem:?}");
            }
            draw(&problems, &text, "gates.toml", &Scrubber::default(), true);
        }
    }

    /// Any text in the place of a CVSS vector or a package URL gives a valid score or none, and no panic.
    #[test]
    fn vectors_and_package_urls_are_read_or_refused(
        parts in prop::collection::vec(
            prop_oneof![
                Just("CVSS:3.1".to_owned()),
                Just("CVSS:4.0".to_owned()),
                "(AV|AC|Au|AT|PR|UI|S|C|I|A|VC|VI|VA|SC|SI|SA|E|RL|CR|MAV):[NLHAPRUCX]",
                "pkg:(npm|oci|deb)/[a-z%@]{0,6}",
                "[@?#=%.0-9a-z]{0,6}",
                "\\PC{0,4}",
            ],
            0..14,
        ),
    ) {
        let text = parts.join("/");
        if let Some(score) = portcullis::policy::cvss_rating::score(&text) {
            prop_assert!((0.0..=10.0).contains(&score), "{text}: {score}");
        }
        if let Some(purl) = portcullis::model::purl::Purl::read(&text) {
            prop_assert!(purl.covers(&purl), "{text}");
        }
        prop_assert!(portcullis::formats::vex::read("a", text.as_bytes()).is_err());
        prop_assert!(portcullis::formats::epss::read(text.as_bytes()).is_err());
    }

    /// Arbitrary bytes are not a clean report of any tool.
    #[test]
    fn arbitrary_bytes_are_not_a_clean_report(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            json().prop_map(|value| value.to_string().into_bytes()),
            "[<>/a-z =\"&;]{0,60}".prop_map(String::into_bytes),
        ],
        exit in prop::option::of(0..3),
    ) {
        for spec in TOOLS.iter().copied().chain(&foreign::TOOLS).filter(|one| one.name != "command") {
            if CLEAN.contains(&(spec.name.to_owned(), bytes.trim_ascii().to_owned())) {
                continue;
            }
            let tool = (spec.configure)(&portcullis::keys::table::Keys::none(&Default::default()));
            let document = Document { name: "r".into(), bytes: Cow::Borrowed(&bytes) };
            let raw = RawReport { exit, documents: vec![document], ..RawReport::default() };
            let proof = assess(tool.as_ref(), &raw, &fixtures::origin());
            prop_assert!(!matches!(proof, Proof::Complete(_)), "{}: {proof:?}", spec.name);
        }
    }
}

const CONFIGURATION: &str = "version = 1
mode = \"production\"
defaults = { fail_on = \"high\", timeout = \"10m\" }
[[gate]]
id = \"lint\"
tool = \"eslint\"
dirs = [\"frontend\"]
max = { low = 20 }
[[gate]]
id = \"scan\"
tool = \"trivy\"
needs = [\"lint\"]
[[waiver]]
rule = \"a\"
path = \"src/**\"
reason = \"known\"
expires = 2027-03-31
[profile.quick]
only = [\"lint\"]
";

/// A recorded report that is cut anywhere proves nothing, or it still has every finding.
///
/// A report of lines looks complete when it is cut at the end of a line. So logs of `docker build`, tsc
/// and Yarn 4 without an exit code are left out. A run has other proof that they are complete.
#[test]
fn a_cut_report_never_proves_less() {
    const CUTS: usize = 40;
    let mut tried = 0;
    for fixture in fixtures::fixtures().into_iter().map(Result::unwrap) {
        let Proof::Complete(whole) = fixture.assess() else { continue };
        let lines = ["tsc", "yarn-audit", "docker-build"].contains(&fixture.spec.as_str());
        if lines && fixture.raw.exit.is_none() {
            continue;
        }
        for (n, document) in fixture.documents().enumerate() {
            let length = document.bytes.trim_ascii_end().len();
            let spread = (0..CUTS).map(|cut| length * cut / CUTS);
            let last = length.saturating_sub(3)..length;
            for cut in spread.chain(last) {
                tried += 1;
                if let Proof::Complete(less) = fixture.assess_cut(n, cut) {
                    let (less, whole) = (less.findings.len(), whole.findings.len());
                    assert!(less >= whole, "{}: cut at {cut} of {length}, {less} of {whole}", fixture.name);
                }
            }
        }
    }
    assert!(tried > 1000, "only {tried} cuts");
}
