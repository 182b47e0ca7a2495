//! The findings, foldable by gate, the worst first.

use std::io::{self, Write};

use crate::model::finding::{Decision, Finding};
use crate::model::run::{GateRecord, Run};
use crate::model::verdict::Outcome;
use crate::report::subject::{self, Covers};
use crate::report::worst;
use crate::text::human;

use super::ByGate;
use super::words::{Marked, Safe, anchor, decision, outcome, severity};

/// A gate that blocks is open where no more than so many are in it.
const OPEN: usize = 50;

/// Where there are more, they stand in lists of so many. The browser lays out those that are on the screen; to watch each
/// finding for that would cost it more than it spares.
const PART: usize = 20;

/// How many references of a finding are linked.
const LINKS: usize = 5;

/// Takes the lists of `by_gate` one by one.
pub(super) fn section(run: &Run, by_gate: &mut ByGate, limit: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings</h2>")?;
    if run.findings.is_empty() {
        writeln!(out, "<p>Nothing was found.</p>")?;
    }
    let reasons = Covers::of(run);
    for gate in &run.gates {
        of_gate(&reasons, gate, by_gate.remove(&*gate.id).unwrap_or_default(), limit, out)?;
    }
    writeln!(out, "</section>")
}

fn of_gate(
    reasons: &Covers<'_>,
    gate: &GateRecord,
    findings: Vec<&Finding>,
    limit: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let all = findings.len();
    let denied =
        |findings: &[&Finding]| findings.iter().filter(|finding| finding.decision == Decision::Deny).count();
    let blocking = denied(&findings);
    let found = match (gate.outcome, blocking) {
        (Outcome::Inconclusive | Outcome::Skipped, _) if all == 0 => "none known".to_owned(),
        (_, 0) => human::count(all as u64, "finding"),
        _ => format!("{}, {blocking} denied", human::count(all as u64, "finding")),
    };
    let heading =
        format!("<h3>{} <span class=\"quiet\">{found}</span></h3> {}", Safe(&gate.id), outcome(gate.outcome));
    let id = anchor(&gate.id);
    if all == 0 {
        return writeln!(out, "<div class=\"gate\" id=\"gate-{id}\">{heading}</div>");
    }
    let open = if blocking > 0 && all <= OPEN { " open=\"open\"" } else { "" };
    writeln!(out, "<details class=\"gate\" id=\"gate-{id}\"{open}>\n<summary>{heading}</summary>")?;
    let shown = worst::first(findings.into_iter(), limit);
    if shown.len() < all {
        let left = human::count((all - shown.len()) as u64, "finding");
        writeln!(
            out,
            "<p class=\"left-out\">The {} worst. {left} not on this page (limit = {limit}), {} of them denied; all are in <code>run.json</code>.</p>",
            shown.len(),
            blocking - denied(&shown)
        )?;
    }
    let (class, length) = if shown.len() > OPEN { ("findings part", PART) } else { ("findings", OPEN) };
    for part in shown.chunks(length) {
        writeln!(out, "<ol class=\"{class}\">")?;
        part.iter().try_for_each(|finding| item(reasons, gate, finding, out))?;
        writeln!(out, "</ol>")?;
    }
    writeln!(out, "</details>")
}

/// In one line: each line end would be a node of the page, and there are thousands of findings.
fn item(reasons: &Covers<'_>, gate: &GateRecord, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<li><h4>{} <bdi>{}</bdi></h4>", severity(finding.severity), Safe(&finding.title))?;
    if !finding.message.is_empty() && finding.message != finding.title {
        write!(out, "<p>{}</p>", Safe(&finding.message))?;
    }
    write!(out, "<dl>")?;
    code("Where", Some(&place(finding)), out)?;
    if let Some(package) = &finding.package {
        code("Package", Some(&subject::package(package)), out)?;
    }
    code("Resource", finding.resource.as_deref(), out)?;
    // One row: of very many findings each element counts.
    code("Rule, id", Some(&format!("{} · {}", subject::rule(finding), finding.id)), out)?;
    if let Some(fix) = &finding.fix {
        write!(out, "<dt>Fix</dt><dd>{}</dd>", Marked(fix))?;
    }
    let word = decision(finding);
    // The name of a waiver has a row of its own.
    let because = match (finding.decision, &finding.waiver) {
        (Decision::Waive, Some(_)) => &reasons.cover(finding).1,
        _ => &finding.because,
    };
    let passes_as_known = finding.decision == Decision::Allow && gate.policy.passes_as_known(finding);
    let known =
        if !finding.baseline || passes_as_known { "" } else { " <span class=\"note\">known before</span>" };
    write!(
        out,
        "<dt>Decision</dt><dd><span class=\"decision {word}\">{word}:</span> {}{known}</dd>",
        Safe(because)
    )?;
    code("Waiver", finding.waiver.as_deref(), out)?;
    if let Some(problem) = &finding.problem {
        let tools = finding.seen_by.join(", ");
        write!(
            out,
            "<dt>One problem</dt><dd><code>{}</code>, of which more than one finding tells; seen by {}</dd>",
            Safe(problem),
            Safe(&tools)
        )?;
    }
    if let Some(score) = finding.cvss.as_ref().and_then(|cvss| cvss.score) {
        write!(out, "<dt>CVSS</dt><dd>{score:.1}</dd>")?;
    }
    links(finding, out)?;
    writeln!(out, "</dl></li>")
}

/// File and line, and the target where that says more.
fn place(finding: &Finding) -> String {
    let place = subject::place(finding);
    match &*finding.target {
        "" | "." => place,
        target if place.starts_with(target) => place,
        target => format!("{place} in {target}"),
    }
}

fn code(name: &str, value: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    match value {
        Some(value) if !value.is_empty() => {
            write!(out, "<dt>{name}</dt><dd class=\"code\">{}</dd>", Safe(value))
        }
        _ => Ok(()),
    }
}

/// References that are web addresses; they are the only addresses on the page.
fn links(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let mut links = subject::links(finding).take(LINKS).peekable();
    if links.peek().is_none() {
        return Ok(());
    }
    write!(out, "<dt>See</dt>")?;
    links.try_for_each(|link| {
        write!(out, "<dd><a href=\"{0}\" rel=\"noopener noreferrer\">{0}</a></dd>", Safe(link))
    })
}
