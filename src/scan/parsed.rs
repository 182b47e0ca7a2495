//! What a report says, and why one says nothing.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use thiserror::Error;

use crate::model::component::Component;
use crate::model::finding::Finding;
use crate::model::scope::Scope;
use crate::redact::Secret;
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
    /// The scanner itself says, in its report, that it could not do its work.
    #[error("{0}")]
    ToolError(String),
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
    /// What the rules for licences and banned packages say of its inventory: further proof.
    pub inventory_notes: Vec<String>,
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
