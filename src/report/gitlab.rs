//! GitLab's security reports (schemas 15.2.1 of gitlab-org/security-products/security-report-schemas):
//! SAST, dependency scanning, secret detection and container scanning, each with the findings of its kind.
//!
//! GitLab takes an absent vulnerability for one that is fixed. So a report whose scanners did not all do
//! their work has the status `failure`, and says why. What a waiver covers is left out, and counted.

mod identifiers;
pub(crate) mod kind;
mod model;
pub(crate) mod quality;

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write};

use crate::model::finding::{Decision, Finding};
use crate::model::run::{GateRecord, Run};
use crate::model::severity::Severity;
use crate::model::verdict::Outcome;
use crate::report::gitlab::kind::GitlabKind;
use crate::report::gitlab::model::{
    Commit, Dependency, Link, Location, Message, Named, Product, Report, Scan, Vector, Vulnerability,
};
use crate::text::hash::{sha256, uuid};
use crate::text::human;

use super::stream::Stream;
use super::{Options, subject};

const SCHEMA: &str = "15.2.1";

/// Characters, by the schema; a description may have a mebibyte, which nobody reads.
const LONGEST_NAME: usize = 255;
const LONGEST_SOLUTION: usize = 7_000;
const LONGEST_DESCRIPTION: usize = 20_000;

/// More links and identifiers than these say nothing new; GitLab drops identifiers behind the 20th.
const MOST_LINKS: usize = 20;

pub(super) fn sast(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    render(run, GitlabKind::Sast, out)
}

pub(super) fn dependencies(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    render(run, GitlabKind::Dependencies, out)
}

pub(super) fn secrets(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    render(run, GitlabKind::Secrets, out)
}

pub(super) fn containers(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    render(run, GitlabKind::Containers, out)
}

fn render(run: &Run, kind: GitlabKind, out: &mut dyn Write) -> io::Result<()> {
    let of_kind = |finding: &&Finding| GitlabKind::of(finding) == Some(kind);
    let shown = |finding: &&Finding| of_kind(finding) && finding.decision != Decision::Waive;
    let found_by: HashSet<&str> = run.findings.iter().filter(of_kind).map(|finding| &*finding.gate).collect();
    let gates: Vec<&GateRecord> =
        run.gates.iter().filter(|gate| kind.is_of(gate) || found_by.contains(&*gate.id)).collect();
    let waived = run.findings.iter().filter(|finding| of_kind(finding) && !shown(finding)).count();
    let report = Report {
        version: SCHEMA,
        scan: scan(run, kind, &gates, waived as u64),
        vulnerabilities: Stream(|| {
            run.findings.iter().filter(shown).map(|one| vulnerability(run, kind, one))
        }),
    };
    serde_json::to_writer(&mut *out, &report)?;
    out.write_all(b"\n")
}

fn scan<'a>(run: &'a Run, kind: GitlabKind, gates: &[&'a GateRecord], waived: u64) -> Scan<'a> {
    let mut messages = Vec::new();
    for gate in gates {
        let level = match gate.outcome {
            Outcome::Passed | Outcome::Failed => continue,
            Outcome::Inconclusive => "fatal",
            Outcome::Skipped => "warn",
        };
        let value = format!("Gate {} is {}: {}", gate.id, gate.outcome, gate.reason);
        messages.push(Message { level, value });
    }
    if gates.is_empty() {
        messages.push(Message { level: "warn", value: "No gate of this run looks for this.".to_owned() });
    }
    if waived > 0 {
        let value =
            format!("{} left out: waived, or suppressed in the source.", human::count(waived, "finding"));
        messages.push(Message { level: "info", value });
    }
    let any = |outcomes: &[Outcome]| gates.iter().any(|gate| outcomes.contains(&gate.outcome));
    let looked = any(&[Outcome::Passed, Outcome::Failed]) && !any(&[Outcome::Inconclusive]);
    let ours = || Product {
        id: "portcullis",
        name: "Portcullis",
        version: &run.portcullis_version,
        vendor: Named { name: "Portcullis" },
    };
    let scanner = match gates {
        // Several tools, or none: who put them together.
        [first, rest @ ..] if rest.iter().all(|gate| gate.tool == first.tool) => {
            let title = subject::tool_title(first);
            let version = gates.iter().find_map(|gate| gate.tool_version.as_deref());
            Product {
                id: &first.tool,
                name: title,
                version: version.unwrap_or("unknown"),
                vendor: Named { name: title },
            }
        }
        _ => ours(),
    };
    let ended = jiff::SignedDuration::from_millis(i64::try_from(run.duration_ms).unwrap_or(i64::MAX));
    let ended = run.started.checked_add(ended).unwrap_or(run.started);
    // The schema wants UTC, without fraction or zone.
    let time = |at: jiff::Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    Scan {
        analyzer: ours(),
        scanner,
        kind: kind.name(),
        start_time: time(run.started),
        end_time: time(ended),
        status: if looked { "success" } else { "failure" },
        messages,
    }
}

fn vulnerability<'a>(run: &'a Run, kind: GitlabKind, finding: &'a Finding) -> Vulnerability<'a> {
    let solution = finding.fix.as_deref().map(|fix| subject::cut(fix, LONGEST_SOLUTION));
    let vector = finding.cvss.as_ref().and_then(|cvss| cvss.vector.as_deref());
    let vector = vector.filter(|vector| identifiers::is_cvss_3(vector));
    Vulnerability {
        id: id(finding),
        name: subject::cut(subject::title(finding), LONGEST_NAME),
        description: Cow::Owned(subject::cut(&subject::words(finding), LONGEST_DESCRIPTION).into_owned()),
        severity: severity(finding.severity),
        solution,
        identifiers: identifiers::of(finding),
        cvss_vectors: vector.map(|vector| Vector { vendor: "unknown", vector }).into_iter().collect(),
        links: subject::links(finding).take(MOST_LINKS).map(|url| Link { url }).collect(),
        location: location(run, kind, finding),
    }
}

/// The same on every machine, and no two alike in one report: a finding's id is unique in its gate.
fn id(finding: &Finding) -> String {
    let digits = sha256(format!("{}\n{}", finding.gate, finding.id).as_bytes());
    uuid(&digits[..32]).unwrap_or_default()
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Info => "Info",
        Severity::Unknown => "Unknown",
    }
}

fn location<'a>(run: &'a Run, kind: GitlabKind, finding: &'a Finding) -> Location<'a> {
    let at = finding.location.as_ref();
    let mut location = Location { file: Some(subject::file(finding)), ..Location::default() };
    if matches!(kind, GitlabKind::Sast | GitlabKind::Secrets) {
        location.start_line = at.and_then(|at| at.start_line).map(|line| line.get());
        location.end_line = at.and_then(|at| at.end_line).map(|line| line.get());
    }
    if matches!(kind, GitlabKind::Dependencies | GitlabKind::Containers)
        && let Some(package) = &finding.package
    {
        let version = package.version.as_deref().unwrap_or_default();
        location.dependency = Some(Dependency { package: Named { name: &package.name }, version });
    }
    match kind {
        GitlabKind::Sast | GitlabKind::Dependencies => {}
        // GitLab's own analyzer writes zeros where there is no commit.
        GitlabKind::Secrets => {
            let sha = finding.commit.as_deref().or(run.commit.as_deref()).filter(|sha| !sha.is_empty());
            location.commit = Some(Commit { sha: sha.unwrap_or("0000000") });
        }
        GitlabKind::Containers => {
            location.file = None;
            location.image = Some(if finding.target.is_empty() { "unknown" } else { &finding.target });
            location.operating_system = Some(identifiers::distribution(finding).unwrap_or("unknown"));
        }
    }
    location
}
