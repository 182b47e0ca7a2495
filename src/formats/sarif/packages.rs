//! The package that a vulnerability is about.
//!
//! SARIF has no place for packages. Tools name them by package URLs in logical locations or properties, by
//! properties of their own, or in the text of the message.

use crate::model::finding::Package;
use crate::text::shared::Text;

use super::grype::Sentence;
use super::model::{LogicalLocation, Outcome, Rule};
use super::severity::first_word;
use super::{osv, snyk};

/// Lock files, and the package URL type of what they list.
const LOCK_FILES: [(&str, &str); 20] = [
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
    ("yarn.lock", "npm"),
    ("pnpm-lock.yaml", "npm"),
    ("bun.lock", "npm"),
    ("package.json", "npm"),
    ("requirements.txt", "pypi"),
    ("poetry.lock", "pypi"),
    ("Pipfile.lock", "pypi"),
    ("uv.lock", "pypi"),
    ("pdm.lock", "pypi"),
    ("Cargo.lock", "cargo"),
    ("go.mod", "golang"),
    ("go.sum", "golang"),
    ("Gemfile.lock", "gem"),
    ("composer.lock", "composer"),
    ("pom.xml", "maven"),
    ("gradle.lockfile", "maven"),
    ("packages.lock.json", "nuget"),
    ("packages.config", "nuget"),
];

/// The lines `Key: value` that Trivy writes as the message of a result.
pub(super) struct Lines<'a>(&'a str);

impl<'a> Lines<'a> {
    /// Only of a tool that writes such lines: another's message may quote them from a file.
    pub(super) fn of(tool: &str, message: &'a str) -> Option<Self> {
        let table = message.starts_with("Package: ") || message.starts_with("Artifact: ");
        (first_word(tool) == "trivy" && table).then_some(Self(message))
    }

    /// Its severity. A secret that it quotes comes after it.
    pub(super) fn severity(&self) -> Option<&'a str> {
        self.get("Severity")
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        const MOST: usize = 8;
        let values = self.0.lines().take(MOST).filter_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
        values.map(str::trim).find(|value| !value.is_empty())
    }

    fn package(&self) -> Option<Package> {
        let known = |key| self.get(key).map(Text::from);
        Some(Package {
            name: known("Package")?,
            version: known("Installed Version"),
            fixed_version: known("Fixed Version"),
            ..Package::default()
        })
    }
}

/// What the message of a result says of its package.
pub(super) struct Message<'a> {
    pub text: &'a str,
    pub trivy: Option<Lines<'a>>,
    pub grype: Option<Sentence<'a>>,
    pub snyk: Option<snyk::Sentence<'a>>,
    osv: Option<osv::Sentence<'a>>,
}

impl<'a> Message<'a> {
    pub(super) fn of(tool: &str, text: &'a str) -> Self {
        Self {
            text,
            trivy: Lines::of(tool, text),
            grype: Sentence::of(tool, text),
            snyk: snyk::Sentence::of(tool, text),
            osv: osv::Sentence::of(tool, text),
        }
    }

    /// The tool's own word for the severity.
    pub(super) fn severity(&self) -> Option<&'a str> {
        let by_grype = || self.grype.as_ref().and_then(Sentence::severity);
        let by_snyk = || self.snyk.as_ref().map(|sentence| sentence.severity);
        self.trivy.as_ref().and_then(Lines::severity).or_else(by_grype).or_else(by_snyk)
    }

    /// Whether it is about this version.
    fn names(&self, version: &str) -> bool {
        match &self.grype {
            Some(sentence) => sentence.is_of(version),
            None => self.text.split([' ', ',', '\'', '@']).any(|word| word == version),
        }
    }
}

/// The package of a result: by a package URL, by properties, or by the message. `path`: the file in which the
/// result was found.
pub(super) fn package(
    outcome: &Outcome,
    rule: Option<&Rule>,
    logical: Option<&LogicalLocation>,
    message: &Message,
    path: Option<&str>,
) -> Option<Package> {
    let bags = [outcome.properties.as_deref(), rule.and_then(|rule| rule.properties.as_ref())];
    let bags = || bags.into_iter().flatten();
    let places = logical.into_iter().flat_map(|place| [&place.fully_qualified_name, &place.name]).flatten();
    let purls: Vec<Package> =
        places.chain(bags().flat_map(|bag| &bag.purls)).filter_map(|text| of_purl(text)).collect();
    // A rule may be of one package in all its versions: the message says which one it is.
    let said =
        purls.iter().position(|one| one.version.as_deref().is_some_and(|version| message.names(version)));
    if let Some(package) = purls.into_iter().nth(said.unwrap_or(0)) {
        return Some(match &message.grype {
            Some(sentence) if said.is_none() => {
                Package { version: Some(sentence.version.into()), purl: None, ..package }
            }
            _ => package,
        });
    }
    let named = bags().map(|bag| &bag.package).find_map(|named| {
        let text = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(Text::from);
        Some(Package {
            name: text(&named.name)?,
            version: text(&named.version),
            ecosystem: text(&named.ecosystem).map(|kind| kind.to_ascii_lowercase().into()),
            fixed_version: text(&named.fixed),
            ..Package::default()
        })
    });
    let by_grype = || {
        let sentence = message.grype.as_ref()?;
        let ecosystem = sentence.ecosystem().map(Text::from);
        let (name, version) = (sentence.name.into(), Some(sentence.version.into()));
        Some(Package { name, version, ecosystem, ..Package::default() })
    };
    let by_trivy = || message.trivy.as_ref()?.package();
    let in_place = || {
        let places =
            logical.into_iter().flat_map(|place| [&place.fully_qualified_name, &place.name]).flatten();
        places.into_iter().find_map(|text| of_place(text))
    };
    let by_osv = || message.osv.as_ref().map(|sentence| sentence.package(rule));
    let by_snyk = || message.snyk.as_ref().map(|one| Package { name: one.name.into(), ..Package::default() });
    let mut package =
        named.or_else(by_trivy).or_else(by_grype).or_else(by_osv).or_else(in_place).or_else(by_snyk)?;
    if let (Some(sentence), None) = (&message.snyk, &package.fixed_version) {
        package.fixed_version = rule.and_then(|rule| sentence.fixed(rule)).map(Text::from);
    }
    let id = outcome.rule_id.as_deref().or_else(|| rule?.id.as_deref());
    package.ecosystem = package.ecosystem.or_else(|| id.and_then(snyk::ecosystem).map(Text::from));
    if package.ecosystem.is_none() {
        let file = path.and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        package.ecosystem =
            LOCK_FILES.iter().find(|(name, _)| *name == file).map(|(_, kind)| Text::from(*kind));
    }
    Some(package)
}

/// The package of a logical location: `lodash@4.17.15`, `@babel/core@7.0.0`, `org.a:b@1.0`.
fn of_place(text: &str) -> Option<Package> {
    let at = text.rfind('@').filter(|at| *at > 0)?;
    let (name, version) = (&text[..at], &text[at + 1..]);
    let is_version = version.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    let is_name = !name.contains(char::is_whitespace) && !version.contains([' ', '/']);
    (is_version && is_name).then(|| Package {
        name: name.into(),
        version: Some(version.into()),
        ..Package::default()
    })
}

/// The package of a package URL that a text is or begins with.
fn of_purl(text: &str) -> Option<Package> {
    let end = text.find(|c: char| c.is_whitespace() || c == '|').unwrap_or(text.len());
    let text = &text[..end];
    let purl: purl::GenericPurl<String> = text.strip_prefix("pkg:").and_then(|_| text.parse().ok())?;
    let name = match purl.namespace() {
        Some(namespace) if purl.package_type().as_str() == "maven" => format!("{namespace}:{}", purl.name()),
        Some(namespace) => format!("{namespace}/{}", purl.name()),
        None => purl.name().to_owned(),
    };
    Some(Package {
        name: name.into(),
        version: purl.version().map(Text::from),
        ecosystem: Some(purl.package_type().as_str().into()),
        purl: Some(text.into()),
        ..Package::default()
    })
}
