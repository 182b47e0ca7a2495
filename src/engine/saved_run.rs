//! Reads a run.json back.

use std::fs;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::model::run::{Run, SCHEMA};

/// Reads a run.json.
///
/// # Errors
/// When there is none, or it is of another schema.
pub(crate) fn read(path: &Path) -> Result<Run> {
    let unread = || format!("{} can't be read", path.display());
    let file = fs::File::open(path).with_context(unread)?;
    let run: Result<Run, _> = match file.metadata().with_context(unread)?.is_file() {
        true => serde_json::from_slice(&fs::read(path).with_context(unread)?),
        // A pipe or a device may have no end: it is read as far as it is a record.
        false => serde_json::from_reader(BufReader::new(file)),
    };
    let run =
        run.with_context(|| format!("{} is not a run.json of this Portcullis ({SCHEMA})", path.display()))?;
    if run.schema != SCHEMA {
        bail!("{} has the schema {}; this Portcullis reads {SCHEMA}", path.display(), run.schema);
    }
    Ok(run)
}
