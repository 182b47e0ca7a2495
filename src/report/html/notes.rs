//! What bent the judgement besides waivers: what was known before, whose policy it was, the scanners' own settings.

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
    writeln!(out, "<h3>Whose policy</h3>")?;
    match &run.policy {
        None => writeln!(out, "<p>The work tree's own gates.toml.</p>")?,
        Some(policy) => {
            writeln!(
                out,
                "<p>That of <code>{}</code>, commit <code>{}</code>. {}</p>\n<ul>",
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
        Some(LockStatus::Locked) => "Tools are those of gates.lock.",
        Some(LockStatus::Unlocked) => "Tools are not locked: there is no gates.lock.",
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
            None => format!("the last word on {}", human::count(document.findings, "finding")),
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

/// What marks in the source and the scanners' own configuration keep from being seen.
fn settings(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let tells =
        |target: &crate::model::run::TargetRecord| !target.ignored.is_empty() || !target.notes.is_empty();
    if !run.gates.iter().flat_map(|gate| &gate.targets).any(tells) {
        return Ok(());
    }
    writeln!(out, "<h3>The scanners' own settings</h3>\n<ul>")?;
    for gate in &run.gates {
        for target in gate.targets.iter().filter(|target| tells(target)) {
            let name = format!("{}, {}", gate.id, target.name);
            for (mark, n) in &target.ignored {
                let left = human::count(*n, "finding");
                writeln!(out, "<li>{}: {left} left out by <code>{}</code></li>", Safe(&name), Safe(mark))?;
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
