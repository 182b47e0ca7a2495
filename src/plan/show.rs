//! `portcullis plan`: what would be run, in which order, with which command, and why.

use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;

use super::{Fate, Plan, PlannedGate};
use crate::cli::{PlanArgs, PlanFormat};
use crate::config::{Policy, Threshold};
use crate::identity::find;
use crate::place::forward;
use crate::redact::Known;
use crate::repo::Repo;
use crate::run::longest_chain_first;
use crate::settings::Settings;
use crate::text;
use crate::{environment, folder_of, load_config, terminal};

/// Prints the plan. Exit code 0: nothing is judged.
pub async fn execute(args: PlanArgs) -> Result<u8> {
    let (path, config) = load_config(&args.config)?;
    let settings = Settings::new(&config, args.selection.wishes())?;
    let mut repo = Repo::around(folder_of(&path)).await?;
    if config.gates.iter().any(|gate| gate.tool.names_commit()) {
        repo.look_for_changes().await;
    }
    let since = match &settings.since {
        Some(since) => Some(repo.range(since, None).await?),
        None => None,
    };
    let plan = Plan::new(&config, &repo, &settings, since.as_ref());
    let shown = Shown::new(&plan, &repo, &settings);
    let page = match args.format {
        PlanFormat::Text => shown.text(),
        PlanFormat::Json => serde_json::to_string_pretty(&shown)? + "\n",
    };
    terminal::say(&known_secrets(&plan).scrubber().lines(&page));
    Ok(0)
}

/// What must not be shown of the commands: build arguments, tokens in options.
fn known_secrets(plan: &Plan) -> Known {
    let mut known = environment::known();
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
    jobs: usize,
    /// In the order in which they start.
    gates: Vec<ShownGate>,
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
    /// Why it is left out, or can't be planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
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
}

impl Shown {
    fn new(plan: &Plan, repo: &Repo, settings: &Settings) -> Shown {
        let gates = longest_chain_first(plan)
            .into_iter()
            .map(|index| ShownGate::new(&plan.gates[index], repo))
            .collect();
        Shown { mode: settings.mode.to_string(), jobs: settings.jobs, gates }
    }

    fn text(&self) -> String {
        let mut page =
            format!("Mode {}, up to {} at once. In the order in which they start:\n", self.mode, self.jobs);
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
                let _ = writeln!(page, "    {}: {}{missing}", target.name, target.why);
                let _ = writeln!(page, "      $ {}", shell_words(&target.command));
            }
        }
        page
    }
}

impl ShownGate {
    fn new(planned: &PlannedGate, repo: &Repo) -> ShownGate {
        let gate = &planned.gate;
        let (jobs, skipped, impossible) = match &planned.fate {
            Fate::Run(jobs) => (jobs.as_slice(), None, None),
            Fate::Skip(why) => (&[][..], Some(why.clone()), None),
            Fate::Impossible(why) => (&[][..], None, Some(why.clone())),
        };
        ShownGate {
            id: gate.id.to_string(),
            stage: gate.stage.to_string(),
            tool: gate.scanner.name.to_owned(),
            needs: gate.needs.iter().map(ToString::to_string).collect(),
            required: gate.required,
            blocks: words(&gate.policy),
            timeout: text::duration(gate.timeout),
            skipped,
            impossible,
            targets: jobs
                .iter()
                .map(|job| ShownTarget {
                    name: job.target.to_string(),
                    command: std::iter::once(job.program.name.clone())
                        .chain(job.args.iter().cloned())
                        .collect(),
                    cwd: forward(job.cwd.strip_prefix(&repo.root).unwrap_or(&job.cwd)).to_string(),
                    why: job.why.clone(),
                    found: find(&job.program, &job.cwd).is_some(),
                })
                .collect(),
        }
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

/// The command as it can be pasted into a shell.
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
