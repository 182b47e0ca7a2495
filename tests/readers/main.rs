//! What is read and judged, tested in this process: formats, recorded reports, hostile input, properties, the documents' examples.
//! Nothing has to be installed for it.

#[path = "../common/mod.rs"]
mod common;

mod contract;
mod docs;
mod formats;
mod hostile;
mod identity;
mod properties;
