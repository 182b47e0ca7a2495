//! `[[gate]]` of a floor: what every gate with a tool must have. At least one such gate must exist.

use crate::config::branch::{self, Branch};
use crate::config::floor::allowed::Allowed;
use crate::config::floor::{Breach, profile_of, way, way_into};
use crate::config::loosening::{Looser, looser_policy, looser_reach};
use crate::config::settings::Settings;
use crate::config::{Config, Gate};
use crate::keys::file::KeyStep;
use crate::keys::mistakes::Problems;
use crate::keys::table::Keys;
use crate::keys::values::read_duration;
use crate::model::policy::{DependencyScope, Policy, Threshold};
use crate::model::run::{Completeness, GateRecord};
use crate::model::severity::Severity;
use crate::policy::coverage::{Coverage, Extent, names};
use crate::policy::licence::InventoryRules;
use crate::scan::tool::ToolSpec;
use crate::tools::{TOOLS, spec};

#[derive(Debug)]
pub(super) struct Demand {
    tool: &'static str,
    id: Option<String>,
    stage: Option<String>,
    /// Which of the tool's scans it means, by key.
    choices: Vec<Coverage>,
    policy: Policy,
    required: bool,
    allowed: Allowed,
    /// If it acts: only on these branches.
    branches: Option<Vec<String>>,
    /// What each gate must have, by the tool's own keys.
    each: Vec<Coverage>,
    /// What the gates must scan together: `dirs`, `images`.
    together: Vec<Coverage>,
}

impl Demand {
    pub(super) fn read(table: &Keys) -> Option<Self> {
        // Without `fail_on` the floor asks only for the budgets.
        let mut nothing = Policy { fail_on: Threshold::Never, ..Policy::default() };
        if !table.has("fail_on") && !table.has("max") {
            // No severity blocks here, so the keys that let findings pass weaken nothing.
            nothing.conditions.only_fixable = true;
            nothing.conditions.scope = DependencyScope::Production;
        }
        let policy = Policy::read(table, &nothing);
        if table.has("unrated") && !table.has("fail_on") {
            table.problem(table.at_key("unrated"), "`unrated` has no effect without `fail_on`");
        }
        let tool = table.required_text("tool");
        let found = tool.as_ref().and_then(|tool| spec(&tool.value));
        let own = found.map(|spec| own_keys(table, spec)).unwrap_or_default();
        let (choices, own): (Vec<_>, Vec<_>) =
            own.into_iter().partition(|coverage| matches!(coverage.says, Extent::Choice(_)));
        let (together, each) =
            own.into_iter().partition(|coverage| matches!(coverage.key, "dirs" | "images"));
        let demand = Self {
            tool: found.map_or("", |spec| spec.name),
            id: table.text("id").map(|id| id.value),
            stage: table.text("stage").map(|stage| stage.value),
            choices,
            policy,
            required: table.flag_or("required", true),
            allowed: Allowed::read(table),
            branches: table
                .texts("branches")
                .map(|branches| branches.into_iter().map(|branch| branch.value).collect()),
            each,
            together,
        };
        match found {
            Some(spec) => table.finish(&format!("a gate with tool `{}` of a floor", spec.name)),
            // Without a tool its possible keys are not known.
            None => {
                if let Some(tool) = tool {
                    let known: Vec<&str> = TOOLS.iter().map(|spec| spec.name).collect();
                    table.unknown(tool.at, &format!("`{}` is not a tool", tool.value), &tool.value, &known);
                }
                return None;
            }
        }
        Some(demand)
    }

    fn is_about(&self, gate: &Gate) -> bool {
        let named = self.is_named(gate.spec.name, &gate.id, &gate.stage);
        let coverage = gate.tool.coverage();
        named && self.choices.iter().all(|choice| coverage.contains(choice))
    }

    fn is_named(&self, tool: &str, id: &str, stage: &str) -> bool {
        tool == self.tool
            && self.id.as_deref().is_none_or(|wanted| wanted == id)
            && self.stage.as_deref().is_none_or(|wanted| wanted == stage)
    }

    fn words(&self) -> String {
        let mut words = format!("tool = \"{}\"", self.tool);
        for (key, value) in [("id", &self.id), ("stage", &self.stage)] {
            words.extend(value.iter().map(|value| format!(" and {key} = \"{value}\"")));
        }
        words.extend(self.choices.iter().map(|choice| format!(" and {}", choice.words())));
        words
    }

    /// Adds every place where the gates of a run are weaker.
    pub(super) fn check(&self, config: &Config, settings: &Settings, all: &mut Vec<Breach>) {
        let about: Vec<(usize, &Gate)> =
            config.gates.iter().enumerate().filter(|(_, gate)| self.is_about(gate)).collect();
        if about.is_empty() {
            all.push(Breach::new(
                format!("there is no gate with {}", self.words()),
                "the floor asks for one",
            ));
            return;
        }
        let mut running = Vec::new();
        for (index, gate) in about {
            match settings.leaves_out(&gate.id) {
                Some(by) => {
                    let what = format!("gate `{}` would not run: left out by {by}", gate.id);
                    let breach = Breach::new(what, "the floor asks for it in every run");
                    all.push(breach.at(way_to_leaving(config, settings, &gate.id)));
                }
                None => {
                    running.push((index, gate));
                    self.check_gate(config, settings, (index, gate), all);
                }
            }
        }
        for wanted in &self.together {
            let lists: Vec<Extent> =
                running.iter().filter_map(|(_, gate)| listed(config, gate, wanted.key)).collect();
            let missing = wanted.says.missing_in(&lists.iter().collect::<Vec<_>>());
            if !missing.is_empty() && !running.is_empty() {
                let what = format!("no gate with {} looks at {}", self.words(), names(&missing));
                let breach = Breach::new(what, format!("the floor has {}", wanted.words()));
                all.push(breach.at(running.iter().map(|(index, _)| way_into("gate", *index, wanted.key))));
            }
        }
    }

    fn check_gate(
        &self,
        config: &Config,
        settings: &Settings,
        (index, gate): (usize, &Gate),
        all: &mut Vec<Breach>,
    ) {
        let effective = settings.overlaid(gate);
        // The profile outranks the gate's own table, which outranks the defaults.
        let ways = |key: &str| -> Vec<Vec<KeyStep>> {
            let profile = profile_of(config, settings);
            let overlay = profile.map(|(name, _)| way(&["profile", name, "gate", &gate.id, key]));
            let own = way_into("gate", index, key);
            overlay.into_iter().chain([own.clone(), way(&["defaults", key]), own]).collect()
        };
        let coverage = gate.tool.coverage();
        let mut looser = looser_policy(&self.policy, &effective.policy);
        looser.extend(looser_reach((&self.each, &self.policy), (&coverage, &effective.policy)));
        all.extend(looser.into_iter().map(|looser| {
            let at = ways(&looser.key);
            weaker(&gate.id, looser, &self.each).at(at)
        }));
        if self.required && !effective.required {
            let what = format!("gate `{}` is advisory (required = false)", gate.id);
            all.push(Breach::new(what, "the floor asks for a gate that blocks").at(ways("required")));
        }
        if let Some(branches) = self.branches.as_ref().filter(|_| gate.tool.acts()) {
            let beyond = |branch: &&Branch| !branches.iter().any(|allowed| **allowed == *branch.text);
            let beyond: Vec<String> =
                gate.branches.iter().filter(beyond).map(|branch| branch.text.to_string()).collect();
            if gate.branches.is_empty() || !beyond.is_empty() {
                let on = if beyond.is_empty() { "every branch".to_owned() } else { names(&beyond) };
                let breach = Breach::new(
                    format!("gate `{}` acts on {on}", gate.id),
                    format!("the floor has branches = {}", branches.join(", ")),
                );
                all.push(breach.at(ways("branches")));
            }
        }
        let beyond = self.allowed.breaches(gate).into_iter();
        all.extend(beyond.map(|(key, breach)| breach.at([way_into("gate", index, key)])));
    }

    /// The gates that it asks for and that were not judged, or were judged by a weaker policy.
    pub(super) fn check_judged(
        &self,
        config: &Config,
        settings: &Settings,
        judged: &[GateRecord],
    ) -> Vec<Breach> {
        let mut all = Vec::new();
        let about = config.gates.iter().filter(|gate| self.is_about(gate));
        let late = branch::late(&config.gates.iter().collect::<Vec<_>>());
        let late = |id: &str| config.gates.iter().zip(&late).any(|(gate, late)| *late && &*gate.id == id);
        // Gates that act, and gates after them, may be missing.
        let about = about.filter(|gate| !late(&gate.id) && settings.leaves_out(&gate.id).is_none());
        for gate in about {
            let help = "the floor asks for it";
            let record = judged.iter().find(|record| record.id == gate.id && *record.tool == *self.tool);
            let Some(record) = record else {
                all.push(Breach::new(format!("gate `{}` was not judged", gate.id), help));
                continue;
            };
            if let (Completeness::Nothing(why), true) = (&record.evidence, record.targets.is_empty()) {
                all.push(Breach::new(format!("gate `{}` did not run: {why}", gate.id), help));
            }
        }
        let unknown = |record: &&GateRecord| {
            let known = config.gate(&record.id).is_some_and(|gate| *record.tool == *gate.spec.name);
            !known && self.is_named(&record.tool, &record.id, &record.stage)
        };
        for record in judged.iter().filter(unknown) {
            let looser = looser_policy(&self.policy, &record.policy);
            all.extend(looser.into_iter().map(|looser| weaker(&record.id, looser, &self.each)));
            if self.required && !record.required {
                let what = format!("gate `{}` is advisory (required = false)", record.id);
                all.push(Breach::new(what, "the floor asks for a gate that blocks"));
            }
        }
        all
    }
}

fn weaker(id: &str, looser: Looser, each: &[Coverage]) -> Breach {
    // If the old value is not known, show what the floor asks for.
    let named = || each.iter().find(|coverage| coverage.key == looser.key).map(Coverage::words);
    let was = looser.was.clone().or_else(named).unwrap_or_default();
    let what = match looser.was {
        Some(_) => format!("gate `{id}` has {}", looser.is),
        None => format!("gate `{id}` has a different `{}`", looser.key),
    };
    Breach::new(what, format!("the floor has {was}"))
}

/// Where a profile skips a gate.
fn way_to_leaving(config: &Config, settings: &Settings, id: &str) -> Option<Vec<KeyStep>> {
    let (name, profile) = profile_of(config, settings)?;
    if profile.skip.iter().any(|skipped| skipped == id) {
        return Some(way(&["profile", name, "skip"]));
    }
    let only = profile.only.as_ref().is_some_and(|only| !only.iter().any(|wanted| wanted == id));
    only.then(|| way(&["profile", name, "only"]))
}

/// What a gate scans, including images of other gates.
fn listed(config: &Config, gate: &Gate, key: &str) -> Option<Extent> {
    let coverage =
        gate.tool.coverage().into_iter().find(|coverage| coverage.key == key && coverage.applies)?;
    if coverage.says != Extent::Images(None) {
        return Some(coverage.says);
    }
    let mut images = Vec::new();
    for need in gate.needs.iter().filter_map(|need| config.gate(need)) {
        for built in need.tool.coverage() {
            if let ("docker-build", Extent::Images(Some(names))) = (need.spec.name, built.says) {
                images.extend(names);
            }
        }
    }
    Some(Extent::Images(Some(images)))
}

/// The tool's own keys that the table has, each read as the tool reads it.
fn own_keys(table: &Keys, spec: &ToolSpec) -> Vec<Coverage> {
    let ignored = Problems::default();
    let defaults = (spec.configure)(&Keys::none(&ignored)).coverage();
    let read = |coverage: Coverage| {
        let key = coverage.key;
        let list =
            || table.texts(key).map(|texts| texts.into_iter().map(|text| text.value).collect::<Vec<_>>());
        let says = match coverage.says {
            Extent::Choice(_) => table.text(key).map(|word| Extent::Choice(word.value)),
            Extent::Folders(_) => list().map(|list| Extent::Folders(Some(list))),
            Extent::These(_) => list().map(|list| Extent::These(Some(list))),
            Extent::Images(_) => list().map(|list| Extent::Images(Some(list))),
            Extent::Without(_) => list().map(Extent::Without),
            Extent::Leaves(_) => table.flag(key).map(Extent::Leaves),
            Extent::Adds(_) => table.flag(key).map(Extent::Adds),
            Extent::AtMost(_) => read_duration(table, key).map(|most| Extent::AtMost(Some(most))),
            Extent::Exactly(_) => table.one_or_more(key).map(Extent::Exactly),
            // This key can undo a policy, so the floor always checks it.
            Extent::Rates(usual) => {
                let words = Severity::ALL.map(|severity| (severity.as_str(), severity));
                Some(Extent::Rates(table.word_or(key, &words, usual)))
            }
            // The keys of an inventory are read together, below.
            Extent::Within(_) | Extent::Grade { .. } => None,
        };
        says.map(|says| Coverage::new(key, says))
    };
    let (of_contents, plain): (Vec<Coverage>, Vec<Coverage>) =
        defaults.into_iter().partition(|coverage| InventoryRules::KEYS.contains(&coverage.key));
    let mut own: Vec<Coverage> = plain.into_iter().filter_map(read).collect();
    if !of_contents.is_empty() && InventoryRules::KEYS.iter().any(|key| table.has(key)) {
        let asked = InventoryRules::read(table).coverage();
        // Only the lists that the floor has count.
        own.extend(
            asked
                .into_iter()
                .filter(|coverage| table.has(coverage.key.split('.').next().unwrap_or_default())),
        );
    }
    own
}
