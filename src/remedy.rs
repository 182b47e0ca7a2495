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
    /// Upgrades that take several problems away, each with how many; the greatest first.
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
    // Those that block whatever their severity have to go, whatever their severity bears.
    let (mut raised, mut rest) = (HashSet::new(), Counts::default());
    for finding in &denied {
        match gate.policy.conditions.raises(finding) {
            true => drop(raised.insert(finding.problem.as_ref().unwrap_or(&finding.id))),
            false => rest.add(finding.severity),
        }
    }
    let mut problems: HashMap<&Text, &Finding> = HashMap::new();
    for finding in &denied {
        problems.insert(finding.problem.as_ref().unwrap_or(&finding.id), finding);
    }
    let fixes = upgrades(problems.values().copied());
    Some(Remedy {
        gate: gate.id.clone(),
        prove,
        // Of a severity that is over a budget alone, those above it are enough.
        problems: (raised.len() as u64 + excess(&gate.policy, &rest)).min(problems.len() as u64),
        fixes,
        settings: settings(&gate.policy, &counts, &denied),
    })
}

/// One upgrade for each vulnerable package: the one to the latest of the versions that mend it.
fn upgrades<'a>(problems: impl Iterator<Item = &'a Finding>) -> Vec<(Text, u64)> {
    let mut packages: BTreeMap<&str, (Vec<u64>, &Text, u64)> = BTreeMap::new();
    for finding in problems {
        let (Some(package), Some(fix)) = (&finding.package, &finding.fix) else { continue };
        let version = numbers(package.fixed_version.as_deref().unwrap_or_default());
        let known = packages.entry(&package.name).or_insert((version.clone(), fix, 0));
        if version > known.0 {
            (known.0, known.1) = (version, fix);
        }
        known.2 += 1;
    }
    let mut upgrades: Vec<(Text, u64)> = packages.into_values().map(|(_, fix, n)| (fix.clone(), n)).collect();
    upgrades.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    upgrades
}

/// The numbers of a version in their order, to compare by: good enough to advise by.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

/// How many have to go: all that reach the threshold, and of the others what is over a budget.
fn excess(policy: &Policy, counts: &Counts) -> u64 {
    let over = |severity: Severity| {
        let found = counts.get(severity);
        if at_or_above(severity, policy) {
            return found;
        }
        let ratchet = policy.no_worse_than.as_ref().map(|ratchet| ratchet.counts.get(severity));
        let most = policy.max.get(&severity).copied().into_iter().chain(ratchet).min();
        most.map_or(0, |most| found.saturating_sub(most))
    };
    Severity::ALL.into_iter().map(over).sum()
}

/// The settings that bear what is denied: the strictest that do.
fn settings(policy: &Policy, counts: &Counts, denied: &[&Finding]) -> Vec<String> {
    let raised_by =
        |key| denied.iter().any(|finding| policy.conditions.raised_by(finding).any(|by| by == key));
    let mut settings = Vec::new();
    settings.extend(raised_by("fail_on_kev").then(|| "fail_on_kev = false".to_owned()));
    settings.extend(raised_by("epss_at_least").then(|| "no `epss_at_least`".to_owned()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Category;
    use crate::policy::{Waivers, judge};
    use crate::verdict::Outcome;

    fn finding(id: &str, severity: Severity) -> Finding {
        let mut finding = Finding::new("r", Category::Lint, severity, "t");
        (finding.id, finding.gate) = (id.into(), "lint".into());
        finding
    }

    fn gate(policy: Policy) -> GateRecord {
        let gate = serde_json::json!({
            "id": "lint", "stage": "s", "tool": "eslint", "outcome": "passed", "reason": "", "evidence": "whole",
            "required": true, "scope": {}, "counts": {"critical": 0, "high": 0, "medium": 0, "low": 0, "info": 0,
            "unknown": 0}, "duration_ms": 0, "cached": false, "targets": [],
        });
        let mut gate: GateRecord = serde_json::from_value(gate).unwrap();
        gate.policy = policy;
        gate
    }

    fn judged(policy: Policy, mut findings: Vec<Finding>) -> (GateRecord, Vec<Finding>) {
        let mut gates = [gate(policy)];
        judge(&mut gates, &mut findings, Waivers::Of(&[]), jiff::civil::date(2026, 1, 1));
        let [gate] = gates;
        (gate, findings)
    }

    /// With so many of the denied gone, or with the settings that are named, the gate passes; with one
    /// fewer it does not.
    #[test]
    fn what_is_advised_is_enough_and_not_too_much() {
        let policies = [
            "fail_on = 'high'",
            "fail_on = 'never'\nmax = { high = 1, low = 0 }",
            "fail_on = 'critical'\nmax = { high = 2 }\nunrated = 'critical'",
        ];
        for text in policies {
            let read = |text: &str| {
                let text = format!("version = 1\n[[gate]]\nid = 'lint'\ntool = 'eslint'\n{text}\n");
                crate::config::Config::read(&text).unwrap().gates[0].policy.clone()
            };
            let severities =
                [Severity::High, Severity::High, Severity::High, Severity::Low, Severity::Unknown];
            let all: Vec<Finding> = severities
                .iter()
                .enumerate()
                .map(|(n, severity)| finding(&n.to_string(), *severity))
                .collect();
            let (gate, found) = judged(read(text), all.clone());
            let denied: Vec<&Finding> =
                found.iter().filter(|finding| finding.decision == Decision::Deny).collect();
            let remedy = remedy(&gate, denied.clone()).unwrap();

            // Which of them go does not matter within a severity: take those above the budget.
            let mut left = all.clone();
            let mut gone = 0;
            for finding in &denied {
                let (still, _) = judged(read(text), left.clone());
                if still.outcome == Outcome::Passed {
                    break;
                }
                left.retain(|other| other.id != finding.id);
                let (now, _) = judged(read(text), left.clone());
                gone += u64::from(now.counts != still.counts);
            }
            assert_eq!(judged(read(text), left).0.outcome, Outcome::Passed, "{text}");
            assert!(remedy.problems <= gone, "{text}: {remedy:?}, {gone}");

            let kept = |line: &&str| {
                !remedy.settings.iter().any(|set| set.split('=').next() == line.split('=').next())
            };
            let mut set: Vec<&str> = text.lines().filter(kept).collect();
            set.extend(remedy.settings.iter().map(String::as_str));
            assert_eq!(judged(read(&set.join("\n")), all).0.outcome, Outcome::Passed, "{set:?}");
        }
    }

    #[test]
    fn one_upgrade_to_the_latest_version_takes_all_of_a_package_away() {
        let vulnerability = |id: &str, fixed: &str| {
            let mut finding = finding(id, Severity::High);
            finding.fix = Some(format!("upgrade lodash to {fixed}").into());
            finding.package = Some(std::sync::Arc::new(crate::finding::Package {
                name: "lodash".into(),
                fixed_version: Some(fixed.into()),
                ..Default::default()
            }));
            finding
        };
        let found =
            [vulnerability("1", "4.17.5"), vulnerability("2", "4.17.21"), vulnerability("3", "4.17.12")];
        assert_eq!(upgrades(found.iter()), [("upgrade lodash to 4.17.21".into(), 3)]);
    }
}
