//! SonarQube Server and SonarQube Cloud: the quality gate of one analysis, and its issues.
//!
//! The gate runs the scanner and reads the file that it leaves (`report-task.txt`). It waits until the
//! task of the compute engine has ended, then asks for the quality gate of exactly that analysis. The
//! server's answers become one report; [`report`] decides what it proves.

pub(crate) mod answers;
mod elsewhere;
mod findings;
mod pages;
mod procedure;
pub(crate) mod report;
mod scan;
mod server;
pub mod task_file;

use std::time::Duration;

use serde::Serialize;

use crate::keys::table::Keys;
use crate::keys::values::read_duration;
use crate::model::aim::Aim;
use crate::policy::coverage::{Coverage, Extent};
use crate::scan::config_file::{BaseOverride, ConfigFile, ConfigNote};
use crate::scan::declared::Declared;
use crate::scan::job::Job;
use crate::scan::parsed::{Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, quoted};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::text::paths::normalise;
use crate::tools::describe::a_few;
use crate::tools::sonarqube::procedure::{Analysis, PullRequest};
use crate::tools::sonarqube::server::Auth;

pub static SPEC: ToolSpec = ToolSpec {
    name: "sonarqube",
    title: "SonarQube",
    stage: "Code quality",
    usual_seconds: 60,
    program: "sonar-scanner",
    version_args: &["--version"],
    version: VersionFrom::Report,
    docs: "docs/configuration.md#sonarqube",
    install: "https://docs.sonarsource.com (SonarScanner CLI), or `npm install --save-dev @sonar/scan` with `scanner = \"@sonar/scan\"`",
    // Names of people.
    secret_fields: Declared::List(&[
        "author",
        "authors",
        "assignee",
        "login",
        "submitterLogin",
        "email",
        "users",
        "comments",
    ]),
    // Every property is a variable too (SONAR_SCANNER_SKIP). The exceptions say where Java, the
    // cache and the server are.
    steering: &[
        "SONAR_*",
        "SONARQUBE_SCANNER_PARAMS",
        "npm_config_sonar_scanner_*",
        "!SONAR_TOKEN",
        "!SONAR_USER_HOME",
        "!SONAR_SCANNER_OPTS",
        "!SONAR_SCANNER_JAVA_*",
        "!SONAR_SCANNER_SKIP_JRE_PROVISIONING",
        "!SONAR_SCANNER_PROXY_*",
        "!SONAR_SCANNER_TRUSTSTORE_*",
        "!SONAR_SCANNER_KEYSTORE_*",
        "!SONAR_SCANNER_SOCKET_TIMEOUT",
        "!SONAR_SCANNER_CONNECT_TIMEOUT",
        "!SONAR_SCANNER_RESPONSE_TIMEOUT",
    ],
    looks_for: Declared::List(&[Aim::Quality]),
    config_files: Declared::List(&[&PROPERTIES]),
    init: suggest,
    configure,
};

fn suggest(seen: &Seen) -> Suggestion {
    const COMMENT: &str = "The quality gate of a new analysis. SONAR_HOST_URL names the server, SONAR_TOKEN is its token;\nfor SonarQube Cloud: organization = \"…\".";
    let folders = seen.folders_with(PROPERTIES.name);
    let gate =
        |folder: &String| SuggestedGate::new("quality", COMMENT, format!("dir = {}\n", quoted(folder)));
    Suggestion { gates: folders.iter().map(gate).collect(), ..Suggestion::default() }
}

static PROPERTIES: ConfigFile = ConfigFile {
    name: "sonar-project.properties",
    describe: describe_properties,
    overrule: BaseOverride::Refuse("the scanner reads it in its place"),
    bars: None,
    programs: None,
    part: None,
    follows: None,
};

/// The properties that exclude something.
fn describe_properties(content: &[u8]) -> Option<ConfigNote> {
    let narrows = |key: &&str| ["clusions", ".ignore.", ".skip"].iter().any(|word| key.contains(word));
    let text = String::from_utf8_lossy(content);
    let lines = text.lines().filter(|line| !line.trim_start().starts_with(['#', '!']));
    let keys = lines.filter_map(|line| line.split_once(['=', ':'])).map(|(key, _)| key.trim());
    Some(ConfigNote::Holds(a_few(keys.filter(narrows).map(str::to_owned).collect())))
}

/// Where the scanners write it, below the folder that they analyse.
const TASK_FILE: &str = ".scannerwork/report-task.txt";

/// The programs that the npm package `@sonar/scan` installs: since version 5, and before.
const NPM_PROGRAMS: [&str; 2] = ["sonar-scanner-npm", "sonar-scanner"];

/// What runs the analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Runs {
    Cli,
    Npm,
    /// Maven, Gradle, another step of the pipeline.
    Elsewhere,
}

#[derive(Debug, Serialize)]
struct SonarQube {
    #[serde(rename = "scanner")]
    runs: Runs,
    dir: String,
    task_file: Option<String>,
    #[serde(flatten)]
    analysis: Analysis,
}

fn configure(keys: &Keys) -> Box<dyn Tool> {
    let runs = [("sonar-scanner", Runs::Cli), ("@sonar/scan", Runs::Npm), ("none", Runs::Elsewhere)];
    let runs = keys.word_or("scanner", &runs, Runs::Cli);
    let address = |key| {
        let text = keys.text(key)?;
        match server::error_line(&text.value) {
            Some(why) => {
                keys.problem(text.at, format!("`{key}` {why}"));
                None
            }
            None => Some(server::normal(&text.value)),
        }
    };
    let text = |key| keys.text(key).map(|text| text.value);
    let token = keys.text("token");
    if let Some(token) = token.as_ref().filter(|token| !is_name(&token.value)) {
        let help = "never write the token itself here: anyone who reads the repository could use it";
        keys.problem_with_help(token.at.clone(), "`token` must be the name of a variable", help);
    }
    let max_age = read_duration(keys, "max_age");
    if max_age.is_some() && runs != Runs::Elsewhere {
        keys.problem(
            keys.at_key("max_age"),
            "`max_age` is only for `scanner = \"none\"`: otherwise the analysis is new",
        );
    }
    let analysis = Analysis {
        scans: runs != Runs::Elsewhere,
        host: address("host"),
        public_url: address("public_url"),
        project: text("project"),
        organization: text("organization"),
        branch: text("branch"),
        pull_request: keys.table("pull_request").and_then(|table| {
            let pull_request = PullRequest {
                key: table.required_text("key").map(|key| key.value).unwrap_or_default(),
                branch: table.text("branch").map(|branch| branch.value),
                base: table.text("base").map(|base| base.value),
            };
            table.finish("`pull_request`");
            (!pull_request.key.is_empty()).then_some(pull_request)
        }),
        task_file: std::path::PathBuf::new(),
        token: token.map_or_else(|| "SONAR_TOKEN".to_owned(), |token| token.value),
        auth: keys.word("auth", &[("bearer", Auth::Bearer), ("basic", Auth::Basic)]),
        issues: keys.flag_or("issues", false),
        hotspots: keys.flag_or("hotspots", false),
        max_age: max_age.unwrap_or(Duration::from_secs(3600)),
    };
    let dir = keys.text_or("dir", ".");
    Box::new(SonarQube { runs, dir, task_file: text("task_file"), analysis })
}

/// The name of a variable: `SONAR_TOKEN`.
fn is_name(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_uppercase() || c == '_';
    text.starts_with(letter) && text.chars().all(|c| letter(c) || c.is_ascii_digit())
}

impl Tool for SonarQube {
    fn coverage(&self) -> Vec<Coverage> {
        let asked = &self.analysis;
        vec![
            Coverage::exactly("host", &asked.host),
            Coverage::exactly("organization", &asked.organization),
            Coverage::exactly("project", &asked.project),
            Coverage::exactly("branch", &asked.branch),
            Coverage::exactly("dir", [&self.dir]),
            Coverage::new("issues", Extent::Adds(asked.issues)),
            Coverage::new("hotspots", Extent::Adds(asked.hotspots)),
            Coverage::new("max_age", Extent::AtMost(Some(asked.max_age))).only_if(!asked.scans),
        ]
    }

    fn also_looks_for(&self) -> Vec<Aim> {
        let asked = self.analysis.issues || self.analysis.hotspots;
        asked.then_some(Aim::CodeVulnerabilities).into_iter().collect()
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let program = if self.runs == Runs::Elsewhere { "" } else { SPEC.program };
        let mut job = scene.job_in_dir(program, &self.dir);
        if self.runs == Runs::Npm {
            let cwd = job.invocation.cwd.clone();
            job.near_node_modules(&cwd, &scene.repo.root);
            let there =
                |name: &&&str| job.invocation.program.near.iter().any(|folder| folder.join(name).exists());
            job.invocation.program.name =
                NPM_PROGRAMS.iter().find(there).unwrap_or(&NPM_PROGRAMS[0]).to_string();
        }
        let mut analysis = self.analysis.clone();
        analysis.task_file = match &self.task_file {
            Some(file) => normalise(&scene.repo.base.join(file)),
            None => job.invocation.cwd.join(TASK_FILE),
        };
        if self.runs != Runs::Elsewhere {
            self.command(&mut job);
            job.files.writes.push(analysis.task_file.clone());
        }
        // The variable with the token, for the server and the scanner.
        job.invocation.hands_on.insert(analysis.token.clone());
        job.because(self.why());
        job.by_steps(analysis);
        Ok(vec![job])
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        report::read(raw.report(), origin)
    }
}

impl SonarQube {
    /// The scanner's command, without the parts that only a run knows. The token is never in it: other
    /// users of the machine could read it there.
    fn command(&self, job: &mut Job) {
        for (name, value) in [
            ("host.url", &self.analysis.host),
            ("projectKey", &self.analysis.project),
            ("organization", &self.analysis.organization),
        ] {
            job.args(value.as_ref().map(|value| format!("-Dsonar.{name}={value}")));
        }
        // With `true`, the exit code would depend on the quality gate too.
        job.arg("-Dsonar.qualitygate.wait=false");
        job.reads(job.invocation.cwd.join(PROPERTIES.name), &PROPERTIES);
    }

    fn why(&self) -> String {
        let what = match self.runs {
            Runs::Elsewhere => "the quality gate of an earlier analysis",
            _ => "the quality gate of a new analysis",
        };
        let server = self.analysis.host.as_deref().unwrap_or(match self.analysis.organization {
            Some(_) => "SONAR_HOST_URL, else SonarQube Cloud",
            None => "SONAR_HOST_URL",
        });
        format!("{what}, by {server}")
    }
}

#[cfg(test)]
mod tests;
