//! Findings as CSV (RFC 4180) for spreadsheets, one per row.
//!
//! A spreadsheet reads a cell that begins with `=`, `+`, `-` or `@` as a formula. So it does with the wide
//! forms of these characters, and after a tab or a line end. Such a cell gets an apostrophe in front, which
//! shows the spreadsheet that the cell is text.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::model::assessment::Assessment;
use crate::model::finding::{Finding, Package};
use crate::model::risk::{Epss, Kev};
use crate::model::run::Run;
use crate::text::shared::Text;

use super::{Options, subject};

type Cell<'a> = Cow<'a, str>;

/// A column: its name, and the value of a finding. A new column comes last, so that readers that count
/// columns still work.
type Column = (&'static str, fn(&Finding) -> Cell<'_>);

const COLUMNS: [Column; 36] = [
    ("gate", |finding| plain(&finding.gate)),
    ("tool", |finding| plain(&finding.tool)),
    ("category", |finding| plain(finding.category.as_str())),
    ("severity", |finding| plain(finding.severity.as_str())),
    ("decision", |finding| plain(subject::decision(finding.decision))),
    ("because", |finding| plain(&finding.because)),
    ("rule", |finding| plain(&finding.rule)),
    ("title", |finding| plain(&finding.title)),
    ("message", |finding| plain(&finding.message)),
    ("path", |finding| plain(finding.location.as_ref().map_or("", |at| &at.path))),
    ("line", |finding| shown(subject::line(finding))),
    ("package", |finding| plain(finding.package.as_ref().map_or("", |package| &package.name))),
    ("version", |finding| text(package(finding).and_then(|package| package.version.as_ref()))),
    ("fixed_version", |finding| text(package(finding).and_then(|package| package.fixed_version.as_ref()))),
    ("resource", |finding| text(finding.resource.as_ref())),
    ("target", |finding| plain(&finding.target)),
    ("fix", |finding| text(finding.fix.as_ref())),
    ("waiver", |finding| text(finding.waiver.as_ref())),
    ("baseline", |finding| shown(Some(finding.baseline))),
    ("id", |finding| plain(&finding.id)),
    ("problem", |finding| text(finding.problem.as_ref())),
    ("seen_by", |finding| list(&finding.seen_by)),
    ("aliases", |finding| list(&finding.aliases)),
    ("cwe", |finding| list(&finding.cwe)),
    ("cvss_score", |finding| shown(finding.cvss.as_ref().and_then(|cvss| cvss.score))),
    ("rated_by_cvss", |finding| shown(finding.risk.as_ref().and_then(|risk| risk.rated))),
    ("kev_added", |finding| shown(kev(finding).map(|kev| kev.added))),
    ("kev_ransomware", |finding| shown(kev(finding).map(|kev| kev.ransomware))),
    ("epss_probability", |finding| shown(epss(finding).map(|epss| epss.probability))),
    ("epss_percentile", |finding| shown(epss(finding).map(|epss| epss.percentile))),
    ("vex_status", |finding| plain(finding.assessment().map_or("", |vex| vex.status.as_str()))),
    ("vex_justification", |finding| text(finding.assessment().and_then(justification))),
    ("dev", |finding| shown(package(finding).map(|package| package.dev))),
    ("unfixed", |finding| shown(package(finding).map(|package| package.unfixed))),
    ("suppressed", |finding| text(finding.suppressed.as_ref())),
    ("purl", |finding| text(package(finding).and_then(|package| package.purl.as_ref()))),
];

/// The characters that a formula begins with.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

pub(super) fn render(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    row(out, COLUMNS.iter().map(|(name, _)| plain(name)))?;
    run.findings.iter().try_for_each(|finding| row(out, COLUMNS.iter().map(|(_, cell_of)| cell_of(finding))))
}

fn row<'a>(out: &mut dyn Write, cells: impl Iterator<Item = Cell<'a>>) -> io::Result<()> {
    for (index, cell) in cells.enumerate() {
        let comma = if index > 0 { "," } else { "" };
        // Some spreadsheets read a formula even after spaces.
        let formula = cell.trim_start().starts_with(FORMULA) || cell.starts_with(['\t', '\r', '\n']);
        let text = if formula { "'" } else { "" };
        write!(out, "{comma}\"{text}{}\"", cell.replace('"', "\"\""))?;
    }
    out.write_all(b"\r\n")
}

fn plain(text: &str) -> Cell<'_> {
    Cow::Borrowed(text)
}

/// An absent text is an empty cell.
fn text(text: Option<&Text>) -> Cell<'_> {
    plain(text.map_or("", |text| text))
}

fn shown<'a>(value: Option<impl ToString>) -> Cell<'a> {
    Cow::Owned(value.map(|value| value.to_string()).unwrap_or_default())
}

/// Several texts in one cell.
fn list(list: &[Text]) -> Cell<'_> {
    match list {
        [one] => plain(one),
        all => Cow::Owned(all.join("; ")),
    }
}

fn package(finding: &Finding) -> Option<&Package> {
    finding.package.as_deref()
}

fn kev(finding: &Finding) -> Option<Kev> {
    finding.risk.as_ref()?.kev
}

fn epss(finding: &Finding) -> Option<Epss> {
    finding.risk.as_ref()?.epss
}

fn justification(vex: &Assessment) -> Option<&Text> {
    vex.justification.as_ref()
}
