//! The waivers that cover a finding, found without asking every waiver.
//!
//! Each waiver has one key: its conditions, of the path only the folder and the file name. A finding is looked
//! up by the keys that a waiver for it may have. So the work for a finding depends on how deep its path is, not
//! on how many waivers there are.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use crate::model::finding::Finding;
use crate::model::purl::Purl;
use crate::policy::waiver::{Waiver, kind_of, rough_package};

/// The waivers of a configuration that still apply, by their keys.
#[derive(Debug)]
pub(super) struct WaiverIndex<'w> {
    waivers: &'w [Waiver],
    by_key: HashMap<Key<'w>, Vec<usize>>,
    /// Which conditions occur together: few combinations, whatever the number of waivers.
    shapes: Vec<Shape>,
}

/// Conditions with their values. Absent ones are not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Key<'a> {
    id: Option<&'a str>,
    rule: Option<&'a str>,
    /// As [`rough_package`] has it.
    package: Option<String>,
    tool: Option<&'a str>,
    gate: Option<&'a str>,
    folder: Option<&'a str>,
    file_name: Option<&'a str>,
}

/// Which conditions a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Shape {
    id: bool,
    rule: bool,
    package: bool,
    tool: bool,
    gate: bool,
    folder: bool,
    file_name: bool,
}

impl<'w> WaiverIndex<'w> {
    pub(super) fn new(waivers: &'w [Waiver], today: Date) -> Self {
        let mut by_key: HashMap<Key, Vec<usize>> = HashMap::new();
        for (index, waiver) in waivers
            .iter()
            .enumerate()
            .filter(|(_, waiver)| waiver.is_current(today) && waiver.gap().is_none())
        {
            by_key.entry(Key::of(waiver)).or_default().push(index);
        }
        let shapes: HashSet<Shape> = by_key.keys().map(Key::shape).collect();
        Self { waivers, by_key, shapes: shapes.into_iter().collect() }
    }

    /// The indices of the waivers that cover the finding, in the order of the file.
    pub(super) fn covering(&self, finding: &Finding) -> Vec<usize> {
        let mut covering = self.candidates(finding);
        covering.retain(|index| self.waivers[*index].covers(finding));
        covering.sort_unstable();
        covering.dedup();
        covering
    }

    /// Every waiver that may cover the finding.
    fn candidates(&self, finding: &Finding) -> Vec<usize> {
        let mut candidates = Vec::new();
        for shape in &self.shapes {
            for key in keys(finding, *shape) {
                candidates.extend(self.by_key.get(&key).into_iter().flatten());
            }
        }
        candidates
    }
}

impl<'a> Key<'a> {
    fn of(waiver: &'a Waiver) -> Self {
        let mut key = Self::default();
        for (name, says) in waiver.conditions() {
            match name {
                "id" => key.id = says,
                "rule" => key.rule = says,
                "package" => key.package = says.map(rough_package),
                "tool" => key.tool = says,
                "gate" => key.gate = says,
                _ => {}
            }
        }
        key.folder = waiver.path().map(|path| path.folder());
        key.file_name = waiver.path().and_then(|path| path.file_name());
        key
    }

    fn shape(&self) -> Shape {
        Shape {
            id: self.id.is_some(),
            rule: self.rule.is_some(),
            package: self.package.is_some(),
            tool: self.tool.is_some(),
            gate: self.gate.is_some(),
            folder: self.folder.is_some(),
            file_name: self.file_name.is_some(),
        }
    }
}

/// All keys of one shape that a waiver for this finding may have.
fn keys(finding: &Finding, shape: Shape) -> Vec<Key<'_>> {
    let path = finding.location.as_ref().map(|location| &*location.path);
    let package = finding.package.as_ref();
    let mut keys = vec![Key {
        id: shape.id.then_some(&*finding.id),
        tool: shape.tool.then_some(&*finding.tool),
        gate: shape.gate.then_some(&*finding.gate),
        file_name: path.filter(|_| shape.file_name).and_then(|path| path.rsplit('/').next()),
        ..Key::default()
    }];
    if shape.rule {
        let rules = || std::iter::once(&finding.rule).chain(finding.aliases.iter());
        keys = each(&keys, rules, |key, rule| Key { rule: Some(rule), ..key });
    }
    if shape.package {
        let names = || {
            let texts = package.into_iter().flat_map(|has| std::iter::once(&has.name).chain(has.purls()));
            let mut names: Vec<String> = texts.map(|text| rough_package(text)).collect();
            let scoped = package.and_then(|has| Purl::read(has.purl.as_deref()?));
            names.extend(scoped.map(|purl| rough_package(&purl.combined_name())));
            // A waiver may name the package URL that the package would have.
            names.extend(
                package.and_then(|has| Some(rough_package(&format!("{}{}", kind_of(has)?, has.name)))),
            );
            names.sort();
            names.dedup();
            names.into_iter()
        };
        keys = each(&keys, names, |key, name| Key { package: Some(name), ..key });
    }
    if shape.folder {
        let folders = || path.into_iter().flat_map(folders);
        keys = each(&keys, folders, |key, folder| Key { folder: Some(folder), ..key });
    }
    keys
}

/// Each key with each value.
fn each<'a, T, I: Iterator<Item = T>>(
    keys: &[Key<'a>],
    values: impl Fn() -> I,
    with: impl Fn(Key<'a>, T) -> Key<'a>,
) -> Vec<Key<'a>> {
    keys.iter().flat_map(|key| values().map(|value| with(key.clone(), value)).collect::<Vec<_>>()).collect()
}

/// The folders around a file, from the top of the repository down: "", "src", "src/lib".
fn folders(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(end, _)| end).filter(|end| *end > 0);
    std::iter::once(0).chain(ends).map(|end| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::file::parse;
    use crate::model::finding::{Category, Location, Package};
    use crate::model::severity::Severity;

    const TODAY: Date = jiff::civil::date(2026, 1, 1);

    fn waivers(of: &[String]) -> Vec<Waiver> {
        let text: String =
            of.iter().map(|conditions| format!("[[waiver]]\nreason = 'r'\n{conditions}\n")).collect();
        parse(&text, |keys| Waiver::read_all(keys, true, &["lint"], &["eslint"])).unwrap()
    }

    fn finding(n: usize) -> Finding {
        let mut finding = Finding::new(format!("rule-{n}"), Category::Lint, Severity::High, "t");
        finding.id = format!("id-{n}").into();
        (finding.gate, finding.tool) = ("lint".into(), "eslint".into());
        finding.location = Some(Location::file(format!("src/d{n}/x/f{n}.ts")));
        let name = format!("p{n}");
        finding.package = Some(Package { name: name.as_str().into(), ..Package::default() }.into());
        finding.aliases = [format!("CVE-{n}").into()].into();
        finding
    }

    /// Conditions that name something of the n-th finding.
    const KINDS: [&str; 9] = [
        "id = 'id-N'",
        "rule = 'rule-N'",
        "rule = 'CVE-N'",
        "package = 'pN'",
        "path = 'src/dN/x/fN.ts'",
        "path = 'src/dN/**'",
        "path = '**/fN.ts'",
        "rule = 'rule-N'\npath = 'src/dN/*/*.ts'",
        "tool = 'eslint'\ngate = 'lint'\npackage = 'pN'",
    ];

    #[test]
    fn a_finding_is_compared_with_few_waivers_however_many_there_are() {
        for kind in KINDS {
            let of: Vec<String> = (0..2_000).map(|n| kind.replace('N', &n.to_string())).collect();
            let waivers = waivers(&of);
            let index = WaiverIndex::new(&waivers, TODAY);
            for n in [0, 7, 1_999] {
                assert_eq!(index.candidates(&finding(n)), [n], "{kind}");
                assert_eq!(index.covering(&finding(n)), [n], "{kind}");
            }
        }
    }

    #[test]
    fn a_package_is_found_by_every_name_that_its_ecosystem_takes_for_it() {
        let package = |name: &str, purl: Option<&str>, ecosystem: Option<&str>| {
            let mut one = finding(1);
            let (purl, ecosystem) = (purl.map(Into::into), ecosystem.map(Into::into));
            one.package = Some(Package { name: name.into(), purl, ecosystem, ..Package::default() }.into());
            one
        };
        let zope = package("zope.interface", Some("pkg:pypi/zope.interface@7.2"), Some("pypi"));
        let maven = package("org.a:b", Some("pkg:maven/org.a/b@1"), None);
        let npm = package("@s/a.b", Some("pkg:npm/%40s/a.b@1"), Some("npm"));
        let nuget = package("Newtonsoft.Json", None, Some("nuget"));
        let unscoped = package("ms", Some("pkg:npm/%40evil/ms@1"), Some("npm"));
        let bare = package("org.a:b", None, Some("maven"));
        for (waiver, finding, covers) in [
            ("zope-interface", &zope, true),
            ("Zope_Interface", &zope, true),
            ("pkg:pypi/Zope-Interface@7.2", &zope, true),
            ("pkg:pypi/zope.interface@7.3", &zope, false),
            ("pkg:pypi/zope.interface", &zope, true),
            ("pkg:npm/zope.interface", &zope, false),
            ("org.a/b", &maven, true),
            ("Org.a:b", &maven, false),
            ("pkg:maven/org.a/b@1", &maven, true),
            ("@s/a.b", &npm, true),
            ("pkg:npm/@s/a.b@1", &npm, true),
            ("@s/a-b", &npm, false),
            // Its report has the name without the scope.
            ("@evil/ms", &unscoped, true),
            ("ms", &unscoped, false),
            ("newtonsoft.json", &nuget, true),
            // Without a package URL: by ecosystem and name; a version must be known.
            ("pkg:nuget/newtonsoft.json", &nuget, true),
            ("pkg:nuget/Newtonsoft.Json@13.0.1", &nuget, false),
            ("pkg:npm/Newtonsoft.Json", &nuget, false),
            ("pkg:maven/org.a/b", &bare, true),
            ("pkg:maven/org.a/b@1", &bare, false),
            ("pkg:maven/org.a/b?type=jar", &maven, false),
        ] {
            let waivers = waivers(&[format!("package = '{waiver}'")]);
            assert_eq!(waivers[0].covers(finding), covers, "{waiver}");
            assert_eq!(!WaiverIndex::new(&waivers, TODAY).covering(finding).is_empty(), covers, "{waiver}");
        }
    }

    #[test]
    fn it_finds_what_asking_every_waiver_finds() {
        let wide = [
            "tool = 'eslint'",
            "gate = 'lint'",
            "path = 'src/**'",
            "path = '**/*.ts'",
            "path = 'src/?[0-9]/**'",
        ];
        let mut of: Vec<String> = wide.map(str::to_owned).into();
        for n in 0..6 {
            of.extend(KINDS.iter().map(|kind| kind.replace('N', &n.to_string())));
        }
        let waivers = waivers(&of);
        let index = WaiverIndex::new(&waivers, TODAY);
        let mut bare = finding(3);
        (bare.location, bare.package) = (None, None);
        for finding in (0..8).map(finding).chain([bare]) {
            let all: Vec<usize> = (0..waivers.len()).filter(|n| waivers[*n].covers(&finding)).collect();
            assert!(!all.is_empty());
            assert_eq!(index.covering(&finding), all);
        }
    }
}
