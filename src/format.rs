//! Readers that several scanners share.

pub mod json;
pub mod npm6;
