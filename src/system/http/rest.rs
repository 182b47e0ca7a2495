//! How long a server asks to wait: `Retry-After` (RFC 9110, section 10.2.3).

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use ureq::http::HeaderMap;

/// The longest wait that is read: more is the same as for ever.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// The three forms of a date that a recipient must read (RFC 9110, section 5.6.7).
const DATES: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// The wait that these headers ask for: seconds, or until a date. The date is compared with the server's own
/// clock (`Date`), if it shows one.
pub(super) fn asked_in(headers: &HeaderMap) -> Option<Duration> {
    let value = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let wait = value("retry-after")?;
    if !wait.is_empty() && wait.bytes().all(|byte| byte.is_ascii_digit()) {
        // What does not fit is longer than any time limit.
        return Some(wait.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let until = date(wait)?;
    let now = value("date").and_then(date).unwrap_or_else(Timestamp::now);
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default().min(LONGEST))
}

fn date(text: &str) -> Option<Timestamp> {
    DATES.iter().find_map(|form| {
        let parts = strtime::parse(form, text).ok()?;
        Some(parts.to_datetime().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse::<ureq::http::HeaderName>().unwrap(), value.parse().unwrap()));
        asked_in(&headers.collect()).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wait_is_seconds_or_a_date_in_any_of_the_three_forms() {
        assert_eq!(asked(&[("retry-after", "120")]), Some(120));
        assert_eq!(asked(&[("retry-after", " 0 ")]), Some(0));
        // The examples of RFC 9110, section 5.6.7, two minutes after the clock of the server.
        for until in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            let date = ("date", "Sun, 06 Nov 1994 08:47:37 GMT");
            assert_eq!(asked(&[date, ("retry-after", until)]), Some(120), "{until}");
        }
        // Without a clock of the server, that of this machine counts.
        assert_eq!(asked(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), Some(0));
        let wait = asked(&[("retry-after", "Thu, 31 Dec 9998 23:59:59 GMT")]);
        assert_eq!(wait, Some(LONGEST.as_secs()));
    }

    #[test]
    fn what_is_no_wait_is_none_and_no_number_is_too_large() {
        for value in ["", "soon", "-1", "1.5", "+5", "Sun, 06 Nov 1994", "Sun, 32 Nov 1994 08:49:37 GMT"] {
            assert_eq!(asked(&[("retry-after", value)]), None, "{value}");
        }
        assert_eq!(asked(&[]), None);
        assert_eq!(asked(&[("retry-after", "99999999999999999999999")]), Some(LONGEST.as_secs()));
    }
}
