//! Scanners that lie in the repository that they scan.

use crate::config::Gate;
use crate::scan::job::Job;
use crate::scan::program::{find, lies_in};
use crate::system::git::Repo;
use crate::text::paths::forward;

/// A program of the repository that a job starts.
pub(super) struct OwnProgram {
    /// Its path below the top of the repository.
    pub path: String,
    /// gates.toml names this path. Otherwise it is found because PATH names a folder of the repository.
    pub named: bool,
}

/// The programs of the repository that a job starts. Not those that a package manager installs (`node_modules`), and not what a `command`
/// names itself.
pub(super) fn own_programs(job: &Job, gate: &Gate, repo: &Repo) -> Vec<OwnProgram> {
    let cwd = &job.invocation.cwd;
    let programs = job.programs().filter_map(|program| {
        let named = program.name.contains('/');
        let path = find(program, cwd).filter(|path| lies_in(path, &repo.root))?;
        let below = path.strip_prefix(&repo.root).unwrap_or(&path);
        let is_package = below.components().any(|part| part.as_os_str() == "node_modules");
        (!(is_package || named && gate.spec.program.is_empty()))
            .then(|| OwnProgram { path: forward(below).to_string(), named })
    });
    programs.collect()
}
