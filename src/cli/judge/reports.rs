//! The reports that `--report TOOL=PATH` names: which gate each belongs to, and what it proves.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use anyhow::{Result, bail};

use crate::config::allow_empty::AllowEmpty;
use crate::config::weight::Weight;
use crate::config::{Defaults, Gate};
use crate::engine::evidence::GateEvidence;
use crate::engine::job_run::{Kept, KeptKind, TargetEvidence};
use crate::formats::looks_like;
use crate::keys::mistakes::Problems;
use crate::keys::table::Keys;
use crate::model::run::TargetRecord;
use crate::redact::{is_maskable, mask_fields};
use crate::scan::proof::{Proof, assess};
use crate::scan::raw_report::{Document, RawReport};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::tool::ToolSpec;
use crate::system::git::Repo;
use crate::system::private;
use crate::system::process::Stop;
use crate::text::shared::Text;
use crate::tools::{self, TOOLS, foreign};

use super::By;

/// Reads every `TOOL=PATH` and assesses it. A missing report means that a step did not do its work: that is
/// inconclusive, not a usage error.
///
/// # Errors
/// When a word is not of the form `TOOL=PATH`, or does not name a tool, format or gate.
pub(super) fn assess_reports(
    words: &[String],
    by: Option<&By>,
    repo: &Repo,
    scratch: &Path,
) -> Result<Vec<GateEvidence>> {
    let mut gates: Vec<(Gate, Vec<TargetEvidence>)> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let Some((name, path)) = word.split_once('=') else {
            bail!("`--report {word}` is not of the form TOOL=PATH");
        };
        // Nobody knows by which options the report was made.
        let gate = Gate { looks_for: Vec::new(), ..gate_for(name, by)? };
        let target = assess_report(&gate, Path::new(path), repo, &scratch.join(index.to_string()));
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

/// The gate that a report belongs to: the configured gate with this id, or the only one with
/// this tool, or a gate with the defaults.
fn gate_for(name: &str, by: Option<&By>) -> Result<Gate> {
    let config = by.map(|by| &by.active.config);
    if let Some(By { settings, active, .. }) = by {
        if let Some(gate) = active.config.gate(name) {
            return Ok(settings.overlaid(gate));
        }
        let mut same_tool = active.config.gates.iter().filter(|gate| gate.spec.name == name);
        if let (Some(gate), None) = (same_tool.next(), same_tool.next()) {
            return Ok(settings.overlaid(gate));
        }
    }
    let Some(spec) = spec_of(name) else {
        let known: Vec<&str> = TOOLS.iter().copied().chain(&foreign::TOOLS).map(|spec| spec.name).collect();
        bail!("`{name}` is not a tool or a report format; known: {}", known.join(", "));
    };
    Ok(gate_with_defaults(spec, config.map_or_else(Defaults::default, |config| config.defaults.clone())))
}

/// The tool or the format of this name.
fn spec_of(name: &str) -> Option<&'static ToolSpec> {
    tools::spec(name).or_else(|| foreign::TOOLS.iter().find(|format| format.name == name))
}

fn gate_with_defaults(spec: &'static ToolSpec, defaults: Defaults) -> Gate {
    let problems = Problems::default();
    Gate {
        id: Text::from(spec.name),
        stage: Text::from(spec.stage),
        spec,
        looks_for: Vec::new(),
        tool: (spec.configure)(&Keys::none(&problems)).into(),
        needs: Vec::new(),
        required: true,
        policy: defaults.policy,
        timeout: defaults.timeout,
        retry: defaults.retry,
        env: Default::default(),
        args: Vec::new(),
        program: None,
        branches: Vec::new(),
        allow_empty: AllowEmpty::default(),
        weight: Weight::Slots(1),
    }
}

fn assess_report(gate: &Gate, path: &Path, repo: &Repo, scratch: &Path) -> TargetEvidence {
    let name = Text::from(path.to_string_lossy());
    let mut kept = Vec::new();
    let proof = match fs::read(path) {
        Err(error) => Proof::inconclusive(match error.kind() {
            io::ErrorKind::NotFound => "the report is missing; did the step that writes it run?".to_owned(),
            _ => format!("the report can't be read: {error}"),
        }),
        Ok(bytes) => {
            kept.extend(keep(gate, path, &bytes, scratch));
            let file = path.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
            let documents = vec![Document { name: file, bytes: Cow::Owned(bytes) }];
            let raw = RawReport { documents, ..RawReport::default() };
            let place =
                ReportOrigin { root: repo.root.clone(), cwd: repo.base.clone(), target: name.clone() };
            hinted(assess(gate.tool.as_ref(), &raw, &place), gate, &raw, &place)
        }
    };
    TargetEvidence {
        read_from: None,
        input: None,
        locked: None,
        record: TargetRecord { name, ..TargetRecord::default() },
        proof,
        program: None,
        stopped: false,
        // It is not known which target a report is of.
        may_be_empty: gate.allow_empty.is_some(),
        secrets: Vec::new(),
        kept,
    }
}

/// If the report could not be read, adds to the reason how it can be.
fn hinted(proof: Proof, gate: &Gate, raw: &RawReport, origin: &ReportOrigin) -> Proof {
    let bytes = raw.report();
    match (proof, looks_like(bytes)) {
        (Proof::Inconclusive { parsed, reason }, Some(format))
            if format != gate.spec.name && parsed.findings.is_empty() && reads(format, raw, origin) =>
        {
            let reason = format!("{reason}; it looks like {format}: pass it as `--report {format}=PATH`");
            Proof::Inconclusive { parsed, reason }
        }
        (proof, _) => proof,
    }
}

/// Whether the reader of this format, or of this tool, reads the report.
fn reads(format: &str, raw: &RawReport, origin: &ReportOrigin) -> bool {
    let spec = spec_of(format);
    spec.is_some_and(|spec| gate_with_defaults(spec, Defaults::default()).tool.parse(raw, origin).is_ok())
}

/// A masked copy of the report for the output folder.
fn keep(gate: &Gate, path: &Path, bytes: &[u8], scratch: &Path) -> Option<Kept> {
    if gate.tool.reports_secrets() && !is_maskable(bytes) {
        return None;
    }
    let from: PathBuf = scratch.join("report");
    fs::create_dir_all(scratch).ok()?;
    private::write(&from, mask_fields(bytes, gate.spec.secret_fields.list())).ok()?;
    let number = scratch.file_name()?.to_string_lossy();
    let file = path.file_name()?.to_string_lossy();
    Some(Kept {
        from,
        to: format!("reports/{}/{number}-{file}", gate.id),
        what: KeptKind::Report,
        cut: false,
    })
}
