//! What `init` writes for the lock files of a package manager.

use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, dirs};

/// An audit of the folders that hold one of these files.
pub(super) fn suggest_audit(seen: &Seen, files: &[&str], what: &'static str) -> Suggestion {
    let folders = seen.folders(|file| files.contains(&file.name.as_str()));
    Suggestion::for_seen(folders.len(), what, || {
        SuggestedGate::new("audit", "Known vulnerabilities of what the lock files install.", dirs(&folders))
    })
}
