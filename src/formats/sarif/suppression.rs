//! Whether a result is suppressed, and why (SARIF 2.1.0, 3.27.23 and 3.35).

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::formats::headline;
use crate::text::shared::Text;

use super::model::Suppression;

/// Why a result is suppressed. If one of its suppressions is under review or rejected, it is not. One that has
/// expired does not count.
pub(super) fn suppression(suppressions: &[Suppression], now: Timestamp) -> Option<Text> {
    if suppressions.iter().any(is_open) {
        return None;
    }
    let first = suppressions.iter().find(|suppression| !has_expired(suppression, now))?;
    let kind = match first.kind.as_deref() {
        Some("inSource") => "suppressed in the source",
        Some("external") => "suppressed outside the source",
        _ => "suppressed",
    };
    let why = first.justification.as_deref().map(headline).filter(|why| !why.is_empty());
    Some(Text::from(why.map_or_else(|| kind.to_owned(), |why| format!("{kind}: {why}"))))
}

fn is_open(suppression: &Suppression) -> bool {
    let words = [&suppression.status, &suppression.state];
    words.into_iter().flatten().any(|word| !word.eq_ignore_ascii_case("accepted"))
}

/// A moment, or a day with its end. A date that can't be read is one that has passed.
fn has_expired(suppression: &Suppression, now: Timestamp) -> bool {
    let of_bag = suppression.properties.as_ref().and_then(|bag| bag.expiry_utc.as_deref());
    let dates = [suppression.expiry_utc.as_deref(), of_bag];
    dates.into_iter().flatten().any(|text| {
        let text = text.trim();
        let moment = text.parse::<Timestamp>().or_else(|_| {
            let local = text.parse::<jiff::civil::DateTime>().ok();
            let day = text.parse::<Date>().ok().filter(|_| !text.contains(['T', ' ']));
            let end = day.and_then(|day| day.tomorrow().ok()).map(|day| day.at(0, 0, 0, 0));
            end.or(local)
                .ok_or(())
                .and_then(|at| at.to_zoned(TimeZone::UTC).map(|at| at.timestamp()).map_err(drop))
        });
        !moment.is_ok_and(|moment| moment > now)
    })
}
