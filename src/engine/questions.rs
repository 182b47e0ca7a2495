//! Questions right before a job, and right after it: short commands, in the same folder and with the same environment, for
//! facts that its report does not contain.

use std::borrow::Cow;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::scan::invocation::Program;
use crate::scan::procedure::read_text;
use crate::scan::program::find;
use crate::scan::questions::{About, ClosingQuestion, PreflightQuestion};
use crate::scan::raw_report::Document;
use crate::system::process::{self, Capture, End, Launch, Stop};

/// The longest answer, in bytes: the names of a million files.
const LONGEST: u64 = 256 << 20;

/// The longest answer to a closing question: what an engine knows of one image.
const LONGEST_OF_ONE: u64 = 4 << 20;

/// The time for a closing question: the engine has just built the image that it is asked about.
const CLOSING_TIME: Duration = Duration::from_secs(30);

/// The answers to a job's questions. A question that can't be asked, fails or has too long an answer
/// has no answer. Exit code 1 is an answer ("there is none", for git and similar programs).
pub(crate) async fn before(
    questions: &[PreflightQuestion],
    job: &Launch<'_>,
    stop: &watch::Receiver<Stop>,
) -> Vec<Document<'static>> {
    let begun = Instant::now();
    let mut answers = Vec::new();
    for question in questions {
        let program = Program { name: question.program.clone(), near: Vec::new() };
        let Some(program) = find(&program, job.cwd) else { continue };
        let timeout = job.timeout.saturating_sub(begun.elapsed());
        let launch = Launch { program: &program, args: &question.args, timeout, ..silent(job, LONGEST) };
        answers.extend(ask(question.name, launch, stop).await);
    }
    answers
}

/// The answers of the job's own program, after it has ended. `folder`: where its reports are.
pub(crate) async fn after(
    questions: &[ClosingQuestion],
    job: &Launch<'_>,
    folder: &Path,
    stop: &watch::Receiver<Stop>,
) -> Vec<Document<'static>> {
    let mut answers = Vec::new();
    for question in questions {
        let about = match &question.about {
            // A program may have left a pipe there, which would be waited for.
            About::Report(name) => read_text(&folder.join(name), name).ok(),
            About::Name(name) => Some(name.clone()),
        };
        let Some(about) = about else { continue };
        let args: Vec<String> = question.args.iter().cloned().chain([about.trim().to_owned()]).collect();
        let timeout = job.timeout.min(CLOSING_TIME);
        let launch = Launch { args: &args, timeout, ..silent(job, LONGEST_OF_ONE) };
        answers.extend(ask(question.name, launch, stop).await);
    }
    answers
}

/// The same start, with so much of the output in memory.
fn silent<'a>(job: &Launch<'a>, most: u64) -> Launch<'a> {
    let capture = |cap| Capture { path: None, cap };
    Launch { stdout: capture(most), stderr: capture(0), ..*job }
}

async fn ask(name: &str, launch: Launch<'_>, stop: &watch::Receiver<Stop>) -> Option<Document<'static>> {
    let ended = process::run(launch, stop.clone()).await;
    let whole = !ended.stdout.cut && !ended.stdout.held;
    let bytes = Cow::Owned(ended.stdout.memory);
    (whole && matches!(ended.end, End::Exited(0 | 1))).then(|| Document { name: name.to_owned(), bytes })
}
