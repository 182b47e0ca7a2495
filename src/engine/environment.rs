//! The environment of a scanner: that of Portcullis, without secrets that the gate does not name, and
//! without variables that would silently switch checks off.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;

use crate::redact::names::{looks_secret, secrets_in};
use crate::redact::secret_set::in_variables;
use crate::redact::{Secret, address, npmrc};
use crate::scan::invocation::Invocation;
use crate::scan::job::Job;
use crate::scan::start_dir::StartDir;
use crate::scan::tool::ToolSpec;
use crate::system::git_command::as_variables;
use crate::system::variables;
use crate::system::variables::{GIT, names};

/// The secrets that gates.toml gives to a job (in its `env`, in build arguments, in options), and those
/// in the .npmrc that it reads.
pub(crate) fn secrets_of(job: &Job) -> Vec<Secret> {
    let set = in_variables(&job.invocation.env).into_iter();
    let npmrc = |path: &Path| path.file_name() == Some(OsStr::new(".npmrc"));
    let files = job.config_files.iter().filter(|file| npmrc(&file.path)).map(|file| npmrc::read(&file.path));
    let others = job.invocation.start.iter().flat_map(StartDir::contents).filter(|(path, _)| npmrc(path));
    let others = others.map(|(_, content)| String::from_utf8_lossy(content).into_owned());
    let settings = files.chain(others).flat_map(|text| npmrc::secrets(&text, variables::get));
    let pairs = job.invocation.args.iter().filter_map(|arg| arg.split_once('='));
    let assigned = pairs.flat_map(|(name, value)| secrets_in(name, value));
    let behind = job.invocation.args.windows(2).flat_map(|pair| match pair {
        [option, value] if option.starts_with('-') => secrets_in(option, value),
        _ => Vec::new(),
    });
    let addresses = job.invocation.args.iter().flat_map(|arg| address::secrets(arg));
    set.chain(assigned).chain(behind).chain(addresses).chain(settings).collect()
}

/// The names of the variables that a program of this tool does not get, in alphabetical order. It gets those in `but` in
/// any case.
pub(crate) fn removed(spec: &ToolSpec, start: &Invocation, but: &[&str]) -> BTreeSet<String> {
    let listed = |name: &str, mark: &str| {
        let patterns = spec.steering.iter().filter_map(|pattern| match mark {
            "" => Some(*pattern),
            mark => pattern.strip_prefix(mark),
        });
        patterns.into_iter().any(|pattern| matches(pattern, name))
    };
    let steers = |name: &str| GIT.contains(&name) || (listed(name, "") && !listed(name, "!"));
    names()
        .filter(|name| !start.hands_on.contains(name) && !start.env.contains_key(name))
        .filter(|name| !but.contains(&name.as_str()))
        .filter(|name| looks_secret(name) || steers(name))
        .collect()
}

/// The variables that add a job's own git settings to those in its environment (git-config(1), since
/// git 2.31).
pub(crate) fn git_settings(job: &Job) -> BTreeMap<String, String> {
    let count = job.invocation.env.get("GIT_CONFIG_COUNT").cloned();
    as_variables(job.invocation.git.iter().cloned(), count)
}

/// What the record says about a job's environment: names, never values.
pub(crate) fn notes(job: &Job, taken: &BTreeSet<String>) -> Vec<String> {
    let here = |name: &&String| variables::os(name).is_some();
    let passed_on: Vec<&String> = job.invocation.hands_on.iter().filter(here).collect();
    let absent: Vec<&String> = job.invocation.hands_on.iter().filter(|name| !here(name)).collect();
    [
        ("environment: passed on", passed_on),
        ("environment: to be passed on, and not set:", absent),
        ("environment: removed", taken.iter().collect()),
    ]
    .into_iter()
    .filter(|(_, names)| !names.is_empty())
    .map(|(words, names)| {
        let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
        format!("{words} {}", names.join(", "))
    })
    .collect()
}

/// Whether a pattern matches a name: `TRIVY_*` is every name that starts with `TRIVY_`. npm reads its
/// variables in upper and lower case.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => name.eq_ignore_ascii_case(pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secrets_of_a_job_are_known_from_its_command() {
        let mut job = Job::new("docker", "image", "/repo".into(), String::new());
        job.args(["build", "--build-arg", "NPM_TOKEN=hunter2-one", "--build-arg", "VERSION=hunter2-two"]);
        job.args(["--registry-token", "hunter2-three", "https://ada:hunter2-four@host/x.git"]);
        job.env("DB_PASSWORD", "hunter2-five").env("LEVEL", "hunter2-six");
        let expected: BTreeSet<Secret> = ["one", "three", "four", "five"]
            .iter()
            .filter_map(|n| Secret::reported(&format!("hunter2-{n}")))
            .collect();
        assert_eq!(BTreeSet::from_iter(secrets_of(&job)), expected);
    }

    #[test]
    fn a_pattern_names_one_variable_or_all_with_a_prefix() {
        assert!(matches("TRIVY_*", "TRIVY_SEVERITY") && !matches("TRIVY_*", "TRIVY"));
        assert!(
            matches("npm_config_omit", "NPM_CONFIG_OMIT") && !matches("npm_config_omit", "npm_config_omits")
        );
    }
}
