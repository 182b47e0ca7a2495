//! CISA's catalogue of known exploited vulnerabilities
//! (<https://www.cisa.gov/known-exploited-vulnerabilities-catalog>), as JSON or CSV.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::model::exploitation::{CveId, KevCatalogue};
use crate::model::risk::Kev;
use crate::text::bom::without_bom;

use super::csv;
use super::dated::Content;
use super::json;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    date_released: Timestamp,
    count: usize,
    vulnerabilities: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "cveID")]
    id: String,
    date_added: Date,
    known_ransomware_campaign_use: Option<String>,
}

/// Reads the catalogue. A catalogue that is not complete is an error.
pub fn read(bytes: &[u8]) -> Result<Content<KevCatalogue>, String> {
    let bytes = json::decoded(bytes, "catalogue").map_err(|error| error.to_string())?;
    let bytes = without_bom(&bytes);
    if bytes.trim_ascii_start().starts_with(b"cveID,") { read_csv(bytes) } else { read_json(bytes) }
}

fn read_json(bytes: &[u8]) -> Result<Content<KevCatalogue>, String> {
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| format!("it is not CISA's catalogue: {error}"))?;
    let (count, listed) = (document.count, document.vulnerabilities.len());
    if count != listed || listed == 0 {
        return Err(format!("its `count` is {count}, but it lists {listed}: download it again"));
    }
    let mut all = HashMap::with_capacity(listed);
    for entry in &document.vulnerabilities {
        let ransomware = entry.known_ransomware_campaign_use.as_deref() == Some("Known");
        let id = CveId::read(&entry.id)
            .ok_or_else(|| format!("it lists `{}`, which is not a CVE id", entry.id))?;
        all.insert(id, Kev { added: entry.date_added, ransomware });
    }
    let date = document.date_released.to_zoned(jiff::tz::TimeZone::UTC).date();
    Ok(Content { date, vulnerabilities: listed, content: KevCatalogue::new(all) })
}

/// The CSV has no date of its own, so the date of its latest entry is used.
fn read_csv(bytes: &[u8]) -> Result<Content<KevCatalogue>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text: download it again".to_owned())?;
    let mut rows = csv::rows(text)?.into_iter();
    let header = rows.next().unwrap_or_default();
    let column = |name: &str| {
        header.iter().position(|cell| cell == name).ok_or_else(|| format!("it has no column `{name}`"))
    };
    let (id, added) = (column("cveID")?, column("dateAdded")?);
    let ransomware = column("knownRansomwareCampaignUse")?;
    let mut all = HashMap::new();
    for row in rows {
        let cve =
            CveId::read(&row[id]).ok_or_else(|| format!("it lists `{}`, which is not a CVE id", row[id]))?;
        let added = row[added].parse().map_err(|_| format!("`{}` is not a date", row[added]))?;
        all.insert(cve, Kev { added, ransomware: row[ransomware] == "Known" });
    }
    let date = all.values().map(|kev| kev.added).max().ok_or("it lists nothing: download it again")?;
    Ok(Content { date, vulnerabilities: all.len(), content: KevCatalogue::new(all) })
}
