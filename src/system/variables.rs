//! The environment of Portcullis itself.
#![allow(clippy::disallowed_methods, reason = "only this file reads the environment")]

use std::env;
use std::ffi::OsString;

use crate::redact::names::looks_secret;
use crate::redact::secret_set::in_variables;
use crate::redact::{SecretSet, npmrc};

/// Variables by which git is pointed at another repository than the one it stands in; a git hook
/// has them set (`git rev-parse --local-env-vars`, without those that hold configuration).
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

/// The value of a variable; `None` where it is not set, or is not Unicode.
pub(crate) fn get(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// The same as bytes, for paths.
pub(crate) fn os(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// The value of a variable that gates.toml names; one without a value is not there.
pub(crate) fn value(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The secrets in the environment of Portcullis, and in the user's settings of npm.
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

/// Names that are not Unicode are nobody's.
pub(crate) fn names() -> impl Iterator<Item = String> {
    env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}
