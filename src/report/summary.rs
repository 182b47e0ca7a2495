//! The summary that a person reads in a terminal: one row per gate, what blocks, and the verdict.
//!
//! It can be read without colour: colour only repeats what the words say.

mod blocking;
mod enrichment;
mod gates;
mod known;
mod total;
mod trust;
mod waivers;
mod way;

use std::collections::HashSet;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::model::lock_status::LockStatus;
use crate::model::run::Run;
use crate::model::verdict::{Mode, Outcome, Verdict};
use crate::system::terminal::Look;
use crate::text::{human, sanitise};

use super::Written;
use super::chain;
use super::unlooked::{self, Unlooked};

/// The summary is never narrower than this.
const NARROWEST: u16 = 60;

/// The whole summary. `written` is where the reports are.
pub(crate) fn render(run: &Run, written: &Written, look: Look) -> String {
    let look = Look { width: look.width.max(NARROWEST), ..look };
    let mut page = String::new();
    page.push_str(&named(run, paint(&gates::lines(run, look), look), look));
    page.push_str(&blocking::blocking(run, written, look));
    page.push_str(&waivers::notes(run, look));
    page.push_str(&known::notes(run, look));
    page.push_str(&enrichment::notes(run, look));
    page.push_str(&trust::notes(run, look));
    page.push_str(&way::to_pass(run, look));
    let files: Vec<String> = written.files.iter().map(|file| format!("{}/{file}", written.folder)).collect();
    let files = if files.is_empty() { "none".to_owned() } else { files.join(", ") };
    let _ = writeln!(page, "\n{}", total::found(run));
    if let Some(words) = run.inputs.words() {
        let _ = writeln!(page, "Not covered by any gate: {words}");
        if !run.inputs.to_add.is_empty() {
            let _ = writeln!(page, "  `portcullis init --add` prints gates for it");
        }
    }
    if let Some(why) = run.inputs.not_there() {
        let _ = writeln!(page, "Not there to look at: {}", sanitise::short(&why, 300));
    }
    let _ = writeln!(page, "Reports: {files}");
    if let Some(words) = chain::words(run) {
        let _ = writeln!(page, "Time: {words}");
    }
    if run.lock == Some(LockStatus::Unlocked) {
        let _ = writeln!(page, "Tools: unlocked (`portcullis lock` pins them)");
    }
    if let Some(record) = written.of_record().filter(|_| is_cut(&page)) {
        let _ = writeln!(page, "Text that ends in … is complete in {record}");
    }
    page.push('\n');
    let mut page = fitted(&page, look);
    let _ = writeln!(page, "{}", coloured_verdict(run, &fitted(&verdict_words(run), look), look));
    page
}

/// Whether text was cut to fit. A list that was cut says so itself: `… and 7 more in run.json`.
fn is_cut(page: &str) -> bool {
    page.split('…').skip(1).any(|rest| !rest.starts_with(" and "))
}

/// The page with lines wrapped between words to fit the screen. Tables already fit.
fn fitted(page: &str, look: Look) -> String {
    if look.screen { human::wrapped(page, usize::from(look.width)) } else { page.to_owned() }
}

/// The verdict in one line.
pub(crate) fn verdict_line(run: &Run, look: Look) -> String {
    coloured_verdict(run, &verdict_words(run), look)
}

fn verdict_words(run: &Run) -> String {
    let word = run.verdict.as_str().to_uppercase();
    format!("Verdict: {word} ({}exit {}). {}", mode_words(run), run.exit_code, causes(run).join("; "))
}

fn coloured_verdict(run: &Run, words: &str, look: Look) -> String {
    let style = match run.verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Blocked => AnsiColor::Red,
        Verdict::Inconclusive => AnsiColor::Yellow,
    };
    if look.colour { coloured(words, style.on_default().bold()) } else { words.to_owned() }
}

/// What production would have done, in lab mode; empty in production.
pub(super) fn mode_words(run: &Run) -> &'static str {
    match (run.mode, run.would_block) {
        (Mode::Lab, true) => "lab mode: production would have stopped here, ",
        (Mode::Lab, false) => "lab mode: production would have passed, ",
        (Mode::Production, _) => "",
    }
}

/// The reasons of the verdict.
pub(super) fn causes(run: &Run) -> Vec<String> {
    let of = |outcome| -> Vec<&str> {
        let gates = run.gates.iter().filter(|gate| gate.required && gate.outcome == outcome);
        gates.map(|gate| &*gate.id).collect()
    };
    let lost = run.lost.then(|| "the result could not be written".to_owned());
    let (failed, inconclusive) = (of(Outcome::Failed), of(Outcome::Inconclusive));
    let unlooked: Vec<String> = unlooked::groups(run).iter().map(Unlooked::words).collect();
    let mut causes = Vec::new();
    causes.extend(lost);
    causes.extend(run.interrupted.as_ref().map(|signal| format!("interrupted by {signal}")));
    if !inconclusive.is_empty() {
        causes.push(format!("no proof from {}", inconclusive.join(", ")));
    }
    if !failed.is_empty() {
        causes.push(format!("failed: {}", failed.join(", ")));
    }
    causes.extend(run.over.iter().map(|over| format!("budget: {over}")));
    if run.inputs.required {
        causes.extend(run.inputs.words().map(|words| format!("not covered by any gate: {words}")));
        let unknown = run.inputs.not_there();
        causes.extend(unknown.map(|why| format!("nobody knows what there is to look at: {why}")));
    }
    if causes.is_empty() {
        let passed = match of(Outcome::Passed).len() {
            0 => "no required gate had anything to do".to_owned(),
            n => format!("{} passed", human::count(n as u64, "gate")),
        };
        causes.push([vec![passed], unlooked].concat().join(", "));
    } else if !unlooked.is_empty() {
        causes.push(unlooked.join(", "));
    }
    causes
}

/// The evidence of every gate, for `--verbose`.
pub(crate) fn proofs(run: &Run) -> String {
    let mut part = String::new();
    for gate in &run.gates {
        let version = gate.tool_version.as_deref().unwrap_or("version unknown");
        let _ = writeln!(part, "{} ({} {version}): {}", gate.id, gate.tool, gate.outcome);
        for target in &gate.targets {
            let _ = writeln!(part, "  {}: {}", target.name, sanitise::short(&target.command.join(" "), 2000));
            for line in target.proof_lines() {
                let _ = writeln!(part, "    {line}");
            }
            if let Some(reason) = &target.reason {
                let _ = writeln!(part, "    {reason}");
            }
        }
    }
    part + "\n"
}

/// Colours the marks and the severities at the beginning of lines. Widths do not change.
fn paint(page: &str, look: Look) -> String {
    if !look.colour {
        return page.to_owned();
    }
    let words = [
        ("✔", AnsiColor::Green.on_default().bold()),
        ("✘", AnsiColor::Red.on_default().bold()),
        ("?", AnsiColor::Yellow.on_default().bold()),
        ("-", AnsiColor::BrightBlack.on_default()),
        ("○", AnsiColor::BrightBlack.on_default()),
        ("critical", AnsiColor::Red.on_default().bold()),
        ("high", AnsiColor::Red.on_default()),
        ("medium", AnsiColor::Yellow.on_default()),
    ];
    let mut painted = page.to_owned();
    for (word, style) in words {
        painted = painted.replace(&format!("\n {word} "), &format!("\n {} ", coloured(word, style)));
    }
    painted
}

/// Makes the name of each gate bold, behind the mark of its row.
fn named(run: &Run, page: String, look: Look) -> String {
    if !look.colour {
        return page;
    }
    let ids: HashSet<&str> = run.gates.iter().map(|gate| &*gate.id).collect();
    let line = |line: &str| {
        let (mark, rest) = line.match_indices(' ').nth(1).map(|(at, _)| line.split_at(at + 1))?;
        let (id, end) = rest.split_once(' ')?;
        ids.contains(id).then(|| format!("{mark}{} {end}", coloured(id, Style::new().bold())))
    };
    page.split_inclusive('\n').map(|one| line(one).unwrap_or_else(|| one.to_owned())).collect()
}

fn coloured(text: &str, style: Style) -> String {
    format!("{}{text}{}", style.render(), style.render_reset())
}
