//! How to pass in production: the fewest changes that are enough, or the settings that would allow the
//! findings.
//!
//! A change is an upgrade, which removes every finding that a release of the package fixes, or a problem that
//! is fixed or waived.

mod fewest;

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::model::finding::{Category, Decision, Finding};
use crate::model::policy::{Budget, Conditions, Policy, PolicyEffect, Threshold};
use crate::model::run::{Completeness, GateRecord, Run};
use crate::model::severity::{Counts, Severity, rank};
use crate::model::verdict::Outcome;
use crate::policy::judge::{at_or_above, ratchet};
use crate::policy::remedy::fewest::{Kind, fewest};
use crate::policy::run_budget::{self, counts_for};
use crate::text::shared::Text;

/// How to pass in production.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Way<'a> {
    /// Gates that prove nothing, each with the reason.
    pub prove: Vec<(&'a Text, &'a str)>,
    /// What to upgrade; the upgrade that removes most problems first.
    pub upgrades: Vec<Upgrade<'a>>,
    /// What else to fix or to waive: one finding of each problem, the worst first.
    pub problems: Vec<&'a Finding>,
    /// Whether it is certain that fewer changes are not enough.
    pub proven: bool,
    /// Instead of all these: the settings of each gate that would allow its findings. Gates that found secrets are left out: no
    /// setting should let those pass.
    pub settings: Vec<(&'a Text, Vec<String>)>,
    /// And the budget of the run that would allow them.
    pub max: Option<Budget>,
}

/// An upgrade of one package, to the latest version that fixes one of its problems.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Upgrade<'a> {
    pub advice: &'a Text,
    /// One finding of each problem that it removes.
    pub problems: Vec<&'a Finding>,
}

/// The way from a judged run to a run that passes.
pub(crate) fn way(run: &Run) -> Way<'_> {
    let gates: Vec<&GateRecord> = run.gates.iter().filter(|gate| gate.required).collect();
    let mut way = Way { proven: true, ..Way::default() };
    for gate in gates.iter().filter(|gate| !gate.action) {
        if let Completeness::Lacking(why) | Completeness::Stale(why) | Completeness::Halted(why) =
            &gate.evidence
        {
            way.prove.push((&gate.id, why));
        } else if gate.outcome == Outcome::Inconclusive {
            // A gap, or an exit code that the findings do not explain.
            way.prove.push((&gate.id, &gate.reason));
        }
    }
    Fixes::of(run, &gates).choose(run, &gates, &mut way);

    let mut denied: HashMap<&Text, Vec<&Finding>> = HashMap::new();
    for finding in run.findings.iter().filter(|finding| finding.decision == Decision::Deny) {
        denied.entry(&finding.gate).or_default().push(finding);
    }
    for gate in gates.iter().filter(|gate| !gate.action) {
        let is_secret = |finding: &&Finding| finding.category == Category::Secret;
        let denied = denied.get(&gate.id).filter(|denied| !denied.iter().any(is_secret));
        let settings = denied.map(|denied| settings(&gate.policy, denied)).unwrap_or_default();
        if !settings.is_empty() {
            way.settings.push((&gate.id, settings));
        }
    }
    if !run.over.is_empty() {
        let required = run_budget::required(&run.gates);
        let spent = run_budget::spent(&run.findings, &required);
        let enough = |(severity, most): (&Severity, &u64)| (*severity, spent.get(*severity).max(*most));
        way.max = Some(run.max.iter().map(enough).collect());
    }
    way
}

/// What the possible changes would remove from a run.
struct Fixes<'a> {
    /// Problems with several findings, and those that an upgrade removes, by the change.
    joined: Vec<Joined<'a>>,
    /// All other findings, by gate and severity: within one kind it does not matter which is removed. First
    /// those that have to go, then the others.
    alone: BTreeMap<(usize, Severity), [Vec<&'a Finding>; 2]>,
}

/// One change that removes several findings.
#[derive(Default)]
struct Joined<'a> {
    /// The latest version that fixes one of the problems, and the advice that names it.
    upgrade: Option<(Vec<u64>, &'a Text)>,
    /// By problem.
    findings: BTreeMap<&'a Text, Vec<&'a Finding>>,
    must: bool,
}

/// Changes that have the same effect.
#[derive(Default)]
struct Alike<'a> {
    joined: Vec<Joined<'a>>,
    alone: Vec<&'a Finding>,
}

/// What identifies an upgrade.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Upgraded<'a> {
    /// Ecosystem and name of the package.
    Package(&'a str, &'a str),
    /// The tool's advice for a target, without a version.
    Advice(&'a str, &'a str),
}

fn upgraded(finding: &Finding) -> Option<Upgraded<'_>> {
    let (package, fix) = (finding.package.as_ref()?, finding.fix.as_deref()?);
    match &package.fixed_version {
        _ if finding.category != Category::Vulnerability => None,
        Some(_) => Some(Upgraded::Package(package.ecosystem.as_deref().unwrap_or_default(), &package.name)),
        None if package.unfixed => None,
        None => Some(Upgraded::Advice(&finding.target, fix)),
    }
}

/// The change that removes a finding.
#[derive(PartialEq, Eq, Hash)]
enum Change<'a> {
    Upgrade(Upgraded<'a>),
    Problem(&'a Text),
}

impl<'a> Fixes<'a> {
    fn of(run: &'a Run, gates: &[&'a GateRecord]) -> Self {
        let place: HashMap<&Text, usize> = gates.iter().enumerate().map(|(n, gate)| (&gate.id, n)).collect();
        let required = run_budget::required(&run.gates);
        let counted = || run.findings.iter().filter(|finding| counts_for(finding, &required));
        // One change fixes a problem, even if only one of its tools names the fix.
        let mut of_problem: HashMap<&Text, Upgraded> = HashMap::new();
        for finding in counted() {
            if let (Some(problem), Some(upgrade)) = (&finding.problem, upgraded(finding)) {
                let known = of_problem.entry(problem).or_insert(upgrade);
                *known = upgrade.min(*known);
            }
        }
        let mut fixes = Fixes { joined: Vec::new(), alone: BTreeMap::new() };
        let mut at: HashMap<Change, usize> = HashMap::new();
        for finding in counted() {
            let Some(&gate) = place.get(&finding.gate) else { continue };
            let policy = &gates[gate].policy;
            let must = at_or_above(finding.severity, policy) || policy.conditions.raises(finding);
            let change = match &finding.problem {
                Some(problem) => match of_problem.get(problem) {
                    Some(upgrade) => Change::Upgrade(*upgrade),
                    None => Change::Problem(problem),
                },
                None => match upgraded(finding) {
                    Some(upgrade) => Change::Upgrade(upgrade),
                    None => {
                        let kinds = fixes.alone.entry((gate, finding.severity)).or_default();
                        kinds[usize::from(!must)].push(finding);
                        continue;
                    }
                },
            };
            let upgrade = matches!(change, Change::Upgrade(_));
            let joined = *at.entry(change).or_insert_with(|| {
                fixes.joined.push(Joined::default());
                fixes.joined.len() - 1
            });
            fixes.joined[joined].add(finding, upgrade, must);
        }
        fixes
    }

    /// Takes the changes that are necessary, then the fewest others that bring all gates within their
    /// budgets.
    fn choose(self, run: &'a Run, gates: &[&'a GateRecord], way: &mut Way<'a>) {
        let place: HashMap<&Text, usize> = gates.iter().enumerate().map(|(n, gate)| (&gate.id, n)).collect();
        let mut over = Over::of(run, gates);
        let (gone, rest): (Vec<Joined>, Vec<Joined>) =
            self.joined.into_iter().partition(|joined| joined.must);
        for joined in gone {
            over.less(&joined.takes(&place), 1);
            joined.add_to(way);
        }
        let mut left: BTreeMap<(usize, Severity), Vec<&Finding>> = BTreeMap::new();
        for ((gate, severity), [must, others]) in self.alone {
            over.less(&takes_alone(gate, severity), must.len() as u64);
            way.problems.extend(must);
            left.insert((gate, severity), others);
        }

        // The other changes: those with the same effect are of one kind.
        let needs: Vec<(Need, u64)> = over.0.into_iter().filter(|(_, over)| *over > 0).collect();
        let wanted: HashMap<Need, usize> =
            needs.iter().enumerate().map(|(n, (need, _))| (*need, n)).collect();
        let useful = |takes: Vec<(Need, u64)>| -> Vec<(usize, u64)> {
            let mut useful: Vec<(usize, u64)> =
                takes.into_iter().filter_map(|(need, n)| Some((*wanted.get(&need)?, n))).collect();
            useful.sort_unstable();
            useful
        };
        let mut kinds: BTreeMap<Vec<(usize, u64)>, Alike> = BTreeMap::new();
        for joined in rest {
            kinds.entry(useful(joined.takes(&place))).or_default().joined.push(joined);
        }
        for ((gate, severity), findings) in left {
            kinds.entry(useful(takes_alone(gate, severity))).or_default().alone.extend(findings);
        }
        kinds.retain(|takes, _| !takes.is_empty());
        let there = |kind: &Alike| (kind.joined.len() + kind.alone.len()) as u64;
        let list: Vec<Kind> =
            kinds.iter().map(|(takes, kind)| Kind { takes: takes.clone(), there: there(kind) }).collect();
        let needed: Vec<u64> = needs.iter().map(|(_, over)| *over).collect();
        let chosen = fewest(&needed, &list);
        way.proven = chosen.proven;
        for (Alike { mut joined, alone }, n) in kinds.into_values().zip(chosen.of) {
            let n = usize::try_from(n).unwrap_or(usize::MAX);
            // Prefer those that remove most findings.
            joined.sort_by_key(|joined| std::cmp::Reverse(joined.findings.len()));
            joined.truncate(n);
            way.problems.extend(alone.into_iter().take(n - joined.len()));
            joined.into_iter().for_each(|joined| joined.add_to(way));
        }
        way.upgrades.sort_by_key(|upgrade| std::cmp::Reverse(upgrade.problems.len()));
        way.problems.sort_by_key(|finding| std::cmp::Reverse(rank(finding.severity)));
    }
}

impl<'a> Joined<'a> {
    fn add(&mut self, finding: &'a Finding, upgrade: bool, must: bool) {
        self.must |= must;
        self.findings.entry(finding.problem.as_ref().unwrap_or(&finding.id)).or_default().push(finding);
        if let (Some(fix), true, Some(_)) = (&finding.fix, upgrade, upgraded(finding)) {
            let fixed = finding.package.as_ref().and_then(|package| package.fixed_version.as_deref());
            let version = numbers(fixed.unwrap_or_default());
            if self.upgrade.as_ref().is_none_or(|(known, _)| version > *known) {
                self.upgrade = Some((version, fix));
            }
        }
    }

    fn takes(&self, place: &HashMap<&Text, usize>) -> Vec<(Need, u64)> {
        let mut takes: BTreeMap<Need, u64> = BTreeMap::new();
        for problem in self.findings.values() {
            for finding in problem {
                let gate = place.get(&finding.gate).copied();
                *takes.entry(Need { gate, severity: finding.severity }).or_default() += 1;
            }
            let severities: HashSet<Severity> = problem.iter().map(|finding| finding.severity).collect();
            for severity in severities {
                *takes.entry(Need { gate: None, severity }).or_default() += 1;
            }
        }
        takes.into_iter().collect()
    }

    fn add_to(self, way: &mut Way<'a>) {
        let worst =
            |findings: Vec<&'a Finding>| findings.into_iter().max_by_key(|finding| rank(finding.severity));
        let problems: Vec<&Finding> = self.findings.into_values().filter_map(worst).collect();
        match self.upgrade {
            Some((_, advice)) => way.upgrades.push(Upgrade { advice, problems }),
            None => way.problems.extend(problems),
        }
    }
}

/// A number that is too high: of one severity, in a gate, or of problems in the whole run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Need {
    gate: Option<usize>,
    severity: Severity,
}

fn takes_alone(gate: usize, severity: Severity) -> Vec<(Need, u64)> {
    vec![(Need { gate: Some(gate), severity }, 1), (Need { gate: None, severity }, 1)]
}

/// How many of each have to go.
struct Over(BTreeMap<Need, u64>);

impl Over {
    fn of(run: &Run, gates: &[&GateRecord]) -> Self {
        let mut over = BTreeMap::new();
        let required = run_budget::required(&run.gates);
        let mut found: HashMap<&Text, Counts> = HashMap::new();
        for finding in run.findings.iter().filter(|finding| counts_for(finding, &required)) {
            found.entry(&finding.gate).or_default().add(finding.severity);
        }
        let mut present: HashMap<&Text, Counts> = HashMap::new();
        for finding in run.findings.iter().filter(|finding| finding.decision != Decision::Waive) {
            present.entry(&finding.gate).or_default().add(finding.severity);
        }
        for (place, gate) in gates.iter().enumerate() {
            let counts = found.get(&gate.id).copied().unwrap_or_default();
            let present = present.get(&gate.id).copied().unwrap_or_default();
            // A finding that reaches the threshold has to go, whatever the budget.
            for severity in Severity::ALL.into_iter().filter(|severity| !at_or_above(*severity, &gate.policy))
            {
                let by_max =
                    gate.policy.max.get(&severity).map(|most| counts.get(severity).saturating_sub(*most));
                let by_ratchet =
                    ratchet(severity, &gate.policy).map(|most| present.get(severity).saturating_sub(most));
                if let Some(most) = by_max.into_iter().chain(by_ratchet).max() {
                    over.insert(Need { gate: Some(place), severity }, most);
                }
            }
        }
        let spent = run_budget::spent(&run.findings, &required);
        for (severity, most) in &run.max {
            let need = Need { gate: None, severity: *severity };
            over.insert(need, spent.get(*severity).saturating_sub(*most));
        }
        Self(over)
    }

    fn less(&mut self, takes: &[(Need, u64)], times: u64) {
        for (need, n) in takes {
            if let Some(over) = self.0.get_mut(need) {
                *over = over.saturating_sub(n.saturating_mul(times));
            }
        }
    }
}

/// The numbers in a version, in their order, to compare versions: good enough for advice.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

/// The strictest settings that allow what is denied in a gate.
fn settings(policy: &Policy, denied: &[&Finding]) -> Vec<String> {
    let raised_by =
        |key| denied.iter().any(|finding| policy.conditions.raised_by(finding).any(|by| by == key));
    let (kev, epss) = (raised_by("fail_on_kev"), raised_by("epss_at_least"));
    let mut settings = Vec::new();
    settings.extend(kev.then(|| "fail_on_kev = false".to_owned()));
    settings.extend(epss.then(|| "no `epss_at_least`".to_owned()));
    // What counts with these settings: a raised finding may now pass for another reason.
    let relaxed = Conditions {
        fail_on_kev: policy.conditions.fail_on_kev && !kev,
        epss_at_least: policy.conditions.epss_at_least.filter(|_| !epss),
        ..policy.conditions.clone()
    };
    let mut counts = Counts::default();
    let counted = denied.iter().filter(|finding| {
        let known = finding.baseline && policy.new_only;
        !known && !matches!(relaxed.effect(finding), PolicyEffect::Lowered(_))
    });
    counted.for_each(|finding| counts.add(finding.severity));
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
    if policy.max.iter().any(|(severity, most)| counts.get(*severity) > *most) {
        let enough = |(severity, most): (&Severity, &u64)| {
            format!("{severity} = {}", counts.get(*severity).max(*most))
        };
        settings
            .push(format!("max = {{ {} }}", policy.max.iter().map(enough).collect::<Vec<_>>().join(", ")));
    }
    let ratchet = policy.no_worse_than.as_ref();
    if ratchet.is_some_and(|ratchet| Severity::ALL.iter().any(|s| counts.get(*s) > ratchet.counts.get(*s))) {
        settings.push("no `no_worse_than`".to_owned());
    }
    settings
}

#[cfg(test)]
mod tests;
