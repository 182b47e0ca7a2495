//! What `init` writes for Syft: an SBOM of the folder where there is something to list, and of the images.

use std::collections::BTreeSet;

use crate::model::input::{InputKind, PackageManager as Manager};
use crate::scan::reads::locks;
use crate::scan::seen::folder_of;
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, dirs, tops};
use crate::tools::docker_build::init::{GATE, builds_images};
use crate::tools::syft::coverage::reads_name;

pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let all: Vec<(InputKind, String)> =
        locks().flat_map(|kind| seen.paths(kind).into_iter().map(move |path| (kind, path))).collect();
    let mut suggestion = Suggestion::default();
    let (read, unread): (Vec<_>, Vec<_>) = all.iter().partition(|(kind, path)| reads(*kind, path));
    // A folder with a lock file that Syft should read, and passes over, would be a gate with a gap.
    let gaps: Vec<&String> =
        unread.iter().filter(|(kind, path)| reads_name(*kind, name_of(path))).map(|(_, path)| path).collect();
    let is_whole = |folder: &String| !gaps.iter().any(|path| is_in(path, folder));
    let folders: BTreeSet<String> = match (read.is_empty(), gaps.is_empty()) {
        (false, true) => BTreeSet::from([".".to_owned()]),
        _ => read.iter().map(|(_, path)| folder_of(path).to_owned()).filter(is_whole).collect(),
    };
    if !folders.is_empty() {
        let comment = "Bill of materials: CycloneDX and SPDX below gates-report/sbom/.";
        suggestion.gates.push(SuggestedGate::new("sbom", comment, dirs(&tops(&folders))));
    }
    if !unread.is_empty() {
        let rest = all.iter().filter(|(_, path)| !folders.iter().any(|folder| is_in(path, folder)));
        for (_, path) in rest {
            suggestion.leave_out(
                format!("an SBOM of {path}"),
                "Syft 1.18 does not read all lock files there; a newer one may",
            );
        }
    }
    if builds_images(seen) {
        let comment = "Bills of materials of the images.";
        suggestion.gates.push(SuggestedGate::new("sbom-images", comment, format!("needs = [\"{GATE}\"]\n")));
    }
    suggestion
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_in(path: &str, folder: &str) -> bool {
    folder == "." || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether Syft lists the packages of a lock file (1.18: tried with a file of each manager).
fn reads(kind: InputKind, path: &str) -> bool {
    let name = name_of(path);
    match kind {
        InputKind::Lock(Manager::Bun | Manager::Conda | Manager::NuGet | Manager::Pdm | Manager::Uv) => false,
        InputKind::Lock(Manager::Npm) => name == "package-lock.json",
        InputKind::Lock(Manager::Pip) => !name.starts_with("pylock."),
        InputKind::Lock(Manager::Gradle) => name == "gradle.lockfile",
        _ => true,
    }
}
