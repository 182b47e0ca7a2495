//! What it would take to pass: for each gate that stands in the way the findings to fix or to waive, or the
//! threshold to set.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::config::{Policy, Threshold};
use crate::finding::{Decision, Finding, Text};
use crate::policy::{at_or_above, budget::Budget};
use crate::record::{Evidence, GateRecord, Run};
use crate::severity::{Counts, Severity};

/// What one gate would take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    pub gate: Text,
    /// What has to be proved first; why it is not.
    pub prove: Option<String>,
    /// How many problems have to be fixed or waived.
    pub problems: u64,
    /// Those of them that a fix is known for, with how many each takes away; the greatest first.
    pub fixes: Vec<(Text, u64)>,
    /// Settings of the gate that would let it pass as it is.
    pub settings: Vec<String>,
}

/// What every required gate that stands in the way would take, in the order of the gates.
pub fn remedies(run: &Run) -> Vec<Remedy> {
    let mut by_gate: HashMap<&Text, Vec<&Finding>> = HashMap::new();
    for finding in run.findings.iter().filter(|finding| finding.decision == Decision::Deny) {
        by_gate.entry(&finding.gate).or_default().push(finding);
    }
    let gates = run.gates.iter().filter(|gate| gate.required && !gate.action);
    gates.filter_map(|gate| remedy(gate, by_gate.remove(&gate.id).unwrap_or_default())).collect()
}

/// The budget of the run that would do, where it is over the one that it has.
pub fn budget(run: &Run) -> Budget {
    let required: HashSet<&Text> =
        run.gates.iter().filter(|gate| gate.required).map(|gate| &gate.id).collect();
    let spent = crate::policy::budget::spent(&run.findings, &required);
    run.max.iter().map(|(severity, most)| (*severity, spent.get(*severity).max(*most))).collect()
}

fn remedy(gate: &GateRecord, denied: Vec<&Finding>) -> Option<Remedy> {
    let prove = match &gate.evidence {
        Evidence::Lacking(why) | Evidence::Halted(why) => Some(why.clone()),
        Evidence::Whole | Evidence::Nothing(_) => None,
    };
    if prove.is_none() && denied.is_empty() {
        return None;
    }
    let mut counts = Counts::default();
    denied.iter().for_each(|finding| counts.add(finding.severity));
    let mut problems: HashMap<&Text, &Finding> = HashMap::new();
    for finding in &denied {
        problems.insert(finding.problem.as_ref().unwrap_or(&finding.id), finding);
    }
    let mut fixes: BTreeMap<&Text, u64> = BTreeMap::new();
    for fix in problems.values().filter_map(|finding| finding.fix.as_ref()) {
        *fixes.entry(fix).or_default() += 1;
    }
    let mut fixes: Vec<(Text, u64)> = fixes.into_iter().map(|(fix, n)| (fix.clone(), n)).collect();
    fixes.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    Some(Remedy {
        gate: gate.id.clone(),
        prove,
        // Of a severity that is over a budget alone, those above it are enough.
        problems: excess(&gate.policy, &counts, problems.len() as u64),
        fixes,
        settings: settings(&gate.policy, &counts),
    })
}

/// How many have to go: all that reach the threshold, and of the others what is over a budget.
fn excess(policy: &Policy, counts: &Counts, problems: u64) -> u64 {
    let over = |severity: Severity| {
        let found = counts.get(severity);
        if at_or_above(severity, policy) {
            return found;
        }
        let ratchet = policy.no_worse_than.as_ref().map(|ratchet| ratchet.counts.get(severity));
        let most = policy.max.get(&severity).copied().into_iter().chain(ratchet).min();
        most.map_or(0, |most| found.saturating_sub(most))
    };
    Severity::ALL.into_iter().map(over).sum::<u64>().min(problems)
}

/// The settings that bear what is denied: the strictest that do.
fn settings(policy: &Policy, counts: &Counts) -> Vec<String> {
    let mut settings = Vec::new();
    let rated = Severity::ALL.into_iter().filter(|severity| *severity != Severity::Unknown);
    let worst = rated.clone().find(|severity| counts.get(*severity) > 0 && at_or_above(*severity, policy));
    let threshold = match worst {
        None => policy.fail_on,
        Some(worst) => {
            let above = rated.clone().filter(|severity| *severity > worst).min().map(Threshold::At);
            let threshold = above.unwrap_or(Threshold::Never);
            settings.push(format!("fail_on = \"{}\"", threshold.as_str()));
            threshold
        }
    };
    if counts.unknown > 0 && at_or_above(Severity::Unknown, policy) && threshold != Threshold::Never {
        settings.push("unrated = \"never\"".to_owned());
    }
    let max: Vec<String> = policy
        .max
        .iter()
        .filter(|(severity, most)| counts.get(**severity) > **most)
        .map(|(severity, _)| format!("{severity} = {}", counts.get(*severity)))
        .collect();
    if !max.is_empty() {
        settings.push(format!("max = {{ {} }}", max.join(", ")));
    }
    let ratchet = policy.no_worse_than.as_ref();
    if ratchet.is_some_and(|ratchet| Severity::ALL.iter().any(|s| counts.get(*s) > ratchet.counts.get(*s))) {
        settings.push("no `no_worse_than`".to_owned());
    }
    settings
}
