//! JSON reports that tools write in a form of their own, by the keys that only they have.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::formats::json;
use crate::scan::parsed::ReportError;
use crate::text::bom::without_bom;

/// Keys of the document, or of the first entry of its list; whose they are; what to do with it.
const OWN: [(&[&str], &str, Advice); 27] = [
    (&["bomFormat"], "a CycloneDX document", Advice::Name("cyclonedx")),
    (&["spdxVersion"], "an SPDX document", Advice::Name("spdx")),
    (&["runs", "version"], "a SARIF log", Advice::Name("sarif")),
    (
        &["SchemaVersion", "ArtifactName"],
        "Trivy's own JSON",
        Advice::Do("hand it in as trivy, or let it write `--format sarif`"),
    ),
    (&["results", "errors", "paths"], "Semgrep's own JSON", Advice::Do("let it write `--sarif`")),
    (&["generated_at", "metrics", "results"], "Bandit's own JSON", Advice::Do("let it write `-f sarif`")),
    (&["matches", "descriptor"], "Grype's own JSON", Advice::Do("let it write `-o sarif`")),
    (
        &["artifacts", "artifactRelationships"],
        "Syft's own JSON",
        Advice::Do("hand it in as syft, or let it write `-o cyclonedx-json`"),
    ),
    (
        &["RuleID", "Commit", "Secret"],
        "gitleaks' own JSON",
        Advice::Do("hand it in as gitleaks, or let it write `-f sarif`"),
    ),
    (&["filePath", "messages"], "ESLint's own JSON", Advice::Do("hand it in as eslint")),
    (
        &["source", "warnings", "deprecations"],
        "stylelint's own JSON",
        Advice::Do("let it write SARIF, by a formatter"),
    ),
    (
        &["auditReportVersion", "vulnerabilities"],
        "the JSON of npm audit",
        Advice::Do("hand it in as npm-audit"),
    ),
    (
        &["check_type", "results", "summary"],
        "Checkov's own JSON",
        Advice::Do("hand it in as checkov, or let it write `-o sarif`"),
    ),
    (&["results", "experimental_config"], "OSV-Scanner's own JSON", Advice::Name("osv-scanner")),
    (&["packageManager", "vulnerabilities", "ok"], "Snyk's own JSON", Advice::Name("snyk")),
    (&["numFailedTests", "testResults"], "the JSON of Jest or Vitest", Advice::Do("let it write JUnit XML")),
    (
        &["stats", "tests", "failures"],
        "Mocha's own JSON",
        Advice::Do("let it write JUnit XML, by `--reporter xunit`"),
    ),
    (
        &["config", "suites", "stats"],
        "Playwright's own JSON",
        Advice::Do("let it write JUnit XML, by `--reporter=list,junit`"),
    ),
    (
        &["code", "location", "filename", "noqa_row"],
        "Ruff's own JSON",
        Advice::Do("let it write `--output-format sarif`"),
    ),
    (
        &["check_name", "fingerprint", "location"],
        "a GitLab Code Quality report",
        Advice::Do("let the tool write SARIF"),
    ),
    (
        &["scan", "vulnerabilities", "version"],
        "a GitLab security report",
        Advice::Do("let the tool write SARIF"),
    ),
    // Documents around a report.
    (
        &["_type", "predicateType"],
        "an in-toto statement",
        Advice::Do("hand in its predicate (`jq .predicate`)"),
    ),
    (
        &["payload", "payloadType"],
        "a signed envelope (DSSE)",
        Advice::Do("verify it, and hand in the predicate (`jq -r .payload | base64 -d | jq .predicate`)"),
    ),
    (
        &["dsseEnvelope", "mediaType"],
        "a Sigstore bundle",
        Advice::Do(
            "verify it, and hand in the predicate (`jq -r .dsseEnvelope.payload | base64 -d | jq .predicate`)",
        ),
    ),
    (&["sbom"], "the answer of GitHub's API", Advice::Do("hand in what is in `sbom` (`jq .sbom`)")),
    (&["SPDX"], "what Docker shows of an SBOM", Advice::Do("hand in what is in `SPDX` (`jq .SPDX`)")),
    (
        &["commit_sha", "sarif"],
        "an upload to GitHub's API",
        Advice::Do("hand in what is in `sarif` (`jq -r .sarif | base64 -d | gunzip`)"),
    ),
];

/// Formats whose reports may be lists.
const LISTS: [&str; 1] = ["snyk"];

enum Advice {
    /// It is of another format, which Portcullis reads.
    Name(&'static str),
    Do(&'static str),
}

/// The tool whose own form a JSON document has, and what to do. It need not be whole. `wanted`: the format that it should
/// have.
pub(in crate::formats) fn own_report(bytes: &[u8], wanted: &str) -> Option<String> {
    let Keys { keys, entries } = keys(without_bom(bytes));
    let (_, whose, advice) = OWN.iter().find(|(marks, ..)| marks.iter().all(|mark| keys.contains(*mark)))?;
    match (advice, entries) {
        (Advice::Name(format), _) if *format == wanted && LISTS.contains(format) => None,
        (Advice::Name(format), entries) if *format == wanted => entries.map(|n| match n {
            1 => format!("it is a list with {whose} in it: hand in the entry (`jq '.[0]'`)"),
            n => format!("it is a list of {n}, the first of which is {whose}: hand in each as a report of its own (`jq '.[0]'`)"),
        }),
        (Advice::Name(format), _) => Some(format!("it is {whose}: name that format, {format}")),
        (Advice::Do(words), _) => Some(format!("it is {whose}: {words}")),
    }
}

/// The same error, in words that say what the document is instead, if it is JSON of another form.
pub(in crate::formats) fn named(error: ReportError, bytes: &[u8], wanted: &str) -> ReportError {
    match error {
        ReportError::Foreign { what, detail } if !detail.starts_with("not JSON") => {
            let decoded = json::decoded(bytes, what);
            let own = decoded.ok().and_then(|bytes| own_report(&bytes, wanted));
            ReportError::Foreign { what, detail: own.unwrap_or(detail) }
        }
        other => other,
    }
}

/// The keys of an object, or of the first object in a list.
fn keys(bytes: &[u8]) -> Keys {
    let mut keys = Keys::default();
    let mut document = serde_json::Deserializer::from_slice(bytes);
    // What is cut short has keys, too.
    drop(document.deserialize_any(&mut keys));
    keys
}

#[derive(Default)]
struct Keys {
    keys: BTreeSet<String>,
    /// How many entries it has, if it is a list.
    entries: Option<u64>,
}

/// An object with more keys than these is data.
const MOST: usize = 256;

impl<'de> Visitor<'de> for &mut Keys {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object or a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key::<String>()? {
            if self.keys.len() < MOST {
                self.keys.insert(key);
            }
            members.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if let Some(First(keys)) = items.next_element()? {
            self.keys.extend(keys);
        }
        self.entries = Some(1);
        while items.next_element::<IgnoredAny>()?.is_some() {
            self.entries = self.entries.map(|n| n + 1);
        }
        Ok(())
    }
}

/// The keys of an entry.
struct First(BTreeSet<String>);

impl<'de> serde::Deserialize<'de> for First {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut keys = Keys::default();
        deserializer.deserialize_map(&mut keys)?;
        Ok(Self(keys.keys))
    }
}
