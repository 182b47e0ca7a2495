//! The common model: one thing that one tool reports, whatever the tool.
//!
//! A run may hold a million findings, so a finding is small: repeated text is shared
//! ([`Text`]), lists are shared slices, and what few findings have sits behind a pointer.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::assessment::Assessment;
use crate::model::risk::Risk;
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

    /// Sets the lines; 0 and anything that no file can have count as absent.
    pub fn lines(mut self, start: Option<u64>, end: Option<u64>) -> Self {
        self.start_line = position(start);
        self.end_line = position(end);
        self
    }

    /// Sets the columns, under the same rule as [`Location::lines`].
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
    /// The version, or versions, that mend it, as the tool words them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_version: Option<Text>,
    /// Package URL, only where the tool gave one or name and version are certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecosystem: Option<Text>,
    /// Where it is installed: lock file nodes or paths inside an image.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub paths: SharedTexts,
    /// The tool says, or the lock file, that only development needs it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dev: bool,
    /// The tool says that no release mends it yet; what no tool tells of may be mended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfixed: bool,
}

/// A CVSS base score with its vector, whichever the report gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cvss {
    /// 0.0 to 10.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<Text>,
}

/// What the policy decided on one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It blocks production.
    Deny,
    /// It is reported, and below what blocks.
    Allow,
    /// A waiver or a suppression in the source covers it.
    Waive,
}

/// One thing that a tool reports. Parsers fill what the tool said; [`crate::policy::fingerprint`] sets
/// `id`, [`crate::policy::judge`] sets the decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// 16 hexadecimal digits; the same on every machine, and when lines move.
    #[serde(default)]
    pub id: Text,
    #[serde(default)]
    pub gate: Text,
    /// The target of the gate that it was found in: a directory, an image.
    #[serde(default)]
    pub target: Text,
    #[serde(default)]
    pub tool: Text,
    #[serde(default)]
    pub seen_by: SharedTexts,
    /// What it is one problem with findings of other tools, gates or targets: a name that they have in
    /// common; absent where it stands alone. See [`crate::policy::same_problem`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Text>,
    /// The tool's own rule, check or advisory id.
    pub rule: Text,
    pub category: Category,
    pub severity: Severity,
    /// The tool's own word for the severity, where it has one.
    #[serde(default)]
    pub severity_raw: Option<Text>,
    /// One line for people.
    pub title: Text,
    /// What the tool says of this very case; may be long, may be empty.
    #[serde(default)]
    pub message: Text,
    /// What to do about it, in a line, where the tool or the data tells.
    #[serde(default)]
    pub fix: Option<Text>,
    #[serde(default)]
    pub location: Option<Location>,
    #[serde(default)]
    pub package: Option<Arc<Package>>,
    /// Terraform address, CloudFormation logical id, Kubernetes object.
    #[serde(default)]
    pub resource: Option<Text>,
    /// Image id (`sha256:…`) that was looked at.
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
    /// What is known of it from elsewhere: exploits, forecasts, VEX statements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Arc<Risk>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub references: SharedTexts,
    /// Why the tool itself says this one is suppressed (a SARIF suppression).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Text>,
    #[serde(default = "undecided")]
    pub decision: Decision,
    #[serde(default)]
    pub because: Text,
    /// The waiver that covers it, by its name in the configuration.
    #[serde(default)]
    pub waiver: Option<Text>,
    #[serde(default)]
    pub baseline: bool,
}

/// A finding blocks until the policy has said otherwise.
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
    /// The last word of the VEX documents on it.
    pub fn assessment(&self) -> Option<&Assessment> {
        self.risk.as_ref()?.vex.as_ref()
    }

    /// Replaces the texts that repeat between findings by the shared copies of `strings`.
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
