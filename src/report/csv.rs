//! Findings as CSV (RFC 4180) for spreadsheets, one a row.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, also behind a tab or a
//! line end: such a cell gets an apostrophe in front, which the spreadsheet takes for "this is text".

use std::io::{self, Write};

use super::{Options, subject};
use crate::finding::Finding;
use crate::record::Run;

const COLUMNS: [&str; 20] = [
    "gate",
    "tool",
    "category",
    "severity",
    "decision",
    "because",
    "rule",
    "title",
    "message",
    "path",
    "line",
    "package",
    "version",
    "fixed_version",
    "resource",
    "target",
    "fix",
    "waiver",
    "baseline",
    "id",
];

pub(super) fn render(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    row(out, COLUMNS)?;
    run.findings.iter().try_for_each(|finding| finding_row(finding, out))
}

fn finding_row(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let text = |text: &Option<crate::finding::Text>| text.clone().unwrap_or_default();
    let package = finding.package.as_deref();
    let path = finding.location.as_ref().map(|at| at.path.clone()).unwrap_or_default();
    let line = subject::line(finding).map(|line| line.to_string()).unwrap_or_default();
    row(
        out,
        [
            &finding.gate,
            &finding.tool,
            finding.category.as_str(),
            finding.severity.as_str(),
            subject::decision(finding.decision),
            &finding.because,
            &finding.rule,
            &finding.title,
            &finding.message,
            &path,
            &line,
            package.map_or("", |package| &package.name),
            &package.map(|package| text(&package.version)).unwrap_or_default(),
            &package.map(|package| text(&package.fixed_version)).unwrap_or_default(),
            &text(&finding.resource),
            &finding.target,
            &text(&finding.fix),
            &text(&finding.waiver),
            if finding.baseline { "true" } else { "false" },
            &finding.id,
        ],
    )
}

fn row(out: &mut dyn Write, cells: [&str; COLUMNS.len()]) -> io::Result<()> {
    for (index, cell) in cells.into_iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        // Spaces in front do not keep every spreadsheet from reading a formula.
        let formula =
            cell.trim_start().starts_with(['=', '+', '-', '@']) || cell.starts_with(['\t', '\r', '\n']);
        let text = if formula { "'" } else { "" };
        write!(out, "{comma}\"{text}{}\"", cell.replace('"', "\"\""))?;
    }
    out.write_all(b"\r\n")
}
