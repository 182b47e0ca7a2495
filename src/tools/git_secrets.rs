//! git-secrets: lines that match a prohibited pattern, in the tracked files or in the git history.
//!
//! It has no machine format. Without patterns its output is the same as for a clean repository. So git
//! is asked which patterns and which files there were. Flags, exit codes and traps follow the script
//! itself (awslabs/git-secrets 1.3.0 `git-secrets`).

mod output;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::keys::table::Keys;
use crate::model::aim::Aim;
use crate::model::finding::{Category, Finding, Location};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::policy::coverage::{Coverage, Extent};
use crate::scan::config_file::{BaseOverride, ConfigFile, Take};
use crate::scan::declared::Declared;
use crate::scan::invocation::SCRATCH;
use crate::scan::job::Job;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::start_dir::StartDir;
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::system::git::is_shallow_clone;
use crate::text::shared::Text;
use crate::tools::describe::ignore_lines;
use crate::tools::git_secrets::output::{Match, Output};
use crate::tools::merges;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "git-secrets",
    title: "git-secrets",
    stage: "Secret scan",
    usual_seconds: 3,
    program: "git-secrets",
    // It can't report its version.
    version_args: &[],
    version: VersionFrom::Report,
    docs: "docs/configuration.md#git-secrets",
    install: "`brew install git-secrets`, `apt-get install git-secrets`, or https://github.com/awslabs/git-secrets",
    secret_fields: Declared::None("its report is text, and each secret in it is struck out"),
    // Traces would be mixed with its findings.
    steering: &["GIT_TRACE*", "BASH_ENV"],
    looks_for: Declared::List(&[Aim::Secrets]),
    config_files: Declared::List(&[&ALLOWED_IN_TREE, &ALLOWED_IN_HISTORY]),
    init: suggest,
    configure: |keys| Box::new(GitSecrets::configure(keys)),
};

/// A gate, if git-secrets was set up in this clone or its list of allowed patterns is here.
fn suggest(seen: &Seen) -> Suggestion {
    let registered = |config: String| config.lines().any(|line| line.trim() == "[secrets]");
    let in_clone = || fs::read_to_string(seen.top.join(".git").join("config")).is_ok_and(registered);
    if !seen.is_git || !(seen.top.join(GITALLOWED).is_file() || in_clone()) {
        return Suggestion::default();
    }
    Suggestion::of(SuggestedGate::new(
        "git-secrets",
        "Lines that git-secrets prohibits. `git secrets --add` keeps patterns in this clone's own\nconfiguration, which others and CI do not have: list them here.",
        "register_aws = true\n# patterns = [\"...\"]\nfail_on = \"low\"\n",
    ))
}

const WHAT: &str = "git-secrets output";

/// Names of the questions to git.
const PATTERNS: &str = "patterns";
const ALLOWED: &str = "allowed";
const FILES: &str = "files";
const COMMITS: &str = "commits";
const LINES: &str = "files-as-text";
const CHANGES: &str = "changes";
const MERGES: &str = "merges";

/// git-secrets reads no merge. This is its own search, of what a merge changes itself.
const SEARCH_MERGES: &str = "patterns=$(git config --get-all secrets.patterns | paste -s -d '|' -)
[ -z \"$patterns\" ] ||
    exec git log --all --merges --diff-merges=remerge --text -G\"$patterns\" --name-only --format=%x01%H";

/// The patterns of `git secrets --register-aws`: unique ids of IAM (access keys among them), and secret
/// access keys and account ids after their names. Its credentials provider is left out: its patterns
/// depend on the machine.
const AWS_PATTERNS: [&str; 3] = [
    "A(3T[A-Z0-9]|(GP|ID|IP|KI|NP|NV|RO|SI)A)[A-Z0-9]{16}",
    r#"["']?(AWS|[Aa]ws)?_?(SECRET|[Ss]ecret)?_?(ACCESS|[Aa]ccess)?_?(KEY|[Kk]ey)["']?\s*(:|=>?)\s*["']?[A-Za-z0-9/+=]{40}["']?"#,
    r#"["']?(AWS|[Aa]ws)?_?(ACCOUNT|[Aa]ccount)_?(ID|[Ii]d)?["']?\s*(:|=>?)\s*["']?[0-9]{4}-?[0-9]{4}-?[0-9]{4}["']?"#,
];

/// The example keys of AWS's documentation, which it allows. Written so that no scanner matches them here.
const AWS_ALLOWED: [&str; 2] = ["AKIAIOSFODNN7(EXAMPLE)", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY(EXAMPLEKEY)"];

/// Regular expressions for allowed matches, at the top of the work tree.
const GITALLOWED: &str = ".gitallowed";

static ALLOWED_IN_TREE: ConfigFile = declared(index_and_allowed_of_the_base);
static ALLOWED_IN_HISTORY: ConfigFile = declared(allowed_of_the_base);

const fn declared(take: Take) -> ConfigFile {
    ConfigFile {
        name: GITALLOWED,
        describe: ignore_lines,
        overrule: BaseOverride::Take { neutral: None, take },
        bars: None,
        programs: None,
        part: None,
        follows: None,
    }
}

/// Git's data is in its own folder, so the work tree can be another folder with only the base's file.
fn allowed_of_the_base(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    let folder = copy.and_then(|copy| Path::new(copy).strip_prefix(SCRATCH).ok()?.parent());
    job.invocation.start =
        Some(folder.map_or(StartDir::Nowhere, |folder| StartDir::Below(folder.to_owned())));
    let dot_git = job.invocation.cwd.join(".git").to_string_lossy().into_owned();
    job.env("GIT_DIR", dot_git).env("GIT_WORK_TREE", ".");
    Ok(())
}

/// Then the files of the index are scanned. In CI they are the same as those of the work tree.
fn index_and_allowed_of_the_base(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    job.arg("--cached").because("the files of the index");
    for files in job.questions.iter_mut().filter(|question| [FILES, LINES].contains(&question.name)) {
        files.args.insert(1, "--cached".to_owned());
    }
    allowed_of_the_base(job, copy)
}

#[derive(Debug, Serialize)]
struct GitSecrets {
    scan: Scan,
    /// git-secrets has no severities: every match gets the gate's.
    severity: Severity,
    /// In addition to the registered patterns.
    patterns: Vec<String>,
    register_aws: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Scan {
    Tree,
    History,
}

impl GitSecrets {
    fn configure(keys: &Keys) -> Self {
        let own = keys.texts("patterns").unwrap_or_default();
        for pattern in &own {
            if pattern.value.contains(char::is_whitespace) {
                keys.problem_with_help(
                    pattern.at.clone(),
                    "git-secrets reads a pattern with white space as two patterns",
                    "write `\\s` for white space",
                );
            }
        }
        let register_aws = keys.flag_or("register_aws", false);
        let mut patterns: Vec<String> = own.into_iter().map(|pattern| pattern.value).collect();
        if register_aws {
            patterns.extend(AWS_PATTERNS.map(str::to_owned));
        }
        Self {
            scan: keys.word_or("scan", &[("tree", Scan::Tree), ("history", Scan::History)], Scan::Tree),
            severity: keys.word_or("severity", &Severity::words(), Severity::High),
            patterns,
            register_aws,
        }
    }

    fn job(&self, scene: &Scene) -> Job {
        let target = if self.scan == Scan::Tree { "." } else { "history" };
        let mut job = scene.job(SPEC.program, target);
        // `git grep` searches below the folder in which it is started.
        job.invocation.cwd = scene.repo.root.clone();
        let allowed = job.invocation.cwd.join(GITALLOWED);
        match self.scan {
            Scan::Tree => {
                job.arg("--scan").because("the tracked files as they are now");
                // The same way as its own search: without files that are binary, deleted or not checked out.
                job.asks(FILES, "git", &["grep", "-I", "-l", "-z", "-e", ""]);
                job.asks(LINES, "git", &["grep", "--text", "-l", "-z", "-e", ""]);
                job.reads(allowed, &ALLOWED_IN_TREE);
            }
            Scan::History => {
                job.arg("--scan-history");
                job.because("every commit of every branch: a secret that was removed is still there");
                job.asks(COMMITS, "git", &["rev-list", "--all", "--count"]);
                // `git log -G` and `git grep -I` leave out what is binary; a count of lines says what is.
                job.asks(CHANGES, "git", &["log", "--all", "--format=", "--numstat", "-z", "--no-renames"]);
                // git shows it no changes of a merge.
                job.asks(MERGES, "sh", &["-c", SEARCH_MERGES]);
                job.reads(allowed, &ALLOWED_IN_HISTORY);
            }
        }
        job.asks(PATTERNS, "git", &["config", "--get-all", "secrets.patterns"]);
        job.asks(ALLOWED, "git", &["config", "--get-all", "secrets.allowed"]);
        job.report_of_errors("git-secrets.txt");
        self.keep_steady(&mut job, scene.repo.head.as_deref());
        job
    }

    /// Fixes every setting that could change what it finds or how it prints.
    fn keep_steady(&self, job: &mut Job, head: Option<&str>) {
        // Otherwise the shell would read a pattern as a file name with wildcards, and replace it with the
        // names of matching files.
        job.env("SHELLOPTS", "noglob").env("LC_ALL", "C");
        job.starts_git(head);
        for pattern in &self.patterns {
            job.git_setting("secrets.patterns", pattern);
        }
        if self.register_aws {
            for allowed in AWS_ALLOWED {
                job.git_setting("secrets.allowed", allowed);
            }
        }
    }
}

impl Tool for GitSecrets {
    fn coverage(&self) -> Vec<Coverage> {
        vec![
            Coverage::choice("scan", if self.scan == Scan::Tree { "tree" } else { "history" }),
            Coverage::new("severity", Extent::Rates(self.severity)),
            Coverage::these("patterns", &self.patterns),
            Coverage::new("register_aws", Extent::Adds(self.register_aws)),
        ]
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        match scene.repo.git {
            true => Ok(vec![self.job(scene)]),
            false => {
                Err(Unplanned::Impossible("git-secrets scans git repositories, and this is not one".into()))
            }
        }
    }

    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Clean,
            1 => Exit::Findings,
            // It passes on the exit code of the program that failed.
            _ => Exit::Fault("git or grep failed"),
        }
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let was_run = raw.exit.is_some();
        let files: Option<HashSet<&[u8]>> = raw
            .answer(FILES)
            .map(|files| files.split(|byte| *byte == 0).filter(|file| !file.is_empty()).collect());
        let with_commits = !was_run || self.scan == Scan::History;
        let output = Output::read(raw.report(), with_commits, files.as_ref())?;
        if raw.report().is_empty() && !was_run {
            return Err(ReportError::ToolError(
                "git-secrets prints nothing if it finds nothing, and also if it has no pattern to look for"
                    .to_owned(),
            ));
        }

        let mut parsed = Parsed { scope_unreported: true, ..Parsed::default() };
        if was_run {
            match self.binary(raw) {
                Some(0) => {}
                Some(n) => drop(parsed.unread.insert("binary", n)),
                None => parsed.gaps.push("git does not say which files of the history are binary".to_owned()),
            }
            let seen = match self.scan {
                Scan::Tree => files.map(|files| (Unit::Files, files.len() as u64)),
                Scan::History => raw.answer(COMMITS).and_then(number).map(|n| (Unit::Commits, n)),
            };
            match seen {
                Some((unit, n)) => parsed.scope = Scope::of(unit, n),
                None => parsed.gaps.push("git does not say what there was to look at".to_owned()),
            }
            if self.scan == Scan::History && is_shallow_clone(&origin.root) {
                parsed.gaps.push("a shallow clone has no older commits: run `git fetch --unshallow`".into());
            }
            self.weigh_patterns(raw, !output.matches.is_empty(), &mut parsed)?;
        }
        parsed.gaps.extend(output.error_lines);
        parsed.proof.extend(output.remarks);
        parsed.secrets = output.matches.iter().flat_map(Match::secrets).collect();
        let fix = Text::from("rotate it, then remove it from the code; it stays in the git history");
        parsed.findings = output.matches.into_iter().map(|found| self.finding(found, &fix, origin)).collect();
        if was_run && self.scan == Scan::History {
            match raw.answer(MERGES) {
                Some(merges) => parsed.findings.extend(self.in_merges(merges, &fix, origin)),
                None => parsed.gaps.push("git can't search the merge commits: is it older than 2.35?".into()),
            }
        }
        Ok(parsed)
    }

    fn reports_secrets(&self) -> bool {
        true
    }
}

impl GitSecrets {
    /// Checks that it had patterns to look for, and that its list of allowed matches does not hide all.
    fn weigh_patterns(&self, raw: &RawReport, found: bool, parsed: &mut Parsed) -> Result<(), ReportError> {
        let lines = |name| {
            let answer = String::from_utf8_lossy(raw.answer(name).unwrap_or_default()).into_owned();
            answer.lines().map(str::to_owned).collect::<Vec<String>>()
        };
        let (patterns, allowed) = (lines(PATTERNS), lines(ALLOWED));
        let looked_for = patterns.iter().filter(|pattern| !pattern.trim().is_empty()).count() as u64;
        if !self.patterns.iter().all(|pattern| patterns.contains(pattern)) {
            parsed
                .gaps
                .push("git has not accepted the patterns of gates.toml: is it older than 2.31?".into());
        } else if looked_for == 0 && !found {
            // A provider may have added patterns, but that can't be known.
            return Err(ReportError::ToolError(
                "no pattern is registered, so there was nothing to look for: set `register_aws = true` or \
                 `patterns`, or register some (`git secrets --add`)"
                    .to_owned(),
            ));
        }
        parsed.proof.push(format!("looked for {}", crate::text::human::count(looked_for, "pattern")));
        // An empty pattern matches every line. If it is the only one, it has no effect.
        if allowed.len() > 1 && allowed.iter().any(String::is_empty) {
            parsed.gaps.push("secrets.allowed holds an empty pattern, which allows every line".to_owned());
        }
        let own = if self.register_aws { AWS_ALLOWED.len() } else { 0 };
        match allowed.len().saturating_sub(own) as u64 {
            0 => {}
            n => {
                let patterns = crate::text::human::count(n, "pattern");
                parsed.proof.push(format!("{patterns} of secrets.allowed may allow lines"));
            }
        }
        Ok(())
    }

    /// How many files git calls binary by what is in them, so that git-secrets leaves them out.
    fn binary(&self, raw: &RawReport) -> Option<u64> {
        if self.scan == Scan::History {
            return raw.answer(CHANGES).map(binary_paths);
        }
        let count = |name| raw.answer(name).map(|files| files.iter().filter(|byte| **byte == 0).count());
        let (text, all) = (count(FILES).unwrap_or(0), count(LINES).unwrap_or(0));
        Some(all.saturating_sub(text) as u64)
    }

    /// What merges add themselves. git names their files, and no line.
    fn in_merges(&self, printed: &[u8], fix: &Text, origin: &ReportOrigin) -> Vec<Finding> {
        let merges = merges::with_changes(printed).into_iter();
        let files =
            merges.flat_map(|(commit, files)| files.into_iter().map(move |file| (commit.clone(), file)));
        let finding = |(commit, file): (String, String)| {
            let title = "a merge adds a line that matches a prohibited pattern";
            let mut finding = Finding::new("prohibited-pattern", Category::Secret, self.severity, title);
            finding.fix = Some(fix.clone());
            finding.location = Some(Location::file(origin.relative(&file)));
            finding.commit = Some(commit.into());
            finding
        };
        files.map(finding).collect()
    }

    fn finding(&self, found: Match, fix: &Text, origin: &ReportOrigin) -> Finding {
        let title = "a line matches a prohibited pattern";
        let mut finding = Finding::new("prohibited-pattern", Category::Secret, self.severity, title);
        finding.fix = Some(fix.clone());
        finding.location = Some(Location::file(origin.relative(&found.path)).lines(Some(found.line), None));
        finding.commit = found.commit.map(Text::from);
        finding
    }
}

/// The paths with a change that has no count of lines (git-diff(1), "Other diff formats").
fn binary_paths(changes: &[u8]) -> u64 {
    let binary = |entry: &'_ [u8]| entry.trim_ascii_start().starts_with(b"-\t-\t");
    let entries = changes.split(|byte| *byte == 0).filter(|entry| binary(entry));
    entries.map(<[u8]>::trim_ascii_start).collect::<HashSet<_>>().len() as u64
}

fn number(answer: &[u8]) -> Option<u64> {
    std::str::from_utf8(answer).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
