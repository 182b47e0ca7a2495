//! A row a gate.

use std::io::{self, Write};

use crate::model::run::{GateRecord, Run};
use crate::model::severity::Counts;
use crate::model::verdict::Outcome;
use crate::report::subject;

use super::words::{Safe, anchor, outcome, time};

pub(super) fn section(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(HEAD.as_bytes())?;
    run.gates.iter().try_for_each(|gate| row(gate, out))?;
    out.write_all(b"</tbody>\n</table>\n</div>\n</section>\n")
}

const HEAD: &str = r#"<section aria-labelledby="gates">
<h2 id="gates">Gates</h2>
<div class="wide" role="region" aria-label="Table of the gates" tabindex="0">
<table class="rows">
<caption>How each gate ended, in the order of gates.toml</caption>
<thead><tr><th scope="col">Gate</th><th scope="col">Outcome</th><th scope="col">Findings</th><th scope="col" class="number">Time</th><th scope="col">Reason</th></tr></thead>
<tbody>
"#;

fn row(gate: &GateRecord, out: &mut dyn Write) -> io::Result<()> {
    let advisory = if gate.required { "" } else { " <span class=\"note\">advisory</span>" };
    let action = if gate.action { " <span class=\"note\">action</span>" } else { "" };
    let cached = if gate.cached { " <span class=\"note\">from the cache</span>" } else { "" };
    // A command has no title but the gate's own name.
    let tool = match subject::tool_title(gate) {
        title if title == &*gate.id => String::new(),
        title => format!(" · {title}"),
    };
    write!(
        out,
        "<tr><th scope=\"row\"><a href=\"#gate-{}\">{}</a><br/><span class=\"quiet\">{}{}</span></th><td>{}{advisory}{action}{cached}</td><td>",
        anchor(&gate.id),
        Safe(&gate.id),
        Safe(&gate.stage),
        Safe(&tool),
        outcome(gate.outcome)
    )?;
    match (gate.outcome, gate.counts.total()) {
        // Nobody has looked: `none` would be more than is known.
        (Outcome::Inconclusive | Outcome::Skipped, 0) => write!(out, "none known")?,
        _ => counts(&gate.counts, out)?,
    }
    write!(out, "</td><td class=\"number\">{}</td><td>{}", time(gate.duration_ms), Safe(&gate.reason))?;
    if !gate.scope.is_empty() {
        write!(out, "<br/><span class=\"quiet\">looked at {}</span>", Safe(&gate.scope.to_string()))?;
    }
    if let Some(overridden) = &gate.overridden {
        write!(out, "<br/><span class=\"quiet\">lab mode let it act: {}</span>", Safe(overridden))?;
    }
    writeln!(out, "</td></tr>")
}

/// `2 critical, 1 low`
pub(super) fn counts(counts: &Counts, out: &mut dyn Write) -> io::Result<()> {
    let words = subject::counts(counts);
    let marked = words.iter().map(|word| format!("<span class=\"count\">{word}</span>"));
    let words = if counts.total() == 0 { words } else { marked.collect() };
    write!(out, "{}", words.join(", "))
}
