//! The sentence that Grype writes as the message of a result (`grype/presenter/sarif/presenter.go`, 0.116):
//! `A high vulnerability in npm package: lodash, version 4.17.4 was found at: /package-lock.json`.
//!
//! Its rule is of one advisory and one package in all versions, and has the package URL of the version that came
//! first. So only the sentence says which version a result is about, and what Grype rates it.

use super::severity::first_word;

pub(super) struct Sentence<'a> {
    severity: &'a str,
    pub name: &'a str,
    pub version: &'a str,
    /// Its word for the ecosystem.
    kind: &'a str,
}

impl<'a> Sentence<'a> {
    pub(super) fn of(tool: &str, message: &'a str) -> Option<Self> {
        if first_word(tool) != "grype" {
            return None;
        }
        let (severity, rest) = message.strip_prefix("A ")?.split_once(" vulnerability in ")?;
        let (kind, rest) = rest.split_once(" package: ")?;
        let (name, rest) = rest.split_once(", version ")?;
        let (version, _) = rest.split_once(" was found ")?;
        Some(Self { severity, name, version, kind })
    }

    /// Its rating. `low` is also what it writes for `negligible` and `unknown`, so that is none.
    pub(super) fn severity(&self) -> Option<&'a str> {
        Some(self.severity).filter(|word| *word != "low")
    }

    /// Whether a version of a package URL is this one. That of RPM has the epoch elsewhere.
    pub(super) fn is_of(&self, version: &str) -> bool {
        let without_epoch = self.version.split_once(':').map(|(_, version)| version);
        [Some(self.version), without_epoch].contains(&Some(version))
    }

    /// The type of a package URL.
    pub(super) fn ecosystem(&self) -> Option<&'static str> {
        TYPES.iter().find(|(kind, _)| *kind == self.kind).map(|(_, kind)| *kind)
    }
}

/// Syft's types of packages (`syft/pkg/type.go`), and those of package URLs.
const TYPES: [(&str, &str); 13] = [
    ("npm", "npm"),
    ("python", "pypi"),
    ("go-module", "golang"),
    ("java-archive", "maven"),
    ("gem", "gem"),
    ("rust-crate", "cargo"),
    ("php-composer", "composer"),
    ("dotnet", "nuget"),
    ("deb", "deb"),
    ("rpm", "rpm"),
    ("apk", "apk"),
    ("github-action", "github"),
    ("hex", "hex"),
];
