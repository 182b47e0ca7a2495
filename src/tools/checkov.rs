//! Checkov (Prisma Cloud): misconfigurations of Terraform, CloudFormation, Dockerfiles, Kubernetes
//! and the like, one finding for each failed check of a resource.

mod report;

use crate::keys::table::Keys;
use crate::policy::coverage::{Coverage, Extent};
use crate::scan::config_file::BaseOverride;
use crate::scan::job::{Job, ReportSource};
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::retry::transient_error;
use crate::scan::scene::Scene;
use crate::scan::start_dir::StartDir;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::text::paths::normalise;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "checkov",
    title: "Checkov",
    stage: "Infrastructure as code",
    program: "checkov",
    version_args: &["--version"],
    version: VersionFrom::Report,
    install: "pipx install checkov",
    // Source text, whole resources, and the values that variables were found to have.
    secret_fields: &["code_block", "entity", "evaluations", "fixed_definition", "added_by"],
    // Every option is a variable too (CKV_SKIP_CHECK, CKV_SOFT_FAIL). The exceptions are the
    // platform's key and the way to it.
    steering: &["CKV_*", "CHECKOV_*", "BC_*", "!BC_API_KEY", "!BC_CA_BUNDLE", "!BC_PROXY"],
    configure,
};

/// The file that Checkov writes into the folder of `--output-file-path`.
const REPORT: &str = "results_json.json";

#[derive(Debug)]
struct Checkov {
    dirs: Vec<String>,
    /// Empty: every framework that Checkov finds files of.
    framework: Vec<String>,
}

fn configure(keys: &Keys) -> Box<dyn Tool> {
    Box::new(Checkov { dirs: keys.texts_or("dirs", &["."]), framework: keys.texts_or("framework", &[]) })
}

/// Checkov lays `--config-file` over the configuration of the working directory and of the folder
/// behind `-d` (`common/util/config_utils.py`), so it is started elsewhere, with one argument for
/// the folder: it does not look there then.
fn take(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    if job.start.is_none() {
        let (cwd, dir) = (job.cwd.clone(), job.args.iter().position(|arg| arg == "-d"));
        for arg in job.args.iter_mut().filter(|arg| !arg.starts_with('-') && cwd.join(&**arg).exists()) {
            *arg = normalise(&cwd.join(&*arg)).to_string_lossy().into_owned();
        }
        let dir = dir.filter(|dir| dir + 1 < job.args.len()).ok_or("its command names no folder")?;
        let folder = job.args.remove(dir + 1);
        job.args[dir] = format!("--directory={folder}");
        job.start = Some(StartDir::Nowhere);
    }
    if job.args.iter().any(|arg| arg == "--config-file") && copy.is_some() {
        return Err("the base has two of them, and Checkov takes one".to_owned());
    }
    if let Some(copy) = copy {
        job.options(["--config-file", copy]);
    }
    Ok(())
}

impl Checkov {
    fn job(&self, scene: &Scene, dir: &str) -> Job {
        let mut job = scene.job_in_dir(SPEC.program, dir);
        let folder = job.scratch().to_owned();
        job.args(["-d", ".", "-o", "json", "--output-file-path", &folder]);
        // Compact reports leave the source text out; the guidelines that would be downloaded
        // are for people with a platform key. Never `--quiet`: it drops the files that did not
        // parse.
        job.args(["--compact", "--skip-download"]);
        if !self.framework.is_empty() {
            job.arg("--framework").args(self.framework.iter().cloned());
        }
        for name in [".checkov.yaml", ".checkov.yml"] {
            job.reads(job.cwd.join(name), BaseOverride::Take { neutral: None, take });
        }
        job.reports.push(ReportSource::Scratch(REPORT.to_owned()));
        job.because(match self.framework.is_empty() {
            true => format!("every framework in {dir}"),
            false => format!("{} in {dir}", self.framework.join(", ")),
        });
        job
    }
}

impl Tool for Checkov {
    fn coverage(&self) -> Vec<Coverage> {
        let framework = (!self.framework.is_empty()).then(|| self.framework.clone());
        vec![Coverage::folders("dirs", &self.dirs), Coverage::new("framework", Extent::These(framework))]
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        Ok(self.dirs.iter().map(|dir| self.job(scene, dir)).collect())
    }

    /// bridgecrewio/checkov `common/output/report.py` `get_exit_code`, `main.py` `exit_run`. A file
    /// that does not parse, and a folder that does not exist, are 0 too: the report tells.
    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Clean,
            1 => Exit::Findings,
            2 => Exit::Fault("crash or usage error"),
            _ => Exit::Fault("not an exit code of Checkov"),
        }
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        report::read(raw.report(), origin)
    }

    /// The platform, where a key is set: the last words of the traceback tell.
    fn transient_error(&self, raw: &RawReport) -> Option<String> {
        transient_error(&raw.last_error_line()?).or_else(|| transient_error(&self.error_line(raw)?))
    }

    /// Checkov prints a traceback when it can't reach its platform, and goes on: a line that says
    /// error outranks the end of the text.
    fn error_line(&self, raw: &RawReport) -> Option<String> {
        let stderr = raw.stderr_text();
        let said = stderr.lines().rev().find_map(|line| {
            let marks = ["checkov: error: ", "[ERROR]", "[CRITICAL]"];
            marks.iter().find_map(|mark| line.split_once(mark)).map(|(_, what)| what.trim().to_owned())
        });
        said.filter(|said| !said.is_empty()).or_else(|| raw.last_error_line())
    }
}

#[cfg(test)]
mod tests;
