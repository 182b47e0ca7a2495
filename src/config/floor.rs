//! `--require FILE`: an organisation's floor. No project's policy may be weaker.
//!
//! The file looks like a gates.toml. It is compared with the settings of the run, after profile and command
//! line. Each weaker place is a configuration error, and no gate runs.

mod allowed;
mod demand;

use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};
use jiff::civil::Date;

use crate::config::floor::demand::Demand;
use crate::config::settings::Settings;
use crate::config::{Config, FILE_NAME, Profile};
use crate::keys::file::{self, ConfigError, KeyStep, locate};
use crate::keys::mistakes::Problem;
use crate::keys::table::Keys;
use crate::model::run::GateRecord;
use crate::model::verdict::Mode;
use crate::policy::protection::Protection;
use crate::policy::vex::Vex;
use crate::policy::waiver::Waiver;

/// The least that a policy must demand.
#[derive(Debug)]
pub struct Floor {
    mode: Option<Mode>,
    demands: Vec<Demand>,
    /// What nobody may waive.
    protection: Protection,
    require_lock: bool,
    /// Whether a run may scan only what comes after a commit.
    since: bool,
    /// Whether lab mode may act.
    deploy_in_lab: bool,
}

/// One place where a run is below the floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    pub what: String,
    pub help: String,
    /// Where gates.toml may say so, the most likely first; empty: it is not in the file.
    ways: Vec<Vec<KeyStep>>,
}

impl Breach {
    fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into(), ways: Vec::new() }
    }

    fn at(mut self, ways: impl IntoIterator<Item = Vec<KeyStep>>) -> Self {
        self.ways.extend(ways);
        self
    }
}

/// The way to a key through tables only.
fn way(keys: &[&str]) -> Vec<KeyStep> {
    keys.iter().map(|key| KeyStep::Key((*key).to_owned())).collect()
}

/// The way to a key of an entry in a list of tables.
fn way_into(table: &str, index: usize, key: &str) -> Vec<KeyStep> {
    vec![KeyStep::Key(table.to_owned()), KeyStep::Entry(index), KeyStep::Key(key.to_owned())]
}

/// The profile of a run, with its name.
fn profile_of<'c>(config: &'c Config, settings: &'c Settings) -> Option<(&'c str, &'c Profile)> {
    let name = settings.profile.as_deref()?;
    Some((name, config.profiles.get(name)?))
}

impl Floor {
    /// What nobody may waive.
    pub(crate) fn protection(&self) -> &Protection {
        &self.protection
    }

    /// Reads a floor file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        file::load(path, Self::read)
    }

    /// Reads the text of a floor file. An error holds every mistake, in file order.
    pub fn read(text: &str) -> Result<Self, Vec<Problem>> {
        file::parse(text, Self::from_keys)
    }

    fn from_keys(keys: &Keys) -> Self {
        config_version(keys);
        let floor = Self {
            mode: keys.word("mode", &[("lab", Mode::Lab), ("production", Mode::Production)]),
            demands: keys.tables("gate").iter().filter_map(Demand::read).collect(),
            protection: Protection { rules: protected(keys), no_statements: !keys.flag_or("vex", true) },
            require_lock: keys.flag_or("require_lock", false),
            since: keys.flag_or("since", true),
            deploy_in_lab: keys.flag_or("deploy_in_lab", true),
        };
        keys.finish("a floor");
        floor
    }

    /// Every place where a run is weaker than the floor. `locked`: there is a gates.lock.
    pub fn breaches(&self, config: &Config, settings: &Settings, locked: bool, today: Date) -> Vec<Breach> {
        let mut all = Vec::new();
        if self.mode == Some(Mode::Production) && settings.mode == Mode::Lab {
            let breach = Breach::new("this run is in lab mode", "the floor asks for mode = \"production\"");
            all.push(breach.at(way_to_lab(config, settings)));
        }
        if let (false, Some(since)) = (self.since, &settings.since) {
            let what = format!("this run would look only at what comes after {since}");
            let breach = Breach::new(what, "the floor has since = false: everything is looked at");
            let profile =
                profile_of(config, settings).filter(|(_, profile)| profile.since.as_ref() == Some(since));
            all.push(breach.at(profile.map(|(name, _)| way(&["profile", name, "since"]))));
        }
        if settings.deploy_in_lab && !self.deploy_in_lab {
            let what = "lab mode would act (deploy_in_lab = true)";
            let breach = Breach::new(what, "the floor has deploy_in_lab = false");
            all.push(breach.at([way(&["deploy_in_lab"])]));
        }
        for demand in &self.demands {
            demand.check(config, settings, &mut all);
        }
        for (index, waiver) in config.waivers.iter().enumerate() {
            all.extend(self.check_waiver(index, waiver, today));
        }
        if self.require_lock && !locked {
            let what = "there is no gates.lock beside gates.toml";
            all.push(Breach::new(what, "the floor has require_lock = true: `portcullis lock` writes it"));
        }
        all
    }

    /// Every place where the judged gates are not enough: a gate that the floor asks for did not run, or a
    /// gate that is not in gates.toml has a weaker policy.
    pub fn unjudged(&self, config: &Config, settings: &Settings, judged: &[GateRecord]) -> Vec<Breach> {
        self.demands.iter().flat_map(|demand| demand.check_judged(config, settings, judged)).collect()
    }

    /// Every VEX statement that would waive what the floor protects.
    pub fn breaches_of_vex(&self, vex: &Vex) -> Vec<Breach> {
        let breach = |what: String, help: &str| Breach::new(what, help).at([way(&["vex"])]);
        if let (true, Some(document)) = (self.protection.no_statements, vex.documents.first()) {
            let what = format!("VEX documents may waive findings ({})", document.name);
            return vec![breach(what, "the floor has vex = false")];
        }
        let mut all = Vec::new();
        for document in &vex.documents {
            for statement in document.statements.iter().filter(|statement| statement.status.waives()) {
                let found = statement.ids.iter().find_map(|id| Some((id, self.protection.pattern_of(id)?)));
                all.extend(found.map(|(id, pattern)| {
                    let what =
                        format!("{} waives `{id}`, which the floor protects (`{pattern}`)", document.name);
                    breach(what, "fix the finding; this rule may not be waived")
                }));
            }
        }
        all
    }

    fn check_waiver(&self, index: usize, waiver: &Waiver, today: Date) -> Option<Breach> {
        if !waiver.is_current(today) || self.protection.rules.is_empty() || waiver.accepts_gaps() {
            return None;
        }
        let rule = waiver.conditions().into_iter().find(|(key, _)| *key == "rule").and_then(|(_, rule)| rule);
        let (what, key) = match rule {
            None => (format!("{} could cover any rule, protected ones too", waiver.name), "reason"),
            Some(rule) => {
                let pattern = self.protection.pattern_of(rule)?;
                (format!("{} covers `{rule}`, which the floor protects (`{pattern}`)", waiver.name), "rule")
            }
        };
        let help = match rule {
            None => "name its `rule`",
            Some(_) => "fix the finding; this rule may not be waived",
        };
        Some(Breach::new(what, help).at([way_into("waiver", index, key)]))
    }
}

/// Where lab mode is set, unless on the command line.
fn way_to_lab(config: &Config, settings: &Settings) -> Option<Vec<KeyStep>> {
    match profile_of(config, settings) {
        Some((name, Profile { mode: Some(mode), .. })) => {
            (*mode == Mode::Lab).then(|| way(&["profile", name, "mode"]))
        }
        _ => (config.mode == Mode::Lab).then(|| way(&["mode"])),
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
        .filter_map(|rule| match GlobBuilder::new(&rule.value).case_insensitive(true).build() {
            Ok(glob) => Some((rule.value, glob.compile_matcher())),
            Err(error) => {
                keys.problem(rule.at, format!("this is not a pattern for rules: {}", error.kind()));
                None
            }
        })
        .collect()
}

/// Refuses a run that is below the floor.
///
/// # Errors
/// [`ConfigError::BelowFloor`] with every place, shown in `text`, the gates.toml at `path`.
pub fn refuse(breaches: Vec<Breach>, floor: &Path, path: &Path, text: &str) -> Result<(), ConfigError> {
    if breaches.is_empty() {
        return Ok(());
    }
    let mut problems = Vec::new();
    let mut elsewhere = Vec::new();
    for breach in breaches {
        match locate(text, &breach.ways) {
            Some(at) => problems.push(Problem { at, what: breach.what, help: Some(breach.help) }),
            None => elsewhere.push((breach.what, breach.help)),
        }
    }
    problems.sort_by_key(|problem| (problem.at.start, problem.at.end));
    Err(ConfigError::BelowFloor {
        floor: floor.to_owned(),
        path: if path.as_os_str().is_empty() { FILE_NAME.into() } else { path.to_owned() },
        source_text: text.to_owned(),
        problems,
        elsewhere,
    })
}
