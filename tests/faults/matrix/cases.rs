//! The columns of the matrix: what can go wrong with any tool, each a change of its whole run.

use std::collections::BTreeSet;

use portcullis::tools::spec;
use serde_json::{Value, json};

use super::own;
use super::tools::{Acts, Tool, YARN_4, edited};

/// One cell of the matrix.
pub(crate) struct Case<'t> {
    pub tool: &'t Tool,
    pub fault: String,
    pub acts: Acts,
    pub program: Program,
    /// Further lines of the gate.
    pub gate: &'static str,
    /// A report that is there before the start.
    pub left_over: Option<Vec<u8>>,
    pub expect: Expect,
    /// Words that the reason must hold.
    pub says: String,
}

/// What lies in the place of the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Program {
    #[default]
    Fake,
    Absent,
    NotExecutable,
    ForAnotherMachine,
    Empty,
}

/// What a faulty run must come to; never `passed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    Inconclusive,
    /// The findings are there, and are judged.
    Failed,
    /// The fault may or may not cost the proof; the findings are not lost for it.
    NotPassed,
}

impl<'t> Case<'t> {
    pub(crate) fn new(tool: &'t Tool, fault: impl Into<String>, acts: Acts) -> Self {
        Case {
            tool,
            fault: fault.into(),
            acts,
            program: Program::Fake,
            gate: "",
            left_over: None,
            expect: Expect::Inconclusive,
            says: String::new(),
        }
    }

    pub(crate) fn saying(mut self, words: impl Into<String>) -> Self {
        self.says = words.into();
        self
    }

    pub(crate) fn expecting(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }
}

/// Faults that are a tool's documented way to say "clean", so that the report alone can't tell
/// them: what else proves that run is taken away too.
const EXEMPT: [(&str, &str, &str); 10] = [
    ("gitleaks", "report is `[]`", "its report of no leaks; its log says what was scanned"),
    ("gitleaks", "report is `null`", "the same, of version 7"),
    ("cfn-lint", "report is `[]`", "its report of clean templates; its log says which it has linted"),
    ("npm-audit", "report is that of pnpm-audit", "npm 6 wrote the same; its log says that it asked"),
    (YARN_4, "report is empty", "it prints nothing; its requests say that it asked"),
    (YARN_4, "report is white space", "the same"),
    (YARN_4, "report is `{}`", "the same, of version 4.0"),
    (YARN_4, "no report", "the same"),
    (YARN_4, "report twice in a file", "the same, as nothing is twice nothing"),
    (YARN_4, "clean report cut", "the same"),
];

/// Whether the run leaves with 0 and prints nothing, and that is how the tool says "clean"
/// (git-secrets): git's answers say what was looked for, and at.
fn is_silent(case: &Case) -> bool {
    let empty = |report: Option<&[u8]>| report.is_none_or(<[u8]>::is_empty);
    let (acts, damaged) = (&case.acts, case.tool.damaged);
    let ends_early = acts.before.ends_with("exit 0");
    case.tool.report().is_some_and(<[u8]>::is_empty)
        && (empty(acts.report(damaged)) || ends_early)
        && (acts.exit, acts.after) == (0, "")
}

/// Every cell.
pub(crate) fn matrix(tools: &[Tool]) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for tool in tools {
        cases.extend(programs(tool));
        cases.extend(endings(tool));
        cases.extend(disturbances(tool));
        if tool.has_report() {
            cases.extend(reports(tool));
            cases.extend(cuts(tool));
            cases.extend(foreign(tool, tools));
            cases.extend(keys(tool));
        }
        cases.extend(codes(tool));
    }
    for case in &mut cases {
        let exempt =
            |(tool, fault, _): &(&str, &str, &str)| *tool == case.tool.name && case.fault.starts_with(fault);
        if EXEMPT.iter().any(exempt) || is_silent(case) {
            case.acts.stderr.clear();
            case.acts.answers.clear();
            case.acts.reports.truncate(1);
        }
    }
    // A tool that says `[]` when it finds nothing does nothing wrong by saying so.
    cases.retain(|case| !is_the_clean_run(case));
    cases.extend(tools.iter().flat_map(own::cases));
    cases
}

/// Whether nothing at all is wrong: it does what the fake does without a fault.
fn is_the_clean_run(case: &Case) -> bool {
    let (acts, clean) = (&case.acts, &case.tool.clean);
    let reports = |acts: &Acts| -> Vec<Option<Vec<u8>>> {
        acts.reports
            .iter()
            .map(|report| report.as_ref().map(|bytes| bytes.strip_suffix(b"\n").unwrap_or(bytes).to_owned()))
            .collect()
    };
    let same_reports = reports(acts) == reports(clean);
    let same_words = (&acts.stderr, &acts.answers) == (&clean.stderr, &clean.answers);
    let same_end = (acts.exit, acts.before, acts.after) == (clean.exit, clean.before, clean.after);
    let undisturbed = case.program == Program::Fake && case.gate.is_empty() && case.left_over.is_none();
    same_reports && same_words && same_end && undisturbed
}

/// The program can't be started.
fn programs(tool: &Tool) -> Vec<Case<'_>> {
    let name = tool.gate.split('\'').nth(1).unwrap();
    let install = spec(name).unwrap().install;
    [
        ("program not found", Program::Absent, install),
        ("program not executable", Program::NotExecutable, "is not executable"),
        ("program for another machine", Program::ForAnotherMachine, "not made for this machine"),
        ("program empty", Program::Empty, "can't be started"),
    ]
    .map(|(fault, program, says)| Case { program, ..Case::new(tool, fault, tool.clean.clone()).saying(says) })
    .into()
}

/// It wrote a whole clean report, and then did not end as it should.
fn endings(tool: &Tool) -> Vec<Case<'_>> {
    let ends = |fault, shell, says| Case::new(tool, fault, tool.clean.clone().after(shell)).saying(says);
    let in_a_second = |case| Case { gate: "timeout = '1s'", ..case };
    let late = if tool.steps { "not done within 1" } else { "longer than 1" };
    let mut cases = vec![
        ends("killed by SIGKILL", "kill -KILL $$", "SIGKILL"),
        ends("killed by SIGSEGV", "kill -SEGV $$", "SIGSEGV"),
        in_a_second(ends("hangs", "sleep 3600", late)),
        in_a_second(ends("hangs, ignores SIGTERM", "trap '' TERM; while :; do sleep 1; done", late)),
        in_a_second(ends("closes its streams and hangs", "exec >&- 2>&-; sleep 3600", late)),
    ];
    if let Some(folder) = tool.folder {
        let case =
            Case::new(tool, "target folder missing", tool.clean.clone()).saying("there is no folder gone");
        cases.push(Case { gate: folder, ..case });
    }
    if tool.report_at == Some("-") || ["npm", "yarn", "git-secrets"].contains(&tool.program) {
        // It has left the group before the tool ends: else it would be ended with it.
        let leaves = r#"setsid sh -c ': >"$FAKES/$CASE/left"; exec sleep 3600' &
            while [ ! -e "$FAKES/$CASE/left" ]; do sleep 0.05; done"#;
        let held = tool.clean.clone().after(leaves);
        cases.push(Case::new(tool, "report's pipe is kept open", held).saying("still has its output open"));
    }
    if tool.has_report() {
        let late = "{ sleep 3600; report \"$@\"; } & exit 0";
        cases.push(Case::new(tool, "report written after the exit", tool.clean.clone().before(late)));
        let pipe = "mkfifo $(places \"$@\"); exit 0";
        cases.push(Case::new(tool, "report is a pipe", tool.clean.clone().before(pipe)));
        let folder = "mkdir $(places \"$@\"); exit 0";
        cases.push(Case::new(tool, "report is a folder", tool.clean.clone().before(folder)));
    }
    cases
}

/// What a tool may do and still do its work: it costs the findings in no way.
fn disturbances(tool: &Tool) -> Vec<Case<'_>> {
    [
        ("grandchild keeps the pipes open", "sleep 3600 &"),
        ("grandchild ignores SIGTERM", "(trap '' TERM; sleep 3600; sleep 3600) &"),
        // A gigabyte is in `matrix/flood.rs`.
        ("4 MB of junk on stderr", "yes 'words that nobody will read' | head -c 4000000 >&2"),
        ("4 MB of junk on stdout", "yes 'words that nobody will read' | head -c 4000000"),
        ("invalid UTF-8 on stderr", r"printf '\377\376\n\200 broken \300\257\n' >&2"),
        ("stdout and stderr closed", "exec >&- 2>&-"),
        ("process that left the group keeps the pipes open", "setsid sleep 3600 &"),
    ]
    .map(|(fault, shell)| Case::new(tool, fault, tool.guilty().before(shell)).expecting(Expect::NotPassed))
    .into()
}

/// The exit code is that of a clean run, and something else lies in the report's place.
fn reports(tool: &Tool) -> Vec<Case<'_>> {
    const HTML: &str =
        "<!DOCTYPE html>\n<html><head><title>502</title></head><body>Bad Gateway</body></html>\n";
    let mut cases: Vec<Case> = [
        ("report is empty", ""),
        ("report is white space", " \r\n\t\n"),
        ("report is `null`", "null\n"),
        ("report is `{}`", "{}\n"),
        ("report is `[]`", "[]\n"),
        ("report is `0`", "0"),
        ("report is HTML", HTML),
        ("report is words", "Done. 0 problems found.\n"),
        ("report is an empty XML document", "<?xml version=\"1.0\"?>\n<report/>\n"),
        ("report is an error of a service", "{\"message\": \"Bad Gateway\", \"statusCode\": 502}\n"),
    ]
    .map(|(fault, report)| Case::new(tool, fault, tool.writes(report)))
    .into();
    cases.push(Case::new(tool, "report is not text", tool.writes([0; 512])));
    cases.push(Case::new(tool, "no report", tool.clean.clone().with(tool.damaged, None)));
    let twice = tool.report().unwrap().repeat(2);
    cases.push(Case::new(tool, "report twice in a file", tool.writes(twice)));
    if tool.gate.contains("REPORT") {
        // Steps take it away before they begin.
        let says = if tool.steps { "left no" } else { "left over" };
        let case = Case::new(tool, "report left over", tool.clean.clone().with(0, None)).saying(says);
        cases.push(Case { left_over: tool.report().map(<[u8]>::to_vec), ..case });
    }
    cases
}

/// The report is cut, with the exit code of the whole one.
fn cuts(tool: &Tool) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for (kind, acts) in [("clean", Some(&tool.clean)), ("findings", tool.findings.as_ref())] {
        let Some(acts) = acts else { continue };
        let whole = acts.report(tool.damaged).unwrap().trim_ascii_end();
        for percent in [25, 50, 75, 99] {
            let cut = whole[..whole.len() * percent / 100].to_vec();
            let fault = format!("{kind} report cut at {percent} %");
            cases.push(Case::new(tool, fault, acts.clone().with(tool.damaged, Some(cut))));
        }
        // What is left are whole lines, to which nothing is wrong but that they are too few.
        let ends: Vec<usize> = (1..whole.len()).filter(|end| whole[end - 1] == b'\n').collect();
        let few = [ends.len() / 4, ends.len() / 2, ends.len() * 3 / 4, ends.len().saturating_sub(1)];
        for end in few.into_iter().collect::<BTreeSet<_>>().into_iter().filter_map(|n| ends.get(n)) {
            let fault = format!("{kind} report cut at the end of a line, byte {end}");
            let case = Case::new(tool, fault, acts.clone().with(tool.damaged, Some(whole[..*end].to_vec())));
            // Of what they print a line each, the lines that are left count.
            let endless = ["git-secrets", YARN_4].contains(&tool.name);
            cases.push(case.expecting(if endless { Expect::NotPassed } else { Expect::Inconclusive }));
        }
    }
    cases
}

/// Each whole report of each other tool, with the exit code of a clean run.
fn foreign<'t>(tool: &'t Tool, tools: &[Tool]) -> Vec<Case<'t>> {
    // An image id is one, with any builder.
    let builds = |tool: &Tool| tool.gate.contains("'docker-build'");
    let others = tools.iter().filter(|other| other.name != tool.name && !(builds(tool) && builds(other)));
    let runs = others.flat_map(|other| {
        let runs = [("", Some(&other.clean)), (" with findings", other.findings.as_ref())];
        runs.map(|(kind, acts)| {
            (format!("{}{kind}", other.name), acts.and_then(|acts| acts.report(other.damaged)))
        })
    });
    // Some have the same words for "clean".
    let own = tool.report().unwrap().trim_ascii();
    runs.filter(|(_, report)| report.is_some_and(|report| report.trim_ascii() != own))
        .filter_map(|(whose, report)| {
            Some(Case::new(tool, format!("report is that of {whose}"), tool.writes(report?)))
        })
        .collect()
}

/// Required keys that are not there, or hold something else.
fn keys(tool: &Tool) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for key in tool.required {
        let runs = [Some(&tool.clean), tool.findings.as_ref()].into_iter().flatten();
        // The clean report where it has the key.
        let holder = runs.filter_map(|acts| {
            let report = acts.report(tool.damaged)?;
            let document: Value = serde_json::from_slice(report).ok()?;
            Some((acts, report, document.pointer(key)?.clone()))
        });
        let (acts, report, value) =
            holder.into_iter().next().unwrap_or_else(|| panic!("{}: no {key}", tool.name));
        let other = match value {
            Value::Array(_) => json!({}),
            Value::Object(_) => json!([]),
            _ => json!([7]),
        };
        for (fault, value) in [("missing", Value::Null), ("of the wrong type", other)] {
            let report = edited(report, &[(key, value)]);
            let acts = acts.clone().with(tool.damaged, Some(report));
            cases.push(Case::new(tool, format!("{key} {fault}"), acts));
        }
    }
    cases
}

/// A whole report, and an exit code that does not go with it.
fn codes(tool: &Tool) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    let clean = |code| tool.clean.clone().exits(code);
    if let Some(code) = tool.found {
        let fault = "clean report, exit code of findings";
        cases.push(Case::new(tool, fault, clean(code)).saying("means findings"));
    }
    for code in tool.crashes {
        cases.push(Case::new(tool, "clean report, exit code of a crash", clean(*code)).saying("exit code"));
    }
    // By default a command's codes up to 125 mean findings: without a report, the code is one.
    let undocumented = Case::new(tool, "clean report, undocumented exit code", clean(42)).saying("42");
    cases.push(match tool.has_report() {
        true => undocumented,
        false => undocumented.expecting(Expect::Failed).saying(""),
    });
    if let Some(found) = tool.findings.as_ref().filter(|_| tool.has_report()) {
        // Trivy, docker build and a command with a report leave with 0 whatever they find.
        let silent = found.exit == 0 || tool.gate.contains("'command'");
        let case = Case::new(tool, "findings, exit code of a clean run", found.clone().exits(0));
        cases.push(match silent {
            true => case.expecting(Expect::Failed),
            false => case.saying("means clean"),
        });
        let code = tool.crashes[0];
        cases.push(Case::new(tool, "findings, exit code of a crash", found.clone().exits(code)));
    }
    cases
}
