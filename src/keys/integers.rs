//! Whole numbers of TOML, in any of its notations (`1_000`, `0xff`).

use toml::de::DeValue;

/// 0 or more.
pub(super) fn whole(value: &DeValue) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

/// With a sign.
pub(super) fn signed(value: &DeValue) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}
