//! What `init` writes for Checkov: the folders of infrastructure, and the frameworks of what is in them.

use std::collections::BTreeSet;
use std::path::Path;

use crate::model::input::InputKind;
use crate::scan::invocation::Program;
use crate::scan::program::find;
use crate::scan::seen::{folder_of, is_aside};
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, common_top, dirs, list};

use super::is_dockerfile;

const COMMENT: &str = "Misconfigurations. Checkov rates nothing without a platform key, and\nunrated findings block; `unrated = \"medium\"` would let them pass.";

pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let mut suggestion = Suggestion::default();
    let (mut frameworks, mut folders) = (Vec::new(), BTreeSet::new());
    for (framework, kind) in super::FRAMEWORKS {
        let mut found = folders_of(seen, kind);
        if found.is_empty() {
            continue;
        }
        if kind == InputKind::TerraformRoot {
            let tofu: Vec<String> = found.iter().filter(|folder| seen.is_tofu(folder)).cloned().collect();
            for folder in tofu {
                suggestion.leave_out(
                    format!("a check of {folder}"),
                    "Checkov does not read files of OpenTofu (.tofu)",
                );
                found.remove(&folder);
            }
            if found.is_empty() {
                continue;
            }
        }
        if framework == "helm" && !is_installed("helm", &seen.top) {
            let why = "Checkov needs the program `helm` for charts, and it is not installed here";
            found.iter().for_each(|folder| suggestion.leave_out(folder, why));
            continue;
        }
        if !frameworks.iter().any(|known| known == framework) {
            frameworks.push(framework.to_owned());
        }
        folders.extend(found);
    }
    for path in seen.paths(InputKind::Dockerfile).into_iter().filter(|path| !is_dockerfile(name_of(path))) {
        suggestion
            .leave_out(format!("a check of {path}"), "Checkov takes no file of this name for a Dockerfile");
    }
    // One target: a folder alone may have nothing that Checkov has a check for, and then it proves nothing.
    if let Some(top) = common_top(&folders) {
        let keys = format!("{}framework = {}\n", dirs(&BTreeSet::from([top])), list(&frameworks));
        suggestion.gates.push(SuggestedGate::new("iac", COMMENT, keys));
    }
    suggestion
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
                .filter(|path| !is_aside(path) && is_dockerfile(name_of(path)))
                .map(|path| folder_of(path).to_owned())
                .collect()
        }
        kind => seen.folders(kind),
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_installed(program: &str, folder: &Path) -> bool {
    find(&Program { name: program.to_owned(), near: Vec::new() }, folder).is_some()
}
