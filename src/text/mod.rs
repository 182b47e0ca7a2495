//! Text, hashes and paths. Nothing here knows about scans.

pub(crate) mod bom;
pub(crate) mod columns;
pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod env_file;
pub(crate) mod file_names;
pub mod hash;
pub(crate) mod human;
pub(crate) mod interpolation;
pub(crate) mod json_keys;
pub(crate) mod jsonc;
pub(crate) mod nearest;
pub(crate) mod paths;
pub mod sanitise;
pub mod shared;
pub(crate) mod signal;
pub(crate) mod steady;
pub(crate) mod table;
pub(crate) mod utf16;
pub(crate) mod yaml;
pub(crate) mod yaml_edit;
