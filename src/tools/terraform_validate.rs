//! terraform validate, of Terraform or OpenTofu: what is wrong with a configuration by itself.
//!
//! Output after `internal/command/views/validate.go` and `views/json/diagnostic.go` of
//! hashicorp/terraform, and runs of Terraform 1.11.4.

mod report;
mod steps;

use crate::formats::json;
use crate::keys::table::Keys;
use crate::model::scope::{Scope, Unit};
use crate::scan::job::{Job, Program};
use crate::scan::parsed::{Parsed, ReportError, Unplanned};
use crate::scan::program::find;
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::tools::terraform_validate::steps::{Init, RUN, Run, Validate};

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "terraform-validate",
    title: "terraform validate",
    stage: "Infrastructure as code",
    program: "terraform",
    version_args: &["version"],
    version: VersionFrom::Asking,
    install: "https://developer.hashicorp.com/terraform/install, or OpenTofu: https://opentofu.org/docs/intro/install",
    // Source text, and what its expressions come to.
    secret_fields: &["snippet"],
    // TF_CLI_ARGS adds options; the other has a provider answer that is none.
    steering: &["TF_CLI_ARGS*", "TF_REATTACH_PROVIDERS"],
    configure: |keys| Box::new(TerraformValidate::configure(keys)),
};

#[derive(Debug)]
struct TerraformValidate {
    /// Root modules.
    dirs: Vec<String>,
    /// `None`: what is there.
    engine: Option<&'static str>,
    init: Init,
}

impl TerraformValidate {
    fn configure(keys: &Keys) -> Self {
        Self {
            dirs: keys.texts_or("dirs", &["."]),
            engine: keys.word("engine", &[("terraform", "terraform"), ("tofu", "tofu")]),
            init: match keys.flag("init") {
                None => Init::WhenNeeded,
                Some(true) => Init::Always,
                Some(false) => Init::Never,
            },
        }
    }

    /// Terraform, unless OpenTofu alone is there.
    fn program(&self, scene: &Scene) -> &'static str {
        let is_there = |name: &str| {
            let program = Program { name: name.to_owned(), near: Vec::new() };
            find(&program, &scene.repo.base).is_some()
        };
        self.engine.unwrap_or(match !is_there("terraform") && is_there("tofu") {
            true => "tofu",
            false => "terraform",
        })
    }

    fn job(&self, scene: &Scene, program: &str, dir: &str) -> Job {
        let mut job = scene.job_in_dir(program, dir);
        job.args(["validate", "-json", "-no-color"]);
        job.env("TF_IN_AUTOMATION", "1").env("TF_INPUT", "0").env("CHECKPOINT_DISABLE", "1");
        job.because(match self.init {
            Init::Never => format!("{dir} as it was initialised"),
            Init::WhenNeeded => format!("{dir}, initialised first where that is needed"),
            Init::Always => format!("{dir}, initialised first"),
        });
        let cwd = job.cwd.clone();
        job.by_steps(Validate { cwd, init: self.init });
        job
    }
}

impl Tool for TerraformValidate {
    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let program = self.program(scene);
        Ok(self.dirs.iter().map(|dir| self.job(scene, program, dir)).collect())
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let (mut parsed, valid) = report::read(raw.report(), origin)?;
        let Some(run) = raw.answer(RUN) else {
            parsed.scope_untold = true;
            return Ok(parsed);
        };
        let run: Run = json::read(run, RUN)?;
        parsed.scope = Scope::of(Unit::Files, run.files);
        match (run.exit, valid) {
            (0, true) | (1, false) => {
                parsed.proof.push(format!("exit code {} agrees with the report", run.exit));
            }
            (0, false) => {
                parsed.gaps.push("exit code 0 means clean, and the report says that it is not".into())
            }
            (code, _) => {
                parsed
                    .gaps
                    .push(format!("exit code {code} means findings, and the report says that it is valid"));
            }
        }
        if run.initialised {
            parsed
                .proof
                .push("initialised without a backend, with its data in a folder of its own".to_owned());
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests;
