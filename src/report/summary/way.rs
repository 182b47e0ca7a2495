//! How to pass in production: the fewest changes that are needed, or the settings that would be enough.

use std::fmt::Write;

use crate::model::run::Run;
use crate::policy::remedy::{Way, way};
use crate::report::steps::steps;
use crate::system::terminal::Look;
use crate::text::columns::spread;
use crate::text::human;

/// From this many problems on, a baseline is worth it.
const MANY: usize = 10;

/// The columns before the details of a step.
const INDENT: usize = 4;

pub(super) fn to_pass(run: &Run, look: Look) -> String {
    if !run.would_block {
        return String::new();
    }
    let way = way(run);
    let width = usize::from(look.width);
    let mut part = String::new();
    for (n, step) in (1..).zip(steps(&way)) {
        let resolves = match step.resolves {
            Some(n) => format!("resolves {n}"),
            None => "gives proof".to_owned(),
        };
        let _ = writeln!(part, "{}", spread(&format!("{n:>2}  {}", step.what), &resolves, width));
        for detail in &step.details {
            let detail = human::wrapped(detail, width - INDENT);
            detail.lines().for_each(|line| {
                let _ = writeln!(part, "{:INDENT$}{line}", "");
            });
        }
    }
    let instead = instead(run, &way);
    if !instead.is_empty() {
        let also = if part.is_empty() { "" } else { "Or instead\n\n" };
        let _ = write!(part, "{}{also}", if part.is_empty() { "" } else { "\n" });
        for line in instead {
            let _ = writeln!(part, " {}", human::wrapped(&line, width - 1).replace('\n', "\n "));
        }
    }
    if part.is_empty() {
        return String::new();
    }
    let fewest = if way.proven { "" } else { ", perhaps with fewer changes" };
    format!("\nTo pass in production{fewest}\n\n{part}")
}

/// What lets the findings pass without a change of theirs. Of secrets there is no word: nobody should let them pass.
fn instead(run: &Run, way: &Way) -> Vec<String> {
    let mut lines = Vec::new();
    let n = way.problems.len() + way.upgrades.iter().map(|upgrade| upgrade.problems.len()).sum::<usize>();
    if n >= MANY && run.known.as_ref().is_none_or(|known| known.findings == 0) {
        lines.push(
            "accept today's findings: `portcullis baseline`, and `new_only = true`; then only new ones block"
                .to_owned(),
        );
    }
    let settings = way.settings.iter().map(|(gate, settings)| format!("{gate}: {}", settings.join(", ")));
    lines.extend(settings);
    if let Some(max) = &way.max {
        let max: Vec<String> = max.iter().map(|(severity, most)| format!("{severity} = {most}")).collect();
        lines.push(format!("at the top: max = {{ {} }}", max.join(", ")));
    }
    lines
}
