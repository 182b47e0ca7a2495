//! Findings by severity and gate: bars, and the numbers beside them.

use std::io::{self, Write};

use crate::model::finding::Decision;
use crate::model::run::{GateRecord, Run};
use crate::model::severity::Severity;
use crate::report::subject;

use super::ByGate;
use super::words::{Safe, anchor};

/// Units of the drawing.
const ROW: usize = 28;
const NAMES: f64 = 220.0;
const BARS: f64 = 700.0;
const WIDTH: usize = 1000;
const TOP: usize = 4;

/// A part of a bar that is narrower has no number in it.
const ROOM: f64 = 34.0;

/// The most characters of a name that fit.
const NAME: usize = 30;

/// Colour, and that of words on it, where the style sheet is missing; the style sheet has those of both schemes.
fn colours(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Critical => ("#7f1d1d", "#ffffff"),
        Severity::High => ("#c2410c", "#ffffff"),
        Severity::Medium => ("#facc15", "#1c1917"),
        Severity::Low => ("#93c5fd", "#0b1f3a"),
        Severity::Info => ("#cbd5e1", "#0f172a"),
        Severity::Unknown => ("#6b21a8", "#ffffff"),
    }
}

/// Its first letter, by which a part of a bar is told without its colour.
fn letter(severity: Severity) -> &'static str {
    &severity.as_str()[..1]
}

pub(super) fn section(run: &Run, by_gate: &ByGate, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<section aria-labelledby=\"severities\">\n<h2 id=\"severities\">Findings by severity</h2>"
    )?;
    let gates: Vec<&GateRecord> = run.gates.iter().filter(|gate| gate.counts.total() > 0).collect();
    if gates.is_empty() {
        return writeln!(out, "<p>Nothing was found.</p>\n</section>");
    }
    picture(&gates, out)?;
    table(&gates, by_gate, out)?;
    writeln!(out, "</section>")
}

fn picture(gates: &[&GateRecord], out: &mut dyn Write) -> io::Result<()> {
    let most = gates.iter().map(|gate| gate.counts.total()).max().unwrap_or(1).max(1);
    let height = TOP + gates.len() * ROW + 4;
    writeln!(
        out,
        "<div class=\"wide\" role=\"region\" aria-label=\"Findings by severity and gate\" tabindex=\"0\">"
    )?;
    writeln!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-labelledby=\"bars-title bars-words\" font-size=\"13\" fill=\"currentColor\">"
    )?;
    writeln!(out, "<title id=\"bars-title\">Findings by severity and gate</title>")?;
    writeln!(
        out,
        "<desc id=\"bars-words\">A bar a gate, the worst severity first. The same numbers are in the table below.</desc>"
    )?;
    for (row, gate) in gates.iter().enumerate() {
        let top = TOP + row * ROW;
        write!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            NAMES - 10.0,
            top + 18,
            Safe(&subject::cut(&gate.id, NAME))
        )?;
        let mut left = NAMES;
        for severity in Severity::ALL {
            let n = gate.counts.get(severity);
            if n == 0 {
                continue;
            }
            let width = (n as f64 * BARS / most as f64).max(2.0);
            let (fill, words) = colours(severity);
            write!(
                out,
                "<rect class=\"fill-{severity}\" x=\"{left:.1}\" y=\"{}\" width=\"{:.1}\" height=\"20\" fill=\"{fill}\"/>",
                top + 3,
                (width - 1.5).max(1.0)
            )?;
            if width >= ROOM + 8.0 * n.ilog10() as f64 {
                write!(
                    out,
                    "<text class=\"on-{severity}\" x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" font-size=\"12\" fill=\"{words}\">{} {n}</text>",
                    left + width / 2.0,
                    top + 18,
                    letter(severity).to_uppercase()
                )?;
            }
            left += width;
        }
        writeln!(out, "<text x=\"{:.1}\" y=\"{}\">{}</text>", left + 6.0, top + 18, gate.counts.total())?;
    }
    writeln!(out, "</svg>\n</div>")?;
    let legend: Vec<String> = Severity::ALL
        .into_iter()
        .map(|severity| {
            let (fill, _) = colours(severity);
            let swatch = format!("<svg width=\"12\" height=\"12\" aria-hidden=\"true\"><rect class=\"fill-{severity}\" width=\"12\" height=\"12\" fill=\"{fill}\"/></svg>");
            format!("<li>{swatch} {}: {severity}</li>", letter(severity).to_uppercase())
        })
        .collect();
    writeln!(out, "<ul class=\"legend\">{}</ul>", legend.concat())
}

fn table(gates: &[&GateRecord], by_gate: &ByGate, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<div class=\"wide\" role=\"region\" aria-label=\"Table of findings by severity\" tabindex=\"0\">"
    )?;
    writeln!(
        out,
        "<table class=\"numbers\">\n<caption>Findings by severity, and what the policy made of them</caption>"
    )?;
    write!(out, "<thead><tr><th scope=\"col\">Gate</th>")?;
    for severity in Severity::ALL {
        write!(out, "<th scope=\"col\" class=\"number\">{severity}</th>")?;
    }
    for word in ["all", "denied", "allowed", "waived", "known before"] {
        write!(out, "<th scope=\"col\" class=\"number\">{word}</th>")?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    let mut sums = [0; 11];
    for gate in gates {
        let numbers = numbers(gate, by_gate);
        sums.iter_mut().zip(numbers).for_each(|(sum, n)| *sum += n);
        write!(
            out,
            "<tr><th scope=\"row\"><a href=\"#gate-{}\">{}</a></th>",
            anchor(&gate.id),
            Safe(&gate.id)
        )?;
        cells(numbers, out)?;
    }
    write!(out, "</tbody>\n<tfoot><tr><th scope=\"row\">all gates</th>")?;
    cells(sums, out)?;
    writeln!(out, "</tfoot>\n</table>\n</div>")
}

/// By severity, all, denied, allowed, waived, known before.
fn numbers(gate: &GateRecord, by_gate: &ByGate) -> [u64; 11] {
    let mut numbers = [0; 11];
    for (slot, severity) in numbers.iter_mut().zip(Severity::ALL) {
        *slot = gate.counts.get(severity);
    }
    numbers[6] = gate.counts.total();
    for finding in by_gate.get(&*gate.id).into_iter().flatten() {
        let slot = match finding.decision {
            Decision::Deny => 7,
            Decision::Allow => 8,
            Decision::Waive => 9,
        };
        numbers[slot] += 1;
        numbers[10] += u64::from(finding.baseline);
    }
    numbers
}

fn cells(numbers: [u64; 11], out: &mut dyn Write) -> io::Result<()> {
    for n in numbers {
        let class = if n == 0 { "number zero" } else { "number" };
        write!(out, "<td class=\"{class}\">{n}</td>")?;
    }
    writeln!(out, "</tr>")
}
