//! The proof of each gate: what ran, how it ended, and what it wrote.

use std::io::{self, Write};

use crate::model::looked_at::{InputState, scanned_words};
use crate::model::run::{GateRecord, Run, TargetRecord};
use crate::report::subject;

use super::words::{Safe, outcome, time};

pub(super) fn section(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<section aria-labelledby=\"proof\">\n<h2 id=\"proof\">Proof</h2>")?;
    writeln!(
        out,
        "<p>A gate passes only with proof: its tool ran to its end and wrote a complete report.</p>"
    )?;
    run.gates.iter().try_for_each(|gate| of_gate(gate, out))?;
    writeln!(out, "</section>")
}

fn of_gate(gate: &GateRecord, out: &mut dyn Write) -> io::Result<()> {
    let version = gate.tool_version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
    writeln!(
        out,
        "<details class=\"gate\">\n<summary><h3>{} <span class=\"quiet\">{}{}</span></h3> {}</summary>",
        Safe(&gate.id),
        Safe(subject::tool_title(gate)),
        Safe(&version),
        outcome(gate.outcome)
    )?;
    writeln!(out, "<p>{}</p>", Safe(&gate.reason))?;
    if let Some(sha256) = &gate.tool_sha256 {
        writeln!(out, "<p>SHA-256 of the program: <code>{}</code></p>", Safe(sha256))?;
    }
    inputs(gate, out)?;
    gate.targets.iter().try_for_each(|target| of_target(target, out))?;
    writeln!(out, "</details>")
}

/// The most inputs that are listed.
const MOST: usize = 200;

/// What there was for it to look at; of inputs that were not scanned, each.
fn inputs(gate: &GateRecord, out: &mut dyn Write) -> io::Result<()> {
    let Some(words) = scanned_words(&gate.inputs) else { return Ok(()) };
    writeln!(out, "<p>{}</p>", Safe(&words))?;
    let is_listed = |state| matches!(state, InputState::Gap | InputState::Excluded);
    let listed = gate.inputs.iter().filter(|input| is_listed(input.state));
    writeln!(out, "<ul>")?;
    for input in listed.take(MOST) {
        writeln!(out, "<li><code>{}</code>: {}</li>", Safe(&input.path), Safe(&input.words()))?;
    }
    writeln!(out, "</ul>")
}

fn of_target(target: &TargetRecord, out: &mut dyn Write) -> io::Result<()> {
    let name = if matches!(&*target.name, "" | ".") { "The work tree" } else { &target.name };
    writeln!(out, "<h4>{}</h4>\n<dl>", Safe(name))?;
    if !target.command.is_empty() {
        code("Command", &target.command.join(" "), out)?;
        code("In folder", if target.cwd.is_empty() { "." } else { &target.cwd }, out)?;
    }
    if let Some(exit) = target.exit_code {
        code("Exit code", &exit.to_string(), out)?;
    }
    if target.tries > 1 {
        words("Tries", &target.tries.to_string(), out)?;
    }
    words("Took", &time(target.duration_ms), out)?;
    if !target.scope.is_empty() {
        words("Looked at", &target.scope.to_string(), out)?;
    }
    for (name, value) in [("Image", &target.image), ("Report", &target.report)] {
        value.iter().try_for_each(|value| code(name, value, out))?;
    }
    for (name, value) in [("Image id", &target.image_id), ("Image digest", &target.image_digest)] {
        value.iter().try_for_each(|value| code(name, value, out))?;
    }
    target.report_sha256.iter().try_for_each(|sha256| code("SHA-256 of the report", sha256, out))?;
    target.files.values().try_for_each(|file| code("File", file, out))?;
    target.outputs.iter().try_for_each(|(name, value)| code("Output", &format!("{name} = {value}"), out))?;
    target.advisories.iter().try_for_each(|age| words("Advisories", age, out))?;
    target.reason.iter().try_for_each(|reason| words("Reason", reason, out))?;
    if target.proof_lines().next().is_some() {
        writeln!(out, "<dt>Proof</dt>")?;
        target.proof_lines().try_for_each(|line| writeln!(out, "<dd>{}</dd>", Safe(line)))?;
    }
    for step in &target.steps {
        let end = match (step.exit_code, step.status) {
            (Some(exit), _) => format!(", exit code {exit}"),
            (None, Some(status)) => format!(", status {status}"),
            (None, None) => String::new(),
        };
        let words = format!("{} (×{}, {}{end})", step.did.join(" "), step.times, time(step.duration_ms));
        code("Step", &words, out)?;
    }
    writeln!(out, "</dl>")
}

fn code(name: &str, value: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<dt>{name}</dt><dd><code>{}</code></dd>", Safe(value))
}

fn words(name: &str, value: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<dt>{name}</dt><dd>{}</dd>", Safe(value))
}
