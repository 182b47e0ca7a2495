//! gates.toml → Config: what the user wants. It reports all mistakes of the file at once.

pub(crate) mod allow_empty;
pub(crate) mod branch;
pub(crate) mod find;
pub mod floor;
pub(crate) mod gate;
pub(crate) mod loosening;
pub(crate) mod notice;
pub(crate) mod profile;
pub(crate) mod settings;
pub(crate) mod sources;
pub mod weight;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::keys::mistakes::Problem;
use crate::keys::table::Keys;
use crate::keys::values::read_duration;
use crate::model::policy::Policy;
use crate::model::policy::Ratchet;
use crate::model::verdict::Mode;
pub use gate::Gate;
pub use profile::GateOverlay;
pub use profile::Profile;

use crate::config::branch::Branch;
use crate::config::notice::Notice;
use crate::config::sources::Sources;
use crate::keys::file::{ConfigError, load, parse};
use crate::keys::values;
use crate::model::policy::{self, Budget};
use crate::policy::waiver::Waiver;
use crate::report;
use crate::scan::retry::Retry;
use crate::text::shared::Text;
use crate::tools;

/// The name of the configuration file that is searched if none is named.
pub const FILE_NAME: &str = "gates.toml";

/// A gates.toml without mistakes.
#[derive(Debug)]
pub struct Config {
    pub mode: Mode,
    /// Time for the whole run.
    pub deadline: Option<Duration>,
    pub defaults: Defaults,
    /// In the order of the file.
    pub gates: Vec<Gate>,
    pub profiles: BTreeMap<String, Profile>,
    pub waivers: Vec<Waiver>,
    /// Files that say more about findings.
    pub sources: Sources,
    /// A run needs a gates.lock.
    pub require_lock: bool,
    /// `coverage = "required"`: inputs that no gate reads block.
    pub coverage_required: bool,
    /// Lab mode acts too, whatever the gates find.
    pub deploy_in_lab: bool,
    /// How many problems of each severity all required gates together may have.
    pub max: Budget,
    pub baseline: BaselineKeys,
    /// Which reports are written, and how.
    pub report: report::Options,
    pub notices: Vec<Notice>,
}

/// `[baseline]`: what counts as known before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaselineKeys {
    /// The file, beside gates.toml; absent: [`crate::policy::baseline::FILE_NAME`].
    pub file: Option<String>,
    /// In days. If the file is older, there is a warning.
    pub max_age: Option<i64>,
    /// Instead of a file: the findings at the last commit that this revision and the work tree have in
    /// common.
    pub new_since: Option<String>,
}

impl BaselineKeys {
    /// The name of the file.
    pub fn file(&self) -> &str {
        self.file.as_deref().unwrap_or(crate::policy::baseline::FILE_NAME)
    }

    fn read(keys: &Keys) -> Self {
        let Some(table) = keys.table("baseline") else { return Self::default() };
        let days = |age: Duration| i64::try_from(age.as_secs().div_ceil(86_400)).unwrap_or(i64::MAX);
        let read = Self {
            file: table.text("file").map(|file| file.value),
            max_age: read_duration(&table, "max_age").map(days),
            new_since: table.text("new_since").map(|revision| revision.value),
        };
        if read.new_since.is_some() && (table.has("file") || table.has("max_age")) {
            let what = "`new_since` replaces the file: use one or the other";
            table.problem(table.at_key("new_since"), what);
        }
        table.finish("[baseline]");
        read
    }
}

/// The settings of a gate that has none of its own.
#[derive(Clone, Debug)]
pub struct Defaults {
    pub policy: Policy,
    /// Time for one target of one gate.
    pub timeout: Duration,
    pub retry: Retry,
    /// How many scanners run at once; absent: one per processor, and at least two.
    pub jobs: Option<usize>,
    /// The branches on which gates act; empty: all.
    pub branches: Vec<Branch>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            timeout: Duration::from_secs(600),
            retry: Retry::default(),
            jobs: None,
            branches: Vec::new(),
        }
    }
}

impl Config {
    /// Reads and checks a gates.toml.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        load(path, Self::read)
    }

    /// Reads and checks the text of a gates.toml. An error holds every mistake, in file order.
    pub fn read(text: &str) -> Result<Self, Vec<Problem>> {
        let mut config = parse(text, Self::from_keys)?;
        // They are in the order of the file, so its lines are counted once.
        let (mut counted, mut line) = (0, 1);
        for waiver in &mut config.waivers {
            line += text.get(counted..waiver.at).unwrap_or_default().matches('\n').count();
            counted = waiver.at;
            waiver.line = u32::try_from(line).unwrap_or(u32::MAX);
        }
        Ok(config)
    }

    fn from_keys(keys: &Keys) -> Self {
        match keys.count("version") {
            Some(version) if version.value != 1 => {
                keys.problem(version.at, "this Portcullis reads `version = 1` only");
            }
            None if !keys.has("version") => {
                keys.problem_with_help(0..0, "`version` is missing", "write `version = 1` at the top");
            }
            _ => {}
        }
        let mode = Mode::read(keys).unwrap_or(Mode::Lab);
        let deadline = read_duration(keys, "deadline");
        let baseline = BaselineKeys::read(keys);
        let mut built_in = Defaults::default();
        built_in.policy.new_only = baseline.new_since.is_some();
        let defaults = match keys.table("defaults") {
            Some(table) => read_defaults(&table, built_in),
            None => built_in,
        };
        let (gates, ids) = gate::read_all(keys, &defaults);
        let ids: Vec<&str> = ids.iter().map(|id| &**id).collect();
        let profiles = profile::read_all(keys, &gates, &ids);
        let waivers =
            Waiver::read_all(keys, keys.flag_or("waivers_without_end", false), &ids, &tools::names());
        let sources = Sources::read(keys);
        check_conditions(keys, &sources, &defaults, &gates, &profiles);
        let require_lock = keys.flag_or("require_lock", false);
        let coverage_required = keys.word_or("coverage", &[("required", true), ("shown", false)], false);
        let deploy_in_lab = keys.flag_or("deploy_in_lab", false);
        let max = policy::read_max(keys);
        let report =
            keys.table("report").map_or_else(report::Options::default, |table| report::Options::read(&table));
        let notices = Notice::read_all(keys);
        keys.finish("gates.toml");
        Self {
            mode,
            deadline,
            defaults,
            gates,
            profiles,
            waivers,
            sources,
            require_lock,
            coverage_required,
            deploy_in_lab,
            max,
            baseline,
            report,
            notices,
        }
    }

    /// Every ratchet, with the id of its gate: those of the gates and those of profiles.
    pub fn ratchets_mut(&mut self) -> impl Iterator<Item = (Text, &mut Ratchet)> {
        let own = self.gates.iter_mut().map(|gate| (gate.id.clone(), &mut gate.policy));
        let overlaid = self.profiles.values_mut().flat_map(|profile| {
            profile.gates.iter_mut().map(|(id, overlay)| (Text::from(id.as_str()), &mut overlay.policy))
        });
        own.chain(overlaid).filter_map(|(id, policy)| Some((id, policy.no_worse_than.as_mut()?)))
    }

    /// Makes findings that were known at `revision` pass, in every gate that judges.
    pub fn judge_new_since(&mut self, revision: &str) {
        self.baseline = BaselineKeys { new_since: Some(revision.to_owned()), ..BaselineKeys::default() };
        let own = self.gates.iter_mut().filter(|gate| !gate.tool.acts()).map(|gate| &mut gate.policy);
        let overlaid = self.profiles.values_mut().flat_map(|profile| profile.gates.values_mut());
        own.chain(overlaid.map(|overlay| &mut overlay.policy)).for_each(|policy| policy.new_only = true);
    }

    /// The gate with this id.
    pub fn gate(&self, id: &str) -> Option<&Gate> {
        self.gates.iter().find(|gate| &*gate.id == id)
    }
}

/// A condition never holds if the file that it needs is not named. That is a mistake.
fn check_conditions(
    keys: &Keys,
    sources: &Sources,
    defaults: &Defaults,
    gates: &[Gate],
    profiles: &BTreeMap<String, Profile>,
) {
    let overlays =
        profiles.values().flat_map(|profile| profile.gates.values().map(|overlay| &overlay.policy));
    let policies =
        std::iter::once(&defaults.policy).chain(gates.iter().map(|gate| &gate.policy)).chain(overlays);
    let mut reported = Vec::new();
    for (key, help) in policies.filter_map(|policy| sources.lacks(policy)) {
        if !reported.contains(&key) {
            reported.push(key);
            keys.problem_with_help(0..0, format!("`{key}` has no file to read"), help);
        }
    }
}

fn read_defaults(table: &Keys, built_in: Defaults) -> Defaults {
    let defaults = Defaults {
        policy: Policy::read(table, &built_in.policy),
        timeout: values::read_duration(table, "timeout").unwrap_or(built_in.timeout),
        retry: Retry::read(table, built_in.retry),
        jobs: profile::read_jobs(table),
        branches: gate::read_branches(table).unwrap_or_default(),
    };
    table.finish("[defaults]");
    defaults
}
