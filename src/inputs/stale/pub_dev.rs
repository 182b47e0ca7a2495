//! `pubspec.yaml` and `pubspec.lock`.

use std::collections::BTreeSet;

use super::Named;
use crate::text::yaml::{Node, document};

pub(super) fn named(text: &str) -> Option<Named> {
    let lock = document(text).ok()?;
    let all = lock.get("packages")?.entries().map(|(name, _)| name.to_owned()).collect();
    Some(Named { all, ..Named::default() })
}

/// A folder, or a part of the SDK, has no version that a registry knows.
pub(super) fn asked(text: &str) -> Option<BTreeSet<String>> {
    let manifest = document(text).ok()?;
    let lists = ["dependencies", "dev_dependencies"].map(|list| manifest.get(list));
    let asked = lists.into_iter().flatten().flat_map(Node::entries);
    let others = asked.filter(|(_, value)| value.get("path").is_none() && value.get("sdk").is_none());
    Some(others.map(|(name, _)| name.to_owned()).collect())
}

pub(super) fn own_name(text: &str) -> Option<String> {
    document(text).ok()?.text("name").map(str::to_owned)
}
