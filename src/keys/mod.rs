//! A TOML table read key by key, each mistake with its place.

pub mod file;
pub mod mistakes;
pub mod table;
pub mod values;
