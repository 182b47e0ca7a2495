//! What a document is about: the images and folders that were scanned, and the packages in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::formats::cyclonedx::document::{BomComponent, ComponentKind};
use crate::model::aim::Aim;
use crate::model::component;
use crate::model::finding::{Category, Finding, Package};
use crate::model::purl::Purl;
use crate::model::run::{GateRecord, Run, TargetRecord};
use crate::report::subject;
use crate::text::shared::Text;

use super::list;

/// Images and folders with their packages. Each is listed once.
#[derive(Default)]
pub(super) struct Parts<'a> {
    pub subjects: Vec<Subject<'a>>,
    packages: BTreeMap<Key, Listed<'a>>,
    /// The place of each subject, by gate and target.
    by_target: HashMap<(&'a str, &'a str), usize>,
}

/// An image or a folder.
pub(super) struct Subject<'a> {
    is_image: bool,
    name: &'a str,
    /// The digest of the manifest, or the image's id if there is no digest.
    digest: Option<&'a Text>,
    packages: BTreeSet<Key>,
    /// The gates that listed its packages, and those that searched for vulnerabilities.
    listed_by: Vec<&'a str>,
    searched_by: Vec<&'a str>,
    /// The gates that should have done so, and have no proof.
    unproven: Vec<&'a str>,
}

/// Identifies one version of a package: its package URL without qualifiers, since tools write different
/// qualifiers, or its names if it has no URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(String);

/// A package from an inventory, or from a finding if no inventory lists it.
#[derive(Clone, Copy)]
enum Listed<'a> {
    Inventory(&'a component::Component),
    Finding { package: &'a Package, version: Option<&'a str> },
}

impl Key {
    fn of(purl: Option<&str>, ecosystem: Option<&str>, name: &str, version: Option<&str>) -> Self {
        let at = version.map(|version| format!("@{version}")).unwrap_or_default();
        Self(match purl.and_then(Purl::read) {
            Some(purl) => {
                format!("{}{}", purl.plain(), purl.version().map_or(at, |version| format!("@{version}")))
            }
            // npm's own reports name packages as its URLs do.
            None if ecosystem == Some("npm") => format!("pkg:npm/{}{at}", name.to_lowercase()),
            None => format!("package:{}/{name}{at}", ecosystem.unwrap_or_default()),
        })
    }

    /// The package of a finding, once for each installed version.
    fn all(package: &Package) -> impl Iterator<Item = (Self, Option<&str>)> {
        let versions: Vec<Option<&str>> = match package.version.as_deref() {
            Some(versions) => versions.split(", ").map(Some).collect(),
            None => vec![None],
        };
        // A package URL has one version.
        let purl = package.purl.as_deref().filter(|_| versions.len() == 1);
        let of = move |version| Self::of(purl, package.ecosystem.as_deref(), &package.name, version);
        versions.into_iter().map(move |version| (of(version), version))
    }

    pub(super) fn bom_ref(&self) -> String {
        self.0.clone()
    }
}

impl<'a> Parts<'a> {
    pub(super) fn of(run: &'a Run) -> Self {
        let mut parts = Parts::default();
        let vulnerable: BTreeSet<&str> = run
            .findings
            .iter()
            .filter(|finding| is_vulnerability(finding))
            .map(|finding| &*finding.gate)
            .collect();
        for gate in &run.gates {
            let searches = looks_for_vulnerabilities(gate) || vulnerable.contains(&*gate.id);
            for target in &gate.targets {
                let lists = target.inventory.is_some() || &*gate.tool == "syft";
                if searches || lists {
                    parts.add(gate, target, lists, searches);
                }
            }
        }
        for finding in run.findings.iter().filter(|finding| is_vulnerability(finding)) {
            let subject = parts.by_target.get(&(&*finding.gate, &*finding.target)).copied();
            for (key, version) in finding.package.iter().flat_map(|package| Key::all(package)) {
                if let Some(package) = finding.package.as_deref() {
                    parts.packages.entry(key.clone()).or_insert(Listed::Finding { package, version });
                }
                if let Some(subject) = subject.and_then(|at| parts.subjects.get_mut(at)) {
                    subject.packages.insert(key);
                }
            }
        }
        parts
    }

    fn add(&mut self, gate: &'a GateRecord, target: &'a TargetRecord, lists: bool, searches: bool) {
        let is_image = target.image.is_some() || target.image_id.is_some();
        let name: &str = &target.name;
        let known = self.subjects.iter().position(|one| one.name == name && one.is_image == is_image);
        let at = known.unwrap_or(self.subjects.len());
        if known.is_none() {
            self.subjects.push(Subject {
                is_image,
                name,
                digest: None,
                packages: BTreeSet::new(),
                listed_by: Vec::new(),
                searched_by: Vec::new(),
                unproven: Vec::new(),
            });
        }
        self.by_target.insert((&gate.id, name), at);
        let Some(subject) = self.subjects.get_mut(at) else { return };
        subject.digest = subject.digest.or(target.image_digest.as_ref()).or(target.image_id.as_ref());
        if target.reason.is_some() {
            subject.unproven.push(&gate.id);
            return;
        }
        subject.listed_by.extend(lists.then_some(&*gate.id));
        subject.searched_by.extend(searches.then_some(&*gate.id));
        let listed = target.inventory.iter().flat_map(|inventory| inventory.iter());
        for listed in listed.filter(|listed| !listed.is_only_a_name() && !listed.is_image()) {
            let key = Key::of(listed.purl.as_deref(), None, &listed.name, listed.version.as_deref());
            subject.packages.insert(key.clone());
            self.packages.entry(key).or_insert(Listed::Inventory(listed));
        }
    }

    /// The packages that a vulnerability is in; without a package, the image or folder that was scanned.
    pub(super) fn affected(&self, finding: &Finding) -> Vec<(String, Option<String>)> {
        if let Some(package) = finding.package.as_deref() {
            return Key::all(package)
                .map(|(key, version)| (key.bom_ref(), version.map(str::to_owned)))
                .collect();
        }
        let subject = self.by_target.get(&(&*finding.gate, &*finding.target));
        let subject = subject.and_then(|at| self.subjects.get(*at));
        vec![(subject.map_or(super::ROOT.to_owned(), Subject::bom_ref), None)]
    }

    /// The images and folders that lack proof, or were never searched.
    pub(super) fn lacking(&self) -> impl Iterator<Item = String> + '_ {
        let lacks = |one: &&Subject| {
            !one.unproven.is_empty() || one.searched_by.is_empty() || one.listed_by.is_empty()
        };
        self.subjects.iter().filter(lacks).map(Subject::bom_ref)
    }

    pub(super) fn components(&self) -> Vec<BomComponent> {
        let subjects = self.subjects.iter().map(Subject::component);
        subjects.chain(self.packages.iter().map(|(key, listed)| listed.component(key))).collect()
    }

    /// Each image and folder with its packages, by their names in the document.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = (String, Vec<String>)> + '_ {
        self.subjects
            .iter()
            .map(|subject| (subject.bom_ref(), subject.packages.iter().map(Key::bom_ref).collect()))
    }
}

impl Subject<'_> {
    pub(super) fn bom_ref(&self) -> String {
        format!("{}:{}", if self.is_image { "image" } else { "folder" }, self.name)
    }

    fn component(&self) -> BomComponent {
        let kind = if self.is_image { ComponentKind::Container } else { ComponentKind::Application };
        let nobody = |gates: &[&str]| if gates.is_empty() { "nobody".to_owned() } else { gates.join(", ") };
        let properties = [
            list("packages-listed-by", &[&nobody(&self.listed_by)]),
            list("vulnerabilities-searched-by", &[&nobody(&self.searched_by)]),
            list("inconclusive", &self.unproven),
        ];
        BomComponent {
            bom_ref: Some(self.bom_ref()),
            version: self.digest.map(|digest| digest.to_string()),
            properties: properties.into_iter().flatten().collect(),
            ..BomComponent::new(kind, self.name)
        }
    }
}

impl Listed<'_> {
    fn component(&self, key: &Key) -> BomComponent {
        let (name, version, purl, licences): (&str, _, _, &[String]) = match self {
            Listed::Inventory(one) => (&one.name, one.version.as_deref(), one.purl.as_deref(), &one.licences),
            Listed::Finding { package, version } => {
                // If a finding has several versions, its package URL is of only one of them.
                let several = package.version.as_deref() != *version;
                (&package.name, *version, package.purl.as_deref().filter(|_| !several), &[])
            }
        };
        let purl = purl.map(str::to_owned).or_else(|| key.0.starts_with("pkg:").then(|| key.0.clone()));
        BomComponent {
            bom_ref: Some(key.bom_ref()),
            version: version.map(str::to_owned),
            purl: purl.filter(|purl| Purl::read(purl).is_some()),
            licences: licences.to_vec(),
            ..BomComponent::new(ComponentKind::Library, name)
        }
    }
}

fn looks_for_vulnerabilities(gate: &GateRecord) -> bool {
    let vulnerabilities = [Aim::PackageVulnerabilities, Aim::ImageVulnerabilities];
    subject::looks_for(gate).iter().any(|aim| vulnerabilities.contains(aim))
}

pub(super) fn is_vulnerability(finding: &Finding) -> bool {
    finding.category == Category::Vulnerability
}
