//! The current day.

/// Today, in UTC: the day by which waivers expire, and the age of baselines and data files is measured.
pub(crate) fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
