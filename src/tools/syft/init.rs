//! What `init` writes for Syft: an SBOM of the folder where there is something to list, and of the images.

use std::collections::BTreeSet;

use crate::inputs::Quirk;
use crate::model::input::InputKind;
use crate::scan::reads::locks;
use crate::scan::seen::{folder_of, name_of};
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, allow_empty, dirs, tops};
use crate::tools::docker_build::init::{GATE, builds_images};
use crate::tools::syft::lock_names::{finds_lock, reads_lock};

pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let all: Vec<(InputKind, String)> =
        locks().flat_map(|kind| seen.paths(kind).into_iter().map(move |path| (kind, path))).collect();
    let mut suggestion = Suggestion::default();
    // An inventory that lacks packages of a file would be a gap, too.
    let is_whole_file = |kind: InputKind, path: &str| {
        let quirk = seen.packages_in(kind, path).and_then(|packages| packages.quirk);
        let includes_unread = || seen.included_in(kind, path).iter().any(|file| !reads_lock(kind, file));
        !quirk.is_some_and(lacks_some) && !includes_unread()
    };
    let (read, unread): (Vec<_>, Vec<_>) =
        all.iter().partition(|(kind, path)| reads_lock(*kind, path) && is_whole_file(*kind, path));
    // A folder with a lock file that Syft should read, and passes over, would be a gate with a gap.
    let (gaps, passed): (Vec<_>, Vec<_>) =
        unread.into_iter().partition(|(kind, path)| finds_lock(*kind, path));
    let is_whole = |folder: &String| !gaps.iter().any(|(_, path)| is_in(path, folder));
    let folders: BTreeSet<String> = match (read.is_empty(), gaps.is_empty()) {
        (false, true) => BTreeSet::from([".".to_owned()]),
        _ => read.iter().map(|(_, path)| folder_of(path).to_owned()).filter(is_whole).collect(),
    };
    if !folders.is_empty() {
        let comment = "Bill of materials: CycloneDX and SPDX below gates-report/sbom/.";
        let tops = tops(&folders);
        // Newer versions of Syft leave out what only development needs.
        let ships = |top: &&String| {
            let mut own = read.iter().filter(|(_, path)| is_in(path, top));
            own.any(|(kind, path)| !seen.ships_nothing(*kind, path))
        };
        let empty = tops.iter().filter(|top| !ships(top)).cloned().collect();
        let keys = format!("{}{}", dirs(&tops), allow_empty(&empty, &tops));
        suggestion.gates.push(SuggestedGate::new("sbom", comment, keys));
    }
    for (_, path) in &passed {
        suggestion.leave_out(format!("an SBOM of {path}"), "Syft looks for no lock file of this name");
    }
    let found = all.iter().filter(|(kind, path)| finds_lock(*kind, path));
    for (_, path) in found.filter(|(_, path)| !folders.iter().any(|folder| is_in(path, folder))) {
        let why = match name_of(path).starts_with("pylock.") {
            true => "Syft reads no pylock.toml",
            false => "Syft 1.18 does not read all lock files there, or not whole; a newer one may",
        };
        suggestion.leave_out(format!("an SBOM of {path}"), why);
    }
    if builds_images(seen) {
        let comment = "Bills of materials of the images.";
        suggestion.gates.push(SuggestedGate::new("sbom-images", comment, format!("needs = [\"{GATE}\"]\n")));
    }
    suggestion
}

/// Whether version 1.18 lists some packages of such a file, and not all.
fn lacks_some(quirk: Quirk) -> bool {
    match quirk {
        Quirk::Documents | Quirk::Profiles | Quirk::Categories | Quirk::Elsewhere => true,
        Quirk::NoRoot | Quirk::Ranges | Quirk::Besides => false,
    }
}

fn is_in(path: &str, folder: &str) -> bool {
    folder == "." || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
