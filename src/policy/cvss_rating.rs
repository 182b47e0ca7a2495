//! CVSS vectors → scores, and scores → the severity of unrated findings.

use std::sync::Arc;

use crate::model::finding::{Cvss, Finding};
use crate::model::risk::Risk;
use crate::model::severity::Severity;

/// The score of a CVSS vector of version 2, 3.0, 3.1 or 4.0, by its base metrics; `None` if the text is not such
/// a vector.
///
/// Other metrics say what is known today, or about one installation (threat, environmental, supplemental). They
/// do not count, in any version: a report is judged for longer, and elsewhere.
pub fn score(vector: &str) -> Option<f64> {
    // The NVD wrote vectors of version 2 in brackets for a long time.
    let vector = vector.trim().trim_start_matches('(').trim_end_matches(')');
    let base = match vector.parse::<cvss::Cvss>().ok()? {
        cvss::Cvss::CvssV20(_) => "AV AC Au C I A",
        cvss::Cvss::CvssV30(_) | cvss::Cvss::CvssV31(_) => "AV AC PR UI S C I A",
        cvss::Cvss::CvssV40(_) => "AV AC AT PR UI VC VI VA SC SI SA",
        _ => return None,
    };
    // The crate gives a vector with a missing metric the score 0.0, which would mean harmless.
    let is = |part: &str, metric: &str| part.split(':').next() == Some(metric);
    if !base.split(' ').all(|metric| vector.split('/').any(|part| is(part, metric))) {
        return None;
    }
    let counts = |part: &&str| is(part, "CVSS") || base.split(' ').any(|metric| is(part, metric));
    let of_base: Vec<&str> = vector.split('/').filter(counts).collect();
    of_base.join("/").parse::<cvss::Cvss>().ok().map(|vector| vector.score())
}

/// The severity of a score. Version 2 has no severity above high (<https://nvd.nist.gov/vuln-metrics/cvss>).
pub(crate) fn band(score: f64, vector: Option<&str>, is_version_2: bool) -> Severity {
    let severity = Severity::from_cvss_score(score);
    let is_version_2 = is_version_2 || vector.is_some_and(|vector| !vector.trim().starts_with("CVSS:"));
    if is_version_2 { severity.min(Severity::High) } else { severity }
}

/// Scores the vector of a finding without a score, and rates an unrated finding.
pub fn rate(finding: &mut Finding) {
    let Some(cvss) = &finding.cvss else { return };
    if cvss.score.is_none() {
        let Some(score) = cvss.vector.as_deref().and_then(score) else { return };
        finding.cvss = Some(Arc::new(Cvss { score: Some(score), ..Cvss::clone(cvss) }));
    }
    let scored = finding.cvss.as_ref().and_then(|cvss| {
        let score = cvss.score?;
        Some((score, band(score, cvss.vector.as_deref(), cvss.version_2)))
    });
    if let (Severity::Unknown, Some((score, severity))) = (finding.severity, scored) {
        finding.severity = severity;
        let risk = finding.risk.take().map(Arc::unwrap_or_clone).unwrap_or_default();
        finding.risk = Some(Arc::new(Risk { rated: Some(score), ..risk }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Category;
    use crate::text::shared::Text;

    /// From "CVSS v2 Complete Documentation" 3.3, "CVSS v3.1 Examples", and "CVSS v4.0 Examples", all of
    /// FIRST.
    #[test]
    fn vectors_of_every_version_score_as_published() {
        for (vector, score) in [
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),                   // CVE-2002-0392
            ("(AV:N/AC:L/Au:N/C:C/I:C/A:C)", 10.0),                // CVE-2003-0818
            ("AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2),                   // CVE-2003-0062
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1), // CVE-2013-1937
            ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4), // CVE-2013-0375
            ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1), // CVE-2014-3566
            ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9), // CVE-2012-1516
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5), // CVE-2014-0160
            ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3), // CVE-2022-41741
            ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7), // CVE-2020-3549
            ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N", 8.3), // CVE-2023-3089
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0), // CVE-2021-44228
        ] {
            assert_eq!(super::score(vector), Some(score), "{vector}");
        }
        // Metrics that are not of the base do not count, in any version.
        for (vector, score) in [
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C/E:U/RL:OF/RC:C", 7.8),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N/E:U/RL:O/RC:U/MAV:P/CR:L", 7.5),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/E:U/MAV:P/CR:L/R:A", 10.0),
        ] {
            assert_eq!(super::score(vector), Some(score), "{vector}");
        }
        for not_a_vector in [
            "",
            "CVSS:3.1",
            "CVSS:3.1/AV:N",
            "CVSS:9.0/AV:N/AC:L",
            "AV:N",
            "AV:N/AC:L/Au:N/C:C/I:C",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
            "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N",
            "high",
            "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
        ] {
            assert_eq!(score(not_a_vector), None, "{not_a_vector}");
        }
    }

    #[test]
    fn only_an_unrated_finding_is_rated_by_its_vector() {
        let rated = |severity, score: Option<f64>, vector: Option<&str>| {
            let mut finding = Finding::new("CVE-2021-1", Category::Vulnerability, severity, "bad");
            finding.cvss = Some(Arc::new(Cvss { score, vector: vector.map(Text::from), version_2: false }));
            rate(&mut finding);
            let again = finding.clone();
            rate(&mut finding);
            assert_eq!(finding, again, "noted twice");
            (finding.severity, finding.cvss.unwrap().score, finding.risk.and_then(|risk| risk.rated))
        };
        let heartbleed = Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N");
        let worst_of_version_2 = Some("AV:N/AC:L/Au:N/C:C/I:C/A:C");
        let (unknown, low) = (Severity::Unknown, Severity::Low);
        assert_eq!(rated(unknown, None, heartbleed), (Severity::High, Some(7.5), Some(7.5)));
        assert_eq!(rated(unknown, Some(9.3), heartbleed), (Severity::Critical, Some(9.3), Some(9.3)));
        assert_eq!(rated(unknown, None, worst_of_version_2), (Severity::High, Some(10.0), Some(10.0)));
        assert_eq!(rated(low, None, heartbleed), (low, Some(7.5), None));
        assert_eq!(rated(unknown, None, Some("nonsense")), (unknown, None, None));
        assert_eq!(rated(unknown, None, None), (unknown, None, None));

        let mut finding = Finding::new("CVE-2021-1", Category::Vulnerability, unknown, "bad");
        finding.cvss = Some(Arc::new(Cvss { score: Some(10.0), vector: None, version_2: true }));
        rate(&mut finding);
        assert_eq!(finding.severity, Severity::High, "without a vector the report says which version it is");
    }
}
