//! The policy in force and the floor below it: `--policy-from` and `--require` of every command.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::config::Config;
use crate::config::find::{PolicySource, folder_of, load_config};
use crate::config::floor::{self, Floor};
use crate::config::settings::Settings;
use crate::engine::base_commit::{self, BaseCommit, BasePolicy};
use crate::engine::base_scanner_config;
use crate::engine::baseline_file;
use crate::engine::enrich::{self, Files};
use crate::engine::lock::Lock;
use crate::engine::plan::Plan;
use crate::keys::file::ConfigError;
use crate::model::loosening::Loosening;
use crate::model::policy_record::PolicyRecord;
use crate::model::run::GateRecord;
use crate::policy::apply::PolicyInputs;
use crate::policy::baseline::Baseline;
use crate::policy::enrichment::Enrichment;
use crate::policy::judge::Waivers;
use crate::policy::known_findings::KnownFindings;
use crate::policy::protection::Protection;
use crate::system::clock::today;
use crate::system::git::Repo;
use crate::text::human;

/// The gates.toml in force: from the work tree, or from the commit of `--policy-from`.
#[derive(Debug)]
pub(crate) struct ActivePolicy {
    /// Its path in the work tree. The file may be missing there.
    pub path: PathBuf,
    pub config: Config,
    /// The base that it comes from; `None`: the work tree.
    pub base: Option<BaseSource>,
    /// The organisation's floor, if one is required.
    floor: Option<(PathBuf, Floor)>,
}

/// The base commit that the policy comes from.
#[derive(Debug)]
pub(crate) struct BaseSource {
    pub base: BaseCommit,
    /// The base's gates.toml.
    text: String,
    pub record: PolicyRecord,
}

/// Without a floor everything may be waived.
static NOT_PROTECTED: Protection = Protection { rules: Vec::new(), no_statements: false };

impl ActivePolicy {
    /// # Errors
    /// When there is no gates.toml, or when gates.toml or the floor has mistakes.
    pub(crate) async fn find(source: PolicySource<'_>) -> Result<Self> {
        let (path, config, base) = match source.policy_from {
            None => load_config(source.gates_toml).map(|(path, config)| (path, config, None))?,
            Some(revision) => {
                let BasePolicy { base, path, text, config, record } =
                    base_commit::policy(source.gates_toml, revision).await?;
                (path, config, Some(BaseSource { base, text, record }))
            }
        };
        let floor =
            source.floor.map(|file| Floor::load(file).map(|floor| (file.to_owned(), floor))).transpose()?;
        Ok(Self { path, config, base, floor })
    }

    /// The gates.lock that belongs to this policy.
    pub(crate) async fn lock(&self) -> Result<Option<Lock>> {
        match &self.base {
            Some(trusted) => trusted.base.lock(&self.path).await,
            None => Ok(Lock::beside(&self.path)?),
        }
    }

    /// The known findings, from the baseline of this policy. Also gives the ratchets their numbers.
    ///
    /// `none`: nothing counts as known, and every finding is new.
    ///
    /// # Errors
    /// When a baseline is broken.
    pub(crate) async fn known(&mut self, none: bool) -> Result<KnownFindings> {
        let named =
            self.config.ratchets_mut().map(|(_, ratchet)| ratchet.than.to_string()).collect::<BTreeSet<_>>();
        let mut baselines = BTreeMap::new();
        for name in named.iter().map(String::as_str).chain([self.config.baseline.file()]) {
            if !baselines.contains_key(name) {
                baselines.insert(name.to_owned(), self.baseline(name).await?);
            }
        }
        let mut warnings = Vec::new();
        for (gate, ratchet) in self.config.ratchets_mut() {
            match baselines.get(&*ratchet.than) {
                Some(Some(baseline)) => ratchet.counts = baseline.counts(&gate),
                _ => {
                    warnings.push(format!("there is no {}: {gate} may have no finding at all", ratchet.than))
                }
            }
        }
        if none || self.config.baseline.new_since.is_some() {
            let mut known = KnownFindings::default();
            known.warn(warnings);
            return Ok(known);
        }
        let (file, today) = (self.config.baseline.file(), today());
        let mut known = match baselines.remove(file).flatten() {
            Some(baseline) => {
                KnownFindings::from_baseline(&baseline, file, self.config.baseline.max_age, today)
            }
            None => KnownFindings::default(),
        };
        let new_only = self.config.gates.iter().any(|gate| gate.policy.new_only);
        if known.note.is_none() && new_only {
            warnings.push(format!(
                "there is no {file}: every finding counts as new (`portcullis baseline` writes it)"
            ));
        }
        known.warn(warnings);
        self.compare_baselines().await?;
        Ok(known)
    }

    /// Records what the change adds to its own baseline. It does not count.
    async fn compare_baselines(&mut self) -> Result<()> {
        let file = self.config.baseline.file().to_owned();
        let path = folder_of(&self.path).join(&file);
        let Some(trusted) = &mut self.base else { return Ok(()) };
        let base = trusted.base.baseline(&path).await?.unwrap_or_default();
        match baseline_file::load(&path) {
            Ok(change) => {
                let change = change.unwrap_or_default();
                let there: HashSet<_> = base.findings.iter().map(|entry| (&entry.gate, &entry.id)).collect();
                let added =
                    change.findings.iter().filter(|entry| !there.contains(&(&entry.gate, &entry.id))).count();
                if added > 0 {
                    let what = format!("accepts {}", human::count(added as u64, "more finding"));
                    trusted.record.loosened.push(Loosening::new(file, what));
                }
            }
            Err(error) => {
                trusted.record.notes.push(format!("the work tree's own baseline is broken: {error}"))
            }
        }
        Ok(())
    }

    /// A baseline beside gates.toml.
    async fn baseline(&self, name: &str) -> Result<Option<Baseline>> {
        let path = folder_of(&self.path).join(name);
        match &self.base {
            Some(trusted) => trusted.base.baseline(&path).await,
            None => Ok(baseline_file::load(&path)?),
        }
    }

    /// The policy that findings are judged by.
    pub(crate) fn inputs<'a>(
        &'a self,
        known: &'a KnownFindings,
        enrichment: &'a Enrichment,
    ) -> PolicyInputs<'a> {
        PolicyInputs {
            waivers: Waivers::Of(&self.config.waivers),
            max: Some(&self.config.max),
            coverage_required: Some(self.config.coverage_required),
            known: Some(known),
            enrichment: Some(enrichment),
            protection: Some(self.floor.as_ref().map_or(&NOT_PROTECTED, |(_, floor)| floor.protection())),
            today: today(),
        }
    }

    /// Refuses a run below the floor. `locked`: there is a gates.lock.
    ///
    /// # Errors
    /// [`crate::keys::file::ConfigError::BelowFloor`] with every breach.
    pub(crate) fn check_floor(&self, settings: &Settings, locked: bool) -> Result<()> {
        let Some((file, floor)) = &self.floor else { return Ok(()) };
        let breaches = floor.breaches(&self.config, settings, locked, today());
        Ok(floor::refuse(breaches, file, &self.path, &self.text())?)
    }

    /// The same for saved runs and reports, which are judged without a new scan. `judged` are their
    /// gates under this policy.
    ///
    /// # Errors
    /// As in [`Self::check_floor`].
    pub(crate) fn check_floor_of_saved(
        &self,
        settings: &Settings,
        locked: bool,
        judged: &[GateRecord],
    ) -> Result<()> {
        let Some((file, floor)) = &self.floor else { return Ok(()) };
        let mut breaches = floor.breaches(&self.config, settings, locked, today());
        breaches.extend(floor.unjudged(&self.config, settings, judged));
        Ok(floor::refuse(breaches, file, &self.path, &self.text())?)
    }

    /// Records for each job what the scanners' own configuration says. If the policy comes from a base,
    /// the scanners use the base's configuration. `scratch` is the run's folder.
    pub(crate) async fn override_scanner_config(
        &self,
        plan: &mut Plan,
        repo: &Repo,
        scratch: &Path,
    ) -> Result<()> {
        match &self.base {
            Some(trusted) => base_scanner_config::take_from(&trusted.base, plan, repo, scratch).await,
            None => {
                base_scanner_config::tell(plan, repo).await;
                Ok(())
            }
        }
    }

    /// Reads what the files of gates.toml say about findings. If the policy comes from a base, its
    /// files are read.
    ///
    /// # Errors
    /// [`ConfigError::Mistakes`] with every file that can't be used, and [`ConfigError::BelowFloor`]
    /// with every statement that waives what the floor does not allow.
    pub(crate) async fn enrichment(&self) -> Result<Enrichment> {
        let folder = folder_of(&self.path);
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let files = Files { folder, base: self.base.as_ref().map(|trusted| &trusted.base) };
        let enrichment = enrich::load(&self.config.sources, &files, today()).await;
        let mut enrichment = enrichment.map_err(|problems| ConfigError::Mistakes {
            path: self.path.clone(),
            source_text: self.text(),
            problems,
        })?;
        if files.base.is_some() {
            enrich::compare(&mut enrichment, &self.config.sources, &files).await;
        }
        if let Some((file, floor)) = &self.floor {
            floor::refuse(floor.breaches_of_vex(enrichment.vex()), file, &self.path, &self.text())?;
        }
        Ok(enrichment)
    }

    /// For run.json, with what the change's VEX documents would loosen.
    pub(crate) fn record(&self, enrichment: &Enrichment) -> Option<PolicyRecord> {
        let mut record = self.base.as_ref()?.record.clone();
        record.loosened.extend(enrichment.loosened.iter().cloned());
        Some(record)
    }

    /// The text of the gates.toml in force.
    pub(crate) fn text(&self) -> String {
        match &self.base {
            Some(trusted) => trusted.text.clone(),
            None => std::fs::read_to_string(&self.path).unwrap_or_default(),
        }
    }
}
