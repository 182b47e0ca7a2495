//! Which Yarn a folder is for. Only its files decide, since the program `yarn` may start any of them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::LOCK_FILE;

/// The generations of Yarn, by their commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    One,
    /// Yarn 2 and 3.
    Two,
    /// Yarn 4 and later.
    Four,
}

impl Generation {
    /// The lock file shows which Yarn wrote it. Without one, package.json and .yarnrc.yml decide.
    pub(super) fn of(dir: &Path, root: &Path) -> Self {
        let folders = || dir.ancestors().take_while(|folder| folder.starts_with(root));
        let of_lock = head(&lock_file(dir, root)).and_then(|text| Self::of_lock(&text));
        let named = || folders().find_map(|folder| named(&folder.join("package.json")));
        let settings = || folders().find_map(|folder| head(&folder.join(".yarnrc.yml")));
        let of_settings = || settings().map(|text| Self::of_settings(&text));
        of_lock.or_else(named).or_else(of_settings).unwrap_or(Self::One)
    }

    /// Yarn 2 and later write `__metadata:` with a `version`: 4 to 6 are from Yarn 2 and 3.
    pub(super) fn of_lock(text: &str) -> Option<Self> {
        if text.contains("# yarn lockfile v1") {
            return Some(Self::One);
        }
        let (_, metadata) = text.split_once("__metadata:")?;
        let version = metadata.lines().find_map(|line| line.trim().strip_prefix("version:"))?;
        let version: u32 = version.trim().trim_matches(['"', '\'']).parse().ok()?;
        Some(if version < 8 { Self::Two } else { Self::Four })
    }

    fn of_settings(text: &str) -> Self {
        match programs(text).iter().any(|path| path.contains("yarn-2.") || path.contains("yarn-3.")) {
            true => Self::Two,
            false => Self::Four,
        }
    }
}

/// The lock file for a folder: its own, or the one of its workspace.
pub(super) fn lock_file(dir: &Path, root: &Path) -> PathBuf {
    let folders = dir.ancestors().take_while(|folder| folder.starts_with(root));
    let mut files = folders.map(|folder| folder.join(LOCK_FILE));
    files.find(|file| file.is_file()).unwrap_or_else(|| dir.join(LOCK_FILE))
}

/// `"packageManager": "yarn@4.1.0+sha224.…"`
fn named(manifest: &Path) -> Option<Generation> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Manifest {
        package_manager: Option<String>,
    }
    let manifest: Manifest = serde_json::from_str(&head(manifest)?).ok()?;
    let version = manifest.package_manager?.strip_prefix("yarn@")?.to_owned();
    Some(match version.split('.').next()?.parse().ok()? {
        0 | 1 => Generation::One,
        2 | 3 => Generation::Two,
        _ => Generation::Four,
    })
}

/// The beginning of a text file; `None` if there is no file.
fn head(path: &Path) -> Option<String> {
    const MOST: u64 = 1 << 16;
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The programs that a .yarnrc or .yarnrc.yml names: another Yarn, and plugins.
pub(super) fn programs(text: &str) -> Vec<String> {
    let mut plugins = false;
    let mut found = Vec::new();
    for line in text.lines() {
        let top = line.starts_with(|c: char| c.is_ascii_alphabetic());
        if top {
            plugins = line.starts_with("plugins");
        }
        let yarn = ["yarnPath:", "yarn-path "].iter().find_map(|key| line.strip_prefix(key));
        let plugin = || plugins.then(|| line.trim_start().trim_start_matches("- ").trim_start());
        let plugin = || plugin().map(|line| line.strip_prefix("path:").unwrap_or(line));
        let path = yarn.or_else(plugin).unwrap_or_default().trim().trim_matches(['"', '\'']);
        if path.ends_with("js") && !path.contains(": ") {
            found.push(path.to_owned());
        }
    }
    found
}
