//! Readers that several scanners share.

pub mod json;
