//! What is known of a vulnerability beside its severity, and how it raises or lowers a decision: exploited
//! (CISA's KEV), likely to be (FIRST's EPSS), without a fix, in a development dependency. Pure.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::assessment::Assessment;

/// What is known of one finding from elsewhere than its report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kev: Option<Kev>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<Epss>,
    /// The CVSS score by which it is rated, where the tool has not rated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rated: Option<f64>,
    /// The VEX statement that is the last word on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vex: Option<Assessment>,
}

/// It is in CISA's catalogue of known exploited vulnerabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kev {
    pub added: Date,
    /// Campaigns of extortion are known to use it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ransomware: bool,
}

/// How likely it is to be exploited within 30 days, by FIRST's model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epss {
    /// 0.0 to 1.0.
    pub probability: f64,
    /// The part of all vulnerabilities that is less likely to be: 0.0 to 1.0.
    pub percentile: f64,
}
