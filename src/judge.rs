//! `portcullis judge`: reports of other steps, or a saved run, judged without running anything.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use anyhow::{Context, Result, bail};

use crate::config::{Config, Defaults, Gate, Keys, Problems};
use crate::evidence::GateEvidence;
use crate::finding::Text;
use crate::format::looks_like;
use crate::job::{Kept, TargetEvidence, What};
use crate::place::Place;
use crate::process::Stop;
use crate::proof::{Proof, weigh};
use crate::record::{Run, SCHEMA, TargetRecord};
use crate::redact::{is_maskable, mask_fields};
use crate::repo::Repo;
use crate::tool::{self, Document, RawReport, SCANNERS, Scanner, foreign};

/// Reads a run.json.
pub fn saved_run(path: &Path) -> Result<Run> {
    let bytes = fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
    let run: Run = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is not a run.json of this Portcullis ({SCHEMA})", path.display()))?;
    if run.schema != SCHEMA {
        bail!("{} has the schema {}; this Portcullis reads {SCHEMA}", path.display(), run.schema);
    }
    Ok(run)
}

/// Lays the policy of a configuration over a saved run: gates are matched by id, the others stay
/// as they were recorded.
pub fn lay_over(run: &mut Run, config: &Config) {
    for record in &mut run.gates {
        if let Some(gate) = config.gate(&record.id) {
            record.policy = gate.policy.clone();
            record.required = gate.required;
        }
    }
}

/// Reads every `TOOL=PATH` and weighs it. A report that is not there is evidence of a step that
/// did not do its work: inconclusive, not a usage error.
///
/// # Errors
/// When a word is not of the form `TOOL=PATH`, or names no tool, format or gate.
pub fn weigh_reports(
    words: &[String],
    config: Option<&Config>,
    repo: &Repo,
    scratch: &Path,
) -> Result<Vec<GateEvidence>> {
    let mut gates: Vec<(Gate, Vec<TargetEvidence>)> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let Some((name, path)) = word.split_once('=') else {
            bail!("`--report {word}` is not of the form TOOL=PATH");
        };
        let gate = gate_for(name, config)?;
        let target = weigh_report(&gate, Path::new(path), repo, &scratch.join(index.to_string()));
        match gates.iter_mut().find(|(known, _)| known.id == gate.id) {
            Some((_, targets)) => targets.push(target),
            None => gates.push((gate, vec![target])),
        }
    }
    Ok(gates
        .into_iter()
        .map(|(gate, targets)| GateEvidence::new(&gate, targets, None, Duration::ZERO, Stop::No))
        .collect())
}

/// The gate that a report belongs to: the configured gate with this id, else the only one with
/// this tool, else one with the defaults.
fn gate_for(name: &str, config: Option<&Config>) -> Result<Gate> {
    if let Some(config) = config {
        if let Some(gate) = config.gate(name) {
            return Ok(gate.clone());
        }
        let mut same_tool = config.gates.iter().filter(|gate| gate.scanner.name == name);
        if let (Some(gate), None) = (same_tool.next(), same_tool.next()) {
            return Ok(gate.clone());
        }
    }
    let Some(scanner) =
        tool::scanner(name).or_else(|| foreign::SCANNERS.iter().find(|format| format.name == name))
    else {
        let known: Vec<&str> =
            SCANNERS.iter().copied().chain(&foreign::SCANNERS).map(|scanner| scanner.name).collect();
        bail!("`{name}` is no tool and no report format; known are: {}", known.join(", "));
    };
    Ok(gate_with_defaults(scanner, config.map_or_else(Defaults::default, |config| config.defaults.clone())))
}

fn gate_with_defaults(scanner: &'static Scanner, defaults: Defaults) -> Gate {
    let problems = Problems::default();
    Gate {
        id: Text::from(scanner.name),
        stage: Text::from(scanner.stage),
        scanner,
        tool: (scanner.configure)(&Keys::none(&problems)).into(),
        needs: Vec::new(),
        required: true,
        policy: defaults.policy,
        timeout: defaults.timeout,
        retry: defaults.retry,
        env: Default::default(),
        args: Vec::new(),
        program: None,
        branches: Vec::new(),
        allow_empty: false,
    }
}

fn weigh_report(gate: &Gate, path: &Path, repo: &Repo, scratch: &Path) -> TargetEvidence {
    let name = Text::from(path.to_string_lossy());
    let mut kept = Vec::new();
    let proof = match fs::read(path) {
        Err(error) => Proof::inconclusive(match error.kind() {
            io::ErrorKind::NotFound => "the report is not there; did the step that writes it run?".to_owned(),
            _ => format!("the report can't be read: {error}"),
        }),
        Ok(bytes) => {
            kept.extend(keep(gate, path, &bytes, scratch));
            let file = path.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
            let documents = vec![Document { name: file, bytes: Cow::Owned(bytes) }];
            let raw = RawReport { documents, ..RawReport::default() };
            let place = Place { root: repo.root.clone(), cwd: repo.base.clone(), target: name.clone() };
            hinted(weigh(gate.tool.as_ref(), &raw, &place), gate, raw.report())
        }
    };
    TargetEvidence {
        locked: None,
        record: TargetRecord { name, ..TargetRecord::default() },
        proof,
        program: None,
        stopped: false,
        may_be_empty: gate.allow_empty,
        secrets: Vec::new(),
        kept,
    }
}

/// Adds, to a report that could not be read, what it looks like instead.
fn hinted(proof: Proof, gate: &Gate, bytes: &[u8]) -> Proof {
    match (proof, looks_like(bytes)) {
        (Proof::Inconclusive { parsed, reason }, Some(format))
            if format != gate.scanner.name && parsed.findings.is_empty() =>
        {
            let reason = format!("{reason}; it looks like {format}: hand it in as `--report {format}=PATH`");
            Proof::Inconclusive { parsed, reason }
        }
        (proof, _) => proof,
    }
}

/// A masked copy of the report for the output folder.
fn keep(gate: &Gate, path: &Path, bytes: &[u8], scratch: &Path) -> Option<Kept> {
    if gate.tool.tells_secrets() && !is_maskable(bytes) {
        return None;
    }
    let from: PathBuf = scratch.join("report");
    fs::create_dir_all(scratch).ok()?;
    fs::write(&from, mask_fields(bytes, gate.scanner.secret_fields)).ok()?;
    let number = scratch.file_name()?.to_string_lossy();
    let file = path.file_name()?.to_string_lossy();
    Some(Kept { from, to: format!("reports/{}/{number}-{file}", gate.id), what: What::Report })
}
