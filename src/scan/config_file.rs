//! A scanner's own configuration files in the scanned repository: they can switch it off, so what
//! they say is told, and under `--policy-from` they come from the base.

use std::path::PathBuf;

use crate::scan::job::Job;

/// A file that a job reads of itself where it is there.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Absolute.
    pub path: PathBuf,
    pub overrule: BaseOverride,
    /// What may stand in it that leaves the scanner without proof.
    pub bars: Option<Bars>,
    /// The programs of the repository that its text names, relative to its folder.
    pub programs: Programs,
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
    /// It can't be, and the file does more than narrow the gate: a difference is only told.
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
