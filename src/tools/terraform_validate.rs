//! terraform validate, of Terraform or OpenTofu: errors within a configuration.
//!
//! The output is as in `internal/command/views/validate.go` and `views/json/diagnostic.go` of
//! hashicorp/terraform, and in runs of Terraform 1.11.4.

mod report;
mod steps;

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use crate::formats::json;
use crate::keys::table::Keys;
use crate::model::aim::Aim;
use crate::model::input::InputKind;
use crate::model::scope::{Scope, Unit};
use crate::policy::coverage::Coverage;
use crate::scan::declared::Declared;
use crate::scan::invocation::Program;
use crate::scan::job::Job;
use crate::scan::parsed::{Parsed, ReportError, Unplanned};
use crate::scan::program::find;
use crate::scan::raw_report::RawReport;
use crate::scan::reads::{Reach, Reads};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, dirs};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::text::human::count;
use crate::tools::terraform_validate::steps::{Init, RUN, Run, Validate};

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "terraform-validate",
    title: "terraform validate",
    stage: "Infrastructure as code",
    usual_seconds: 15,
    program: "terraform",
    version_args: &["version"],
    version: VersionFrom::Asking,
    docs: "docs/configuration.md#terraform-validate",
    install: "https://developer.hashicorp.com/terraform/install, or OpenTofu: https://opentofu.org/docs/intro/install",
    // Source text, and the values of its expressions.
    secret_fields: Declared::List(&["snippet"]),
    // TF_CLI_ARGS adds options. The other variable lets any process act as a provider.
    steering: &["TF_CLI_ARGS*", "TF_REATTACH_PROVIDERS"],
    looks_for: Declared::List(&[Aim::Misconfigurations]),
    config_files: Declared::None("the configuration is its input, and nothing in it narrows the check"),
    init: suggest,
    configure: |keys| Box::new(TerraformValidate::configure(keys)),
};

/// Suggests a gate only if the program is installed: images for CI rarely have it. Each root is a target: `validate` follows the modules that
/// it calls, and nothing else.
fn suggest(seen: &Seen) -> Suggestion {
    const COMMENT: &str = "Errors within the configuration. Providers and modules that are not installed are\ndownloaded; `init = false` prevents that.";
    let roots: BTreeSet<String> = seen.paths(InputKind::TerraformRoot).into_iter().collect();
    let (of_tofu, others): (BTreeSet<_>, BTreeSet<_>) =
        roots.into_iter().partition(|root| seen.is_tofu(root));
    let installed = ENGINES.map(|engine| is_there(engine, &seen.top));
    let mut suggestion = Suggestion::default();
    for (roots, runs, keys, why) in [
        (others, installed.contains(&true), "", "neither terraform nor tofu is installed here"),
        (
            of_tofu,
            installed[1],
            "engine = \"tofu\"\n",
            "only OpenTofu reads its files, and tofu is not installed here",
        ),
    ] {
        if runs && !roots.is_empty() {
            suggestion.gates.push(SuggestedGate::new(
                "terraform",
                COMMENT,
                format!("{}{keys}", dirs(&roots)),
            ));
        } else {
            roots
                .iter()
                .for_each(|root| suggestion.leave_out(format!("`terraform validate` of {root}"), why));
        }
    }
    suggestion
}

const ENGINES: [&str; 2] = ["terraform", "tofu"];

fn is_there(engine: &str, folder: &Path) -> bool {
    find(&Program { name: engine.to_owned(), near: Vec::new() }, folder).is_some()
}

#[derive(Debug, Serialize)]
struct TerraformValidate {
    /// Root modules.
    dirs: Vec<String>,
    /// `None`: the one that is installed.
    engine: Option<&'static str>,
    init: Init,
}

impl TerraformValidate {
    fn configure(keys: &Keys) -> Self {
        Self {
            dirs: keys.texts_or("dirs", &["."]),
            engine: keys.word("engine", &ENGINES.map(|engine| (engine, engine))),
            init: match keys.flag("init") {
                None => Init::WhenNeeded,
                Some(true) => Init::Always,
                Some(false) => Init::Never,
            },
        }
    }

    /// Terraform, unless only OpenTofu is installed.
    fn program(&self, scene: &Scene) -> &'static str {
        let is_there = |engine: &str| is_there(engine, &scene.repo.base);
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
            Init::WhenNeeded => format!("{dir}, initialised first if needed"),
            Init::Always => format!("{dir}, initialised first"),
        });
        let cwd = job.invocation.cwd.clone();
        job.by_steps(Validate { cwd, init: self.init });
        job
    }
}

impl Tool for TerraformValidate {
    fn reads(&self) -> Vec<Reads> {
        vec![Reads::new([InputKind::TerraformRoot], &self.dirs, Reach::Here)]
    }

    fn validates(&self) -> bool {
        true
    }

    fn coverage(&self) -> Vec<Coverage> {
        vec![Coverage::these("dirs", &self.dirs)]
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let program = self.program(scene);
        Ok(self.dirs.iter().map(|dir| self.job(scene, program, dir)).collect())
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let (mut parsed, valid) = report::read(raw.report(), origin)?;
        let Some(run) = raw.further_report(RUN) else {
            parsed.scope_unreported = true;
            return Ok(parsed);
        };
        let run: Run = json::read(run, RUN)?;
        parsed.scope = Scope::of(Unit::Files, run.files);
        match (run.exit, valid) {
            (0, true) | (1, false) => {
                parsed.proof.push(format!("exit code {} agrees with the report", run.exit));
            }
            (0, false) => parsed.gaps.push(
                "exit code 0 means clean, but the report says that the configuration is not valid".into(),
            ),
            (code, _) => {
                parsed.gaps.push(format!(
                    "exit code {code} means findings, but the report says that the configuration is valid"
                ));
            }
        }
        if let Some(first) = run.of_tofu.first() {
            parsed.gaps.push(format!(
                "Terraform does not read {} (of {}): `engine = \"tofu\"` validates with OpenTofu",
                first,
                count(run.of_tofu.len() as u64, "file of OpenTofu")
            ));
        }
        if run.initialised {
            parsed.proof.push("initialised without a backend, with its data in a separate folder".to_owned());
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests;
