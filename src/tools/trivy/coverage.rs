//! What became of the lock files that Trivy does not name.

use std::collections::BTreeSet;

use crate::inputs::Quirk;
use crate::scan::survey::{Judge, Survey, Unnamed};

/// The folders at the top of what it scans that Trivy leaves out (0.70, `pkg/fanal/walker/fs.go`, `defaultSkipDirs`).
const LEFT_OUT: [&str; 3] = ["dev", "proc", "sys"];

/// Says what became of each.
pub(super) fn judge<'a>(dirs: &[String], survey: &'a Survey<'a>) -> Judge<'a> {
    let dirs: Vec<String> = dirs.iter().map(|dir| survey.place_of(dir)).collect();
    Box::new(move |kind, path| {
        let mut left_out = dirs.iter().map(|dir| left_out(dir, path));
        let first = left_out.next().flatten();
        let why = match first.filter(|_| left_out.all(|one| one.is_some())) {
            Some(folder) => Some(format!(
                "Trivy leaves out a folder `{folder}` at the top of what it scans: name it in `dirs`, too"
            )),
            None => link(survey, path).or_else(|| {
                let quirk = survey.inputs.packages_in(path, kind).and_then(|packages| packages.quirk);
                quirk.map(|quirk| unread(quirk).to_owned())
            }),
        };
        Unnamed::Gap(why.map(|why| format!("{why}; `[[waiver]]` with `gap` accepts it").into()))
    })
}

/// The folder at the top of `dir` that Trivy leaves out, and in which a path lies.
fn left_out(dir: &str, path: &str) -> Option<&'static str> {
    let below = match dir {
        "." => Some(path),
        dir => path.strip_prefix(dir).and_then(|rest| rest.strip_prefix('/')),
    };
    let first = below?.split_once('/')?.0;
    LEFT_OUT.into_iter().find(|name| *name == first)
}

/// Trivy opens no link (`pkg/fanal/walker/fs.go`, 0.70).
fn link(survey: &Survey<'_>, path: &str) -> Option<String> {
    survey.inputs.files().get(path).filter(|file| file.is_link())?;
    let to = std::fs::read_link(survey.repo.root.join(path)).ok()?;
    Some(format!(
        "it is a link to {}, and Trivy follows none: scan that file under a name that it knows",
        to.display()
    ))
}

/// Why Trivy (0.70) can't read such a file.
pub(super) fn unread(quirk: Quirk) -> &'static str {
    match quirk {
        Quirk::NoRoot => "Trivy reads no lock file of a uv workspace without a project at its top",
        Quirk::Ranges => "Trivy does not know what a range of versions comes to: scan what Maven has built",
        Quirk::Elsewhere => "no package in it is written `name==version`, and Trivy reads no other form",
        Quirk::Profiles => "Trivy reads no profiles: scan what Maven has built",
        Quirk::Categories => "Trivy reads the category `default` of a Pipfile.lock alone",
        Quirk::Besides => {
            "Trivy takes some of its packages for development: `args = [\"--include-dev-deps\"]` has it list them"
        }
        Quirk::Documents => {
            "it has several documents, as pnpm 11 writes them, and Trivy reads the first alone, which is pnpm's own"
        }
    }
}

/// The innermost of these folders that a path lies in.
pub(super) fn scans<'d>(dirs: &'d BTreeSet<String>, path: &str) -> Option<&'d str> {
    let around = dirs.iter().filter(|dir| *dir == "." || path.starts_with(&format!("{dir}/")));
    around.max_by_key(|dir| if *dir == "." { 0 } else { dir.len() }).map(String::as_str)
}

/// The folders that Trivy has to scan to look at all of these: the top of them, and what it leaves out at the top of one.
pub(super) fn dirs_of(top: String, folders: &BTreeSet<String>) -> BTreeSet<String> {
    let mut dirs = BTreeSet::from([top]);
    loop {
        let more = folders.iter().find_map(|folder| {
            let path = format!("{folder}/");
            let dir = scans(&dirs, &path)?;
            let name = left_out(dir, &path)?;
            Some(if dir == "." { name.to_owned() } else { format!("{dir}/{name}") })
        });
        match more {
            Some(dir) => dirs.insert(dir),
            None => return dirs,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_trivy_leaves_out_at_the_top_is_scanned_by_itself() {
        for (top, folders, dirs) in [
            (".", &["."][..], &["."][..]),
            (".", &[".", "dev"], &[".", "dev"]),
            (".", &["a", "dev/web", "sys/dev/x", "sys/sys"], &[".", "dev", "sys", "sys/dev", "sys/sys"]),
            ("a", &["a/b", "a/proc"], &["a", "a/proc"]),
            ("dev/web", &["dev/web"], &["dev/web"]),
            (".", &["devices", "a/dev"], &["."]),
        ] {
            let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
            let found = dirs_of(top.to_owned(), &folders);
            assert!(found.iter().eq(dirs), "{folders:?}: {found:?}");
        }
    }
}
