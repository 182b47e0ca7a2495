//! Reads a run.json.

use std::fs;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::model::run::{Run, SCHEMA};

/// Reads a run.json, and checks its schema.
///
/// # Errors
/// When it can't be read, or has another schema.
pub(crate) fn read(path: &Path) -> Result<Run> {
    let unread = || format!("{} can't be read", path.display());
    let file = fs::File::open(path).with_context(unread)?;
    let run: Result<Run, _> = match file.metadata().with_context(unread)?.is_file() {
        true => serde_json::from_slice(&fs::read(path).with_context(unread)?),
        // A pipe or a device may have no end: reading stops at the end of the record.
        false => serde_json::from_reader(BufReader::new(file)),
    };
    let run =
        run.with_context(|| format!("{} is not a run.json of this Portcullis ({SCHEMA})", path.display()))?;
    if run.schema != SCHEMA {
        bail!("{} has the schema {}; this Portcullis reads {SCHEMA}", path.display(), run.schema);
    }
    Ok(run)
}
