//! What `init` writes for Trivy: a scan of the folder where there is a lock file that it reads, and of the images.

use std::collections::BTreeSet;

use crate::inputs::Quirk;
use crate::scan::reads::locks;
use crate::scan::seen::folder_of;
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, allow_empty, common_top, dirs, list, tops};
use crate::tools::docker_build::init::{GATE, builds_images};
use crate::tools::trivy::coverage;
use crate::tools::trivy::lock_names::{pattern_for, reads_lock};

pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let mut suggestion = Suggestion::default();
    let (mut read, mut patterns) = (Vec::new(), BTreeSet::new());
    let (mut unread, mut besides) = (Vec::new(), false);
    for (kind, path) in locks().flat_map(|kind| seen.paths(kind).into_iter().map(move |path| (kind, path))) {
        let quirk = seen.packages_in(kind, &path).and_then(|packages| packages.quirk);
        besides |= quirk == Some(Quirk::Besides);
        if let Some(quirk) = quirk.filter(|quirk| *quirk != Quirk::Besides) {
            suggestion
                .leave_out(&path, format!("{}; a scan of its folder has a gap", coverage::unread(quirk)));
            unread.push(path);
            continue;
        }
        match pattern_for(kind, &path) {
            _ if reads_lock(kind, &path) => read.push((kind, path)),
            Some(pattern) => {
                patterns.insert(pattern);
                read.push((kind, path));
            }
            None => suggestion.leave_out(path, "no scanner here reads a lock file of this name"),
        }
    }
    let folders: BTreeSet<String> = read.iter().map(|(_, path)| folder_of(path).to_owned()).collect();
    if let Some(top) = common_top(&folders) {
        let comment = "Known vulnerabilities of what the lock files name, and secrets in the files here.";
        // Where all is to be read, files without packages count, too.
        let top = if seen.is_rest() { top } else { ".".to_owned() };
        let scanned = match unread.is_empty() {
            true => coverage::dirs_of(top, &folders),
            false => tops(&folders),
        };
        let own = if scanned.iter().eq(["."]) { String::new() } else { dirs(&scanned) };
        // Without a package that is shipped, Trivy reports nothing (`--include-dev-deps`): the gate begins with the first.
        let ships = |dir: &&String| {
            let mut own =
                read.iter().filter(|(_, path)| coverage::scans(&scanned, path) == Some(dir.as_str()));
            own.any(|(kind, path)| !seen.ships_nothing(*kind, path))
        };
        let empty = scanned.iter().filter(|dir| !ships(dir)).cloned().collect();
        let empty = allow_empty(&empty, &scanned);
        let names = match patterns.is_empty() {
            true => String::new(),
            false => format!("file_patterns = {}\n", list(&patterns)),
        };
        // What the project at the top does not need counts as development for Trivy.
        let args = if besides { "args = [\"--include-dev-deps\"]\n" } else { "" };
        let keys = format!("scan = \"fs\"\n{own}{names}{args}{empty}");
        let gate = SuggestedGate::new("packages", comment, keys);
        suggestion.gates.push(gate.stage("Dependency audit"));
    }
    if builds_images(seen) {
        let comment = "Vulnerabilities and secrets in the images that `images` built.";
        let keys = format!("scan = \"image\"\nneeds = [\"{GATE}\"]\n");
        suggestion.gates.push(SuggestedGate::new("image-scan", comment, keys));
    }
    suggestion
}
