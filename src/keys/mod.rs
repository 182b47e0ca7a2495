//! A TOML table read key by key, each mistake with its place.

pub(crate) mod file;
mod integers;
pub mod mistakes;
pub(crate) mod secrets;
pub mod table;
mod types;
pub(crate) mod values;
