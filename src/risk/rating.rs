//! CVSS vectors → scores, and scores → the severity of what nobody has rated.

use std::sync::Arc;

use crate::finding::{Cvss, Finding};
use crate::risk::Risk;
use crate::severity::Severity;

/// The score of a CVSS vector of version 2, 3.0, 3.1 or 4.0; `None` where it is none.
pub fn score(vector: &str) -> Option<f64> {
    // The NVD wrote those of version 2 in brackets for a long time.
    let vector = vector.trim().trim_start_matches('(').trim_end_matches(')');
    let parsed = vector.parse::<cvss::Cvss>().ok()?;
    let base = match parsed {
        cvss::Cvss::CvssV20(_) => "AV AC Au C I A",
        cvss::Cvss::CvssV30(_) | cvss::Cvss::CvssV31(_) => "AV AC PR UI S C I A",
        cvss::Cvss::CvssV40(_) => "AV AC AT PR UI VC VI VA SC SI SA",
        _ => return None,
    };
    // The crate scores one with a metric missing as 0.0: as harmless.
    let has = |metric: &str| vector.split('/').any(|part| part.split(':').next() == Some(metric));
    base.split(' ').all(has).then(|| parsed.score())
}

/// The band of a score. Version 2 has none above high (<https://nvd.nist.gov/vuln-metrics/cvss>).
fn band(score: f64, vector: Option<&str>) -> Severity {
    let severity = Severity::from_cvss_score(score);
    let of_version_2 = vector.is_some_and(|vector| !vector.trim().starts_with("CVSS:"));
    if of_version_2 { severity.min(Severity::High) } else { severity }
}

/// Scores the vector of a finding that has no score, and rates one that nobody has rated.
pub fn rate(finding: &mut Finding) {
    let Some(cvss) = &finding.cvss else { return };
    if cvss.score.is_none() {
        let Some(score) = cvss.vector.as_deref().and_then(score) else { return };
        finding.cvss = Some(Arc::new(Cvss { score: Some(score), vector: cvss.vector.clone() }));
    }
    let scored = finding.cvss.as_ref().and_then(|cvss| Some((cvss.score?, cvss.vector.as_deref())));
    if let (Severity::Unknown, Some((score, vector))) = (finding.severity, scored) {
        finding.severity = band(score, vector);
        let risk = finding.risk.take().map(Arc::unwrap_or_clone).unwrap_or_default();
        finding.risk = Some(Arc::new(Risk { rated: Some(score), ..risk }));
    }
}
