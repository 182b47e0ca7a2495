//! Package URLs (<https://github.com/package-url/purl-spec>), read and compared. What a type of package adds to
//! the grammar is in [`types`].

mod types;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use purl::GenericPurl;

use crate::model::finding::Package;

pub use types::comparable_name;

/// A package URL, normalised by the rules of its type.
#[derive(Clone, Debug, PartialEq)]
pub struct Purl {
    /// Its type: `npm`.
    kind: String,
    namespace: Option<String>,
    name: String,
    version: Option<String>,
    /// Sorted by key.
    qualifiers: Vec<(String, String)>,
    subpath: Option<String>,
}

/// The package URL of a package of npm's registry: `pkg:npm/%40scope/name@1.2.3`. By the specification, names are lower
/// case, and `@` and `+` are percent-encoded.
pub(crate) fn of_npm(name: &str, version: &str) -> String {
    let name = name.to_lowercase().replace('@', "%40");
    format!("pkg:npm/{name}@{}", version.replace('+', "%2B"))
}

impl Purl {
    /// `None` if the text is not a package URL, or not one of its type.
    pub fn read(text: &str) -> Option<Self> {
        let (text, checksum) = prepared(text);
        let read = GenericPurl::<String>::from_str(&text).ok()?;
        let owned = |part: Option<&str>| part.map(str::to_owned);
        let qualifiers = read.qualifiers().iter();
        let mut purl = Self {
            kind: read.package_type().to_ascii_lowercase(),
            namespace: owned(read.namespace()),
            name: read.name().to_owned(),
            version: owned(read.version()),
            qualifiers: qualifiers.map(|(key, value)| (key.as_str().to_owned(), value.to_owned())).collect(),
            subpath: owned(read.subpath()),
        };
        if let Some(checksum) = checksum {
            purl.qualifiers.push(("checksum".to_owned(), checksum));
            purl.qualifiers.sort();
        }
        types::normalise(&mut purl);
        types::is_valid(&purl).then_some(purl)
    }

    pub fn kind(&self) -> &str {
        &self.kind
    }

    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    pub fn subpath(&self) -> Option<&str> {
        self.subpath.as_deref()
    }

    pub fn qualifiers(&self) -> &[(String, String)] {
        &self.qualifiers
    }

    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// `pkg:npm/@scope/name`: without version and qualifiers, as people write it, and the same for all names
    /// that the ecosystem takes for one package.
    pub fn plain(&self) -> String {
        let namespace = self.namespace().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        format!("pkg:{}/{}", self.kind, comparable_name(&self.kind, &format!("{namespace}{}", self.name)))
    }

    /// The same package in this version.
    pub fn with_version(&self, version: &str) -> Self {
        Self { version: Some(version.to_owned()), ..self.clone() }
    }

    /// Whether it includes the other: without a version it means every version, and without a qualifier or a
    /// subpath every value of these.
    pub fn covers(&self, other: &Self) -> bool {
        self.plain() == other.plain()
            && self.version.as_ref().is_none_or(|version| other.version.as_ref() == Some(version))
            && self.subpath.as_ref().is_none_or(|subpath| other.subpath.as_ref() == Some(subpath))
            && self.qualifiers.iter().all(|(key, value)| other.qualifier(key) == Some(value))
    }

    /// Whether it certainly means this package: by one of its package URLs, otherwise by ecosystem, name and version.
    pub fn is_of(&self, package: &Package) -> bool {
        // Several versions are installed, and this names only one.
        let several = package.version.as_deref().is_some_and(|version| version.contains(", "));
        if several && self.version.is_some() {
            return false;
        }
        let mut purls = package.purls().filter_map(|purl| Self::read(purl)).peekable();
        if purls.peek().is_some() {
            return purls.any(|other| self.covers(&other));
        }
        let named = package.ecosystem.as_deref() == Some(self.kind())
            && self.qualifiers.is_empty()
            && self.subpath.is_none()
            && comparable_name(&self.kind, &self.combined_name())
                == comparable_name(&self.kind, &package.name);
        named && self.version().is_none_or(|version| package.version.as_deref() == Some(version))
    }

    /// The name as tools print it: `@scope/name`, `group:artifact`.
    pub(crate) fn combined_name(&self) -> Cow<'_, str> {
        match self.namespace() {
            None => Cow::Borrowed(self.name()),
            Some(namespace) => {
                let between = if self.kind == "maven" { ':' } else { '/' };
                Cow::Owned(format!("{namespace}{between}{}", self.name))
            }
        }
    }
}

/// The text as the crate reads it, and its checksum. The crate takes the `@` of a scope for a version
/// (`pkg:npm/@babel/core`), and refuses every checksum that is not whole.
fn prepared(text: &str) -> (String, Option<String>) {
    let path = text.find(['?', '#']).unwrap_or(text.len());
    let (path, rest) = text.split_at(path);
    // The scheme is in any case.
    let scheme = path.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkg:") && scheme != "pkg:");
    let lower = scheme.then(|| format!("pkg:{}", &path[4..]));
    let path = lower.as_deref().unwrap_or(path);
    let scope = path.find("/@").filter(|at| path[at + 1..].contains('/'));
    let path = scope.map_or(path.to_owned(), |_| path.replacen("/@", "/%40", 1));
    let (query, fragment) = rest.split_at(rest.find('#').unwrap_or(rest.len()));
    let qualifiers = query.strip_prefix('?').into_iter().flat_map(|query| query.split('&'));
    let (checksums, others): (Vec<&str>, Vec<&str>) = qualifiers
        .partition(|one| one.split('=').next().is_some_and(|key| key.eq_ignore_ascii_case("checksum")));
    let [checksum] = checksums.as_slice() else { return (path + rest, None) };
    let value = checksum.split_once('=').map_or("", |(_, value)| value);
    let checksum = percent_decode_str(value).decode_utf8().ok().filter(|value| !value.is_empty());
    let before = if others.is_empty() { "" } else { "?" };
    (format!("{path}{before}{}{fragment}", others.join("&")), checksum.map(Cow::into_owned))
}

/// The canonical form of the specification.
impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// What the specification leaves as it is.
        const ENCODED: &AsciiSet =
            &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');
        const PATH: &AsciiSet = &ENCODED.remove(b'/');
        write!(f, "pkg:{}/", self.kind)?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{}/", utf8_percent_encode(namespace, PATH))?;
        }
        // The name of a repository is a path.
        let in_name = if self.kind == "git" { PATH } else { ENCODED };
        write!(f, "{}", utf8_percent_encode(&self.name, in_name))?;
        if let Some(version) = &self.version {
            write!(f, "@{}", utf8_percent_encode(version, ENCODED))?;
        }
        for (index, (key, value)) in self.qualifiers.iter().enumerate() {
            let before = if index == 0 { '?' } else { '&' };
            write!(f, "{before}{key}={}", utf8_percent_encode(value, ENCODED))?;
        }
        match &self.subpath {
            Some(subpath) => write!(f, "#{}", utf8_percent_encode(subpath, PATH)),
            None => Ok(()),
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
            ("pkg:pypi/zope-interface", "pkg:pypi/zope.interface@7.2", true),
            ("pkg:pypi/zope.interface@7.2", "pkg:pypi/Zope__Interface@7.2", true),
            ("pkg:nuget/newtonsoft.json", "pkg:nuget/Newtonsoft.Json@13.0.1", true),
            ("pkg:maven/org.A/b", "pkg:maven/org.a/b@1", false),
            ("pkg:golang/a.test/b#sub", "pkg:golang/a.test/b@1#sub", true),
            ("pkg:golang/a.test/b#sub", "pkg:golang/a.test/b@1", false),
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
            ("pkg:pypi/zope-interface", package("zope.interface", Some("1"), Some("pypi")), true),
        ] {
            assert_eq!(purl(text).is_of(&package), matches, "{text} {package:?}");
        }
    }

    #[test]
    fn a_package_with_several_urls_is_meant_by_each() {
        let package = Package {
            purl: Some("pkg:github/a/a@1".into()),
            more_purls: ["pkg:npm/a@1".into()].into(),
            ..Package::default()
        };
        for (text, matches) in
            [("pkg:npm/a", true), ("pkg:github/a/a@1", true), ("pkg:npm/a@2", false), ("pkg:pypi/a", false)]
        {
            assert_eq!(purl(text).is_of(&package), matches, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_canonical_form_is_read_as_the_same(
            text in "pkg:(npm|pypi|git|generic|oci|deb)/(@?[a-cA-C._:%]{1,4}/){0,2}[a-cA-C._%+é]{1,5}(@[0-9a-c:.+~-]{0,6})?([?](checksum|arch|tag)=[a-c:,/]{0,4})?(#[a-c/]{0,4})?"
        ) {
            if let Some(purl) = Purl::read(&text) {
                proptest::prop_assert_eq!(Purl::read(&purl.to_string()), Some(purl), "{}", text);
            }
        }
    }
}
