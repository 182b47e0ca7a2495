//! The processes that descend from this one, from /proc. Only Linux gives us orphans as children.

use std::collections::HashMap;
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::process::{Pid, getpid};

pub(super) struct Descendant {
    pub pid: Pid,
    pub group: Pid,
}

/// Children but for these, their children, and so on, without dead ones.
pub(super) fn all(but: &[Pid]) -> Vec<Descendant> {
    let mut children: HashMap<Pid, Vec<Descendant>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| Pid::from_raw(name.parse().ok()?));
        let Some(pid) = pid else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // `pid (name) state parent group …`; the name may have any characters.
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        let mut fields = rest.split(' ');
        let alive = fields.next().is_some_and(|state| !matches!(state, "Z" | "X"));
        let mut next = || Pid::from_raw(fields.next()?.parse().ok()?);
        if let (true, Some(parent), Some(group)) = (alive, next(), next()) {
            children.entry(parent).or_default().push(Descendant { pid, group });
        }
    }
    let mut found = children.remove(&getpid()).unwrap_or_default();
    found.retain(|child| !but.contains(&child.pid));
    let mut at = 0;
    while let Some(one) = found.get(at) {
        found.extend(children.remove(&one.pid).unwrap_or_default());
        at += 1;
    }
    found
}

/// Whether a process has this pipe open.
pub(super) fn has_open(pid: Pid, pipe: &OwnedFd) -> bool {
    let Ok(ours) = fs::read_link(format!("/proc/self/fd/{}", pipe.as_raw_fd())) else { return false };
    let files = fs::read_dir(format!("/proc/{}/fd", pid.as_raw_nonzero())).into_iter().flatten();
    ours.to_string_lossy().starts_with("pipe:")
        && files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|its| its == ours))
}
