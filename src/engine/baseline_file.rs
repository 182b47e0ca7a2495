//! Reads the baseline file.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::policy::baseline::Baseline;
use crate::text::paths::shown_path;

/// Why the baseline can't be used.
#[derive(Debug, Error)]
pub(crate) enum BaselineError {
    #[error("{} can't be read: {error}", shown_path(path))]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{}: {reason}", shown_path(path))]
    Broken { path: PathBuf, reason: String },
}

/// Reads the file; `None` if there is no file.
///
/// # Errors
/// When it can't be read, or is not a complete baseline of this schema.
pub(crate) fn load(path: &Path) -> Result<Option<Baseline>, BaselineError> {
    match std::fs::read(path) {
        Ok(bytes) => Baseline::read(&bytes)
            .map(Some)
            .map_err(|reason| BaselineError::Broken { path: path.to_owned(), reason }),
        // A link to nothing counts as a broken baseline.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => Ok(None),
        Err(error) => Err(BaselineError::Unreadable { path: path.to_owned(), error }),
    }
}
