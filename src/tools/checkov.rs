//! Checkov (Prisma Cloud): misconfigurations of Terraform, CloudFormation, Dockerfiles, Kubernetes
//! and the like, one finding for each failed check of a resource.

mod checked;
mod coverage;
mod dropped;
mod init;
mod report;

use serde::Serialize;

use crate::inputs::File;
use crate::keys::table::Keys;
use crate::model::aim::Aim;
use crate::model::input::InputKind;
use crate::policy::coverage::{Coverage, Extent};
use crate::scan::config_file::ConfigFile;
use crate::scan::declared::Declared;
use crate::scan::job::Job;
use crate::scan::job_files::ReportSource;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::reads::{Reach, Reads};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::retry::transient_error;
use crate::scan::scene::Scene;
use crate::scan::seen::name_of;
use crate::scan::start_dir::StartDir;
use crate::scan::survey::{Judge, Survey};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::text::paths::normalise;
use crate::text::shared::Text;
use crate::tools::named_files::{NAMED, yaml_config, yaml_names};
use crate::tools::passed_over::PassedOver;
use crate::tools::python_crash;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "checkov",
    title: "Checkov",
    stage: "Infrastructure as code",
    usual_seconds: 15,
    program: "checkov",
    version_args: &["--version"],
    version: VersionFrom::Report,
    docs: "docs/configuration.md#checkov",
    install: "pipx install checkov",
    // Source text, whole resources, and the values of variables.
    secret_fields: Declared::List(&["code_block", "entity", "evaluations", "fixed_definition", "added_by"]),
    // Every option is also a variable (CKV_SKIP_CHECK, CKV_SOFT_FAIL). The exceptions are the
    // platform's key, and the certificate and proxy used to reach it.
    steering: &["CKV_*", "CHECKOV_*", "BC_*", "!BC_API_KEY", "!BC_CA_BUNDLE", "!BC_PROXY"],
    looks_for: Declared::List(&[Aim::Misconfigurations]),
    config_files: Declared::List(&[&CONFIG_YAML, &CONFIG_YML, &NAMED]),
    init: init::suggest,
    configure,
};

/// The file that Checkov writes into the folder of `--output-file-path`.
const REPORT: &str = "results_json.json";

static CONFIG_YAML: ConfigFile = yaml_config(".checkov.yaml", take, named);
static CONFIG_YML: ConfigFile = yaml_config(".checkov.yml", take, named);

/// The keys whose values are files.
fn named(content: &[u8]) -> Vec<String> {
    yaml_names(content, &["baseline", "external-checks-dir", "var-file"])
}

#[derive(Debug, Serialize)]
struct Checkov {
    dirs: Vec<String>,
    /// Empty: every framework that Checkov finds files for.
    framework: Vec<String>,
}

/// The frameworks of `checkov --framework` (3.3) that read inputs of a kind.
const FRAMEWORKS: [(&str, InputKind); 6] = [
    ("terraform", InputKind::TerraformRoot),
    ("cloudformation", InputKind::CloudFormation),
    ("cloudformation", InputKind::Sam),
    ("kubernetes", InputKind::Kubernetes),
    ("helm", InputKind::Helm),
    ("dockerfile", InputKind::Dockerfile),
];

fn configure(keys: &Keys) -> Box<dyn Tool> {
    Box::new(Checkov { dirs: keys.texts_or("dirs", &["."]), framework: keys.texts_or("framework", &[]) })
}

/// Checkov adds `--config-file` to the configuration of the working directory and of the folder
/// after `-d` (`common/util/config_utils.py`). So it starts in another directory and gets the folder
/// as one argument, `--directory=`: then it does not look for a configuration there.
fn take(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    if job.invocation.start.is_none() {
        let (cwd, dir) = (job.invocation.cwd.clone(), job.invocation.args.iter().position(|arg| arg == "-d"));
        for arg in
            job.invocation.args.iter_mut().filter(|arg| !arg.starts_with('-') && cwd.join(&**arg).exists())
        {
            *arg = normalise(&cwd.join(&*arg)).to_string_lossy().into_owned();
        }
        let dir =
            dir.filter(|dir| dir + 1 < job.invocation.args.len()).ok_or("its command names no folder")?;
        let folder = job.invocation.args.remove(dir + 1);
        job.invocation.args[dir] = format!("--directory={folder}");
        job.invocation.start = Some(StartDir::Nowhere);
    }
    if job.invocation.args.iter().any(|arg| arg == "--config-file") && copy.is_some() {
        return Err("the base has two configuration files, and Checkov accepts one".to_owned());
    }
    if let Some(copy) = copy {
        job.options(["--config-file", copy]);
    }
    Ok(())
}

/// bridgecrewio/checkov `common/runners/base_runner.py` `filter_ignored_paths` (3.2): besides `node_modules`,
/// `.terraform` and `.serverless`, every folder whose name begins with a dot. That of GitHub's workflows has a
/// scan of its own.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.') && name != ".github"
}

/// `DOCKERFILE_MASK` in bridgecrewio/checkov `common/util/dockerfile.py` (3.3): `Dockerfile`, `Dockerfile.prod`, `api.Dockerfile`.
fn is_dockerfile(name: &str) -> bool {
    ["Dockerfile", "dockerfile"].into_iter().any(|stem| {
        name.match_indices(stem).any(|(at, _)| {
            let (before, after) = (&name[..at], &name[at + stem.len()..]);
            (before.is_empty() || (before.len() > 1 && before.ends_with('.')))
                && (after.is_empty() || (after.len() > 1 && after.starts_with('.')))
        })
    }) && !name.to_ascii_lowercase().ends_with(".dockerignore")
}

impl Checkov {
    /// Whether it would read a file in another folder.
    fn would_read(&self, file: &File<'_>) -> bool {
        let scans = |framework: &str| {
            self.framework.is_empty() || self.framework.iter().any(|name| name == framework || name == "all")
        };
        let is = |kind| file.kinds().has(kind);
        (is(InputKind::Terraform) && scans("terraform"))
            || (is(InputKind::Dockerfile) && is_dockerfile(&file.name()) && scans("dockerfile"))
            || (is(InputKind::CloudFormation) && !file.name().ends_with(".cfn") && scans("cloudformation"))
    }

    fn job(&self, scene: &Scene, dir: &str) -> Job {
        let mut job = scene.job_in_dir(SPEC.program, dir);
        let folder = job.scratch().to_owned();
        job.args(["-d", ".", "-o", "json", "--output-file-path", &folder]);
        // Compact reports leave the source text out. The guidelines that would be downloaded are
        // for users with a platform key. Never use `--quiet`: it drops the names of the files that
        // did not parse.
        job.args(["--compact", "--skip-download"]);
        if !self.framework.is_empty() {
            job.arg("--framework").args(self.framework.iter().cloned());
        }
        for file in [&CONFIG_YAML, &CONFIG_YML] {
            job.reads(job.invocation.cwd.join(file.name), file);
        }
        job.files.reports.push(ReportSource::Scratch(REPORT.to_owned()));
        let wanted = |file: &File<'_>| self.would_read(file);
        let why = "in a folder that Checkov passes over";
        job.planned.unread =
            PassedOver { folder: is_hidden, why, wanted: &wanted, file_links: false }.count(scene, dir);
        job.because(match self.framework.is_empty() {
            true => format!("every framework in {dir}"),
            false => format!("{} in {dir}", self.framework.join(", ")),
        });
        job
    }
}

/// Options after which it checks less, or reports less (`checkov --help`, 3.2).
const NARROWING: &[&str] = &[
    "--baseline",
    "--block-list-secret-scan",
    "--check",
    "-c",
    "--config-file",
    "--download-external-modules",
    "--evaluate-variables",
    "--file",
    "-f",
    "--framework",
    "--hard-fail-on",
    "--policy-metadata-filter",
    "--policy-metadata-filter-exception",
    "--skip-check",
    "--skip-cve-package",
    "--skip-fixes",
    "--skip-framework",
    "--skip-path",
    "--skip-resources-without-violations",
    "--soft-fail",
    "-s",
    "--soft-fail-on",
];

impl Tool for Checkov {
    fn reads(&self) -> Vec<Reads> {
        let reads = |framework: &str| {
            self.framework.is_empty() || self.framework.iter().any(|name| name == framework || name == "all")
        };
        let kinds = FRAMEWORKS.iter().filter(|(framework, _)| reads(framework)).map(|(_, kind)| *kind);
        // It needs kubectl or kustomize, so it is taken to read these only if it is told to.
        let kustomize = self.framework.iter().any(|name| name == "kustomize");
        let kinds = kinds.chain(kustomize.then_some(InputKind::Kustomize));
        vec![Reads::new(kinds, &self.dirs, Reach::BelowNamed)]
    }

    fn reads_inputs(&self) -> bool {
        true
    }

    fn reads_path(&self, kind: InputKind, path: &str) -> bool {
        let name = name_of(path);
        match kind {
            InputKind::Dockerfile => is_dockerfile(name),
            // `CF_POSSIBLE_ENDINGS` (bridgecrewio/checkov `cloudformation/parser/__init__.py`) has no other.
            InputKind::CloudFormation | InputKind::Sam => !name.ends_with(".cfn"),
            _ => true,
        }
    }

    fn passes_over(&self, name: &str) -> bool {
        name.starts_with('.')
    }

    fn reads_tofu(&self) -> bool {
        false
    }

    fn unread_part(&self, survey: &Survey<'_>, kind: InputKind, path: &str) -> Option<Text> {
        coverage::unread_part(kind, path, survey.inputs)
    }

    fn unnamed<'a>(&'a self, survey: &'a Survey<'a>) -> Judge<'a> {
        coverage::judge(&self.dirs, !self.framework.is_empty(), survey)
    }

    fn coverage(&self) -> Vec<Coverage> {
        let framework = (!self.framework.is_empty()).then(|| self.framework.clone());
        vec![Coverage::folders("dirs", &self.dirs), Coverage::new("framework", Extent::These(framework))]
    }

    /// Without `framework` it also looks for secrets.
    fn also_looks_for(&self) -> Vec<Aim> {
        let secrets = self.framework.is_empty() || self.framework.iter().any(|name| name == "secrets");
        secrets.then_some(Aim::Secrets).into_iter().collect()
    }

    fn narrowing_options(&self) -> &'static [&'static str] {
        NARROWING
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        Ok(self.dirs.iter().map(|dir| self.job(scene, dir)).collect())
    }

    /// bridgecrewio/checkov `common/output/report.py` `get_exit_code`, `main.py` `exit_run`. The code
    /// is also 0 for a file that does not parse or a folder that does not exist: the report shows that.
    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Clean,
            1 => Exit::Findings,
            2 => Exit::Fault("crash or usage error"),
            _ => Exit::Fault("not an exit code of Checkov"),
        }
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let mut parsed = report::read(raw.report(), origin)?;
        parsed.unread = raw.unread();
        Ok(parsed)
    }

    /// If a key is set, the platform may fail: the last line of the traceback says so.
    fn transient_error(&self, raw: &RawReport) -> Option<String> {
        transient_error(&raw.last_error_line()?).or_else(|| transient_error(&self.error_line(raw)?))
    }

    /// Checkov prints a traceback when it can't reach its platform, and continues. So a line that
    /// is marked as an error comes before the last line of the text.
    fn error_line(&self, raw: &RawReport) -> Option<String> {
        let stderr = raw.stderr_text();
        let said = stderr.lines().rev().find_map(|line| {
            let marks = ["checkov: error: ", "[ERROR]", "[CRITICAL]"];
            marks.iter().find_map(|mark| line.split_once(mark)).map(|(_, what)| what.trim().to_owned())
        });
        // Before a traceback of its own it writes only that one follows.
        let says_more =
            |said: &String| !said.is_empty() && !said.to_ascii_lowercase().ends_with("traceback:");
        let crash = || python_crash::cause(&stderr).map(str::to_owned);
        said.filter(says_more).or_else(crash).or_else(|| raw.last_error_line())
    }
}

#[cfg(test)]
mod tests;
