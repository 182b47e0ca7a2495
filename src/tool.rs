//! What a scanner is to Portcullis, and the list of those it knows.
//!
//! A new scanner is one file under `tool/` and one line in [`SCANNERS`].

mod cfn_lint;
mod checkov;
mod codedeploy;
mod command;
pub mod config_file;
mod docker_build;
mod ecr_push;
mod ecs_task_definition;
mod eslint;
pub mod foreign;
mod git_secrets;
mod gitleaks;
mod npm_audit;
mod pnpm_audit;
mod smoke_test;
pub mod sonarqube;
mod syft;
mod terraform_validate;
#[cfg(test)]
mod testing;
mod trivy;
mod tsc;
mod yarn_audit;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Keys;
use crate::finding::{Finding, Text};
use crate::place::Place;
use crate::plan::{BuiltImage, Scene};
use crate::procedure::Procedure;
use crate::proof::Unproven;
use crate::question::Question;
use crate::reach::Reach;
use crate::redact::Secret;
use crate::scope::Scope;
use crate::start::Start;
use crate::tool::config_file::{Bars, ConfigFile, Overrule, Programs};

/// Every scanner, in the order in which people meet them in a pipeline.
pub static SCANNERS: &[&Scanner] = &[
    &gitleaks::SCANNER,
    &git_secrets::SCANNER,
    &tsc::SCANNER,
    &eslint::SCANNER,
    &npm_audit::SCANNER,
    &yarn_audit::SCANNER,
    &pnpm_audit::SCANNER,
    &sonarqube::SCANNER,
    &docker_build::SCANNER,
    &trivy::SCANNER,
    &syft::SCANNER,
    &checkov::SCANNER,
    &terraform_validate::SCANNER,
    &cfn_lint::SCANNER,
    &ecr_push::SCANNER,
    &ecs_task_definition::SCANNER,
    &codedeploy::SCANNER,
    &smoke_test::SCANNER,
    &command::SCANNER,
];

/// Finds a scanner by the name that gates.toml uses.
pub fn scanner(name: &str) -> Option<&'static Scanner> {
    SCANNERS.iter().find(|scanner| scanner.name == name).copied()
}

/// What is known of a scanner before any gate uses it.
#[derive(Debug)]
pub struct Scanner {
    /// Its name in gates.toml.
    pub name: &'static str,
    /// Its name as its makers write it.
    pub title: &'static str,
    /// The stage label of a gate that gives none.
    pub stage: &'static str,
    /// The program, looked for in `node_modules/.bin` where the job says so, then on PATH.
    /// Empty for `command`, whose program the user names.
    pub program: &'static str,
    /// How the program is asked for its version.
    pub version_args: &'static [&'static str],
    /// Where the version of a run is read, cheapest first.
    pub version: VersionFrom,
    /// How to get it, in a line, for people.
    pub install: &'static str,
    /// Keys of the JSON report whose values can hold a secret or source text: masked before the
    /// report is kept.
    pub secret_fields: &'static [&'static str],
    /// Variables by which the environment would silently change what it looks at or reports
    /// (`TRIVY_*`: all that begin so), and with `!` in front those that it may keep all the same.
    pub steering: &'static [&'static str],
    /// Reads the scanner's own keys of a `[[gate]]`, with every mistake noted in `Keys`.
    pub configure: fn(&Keys) -> Box<dyn Tool>,
}

/// Where the version of the program that ran is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionFrom {
    /// The report names it.
    Report,
    /// The `package.json` above the program (npm packages).
    PackageJson,
    /// A second call of the program, beside the scan.
    Asking,
}

/// One gate's scanner with its options. Pure: only `process.rs` runs what it plans.
pub trait Tool: Debug + Send + Sync {
    /// One job for each target, or why there is nothing to do.
    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned>;

    /// What its own keys make it look at: all keys that can narrow it, whether they apply or not.
    fn reach(&self) -> Vec<Reach> {
        Vec::new()
    }

    /// The images that its jobs build, for the gates that need this one.
    fn builds(&self, _scene: &Scene) -> Vec<BuiltImage> {
        Vec::new()
    }

    /// Whether what it makes is named after the commit, so that it matters whether the work tree is
    /// what the commit says.
    fn names_commit(&self) -> bool {
        false
    }

    /// What the program is asked before it does its work, as program and arguments, where the
    /// command depends on what it can do.
    fn question(&self, _program: &Path) -> Option<Vec<String>> {
        None
    }

    /// Makes the command fit the answer; `None`: there was none.
    fn prepare(&self, _job: &mut Job, _answer: Option<&str>) {}

    /// Whether it changes the world (a push, a deployment) instead of looking at the project: then
    /// it starts only when the [interlock](crate::interlock) lets it.
    fn acts(&self) -> bool {
        false
    }

    /// What the scanner's makers say that this exit code means. A procedure has none.
    fn exit(&self, _code: i32) -> Exit {
        Exit::Fault("it is no program")
    }

    /// Reads the report. An error says why it proves nothing; it never turns into "no findings".
    fn parse(&self, raw: &RawReport, place: &Place) -> Result<Parsed, Unproven>;

    /// Whether this finding makes the scanner leave with a "findings" code. ESLint, for one,
    /// leaves with 0 when there are only warnings.
    fn moves_exit_code(&self, _finding: &Finding) -> bool {
        true
    }

    /// Whether its report tells secrets that may stand in what other tools print, too.
    fn tells_secrets(&self) -> bool {
        false
    }

    /// What it says of a fault that will pass by itself (a registry that is busy), so that the job is
    /// worth another try. Asked only where there is no proof and no finding.
    fn passing_fault(&self, _raw: &RawReport) -> Option<String> {
        None
    }

    /// The line of the scanner's error output that says what went wrong.
    fn complaint(&self, raw: &RawReport) -> Option<String> {
        raw.last_error_line()
    }
}

/// The meaning of an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Ran, and found nothing that moves the exit code.
    Clean,
    /// Ran, and found something.
    Findings,
    /// Ran; says nothing of findings.
    Silent,
    /// Did not do its work. What the makers say this code is.
    Fault(&'static str),
}

/// Why a gate has no job, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unplanned {
    /// There is nothing to look at, and that is fine: the gate is skipped.
    NothingToDo(String),
    /// What it should look at can't be told: the gate is inconclusive.
    Impossible(String),
}

/// One planned invocation: what to start, where, and where its report will be.
#[derive(Clone, Debug)]
pub struct Job {
    /// The target as people know it: a directory, an image, `history`.
    pub target: Text,
    pub program: Program,
    /// Arguments; [`SCRATCH`] in them stands for the folder of the run.
    pub args: Vec<String>,
    /// Where it is started: an absolute path.
    pub cwd: PathBuf,
    /// Variables that are set for it; [`SCRATCH`] in them is as in the arguments.
    pub env: BTreeMap<String, String>,
    /// Options for Node.js, beside those that `NODE_OPTIONS` has.
    pub node_options: Option<String>,
    /// Variables that the user hands on from the environment, whatever their names look like.
    pub hands_on: BTreeSet<String>,
    /// Where its reports come out, the one with the findings first.
    pub reports: Vec<Source>,
    /// Files in the scratch folder that the user keeps, with their names below the output folder.
    pub keep: Vec<Keep>,
    /// The image that this job builds or scans, as named to the scanner.
    pub image: Option<String>,
    /// Where the user's own arguments go: before this place of `args`, or at their end.
    pub options_end: Option<usize>,
    /// Why it is run just so, for `portcullis plan`.
    pub why: String,
    /// Nothing in scope is to be expected now and then (a range whose commits only delete): the
    /// target is skipped then, not inconclusive.
    pub may_be_empty: bool,
    /// The scanner's own configuration files that it reads where they are there.
    pub config_files: Vec<ConfigFile>,
    /// What those files say, and whose they are: for the record.
    pub notes: Vec<String>,
    /// Several steps instead of one program; `program` and `args` are then the chief of them, for
    /// people.
    pub procedure: Option<Arc<dyn Procedure>>,
    /// Further programs that the procedure starts.
    pub also: Vec<Program>,
    /// Acts on an image that no gate has scanned.
    pub unscanned: bool,
    /// What is asked right before the start; the answers are documents like the reports, behind them.
    pub questions: Vec<Question>,
    /// What is known when it is planned, and its report does not tell: answers without a question.
    pub facts: Vec<(&'static str, String)>,
    /// Settings of git, beside those that its files and the environment have.
    pub git: Vec<(String, String)>,
    /// Where it is started instead of `cwd`: what is in `cwd` would switch it off.
    pub start: Option<Start>,
    scratch: String,
}

/// Stands for the temporary folder of a run, in arguments and in recorded commands.
pub const SCRATCH: &str = "$SCRATCH";

/// A file that the user keeps beyond the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// File name in the job's scratch folder.
    pub scratch: String,
    /// Path below the output folder, such as `sbom/backend.spdx.json`.
    pub out: String,
}

/// The program of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// A bare name, or a path.
    pub name: String,
    /// Folders to look in before PATH, nearest first (`node_modules/.bin`).
    pub near: Vec<PathBuf>,
}

/// Where a report comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Stdout,
    /// What it prints, under this name: held in memory alone, since secrets stand in it unmasked.
    Memory(String),
    /// The same of its standard error. What it prints on standard output is dropped.
    Errors(String),
    /// A file in the job's scratch folder: new by construction.
    Scratch(String),
    /// A file in the repository, which the tool's own configuration names. It must be newer than
    /// the start of the job.
    Repository(PathBuf),
    /// A file that is none of the job's reports and tells more of it, read when the job has ended.
    /// It may be old, and it may not be there. It is not kept.
    Aside(PathBuf),
    /// The same for files of the job's scratch folder whose names begin so, as many as there are.
    Beside(&'static str),
}

impl Job {
    /// A job in `cwd`; `scratch` is the folder that is its own, as seen in arguments.
    pub fn new(program: &str, target: impl Into<Text>, cwd: PathBuf, scratch: String) -> Job {
        Job {
            target: target.into(),
            program: Program { name: program.to_owned(), near: Vec::new() },
            args: Vec::new(),
            cwd,
            env: BTreeMap::new(),
            node_options: None,
            hands_on: BTreeSet::new(),
            reports: Vec::new(),
            keep: Vec::new(),
            image: None,
            options_end: None,
            why: String::new(),
            may_be_empty: false,
            config_files: Vec::new(),
            notes: Vec::new(),
            questions: Vec::new(),
            facts: Vec::new(),
            git: Vec::new(),
            start: None,
            procedure: None,
            also: Vec::new(),
            unscanned: false,
            scratch,
        }
    }

    pub fn arg(&mut self, arg: impl Into<String>) -> &mut Self {
        self.args.push(arg.into());
        self
    }

    pub fn args<I: IntoIterator<Item = S>, S: Into<String>>(&mut self, args: I) -> &mut Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub fn env(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    pub fn because(&mut self, why: impl Into<String>) -> &mut Self {
        self.why = why.into();
        self
    }

    /// Everything after this is a name, even where it begins with a dash.
    pub fn end_of_options(&mut self) -> &mut Self {
        self.options_end = Some(self.args.len());
        self.arg("--")
    }

    /// Options in front of all others, behind the subcommand: what comes later wins.
    pub fn options<I: IntoIterator<Item = S>, S: Into<String>>(&mut self, options: I) -> &mut Self {
        let at = usize::from(self.args.first().is_some_and(|first| !first.starts_with('-')));
        let before = self.args.len();
        self.args.splice(at..at, options.into_iter().map(Into::into));
        self.options_end = self.options_end.map(|end| end + self.args.len() - before);
        self
    }

    /// Declares a configuration file of the scanner's own: absolute.
    pub fn reads(&mut self, path: PathBuf, overrule: Overrule) -> &mut Self {
        self.config_files.push(ConfigFile { path, overrule, bars: None, programs: |_| Vec::new() });
        self
    }

    /// The same for one that can name programs of the repository, which then do the work.
    pub fn reads_naming(&mut self, path: PathBuf, overrule: Overrule, programs: Programs) -> &mut Self {
        self.config_files.push(ConfigFile { path, overrule, bars: None, programs });
        self
    }

    /// The same for a file that may say what leaves the scanner without proof.
    pub fn reads_unless(&mut self, path: PathBuf, overrule: Overrule, bars: Bars) -> &mut Self {
        self.config_files.push(ConfigFile { path, overrule, bars: Some(bars), programs: |_| Vec::new() });
        self
    }

    /// Makes it a job of several steps.
    pub fn by_steps(&mut self, procedure: impl Procedure + 'static) -> &mut Self {
        self.procedure = Some(Arc::new(procedure));
        self
    }

    /// Declares a further program that its steps start.
    pub fn also_starts(&mut self, program: &str) -> &mut Self {
        self.also.push(Program { name: program.to_owned(), near: Vec::new() });
        self
    }

    /// Its chief command, as people read it.
    pub fn command(&self) -> Vec<String> {
        let program = (!self.program.name.is_empty()).then_some(&self.program.name);
        program.into_iter().chain(&self.args).cloned().collect()
    }

    /// Every program that it starts: none, where Portcullis does the work itself.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        std::iter::once(&self.program).chain(&self.also).filter(|program| !program.name.is_empty())
    }

    /// The report is what the program prints.
    pub fn report_on_stdout(&mut self) -> &mut Self {
        self.reports.push(Source::Stdout);
        self
    }

    /// The report is what the program prints, and never touches a disk before it is masked. Gives
    /// the path to hand to the program.
    pub fn report_in_memory(&mut self, name: &str) -> &'static str {
        self.reports.push(Source::Memory(name.to_owned()));
        // An older program takes `-` for the name of a file, and /dev/stdout may be one.
        "/dev/fd/1"
    }

    /// The report is what the program prints on standard error, and never touches a disk.
    pub fn report_of_errors(&mut self, name: &str) -> &mut Self {
        self.reports.push(Source::Errors(name.to_owned()));
        self
    }

    /// Whether the report is what the program prints, on either stream.
    pub fn prints_report(&self) -> bool {
        self.is_secretive() || self.reports.contains(&Source::Stdout)
    }

    /// Whether the report is what the program prints on standard error.
    pub fn reports_errors(&self) -> bool {
        self.reports.iter().any(|source| matches!(source, Source::Errors(_)))
    }

    /// Whether its report must not touch a disk before it is masked.
    pub fn is_secretive(&self) -> bool {
        self.reports.iter().any(|source| matches!(source, Source::Memory(_) | Source::Errors(_)))
    }

    /// Asks `program` right before the start; the answer is the document `name`.
    pub fn asks(&mut self, name: &'static str, program: &str, args: &[&str]) -> &mut Self {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        self.questions.push(Question { name, program: program.to_owned(), args });
        self
    }

    /// Tells whoever reads its report what is known beforehand, as the document `name`.
    pub fn knows(&mut self, name: &'static str, fact: impl Into<String>) -> &mut Self {
        self.facts.push((name, fact.into()));
        self
    }

    /// Gives git a setting for this job alone.
    pub fn git_setting(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.git.push((name.to_owned(), value.into()));
        self
    }

    /// Declares a report file and gives the path to hand to the program.
    pub fn report_file(&mut self, name: &str) -> String {
        self.reports.push(Source::Scratch(name.to_owned()));
        self.scratch_file(name)
    }

    /// A path in the job's own scratch folder, as seen in arguments.
    pub fn scratch_file(&self, name: &str) -> String {
        format!("{}/{name}", self.scratch)
    }

    /// The job's own scratch folder, as seen in arguments.
    pub fn scratch(&self) -> &str {
        &self.scratch
    }

    /// Also looks for the program in the `node_modules/.bin` folders from `dir` up to `root`:
    /// direct, since `npx` costs half a second.
    pub fn near_node_modules(&mut self, dir: &Path, root: &Path) -> &mut Self {
        self.program.near = dir
            .ancestors()
            .take_while(|ancestor| ancestor.starts_with(root))
            .map(|ancestor| ancestor.join("node_modules").join(".bin"))
            .collect();
        self
    }
}

/// What came out of one job, or what the user handed to `judge`.
#[derive(Debug, Default)]
pub struct RawReport<'a> {
    /// `None` when nothing was run (`portcullis judge`).
    pub exit: Option<i32>,
    /// One for each of the job's reports, in their order; then the answers to its questions.
    pub documents: Vec<Document<'a>>,
    /// What it wrote on standard error, up to the cap of logs.
    pub stderr: Cow<'a, [u8]>,
    /// What it wrote on standard output, up to the cap of logs, where that is not the report.
    pub stdout: Cow<'a, [u8]>,
    /// It wrote more than that.
    pub log_cut: bool,
    /// A procedure wrote it: there is no exit code, and each step was checked by itself.
    pub by_steps: bool,
}

/// One report, as bytes.
#[derive(Debug)]
pub struct Document<'a> {
    /// Its file name, or `stdout`.
    pub name: String,
    pub bytes: Cow<'a, [u8]>,
}

impl RawReport<'_> {
    /// What is missing where the scanner tells in its log what it could not look at, and the log is
    /// longer than what is kept of it.
    pub fn lost_log(&self) -> Option<String> {
        self.log_cut
            .then(|| "its log is longer than what is kept of it, and tells what went wrong".to_owned())
    }

    /// The report with the findings.
    pub fn report(&self) -> &[u8] {
        self.documents.first().map_or(&[], |document| &document.bytes)
    }

    /// The answer to a question of the job, or one of its facts; `None` where there is none.
    pub fn answer(&self, name: &str) -> Option<&[u8]> {
        let answers = self.documents.iter().skip(1);
        answers.into_iter().find(|document| document.name == name).map(|document| &*document.bytes)
    }

    /// What lies beside the report under this name.
    pub fn beside<'n>(&self, name: &'n str) -> impl Iterator<Item = &[u8]> + use<'_, 'n> {
        let further = self.documents.iter().skip(1);
        further.filter(move |document| document.name == name).map(|document| &*document.bytes)
    }

    pub fn stderr_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stderr)
    }

    /// The last line with words on standard error, else on standard output.
    pub fn last_error_line(&self) -> Option<String> {
        [&self.stderr, &self.stdout].into_iter().find_map(|stream| {
            String::from_utf8_lossy(stream)
                .lines()
                .rev()
                .map(str::trim)
                .find(|line| line.chars().any(char::is_alphanumeric))
                .map(str::to_owned)
        })
    }
}

/// What a report says.
#[derive(Debug, Default)]
pub struct Parsed {
    pub findings: Vec<Finding>,
    /// What was looked at. Nothing in scope is no proof.
    pub scope: Scope,
    /// This form of report never tells what was looked at; only a run's log does. A report that
    /// is handed in alone is then taken at its word.
    pub scope_untold: bool,
    /// The scanner's version, where the report names it.
    pub tool_version: Option<String>,
    /// Image id (`sha256:…`) that was built or scanned.
    pub image_id: Option<Text>,
    /// Digest of its manifest, by which a registry knows it.
    pub image_digest: Option<Text>,
    /// What was in scope and could not be looked at (a file that does not parse): the gate is
    /// inconclusive, and its findings are still shown.
    pub gaps: Vec<String>,
    /// Further evidence for the record, in words.
    pub proof: Vec<String>,
    /// How old the advisories are that the scanner knew, in words.
    pub advisories: Option<String>,
    /// Values that the report marks as secrets, to be struck out of everything that leaves.
    pub secrets: Vec<Secret>,
    /// What later gates and the user go on with: an image's digest, an ARN, each under its name.
    pub outputs: BTreeMap<String, String>,
}
