//! The way to pass: the fewest changes that would let production through, or the settings that would.

use std::fmt::Write;

use crate::model::finding::Finding;
use crate::model::run::Run;
use crate::model::verdict::Mode;
use crate::policy::remedy::{Way, way};
use crate::text::{human, sanitise, table};

use crate::system::terminal::Look;

/// How many upgrades, and how many other problems, are named.
const UPGRADES: usize = 8;
const PROBLEMS: usize = 4;

/// Where nothing blocks: for those who are told to stop, the findings say enough.
pub(super) fn to_pass(run: &Run, look: Look) -> String {
    if run.mode != Mode::Lab || !run.would_block {
        return String::new();
    }
    let way = way(run);
    let mut rows = table::plain(look.width);
    for (gate, why) in &way.prove {
        rows.add_row([gate.to_string(), format!("proof: {}", sanitise::short(why, 300))]);
    }
    let changes = changes(&way);
    let and = if way.prove.is_empty() { "" } else { "and " };
    if !changes.is_empty() {
        let n = human::count((way.upgrades.len() + way.problems.len()) as u64, "change");
        rows.add_row([format!("{and}{}{n}", if way.proven { "" } else { "about " }), changes]);
    }
    let settings = settings(&way);
    if !settings.is_empty() {
        rows.add_row(["or set".to_owned(), settings]);
    }
    if rows.is_empty() {
        return String::new();
    }
    format!("\nWhat production would take\n\n{}\n", table::text(&rows))
}

/// What to upgrade, and what else to fix or waive: a line each.
fn changes(way: &Way) -> String {
    let mut lines = Vec::new();
    for upgrade in way.upgrades.iter().take(UPGRADES) {
        let takes = match upgrade.problems.len() {
            1 => String::new(),
            n => format!(" (takes {n} problems away)"),
        };
        let whose = upgrade.problems.first().and_then(|finding| finding.package.as_ref());
        // npm's advice does not say of what.
        let whose = whose.filter(|package| !upgrade.advice.contains(&*package.name));
        let of = match (whose, upgrade.problems.first()) {
            (Some(_), Some(finding)) => format!(" in {}", finding.target),
            _ => String::new(),
        };
        lines.push(format!("{}{of}{takes}", sanitise::short(upgrade.advice, 200)));
    }
    if way.upgrades.len() > UPGRADES {
        lines.push(format!("and {} more upgrades", way.upgrades.len() - UPGRADES));
    }
    if !way.problems.is_empty() {
        let such = if way.problems.len() > PROBLEMS { ", such as" } else { ":" };
        lines.push(format!("fix or waive {}{such}", human::count(way.problems.len() as u64, "problem")));
        lines.extend(way.problems.iter().take(PROBLEMS).map(|finding| named(finding)));
    }
    lines.join("\n")
}

/// By what `explain` finds it.
fn named(finding: &Finding) -> String {
    let mut line = format!("· {}", finding.id);
    let place = finding.package.as_ref().map(|package| package.name.to_string());
    let place = place.or_else(|| finding.location.as_ref().map(ToString::to_string));
    let place = place.unwrap_or_else(|| finding.target.to_string());
    let _ = write!(line, " {} {place} [{}]", finding.rule, finding.gate);
    sanitise::short(&line, 200)
}

/// The settings of each gate, and at the top of gates.toml.
fn settings(way: &Way) -> String {
    let mut lines: Vec<String> =
        way.settings.iter().map(|(gate, settings)| format!("{gate}: {}", settings.join(", "))).collect();
    if let Some(max) = &way.max {
        let max: Vec<String> = max.iter().map(|(severity, most)| format!("{severity} = {most}")).collect();
        lines.push(format!("at the top: max = {{ {} }}", max.join(", ")));
    }
    lines.join("\n")
}
