//! gates.baseline.json: the findings that a team has accepted. In a gate with `new_only` they no longer
//! block, and only new findings do.
//!
//! The file is easy to read in a diff: sorted, one finding per line, no line numbers, no secrets.

use std::collections::HashSet;
use std::io::{self, Write};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::finding::{Category, Finding};
use crate::model::severity::{Counts, Severity};
use crate::text::bom::without_bom;
use crate::text::shared::Text;

/// The file beside gates.toml, unless gates.toml names another.
pub(crate) const FILE_NAME: &str = "gates.baseline.json";

/// The schema that this version writes, and the only one it reads.
pub(crate) const SCHEMA: &str = "portcullis/baseline/1";

/// What to do about a file that is not a baseline.
const RESTORE: &str =
    "restore the last one from git, or remove the file: `portcullis baseline` then records today's findings";

/// The known findings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    pub schema: String,
    /// The day on which it was last written.
    pub written: Date,
    /// The commit that was scanned then.
    #[serde(default)]
    pub commit: Option<String>,
    /// In the order of gate, place, rule, id.
    pub findings: Vec<BaselineEntry>,
}

/// One finding, with what people need to recognise it. Only the id counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaselineEntry {
    pub gate: Text,
    /// A file, a package with its version, or the target.
    pub place: Text,
    pub rule: Text,
    pub id: Text,
    pub severity: Severity,
    pub title: Text,
}

impl Baseline {
    /// Reads the text of the file. The error says what is wrong and what to do.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        if let Some(line) = conflict(bytes) {
            return Err(format!(
                "line {line} is a conflict marker of a merge; take both sides' lines, and `portcullis baseline` sorts them"
            ));
        }
        #[derive(Deserialize)]
        struct Schema {
            schema: Option<String>,
        }
        let broken = |error: serde_json::Error| format!("not a whole baseline: {error}; {RESTORE}");
        let bytes = without_bom(bytes);
        match serde_json::from_slice::<Schema>(bytes).map_err(broken)?.schema.as_deref() {
            Some(SCHEMA) => {}
            Some(other) => {
                return Err(format!("its schema is {other}, and this Portcullis reads {SCHEMA}; {RESTORE}"));
            }
            None => return Err(format!("it has no `schema`; `portcullis baseline` writes {SCHEMA}")),
        }
        let baseline: Self = serde_json::from_slice(bytes).map_err(broken)?;
        let mut seen = HashSet::new();
        match baseline.findings.iter().find(|entry| !seen.insert((&entry.gate, &entry.id))) {
            Some(twice) => {
                let id = format!("\"{}\"", twice.id);
                let lines = bytes.split(|byte| *byte == b'\n').enumerate();
                let with = lines.filter(|(_, line)| String::from_utf8_lossy(line).contains(&id));
                let with: Vec<String> = with.map(|(n, _)| (n + 1).to_string()).collect();
                let (id, gate) = (&twice.id, &twice.gate);
                Err(format!("{id} of gate {gate} is in it twice, in lines {}; remove one", with.join(", ")))
            }
            None => Ok(baseline),
        }
    }

    /// Writes it, one finding per line.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{{")?;
        writeln!(out, "  \"schema\": {},", json(&self.schema)?)?;
        writeln!(out, "  \"written\": {},", json(&self.written)?)?;
        writeln!(out, "  \"commit\": {},", json(&self.commit)?)?;
        writeln!(out, "  \"findings\": [")?;
        for (n, entry) in self.findings.iter().enumerate() {
            let comma = if n + 1 < self.findings.len() { "," } else { "" };
            writeln!(out, "    {}{comma}", json(entry)?)?;
        }
        writeln!(out, "  ]")?;
        writeln!(out, "}}")
    }

    /// How many findings of each severity it has in a gate.
    pub(crate) fn counts(&self, gate: &str) -> Counts {
        let mut counts = Counts::default();
        let of_gate = self.findings.iter().filter(|entry| *entry.gate == *gate);
        of_gate.for_each(|entry| counts.add(entry.severity));
        counts
    }
}

impl BaselineEntry {
    pub(crate) fn of(finding: &Finding) -> Self {
        let place = match (&finding.package, &finding.location) {
            (Some(package), _) => match &package.version {
                Some(version) => format!("{} {version}", package.name).into(),
                None => package.name.clone(),
            },
            (None, Some(location)) => location.path.clone(),
            (None, None) => finding.target.clone(),
        };
        Self {
            gate: finding.gate.clone(),
            place,
            rule: finding.rule.clone(),
            id: finding.id.clone(),
            severity: finding.severity,
            // The title of a secret may contain the secret in a form that the scrubber does not know.
            title: if finding.category == Category::Secret {
                "a secret".into()
            } else {
                finding.title.clone()
            },
        }
    }
}

fn json(value: &impl Serialize) -> io::Result<String> {
    serde_json::to_string(value).map_err(io::Error::other)
}

/// The first line with a conflict marker of git, counted from 1.
fn conflict(bytes: &[u8]) -> Option<usize> {
    let marker = |line: &[u8]| {
        [&b"<<<<<<<"[..], b"|||||||", b"=======", b">>>>>>>"].iter().any(|m| line.starts_with(m))
    };
    bytes.split(|byte| *byte == b'\n').position(marker).map(|line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline() -> Baseline {
        let entry = |id: &str| BaselineEntry {
            gate: "lint".into(),
            place: "src/a.ts".into(),
            rule: "no-eval".into(),
            id: id.into(),
            severity: Severity::High,
            title: "eval \"is\" evil".into(),
        };
        Baseline {
            schema: SCHEMA.to_owned(),
            written: jiff::civil::date(2026, 1, 1),
            commit: None,
            findings: vec![entry("aa"), entry("bb")],
        }
    }

    fn text(baseline: &Baseline) -> String {
        let mut out = Vec::new();
        baseline.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn it_reads_what_it_writes_with_a_line_for_each_finding() {
        let text = text(&baseline());
        assert_eq!(Baseline::read(text.as_bytes()), Ok(baseline()));
        assert_eq!(text.lines().filter(|line| line.contains("\"rule\":\"no-eval\"")).count(), 2);
        assert_eq!(baseline().counts("lint").high, 2);
        assert_eq!(baseline().counts("types").high, 0);
    }

    #[test]
    fn a_file_saved_by_a_windows_editor_reads_the_same() {
        let text = format!("\u{feff}{}", text(&baseline()).replace('\n', "\r\n"));
        assert_eq!(Baseline::read(text.as_bytes()), Ok(baseline()));
    }

    #[test]
    fn the_error_for_a_broken_file_says_what_to_do() {
        let text = text(&baseline());
        let conflict = text.replace("    {", "<<<<<<< HEAD\n    {");
        for (broken, why) in [
            (conflict.as_str(), "line 6 is a conflict marker"),
            (&text.replace("baseline/1", "baseline/2"), "its schema is portcullis/baseline/2"),
            (
                &text.replace("\"id\":\"bb\"", "\"id\":\"aa\""),
                "aa of gate lint is in it twice, in lines 6, 7",
            ),
            (&text.replace("    {", "||||||| base\n    {"), "line 6 is a conflict marker"),
            (&text.replace("baseline/1", "baseline/2"), "remove the file: `portcullis baseline`"),
            ("{}", "no `schema`"),
            ("", "not a whole baseline"),
            (&text[..text.len() / 2], "not a whole baseline"),
            (&text.replace("\"place\"", "\"line\""), "unknown field"),
        ] {
            let reason = Baseline::read(broken.as_bytes()).unwrap_err();
            assert!(reason.contains(why), "{reason}");
        }
    }
}
