//! The steps of a decision, in the order of [`policy::judge`](crate::policy::judge).

use crate::model::assessment::Status;
use crate::model::finding::{Decision, Finding};
use crate::model::policy::PolicyEffect;
use crate::model::risk::Protected;
use crate::model::run::{GateRecord, Run};
use crate::model::waiver_use::WaiverNote;
use crate::policy::judge::{at_or_above, ratchet};

/// The checks of a finding, one after another, until one decided.
pub(super) fn steps(run: &Run, gate: Option<&GateRecord>, finding: &Finding) -> Vec<String> {
    let mut steps = Vec::new();
    match (&finding.suppressed, finding.protected()) {
        (Some(reason), None) => {
            steps.push(format!("its own report suppresses it: {reason}. It is waived"));
            return steps;
        }
        (Some(reason), Some(why)) => {
            let why = why.words();
            steps.push(format!("its own report suppresses it: {reason}. That does not count: {why}"));
        }
        (None, Some(Protected::Rule(why))) => steps.push(format!("nothing may waive it: {why}")),
        (None, Some(Protected::Statements) | None) => {}
    }
    if let Some(name) = &finding.waiver {
        steps.push(format!("{}. It is waived", waiver(run, name)));
        return steps;
    }
    steps.push(no_waiver(run));
    match finding.assessment() {
        Some(said) if said.status.waives() => {
            steps.push(format!("{}. It is waived", said.words()));
            return steps;
        }
        Some(said) => steps.push(format!("{}: {}", said.words(), keeps(said.status))),
        None => {}
    }
    let Some(gate) = gate else { return steps };
    let policy = &gate.policy;
    let raised: Vec<&str> = policy.conditions.raised_by(finding).collect();
    let is_raised = !raised.is_empty();
    if is_raised {
        steps.push(format!("by {} it blocks, whatever its severity", raised.join(" and ")));
    }
    if finding.baseline {
        let from = known(run);
        match (policy.new_only, is_raised) {
            (true, false) => {
                steps.push(format!(
                    "it is in {from}, and new_only = true allows known findings. It does not block"
                ));
                return steps;
            }
            (true, true) => {
                steps.push(format!("it is in {from}; with this condition, known findings block too"))
            }
            (false, _) => steps.push(format!("it is in {from}; the gate does not use that (no new_only)")),
        }
    } else if policy.new_only {
        steps.push(match &run.known {
            Some(before) if before.findings > 0 => format!("it is not in {}: it is new", known(run)),
            _ => "there are no known findings: it is new".to_owned(),
        });
    }
    if let PolicyEffect::Lowered(why) = policy.conditions.effect(finding) {
        steps.push(format!("{why}. It does not block"));
        return steps;
    }
    steps.extend(by_severity(run, gate, finding));
    steps.extend(of_run(run, finding));
    if !gate.required {
        steps.push("the gate is advisory: the run is not blocked by it".to_owned());
    }
    steps
}

/// The waiver that covers it, from the record.
fn waiver(run: &Run, name: &str) -> String {
    let note = |notes: &'_ [WaiverNote]| notes.iter().find(|note| *note.name == *name).cloned();
    let Some(note) = note(&run.waivers.used).or_else(|| note(&run.waivers.expiring)) else {
        return format!("{name} covers it");
    };
    let at = note.line.map(|line| format!(" (gates.toml:{line})")).unwrap_or_default();
    let until = note.expires.map(|day| format!(", until {day}")).unwrap_or_default();
    format!("{name}{at} covers it{until}: {}", note.reason)
}

fn no_waiver(run: &Run) -> String {
    let names = |notes: &[WaiverNote]| notes.iter().map(|note| note.name.to_string()).collect::<Vec<_>>();
    let current = run.waivers.used.len() + run.waivers.unused.len();
    let expired = names(&run.waivers.expired);
    let expired = match expired.as_slice() {
        [] => String::new(),
        some => format!("; expired: {}", some.join(", ")),
    };
    match current {
        0 => format!("there is no waiver{expired}"),
        1 => format!("the only waiver does not cover it{expired}"),
        n => format!("none of {n} waivers covers it{expired}"),
    }
}

fn keeps(status: Status) -> &'static str {
    match status {
        Status::UnderInvestigation => "nothing is known yet, so it counts",
        _ => "so it counts",
    }
}

fn known(run: &Run) -> String {
    let Some(known) = &run.known else { return "a baseline".to_owned() };
    let written = known.written.map(|day| format!(", written {day}")).unwrap_or_default();
    let commit = known.commit.as_deref().and_then(|commit| commit.get(..12));
    let commit = commit.map(|commit| format!(" at {commit}")).unwrap_or_default();
    format!("{}{commit}{written}", known.from)
}

/// Threshold, budget and ratchet of the gate.
fn by_severity(run: &Run, gate: &GateRecord, finding: &Finding) -> Vec<String> {
    let (policy, severity) = (&gate.policy, finding.severity);
    let fail_on = policy.fail_on.as_str();
    if at_or_above(severity, policy) {
        return vec![format!("{severity} is at or above fail_on = {fail_on}: it blocks")];
    }
    let mut steps = vec![format!("{severity} is below fail_on = {fail_on}")];
    let waived = |other: &&Finding| other.decision == Decision::Waive;
    let counted = |other: &&Finding| {
        let known = other.baseline && policy.new_only && !policy.conditions.raises(other);
        let lowered = matches!(policy.conditions.effect(other), PolicyEffect::Lowered(_));
        !waived(other) && !known && !lowered
    };
    let of_severity = || run.findings_of(gate).filter(|other| other.severity == severity);
    let by_max =
        policy.max.get(&severity).map(|most| ("max", of_severity().filter(counted).count() as u64, *most));
    // A ratchet counts known and lowered findings as well, as its baseline does.
    let by_ratchet = ratchet(severity, policy)
        .map(|most| ("no_worse_than", of_severity().filter(|other| !waived(other)).count() as u64, most));
    for (by, found, most) in by_max.into_iter().chain(by_ratchet) {
        let what = match found > most {
            true => "that is too many, so each of them blocks",
            false => "that is not too many",
        };
        steps.push(format!("the gate counts {found} {severity}, and {by} allows {most}: {what}"));
    }
    steps
}

/// The budget of the run, if the finding's severity has one.
fn of_run(run: &Run, finding: &Finding) -> Option<String> {
    let most = run.max.get(&finding.severity)?;
    let over = run.over.iter().find(|over| over.contains(&format!(" {} in all gates", finding.severity)));
    Some(match over {
        Some(over) => format!("the budget of the run is exceeded: {over}"),
        None => format!("the budget of the run allows {most} {}, and is kept", finding.severity),
    })
}

/// The budget of the run in one line.
pub(super) fn budget(run: &Run) -> String {
    let max: Vec<String> =
        run.max.iter().rev().map(|(severity, most)| format!("{severity} = {most}")).collect();
    let kept = if run.over.is_empty() { "kept".to_owned() } else { run.over.join(", ") };
    format!("max = {{ {} }}: {kept}", max.join(", "))
}
