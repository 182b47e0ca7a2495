//! git-secrets: lines that match a prohibited pattern, in the tracked files or in the git history.
//!
//! It has no machine format, and finds nothing in a repository without patterns just as in a clean
//! one. So git is asked what was looked for and what was looked at. Flags, exit codes and traps after
//! the script itself (awslabs/git-secrets 1.3.0 `git-secrets`).

mod output;

use std::collections::HashSet;
use std::path::Path;

use crate::keys::table::Keys;
use crate::model::finding::{Category, Finding, Location};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::policy::coverage::{Coverage, Extent};
use crate::scan::config_file::BaseOverride;
use crate::scan::job::{Job, SCRATCH};
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::start_dir::StartDir;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::system::git::is_shallow_clone;
use crate::text::shared::Text;
use crate::tools::git_secrets::output::{Match, Output};

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "git-secrets",
    title: "git-secrets",
    stage: "Secret scan",
    program: "git-secrets",
    // It does not tell its version.
    version_args: &[],
    version: VersionFrom::Report,
    install: "`brew install git-secrets`, `apt-get install git-secrets`, or https://github.com/awslabs/git-secrets",
    secret_fields: &[],
    // Traces would stand between its findings.
    steering: &["GIT_TRACE*", "BASH_ENV"],
    configure: |keys| Box::new(GitSecrets::configure(keys)),
};

const WHAT: &str = "git-secrets output";

/// Names of the answers.
const PATTERNS: &str = "patterns";
const ALLOWED: &str = "allowed";
const FILES: &str = "files";
const COMMITS: &str = "commits";

/// What `git secrets --register-aws` looks for: unique ids of IAM (access keys among them), secret
/// access keys and account ids behind their names. Its credentials provider is left out: what it
/// gives depends on the machine.
const AWS_PATTERNS: [&str; 3] = [
    "A(3T[A-Z0-9]|(GP|ID|IP|KI|NP|NV|RO|SI)A)[A-Z0-9]{16}",
    r#"["']?(AWS|[Aa]ws)?_?(SECRET|[Ss]ecret)?_?(ACCESS|[Aa]ccess)?_?(KEY|[Kk]ey)["']?\s*(:|=>?)\s*["']?[A-Za-z0-9/+=]{40}["']?"#,
    r#"["']?(AWS|[Aa]ws)?_?(ACCOUNT|[Aa]ccount)_?(ID|[Ii]d)?["']?\s*(:|=>?)\s*["']?[0-9]{4}-?[0-9]{4}-?[0-9]{4}["']?"#,
];

/// The keys of AWS's documentation, which it lets pass. Written so that they are none here.
const AWS_ALLOWED: [&str; 2] = ["AKIAIOSFODNN7(EXAMPLE)", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY(EXAMPLEKEY)"];

/// Regular expressions whose matches it lets pass, at the top of the work tree.
const GITALLOWED: &str = ".gitallowed";

/// What git keeps is in its own folder: the work tree may be another one, with the base's file alone.
fn allowed_of_the_base(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    let folder = copy.and_then(|copy| Path::new(copy).strip_prefix(SCRATCH).ok()?.parent());
    job.start = Some(folder.map_or(StartDir::Nowhere, |folder| StartDir::Below(folder.to_owned())));
    let dot_git = job.cwd.join(".git").to_string_lossy().into_owned();
    job.env("GIT_DIR", dot_git).env("GIT_WORK_TREE", ".");
    Ok(())
}

/// The files are then those of the index: in CI they are those of the work tree.
fn index_and_allowed_of_the_base(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    job.arg("--cached").because("the files of the index");
    for files in job.questions.iter_mut().filter(|question| question.name == FILES) {
        files.args.insert(1, "--cached".to_owned());
    }
    allowed_of_the_base(job, copy)
}

#[derive(Debug)]
struct GitSecrets {
    scan: Scan,
    /// git-secrets rates nothing: every match is as bad as the gate says.
    severity: Severity,
    /// Beside those that are registered.
    patterns: Vec<String>,
    register_aws: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
                    "git-secrets takes what stands before and after white space for two patterns",
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
        // `git grep` looks below the folder in which it is started.
        job.cwd = scene.repo.root.clone();
        let allowed = job.cwd.join(GITALLOWED);
        match self.scan {
            Scan::Tree => {
                job.arg("--scan").because("the tracked files as they are now");
                // By the same means as it looks: without what is binary, deleted or not checked out.
                job.asks(FILES, "git", &["grep", "-I", "-l", "-z", "-e", ""]);
                let take = index_and_allowed_of_the_base;
                job.reads(allowed, BaseOverride::Take { neutral: None, take });
            }
            Scan::History => {
                job.arg("--scan-history");
                job.because("every commit of every branch: a secret that was removed is still there");
                // It looks at what commits change, and of a merge git shows nothing.
                job.asks(COMMITS, "git", &["rev-list", "--all", "--no-merges", "--count"]);
                let take = allowed_of_the_base;
                job.reads(allowed, BaseOverride::Take { neutral: None, take });
            }
        }
        job.asks(PATTERNS, "git", &["config", "--get-all", "secrets.patterns"]);
        job.asks(ALLOWED, "git", &["config", "--get-all", "secrets.allowed"]);
        job.report_of_errors("git-secrets.txt");
        self.keep_steady(&mut job, scene.repo.head.as_deref());
        job
    }

    /// What would change what it finds, or how it prints it.
    fn keep_steady(&self, job: &mut Job, head: Option<&str>) {
        // The shell would take a pattern for a file name with wildcards, and a file that it fits in
        // place of the pattern.
        job.env("SHELLOPTS", "noglob").env("LC_ALL", "C");
        // Files that .gitattributes calls binary are not looked at; git before 2.41 heeds it.
        job.env("GIT_ATTR_SOURCE", empty_tree(head));
        job.git_setting("color.grep", "false").git_setting("grep.column", "false");
        job.git_setting("core.quotePath", "false").git_setting("log.showSignature", "false");
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

/// The tree without files, which every repository has: its id depends on the kind of hash.
fn empty_tree(head: Option<&str>) -> &'static str {
    match head.map(str::len) {
        Some(64) => "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
        _ => "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
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
                Err(Unplanned::Impossible("git-secrets looks at git repositories, and this is none".into()))
            }
        }
    }

    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Clean,
            1 => Exit::Findings,
            // It hands on the status of what failed.
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
                "git-secrets prints nothing where it finds nothing, and where it has no pattern to look for"
                    .to_owned(),
            ));
        }

        let mut parsed = Parsed { scope_untold: true, ..Parsed::default() };
        if was_run {
            let seen = match self.scan {
                Scan::Tree => files.map(|files| (Unit::Files, files.len() as u64)),
                Scan::History => raw.answer(COMMITS).and_then(number).map(|n| (Unit::Commits, n)),
            };
            match seen {
                Some((unit, n)) => parsed.scope = Scope::of(unit, n),
                None => parsed.gaps.push("git does not tell what there was to look at".to_owned()),
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
        Ok(parsed)
    }

    fn tells_secrets(&self) -> bool {
        true
    }
}

impl GitSecrets {
    /// Whether it had anything to look for, and whether it may say what it finds.
    fn weigh_patterns(&self, raw: &RawReport, found: bool, parsed: &mut Parsed) -> Result<(), ReportError> {
        let lines = |name| {
            let answer = String::from_utf8_lossy(raw.answer(name).unwrap_or_default()).into_owned();
            answer.lines().map(str::to_owned).collect::<Vec<String>>()
        };
        let (patterns, allowed) = (lines(PATTERNS), lines(ALLOWED));
        let looked_for = patterns.iter().filter(|pattern| !pattern.trim().is_empty()).count() as u64;
        if !self.patterns.iter().all(|pattern| patterns.contains(pattern)) {
            parsed.gaps.push("git has not taken the patterns of gates.toml: is it older than 2.31?".into());
        } else if looked_for == 0 && !found {
            // A provider may have given some, and may not; nobody can tell.
            return Err(ReportError::ToolError(
                "no pattern is registered, so there was nothing to look for: set `register_aws = true` or \
                 `patterns`, or register some (`git secrets --add`)"
                    .to_owned(),
            ));
        }
        parsed.proof.push(format!("looked for {}", crate::text::human::count(looked_for, "pattern")));
        // An empty one fits every line; alone it is none.
        if allowed.len() > 1 && allowed.iter().any(String::is_empty) {
            parsed.gaps.push("secrets.allowed holds an empty pattern, which lets every line pass".to_owned());
        }
        let own = if self.register_aws { AWS_ALLOWED.len() } else { 0 };
        match allowed.len().saturating_sub(own) as u64 {
            0 => {}
            n => {
                let patterns = crate::text::human::count(n, "pattern");
                parsed.proof.push(format!("{patterns} of secrets.allowed may let lines pass"));
            }
        }
        Ok(())
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

fn number(answer: &[u8]) -> Option<u64> {
    std::str::from_utf8(answer).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
