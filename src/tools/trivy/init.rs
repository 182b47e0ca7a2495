//! What `init` writes for Trivy: a scan of the folder where there is a lock file that it reads, and of the images.

use std::collections::BTreeSet;

use crate::scan::reads::locks;
use crate::scan::seen::folder_of;
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, common_top, dirs, list};
use crate::tools::docker_build::init::{GATE, builds_images};
use crate::tools::trivy::lock_names::{pattern_for, reads_lock};

pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let mut suggestion = Suggestion::default();
    let (mut read, mut patterns) = (Vec::new(), BTreeSet::new());
    for (kind, path) in locks().flat_map(|kind| seen.paths(kind).into_iter().map(move |path| (kind, path))) {
        match pattern_for(kind, &path) {
            _ if reads_lock(kind, &path) => read.push((kind, path)),
            Some(pattern) => {
                patterns.insert(pattern.to_owned());
                read.push((kind, path));
            }
            None => suggestion.leave_out(path, "no scanner here reads a lock file of this name"),
        }
    }
    let folders: BTreeSet<String> = read.iter().map(|(_, path)| folder_of(path).to_owned()).collect();
    if let Some(top) = common_top(&folders) {
        let comment = "Known vulnerabilities of what the lock files name, and secrets in the files here.";
        // Where all is to be read, files without packages count, too.
        let own = if seen.is_rest() && top != "." { dirs(&BTreeSet::from([top])) } else { String::new() };
        // Without a package that is shipped, Trivy reports nothing (`--include-dev-deps`): the gate begins with the first.
        let ships = read.iter().any(|(kind, path)| !seen.ships_nothing(*kind, path));
        let empty = if ships { "" } else { "allow_empty = true\n" };
        let names = match patterns.is_empty() {
            true => String::new(),
            false => format!("file_patterns = {}\n", list(&patterns)),
        };
        let gate = SuggestedGate::new("packages", comment, format!("scan = \"fs\"\n{own}{names}{empty}"));
        suggestion.gates.push(gate.stage("Dependency audit"));
    }
    if builds_images(seen) {
        let comment = "Vulnerabilities and secrets in the images that `images` built.";
        let keys = format!("scan = \"image\"\nneeds = [\"{GATE}\"]\n");
        suggestion.gates.push(SuggestedGate::new("image-scan", comment, keys));
    }
    suggestion
}
