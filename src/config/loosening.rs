//! Compares two policies: what one of them lets pass and the other blocks.
//!
//! `--policy-from` compares the gates.toml of the change with that of the base, and `--require`
//! a run with an organisation's floor.

mod waivers;

use std::borrow::Cow;

use self::waivers::wider_waivers;
use crate::config::sources::Sources;
use crate::config::{Config, Gate, Profile};
use crate::keys::table::Located;
use crate::model::loosening::Loosening;
use crate::model::policy::{Budget, Conditions, DependencyScope, Policy, Probability};
use crate::model::severity::Severity;
use crate::model::verdict::Mode;
use crate::policy::coverage::{Coverage, Extent};
use crate::policy::judge::{allowed, at_or_above};
use crate::scan::options::differing;

/// Everything that `other` would let pass and `base` would not, in the base's order.
pub(crate) fn loosened(base: &Config, other: &Config) -> Vec<Loosening> {
    let mut all = Vec::new();
    if base.mode == Mode::Production && other.mode == Mode::Lab {
        all.push(lab("gates.toml"));
    }
    if base.require_lock && !other.require_lock {
        all.push(Loosening::new("gates.toml", "require_lock = false"));
    }
    if other.deploy_in_lab && !base.deploy_in_lab {
        all.push(Loosening::new("gates.toml", "deploy_in_lab = true"));
    }
    let budgets =
        base.max.iter().filter(|(severity, most)| other.max.get(severity).is_none_or(|is| is > most));
    all.extend(budgets.map(|(severity, _)| looser_max(*severity, &base.max, &other.max).at("gates.toml")));
    // The baseline matters only if a gate has `new_only`.
    if base.baseline != other.baseline && other.gates.iter().any(|gate| gate.policy.new_only) {
        all.push(Looser::changed("baseline").at("gates.toml"));
    }
    for gate in &base.gates {
        let place = format!("gate {}", gate.id);
        match other.gate(&gate.id) {
            None => all.push(Loosening::new(place, "it was removed")),
            Some(now) => all.extend(differences(gate, now).into_iter().map(|looser| looser.at(&place))),
        }
    }
    // Defaults also apply to gates that are not in the file, such as a report for `judge`.
    let defaults = looser_policy(&base.defaults.policy, &other.defaults.policy);
    let listed = |looser: &Looser| all.iter().any(|one| one.what == looser.is);
    let further: Vec<Looser> = defaults.into_iter().filter(|looser| !listed(looser)).collect();
    all.extend(further.into_iter().map(|looser| looser.at("defaults")));
    for (name, profile) in &base.profiles {
        match other.profiles.get(name) {
            None => all.push(Loosening::new(format!("profile {name}"), "it was removed")),
            Some(now) => all.extend(in_profile(name, (base, profile), (other, now))),
        }
    }
    all.extend(looser_sources(&base.sources, &other.sources));
    all.extend(wider_waivers(&base.waivers, &other.waivers));
    all
}

fn lab(place: &str) -> Loosening {
    Looser::new("mode", "mode = lab".to_owned(), "mode = production".to_owned()).at(place)
}

/// One key that is looser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Looser {
    /// The key of gates.toml.
    pub key: Cow<'static, str>,
    pub is: String,
    pub was: Option<String>,
}

impl Looser {
    fn new(key: &'static str, is: String, was: String) -> Self {
        Self { key: key.into(), is, was: Some(was) }
    }

    fn changed(key: impl Into<Cow<'static, str>>) -> Self {
        let key = key.into();
        Self { is: format!("{key} changed"), key, was: None }
    }

    fn at(self, place: &str) -> Loosening {
        Loosening { place: place.to_owned(), what: self.is, was: self.was }
    }
}

/// Where `other` allows more findings than `base`. It compares the effect of the keys, not their text.
pub(crate) fn looser_policy(base: &Policy, other: &Policy) -> Vec<Looser> {
    let mut all = Vec::new();
    for severity in Severity::ALL.into_iter() {
        if !is_more(allowed(severity, base), allowed(severity, other)) {
            continue;
        }
        let looser = if !at_or_above(severity, base) {
            looser_max(severity, &base.max, &other.max)
        } else if severity == Severity::Unknown && base.unrated != other.unrated {
            let unrated = |policy: &Policy| match policy.unrated {
                Some(counts_as) => format!("unrated = {}", counts_as.as_str()),
                None => "no unrated".to_owned(),
            };
            Looser::new("unrated", unrated(other), unrated(base))
        } else {
            let fail_on = |policy: &Policy| format!("fail_on = {}", policy.fail_on.as_str());
            Looser::new("fail_on", fail_on(other), fail_on(base))
        };
        if !all.contains(&looser) {
            all.push(looser);
        }
    }
    if other.new_only && !base.new_only {
        let new_only = |policy: &Policy| format!("new_only = {}", policy.new_only);
        all.push(Looser::new("new_only", new_only(other), new_only(base)));
    }
    let than = |policy: &Policy| policy.no_worse_than.as_ref().map(|ratchet| ratchet.than.clone());
    if than(base).is_some() && than(base) != than(other) {
        let ratchet = |policy| match than(policy) {
            Some(file) => format!("no_worse_than = {file}"),
            None => "no no_worse_than".to_owned(),
        };
        all.push(Looser::new("no_worse_than", ratchet(other), ratchet(base)));
    }
    all.extend(looser_conditions(&base.conditions, &other.conditions));
    all
}

/// Where fewer findings block at any severity, or more pass.
fn looser_conditions(base: &Conditions, other: &Conditions) -> Vec<Looser> {
    let flag = |key, is: bool, was: bool| Looser::new(key, format!("{key} = {is}"), format!("{key} = {was}"));
    let mut all = Vec::new();
    if other.only_fixable && !base.only_fixable {
        all.push(flag("only_fixable", true, false));
    }
    if other.scope == DependencyScope::Production && base.scope == DependencyScope::All {
        all.push(Looser::new("scope", "scope = production".to_owned(), "scope = all".to_owned()));
    }
    if base.fail_on_kev && !other.fail_on_kev {
        all.push(flag("fail_on_kev", false, true));
    }
    if let Some(was) = base.epss_at_least
        && other.epss_at_least.is_none_or(|is| is > was)
    {
        let words = |least: Option<Probability>| match least {
            Some(least) => format!("epss_at_least = {}", least.value()),
            None => "no epss_at_least".to_owned(),
        };
        all.push(Looser::new("epss_at_least", words(other.epss_at_least), words(Some(was))));
    }
    all
}

/// Where other files decide what counts: one more VEX document, one more name for the project, other
/// scores or another catalogue.
fn looser_sources(base: &Sources, other: &Sources) -> Vec<Loosening> {
    let mut all = Vec::new();
    let texts = |list: &[Located<String>]| list.iter().map(|one| one.value.clone()).collect::<Vec<_>>();
    let lists = [
        ("vex", texts(&base.vex), texts(&other.vex)),
        ("products", base.products.clone(), other.products.clone()),
    ];
    for (key, was, is) in lists {
        let added = is.into_iter().filter(|one| !was.contains(one));
        all.extend(added.map(|one| Loosening::new("gates.toml", format!("{key} has a new entry, {one}"))));
    }
    for (key, was, is) in [("epss", &base.epss, &other.epss), ("kev", &base.kev, &other.kev)] {
        let words = |file: &Option<Located<String>>| match file {
            Some(file) => format!("{key} = {}", file.value),
            None => format!("no {key}"),
        };
        if was.is_some() && words(was) != words(is) {
            all.push(Loosening { place: "risk".to_owned(), what: words(is), was: Some(words(was)) });
        }
    }
    if Extent::AtMost(other.max_age).is_weaker_than(&Extent::AtMost(base.max_age)) {
        let words = |age| Coverage::new("max_age", Extent::AtMost(age)).words();
        all.push(Loosening {
            place: "risk".to_owned(),
            what: words(other.max_age),
            was: Some(words(base.max_age)),
        });
    }
    all
}

fn looser_max(severity: Severity, base: &Budget, other: &Budget) -> Looser {
    let budget = |max: &Budget| match max.get(&severity) {
        Some(most) => format!("max.{severity} = {most}"),
        None => format!("no max.{severity}"),
    };
    Looser::new("max", budget(other), budget(base))
}

/// Whether more findings are allowed; `None`: any number.
fn is_more(was: Option<u64>, is: Option<u64>) -> bool {
    match (was, is) {
        (Some(was), Some(is)) => is > was,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Where the keys of a tool make it scan less or something else, or lower the severity of its findings.
/// Only keys of `base` are compared.
pub(crate) fn looser_reach(base: (&[Coverage], &Policy), other: (&[Coverage], &Policy)) -> Vec<Looser> {
    let mut all = Vec::new();
    for was in base.0.iter().filter(|coverage| coverage.applies) {
        let now = other.0.iter().find(|coverage| coverage.key == was.key && coverage.applies);
        let Some(now) = now else { continue };
        let weaker = match (&was.says, &now.says) {
            (Extent::Rates(was), Extent::Rates(now)) => {
                was != now && is_more(allowed(*was, base.1), allowed(*now, other.1))
            }
            (was, now) => now.is_weaker_than(was),
        };
        match &now.says {
            _ if !weaker => {}
            // The value can be any text, and long.
            Extent::Exactly(_) => all.push(Looser::changed(was.key)),
            _ => all.push(Looser::new(was.key, now.words(), was.words())),
        }
    }
    all
}

fn looser_required(base: bool, other: bool) -> Option<Looser> {
    let looser = || Looser::new("required", "required = false".to_owned(), "required = true".to_owned());
    (base && !other).then(looser)
}

/// Whether it acts on more branches. An empty list means all branches.
fn looser_branches(base: &Gate, other: &Gate) -> Option<Looser> {
    let names = |gate: &Gate| gate.branches.iter().map(|branch| branch.text.to_string()).collect::<Vec<_>>();
    let (was, is) = (names(base), names(other));
    let more = is.is_empty() || is.iter().any(|branch| !was.contains(branch));
    let words = |names: &[String]| match names.is_empty() {
        true => "branches = all".to_owned(),
        false => format!("branches = {}", names.join(", ")),
    };
    (base.tool.acts() && !was.is_empty() && more).then(|| Looser::new("branches", words(&is), words(&was)))
}

/// How `other` is looser than `base`.
fn differences(base: &Gate, other: &Gate) -> Vec<Looser> {
    let mut all = looser_policy(&base.policy, &other.policy);
    all.extend(looser_required(base.required, other.required));
    all.extend(looser_branches(base, other));
    if other.allow_empty.is_looser_than(&base.allow_empty) {
        let was = base.allow_empty.is_some().then(|| base.allow_empty.words());
        all.push(Looser { key: "allow_empty".into(), is: other.allow_empty.words(), was });
    }
    if base.spec.name != other.spec.name {
        let tool = |gate: &Gate| format!("tool = {}", gate.spec.name);
        all.push(Looser::new("tool", tool(other), tool(base)));
        return all;
    }
    let (was, is) = (base.tool.coverage(), other.tool.coverage());
    // The effect of these is unknown without running the scanner. Values of `env` may be secret.
    let changed = [
        ("program", base.program != other.program),
        ("args", base.args != other.args),
        ("env", base.env != other.env),
        ("needs", base.needs != other.needs),
    ];
    all.extend(looser_reach((&was, &base.policy), (&is, &other.policy)));
    let options = differing(&base.tool.options(), &other.tool.options());
    all.extend(options.into_iter().filter(|key| !is_compared(key, &was, &is)).map(Looser::changed));
    all.extend(changed.into_iter().filter(|(_, changed)| *changed).map(|(key, _)| Looser::changed(key)));
    all
}

/// Whether an option was compared already, by its coverage. If the coverage differs, it need not be
/// less.
fn is_compared(key: &str, was: &[Coverage], is: &[Coverage]) -> bool {
    let of_key = |coverage: &&Coverage| {
        coverage.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    !was.iter().filter(of_key).eq(is.iter().filter(of_key))
}

/// What a profile loosens, beyond the rest of the file.
fn in_profile(name: &str, base: (&Config, &Profile), other: (&Config, &Profile)) -> Vec<Loosening> {
    let place = format!("profile {name}");
    let mut all = Vec::new();
    let mode = |(config, profile): (&Config, &Profile)| profile.mode.unwrap_or(config.mode);
    let of_file = base.1.mode.is_none() && other.1.mode.is_none();
    if !of_file && mode(base) == Mode::Production && mode(other) == Mode::Lab {
        all.push(lab(&place));
    }
    if let Some(since) = &other.1.since
        && base.1.since != other.1.since
    {
        let was = base.1.since.as_ref().map(|since| format!("since = {since}"));
        all.push(Loosening { place: place.clone(), what: format!("since = {since}"), was });
    }
    for gate in &base.0.gates {
        let Some(now) = other.0.gate(&gate.id) else { continue };
        if !leaves_out(base.1, &gate.id) && leaves_out(other.1, &gate.id) {
            all.push(Loosening::new(place.clone(), format!("it leaves out {}", gate.id)));
        }
        let (was, is) = (overlaid(gate, base.1), overlaid(now, other.1));
        let listed = differences(gate, now);
        let mut looser = looser_policy(&was.0, &is.0);
        looser.extend(looser_required(was.1, is.1));
        let place = format!("{place}, gate {}", gate.id);
        all.extend(
            looser.into_iter().filter(|looser| !listed.contains(looser)).map(|looser| looser.at(&place)),
        );
    }
    all
}

fn leaves_out(profile: &Profile, id: &str) -> bool {
    profile.skip.iter().any(|skipped| skipped == id)
        || profile.only.as_ref().is_some_and(|only| !only.iter().any(|wanted| wanted == id))
}

fn overlaid(gate: &Gate, profile: &Profile) -> (Policy, bool) {
    match profile.gates.get(&*gate.id) {
        Some(overlay) => (overlay.policy.clone(), overlay.required.unwrap_or(gate.required)),
        None => (gate.policy.clone(), gate.required),
    }
}

#[cfg(test)]
mod tests;
