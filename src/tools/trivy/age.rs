//! The age of Trivy's advisories: Trivy downloads its database and keeps it for days.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::scan::parsed::Parsed;
use crate::scan::readiness::{Readiness, Ready};
use crate::system::variables;
use crate::text::human;

/// The file beside the database with the time when it was made (aquasecurity/trivy-db `pkg/metadata`).
pub(super) const METADATA: &str = "metadata.json";

/// How far in the future the time of a database may be, since clocks differ.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(24);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    updated_at: Timestamp,
}

/// Where Trivy keeps its database by default (`pkg/utils/fsutils`).
pub(super) fn default_cache() -> Option<PathBuf> {
    let folder = |name| variables::os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("TRIVY_CACHE_DIR")
        .or_else(|| folder("XDG_CACHE_HOME").map(|caches| caches.join("trivy")))
        .or_else(|| folder("HOME").map(|home| home.join(".cache/trivy")))
}

/// Records the age. A database that is older than `most`, or of unknown age, leaves a gap.
pub(super) fn tell(metadata: Option<&[u8]>, most: Option<Duration>, now: Timestamp, parsed: &mut Parsed) {
    let metadata = metadata.and_then(|bytes| serde_json::from_slice::<Metadata>(bytes).ok());
    let Some(Metadata { updated_at }) = metadata else {
        if most.is_some() {
            let why = "the age of Trivy's database is unknown (no metadata.json in its cache folder), and `max_db_age` is set";
            parsed.gaps.push(why.to_owned());
        }
        return;
    };
    let day = updated_at.strftime("%Y-%m-%d");
    let since = now.duration_since(updated_at);
    let age = Duration::try_from(since).unwrap_or_default();
    let to_come = -since > CLOCKS_DIFFER;
    let words = match to_come {
        true => format!("advisories of {day}, a day in the future"),
        false => format!("advisories of {day}, {} old", in_words(age)),
    };
    if let Some(most) = most.filter(|most| to_come || age > *most) {
        parsed.gaps.push(format!("{words}, but max_db_age is {}", in_words(most)));
    }
    parsed.proof.push(words.clone());
    parsed.advisories = Some(words);
}

/// Whether the database is in this cache, and how old it is.
pub(super) fn readiness(cache: Option<&Path>, most: Option<Duration>, offline: bool) -> Readiness {
    let mut parsed = Parsed::default();
    let metadata = cache.and_then(|cache| fs::read(cache.join("db").join(METADATA)).ok());
    tell(metadata.as_deref(), most, Timestamp::now(), &mut parsed);
    let (state, words) = match (parsed.advisories, parsed.gaps.pop()) {
        // The next run replaces it.
        (_, Some(old)) if !offline => (Ready::Maybe, format!("{old}: the next run downloads it")),
        (_, Some(old)) => (Ready::No, format!("{old}: `trivy image --download-db-only` downloads it")),
        (Some(words), None) => (Ready::Yes, words),
        (None, None) if offline => (
            Ready::No,
            "not there, and the gate is `offline`: `trivy image --download-db-only` downloads it".to_owned(),
        ),
        (None, None) => (Ready::Maybe, "not there: the first run downloads it".to_owned()),
    };
    Readiness::new("Trivy's database", state, words)
}

/// `20 days`; less than two days in hours.
fn in_words(age: Duration) -> String {
    let hours = age.as_secs() / 3600;
    if hours < 48 { human::count(hours, "hour") } else { human::count(hours / 24, "day") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(metadata: Option<&str>, most: Option<u64>) -> Parsed {
        let mut parsed = Parsed::default();
        let most = most.map(|hours| Duration::from_secs(hours * 3600));
        let now = "2026-11-21T10:00:00Z".parse().unwrap();
        tell(metadata.map(str::as_bytes), most, now, &mut parsed);
        parsed
    }

    #[test]
    fn the_age_is_reported_and_only_too_old_a_database_is_no_proof() {
        let of_november = Some(r#"{"Version":2,"UpdatedAt":"2026-11-01T00:00:00Z"}"#);
        let free = reported(of_november, None);
        assert_eq!(free.advisories.as_deref(), Some("advisories of 2026-11-01, 20 days old"));
        assert_eq!(free.proof, ["advisories of 2026-11-01, 20 days old"]);
        assert!(free.gaps.is_empty());
        assert!(reported(of_november, Some(24 * 21)).gaps.is_empty());
        let old = reported(of_november, Some(48));
        assert_eq!(old.gaps, ["advisories of 2026-11-01, 20 days old, but max_db_age is 2 days"]);
    }

    #[test]
    fn a_database_of_a_day_to_come_is_of_unknown_age() {
        let of_tomorrow = Some(r#"{"UpdatedAt":"2026-11-22T09:00:00Z"}"#);
        assert_eq!(reported(of_tomorrow, Some(48)).gaps, [""; 0], "clocks differ");
        let of_2099 = Some(r#"{"UpdatedAt":"2099-01-01T00:00:00Z"}"#);
        let words = "advisories of 2099-01-01, a day in the future";
        assert_eq!(reported(of_2099, None).advisories.as_deref(), Some(words));
        assert_eq!(reported(of_2099, Some(48)).gaps, [format!("{words}, but max_db_age is 2 days")]);
    }

    #[test]
    fn an_unknown_age_is_a_gap_only_where_an_age_is_asked_for() {
        for metadata in [None, Some("{}"), Some("null"), Some("no json")] {
            assert!(reported(metadata, None).gaps.is_empty());
            assert_eq!(reported(metadata, Some(48)).gaps.len(), 1);
        }
    }
}
