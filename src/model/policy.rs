//! The values of a gate's policy: thresholds, budgets, ratchets, conditions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::keys::table::Keys;
use crate::model::finding::{Category, Decision, Finding};
use crate::model::risk::{Epss, Kev};
use crate::model::severity::{Counts, Severity};
use crate::text::shared::Text;

pub const THRESHOLDS: [(&str, Threshold); 6] = [
    ("critical", Threshold::At(Severity::Critical)),
    ("high", Threshold::At(Severity::High)),
    ("medium", Threshold::At(Severity::Medium)),
    ("low", Threshold::At(Severity::Low)),
    ("info", Threshold::At(Severity::Info)),
    ("never", Threshold::Never),
];

/// When findings block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The lowest severity that blocks.
    pub fail_on: Threshold,
    /// What `unknown` counts as; absent: it blocks, at every threshold but `never`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrated: Option<Threshold>,
    /// The most findings of a severity that are allowed, in addition to `fail_on`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub max: BTreeMap<Severity, u64>,
    /// What counts besides the severity.
    #[serde(default, skip_serializing_if = "Conditions::is_default")]
    pub conditions: Conditions,
    /// Known findings pass: only new ones block.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new_only: bool,
    /// No more findings of a severity than a baseline has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_worse_than: Option<Ratchet>,
}

/// A limit on the number of findings: it may fall, but not rise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratchet {
    /// The baseline file.
    pub than: Text,
    /// The numbers of the gate in the baseline. They are set when the file is read.
    #[serde(default)]
    pub counts: Counts,
}

/// A severity, or `never`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Threshold {
    Never,
    #[serde(untagged)]
    At(Severity),
}

impl Threshold {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::At(severity) => severity.as_str(),
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            fail_on: Threshold::At(Severity::High),
            unrated: None,
            max: BTreeMap::new(),
            new_only: false,
            no_worse_than: None,
            conditions: Conditions::default(),
        }
    }
}

impl Policy {
    /// Whether a finding passes because it was known before, and nothing raises it.
    pub fn passes_as_known(&self, finding: &Finding) -> bool {
        finding.baseline && self.new_only && !self.conditions.raises(finding)
    }

    /// Whether a finding counts in a budget of the run. It does not if it is waived, or if it passes because
    /// it was known before, has no fix, or is needed only by development.
    pub fn counts(&self, finding: &Finding) -> bool {
        finding.decision != Decision::Waive
            && !self.passes_as_known(finding)
            && !matches!(self.conditions.effect(finding), PolicyEffect::Lowered(_))
    }

    /// The keys of a policy in gates.toml, so that a table without a policy can refuse them.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        let own = ["fail_on", "unrated", "max", "new_only", "no_worse_than"];
        own.into_iter().chain(Conditions::KEYS)
    }

    /// Reads its keys. Absent keys are as in `base`.
    pub fn read(keys: &Keys, base: &Self) -> Self {
        let mut policy = base.clone();
        if let Some(threshold) = keys.word("fail_on", &THRESHOLDS) {
            policy.fail_on = threshold;
        }
        if let Some(threshold) = keys.word("unrated", &THRESHOLDS) {
            policy.unrated = Some(threshold);
        }
        policy.max.extend(read_max(keys));
        policy.new_only = keys.flag_or("new_only", base.new_only);
        if let Some(file) = keys.text("no_worse_than") {
            policy.no_worse_than = Some(Ratchet { than: file.value.into(), counts: Counts::default() });
        }
        policy.conditions = Conditions::read(keys, &base.conditions);
        policy
    }
}

/// Reads `max`: the most findings of each severity.
pub fn read_max(keys: &Keys) -> BTreeMap<Severity, u64> {
    let Some(table) = keys.table("max") else { return BTreeMap::new() };
    let of = |severity: Severity| Some((severity, table.count(severity.as_str())?.value));
    let max = Severity::ALL.into_iter().filter_map(of).collect();
    table.finish("`max`");
    max
}

/// How many problems of each severity are allowed.
pub type Budget = BTreeMap<Severity, u64>;

/// The keys of a gate that make more count than the severity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// A vulnerability that no release fixes does not block.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_fixable: bool,
    #[serde(default, skip_serializing_if = "DependencyScope::is_all")]
    pub scope: DependencyScope,
    /// A vulnerability that is known to be exploited blocks, at any severity.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fail_on_kev: bool,
    /// A vulnerability that is at least this likely to be exploited blocks too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss_at_least: Option<Probability>,
}

/// Which dependencies block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DependencyScope {
    #[default]
    All,
    /// All but those that only development needs.
    Production,
}

impl DependencyScope {
    fn is_all(&self) -> bool {
        *self == Self::All
    }
}

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Probability(f64);

/// It is never NaN.
impl Eq for Probability {}

impl Probability {
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    pub fn value(self) -> f64 {
        self.0
    }
}

/// What the conditions of a gate mean for a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyEffect {
    /// Its severity decides.
    BySeverity,
    /// It blocks, at any severity. This outranks what would let it pass.
    Raised,
    /// It does not block, at any severity. The text says why.
    Lowered(&'static Text),
}

static UNFIXED: Text = arcstr::literal!("only_fixable: no release fixes it yet");
static DEVELOPMENT: Text = arcstr::literal!("scope = production: only development needs the package");

impl Conditions {
    /// The keys of gates.toml.
    pub const KEYS: [&'static str; 4] = ["only_fixable", "scope", "fail_on_kev", "epss_at_least"];

    /// Reads them. Absent keys are as in `base`.
    pub fn read(keys: &Keys, base: &Self) -> Self {
        let scopes = [("all", DependencyScope::All), ("production", DependencyScope::Production)];
        let epss = keys.number("epss_at_least").and_then(|number| {
            let probability = Probability::new(number.value);
            if probability.is_none() {
                keys.problem(number.at, "`epss_at_least` is a probability: from 0 to 1");
            }
            probability
        });
        Self {
            only_fixable: keys.flag_or("only_fixable", base.only_fixable),
            scope: keys.word_or("scope", &scopes, base.scope),
            fail_on_kev: keys.flag_or("fail_on_kev", base.fail_on_kev),
            epss_at_least: epss.or(base.epss_at_least),
        }
    }

    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the finding blocks at any severity.
    pub fn raises(&self, finding: &Finding) -> bool {
        self.effect(finding) == PolicyEffect::Raised
    }

    /// The keys that raise this finding.
    pub fn raised_by(&self, finding: &Finding) -> impl Iterator<Item = &'static str> {
        let kev = self.exploited(finding).map(|_| "fail_on_kev");
        kev.into_iter().chain(self.likely(finding).map(|_| "epss_at_least"))
    }

    /// The conditions as gates.toml writes them.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        words.extend(self.only_fixable.then(|| "only_fixable = true".to_owned()));
        words.extend((!self.scope.is_all()).then(|| "scope = production".to_owned()));
        words.extend(self.fail_on_kev.then(|| "fail_on_kev = true".to_owned()));
        words.extend(self.epss_at_least.map(|least| format!("epss_at_least = {}", least.0)));
        words
    }

    /// What they mean for the finding.
    pub fn effect(&self, finding: &Finding) -> PolicyEffect {
        if self.is_default() {
            return PolicyEffect::BySeverity;
        }
        if self.exploited(finding).is_some() || self.likely(finding).is_some() {
            return PolicyEffect::Raised;
        }
        let Some(package) = &finding.package else { return PolicyEffect::BySeverity };
        match finding.category {
            Category::Vulnerability if self.only_fixable && package.unfixed => {
                PolicyEffect::Lowered(&UNFIXED)
            }
            _ if self.scope == DependencyScope::Production && package.dev => {
                PolicyEffect::Lowered(&DEVELOPMENT)
            }
            _ => PolicyEffect::BySeverity,
        }
    }

    /// The decision with these conditions; `decision` and `because` are those by severity alone.
    pub fn adjust(&self, finding: &Finding, decision: Decision, because: Text) -> (Decision, Text) {
        let because = match finding.risk.as_ref().and_then(|risk| risk.rated) {
            Some(score) => Text::from(format!("{because}, rated by its CVSS score {score:.1}")),
            None => because,
        };
        match self.effect(finding) {
            PolicyEffect::BySeverity => (decision, because),
            PolicyEffect::Lowered(why) => (Decision::Allow, why.clone()),
            PolicyEffect::Raised => {
                let mut words = Vec::new();
                if let Some(kev) = self.exploited(finding) {
                    let ransomware = if kev.ransomware { ", by ransomware too" } else { "" };
                    words.push(format!("fail_on_kev: exploited, in KEV since {}{ransomware}", kev.added));
                }
                if let (Some(epss), Some(least)) = (self.likely(finding), self.epss_at_least) {
                    words.push(format!("epss_at_least = {}: EPSS {:.5}", least.0, epss.probability));
                }
                if decision == Decision::Deny {
                    words.push(because.to_string());
                }
                (Decision::Deny, Text::from(words.join("; ")))
            }
        }
    }

    fn exploited<'f>(&self, finding: &'f Finding) -> Option<&'f Kev> {
        finding.risk.as_ref()?.kev.as_ref().filter(|_| self.fail_on_kev)
    }

    fn likely<'f>(&self, finding: &'f Finding) -> Option<&'f Epss> {
        let least = self.epss_at_least?;
        finding.risk.as_ref()?.epss.as_ref().filter(|epss| epss.probability >= least.0)
    }
}

#[cfg(test)]
mod tests;
