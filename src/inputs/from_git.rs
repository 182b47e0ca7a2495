//! What a tracked file is that the work tree does not have, and whose name does not say it: its content in git does.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use crate::inputs::by_name;
use crate::inputs::conda;
use crate::inputs::look::{Look, by_content};
use crate::inputs::object_id::ObjectId;
use crate::inputs::packages;
use crate::inputs::templates;
use crate::model::input::{InputKind, KindSet, PackageManager};
use crate::system::git::GIT_LIMIT;
use crate::system::git_command::git_with;

/// One such file.
#[derive(Debug)]
pub(super) struct Unseen {
    path: String,
    object: ObjectId,
    look: Look,
}

impl Unseen {
    /// `None`: its name says what it is, or nobody would look at it.
    pub(super) fn new(path: &[u8], object: ObjectId) -> Option<Self> {
        let path = std::str::from_utf8(path).ok()?;
        Some(Self { path: path.to_owned(), object, look: by_content(path)? })
    }
}

/// What a file with this content is.
fn kinds_of(path: &str, look: Look, content: &[u8]) -> KindSet {
    let most = content.get(..templates::MOST).unwrap_or(content);
    let text = String::from_utf8_lossy(most);
    let kind = |is_lock: bool, manager| match is_lock {
        true => KindSet::of(InputKind::Lock(manager)),
        false => KindSet::of(InputKind::Manifest(manager)),
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    let of_conda = || conda::conda(&text).ok().flatten().map(|pinned| kind(pinned, PackageManager::Conda));
    match look {
        Look::Requirements => packages::is_pinned(&text)
            .map_or_else(KindSet::default, |pinned| kind(pinned, PackageManager::Pip)),
        Look::Conda => of_conda().unwrap_or_else(|| templates::kinds(name, &text)),
        _ => templates::kinds(name, &text),
    }
}

/// The path of a file that is not listed, if somebody should look at it.
pub(super) fn input(top: &Path, path: &[u8]) -> Option<String> {
    let path = std::str::from_utf8(path).ok()?;
    let is_input = |kind: InputKind| {
        use InputKind as Kind;
        matches!(
            kind,
            Kind::Lock(_)
                | Kind::Dockerfile
                | Kind::Terraform
                | Kind::OpenTofu
                | Kind::CloudFormation
                | Kind::Sam
                | Kind::Kubernetes
                | Kind::Helm
        )
    };
    let kinds = match by_content(path) {
        Some(look) => {
            let file = std::fs::File::open(top.join(path)).ok()?;
            let mut content = Vec::new();
            file.take(templates::MOST as u64).read_to_end(&mut content).ok()?;
            kinds_of(path, look, &content)
        }
        None => by_name::kinds(path),
    };
    kinds.iter().any(is_input).then(|| path.to_owned())
}

/// Asks git for the content of so many at the most: each is one process. What is left may be anything.
const MOST: usize = 200;

/// The kinds of those that git has.
pub(super) async fn kinds(top: &Path, unseen: Vec<Unseen>) -> BTreeMap<String, KindSet> {
    // A partial clone does not fetch them for this.
    let variables = BTreeMap::from([("GIT_NO_LAZY_FETCH".to_owned(), "1".to_owned())]);
    let mut known = BTreeMap::new();
    for one in unseen.into_iter().take(MOST) {
        let object = one.object.to_string();
        let Some(content) = git_with(&variables, &["cat-file", "blob", &object], top, GIT_LIMIT).await else {
            // It is not here, and so it is with the others.
            break;
        };
        let kinds = kinds_of(&one.path, one.look, &content);
        known.insert(one.path, kinds);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_says_what_a_name_does_not() {
        let object = ObjectId::read(&"0".repeat(40)).unwrap();
        for (path, content, expected) in [
            ("a/requirements.txt", "flask==3.0.0\n", Some("lock/pip")),
            ("requirements/dev.txt", "flask>=3\n", Some("manifest/pip")),
            ("a/x.yaml", "apiVersion: v1\nkind: Pod\n", Some("kubernetes")),
            ("a/x.json", "{\"AWSTemplateFormatVersion\": 1}", Some("cloudformation")),
            ("a/settings.yaml", "a: 1\n", Some("")),
            ("package-lock.json", "{}", None),
            ("notes.txt", "", None),
        ] {
            let unseen = Unseen::new(path.as_bytes(), object);
            let kinds = unseen.map(|one| {
                kinds_of(&one.path, one.look, content.as_bytes())
                    .iter()
                    .map(InputKind::id)
                    .collect::<Vec<_>>()
                    .join(" ")
            });
            assert_eq!(kinds.as_deref(), expected, "{path}");
        }
    }
}
