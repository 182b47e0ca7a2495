//! `portcullis baseline`: records the findings of the last run, or drops findings that are gone.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cli::args::BaselineArgs;
use crate::config::Config;
use crate::config::find::{OUT, folder_of, load_config};
use crate::engine::baseline_file;
use crate::engine::saved_run;
use crate::model::clean::Clean;
use crate::model::finding::{Decision, Finding};
use crate::model::run::{Completeness, GateRecord, Run};
use crate::policy::baseline::{Baseline, BaselineEntry, SCHEMA};
use crate::system::clock::today;
use crate::system::whole_file::write_whole;
use crate::system::{terminal, variables};
use crate::text::human;
use crate::text::paths::shown_path;
use crate::text::shared::Text;

/// Writes the baseline beside gates.toml, and says what has changed in it.
pub(crate) fn execute(args: &BaselineArgs) -> Result<u8> {
    let (path, config) = load_config(args.config.config.as_deref())?;
    let from = args.from.clone().unwrap_or_else(|| folder_of(&path).join(OUT).join("run.json"));
    if !from.is_file() && args.from.is_none() {
        bail!("there is no {}; `portcullis run` writes it", from.display());
    }
    let mut run = saved_run::read(&from)?;
    if let Some(signal) = &run.interrupted {
        bail!("{} is from a run that {signal} stopped: run again", from.display());
    }
    // The file may contain anything.
    run.clean(variables::known_secrets().scrubber());
    let file = folder_of(&path).join(config.baseline.file());
    let old = baseline_file::load(&file)?.unwrap_or_default();
    let proved = |gate: &GateRecord| !gate.action && gate.is_proved();
    if !args.prune && old.findings.is_empty() && !run.gates.iter().any(proved) {
        bail!("no gate of {} proved anything: there is nothing to record; run again", from.display());
    }
    let change = Change::of(&old, &run, &config, args.prune);
    let new = Baseline {
        schema: SCHEMA.to_owned(),
        // Dropping records nothing new: the rest is as old as before.
        written: if args.prune { old.written } else { today() },
        commit: if args.prune { old.commit.clone() } else { run.commit.clone() },
        findings: change.entries.clone(),
    };
    if args.prune && old == new {
        let unseen = change.unseen_words();
        terminal::say(&format!("no finding of {} is gone{unseen}\n", shown_path(&file)));
        return Ok(0);
    }
    write_whole(&file, |out| new.write(out))
        .with_context(|| format!("{} can't be written", file.display()))?;
    terminal::say(&change.words(&file));
    Ok(0)
}

/// How a baseline changes.
struct Change {
    entries: Vec<BaselineEntry>,
    added: Counted,
    dropped: usize,
    /// Gates that did not look at everything, and why. Their entries are kept.
    unseen: BTreeMap<Text, String>,
    /// Entries that are not found any more, and kept.
    gone: usize,
}

/// The number of findings by gate.
type Counted = BTreeMap<Text, u64>;

impl Change {
    fn of(old: &Baseline, run: &Run, config: &Config, prune: bool) -> Self {
        let mut unseen: BTreeMap<Text, String> =
            run.gates.iter().filter_map(|gate| Some((gate.id.clone(), unlooked(gate)?))).collect();
        // A run of some gates (`judge --report`, a profile of an older configuration) says nothing of the others.
        let absent = |id: &Text| config.gate(id).is_some() && !run.gates.iter().any(|gate| gate.id == *id);
        for id in old.findings.iter().map(|entry| &entry.gate).filter(|id| absent(id)) {
            unseen.insert(id.clone(), "is not in this run".to_owned());
        }
        let acts: HashSet<&Text> = run.gates.iter().filter(|gate| gate.action).map(|gate| &gate.id).collect();
        let mut found: BTreeMap<(&Text, &Text), &Finding> = BTreeMap::new();
        // A waived finding has an owner and an expiry date already.
        let recorded = run.findings.iter().filter(|finding| finding.decision != Decision::Waive);
        for finding in recorded.filter(|finding| !acts.contains(&finding.gate)) {
            found.insert((&finding.gate, &finding.id), finding);
        }
        let mut change = Self { entries: Vec::new(), added: Counted::new(), dropped: 0, unseen, gone: 0 };
        for entry in &old.findings {
            let there = found.remove(&(&entry.gate, &entry.id));
            // Entries of a gate that is no longer in gates.toml are gone.
            let scanned = !change.unseen.contains_key(&entry.gate);
            match there {
                Some(finding) => change.entries.push(BaselineEntry::of(finding)),
                None if scanned && prune => change.dropped += 1,
                None => {
                    change.gone += usize::from(scanned);
                    change.entries.push(entry.clone());
                }
            }
        }
        if !prune {
            for finding in found.values() {
                *change.added.entry(finding.gate.clone()).or_default() += 1;
                change.entries.push(BaselineEntry::of(finding));
            }
        }
        change.entries.sort();
        change
    }

    fn words(&self, file: &Path) -> String {
        let mut page =
            format!("{}: {}", shown_path(file), human::count(self.entries.len() as u64, "finding"));
        for (gate, n) in &self.added {
            page.push_str(&format!("\n  + {n} of {gate}"));
        }
        if self.dropped > 0 {
            page.push_str(&format!("\n  - {} that are gone", self.dropped));
        }
        if self.gone > 0 {
            page.push_str(&format!(
                "\n    {} are not found any more; `portcullis baseline --prune` drops them",
                self.gone
            ));
        }
        page + &self.unseen_words() + "\n"
    }

    fn unseen_words(&self) -> String {
        let line =
            |(gate, why): (&Text, &String)| format!("\n    {gate} {why}; its findings are left as they were");
        self.unseen.iter().map(line).collect()
    }
}

/// Why nothing of this gate can be gone; `None`: it looked at everything.
fn unlooked(gate: &GateRecord) -> Option<String> {
    match (&gate.evidence, &gate.since) {
        (Completeness::Lacking(why) | Completeness::Stale(why), _) => Some(format!("proved nothing ({why})")),
        (Completeness::Halted(why) | Completeness::Nothing(why), _) => {
            Some(format!("looked at nothing ({why})"))
        }
        (Completeness::Whole, Some(since)) => {
            Some(format!("looked only at what changed since {}", since.get(..12).unwrap_or(since)))
        }
        (Completeness::Whole, None) if !gate.is_proved() => Some("did not read all of its inputs".to_owned()),
        (Completeness::Whole, None) => None,
    }
}
