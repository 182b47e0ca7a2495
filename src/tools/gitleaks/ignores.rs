//! .gitleaksignore: findings that gitleaks leaves out, by fingerprint.
//!
//! gitleaks reads the file that `--gitleaks-ignore-path` names (by default the one in the folder in which
//! it is started). In addition it always reads the one in the scanned folder (`cmd/root.go`, 8.30).

use std::fs;
use std::path::{Component, Path};

use crate::scan::config_file::{BaseOverride, ConfigFile, Mute};
use crate::scan::job::Job;
use crate::scan::start_dir::StartDir;
use crate::text::paths::normalise;
use crate::tools::describe::ignore_lines;

pub(super) const FILE_NAME: &str = ".gitleaksignore";

/// The file in a work tree whose history is scanned.
pub(super) static OF_HISTORY: ConfigFile =
    declared(BaseOverride::Take { neutral: Some(""), take: of_history });

/// The file in a scanned folder.
pub(super) static OF_FOLDER: ConfigFile = declared(BaseOverride::Join {
    take: named,
    mute: Some(Mute { words: as_comments, enter: by_a_folder_in_it }),
});

/// The file in the folder in which gitleaks is started to scan another folder.
pub(super) static OF_START: ConfigFile = declared(BaseOverride::Join { take: named, mute: None });

const fn declared(overrule: BaseOverride) -> ConfigFile {
    ConfigFile {
        name: FILE_NAME,
        describe: ignore_lines,
        overrule,
        bars: None,
        programs: None,
        part: None,
        follows: None,
    }
}

fn named(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    job.options(["--gitleaks-ignore-path"].into_iter().chain(copy));
    Ok(())
}

/// The history is in git's own folder, which holds no file of the work tree.
fn of_history(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    let dot_git = job.invocation.cwd.join(".git");
    let folder = match fs::read_to_string(&dot_git) {
        // A linked work tree, or a submodule.
        Ok(text) => {
            let folder = text.trim_end().strip_prefix("gitdir: ").ok_or(".git does not name its folder")?;
            job.invocation.cwd.join(folder).to_string_lossy().into_owned()
        }
        Err(_) => ".git".to_owned(),
    };
    let source =
        job.invocation.args.iter().rposition(|arg| arg == ".").ok_or("its command names no folder")?;
    job.invocation.args[source] = folder;
    named(job, copy)
}

/// Turns every line into a comment: the file is still scanned, but ignores nothing.
fn as_comments(content: &[u8]) -> Vec<u8> {
    let lines = content.split_inclusive(|byte| *byte == b'\n');
    lines.flat_map(|line| [b"#", line].concat()).collect()
}

/// The name of a link to any folder in the scanned one. No list of ignored paths has such a name.
const DOOR: &str = "portcullis-door";

/// Points gitleaks at `./portcullis-door/..` instead of `.`, in a folder of links.
///
/// When gitleaks joins that path with a file's name, it shortens it to the name. So files keep their usual
/// paths, and .gitleaksignore is the muted one beside the links. When gitleaks lists the folder, the system
/// follows the link and goes up from there, to the scanned folder itself. Its files are real files, not
/// links, which gitleaks would skip.
fn by_a_folder_in_it(job: &mut Job) -> Result<(), String> {
    const ALWAYS: &str = "gitleaks always reads it in a scanned folder";
    let source = job.invocation.args.last_mut().ok_or("its command names no folder")?;
    let named = Path::new(source.as_str());
    if named.is_absolute() || named.components().any(|part| part == Component::ParentDir) {
        return Err(format!("{ALWAYS}, unless `dirs` names that folder below gates.toml, without `..`"));
    }
    let folder = normalise(&job.invocation.cwd.join(named));
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut inside = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let inside = inside.next().ok_or_else(|| format!("{ALWAYS}, unless that folder has a folder in it"))?;
    let door = folder.join(DOOR);
    match &mut job.invocation.start {
        Some(StartDir::LinkFarm(farm)) if fs::symlink_metadata(&door).is_err() => {
            farm.link(&door, inside.path())
        }
        _ => return Err(format!("{ALWAYS}, and that folder already has a {DOOR}")),
    }
    *source = format!("{source}/{DOOR}/..");
    // A version that does not shorten the path finds only links, and so scans no file.
    job.may_be_empty = false;
    Ok(())
}
