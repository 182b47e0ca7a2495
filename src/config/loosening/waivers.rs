//! Waivers of one configuration that cover more than those of another.

use std::collections::HashMap;

use crate::model::loosening::Loosening;
use crate::policy::waiver::Waiver;
use crate::text::shared::Text;

/// The possible conditions of a waiver. Absent ones are not asked for.
type Conditions<'a> = [Option<&'a str>; 7];

/// Every waiver of `other`, unless a waiver of the base covers the same findings, for as long.
pub(super) fn wider_waivers(base: &[Waiver], other: &[Waiver]) -> Vec<Loosening> {
    let mut by_conditions: HashMap<Conditions, Vec<&Waiver>> = HashMap::new();
    let mut by_name: HashMap<&Text, &Waiver> = HashMap::new();
    for waiver in base {
        by_conditions.entry(conditions(waiver)).or_default().push(waiver);
        by_name.entry(&waiver.name).or_insert(waiver);
    }
    let is_covered = |waiver: &Waiver| {
        let alike = fewer(conditions(waiver)).into_iter().filter_map(|key| by_conditions.get(&key));
        alike.flatten().any(|known| lasts_as_long(known, waiver))
    };
    let wider = other.iter().filter(|waiver| !is_covered(waiver));
    wider.map(|waiver| wider_waiver(by_name.get(&waiver.name).copied(), waiver)).collect()
}

/// `known` is the base's waiver of that name.
fn wider_waiver(known: Option<&Waiver>, waiver: &Waiver) -> Loosening {
    let was = known.map(described);
    let word = if known.is_some() { "covers more" } else { "is new" };
    // A waiver without a name is already called `waiver 3`.
    let place =
        if !waiver.has_own_name { waiver.name.to_string() } else { format!("waiver {}", waiver.name) };
    Loosening { place, what: format!("it {word}: {}", described(waiver)), was }
}

fn conditions(waiver: &Waiver) -> Conditions<'_> {
    waiver.conditions().map(|(_, says)| says)
}

/// These conditions, with any of them left out: those of every waiver that covers the same findings.
fn fewer(all: Conditions<'_>) -> Vec<Conditions<'_>> {
    let mut fewer = vec![all];
    for at in (0..all.len()).filter(|at| all[*at].is_some()) {
        let mut without = fewer.clone();
        without.iter_mut().for_each(|conditions| conditions[at] = None);
        fewer.extend(without);
    }
    fewer
}

fn lasts_as_long(wide: &Waiver, narrow: &Waiver) -> bool {
    match (wide.expires, narrow.expires) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => wide >= narrow,
    }
}

/// `rule = CKV_1, path = infra/** until 2030-01-01`
fn described(waiver: &Waiver) -> String {
    let conditions: Vec<String> = waiver
        .conditions()
        .into_iter()
        .filter_map(|(key, says)| says.map(|says| format!("{key} = {says}")))
        .collect();
    let until = waiver.expires.map(|day| format!(" until {day}")).unwrap_or_default();
    conditions.join(", ") + &until
}
