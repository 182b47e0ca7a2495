//! What a scanner is to Portcullis, and the list of those it knows.
//!
//! A new scanner is one file under `tool/` and one line in [`TOOLS`].

use std::fmt::Debug;
use std::path::Path;

use crate::keys::table::Keys;
use crate::model::finding::Finding;
use crate::policy::coverage::Coverage;
use crate::policy::licence::InventoryRules;
use crate::scan::job::Job;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::{BuiltImage, Scene};

/// What is known of a scanner before any gate uses it.
#[derive(Debug)]
pub struct ToolSpec {
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
    fn coverage(&self) -> Vec<Coverage> {
        Vec::new()
    }

    /// What the inventories that it reads may hold; `None`: it reads none.
    fn inventory_rules(&self) -> Option<&InventoryRules> {
        None
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
    /// it starts only when the [interlock](crate::engine::interlock) lets it.
    fn acts(&self) -> bool {
        false
    }

    /// What the scanner's makers say that this exit code means. A procedure has none.
    fn exit(&self, _code: i32) -> Exit {
        Exit::Fault("it is no program")
    }

    /// Reads the report. An error says why it proves nothing; it never turns into "no findings".
    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError>;

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
    fn transient_error(&self, _raw: &RawReport) -> Option<String> {
        None
    }

    /// The line of the scanner's error output that says what went wrong.
    fn error_line(&self, raw: &RawReport) -> Option<String> {
        raw.last_error_line()
    }
}
