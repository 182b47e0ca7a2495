//! One HTML page and its style sheet, for people.
//!
//! Jenkins shows artefacts under `sandbox; default-src 'none'; img-src 'self'; style-src 'self'`. So there is
//! no script, no inline style, and nothing from other hosts. Foldable parts are `<details>`. Charts are SVG
//! whose colours are presentation attributes, which the style sheet overrides. The page is also well-formed
//! XML.

mod findings;
mod gates;
mod notes;
mod proof;
mod severities;
mod timeline;
mod verdict;
mod waivers;
mod words;

use std::collections::HashMap;
use std::io::{self, Write};

use crate::keys::table::Keys;
use crate::model::finding::Finding;
use crate::model::run::Run;

/// `[report.html]`.
#[derive(Clone, Copy, Debug)]
pub struct HtmlOptions {
    /// The most findings of a gate on the page.
    limit: usize,
}

/// A page of twenty gates with this many findings each still opens at once.
const LIMIT: usize = 2_000;

impl Default for HtmlOptions {
    fn default() -> Self {
        Self { limit: LIMIT }
    }
}

impl HtmlOptions {
    pub(super) fn read(keys: &Keys) -> Self {
        let limit = keys.count("limit");
        keys.finish("[report.html]");
        Self { limit: limit.map_or(LIMIT, |limit| usize::try_from(limit.value).unwrap_or(usize::MAX)) }
    }
}

/// The findings of each gate, by its id.
type ByGate<'a> = HashMap<&'a str, Vec<&'a Finding>>;

/// The style sheet.
pub(super) fn style(_: &Run, _: &super::Options, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(include_bytes!("html/style.css"))
}

/// The page.
pub(super) fn render(run: &Run, options: &super::Options, out: &mut dyn Write) -> io::Result<()> {
    let mut by_gate = ByGate::new();
    for finding in &run.findings {
        by_gate.entry(&finding.gate).or_default().push(finding);
    }
    out.write_all(HEAD.as_bytes())?;
    verdict::title(run, out)?;
    out.write_all(BODY.as_bytes())?;
    verdict::header(run, out)?;
    out.write_all(b"<main id=\"main\">\n")?;
    gates::section(run, out)?;
    timeline::section(run, out)?;
    severities::section(run, &by_gate, out)?;
    findings::section(run, &mut by_gate, options.html.limit, out)?;
    waivers::section(run, out)?;
    notes::section(run, out)?;
    proof::section(run, out)?;
    out.write_all(b"</main>\n")?;
    verdict::footer(run, out)?;
    out.write_all(b"</body>\n</html>\n")
}

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta name="referrer" content="no-referrer"/>
<link rel="stylesheet" href="style.css"/>
"#;

const BODY: &str = r##"</head>
<body>
<a class="skip" href="#main">Skip to the gates</a>
"##;
