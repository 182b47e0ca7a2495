//! What Portcullis knows about a scanner, and what it asks of one.
//!
//! A new scanner is one file under `src/tools/`, one entry in its registry, and one folder of fixtures:
//! see "Add a tool" in CONTRIBUTING.md.

use std::fmt::Debug;
use std::path::Path;

use crate::keys::table::Keys;
use crate::model::aim::Aim;
use crate::model::finding::Finding;
use crate::model::input::InputKind;
use crate::policy::coverage::Coverage;
use crate::policy::licence::InventoryRules;
use crate::scan::config_file::ConfigFile;
use crate::scan::declared::Declared;
use crate::scan::job::Job;
use crate::scan::options::ToolOptions;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::readiness::Readiness;
use crate::scan::reads::Reads;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::{BuiltImage, Scene};
use crate::scan::suggestion::Suggest;
use crate::scan::survey::{Judge, Survey, Unnamed};
use crate::text::shared::Text;

/// What is known about a scanner before any gate uses it.
#[derive(Debug)]
pub struct ToolSpec {
    /// Its name in gates.toml.
    pub name: &'static str,
    /// Its name as its makers write it.
    pub title: &'static str,
    /// The stage label of a gate that sets none.
    pub stage: &'static str,
    /// How long one of its gates takes where nobody knows better. Only the order in which gates start depends on it.
    pub usual_seconds: u64,
    /// The program, looked for in `node_modules/.bin` where the job says so, then on PATH.
    /// Empty for `command`, whose program the user names.
    pub program: &'static str,
    /// How the program is asked for its version.
    pub version_args: &'static [&'static str],
    /// Where the version of a run is read, cheapest first.
    pub version: VersionFrom,
    /// Its section in the documents: file and heading.
    pub docs: &'static str,
    /// How to install it, in one line, for people.
    pub install: &'static str,
    /// Keys of the JSON report whose values can hold a secret or source text: masked before the
    /// report is kept.
    pub secret_fields: Declared<&'static str>,
    /// Environment variables that would silently change what it scans or reports (`TRIVY_*`: all that
    /// start with `TRIVY_`). Those with `!` in front are allowed.
    pub steering: &'static [&'static str],
    /// What each of its gates looks for, whatever the gate's options.
    pub looks_for: Declared<Aim>,
    /// The configuration files that it reads by itself.
    pub config_files: Declared<&'static ConfigFile>,
    /// What `portcullis init` writes for it.
    pub init: Suggest,
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
    /// The same for a package manager, which in a project starts the version and the plug-ins that the project names. If nothing is run,
    /// the `package.json` above it.
    PackageManager,
}

/// One gate's scanner with its options. Pure: only `process.rs` runs what it plans.
pub trait Tool: Debug + Send + Sync + ToolOptions {
    /// One job for each target, or why there is nothing to do.
    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned>;

    /// What its own keys make it scan: all keys that can narrow it, whether they apply or not. An option
    /// without an entry here is compared by its value, see [`ToolOptions`].
    fn coverage(&self) -> Vec<Coverage> {
        Vec::new()
    }

    /// Whether this machine has what it needs besides its program; `None`: it needs nothing. `base` is the folder of gates.toml.
    fn readiness(&self, _base: &Path) -> Option<Readiness> {
        None
    }

    /// Which inputs of the repository it reads. Empty: it reads none that it could be held to (images, the history).
    fn reads(&self) -> Vec<Reads> {
        Vec::new()
    }

    /// The script of a `package.json` that it runs, with the folder, relative to gates.toml. It reads what the script's programs read.
    fn script(&self) -> Option<(&str, &str)> {
        None
    }

    /// Whether only the exit code of what it starts says what was found.
    fn judged_by_exit_code(&self) -> bool {
        false
    }

    /// Whether it reads an input of a kind of [`Self::reads`] under this name: a path from the top of the repository.
    fn reads_path(&self, _kind: InputKind, _path: &str) -> bool {
        true
    }

    /// Whether its keys name an input below one of its folders: a path from there.
    fn names(&self, _kind: InputKind, _inside: &str) -> bool {
        true
    }

    /// Why it left out all files with an ending, if there is more to say than `why`.
    fn on_unread_ending(&self, _ending: &str, _why: &str) -> Option<Text> {
        None
    }

    /// Whether it passes over folders and files of this name, unless it is started in such a folder.
    fn passes_over(&self, _name: &str) -> bool {
        false
    }

    /// Whether it reads the files that are OpenTofu's alone (`.tofu`).
    fn reads_tofu(&self) -> bool {
        true
    }

    /// Whether it proves that a root of Terraform is valid. What looks for misconfigurations does not.
    fn validates(&self) -> bool {
        false
    }

    /// Whether it only lists the packages of lock files, and looks for no vulnerabilities of them.
    fn only_lists(&self) -> bool {
        false
    }

    /// What it passes over in a file that its report names; `None`: nothing that is known.
    fn unread_part(&self, _survey: &Survey<'_>, _kind: InputKind, _path: &str) -> Option<Text> {
        None
    }

    /// What became of the inputs that its report does not name, though it names what it read ([`Reach::BelowNamed`]), and of those of a
    /// target in which it found nothing, and may (`allow_empty`).
    ///
    /// [`Reach::BelowNamed`]: crate::scan::reads::Reach::BelowNamed
    fn unnamed<'a>(&'a self, _survey: &'a Survey<'a>) -> Judge<'a> {
        Box::new(|_, _| Unnamed::Gap(None))
    }

    /// Why its report may lack packages that a file of this kind names, and what to do about it.
    fn on_unlisted(&self, _kind: InputKind) -> Option<&'static str> {
        None
    }

    /// What this gate looks for because of its options, besides [`ToolSpec::looks_for`].
    fn also_looks_for(&self) -> Vec<Aim> {
        Vec::new()
    }

    /// Whether it looks only at the commits or files of a range, if the user names one (`--since`). A tool
    /// without it never gets a range, and always looks at everything.
    fn follows_range(&self) -> bool {
        false
    }

    /// Whether it has to know, for its plan, what there is to look at ([`Scene`]).
    fn reads_inputs(&self) -> bool {
        false
    }

    /// The rules for the inventories that it reads; `None`: it reads no inventories.
    fn inventory_rules(&self) -> Option<&InventoryRules> {
        None
    }

    /// The images that its jobs build, for the gates that need this one.
    fn builds(&self, _scene: &Scene) -> Vec<BuiltImage> {
        Vec::new()
    }

    /// The repositories that it pushes to, under one name for all spellings, each with the name of the image that goes there.
    fn pushes(&self, _scene: &Scene) -> Vec<(String, String)> {
        Vec::new()
    }

    /// The options in the user's `args` that keep something from being looked at or reported. The record names them.
    fn narrowing_options(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether its output is named after the commit. Then it matters whether the work tree matches the
    /// commit.
    fn names_commit(&self) -> bool {
        false
    }

    /// A question for the program before it does its work, as program and arguments, if the command
    /// depends on the answer.
    fn question(&self, _program: &Path) -> Option<Vec<String>> {
        None
    }

    /// Adapts the command to the answer; `None`: there was no answer.
    fn prepare(&self, _job: &mut Job, _answer: Option<&str>) {}

    /// Whether it is an action: it changes the world (a push, a deployment) instead of scanning the
    /// project. An action starts only when the engine's interlock allows it.
    fn acts(&self) -> bool {
        false
    }

    /// What the scanner's makers say about this exit code. A procedure has no exit code.
    fn exit(&self, _code: i32) -> Exit {
        Exit::Fault("it is not a program")
    }

    /// Reads the report. An error says why it proves nothing; it never turns into "no findings".
    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError>;

    /// The meaning of a code where the report says more of it than the code itself: who wrote it, or what it counts.
    fn exit_by_report(&self, _code: i32, _parsed: &Parsed) -> Option<Exit> {
        None
    }

    /// What to change in gates.toml if the report has findings, although this exit code means that it has none.
    fn if_clean_with_findings(&self, _code: i32) -> Option<String> {
        None
    }

    /// Whether this finding makes the scanner exit with a "findings" code. ESLint, for example, exits
    /// with 0 if there are only warnings.
    fn moves_exit_code(&self, _finding: &Finding) -> bool {
        true
    }

    /// Whether its report names secrets that may also appear in the output of other tools.
    fn reports_secrets(&self) -> bool {
        false
    }

    /// The words of a transient error (a busy registry), so that the job is worth another try. Used
    /// only if there is no proof and no finding.
    fn transient_error(&self, _raw: &RawReport) -> Option<String> {
        None
    }

    /// The line of the scanner's error output that says what went wrong.
    fn error_line(&self, raw: &RawReport) -> Option<String> {
        raw.last_error_line()
    }
}
