//! `pubspec.lock`. A package has its name in the description; Trivy lists the key, which may be the project's own.
//!
//! Source: Pub, "Lockfile" (`pub/lib/src/lock_file.dart`).

use super::{LockPackage, LockPackages};
use crate::text::yaml::document;

pub(super) fn read(text: &str) -> Option<LockPackages> {
    let lock = document(text).ok()?;
    let mut found = LockPackages::default();
    for (key, package) in lock.get("packages")?.entries() {
        if package.text("source") != Some("hosted") {
            continue;
        }
        let name = package.get("description").and_then(|own| own.text("name")).unwrap_or(key);
        match package.text("dependency") {
            Some("direct dev") => found.develops += 1,
            _ => found.shipped.push(LockPackage::new(name, package.text("version").map(str::to_owned))),
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::read;

    #[test]
    fn a_package_has_the_name_of_its_description() {
        let package = |key: &str, name: &str, kind: &str, source: &str| {
            format!(
                "  {key}:\n    dependency: \"{kind}\"\n    description:\n      name: {name}\n    source: {source}\n    version: \"1.0.0\"\n"
            )
        };
        let lock = [
            "packages:\n".to_owned(),
            package("foo", "archive", "direct main", "hosted"),
            package("path", "path", "transitive", "hosted"),
            package("lints", "lints", "direct dev", "hosted"),
            package("own", "own", "direct main", "path"),
        ];
        let found = read(&lock.concat()).unwrap();
        assert_eq!(
            (names(&found), found.develops),
            (vec!["archive 1.0.0".to_owned(), "path 1.0.0".to_owned()], 1)
        );
        assert_eq!(read("sdks: {}\n"), None);
    }
}
