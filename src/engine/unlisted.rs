//! The packages that a lock file names, and those that a scanner lists for it: what is missing, nobody looked at.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::gate_inputs::accepts;
use crate::engine::gate_reads::GateReads;
use crate::inputs::{Inputs, LockPackage, LockPackages, python_name};
use crate::model::input::{InputKind, PackageManager as Manager};
use crate::model::looked_at::InputState;
use crate::scan::parsed::ListedPackage;
use crate::text::shared::Text;

/// The most packages that a reason names.
const MOST: usize = 3;

/// What became of a file of which a scanner lists packages.
pub(super) fn compare(
    named: &LockPackages,
    listed: &[&ListedPackage],
    gate: &GateReads,
    kind: InputKind,
) -> (InputState, Option<Text>) {
    // The names of advisories are for who looks for advisories.
    if gate.only_lists() && has_aliases(kind) {
        return (InputState::Scanned, None);
    }
    let known = Known::new(listed, kind);
    let missing: Vec<&LockPackage> = named.shipped.iter().filter(|one| known.dev(one).is_none()).collect();
    if !missing.is_empty() {
        let why = gate.on_unlisted(kind).map(|why| format!(": {why}")).unwrap_or_default();
        let words = format!("{} does not list {}{why}", gate.title, words(&missing));
        return (InputState::Gap, Some(accepts(&words)));
    }
    // With `scope = "production"` nothing in these would block.
    let hidden = named.shipped.iter().filter(|one| gate.only_shipped && known.dev(one) == Some(true));
    let hidden: Vec<&LockPackage> = hidden.collect();
    if !hidden.is_empty() {
        let words = format!(
            "{} takes {} for development, and with `scope = \"production\"` no finding in it blocks",
            gate.title,
            words(&hidden)
        );
        return (InputState::Gap, Some(accepts(&words)));
    }
    let listed: BTreeSet<_> = listed.iter().map(|one| (&one.name, &one.version)).collect();
    let left_out = named.develops > 0 && listed.len() < named.develops + named.shipped.len();
    let why = left_out.then(|| "without its packages of development, which are left out".into());
    (InputState::Scanned, why)
}

/// Whether a lock file of this kind may have other names for its packages than its registry.
fn has_aliases(kind: InputKind) -> bool {
    const OF: [Manager; 7] = [
        Manager::Npm,
        Manager::Yarn,
        Manager::Bun,
        Manager::Hex,
        Manager::Pub,
        Manager::Swift,
        Manager::CocoaPods,
    ];
    matches!(kind, InputKind::Lock(manager) if OF.contains(&manager))
}

/// Why a lock file does not fit its manifest.
pub(super) fn stale(inputs: &Inputs, path: &str, kind: InputKind) -> Option<String> {
    let (manifest, missing) = inputs.missing_in_lock(path, kind)?;
    let named = missing.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    let more = missing.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("it does not name {named}{more}, which {manifest} asks for: bring the lock file up to date"))
}

/// `pyyaml 5.3 (line 2), six 1.16.0 and 4 more of its packages`
fn words(packages: &[&LockPackage]) -> String {
    let one = |package: &&LockPackage| {
        let version = package.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let line = package.line.map(|line| format!(" (line {line})")).unwrap_or_default();
        format!("{}{version}{line}", package.name)
    };
    let named: Vec<String> = packages.iter().take(MOST).map(one).collect();
    let more = packages.len() - named.len();
    let more = if more > 0 { format!(" and {more} more of its packages") } else { String::new() };
    named.join(", ") + &more
}

/// The packages of a list, by name.
struct Known<'l> {
    kind: InputKind,
    by_name: BTreeMap<String, Vec<&'l ListedPackage>>,
}

impl<'l> Known<'l> {
    fn new(listed: &[&'l ListedPackage], kind: InputKind) -> Self {
        let mut by_name: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for package in listed {
            by_name.entry(plain(&package.name, kind)).or_default().push(*package);
        }
        Self { kind, by_name }
    }

    /// Whether it is listed as one of development; `None`: it is not listed.
    fn dev(&self, wanted: &LockPackage) -> Option<bool> {
        let fits = |listed: &&&ListedPackage| match (&wanted.version, &listed.version) {
            (Some(wanted), Some(version)) => **version == **wanted,
            (None, _) | (_, None) => true,
        };
        let same = self.by_name.get(&plain(&wanted.name, self.kind)).into_iter().flatten();
        same.filter(fits).map(|listed| listed.dev).reduce(|all, dev| all && dev)
    }
}

/// A name as its registry compares it.
fn plain(name: &str, kind: InputKind) -> String {
    const OF_PYTHON: [Manager; 5] =
        [Manager::Pip, Manager::Poetry, Manager::Uv, Manager::Pipenv, Manager::Pdm];
    match kind {
        InputKind::Lock(manager) if OF_PYTHON.contains(&manager) => python_name(name),
        _ => name.to_owned(),
    }
}
