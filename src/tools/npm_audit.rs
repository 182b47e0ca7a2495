//! npm audit: known vulnerabilities of the packages in a lock file.
//!
//! The report's fields follow npm's `lib/utils/audit-error.js` and `audit-report.js` in its Arborist. The
//! flags were tried with npm 11.19.1 against every `.npmrc` setting that weakens an audit.

mod npm7;

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::formats::{json, npm6};
use crate::model::aim::Aim;
use crate::model::input::{InputKind, PackageManager};
use crate::model::scope::{Scope, Unit};
use crate::policy::coverage::Coverage;
use crate::redact::npmrc;
use crate::scan::config_file::{BaseOverride, ConfigFile};
use crate::scan::declared::Declared;
use crate::scan::job::Job;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::reads::{Reach, Reads};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::retry::transient_error;
use crate::scan::scene::Scene;
use crate::scan::survey::{Judge, Survey};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::system::variables;
use crate::text::human::without_credentials;
use crate::text::shared::Text;
use crate::tools::audit_keys::AuditKeys;
use crate::tools::describe;
use crate::tools::lock_files::{follow_link, suggest_audit};

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "npm-audit",
    title: "npm audit",
    stage: "Dependency audit",
    usual_seconds: 3,
    program: "npm",
    version_args: &["--version"],
    version: VersionFrom::PackageManager,
    docs: "docs/configuration.md#npm-audit",
    install: "npm comes with Node.js: https://nodejs.org",
    // The registry's answer, and the request.
    secret_fields: Declared::List(&["headers", "body"]),
    // Variables that narrow the audit. The registry, its certificates and the user's .npmrc stay.
    steering: &[
        "NODE_ENV",
        "npm_config_audit*",
        "npm_config_before",
        "npm_config_dev",
        "npm_config_dry_run",
        "npm_config_global",
        "npm_config_include*",
        "npm_config_legacy_peer_deps",
        "npm_config_location",
        "npm_config_offline",
        "npm_config_omit",
        "npm_config_only",
        "npm_config_optional",
        "npm_config_package_lock*",
        "npm_config_prefer_offline",
        "npm_config_prefix",
        "npm_config_production",
        "npm_config_workspace*",
    ],
    looks_for: Declared::List(&[Aim::PackageVulnerabilities]),
    config_files: Declared::List(&[&NPMRC]),
    init: |seen| suggest_audit(seen, PackageManager::Npm),
    configure: |keys| Box::new(NpmAudit { keys: AuditKeys::read(keys, &KINDS, CALLED) }),
};

/// Flags override some of its settings, but not all (a registry, a proxy).
const LOCK_FILES: [&str; 2] = ["package-lock.json", "npm-shrinkwrap.json"];

static NPMRC: ConfigFile = ConfigFile {
    name: ".npmrc",
    describe: describe::npmrc,
    overrule: BaseOverride::Farm,
    bars: Some(bars),
    programs: None,
    part: None,
    follows: None,
};

const WHAT: &str = "report of npm audit";

/// Kinds of dependency that npm, or an `.npmrc`, can leave out.
const KINDS: [&str; 3] = ["dev", "optional", "peer"];
const CALLED: &str = "a kind of dependency";

#[derive(Debug, Serialize)]
struct NpmAudit {
    #[serde(flatten)]
    keys: AuditKeys,
}

/// `workspace = NAME` leaves every other folder of the lock file out of the audit. Flags can
/// replace the list of names, but can't empty it.
fn bars(npmrc: &[u8]) -> Option<&'static str> {
    let narrows =
        npmrc::settings(&String::from_utf8_lossy(npmrc)).any(|setting| setting.may_set("workspace"));
    narrows.then_some(
        "may set `workspace`, which narrows the audit to that folder, and no flag undoes it: \
         remove it, and name folders in `dirs`",
    )
}

/// The folders above `dir` whose package has workspaces: npm reads the .npmrc of such a root.
fn workspace_roots<'p>(dir: &'p Path, root: &Path) -> impl Iterator<Item = &'p Path> {
    let above = dir.ancestors().skip(1).take_while(move |folder| folder.starts_with(root));
    above.filter(|folder| {
        let package = std::fs::read(folder.join("package.json"));
        // A file that can't be read here may still have workspaces for npm.
        package.is_ok_and(|text| {
            serde_json::from_slice::<Package>(&text).map_or(true, |package| package.workspaces.is_some())
        })
    })
}

#[derive(Deserialize)]
struct Package {
    workspaces: Option<IgnoredAny>,
}

/// Options after which it asks about fewer packages, or tells less (`npm help audit`, 11).
const NARROWING: &[&str] =
    &["--audit-level", "--include", "--omit", "--only", "--production", "--workspace", "-w"];

impl Tool for NpmAudit {
    fn reads(&self) -> Vec<Reads> {
        vec![Reads::new([InputKind::Lock(PackageManager::Npm)], &self.keys.dirs, Reach::Here)]
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

    fn narrowing_options(&self) -> &'static [&'static str] {
        NARROWING
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        if let Some(why) = npmrc::of_user(variables::get).and_then(|path| bars(npmrc::read(&path).as_bytes()))
        {
            return Err(Unplanned::Impossible(format!("the user's .npmrc {why}")));
        }
        let jobs = self.keys.dirs.iter().map(|dir| {
            let mut job = scene.job_in_dir("npm", dir);
            follow_link(&mut job, &LOCK_FILES, &scene.repo.root)?;
            job.args(["audit", "--json", "--package-lock-only"]);
            // An .npmrc, the user's or the project's own, may switch the audit off or narrow it,
            // and the report then looks clean. Flags override it.
            job.args(["--audit=true", "--offline=false", "--audit-level=info"]);
            job.args(["--global=false", "--location=project", "--workspaces=null", "--include=prod"]);
            // At this level it logs its requests to the registry, see `asked`.
            job.arg("--loglevel=http");
            for kind in KINDS {
                job.arg(format!("--{}={kind}", if self.keys.omits(kind) { "omit" } else { "include" }));
            }
            if let Some(registry) = &self.keys.registry {
                job.arg(format!("--registry={registry}"));
            }
            job.reads(job.invocation.cwd.join(NPMRC.name), &NPMRC);
            let cwd = job.invocation.cwd.clone();
            for root in workspace_roots(&cwd, &scene.repo.root) {
                job.reads(root.join(NPMRC.name), &NPMRC);
            }
            job.report_on_stdout().because("by the lock file: nothing is installed or run");
            Ok(job)
        });
        jobs.collect()
    }

    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Clean,
            // Also for errors: the report shows which it is.
            1 => Exit::Findings,
            _ => Exit::Fault("not a code of npm audit"),
        }
    }

    /// The error is in its report or in its log. ENOAUDIT means that the answer was not an audit.
    fn transient_error(&self, raw: &RawReport) -> Option<String> {
        let error = json::read::<Report>(raw.report(), WHAT).ok().and_then(|report| {
            let refused = report.status.is_some_and(|status| status == 429 || status >= 500);
            let error = report.error()?;
            let code = ["ENOAUDIT", "E429", "E50"].iter().any(|code| error.starts_with(code));
            (refused || code || transient_error(&error).is_some()).then_some(error)
        });
        error.or_else(|| transient_error(&self.error_line(raw)?))
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let report: Report = json::read(raw.report(), WHAT)?;
        if let Some(error) = report.error() {
            return Err(ReportError::ToolError(error));
        }
        if let Some(version) = report.version.filter(|version| *version != VERSION) {
            return Err(foreign(&format!("its auditReportVersion is {version}, not {VERSION}")));
        }
        let Some(metadata) = report.metadata else {
            return Err(foreign("it has no `metadata`, which says how many packages were audited"));
        };

        // npm 7 counts the packages that it lists.
        let counted = metadata.vulnerabilities.total();
        let listed = report.vulnerabilities.as_ref().map_or(counted, |listed| listed.len() as u64);
        let of_npm_6 = report.vulnerabilities.is_none();
        let findings = match (report.vulnerabilities, report.advisories) {
            (Some(vulnerable), _) => npm7::findings(vulnerable, origin)?,
            (None, Some(advisories)) => advisories.into_values().map(npm6::Advisory::into_finding).collect(),
            (None, None) => return Err(foreign("it has neither `vulnerabilities` nor `advisories`")),
        };
        if findings.is_empty() && metadata.vulnerabilities.any() {
            return Err(lost("vulnerabilities are counted, but not listed"));
        }

        let packages = self.audited(&metadata);
        let scope = packages.map(|n| Scope::of(Unit::Packages, n)).unwrap_or_default();
        let unexplained = if of_npm_6 { metadata.vulnerabilities.exceed(&findings) } else { None };
        let mut parsed = Parsed { findings, scope, unexplained, ..Parsed::default() };
        if counted > listed {
            let gap = format!("it counts {counted} vulnerable packages, and lists {listed}");
            parsed.gaps.push(gap);
        }
        if asked(raw) {
            parsed.proof.push("the registry answered the audit request".to_owned());
        } else if raw.exit.is_some() && parsed.findings.is_empty() && !parsed.scope.is_empty() {
            return Err(ReportError::ToolError(
                "npm did not ask the registry: is it set to work offline? Its report looks clean in that case too"
                    .to_owned(),
            ));
        }
        Ok(parsed)
    }
}

impl NpmAudit {
    /// How many packages the registry was asked about. npm's total includes the omitted ones.
    fn audited(&self, metadata: &Metadata) -> Option<u64> {
        match &metadata.dependencies {
            Some(Dependencies::Kinds { prod, dev, optional, peer, total }) => {
                let omitted: u64 = [("dev", dev), ("optional", optional), ("peer", peer)]
                    .into_iter()
                    .filter(|(kind, _)| self.keys.omits(kind))
                    .map(|(_, n)| *n)
                    .fold(0, u64::saturating_add);
                // A package can be of two kinds. `prod` counts no omitted package, but it counts the root.
                let at_least = prod.saturating_sub(1).min(*total);
                Some(total.saturating_sub(omitted).max(at_least))
            }
            _ => metadata.total_dependencies,
        }
    }
}

/// Whether npm's log has the answer to the audit request. Offline, and in other cases without a
/// request, the report looks like that of a clean project (`#getReport` in Arborist's audit-report.js).
/// The line in npm 8 and 11: `npm http fetch POST 200 https://…/-/npm/v1/security/advisories/bulk`.
fn asked(raw: &RawReport) -> bool {
    raw.stderr_text().lines().any(|line| line.contains(" POST 200 ") && line.contains("/-/npm/v1/security/"))
}

fn foreign(detail: &str) -> ReportError {
    ReportError::Foreign { what: WHAT, detail: detail.to_owned() }
}

fn lost(detail: &str) -> ReportError {
    ReportError::Cut { what: WHAT, detail: detail.to_owned() }
}

/// The `auditReportVersion` of npm 7 to 11 (`toJSON` in Arborist's audit-report.js).
const VERSION: u64 = 2;

/// Any of npm's documents: a report of version 7 or later, a report of version 6, or an error.
#[derive(Deserialize)]
struct Report {
    /// Missing in npm 6.
    #[serde(rename = "auditReportVersion")]
    version: Option<u64>,
    #[serde(default, deserialize_with = "json::unique_keys")]
    vulnerabilities: Option<BTreeMap<String, npm7::Vulnerable>>,
    #[serde(default, deserialize_with = "json::unique_keys")]
    advisories: Option<BTreeMap<String, npm6::Advisory>>,
    metadata: Option<Metadata>,
    error: Option<Failure>,
    /// The registry's error, or why there was no answer.
    message: Option<String>,
    #[serde(rename = "statusCode")]
    status: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Failure {
    code: Option<String>,
    summary: Option<String>,
    detail: Option<String>,
}

impl Report {
    /// npm's error message, in one line.
    fn error(&self) -> Option<String> {
        let audited = self.vulnerabilities.is_some() || self.advisories.is_some();
        let words = match (&self.message, &self.error) {
            (Some(message), error) if error.is_some() || !audited => match self.status {
                Some(_) => format!("the registry refused the audit: {message}"),
                None => format!("the registry could not be asked: {message}"),
            },
            (_, Some(Failure { code, summary, detail })) => {
                let code = code.as_deref().unwrap_or("npm");
                // The first line says what to do. The others give details.
                let advice = detail.as_deref().and_then(|detail| detail.lines().next());
                format!("{code}: {} {}", summary.as_deref().unwrap_or("failed"), advice.unwrap_or(""))
            }
            _ => return None,
        };
        Some(without_credentials(&words))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default, deserialize_with = "json::null_as_default")]
    vulnerabilities: npm6::Totals,
    dependencies: Option<Dependencies>,
    /// npm 6.
    total_dependencies: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Dependencies {
    Kinds {
        prod: u64,
        #[serde(default, deserialize_with = "json::null_as_default")]
        dev: u64,
        #[serde(default, deserialize_with = "json::null_as_default")]
        optional: u64,
        #[serde(default, deserialize_with = "json::null_as_default")]
        peer: u64,
        total: u64,
    },
    /// npm 6: the number of production dependencies.
    Production(#[allow(dead_code)] u64),
}

#[cfg(test)]
mod tests;
