//! The steps: validate; if something is not installed, initialise and validate again.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::scan::procedure::StepContext;
use crate::scan::procedure::{Failure, Procedure, Steps};
use crate::scan::retry::transient_error;
use crate::scan::step::{Output, Step};

use super::report;

/// The report that the program prints.
const REPORT: &str = "terraform-validate.json";
/// Further facts about the run.
pub(super) const RUN: &str = "terraform-run.json";

/// The chosen providers, with their hashes.
const LOCK_FILE: &str = ".terraform.lock.hcl";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Init {
    Never,
    WhenNeeded,
    Always,
}

#[derive(Debug)]
pub(super) struct Validate {
    /// The root module.
    pub cwd: PathBuf,
    pub init: Init,
}

/// How it was validated.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Run {
    /// The exit code of the last validation.
    pub exit: i32,
    /// Configuration files in the folder that the program reads.
    pub files: u64,
    /// Files there that only OpenTofu reads, if another program ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of_tofu: Vec<String>,
    pub initialised: bool,
}

impl Procedure for Validate {
    fn carry_out<'a>(&'a self, context: &'a mut dyn StepContext) -> Steps<'a> {
        Box::pin(async move {
            let first = match self.init {
                Init::Always => None,
                _ => Some(validate(context, None).await?),
            };
            let is_enough = |said: &Output| self.init == Init::Never || !report::wants_init(&said.stdout);
            let (said, initialised) = match first.filter(is_enough) {
                Some(said) => (said, false),
                None => (self.initialise_and_validate(context).await?, true),
            };
            if !matches!(said.code, 0 | 1) {
                let cause = report::error_in(&said.stderr_text()).unwrap_or_else(|| said.error_line());
                return Err(Failure::Unproven(format!("exit code {} of validate: {cause}", said.code)));
            }
            let program = context.chief().program().rsplit('/').next().unwrap_or_default().to_owned();
            let (files, of_tofu) = files_in(&self.cwd, program.contains("tofu"));
            let run = Run { exit: said.code, files, of_tofu, initialised };
            context.hand_over(REPORT, said.stdout);
            context.report(RUN, &run)
        })
    }
}

impl Validate {
    /// Keeps the data of `init` in the run's own folder, since other gates scan this folder at the same
    /// time.
    async fn initialise_and_validate(&self, context: &mut dyn StepContext) -> Result<Output, Failure> {
        let data = context.scratch().join(".terraform");
        let lock = self.cwd.join(LOCK_FILE);
        // If there is no lock file, `init` writes one, and validation reads it.
        let is_locked = lock.exists();
        let said = match initialise(context, &data, is_locked).await {
            Ok(()) => validate(context, Some(&data)).await,
            Err(failure) => Err(failure),
        };
        if !is_locked {
            let _ = fs::remove_file(&lock);
        }
        said
    }
}

async fn validate(context: &mut dyn StepContext, data: Option<&Path>) -> Result<Output, Failure> {
    context.run(with_data(context.chief(), data).prints_report()).await
}

async fn initialise(context: &mut dyn StepContext, data: &Path, is_locked: bool) -> Result<(), Failure> {
    context.tell("installing providers and modules");
    let mut args = vec!["init", "-backend=false", "-input=false", "-no-color"];
    if is_locked {
        args.push("-lockfile=readonly");
    }
    let program = context.chief().program().to_owned();
    let said = context.run(with_data(Step::new(&program, args), Some(data))).await?;
    if said.success() {
        return Ok(());
    }
    let cause = report::error_in(&said.stderr_text()).unwrap_or_else(|| said.error_line());
    let why = format!("{program} init failed: {cause}");
    Err(match transient_error(&said.stderr_text()) {
        Some(_) => Failure::Transient(why),
        None => Failure::Unproven(why),
    })
}

fn with_data(step: Step, data: Option<&Path>) -> Step {
    match data {
        Some(data) => step.env("TF_DATA_DIR", data.to_string_lossy()),
        None => step,
    }
}

/// The number of files of the root module that the program reads, and the files that only OpenTofu would read. A program calls a folder
/// without files valid.
fn files_in(dir: &Path, is_tofu: bool) -> (u64, Vec<String>) {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let names = entries.filter(|entry| entry.path().is_file()).map(|entry| entry.file_name());
    // A hidden file, for example of an editor: it is ignored.
    let names = names.map(|name| name.to_string_lossy().into_owned()).filter(|name| !name.starts_with('.'));
    let (mut files, mut of_tofu) = (0, Vec::new());
    for name in names {
        let ends = |endings: [&str; 2]| endings.iter().any(|ending| name.ends_with(ending));
        match (ends([".tf", ".tf.json"]), ends([".tofu", ".tofu.json"])) {
            (_, true) if !is_tofu => of_tofu.push(name),
            (true, _) | (_, true) => files += 1,
            _ => {}
        }
    }
    of_tofu.sort();
    (files, of_tofu)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_opentofu_reads_its_own_files() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["main.tf", "a.tf.json", "b.tofu", "c.tofu.json", ".d.tf", "e.tfvars"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(files_in(folder.path(), false), (2, vec!["b.tofu".to_owned(), "c.tofu.json".to_owned()]));
        assert_eq!(files_in(folder.path(), true), (4, Vec::new()));
    }
}
