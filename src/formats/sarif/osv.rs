//! What OSV-Scanner writes of a package (google/osv-scanner `internal/output/sarif.go`, 2.5): the message
//! `Package 'lodash@4.17.4' is vulnerable to 'CVE-2021-23337' (also known as 'GHSA-35jh-r3h4-6jhm').`, and in the help of
//! the rule a table of the versions that fix it.

use crate::model::finding::Package;
use crate::text::shared::Text;

use super::model::Rule;
use super::severity::first_word;

pub(super) struct Sentence<'a> {
    name: &'a str,
    /// A commit where the package has no version.
    version: &'a str,
}

impl<'a> Sentence<'a> {
    pub(super) fn of(tool: &str, message: &'a str) -> Option<Self> {
        let (package, _) = message.strip_prefix("Package '")?.split_once("' is vulnerable to '")?;
        let (name, version) = package.rsplit_once('@').filter(|(name, _)| !name.is_empty())?;
        (first_word(tool) == "osv-scanner").then_some(Self { name, version })
    }

    pub(super) fn package(&self, rule: Option<&Rule>) -> Package {
        Package {
            name: self.name.into(),
            version: (!self.version.is_empty()).then(|| self.version.into()),
            fixed_version: rule.and_then(|rule| fixed(rule, self.name)).map(Text::from),
            ..Package::default()
        }
    }
}

/// The versions in the lines `| GHSA-m5pq-gvj9-9vr8 | regex | 1.5.5 |` below `### Fixed Versions`, each once.
fn fixed(rule: &Rule, name: &str) -> Option<String> {
    const HEADING: &str = "\n### Fixed Versions\n";
    /// A rule of more packages has no one fix to name.
    const MOST: usize = 256;
    let help = rule.help.as_ref()?.text.as_deref()?;
    let (_, table) = help.rsplit_once(HEADING)?;
    let mut versions: Vec<&str> = Vec::new();
    let lines = table.lines().skip_while(|line| line.is_empty()).take_while(|line| line.starts_with('|'));
    for line in lines.take(MOST) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let [_, package, version] = cells[..]
            && package == name
            && !versions.contains(&version)
        {
            versions.push(version);
        }
    }
    (!versions.is_empty()).then(|| versions.join(", "))
}
