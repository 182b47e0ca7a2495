//! Runs a plan: gates in parallel where `needs` allows, as many scanners at once as `jobs` allows,
//! until all gates are done or the run is stopped.

mod moving;
mod needs;
mod order;
mod slots;
mod start;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

pub(crate) use order::longest_chain_first;
use order::time_to_the_end;
use slots::Slots;

use crate::config::settings::Settings;
use crate::engine::event::{Event, Listener};
use crate::engine::evidence::{GateEvidence, Lack};
use crate::engine::image_coverage::images_of_all;
use crate::engine::image_exports::ImageExports;
use crate::engine::interlock::{self, ActionConditions};
use crate::engine::job_run::{News, TargetEvidence};
use crate::engine::lock::guard::Guard;
use crate::engine::plan::{Fate, Plan, PlannedGate};
use crate::engine::pool::Pool;
use crate::engine::preview::Preview;
use crate::engine::program_identity::Identity;
use crate::engine::report_owners::ReportOwners;
use crate::engine::schedule::needs::Needs;
use crate::engine::usual_times::UsualTimes;
use crate::model::verdict::Outcome;
use crate::scan::gate_outputs::{BUILDER, GateOutputs};
use crate::scan::job::Job;
use crate::scan::proof::Proof;
use crate::system::git::Repo;
use crate::system::process::Stop;
use crate::text::shared::Text;
use crate::text::signal::signal_name;

/// Where and how a plan runs.
#[derive(Debug)]
pub(crate) struct Site<'a> {
    pub repo: Arc<Repo>,
    /// Checks every program before it starts.
    pub guard: Arc<Guard>,
    pub settings: &'a Settings,
    /// A folder for this run alone.
    pub scratch: &'a Path,
    pub started: Instant,
    /// What the gates took before.
    pub usual: UsualTimes,
    /// Stops the run; also used by `--fail-fast`.
    pub stop: watch::Sender<Stop>,
    /// What must hold before a gate acts.
    pub conditions: ActionConditions,
}

/// Runs the plan. Returns the evidence of every gate, in the plan's order, and their findings.
/// `preview` judges the evidence early, for progress, `--fail-fast` and the interlock.
pub(crate) async fn carry_out(
    plan: Plan,
    site: &Site<'_>,
    preview: &Preview<'_>,
    listener: &mut dyn Listener,
) -> (Vec<GateEvidence>, Pool) {
    let mut run = Run::new(plan, site, preview, listener);
    run.settle_the_unplanned();
    let mut stopping = site.stop.subscribe();
    loop {
        run.start_what_can_start();
        run.fill_the_slots();
        tokio::select! {
            biased;
            Some(news) = run.news.1.recv() => run.on_news(news),
            ended = run.tasks.join_next() => match ended {
                Some(Ok((gate, target, evidence))) => run.target_ended(gate, target, evidence),
                // A task that is lost leaves its gate without proof.
                Some(Err(_)) => {}
                None => break,
            },
            Ok(()) = stopping.changed() => {
                if let Some(why) = why_stopped(*stopping.borrow_and_update()) {
                    run.listener.on(&Event::Stopping { why });
                }
            }
        }
    }
    run.listener.on(&Event::Ended);
    run.finish().await
}

fn why_stopped(stop: Stop) -> Option<String> {
    match stop {
        Stop::No => None,
        Stop::FailFast => Some("fail-fast: the other gates are stopped".to_owned()),
        Stop::Deadline => Some("the deadline has passed: the gates are stopped".to_owned()),
        Stop::Signal(signal) => Some(format!("{}: the gates are stopped", signal_name(signal))),
    }
}

struct Run<'a> {
    site: &'a Site<'a>,
    preview: &'a Preview<'a>,
    listener: &'a mut dyn Listener,
    gates: Vec<InRun>,
    /// Indices of gates that have not started.
    waiting: Vec<usize>,
    slots: Slots,
    /// How long each gate and the longest chain behind it take.
    to_the_end: Vec<Duration>,
    tasks: JoinSet<(usize, usize, TargetEvidence)>,
    /// Through these, a job reports that it has got a slot, and what it is doing.
    news: (mpsc::UnboundedSender<News>, mpsc::UnboundedReceiver<News>),
    /// Which gate owns which report in the repository.
    report_owners: Arc<ReportOwners>,
    /// The images of the run as files.
    exports: Arc<ImageExports>,
    /// Version and hash of each program, collected while the scanners work.
    identities: HashMap<PathBuf, JoinHandle<Identity>>,
    /// The findings of the finished gates.
    pool: Pool,
    /// Which gate made the run fail fast.
    failed_fast: Option<Text>,
    /// Push gates that follow one another, each group in its order.
    pushes: Vec<Vec<usize>>,
    /// How the gates that scan exceed the budget of the run; `None` until all of them are done and a
    /// late gate wants to start.
    over: Option<Vec<String>>,
}

/// One gate while the run goes on.
struct InRun {
    planned: PlannedGate,
    /// When its first job got a slot.
    started: Option<Instant>,
    targets: Vec<Option<TargetEvidence>>,
    /// The jobs that have not started, each with its place among the targets.
    rest: Vec<(usize, Job)>,
    /// How many of its jobs have started and not ended.
    running: usize,
    /// Why the rest never starts, while others of its jobs still run.
    lack: Option<Lack>,
    done: Option<GateEvidence>,
    /// Its outcome, once it is done.
    outcome: Outcome,
    /// Its turn, if it is an action or comes after one: it waits for all other gates and for the
    /// interlock.
    turn: Option<usize>,
    /// What would have stopped it from acting in production.
    overridden: Option<String>,
}

impl<'a> Run<'a> {
    fn new(plan: Plan, site: &'a Site<'a>, preview: &'a Preview<'a>, listener: &'a mut dyn Listener) -> Self {
        let waiting = (0..plan.gates.len()).collect();
        let to_the_end = time_to_the_end(&plan, &site.usual);
        let turns = interlock::turns(&plan.gates);
        let pushes = interlock::pushes_together(&plan.gates);
        let exports = ImageExports::of(plan.gates.iter().flat_map(|planned| planned.fate.jobs()));
        let in_run = |(mut planned, turn): (PlannedGate, _)| InRun {
            targets: planned.fate.jobs().iter().map(|_| None).collect(),
            rest: planned.fate.take_jobs().into_iter().enumerate().collect(),
            running: 0,
            lack: None,
            planned,
            started: None,
            done: None,
            outcome: Outcome::Inconclusive,
            turn,
            overridden: None,
        };
        let gates = plan.gates.into_iter().zip(turns).map(in_run).collect();
        let slots = Slots::new(site.settings.jobs);
        Run {
            site,
            preview,
            listener,
            gates,
            waiting,
            slots,
            to_the_end,
            tasks: JoinSet::new(),
            news: mpsc::unbounded_channel(),
            report_owners: Arc::default(),
            exports: Arc::new(exports),
            identities: HashMap::new(),
            pool: Pool::default(),
            failed_fast: None,
            pushes,
            over: None,
        }
    }

    /// Gates that the plan skips, or could not plan, are done before anything starts.
    fn settle_the_unplanned(&mut self) {
        for index in std::mem::take(&mut self.waiting) {
            let lack = match &self.gates[index].planned.fate {
                Fate::Run(_) => {
                    self.waiting.push(index);
                    continue;
                }
                Fate::Skip(why) => Lack::Nothing(why.clone()),
                Fate::Impossible(why) => Lack::Proof(why.clone()),
            };
            self.conclude(index, Some(lack));
        }
    }

    fn start_what_can_start(&mut self) {
        // If a gate is settled without a start, another gate may have waited for it.
        while self.start_what_moves() | self.start_or_settle_waiting() {}
    }

    /// Starts or settles every gate that can be. Returns whether any was settled.
    fn start_or_settle_waiting(&mut self) -> bool {
        let stopped = *self.site.stop.borrow();
        let mut settled = false;
        for index in std::mem::take(&mut self.waiting) {
            let lack = match stopped {
                Stop::No => match self.needs_of(index) {
                    Needs::Pending => {
                        self.start_what_is_built(index);
                        self.waiting.push(index);
                        continue;
                    }
                    Needs::Met => {
                        self.start(index);
                        continue;
                    }
                    Needs::Unmet(why) => Lack::Proof(why),
                    Needs::Without(why) => Lack::Nothing(why),
                },
                Stop::FailFast => Lack::Halted(self.fail_fast_words()),
                Stop::Deadline => Lack::Proof("not started: the deadline of the run has passed".to_owned()),
                Stop::Signal(signal) => {
                    Lack::Proof(format!("not started: interrupted by {}", signal_name(signal)))
                }
            };
            settled |= self.leave_the_rest(index, lack);
        }
        settled
    }

    fn fail_fast_words(&self) -> String {
        format!("not started: fail-fast, after {} ended", self.failed_fast.as_deref().unwrap_or("a gate"))
    }

    fn on_news(&mut self, news: News) {
        match news {
            News::Started(index) => self.target_started(index),
            News::Doing(index, words) => {
                let gate = self.gates[index].planned.gate.id.clone();
                self.listener.on(&Event::GateDoing { gate, words });
            }
        }
    }

    fn target_started(&mut self, index: usize) {
        let gate = &mut self.gates[index];
        if gate.started.is_none() {
            gate.started = Some(Instant::now());
            self.listener.on(&Event::GateStarted {
                gate: gate.planned.gate.id.clone(),
                tool: Text::from(gate.planned.gate.spec.title),
                targets: gate.targets.len(),
            });
        }
    }

    fn target_ended(&mut self, index: usize, target: usize, evidence: TargetEvidence) {
        let gate = &mut self.gates[index];
        self.slots.free(gate.planned.gate.weight);
        gate.running -= 1;
        if gate.planned.gate.spec.name == BUILDER
            && let (Proof::Complete(parsed), Some(image)) = (&evidence.proof, &evidence.record.image)
            && let Some(id) = &parsed.image_id
        {
            self.exports.built(image, id);
        }
        gate.targets[target] = Some(evidence);
        let done = gate.targets.iter().flatten().count();
        let targets = gate.targets.len();
        self.listener.on(&Event::TargetEnded { gate: gate.planned.gate.id.clone(), done, targets });
        if self.start_later(index) {
            let lack = self.gates[index].lack.take();
            self.conclude(index, lack);
        }
    }

    /// The gate is over; `lack` is set if it never started.
    fn conclude(&mut self, index: usize, lack: Option<Lack>) {
        let gate = &mut self.gates[index];
        let targets: Vec<TargetEvidence> = gate.targets.drain(..).flatten().collect();
        let duration = gate.started.map(|started| started.elapsed()).unwrap_or_default();
        let started = gate.started.is_some();
        let mut evidence =
            GateEvidence::new(&gate.planned.gate, targets, lack, duration, *self.site.stop.borrow());
        evidence.overridden = gate.overridden.take();
        evidence.left_out = gate.planned.left_out.clone();
        evidence.since = gate.planned.since.clone();
        let earlier = self.gate_outputs();
        evidence.compare_images(&earlier);
        evidence.compare_inputs(&earlier);
        let done = self.gates.iter().filter_map(|gate| gate.done.as_ref());
        let judgement = self.preview.one(&mut evidence, done);
        self.pool.take(index, &mut evidence);
        // The reason may be the tool's own words, with a secret that is not known yet.
        let secrets_to_come = self.gates.iter().enumerate().any(|(other, gate)| {
            other != index && gate.done.is_none() && gate.planned.gate.tool.reports_secrets()
        });
        let words = match judgement.outcome {
            Outcome::Inconclusive if secrets_to_come => "inconclusive: see the summary".to_owned(),
            _ => judgement.words(),
        };
        let gate = &mut self.gates[index];
        let (id, required) = (gate.planned.gate.id.clone(), gate.planned.gate.required);
        if started {
            self.listener.on(&Event::GateEnded { gate: id.clone(), words, duration });
        }
        gate.done = Some(evidence);
        gate.outcome = judgement.outcome;
        let bad = matches!(judgement.outcome, Outcome::Failed | Outcome::Inconclusive);
        if self.site.settings.fail_fast && required && bad && self.failed_fast.is_none() {
            self.failed_fast = Some(id);
            self.site.stop.send_if_modified(|stop| {
                let first = *stop == Stop::No;
                if first {
                    *stop = Stop::FailFast;
                }
                first
            });
        }
    }

    async fn finish(mut self) -> (Vec<GateEvidence>, Pool) {
        let stop = *self.site.stop.borrow();
        let mut identities = HashMap::new();
        for (program, identity) in self.identities.drain() {
            match stop {
                // After a stop, nobody wants to wait for versions.
                Stop::Signal(_) | Stop::Deadline => identity.abort(),
                _ => {
                    identities.insert(program, identity.await.unwrap_or_default());
                }
            }
        }
        let unfinished =
            || Lack::Proof("it never ended; this is a bug in Portcullis, please report it".to_owned());
        let mut all = Vec::with_capacity(self.gates.len());
        for (index, gate) in self.gates.into_iter().enumerate() {
            let mut evidence = gate.done.unwrap_or_else(|| {
                let targets = gate.targets.into_iter().flatten().collect();
                let mut evidence =
                    GateEvidence::new(&gate.planned.gate, targets, Some(unfinished()), Duration::ZERO, stop);
                self.pool.take(index, &mut evidence);
                evidence
            });
            let examined =
                evidence.targets.iter().find_map(|target| target.locked.as_ref()?.identity()).cloned();
            evidence.identity = examined.unwrap_or_else(|| {
                evidence.program().and_then(|program| identities.get(program)).cloned().unwrap_or_default()
            });
            all.push(evidence);
        }
        // A scan that does not need the build may have ended before it.
        let built = all.iter().map(|evidence| evidence.finished(Outcome::Passed)).collect();
        let built = GateOutputs { gates: built };
        all.iter_mut().for_each(|evidence| evidence.compare_images(&built));
        let images = images_of_all(&all.iter().map(Some).collect::<Vec<_>>());
        all.iter_mut().zip(images).for_each(|(evidence, images)| evidence.set_images(images));
        (all, self.pool)
    }
}
