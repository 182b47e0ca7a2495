//! cfn-lint: CloudFormation templates that would be refused, or should not have to be taken.
//!
//! Flags, exit codes and traps after `src/cfnlint/config.py` and `src/cfnlint/runner/` of
//! aws-cloudformation/cfn-lint 1.58.0, and runs of it.

mod report;
mod templates;

use std::collections::BTreeSet;

use crate::keys::table::Keys;
use crate::model::scope::{Scope, Unit};
use crate::policy::coverage::Coverage;
use crate::scan::config_file::BaseOverride;
use crate::scan::job::Job;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::tools::cfn_lint::templates::Wanted;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "cfn-lint",
    title: "cfn-lint",
    stage: "Infrastructure as code",
    program: "cfn-lint",
    version_args: &["--version"],
    version: VersionFrom::Asking,
    install: "pipx install cfn-lint",
    secret_fields: &[],
    // It reads none but AWS_REGION and AWS_DEFAULT_REGION: the region that templates are for.
    steering: &[],
    configure: |keys| Box::new(CfnLint::configure(keys)),
};

/// Bytes of file names that one command line may carry: far below what Linux takes (2 MiB).
const ARGUMENTS: usize = 1_000_000;

/// Its configuration, the first that is there (`_find_config`).
const CONFIG: [&str; 3] = [".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml"];

/// A configuration that says nothing, and keeps it from looking for others.
const NO_CONFIG: &str = "/dev/null";

fn take(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    const OPTION: &str = "--config-file";
    let named = job.args.iter().position(|arg| arg == OPTION).and_then(|at| job.args.get_mut(at + 1));
    match (named, copy) {
        (None, copy) => drop(job.options([OPTION, copy.unwrap_or(NO_CONFIG)])),
        (Some(named), Some(copy)) if named == NO_CONFIG => *named = copy.to_owned(),
        // Of several it reads the first.
        (Some(_), _) => {}
    }
    Ok(())
}

#[derive(Debug)]
struct CfnLint {
    dirs: Vec<String>,
    /// What to lint in each.
    files: Wanted,
}

impl CfnLint {
    fn configure(keys: &Keys) -> Self {
        Self { dirs: keys.texts_or("dirs", &["."]), files: Wanted::configure(keys) }
    }

    fn job(&self, scene: &Scene, dir: &str) -> Result<Option<Job>, Unplanned> {
        let mut job = scene.job_in_dir(SPEC.program, dir);
        let found = self.files.files(&job.cwd);
        // A folder that is not there is the runner's to tell.
        if found.is_empty() && job.cwd.is_dir() {
            return Ok(None);
        }
        if found.iter().map(|file| file.len() + 1).sum::<usize>() > ARGUMENTS {
            let why = format!(
                "{} templates in {dir} are too many for one run: name folders in `dirs`",
                found.len()
            );
            return Err(Unplanned::Impossible(why));
        }
        let report = job.report_file("cfn-lint.json");
        job.args(["--format", "json", "--output-file", &report]);
        // Each level has a bit of its own in the exit code; and the log names what was linted.
        job.args(["--non-zero-exit-code", "informational", "--info"]);
        job.end_of_options().args(found.iter().map(|file| templates::escaped(file)));
        for name in CONFIG {
            job.reads(job.cwd.join(name), BaseOverride::Take { neutral: None, take });
        }
        let paths = found.iter().map(|file| job.cwd.join(file));
        for template in paths.filter(|path| templates::speaks_of_cfn_lint(path)).collect::<Vec<_>>() {
            job.reads(template, BaseOverride::Tell);
        }
        job.because(match found.len() {
            1 => format!("the template in {dir}"),
            n => format!("the {n} templates in {dir}"),
        });
        job.planned.files = found;
        Ok(Some(job))
    }
}

impl Tool for CfnLint {
    fn coverage(&self) -> Vec<Coverage> {
        vec![Coverage::folders("dirs", &self.dirs), Coverage::exactly("files", self.files.words())]
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let mut jobs = Vec::new();
        for dir in &self.dirs {
            jobs.extend(self.job(scene, dir)?);
        }
        match (jobs.is_empty(), self.files.names_some()) {
            (false, _) => Ok(jobs),
            (true, false) => Err(Unplanned::NothingToDo("there is no CloudFormation template".to_owned())),
            // Who names files means that there are some.
            (true, true) => Err(Unplanned::Impossible("no file fits `files`".to_owned())),
        }
    }

    /// README "Exit Codes": the sum of 2 (errors), 4 (warnings) and 8 (informational).
    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Clean,
            2 | 4 | 6 | 8 | 10 | 12 | 14 => Exit::Findings,
            1 => Exit::Fault("usage or configuration error, or a crash"),
            _ => Exit::Fault("not a code of cfn-lint"),
        }
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let (mut parsed, said) = report::read(raw.report(), origin)?;
        let Some(exit) = raw.exit else {
            parsed.scope_untold = true;
            return Ok(parsed);
        };
        if exit != 0 && said.exit != 0 && said.exit != exit && self.exit(exit) == Exit::Findings {
            parsed
                .gaps
                .push(format!("exit code {exit} does not fit the levels in the report ({})", said.exit));
        }
        let log = raw.stderr_text();
        let linted: BTreeSet<&str> = log.lines().filter_map(linted).collect();
        parsed.scope = Scope::of(Unit::Files, linted.len() as u64);
        let given = raw.planned.map(|planned| planned.files.as_slice()).unwrap_or_default();
        let left_out =
            given.iter().filter(|file| !linted.contains(file.as_str()) && !said.unread.contains(*file));
        parsed.gaps.extend(left_out.map(|file| {
            format!("{} was not linted: does its configuration leave it out?", origin.relative(file))
        }));
        Ok(parsed)
    }

    fn error_line(&self, raw: &RawReport) -> Option<String> {
        let says = |line: &&str| line.chars().any(char::is_alphanumeric) && !line.contains(" - INFO - ");
        [&raw.stderr, &raw.stdout].into_iter().find_map(|stream| {
            let text = String::from_utf8_lossy(stream);
            let line = text.lines().rev().map(str::trim).find(says)?;
            Some(line.rsplit_once(" - ERROR - ").map_or(line, |(_, words)| words).to_owned())
        })
    }
}

/// The template that a line of the log says is linted (`_run_template_per_config`).
fn linted(line: &str) -> Option<&str> {
    line.split_once(" - INFO - Run scan of template ").map(|(_, file)| file)
}

#[cfg(test)]
mod tests;
