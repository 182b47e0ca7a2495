//! The one way from findings to a verdict. A new run, reports that other steps wrote, and a saved run all go
//! through [`apply`].

use std::collections::HashMap;

use jiff::civil::Date;

use crate::model::finding::Finding;
use crate::model::policy::Budget;
use crate::model::run::{Completeness, GateRecord, Run};
use crate::model::verdict::{self, Verdict};
use crate::model::waiver_use::WaiverUse;
use crate::policy::enrichment::Enrichment;
use crate::policy::gaps;
use crate::policy::judge::{self, Waivers};
use crate::policy::known_findings::KnownFindings;
use crate::policy::protection::Protection;
use crate::policy::{fingerprint, run_budget, same_problem};
use crate::text::signal::signal_number;

/// What a run is judged by. A field that is `None` keeps what the record has.
#[derive(Clone, Copy, Debug)]
pub struct PolicyInputs<'a> {
    pub waivers: Waivers<'a>,
    /// How many problems of each severity all required gates together may have.
    pub max: Option<&'a Budget>,
    /// Whether what no gate reads blocks.
    pub(crate) coverage_required: Option<bool>,
    /// The known findings.
    pub(crate) known: Option<&'a KnownFindings>,
    /// VEX documents, EPSS scores, the KEV catalogue.
    pub(crate) enrichment: Option<&'a Enrichment>,
    /// What nobody may waive.
    pub(crate) protection: Option<&'a Protection>,
    /// The day by which waivers expire.
    pub today: Date,
}

impl PolicyInputs<'_> {
    /// The inputs that the record itself has.
    pub fn as_recorded(waivers: &WaiverUse, today: Date) -> PolicyInputs<'_> {
        PolicyInputs {
            waivers: Waivers::AsRecorded(waivers),
            max: None,
            coverage_required: None,
            known: None,
            enrichment: None,
            protection: None,
            today,
        }
    }
}

/// Judges a run: enriches its findings, marks those that are one problem and those that are known, and
/// decides every finding. Then it sets the outcomes, the budget of the run, the verdict and the exit code.
/// The findings must be clean and sorted, and have their ids.
pub fn apply(run: &mut Run, inputs: &PolicyInputs<'_>) {
    if let Some(max) = inputs.max {
        run.max = max.clone();
    }
    run.inputs.required = inputs.coverage_required.unwrap_or(run.inputs.required);
    note(&mut run.gates, &mut run.findings, inputs);
    if let Some(known) = inputs.known {
        run.known = known.record(run);
    }
    judge_run(run, inputs.waivers, inputs.today);
    if let Some(enrichment) = inputs.enrichment {
        run.enrichment = enrichment.record(&run.findings);
    }
}

/// Sorts the findings: by gate, then by place.
pub(crate) fn sort_findings(run: &mut Run) {
    let places: HashMap<&str, usize> = (0..).zip(&run.gates).map(|(at, gate)| (&*gate.id, at)).collect();
    run.findings.sort_by(|a, b| {
        let of = |finding: &Finding| places.get(&*finding.gate).copied();
        of(a).cmp(&of(b)).then_with(|| fingerprint::order(a, b))
    });
}

/// The outcomes of these gates while others still run, and where they exceed the budget of the run. Only
/// [`apply`] sees what they have in common with gates that are not done yet.
pub(crate) fn preview(
    gates: &mut [GateRecord],
    findings: &mut [Finding],
    inputs: &PolicyInputs<'_>,
) -> Vec<String> {
    note(gates, findings, inputs);
    judge::judge(gates, findings, inputs.waivers, inputs.today);
    let Some(max) = inputs.max else { return Vec::new() };
    let over = run_budget::exceeded(findings, &run_budget::required(gates), max);
    over.into_iter().map(|(_, words)| words).collect()
}

/// Notes on the findings everything that the judging uses.
fn note(gates: &mut [GateRecord], findings: &mut [Finding], inputs: &PolicyInputs<'_>) {
    if let Some(enrichment) = inputs.enrichment {
        enrichment.note(gates, findings);
    }
    same_problem::note(findings);
    if let Some(enrichment) = inputs.enrichment {
        enrichment.share(findings);
    }
    if let Some(known) = inputs.known {
        known.note(findings);
    }
    if let Some(protection) = inputs.protection {
        protection.note(findings);
    }
}

/// Decides findings, outcomes, verdict and exit code from what is noted on the findings.
pub(crate) fn judge_run(run: &mut Run, waivers: Waivers<'_>, today: Date) {
    gaps::accept_uncovered(&mut run.inputs, waivers, today);
    run.waivers = judge::judge(&mut run.gates, &mut run.findings, waivers, today);
    gaps::note_use(run);
    run.over = run_budget::judge(&mut run.findings, &run_budget::required(&run.gates), &run.max);
    conclude(run);
}

/// Outcomes → verdict and exit code.
fn conclude(run: &mut Run) {
    let mut verdict = Verdict::of(run.gates.iter().map(|gate| (gate.outcome, gate.required)));
    let uncovered = run.inputs.required && run.inputs.words().is_some();
    if verdict == Verdict::Pass && (uncovered || !run.over.is_empty()) {
        verdict = Verdict::Blocked;
    }
    // Nobody knows what there is to look at.
    if run.inputs.required && run.inputs.not_there().is_some() {
        verdict = Verdict::Inconclusive;
    }
    // A run that was cut off proves nothing, even if its gates passed so far.
    let halted =
        run.gates.iter().any(|gate| gate.required && matches!(gate.evidence, Completeness::Halted(_)));
    let cut_off = run.interrupted.is_some() || (halted && verdict == Verdict::Pass);
    run.verdict = if cut_off { Verdict::Inconclusive } else { verdict };
    run.would_block = run.verdict != Verdict::Pass;
    let signal = run.interrupted.as_deref().and_then(signal_number);
    run.exit_code = verdict::exit_code(run.mode, run.verdict, signal);
}
