//! The common form of one thing that one tool reports.
//!
//! A run may have a million findings, so a finding is small: repeated text is shared ([`Text`]), lists are
//! shared slices, and rare fields are behind a pointer.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::assessment::Assessment;
use crate::model::risk::{Protected, Risk};
use crate::model::severity::Severity;
use crate::text::shared::{SharedTexts, Strings, Text};

/// What kind of problem a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    Secret,
    Lint,
    Type,
    Vulnerability,
    Misconfiguration,
    /// A weakness in the project's own code.
    Sast,
    Quality,
    License,
    Test,
}

impl Category {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Lint => "lint",
            Self::Type => "type",
            Self::Vulnerability => "vulnerability",
            Self::Misconfiguration => "misconfiguration",
            Self::Sast => "sast",
            Self::Quality => "quality",
            Self::License => "license",
            Self::Test => "test",
        }
    }
}

/// A place in a file. Lines and columns count from 1; tools that print 0 or nothing leave them out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// Relative to the repository root, with forward slashes, wherever the tool ran.
    pub path: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_line: Option<NonZeroU32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_line: Option<NonZeroU32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_column: Option<NonZeroU32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<NonZeroU32>,
}

impl Location {
    pub fn file(path: impl Into<Text>) -> Self {
        Self { path: path.into(), start_line: None, end_line: None, start_column: None, end_column: None }
    }

    /// Sets the lines. 0 and impossible numbers count as absent.
    pub fn lines(mut self, start: Option<u64>, end: Option<u64>) -> Self {
        self.start_line = position(start);
        self.end_line = position(end);
        self
    }

    /// Sets the columns, with the same rule as [`Location::lines`].
    pub fn columns(mut self, start: Option<u64>, end: Option<u64>) -> Self {
        self.start_column = position(start);
        self.end_column = position(end);
        self
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        match self.start_line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

fn position(n: Option<u64>) -> Option<NonZeroU32> {
    n.and_then(|n| u32::try_from(n).ok()).and_then(NonZeroU32::new)
}

/// The package that a vulnerability or a licence is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Package {
    pub name: Text,
    /// Installed version; several are joined by ", ".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Text>,
    /// The version, or versions, that fix it, in the tool's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_version: Option<Text>,
    /// Package URL, only if the tool gave one or name and version are certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<Text>,
    /// Its other package URLs: SPDX allows several.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub more_purls: SharedTexts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecosystem: Option<Text>,
    /// Where it is installed: lock file nodes or paths inside an image.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub paths: SharedTexts,
    /// The tool or the lock file says that only development needs it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dev: bool,
    /// The tool says that no release fixes it yet. If it says nothing, there may be a fix.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfixed: bool,
}

impl Package {
    /// All its package URLs, as they are written.
    pub fn purls(&self) -> impl Iterator<Item = &Text> {
        self.purl.iter().chain(self.more_purls.iter())
    }
}

/// A CVSS base score and its vector, as far as the report has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cvss {
    /// 0.0 to 10.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<Text>,
    /// Whether the report says that it is of version 2, which has no severity above high. A vector says so itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub version_2: bool,
}

/// The decision of the policy on one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It blocks production.
    Deny,
    /// It is reported, but does not block.
    Allow,
    /// A waiver or a suppression in the source covers it.
    Waive,
}

/// One thing that a tool reports. Parsers set what the tool said, [`crate::policy::fingerprint`] sets `id`,
/// and [`crate::policy::judge`] sets the decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// 16 hexadecimal digits. The same on every machine, and after lines have moved.
    #[serde(default)]
    pub id: Text,
    #[serde(default)]
    pub gate: Text,
    /// The gate's target that it was found in: a directory, an image.
    #[serde(default)]
    pub target: Text,
    #[serde(default)]
    pub tool: Text,
    #[serde(default)]
    pub seen_by: SharedTexts,
    /// The name of the problem that it shares with findings of other tools, gates or targets; absent if it
    /// shares none. See [`crate::policy::same_problem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Text>,
    /// Findings of one target with the same number are the same secret, in several commits: a place in the report, so that
    /// nothing is derived from the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_secret: Option<NonZeroU32>,
    /// The tool's own rule, check or advisory id.
    pub rule: Text,
    pub category: Category,
    pub severity: Severity,
    /// The tool's own word for the severity, if it has one.
    #[serde(default)]
    pub severity_raw: Option<Text>,
    /// One line for people.
    pub title: Text,
    /// What the tool says about this case. It may be long or empty.
    #[serde(default)]
    pub message: Text,
    /// What to do about it, in one line, if the tool or the data says so.
    #[serde(default)]
    pub fix: Option<Text>,
    #[serde(default)]
    pub location: Option<Location>,
    #[serde(default)]
    pub package: Option<Arc<Package>>,
    /// Terraform address, CloudFormation logical id, Kubernetes object.
    #[serde(default)]
    pub resource: Option<Text>,
    /// The id (`sha256:…`) of the image that was scanned.
    #[serde(default)]
    pub image: Option<Text>,
    #[serde(default)]
    pub commit: Option<Text>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub aliases: SharedTexts,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub cwe: SharedTexts,
    #[serde(default)]
    pub cvss: Option<Arc<Cvss>>,
    /// What is known about it from other sources: exploits, forecasts, VEX statements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Arc<Risk>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub references: SharedTexts,
    /// Why the tool says that it is suppressed (a SARIF suppression).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Text>,
    #[serde(default = "undecided")]
    pub decision: Decision,
    #[serde(default)]
    pub because: Text,
    /// The name of the waiver that covers it.
    #[serde(default)]
    pub waiver: Option<Text>,
    #[serde(default)]
    pub baseline: bool,
}

/// A finding blocks until the policy says otherwise.
fn undecided() -> Decision {
    Decision::Deny
}

fn is_empty(list: &SharedTexts) -> bool {
    list.is_empty()
}

impl Finding {
    pub fn new(
        rule: impl Into<Text>,
        category: Category,
        severity: Severity,
        title: impl Into<Text>,
    ) -> Self {
        Self {
            id: Text::default(),
            gate: Text::default(),
            target: Text::default(),
            tool: Text::default(),
            seen_by: SharedTexts::default(),
            problem: None,
            same_secret: None,
            rule: rule.into(),
            category,
            severity,
            severity_raw: None,
            title: title.into(),
            message: Text::default(),
            fix: None,
            location: None,
            package: None,
            resource: None,
            image: None,
            commit: None,
            aliases: SharedTexts::default(),
            cwe: SharedTexts::default(),
            cvss: None,
            risk: None,
            references: SharedTexts::default(),
            suppressed: None,
            decision: undecided(),
            because: Text::default(),
            waiver: None,
            baseline: false,
        }
    }
}

impl Finding {
    /// What an organisation's floor does not let waive it.
    pub fn protected(&self) -> Option<&Protected> {
        self.risk.as_ref()?.protected.as_ref()
    }

    /// The statement of the VEX documents that decides it.
    pub fn assessment(&self) -> Option<&Assessment> {
        self.risk.as_ref()?.vex.as_ref()
    }

    /// Replaces texts that other findings have too with the shared copies of `strings`.
    pub fn share_texts(&mut self, strings: &mut Strings) {
        for text in [&mut self.rule, &mut self.title, &mut self.message] {
            *text = strings.share(text.clone());
        }
        if let Some(location) = &mut self.location {
            location.path = strings.share(location.path.clone());
        }
        for text in
            [&mut self.severity_raw, &mut self.fix, &mut self.resource, &mut self.image, &mut self.commit]
                .into_iter()
                .flatten()
        {
            *text = strings.share(text.clone());
        }
    }
}
