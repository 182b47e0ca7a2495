//! run.json: the record of a run. Every report is drawn from it, and it can be judged again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::{Mode, Policy};
use crate::finding::{Counts, Finding, Scope, Text};
use crate::policy::WaiverUse;
use crate::verdict::{Outcome, Verdict};

/// The schema that this version writes, and the only one it reads.
pub const SCHEMA: &str = "portcullis/run/1";

/// One run, judged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    pub schema: String,
    /// The version of Portcullis that wrote it.
    pub portcullis_version: String,
    pub mode: Mode,
    pub verdict: Verdict,
    /// Whether production would not let this pass.
    pub would_block: bool,
    pub exit_code: u8,
    /// The signal that stopped the run, as `SIGTERM`; the run is partial then.
    #[serde(default)]
    pub interrupted: Option<String>,
    pub started: jiff::Timestamp,
    pub duration_ms: u64,
    pub trace_id: String,
    #[serde(default)]
    pub profile: Option<String>,
    #[serde(default)]
    pub commit: Option<String>,
    /// In the order of gates.toml.
    pub gates: Vec<GateRecord>,
    /// By gate, then by place.
    pub findings: Vec<Finding>,
    pub waivers: WaiverUse,
}

/// One gate of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GateRecord {
    pub id: Text,
    pub stage: Text,
    pub tool: Text,
    #[serde(default)]
    pub tool_version: Option<String>,
    #[serde(default)]
    pub tool_sha256: Option<String>,
    pub outcome: Outcome,
    /// The outcome in words.
    pub reason: String,
    pub evidence: Evidence,
    pub required: bool,
    #[serde(default)]
    pub policy: Policy,
    pub scope: Scope,
    pub counts: Counts,
    pub duration_ms: u64,
    pub cached: bool,
    pub targets: Vec<TargetRecord>,
}

/// Whether a gate's findings are all there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// Every target was looked at, with proof.
    Whole,
    /// For at least one target there is no proof; why.
    Lacking(String),
    /// There was nothing to look at; why.
    Nothing(String),
}

/// One target of a gate: what was run, and the proof that it did its work.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TargetRecord {
    pub name: Text,
    pub command: Vec<String>,
    /// Folder in which it was started, relative to the repository root.
    #[serde(default)]
    pub cwd: Text,
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// Why it is no proof, or why there was nothing to look at; absent where it is one.
    #[serde(default)]
    pub reason: Option<String>,
    /// The report with its secrets masked, relative to the output folder.
    #[serde(default)]
    pub report: Option<String>,
    /// SHA-256 of that file.
    #[serde(default)]
    pub report_sha256: Option<String>,
    /// Further files kept for the user (SBOMs, logs), by what they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    #[serde(default)]
    pub image: Option<String>,
    #[serde(default)]
    pub image_id: Option<Text>,
    #[serde(default)]
    pub scope: Scope,
    /// Milliseconds after the start of the run.
    #[serde(default)]
    pub started_ms: u64,
    #[serde(default)]
    pub duration_ms: u64,
    pub proof: Vec<String>,
}

impl Run {
    /// The findings of one gate.
    pub fn findings_of<'a>(&'a self, gate: &'a GateRecord) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(|finding| finding.gate == gate.id)
    }
}
