//! The lock files of package managers: what `init` writes for them, and what a link in their place means.

use std::collections::BTreeSet;
use std::path::Path;

use crate::model::input::{InputKind, PackageManager};
use crate::scan::job::Job;
use crate::scan::parsed::Unplanned;
use crate::scan::seen::folder_of;
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, allow_empty, dirs};

/// An audit of the folders that hold such a lock file.
pub(super) fn suggest_audit(seen: &Seen, manager: PackageManager) -> Suggestion {
    let kind = InputKind::Lock(manager);
    let (folders, locks) = (seen.folders(kind), seen.paths(kind));
    let installs = |folder: &&String| {
        let mut own = locks.iter().filter(|path| folder_of(path) == folder.as_str());
        own.any(|path| !seen.installs_nothing(kind, path))
    };
    let empty: BTreeSet<String> = folders.iter().filter(|folder| !installs(folder)).cloned().collect();
    let keys = || format!("{}{}", dirs(&folders), allow_empty(&empty, &folders));
    Suggestion::of_some(!folders.is_empty(), || {
        SuggestedGate::new("audit", "Known vulnerabilities of what the lock files install.", keys())
    })
}

/// Says where a lock file that is a link leads. What lies outside the repository is in no commit, and on another
/// machine it may be another file: an audit of it proves nothing.
pub(super) fn follow_link(job: &mut Job, names: &[&str], root: &Path) -> Result<(), Unplanned> {
    for name in names {
        let path = job.invocation.cwd.join(name);
        if !path.is_symlink() {
            continue;
        }
        let shown = format!("{}/{name}", job.target);
        let shown = shown.trim_start_matches("./");
        let real = path.canonicalize().ok();
        let inside =
            root.canonicalize().ok().and_then(|root| Some(real?.strip_prefix(root).ok()?.to_owned()));
        match inside {
            Some(inside) => job.notes.push(format!("{shown} is a link to {}", inside.display())),
            None => {
                return Err(Unplanned::Impossible(format!(
                    "{shown} is a link that leads out of the repository: commit the lock file itself"
                )));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_lock_file_that_is_a_link_must_lead_to_a_file_of_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("repo");
        fs::create_dir_all(root.join("app")).unwrap();
        fs::write(folder.path().join("lock"), "").unwrap();
        fs::write(root.join("lock"), "").unwrap();
        let followed = |target: Option<&str>| {
            let lock = root.join("app/yarn.lock");
            let _ = fs::remove_file(&lock);
            if let Some(target) = target {
                symlink(target, &lock).unwrap();
            }
            let mut job = Job::new("yarn", "app", root.join("app"), String::new());
            follow_link(&mut job, &["yarn.lock"], &root).map(|()| job.notes)
        };
        assert_eq!(followed(None), Ok(vec![]));
        assert_eq!(followed(Some("../lock")), Ok(vec!["app/yarn.lock is a link to lock".to_owned()]));
        for target in ["../../lock", "/dev/null", "nothing", "yarn.lock"] {
            assert!(matches!(followed(Some(target)), Err(Unplanned::Impossible(_))), "{target}");
        }
    }
}
