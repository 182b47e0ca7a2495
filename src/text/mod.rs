//! Words, hashes and paths: no knowledge of scans.

pub mod bom;
pub mod encode;
pub mod hash;
pub mod human;
pub mod paths;
pub mod sanitise;
pub mod shared;
pub mod signal;
pub mod table;
