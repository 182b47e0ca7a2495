//! How to pass in production, as steps for a person: changes of one kind together, the most urgent first.

use std::collections::{BTreeMap, HashMap};

use crate::model::finding::{Category, Finding};
use crate::policy::remedy::{Upgrade, Way};
use crate::report::subject;
use crate::text::human::count;
use crate::text::sanitise;

/// Changes of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// `Replace 2 secrets, then remove them from the code`
    pub what: String,
    /// How many problems it removes; `None`: it gives proof.
    pub resolves: Option<usize>,
    /// Commands, places: the first few.
    pub details: Vec<String>,
}

/// The most details of a step.
const DETAILS: usize = 4;
/// An upgrade is a command to copy, so more of them are shown.
const UPGRADES: usize = 8;

/// What to do, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Secrets,
    /// A program makes the change: `eslint --fix`.
    Automatic,
    Tests,
    Code,
    Infrastructure,
    /// Vulnerabilities for which nobody names an upgrade.
    Unfixed,
    Licences,
}

/// The steps of a way.
pub(crate) fn steps(way: &Way) -> Vec<Step> {
    let mut kinds: BTreeMap<Kind, Vec<&Finding>> = BTreeMap::new();
    for finding in &way.problems {
        kinds.entry(kind(finding)).or_default().push(finding);
    }
    let proof = way.prove.iter().map(|(gate, why)| Step {
        what: format!("Get proof from {gate}"),
        resolves: None,
        details: vec![sanitise::short(why, 300)],
    });
    let secrets = kinds.remove(&Kind::Secrets).map(|findings| step(Kind::Secrets, &findings));
    let rest = kinds.iter().flat_map(|(kind, findings)| match kind {
        Kind::Automatic => automatic(findings),
        _ => vec![step(*kind, findings)],
    });
    proof.chain(secrets).chain(upgrades(&way.upgrades)).chain(rest).collect()
}

fn kind(finding: &Finding) -> Kind {
    match finding.category {
        Category::Secret => Kind::Secrets,
        Category::Vulnerability => Kind::Unfixed,
        Category::License => Kind::Licences,
        Category::Misconfiguration => Kind::Infrastructure,
        Category::Test => Kind::Tests,
        Category::Lint | Category::Type | Category::Sast | Category::Quality => match command(finding) {
            Some(_) => Kind::Automatic,
            None => Kind::Code,
        },
    }
}

/// The command that fixes it: of "`eslint --fix` fixes it".
fn command(finding: &Finding) -> Option<&str> {
    finding.fix.as_deref()?.strip_prefix('`')?.strip_suffix("` fixes it")
}

fn upgrades(upgrades: &[Upgrade]) -> Option<Step> {
    let detail = |upgrade: &Upgrade| {
        let fixes = match upgrade.problems.len() {
            1 => String::new(),
            n => format!(" (resolves {n})"),
        };
        let whose = upgrade.problems.first();
        // npm's advice does not always name the package.
        let named = whose.and_then(|finding| finding.package.as_ref());
        let unnamed = named.is_some_and(|package| !upgrade.advice.contains(&*package.name));
        let of = whose.filter(|_| unnamed).map(|finding| format!(" in {}", finding.target));
        format!("{}{}{fixes}", sanitise::short(upgrade.advice, 200), of.unwrap_or_default())
    };
    (!upgrades.is_empty()).then(|| Step {
        what: format!("Upgrade {}", count(upgrades.len() as u64, "package")),
        resolves: Some(upgrades.iter().map(|upgrade| upgrade.problems.len()).sum()),
        details: shortened(upgrades.iter().map(detail).collect(), UPGRADES, "upgrade"),
    })
}

/// A step for each command, with the folders of the targets in which to run it.
fn automatic(findings: &[&Finding]) -> Vec<Step> {
    let mut commands: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        commands.entry(command(finding).unwrap_or_default()).or_default().push(finding);
    }
    let step = |(command, findings): (&str, Vec<&Finding>)| {
        let mut targets: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in &findings {
            *targets.entry(&finding.target).or_default() += 1;
        }
        let detail = |(target, n): (&&str, &usize)| format!("in {}: {n}", sanitise::short(target, 200));
        Step {
            what: format!("Let `{command}` change {}", count(findings.len() as u64, "place")),
            resolves: Some(findings.len()),
            details: shortened(targets.iter().map(detail).collect(), DETAILS, "folder"),
        }
    };
    commands.into_iter().map(step).collect()
}

fn step(kind: Kind, findings: &[&Finding]) -> Step {
    let n = findings.len() as u64;
    let what = match kind {
        Kind::Secrets => format!("Replace {}, then remove what is in the code", count(n, "secret")),
        Kind::Tests => format!("Correct {}", count(n, "failed test")),
        Kind::Automatic | Kind::Code => format!("Correct {} of code", count(n, "line")),
        Kind::Infrastructure => format!("Fix, rate or waive {}", count(n, "infrastructure finding")),
        Kind::Unfixed if n == 1 => "Fix or waive 1 vulnerability".to_owned(),
        Kind::Unfixed => format!("Fix or waive {n} vulnerabilities"),
        Kind::Licences => format!("Replace or except {}", count(n, "package")),
    };
    let details = match kind {
        Kind::Secrets | Kind::Tests => {
            shortened(findings.iter().map(|one| named(one)).collect(), DETAILS, "place")
        }
        _ => grouped(findings),
    };
    Step { what, resolves: Some(findings.len()), details }
}

/// One rule in one folder is one detail, the largest first.
fn grouped(findings: &[&Finding]) -> Vec<String> {
    let mut at: HashMap<(&str, &str), usize> = HashMap::new();
    let mut groups: Vec<((&str, &str), Vec<&Finding>)> = Vec::new();
    for finding in findings {
        let key = (subject::rule(finding), folder(finding));
        let index = *at.entry(key).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[index].1.push(finding);
    }
    groups.sort_by_key(|(_, findings)| std::cmp::Reverse(findings.len()));
    let detail = |((rule, folder), findings): &((&str, &str), Vec<&Finding>)| match findings.as_slice() {
        [one] => named(one),
        all => sanitise::short(&format!("{rule} in {folder}: {}", all.len()), 200),
    };
    shortened(groups.iter().map(detail).collect(), DETAILS, "group")
}

/// The folder of its file, or its package or target.
fn folder(finding: &Finding) -> &str {
    match (&finding.package, &finding.location) {
        (Some(package), _) => &package.name,
        (None, Some(at)) => at.path.rsplit_once('/').map_or(".", |(folder, _)| folder),
        (None, None) => &finding.target,
    }
}

/// A place with the id, for `explain`, and what to do there.
fn named(finding: &Finding) -> String {
    let place = match (&finding.package, &finding.location) {
        (Some(package), _) => format!(" {}", subject::package(package)),
        (None, Some(_)) => format!(" {}", subject::place(finding)),
        (None, None) => String::new(),
    };
    let id = finding.id.get(..8).unwrap_or(&finding.id);
    // The step of secrets says what to do.
    let fix = finding.fix.as_deref().filter(|_| finding.category != Category::Secret);
    let fix = fix.map(|fix| format!(": {fix}")).unwrap_or_default();
    sanitise::short(&format!("{}{place} ({id}){fix}", subject::rule(finding)), 200)
}

fn shortened(mut details: Vec<String>, most: usize, thing: &str) -> Vec<String> {
    let more = details.len().saturating_sub(most);
    // A line that says "and 1 more" takes as much room as the one that it stands for.
    if more > 1 {
        details.truncate(most);
        details.push(format!("and {}", count(more as u64, &format!("more {thing}"))));
    }
    details
}

#[cfg(test)]
mod tests;
