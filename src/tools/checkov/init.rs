//! What `init` writes for Checkov: the folders of infrastructure, and the frameworks of what is in them.

use std::collections::BTreeSet;
use std::path::Path;

use crate::model::input::InputKind;
use crate::scan::invocation::Program;
use crate::scan::program::find;
use crate::scan::seen::{folder_of, name_of};
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, allow_empty, common_top, dirs, list};

use super::checked::{has_checked, may_be_checked};
use super::is_dockerfile;

const COMMENT: &str = "Misconfigurations. Checkov rates nothing without a platform key, and\nunrated findings block; `unrated = \"medium\"` would let them pass.";
const PERHAPS: &str = "Checkov may have no check for what is here yet; then this gate is skipped.";

pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let mut suggestion = Suggestion::default();
    let (mut frameworks, mut folders, mut sure) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (framework, kind) in super::FRAMEWORKS {
        let found = found(seen, kind, &mut suggestion);
        if found.is_empty() {
            continue;
        }
        sure.extend(surely_checked(seen, kind));
        // It reads `.tf.json` by another name.
        let is_json =
            |folder: &String| seen.terraform_files(folder).iter().any(|file| file.ends_with(".tf.json"));
        let more =
            (kind == InputKind::TerraformRoot && found.iter().any(is_json)).then_some("terraform_json");
        for framework in [framework].into_iter().chain(more) {
            if !frameworks.iter().any(|known| known == framework) {
                frameworks.push(framework.to_owned());
            }
        }
        folders.extend(found);
    }
    for path in seen.paths(InputKind::Dockerfile).into_iter().filter(|path| !is_dockerfile(name_of(path))) {
        suggestion
            .leave_out(format!("a check of {path}"), "Checkov takes no file of this name for a Dockerfile");
    }
    for path in seen.overlays() {
        suggestion
            .leave_out(path, "what it makes is in no file, and Checkov needs kubectl or kustomize for it");
    }
    let top = common_top(&folders);
    // One target: a folder alone may have nothing that Checkov has a check for, and then it proves nothing.
    if let Some(top) = top {
        let targets = with_hidden(top, &folders);
        let (mut comment, mut keys) = (COMMENT.to_owned(), dirs(&targets));
        keys.push_str(&format!("framework = {}\n", list(&frameworks)));
        let looks_at = |target: &str, folder: &String| {
            let inside = match target {
                "." => {
                    Some(folder.trim_start_matches('.')).filter(|_| !folder.starts_with('.') || folder == ".")
                }
                target => folder.strip_prefix(target).filter(|rest| rest.is_empty() || rest.starts_with('/')),
            };
            inside.is_some_and(|inside| !inside.contains("/."))
        };
        let is_empty = |target: &&String| !sure.iter().any(|folder| looks_at(target, folder));
        let empty: BTreeSet<String> = targets.iter().filter(is_empty).cloned().collect();
        if !empty.is_empty() {
            comment = format!("{COMMENT}\n{PERHAPS}");
            keys.push_str(&allow_empty(&empty, &targets));
        }
        suggestion.gates.push(SuggestedGate::new("iac", comment, keys));
    }
    suggestion
}

/// A folder, and those below it that Checkov passes over unless it is started in them.
fn with_hidden(top: String, folders: &BTreeSet<String>) -> BTreeSet<String> {
    let mut targets = BTreeSet::from([top.clone()]);
    let start = if top == "." { 0 } else { top.split('/').count() };
    for folder in folders.iter().filter(|folder| *folder != ".") {
        let parts: Vec<&str> = folder.split('/').collect();
        let hidden = (start..parts.len()).filter(|at| parts[*at].starts_with('.'));
        targets.extend(hidden.map(|at| parts[..=at].join("/")));
    }
    targets
}

/// The folders of a kind that Checkov can read. What it can't is left out.
fn found(seen: &Seen, kind: InputKind, suggestion: &mut Suggestion) -> BTreeSet<String> {
    let found = folders_of(seen, kind);
    match kind {
        InputKind::Helm if !is_installed("helm", &seen.top) => {
            let why = "Checkov needs the program `helm` for charts, and it is not installed here";
            found.iter().for_each(|folder| suggestion.leave_out(folder, why));
            BTreeSet::new()
        }
        InputKind::TerraformRoot => {
            let why = "Checkov does not read files of OpenTofu (.tofu)";
            let (tofu, rest): (BTreeSet<_>, _) = found.into_iter().partition(|folder| seen.is_tofu(folder));
            tofu.iter().for_each(|folder| suggestion.leave_out(format!("a check of {folder}"), why));
            rest
        }
        _ => found,
    }
}

/// The folders with something of a kind for which Checkov surely has a check.
fn surely_checked(seen: &Seen, kind: InputKind) -> BTreeSet<String> {
    let is_checked = |path: &String| {
        !path.ends_with(".cfn") && seen.text(path).is_none_or(|text| has_checked(kind, path, &text))
    };
    let files_with = |is: &dyn Fn(&String) -> bool| {
        let files = seen.paths(kind).into_iter().filter(|path| is(path));
        files.map(|path| folder_of(&path).to_owned()).collect()
    };
    match kind {
        InputKind::TerraformRoot => {
            let folders = folders_of(seen, kind).into_iter().filter(|folder| !seen.is_tofu(folder));
            folders.filter(|folder| seen.terraform_files(folder).iter().any(is_checked)).collect()
        }
        InputKind::Kubernetes => files_with(&|path| seen.text(path).is_none_or(|text| may_be_checked(&text))),
        _ => files_with(&is_checked),
    }
}

/// The folders of a kind. With a root of Terraform come the modules.
fn folders_of(seen: &Seen, kind: InputKind) -> BTreeSet<String> {
    match kind {
        InputKind::TerraformRoot => {
            let roots: BTreeSet<String> = seen.paths(kind).into_iter().collect();
            match roots.is_empty() {
                true => roots,
                false => roots.into_iter().chain(seen.paths(InputKind::TerraformModule)).collect(),
            }
        }
        InputKind::Dockerfile => {
            let files = seen.paths(kind);
            files
                .iter()
                .filter(|path| is_dockerfile(name_of(path)))
                .map(|path| folder_of(path).to_owned())
                .collect()
        }
        // It reads templates by their endings.
        InputKind::CloudFormation | InputKind::Sam => {
            let files = seen.paths(kind).into_iter().filter(|path| !path.ends_with(".cfn"));
            files.map(|path| folder_of(&path).to_owned()).collect()
        }
        kind => seen.folders(kind),
    }
}

fn is_installed(program: &str, folder: &Path) -> bool {
    find(&Program { name: program.to_owned(), near: Vec::new() }, folder).is_some()
}
