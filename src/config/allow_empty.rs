//! `allow_empty`: targets of a gate in which there may be nothing to look at.

use std::path::Path;

use crate::keys::table::Keys;
use crate::system::git::Repo;
use crate::text::paths::{forward, normalise};

/// Which targets may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum AllowEmpty {
    #[default]
    None,
    /// `true`: the only target of a gate. Of several, each must be named, or one that becomes empty hides behind the others.
    Only,
    /// Those of these names.
    These(Vec<String>),
}

impl AllowEmpty {
    /// Reads the key: true, false, or a list of targets.
    pub(super) fn read(table: &Keys) -> Self {
        match table.is_flag("allow_empty") || !table.has("allow_empty") {
            true if table.flag_or("allow_empty", false) => Self::Only,
            true => Self::None,
            false => match table.texts_or("allow_empty", &[]) {
                names if names.is_empty() => Self::None,
                names => Self::These(names),
            },
        }
    }

    pub(crate) fn is_some(&self) -> bool {
        *self != Self::None
    }

    /// Whether a target, one of so many, may be empty. A folder is named as in `dirs`, or from the top of the repository.
    pub(crate) fn has(&self, target: &str, of: usize, repo: &Repo) -> bool {
        match self {
            Self::None => false,
            Self::Only => of == 1,
            Self::These(names) => names.iter().any(|name| {
                let full = normalise(&repo.base.join(name));
                let from_top = full.strip_prefix(&repo.root).unwrap_or(Path::new(name));
                name == target || *forward(from_top) == *target
            }),
        }
    }

    /// A name that no target has.
    pub(crate) fn unknown(&self, targets: &[String], repo: &Repo) -> Option<&str> {
        let Self::These(names) = self else { return None };
        let is_known = |name: &str| {
            let one = Self::These(vec![name.to_owned()]);
            targets.iter().any(|target| one.has(target, targets.len(), repo))
        };
        names.iter().map(String::as_str).find(|name| !is_known(name))
    }

    /// Whether it allows more than another.
    pub(super) fn is_looser_than(&self, base: &Self) -> bool {
        match (self, base) {
            (Self::None, _) | (Self::Only, Self::Only) => false,
            (Self::These(more), Self::These(names)) => more.iter().any(|name| !names.contains(name)),
            (Self::Only, _) | (Self::These(_), _) => true,
        }
    }

    /// As in gates.toml.
    pub(super) fn words(&self) -> String {
        match self {
            Self::None => "allow_empty = false".to_owned(),
            Self::Only => "allow_empty = true".to_owned(),
            Self::These(names) => format!("allow_empty = {}", names.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_targets_each_must_be_named() {
        let repo = Repo { root: "/repo".into(), base: "/repo/web".into(), ..Repo::default() };
        let these = AllowEmpty::These(vec!["app".to_owned(), "../api/".to_owned(), "img".to_owned()]);
        for (allowed, target, of, has) in [
            (&AllowEmpty::None, "web/app", 1, false),
            (&AllowEmpty::Only, "web/app", 1, true),
            (&AllowEmpty::Only, "web/app", 2, false),
            (&these, "web/app", 2, true),
            (&these, "api", 2, true),
            (&these, "img", 2, true),
            (&these, "app/web", 2, false),
        ] {
            assert_eq!(allowed.has(target, of, &repo), has, "{allowed:?} {target} {of}");
        }
        let targets = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(these.unknown(&targets(&["web/app", "api", "img"]), &repo), None);
        assert_eq!(these.unknown(&targets(&["web/app", "img"]), &repo), Some("../api/"));
    }

    #[test]
    fn another_name_is_looser() {
        let these = |names: &[&str]| AllowEmpty::These(names.iter().map(|name| (*name).to_owned()).collect());
        for (other, base, looser) in [
            (AllowEmpty::None, AllowEmpty::Only, false),
            (AllowEmpty::Only, AllowEmpty::None, true),
            (AllowEmpty::Only, AllowEmpty::Only, false),
            (these(&["a"]), these(&["a", "b"]), false),
            (these(&["a", "c"]), these(&["a", "b"]), true),
            (these(&["a"]), AllowEmpty::None, true),
            (AllowEmpty::Only, these(&["a"]), true),
        ] {
            assert_eq!(other.is_looser_than(&base), looser, "{other:?} {base:?}");
        }
    }
}
