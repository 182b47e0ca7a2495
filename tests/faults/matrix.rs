//! No false green: every tool × every fault. Fake tools misbehave in every way that is known, and the
//! gate is never `passed`, the run never green, nothing hangs, and no process is left.
//!
//! The rows are in `matrix/peculiar.rs` and beside the fixtures (`faults.json`), the columns in `matrix/cases.rs` and `matrix/own.rs`, and
//! `matrix/fake.sh` is every tool. Faults that need a stage of their own are beside the matrix:
//! `matrix/shared.rs`, `matrix/flood.rs`, `matrix/disk.rs`. Without a fault each fake passes when it finds nothing and
//! fails when it finds something: else the matrix would prove nothing.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::print_stdout, reason = "the number of cases is a result")]

mod cases;
mod disk;
mod flood;
mod own;
mod peculiar;
mod rows;
mod shared;
mod sonarqube;
mod tools;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::common::{Project, Ran, alive, eventually};
use cases::{Case, Expect, Program, matrix};
use serde_json::Value;
use tools::{Tool, tools};

/// What is kept of a log, in bytes.
const LOG_CAP: u64 = 16 << 20;
const LONG_LOG_CAP: u64 = 64 << 20;

/// So many tools misbehave in one run.
const AT_ONCE: usize = 10;

#[test]
fn no_fault_of_any_tool_is_a_false_green() {
    let tools = tools();
    assert_baselines(&tools);

    let mut runs: BTreeMap<String, Vec<Vec<Case>>> = BTreeMap::new();
    let mut total = 0;
    for case in matrix(&tools) {
        total += 1;
        let of_fault = runs.entry(case.fault.clone()).or_default();
        match of_fault.last_mut().filter(|cases| cases.len() < AT_ONCE) {
            Some(cases) => cases.push(case),
            None => of_fault.push(vec![case]),
        }
    }
    // Every project is laid out before any is run.
    let runs: Vec<_> = runs.into_values().flatten().map(|cases| (lay_out(&cases), cases)).collect();
    let (queue, failures) = (Mutex::new(runs), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some((project, cases)) = { queue.lock().unwrap().pop() } {
                    let found = check(&project, &cases);
                    failures.lock().unwrap().extend(found);
                }
            });
        }
    });

    let mut failures = failures.into_inner().unwrap();
    for (name, wrong) in stages(&tools) {
        total += 1;
        failures.extend(wrong.map(|what| format!("{name}: {what}")));
    }
    failures.sort();
    let greens = failures.iter().filter(|failure| failure.contains("FALSE GREEN")).count();
    say(&format!("{total} cases, {greens} false greens"));
    assert!(failures.is_empty(), "{} of {total} cases:\n{}", failures.len(), failures.join("\n"));
}

/// A case beside the matrix, and what is wrong with it.
type Checked = (String, Option<String>);

/// The cases beside the matrix.
fn stages(tools: &[Tool]) -> Vec<Checked> {
    let mut checked = shared::cases(tools);
    checked.extend(disk::cases(tools));
    checked.extend(flood::cases(tools));
    checked.push(flood::of_version(tools));
    checked
}

/// Straight to standard error: the harness keeps what a passing test prints.
#[allow(clippy::explicit_write, reason = "eprintln! is what the harness keeps")]
fn say(words: &str) {
    writeln!(std::io::stderr(), "{words}").unwrap();
}

/// Each fake without a fault: `passed` with its clean report, `failed` with its findings.
fn assert_baselines(tools: &[Tool]) {
    let clean = tools.iter().map(|tool| Case::new(tool, "none", tool.clean.clone()));
    let found = tools.iter().filter_map(|tool| Some(Case::new(tool, "none", tool.findings.clone()?)));
    for (cases, outcome, code) in [(clean.collect::<Vec<_>>(), "passed", 0), (found.collect(), "failed", 1)] {
        let project = lay_out(&cases);
        let (ran, record) = run(&project);
        for (case, gate) in cases.iter().zip(record["gates"].as_array().unwrap()) {
            let (name, reason) = (case.tool.name, &gate["reason"]);
            assert_eq!(gate["outcome"], outcome, "{name} without a fault: {reason}\n{gate:#}");
            assert!(!gate["targets"][0]["proof"].as_array().unwrap().is_empty(), "{name}: no proof");
        }
        assert_eq!(ran.code, code, "{}", ran.all());
    }
}

/// A project with one gate for each case, and what its fake is to do.
fn lay_out(cases: &[Case]) -> Project {
    let mut gates = "version = 1\nmode = 'production'\ndefaults = { fail_on = 'low' }\n".to_owned();
    let project = Project::new();
    let fake = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/matrix/fake.sh");
    fs::create_dir(project.root().join("reports")).unwrap();
    // What terraform looks at.
    project.write("main.tf", "");
    // All that makes it a repository; git itself is a fake, too.
    fs::create_dir(project.root().join(".git")).unwrap();
    symlink(&fake, project.bin().join("git")).unwrap();
    // By its lock file a folder is for this Yarn or that.
    project.write("yarn.lock", "# yarn lockfile v1\n");
    project.write("yarn4/yarn.lock", tools::fixture("yarn-audit/recorded-yarn4-clean/yarn.lock"));
    for (n, case) in cases.iter().enumerate() {
        let (id, report) = (format!("case-{n}"), format!("reports/case-{n}"));
        gates += &format!(
            "[[gate]]\nid = '{id}'\n{}\n{}\nenv = {{ CASE = '{id}', REPORT = '{report}' }}\n",
            case.tool.gate.replace("REPORT", &report),
            case.gate,
        );
        let file = |name: &str, bytes: &[u8]| project.write(&format!("fakes/{id}/{name}"), bytes);
        file("stderr", &case.acts.stderr);
        file("exit", format!("{}\n", case.acts.exit).as_bytes());
        file("before", case.acts.before.as_bytes());
        file("after", case.acts.after.as_bytes());
        case.tool.report_at.iter().for_each(|place| drop(file("report-at", place.as_bytes())));
        case.tool.files.iter().for_each(|(name, text)| drop(project.write(name, text)));
        case.acts.answers.iter().for_each(|(word, answer)| drop(file(&format!("answer.{word}"), answer)));
        for (n, bytes) in case.acts.reports.iter().enumerate() {
            bytes.iter().for_each(|bytes| drop(file(&format!("report.{n}"), bytes)));
        }
        case.left_over.iter().for_each(|bytes| drop(project.write(&report, bytes)));

        let program = project.bin().join(case.tool.program);
        let write = |bytes: &[u8], mode| {
            fs::write(&program, bytes).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        };
        match case.program {
            Program::Absent => {}
            Program::NotExecutable => write(&fs::read(&fake).unwrap(), 0o644),
            Program::ForAnotherMachine => {
                write(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xff\xff\x01\0", 0o755)
            }
            Program::Empty => write(b"", 0o755),
            Program::Fake if program.exists() => {}
            Program::Fake => symlink(&fake, &program).unwrap(),
        }
    }
    // The lock file of another tool's case.
    gates += "[[waiver]]\ngap = 'yarn4/**'\nreason = 'of Yarn'\nexpires = 2999-12-31\n";
    project.write("gates.toml", gates);
    project
}

/// The words that every process of the project's fakes has in its environment.
fn mark(project: &Project) -> String {
    format!("FAKES={}", project.root().join("fakes").display())
}

/// What the fakes need besides.
fn variables(project: &Project) -> [(&'static str, PathBuf); 2] {
    [("FAKES", project.root().join("fakes")), ("SONAR_TOKEN", crate::common::sonar::token().into())]
}

/// Runs a project in which no other program can be found than its own.
fn run(project: &Project) -> (Ran, Value) {
    let mut command = project.command(&["run", "--jobs", "16", "--quiet"]);
    command.env("PATH", project.bin()).envs(variables(project));
    let ran = Ran::to_end(&mut command);
    assert!([0, 1, 3].contains(&ran.code), "{}", ran.all());
    (ran, project.record())
}

/// Runs the cases of one fault, and says what is wrong.
fn check(project: &Project, cases: &[Case]) -> Vec<String> {
    let (ran, record) = run(project);
    let mut failures = Vec::new();
    let fault = &cases[0].fault;
    let gates = record["gates"].as_array().unwrap();
    assert_eq!(gates.len(), cases.len());
    for (case, gate) in cases.iter().zip(gates) {
        failures.extend(wrong(case, gate).map(|what| format!("{} × {fault}: {what}", case.tool.name)));
    }

    let mut fail = |what: String| failures.push(format!("every tool × {fault}: {what}"));
    let inconclusive = gates.iter().any(|gate| gate["outcome"] == "inconclusive");
    let (verdict, code) = if inconclusive { ("inconclusive", 3) } else { ("blocked", 1) };
    if record["verdict"] != verdict || ran.code != code || record["would_block"] != true {
        fail(format!("verdict {}, exit code {}", record["verdict"], ran.code));
    }
    if !eventually(|| alive(&mark(project)).is_empty()) {
        fail(format!("processes are left: {:?}", alive(&mark(project))));
    }
    for log in files(&project.root().join("gates-report/logs")) {
        let size = fs::metadata(&log).unwrap().len();
        if size > LONG_LOG_CAP {
            fail(format!("{} has {size} bytes", log.display()));
        }
    }
    failures
}

/// What is wrong with the outcome of one case.
fn wrong(case: &Case, gate: &Value) -> Option<String> {
    let (outcome, reason) = (gate["outcome"].as_str().unwrap(), gate["reason"].as_str().unwrap());
    let fits = match case.expect {
        Expect::Inconclusive => outcome == "inconclusive",
        Expect::Failed => outcome == "failed",
        Expect::NotPassed => ["inconclusive", "failed"].contains(&outcome),
    };
    match fits {
        _ if ["passed", "skipped"].contains(&outcome) => Some(format!("FALSE GREEN: {outcome}: {reason}")),
        false => Some(format!("is {outcome} ({reason}), not {:?}", case.expect)),
        true if reason.len() < 10 => Some(format!("the reason \"{reason}\" says nothing")),
        true if !reason.contains(&case.says) => {
            Some(format!("the reason \"{reason}\" does not say \"{}\"", case.says))
        }
        true => None,
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// A tool that hangs when it is asked for its version costs the version, not the gate: its work is
/// proved by other things.
#[test]
fn a_tool_that_hangs_on_the_version_question_holds_nobody_back() {
    let tools = tools();
    let asked = tools.iter().filter(|tool| ["gitleaks", "npm", "docker"].contains(&tool.program));
    let cases: Vec<Case> = asked
        .map(|tool| Case { gate: "timeout = '10s'", ..Case::new(tool, "none", tool.clean.clone()) })
        .collect();
    let project = lay_out(&cases);
    project.write("fakes/asked", "sleep 3600 & wait");
    let (ran, record) = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(
        record["gates"].as_array().unwrap().iter().all(|gate| gate["tool_version"].is_null()),
        "{record:#}"
    );
    assert!(eventually(|| alive(&mark(&project)).is_empty()), "processes are left");
}
