//! The scanner: how it is started, and what its exit code means.

use std::borrow::Cow;

use crate::scan::procedure::Failure;
use crate::scan::procedure::StepContext;
use crate::scan::program::version_in;
use crate::scan::retry::transient_error;
use crate::scan::step::Output;

use super::answers::Scanned;
use super::procedure::{Analysis, Subject};

/// The variable from which the scanners read the token.
const TOKEN: &str = "SONAR_TOKEN";

impl Analysis {
    /// Runs the scanner. Its exit code says whether it has sent its analysis to the server. Only the
    /// server says how the quality gate went.
    pub(super) async fn scan(
        &self,
        context: &mut dyn StepContext,
        host: &str,
        subject: &Subject,
        token: &str,
    ) -> Result<Scanned, Failure> {
        // An existing file is from an earlier run.
        if let Err(error) = std::fs::remove_file(&self.task_file)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            let shown = self.shown(context);
            return Err(Failure::Unproven(format!("the old {shown} can't be removed: {error}")));
        }
        // A server that gates.toml names is in the job's command already.
        let server = self.host.is_none().then(|| format!("-Dsonar.host.url={host}"));
        let options = server.into_iter().chain(subject.properties.iter().cloned());
        let step = context.chief().options(options).env(TOKEN, token);
        let program = step.program().to_owned();
        context.tell(format!("{program} is analysing"));
        let output = context.run(step).await?;
        if !output.success() {
            let log = [end(&output.stdout), end(&output.stderr)].concat();
            let error_line = error_line_of(&output, &log);
            let meaning = match output.code {
                1 => " (internal error)",
                2 => " (usage or configuration error)",
                3 => " (the analysis failed)",
                _ => "",
            };
            let why = format!("{program} ended with exit code {}{meaning}: {error_line}", output.code);
            let passes = transient_error(&error_line).or_else(|| transient_error(&log)).is_some();
            return Err(if passes { Failure::Transient(why) } else { Failure::Unproven(why) });
        }
        if !self.task_file.exists() {
            return Err(Failure::Unproven(format!(
                "{program} succeeded but left no {}: nothing was analysed (is `sonar.scanner.skip` set? if the file is elsewhere, name it as `task_file`)",
                self.shown(context)
            )));
        }
        context.claim(&self.task_file, &self.shown(context))?;
        Ok(Scanned { program, version: scanner_version(&beginning(&output.stdout)) })
    }
}

/// How much of a log is read: a log can have any length.
const LOOKED_AT: usize = 64 << 10;

fn beginning(log: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(&log[..log.len().min(LOOKED_AT)])
}

fn end(log: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(&log[log.len().saturating_sub(LOOKED_AT)..])
}

/// The line with the error; advice follows it at the end of the scanner's log.
pub(super) fn error_line_of(output: &Output, log: &str) -> String {
    let advice = ["EXECUTION FAILURE", "Re-run ", "Error during SonarScanner", "switch to enable"];
    let errors = log.lines().filter_map(|line| line.split_once("ERROR"));
    let words = errors.map(|(_, words)| words.trim_start_matches([':', ']', ' ']).trim());
    let telling = |words: &&str| {
        words.chars().any(char::is_alphanumeric) && !advice.iter().any(|advice| words.contains(advice))
    };
    words.rev().find(telling).map_or_else(|| output.error_line(), str::to_owned)
}

/// The version that a scanner writes in its log: `SonarScanner CLI 6.2.1.4610`, `Version: 4.3.0`.
pub(super) fn scanner_version(log: &str) -> Option<String> {
    let line = log.lines().find_map(|line| {
        let (_, rest) = line.split_once("SonarScanner CLI ").or_else(|| line.split_once("Version: "))?;
        Some(rest)
    });
    line.or_else(|| log.lines().find_map(|line| Some(line.split_once("SonarScanner ")?.1)))
        .and_then(version_in)
}
