//! What Snyk writes of a package (snyk/cli `src/lib/formatters/get-sarif-result.ts`, `open-source-sarif-output.ts`,
//! 1.1300): the message `This file introduces a vulnerable lodash package with a high severity vulnerability.`, the
//! version in a logical location, `lodash@4.17.15`, and the CVE in the rule's description,
//! `(CVE-2020-8203) lodash@4.17.15`. Of a vulnerability in several versions it lists one.

use crate::text::shared::Text;

use super::model::Rule;
use super::severity::first_word;

pub(super) struct Sentence<'a> {
    pub name: &'a str,
    /// Its word for the severity: SARIF has no level above `error`.
    pub severity: &'a str,
}

impl<'a> Sentence<'a> {
    pub(super) fn of(tool: &str, message: &'a str) -> Option<Self> {
        let rest = message.strip_prefix("This file introduces a vulnerable ")?;
        let (name, rest) = rest.split_once(" package with a ")?;
        let (severity, _) = rest.split_once(" severity vulnerability")?;
        (first_word(tool) == "snyk").then_some(Self { name, severity })
    }

    /// The versions that fix it, from the advisory in the help of the rule: "Upgrade `lodash` to version 4.17.20 or higher."
    /// A result's own `fixes` upgrade what the project depends on, which may be another package.
    pub(super) fn fixed<'r>(&self, rule: &'r Rule) -> Option<&'r str> {
        let help = rule.help.as_ref()?.markdown.as_deref()?;
        let (_, rest) = help.split_once(&format!("Upgrade `{}` to version ", self.name))?;
        let (versions, _) = rest.split_once(" or higher")?;
        (!versions.contains('\n')).then_some(versions)
    }
}

/// The CVE ids in the brackets at the beginning of its description.
pub(super) fn cves(tool: &str, rule: Option<&Rule>) -> Vec<Text> {
    let description = rule.and_then(|rule| rule.full_description.as_ref()?.text.as_deref());
    let listed =
        description.and_then(|text| text.strip_prefix('(')?.split_once(')')).map(|(listed, _)| listed);
    let is_cve = |id: &&str| id.starts_with("CVE-");
    let ids = listed.filter(|_| first_word(tool) == "snyk").into_iter().flat_map(|listed| listed.split(','));
    ids.map(str::trim).filter(is_cve).map(Text::from).collect()
}

/// The type of package URL that an id is about: `SNYK-JS-LODASH-590103`, `SNYK-ALPINE316-BUSYBOX-2606914`.
pub(in crate::formats) fn ecosystem(id: &str) -> Option<&'static str> {
    const KINDS: [(&str, &str); 17] = [
        ("JS", "npm"),
        ("PYTHON", "pypi"),
        ("JAVA", "maven"),
        ("GOLANG", "golang"),
        ("RUBY", "gem"),
        ("PHP", "composer"),
        ("DOTNET", "nuget"),
        ("RUST", "cargo"),
        ("HEX", "hex"),
        ("COCOAPODS", "cocoapods"),
        ("SWIFT", "swift"),
        ("ALPINE", "apk"),
        ("DEBIAN", "deb"),
        ("UBUNTU", "deb"),
        ("RHEL", "rpm"),
        ("CENTOS", "rpm"),
        ("AMZN", "rpm"),
    ];
    let kind = id.strip_prefix("SNYK-")?.split('-').next()?;
    let kind = kind.trim_end_matches(|c: char| c.is_ascii_digit());
    KINDS.iter().find(|(word, _)| *word == kind).map(|(_, kind)| *kind)
}
