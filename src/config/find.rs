//! Finds the gates.toml of a project, and says where its reports go.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::config::{self, Config};

/// Whose policy counts and how weak it may be, from the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct PolicySource<'a> {
    /// `--config`: the gates.toml; absent: the nearest one.
    pub gates_toml: Option<&'a Path>,
    /// `--policy-from`: the commit whose policy counts.
    pub policy_from: Option<&'a str>,
    /// `--require`: the organisation's floor.
    pub floor: Option<&'a Path>,
}

/// The output folder if none is named.
pub(crate) const OUT: &str = "gates-report";

/// The folder in it for runs of the hook: they look at a part, and leave the record of the last full run.
pub(crate) const OUT_OF_HOOK: &str = "pre-push";

/// The path of gates.toml and its content; `named` is the file that the user names, if any.
///
/// # Errors
/// If there is no gates.toml, or it has mistakes.
pub(crate) fn load_config(named: Option<&Path>) -> Result<(PathBuf, Config)> {
    let path = find_config(named)?.context(
        "there is no gates.toml here or in a folder above; `portcullis init` writes one, `--config FILE` names another",
    )?;
    let config = Config::load(&path)?;
    Ok((path, config))
}

/// The file that is named, or the nearest gates.toml from here up to the top of the repository.
pub(crate) fn find_config(named: Option<&Path>) -> Result<Option<PathBuf>> {
    if let Some(path) = named {
        return Ok(Some(path.to_owned()));
    }
    let here = std::env::current_dir().context("the current folder no longer exists")?;
    for folder in here.ancestors() {
        let candidate = folder.join(config::FILE_NAME);
        if candidate.is_file() {
            let shown = candidate.strip_prefix(&here).unwrap_or(&candidate).to_owned();
            return Ok(Some(shown));
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    Ok(None)
}

/// The folder to which the paths in a configuration file are relative.
pub(crate) fn folder_of(config: &Path) -> &Path {
    config.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The name of the file with the gates, if it is not the usual one.
pub(crate) fn other_name(config: &Path) -> Option<String> {
    let name = config.file_name()?.to_string_lossy();
    (name != super::FILE_NAME).then(|| name.into_owned())
}
