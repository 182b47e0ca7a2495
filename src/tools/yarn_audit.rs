//! `yarn audit` and `yarn npm audit`: known vulnerabilities of the packages in a yarn.lock.
//!
//! Four programs have this name. Yarn 1 writes lines of JSON and always asks one registry. Yarn 2 and
//! 3 write npm 6's report. Yarn 4 writes a line for each finding, and nothing at all if there is no
//! finding. Flags and outputs are from runs of 1.22.22, 3.8.7, 4.0.0 and 4.18.1.

mod classic;
mod generation;
mod modern;

use std::path::Path;

use serde::Serialize;

use crate::formats::node_trace;
use crate::model::aim::Aim;
use crate::model::input::{InputKind, PackageManager};
use crate::policy::coverage::Coverage;
use crate::scan::config_file::BaseOverride;
use crate::scan::config_file::{ConfigFile, Describe, Programs};
use crate::scan::declared::Declared;
use crate::scan::job::Job;
use crate::scan::job_files::Beside;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::reads::{Reach, Reads};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::retry::transient_error;
use crate::scan::scene::Scene;
use crate::scan::survey::{Judge, Survey};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::text::bom;
use crate::text::shared::Text;
use crate::tools::audit_keys::AuditKeys;
use crate::tools::describe;
use crate::tools::lock_files::{follow_link, suggest_audit};
use crate::tools::yarn_audit::generation::Generation;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "yarn-audit",
    title: "yarn audit",
    stage: "Dependency audit",
    usual_seconds: 3,
    program: "yarn",
    version_args: &["--version"],
    version: VersionFrom::PackageManager,
    docs: "docs/configuration.md#yarn-audit",
    install: "corepack enable, or npm install -g yarn: https://yarnpkg.com/getting-started/install",
    secret_fields: Declared::List(&["headers", "body"]),
    // Every setting of Yarn is a variable too. The exceptions choose the registry and the way to it.
    steering: &[
        "NODE_ENV",
        "YARN_*",
        "!YARN_CACHE_FOLDER",
        "!YARN_CAFILE",
        "!YARN_CA_FILE_PATH",
        "!YARN_ENABLE_STRICT_SSL",
        "!YARN_GLOBAL_FOLDER",
        "!YARN_HTTPS_CA_FILE_PATH",
        "!YARN_HTTPS_CERT_FILE_PATH",
        "!YARN_HTTPS_PROXY",
        "!YARN_HTTP_PROXY",
        "!YARN_HTTP_RETRY",
        "!YARN_HTTP_TIMEOUT",
        "!YARN_NPM_AUDIT_REGISTRY",
        "!YARN_NPM_REGISTRY_SERVER",
        "!YARN_STRICT_SSL",
        "!YARN_UNSAFE_HTTP_WHITELIST",
        "npm_config_offline",
        "npm_config_only",
        "npm_config_production",
    ],
    looks_for: Declared::List(&[Aim::PackageVulnerabilities]),
    config_files: Declared::List(&[&YARNRC, &NPMRC, &YARNRC_YML]),
    init: |seen| suggest_audit(seen, PackageManager::Yarn),
    configure: |keys| Box::new(YarnAudit { keys: AuditKeys::read(keys, &KINDS, CALLED) }),
};

const WHAT: &str = "report of yarn audit";
const LOCK_FILE: &str = "yarn.lock";

/// Kinds of dependency that Yarn can leave out.
const KINDS: [&str; 1] = ["dev"];
const CALLED: &str = "a kind of dependency that Yarn can leave out";

static YARNRC: ConfigFile = declared(".yarnrc", describe::spaced_keys);
static NPMRC: ConfigFile = declared(".npmrc", describe::npmrc);
static YARNRC_YML: ConfigFile = declared(".yarnrc.yml", describe::yaml_keys);

const fn declared(name: &'static str, describe: Describe) -> ConfigFile {
    let programs = Some(generation::programs as Programs);
    ConfigFile {
        name,
        describe,
        overrule: BaseOverride::Farm,
        bars: None,
        programs,
        part: None,
        follows: None,
    }
}

#[derive(Debug, Serialize)]
struct YarnAudit {
    #[serde(flatten)]
    keys: AuditKeys,
}

impl YarnAudit {
    fn job(&self, scene: &Scene, dir: &str) -> Result<Job, Unplanned> {
        let mut job = scene.job_in_dir("yarn", dir);
        follow_link(&mut job, &[LOCK_FILE], &scene.repo.root)?;
        job.report_on_stdout();
        let generation = Generation::of(&job.invocation.cwd, &scene.repo.root);
        job.files.beside.push(Beside::File(generation::lock_file(&job.invocation.cwd, &scene.repo.root)));
        match generation {
            Generation::One if self.keys.registry.is_some() => {
                let why = format!(
                    "{} is for Yarn 1, which always asks its own registry: leave out `registry`",
                    job.target
                );
                return Err(Unplanned::Impossible(why));
            }
            Generation::One => self.classic(&mut job),
            Generation::Two => self.modern(&mut job, false),
            Generation::Four => self.modern(&mut job, true),
        }
        // With colours it crashes, wherever it prints.
        job.env("NO_COLOR", "1").env("FORCE_COLOR", "0");
        reads(&mut job, generation, &scene.repo.root);
        Ok(job)
    }

    fn classic(&self, job: &mut Job) {
        let groups = match self.keys.omits("dev") {
            true => "dependencies optionalDependencies",
            false => "dependencies devDependencies optionalDependencies",
        };
        // A .yarnrc may contain flags, which come before these.
        job.args(["audit", "--json", "--level", "info", "--groups", groups, "--cwd", "."]);
        job.because("Yarn 1: by the lock file, nothing is installed or run");
    }

    /// Yarn 2 and later; `fourth`: 4 and later.
    fn modern(&self, job: &mut Job, fourth: bool) {
        job.args(["npm", "audit", "--json", "--all", "--recursive", "--severity", "info"]);
        job.args(["--environment", if self.keys.omits("dev") { "production" } else { "all" }]);
        if fourth {
            // Deprecations cost a request for each package, and are not vulnerabilities.
            job.arg("--no-deprecations");
            // Only this trace shows that it asked the registry.
            job.invocation.node_options = Some(node_trace::options(job.scratch()));
            job.files.beside.push(Beside::Scratch(node_trace::PREFIX));
        }
        // Variables override .yarnrc.yml.
        job.env("YARN_ENABLE_NETWORK", "true").env("YARN_ENABLE_TELEMETRY", "false");
        // The lock file counts. The record of what is installed does not, and could be faked.
        let no_state = job.scratch_file("install-state.gz");
        job.env("YARN_INSTALL_STATE_PATH", no_state);
        if let Some(registry) = &self.keys.registry {
            job.env("YARN_NPM_AUDIT_REGISTRY", registry.as_str());
            if let Some(rest) = registry.strip_prefix("http://") {
                let host = rest.split(['/', ':', '?']).next().unwrap_or(rest);
                job.env("YARN_UNSAFE_HTTP_WHITELIST", host);
            }
        }
        job.because(match fourth {
            true => "Yarn 4: by the lock file, nothing is installed or run",
            false => "Yarn 2 or 3: by the lock file, nothing is installed or run",
        });
    }
}

fn foreign(detail: &str) -> ReportError {
    ReportError::Foreign { what: WHAT, detail: detail.to_owned() }
}

/// Yarn's own configuration, beside the lock file and in every folder above.
fn reads(job: &mut Job, generation: Generation, root: &Path) {
    let files = match generation {
        Generation::One => [&YARNRC, &NPMRC],
        // A Yarn 1 that starts a later one reads .yarnrc.
        Generation::Two | Generation::Four => [&YARNRC_YML, &YARNRC],
    };
    let cwd = job.invocation.cwd.clone();
    for folder in cwd.ancestors().take_while(|folder| folder.starts_with(root)) {
        for file in files {
            job.reads(folder.join(file.name), file);
        }
    }
}

impl Tool for YarnAudit {
    fn reads(&self) -> Vec<Reads> {
        vec![Reads::new([InputKind::Lock(PackageManager::Yarn)], &self.keys.dirs, Reach::Here)]
    }

    fn coverage(&self) -> Vec<Coverage> {
        self.keys.coverage()
    }

    fn unnamed<'a>(&'a self, survey: &'a Survey<'a>) -> Judge<'a> {
        self.keys.judge(survey)
    }

    fn unread_part(&self, survey: &Survey<'_>, kind: InputKind, path: &str) -> Option<Text> {
        AuditKeys::unread(survey, kind, path)
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        self.keys.dirs.iter().map(|dir| self.job(scene, dir)).collect()
    }

    /// Yarn 1 adds up a number for each severity, 31 in total; the report must agree with the sum. The
    /// others use only 1. Errors have code 1 too; the report shows the difference.
    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Clean,
            1..=31 => Exit::Findings,
            _ => Exit::Fault("not a code of yarn audit"),
        }
    }

    fn parse(&self, raw: &RawReport, _place: &ReportOrigin) -> Result<Parsed, ReportError> {
        let report = bom::without_bom(raw.report());
        let (written_by, read): (_, fn(&RawReport) -> _) = match report.trim_ascii_start().first() {
            None => (Generation::Four, modern::nothing),
            // Yarn prints errors as plain text.
            Some(byte) if *byte != b'{' => {
                return Err(match modern::error_line(report) {
                    Some(words) if raw.exit.is_some() => ReportError::ToolError(words),
                    _ => foreign("it does not begin with an object"),
                });
            }
            Some(_) if classic::is_line(report) => (Generation::One, classic::read),
            Some(_) => modern::reader(report)?,
        };
        // The report must come from the Yarn that the lock file is for.
        let lock = raw.beside(LOCK_FILE).next().map(String::from_utf8_lossy);
        match lock.and_then(|lock| Generation::of_lock(&lock)) {
            Some(generation) if generation != written_by => {
                Err(foreign("it was written by another Yarn than the lock file"))
            }
            _ => read(raw),
        }
    }

    fn transient_error(&self, raw: &RawReport) -> Option<String> {
        let words = self.error_line(raw).into_iter().chain(modern::error_line(raw.report()));
        let busy = ["returned a 5", "returned a 429", "Response Code: 5", "Response Code: 429"];
        words
            .into_iter()
            .find(|words| busy.iter().any(|busy| words.contains(busy)) || transient_error(words).is_some())
    }

    fn error_line(&self, raw: &RawReport) -> Option<String> {
        classic::error_in(&raw.stderr).or_else(|| raw.last_error_line())
    }
}

#[cfg(test)]
mod tests;
