//! judge(): what was found × what is allowed → what blocks. Pure.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::config::{Policy, Threshold};
use crate::finding::{Decision, Finding, Text};
use crate::record::{Evidence, GateRecord};
use crate::risk::Standing;
use crate::severity::{Counts, Severity};
use crate::verdict::Outcome;
use crate::vex::Assessment;
use crate::waiver::Waiver;

/// Waivers that end within this many days are announced.
const ANNOUNCE_DAYS: i32 = 14;

/// What the waivers did in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverUse {
    /// Current ones that covered nothing.
    pub unused: Vec<WaiverNote>,
    /// Those whose day is past: they cover nothing any more.
    pub expired: Vec<WaiverNote>,
    /// Current ones that end within 14 days.
    pub expiring: Vec<WaiverNote>,
}

/// A waiver as the record names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverNote {
    pub name: Text,
    pub reason: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
}

/// Which waivers there are.
#[derive(Clone, Copy, Debug)]
pub enum Waivers<'a> {
    /// Those of a configuration.
    Of(&'a [Waiver]),
    /// Those that a saved run tells of: what they covered stays covered.
    AsRecorded(&'a WaiverUse),
}

/// Decides every finding, and from its evidence and findings the outcome of every gate. `today` is
/// the day on which waivers are looked at.
pub fn judge(
    gates: &mut [GateRecord],
    findings: &mut [Finding],
    waivers: Waivers<'_>,
    today: Date,
) -> WaiverUse {
    let current = match waivers {
        Waivers::Of(waivers) => waivers,
        Waivers::AsRecorded(_) => &[],
    };
    let index: HashMap<Text, usize> =
        gates.iter().enumerate().map(|(i, gate)| (gate.id.clone(), i)).collect();
    let mut used = vec![false; current.len()];
    let mut tallies = vec![Tally::default(); gates.len()];

    // First what each finding is by itself: waived or counted.
    let keep_recorded = matches!(waivers, Waivers::AsRecorded(_));
    for finding in findings.iter_mut() {
        if let Some(reason) = &finding.suppressed {
            finding.decision = Decision::Waive;
            finding.because = Text::from(format!("suppressed in the report: {reason}"));
        } else if !(keep_recorded && finding.waiver.is_some()) {
            // Nobody waives a deployment that was rolled back.
            let acted = index.get(&finding.gate).is_some_and(|&gate| gates[gate].action);
            let covers = |waiver: &Waiver| waiver.is_current(today) && waiver.covers(finding);
            let cover = if acted { None } else { current.iter().position(covers) };
            finding.waiver = cover.map(|i| current[i].name.clone());
            finding.decision = if cover.is_some() { Decision::Waive } else { Decision::Deny };
            if let Some(i) = cover {
                used[i] = true;
                finding.because = Text::from(format!("waived: {}", current[i].reason));
            } else if let Some(words) = finding.assessment().and_then(Assessment::waiver).filter(|_| !acted) {
                (finding.decision, finding.because) = (Decision::Waive, words.into());
            }
        }
        if let Some(&gate) = index.get(&finding.gate) {
            tallies[gate].add(finding, &gates[gate].policy);
        }
    }

    // Then, with the budgets known, which of the counted ones block: of one severity in one gate all
    // or none, so they share the words.
    let mut decided: HashMap<(usize, Severity), (Decision, Text)> = HashMap::new();
    for finding in findings.iter_mut().filter(|finding| finding.decision != Decision::Waive) {
        if let Some(&gate) = index.get(&finding.gate) {
            let (decision, because) = decided
                .entry((gate, finding.severity))
                .or_insert_with(|| decide(finding.severity, &gates[gate].policy, &tallies[gate]));
            (finding.decision, finding.because) =
                gates[gate].policy.conditions.lean(finding, *decision, because.clone());
        }
    }

    for (gate, tally) in gates.iter_mut().zip(&tallies) {
        gate.counts = tally.all;
        conclude(gate, tally);
    }
    match waivers {
        Waivers::Of(waivers) => note_waivers(waivers, &used, today),
        Waivers::AsRecorded(notes) => notes.clone(),
    }
}

/// What a gate found, by severity.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    all: Counts,
    /// Without the waived ones.
    counted: Counts,
    /// Counted ones at or above the threshold.
    over_threshold: u64,
    /// Below it, and blocking all the same: exploited, or likely to be.
    raised: u64,
    /// Not blocking, whatever their severity: no fix, or needed by development alone.
    lowered: u64,
    waived: u64,
}

impl Tally {
    fn add(&mut self, finding: &Finding, policy: &Policy) {
        self.all.add(finding.severity);
        if finding.decision == Decision::Waive {
            self.waived += 1;
            return;
        }
        let over_threshold = at_or_above(finding.severity, policy);
        match policy.conditions.standing(finding) {
            Standing::Lowered(_) => {
                self.lowered += 1;
                return;
            }
            Standing::Raised if !over_threshold => self.raised += 1,
            Standing::Raised | Standing::BySeverity => {}
        }
        self.counted.add(finding.severity);
        self.over_threshold += u64::from(over_threshold);
    }
}

/// Whether a severity reaches the gate's threshold; `unknown` is taken as the gate says.
pub fn at_or_above(severity: Severity, policy: &Policy) -> bool {
    let Threshold::At(threshold) = policy.fail_on else { return false };
    match (severity, policy.unrated) {
        (Severity::Unknown, None) => true,
        (Severity::Unknown, Some(Threshold::Never)) => false,
        (Severity::Unknown, Some(Threshold::At(counts_as))) => counts_as >= threshold,
        (rated, _) => rated >= threshold,
    }
}

/// How many findings of a severity a policy bears; `None`: any number.
pub fn bears(severity: Severity, policy: &Policy) -> Option<u64> {
    if at_or_above(severity, policy) { Some(0) } else { policy.max.get(&severity).copied() }
}

/// The budget that a severity exceeds, if any.
fn exceeded(severity: Severity, policy: &Policy, tally: &Tally) -> Option<u64> {
    policy.max.get(&severity).copied().filter(|most| tally.counted.get(severity) > *most)
}

fn decide(severity: Severity, policy: &Policy, tally: &Tally) -> (Decision, Text) {
    let fail_on = policy.fail_on.as_str();
    if at_or_above(severity, policy) {
        let unrated = match (severity, policy.unrated) {
            (Severity::Unknown, Some(counts_as)) => format!(", unrated = {}", counts_as.as_str()),
            (Severity::Unknown, None) => ", and nobody has rated it".to_owned(),
            _ => String::new(),
        };
        return (Decision::Deny, format!("fail_on = {fail_on}{unrated}").into());
    }
    match exceeded(severity, policy, tally) {
        Some(most) => {
            (Decision::Deny, format!("max.{severity} = {most}, found {}", tally.counted.get(severity)).into())
        }
        None => (Decision::Allow, format!("below fail_on = {fail_on}").into()),
    }
}

/// Sets outcome and reason.
fn conclude(gate: &mut GateRecord, tally: &Tally) {
    let blocking = blocking(&gate.policy, tally);
    (gate.outcome, gate.reason) = match (&gate.evidence, blocking) {
        (Evidence::Nothing(why) | Evidence::Halted(why), None) => (Outcome::Skipped, why.clone()),
        (Evidence::Lacking(why), None) => (Outcome::Inconclusive, why.clone()),
        (Evidence::Lacking(why) | Evidence::Nothing(why) | Evidence::Halted(why), Some(blocking)) => {
            (Outcome::Inconclusive, format!("{why}; besides, {blocking}"))
        }
        (Evidence::Whole, Some(blocking)) => (Outcome::Failed, blocking),
        (Evidence::Whole, None) => (Outcome::Passed, passing(&gate.policy, tally)),
    };
    if let Some(overridden) = &gate.overridden {
        gate.reason = format!("{}; lab mode let it act, production would not: {overridden}", gate.reason);
    }
    if let Some(advisories) = gate.targets.iter().find_map(|target| target.advisories.as_deref())
        && gate.evidence == Evidence::Whole
    {
        gate.reason = format!("{}; {advisories}", gate.reason);
    }
}

/// Why the gate blocks, in words.
fn blocking(policy: &Policy, tally: &Tally) -> Option<String> {
    let mut reasons = Vec::new();
    let unrated = if at_or_above(Severity::Unknown, policy) { tally.counted.unknown } else { 0 };
    let rated = tally.over_threshold - unrated;
    if rated > 0 {
        reasons.push(format!("{} at or above {}", findings(rated), policy.fail_on.as_str()));
    }
    if unrated > 0 {
        reasons.push(format!("{} that nobody has rated", findings(unrated)));
    }
    if tally.raised > 0 {
        reasons.push(format!("{} exploited, or likely to be", findings(tally.raised)));
    }
    for severity in Severity::ALL {
        if let Some(most) = exceeded(severity, policy, tally) {
            reasons.push(format!("{} {severity}, max is {most}", tally.counted.get(severity)));
        }
    }
    (!reasons.is_empty()).then(|| reasons.join(", "))
}

/// Why the gate passes, in words.
fn passing(policy: &Policy, tally: &Tally) -> String {
    let waived = match tally.waived {
        0 => String::new(),
        n => format!(", {n} waived"),
    };
    let waived = match tally.lowered {
        0 => waived,
        n => format!(", {n} without a fix or for development{waived}"),
    };
    match (tally.counted.total(), policy.fail_on) {
        (0, _) if tally.lowered > 0 => format!("no finding that counts{waived}"),
        (0, _) if tally.waived == 0 => "no findings".to_owned(),
        (0, _) => format!("{} waived, no others", findings(tally.waived)),
        (n, Threshold::At(threshold)) => format!("{} below {threshold}{waived}", findings(n)),
        (n, Threshold::Never) => format!("{}, fail_on = never{waived}", findings(n)),
    }
}

fn findings(n: u64) -> String {
    if n == 1 { "1 finding".to_owned() } else { format!("{n} findings") }
}

fn note_waivers(waivers: &[Waiver], used: &[bool], today: Date) -> WaiverUse {
    let soon = today.checked_add(ANNOUNCE_DAYS.days()).unwrap_or(Date::MAX);
    let mut notes = WaiverUse::default();
    for (waiver, used) in waivers.iter().zip(used) {
        let note =
            WaiverNote { name: waiver.name.clone(), reason: waiver.reason.clone(), expires: waiver.expires };
        if !waiver.is_current(today) {
            notes.expired.push(note);
            continue;
        }
        if !used {
            notes.unused.push(note.clone());
        }
        if waiver.expires.is_some_and(|expires| expires <= soon) {
            notes.expiring.push(note);
        }
    }
    notes
}
