//! Findings as JSON lines for tools such as DuckDB and jq: one flat object per line, each with every key.

use std::io::{self, Write};

use jiff::civil::Date;
use serde::Serialize;

use crate::model::assessment::Status;
use crate::model::finding::{Category, Decision, Finding};
use crate::model::run::Run;
use crate::model::severity::Severity;
use crate::text::shared::Text;

use super::Options;

#[derive(Serialize)]
struct Line<'a> {
    /// The run's trace id: a file may hold lines of several runs.
    run: &'a str,
    started: jiff::Timestamp,
    run_commit: Option<&'a str>,
    id: &'a str,
    gate: &'a str,
    tool: &'a str,
    target: &'a str,
    rule: &'a str,
    category: Category,
    severity: Severity,
    severity_raw: Option<&'a Text>,
    decision: Decision,
    because: &'a str,
    waiver: Option<&'a Text>,
    baseline: bool,
    title: &'a str,
    message: &'a str,
    fix: Option<&'a Text>,
    path: Option<&'a Text>,
    start_line: Option<u32>,
    end_line: Option<u32>,
    start_column: Option<u32>,
    end_column: Option<u32>,
    package: Option<&'a Text>,
    version: Option<&'a Text>,
    fixed_version: Option<&'a Text>,
    purl: Option<&'a Text>,
    ecosystem: Option<&'a Text>,
    resource: Option<&'a Text>,
    image: Option<&'a Text>,
    commit: Option<&'a Text>,
    cvss_score: Option<f64>,
    cvss_vector: Option<&'a Text>,
    aliases: &'a [Text],
    cwe: &'a [Text],
    references: &'a [Text],
    problem: Option<&'a Text>,
    seen_by: &'a [Text],
    suppressed: Option<&'a Text>,
    package_paths: &'a [Text],
    dev: Option<bool>,
    unfixed: Option<bool>,
    rated_by_cvss: Option<f64>,
    kev_added: Option<Date>,
    kev_ransomware: Option<bool>,
    epss_probability: Option<f64>,
    epss_percentile: Option<f64>,
    vex_status: Option<Status>,
    vex_justification: Option<&'a Text>,
    vex_statement: Option<&'a Text>,
    vex_document: Option<&'a Text>,
}

pub(super) fn render(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    for finding in &run.findings {
        serde_json::to_writer(&mut *out, &line(run, finding))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn line<'a>(run: &'a Run, finding: &'a Finding) -> Line<'a> {
    let at = finding.location.as_ref();
    let package = finding.package.as_deref();
    let cvss = finding.cvss.as_deref();
    let risk = finding.risk.as_deref();
    let (kev, epss) = (risk.and_then(|risk| risk.kev), risk.and_then(|risk| risk.epss));
    let vex = finding.assessment();
    Line {
        run: &run.trace_id,
        started: run.started,
        run_commit: run.commit.as_deref(),
        id: &finding.id,
        gate: &finding.gate,
        tool: &finding.tool,
        target: &finding.target,
        rule: &finding.rule,
        category: finding.category,
        severity: finding.severity,
        severity_raw: finding.severity_raw.as_ref(),
        decision: finding.decision,
        because: &finding.because,
        waiver: finding.waiver.as_ref(),
        baseline: finding.baseline,
        title: &finding.title,
        message: &finding.message,
        fix: finding.fix.as_ref(),
        path: at.map(|at| &at.path),
        start_line: at.and_then(|at| at.start_line).map(|n| n.get()),
        end_line: at.and_then(|at| at.end_line).map(|n| n.get()),
        start_column: at.and_then(|at| at.start_column).map(|n| n.get()),
        end_column: at.and_then(|at| at.end_column).map(|n| n.get()),
        package: package.map(|package| &package.name),
        version: package.and_then(|package| package.version.as_ref()),
        fixed_version: package.and_then(|package| package.fixed_version.as_ref()),
        purl: package.and_then(|package| package.purl.as_ref()),
        ecosystem: package.and_then(|package| package.ecosystem.as_ref()),
        resource: finding.resource.as_ref(),
        image: finding.image.as_ref(),
        commit: finding.commit.as_ref(),
        cvss_score: cvss.and_then(|cvss| cvss.score),
        cvss_vector: cvss.and_then(|cvss| cvss.vector.as_ref()),
        aliases: &finding.aliases,
        cwe: &finding.cwe,
        references: &finding.references,
        problem: finding.problem.as_ref(),
        seen_by: &finding.seen_by,
        suppressed: finding.suppressed.as_ref(),
        package_paths: package.map_or(&[], |package| &package.paths),
        dev: package.map(|package| package.dev),
        unfixed: package.map(|package| package.unfixed),
        rated_by_cvss: risk.and_then(|risk| risk.rated),
        kev_added: kev.map(|kev| kev.added),
        kev_ransomware: kev.map(|kev| kev.ransomware),
        epss_probability: epss.map(|epss| epss.probability),
        epss_percentile: epss.map(|epss| epss.percentile),
        vex_status: vex.map(|vex| vex.status),
        vex_justification: vex.and_then(|vex| vex.justification.as_ref()),
        vex_statement: vex.and_then(|vex| vex.statement.as_ref()),
        vex_document: vex.map(|vex| &vex.document),
    }
}
