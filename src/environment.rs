//! The environment that a scanner gets: that of Portcullis, without secrets that the gate does not
//! name, and without what would silently make the scanner look away.

mod git;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsStr;
use std::path::Path;

use toml::de::DeValue;

use crate::config::Keys;
use crate::job::Job;
use crate::npmrc;
use crate::redact::{Known, Secret};
use crate::start::Start;
use crate::tool::Scanner;

/// A variable in a gate's `env`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Set to this value.
    Set(String),
    /// Handed on from the environment of Portcullis, whatever its name looks like.
    HandedOn,
}

impl Variable {
    /// A table of them: `NAME = "value"` sets a variable, `NAME = true` hands it on.
    pub fn read(table: &Keys) -> BTreeMap<String, Variable> {
        let entries = table.entries(|name, value| match value.get_ref() {
            DeValue::String(text) => Some(Variable::Set(text.to_string())),
            DeValue::Boolean(true) => Some(Variable::HandedOn),
            _ => {
                table.problem_with_help(
                    value.span(),
                    format!("`{name}` must be a string, or true"),
                    "a string sets the variable, true hands it on from the environment",
                );
                None
            }
        });
        entries.into_iter().map(|(name, variable)| (name, variable.value)).collect()
    }
}

/// Variables by which git is pointed at another repository than the one it stands in; a git hook
/// has them set (`git rev-parse --local-env-vars`, without those that hold configuration).
const GIT: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Whether a variable of this name holds a secret, or opens the way to one.
pub fn looks_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    // The working directory; and names of settings, of which git needs as many as it counts.
    if matches!(upper.as_str(), "PWD" | "OLDPWD") || upper.starts_with("GIT_CONFIG_KEY_") {
        return false;
    }
    let ends = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "APIKEY", "COOKIE"];
    let words = ["PASS", "PWD", "AUTH", "KEY", "PAT", "JWT", "BEARER"];
    upper.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| {
        let one = word.strip_suffix('S').unwrap_or(word);
        [word, one].iter().any(|word| words.contains(word) || ends.iter().any(|end| word.ends_with(end)))
    })
}

/// Whether the value of a variable of this name is the secret itself, and not where it is kept or
/// what it is called.
pub fn holds_secret(name: &str) -> bool {
    let last = name.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let about = ["FILE", "PATH", "DIR", "NAME", "USER", "HOST", "REGION", "TYPE", "METHOD", "MODE", "SOCK"];
    looks_secret(name) && !about.iter().any(|about| last.eq_ignore_ascii_case(about))
}

/// The value of a variable that gates.toml names; one without a value is not there.
pub fn value(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The secrets in the environment of Portcullis, and in the user's settings of npm.
pub fn known() -> Known {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let variables = env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
    let mut known = Known::default();
    known.learn(in_variables(&variables));
    known.learn(npmrc::of_user().iter().flat_map(|path| npmrc::secrets(&npmrc::read(path))));
    known
}

fn in_variables(variables: &BTreeMap<String, String>) -> Vec<Secret> {
    let by_name = variables.iter().filter_map(|(name, value)| secret_in(name, value));
    let headers = variables.values().flat_map(|value| headers_in(value)).flat_map(Secret::in_header);
    by_name.chain(headers).chain(git::secrets(variables)).collect()
}

/// The `Authorization: …` in a text, each up to the end of its line or its quotes.
fn headers_in(text: &str) -> impl Iterator<Item = &str> {
    let lower = text.to_ascii_lowercase();
    let starts: Vec<usize> = lower.match_indices("authorization:").map(|(at, _)| at).collect();
    starts.into_iter().filter_map(|at| text[at..].split(['\'', '"', '\n']).next())
}

/// The secrets that gates.toml gives to a job: in its `env`, in build arguments, in options; and those in
/// the .npmrc that it reads.
pub fn secrets_of(job: &Job) -> Vec<Secret> {
    let set = in_variables(&job.env).into_iter();
    let npmrc = |path: &Path| path.file_name() == Some(OsStr::new(".npmrc"));
    let files = job.config_files.iter().filter(|file| npmrc(&file.path)).map(|file| npmrc::read(&file.path));
    let others = job.start.iter().flat_map(Start::contents).filter(|(path, _)| npmrc(path));
    let others = others.map(|(_, content)| String::from_utf8_lossy(content).into_owned());
    let settings = files.chain(others).flat_map(|text| npmrc::secrets(&text));
    let assigned = job.args.iter().filter_map(|arg| {
        let (name, value) = arg.split_once('=')?;
        secret_in(name, value)
    });
    let behind = job.args.windows(2).filter_map(|pair| match pair {
        [option, value] if option.starts_with('-') => secret_in(option, value),
        _ => None,
    });
    let addresses = job.args.iter().filter_map(|arg| Secret::in_address(arg));
    set.chain(assigned).chain(behind).chain(addresses).chain(settings).collect()
}

/// The secret in a variable, an option or a setting of this name.
pub fn secret_in(name: &str, value: &str) -> Option<Secret> {
    match holds_secret(name) {
        true => Secret::of_variable(value),
        // A proxy, a database: the password in an address is one, whatever the name.
        false => Secret::in_address(value),
    }
}

/// The names of the variables that a job does not get, in alphabetical order; `but` are those that
/// it gets whatever they look like.
pub fn taken_away(scanner: &Scanner, job: &Job, but: &[&str]) -> BTreeSet<String> {
    let listed = |name: &str, mark: &str| {
        let patterns = scanner.steering.iter().filter_map(|pattern| match mark {
            "" => Some(*pattern),
            mark => pattern.strip_prefix(mark),
        });
        patterns.into_iter().any(|pattern| matches(pattern, name))
    };
    let steers = |name: &str| GIT.contains(&name) || (listed(name, "") && !listed(name, "!"));
    names()
        .filter(|name| !job.hands_on.contains(name) && !job.env.contains_key(name))
        .filter(|name| !but.contains(&name.as_str()))
        .filter(|name| looks_secret(name) || steers(name))
        .collect()
}

/// The variables by which a job's own settings of git come on top of those that its environment has
/// (git-config(1), from git 2.31 on).
pub fn git_settings(job: &Job) -> BTreeMap<String, String> {
    const COUNT: &str = "GIT_CONFIG_COUNT";
    if job.git.is_empty() {
        return BTreeMap::new();
    }
    let there = job.env.get(COUNT).cloned().or_else(|| env::var(COUNT).ok());
    let there: usize = there.and_then(|count| count.trim().parse().ok()).unwrap_or(0);
    let mut variables = BTreeMap::from([(COUNT.to_owned(), there.saturating_add(job.git.len()).to_string())]);
    for (n, (name, value)) in (there..).zip(&job.git) {
        variables.insert(format!("GIT_CONFIG_KEY_{n}"), name.clone());
        variables.insert(format!("GIT_CONFIG_VALUE_{n}"), value.clone());
    }
    variables
}

/// The names of the variables that a helper (`git`, a version question) does not get.
pub fn kept_from_helpers() -> impl Iterator<Item = String> {
    names().filter(|name| looks_secret(name) || GIT.contains(&name.as_str()))
}

/// Names that are not Unicode are nobody's.
fn names() -> impl Iterator<Item = String> {
    env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

/// What the record says of a job's environment: names, never values.
pub fn notes(job: &Job, taken: &BTreeSet<String>) -> Vec<String> {
    let here = |name: &&String| env::var_os(name).is_some();
    let handed_on: Vec<&String> = job.hands_on.iter().filter(here).collect();
    let absent: Vec<&String> = job.hands_on.iter().filter(|name| !here(name)).collect();
    [
        ("environment: handed on", handed_on),
        ("environment: to be handed on, and not set:", absent),
        ("environment: taken away", taken.iter().collect()),
    ]
    .into_iter()
    .filter(|(_, names)| !names.is_empty())
    .map(|(words, names)| {
        let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
        format!("{words} {}", names.join(", "))
    })
    .collect()
}

/// Whether a name is meant: `TRIVY_*` is every name that begins so. npm reads its variables in
/// upper and lower case.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => name.eq_ignore_ascii_case(pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_told_from_others() {
        for name in [
            "GITHUB_TOKEN",
            "SONAR_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "DB_PASSWORD",
            "MYSQL_PWD",
            "DB_PASS",
            "BC_API_KEY",
            "STRIPE_APIKEY",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "DOCKER_AUTH_CONFIG",
            "SSH_AUTH_SOCK",
            "npm_config__auth",
            "npm_config_//registry.example/:_authToken",
            "GH_PAT",
            "DEPLOY_KEYS",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in [
            "PATH",
            "PWD",
            "OLDPWD",
            "HOME",
            "GIT_ASKPASS",
            "GIT_CONFIG_KEY_0",
            "TOKENIZERS_PARALLELISM",
            "AUTHOR",
            "KEYBOARD",
            "npm_config_registry",
            "TRIVY_CACHE_DIR",
            "MONKEY",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
        assert!(!holds_secret("AWS_WEB_IDENTITY_TOKEN_FILE") && !holds_secret("SECRET_NAME"));
    }

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
    fn patterns_name_one_variable_or_all_that_begin_so() {
        assert!(matches("TRIVY_*", "TRIVY_SEVERITY") && !matches("TRIVY_*", "TRIVY"));
        assert!(
            matches("npm_config_omit", "NPM_CONFIG_OMIT") && !matches("npm_config_omit", "npm_config_omits")
        );
    }
}
