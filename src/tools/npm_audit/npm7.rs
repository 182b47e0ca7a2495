//! The report of npm 7 and later: a map from packages to their advisories.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::Path;

use semver::{Version, VersionReq};
use serde::Deserialize;

use crate::formats::json;
use crate::formats::npm6::{self, AdvisoryId, Score, Words};
use crate::model::finding::{Category, Finding};
use crate::model::severity::Severity;
use crate::policy::ban;
use crate::scan::parsed::ReportError;
use crate::scan::report_origin::ReportOrigin;
use crate::text::shared::Text;

/// The largest lock file that is searched for installed versions.
const LOCK_FILE: u64 = 128 << 20;

/// An entry of `vulnerabilities`: a package, vulnerable itself or through another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vulnerable {
    via: Vec<Via>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    nodes: Vec<String>,
    fix_available: Option<FixAvailable>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Via {
    /// Another entry, which has the advisory.
    Package(#[allow(dead_code)] String),
    Advisory(Box<Advisory>),
}

#[derive(Deserialize)]
struct Advisory {
    source: AdvisoryId,
    name: String,
    title: Option<String>,
    url: Option<String>,
    severity: Option<String>,
    range: Option<String>,
    cwe: Option<Words>,
    cvss: Option<Score>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum FixAvailable {
    Flag(bool),
    #[serde(rename_all = "camelCase")]
    Update {
        name: String,
        version: String,
        #[serde(default, deserialize_with = "json::null_as_default")]
        is_sem_ver_major: bool,
    },
}

/// One finding for each advisory of each package. The report repeats an advisory at every package that
/// depends on the vulnerable one.
pub(super) fn findings(
    vulnerable: BTreeMap<String, Vulnerable>,
    origin: &ReportOrigin,
) -> Result<Vec<Finding>, ReportError> {
    let lock = if vulnerable.is_empty() { Lock::default() } else { Lock::near(origin) };
    let mut seen = HashSet::new();
    let mut findings = Vec::new();
    for entry in vulnerable.values() {
        for via in &entry.via {
            if let Via::Advisory(advisory) = via
                && seen.insert((&advisory.source, &advisory.name))
            {
                let package = vulnerable.get(&advisory.name).unwrap_or(entry);
                findings.push(advisory.to_finding(package, &lock));
            }
        }
    }
    if findings.is_empty() && !vulnerable.is_empty() {
        return Err(super::lost("it lists vulnerable packages, but no advisory"));
    }
    Ok(findings)
}

impl Advisory {
    fn to_finding(&self, package: &Vulnerable, lock: &Lock) -> Finding {
        let ghsa = self.url.as_deref().and_then(npm6::ghsa).map(Text::from);
        let rule = ghsa.clone().unwrap_or_else(|| self.source.to_text());
        let severity = self.severity.as_deref().map_or(Severity::Unknown, Severity::from_word);
        let title = self.title.as_deref().map_or_else(|| rule.clone(), Text::from);

        let mut finding = Finding::new(rule, Category::Vulnerability, severity, title);
        finding.severity_raw = self.severity.as_deref().map(Text::from);
        finding.message =
            self.range.as_deref().map(|range| format!("affects {range}").into()).unwrap_or_default();
        let nodes = self.nodes(package, lock);
        let versions = nodes.iter().filter_map(|node| lock.version(node));
        let paths = nodes.iter().map(|node| Text::from(&**node)).collect();
        let mut about = npm6::installed(&self.name, versions, paths);
        if let Some(FixAvailable::Update { name, version, .. }) = &package.fix_available
            && *name == self.name
        {
            about.fixed_version = Some(version.as_str().into());
        }
        about.unfixed = matches!(package.fix_available, Some(FixAvailable::Flag(false)));
        about.dev = !nodes.is_empty() && nodes.iter().all(|node| lock.is_dev(node));
        finding.package = Some(about.into());
        finding.fix = package.fix_available.as_ref().map(|fix| fix.advice().into());
        finding.aliases = ghsa.into_iter().collect();
        finding.cwe = self.cwe.as_ref().map(Words::cwes).unwrap_or_default();
        finding.cvss = self.cvss.as_ref().and_then(Score::to_cvss);
        finding.references = self.url.as_deref().map(Text::from).into_iter().collect();
        finding
    }

    /// The places of the package that this advisory is about. The report lists those of all advisories of the
    /// package together. A place stays unless its version is certainly not in the advisory's range.
    fn nodes<'p>(&self, package: &'p Vulnerable, lock: &Lock) -> Vec<&'p String> {
        let ranges = self.range.as_deref().and_then(ranges);
        let is_in = |node: &&String| {
            let version = lock.version(node).and_then(|version| Version::parse(version).ok());
            let (Some(version), Some(ranges)) = (version, &ranges) else { return true };
            ranges.iter().any(|range| ban::range::contains(range, &version))
        };
        let nodes: Vec<&String> = package.nodes.iter().filter(is_in).collect();
        if nodes.is_empty() { package.nodes.iter().collect() } else { nodes }
    }
}

/// A range as advisories have it: `>=1.0.0 <2.0.0 || >=3.0.0 <3.1.2`. `None` if it has another form.
fn ranges(text: &str) -> Option<Vec<VersionReq>> {
    let one = |part: &str| {
        let part = ["<", ">", "<=", ">=", "="]
            .iter()
            .fold(part.to_owned(), |part, operator| part.replace(&format!("{operator} "), operator));
        let words: Vec<&str> = part.split_whitespace().collect();
        let is_compared = |word: &str| word.starts_with(['<', '>', '=']) || word == "*";
        match !words.is_empty() && words.iter().all(|word| is_compared(word)) {
            true => VersionReq::parse(&words.join(", ")).ok(),
            // A version alone.
            false => VersionReq::parse(&format!("={}", part.trim())).ok(),
        }
    };
    text.split("||").map(one).collect()
}

impl FixAvailable {
    fn advice(&self) -> String {
        match self {
            Self::Flag(true) => "`npm audit fix` updates it".to_owned(),
            Self::Flag(false) => "no release fixes it yet: replace the package".to_owned(),
            Self::Update { name, version, is_sem_ver_major } => {
                let major = if *is_sem_ver_major { " (a major update)" } else { "" };
                format!("`npm install {name}@{version}`{major}")
            }
        }
    }
}

/// The installed versions and their purpose from the lock file. The report does not have them.
#[derive(Default, Deserialize)]
struct Lock {
    /// By node, such as `node_modules/lodash`. Empty in lock files of npm 6.
    #[serde(default, deserialize_with = "json::null_as_default")]
    packages: HashMap<String, Locked>,
    /// By name, one inside the other. Lock files of npm 6 have only these.
    #[serde(default, deserialize_with = "json::null_as_default")]
    dependencies: HashMap<String, Nested>,
}

#[derive(Deserialize)]
struct Locked {
    version: Option<String>,
    /// Only development needs it. If an optional dependency of production needs it too, npm writes
    /// `devOptional` instead, and production may install it.
    #[serde(default, deserialize_with = "json::null_as_default")]
    dev: bool,
}

#[derive(Deserialize)]
struct Nested {
    #[serde(flatten)]
    locked: Locked,
    #[serde(default, deserialize_with = "json::null_as_default")]
    dependencies: HashMap<String, Self>,
}

impl Lock {
    /// The lock file of the folder that was audited, or of the workspace that it belongs to. If it can't
    /// be read, only the versions are missing.
    fn near(origin: &ReportOrigin) -> Self {
        let folders = origin.cwd.ancestors().take_while(|folder| folder.starts_with(&origin.root));
        folders
            .flat_map(|folder| ["npm-shrinkwrap.json", "package-lock.json"].map(|name| folder.join(name)))
            .find(|path| path.is_file())
            .and_then(|path| Self::read(&path))
            .unwrap_or_default()
    }

    fn read(path: &Path) -> Option<Self> {
        let mut bytes = Vec::new();
        fs::File::open(path).ok()?.take(LOCK_FILE).read_to_end(&mut bytes).ok()?;
        json::read(&bytes, "lock file").ok()
    }

    fn version(&self, node: &str) -> Option<&str> {
        self.locked(node)?.version.as_deref()
    }

    fn is_dev(&self, node: &str) -> bool {
        self.locked(node).is_some_and(|locked| locked.dev)
    }

    fn locked(&self, node: &str) -> Option<&Locked> {
        if !self.packages.is_empty() {
            return self.packages.get(node);
        }
        // `node_modules/a/node_modules/b` is `b` inside `a`.
        let mut names = node.strip_prefix("node_modules/")?.split("/node_modules/");
        let first = self.dependencies.get(names.next()?)?;
        names.try_fold(first, |outer, name| outer.dependencies.get(name)).map(|found| &found.locked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// npm lists the places of a package for all of its advisories together.
    #[test]
    fn a_place_counts_only_for_the_advisories_whose_range_its_version_is_in() {
        let lock: Lock = serde_json::from_str(
            r#"{"packages": {"node_modules/a": {"version": "4.17.21"},
            "packages/w/node_modules/a": {"version": "4.17.4", "dev": true}, "node_modules/x/node_modules/a": {"version": "odd"}}}"#,
        )
        .unwrap();
        let find = |range: &str, nodes: &str| {
            let package: Vulnerable =
                serde_json::from_str(&format!(r#"{{"via": [], "nodes": {nodes}}}"#)).unwrap();
            let advisory: Advisory =
                serde_json::from_str(&format!(r#"{{"source": 1, "name": "a", "range": "{range}"}}"#))
                    .unwrap();
            let finding = advisory.to_finding(&package, &lock);
            let package = finding.package.unwrap();
            (package.version.as_deref().map(str::to_owned), package.dev)
        };
        let both = r#"["node_modules/a", "packages/w/node_modules/a"]"#;
        let version = |text: &str| Some(text.to_owned());
        for range in ["<4.17.5", ">=4.0.0 <4.17.5", "4.17.4", ">= 1.0.0 < 2.0.0 || 4.17.4", "<=4.17.4"] {
            assert_eq!(find(range, both), (version("4.17.4"), true), "{range}");
        }
        for range in ["<5", "*", "~weird", "", "<4.17.5 || >=4.17.20"] {
            assert_eq!(find(range, both), (version("4.17.21, 4.17.4"), false), "{range}");
        }
        // A version that can't be compared stays.
        let odd = r#"["packages/w/node_modules/a", "node_modules/x/node_modules/a"]"#;
        assert_eq!(find("<4.17.5", odd), (version("4.17.4, odd"), false));
        assert_eq!(find("<1", r#"["node_modules/a"]"#), (version("4.17.21"), false));
        assert_eq!(find("<1", "null"), (None, false));
    }
}
