//! What there is in a repository that somebody should look at, without sources.

use std::collections::HashSet;

use crate::inputs::{File, Inputs, TerraformFolder};
use crate::model::input::{InputKind, PackageManager, Standing};

/// One input.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) kind: InputKind,
    pub(super) path: String,
    /// In a submodule, or in another repository inside this one.
    pub(super) nested: bool,
}

/// The kinds that somebody should look at. Others only help to find these.
pub(super) fn is_asked(kind: InputKind) -> bool {
    use InputKind as Kind;
    matches!(
        kind,
        Kind::Lock(_)
            | Kind::Manifest(PackageManager::Maven)
            | Kind::Dockerfile
            | Kind::TerraformRoot
            | Kind::CloudFormation
            | Kind::Sam
            | Kind::Kubernetes
            | Kind::Helm
            | Kind::TsConfig
            | Kind::Eslint
    )
}

pub(super) fn asked(inputs: &Inputs) -> Vec<Asked> {
    // A base of others, and a list of references, are no projects.
    let projects = inputs.typescript().iter().filter(|project| !project.is_base() && !project.is_solution());
    let projects: HashSet<&str> = projects.map(|project| project.path.as_str()).collect();
    let own = |file: &File| file.standing() != Standing::Ignored;
    let of_file = inputs.files().iter().filter(own).flat_map(|file| {
        let kinds: Vec<InputKind> = file.kinds().iter().filter(|kind| is_asked(*kind)).collect();
        let (path, nested) = (file.path().into_owned(), file.is_nested());
        kinds.into_iter().map(move |kind| Asked { kind, path: path.clone(), nested })
    });
    let is_own = |one: &Asked| one.kind != InputKind::TsConfig || projects.contains(one.path.as_str());
    let roots = inputs.terraform().iter().filter(|folder| folder.is_root());
    let root = |folder: &TerraformFolder| Asked {
        kind: InputKind::TerraformRoot,
        path: folder.folder.clone(),
        nested: false,
    };
    of_file.filter(is_own).chain(roots.map(root)).collect()
}
