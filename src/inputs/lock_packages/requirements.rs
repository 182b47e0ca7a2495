//! Requirements files, line by line, and `pylock.toml`.
//!
//! Source: pip, "Requirements File Format"; PEP 508 and PEP 751. Trivy reads `name==version` on one line, and passes over every other form.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::text::paths::{forward, normalise};

use super::{LockPackage, LockPackages, Quirk, python_name};

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    /// A package by its name.
    Package(String),
    /// An archive or a repository, by the last part of its address.
    Elsewhere(String),
    /// `-r`, or `-c` for constraints.
    Include(String),
    /// A folder, another option.
    Nothing,
}

pub(super) fn read(text: &str) -> Option<LockPackages> {
    let mut found = LockPackages::default();
    let mut any_exact = false;
    for (line, text) in lines(text) {
        if let Said::Package(name) | Said::Elsewhere(name) = said(&text) {
            any_exact |= text.contains("==") && !text.contains(['(', '@']);
            found.shipped.push(LockPackage { name, version: None, line: Some(line) });
        }
    }
    found.quirk = (!any_exact && !found.shipped.is_empty()).then_some(Quirk::Elsewhere);
    Some(found)
}

/// The files that a requirements file of this folder includes, from the top of the repository.
pub(in crate::inputs) fn included(text: &str, folder: &str) -> Vec<String> {
    let of_line = |(_, text): (usize, String)| match said(&text) {
        Said::Include(file) if !file.contains("://") => {
            let path = forward(&normalise(&Path::new(folder).join(file))).to_string();
            (!path.starts_with("..") && !path.starts_with('/')).then_some(path)
        }
        _ => None,
    };
    lines(text).into_iter().filter_map(of_line).collect()
}

/// The names of the packages that it asks for, as PyPI compares them.
pub(in crate::inputs) fn names(text: &str) -> Vec<String> {
    let of_line = |(_, text): (usize, String)| match said(&text) {
        Said::Package(name) => Some(python_name(&name)),
        _ => None,
    };
    lines(text).into_iter().filter_map(of_line).collect()
}

/// A file of PEP 751.
pub(super) fn pylock(text: &str) -> Option<LockPackages> {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Pylock {
        #[serde(rename = "lock-version")]
        _version: IgnoredAny,
        #[serde(default)]
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: Option<String>,
        directory: Option<IgnoredAny>,
    }
    let lock: Pylock = toml::from_str(text).ok()?;
    let others = lock.packages.into_iter().filter(|package| package.directory.is_none());
    let shipped = others.map(|package| LockPackage::new(package.name, package.version)).collect();
    Some(LockPackages { shipped, ..LockPackages::default() })
}

/// The lines of a requirements file, without comments and with those that continue them, each with the number of its first.
fn lines(text: &str) -> Vec<(usize, String)> {
    let mut all: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (index, line) in text.lines().enumerate() {
        let (line, more) = match line.strip_suffix('\\') {
            Some(line) => (line, true),
            None => (line, false),
        };
        let is_comment = line.trim_start().starts_with('#');
        match all.last_mut().filter(|_| goes_on) {
            Some((_, whole)) if !is_comment => whole.push_str(line),
            Some(_) => {}
            None if is_comment => continue,
            None => all.push((index + 1, line.to_owned())),
        }
        goes_on = more;
    }
    for (_, line) in &mut all {
        let comment = line.match_indices('#').find(|(at, _)| line[..*at].ends_with([' ', '\t']));
        line.truncate(comment.map_or(line.len(), |(at, _)| at));
        *line = line.trim().to_owned();
    }
    all.retain(|(_, line)| !line.is_empty());
    all
}

fn said(line: &str) -> Said {
    if line.starts_with('-') {
        let options = ["-r", "--requirement", "-c", "--constraint"];
        let file = options.iter().filter_map(|option| line.strip_prefix(option)).next_back();
        let file = file.filter(|file| file.starts_with([' ', '\t', '=']) || !line.starts_with("--"));
        return match file.map(|file| file.trim_start_matches(['=', ' ', '\t']).trim_matches(['"', '\''])) {
            Some(file) if !file.is_empty() => Said::Include(file.to_owned()),
            _ => Said::Nothing,
        };
    }
    let line = line.split(" ;").next().unwrap_or(line);
    let end = line.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c))).unwrap_or(line.len());
    let rest = line[end..].trim_start();
    let is_name = end > 0
        && !line.starts_with('.')
        && (rest.is_empty() || rest.starts_with(['[', '(', '@', '=', '<', '>', '!', '~', ';', '-', '#']));
    match is_name && !is_archive(&line[..end]) {
        true => Said::Package(line[..end].to_owned()),
        false => elsewhere(line),
    }
}

/// `git+https://…/pyyaml@5.3#egg=pyyaml`, `./wheels/a-1.whl`. Nothing else of the address is told: it may have a password.
fn elsewhere(address: &str) -> Said {
    let (place, fragment) = address.split_once('#').unwrap_or((address, ""));
    let egg = fragment.split('&').find_map(|part| part.strip_prefix("egg=")).filter(|egg| !egg.is_empty());
    let place = place.split(['?', ' ']).next().unwrap_or(place);
    let last = place.trim_end_matches('/').rsplit('/').next().unwrap_or(place);
    let is_remote = place.contains("://") && !place.starts_with("file:");
    match egg {
        Some(egg) => Said::Elsewhere(egg.to_owned()),
        None if is_remote || is_archive(place) => {
            let last = last.split('@').next().unwrap_or(last);
            Said::Elsewhere(last.trim_end_matches(".git").to_owned())
        }
        None => Said::Nothing,
    }
}

fn is_archive(place: &str) -> bool {
    [".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"].iter().any(|ending| place.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::super::tests::names as shipped;
    use super::{Quirk, included, names, read};

    #[test]
    fn each_line_with_a_package_counts_in_every_form() {
        for (text, name, line) in [
            ("# c\npyyaml==5.3", "pyyaml", 2),
            ("py_yaml[full]==5.3;python_version>'3'", "py_yaml", 1),
            ("pyyaml === 5.3  # why", "pyyaml", 1),
            ("pyyaml (==5.3)", "pyyaml", 1),
            ("pyyaml\\\n==5.3", "pyyaml", 1),
            ("pyyaml==5.3 \\\n    --hash=sha256:ab\\\n    --hash=sha256:cd", "pyyaml", 1),
            ("pyyaml@https://u:p@x.test/PyYAML-5.3.tar.gz", "pyyaml", 1),
            ("pyyaml @ git+https://x.test/yaml/pyyaml@5.3", "pyyaml", 1),
            ("git+https://x.test/yaml/pyyaml@5.3#egg=pyyaml&subdirectory=a", "pyyaml", 1),
            ("git+ssh://git@x.test/yaml/pyyaml.git@5.3", "pyyaml", 1),
            ("https://u:p@x.test/PyYAML-5.3.tar.gz?token=a", "PyYAML-5.3.tar.gz", 1),
            ("./wheels/PyYAML-5.3-py3-none-any.whl", "PyYAML-5.3-py3-none-any.whl", 1),
        ] {
            let found = read(text).unwrap();
            let [one] = found.shipped.as_slice() else { panic!("{text}: {found:?}") };
            assert_eq!((one.name.as_str(), one.line), (name, Some(line)), "{text}");
        }
    }

    #[test]
    fn a_folder_and_an_option_name_no_package() {
        for text in [
            "",
            "# a\n",
            ".",
            "./lib",
            "../lib[x]",
            "file:./lib",
            "-e ./lib",
            "--index-url https://x.test/simple",
            "-i x",
        ] {
            assert_eq!(read(text).unwrap().shipped, [], "{text}");
        }
        let elsewhere = read("a @ git+https://x.test/a@1\n./b.whl\n").unwrap();
        assert_eq!((elsewhere.shipped.len(), elsewhere.quirk), (2, Some(Quirk::Elsewhere)));
        let some = read("a @ git+https://x.test/a@1\nb==1\n").unwrap();
        assert_eq!((some.shipped.len(), some.quirk), (2, None));
        let text = "-r base.txt\n--requirement=a/b.txt\n-c 'c.txt'\n--constraint d.txt\n-rbare.txt\n-r https://x.test/e.txt\nA_b>1\n";
        assert_eq!(included(text, "."), ["base.txt", "a/b.txt", "c.txt", "d.txt", "bare.txt"]);
        assert_eq!(included("-r ../base.txt\n-r ../../out.txt\n", "a"), ["base.txt"]);
        assert_eq!(names(text), ["a-b"]);
    }

    #[test]
    fn a_file_of_pip_lock_names_its_packages() {
        let lock = "lock-version = '1.0'\n[[packages]]\nname = 'a'\nversion = '1'\n[[packages]]\nname = 'own'\ndirectory = { path = '.' }\n";
        assert_eq!(shipped(&super::pylock(lock).unwrap()), ["a 1"]);
    }
}
