//! `pnpm audit`: known vulnerabilities of the packages in a pnpm-lock.yaml, in npm 6's report.
//!
//! Based on pnpm's `lockfile/plugin-commands-audit/src/audit.ts`. Run with pnpm 10.34.9 and 12.21.0
//! against every setting that narrows an audit.

mod ignores;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::formats::{json, npm6};
use crate::model::aim::Aim;
use crate::model::finding::Finding;
use crate::model::input::{InputKind, PackageManager};
use crate::model::scope::{Scope, Unit};
use crate::policy::coverage::Coverage;
use crate::scan::config_file::BaseOverride;
use crate::scan::config_file::ConfigFile;
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
use crate::text::human::without_credentials;
use crate::text::shared::Text;
use crate::tools::audit_keys::AuditKeys;
use crate::tools::describe;
use crate::tools::lock_files::{follow_link, suggest_audit};

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "pnpm-audit",
    title: "pnpm audit",
    stage: "Dependency audit",
    usual_seconds: 3,
    program: "pnpm",
    version_args: &["--version"],
    version: VersionFrom::PackageManager,
    docs: "docs/configuration.md#pnpm-audit",
    install: "corepack enable, or npm install -g pnpm: https://pnpm.io/installation",
    secret_fields: Declared::List(&["headers", "body"]),
    // Variables that narrow the audit. Flags override all of them but `audit_config`. The registry,
    // its certificates and the user's .npmrc stay.
    steering: &[
        "NODE_ENV",
        "npm_config_audit*",
        "npm_config_dev",
        "npm_config_dir",
        "npm_config_fix",
        "npm_config_global",
        "npm_config_ignore*",
        "npm_config_lockfile*",
        "npm_config_offline",
        "npm_config_only",
        "npm_config_optional",
        "npm_config_prefix",
        "npm_config_production",
        "npm_config_workspace*",
        "pnpm_config_*",
        "!pnpm_config_ca",
        "!pnpm_config_cafile",
        "!pnpm_config_fetch_retries",
        "!pnpm_config_fetch_timeout",
        "!pnpm_config_https_proxy",
        "!pnpm_config_noproxy",
        "!pnpm_config_proxy",
        "!pnpm_config_registry",
        "!pnpm_config_strict_ssl",
        "!pnpm_config_userconfig",
    ],
    looks_for: Declared::List(&[Aim::PackageVulnerabilities]),
    config_files: Declared::List(&[&NPMRC, &ignores::WORKSPACE, &ignores::MANIFEST]),
    init: |seen| suggest_audit(seen, PackageManager::Pnpm),
    configure: |keys| Box::new(PnpmAudit { keys: AuditKeys::read(keys, &KINDS, CALLED) }),
};

const WHAT: &str = "report of pnpm audit";

/// Kinds of dependency that pnpm can leave out.
const KINDS: [&str; 2] = ["dev", "optional"];
const CALLED: &str = "a kind of dependency that pnpm can leave out";

#[derive(Debug, Serialize)]
struct PnpmAudit {
    #[serde(flatten)]
    keys: AuditKeys,
}

/// An .npmrc or pnpm-workspace.yaml can narrow the audit, or let a failed one pass. These flags override
/// that. `--config.…` accepts every setting, also those without a flag of their own.
const OVERRULED: [&str; 9] = [
    "--config.only=false",
    "--config.production=false",
    "--config.dev=false",
    "--config.lockfile-dir=.",
    "--config.ignore-registry-errors=false",
    // A script of the repository that can change every setting.
    "--config.ignore-pnpmfile=true",
    // Otherwise pnpm starts, or asks for, the package manager that package.json names.
    "--config.manage-package-manager-versions=false",
    "--config.package-manager-strict=false",
    "--config.pm-on-fail=ignore",
];

const LOCK_FILE: &str = "pnpm-lock.yaml";

static NPMRC: ConfigFile = ConfigFile {
    name: ".npmrc",
    describe: describe::npmrc,
    overrule: BaseOverride::Farm,
    bars: None,
    programs: None,
    part: None,
    follows: None,
};

/// pnpm's configuration. No flag can undo the ignores that it lists.
fn reads(job: &mut Job, root: &Path) {
    let cwd = job.invocation.cwd.clone();
    for folder in cwd.ancestors().take_while(|folder| folder.starts_with(root)) {
        for file in [&NPMRC, &ignores::WORKSPACE] {
            job.reads(folder.join(file.name), file);
        }
        for (file, _) in ignores::LISTS {
            job.files.beside.push(Beside::File(folder.join(file.name)));
        }
    }
    // pnpm audits the lock file: an older package.json does not change the result.
    job.reads(cwd.join(ignores::MANIFEST.name), &ignores::MANIFEST);
}

impl Tool for PnpmAudit {
    fn reads(&self) -> Vec<Reads> {
        vec![Reads::new([InputKind::Lock(PackageManager::Pnpm)], &self.keys.dirs, Reach::Here)]
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
        let jobs = self.keys.dirs.iter().map(|dir| {
            let mut job = scene.job_in_dir("pnpm", dir);
            follow_link(&mut job, &[LOCK_FILE], &scene.repo.root)?;
            // The lowest level of pnpm 10.
            job.args(["audit", "--json", "--audit-level=low"]).args(OVERRULED);
            job.arg(format!("--config.optional={}", !self.keys.omits("optional")));
            if self.keys.omits("dev") {
                job.arg("--prod");
            }
            if self.keys.omits("optional") {
                job.arg("--no-optional");
            }
            if let Some(registry) = &self.keys.registry {
                job.arg(format!("--registry={registry}"));
            }
            job.report_on_stdout().because("by the lock file: nothing is installed or run");
            reads(&mut job, &scene.repo.root);
            Ok(job)
        });
        jobs.collect()
    }

    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Clean,
            // Errors have this code too; the report shows the difference.
            1 => Exit::Findings,
            2 => Exit::Fault("a usage error"),
            _ => Exit::Fault("not a code of pnpm audit"),
        }
    }

    fn transient_error(&self, raw: &RawReport) -> Option<String> {
        let report = json::read::<Report>(raw.report(), WHAT).ok();
        let error = report.and_then(|report| report.error).map(Failure::words);
        let said = error.or_else(|| self.error_line(raw))?;
        let busy = ["responded with 5", "responded with 429"].iter().any(|busy| said.contains(busy));
        (busy || transient_error(&said).is_some()).then_some(said)
    }

    fn parse(&self, raw: &RawReport, _place: &ReportOrigin) -> Result<Parsed, ReportError> {
        let report: Report = json::read(raw.report(), WHAT)?;
        if let Some(error) = report.error {
            return Err(ReportError::ToolError(error.words()));
        }
        let (Some(advisories), Some(metadata)) = (report.advisories, report.metadata) else {
            let detail = "it has no `advisories`, or no `metadata` with the number of audited packages";
            return Err(ReportError::Foreign { what: WHAT, detail: detail.to_owned() });
        };
        let findings: Vec<Finding> = advisories.into_values().map(npm6::Advisory::into_finding).collect();
        let mut parsed = Parsed {
            scope: Scope::of(Unit::Packages, metadata.total_dependencies),
            proof: vec!["the registry answered the audit request: these are its counts".to_owned()],
            ..Parsed::default()
        };
        // The counts include all advisories. The list leaves out those that are ignored, or that pnpm
        // can't rate.
        let ignores = ignores::are_in(raw);
        if let Some(words) = metadata.vulnerabilities.unlisted(&findings) {
            let detail = format!("it counts {words}, and lists none of that severity");
            if !ignores {
                return Err(ReportError::Cut { what: WHAT, detail });
            }
            parsed.proof.push(format!("{detail}: the project ignores some (`auditConfig`)"));
        }
        let left_out = metadata.vulnerabilities.beyond(&findings);
        if ignores && left_out > 0 {
            parsed.ignored.insert("auditConfig", left_out);
        }
        if !ignores {
            parsed.unexplained = metadata.vulnerabilities.exceed(&findings);
        }
        parsed.findings = findings;
        Ok(parsed)
    }

    /// pnpm 12 draws its errors: the message follows `×`.
    fn error_line(&self, raw: &RawReport) -> Option<String> {
        let text = raw.stderr_text();
        let drawn = text.split_once('×').map(|(before, after)| {
            let code = before.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
            let words = after.split("\n\n").next().unwrap_or(after).split("help:").next().unwrap_or(after);
            let words: Vec<&str> =
                words.split(['│', '╰', '─', '▶', '├']).flat_map(str::split_whitespace).collect();
            without_credentials(&format!("{} {}", code.trim_start_matches("Error:").trim(), words.join(" ")))
        });
        let marked = |line: &&str| line.contains("ERROR") || line.starts_with("error: ");
        let line = || text.lines().map(str::trim).find(marked).map(without_credentials);
        drawn.or_else(line).or_else(|| raw.last_error_line())
    }
}

/// pnpm's report, or the error that it prints instead.
#[derive(Deserialize)]
struct Report {
    #[serde(default, deserialize_with = "json::unique_keys")]
    advisories: Option<BTreeMap<String, npm6::Advisory>>,
    metadata: Option<npm6::Metadata>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    code: Option<String>,
    message: Option<String>,
}

impl Failure {
    fn words(self) -> String {
        let message = self.message.unwrap_or_default();
        without_credentials(&format!("{}: {message}", self.code.as_deref().unwrap_or("pnpm")))
    }
}

#[cfg(test)]
mod tests;
