//! `--require FILE`: an organisation's floor, below which no project's policy may be.
//!
//! The file reads like a gates.toml. It is compared with the run as it would go, after profile and
//! command line; each place that is weaker is a configuration error, and nothing is run.

use std::path::Path;

use globset::{Glob, GlobMatcher};
use jiff::civil::Date;

use crate::config::{
    self, Config, ConfigError, FILE_NAME, Gate, Keys, Mode, Policy, Problem, Threshold, locate,
};
use crate::loosening::looser_policy;
use crate::settings::Settings;
use crate::tool::{SCANNERS, scanner};
use crate::waiver::Waiver;

/// The least that a policy must demand.
#[derive(Debug)]
pub struct Floor {
    mode: Option<Mode>,
    demands: Vec<Demand>,
    /// Rules that no waiver may cover.
    protected: Vec<(String, GlobMatcher)>,
    require_lock: bool,
}

/// What every gate with a tool must be like; at least one must be there.
#[derive(Debug)]
struct Demand {
    tool: &'static str,
    id: Option<String>,
    stage: Option<String>,
    policy: Policy,
    required: bool,
}

/// One place at which a run is below the floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    pub what: String,
    pub help: String,
    /// The table of gates.toml that says so, and the key in it; `None`: it is not in the file.
    spot: Option<Spot>,
}

type Spot = (&'static str, usize, &'static str);

impl Floor {
    /// Reads a floor file.
    pub fn load(path: &Path) -> Result<Floor, ConfigError> {
        config::load(path, Floor::read)
    }

    /// Reads the text of a floor file. An error holds every mistake, in file order.
    pub fn read(text: &str) -> Result<Floor, Vec<Problem>> {
        config::parse(text, Floor::from_keys)
    }

    fn from_keys(keys: &Keys) -> Floor {
        config_version(keys);
        let floor = Floor {
            mode: keys.word("mode", &[("lab", Mode::Lab), ("production", Mode::Production)]),
            demands: keys.tables("gate").iter().filter_map(Demand::read).collect(),
            protected: protected(keys),
            require_lock: keys.flag_or("require_lock", false),
        };
        keys.finish("a floor");
        floor
    }

    /// Every place at which a run is weaker than this. `locked`: there is a gates.lock.
    pub fn breaches(&self, config: &Config, settings: &Settings, locked: bool, today: Date) -> Vec<Breach> {
        let mut all = Vec::new();
        if self.mode == Some(Mode::Production) && settings.mode == Mode::Lab {
            // Where the file says production, the profile or the command line says lab.
            let spot = (config.mode == Mode::Lab).then_some(("", 0, "mode"));
            let help = "the floor asks for mode = \"production\"".to_owned();
            all.push(Breach { what: "this run is in lab mode".to_owned(), help, spot });
        }
        for demand in &self.demands {
            demand.check(config, settings, &mut all);
        }
        for (index, waiver) in config.waivers.iter().enumerate() {
            all.extend(self.check_waiver(index, waiver, today));
        }
        if self.require_lock && !locked {
            let what = "there is no gates.lock beside gates.toml".to_owned();
            let help = "the floor has require_lock = true: `portcullis lock` writes it".to_owned();
            all.push(Breach { what, help, spot: None });
        }
        all
    }

    fn check_waiver(&self, index: usize, waiver: &Waiver, today: Date) -> Option<Breach> {
        if !waiver.is_current(today) || self.protected.is_empty() {
            return None;
        }
        let rule = waiver.conditions().into_iter().find(|(key, _)| *key == "rule").and_then(|(_, rule)| rule);
        let (what, key) = match rule {
            None => (format!("{} could cover any rule, protected ones too", waiver.name), "reason"),
            Some(rule) => {
                let (pattern, _) = self.protected.iter().find(|(_, glob)| glob.is_match(rule))?;
                (format!("{} covers `{rule}`, which the floor protects (`{pattern}`)", waiver.name), "rule")
            }
        };
        let help = match rule {
            None => "name its `rule`".to_owned(),
            Some(_) => "mend the finding; this rule may not be waived".to_owned(),
        };
        Some(Breach { what, help, spot: Some(("waiver", index, key)) })
    }
}

fn config_version(keys: &Keys) {
    match keys.count("version") {
        Some(version) if version.value != 1 => {
            keys.problem(version.at, "this Portcullis reads `version = 1` only");
        }
        None if !keys.has("version") => {
            keys.problem_with_help(0..0, "`version` is missing", "write `version = 1` at the top");
        }
        _ => {}
    }
}

fn protected(keys: &Keys) -> Vec<(String, GlobMatcher)> {
    let rules = keys.texts("protected").unwrap_or_default();
    rules
        .into_iter()
        .filter_map(|rule| match Glob::new(&rule.value) {
            Ok(glob) => Some((rule.value, glob.compile_matcher())),
            Err(error) => {
                keys.problem(rule.at, format!("this is not a pattern for rules: {}", error.kind()));
                None
            }
        })
        .collect()
}

impl Demand {
    fn read(table: &Keys) -> Option<Demand> {
        // Without `fail_on` only the budgets are asked for.
        let nothing = Policy { fail_on: Threshold::Never, ..Policy::default() };
        let policy = Policy::read(table, &nothing);
        if table.has("unrated") && !table.has("fail_on") {
            table.problem(table.at_key("unrated"), "`unrated` asks for nothing without `fail_on`");
        }
        let tool = table.required_text("tool");
        let demand = |tool| Demand {
            tool,
            id: table.text("id").map(|id| id.value),
            stage: table.text("stage").map(|stage| stage.value),
            policy,
            required: table.flag_or("required", true),
        };
        let found = tool.as_ref().and_then(|tool| scanner(&tool.value));
        let read = demand(found.map_or("", |scanner| scanner.name));
        table.finish("a gate of a floor");
        if let (Some(tool), None) = (&tool, found) {
            let known: Vec<&str> = SCANNERS.iter().map(|scanner| scanner.name).collect();
            table.unknown(tool.at.clone(), &format!("`{}` is not a tool", tool.value), &tool.value, &known);
        }
        found.map(|_| read)
    }

    fn is_about(&self, gate: &Gate) -> bool {
        gate.scanner.name == self.tool
            && self.id.as_deref().is_none_or(|id| id == &*gate.id)
            && self.stage.as_deref().is_none_or(|stage| stage == &*gate.stage)
    }

    fn words(&self) -> String {
        let named =
            |key, value: &Option<String>| value.as_ref().map(|value| format!(" and {key} = \"{value}\""));
        let more = [named("id", &self.id), named("stage", &self.stage)];
        format!("tool = \"{}\"{}", self.tool, more.into_iter().flatten().collect::<String>())
    }

    fn check(&self, config: &Config, settings: &Settings, all: &mut Vec<Breach>) {
        let mut about = config.gates.iter().enumerate().filter(|(_, gate)| self.is_about(gate)).peekable();
        if about.peek().is_none() {
            let what = format!("there is no gate with {}", self.words());
            all.push(Breach { what, help: "the floor asks for one".to_owned(), spot: None });
        }
        for (index, gate) in about {
            if let Some(why) = settings.leaves_out(&gate.id) {
                let help = "the floor asks for it in every run".to_owned();
                let what = format!("gate `{}` would not run: {why}", gate.id);
                all.push(Breach { what, help, spot: None });
                continue;
            }
            let mut effective = gate.clone();
            settings.overlay(&mut effective);
            // Where the profile says so, the gate's own table does not.
            let spot = |own: bool, key| own.then_some(("gate", index, key));
            for looser in looser_policy(&self.policy, &effective.policy) {
                let own = looser_policy(&self.policy, &gate.policy).contains(&looser);
                let what = format!("gate `{}` has {}", gate.id, looser.is);
                let help = format!("the floor has {}", looser.was.unwrap_or_default());
                all.push(Breach { what, help, spot: spot(own, looser.key) });
            }
            if self.required && !effective.required {
                let what = format!("gate `{}` is advisory (required = false)", gate.id);
                let help = "the floor asks for a gate that blocks".to_owned();
                all.push(Breach { what, help, spot: spot(!gate.required, "required") });
            }
        }
    }
}

/// Refuses a run that is below the floor.
///
/// # Errors
/// [`ConfigError::BelowFloor`] with every place, drawn on `text`, the gates.toml at `path`.
pub fn enforce(
    floor_file: &Path,
    config: &Config,
    settings: &Settings,
    (path, text): (&Path, &str),
    locked: bool,
) -> Result<(), ConfigError> {
    let floor = Floor::load(floor_file)?;
    let breaches = floor.breaches(config, settings, locked, crate::record::today());
    if breaches.is_empty() {
        return Ok(());
    }
    let mut problems = Vec::new();
    let mut elsewhere = Vec::new();
    for breach in breaches {
        let at = breach.spot.and_then(|(table, index, key)| locate(text, table, index, key));
        match at {
            Some(at) => problems.push(Problem { at, what: breach.what, help: Some(breach.help) }),
            None => elsewhere.push((breach.what, breach.help)),
        }
    }
    problems.sort_by_key(|problem| (problem.at.start, problem.at.end));
    Err(ConfigError::BelowFloor {
        floor: floor_file.to_owned(),
        path: if path.as_os_str().is_empty() { FILE_NAME.into() } else { path.to_owned() },
        source_text: text.to_owned(),
        problems,
        elsewhere,
    })
}
