//! run.json: the record of a run. Every report is made from it, and it can be judged again.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::aim::Aim;
use crate::model::component::Component;
use crate::model::enrichment_record::EnrichmentRecord;
use crate::model::finding::Finding;
use crate::model::known_note::KnownNote;
use crate::model::lock_status::LockStatus;
use crate::model::looked_at::{GateInput, RunInputs};
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
    /// Whether production would block this.
    pub would_block: bool,
    pub exit_code: u8,
    /// The signal that stopped the run, such as `SIGTERM`. The run is not complete then.
    #[serde(default)]
    pub interrupted: Option<String>,
    pub started: jiff::Timestamp,
    pub duration_ms: u64,
    pub trace_id: String,
    #[serde(default)]
    pub profile: Option<String>,
    /// The name of the project: the folder that it is checked out in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The name of the file with the gates, if it is not `gates.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    #[serde(default)]
    pub commit: Option<String>,
    /// The branch, if a gate acts and the branch is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Whether the tools are those of gates.lock; absent if no tool has run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockStatus>,
    /// In the order of gates.toml.
    pub gates: Vec<GateRecord>,
    /// By gate, then by place.
    pub findings: Vec<Finding>,
    /// What there is to look at, and no gate reads.
    #[serde(default, skip_serializing_if = "RunInputs::is_default")]
    pub inputs: RunInputs,
    pub waivers: WaiverUse,
    /// The files that say more about findings, if there are any.
    #[serde(rename = "facts", default, skip_serializing_if = "Option::is_none")]
    pub enrichment: Option<EnrichmentRecord>,
    /// How many problems of each severity all required gates together may have.
    #[serde(default, skip_serializing_if = "Budget::is_empty")]
    pub max: Budget,
    /// Where the run exceeds that, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<String>,
    /// Where its known findings come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<KnownNote>,
    /// Whose policy it was, if not the work tree's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRecord>,
    /// The result could not be written, so nobody will see it.
    #[serde(skip)]
    pub lost: bool,
}

impl Run {
    /// For each input that was not scanned, and that somebody accepts: the name of the waiver.
    pub(crate) fn accepted_gaps(&self) -> impl Iterator<Item = &Text> {
        let of_gates = self.gates.iter().flat_map(|gate| &gate.inputs).map(|input| &input.accepted);
        let of_run = self.inputs.uncovered.iter().flat_map(|uncovered| &uncovered.inputs);
        let absent = self.inputs.absent.iter().map(|input| &input.accepted);
        of_gates.chain(of_run.map(|input| &input.accepted)).chain(absent).flatten()
    }
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
    /// Whether its tool is the one in gates.lock; absent if there is no lock, or no tool was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockStatus>,
    pub outcome: Outcome,
    /// The outcome in words.
    pub reason: String,
    pub evidence: Completeness,
    pub required: bool,
    /// It acts (a push, a deployment) instead of scanning. Its findings can't be waived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub action: bool,
    /// What would have stopped it in production, if it acted only because of lab mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<String>,
    /// Who left it out, if anyone did: `--skip`, `PORTCULLIS_ONLY`, `profile pre-push`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
    /// The commit after which it looked (`--since`); absent: it looked at everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What it looks for, whether it finds it or not; absent where nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks_for: Vec<Aim>,
    #[serde(default)]
    pub policy: Policy,
    pub scope: Scope,
    pub counts: Counts,
    pub duration_ms: u64,
    pub cached: bool,
    pub targets: Vec<TargetRecord>,
    /// What there is for it to look at, and what became of it; empty where nobody can tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<GateInput>,
}

impl GateRecord {
    /// Whether it looked at everything, with proof. Only then is a finding gone that is not there any more.
    pub fn looked_at_all(&self) -> bool {
        self.is_proved() && self.since.is_none()
    }

    /// Whether it has proof for its targets, and for each of its inputs that nobody accepts without.
    pub fn is_proved(&self) -> bool {
        self.evidence == Completeness::Whole && !self.inputs.iter().any(GateInput::is_open)
    }
}

/// Whether the evidence of a gate is complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Completeness {
    /// Every target was scanned, with proof.
    Whole,
    /// At least one target has no proof. The text says why.
    Lacking(String),
    /// Every target was scanned, and a file that the policy uses beside them is too old. The text says why. Another
    /// policy, or a fresh file, judges the same evidence anew.
    Stale(String),
    /// There was nothing to scan. The text says why.
    Nothing(String),
    /// `--fail-fast` ended the run before the gate was done. The text says why.
    /// A run with such a gate, if it is required, never passes.
    Halted(String),
}

/// One target of a gate: what ran, and the proof that it did its work.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TargetRecord {
    pub name: Text,
    pub command: Vec<String>,
    /// The folder in which it was started, relative to the repository root.
    #[serde(default)]
    pub cwd: Text,
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// What went wrong besides the findings, or may have: an exit code that the failures do not explain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unexplained: Option<String>,
    /// How often it was started: more than once after a transient error (a busy registry).
    #[serde(default)]
    pub tries: u32,
    /// How old its advisories are, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advisories: Option<String>,
    /// Why there is no proof, or why there was nothing to scan; absent if there is proof.
    #[serde(default)]
    pub reason: Option<String>,
    /// The report with its secrets masked, relative to the output folder.
    #[serde(default)]
    pub report: Option<String>,
    /// SHA-256 of that file.
    #[serde(default)]
    pub report_sha256: Option<String>,
    /// Other files kept for the user (SBOMs, logs), by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    #[serde(default)]
    pub image: Option<String>,
    #[serde(default)]
    pub image_id: Option<Text>,
    /// Digest of the image's manifest, the name of the image in a registry, if the builder reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<Text>,
    /// What registries call the image, with a tag or with a digest, as far as the report names it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_names: Vec<Text>,
    #[serde(default)]
    pub scope: Scope,
    /// Milliseconds after the start of the run.
    #[serde(default)]
    pub started_ms: u64,
    #[serde(default)]
    pub duration_ms: u64,
    /// The steps, if there was more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepRecord>,
    /// How many findings the project's own marks suppress, by the kind of mark (`eslint-disable`), if the
    /// report says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ignored: BTreeMap<String, u64>,
    /// How many files in scope the scanner did not read, by the reason that its own rules give (`binary`), if that is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<String, u64>,
    /// The packages in its inventory; absent if it is not an inventory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Arc<Vec<Component>>>,
    /// Results that later gates can use: an image's digest, an ARN.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    pub proof: Vec<String>,
    /// What the rules for licences and banned packages say about its inventory: more proof.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inventory_notes: Vec<String>,
    /// What these rules may leave open by mistake.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inventory_warnings: Vec<String>,
    /// What the scanner's own configuration in the repository says. It can make the scan smaller.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl TargetRecord {
    /// All lines of its proof.
    pub fn proof_lines(&self) -> impl Iterator<Item = &String> {
        self.proof.iter().chain(&self.inventory_notes)
    }
}

/// One step of a job with several steps: a program, or an HTTP request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StepRecord {
    /// The command; for an HTTP request its method and address.
    pub did: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// HTTP status of the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How often it was done, in a row or alternating with up to two others.
    pub times: u64,
    /// The sum of all times.
    pub duration_ms: u64,
}

impl Run {
    /// The findings of one gate.
    pub fn findings_of<'a>(&'a self, gate: &'a GateRecord) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(|finding| finding.gate == gate.id)
    }
}

impl Run {
    /// Notes that the result could not be written. This outranks every verdict.
    pub fn lose(&mut self) {
        self.lost = true;
        self.would_block = true;
        self.exit_code = verdict::UNREPORTED;
        if self.verdict == Verdict::Pass {
            self.verdict = Verdict::Inconclusive;
        }
    }
}
