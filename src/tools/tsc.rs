//! tsc, the TypeScript compiler: type errors.
//!
//! tsc has no machine format. Portcullis reads the lines of `--pretty false`; of `--listFiles`, which
//! prove what was checked; and of `--diagnostics`, a table at the end with the number of listed files.
//! The table shows when a list is cut at a line's end. Seen in 4.9.5, 5.9.3 and 7.0.2.

mod components;
mod init;
mod loose;
mod marks;
mod project;
mod sources;
mod unchecked;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::keys::table::Keys;
use crate::model::aim::Aim;
use crate::model::finding::{Category, Finding, Location};
use crate::model::input::{InputKind, Language};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::policy::coverage::Coverage;
use crate::scan::declared::Declared;
use crate::scan::job::Job;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::program::installed_version;
use crate::scan::raw_report::RawReport;
use crate::scan::reads::{Reach, Reads};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::survey::{Judge, Survey};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::text::shared::Text;
use crate::tools::tsc::marks::Marks;
use crate::tools::tsc::unchecked::Unchecked;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "tsc",
    title: "TypeScript",
    stage: "Type check and lint",
    usual_seconds: 10,
    program: "tsc",
    version_args: &["--version"],
    version: VersionFrom::PackageJson,
    docs: "docs/configuration.md#tsc",
    install: "`npm install --save-dev typescript` in the project, then `npm ci` in CI",
    secret_fields: Declared::None("its messages name types and contain no source text"),
    steering: &[],
    looks_for: Declared::List(&[Aim::Types]),
    config_files: Declared::List(&[&project::PROJECT]),
    init: init::suggest,
    configure: |keys| Box::new(Tsc::configure(keys)),
};

const WHAT: &str = "tsc output";

#[derive(Debug, Serialize)]
struct Tsc {
    dirs: Vec<String>,
    project: String,
}

impl Tsc {
    fn configure(keys: &Keys) -> Self {
        Self { dirs: keys.texts_or("dirs", &["."]), project: keys.text_or("project", "tsconfig.json") }
    }

    /// Its project files, relative to gates.toml.
    fn projects(&self) -> Vec<String> {
        self.dirs.iter().map(|dir| format!("{dir}/{}", self.project)).collect()
    }
}

impl Tool for Tsc {
    fn reads(&self) -> Vec<Reads> {
        vec![
            Reads::new([InputKind::TsConfig], &self.projects(), Reach::Exactly),
            Reads::new(sources::KINDS, &self.dirs, Reach::BelowNamed),
        ]
    }

    fn unnamed<'a>(&'a self, survey: &'a Survey<'a>) -> Judge<'a> {
        let projects: Vec<String> = self.projects().iter().map(|path| survey.place_of(path)).collect();
        sources::judge(&projects, survey)
    }

    fn coverage(&self) -> Vec<Coverage> {
        vec![Coverage::these("dirs", &self.dirs), Coverage::exactly("project", [&self.project])]
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let jobs = self.dirs.iter().map(|dir| {
            let mut job = scene.job_in_dir("tsc", dir);
            let build_info = job.scratch_file("tsconfig.tsbuildinfo");
            job.args(["-p", &self.project, "--noEmit", "--pretty", "false"]);
            job.args(["--listFiles", "--diagnostics"]);
            // Incremental and composite projects would read results from a build info file in the
            // project, and write it. `--incremental false` is an error in a composite project
            // (TS6379), `--tsBuildInfoFile` alone in any other (TS5069); both together always work.
            job.args(["--incremental", "--tsBuildInfoFile", &build_info]);
            job.report_on_stdout().because("the whole project: a type error can appear far from its cause");
            let cwd = job.invocation.cwd.clone();
            job.reads(cwd.join(&self.project), &project::PROJECT);
            job.near_node_modules(&cwd, &scene.repo.root);
            // With `noCheck` in tsconfig.json, tsc lists all files and checks none. One that does not know the flag says so.
            if knows_no_check(&job) || Unchecked::no_check(&cwd.join(&self.project)) {
                job.args(["--noCheck", "false"]);
            }
            job
        });
        Ok(jobs.collect())
    }

    /// `ExitStatus` in TypeScript: 1 = outputs skipped, 2 = outputs generated. Both say only that
    /// there are diagnostics. Configuration errors are diagnostics too.
    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Clean,
            1 | 2 => Exit::Findings,
            _ => Exit::Fault("not a code of tsc"),
        }
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let text = String::from_utf8_lossy(raw.report());
        let text = text.trim_start_matches('\u{feff}');
        let output = Output::read(text);
        let ran = raw.exit.is_some();
        if ran && text.trim().is_empty() {
            return Err(ReportError::Empty { what: WHAT });
        }
        if output.is_foreign(text) {
            return Err(foreign(text));
        }
        if !text.is_empty() && !text.ends_with('\n') {
            let detail = "its last line is not complete".to_owned();
            return Err(ReportError::Cut { what: WHAT, detail });
        }

        let (faults, errors): (Vec<_>, Vec<_>) =
            output.diagnostics.iter().partition(|diagnostic| diagnostic.is_configuration());
        let faults: Vec<String> = faults.into_iter().map(Diagnostic::to_line).collect();
        if errors.is_empty()
            && let Some(first) = faults.first()
        {
            return Err(ReportError::ToolError(format!("the project can't be checked: {first}")));
        }

        let mut gaps = faults;
        match output.lacks(ran) {
            Some(detail) if errors.is_empty() => return Err(ReportError::Cut { what: WHAT, detail }),
            Some(detail) => gaps.push(format!("{detail}: some errors may be missing")),
            None => {}
        }
        let findings = errors.iter().map(|error| error.to_finding(origin)).collect();
        let scope = output.files.map(|n| Scope::of(Unit::Files, n)).unwrap_or_default();
        let own = || text.lines().filter(|line| listed(line) == Some(true));
        let mut unread = BTreeMap::new();
        let mut marks = Marks::default();
        if ran {
            marks = marks::in_files(own());
            unread = marks.unread();
            unread.extend(Unchecked::of(&origin.cwd.join(&self.project)).among(own()));
        }
        let components = marks.components.iter();
        let read_in_part = components.map(|path| (in_repository(path, origin), Language::Angular)).collect();
        let read_inputs =
            if ran { own().map(|path| in_repository(path, origin)).collect() } else { Vec::new() };
        Ok(Parsed {
            findings,
            scope,
            read_inputs,
            read_in_part,
            gaps,
            unread,
            notes: marks.notes(),
            ..Parsed::default()
        })
    }

    fn moves_exit_code(&self, finding: &Finding) -> bool {
        finding.severity == Severity::High
    }
}

/// Whether the tsc of `node_modules` has the option `--noCheck`, which came with 5.6. An older tsc
/// rejects it. The version of any other tsc is not known before it runs.
fn knows_no_check(job: &Job) -> bool {
    installed_version(&job.invocation.program).is_some_and(|version| (version.major, version.minor) >= (5, 6))
}

/// The output of tsc.
#[derive(Debug, Default)]
struct Output<'a> {
    diagnostics: Vec<Diagnostic<'a>>,
    /// Checked source files, without those of TypeScript and of dependencies. `None` without a file
    /// list.
    files: Option<u64>,
    /// All files of the list.
    listed: u64,
    /// How many files the table counts; `None` without a table.
    counted: Option<u64>,
    /// Whether the table has its last row.
    closed: bool,
}

#[derive(Debug, PartialEq, Eq)]
struct Diagnostic<'a> {
    /// Path, line and column.
    at: Option<(&'a str, u64, u64)>,
    category: &'a str,
    code: u32,
    message: &'a str,
    /// Indented lines that follow.
    more: Vec<&'a str>,
}

impl<'a> Output<'a> {
    fn read(text: &'a str) -> Self {
        let mut output = Output::default();
        // Whether indented lines still belong to the last diagnostic.
        let mut open = false;
        for line in text.lines() {
            if line.starts_with("  ") {
                if let Some(last) = output.diagnostics.last_mut().filter(|_| open) {
                    last.more.push(line.trim_end());
                }
            } else if let Some(diagnostic) = Diagnostic::read(line) {
                output.diagnostics.push(diagnostic);
                open = true;
            } else {
                open = false;
                if let Some(own) = listed(line) {
                    *output.files.get_or_insert(0) += u64::from(own);
                    output.listed += 1;
                } else if let Some(files) = line.strip_prefix("Files:") {
                    output.counted = files.trim().parse().ok();
                } else if line.starts_with("Total time:") {
                    output.closed = output.counted.is_some();
                }
            }
        }
        output
    }

    /// Whether the text is not from tsc: it is not empty, but has no diagnostic, no checked file and no
    /// table.
    fn is_foreign(&self, text: &str) -> bool {
        let has_nothing = self.diagnostics.is_empty() && self.files.is_none() && self.counted.is_none();
        has_nothing && !text.trim().is_empty()
    }

    /// Why it is not complete. Only a run is sure to have asked for the table.
    fn lacks(&self, ran: bool) -> Option<String> {
        match self.counted {
            None if !ran => None,
            Some(counted) if self.closed => (counted != self.listed).then(|| {
                format!("the table at its end counts {counted} files, but its list has {}", self.listed)
            }),
            _ => Some("it ends before its closing table".to_owned()),
        }
    }
}

fn foreign(text: &str) -> ReportError {
    // The pretty layout: `src/a.ts:1:7 - error TS2322: …`, coloured.
    let pretty = text.contains(" TS") && (text.contains(" - error") || text.contains("\x1b["));
    let detail = match pretty {
        true => "it is in the layout for people: run tsc with `--pretty false`".to_owned(),
        false => {
            let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
            let start: String = line.chars().filter(|c| !c.is_control()).take(60).collect();
            format!("no line is a diagnostic (it begins with \"{start}\")")
        }
    };
    ReportError::Foreign { what: WHAT, detail }
}

/// A listed file, from the top of the repository. It may be listed by its place in a folder of links.
fn in_repository(path: &str, origin: &ReportOrigin) -> Text {
    match Path::new(path).strip_prefix(&origin.root) {
        Ok(_) => origin.relative(path),
        Err(_) => {
            let real = Path::new(path).canonicalize().ok();
            origin.relative(real.as_deref().and_then(Path::to_str).unwrap_or(path))
        }
    }
}

/// Whether a line of `--listFiles` names a source file of the project; `None` for other lines. The
/// list has absolute paths with forward slashes. A program that stands on tsc has further endings: vue-tsc lists `.vue`.
fn listed(line: &str) -> Option<bool> {
    const LONGEST: usize = 10;
    let absolute = line.starts_with('/') || line.get(1..3) == Some(":/");
    let ending = line.rsplit_once('/').and_then(|(_, name)| name.rsplit_once('.')).map(|(_, ending)| ending);
    let is_ending = |ending: &str| {
        (1..=LONGEST).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    // `/bin/sh: 1: a.js: not found` is a message.
    if !absolute || !ending.is_some_and(is_ending) || line.contains(": ") {
        return None;
    }
    let dependency = line.contains("/node_modules/");
    let library = line
        .rsplit_once("/typescript/lib/")
        .is_some_and(|(_, name)| name.starts_with("lib.") && name.ends_with(".d.ts"));
    // JSON is read for its shape, not checked.
    Some(!dependency && !library && !line.ends_with(".json"))
}

impl<'a> Diagnostic<'a> {
    /// `path(line,column): error TS2322: message`, or `error TS5058: message`. The path may contain
    /// parentheses and colons (`app/(group)/page.ts`): it ends where category and code follow.
    fn read(line: &'a str) -> Option<Self> {
        if let Some((category, code, message)) = verdict(line) {
            return Some(Diagnostic { at: None, category, code, message, more: Vec::new() });
        }
        line.match_indices("): ").find_map(|(end, _)| {
            let (category, code, message) = verdict(&line[end + 3..])?;
            let (rest, column) = split_number(&line[..end])?;
            let (rest, row) = split_number(rest.strip_suffix(',')?)?;
            let path = rest.strip_suffix('(')?;
            let at = (path, row, column);
            (!path.is_empty()).then(|| Diagnostic { at: Some(at), category, code, message, more: Vec::new() })
        })
    }

    /// Errors in the project's set-up, not in its source: those without a place or in a JSON file,
    /// TS5xxx (options), 6053 (file not found), 18002 and 18003 (nothing to compile).
    fn is_configuration(&self) -> bool {
        let origin = self.at.is_none_or(|(path, ..)| path.ends_with(".json"));
        origin || matches!(self.code, 5000..=5999 | 6053 | 18002 | 18003)
    }

    fn to_line(&self) -> String {
        let Diagnostic { code, message, .. } = self;
        match self.at {
            Some((path, line, _)) => format!("{path}:{line}: TS{code}: {message}"),
            None => format!("TS{code}: {message}"),
        }
    }

    fn to_finding(&self, origin: &ReportOrigin) -> Finding {
        let severity = match self.category {
            "error" => Severity::High,
            "warning" => Severity::Low,
            _ => Severity::Info,
        };
        let mut finding = Finding::new(format!("TS{}", self.code), Category::Type, severity, self.message);
        finding.severity_raw = Some(self.category.into());
        if !self.more.is_empty() {
            finding.message = format!("{}\n{}", self.message, self.more.join("\n")).into();
        }
        finding.location = self.at.map(|(path, line, column)| {
            Location::file(origin.relative(path)).lines(Some(line), None).columns(Some(column), None)
        });
        finding
    }
}

/// A text and the number at its end.
fn split_number(text: &str) -> Option<(&str, u64)> {
    let rest = text.trim_end_matches(|c: char| c.is_ascii_digit());
    Some((rest, text[rest.len()..].parse().ok()?))
}

/// Category, code and message of `error TS2322: message`.
fn verdict(text: &str) -> Option<(&str, u32, &str)> {
    let category = ["error", "warning", "message", "suggestion"]
        .into_iter()
        .find(|category| text.strip_prefix(category).is_some_and(|rest| rest.starts_with(" TS")))?;
    let rest = &text[category.len() + " TS".len()..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let message = rest[digits..].strip_prefix(": ")?;
    Some((category, rest[..digits].parse().ok()?, message))
}

#[cfg(test)]
mod tests;
