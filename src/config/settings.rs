//! How this run goes. The command line outranks the profile, which outranks gates.toml.

use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::config::{Config, Gate, Profile};
use crate::model::verdict::Mode;
use crate::system::push::Push;

/// Who says which gates run: the names of the options, or of their variables.
#[derive(Clone, Debug)]
pub struct SelectedBy {
    pub only: String,
    pub skip: String,
}

impl Default for SelectedBy {
    fn default() -> Self {
        Self { only: "--only".to_owned(), skip: "--skip".to_owned() }
    }
}

/// The settings on the command line. Absent settings are as in gates.toml.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    pub mode: Option<Mode>,
    pub profile: Option<String>,
    pub only: Vec<String>,
    pub skip: Vec<String>,
    pub by: SelectedBy,
    pub jobs: Option<NonZeroUsize>,
    pub fail_fast: bool,
    pub deadline: Option<Duration>,
    pub since: Option<String>,
    /// The branch of this run, if the user names it.
    pub branch: Option<String>,
    /// The push that the hook looks at: all that the remote lacks. No `since` narrows that.
    pub push: Option<Push>,
    /// Hash every tool that gates.lock pins, and ignore remembered hashes.
    pub verify: bool,
}

/// How this run goes, with everything decided.
#[derive(Clone, Debug)]
pub struct Settings {
    pub mode: Mode,
    pub profile: Option<String>,
    pub jobs: usize,
    pub fail_fast: bool,
    /// Time for the whole run.
    pub deadline: Option<Duration>,
    pub since: Option<String>,
    pub push: Option<Push>,
    pub verify: bool,
    /// Lab mode acts too, whatever the gates find.
    pub deploy_in_lab: bool,
    /// The branch of this run, if the user names it.
    pub branch: Option<String>,
    /// The gates that run, and who says so; `None`: all.
    only: Option<(Vec<String>, String)>,
    /// The gates that do not run, each list with who says so.
    skip: Vec<(Vec<String>, String)>,
    overlay: Profile,
}

impl Settings {
    /// # Errors
    /// If gates.toml does not have a named profile or gate, or no gate is left to run.
    pub fn new(config: &Config, run_options: RunOptions) -> Result<Self> {
        let overlay = match &run_options.profile {
            None => Profile::default(),
            Some(name) => match config.profiles.get(name) {
                Some(profile) => profile.clone(),
                None => {
                    let known: Vec<&str> = config.profiles.keys().map(String::as_str).collect();
                    bail!("there is no profile `{name}` in gates.toml; {}", listed("profiles are", &known));
                }
            },
        };
        let ids: Vec<&str> = config.gates.iter().map(|gate| &*gate.id).collect();
        let by = &run_options.by;
        for (named, by) in [(&run_options.only, &by.only), (&run_options.skip, &by.skip)] {
            if let Some(id) = named.iter().find(|id| !ids.contains(&id.as_str())) {
                bail!(
                    "there is no gate `{id}` in gates.toml, which {by} names; {}",
                    listed("gates are", &ids)
                );
            }
        }
        let profile = format!("profile {}", run_options.profile.as_deref().unwrap_or_default());
        let only = match run_options.only.is_empty() {
            true => overlay.only.clone().map(|only| (only, profile.clone())),
            false => Some((run_options.only, run_options.by.only)),
        };
        let skip = vec![(run_options.skip, run_options.by.skip), (overlay.skip.clone(), profile)];
        let settings = Self {
            mode: run_options.mode.or(overlay.mode).unwrap_or(config.mode),
            profile: run_options.profile,
            jobs: run_options
                .jobs
                .map(NonZeroUsize::get)
                .or(overlay.jobs)
                .or(config.defaults.jobs)
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, |n| n.get().max(2))),
            fail_fast: run_options.fail_fast || overlay.fail_fast.unwrap_or(false),
            deadline: run_options.deadline.or(config.deadline),
            since: match &run_options.push {
                Some(_) => None,
                None => run_options.since.or(overlay.since.clone()),
            },
            push: run_options.push,
            verify: run_options.verify,
            deploy_in_lab: config.deploy_in_lab,
            branch: run_options.branch,
            only,
            skip,
            overlay,
        };
        if ids.iter().all(|id| settings.leaves_out(id).is_some()) {
            bail!("no gate is left to run: --only, --skip and the profile leave out all of them");
        }
        Ok(settings)
    }

    /// Refuses a run in production mode without a required gate. `judge` asks the gates that it judges instead.
    ///
    /// # Errors
    /// If no gate of the run could block.
    pub fn can_block(&self, config: &Config) -> Result<()> {
        let running = config.gates.iter().filter(|gate| self.leaves_out(&gate.id).is_none());
        require_one(self.mode, running.map(|gate| self.overlaid(gate).required))
    }

    /// Makes the run only report: it blocks nothing, does not act, and says what production would have done.
    pub fn only_tell(&mut self) {
        (self.mode, self.deploy_in_lab) = (Mode::Lab, false);
    }

    /// Who leaves this gate out, if anyone does: `--skip`, `PORTCULLIS_ONLY`, `profile pre-push`.
    pub fn leaves_out(&self, id: &str) -> Option<&str> {
        let names = |list: &[String]| list.iter().any(|named| named == id);
        let skipped = self.skip.iter().find(|(list, _)| names(list));
        let others = self.only.as_ref().filter(|(list, _)| !names(list));
        skipped.or(others).map(|(_, by)| by.as_str())
    }

    /// The gate with the settings of the profile.
    pub fn overlaid(&self, gate: &Gate) -> Gate {
        let mut gate = gate.clone();
        if let Some(overlay) = self.overlay.gates.get(&*gate.id) {
            gate.policy = overlay.policy.clone();
            gate.timeout = overlay.timeout.unwrap_or(gate.timeout);
            gate.required = overlay.required.unwrap_or(gate.required);
        }
        gate
    }
}

/// Refuses production without a required gate: it would pass whatever the gates find. `required` says of each gate
/// whether it is.
///
/// # Errors
/// If the mode is production, and none is required.
pub(crate) fn require_one(mode: Mode, required: impl IntoIterator<Item = bool>) -> Result<()> {
    if mode == Mode::Production && !required.into_iter().any(|is_required| is_required) {
        bail!(
            "production mode, but every gate of this run is advisory (`required = false`), so nothing can block: \
             require one, or use lab mode"
        );
    }
    Ok(())
}

fn listed(what: &str, names: &[&str]) -> String {
    match names {
        [] => "it has none".to_owned(),
        names => format!("its {what}: {}", names.join(", ")),
    }
}
