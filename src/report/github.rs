//! GitHub Actions: annotations as workflow commands on standard output, and the summary of the step.
//!
//! Everywhere else the commands of CI services are made harmless ([`crate::sanitise`]); these few lines are
//! Portcullis' own. What stands in them is encoded as GitHub's toolkit does it, so that no word from outside
//! can end one or begin another
//! (docs.github.com/actions/reference/workflows-and-actions/workflow-commands).

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::model::finding::{Decision, Finding};
use crate::model::run::{GateRecord, Run};
use crate::model::severity::{self, Severity};
use crate::model::verdict::{Mode, Outcome};
use crate::system::{terminal, variables};
use crate::text::{human, sanitise};

use super::markdown::{self, Room};
use super::{subject, worst};

/// Its name among the formats.
pub(crate) const NAME: &str = "github";

/// GitHub shows ten errors and ten warnings of a step.
const MOST: usize = 10;

/// A step's summary has a mebibyte, and is dropped whole where it has more.
const SUMMARY: usize = 1 << 20;

/// Problems of one list in the summary.
const SUMMARY_PROBLEMS: usize = 200;

/// Characters of a title and of a message.
const LONGEST_TITLE: usize = 200;
const LONGEST_MESSAGE: usize = 2_000;

/// One workflow command.
struct Annotation {
    level: &'static str,
    file: Option<String>,
    line: Option<u32>,
    title: String,
    message: String,
}

/// The file of the step's summary, where GitHub Actions runs the step and wants one.
fn summary_file() -> Option<PathBuf> {
    let file = variables::value("GITHUB_STEP_SUMMARY")?;
    runs_here().then(|| PathBuf::from(file))
}

/// Whether it is GitHub Actions that runs this.
pub(crate) fn runs_here() -> bool {
    variables::value("GITHUB_ACTIONS").is_some()
}

/// # Errors
/// When there is to be a summary, and its file can't be written.
pub(super) fn prepare() -> Result<()> {
    let Some(file) = summary_file() else { return Ok(()) };
    let opened = OpenOptions::new().append(true).create(true).open(&file);
    opened.map(drop).with_context(|| format!("the step's summary {} can't be written", file.display()))
}

/// Prints the annotations and appends the summary, where GitHub Actions runs the step.
///
/// # Errors
/// When the summary can't be written.
pub(super) fn tell(run: &Run) -> Result<()> {
    if !runs_here() {
        return Ok(());
    }
    // As with the summary in the terminal: a reader who is gone changes no verdict.
    let _ = terminal::hand_over(|out| annotations(run).iter().try_for_each(|one| one.write(out)));
    let Some(file) = summary_file() else { return Ok(()) };
    append(run, &file).with_context(|| format!("the step's summary {} can't be written", file.display()))
}

fn append(run: &Run, file: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(file)?;
    // Other commands of the step write to it, too.
    let taken = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let page = markdown::page(run, Room { bytes: SUMMARY.saturating_sub(taken), problems: SUMMARY_PROBLEMS });
    if taken.saturating_add(page.len()) < SUMMARY {
        file.write_all(format!("{page}\n").as_bytes())?;
    }
    Ok(())
}

/// What blocks is an error, or in lab mode a warning; so is a gate without proof. What does not block and is
/// no trifle is a warning. What GitHub would not show is counted.
fn annotations(run: &Run) -> Vec<Annotation> {
    let blocking = if run.mode == Mode::Lab { "warning" } else { "error" };
    let lacking = |required: bool| {
        run.gates
            .iter()
            .filter(move |gate| gate.outcome == Outcome::Inconclusive && gate.required == required)
    };
    let blocks = worst::blocks(run);
    let borne = || {
        run.findings.iter().filter(|finding| match finding.decision {
            Decision::Deny => !blocks(finding),
            Decision::Allow => {
                !finding.baseline && severity::rank(finding.severity) >= severity::rank(Severity::Unknown)
            }
            Decision::Waive => false,
        })
    };
    let mut all: Vec<Annotation> = lacking(true).map(|gate| of_gate(blocking, gate)).collect();
    all.extend(worst::first(worst::blocking(run), MOST).into_iter().map(|one| of_finding(blocking, one)));
    all.extend(lacking(false).map(|gate| of_gate("warning", gate)));
    all.extend(worst::first(borne(), MOST).into_iter().map(|one| of_finding("warning", one)));

    let gates = run.gates.iter().filter(|gate| gate.outcome == Outcome::Inconclusive).count();
    let total = gates + worst::blocking(run).count() + borne().count();
    let (mut errors, mut warnings) = (0, 0);
    all.retain(|one| {
        let shown = if one.level == "error" { &mut errors } else { &mut warnings };
        *shown += 1;
        *shown <= MOST
    });
    let left_out = total - all.len();
    if left_out > 0 {
        let message = format!(
            "{} not annotated: GitHub shows ten errors and ten warnings. All are in run.json.",
            human::count(left_out as u64, "finding")
        );
        all.push(Annotation {
            level: "notice",
            file: None,
            line: None,
            title: "Portcullis".to_owned(),
            message,
        });
    }
    all
}

fn of_gate(level: &'static str, gate: &GateRecord) -> Annotation {
    let title = format!("{}: inconclusive", gate.id);
    Annotation { level, file: None, line: None, title, message: gate.reason.clone() }
}

fn of_finding(level: &'static str, finding: &Finding) -> Annotation {
    Annotation {
        level,
        file: subject::known_file(finding).map(Cow::into_owned),
        line: subject::line(finding),
        title: format!("{} {}: {}", finding.severity, finding.gate, subject::rule(finding)),
        message: subject::words(finding),
    }
}

impl Annotation {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "::{} ", self.level)?;
        if let Some(file) = &self.file {
            write!(out, "file={},", property(file))?;
        }
        if let Some(line) = self.line {
            write!(out, "line={line},")?;
        }
        let title = subject::cut(&self.title, LONGEST_TITLE);
        let message = sanitise::lines(&self.message);
        writeln!(out, "title={}::{}", property(&title), data(&subject::cut(&message, LONGEST_MESSAGE)))
    }
}

/// The message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command.
fn property(text: &str) -> String {
    data(&sanitise::one_line(text)).replace(':', "%3A").replace(',', "%2C")
}
