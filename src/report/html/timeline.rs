//! What ran at the same time, and the longest chain: from the target that ended last back to the one that
//! ended last before it began, and so on.

use std::collections::HashSet;
use std::io::{self, Write};

use crate::model::run::{GateRecord, Run, TargetRecord};
use crate::report::{chain, subject};
use crate::text::human;

use super::words::{Safe, time};

/// The most targets in the drawing. The longest are kept.
const DRAWN: usize = 150;

/// In units of the drawing: a row, the names on the left, the bars, and the whole width.
const ROW: usize = 24;
const NAMES: u64 = 260;
const BARS: u64 = 640;
const WIDTH: u64 = 1000;
/// The height of the axis at the top.
const TOP: usize = 28;

/// The most characters of a name that fit.
const NAME: usize = 34;

/// A target's name that is cut shorter is of no use.
const MEANINGFUL: usize = 8;

/// A target that took time.
struct Bar<'a> {
    gate: &'a GateRecord,
    target: &'a TargetRecord,
}

impl Bar<'_> {
    fn begin(&self) -> u64 {
        self.target.started_ms
    }

    fn end(&self) -> u64 {
        self.target.started_ms.saturating_add(self.target.duration_ms)
    }

    /// The name, cut so that the end of the target stays: that is where paths and images differ.
    fn short(&self) -> String {
        let name = self.name();
        let (length, gate) = (name.chars().count(), self.gate.id.chars().count() + ": ".len());
        // If too little of the target would stay, the end is cut as elsewhere.
        if length <= NAME || gate + MEANINGFUL > NAME {
            return subject::cut(&name, NAME).into_owned();
        }
        let tail = name.chars().skip(length - (NAME - gate - 1));
        format!("{}: …{}", self.gate.id, tail.collect::<String>())
    }

    /// The gate alone if the target is the whole work tree.
    fn name(&self) -> String {
        match &*self.target.name {
            "" | "." => self.gate.id.to_string(),
            name => format!("{}: {name}", self.gate.id),
        }
    }
}

pub(super) fn section(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<section aria-labelledby=\"time\">\n<h2 id=\"time\">Time</h2>")?;
    let of = |gate| move |target| Bar { gate, target };
    let mut bars: Vec<Bar> = run.gates.iter().flat_map(|gate| gate.targets.iter().map(of(gate))).collect();
    bars.retain(|bar| bar.target.duration_ms > 0);
    if bars.is_empty() {
        return writeln!(out, "<p>No program was run: there is nothing to draw.</p>\n</section>");
    }
    bars.sort_by_key(|bar| (bar.begin(), bar.end()));
    let times: Vec<(u64, u64)> = bars.iter().map(|bar| (bar.begin(), bar.end())).collect();
    let chain: HashSet<usize> = chain::longest(&times).into_iter().collect();
    let total = bars.iter().map(Bar::end).max().unwrap_or(1).max(1);
    let busy = bars.iter().fold(0, |sum: u64, bar| sum.saturating_add(bar.target.duration_ms));
    writeln!(
        out,
        "<p>{} of work in {}. The longest chain is marked with ◆: each began when the one before it had ended. The run gets faster only if these do.</p>",
        time(busy),
        time(total)
    )?;
    let drawn = drawn(&bars);
    picture(&bars, &drawn, &chain, total, out)?;
    if drawn.len() < bars.len() {
        let left = human::count((bars.len() - drawn.len()) as u64, "shorter one");
        writeln!(out, "<p>{left} not drawn; all are in the table.</p>")?;
    }
    table(&bars, &chain, out)?;
    writeln!(out, "</section>")
}

/// The indexes of the bars that are drawn, in order.
fn drawn(bars: &[Bar]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..bars.len()).collect();
    if places.len() > DRAWN {
        places.sort_by_key(|&at| std::cmp::Reverse(bars[at].target.duration_ms));
        places.truncate(DRAWN);
        places.sort_unstable();
    }
    places
}

fn picture(
    bars: &[Bar],
    drawn: &[usize],
    chain: &HashSet<usize>,
    total: u64,
    out: &mut dyn Write,
) -> io::Result<()> {
    let height = TOP + drawn.len() * ROW + 4;
    let x = |ms: u64| NAMES as f64 + ms as f64 * BARS as f64 / total as f64;
    writeln!(out, "<div class=\"wide\" role=\"region\" aria-label=\"Timeline\" tabindex=\"0\">")?;
    writeln!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-labelledby=\"timeline-title timeline-words\" font-size=\"13\" fill=\"currentColor\">"
    )?;
    writeln!(out, "<title id=\"timeline-title\">Timeline of the run</title>")?;
    writeln!(
        out,
        "<desc id=\"timeline-words\">One bar per target, from its begin to its end. The same times are in the table below.</desc>"
    )?;
    let step = step(total);
    for n in 0..=total / step {
        let at = x(n * step);
        writeln!(
            out,
            "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{height}\" stroke=\"#c0c4cc\"/><text x=\"{at:.1}\" y=\"18\" text-anchor=\"middle\" font-size=\"12\">{}</text>",
            tick(n * step, step)
        )?;
    }
    for (row, &at) in drawn.iter().enumerate() {
        let bar = &bars[at];
        let top = TOP + row * ROW;
        let in_chain = chain.contains(&at);
        let (mark, class) = if in_chain { ("◆ ", "bar chain") } else { ("", "bar") };
        let name = format!("{mark}{}", bar.short());
        let width = (x(bar.end()) - x(bar.begin())).max(2.0);
        writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text><rect class=\"{class}\" x=\"{:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"14\" rx=\"2\" fill=\"{}\"/><text x=\"{:.1}\" y=\"{}\" font-size=\"12\">{}</text>",
            NAMES - 10,
            top + 16,
            Safe(&name),
            x(bar.begin()),
            top + 5,
            if in_chain { "#1d4ed8" } else { "#7d8aa1" },
            x(bar.begin()) + width + 5.0,
            top + 16,
            time(bar.target.duration_ms)
        )?;
    }
    writeln!(out, "</svg>\n</div>")
}

/// The most lines of the axis, besides the first.
const LINES: u64 = 5;

/// Milliseconds from line to line of an axis of this length: a round number.
fn step(total: u64) -> u64 {
    const SECOND: u64 = 1_000;
    const MINUTE: u64 = 60 * SECOND;
    const STEPS: [u64; 18] = [
        10,
        20,
        50,
        100,
        200,
        500,
        SECOND,
        2 * SECOND,
        5 * SECOND,
        10 * SECOND,
        15 * SECOND,
        30 * SECOND,
        MINUTE,
        2 * MINUTE,
        5 * MINUTE,
        10 * MINUTE,
        30 * MINUTE,
        60 * MINUTE,
    ];
    let fits = |step: &u64| total / step <= LINES;
    STEPS.into_iter().find(fits).unwrap_or_else(|| (total / LINES).next_multiple_of(60 * MINUTE))
}

/// `0.20 s`, `20 s`, `1 m 30 s`: no more precise than the step.
fn tick(ms: u64, step: u64) -> String {
    let seconds = ms / 1_000;
    match (seconds / 60, seconds % 60) {
        _ if step < 1_000 => time(ms),
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} m"),
        (minutes, seconds) => format!("{minutes} m {seconds:02} s"),
    }
}

fn table(bars: &[Bar], chain: &HashSet<usize>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(TABLE.as_bytes())?;
    for (at, bar) in bars.iter().enumerate() {
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td></tr>",
            Safe(&bar.name()),
            time(bar.begin()),
            time(bar.end()),
            time(bar.target.duration_ms),
            if chain.contains(&at) { "◆ yes" } else { "no" }
        )?;
    }
    out.write_all(b"</tbody>\n</table>\n</div>\n</details>\n")
}

const TABLE: &str = r#"<details>
<summary>The times as a table</summary>
<div class="wide" role="region" aria-label="Table of times" tabindex="0">
<table>
<caption>When each target began and ended, after the start of the run</caption>
<thead><tr><th scope="col">Target</th><th scope="col" class="number">Began</th><th scope="col" class="number">Ended</th><th scope="col" class="number">Took</th><th scope="col">In the longest chain</th></tr></thead>
<tbody>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_has_few_lines_at_round_times() {
        let axis = |total| {
            let step = step(total);
            (0..=total / step).map(|n| tick(n * step, step)).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(axis(1), "0.00 s");
        assert_eq!(axis(950), "0.00 s, 0.20 s, 0.40 s, 0.60 s, 0.80 s");
        assert_eq!(axis(34_000), "0 s, 10 s, 20 s, 30 s");
        assert_eq!(axis(147_000), "0 s, 30 s, 1 m, 1 m 30 s, 2 m");
        for total in [59, 4_321, 600_000, 4_000_000, 90_000_000, u64::MAX] {
            assert!(total / step(total) <= LINES, "{total}");
        }
    }
}
