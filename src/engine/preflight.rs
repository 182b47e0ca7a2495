//! Questions right before a job: short commands, in the same folder and with the same environment, for
//! facts that its report does not contain.

use std::borrow::Cow;
use std::time::Instant;

use tokio::sync::watch;

use crate::scan::invocation::Program;
use crate::scan::preflight::PreflightQuestion;
use crate::scan::program::find;
use crate::scan::raw_report::Document;
use crate::system::process::{self, Capture, End, Launch, Stop};

/// The longest answer, in bytes: the names of a million files.
const LONGEST: u64 = 256 << 20;

/// The answers to a job's questions. A question that can't be asked, fails or has too long an answer
/// has no answer. Exit code 1 is an answer ("there is none", for git and similar programs).
pub(crate) async fn answers(
    questions: &[PreflightQuestion],
    job: &Launch<'_>,
    stop: &watch::Receiver<Stop>,
) -> Vec<Document<'static>> {
    let begun = Instant::now();
    let mut answers = Vec::new();
    for question in questions {
        let program = Program { name: question.program.clone(), near: Vec::new() };
        let Some(program) = find(&program, job.cwd) else { continue };
        let capture = |cap| Capture { path: None, cap };
        let launch = Launch {
            program: &program,
            args: &question.args,
            timeout: job.timeout.saturating_sub(begun.elapsed()),
            stdout: capture(LONGEST),
            stderr: capture(0),
            ..*job
        };
        let ended = process::run(launch, stop.clone()).await;
        if matches!(ended.end, End::Exited(0 | 1)) && !ended.stdout.cut && !ended.stdout.held {
            let bytes = Cow::Owned(ended.stdout.memory);
            answers.push(Document { name: question.name.to_owned(), bytes });
        }
    }
    answers
}
