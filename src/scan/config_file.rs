//! A scanner's own configuration files in the scanned repository. They can switch it off. So every run
//! says what they narrow, and with `--policy-from` they come from the base.

use std::path::PathBuf;

use crate::scan::job::Job;
use crate::text::human::count;

/// A configuration file that a scanner reads if it exists, as the tool declares it.
#[derive(Debug)]
pub struct ConfigFile {
    /// Its name, or the pattern in `docs/configuration.md`: `eslint.config.*`.
    pub name: &'static str,
    /// What a file with this content switches off or narrows.
    pub describe: Describe,
    pub overrule: BaseOverride,
    /// Which content leaves the scanner without proof.
    pub bars: Option<Bars>,
    /// The programs of the repository that it names, relative to its folder.
    pub programs: Option<Programs>,
    /// The part of it that the scanner reads, in a file that other programs read as well; `None` as a result: the
    /// file has no such part.
    pub part: Option<Part>,
    /// The further files that it names.
    pub follows: Option<Follows>,
}

/// A place where a job reads such a file.
#[derive(Clone, Debug)]
pub struct ConfigPath {
    /// Absolute.
    pub path: PathBuf,
    pub file: &'static ConfigFile,
}

/// What a file switches off or narrows, as far as that is cheap to find out; `None` if such a file does
/// not narrow anything.
pub type Describe = fn(&[u8]) -> Option<ConfigNote>;

/// What a configuration file switches off or narrows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigNote {
    /// This many lines that each name something to ignore.
    Ignores(usize),
    /// The parts of its content that matter, in a few words.
    Holds(Vec<String>),
}

impl ConfigNote {
    /// `2 ignores in .gitleaksignore`, `.gitleaks.toml (1 allowlist)`
    pub fn words(&self, path: &str) -> String {
        match self {
            Self::Ignores(n) => format!("{} in {path}", count(*n as u64, "ignore")),
            Self::Holds(details) if details.is_empty() => path.to_owned(),
            Self::Holds(details) => format!("{path} ({})", details.join(", ")),
        }
    }
}

/// Why a file with this content leaves the scanner without proof: no option can undo what it narrows.
pub type Bars = fn(&[u8]) -> Option<&'static str>;

/// Finds the programs that the text of a configuration file names.
pub type Programs = fn(&str) -> Vec<String>;

/// Takes out of a file what the scanner reads.
pub type Part = fn(&[u8]) -> Option<Vec<u8>>;

impl ConfigFile {
    /// What the scanner reads of a file with this content.
    pub fn read(&self, content: Option<Vec<u8>>) -> Option<Vec<u8>> {
        match self.part {
            Some(part) => part(&content?),
            None => content,
        }
    }
}

/// The files that a configuration file extends, imports or names.
#[derive(Clone, Copy, Debug)]
pub struct Follows {
    /// Finds them in its content. A name may stand for several places, or for a folder of such files. It is relative
    /// to the folder of the file, or to the folder in which the scanner starts.
    pub names: fn(&[u8]) -> Vec<String>,
    /// What they are; `None`: the same as the file that names them.
    pub file: Option<&'static ConfigFile>,
}

/// How the scanner is made to use the base's version of a file instead of the work tree's.
#[derive(Clone, Copy, Debug)]
pub enum BaseOverride {
    /// An option names another file. `neutral` is a file without effect, for a base that has no such file.
    Take { neutral: Option<&'static str>, take: Take },
    /// The same for a file that imports others: the option names it in a checkout of the base. Of
    /// several files, the first that the base has counts.
    Checkout(Take),
    /// The scanner starts in a folder of links to everything but the file.
    Farm,
    /// An option names one file, which joins all files of this kind. If the scanner still reads the file
    /// in its place, `mute` removes its effect.
    Join { take: Take, mute: Option<Mute> },
    /// The scanner can't be made to, and the file can switch it off: if it differs, the gate has no proof. Holds why.
    Refuse(&'static str),
    /// The scanner can't be made to, and the file does more than narrow the gate: a difference is only
    /// noted.
    Tell,
}

/// How a file loses its effect: the scanner scans a folder of links with a muted copy.
#[derive(Clone, Copy, Debug)]
pub struct Mute {
    /// The content, line for line, without anything that has an effect.
    pub words: fn(&[u8]) -> Vec<u8>,
    /// Changes the job so that it scans that folder. An error says why this is not possible.
    pub enter: fn(&mut Job) -> Result<(), String>,
}

/// Changes the job so that it reads the copy at this path; `None`: the base has no such file. An
/// error says why this is not possible.
pub type Take = fn(&mut Job, Option<&str>) -> Result<(), String>;

/// The folder below the scratch folder for files of the base. No gate can have this id.
pub const FROM_BASE: &str = ".base";
