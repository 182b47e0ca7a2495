//! Files of the scratch folder: only this user may read them.

use std::fs::{self, DirEntry, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The rights of the owner.
const OWNER: u32 = 0o700;

/// Opens a file for writing, new or emptied.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Writes a file.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    create(path)?.write_all(content.as_ref())
}

/// Takes the rights of all others from the files that a program left in this folder. A file that has a second
/// name may be one of the project, or of a package manager's cache: it stays as it is.
pub(crate) fn close(folder: &Path) {
    for_each(folder, &mut |entry| {
        if let Ok(meta) = entry.metadata()
            && meta.is_file()
            && meta.nlink() == 1
        {
            let _ = fs::set_permissions(entry.path(), Permissions::from_mode(meta.mode() & OWNER));
        }
    });
}

/// Removes a folder with everything in it, even if a program has left folders there that can't be written.
pub(crate) fn remove_folder(folder: &Path) {
    if fs::remove_dir_all(folder).is_err() {
        for_each(folder, &mut |entry| {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let _ = fs::set_permissions(entry.path(), Permissions::from_mode(OWNER));
            }
        });
        let _ = fs::remove_dir_all(folder);
    }
}

/// Visits everything below a folder, each folder before its content; no link is followed.
fn for_each(folder: &Path, visit: &mut dyn FnMut(&DirEntry)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        visit(&entry);
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            for_each(&entry.path(), visit);
        }
    }
}
