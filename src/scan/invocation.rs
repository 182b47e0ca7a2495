//! How a program is started: with which arguments, where, and with which variables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::scan::start_dir::StartDir;

/// Stands for the temporary folder of a run, in arguments and in recorded commands.
pub(crate) const SCRATCH: &str = "$SCRATCH";

/// How a program is started.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub program: Program,
    /// Arguments; [`SCRATCH`] in them stands for the folder of the run.
    pub args: Vec<String>,
    /// The user's own arguments go before this place of `args`, or at the end.
    pub options_end: Option<usize>,
    /// Where it is started: an absolute path.
    pub cwd: PathBuf,
    /// The start folder instead of `cwd`, if a file in `cwd` would switch the scanner off.
    pub start: Option<StartDir>,
    /// Variables that are set for it; [`SCRATCH`] in them is as in the arguments.
    pub env: BTreeMap<String, String>,
    /// Variables that the user passes on from the environment, whatever their names are.
    pub hands_on: BTreeSet<String>,
    /// Options for Node.js, in addition to those in `NODE_OPTIONS`.
    pub node_options: Option<String>,
    /// Settings of git, in addition to those in git's files and in the environment.
    pub git: Vec<(String, String)>,
}

impl Invocation {
    pub(crate) fn new(program: &str, cwd: PathBuf) -> Self {
        Self {
            program: Program { name: program.to_owned(), near: Vec::new() },
            args: Vec::new(),
            options_end: None,
            cwd,
            start: None,
            env: BTreeMap::new(),
            hands_on: BTreeSet::new(),
            node_options: None,
            git: Vec::new(),
        }
    }
}

/// The program of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// A bare name, or a path.
    pub name: String,
    /// Folders to look in before PATH, nearest first (`node_modules/.bin`).
    pub near: Vec<PathBuf>,
}
