//! `yarn.lock`: the archives in it, which Trivy passes over. The file does not say what is for development; the manifests do.
//!
//! Source: Yarn 1, "yarn.lock"; Yarn 4, `LockfileStreamReport`; files that both wrote.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{LockPackage, LockPackages};

/// `"a@^1, b@npm:a@^1":` with its version and dependencies.
#[derive(Default)]
struct Entry<'t> {
    asked: Vec<&'t str>,
    version: Option<&'t str>,
    needs: Vec<String>,
}

/// `manifests`: the texts of each `package.json` at and below the lock file.
pub(super) fn read(text: &str, manifests: &[String]) -> Option<LockPackages> {
    (text.contains("# yarn lockfile v1") || text.contains("__metadata:")).then_some(())?;
    let entries = entries(text);
    let mut by_asked: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, entry) in entries.iter().enumerate() {
        by_asked.extend(entry.asked.iter().map(|asked| (*asked, place)));
    }
    let find = |asked: &str| by_asked.get(asked).copied();
    let mut open: Vec<usize> =
        manifests.iter().flat_map(|text| shipped(text)).filter_map(|one| find(&one)).collect();
    let mut seen = BTreeSet::new();
    while let Some(place) = open.pop() {
        if seen.insert(place) {
            open.extend(entries[place].needs.iter().filter_map(|asked| find(asked)));
        }
    }
    let archives = seen.into_iter().filter_map(|place| {
        let entry = &entries[place];
        let (name, _) =
            entry.asked.iter().filter_map(|asked| parts(asked)).find(|(_, range)| is_archive(range))?;
        Some(LockPackage::new(name, entry.version.map(str::to_owned)))
    });
    Some(LockPackages { shipped: archives.collect(), ..LockPackages::default() })
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut in_needs = false;
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let own = line.trim();
        let depth = line.len() - line.trim_start().len();
        match (depth, entries.last_mut()) {
            (0, _) => {
                let heads = own.trim_end_matches(':').split(", ").flat_map(|head| head.split(','));
                let asked = heads.map(|head| head.trim().trim_matches('"')).collect();
                entries.push(Entry { asked, ..Entry::default() });
                in_needs = false;
            }
            (2, Some(entry)) => {
                in_needs = ["dependencies:", "optionalDependencies:"].contains(&own);
                if let Some(version) = own.strip_prefix("version") {
                    entry.version = Some(version.trim_start_matches([':', ' ']).trim_matches('"'));
                }
            }
            (_, Some(entry)) if in_needs => {
                // `a "^1"`, `"@s/a": "npm:^1"`
                if let Some((name, range)) = own.split_once(' ') {
                    let name = name.trim_end_matches(':').trim_matches('"');
                    entry.needs.push(format!("{name}@{}", range.trim_matches('"')));
                }
            }
            _ => {}
        }
    }
    entries
}

/// `@s/a@^1` is `@s/a` and `^1`.
fn parts(asked: &str) -> Option<(&str, &str)> {
    let at = asked.get(1..)?.find('@')? + 1;
    Some((&asked[..at], &asked[at + 1..]))
}

/// An archive of a package, which has a version. What comes from git is at no version that an advisory is about.
fn is_archive(range: &str) -> bool {
    let path = range.split(['#', '?']).next().unwrap_or(range);
    let is_address = ["https://", "http://", "file:"].iter().any(|scheme| range.starts_with(scheme));
    is_address && (path.ends_with(".tgz") || path.ends_with(".tar.gz"))
}

/// What a manifest asks for in production: in the words of Yarn 1, and in those of later versions.
fn shipped(text: &str) -> Vec<String> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Package {
        dependencies: BTreeMap<String, serde_json::Value>,
        optional_dependencies: BTreeMap<String, serde_json::Value>,
    }
    let package: Package = serde_json::from_str(text).unwrap_or_default();
    let all = package.dependencies.into_iter().chain(package.optional_dependencies);
    let texts = all.filter_map(|(name, range)| Some((name, range.as_str()?.to_owned())));
    texts.flat_map(|(name, range)| [format!("{name}@{range}"), format!("{name}@npm:{range}")]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::read;

    const ARCHIVE: &str = "https://x.test/lodash/-/lodash-4.17.15.tgz";

    #[test]
    fn an_archive_that_is_shipped_counts() {
        let first = format!(
            "# yarn lockfile v1\n\n\na@^1, a@^1.1:\n  version \"1.1.0\"\n  dependencies:\n    lodash \"{ARCHIVE}\"\n\n\"lodash@{ARCHIVE}\":\n  version \"4.17.15\"\n  resolved \"{ARCHIVE}#0\"\n"
        );
        let later = format!(
            "__metadata:\n  version: 8\n\n\"a@npm:^1, a@npm:^1.1\":\n  version: 1.1.0\n  dependencies:\n    lodash: \"{ARCHIVE}\"\n\n\"lodash@{ARCHIVE}\":\n  version: 4.17.15\n  resolution: \"lodash@{ARCHIVE}\"\n"
        );
        let ships = r#"{"dependencies": {"a": "^1"}}"#.to_owned();
        let direct = format!(r#"{{"optionalDependencies": {{"lodash": "{ARCHIVE}"}}}}"#);
        let develops = r#"{"devDependencies": {"a": "^1"}}"#.to_owned();
        for lock in [first, later] {
            for (manifest, expected) in
                [(&ships, &["lodash 4.17.15"][..]), (&direct, &["lodash 4.17.15"]), (&develops, &[])]
            {
                assert_eq!(
                    names(&read(&lock, std::slice::from_ref(manifest)).unwrap()),
                    expected,
                    "{lock} {manifest}"
                );
            }
        }
        assert_eq!(read("a: 1\n", &[]), None);
    }
}
