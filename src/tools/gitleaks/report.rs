//! The report of gitleaks: a list of leaks (`report/finding.go`).

use std::collections::HashMap;
use std::num::NonZeroU32;

use serde::Deserialize;

use crate::model::finding::{Category, Finding, Location};
use crate::model::severity::Severity;
use crate::redact::{Secret, evidence};
use crate::scan::report_origin::ReportOrigin;
use crate::text::shared::Text;

/// One element of the report. The second name of each field is for version 7 and older.
/// Fields that can hold a secret or a person's name are not read, except the secret itself.
#[derive(Deserialize)]
pub(super) struct Leak {
    #[serde(rename = "RuleID", alias = "rule")]
    rule: String,
    #[serde(rename = "Description", default)]
    description: String,
    #[serde(rename = "File", alias = "file")]
    file: String,
    #[serde(rename = "SymlinkFile", default)]
    symlink: String,
    #[serde(rename = "Commit", alias = "commit", default)]
    commit: String,
    #[serde(rename = "Secret", alias = "offender")]
    secret: String,
    /// The secret and what is around it. The whole line in version 7 and older.
    #[serde(rename = "Match", alias = "line", default)]
    matched: String,
    #[serde(rename = "StartLine", alias = "lineNumber", default)]
    start_line: Option<u64>,
    #[serde(rename = "EndLine", default)]
    end_line: Option<u64>,
    #[serde(rename = "StartColumn", default)]
    start_column: Option<u64>,
    #[serde(rename = "EndColumn", default)]
    end_column: Option<u64>,
}

impl Leak {
    /// What it quotes of the source, so that it can be struck out.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        Secret::reported(&self.secret).into_iter().chain(evidence::in_source(&self.matched)).collect()
    }

    pub(super) fn into_finding(self, severity: Severity, fix: &Text, origin: &ReportOrigin) -> Finding {
        let title = if self.description.is_empty() { self.rule.clone() } else { self.description };
        let mut finding = Finding::new(self.rule, Category::Secret, severity, title);
        finding.fix = Some(fix.clone());
        // A member of an archive keeps its `archive!member` form.
        finding.location = Some(
            Location::file(origin.relative(&self.file))
                .lines(self.start_line, self.end_line)
                .columns(self.start_column, self.end_column),
        );
        finding.commit = Some(self.commit).filter(|commit| !commit.is_empty()).map(Text::from);
        if !self.symlink.is_empty() {
            let link = origin.relative(&self.symlink);
            finding.message = format!("reached through the symbolic link {link}").into();
        }
        finding
    }
}

/// For each secret that one rule finds in several commits: the place of its first leak in the report, from 1.
pub(super) fn same_secrets(leaks: &[Leak]) -> Vec<Option<NonZeroU32>> {
    let mut first: HashMap<(&str, &str), (usize, bool)> = HashMap::with_capacity(leaks.len());
    for (at, leak) in leaks.iter().enumerate().filter(|(_, leak)| !leak.commit.is_empty()) {
        let known = first.entry((&leak.rule, &leak.secret));
        known.and_modify(|(_, again)| *again = true).or_insert((at, false));
    }
    let number = |leak: &Leak| {
        let (at, again) = first.get(&(leak.rule.as_str(), leak.secret.as_str()))?;
        let place = u32::try_from(at + 1).ok().and_then(NonZeroU32::new);
        place.filter(|_| *again && !leak.commit.is_empty())
    };
    leaks.iter().map(number).collect()
}
