//! Files that a scanner does not open by its own rules: behind links, in folders that it passes over. Each run
//! counts them, so that nobody takes them for files without findings.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// The most folders that are looked into. A larger project is no reason to wait.
const MOST: usize = 20_000;

/// Counts what a scanner of the folder `top` does not open.
pub(super) struct PassedOver<'a> {
    /// Whether it passes over a folder of this name.
    pub folder: fn(&OsStr) -> bool,
    /// Why the files in it are not read: `in a hidden folder`.
    pub why: &'static str,
    /// Whether the scanner would have read a file of such a folder.
    pub wanted: &'a dyn Fn(&Path) -> bool,
    /// Whether it does not open links to files either.
    pub file_links: bool,
}

/// The reason for files behind links.
const LINK: &str = "a link";

impl PassedOver<'_> {
    /// The number of files for each reason. A link that leads into the folder itself hides nothing.
    pub(super) fn count(&self, top: &Path) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        let Ok(real_top) = top.canonicalize() else { return counts };
        let mut folders = vec![(top.to_owned(), false)];
        let mut seen = 0;
        while let Some((folder, hidden)) = folders.pop() {
            seen += 1;
            if seen > MOST {
                break;
            }
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let (name, path, Ok(kind)) = (entry.file_name(), entry.path(), entry.file_type()) else {
                    continue;
                };
                if kind.is_symlink() {
                    // A broken link has nothing behind it.
                    let Ok(real) = path.canonicalize() else { continue };
                    if !real.starts_with(&real_top)
                        && (real.is_dir() || (self.file_links && (self.wanted)(&path)))
                    {
                        *counts.entry(LINK).or_default() += 1;
                    }
                } else if kind.is_dir() && !is_foreign(&name) {
                    folders.push((path, hidden || (self.folder)(&name)));
                } else if kind.is_file() && hidden && (self.wanted)(&path) {
                    *counts.entry(self.why).or_default() += 1;
                }
            }
        }
        counts
    }
}

/// Folders without files of the project itself.
fn is_foreign(name: &OsStr) -> bool {
    [".git", "node_modules", ".terraform", ".venv", ".tox", "gates-report"]
        .iter()
        .any(|foreign| name == *foreign)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn files_behind_links_and_in_passed_over_folders_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("top");
        for name in
            ["top/a.tf", "top/.old/b.tf", "top/.old/c.md", "top/.old/d/e.tf", "top/.git/f.tf", "other/g.tf"]
        {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        for (target, link) in
            [("../other/g.tf", "g.tf"), ("../other", "other"), ("a.tf", "h.tf"), ("gone", "i.tf")]
        {
            symlink(target, top.join(link)).unwrap();
        }
        let count = |file_links| {
            let wanted = |path: &Path| path.extension() == Some(OsStr::new("tf"));
            let folder = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
            PassedOver { folder, why: "hidden", wanted: &wanted, file_links }.count(&top)
        };
        assert_eq!(count(true), BTreeMap::from([("hidden", 2), ("a link", 2)]));
        assert_eq!(count(false), BTreeMap::from([("hidden", 2), ("a link", 1)]));
    }
}
