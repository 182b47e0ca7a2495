//! cfn-lint: errors and bad practice in CloudFormation templates.
//!
//! Flags, exit codes and pitfalls are taken from `src/cfnlint/config.py` and `src/cfnlint/runner/` of
//! aws-cloudformation/cfn-lint 1.58.0, and from runs of it.

mod report;
mod templates;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::keys::table::Keys;
use crate::model::aim::Aim;
use crate::model::input::InputKind;
use crate::model::scope::{Scope, Unit};
use crate::policy::coverage::Coverage;
use crate::scan::config_file::{BaseOverride, ConfigFile, ConfigNote};
use crate::scan::declared::Declared;
use crate::scan::job::Job;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::reads::{Reach, Reads};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, dirs, tops};
use crate::scan::survey::{Judge, Survey, Unnamed};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::tools::cfn_lint::templates::Wanted;
use crate::tools::named_files::{NAMED, yaml_config, yaml_names};
use crate::tools::python_crash;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "cfn-lint",
    title: "cfn-lint",
    stage: "Infrastructure as code",
    usual_seconds: 15,
    program: "cfn-lint",
    version_args: &["--version"],
    version: VersionFrom::Asking,
    docs: "docs/configuration.md#cfn-lint",
    install: "pipx install cfn-lint",
    secret_fields: Declared::None("its messages name rules and properties, and hold no source text"),
    // It reads only AWS_REGION and AWS_DEFAULT_REGION: the region that templates are for.
    steering: &[],
    looks_for: Declared::List(&[Aim::Misconfigurations]),
    config_files: Declared::List(&[&CONFIG[0], &CONFIG[1], &CONFIG[2], &TEMPLATE, &NAMED]),
    init: suggest,
    configure: |keys| Box::new(CfnLint::configure(keys)),
};

fn suggest(seen: &Seen) -> Suggestion {
    let folders = tops(&seen.folders(InputKind::CloudFormation));
    Suggestion::of_some(!folders.is_empty(), || {
        let comment = "Errors and bad practice in CloudFormation templates.";
        SuggestedGate::new("cloudformation", comment, dirs(&folders))
    })
}

/// Bytes of file names that one command line may have: far below the limit of Linux (2 MiB).
const ARGUMENTS: usize = 1_000_000;

/// Its configuration: it reads the first of these files that exists (`_find_config`).
static CONFIG: [ConfigFile; 3] = [
    yaml_config(".cfnlintrc", take, named),
    yaml_config(".cfnlintrc.yaml", take, named),
    yaml_config(".cfnlintrc.yml", take, named),
];

/// The keys whose values are files.
fn named(content: &[u8]) -> Vec<String> {
    yaml_names(content, &["append_rules", "custom_rules", "override_spec"])
}

/// A template whose `Metadata` can say what cfn-lint ignores in it.
static TEMPLATE: ConfigFile = ConfigFile {
    name: "templates",
    describe: describe_template,
    overrule: BaseOverride::Tell,
    bars: None,
    programs: None,
    part: None,
    follows: None,
};

fn describe_template(content: &[u8]) -> Option<ConfigNote> {
    let text = String::from_utf8_lossy(content);
    let ignores = text.contains("cfn-lint") && text.contains("ignore_checks");
    ignores.then(|| ConfigNote::Holds(vec!["cfn-lint: ignore_checks".to_owned()]))
}

/// An empty configuration. With it cfn-lint does not look for another.
const NO_CONFIG: &str = "/dev/null";

fn take(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    const OPTION: &str = "--config-file";
    let named = job
        .invocation
        .args
        .iter()
        .position(|arg| arg == OPTION)
        .and_then(|at| job.invocation.args.get_mut(at + 1));
    match (named, copy) {
        (None, copy) => drop(job.options([OPTION, copy.unwrap_or(NO_CONFIG)])),
        (Some(named), Some(copy)) if named == NO_CONFIG => *named = copy.to_owned(),
        // Of several files it reads the first.
        (Some(_), _) => {}
    }
    Ok(())
}

#[derive(Debug, Serialize)]
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
        if !job.invocation.cwd.starts_with(&scene.repo.root) {
            let why = format!("{dir} lies outside of the repository, whose templates are listed");
            return Err(Unplanned::Impossible(why));
        }
        let found = self.files.files(scene, dir);
        // The runner reports a folder that does not exist.
        if found.is_empty() && job.invocation.cwd.is_dir() {
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
        // Each level has its own bit in the exit code, and the log names what was linted.
        job.args(["--non-zero-exit-code", "informational", "--info"]);
        job.end_of_options().args(found.iter().map(|file| templates::escaped(file)));
        for file in &CONFIG {
            job.reads(job.invocation.cwd.join(file.name), file);
        }
        let paths = found.iter().map(|file| job.invocation.cwd.join(file));
        for template in paths.filter(|path| templates::speaks_of_cfn_lint(path)).collect::<Vec<_>>() {
            job.reads(template, &TEMPLATE);
        }
        job.because(match found.len() {
            1 => format!("the template in {dir}"),
            n => format!("the {n} templates in {dir}"),
        });
        job.planned.files = found;
        Ok(Some(job))
    }
}

/// Options after which it checks less (`cfn-lint --help`, 1.40).
const NARROWING: &[&str] = &[
    "--config-file",
    "--ignore-bad-template",
    "--ignore-checks",
    "-i",
    "--ignore-templates",
    "--override-spec",
    "-o",
    "--regions",
    "-r",
];

impl Tool for CfnLint {
    fn reads(&self) -> Vec<Reads> {
        vec![Reads::new([InputKind::CloudFormation, InputKind::Sam], &self.dirs, Reach::BelowNamed)]
    }

    fn unnamed<'a>(&'a self, survey: &'a Survey<'a>) -> Judge<'a> {
        let dirs: Vec<String> = self.dirs.iter().map(|dir| survey.place_of(dir)).collect();
        Box::new(move |_, path| {
            let inside = |dir: &String| match dir.as_str() {
                "." => Some(path),
                dir => path.strip_prefix(dir)?.strip_prefix('/'),
            };
            match dirs.iter().filter_map(inside).any(|file| self.files.has(file)) {
                true => Unnamed::Gap(None),
                false => Unnamed::Excluded("by `files` of the gate".into()),
            }
        })
    }

    fn reads_inputs(&self) -> bool {
        true
    }

    fn coverage(&self) -> Vec<Coverage> {
        vec![Coverage::folders("dirs", &self.dirs), Coverage::exactly("files", self.files.words())]
    }

    fn narrowing_options(&self) -> &'static [&'static str] {
        NARROWING
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let mut jobs = Vec::new();
        for dir in &self.dirs {
            jobs.extend(self.job(scene, dir)?);
        }
        match (jobs.is_empty(), self.files.names_some()) {
            (false, _) => Ok(jobs),
            (true, false) => Err(Unplanned::NothingToDo("there is no CloudFormation template".to_owned())),
            // A user who names files expects some.
            (true, true) => Err(Unplanned::Impossible("no file matches `files`".to_owned())),
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
        let (mut parsed, facts) = report::read(raw.report(), origin)?;
        let Some(exit) = raw.exit else {
            parsed.scope_unreported = true;
            return Ok(parsed);
        };
        if exit != 0 && facts.exit != 0 && facts.exit != exit && self.exit(exit) == Exit::Findings {
            parsed
                .gaps
                .push(format!("exit code {exit} does not fit the levels in the report ({})", facts.exit));
        }
        let log = raw.stderr_text();
        let linted: BTreeSet<&str> = log.lines().filter_map(linted).collect();
        parsed.scope = Scope::of(Unit::Files, linted.len() as u64);
        parsed.read_inputs = linted.iter().map(|file| origin.relative(file)).collect();
        let given = raw.planned.map(|planned| planned.files.as_slice()).unwrap_or_default();
        let left_out =
            given.iter().filter(|file| !linted.contains(file.as_str()) && !facts.unread.contains(*file));
        parsed.not_read.extend(left_out.map(|file| {
            (origin.relative(file), "it was not linted: does its configuration leave it out?".into())
        }));
        Ok(parsed)
    }

    fn error_line(&self, raw: &RawReport) -> Option<String> {
        let log = raw.stderr_text();
        if let Some(cause) = python_crash::cause(&log) {
            let template = log.lines().rev().find_map(linted);
            let template = template.map(|file| format!(" (at {file})")).unwrap_or_default();
            return Some(format!("{cause}{template}"));
        }
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
