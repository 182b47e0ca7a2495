//! What the file system says of a file, by which git knows that it did not change.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Times, inode and size of a file, as git's index keeps them: inode and size have 32 bits (gitformat-index).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    /// When its inode changed, in nanoseconds of the Unix epoch.
    pub(super) changed: i64,
    /// When its content changed.
    pub(super) modified: i64,
    pub(super) inode: u32,
    pub(super) size: u32,
}

impl Stamp {
    pub(super) fn of(meta: &Metadata) -> Self {
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            changed: nanoseconds(meta.ctime(), meta.ctime_nsec()),
            modified: nanoseconds(meta.mtime(), meta.mtime_nsec()),
            // The lower bits, as git keeps them.
            inode: meta.ino() as u32,
            size: meta.len() as u32,
        }
    }

    /// Whether the index proves that the file is as it was. A git that is built or set to keep no nanoseconds, change
    /// time or inode has zeros there, and proves nothing here.
    pub(super) fn proves(self, now: Self) -> bool {
        self.modified != 0 && self == now
    }
}
