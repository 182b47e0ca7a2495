//! The day.

/// Today, in UTC: the day on which waivers, baselines and data files are looked at.
pub(crate) fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
