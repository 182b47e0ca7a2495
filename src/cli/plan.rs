//! `portcullis plan`: what would run, in which order, with which command, and why.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;

use crate::cli::args::{PlanArgs, PlanFormat};
use crate::config::find::folder_of;
use crate::config::settings::Settings;
use crate::config::{Config, Gate};
use crate::engine::active_policy::ActivePolicy;
use crate::engine::gate_inputs::ThereIs;
use crate::engine::plan::{Fate, Plan, PlannedGate};
use crate::engine::schedule::longest_chain_first;
use crate::engine::usual_times::UsualTimes;
use crate::engine::{environment, interlock, notify};
use crate::inputs::Inputs;
use crate::model::looked_at::Uncovered;
use crate::model::policy::{Policy, Threshold};
use crate::model::policy_record::PolicyRecord;
use crate::model::verdict::Mode;
use crate::redact::SecretSet;
use crate::scan::program::find;
use crate::system::git::Repo;
use crate::system::scratch::Scratch;
use crate::system::{terminal, variables};
use crate::text::human;
use crate::text::paths::forward;
use crate::text::sanitise::one_line;

/// Prints the plan. The exit code is 0, since nothing is judged.
pub(crate) async fn execute(args: PlanArgs) -> Result<u8> {
    let active = ActivePolicy::find(args.trust.source(&args.config)).await?;
    let settings = Settings::new(&active.config, args.selection.run_options())?;
    settings.can_block(&active.config)?;
    active.check_floor(&settings, active.lock().await?.is_some())?;
    let mut repo = Repo::around(folder_of(&active.path)).await?;
    if active.config.gates.iter().any(|gate| gate.tool.names_commit()) {
        repo.look_for_changes().await;
    }
    let since = match &settings.since {
        Some(since) => Some(repo.range(since).await?),
        None => None,
    };
    let inputs = Inputs::read(&repo).await;
    let mut plan = Plan::with(&active.config, &repo, &inputs, &settings, since.as_ref())?;
    let scratch = active.base.is_some().then(Scratch::new).transpose()?;
    active
        .override_scanner_config(&mut plan, &repo, scratch.as_ref().map_or(Path::new(""), Scratch::path))
        .await?;
    let enrichment = active.enrichment().await?;
    let mut shown = Shown::new(&plan, &repo, &settings, active.record(&enrichment));
    shown.uncovered = ThereIs::new(Arc::new(repo), inputs?, &active.config).uncovered(&[]);
    let page = match args.format {
        PlanFormat::Text => shown.text(),
        PlanFormat::Json => serde_json::to_string_pretty(&shown)? + "\n",
    };
    terminal::say(&known_secrets(&plan, &active.config).scrubber().lines(&page));
    Ok(0)
}

/// What the printed commands must not show: build arguments, tokens in options, addresses of notices.
fn known_secrets(plan: &Plan, config: &Config) -> SecretSet {
    let mut known = variables::known_secrets();
    known.learn(notify::secrets(&config.notices));
    for planned in &plan.gates {
        if let Fate::Run(jobs) = &planned.fate {
            known.learn(jobs.iter().flat_map(environment::secrets_of));
        }
    }
    known
}

/// The plan as it is printed.
#[derive(Serialize)]
struct Shown {
    mode: String,
    /// Where the policy comes from, if not from the work tree, and what the work tree would loosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyRecord>,
    jobs: usize,
    /// In the order in which they start.
    gates: Vec<ShownGate>,
    /// What no gate reads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uncovered: Vec<Uncovered>,
}

#[derive(Serialize)]
struct ShownGate {
    id: String,
    stage: String,
    tool: String,
    needs: Vec<String>,
    required: bool,
    /// The policy in words.
    blocks: String,
    timeout: String,
    /// Why it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
    /// Why it can't be planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    impossible: Option<String>,
    targets: Vec<ShownTarget>,
}

#[derive(Serialize)]
struct ShownTarget {
    name: String,
    command: Vec<String>,
    cwd: String,
    why: String,
    found: bool,
    /// Notes on the scanner's own configuration in the repository.
    notes: Vec<String>,
}

impl Shown {
    fn new(plan: &Plan, repo: &Repo, settings: &Settings, policy: Option<PolicyRecord>) -> Self {
        let turns = interlock::turns(&plan.gates);
        let mut order = longest_chain_first(plan, &UsualTimes::of(&repo.root));
        // Actions come last, one after another.
        order.sort_by_key(|index| turns[*index]);
        let gates =
            order.into_iter().map(|index| ShownGate::new(&plan.gates[index], repo, settings)).collect();
        Self { mode: settings.mode.to_string(), policy, jobs: settings.jobs, gates, uncovered: Vec::new() }
    }

    fn text(&self) -> String {
        let mut page = self.policy.as_ref().map(policy_words).unwrap_or_default();
        let _ = writeln!(
            page,
            "Mode {}, up to {} at once. In the order in which they start:",
            self.mode, self.jobs
        );
        let mut number = 0;
        for gate in &self.gates {
            if let Some(why) = &gate.skipped {
                let _ = writeln!(page, "\n -  {} ({}): skipped, {why}", gate.id, gate.tool);
                continue;
            }
            number += 1;
            let required = if gate.required { "" } else { ", advisory" };
            let _ = writeln!(page, "\n{number:2}. {} ({}, {})", gate.id, gate.stage, gate.tool);
            let _ = writeln!(page, "    {}, timeout {}{required}", gate.blocks, gate.timeout);
            if !gate.needs.is_empty() {
                let _ = writeln!(page, "    after {}", gate.needs.join(", "));
            }
            if let Some(why) = &gate.impossible {
                let _ = writeln!(page, "    can't be run, and will be inconclusive: {why}");
            }
            for target in &gate.targets {
                let missing = if target.found { "" } else { "  (not found here)" };
                let (name, why) = (one_line(&target.name), one_line(&target.why));
                let _ = writeln!(page, "    {name}: {why}{missing}");
                let _ = writeln!(page, "      $ {}", shell_words(&target.command));
                for note in &target.notes {
                    let _ = writeln!(page, "      {note}");
                }
            }
        }
        for (n, uncovered) in self.uncovered.iter().enumerate() {
            if n == 0 {
                page.push_str("\nNot covered by any gate:\n");
            }
            let paths: Vec<&str> = uncovered.inputs.iter().take(MOST).map(|input| &*input.path).collect();
            let more = match uncovered.inputs.len() - paths.len() {
                0 => String::new(),
                n => format!(", … and {n} more"),
            };
            let words = uncovered.words().unwrap_or_default();
            let _ = writeln!(page, "    {words}: {}{more}", one_line(&paths.join(", ")));
        }
        page
    }
}

/// The most inputs of one kind that are named.
const MOST: usize = 5;

impl ShownGate {
    fn new(planned: &PlannedGate, repo: &Repo, settings: &Settings) -> Self {
        let gate = &planned.gate;
        let (jobs, skipped, impossible) = match &planned.fate {
            Fate::Run(jobs) => (jobs.as_slice(), None, None),
            Fate::Skip(why) => (&[][..], Some(why.clone()), None),
            Fate::Impossible(why) => (&[][..], None, Some(why.clone())),
        };
        Self {
            id: gate.id.to_string(),
            stage: gate.stage.to_string(),
            tool: gate.spec.name.to_owned(),
            needs: gate.needs.iter().map(ToString::to_string).collect(),
            required: gate.required,
            blocks: if gate.tool.acts() { conditions(gate, settings) } else { words(&gate.policy) },
            timeout: human::duration(gate.timeout),
            skipped,
            impossible,
            targets: jobs
                .iter()
                .map(|job| ShownTarget {
                    name: job.target.to_string(),
                    command: job.command(),
                    cwd: forward(job.invocation.cwd.strip_prefix(&repo.root).unwrap_or(&job.invocation.cwd))
                        .to_string(),
                    why: job.why.clone(),
                    found: job.programs().all(|program| find(program, &job.invocation.cwd).is_some()),
                    notes: job.notes.clone(),
                })
                .collect(),
        }
    }
}

/// Where the policy comes from, and what the change would loosen.
fn policy_words(policy: &PolicyRecord) -> String {
    let mut page =
        format!("Policy from {} ({})\n", policy.revision, policy.from.get(..12).unwrap_or(&policy.from));
    for loosening in &policy.loosened {
        let _ = writeln!(page, "  the change would loosen {loosening}");
    }
    for note in &policy.notes {
        let _ = writeln!(page, "  {note}");
    }
    page.push('\n');
    page
}

/// When an action starts, in words.
fn conditions(gate: &Gate, settings: &Settings) -> String {
    let branches: Vec<&str> = gate.branches.iter().map(|branch| &*branch.text).collect();
    let on = if branches.is_empty() { String::new() } else { format!(" on {}", branches.join(", ")) };
    match settings.mode {
        Mode::Production => format!("acts{on} when every required gate before it has passed"),
        Mode::Lab if settings.deploy_in_lab => {
            format!("acts{on}, in lab mode whatever the outcome of the gates")
        }
        Mode::Lab => "does not act in lab mode (`deploy_in_lab = true` lets it act)".to_owned(),
    }
}

/// What blocks, in words.
fn words(policy: &Policy) -> String {
    let mut words = match policy.fail_on {
        Threshold::Never => "no finding blocks by its severity".to_owned(),
        Threshold::At(severity) => format!("blocks from {severity} on"),
    };
    if let Some(unrated) = policy.unrated {
        let _ = write!(words, ", unrated counts as {}", unrated.as_str());
    }
    for (severity, most) in policy.max.iter().rev() {
        let _ = write!(words, ", at most {most} {severity}");
    }
    words
}

/// The command, ready to be pasted into a shell.
fn shell_words(command: &[String]) -> String {
    let quoted: Vec<String> = command
        .iter()
        .map(|word| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+$".contains(c);
            if !word.is_empty() && word.chars().all(plain) {
                word.clone()
            } else {
                format!("'{}'", word.replace('\'', "'\\''"))
            }
        })
        .collect();
    quoted.join(" ")
}
