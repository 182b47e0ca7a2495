//! Reading and judging, tested inside this process: formats, recorded reports, hostile input, properties, and
//! the examples in the documents. Nothing needs to be installed.

#[path = "../common/mod.rs"]
mod common;

mod contract;
mod docs;
mod encodings;
mod formats;
mod hostile;
mod identity;
mod pairs;
mod properties;
mod purl_spec;
