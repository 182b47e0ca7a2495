//! What the reports of a gate name.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::engine::gate_inputs::folder_of;
use crate::model::input::Language;
use crate::scan::parsed::{ListedPackage, Parsed};
use crate::text::shared::Text;

/// The paths that the reports of a gate name, from the top of the repository.
#[derive(Debug, Default)]
pub(super) struct Named<'r> {
    pub(super) paths: HashSet<&'r str>,
    /// The folders in which they lie, and those around these.
    pub(super) folders: HashSet<&'r str>,
    pub(super) around: HashSet<&'r str>,
    /// What it read without a part in another language.
    pub(super) in_part: HashMap<&'r str, Language>,
    /// The packages that they list for an input.
    pub(super) packages: BTreeMap<&'r str, Vec<&'r ListedPackage>>,
    /// What the tool could not parse, and its word.
    pub(super) not_read: BTreeMap<&'r str, &'r Text>,
}

impl<'r> Named<'r> {
    pub(super) fn new(reports: impl Iterator<Item = &'r Parsed>) -> Self {
        let mut named = Self::default();
        for report in reports {
            named.not_read.extend(report.not_read.iter().map(|(path, why)| (&**path, why)));
            named.in_part.extend(report.read_in_part.iter().map(|(path, language)| (&**path, *language)));
            for (path, packages) in &report.listed_packages {
                named.packages.entry(path).or_default().extend(packages);
            }
            for path in &report.read_inputs {
                named.paths.insert(path);
                let mut folder = folder_of(path);
                named.folders.insert(folder);
                while named.around.insert(folder) && folder != "." {
                    folder = folder_of(folder);
                }
            }
        }
        named
    }
}
