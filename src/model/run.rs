//! run.json: the record of a run. Every report is drawn from it, and it can be judged again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::component::Component;
use crate::model::enrichment_record::EnrichmentRecord;
use crate::model::finding::Finding;
use crate::model::known_note::KnownNote;
use crate::model::lock_status::LockStatus;
use crate::model::policy::{Budget, Policy};
use crate::model::policy_record::PolicyRecord;
use crate::model::scope::Scope;
use crate::model::severity::Counts;
use crate::model::verdict::{self, Mode, Outcome, Verdict};
use crate::model::waiver_use::WaiverUse;
use crate::text::shared::Text;

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
    /// The name of the project: of the folder that it is checked out in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    #[serde(default)]
    pub commit: Option<String>,
    /// The branch, where a gate acts and it could be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// How the tools stand to gates.lock; absent where none were run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockStatus>,
    /// In the order of gates.toml.
    pub gates: Vec<GateRecord>,
    /// By gate, then by place.
    pub findings: Vec<Finding>,
    pub waivers: WaiverUse,
    /// The files that told more of findings, where there were any.
    #[serde(rename = "facts", default, skip_serializing_if = "Option::is_none")]
    pub enrichment: Option<EnrichmentRecord>,
    /// How many problems of each severity all required gates together may have.
    #[serde(default, skip_serializing_if = "Budget::is_empty")]
    pub max: Budget,
    /// Where the run is over that, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<String>,
    /// Whence it knows what was there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<KnownNote>,
    /// Whose policy it was, where not the work tree's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRecord>,
    /// The result could not be written: whatever it is, nobody else will see it.
    #[serde(skip)]
    pub lost: bool,
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
    /// How its tool stands to gates.lock; absent where there is no lock, or no tool was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockStatus>,
    pub outcome: Outcome,
    /// The outcome in words.
    pub reason: String,
    pub evidence: Completeness,
    pub required: bool,
    /// It changes the world instead of looking at the project; its findings can't be waived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub action: bool,
    /// What would have kept it from acting in production, where lab mode let it act all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<String>,
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
pub enum Completeness {
    /// Every target was looked at, with proof.
    Whole,
    /// For at least one target there is no proof; why.
    Lacking(String),
    /// There was nothing to look at; why.
    Nothing(String),
    /// `--fail-fast` ended the run before it was done; why. It outranks nothing, and alone it is
    /// no pass.
    Halted(String),
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
    /// How often it was started: more than once after a fault that passes (a busy registry).
    #[serde(default)]
    pub tries: u32,
    /// How old the advisories are that it knew, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advisories: Option<String>,
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
    /// Digest of the image's manifest, by which a registry knows it, where the builder told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<Text>,
    #[serde(default)]
    pub scope: Scope,
    /// Milliseconds after the start of the run.
    #[serde(default)]
    pub started_ms: u64,
    #[serde(default)]
    pub duration_ms: u64,
    /// What was done one after another, where it was more than one program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepRecord>,
    /// How many findings the project's own marks keep out of the report, by the kind of mark
    /// (`eslint-disable`), where the report tells.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ignored: BTreeMap<String, u64>,
    /// The packages that its inventory lists; absent where it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Arc<Vec<Component>>>,
    /// What came of it for others to go on with: an image's digest, an ARN.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    pub proof: Vec<String>,
    /// What the rules for licences and banned packages say of its inventory: further proof.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inventory_notes: Vec<String>,
    /// What the scanner's own configuration in the repository says, which can narrow it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl TargetRecord {
    /// All lines of its proof.
    pub fn proof_lines(&self) -> impl Iterator<Item = &String> {
        self.proof.iter().chain(&self.inventory_notes)
    }
}

/// One step of a job of several: a program, or a question over HTTP.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepRecord {
    /// The command; for a question its method and address.
    pub did: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// HTTP status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How often it was done, in a row or taking turns with two others.
    pub times: u64,
    /// All times together.
    pub duration_ms: u64,
}

impl Run {
    /// The findings of one gate.
    pub fn findings_of<'a>(&'a self, gate: &'a GateRecord) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(|finding| finding.gate == gate.id)
    }
}

impl Run {
    /// Notes that the result could not be written, which no verdict outranks.
    pub fn lose(&mut self) {
        self.lost = true;
        self.would_block = true;
        self.exit_code = verdict::UNREPORTED;
        if self.verdict == Verdict::Pass {
            self.verdict = Verdict::Inconclusive;
        }
    }
}
