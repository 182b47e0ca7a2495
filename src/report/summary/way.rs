//! The way to pass: the smallest changes that would let production through.

use super::Look;
use crate::config::Mode;
use crate::record::Run;
use crate::remedy::{Remedy, budget, remedies};
use crate::{sanitise, table, text};

/// How many fixes of a gate are named.
const FIXES: usize = 4;

/// Where nothing blocks: for those who are told to stop, the findings say enough.
pub fn to_pass(run: &Run, look: Look) -> String {
    if run.mode != Mode::Lab || !run.would_block {
        return String::new();
    }
    let mut rows = table::plain(look.width);
    for remedy in remedies(run) {
        rows.add_row([remedy.gate.to_string(), words(&remedy)]);
    }
    if !run.over.is_empty() {
        let max: Vec<String> =
            budget(run).iter().map(|(severity, most)| format!("{severity} = {most}")).collect();
        rows.add_row([
            "all gates".to_owned(),
            format!("or, at the top of gates.toml: max = {{ {} }}", max.join(", ")),
        ]);
    }
    if rows.is_empty() {
        return String::new();
    }
    format!("\nWhat production would take\n\n{}\n", table::text(&rows))
}

fn words(remedy: &Remedy) -> String {
    let mut lines = Vec::new();
    lines.extend(remedy.prove.as_ref().map(|why| format!("proof: {}", sanitise::short(why, 300))));
    if remedy.problems > 0 {
        lines.push(format!("fix or waive {}", text::count(remedy.problems, "problem")));
        for (fix, n) in remedy.fixes.iter().take(FIXES) {
            let takes = if *n > 1 { format!(" (takes {n} away)") } else { String::new() };
            lines.push(format!("· {}{takes}", sanitise::short(fix, 200)));
        }
        if remedy.fixes.len() > FIXES {
            lines.push(format!("· and {} more fixes", remedy.fixes.len() - FIXES));
        }
        lines.push(format!("or set {}", remedy.settings.join(", ")));
    }
    lines.join("\n")
}
