//! What `init` writes for Syft: an SBOM of the folder where there is something to list, and of the images.

use crate::model::input::{InputKind, PackageManager as Manager};
use crate::scan::reads::locks;
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion};
use crate::tools::docker_build::init::{GATE, builds_images};

pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let all: Vec<(InputKind, String)> =
        locks().flat_map(|kind| seen.paths(kind).into_iter().map(move |path| (kind, path))).collect();
    let mut suggestion = Suggestion::default();
    if all.iter().any(|(kind, path)| reads(*kind, path)) {
        let comment = "Bill of materials: CycloneDX and SPDX below gates-report/sbom/.";
        suggestion.gates.push(SuggestedGate::new("sbom", comment, "dirs = [\".\"]\n"));
    } else {
        for (_, path) in &all {
            suggestion.leave_out(
                format!("an SBOM of {path}"),
                "Syft 1.18 does not read such a file; a newer one may",
            );
        }
    }
    if builds_images(seen) {
        let comment = "Bills of materials of the images.";
        suggestion.gates.push(SuggestedGate::new("sbom-images", comment, format!("needs = [\"{GATE}\"]\n")));
    }
    suggestion
}

/// Whether Syft lists the packages of a lock file (1.18: tried with a file of each manager).
fn reads(kind: InputKind, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match kind {
        InputKind::Lock(Manager::Bun | Manager::NuGet | Manager::Uv) => false,
        InputKind::Lock(Manager::Npm) => name == "package-lock.json",
        InputKind::Lock(Manager::Pip) => !name.starts_with("pylock."),
        InputKind::Lock(Manager::Gradle) => name == "gradle.lockfile",
        _ => true,
    }
}
