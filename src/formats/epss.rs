//! EPSS scores as FIRST publishes them each day (<https://www.first.org/epss/data_stats>): a CSV file,
//! often compressed with gzip, whose first line has its date; or the JSON answer of FIRST's API.

use std::io::Read;

use flate2::read::GzDecoder;
use jiff::civil::Date;
use serde::Deserialize;

use crate::model::exploitation::{CveId, EpssScores};
use crate::text::bom::without_bom;

use super::dated::Content;

/// The largest size to unpack.
const LARGEST: u64 = 256 << 20;

const AGAIN: &str = "download it again";

/// Reads `#model_version:…,score_date:…`, then `cve,epss,percentile`, then one row for each vulnerability.
pub fn read(bytes: &[u8]) -> Result<Content<EpssScores>, String> {
    let mut unpacked = Vec::new();
    let text = match bytes.starts_with(&[0x1f, 0x8b]) {
        true => {
            let read = GzDecoder::new(bytes).take(LARGEST).read_to_end(&mut unpacked);
            read.map_err(|error| format!("it can't be unpacked ({error}): {AGAIN}"))?;
            unpacked.as_slice()
        }
        false => bytes,
    };
    let text = without_bom(text);
    if text.trim_ascii_start().starts_with(b"{") {
        return read_answer(text);
    }
    let text = std::str::from_utf8(text).map_err(|_| format!("it is not text: {AGAIN}"))?;
    if !text.ends_with('\n') {
        return Err(format!("its last line is not complete, so the file is cut short: {AGAIN}"));
    }
    let mut lines = text.lines();
    let date = lines.next().and_then(score_date).ok_or("its first line has no `score_date`")?;
    if lines.next().map(str::trim) != Some("cve,epss,percentile") {
        return Err("its second line is not `cve,epss,percentile`".to_owned());
    }
    let mut rows = Vec::new();
    for (index, line) in lines.enumerate() {
        rows.push(
            row(line).ok_or_else(|| format!("line {} is not a row of EPSS scores: {AGAIN}", index + 3))?,
        );
    }
    if rows.is_empty() {
        return Err(format!("it has no scores: {AGAIN}"));
    }
    Ok(content(date, rows))
}

/// Reads the answer of <https://api.first.org/data/v1/epss>. It must be complete: one page of several
/// lacks scores.
fn read_answer(text: &[u8]) -> Result<Content<EpssScores>, String> {
    let answer: Answer = serde_json::from_slice(text)
        .map_err(|error| format!("it is not an answer of FIRST's API: {error}"))?;
    let (total, listed) = (answer.total, answer.data.len());
    if total != listed || listed == 0 {
        return Err(format!(
            "its `total` is {total}, but it lists {listed}: use the CSV, which has all scores"
        ));
    }
    let mut rows = Vec::with_capacity(listed);
    for one in &answer.data {
        let cells = format!("{},{},{}", one.cve, one.epss, one.percentile);
        rows.push(row(&cells).ok_or_else(|| format!("`{cells}` is not a score: {AGAIN}"))?);
    }
    let date = answer.data.iter().map(|one| one.date).min().ok_or(AGAIN)?;
    Ok(content(date, rows))
}

fn content(date: Date, rows: Vec<(CveId, f32, f32)>) -> Content<EpssScores> {
    Content { date, vulnerabilities: rows.len(), content: EpssScores::new(rows) }
}

#[derive(Deserialize)]
struct Answer {
    total: usize,
    data: Vec<Score>,
}

/// The API writes numbers as strings.
#[derive(Deserialize)]
struct Score {
    cve: String,
    epss: String,
    percentile: String,
    date: Date,
}

/// `#model_version:v2025.03.14,score_date:2025-11-20T12:55:00Z`
fn score_date(line: &str) -> Option<Date> {
    let (_, date) = line.strip_prefix('#')?.split_once("score_date:")?;
    date.get(..10)?.parse().ok()
}

fn row(line: &str) -> Option<(CveId, f32, f32)> {
    let mut cells = line.trim_end().split(',');
    let (id, probability, percentile) = (cells.next()?, cells.next()?, cells.next()?);
    let fraction = |cell: &str| cell.parse::<f32>().ok().filter(|value| (0.0..=1.0).contains(value));
    Some((CveId::read(id)?, fraction(probability)?, fraction(percentile)?)).filter(|_| cells.next().is_none())
}
