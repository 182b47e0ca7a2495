//! `[profile.NAME]`: a named overlay of settings.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::keys::table::Keys;
use crate::keys::values::read_duration;
use crate::model::policy::Policy;
use crate::model::verdict::Mode;

use super::Gate;

/// An overlay. Absent keys stay as in the rest of the file.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub mode: Option<Mode>,
    pub only: Option<Vec<String>>,
    pub skip: Vec<String>,
    pub since: Option<String>,
    pub jobs: Option<usize>,
    pub fail_fast: Option<bool>,
    /// Gates with other settings in this profile, by id.
    pub gates: BTreeMap<String, GateOverlay>,
}

/// What a profile changes in one gate.
#[derive(Clone, Debug)]
pub struct GateOverlay {
    /// The gate's whole policy in this profile.
    pub policy: Policy,
    pub timeout: Option<Duration>,
    pub required: Option<bool>,
}

/// Reads every profile. `ids` are those of all gates, also of gates with mistakes.
pub(super) fn read_all(keys: &Keys, gates: &[Gate], ids: &[&str]) -> BTreeMap<String, Profile> {
    let Some(table) = keys.table("profile") else { return BTreeMap::new() };
    table.named_tables().into_iter().map(|(name, table)| (name.value, read(&table, gates, ids))).collect()
}

pub(crate) fn read(table: &Keys, gates: &[Gate], ids: &[&str]) -> Profile {
    let gate_list = |key| {
        let list = table.texts(key)?;
        for id in &list {
            if !ids.contains(&id.value.as_str()) {
                table.unknown(id.at.clone(), &format!("there is no gate `{}`", id.value), &id.value, ids);
            }
        }
        Some(list.into_iter().map(|id| id.value).collect::<Vec<_>>())
    };
    let mut overlays = BTreeMap::new();
    if let Some(tables) = table.table("gate") {
        for (id, overlay) in tables.named_tables() {
            match gates.iter().find(|gate| *gate.id == *id.value) {
                Some(gate) => {
                    overlays.insert(id.value, read_overlay(&overlay, gate));
                }
                None if ids.contains(&id.value.as_str()) => {}
                None => table.unknown(id.at, &format!("there is no gate `{}`", id.value), &id.value, ids),
            }
        }
    }
    let profile = Profile {
        mode: Mode::read(table),
        only: gate_list("only"),
        skip: gate_list("skip").unwrap_or_default(),
        since: table.text("since").map(|since| since.value),
        jobs: read_jobs(table),
        fail_fast: table.flag("fail_fast"),
        gates: overlays,
    };
    table.finish("a profile");
    profile
}

fn read_overlay(table: &Keys, gate: &Gate) -> GateOverlay {
    if gate.tool.acts() {
        for key in Policy::keys().filter(|key| table.has(key)) {
            table.problem(table.at_key(key), format!("`{key}` has no effect on {}", gate.spec.name));
            table.knows(key);
        }
    }
    let overlay = GateOverlay {
        policy: if gate.tool.acts() { gate.policy.clone() } else { Policy::read(table, &gate.policy) },
        timeout: read_duration(table, "timeout"),
        required: table.flag("required"),
    };
    table.finish("a gate in a profile");
    overlay
}

/// Reads `jobs`: at least 1.
pub(super) fn read_jobs(keys: &Keys) -> Option<usize> {
    let jobs = keys.count("jobs")?;
    if jobs.value == 0 {
        keys.problem(jobs.at, "`jobs` must be 1 or more");
        return None;
    }
    usize::try_from(jobs.value).ok()
}
