//! What else influenced the verdict, besides waivers: known findings, the policy's source, the scanners'
//! settings.

use std::io::{self, Write};

use crate::model::lock_status::LockStatus;
use crate::model::run::Run;
use crate::text::human;

use super::words::Safe;

pub(super) fn section(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<section aria-labelledby=\"policy\">\n<h2 id=\"policy\">Policy</h2>")?;
    known(run, out)?;
    policy(run, out)?;
    enrichment(run, out)?;
    settings(run, out)?;
    uncovered(run, out)?;
    writeln!(out, "</section>")
}

fn known(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let Some(known) = &run.known else { return Ok(()) };
    let there = run.findings.iter().filter(|finding| finding.baseline).count();
    writeln!(out, "<h3>Known before</h3>\n<ul>")?;
    write!(
        out,
        "<li><code>{}</code>: {there} of {} still there, {} gone",
        Safe(&known.from),
        human::count(known.findings, "finding"),
        known.gone
    )?;
    if let Some(commit) = &known.commit {
        write!(out, "; of commit <code>{}</code>", Safe(commit))?;
    }
    if let Some(written) = known.written {
        write!(out, "; written {written}")?;
    }
    writeln!(out, "</li>")?;
    items(&known.warnings, out)?;
    writeln!(out, "</ul>")
}

fn policy(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h3>Source of the policy</h3>")?;
    match &run.policy {
        None => writeln!(out, "<p>gates.toml of the work tree.</p>")?,
        Some(policy) => {
            writeln!(
                out,
                "<p>gates.toml of <code>{}</code>, commit <code>{}</code>. {}</p>\n<ul>",
                Safe(&policy.revision),
                Safe(&policy.from),
                match policy.loosened.is_empty() {
                    true => "The change would loosen nothing.",
                    false => "The change would loosen:",
                }
            )?;
            let loosened: Vec<String> = policy.loosened.iter().map(ToString::to_string).collect();
            items(&loosened, out)?;
            items(&policy.notes, out)?;
            writeln!(out, "</ul>")?;
        }
    }
    let lock = match run.lock {
        None => return Ok(()),
        Some(LockStatus::Locked) => "The tools are those of gates.lock.",
        Some(LockStatus::Unlocked) => "The tools are not locked: there is no gates.lock.",
        Some(LockStatus::Differs) => "At least one tool differs from gates.lock.",
    };
    writeln!(out, "<p>{lock}</p>")
}

fn enrichment(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let Some(enrichment) = &run.enrichment else { return Ok(()) };
    writeln!(out, "<h3>VEX, EPSS and KEV</h3>\n<ul>")?;
    for document in &enrichment.vex {
        let words = match &document.unused {
            Some(why) => format!("covers nothing: {why}"),
            None => format!("applies to {}", human::count(document.findings, "finding")),
        };
        writeln!(out, "<li>VEX <code>{}</code>: {}</li>", Safe(&document.document), Safe(&words))?;
    }
    for (what, file) in [("EPSS", &enrichment.epss), ("KEV", &enrichment.kev)] {
        let Some(file) = file else { continue };
        let age = human::count(u64::try_from(file.age_days).unwrap_or(0), "day");
        writeln!(
            out,
            "<li>{what} <code>{}</code> of {}, {age} old: {} vulnerabilities</li>",
            Safe(&file.file),
            file.date,
            file.vulnerabilities
        )?;
    }
    writeln!(out, "</ul>")
}

/// What no gate reads.
fn uncovered(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    if run.inputs.uncovered.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h3>Not covered by any gate</h3>\n<ul>")?;
    for of_kind in &run.inputs.uncovered {
        let heading = of_kind.words().unwrap_or_else(|| format!("{}: accepted", of_kind.kind.words()));
        writeln!(out, "<li>{}\n<ul>", Safe(&heading))?;
        for input in of_kind.inputs.iter().take(MOST) {
            let accepted = input.accepted.as_ref().map(|waiver| format!(", accepted by {waiver}"));
            let accepted = accepted.unwrap_or_default();
            writeln!(out, "<li><code>{}</code>{}</li>", Safe(&input.path), Safe(&accepted))?;
        }
        if let Some(more) = of_kind.inputs.len().checked_sub(MOST).filter(|more| *more > 0) {
            writeln!(out, "<li>… and {more} more in run.json</li>")?;
        }
        writeln!(out, "</ul>\n</li>")?;
    }
    writeln!(out, "</ul>")?;
    if !run.inputs.to_add.is_empty() {
        writeln!(out, "<p><code>portcullis init --add</code> would write:</p>\n<pre>")?;
        for line in &run.inputs.to_add {
            writeln!(out, "{}", Safe(line))?;
        }
        writeln!(out, "</pre>")?;
    }
    Ok(())
}

/// The most inputs of one kind that the page lists.
const MOST: usize = 200;

/// What marks in the source and the scanners' own configuration suppress.
fn settings(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let has_notes = |target: &crate::model::run::TargetRecord| {
        !(target.ignored.is_empty() && target.unread.is_empty() && target.notes.is_empty())
    };
    if !run.gates.iter().flat_map(|gate| &gate.targets).any(has_notes) {
        return Ok(());
    }
    writeln!(out, "<h3>The scanners' own settings</h3>\n<ul>")?;
    for gate in &run.gates {
        for target in gate.targets.iter().filter(|target| has_notes(target)) {
            let name = format!("{}, {}", gate.id, target.name);
            for (mark, n) in &target.ignored {
                let left = human::count(*n, "finding");
                writeln!(out, "<li>{}: {left} left out by <code>{}</code></li>", Safe(&name), Safe(mark))?;
            }
            for (why, n) in &target.unread {
                writeln!(
                    out,
                    "<li>{}: {} not read: {}</li>",
                    Safe(&name),
                    human::count(*n, "file"),
                    Safe(why)
                )?;
            }
            for note in &target.notes {
                writeln!(out, "<li>{}: {}</li>", Safe(&name), Safe(note))?;
            }
        }
    }
    writeln!(out, "</ul>")
}

fn items(words: &[String], out: &mut dyn Write) -> io::Result<()> {
    words.iter().try_for_each(|words| writeln!(out, "<li>{}</li>", Safe(words)))
}
