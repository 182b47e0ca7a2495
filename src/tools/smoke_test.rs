//! Smoke test: Portcullis itself checks what was deployed, over HTTP.

mod redirects;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::formats::json;
use crate::keys::table::Keys;
use crate::keys::values::read_duration;
use crate::model::aim::Aim;
use crate::model::finding::{Category, Finding};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::redact::address;
use crate::redact::names::looks_secret;
use crate::scan::declared::Declared;
use crate::scan::from_environment::FromEnvironment;
use crate::scan::job::Job;
use crate::scan::parsed::{Parsed, ReportError, Unplanned};
use crate::scan::procedure::StepContext;
use crate::scan::procedure::{Failure, Procedure, Steps};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::suggestion::Suggestion;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::system::http::Request;
use crate::text::human;
use crate::tools::smoke_test::redirects::{Reached, Wrong};

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "smoke-test",
    title: "smoke test",
    stage: "Smoke test",
    usual_seconds: 10,
    program: "",
    version_args: &[],
    version: VersionFrom::Report,
    docs: "docs/configuration.md#smoke-test",
    install: "it is part of Portcullis",
    secret_fields: Declared::None("Portcullis writes the report, without secrets"),
    steering: &[],
    looks_for: Declared::List(&[Aim::Tests]),
    config_files: Declared::None("it is part of Portcullis and reads only gates.toml"),
    init: Suggestion::nothing,
    configure,
};

const WHAT: &str = "report of a smoke test";
const REPORT: &str = "smoke-test.json";

/// `body` is searched in this many bytes of an answer.
const BODY_CAP: u64 = 1 << 20;

#[derive(Debug, Serialize)]
struct SmokeTest {
    checks: Vec<Check>,
}

/// One address and the answer that it must give.
#[derive(Clone, Debug, Serialize)]
struct Check {
    name: String,
    url: String,
    method: String,
    status: Vec<u16>,
    /// Text that the answer must contain.
    body: Option<String>,
    headers: Vec<(String, String)>,
    follow_redirects: bool,
    /// Time for one answer.
    limit: Duration,
    /// The pause before it is asked the first time.
    initial_delay: Duration,
    /// How often it is asked again, with the pause `delay`, before the check fails.
    retries: u64,
    delay: Duration,
}

fn configure(keys: &Keys) -> Box<dyn Tool> {
    let checks: Vec<Check> = keys.tables("checks").iter().filter_map(Check::read).collect();
    if keys.exists() && !keys.has("checks") {
        let help = "write `checks = [{ url = \"https://example.com/health\" }]`";
        keys.problem_with_help(keys.at(), "`checks` is missing", help);
    } else if keys.exists() && keys.tables("checks").is_empty() {
        keys.problem(keys.at_key("checks"), "`checks` is empty: name at least one");
    }
    for key in ["args", "program"].into_iter().filter(|key| keys.has(key)) {
        keys.problem(keys.at_key(key), format!("`{key}` has no effect on smoke-test: it starts no program"));
    }
    for (index, check) in checks.iter().enumerate() {
        if checks[..index].iter().any(|other| other.name == check.name) {
            let what = format!("two checks are called `{}`: give each its own `name`", check.name);
            keys.problem(keys.at_key("checks"), what);
        }
    }
    Box::new(SmokeTest { checks })
}

impl Check {
    fn read(table: &Keys) -> Option<Self> {
        let url = table.required_text("url");
        if let Some(url) = &url
            && !url.value.starts_with('$')
            && !has_scheme(&url.value)
        {
            table.problem(url.at.clone(), "`url` must begin with http:// or https://");
        }
        let url = url.map(|url| url.value);
        let status = table.counts("status").unwrap_or_default();
        for status in status.iter().filter(|status| !(100..600).contains(&status.value)) {
            table.problem(status.at.clone(), format!("{} is not an HTTP status", status.value));
        }
        let headers = table.table("headers").map(|headers| headers.text_entries()).unwrap_or_default();
        let check = Self {
            name: table.text_or("name", url.as_deref().unwrap_or_default()),
            method: table.word_or("method", &[("GET", "GET"), ("HEAD", "HEAD")], "GET").to_owned(),
            status: match status.is_empty() {
                true => vec![200],
                false => status.iter().filter_map(|status| u16::try_from(status.value).ok()).collect(),
            },
            body: table.text("body").map(|body| body.value),
            headers: headers.into_iter().map(|(name, value)| (name, value.value)).collect(),
            follow_redirects: table.flag_or("follow_redirects", false),
            limit: read_duration(table, "limit").unwrap_or(Duration::from_secs(10)),
            initial_delay: read_duration(table, "initial_delay").unwrap_or_default(),
            retries: table.count("retries").map_or(5, |retries| retries.value),
            delay: read_duration(table, "delay").unwrap_or(Duration::from_secs(5)),
            url: url.unwrap_or_default(),
        };
        table.finish("a check of `checks`");
        (!check.url.is_empty()).then_some(check)
    }

    /// The same, with values from the environment.
    fn resolved(&self, environment: &mut FromEnvironment) -> Self {
        let url = environment.value("url", &self.url);
        if !has_scheme(&url) && environment.unresolved.is_empty() {
            // The address may be a secret.
            environment
                .refuse(format!("`url` is {}, which does not begin with http:// or https://", self.url));
        }
        let value = |(name, value): &(String, String)| {
            (name.clone(), environment.value(&format!("headers.{name}"), value))
        };
        let headers = self.headers.iter().map(value).collect();
        Self { url, headers, ..self.clone() }
    }

    fn request(&self) -> Request {
        let mut request = Request::get(self.url.clone());
        request.method = self.method.parse().unwrap_or_default();
        request.headers = self.headers.clone();
        request.limit = self.limit;
        request.cap = BODY_CAP;
        request
    }

    /// What is wrong with an answer.
    fn error_line(&self, Reached { answer, url }: &Reached) -> Option<String> {
        let led = (*url != self.url).then(|| format!("it redirects to {}, which", redirects::shown(url)));
        if !self.status.contains(&answer.status) {
            let wanted: Vec<String> = self.status.iter().map(u16::to_string).collect();
            let who = led.as_deref().unwrap_or("it");
            return Some(format!("{who} answered {}, not {}", answer.status, wanted.join(" or ")));
        }
        let body = self.body.as_ref().filter(|wanted| !answer.text().contains(wanted.as_str()))?;
        let what = if answer.cut { "the first MiB of its answer" } else { "its answer" };
        Some(match led {
            Some(led) => format!("{led} does not have \"{body}\" in {what}"),
            None => format!("\"{body}\" is not in {what}"),
        })
    }

    /// What is wrong with the service at the moment.
    async fn ask(&self, context: &mut dyn StepContext) -> Result<Option<Wrong>, Failure> {
        let reached = redirects::ask(context, &self.request(), self.follow_redirects).await?;
        Ok(match reached {
            Ok(reached) => self.error_line(&reached).map(|why| Wrong { why, passes: true }),
            Err(wrong) => Some(wrong),
        })
    }
}

fn has_scheme(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
}

impl Tool for SmokeTest {
    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let jobs = self.checks.iter().map(|check| {
            let mut environment = FromEnvironment::default();
            let name = &check.name;
            let check = check.resolved(&mut environment);
            let mut job = scene.job("", name);
            job.unresolved = environment.unresolved;
            job.args([check.method.as_str(), check.url.as_str()]);
            let times = human::count(check.retries + 1, "time");
            let first = match check.initial_delay.is_zero() {
                true => String::new(),
                false => format!(", the first time after {}", human::duration(check.initial_delay)),
            };
            job.because(format!("asked up to {times}, {} apart{first}", human::duration(check.delay)));
            job.by_steps(check);
            job
        });
        Ok(jobs.collect())
    }

    fn parse(&self, raw: &RawReport, _place: &ReportOrigin) -> Result<Parsed, ReportError> {
        let report: Report = json::read(raw.report(), WHAT)?;
        let mut parsed = Parsed { scope: Scope::of(Unit::Tests, 1), ..Parsed::default() };
        parsed.tool_version = Some(report.portcullis_version);
        let times = human::count(report.asked, "time");
        match report.error_line {
            None => parsed.proof.push(format!("{} answered as expected, asked {times}", report.url)),
            Some(error_line) => {
                let title = format!("{}: {error_line}", report.url);
                let mut finding = Finding::new("smoke-test", Category::Test, Severity::High, title);
                finding.message = format!(
                    "asked {times} in {}",
                    human::duration(Duration::from_millis(report.duration_ms))
                )
                .into();
                parsed.findings.push(finding);
            }
        }
        Ok(parsed)
    }
}

/// The result of one check.
#[derive(Serialize, Deserialize)]
struct Report {
    portcullis_version: String,
    url: String,
    asked: u64,
    duration_ms: u64,
    /// What was wrong with the last answer, or that there was none.
    #[serde(rename = "complaint")]
    error_line: Option<String>,
}

impl Procedure for Check {
    fn carry_out<'a>(&'a self, context: &'a mut dyn StepContext) -> Steps<'a> {
        Box::pin(async move {
            for (name, value) in &self.headers {
                if looks_secret(name) || !address::secrets(value).is_empty() {
                    context.learn(value);
                }
            }
            if !self.initial_delay.is_zero() {
                let delay = human::duration(self.initial_delay);
                context.tell(format!("{}: asking in {delay}", self.name));
                context.pause(self.initial_delay).await?;
            }
            let started = Instant::now();
            let mut asked = 1;
            let mut wrong = self.ask(context).await?;
            while let Some(last) = wrong.take_if(|wrong| wrong.passes && asked <= self.retries) {
                context.tell(format!("{}: {}; asking again", self.name, last.why));
                let again = match context.pause(self.delay).await {
                    Ok(()) => self.ask(context).await,
                    Err(failure) => Err(failure),
                };
                wrong = match again {
                    // What was wrong until the time was up counts.
                    Err(Failure::TimedOut(_)) => {
                        wrong = Some(last);
                        break;
                    }
                    other => other?,
                };
                asked += 1;
            }
            let report = Report {
                portcullis_version: env!("CARGO_PKG_VERSION").to_owned(),
                url: self.url.clone(),
                asked,
                duration_ms: crate::text::human::millis(started.elapsed()),
                error_line: wrong.map(|wrong| wrong.why),
            };
            context.report(REPORT, &report)
        })
    }
}
