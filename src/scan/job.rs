//! One planned job: what it looks at, how it is started, and what it leaves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::scan::config_file::{ConfigFile, ConfigPath};
use crate::scan::image_export::ImageExport;
use crate::scan::image_file::{Form, InputImage};
use crate::scan::invocation::{Invocation, Program};
use crate::scan::job_files::{JobFiles, ReportSource};
use crate::scan::procedure::Procedure;
use crate::scan::questions::{ClosingQuestion, PreflightQuestion};
use crate::scan::scene::BuiltImage;
use crate::system::git_command;
use crate::text::shared::Text;

/// One planned job: what it looks at, how it is started, and what it leaves.
#[derive(Clone, Debug)]
pub struct Job {
    /// The target as people know it: a directory, an image, `history`.
    pub target: Text,
    /// How its program is started.
    pub invocation: Invocation,
    /// What it leaves.
    pub files: JobFiles,
    /// The image that this job builds or scans, as named to the scanner.
    pub image: Option<String>,
    /// The images of single platforms that it acts on, if `image` has several.
    pub parts: Vec<String>,
    /// The image of this run that it reads from a file.
    pub export: Option<ImageExport>,
    /// The image that it reads from a file of the user.
    pub input: Option<InputImage>,
    /// Why it runs this way, for `portcullis plan`.
    pub why: String,
    /// An empty scope is normal now and then (a range whose commits only delete files). The target is
    /// then skipped, not inconclusive.
    pub may_be_empty: bool,
    /// The scanner's own configuration files, which it reads if they exist.
    pub config_files: Vec<ConfigPath>,
    /// What those files say, and where they come from: for the record.
    pub notes: Vec<String>,
    /// Several steps instead of one program. `program` and `args` are then the main step, for people.
    pub procedure: Option<Arc<dyn Procedure>>,
    /// Further programs that the procedure starts.
    pub also: Vec<Program>,
    /// The repository in which it looks for an image of an earlier run, under one name for all spellings, and the name of
    /// the image.
    pub fetches: Option<(String, String)>,
    /// The ARN of the task definition that it deploys, if gates.toml names one and no gate makes it.
    pub deploys: Option<String>,
    /// Acts on an image that no gate has scanned.
    pub unscanned: bool,
    /// It starts when all other targets of its gate have proved their work, and not at all if one has not.
    pub after_siblings: bool,
    /// Questions right before the start.
    pub questions: Vec<PreflightQuestion>,
    /// Questions to its program once it has ended well.
    pub closing_questions: Vec<ClosingQuestion>,
    /// What it is planned to scan, for the tool when it reads the report.
    pub planned: Planned,
    /// Values that it needs and that the environment does not have, one sentence each. It never starts then.
    pub unresolved: Vec<String>,
    scratch: String,
}

/// What a tool knows about a job when it plans it, and needs again when it reads the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// The files that the program was given, relative to its start folder.
    pub files: Vec<String>,
    /// How many files it does not open by its own rules, by the reason.
    pub unread: BTreeMap<&'static str, u64>,
    /// The platform that the image is to be built for, if the user names one.
    pub platform: Option<String>,
    /// That platform is one of several, and each is an image of its own.
    pub is_part: bool,
    /// Only its platform keeps the engine from its cache.
    pub may_cache: bool,
    /// The Dockerfile that it builds, relative to its start folder.
    pub dockerfile: Option<String>,
    /// It scans the whole history, so a shallow clone leaves something out.
    pub whole_history: bool,
}

impl Job {
    /// A job in `cwd`; `scratch` is its own folder, as written in arguments.
    pub fn new(program: &str, target: impl Into<Text>, cwd: PathBuf, scratch: String) -> Self {
        Self {
            target: target.into(),
            invocation: Invocation::new(program, cwd),
            files: JobFiles::default(),
            image: None,
            parts: Vec::new(),
            export: None,
            input: None,
            why: String::new(),
            may_be_empty: false,
            config_files: Vec::new(),
            notes: Vec::new(),
            procedure: None,
            also: Vec::new(),
            deploys: None,
            fetches: None,
            unscanned: false,
            after_siblings: false,
            questions: Vec::new(),
            closing_questions: Vec::new(),
            planned: Planned::default(),
            unresolved: Vec::new(),
            scratch,
        }
    }

    pub fn arg(&mut self, arg: impl Into<String>) -> &mut Self {
        self.invocation.args.push(arg.into());
        self
    }

    pub fn args<I: IntoIterator<Item = S>, S: Into<String>>(&mut self, args: I) -> &mut Self {
        self.invocation.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub fn env(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.invocation.env.insert(name.to_owned(), value.into());
        self
    }

    /// Has the program put its temporary files into the job's own folder, so that they go with the run even if the program
    /// is killed. Not for programs of the user: a socket there would have too long a path.
    pub fn own_temporary_files(&mut self) -> &mut Self {
        let folder = self.scratch.clone();
        self.env("TMPDIR", folder)
    }

    pub fn because(&mut self, why: impl Into<String>) -> &mut Self {
        self.why = why.into();
        self
    }

    /// Everything after this is a name, even where it begins with a dash.
    pub fn end_of_options(&mut self) -> &mut Self {
        self.invocation.options_end = Some(self.invocation.args.len());
        self.arg("--")
    }

    /// Adds options before all others, after the subcommand: a later option wins.
    pub fn options<I: IntoIterator<Item = S>, S: Into<String>>(&mut self, options: I) -> &mut Self {
        let at = usize::from(self.invocation.args.first().is_some_and(|first| !first.starts_with('-')));
        let before = self.invocation.args.len();
        self.invocation.args.splice(at..at, options.into_iter().map(Into::into));
        self.invocation.options_end =
            self.invocation.options_end.map(|end| end + self.invocation.args.len() - before);
        self
    }

    /// Makes it read an image of this run. Returns the path of its file, to pass to the program.
    pub fn reads_image(&mut self, image: &BuiltImage) -> String {
        let export = image.export();
        let file = export.file.clone();
        self.image = Some(image.reference.clone());
        self.export = Some(export);
        file
    }

    /// Makes it read an image of a file. `file`, `layout`: what stands before the path of either. Returns the argument.
    pub(crate) fn reads_input(&mut self, image: InputImage, file: &str, layout: &str) -> String {
        // No target has a `=` in the name of its folder.
        let image = image.given(file, layout, format!("{}=image", self.scratch));
        self.image = Some(self.target.to_string());
        let argument = image.argument().to_owned();
        self.input = Some(image);
        argument
    }

    /// Passes the image on in the form that it has.
    pub(crate) fn give_input(&mut self, form: Form) {
        let Some(image) = &self.input else { return };
        for arg in self.invocation.args.iter_mut().filter(|arg| **arg == image.argument()) {
            image.argument_as(form).clone_into(arg);
        }
    }

    /// Says where the scanner reads a configuration file of its own: an absolute path.
    pub fn reads(&mut self, path: PathBuf, file: &'static ConfigFile) -> &mut Self {
        self.config_files.push(ConfigPath { path, file });
        self
    }

    /// Makes it a job of several steps.
    pub fn by_steps(&mut self, procedure: impl Procedure + 'static) -> &mut Self {
        self.procedure = Some(Arc::new(procedure));
        self
    }

    /// The files of the repository that it writes.
    pub fn written(&self) -> impl Iterator<Item = &Path> {
        let reports = self.files.reports.iter().filter_map(|source| match source {
            ReportSource::Repository(path) => Some(path.as_path()),
            _ => None,
        });
        reports.chain(self.files.writes.iter().map(PathBuf::as_path))
    }

    /// Declares a further program that its steps start.
    pub fn also_starts(&mut self, program: &str) -> &mut Self {
        self.also.push(Program { name: program.to_owned(), near: Vec::new() });
        self
    }

    /// The images on this machine that it builds, scans or acts on.
    pub fn images(&self) -> impl Iterator<Item = &String> {
        let whole = self.image.iter().filter(|_| self.parts.is_empty());
        whole.chain(&self.parts)
    }

    /// Its main command, as people read it.
    pub fn command(&self) -> Vec<String> {
        let program = (!self.invocation.program.name.is_empty()).then_some(&self.invocation.program.name);
        program.into_iter().chain(&self.invocation.args).cloned().collect()
    }

    /// Every program that it starts. There is no program if Portcullis does the work itself.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        std::iter::once(&self.invocation.program).chain(&self.also).filter(|program| !program.name.is_empty())
    }

    /// The report is what the program prints.
    pub fn report_on_stdout(&mut self) -> &mut Self {
        self.files.reports.push(ReportSource::Stdout);
        self
    }

    /// The report is what the program prints. It never touches a disk before it is masked. Returns the
    /// path to pass to the program.
    pub fn report_in_memory(&mut self, name: &str) -> &'static str {
        self.files.reports.push(ReportSource::Memory(name.to_owned()));
        // An older program takes `-` for the name of a file, and /dev/stdout may be a file.
        "/dev/fd/1"
    }

    /// The report is what the program prints on standard error, and never touches a disk.
    pub fn report_of_errors(&mut self, name: &str) -> &mut Self {
        self.files.reports.push(ReportSource::Errors(name.to_owned()));
        self
    }

    /// Whether the report is what the program prints, on either stream.
    pub fn prints_report(&self) -> bool {
        self.is_secretive() || self.files.reports.contains(&ReportSource::Stdout)
    }

    /// Whether the report is what the program prints on standard error.
    pub fn reports_errors(&self) -> bool {
        self.files.reports.iter().any(|source| matches!(source, ReportSource::Errors(_)))
    }

    /// Whether its report must not touch a disk before it is masked.
    pub fn is_secretive(&self) -> bool {
        self.files
            .reports
            .iter()
            .any(|source| matches!(source, ReportSource::Memory(_) | ReportSource::Errors(_)))
    }

    /// Asks `program` right before the start; the answer is the document `name`.
    pub fn asks(&mut self, name: &'static str, program: &str, args: &[&str]) -> &mut Self {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        self.questions.push(PreflightQuestion { name, program: program.to_owned(), args });
        self
    }

    /// Gives git a setting for this job alone.
    pub fn git_setting(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.invocation.git.push((name.to_owned(), value.into()));
        self
    }

    /// Says that the program starts git: it reads the same, whatever settings the checkout has.
    pub fn starts_git(&mut self, head: Option<&str>) -> &mut Self {
        self.invocation.git.extend(git_command::settings());
        for (name, value) in git_command::scanner_variables(head) {
            self.env(name, value);
        }
        self
    }

    /// Declares a report file and returns the path to pass to the program.
    pub fn report_file(&mut self, name: &str) -> String {
        self.files.reports.push(ReportSource::Scratch(name.to_owned()));
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
        self.invocation.program.near = dir
            .ancestors()
            .take_while(|ancestor| ancestor.starts_with(root))
            .map(|ancestor| ancestor.join("node_modules").join(".bin"))
            .collect();
        self
    }
}
