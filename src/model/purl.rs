//! Package URLs (<https://github.com/package-url/purl-spec>), read and compared.

use std::borrow::Cow;
use std::str::FromStr;

use purl::GenericPurl;

use crate::model::finding::Package;

/// A package URL.
#[derive(Clone, Debug, PartialEq)]
pub struct Purl(GenericPurl<String>);

/// Types in which case does not matter, by the types' own rules: names that differ only in case are one
/// package.
const CASELESS: [&str; 13] = [
    "alpm",
    "apk",
    "bitbucket",
    "composer",
    "deb",
    "docker",
    "github",
    "golang",
    "npm",
    "nuget",
    "oci",
    "pypi",
    "rpm",
];

impl Purl {
    /// `None` if the text is not a package URL.
    pub fn read(text: &str) -> Option<Self> {
        GenericPurl::<String>::from_str(text).ok().map(Purl)
    }

    pub fn kind(&self) -> &str {
        self.0.package_type()
    }

    pub fn name(&self) -> &str {
        self.0.name()
    }

    pub fn version(&self) -> Option<&str> {
        self.0.version()
    }

    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.0.qualifiers().get(key)
    }

    /// `pkg:npm/@scope/name`: without version and qualifiers, as people write it.
    pub fn plain(&self) -> String {
        let namespace = self.0.namespace().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let plain = format!("pkg:{}/{namespace}{}", self.kind(), self.name());
        match self.kind() {
            "pypi" => plain.to_lowercase().replace('_', "-"),
            kind if CASELESS.contains(&kind) => plain.to_lowercase(),
            _ => plain,
        }
    }

    /// Whether it includes the other: without a version it means every version, and without a qualifier every
    /// value of the qualifier.
    pub fn covers(&self, other: &Self) -> bool {
        self.plain() == other.plain()
            && self.version().is_none_or(|version| other.version() == Some(version))
            && self.0.qualifiers().iter().all(|(key, value)| other.qualifier(key.as_str()) == Some(value))
    }

    /// Whether it certainly means this package: by its package URL, otherwise by ecosystem, name and version.
    pub fn is_of(&self, package: &Package) -> bool {
        // Several versions are installed, and this names only one.
        let several = package.version.as_deref().is_some_and(|version| version.contains(", "));
        if several && self.version().is_some() {
            return false;
        }
        if let Some(other) = package.purl.as_deref().and_then(Self::read) {
            return self.covers(&other);
        }
        let named = package.ecosystem.as_deref() == Some(self.kind())
            && self.0.qualifiers().is_empty()
            && self.combined_name() == *package.name;
        named && self.version().is_none_or(|version| package.version.as_deref() == Some(version))
    }

    /// The name as tools print it: `@scope/name`, `group:artifact`.
    fn combined_name(&self) -> Cow<'_, str> {
        match self.0.namespace() {
            None => Cow::Borrowed(self.name()),
            Some(namespace) => {
                let between = if self.kind() == "maven" { ':' } else { '/' };
                Cow::Owned(format!("{namespace}{between}{}", self.name()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purl(text: &str) -> Purl {
        Purl::read(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn a_package_url_covers_every_value_that_it_does_not_name() {
        for (wide, narrow, covers) in [
            ("pkg:npm/lodash", "pkg:npm/lodash@4.17.4", true),
            ("pkg:npm/lodash@4.17.4", "pkg:npm/lodash@4.17.4", true),
            ("pkg:npm/lodash@4.17.4", "pkg:npm/lodash@4.17.5", false),
            ("pkg:npm/lodash@4.17.4", "pkg:npm/lodash", false),
            ("pkg:npm/%40babel/core", "pkg:npm/@babel/core@7.0.0", true),
            ("pkg:npm/core", "pkg:npm/%40babel/core@7.0.0", false),
            ("pkg:pypi/Typing_Extensions", "pkg:pypi/typing-extensions@4.0", true),
            ("pkg:maven/org.A/b", "pkg:maven/org.a/b@1", false),
            ("pkg:npm/lodash", "pkg:pypi/lodash@4.17.4", false),
            ("pkg:apk/alpine/musl?arch=x86_64", "pkg:apk/alpine/musl@1.2?arch=x86_64&distro=3.10", true),
            ("pkg:apk/alpine/musl?arch=aarch64", "pkg:apk/alpine/musl@1.2?arch=x86_64", false),
            ("pkg:npm/a@1%2B2", "pkg:npm/a@1+2", true),
        ] {
            assert_eq!(purl(wide).covers(&purl(narrow)), covers, "{wide} {narrow}");
        }
    }

    #[test]
    fn a_package_without_a_url_matches_only_if_it_is_certain() {
        let package = |name: &str, version: Option<&str>, ecosystem: Option<&str>| Package {
            name: name.into(),
            version: version.map(Into::into),
            ecosystem: ecosystem.map(Into::into),
            ..Package::default()
        };
        let (npm, maven) = (Some("npm"), Some("maven"));
        for (text, package, matches) in [
            ("pkg:npm/lodash@4.17.4", package("lodash", Some("4.17.4"), npm), true),
            ("pkg:npm/lodash@4.17.4", package("lodash", Some("4.17.4"), None), false),
            ("pkg:npm/lodash@4.17.4", package("lodash", None, npm), false),
            ("pkg:npm/lodash", package("lodash", None, npm), true),
            // Two versions are installed, and the statement is about one of them.
            ("pkg:npm/lodash@4.17.4", package("lodash", Some("4.17.4, 4.17.20"), npm), false),
            ("pkg:npm/lodash", package("lodash", Some("4.17.4, 4.17.20"), npm), true),
            ("pkg:maven/org.a/b@1", package("org.a:b", Some("1"), maven), true),
            ("pkg:maven/org.a/b@1", package("b", Some("1"), maven), false),
        ] {
            assert_eq!(purl(text).is_of(&package), matches, "{text} {package:?}");
        }
    }
}
