//! .gitleaksignore: findings that gitleaks leaves out, by fingerprint.
//!
//! It reads the file that `--gitleaks-ignore-path` names (by default that of the folder in which it is
//! started), and besides that of the scanned folder, whatever it is told (`cmd/root.go`, 8.30).

use std::fs;
use std::path::{Component, Path};

use crate::scan::config_file::{BaseOverride, Mute};
use crate::scan::job::Job;
use crate::scan::start_dir::StartDir;
use crate::text::paths::normalise;

pub(super) const FILE_NAME: &str = ".gitleaksignore";

/// That of a work tree whose history is scanned.
pub(super) const OF_HISTORY: BaseOverride = BaseOverride::Take { neutral: Some(""), take: of_history };

/// That of a scanned folder.
pub(super) const OF_FOLDER: BaseOverride =
    BaseOverride::Join { take: named, mute: Some(Mute { words: as_comments, enter: by_a_folder_in_it }) };

/// That of the folder in which it is started to scan another.
pub(super) const OF_START: BaseOverride = BaseOverride::Join { take: named, mute: None };

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

/// A link to any folder in the scanned one. No list of paths to leave out is about such a name.
const DOOR: &str = "portcullis-door";

/// Points gitleaks at `./portcullis-door/..` instead of `.`, in a folder of links.
///
/// Where it joins that with the name of a file, it shortens it to `name`: files keep the paths that they
/// always have, and .gitleaksignore is the muted one beside the links. Where it lists the folder, the
/// system follows the door and goes up from there: to the scanned folder itself, whose files are files,
/// and not links that gitleaks would pass over.
fn by_a_folder_in_it(job: &mut Job) -> Result<(), String> {
    const ANYHOW: &str = "gitleaks reads it in a scanned folder whatever it is told";
    let source = job.args.last_mut().ok_or("its command names no folder")?;
    let named = Path::new(source.as_str());
    if named.is_absolute() || named.components().any(|part| part == Component::ParentDir) {
        return Err(format!("{ANYHOW}, unless `dirs` names that below gates.toml, without `..`"));
    }
    let folder = normalise(&job.cwd.join(named));
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut inside = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let inside = inside.next().ok_or_else(|| format!("{ANYHOW}, unless there is a folder in that"))?;
    let door = folder.join(DOOR);
    match &mut job.start {
        Some(StartDir::LinkFarm(farm)) if fs::symlink_metadata(&door).is_err() => {
            farm.link(&door, inside.path())
        }
        _ => return Err(format!("{ANYHOW}, and there is a {DOOR} in that")),
    }
    *source = format!("{source}/{DOOR}/..");
    // One that shortens nothing, and so finds links alone, would look at no file at all.
    job.may_be_empty = false;
    Ok(())
}
