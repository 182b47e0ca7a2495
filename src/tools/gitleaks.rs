//! gitleaks: secrets in the git history, or in the files of the working tree.
//!
//! Report fields follow `report/finding.go`, exit codes `cmd/root.go`, log lines `sources/git.go`,
//! `sources/files.go` and runs of gitleaks 8.30.1.

mod config;
mod ignores;
pub(super) mod log;
mod report;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::formats::json;
use crate::keys::table::Keys;
use crate::model::aim::Aim;
use crate::model::finding::Finding;
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::policy::coverage::{Coverage, Extent};
use crate::scan::declared::Declared;
use crate::scan::job::Job;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::system::git::is_shallow_clone;
use crate::text::human;
use crate::text::sanitise;
use crate::text::shared::Text;
use crate::tools::gitleaks::log::{Log, log_entry};
use crate::tools::gitleaks::report::Leak;
use crate::tools::merges;
use crate::tools::named_files::NAMED;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "gitleaks",
    title: "gitleaks",
    stage: "Secret scan",
    usual_seconds: 3,
    program: "gitleaks",
    version_args: &["version"],
    version: VersionFrom::Asking,
    docs: "docs/configuration.md#gitleaks",
    install: "https://github.com/gitleaks/gitleaks/releases, or `brew install gitleaks`",
    secret_fields: Declared::List(&[
        "Secret",
        "Match",
        "Line",
        "Fragment",
        "Message",
        "Author",
        "Email",
        "Link",
        // Version 7 and older.
        "offender",
        "line",
        "commitMessage",
        "author",
        "email",
        "leakURL",
        "repoURL",
    ]),
    // GITLEAKS_CONFIG and GITLEAKS_CONFIG_TOML replace its rules.
    steering: &["GITLEAKS_*"],
    looks_for: Declared::List(&[Aim::Secrets]),
    config_files: Declared::List(&[
        &config::OWN,
        &config::NAMED,
        &ignores::OF_HISTORY,
        &ignores::OF_FOLDER,
        &ignores::OF_START,
        &NAMED,
    ]),
    init: suggest,
    configure: |keys| Box::new(Gitleaks::configure(keys)),
};

fn suggest(seen: &Seen) -> Suggestion {
    const IN_HISTORY: &str =
        "Secrets in the git history. A secret that was pushed once must be replaced, not only removed.";
    const IN_TREE: &str =
        "Secrets in the files here (this is not a git repository, so there is no history to scan).";
    let (comment, keys) = match seen.is_git {
        true => (IN_HISTORY, "fail_on = \"low\"\n"),
        false => (IN_TREE, "scan = \"tree\"\nfail_on = \"low\"\n"),
    };
    let gate = SuggestedGate::new("secrets", comment, keys).before_push();
    Suggestion::of(gate)
}

/// By default the exit code is 1 for leaks and for errors. Any code except 0, 1 (error) and 126 (usage)
/// shows which it was.
const LEAKS: i32 = 77;

/// Report names.
const HISTORY: &str = "gitleaks-history.json";
const RANGE: &str = "gitleaks-range.json";
const TREE: &str = "gitleaks-tree.json";

const WHAT: &str = "gitleaks report";

/// What git shows of a commit, instead of gitleaks' own choice (`sources/git.go`): every file that exists after it, as text whatever
/// .gitattributes says, also one that was a link before; and what a merge changes itself.
const SHOWN: &str = "--full-history --diff-filter=d --text --no-ext-diff --no-textconv --diff-merges=remerge";

/// A question to git.
const WIDE_MERGES: &str = "wide-merges";

/// Another one: the files that git tracks.
const TRACKED: &str = "tracked";

#[derive(Debug, Serialize)]
struct Gitleaks {
    scan: Scan,
    /// gitleaks has no severities: every secret gets the gate's.
    severity: Severity,
    dirs: Vec<String>,
    config: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Scan {
    History,
    Tree,
}

const NO_COMMIT: &str = "there is no commit yet, so there is no history to scan: commit first, or look at the files as they are with `scan = \"tree\"`";

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
        // Without `--redact`: Portcullis must know a secret to strike it out of other tools' output. The
        // report comes through a pipe, and is masked before it is written.
        job.arg(command).args(["--no-banner", "--no-color"]);
        job.args(["--report-format", "json", "--report-path", report]);
        job.args(["--exit-code", &LEAKS.to_string()]);
        if let Some(config) = &self.config {
            let config = scene.repo.base.join(config);
            job.arg("--config").arg(config.to_string_lossy());
            job.reads(config, &config::NAMED);
        }
    }

    /// Its own configuration in `source`, the scanned folder, unless gates.toml names one.
    fn own_config(&self, job: &mut Job, source: &Path) {
        if self.config.is_none() {
            job.reads(source.join(config::OWN.name), &config::OWN);
        }
    }

    fn history(&self, scene: &Scene) -> Job {
        let mut job = scene.job("gitleaks", "history");
        // Paths in the report count from the top of the work tree.
        job.invocation.cwd = scene.repo.root.clone();
        match scene.since {
            Some(range) => {
                self.fill(&mut job, scene, "git", RANGE);
                let commits = range.commits.join(" ");
                job.args(["--log-opts", &format!("{SHOWN} {commits}")]);
                ask_for_wide_merges(&mut job, &range.commits);
                job.planned.files.clone_from(&range.changed);
                job.because("the commits of the range, each with what it adds");
                // gitleaks does not count commits that add nothing, and it reports errors itself.
                job.may_be_empty = true;
            }
            None => {
                self.fill(&mut job, scene, "git", HISTORY);
                job.args(["--log-opts", &format!("{SHOWN} --all")]);
                ask_for_wide_merges(&mut job, &["--all".to_owned()]);
                job.asks(TRACKED, "git", &["ls-files", "-z"]);
                job.planned.whole_history = true;
                job.because("every commit of every branch: a secret that was removed is still there");
            }
        }
        // Its log then names each file that it leaves out by its own rules.
        job.args(["--log-level", "trace"]).arg(".");
        job.files.long_log = true;
        job.starts_git(scene.repo.head.as_deref());
        let source = job.invocation.cwd.clone();
        self.own_config(&mut job, &source);
        job.reads(source.join(ignores::FILE_NAME), &ignores::OF_HISTORY);
        job
    }

    fn tree(&self, scene: &Scene, dir: &str) -> Job {
        let mut job = scene.job_in_dir("gitleaks", dir);
        let source = job.invocation.cwd.clone();
        // gitleaks reads the .gitleaksignore of the working directory.
        job.invocation.cwd = scene.repo.base.clone();
        self.fill(&mut job, scene, "dir", TREE);
        job.args(["--log-level", "trace"]);
        job.files.long_log = true;
        // The folder comes last, see `ignores`.
        job.invocation.options_end = Some(job.invocation.args.len());
        job.arg(dir).because("the files as they are now, committed or not");
        self.own_config(&mut job, &source);
        let elsewhere = job.invocation.cwd.join(ignores::FILE_NAME);
        job.reads(source.join(ignores::FILE_NAME), &ignores::OF_FOLDER);
        if job.invocation.cwd != source {
            job.reads(elsewhere, &ignores::OF_START);
        }
        job
    }
}

/// Options after which it looks at less, or reports less (`gitleaks git --help` and `dir --help`, 8.30).
const NARROWING: &[&str] = &[
    "--baseline-path",
    "-b",
    "--config",
    "-c",
    "--enable-rule",
    "--gitleaks-ignore-path",
    "-i",
    "--log-opts",
    "--max-archive-depth",
    "--max-decode-depth",
    "--max-target-megabytes",
    "--pre-commit",
    "--staged",
    "--timeout",
];

impl Tool for Gitleaks {
    fn follows_range(&self) -> bool {
        matches!(self.scan, Scan::History)
    }

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

    fn narrowing_options(&self) -> &'static [&'static str] {
        NARROWING
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        if self.scan == Scan::History && scene.repo.git && scene.repo.head.is_none() && scene.since.is_none()
        {
            return Err(Unplanned::Impossible(NO_COMMIT.to_owned()));
        }
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

        let mut parsed = Parsed { scope_unreported: true, ..Parsed::default() };
        if raw.exit.is_some() {
            let log = Log::read(&raw.stderr_text());
            parsed.scope = self.scope(&log)?;
            parsed.gaps = log.gaps;
            parsed.unread = log.left_out.iter().map(|(why, files)| (*why, files.len() as u64)).collect();
            let opened = log.opened.iter().map(PathBuf::from);
            let utf16: BTreeSet<PathBuf> =
                opened.chain(now_of_history(raw)).filter(|file| is_utf16(&origin.cwd.join(file))).collect();
            parsed.unread.extend((!utf16.is_empty()).then_some(("UTF-16", utf16.len() as u64)));
            if self.scan == Scan::History {
                parsed.gaps.extend(unread_merges(raw.answer(WIDE_MERGES)));
            }
            parsed.gaps.extend(raw.lost_log());
            if is_shallow(raw, origin) {
                parsed.gaps.push("a shallow clone has no older commits: run `git fetch --unshallow`".into());
            }
        }
        parsed.secrets = leaks.iter().flat_map(Leak::secrets).collect();
        let fix = Text::from("rotate it, then remove it from the code; it stays in the git history");
        let same = report::same_secrets(&leaks);
        let finding = |(leak, same_secret): (Leak, _)| Finding {
            same_secret,
            ..leak.into_finding(self.severity, &fix, origin)
        };
        parsed.findings = leaks.into_iter().zip(same).map(finding).collect();
        Ok(parsed)
    }

    fn reports_secrets(&self) -> bool {
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

/// The files of a history as they are now. What a commit before them had, only git could tell, slowly.
fn now_of_history(raw: &RawReport) -> Vec<PathBuf> {
    let changed = raw.planned.into_iter().flat_map(|planned| &planned.files).map(PathBuf::from);
    let tracked = raw.answer(TRACKED).unwrap_or_default().split(|byte| *byte == 0);
    let tracked = tracked.filter(|path| !path.is_empty()).map(|path| PathBuf::from(OsStr::from_bytes(path)));
    changed.chain(tracked).collect()
}

/// gitleaks opens a text in UTF-16 like any other, and its rules find nothing in it.
fn is_utf16(file: &Path) -> bool {
    let mut mark = [0; 2];
    // A pipe would be waited for; of a link git keeps only where it leads.
    file.symlink_metadata().is_ok_and(|meta| meta.is_file())
        && File::open(file).and_then(|mut file| file.read_exact(&mut mark)).is_ok()
        && matches!(mark, [0xff, 0xfe] | [0xfe, 0xff])
}

/// git shows no changes of its own for a merge of three or more branches. So it is asked which files of such a merge differ from all of
/// them.
fn ask_for_wide_merges(job: &mut Job, commits: &[String]) {
    let commits = commits.iter().map(String::as_str);
    let shown =
        ["--min-parents=3", "--diff-merges=dense-combined", "--name-only", "--text", "--format=%x01%H"];
    let question: Vec<&str> = ["log"].into_iter().chain(commits).chain(shown).collect();
    job.asks(WIDE_MERGES, "git", &question);
}

fn unread_merges(answer: Option<&[u8]>) -> Option<String> {
    match merges::with_changes(answer?).len() as u64 {
        0 => None,
        n => Some(format!("{} of three or more branches not read", human::count(n, "merge"))),
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

#[cfg(test)]
mod tests;
