//! The environment of Portcullis itself.
#![allow(clippy::disallowed_methods, reason = "only this file reads the environment")]

use std::env;
use std::ffi::OsString;

use crate::redact::names::looks_secret;
use crate::redact::secret_set::in_variables;
use crate::redact::{SecretSet, npmrc};

/// Variables that make git use another repository than the one of the current folder. They are set in git
/// hooks (`git rev-parse --local-env-vars`, without those that have configuration).
pub(crate) const GIT: &[&str] = &[
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

/// The value of a variable; `None` if it is not set, or is not Unicode.
pub(crate) fn get(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// The same as bytes, for paths.
pub(crate) fn os(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// The value of a variable that gates.toml names; `None` also if it is empty.
pub(crate) fn value(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The secrets in the environment of Portcullis, and in the user's npm settings.
pub(crate) fn known_secrets() -> SecretSet {
    let text = |text: OsString| text.to_string_lossy().into_owned();
    let variables = env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
    let mut known = SecretSet::default();
    known.learn(in_variables(&variables));
    known.learn(npmrc::of_user(get).iter().flat_map(|path| npmrc::secrets(&npmrc::read(path), get)));
    known
}

/// The names of the variables that a helper (`git`, a version question) does not get.
pub(crate) fn kept_from_helpers() -> impl Iterator<Item = String> {
    names().filter(|name| looks_secret(name) || GIT.contains(&name.as_str()))
}

/// The names of all variables. Those that are not Unicode are left out: nothing uses them.
pub(crate) fn names() -> impl Iterator<Item = String> {
    env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}
