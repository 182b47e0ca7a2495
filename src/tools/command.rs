//! Any command: a test suite, a build script, a scanner that Portcullis does not know. Its report, in
//! one of the shared formats, decides the result. Without a report, its exit code decides.

mod init;
mod known;
mod one_place;
pub(crate) use known::reads as command_reads;
mod linters;
mod programs;
mod prompt;
mod script;
mod type_checkers;

use script::{Swallows, swallows};
use serde::Serialize;

use crate::formats::{FORMATS, Format, runner_log};
use crate::keys::table::{Keys, Located};
use crate::model::aim::Aim;
use crate::model::finding::{Category, Finding};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::policy::coverage::Coverage;
use crate::policy::licence::InventoryRules;
use crate::policy::path_pattern::read_pattern;
use crate::scan::declared::Declared;
use crate::scan::job::Job;
use crate::scan::job_files::ReportSource;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::reads::Reads;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::test_runner::TestRunner;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::text::human;
use crate::text::paths::normalise;
use crate::tools::gitleaks;
use crate::tools::inventory_check::check_inventory;

pub(crate) static SPEC: ToolSpec = ToolSpec {
    name: "command",
    title: "Command",
    stage: "Tests",
    usual_seconds: 10,
    program: "",
    version_args: &[],
    version: VersionFrom::Report,
    docs: "docs/configuration.md#command",
    install: "install it, or name another program in `run`",
    secret_fields: Declared::List(&[
        "snippet",
        "contextRegion",
        "insertedContent",
        "commandLine",
        "environmentVariables",
    ]),
    steering: &[],
    looks_for: Declared::None("its report says what"),
    config_files: Declared::None(
        "Portcullis can't know what a command reads; files that it names are compared with the base",
    ),
    init: init::suggest,
    configure,
};

/// The user's command.
#[derive(Debug, Serialize)]
struct Command {
    /// The program and its arguments.
    run: Vec<String>,
    /// The directory in which it starts, relative to gates.toml.
    dir: String,
    report: Option<Report>,
    /// What its exit codes mean, if the user says so.
    #[serde(rename = "exit")]
    codes: Option<Codes>,
    /// What the report may contain, if it is an inventory.
    #[serde(flatten)]
    contents: Option<InventoryRules>,
}

#[derive(Debug, Serialize)]
struct Report {
    format: &'static Format,
    /// Relative to the directory; `-` is standard output. It may be a pattern, for several reports.
    path: String,
}

#[derive(Debug, Serialize)]
struct Codes {
    clean: Vec<u64>,
    findings: Vec<u64>,
}

fn configure(keys: &Keys) -> Box<dyn Tool> {
    if !keys.has("run") {
        keys.required_text("run"); // notes that it is missing
    }
    let report = keys.table("report").and_then(|keys| report(&keys));
    Box::new(Command {
        run: keys.texts_or("run", &[]),
        dir: keys.text_or("dir", "."),
        contents: InventoryRules::read_if(
            report.as_ref().is_some_and(|report| report.format.is_inventory),
            keys,
        ),
        report,
        codes: keys.table("exit").map(|keys| codes(&keys)),
    })
}

fn report(keys: &Keys) -> Option<Report> {
    let choices: Vec<(&str, &'static Format)> = FORMATS.iter().map(|format| (format.name, format)).collect();
    let format = match keys.has("format") {
        true => keys.word("format", &choices),
        false => keys.required_text("format").and(None),
    };
    let path = keys.required_text("path");
    keys.finish("`report`");
    let path = path?;
    let report = Report { format: format?, path: path.value.clone() };
    if report.is_pattern() {
        if report.format.is_inventory {
            keys.problem(keys.at_key("path"), "an inventory is one file: `path` must not be a pattern");
        }
        read_pattern(keys, &path);
    }
    Some(report)
}

impl Report {
    fn is_pattern(&self) -> bool {
        self.path.contains(['*', '?', '[', '{'])
    }
}

fn codes(keys: &Keys) -> Codes {
    let read = |key, default| {
        let codes = keys.counts(key).unwrap_or_else(|| vec![Located { value: default, at: keys.at() }]);
        for code in codes.iter().filter(|code| code.value > 255) {
            keys.problem(code.at.clone(), format!("{} is not an exit code: they end at 255", code.value));
        }
        codes
    };
    let (clean, findings) = (read("clean", 0), read("findings", 1));
    for code in findings.iter().filter(|code| clean.iter().any(|clean| clean.value == code.value)) {
        keys.problem(code.at.clone(), format!("exit code {} can't mean both clean and findings", code.value));
    }
    keys.finish("`exit`");
    let values = |codes: Vec<Located<u64>>| codes.into_iter().map(|code| code.value).collect();
    Codes { clean: values(clean), findings: values(findings) }
}

impl Tool for Command {
    fn reads(&self) -> Vec<Reads> {
        known::reads(&self.run, &self.dir)
    }

    fn validates(&self) -> bool {
        known::validates(&self.run)
    }

    fn script(&self) -> Option<(&str, &str)> {
        Some((&self.dir, script::name(&self.run)?))
    }

    fn judged_by_exit_code(&self) -> bool {
        self.report.is_none()
    }

    /// The script that it runs.
    fn reads_inputs(&self) -> bool {
        self.report.is_none() && script::name(&self.run).is_some()
    }

    fn coverage(&self) -> Vec<Coverage> {
        let mut all = vec![Coverage::exactly("run", &self.run), Coverage::exactly("dir", [&self.dir])];
        all.extend(self.contents.clone().unwrap_or_default().coverage());
        all
    }

    fn also_looks_for(&self) -> Vec<Aim> {
        let of_rules = self.contents.iter().filter(|rules| rules.asks()).map(|_| Aim::Licences);
        let of_format = match self.report.as_ref().map(|report| report.format.name) {
            None | Some("junit") => Some(Aim::Tests),
            Some("checkstyle") => Some(Aim::Lint),
            // A report in another format may contain anything.
            Some(_) => None,
        };
        of_format.into_iter().chain(of_rules).collect()
    }

    fn inventory_rules(&self) -> Option<&InventoryRules> {
        self.contents.as_ref()
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let Some((program, arguments)) = self.run.split_first() else {
            return Err(Unplanned::Impossible("`run` names no program".to_owned()));
        };
        let swallows = if self.report.is_none() { swallows(&self.run, &self.dir, scene) } else { None };
        let mut job = scene.job_in_dir(program, &self.dir);
        match swallows {
            Some(Swallows::All(why)) => return Err(Unplanned::Impossible(why)),
            Some(Swallows::Some(why)) => job.notes.push(why),
            None => {}
        }
        if program.contains('/') {
            job.invocation.program.name =
                normalise(&job.invocation.cwd.join(program)).to_string_lossy().into_owned();
        }
        job.args(arguments);
        match &self.report {
            Some(report) if report.path == "-" => {
                job.report_on_stdout()
                    .because(format!("judged by the {} report that it prints", report.format.name));
            }
            Some(report) => {
                let path = normalise(&job.invocation.cwd.join(&report.path));
                let (source, reports) = match report.is_pattern() {
                    true => (ReportSource::Matching(path), "reports"),
                    false => (ReportSource::Repository(path), "report"),
                };
                job.files.reports.push(source);
                job.because(format!("judged by its {} {reports}, {}", report.format.name, report.path));
            }
            None => {
                job.because("judged by its exit code: no report is declared");
            }
        }
        job.notes.extend(self.contents.iter().flat_map(InventoryRules::warnings));
        Ok(vec![job])
    }

    /// What the user says, or what the program's makers say, or else what shells agree on. With a report, many programs exit with 0
    /// whether or not they found something, so 0 says nothing. Another code without a finding is a
    /// contradiction.
    fn exit(&self, code: i32) -> Exit {
        if let Some(codes) = &self.codes {
            let listed = |list: &[u64]| u64::try_from(code).is_ok_and(|code| list.contains(&code));
            return match code {
                _ if listed(&codes.clean) => Exit::Clean,
                _ if listed(&codes.findings) => Exit::Findings,
                _ => Exit::Fault("not a code that `exit` lists"),
            };
        }
        if let Some(exit) = known::exit(&self.run, code) {
            return exit;
        }
        match code {
            0 if self.report.is_some() => Exit::Silent,
            0 => Exit::Clean,
            1..=125 => Exit::Findings,
            126 => Exit::Fault("not executable"),
            127 => Exit::Fault("not found"),
            other => Exit::Fault(known::signal(other)),
        }
    }

    /// The report says who wrote it, whatever started the program: a shell, a script, a launcher.
    fn exit_by_report(&self, code: i32, parsed: &Parsed) -> Option<Exit> {
        if self.codes.is_some() {
            return None;
        }
        // A code of Mocha is the number of its failures, which the report lists.
        let is_count = parsed.listed.as_ref().is_some_and(|listed| {
            listed.runner == TestRunner::Mocha && i32::try_from(listed.failures.min(255)) == Ok(code)
        });
        match (parsed.listed.as_ref().map(|listed| listed.runner), code) {
            // Nothing was tested, and the report says so: `allow_empty` decides. A report with tests is of another run.
            (Some(TestRunner::Pytest), 5) if parsed.scope.is_empty() => return Some(Exit::Silent),
            (Some(TestRunner::Pytest), 5) => return Some(Exit::Fault("pytest collected no test")),
            (Some(TestRunner::Pytest), code) => return known::exit_of(&["pytest"], code),
            _ => {}
        }
        match parsed.written_by.as_slice() {
            [one] => known::exit_of(std::slice::from_ref(one), code),
            _ => None,
        }
        .or_else(|| (is_count && code > 0).then_some(Exit::Findings))
    }

    /// Without a report the scope is the one command that ran, and a code that is not clean is one
    /// finding.
    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        if let Some(report) = &self.report {
            let mut parsed = (report.format.read)(raw.report(), origin)?;
            for further in raw.documents.iter().skip(1) {
                parsed.absorb((report.format.read)(&further.bytes, origin)?);
            }
            self.account(raw, &mut parsed);
            if let Some(contents) = &self.contents {
                check_inventory(contents, raw.report(), &mut parsed)?;
            }
            return Ok(parsed);
        }
        let Some(code) = raw.exit else {
            let why = "a command without a report is judged by its exit code, which is not known";
            return Err(ReportError::ToolError(why.to_owned()));
        };
        if let Some(question) =
            [&raw.stdout, &raw.stderr].into_iter().find_map(|output| prompt::question(output))
        {
            let why = format!(
                "it asked a question instead of doing its work: `{question}` (answer it once, or name an option that does)"
            );
            return Err(ReportError::ToolError(why));
        }
        let mut parsed = Parsed::default();
        match self.exit(code) {
            Exit::Fault(_) => return Ok(parsed),
            Exit::Findings => parsed.findings.push(self.failure(code)),
            Exit::Clean | Exit::Silent => {}
        }
        parsed.scope = Scope::of(Unit::Commands, 1);
        Ok(parsed)
    }

    fn if_clean_with_findings(&self, code: i32) -> Option<String> {
        // Without `exit` and with a report, 0 says nothing.
        self.codes.as_ref()?;
        Some(format!(
            "If it exits with {code} whatever it finds, take `exit` out of the gate: without that key, 0 says nothing and the report decides"
        ))
    }

    /// Two kinds of findings do not make a program fail: those suppressed in its report, and those that
    /// Portcullis makes from the rules for an inventory.
    fn moves_exit_code(&self, finding: &Finding) -> bool {
        finding.suppressed.is_none() && !InventoryRules::found(finding)
    }
}

impl Command {
    /// Whether a code that means findings has no other cause than those that a linter or a test runner lists. `exit` says
    /// what the codes mean, and nothing else is asked.
    fn account(&self, raw: &RawReport, parsed: &mut Parsed) {
        // Its log says what it could not scan; its report does not.
        if matches!(parsed.written_by.as_slice(), [one] if **one == *"gitleaks") {
            parsed.gaps.extend(gitleaks::log::unscanned(&raw.stderr_text()));
        }
        let runner = parsed.listed.as_ref().map(|listed| listed.runner);
        parsed.notes.extend(runner.and_then(|runner| runner_log::tried_again(runner, raw)));
        // Its log can tell that they passed, so it must.
        if let Some(listed) = parsed.listed.filter(|listed| listed.failures > 0 && listed.unlisted > 0)
            && raw.exit.is_some()
        {
            let results = human::count(listed.unlisted, "result");
            parsed.unexplained.get_or_insert(format!(
                "its report counts {results} more than it lists: let it print the summary, in which pytest counts subtests"
            ));
        }
        let (Some(code), None) = (raw.exit, &self.codes) else { return };
        if self.exit_by_report(code, parsed).unwrap_or_else(|| self.exit(code)) != Exit::Findings {
            return;
        }
        if let Some(why) = linters::fault(&self.run, code, parsed) {
            parsed.unexplained.get_or_insert(why);
        }
        let Some(listed) = parsed.listed.filter(|listed| listed.failures > 0) else { return };
        match runner_log::account(&listed, (&self.run, code), raw) {
            Ok(proof) => {
                parsed.proof.extend(proof);
                // What the report left out is accounted for, too.
                if listed.unlisted > 0 {
                    parsed.unexplained = None;
                }
            }
            Err(why) => {
                parsed.unexplained.get_or_insert(why);
            }
        }
    }

    fn failure(&self, code: i32) -> Finding {
        let command = self.run.join(" ");
        let title = format!("`{command}` ended with exit code {code}");
        let mut finding = Finding::new("exit-code", Category::Test, Severity::High, title.as_str());
        finding.message = title.into();
        finding
    }
}

#[cfg(test)]
mod tests;
