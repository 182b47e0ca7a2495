//! What is known about a vulnerability besides its severity: exploited (CISA's KEV), likely to be exploited
//! (FIRST's EPSS), assessed by a VEX statement.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::assessment::Assessment;
use crate::text::shared::Text;

/// What is known about one finding from other sources than its report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kev: Option<Kev>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<Epss>,
    /// The CVSS score by which it is rated, if the tool has not rated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rated: Option<f64>,
    /// The VEX statement that decides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vex: Option<Assessment>,
    /// What an organisation's floor does not let waive it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected: Option<Protected>,
}

/// What a floor does not let waive a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protected {
    /// Nothing may, since its rule is protected. The text says by which pattern.
    Rule(Text),
    /// What its report and VEX documents say of it. A waiver may.
    Statements,
}

impl Protected {
    pub fn words(&self) -> &str {
        match self {
            Self::Rule(words) => words,
            Self::Statements => "the floor has vex = false",
        }
    }
}

/// It is in CISA's catalogue of known exploited vulnerabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kev {
    pub added: Date,
    /// Ransomware campaigns are known to use it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ransomware: bool,
}

/// How likely it is to be exploited within 30 days, in FIRST's model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epss {
    /// 0.0 to 1.0.
    pub probability: f64,
    /// The share of all vulnerabilities that are less likely to be exploited: 0.0 to 1.0.
    pub percentile: f64,
}
