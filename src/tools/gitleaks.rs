//! gitleaks: secrets in the git history, or in the files of the working tree.
//!
//! Report fields after `report/finding.go`, exit codes after `cmd/root.go`, log lines after
//! `sources/git.go`, `sources/files.go` and runs of gitleaks 8.30.1.

mod ignores;

use std::path::Path;

use serde::Deserialize;

use crate::formats::json;
use crate::keys::table::Keys;
use crate::model::finding::{Category, Finding, Location};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::policy::coverage::{Coverage, Extent};
use crate::redact::Secret;
use crate::scan::config_file::BaseOverride;
use crate::scan::job::Job;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::system::git::is_shallow_clone;
use crate::text::sanitise;
use crate::text::shared::Text;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "gitleaks",
    title: "gitleaks",
    stage: "Secret scan",
    program: "gitleaks",
    version_args: &["version"],
    version: VersionFrom::Asking,
    install: "https://github.com/gitleaks/gitleaks/releases, or `brew install gitleaks`",
    secret_fields: &[
        "Secret",
        "Match",
        "Line",
        "Fragment",
        "Message",
        "Author",
        "Email",
        "Link",
        // Version 7 and before.
        "offender",
        "line",
        "commitMessage",
        "author",
        "email",
        "leakURL",
        "repoURL",
    ],
    // GITLEAKS_CONFIG and GITLEAKS_CONFIG_TOML replace its rules.
    steering: &["GITLEAKS_*"],
    configure: |keys| Box::new(Gitleaks::configure(keys)),
};

/// Any code but 0, 1 (error) and 126 (usage) tells leaks from errors: by default both are 1.
const LEAKS: i32 = 77;

/// Report names.
const HISTORY: &str = "gitleaks-history.json";
const RANGE: &str = "gitleaks-range.json";
const TREE: &str = "gitleaks-tree.json";

const WHAT: &str = "gitleaks report";

fn named_config(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    let copy = copy.ok_or("gates.toml names it, and the base does not have it")?;
    let at = job.args.iter().position(|arg| arg == "--config").map(|at| at + 1);
    let named = at.and_then(|at| job.args.get_mut(at)).ok_or("its command does not name it")?;
    *named = copy.to_owned();
    Ok(())
}

#[derive(Debug)]
struct Gitleaks {
    scan: Scan,
    /// gitleaks rates nothing: every secret is as bad as the gate says.
    severity: Severity,
    dirs: Vec<String>,
    config: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scan {
    History,
    Tree,
}

impl Gitleaks {
    fn configure(keys: &Keys) -> Self {
        let scan = keys.word_or("scan", &[("history", Scan::History), ("tree", Scan::Tree)], Scan::History);
        if scan == Scan::History && keys.has("dirs") {
            keys.problem_with_help(
                keys.at_key("dirs"),
                "the history is scanned as a whole, not by `dirs`",
                "use scan = \"tree\" for directories",
            );
        }
        Self {
            scan,
            severity: keys.word_or("severity", &Severity::words(), Severity::High),
            dirs: keys.texts_or("dirs", &["."]),
            config: keys.text("config").map(|config| config.value),
        }
    }

    fn fill(&self, job: &mut Job, scene: &Scene, command: &str, report: &str) {
        let report = job.report_in_memory(report);
        // Without `--redact`: only who knows a secret can strike it out of what other tools print. The
        // report comes through a pipe, and is masked before it is kept.
        job.arg(command).args(["--no-banner", "--no-color"]);
        job.args(["--report-format", "json", "--report-path", report]);
        job.args(["--exit-code", &LEAKS.to_string()]);
        if let Some(config) = &self.config {
            let config = scene.repo.base.join(config);
            job.arg("--config").arg(config.to_string_lossy());
            job.reads(config, BaseOverride::Take { neutral: None, take: named_config });
        }
    }

    /// Its own configuration in `source`, the folder that it looks at, unless gates.toml names one.
    fn own_config(&self, job: &mut Job, source: &Path) {
        if self.config.is_none() {
            let take = |job: &mut Job, copy: Option<&str>| {
                job.options(["--config"].into_iter().chain(copy));
                Ok(())
            };
            let neutral = Some("[extend]\nuseDefault = true\n");
            job.reads(source.join(".gitleaks.toml"), BaseOverride::Take { neutral, take });
        }
    }

    fn history(&self, scene: &Scene) -> Job {
        let mut job = scene.job("gitleaks", "history");
        // Paths in the report count from the top of the work tree.
        job.cwd = scene.repo.root.clone();
        match scene.since {
            Some(range) => {
                self.fill(&mut job, scene, "git", RANGE);
                job.args(["--log-opts", &format!("{}..{}", range.base, range.head)]);
                job.because("the commits of the range, each with what it adds");
                // gitleaks counts no commit that adds nothing, and tells of errors by itself.
                job.may_be_empty = true;
            }
            None => {
                self.fill(&mut job, scene, "git", HISTORY);
                job.planned.whole_history = true;
                job.because("every commit of every branch: a secret that was removed is still there");
            }
        }
        job.arg(".");
        let source = job.cwd.clone();
        self.own_config(&mut job, &source);
        job.reads(source.join(ignores::FILE_NAME), ignores::OF_HISTORY);
        job
    }

    fn tree(&self, scene: &Scene, dir: &str) -> Job {
        let mut job = scene.job_in_dir("gitleaks", dir);
        let source = job.cwd.clone();
        // The .gitleaksignore that counts is that of the working directory.
        job.cwd = scene.repo.base.clone();
        self.fill(&mut job, scene, "dir", TREE);
        // The folder comes last, see `ignores`.
        job.options_end = Some(job.args.len());
        job.arg(dir).because("the files as they are now, committed or not");
        self.own_config(&mut job, &source);
        let elsewhere = job.cwd.join(ignores::FILE_NAME);
        job.reads(source.join(ignores::FILE_NAME), ignores::OF_FOLDER);
        if job.cwd != source {
            job.reads(elsewhere, ignores::OF_START);
        }
        job
    }
}

impl Tool for Gitleaks {
    fn coverage(&self) -> Vec<Coverage> {
        let (choice, folders) = match self.scan {
            Scan::History => ("history", None),
            Scan::Tree => ("tree", Some(self.dirs.clone())),
        };
        vec![
            Coverage::choice("scan", choice),
            Coverage::new("dirs", Extent::Folders(folders)),
            Coverage::new("severity", Extent::Rates(self.severity)),
            Coverage::exactly("config", &self.config),
        ]
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        Ok(match self.scan {
            Scan::History => vec![self.history(scene)],
            Scan::Tree => self.dirs.iter().map(|dir| self.tree(scene, dir)).collect(),
        })
    }

    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Clean,
            LEAKS => Exit::Findings,
            1 => Exit::Fault("error or partial scan"),
            126 => Exit::Fault("usage error"),
            _ => Exit::Fault("not a code of gitleaks"),
        }
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        // Older releases write `null` for no leaks.
        let leaks: Option<Vec<Leak>> = json::read(raw.report(), WHAT)?;
        let leaks = leaks.unwrap_or_default();

        let mut parsed = Parsed { scope_untold: true, ..Parsed::default() };
        if raw.exit.is_some() {
            let log = Log::read(&raw.stderr_text());
            parsed.scope = self.scope(&log)?;
            parsed.gaps = log.gaps;
            parsed.gaps.extend(raw.lost_log());
            if is_shallow(raw, origin) {
                parsed.gaps.push("a shallow clone has no older commits: run `git fetch --unshallow`".into());
            }
        }
        parsed.secrets = leaks.iter().filter_map(|leak| Secret::reported(&leak.secret)).collect();
        let fix = Text::from("rotate it, then remove it from the code; it stays in the git history");
        parsed.findings =
            leaks.into_iter().map(|leak| leak.into_finding(self.severity, &fix, origin)).collect();
        Ok(parsed)
    }

    fn tells_secrets(&self) -> bool {
        true
    }

    fn error_line(&self, raw: &RawReport) -> Option<String> {
        let text = raw.stderr_text();
        let text = sanitise::without_colour(&text);
        text.lines()
            .filter_map(log_entry)
            .find(|(level, _)| matches!(*level, "FTL" | "ERR"))
            .map(|(_, words)| words.to_owned())
            .or_else(|| text.lines().find(|line| line.starts_with("Error: ")).map(str::to_owned))
            .or_else(|| raw.last_error_line())
    }
}

impl Gitleaks {
    fn scope(&self, log: &Log) -> Result<Scope, ReportError> {
        let (unit, seen) = match self.scan {
            Scan::History => (Unit::Commits, log.commits),
            Scan::Tree => (Unit::Bytes, log.bytes),
        };
        seen.map(|n| Scope::of(unit, n)).ok_or_else(|| {
            ReportError::ToolError(format!(
                "gitleaks did not say how many {} it scanned (8.30 does; is it older?)",
                unit.as_str()
            ))
        })
    }
}

/// A shallow clone silently shortens the history.
fn is_shallow(raw: &RawReport, origin: &ReportOrigin) -> bool {
    raw.planned.is_some_and(|planned| planned.whole_history) && is_shallow_clone(&origin.root)
}

/// One element of the report. The second name of each field is that of version 7 and before.
/// What can hold a secret or a person's name is left unread, but for the secret itself.
#[derive(Deserialize)]
struct Leak {
    #[serde(rename = "RuleID", alias = "rule")]
    rule: String,
    #[serde(rename = "Description", default)]
    description: String,
    #[serde(rename = "File", alias = "file")]
    file: String,
    #[serde(rename = "SymlinkFile", default)]
    symlink: String,
    #[serde(rename = "Commit", alias = "commit", default)]
    commit: String,
    #[serde(rename = "Secret", alias = "offender")]
    secret: String,
    #[serde(rename = "StartLine", alias = "lineNumber", default)]
    start_line: Option<u64>,
    #[serde(rename = "EndLine", default)]
    end_line: Option<u64>,
    #[serde(rename = "StartColumn", default)]
    start_column: Option<u64>,
    #[serde(rename = "EndColumn", default)]
    end_column: Option<u64>,
}

impl Leak {
    fn into_finding(self, severity: Severity, fix: &Text, origin: &ReportOrigin) -> Finding {
        let title = if self.description.is_empty() { self.rule.clone() } else { self.description };
        let mut finding = Finding::new(self.rule, Category::Secret, severity, title);
        finding.fix = Some(fix.clone());
        // A member of an archive keeps its `archive!member` form.
        finding.location = Some(
            Location::file(origin.relative(&self.file))
                .lines(self.start_line, self.end_line)
                .columns(self.start_column, self.end_column),
        );
        finding.commit = Some(self.commit).filter(|commit| !commit.is_empty()).map(Text::from);
        if !self.symlink.is_empty() {
            let link = origin.relative(&self.symlink);
            finding.message = format!("reached through the symbolic link {link}").into();
        }
        finding
    }
}

/// What gitleaks tells of its own work.
#[derive(Debug, Default, PartialEq, Eq)]
struct Log {
    commits: Option<u64>,
    bytes: Option<u64>,
    /// What it could not look at. It leaves with 0 all the same when git fails (no repository,
    /// no such revision, a damaged object) and when a file can't be read.
    gaps: Vec<String>,
}

impl Log {
    fn read(text: &str) -> Self {
        // gitleaks colours its first lines before it reads `--no-color`.
        let text = sanitise::without_colour(text);
        let mut log = Self::default();
        for (level, words) in text.lines().filter_map(log_entry) {
            if let Some(commits) = words.strip_suffix(" commits scanned.") {
                log.commits = commits.parse().ok();
            } else if let Some(bytes) = words.strip_prefix("scanned ~") {
                log.bytes = bytes.split(' ').next().and_then(|bytes| bytes.parse().ok());
            } else if is_gap(level, words) {
                log.gaps.push(words.to_owned());
            }
        }
        log
    }
}

fn is_gap(level: &str, words: &str) -> bool {
    match level {
        // The first follows the lines that say what git wrote; the second is about web links.
        "ERR" => words != "error=\"stderr is not empty\"" && !words.starts_with("skipping finding links"),
        "WRN" => ["partial scan completed", "skipping file: permission denied", "issue reading file"]
            .iter()
            .any(|beginning| words.starts_with(beginning)),
        _ => false,
    }
}

/// Level and words of a log line: `9:37AM INF 3 commits scanned.`
fn log_entry(line: &str) -> Option<(&str, &str)> {
    let (_time, rest) = line.split_once(' ')?;
    let (level, words) = rest.split_once(' ')?;
    let known = ["TRC", "DBG", "INF", "WRN", "ERR", "FTL", "PNC"].contains(&level);
    known.then(|| (level, words.trim()))
}

#[cfg(test)]
mod tests;
