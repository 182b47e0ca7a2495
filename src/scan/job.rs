//! One planned invocation: what to start, where, and where its reports will be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::scan::config_file::{Bars, BaseOverride, ConfigFile, Programs};
use crate::scan::preflight::PreflightQuestion;
use crate::scan::procedure::Procedure;
use crate::scan::start_dir::StartDir;
use crate::text::shared::Text;

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
    /// Options for Node.js, in addition to those in `NODE_OPTIONS`.
    pub node_options: Option<String>,
    /// Variables that the user passes on from the environment, whatever their names are.
    pub hands_on: BTreeSet<String>,
    /// Its reports. The one with the findings comes first.
    pub reports: Vec<ReportSource>,
    /// Further files that say more about it.
    pub beside: Vec<Beside>,
    /// Files of the repository that its steps write and read. No other gate may use them.
    pub writes: Vec<PathBuf>,
    /// Files in the scratch folder that the user keeps, with their names below the output folder.
    pub keep: Vec<Keep>,
    /// The image that this job builds or scans, as named to the scanner.
    pub image: Option<String>,
    /// The user's own arguments go before this place of `args`, or at the end.
    pub options_end: Option<usize>,
    /// Why it runs this way, for `portcullis plan`.
    pub why: String,
    /// An empty scope is normal now and then (a range whose commits only delete files). The target is
    /// then skipped, not inconclusive.
    pub may_be_empty: bool,
    /// The scanner's own configuration files, which it reads if they exist.
    pub config_files: Vec<ConfigFile>,
    /// What those files say, and where they come from: for the record.
    pub notes: Vec<String>,
    /// Several steps instead of one program. `program` and `args` are then the main step, for people.
    pub procedure: Option<Arc<dyn Procedure>>,
    /// Further programs that the procedure starts.
    pub also: Vec<Program>,
    /// Acts on an image that no gate has scanned.
    pub unscanned: bool,
    /// Questions right before the start.
    pub questions: Vec<PreflightQuestion>,
    /// What it is planned to scan, for the tool when it reads the report.
    pub planned: Planned,
    /// Settings of git, in addition to those in git's files and in the environment.
    pub git: Vec<(String, String)>,
    /// The start folder instead of `cwd`, if a file in `cwd` would switch the scanner off.
    pub start: Option<StartDir>,
    scratch: String,
}

/// Stands for the temporary folder of a run, in arguments and in recorded commands.
pub(crate) const SCRATCH: &str = "$SCRATCH";

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

/// Where a report is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportSource {
    Stdout,
    /// What it prints, under this name. It is held in memory only, because it contains unmasked
    /// secrets.
    Memory(String),
    /// The same for standard error. What it prints on standard output is dropped.
    Errors(String),
    /// A file in the job's scratch folder. It is always new.
    Scratch(String),
    /// A file in the repository, which the tool's own configuration names. It must be newer than
    /// the start of the job.
    Repository(PathBuf),
}

/// Files that are not reports but say more about the job, read when the job has ended. They may be old
/// or missing. They are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    File(PathBuf),
    /// All files in the job's scratch folder whose names start with this.
    Scratch(&'static str),
}

/// What a tool knows about a job when it plans it, and needs again when it reads the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// The files that the program was given, relative to its start folder.
    pub files: Vec<String>,
    /// It scans the whole history, so a shallow clone leaves something out.
    pub whole_history: bool,
}

impl Job {
    /// A job in `cwd`; `scratch` is its own folder, as written in arguments.
    pub fn new(program: &str, target: impl Into<Text>, cwd: PathBuf, scratch: String) -> Self {
        Self {
            target: target.into(),
            program: Program { name: program.to_owned(), near: Vec::new() },
            args: Vec::new(),
            cwd,
            env: BTreeMap::new(),
            node_options: None,
            hands_on: BTreeSet::new(),
            reports: Vec::new(),
            writes: Vec::new(),
            keep: Vec::new(),
            image: None,
            options_end: None,
            why: String::new(),
            may_be_empty: false,
            config_files: Vec::new(),
            notes: Vec::new(),
            questions: Vec::new(),
            planned: Planned::default(),
            beside: Vec::new(),
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

    /// Adds options before all others, after the subcommand: a later option wins.
    pub fn options<I: IntoIterator<Item = S>, S: Into<String>>(&mut self, options: I) -> &mut Self {
        let at = usize::from(self.args.first().is_some_and(|first| !first.starts_with('-')));
        let before = self.args.len();
        self.args.splice(at..at, options.into_iter().map(Into::into));
        self.options_end = self.options_end.map(|end| end + self.args.len() - before);
        self
    }

    /// Declares a configuration file of the scanner: an absolute path.
    pub fn reads(&mut self, path: PathBuf, overrule: BaseOverride) -> &mut Self {
        self.config_files.push(ConfigFile { path, overrule, bars: None, programs: |_| Vec::new() });
        self
    }

    /// The same for a file that can name programs of the repository, which then do the work.
    pub fn reads_naming(&mut self, path: PathBuf, overrule: BaseOverride, programs: Programs) -> &mut Self {
        self.config_files.push(ConfigFile { path, overrule, bars: None, programs });
        self
    }

    /// The same for a file that may leave the scanner without proof.
    pub fn reads_unless(&mut self, path: PathBuf, overrule: BaseOverride, bars: Bars) -> &mut Self {
        self.config_files.push(ConfigFile { path, overrule, bars: Some(bars), programs: |_| Vec::new() });
        self
    }

    /// Makes it a job of several steps.
    pub fn by_steps(&mut self, procedure: impl Procedure + 'static) -> &mut Self {
        self.procedure = Some(Arc::new(procedure));
        self
    }

    /// The files of the repository that it writes.
    pub fn written(&self) -> impl Iterator<Item = &Path> {
        let reports = self.reports.iter().filter_map(|source| match source {
            ReportSource::Repository(path) => Some(path.as_path()),
            _ => None,
        });
        reports.chain(self.writes.iter().map(PathBuf::as_path))
    }

    /// Declares a further program that its steps start.
    pub fn also_starts(&mut self, program: &str) -> &mut Self {
        self.also.push(Program { name: program.to_owned(), near: Vec::new() });
        self
    }

    /// Its main command, as people read it.
    pub fn command(&self) -> Vec<String> {
        let program = (!self.program.name.is_empty()).then_some(&self.program.name);
        program.into_iter().chain(&self.args).cloned().collect()
    }

    /// Every program that it starts. There is no program if Portcullis does the work itself.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        std::iter::once(&self.program).chain(&self.also).filter(|program| !program.name.is_empty())
    }

    /// The report is what the program prints.
    pub fn report_on_stdout(&mut self) -> &mut Self {
        self.reports.push(ReportSource::Stdout);
        self
    }

    /// The report is what the program prints. It never touches a disk before it is masked. Returns the
    /// path to pass to the program.
    pub fn report_in_memory(&mut self, name: &str) -> &'static str {
        self.reports.push(ReportSource::Memory(name.to_owned()));
        // An older program takes `-` for the name of a file, and /dev/stdout may be a file.
        "/dev/fd/1"
    }

    /// The report is what the program prints on standard error, and never touches a disk.
    pub fn report_of_errors(&mut self, name: &str) -> &mut Self {
        self.reports.push(ReportSource::Errors(name.to_owned()));
        self
    }

    /// Whether the report is what the program prints, on either stream.
    pub fn prints_report(&self) -> bool {
        self.is_secretive() || self.reports.contains(&ReportSource::Stdout)
    }

    /// Whether the report is what the program prints on standard error.
    pub fn reports_errors(&self) -> bool {
        self.reports.iter().any(|source| matches!(source, ReportSource::Errors(_)))
    }

    /// Whether its report must not touch a disk before it is masked.
    pub fn is_secretive(&self) -> bool {
        self.reports.iter().any(|source| matches!(source, ReportSource::Memory(_) | ReportSource::Errors(_)))
    }

    /// Asks `program` right before the start; the answer is the document `name`.
    pub fn asks(&mut self, name: &'static str, program: &str, args: &[&str]) -> &mut Self {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        self.questions.push(PreflightQuestion { name, program: program.to_owned(), args });
        self
    }

    /// Gives git a setting for this job alone.
    pub fn git_setting(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.git.push((name.to_owned(), value.into()));
        self
    }

    /// Declares a report file and returns the path to pass to the program.
    pub fn report_file(&mut self, name: &str) -> String {
        self.reports.push(ReportSource::Scratch(name.to_owned()));
        self.scratch_file(name)
    }

    /// A path in the job's own scratch folder, as written in arguments.
    pub fn scratch_file(&self, name: &str) -> String {
        format!("{}/{name}", self.scratch)
    }

    /// The job's own scratch folder, as written in arguments.
    pub fn scratch(&self) -> &str {
        &self.scratch
    }

    /// Also looks for the program in the `node_modules/.bin` folders from `dir` up to `root`. It starts
    /// the program directly, because `npx` costs half a second.
    pub fn near_node_modules(&mut self, dir: &Path, root: &Path) -> &mut Self {
        self.program.near = dir
            .ancestors()
            .take_while(|ancestor| ancestor.starts_with(root))
            .map(|ancestor| ancestor.join("node_modules").join(".bin"))
            .collect();
        self
    }
}
