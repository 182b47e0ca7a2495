//! The evidence of a gate: the evidence of its targets, put together into one record with its findings.

use std::path::Path;
use std::time::Duration;

use crate::config::Gate;
use crate::engine::gate_inputs::accepts;
use crate::engine::image_coverage;
use crate::engine::job_run::TargetEvidence;
use crate::engine::lock::guard::Examined;
use crate::engine::program_identity::Identity;
use crate::engine::reasons::Reasons;
use crate::inputs::Inputs;
use crate::model::clean::Clean;
use crate::model::finding::Finding;
use crate::model::input::InputKind;
use crate::model::lock_status::LockStatus;
use crate::model::looked_at::{GateInput, InputState};
use crate::model::run::{Completeness, GateRecord, TargetRecord};
use crate::model::scope::Scope;
use crate::model::severity::Counts;
use crate::model::verdict::Outcome;
use crate::policy::fingerprint::{self, SourceLines};
use crate::policy::gaps;
use crate::redact::{Scrubber, Secret, SecretSet};
use crate::scan::gate_outputs::{
    BUILDER, FinishedGate, FinishedTarget, GateOutputs, another_image, another_input,
};
use crate::scan::proof::Proof;
use crate::system::checkout::Checkout;
use crate::system::process::Stop;
use crate::text::human::millis;
use crate::text::sanitise;
use crate::text::shared::{SharedTexts, Text};

/// The result of a gate before it is judged.
#[derive(Debug)]
pub(crate) struct GateEvidence {
    pub gate: Gate,
    pub targets: Vec<TargetEvidence>,
    /// The findings of its targets, until the pool takes them.
    pub findings: Vec<Finding>,
    /// How many secrets were known when the findings got their ids; `None`: they have no ids yet.
    identified_with: Option<usize>,
    /// What is missing, if anything.
    pub lack: Option<Lack>,
    pub duration: Duration,
    pub identity: Identity,
    /// What would have stopped it from acting in production.
    pub overridden: Option<String>,
    /// Who left it out, if anyone did.
    pub left_out: Option<String>,
    /// The commit after which it looked, if it was narrowed.
    pub since: Option<String>,
    /// What there is for it to look at, and what became of it.
    pub inputs: Vec<GateInput>,
}

/// Why a gate can't be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// There is no proof: inconclusive.
    Proof(String),
    /// There was nothing to scan: skipped.
    Nothing(String),
    /// `--fail-fast` ended it, or kept it from starting: skipped, and the run can't pass.
    Halted(String),
}

impl Lack {
    /// The same of these targets alone.
    pub(crate) fn of_targets(self, names: &str) -> Self {
        match self {
            Self::Proof(why) => Self::Proof(format!("{names} {why}")),
            Self::Nothing(why) => Self::Nothing(format!("{names} {why}")),
            Self::Halted(why) => Self::Halted(format!("{names} {why}")),
        }
    }
}

/// How the evidence of one gate is judged, for progress and `--fail-fast`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub outcome: Outcome,
    pub reason: String,
}

impl Judgement {
    /// `failed: 2 findings at or above high`
    pub(crate) fn words(&self) -> String {
        format!("{}: {}", self.outcome, self.reason)
    }
}

impl GateEvidence {
    /// Puts the targets of a gate together; `lack` is set if the gate never started.
    pub(crate) fn new(
        gate: &Gate,
        mut targets: Vec<TargetEvidence>,
        lack: Option<Lack>,
        duration: Duration,
        stop: Stop,
    ) -> Self {
        let lack = lack.or_else(|| lack_of(gate, &targets, stop));
        let findings = with_names(gate, &mut targets);
        let identity = Identity::default();
        let inputs = targets.iter().flat_map(not_read).collect();
        Self {
            gate: gate.clone(),
            targets,
            findings,
            identified_with: None,
            lack,
            duration,
            identity,
            overridden: None,
            left_out: None,
            since: None,
            inputs,
        }
    }

    /// Where a tool found nothing in scope, and passed over inputs, these are the reason.
    pub(crate) fn name_gaps(&mut self) {
        let is_empty = |target: &TargetEvidence| matches!(target.proof, Proof::NothingInScope { .. });
        let are_empty = !self.targets.is_empty() && self.targets.iter().all(is_empty);
        let gaps = gaps::reason(&self.inputs).filter(|_| are_empty);
        if let (Some(Lack::Proof(words)), Some(gaps)) = (&mut self.lack, gaps) {
            *words = format!("nothing was in scope: {gaps}");
        }
    }

    /// The program that the gate ran.
    pub(crate) fn program(&self) -> Option<&Path> {
        self.targets.iter().find_map(|target| target.program.as_deref())
    }

    /// How the programs of its targets compare with gates.lock: the worst result.
    fn lock_status(&self) -> Option<LockStatus> {
        let mut standings =
            self.targets.iter().filter_map(|target| target.locked.as_ref().map(Examined::lock_status));
        let first = standings.next()?;
        let worst =
            if standings.any(|other| other == LockStatus::Differs) { LockStatus::Differs } else { first };
        (worst != LockStatus::Unlocked).then_some(worst)
    }

    /// The secrets that its reports mark, and the secrets that gates.toml gives it.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.targets.iter().flat_map(|target| target.proof.parsed().secrets.iter().chain(&target.secrets))
    }

    /// What later gates may know about it.
    pub(crate) fn finished(&self, outcome: Outcome) -> FinishedGate {
        let targets = self.targets.iter().map(|target| self.finished_target(target));
        FinishedGate {
            id: self.gate.id.clone(),
            tool: self.gate.spec.name,
            outcome,
            acts: self.gate.tool.acts(),
            scans_images: image_coverage::scans_images(&self.gate),
            targets: targets.collect(),
        }
    }

    fn finished_target(&self, target: &TargetEvidence) -> FinishedTarget {
        let parsed = target.proof.parsed();
        let read_from =
            target.read_from.as_ref().filter(|(_, config)| Some(config) == parsed.image_id.as_ref());
        FinishedTarget {
            name: target.record.name.clone(),
            image: target.record.image.clone(),
            image_id: parsed.image_id.clone(),
            read_of: read_from.map(|(id, _)| id.clone()),
            input: target.input.clone(),
            scanned: image_coverage::is_scanned(target, &self.inputs),
            pattern: image_coverage::pattern_for(target, &self.inputs),
            outputs: parsed.outputs.clone(),
        }
    }

    /// Looks whether it scanned the images that the run has built. If not, it proves nothing of them.
    pub(crate) fn compare_images(&mut self, outputs: &GateOutputs) {
        if self.lack.is_some() || self.gate.tool.acts() || self.gate.spec.name == BUILDER {
            return;
        }
        let other = |target: &TargetEvidence| {
            let image = target.record.image.as_deref()?;
            another_image(outputs, image, &self.finished_target(target))
        };
        self.lack = self.targets.iter().find_map(other).map(Lack::Proof);
    }

    /// Looks whether it found the images in a file of `input` that these gates did, which ended before it. If not, it proves nothing.
    pub(crate) fn compare_inputs(&mut self, earlier: &GateOutputs) {
        if self.lack.is_none() {
            let targets: Vec<_> = self.targets.iter().map(|target| self.finished_target(target)).collect();
            self.lack = another_input(earlier, &targets).map(Lack::Proof);
        }
    }

    /// Looks again at which of its images it could not read, now that these gates are done.
    pub(crate) fn set_images(&mut self, images: Vec<GateInput>) {
        self.inputs.retain(|input| input.kind != InputKind::Image);
        self.inputs.extend(images);
    }

    /// Sorts its findings and gives them ids.
    pub(crate) fn identify(&mut self, secrets: &SecretSet, root: &Path) {
        identify(&mut self.findings, secrets.scrubber(), root);
        self.identified_with = Some(secrets.len());
    }

    /// Whether its findings got their ids when the same secrets were known.
    pub(crate) fn is_identified_with(&self, secrets: &SecretSet) -> bool {
        self.identified_with == Some(secrets.len())
    }

    /// The gate's record, not judged yet. Known secrets are redacted.
    pub(crate) fn record(&self, scrubber: &Scrubber) -> GateRecord {
        let mut scope = Scope::default();
        let targets: Vec<TargetRecord> =
            self.targets.iter().map(|target| target_record(target, scrubber)).collect();
        for target in &targets {
            scope.merge(&target.scope);
        }
        let reported = self.targets.iter().find_map(|target| target.proof.parsed().tool_version.clone());
        // Redacted first, then cut: half a secret would not be recognised.
        let words = |why: &str| sanitise::short(&scrubber.one_line(why), LONGEST_OF_GATE);
        let mut record = GateRecord {
            id: self.gate.id.clone(),
            stage: self.gate.stage.clone(),
            tool: Text::from(self.gate.spec.name),
            tool_version: reported.or_else(|| self.identity.version.clone()),
            tool_sha256: self.identity.sha256.clone(),
            lock: self.lock_status(),
            outcome: Outcome::Inconclusive,
            reason: String::new(),
            evidence: match &self.lack {
                None => Completeness::Whole,
                Some(Lack::Proof(why)) => Completeness::Lacking(words(why)),
                Some(Lack::Nothing(why)) => Completeness::Nothing(words(why)),
                Some(Lack::Halted(why)) => Completeness::Halted(words(why)),
            },
            required: self.gate.required,
            action: self.gate.tool.acts(),
            overridden: self.overridden.clone(),
            left_out: self.left_out.clone(),
            since: self.since.clone(),
            looks_for: self.gate.looks_for.clone(),
            policy: self.gate.policy.clone(),
            scope,
            counts: Counts::default(),
            duration_ms: millis(self.duration),
            cached: false,
            targets,
            inputs: self.inputs.clone(),
        };
        record.clean(scrubber);
        record
    }
}

/// What its tool could not parse: a gap, also where nobody compares what there is with what was read.
fn not_read(target: &TargetEvidence) -> impl Iterator<Item = GateInput> {
    let all = target.proof.parsed().not_read.iter();
    all.map(|(path, why)| {
        GateInput::new(path.clone(), Inputs::kind_of_name(path), InputState::Gap, Some(accepts(why)))
    })
}

/// The findings of all targets, each with the names of its gate, target and tool.
fn with_names(gate: &Gate, targets: &mut [TargetEvidence]) -> Vec<Finding> {
    let tool = Text::from(gate.spec.name);
    let seen_by = SharedTexts::from([tool.clone()]);
    let mut all = Vec::new();
    for target in targets {
        let parsed = target.proof.parsed_mut();
        let found = all.len();
        // Taken, so that the memory of the list is freed too.
        let mut findings = std::mem::take(&mut parsed.findings);
        match found {
            0 => all = findings,
            _ => all.append(&mut findings),
        }
        for finding in &mut all[found..] {
            finding.gate = gate.id.clone();
            finding.target = target.record.name.clone();
            finding.tool = tool.clone();
            finding.seen_by = seen_by.clone();
            finding.image = finding.image.take().or_else(|| parsed.image_id.clone());
        }
    }
    all
}

/// Sorts the findings of one gate and gives them ids. Known secrets are redacted first, so that no id
/// is made from one. `root` is the top of the checkout.
pub(crate) fn identify(findings: &mut [Finding], scrubber: &Scrubber, root: &Path) {
    for finding in findings.iter_mut() {
        finding.clean(scrubber);
    }
    findings.sort_by(fingerprint::order);
    let checkout = Checkout::new(root);
    let read = |path: &str| checkout.file(path);
    fingerprint::assign_ids(findings, &mut SourceLines::new(&read, scrubber));
}

fn target_record(target: &TargetEvidence, scrubber: &Scrubber) -> TargetRecord {
    let parsed = target.proof.parsed();
    let mut record = target.record.clone();
    record.scope = parsed.scope.clone();
    record.image_id = parsed.image_id.clone();
    record.outputs = parsed.outputs.clone();
    record.inventory = parsed.inventory.clone();
    record.ignored = parsed.ignored.iter().map(|(mark, n)| ((*mark).to_owned(), *n)).collect();
    record.unread = parsed.unread.iter().map(|(why, n)| ((*why).to_owned(), *n)).collect();
    record.image_digest = parsed.image_digest.clone();
    record.image_names.clone_from(&parsed.image_names);
    let short = |words: &str| sanitise::short(&scrubber.one_line(words), LONGEST);
    record.unexplained = parsed.unexplained.as_deref().map(short);
    record.proof.extend(parsed.proof.iter().map(|line| short(line)));
    record.notes.extend(parsed.notes.iter().map(|line| short(line)));
    record.inventory_notes = parsed.inventory_notes.iter().map(|line| short(line)).collect();
    record.inventory_warnings = parsed.inventory_warnings.iter().map(|line| short(line)).collect();
    record.reason = target.proof.reason().map(short);
    record.advisories = parsed.advisories.clone();
    record.clean(scrubber);
    record
}

/// The longest reason, in characters: a scanner's last output may be a page long.
const LONGEST: usize = 400;

/// The longest reason of a gate, in characters. It may name several targets.
const LONGEST_OF_GATE: usize = 1600;

/// What the targets leave unproven, in one reason.
fn lack_of(gate: &Gate, targets: &[TargetEvidence], stop: Stop) -> Option<Lack> {
    let (mut unproven, mut empty) = (Reasons::default(), Reasons::default());
    for target in targets {
        match &target.proof {
            Proof::Complete(_) => {}
            Proof::Inconclusive { reason, .. } => unproven.add(&target.record.name, reason),
            Proof::NothingInScope { reason, .. } if target.may_be_empty => {
                empty.add(&target.record.name, reason)
            }
            // It is a gap, which a waiver may accept for this image alone.
            Proof::NothingInScope { .. } if image_coverage::is_of_image(gate, target) => {}
            Proof::NothingInScope { reason, .. } => {
                let key = match targets.len() {
                    1 => "allow_empty = true".to_owned(),
                    _ => format!("allow_empty = [\"{}\"]", target.record.name),
                };
                let reason = format!("{reason} (`{key}` if that is right)");
                unproven.add(&target.record.name, &reason);
            }
        }
    }
    let are_images = targets.iter().all(|target| target.record.image.is_some());
    let of_gate = (targets.len(), if are_images { "images" } else { "targets" });
    if !unproven.is_empty() {
        let reasons = unproven.words(of_gate);
        let was_stopped =
            targets.iter().all(|target| target.stopped || matches!(target.proof, Proof::Complete(_)));
        return Some(match stop {
            Stop::FailFast if was_stopped => Lack::Halted(format!("fail-fast; {reasons}")),
            Stop::Signal(_) => Lack::Proof(format!("interrupted; {reasons}")),
            Stop::Deadline => Lack::Proof(format!("the deadline of the run has passed; {reasons}")),
            Stop::FailFast | Stop::No => Lack::Proof(reasons),
        });
    }
    // One target with something in scope is enough to judge the gate.
    let all_empty = !targets.is_empty() && empty.len() == targets.len();
    all_empty.then(|| Lack::Nothing(empty.words(of_gate)))
}
