//! GitLab's Code Quality report (docs.gitlab.com/ci/testing/code_quality): findings that are not about
//! security. Failed tests are in JUnit. Findings that a waiver covers are left out.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use crate::model::finding::{Category, Decision, Finding};
use crate::model::run::Run;
use crate::model::severity::Severity;
use crate::report::stream::Stream;
use crate::report::{Options, subject};
use crate::text::hash::sha256;

use super::kind::GitlabKind;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    /// Unique in the file: of several equal ones GitLab shows only one.
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: Cow<'a, str>,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// In characters; GitLab shows the description in one line.
const LONGEST: usize = 1_000;

pub(in crate::report) fn render(run: &Run, _: &Options, out: &mut dyn Write) -> io::Result<()> {
    let shown = |finding: &&Finding| {
        finding.category != Category::Test
            && GitlabKind::of(finding).is_none()
            && finding.decision != Decision::Waive
    };
    serde_json::to_writer(&mut *out, &Stream(|| run.findings.iter().filter(shown).map(issue)))?;
    out.write_all(b"\n")
}

fn issue(finding: &Finding) -> Issue<'_> {
    Issue {
        description: subject::cut(&subject::words(finding).replace('\n', " "), LONGEST).into_owned(),
        check_name: subject::rule(finding),
        fingerprint: sha256(format!("{}\n{}", finding.gate, finding.id).as_bytes()),
        severity: match finding.severity {
            Severity::Critical => "blocker",
            Severity::High => "critical",
            Severity::Medium | Severity::Unknown => "major",
            Severity::Low => "minor",
            Severity::Info => "info",
        },
        location: Location {
            path: subject::file(finding),
            // GitLab requires a line: if it is unknown, the first.
            lines: Lines { begin: subject::line(finding).unwrap_or(1) },
        },
    }
}
