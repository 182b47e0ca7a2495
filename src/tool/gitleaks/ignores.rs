//! .gitleaksignore: findings that gitleaks leaves out, by fingerprint.
//!
//! It reads the file that `--gitleaks-ignore-path` names (by default that of the folder in which it is
//! started), and besides that of the scanned folder, whatever it is told (`cmd/root.go`, 8.30).

use std::fs;
use std::path::{Component, Path};

use crate::tool::Job;
use crate::tool::config_file::{Mute, Overrule};

pub const FILE_NAME: &str = ".gitleaksignore";

/// That of a work tree whose history is scanned.
pub const OF_HISTORY: Overrule = Overrule::Take { neutral: Some(""), take: of_history };

/// That of a scanned folder.
pub const OF_FOLDER: Overrule =
    Overrule::Join { take: named, mute: Some(Mute { words: as_comments, enter: by_a_folder_in_it }) };

/// That of the folder in which it is started to scan another.
pub const OF_START: Overrule = Overrule::Join { take: named, mute: None };

fn named(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    job.options(["--gitleaks-ignore-path"].into_iter().chain(copy));
    Ok(())
}

/// The history is in the folder of git, where no file of the work tree is.
fn of_history(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    let dot_git = job.cwd.join(".git");
    let folder = match fs::read_to_string(&dot_git) {
        // A linked work tree, or a submodule.
        Ok(text) => {
            let folder = text.trim_end().strip_prefix("gitdir: ").ok_or(".git says nothing of its folder")?;
            job.cwd.join(folder).to_string_lossy().into_owned()
        }
        Err(_) => ".git".to_owned(),
    };
    let source = job.args.iter().rposition(|arg| arg == ".").ok_or("its command names no folder")?;
    job.args[source] = folder;
    named(job, copy)
}

/// Every line a comment: the file is still scanned, and ignores nothing.
fn as_comments(content: &[u8]) -> Vec<u8> {
    let lines = content.split_inclusive(|byte| *byte == b'\n');
    lines.flat_map(|line| [b"#", line].concat()).collect()
}

/// Points gitleaks at `./src/..` instead of `.`, in a folder of links.
///
/// Where it joins that with the name of a file, it shortens it to `./name`: files keep the paths that they
/// always have, and .gitleaksignore is the muted one beside the links. Where it lists the folder, the
/// system follows the link to `src` and goes up from there: to the scanned folder itself, whose files
/// are files, and not links that gitleaks would pass over.
fn by_a_folder_in_it(job: &mut Job) -> Result<(), String> {
    const ANYHOW: &str = "gitleaks reads it in a scanned folder whatever it is told";
    let source = job.args.last_mut().ok_or("its command names no folder")?;
    let named = Path::new(source.as_str());
    if named.is_absolute() || named.components().any(|part| part == Component::ParentDir) {
        return Err(format!("{ANYHOW}, unless `dirs` names that below gates.toml, without `..`"));
    }
    let entries = fs::read_dir(job.cwd.join(named)).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let inside = folders.filter_map(|entry| entry.file_name().into_string().ok()).min();
    let inside = inside.ok_or_else(|| format!("{ANYHOW}, unless there is a folder in that"))?;
    *source = format!("{source}/{inside}/..");
    // One that shortens nothing, and so finds links alone, would look at no file at all.
    job.may_be_empty = false;
    Ok(())
}
