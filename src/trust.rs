//! The policy that counts, and how weak it may be: `--policy-from` and `--require` of every command.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::base::{self, Base, BasePolicy, PolicyRecord};
use crate::cli::{ConfigArgs, TrustArgs};
use crate::config::{Config, ConfigError};
use crate::facts::{Facts, Files};
use crate::floor::{self, Floor};
use crate::lock::Lock;
use crate::overrule;
use crate::plan::Plan;
use crate::record::GateRecord;
use crate::repo::Repo;
use crate::settings::Settings;
use crate::{folder_of, load_config};

/// A gates.toml: the work tree's, or that of `--policy-from`.
#[derive(Debug)]
pub struct Rules {
    /// Where it stands, or would, in the work tree.
    pub path: PathBuf,
    pub config: Config,
    /// Whose it is, where not the work tree's.
    pub base: Option<Trusted>,
    /// The organisation's floor, where one is required.
    floor: Option<(PathBuf, Floor)>,
}

/// The base whose policy it is.
#[derive(Debug)]
pub struct Trusted {
    pub base: Base,
    /// The base's gates.toml.
    text: String,
    pub record: PolicyRecord,
}

impl Rules {
    /// # Errors
    /// When there is no gates.toml there, or it, or the floor, has mistakes.
    pub async fn find(args: &ConfigArgs, trust: &TrustArgs) -> Result<Rules> {
        let (path, config, base) = match &trust.policy_from {
            None => load_config(args).map(|(path, config)| (path, config, None))?,
            Some(revision) => {
                let BasePolicy { base, path, text, config, record } = base::policy(args, revision).await?;
                (path, config, Some(Trusted { base, text, record }))
            }
        };
        let floor = trust.require.as_deref();
        let floor = floor.map(|file| Floor::load(file).map(|floor| (file.to_owned(), floor))).transpose()?;
        Ok(Rules { path, config, base, floor })
    }

    /// The gates.lock that counts.
    pub async fn lock(&self) -> Result<Option<Lock>> {
        match &self.base {
            Some(trusted) => trusted.base.lock(&self.path).await,
            None => Ok(Lock::beside(&self.path)?),
        }
    }

    /// Refuses a run that would go below the floor. `locked`: there is a gates.lock.
    ///
    /// # Errors
    /// [`crate::config::ConfigError::BelowFloor`] with every place.
    pub fn hold(&self, settings: &Settings, locked: bool) -> Result<()> {
        let Some((file, floor)) = &self.floor else { return Ok(()) };
        let breaches = floor.breaches(&self.config, settings, locked, crate::record::today());
        Ok(floor::refuse(breaches, file, &self.path, &self.text())?)
    }

    /// The same for what is judged without being run. `judged` are its gates, under this policy.
    ///
    /// # Errors
    /// As above.
    pub fn hold_judged(&self, settings: &Settings, locked: bool, judged: &[GateRecord]) -> Result<()> {
        let Some((file, floor)) = &self.floor else { return Ok(()) };
        let mut breaches = floor.breaches(&self.config, settings, locked, crate::record::today());
        breaches.extend(floor.unjudged(&self.config, settings, judged));
        Ok(floor::refuse(breaches, file, &self.path, &self.text())?)
    }

    /// Tells at each job what the scanners' own configuration says, and has the base's heeded where the
    /// policy is the base's. `scratch` is the run's folder.
    pub async fn overrule(&self, plan: &mut Plan, repo: &Repo, scratch: &Path) -> Result<()> {
        match &self.base {
            Some(trusted) => overrule::take_from(&trusted.base, plan, repo, scratch).await,
            None => {
                overrule::tell(plan, repo);
                Ok(())
            }
        }
    }

    /// What the files that gates.toml names tell of findings: those of the base where the policy is the
    /// base's.
    ///
    /// # Errors
    /// [`ConfigError::Mistakes`] with every file that can't be gone by, and [`ConfigError::BelowFloor`] with
    /// every statement that waives what may not be.
    pub async fn facts(&self) -> Result<Facts> {
        let folder = folder_of(&self.path);
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let files = Files { folder, base: self.base.as_ref().map(|trusted| &trusted.base) };
        let facts = Facts::load(&self.config.sources, &files, crate::record::today()).await;
        let mut facts = facts.map_err(|problems| ConfigError::Mistakes {
            path: self.path.clone(),
            source_text: self.text(),
            problems,
        })?;
        if files.base.is_some() {
            facts.compare(&self.config.sources, &files).await;
        }
        if let Some((file, floor)) = &self.floor {
            floor::refuse(floor.breaches_of_vex(facts.vex()), file, &self.path, &self.text())?;
        }
        Ok(facts)
    }

    /// For run.json, with what the change would loosen by its VEX documents.
    pub fn record(&self, facts: &Facts) -> Option<PolicyRecord> {
        let mut record = self.base.as_ref()?.record.clone();
        record.loosened.extend(facts.loosened.iter().cloned());
        Some(record)
    }

    /// The text of gates.toml, to draw on.
    fn text(&self) -> String {
        match &self.base {
            Some(trusted) => trusted.text.clone(),
            None => std::fs::read_to_string(&self.path).unwrap_or_default(),
        }
    }
}
