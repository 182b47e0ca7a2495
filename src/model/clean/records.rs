//! The parts of a run record.

use crate::model::component::Component;
use crate::model::enrichment_record::{EnrichmentRecord, FileRecord, VexRecord};
use crate::model::known_note::KnownNote;
use crate::model::looked_at::{GateInput, RunInputs, Uncovered, UncoveredInput};
use crate::model::loosening::Loosening;
use crate::model::policy::{Policy, Ratchet};
use crate::model::policy_record::PolicyRecord;
use crate::model::run::{Completeness, GateRecord, Run, StepRecord, TargetRecord};
use crate::model::waiver_use::{WaiverNote, WaiverUse};
use crate::redact::Scrubber;
use std::sync::Arc;

use super::Clean;

impl Clean for TargetRecord {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self {
            name,
            command,
            cwd,
            exit_code: _,
            unexplained,
            tries: _,
            advisories,
            reason,
            report,
            report_sha256,
            files,
            image,
            image_id,
            image_digest,
            image_names,
            scope: _,
            started_ms: _,
            duration_ms: _,
            steps,
            ignored,
            unread,
            inventory,
            outputs,
            proof,
            inventory_notes,
            inventory_warnings,
            notes,
        } = self;
        name.clean(scrubber);
        command.clean(scrubber);
        cwd.clean(scrubber);
        [advisories, reason, unexplained, report, report_sha256, image]
            .into_iter()
            .for_each(|text| text.clean(scrubber));
        [image_id, image_digest].into_iter().for_each(|text| text.clean(scrubber));
        image_names.clean(scrubber);
        for map in [files, outputs] {
            map.clean(scrubber);
            map.values_mut().for_each(|value| value.clean(scrubber));
        }
        steps.clean(scrubber);
        ignored.clean(scrubber);
        unread.clean(scrubber);
        inventory.clean(scrubber);
        proof.clean(scrubber);
        inventory_notes.clean(scrubber);
        inventory_warnings.clean(scrubber);
        notes.clean(scrubber);
    }
}

impl Clean for Arc<Vec<Component>> {
    fn clean(&mut self, scrubber: &Scrubber) {
        let mut components = Vec::clone(self);
        components.clean(scrubber);
        if components != **self {
            *self = Self::new(components);
        }
    }
}

impl Clean for Component {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { name, version, purl, more_purls, kind, licences } = self;
        name.clean(scrubber);
        version.clean(scrubber);
        purl.clean(scrubber);
        more_purls.clean(scrubber);
        kind.clean(scrubber);
        licences.clean(scrubber);
    }
}

impl Clean for StepRecord {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { did, exit_code: _, status: _, times: _, duration_ms: _ } = self;
        did.clean(scrubber);
    }
}

impl Clean for PolicyRecord {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { from, revision, loosened, notes } = self;
        from.clean(scrubber);
        revision.clean(scrubber);
        loosened.clean(scrubber);
        notes.clean(scrubber);
    }
}

impl Clean for Loosening {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { place, what, was } = self;
        place.clean(scrubber);
        what.clean(scrubber);
        was.clean(scrubber);
    }
}

impl Clean for GateRecord {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self {
            id,
            stage,
            tool,
            tool_version,
            tool_sha256,
            lock: _,
            outcome: _,
            reason,
            evidence,
            required: _,
            action: _,
            overridden,
            left_out,
            since,
            looks_for: _,
            policy,
            scope: _,
            counts: _,
            duration_ms: _,
            cached: _,
            targets,
            inputs,
        } = self;
        inputs.clean(scrubber);
        [id, stage, tool].into_iter().for_each(|text| text.clean(scrubber));
        [tool_version, tool_sha256, overridden, left_out, since]
            .into_iter()
            .for_each(|text| text.clean(scrubber));
        reason.clean(scrubber);
        match evidence {
            Completeness::Whole => {}
            Completeness::Lacking(why)
            | Completeness::Stale(why)
            | Completeness::Nothing(why)
            | Completeness::Halted(why) => why.clean(scrubber),
        }
        policy.clean(scrubber);
        targets.clean(scrubber);
    }
}

impl Clean for GateInput {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { path, kind: _, state: _, files: _, why, accepted, by_name: _ } = self;
        path.clean(scrubber);
        why.clean(scrubber);
        accepted.clean(scrubber);
    }
}

impl Clean for RunInputs {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { required: _, uncovered, to_add, absent, unknown } = self;
        for Uncovered { kind: _, tools, inputs } in uncovered {
            tools.clean(scrubber);
            for UncoveredInput { path, files: _, accepted } in inputs {
                path.clean(scrubber);
                accepted.clean(scrubber);
            }
        }
        to_add.clean(scrubber);
        absent.clean(scrubber);
        unknown.clean(scrubber);
    }
}

impl Clean for Policy {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { fail_on: _, unrated: _, max: _, conditions: _, new_only: _, no_worse_than } = self;
        if let Some(Ratchet { than, counts: _ }) = no_worse_than {
            than.clean(scrubber);
        }
    }
}

impl Clean for WaiverUse {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { used, unused, expired, expiring } = self;
        [used, unused, expired, expiring].into_iter().for_each(|notes| notes.clean(scrubber));
    }
}

impl Clean for WaiverNote {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { name, reason, expires: _, line: _, behind, shares } = self;
        name.clean(scrubber);
        reason.clean(scrubber);
        behind.clean(scrubber);
        shares.clean(scrubber);
    }
}

impl Clean for KnownNote {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { from, commit, written: _, findings: _, gone: _, warnings } = self;
        from.clean(scrubber);
        commit.clean(scrubber);
        warnings.clean(scrubber);
    }
}

impl Clean for EnrichmentRecord {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { vex, epss, kev } = self;
        vex.clean(scrubber);
        epss.clean(scrubber);
        kev.clean(scrubber);
    }
}

impl Clean for VexRecord {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { document, statements: _, findings: _, unused } = self;
        document.clean(scrubber);
        unused.clean(scrubber);
    }
}

impl Clean for FileRecord {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self { file, date: _, age_days: _, vulnerabilities: _ } = self;
        file.clean(scrubber);
    }
}

impl Clean for Run {
    fn clean(&mut self, scrubber: &Scrubber) {
        let Self {
            schema,
            portcullis_version,
            mode: _,
            verdict: _,
            would_block: _,
            exit_code: _,
            interrupted,
            started: _,
            duration_ms: _,
            trace_id,
            profile,
            project,
            configuration,
            commit,
            branch,
            lock: _,
            gates,
            findings,
            inputs,
            waivers,
            enrichment,
            max: _,
            over,
            known,
            policy,
            lost: _,
        } = self;
        [schema, portcullis_version, trace_id].into_iter().for_each(|text| text.clean(scrubber));
        inputs.clean(scrubber);
        [interrupted, profile, project, configuration, commit, branch]
            .into_iter()
            .for_each(|text| text.clean(scrubber));
        gates.clean(scrubber);
        findings.clean(scrubber);
        waivers.clean(scrubber);
        enrichment.clean(scrubber);
        over.clean(scrubber);
        known.clean(scrubber);
        policy.clean(scrubber);
    }
}
