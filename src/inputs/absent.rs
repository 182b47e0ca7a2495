//! What git tracks, or a folder names, and that nobody can look at: it is not checked out, leads nowhere, or can't be read.

use std::collections::BTreeMap;

use crate::inputs::by_name;
use crate::inputs::files::Files;
use crate::inputs::look::{Look, by_content};
use crate::inputs::third_party::is_in_installed;
use crate::model::input::{InputKind, InputTrouble, KindSet, PackageManager, Why};

/// Something that is not there to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Absent {
    /// From the top of the repository. A folder, with `/` at its end, stands for several files in it.
    pub(crate) path: String,
    /// What its name says.
    pub(crate) kind: InputKind,
    pub(crate) files: u64,
    pub(crate) why: Why,
}

/// What is not there, in order. Sources, and files that may be templates, are put together by folder.
pub(super) fn absent(
    troubles: &[InputTrouble],
    files: &Files,
    in_git: &BTreeMap<String, KindSet>,
) -> Vec<Absent> {
    let mut found: BTreeMap<(&str, InputKind), (&InputTrouble, u64)> = BTreeMap::new();
    for trouble in troubles.iter().filter(|trouble| !is_in_installed(&trouble.path)) {
        for kind in kinds(trouble, files, in_git) {
            let is_one_of_many = matches!(kind, InputKind::Source(_) | InputKind::File);
            let holder = match trouble.path.rsplit_once('/') {
                Some((folder, _)) if is_one_of_many => folder,
                _ => &trouble.path,
            };
            found.entry((holder, kind)).or_insert((trouble, 0)).1 += 1;
        }
    }
    let row = |((holder, kind), (first, files)): ((&str, InputKind), (&InputTrouble, u64))| Absent {
        path: if files == 1 { first.path.clone() } else { format!("{holder}/") },
        kind,
        files,
        why: first.why.clone(),
    };
    found.into_iter().map(row).collect()
}

/// What something would be if it were there; empty: nobody would look at it, or it is there. `in_git`: what git's own content says.
fn kinds(trouble: &InputTrouble, files: &Files, in_git: &BTreeMap<String, KindSet>) -> Vec<InputKind> {
    let path = trouble.path.as_str();
    let by_name = || by_name::kinds(path).iter().collect::<Vec<_>>();
    let of_content = || match in_git.get(path) {
        Some(known) => known.iter().collect(),
        None => may_be(path).into_iter().collect(),
    };
    match trouble.why {
        Why::NoSubmodule => vec![InputKind::Submodule],
        Why::Unreadable(_) if files.get(path).is_none() => vec![InputKind::Folder],
        // One whose name says its kind is listed like any other.
        Why::Unreadable(_) if by_name().is_empty() => of_content(),
        Why::Sparse | Why::NotAFile | Why::BrokenLink | Why::Deleted => match by_name() {
            kinds if kinds.is_empty() => of_content(),
            kinds => kinds.into_iter().filter(|kind| !is_moved(*kind, &trouble.why)).collect(),
        },
        _ => Vec::new(),
    }
}

/// What a file may be if nobody can tell.
fn may_be(path: &str) -> Option<InputKind> {
    Some(match by_content(path)? {
        Look::Requirements => InputKind::Lock(PackageManager::Pip),
        _ => InputKind::File,
    })
}

/// A source that was deleted has another name by now, as often as not.
fn is_moved(kind: InputKind, why: &Why) -> bool {
    *why == Why::Deleted && matches!(kind, InputKind::Source(_))
}

#[cfg(test)]
mod tests {
    use crate::inputs::files::FileFacts;

    use super::*;

    #[test]
    fn what_is_not_there_has_the_kind_of_its_name() {
        let mut files = Files::default();
        files.push(b"k8s/closed.yaml", FileFacts::default());
        let unreadable = || Why::Unreadable("permission denied".to_owned());
        let troubles = [
            ("a/package-lock.json", Why::Sparse),
            ("a/node_modules/b/package-lock.json", Why::Sparse),
            ("a/src/b.ts", Why::Sparse),
            ("a/src/c.ts", Why::Sparse),
            ("a/src/logo.png", Why::Sparse),
            ("closed", unreadable()),
            ("d/main.tf", Why::Sparse),
            ("e.yaml", Why::Sparse),
            ("k8s/closed.yaml", unreadable()),
            ("lib", Why::NoSubmodule),
            ("old/yarn.lock", Why::BrokenLink),
            ("gone/uv.lock", Why::Deleted),
            ("gone/a.ts", Why::Deleted),
            ("gone/pod.yaml", Why::Deleted),
            ("gone/settings.yaml", Why::Deleted),
            ("gone/requirements-dev.txt", Why::Deleted),
            ("requirements/base.txt", Why::Sparse),
            ("notes.txt", Why::Sparse),
        ];
        let troubles = troubles.map(|(path, why)| InputTrouble { path: path.to_owned(), why });
        let in_git = BTreeMap::from([
            ("gone/pod.yaml".to_owned(), KindSet::of(InputKind::Kubernetes)),
            ("gone/settings.yaml".to_owned(), KindSet::default()),
        ]);
        let found = absent(&troubles, &files, &in_git);
        let rows: Vec<String> =
            found.iter().map(|one| format!("{} {} {}", one.path, one.kind, one.files)).collect();
        assert_eq!(
            rows,
            [
                "a/package-lock.json lock/npm 1",
                "a/src/ source/typescript 2",
                "closed folder 1",
                "d/main.tf terraform 1",
                "e.yaml file 1",
                "gone/pod.yaml kubernetes 1",
                "gone/requirements-dev.txt lock/pip 1",
                "gone/uv.lock lock/uv 1",
                "k8s/closed.yaml file 1",
                "lib submodule 1",
                "old/yarn.lock lock/yarn 1",
                "requirements/base.txt lock/pip 1",
            ]
        );
    }
}
