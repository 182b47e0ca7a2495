//! A scanner's own configuration files in the scanned repository. They can switch it off, so every run
//! says what they narrow, and under `--policy-from` they come from the base.

use std::path::PathBuf;

use crate::scan::job::Job;
use crate::text::human::count;

/// A configuration file that a scanner reads by itself where it is there, as the tool declares it.
#[derive(Debug)]
pub struct ConfigFile {
    /// Its name, or what `docs/configuration.md` calls such files: `eslint.config.*`.
    pub name: &'static str,
    /// What a file with this content switches off or narrows.
    pub describe: Describe,
    pub overrule: BaseOverride,
    /// What in it leaves the scanner without proof.
    pub bars: Option<Bars>,
    /// The programs of the repository that its text names, relative to its folder.
    pub programs: Option<Programs>,
}

/// A place where a job reads such a file.
#[derive(Clone, Debug)]
pub struct ConfigPath {
    /// Absolute.
    pub path: PathBuf,
    pub file: &'static ConfigFile,
}

/// What a file switches off or narrows, as far as that is cheap to say; `None` where such a file does
/// not narrow anything by itself.
pub type Describe = fn(&[u8]) -> Option<ConfigNote>;

/// What a configuration file switches off or narrows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigNote {
    /// So many lines, each of which names something to ignore.
    Ignores(usize),
    /// What matters of what it holds, in a few words.
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

/// Why a file with this content leaves the scanner without proof: what it narrows by no option undoes.
pub type Bars = fn(&[u8]) -> Option<&'static str>;

/// Finds, in the text of a configuration file, the programs that it names.
pub type Programs = fn(&str) -> Vec<String>;

/// How the scanner is made to heed the base's version of a file instead of the work tree's.
#[derive(Clone, Copy, Debug)]
pub enum BaseOverride {
    /// It takes another file. `neutral` is one that says nothing, for a base that has none.
    Take { neutral: Option<&'static str>, take: Take },
    /// The same for a file that imports others: it lies in a checkout of the base. Of several the
    /// first that the base has counts.
    Checkout(Take),
    /// It is started in a folder of links to all but the file.
    Farm,
    /// It takes one file, and those of this kind are joined in it. What it reads in its place all the
    /// same says nothing there.
    Join { take: Take, mute: Option<Mute> },
    /// It can't be, and the file does more than narrow the gate: a difference is only noted.
    Tell,
}

/// How a file is kept from saying anything: the scanner looks at a folder of links with a muted copy.
#[derive(Clone, Copy, Debug)]
pub struct Mute {
    /// The content, line for line, with nothing left that counts.
    pub words: fn(&[u8]) -> Vec<u8>,
    /// Changes the job so that it looks there. An error says why that can't be.
    pub enter: fn(&mut Job) -> Result<(), String>,
}

/// Changes the job so that it reads the copy at this path; `None`: the base has no such file. An
/// error says why that can't be.
pub type Take = fn(&mut Job, Option<&str>) -> Result<(), String>;

/// Below the scratch folder: what comes from the base. No gate has such an id.
pub const FROM_BASE: &str = ".base";
