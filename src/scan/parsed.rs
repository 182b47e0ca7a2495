//! What a report says, or why it says nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

use thiserror::Error;

use crate::model::component::Component;
use crate::model::finding::Finding;
use crate::model::input::Language;
use crate::model::scope::Scope;
use crate::redact::Secret;
use crate::scan::test_runner::Listed;
use crate::text::shared::Text;

/// Why a report proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReportError {
    #[error("the {what} is empty")]
    Empty { what: &'static str },
    #[error("the {what} is cut short: {detail}")]
    Cut { what: &'static str, detail: String },
    #[error("this is not a {what}: {detail}")]
    Foreign { what: &'static str, detail: String },
    /// The scanner's own report says that the scan failed.
    #[error("{0}")]
    ToolError(String),
}

/// The meaning of an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Ran, and found nothing that changes the exit code.
    Clean,
    /// Ran, and found something.
    Findings,
    /// Ran. Says nothing about findings.
    Silent,
    /// Did not do its work. Holds what the makers say about this code.
    Fault(&'static str),
}

/// Why a gate has no job, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unplanned {
    /// There is nothing to scan, and that is fine: the gate is skipped.
    NothingToDo(String),
    /// It is not known what it should scan: the gate is inconclusive.
    Impossible(String),
}

/// What a report says.
#[derive(Debug, Default)]
pub struct Parsed {
    pub findings: Vec<Finding>,
    /// What was scanned. An empty scope is not proof.
    pub scope: Scope,
    /// This form of report never says what was scanned; only the log of a run does. Such a report is
    /// believed if it is judged without a run.
    pub scope_unreported: bool,
    /// The scanner's version, where the report names it.
    pub tool_version: Option<String>,
    /// The tools that name themselves in it, each by the first word of its name in lower case.
    pub written_by: Vec<Text>,
    /// Image id (`sha256:…`) that was built or scanned.
    pub image_id: Option<Text>,
    /// Digest of its manifest, by which a registry knows it.
    pub image_digest: Option<Text>,
    /// What registries call it, with a tag or with a digest: `ghcr.io/team/app:1.2`.
    pub image_names: Vec<Text>,
    /// The types of the packages that it lists, as package URLs have them (`deb`, `npm`), if it lists all that it looked at.
    pub package_types: Option<BTreeSet<Text>>,
    /// The inputs that it says it read, from the top of the repository, if it names them.
    pub read_inputs: Vec<Text>,
    /// Of these, those with a part in another language that it can't read.
    pub read_in_part: Vec<(Text, Language)>,
    /// The packages that it lists for an input, where it lists all that it found.
    pub listed_packages: BTreeMap<Text, Vec<ListedPackage>>,
    /// The inputs that it says it could not parse, and its word for it: each is a gap that a waiver may accept.
    pub not_read: Vec<(Text, Text)>,
    /// What was in scope and could not be scanned: the gate is inconclusive, and its findings are still shown.
    pub gaps: Vec<String>,
    /// What is a gap if the program ended with another code than 0.
    pub gaps_unless_zero: Vec<String>,
    /// Further evidence for the record, in words.
    pub proof: Vec<String>,
    /// What the rules for licences and banned packages say about its inventory: further proof.
    pub inventory_notes: Vec<String>,
    /// What these rules may leave open by mistake.
    pub inventory_warnings: Vec<String>,
    /// The age of the advisories that the scanner used, in words.
    pub advisories: Option<String>,
    /// Values that the report marks as secrets. They are redacted in all output.
    pub secrets: Vec<Secret>,
    /// How many findings the project's own suppressions keep out of the report, by kind
    /// (`eslint-disable`), if the report says so.
    pub ignored: BTreeMap<&'static str, u64>,
    /// What else makes the scan smaller, in words.
    pub notes: Vec<String>,
    /// How many files the scanner did not read, by the reason that its own rules give.
    pub unread: BTreeMap<&'static str, u64>,
    /// The packages that it lists, if it is an inventory.
    pub inventory: Option<Arc<Vec<Component>>>,
    /// What a test runner lists. Its report may leave out other failures.
    pub listed: Option<Listed>,
    /// What went wrong besides the findings, or may have, in words. The gate is inconclusive unless a finding blocks.
    pub unexplained: Option<String>,
    /// Outputs for later gates and for the user: an image's digest, an ARN, each under its name.
    pub outputs: BTreeMap<String, String>,
}

/// One package that a scanner lists for a lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPackage {
    pub name: Text,
    pub version: Option<Text>,
    /// The scanner takes it for one of development alone.
    pub dev: bool,
}

impl Parsed {
    /// Notes a tool that names itself in the report.
    pub fn is_written_by(&mut self, tool: &str) {
        if !self.written_by.iter().any(|known| **known == *tool) {
            self.written_by.push(tool.into());
        }
    }

    /// Adds what another report of the same job says. An inventory is one report.
    pub fn absorb(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.scope.merge(&other.scope);
        self.scope_unreported &= other.scope_unreported;
        self.tool_version = self.tool_version.take().or(other.tool_version);
        for name in other.written_by {
            self.is_written_by(&name);
        }
        self.read_inputs.extend(other.read_inputs);
        self.read_in_part.extend(other.read_in_part);
        for (path, packages) in other.listed_packages {
            self.listed_packages.entry(path).or_default().extend(packages);
        }
        self.not_read.extend(other.not_read);
        self.gaps.extend(other.gaps);
        self.gaps_unless_zero.extend(other.gaps_unless_zero);
        self.proof
            .extend(other.proof.into_iter().filter(|line| !self.proof.contains(line)).collect::<Vec<_>>());
        self.secrets.extend(other.secrets);
        other.ignored.into_iter().for_each(|(mark, n)| *self.ignored.entry(mark).or_default() += n);
        other.unread.into_iter().for_each(|(why, n)| *self.unread.entry(why).or_default() += n);
        self.notes.extend(other.notes);
        self.listed = match (self.listed, other.listed) {
            (Some(one), Some(other)) => Some(one.and(other)),
            (one, other) => one.or(other),
        };
        self.unexplained = self.unexplained.take().or(other.unexplained);
    }
}
