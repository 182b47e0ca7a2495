//! The severity and the CVSS score of a vulnerability that has several ratings: scanners list those of the
//! distribution, of the NVD and of others, in no order that says which one counts. The worst one does.

use serde::Deserialize;

use crate::model::finding::Cvss;
use crate::model::severity::Severity;
use crate::policy::cvss_rating;
use crate::text::shared::Text;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Rating {
    pub score: Option<f64>,
    pub severity: Option<String>,
    pub method: Option<String>,
    pub vector: Option<String>,
}

/// What all ratings come to.
#[derive(Debug, Default)]
pub(super) struct Rated {
    /// Unknown if only scores rate it: those rate it later, and the record says so.
    pub severity: Option<Severity>,
    /// The word of the worst severity.
    pub word: Option<Text>,
    pub cvss: Option<Cvss>,
}

impl Rated {
    pub(super) fn of(ratings: &[Rating]) -> Self {
        let words = ratings.iter().filter_map(|rating| rating.severity.as_deref());
        // `unknown` is the least of them here: another source rates it.
        let worst = words
            .map(|word| (Severity::from_word(word), word))
            .reduce(|worst, next| if next.0 > worst.0 { next } else { worst });
        let scored = ratings.iter().filter_map(Rating::cvss).reduce(|worst, next| {
            if (next.0, next.1.score) > (worst.0, worst.1.score) { next } else { worst }
        });
        let by_score = scored.as_ref().map_or(Severity::Unknown, |(severity, _)| *severity);
        Self {
            severity: worst.map(|(severity, _)| match severity {
                Severity::Unknown => Severity::Unknown,
                rated => rated.max(by_score),
            }),
            word: worst.map(|(_, word)| word.into()),
            cvss: scored.map(|(_, cvss)| cvss),
        }
    }
}

impl Rating {
    /// The beginning of its vector, if the vector has none and its method says which.
    fn version(&self) -> Option<&'static str> {
        if self.vector.as_deref()?.trim_start().starts_with("CVSS:") {
            return None;
        }
        match self.method.as_deref()? {
            "CVSSv3" => Some("CVSS:3.0"),
            "CVSSv31" => Some("CVSS:3.1"),
            "CVSSv4" => Some("CVSS:4.0"),
            _ => None,
        }
    }

    /// Its CVSS score, with the severity of that. A score of another method (OWASP, SSVC) is no CVSS score. One without a
    /// method is: the schema does not require to name it.
    fn cvss(&self) -> Option<(Severity, Cvss)> {
        let vector = self.vector.as_deref().filter(|vector| !vector.is_empty());
        // Some writers leave out the version, which the method names as well.
        let whole = vector.zip(self.version()).map(|(vector, version)| format!("{version}/{vector}"));
        let scored = whole.as_deref().or(vector);
        let is_cvss = match self.method.as_deref() {
            Some(method) => {
                method.starts_with("CVSS") || vector.is_some_and(|vector| vector.starts_with("CVSS:"))
            }
            None => true,
        };
        let of_vector = || scored.and_then(cvss_rating::score);
        // 0 without a vector is what writers put where they know no score.
        let known =
            self.score.filter(|score| (0.0..=10.0).contains(score) && (*score > 0.0 || vector.is_some()));
        let score = known.or_else(of_vector);
        if !is_cvss || (score.is_none() && vector.is_none()) {
            return None;
        }
        let is_version_2 = self.method.as_deref() == Some("CVSSv2");
        let severity =
            score.map_or(Severity::Unknown, |score| cvss_rating::band(score, scored, is_version_2));
        Some((severity, Cvss { score, vector: vector.map(Text::from), version_2: is_version_2 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(ratings: &str) -> (Option<Severity>, Option<String>, Option<f64>) {
        let ratings: Vec<Rating> = serde_json::from_str(ratings).unwrap();
        let rated = Rated::of(&ratings);
        (rated.severity, rated.word.map(|word| word.to_string()), rated.cvss.and_then(|cvss| cvss.score))
    }

    #[test]
    fn the_worst_rating_counts_in_any_order() {
        let (medium, critical) = (r#"{"severity": "medium"}"#, r#"{"severity": "critical"}"#);
        let scored = r#"{"severity": "medium", "score": 9.1, "method": "CVSSv31"}"#;
        let unknown = r#"{"severity": "unknown"}"#;
        let word = |word: &str| Some(word.to_owned());
        for (ratings, expected) in [
            (vec![medium, critical], (Some(Severity::Critical), word("critical"), None)),
            (vec![unknown, medium], (Some(Severity::Medium), word("medium"), None)),
            (vec![r#"{"severity": "low"}"#, unknown], (Some(Severity::Low), word("low"), None)),
            (vec![unknown], (Some(Severity::Unknown), word("unknown"), None)),
            // Never below the score.
            (vec![medium, scored], (Some(Severity::Critical), word("medium"), Some(9.1))),
            // A score of another method is not one of CVSS.
            (
                vec![r#"{"severity": "low", "score": 9.0, "method": "OWASP"}"#],
                (Some(Severity::Low), word("low"), None),
            ),
            (
                vec![r#"{"severity": "low", "score": 9.8}"#],
                (Some(Severity::Critical), word("low"), Some(9.8)),
            ),
            (
                vec![
                    r#"{"severity": "low", "method": "other", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}"#,
                ],
                (Some(Severity::Critical), word("low"), Some(9.8)),
            ),
            // The method names the version that the vector leaves out.
            (
                vec![
                    r#"{"severity": "low", "method": "CVSSv31", "vector": "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}"#,
                ],
                (Some(Severity::Critical), word("low"), Some(9.8)),
            ),
            (
                vec![r#"{"severity": "none", "score": 0.0, "method": "CVSSv31"}"#],
                (Some(Severity::Unknown), word("none"), None),
            ),
        ] {
            let forth = format!("[{}]", ratings.join(","));
            let back: Vec<&str> = ratings.into_iter().rev().collect();
            assert_eq!(rated(&forth), expected, "{forth}");
            assert_eq!(rated(&format!("[{}]", back.join(","))), expected, "{back:?}");
        }
    }

    #[test]
    fn of_several_scores_the_worst_counts() {
        let second = r#"{"score": 10.0, "method": "CVSSv2"}"#;
        let third = r#"{"score": 9.1, "method": "CVSSv31"}"#;
        let vector = r#"{"vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}"#;
        let (low, none) = (r#"{"score": 4.3, "method": "CVSSv2"}"#, r#"{"score": 11, "method": "CVSSv31"}"#);
        // Version 2 has no severity above high.
        assert_eq!(rated(&format!("[{second}, {third}]")).2, Some(9.1));
        assert_eq!(rated(&format!("[{low}, {vector}]")).2, Some(9.8));
        assert_eq!(rated(&format!("[{none}, {low}]")).2, Some(4.3));
        assert_eq!(rated("[]"), (None, None, None));
        let version_2 = |rating: &str| {
            let ratings: Vec<Rating> = serde_json::from_str(&format!("[{rating}]")).unwrap();
            Rated::of(&ratings).cvss.map(|cvss| cvss.version_2)
        };
        assert_eq!((version_2(second), version_2(third)), (Some(true), Some(false)));
    }
}
