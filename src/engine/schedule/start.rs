//! Starts the jobs of a gate: all at once, or those whose image is built while others are not.

use std::sync::Arc;

use crate::engine::evidence::Lack;
use crate::engine::job_run::{self, JobRun, ProgressSender};
use crate::engine::program_identity;
use crate::scan::gate_outputs::{BUILDER, GateOutputs};
use crate::scan::job::Job;
use crate::scan::program;
use crate::text::shared::Text;

use super::moving::Others;
use super::slots::Ready;
use super::{InRun, Run};

impl Run<'_> {
    /// Starts every job of the gate that has not started, except those that wait for the others.
    pub(super) fn start(&mut self, index: usize) {
        let (later, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.gates[index].rest).into_iter().partition(|(_, job)| job.after_siblings);
        self.gates[index].rest = later;
        self.launch_all(index, rest);
        self.start_later(index);
    }

    /// Once the others have ended, starts the jobs that wait for them, if these have done all of their work. Returns
    /// whether the gate is over.
    pub(super) fn start_later(&mut self, index: usize) -> bool {
        let gate = &mut self.gates[index];
        if gate.running > 0 || gate.rest.iter().any(|(_, job)| !job.after_siblings) {
            return false;
        }
        if gate.rest.is_empty() {
            return true;
        }
        if let Some(undone) = gate.targets.iter_mut().flatten().find(|target| !target.has_done_its_work()) {
            let later = std::mem::take(&mut gate.rest);
            let names: Vec<&str> = later.iter().map(|(_, job)| &*job.target).collect();
            undone.record.notes.push(format!("not started because of it: {}", names.join("; ")));
            return true;
        }
        match self.others_of(index) {
            Others::Pending => {}
            Others::Pushed => {
                let later = std::mem::take(&mut self.gates[index].rest);
                self.launch_all(index, later);
            }
            Others::Undone(lack) => drop(self.leave_the_rest(index, lack)),
        }
        false
    }

    fn launch_all(&mut self, index: usize, jobs: Vec<(usize, Job)>) {
        let gate_outputs = match self.gates[index].turn {
            Some(_) => Arc::new(self.gate_outputs()),
            None => Arc::default(),
        };
        for (target, job) in jobs {
            self.launch(index, target, job, &gate_outputs);
        }
    }

    /// Starts the jobs whose image is built, if the gate waits for nothing but builds: the scan of a small image need not wait
    /// for a large one.
    pub(super) fn start_what_is_built(&mut self, index: usize) {
        let gate = &self.gates[index];
        let is_builder = |other: &InRun| other.planned.gate.spec.name == BUILDER;
        let waits = |need: &Text| {
            self.gates
                .iter()
                .any(|other| other.planned.gate.id == *need && other.done.is_none() && !is_builder(other))
        };
        if gate.turn.is_some() || gate.planned.gate.needs.iter().any(waits) {
            return;
        }
        let is_built =
            |job: &Job| job.export.as_ref().is_some_and(|export| self.exports.has_built(&export.reference));
        let (ready, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.gates[index].rest).into_iter().partition(|(_, job)| is_built(job));
        self.gates[index].rest = rest;
        for (target, job) in ready {
            self.launch(index, target, job, &Arc::default());
        }
    }

    /// Says why the jobs that have not started never will. Returns whether the gate is over with that.
    pub(super) fn leave_the_rest(&mut self, index: usize, lack: Lack) -> bool {
        let gate = &mut self.gates[index];
        let rest = std::mem::take(&mut gate.rest);
        for export in rest.iter().filter_map(|(_, job)| job.export.as_ref()) {
            self.exports.release(&export.reference);
        }
        let some_started = rest.len() < gate.targets.len();
        let lack = match rest.is_empty() || !some_started {
            true => lack,
            false => {
                let names: Vec<&str> = rest.iter().map(|(_, job)| &*job.target).collect();
                lack.of_targets(&names.join(", "))
            }
        };
        if gate.running > 0 {
            gate.lack = Some(lack);
            return false;
        }
        self.conclude(index, Some(lack));
        true
    }

    fn launch(&mut self, index: usize, target: usize, job: Job, gate_outputs: &Arc<GateOutputs>) {
        let gate = &mut self.gates[index];
        gate.running += 1;
        let shared = Arc::new(gate.planned.gate.clone());
        // With a lock, the comparison shows which program it is before the program may be asked
        // anything.
        if !self.site.guard.has_lock()
            && !job.invocation.program.name.is_empty()
            && let Some(program) = program::find(&job.invocation.program, &job.invocation.cwd)
        {
            let (program_, cwd, limit) = (program.clone(), job.invocation.cwd.clone(), shared.timeout);
            let root = self.site.repo.root.clone();
            let identify = program_identity::identify(shared.spec, program_, cwd, root, limit);
            self.identities.entry(program).or_insert_with(|| tokio::spawn(identify));
        }
        let work = JobRun {
            job,
            gate: shared,
            repo: self.site.repo.clone(),
            branch: self.site.conditions.branch.clone(),
            guard: self.site.guard.clone(),
            scratch: self.site.scratch.to_owned(),
            run_started: self.site.started,
            report_owners: self.report_owners.clone(),
            exports: self.exports.clone(),
            gate_outputs: gate_outputs.clone(),
            progress: ProgressSender { gate: index, to: self.news.0.clone() },
        };
        let weight = self.gates[index].planned.gate.weight;
        self.slots.add(self.to_the_end[index], Ready { gate: index, target, weight, work });
    }

    /// Starts the jobs for which there are slots.
    pub(super) fn fill_the_slots(&mut self) {
        while let Some(Ready { gate, target, work, .. }) = self.slots.next() {
            let (exports, stop) = (self.exports.clone(), self.site.stop.subscribe());
            self.tasks.spawn(async move {
                work.progress.started();
                let reads = work.job.export.as_ref().map(|export| export.reference.clone());
                let evidence = job_run::carry_out(work, stop).await;
                if let Some(reference) = reads {
                    exports.release(&reference);
                }
                (gate, target, evidence)
            });
        }
    }
}
