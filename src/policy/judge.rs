//! judge(): findings and policy → what blocks. Pure.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use crate::model::assessment::Assessment;
use crate::model::finding::{Decision, Finding};
use crate::model::policy::{Policy, PolicyEffect, Ratchet, Threshold};
use crate::model::risk::Protected;
use crate::model::run::{Completeness, GateRecord, TargetRecord};
use crate::model::scope::Unit;
use crate::model::severity::{Counts, Severity};
use crate::model::verdict::Outcome;
use crate::model::waiver_use::WaiverUse;
use crate::policy::gaps;
use crate::policy::waiver::Waiver;
use crate::policy::waiver_index::WaiverIndex;
use crate::policy::waiver_notes::{Used, expire, note_waivers, used_too};
use crate::text::shared::Text;

/// Which waivers apply.
#[derive(Clone, Copy, Debug)]
pub enum Waivers<'a> {
    /// The waivers of a configuration.
    Of(&'a [Waiver]),
    /// The waivers that a saved run names. What they covered stays covered until they expire.
    AsRecorded(&'a WaiverUse),
}

/// Decides every finding, and the outcome of every gate from its evidence and findings. `today` is the day by
/// which waivers expire.
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
    gaps::accept(gates, waivers, today);
    let mut used = vec![Used::default(); current.len()];
    let mut tallies = vec![Tally::default(); gates.len()];
    let covers = WaiverIndex::new(current, today);
    let spread = spread(current, &covers, findings);

    // First what each finding is, without the others: waived, known before, or counted.
    let kept: HashSet<&Text> = match waivers {
        Waivers::Of(_) => HashSet::new(),
        Waivers::AsRecorded(notes) => notes.in_force(today).collect(),
    };
    for finding in findings.iter_mut() {
        let is_kept = finding.waiver.as_ref().is_some_and(|name| kept.contains(name));
        let is_stated = finding.suppressed.is_some() && finding.protected().is_none();
        if !is_kept || is_stated || matches!(finding.protected(), Some(Protected::Rule(_))) {
            let acted = index.get(&finding.gate).is_some_and(|&gate| gates[gate].action);
            waive(finding, current, (&covers, &spread), acted, &mut used);
        }
        if let Some(&gate) = index.get(&finding.gate) {
            let policy = &gates[gate].policy;
            if finding.decision == Decision::Deny && policy.passes_as_known(finding) {
                finding.decision = Decision::Allow;
                finding.because = KNOWN;
            }
            tallies[gate].add(finding, policy);
        }
    }

    // Now the numbers are known: decide which of the counted findings block. Those of one severity in one
    // gate all have the same decision, so they share the text.
    let mut decided: HashMap<(usize, Severity), (Decision, Text)> = HashMap::new();
    for finding in findings.iter_mut().filter(|finding| finding.decision == Decision::Deny) {
        if let Some(&gate) = index.get(&finding.gate) {
            let (decision, because) = decided
                .entry((gate, finding.severity))
                .or_insert_with(|| decide(finding.severity, &gates[gate].policy, &tallies[gate]));
            (finding.decision, finding.because) =
                gates[gate].policy.conditions.adjust(finding, *decision, because.clone());
        }
        if let (Some(why), Some(_)) = (finding.protected(), &finding.suppressed) {
            finding.because =
                Text::from(format!("{}; its report suppresses it, but {}", finding.because, why.words()));
        }
    }

    for (gate, tally) in gates.iter_mut().zip(&tallies) {
        gate.counts = tally.all;
        conclude(gate, tally);
    }
    match waivers {
        Waivers::Of(waivers) => note_waivers(waivers, &mut used, (&covers, findings), today),
        Waivers::AsRecorded(notes) => expire(notes, today),
    }
}

/// Decides whether a finding is waived: by a mark in the report, a waiver, or a VEX document. Only a mark can
/// waive a finding of an action (a deployment that was rolled back).
fn waive(
    finding: &mut Finding,
    waivers: &[Waiver],
    (covers, spread): (&WaiverIndex, &HashMap<Text, usize>),
    acted: bool,
    used: &mut [Used],
) {
    if let Some(Protected::Rule(_)) = finding.protected() {
        (finding.decision, finding.waiver) = (Decision::Deny, None);
        return;
    }
    let statements_count = finding.protected().is_none();
    if let (Some(reason), true) = (&finding.suppressed, statements_count) {
        finding.because = Text::from(format!("suppressed in the report: {reason}"));
        (finding.decision, finding.waiver) = (Decision::Waive, None);
        return;
    }
    let covering = if acted { Vec::new() } else { covers.covering(finding) };
    let of_problem = || finding.problem.as_ref().and_then(|problem| spread.get(problem).copied());
    let cover = if acted { None } else { covering.first().copied().or_else(of_problem) };
    finding.waiver = cover.map(|i| waivers[i].name.clone());
    finding.decision = if cover.is_some() { Decision::Waive } else { Decision::Deny };
    if let Some(i) = cover {
        used[i].covers = true;
        used_too(used, covering.get(1..).unwrap_or_default(), &waivers[i].name);
        finding.because = Text::from(format!("waived: {}", waivers[i].reason));
    } else if let Some(words) =
        finding.assessment().and_then(Assessment::waiver).filter(|_| !acted && statements_count)
    {
        (finding.decision, finding.because) = (Decision::Waive, words.into());
    }
}

/// Why a known finding passes.
const KNOWN: Text = arcstr::literal!("known before, new_only = true");

/// The waivers that cover every finding of a problem, by the problem. A waiver that names a rule, a package
/// or an id, but no place, tool or gate, means the problem itself, in the findings of every tool.
fn spread(waivers: &[Waiver], covers: &WaiverIndex, findings: &[Finding]) -> HashMap<Text, usize> {
    let mut spread = HashMap::new();
    if !waivers.iter().any(Waiver::is_wide) {
        return spread;
    }
    for finding in findings {
        let Some(problem) = &finding.problem else { continue };
        if let Some(index) = covers.covering(finding).into_iter().find(|index| waivers[*index].is_wide()) {
            let first = spread.entry(problem.clone()).or_insert(index);
            *first = (*first).min(index);
        }
    }
    spread
}

/// What a gate found, by severity.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    all: Counts,
    /// Without those that are waived. A ratchet compares these: its baseline has known and lowered ones, too.
    present: Counts,
    /// Without those that are waived, known or lowered.
    counted: Counts,
    /// Counted findings at or above the threshold.
    over_threshold: u64,
    /// Below it, but blocking: exploited, or likely to be.
    raised: u64,
    /// Not blocking, at any severity: no fix, or needed only by development.
    lowered: u64,
    waived: u64,
    /// Passing, because they were known before.
    known: u64,
}

impl Tally {
    fn add(&mut self, finding: &Finding, policy: &Policy) {
        self.all.add(finding.severity);
        if finding.decision != Decision::Waive {
            self.present.add(finding.severity);
        }
        match finding.decision {
            Decision::Waive => return self.waived += 1,
            Decision::Allow => return self.known += 1,
            Decision::Deny => {}
        }
        let over_threshold = at_or_above(finding.severity, policy);
        match policy.conditions.effect(finding) {
            PolicyEffect::Lowered(_) => {
                self.lowered += 1;
                return;
            }
            PolicyEffect::Raised if !over_threshold => self.raised += 1,
            PolicyEffect::Raised | PolicyEffect::BySeverity => {}
        }
        self.counted.add(finding.severity);
        self.over_threshold += u64::from(over_threshold);
    }
}

/// Whether a severity reaches the gate's threshold. `unrated` says what `unknown` counts as.
pub fn at_or_above(severity: Severity, policy: &Policy) -> bool {
    let Threshold::At(threshold) = policy.fail_on else { return false };
    match (severity, policy.unrated) {
        (Severity::Unknown, None) => true,
        (Severity::Unknown, Some(Threshold::Never)) => false,
        (Severity::Unknown, Some(Threshold::At(counts_as))) => counts_as >= threshold,
        (rated, _) => rated >= threshold,
    }
}

/// How many findings of a severity a policy allows; `None`: any number.
pub fn allowed(severity: Severity, policy: &Policy) -> Option<u64> {
    if at_or_above(severity, policy) { Some(0) } else { policy.max.get(&severity).copied() }
}

/// How many findings of a severity the ratchet allows, of those that are not waived.
pub fn ratchet(severity: Severity, policy: &Policy) -> Option<u64> {
    policy.no_worse_than.as_ref().map(|ratchet| ratchet.counts.get(severity))
}

/// A budget that is exceeded.
struct Exceeded {
    /// For the findings.
    because: String,
    /// For the gate.
    reason: String,
}

/// The budget that a severity exceeds, if any.
fn exceeded(severity: Severity, policy: &Policy, tally: &Tally) -> Option<Exceeded> {
    let found = tally.counted.get(severity);
    if let Some(most) = policy.max.get(&severity).filter(|most| found > **most) {
        return Some(Exceeded {
            because: format!("max.{severity} = {most}, found {found}"),
            reason: format!("{found} {severity}, max is {most}"),
        });
    }
    let Ratchet { than, counts } = policy.no_worse_than.as_ref()?;
    let (found, most) = (tally.present.get(severity), counts.get(severity));
    (found > most).then(|| Exceeded {
        because: format!("no_worse_than: {than} has {most} {severity}, found {found}"),
        reason: format!("{found} {severity}, {than} has {most}"),
    })
}

fn decide(severity: Severity, policy: &Policy, tally: &Tally) -> (Decision, Text) {
    let fail_on = policy.fail_on.as_str();
    if at_or_above(severity, policy) {
        let unrated = match (severity, policy.unrated) {
            (Severity::Unknown, Some(counts_as)) => format!(", unrated = {}", counts_as.as_str()),
            (Severity::Unknown, None) => ", unrated".to_owned(),
            _ => String::new(),
        };
        return (Decision::Deny, format!("fail_on = {fail_on}{unrated}").into());
    }
    match exceeded(severity, policy, tally) {
        Some(exceeded) => (Decision::Deny, exceeded.because.into()),
        None => (Decision::Allow, format!("below fail_on = {fail_on}").into()),
    }
}

/// Sets outcome and reason.
fn conclude(gate: &mut GateRecord, tally: &Tally) {
    let blocking = blocking(&gate.policy, tally);
    let gaps = gaps::reason(&gate.inputs);
    let unexplained = gate.targets.iter().find_map(|target| target.unexplained.as_deref());
    (gate.outcome, gate.reason) = match (&gate.evidence, blocking) {
        (Completeness::Whole | Completeness::Nothing(_), blocking) if gaps.is_some() => {
            let besides = blocking.map(|blocking| format!("; besides, {blocking}")).unwrap_or_default();
            (Outcome::Inconclusive, format!("{}{besides}", gaps.unwrap_or_default()))
        }
        (Completeness::Nothing(why) | Completeness::Halted(why), None) => (Outcome::Skipped, why.clone()),
        (Completeness::Lacking(why) | Completeness::Stale(why), None) => (Outcome::Inconclusive, why.clone()),
        (
            Completeness::Lacking(why)
            | Completeness::Stale(why)
            | Completeness::Nothing(why)
            | Completeness::Halted(why),
            Some(blocking),
        ) => (Outcome::Inconclusive, format!("{why}; besides, {blocking}")),
        (Completeness::Whole, Some(blocking)) => (Outcome::Failed, blocking),
        (Completeness::Whole, None) => match unexplained {
            None => (Outcome::Passed, passing(gate, tally) + &gaps::not_all(&gate.inputs)),
            Some(why) => (Outcome::Inconclusive, format!("{}, but {why}", passing(gate, tally))),
        },
    };
    if let Some(overridden) = &gate.overridden {
        gate.reason = format!("{}; lab mode let it act, production would not: {overridden}", gate.reason);
    }
    if let Some(advisories) = gate.targets.iter().find_map(|target| target.advisories.as_deref())
        && gate.evidence == Completeness::Whole
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
        reasons.push(unrated_findings(unrated));
    }
    if tally.raised > 0 {
        reasons.push(format!("{} exploited, or likely to be", findings(tally.raised)));
    }
    for severity in Severity::ALL {
        reasons.extend(exceeded(severity, policy, tally).map(|exceeded| exceeded.reason));
    }
    (!reasons.is_empty()).then(|| reasons.join(", "))
}

/// Why the gate passes, in words.
fn passing(gate: &GateRecord, tally: &Tally) -> String {
    let by_exit_code = |target: &TargetRecord| target.scope.is_only(Unit::Commands);
    if tally.all.total() == 0 && !gate.targets.is_empty() && gate.targets.iter().all(by_exit_code) {
        return "exit code only, nothing counted".to_owned();
    }
    let policy = &gate.policy;
    let lowered = "without a fix or for development";
    let passing_anyway: Vec<String> =
        [(tally.known, "known before"), (tally.lowered, lowered), (tally.waived, "waived")]
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, how)| format!("{n} {how}"))
            .collect();
    let passing_anyway = passing_anyway.join(", ");
    let rest =
        |words: String| if passing_anyway.is_empty() { words } else { format!("{words}, {passing_anyway}") };
    match (tally.counted.total(), policy.fail_on) {
        (0, _) if passing_anyway.is_empty() => "no findings".to_owned(),
        (0, _) if tally.known + tally.lowered == 0 => {
            format!("{} waived, no others", findings(tally.waived))
        }
        (0, _) if tally.known == 0 => format!("no finding that counts, {passing_anyway}"),
        (0, _) => format!("no new findings, {passing_anyway}"),
        (n, Threshold::At(threshold)) => rest(format!("{} below {threshold}", findings(n))),
        (n, Threshold::Never) => rest(format!("{}, fail_on = never", findings(n))),
    }
}

fn findings(n: u64) -> String {
    if n == 1 { "1 finding".to_owned() } else { format!("{n} findings") }
}

fn unrated_findings(n: u64) -> String {
    if n == 1 { "1 unrated finding".to_owned() } else { format!("{n} unrated findings") }
}
