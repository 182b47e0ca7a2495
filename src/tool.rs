//! What a scanner is to Portcullis, and the list of those it knows.
//!
//! A new scanner is one file under `tool/` and one line in [`SCANNERS`].

mod cfn_lint;
mod checkov;
mod codedeploy;
pub mod command;
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

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use crate::config::Keys;
use crate::finding::{Finding, Text};
use crate::job::Job;
use crate::licence::Contents;
use crate::place::Place;
use crate::plan::{BuiltImage, Scene};
use crate::proof::Unproven;
use crate::raw_report::RawReport;
use crate::reach::Reach;
use crate::redact::Secret;
use crate::sbom::Component;
use crate::scope::Scope;

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

    /// What the inventories that it reads may hold; `None`: it reads none.
    fn contents(&self) -> Option<&Contents> {
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
    /// How many findings the project's own marks keep out of the report, by the kind of mark
    /// (`eslint-disable`), where the report tells.
    pub ignored: BTreeMap<&'static str, u64>,
    /// The packages that it lists, where it is an inventory.
    pub inventory: Option<Arc<Vec<Component>>>,
    /// What later gates and the user go on with: an image's digest, an ARN, each under its name.
    pub outputs: BTreeMap<String, String>,
}
