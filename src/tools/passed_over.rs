//! Files that a scanner does not open by its own rules: behind links, in folders that it passes over. Each run
//! counts them, so that nobody takes them for files without findings.

use std::collections::BTreeMap;

use crate::inputs::File;
use crate::scan::scene::Scene;
use crate::text::paths::normalise;

/// Counts what a scanner of a folder does not open.
pub(super) struct PassedOver<'a> {
    /// Whether it passes over a folder of this name.
    pub folder: fn(&str) -> bool,
    /// Why the files in it are not read: `in a hidden folder`.
    pub why: &'static str,
    /// Whether the scanner would have read a file of such a folder.
    pub wanted: &'a dyn Fn(&File<'_>) -> bool,
    /// Whether it does not open links to files either.
    pub file_links: bool,
}

/// The reason for files behind links.
const LINK: &str = "a link";

/// For scanners that open no link that leads out of the folder.
pub(super) const LINKS: PassedOver =
    PassedOver { folder: |_| false, why: "", wanted: &|_| true, file_links: true };

impl PassedOver<'_> {
    /// The number of files for each reason. A link that leads into the folder itself hides nothing. `dir` counts from gates.toml.
    pub(super) fn count(&self, scene: &Scene, dir: &str) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        let top = normalise(&scene.repo.base.join(dir));
        let Ok(real_top) = top.canonicalize() else { return counts };
        for (path, file) in scene.files_below(dir) {
            let folders = || path.rsplit_once('/').map_or("", |(folders, _)| folders).split('/');
            if folders().any(is_foreign) {
                continue;
            }
            if file.is_link() {
                // A broken link has nothing behind it.
                let Ok(real) = scene.repo.root.join(file.os_path()).canonicalize() else { continue };
                if !real.starts_with(&real_top)
                    && (real.is_dir() || (self.file_links && (self.wanted)(&file)))
                {
                    *counts.entry(LINK).or_default() += 1;
                }
            } else if folders().any(self.folder) && (self.wanted)(&file) {
                *counts.entry(self.why).or_default() += 1;
            }
        }
        counts
    }
}

/// Folders without files of the project itself.
fn is_foreign(name: &str) -> bool {
    [".git", "node_modules", ".terraform", ".venv", ".tox", "gates-report"].contains(&name)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use crate::inputs::Inputs;
    use crate::system::git::Repo;

    use super::*;

    #[test]
    fn files_behind_links_and_in_passed_over_folders_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let top = root.join("top");
        for name in
            ["top/a.tf", "top/.old/b.tf", "top/.old/c.md", "top/.old/d/e.tf", "top/.git/f.tf", "other/g.tf"]
        {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        for (target, link) in
            [("../other/g.tf", "g.tf"), ("../other", "other"), ("a.tf", "h.tf"), ("gone", "i.tf")]
        {
            symlink(target, top.join(link)).unwrap();
        }
        let inputs = Inputs::outside_git(&root);
        let repo = Repo { root: root.clone(), base: root, ..Repo::default() };
        let scene = Scene { repo: &repo, gate: "gate", since: None, built: &[], inputs: &inputs };
        let count = |file_links| {
            let wanted = |file: &File<'_>| file.name().ends_with(".tf");
            let folder = |name: &str| name.starts_with('.');
            PassedOver { folder, why: "hidden", wanted: &wanted, file_links }.count(&scene, "top")
        };
        assert_eq!(count(true), BTreeMap::from([("hidden", 2), ("a link", 2)]));
        assert_eq!(count(false), BTreeMap::from([("hidden", 2), ("a link", 1)]));
    }
}
