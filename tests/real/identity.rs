//! Ids over a history: thirty commits of edits on the notes-app, judged by the real scanners after
//! each, and every id compared with the truth. The truth is known from elsewhere: each faulty line has
//! a token of its own, and each resource a name.
//!
//! *Kept*: the finding has the id that it had. *Lost*: it has another. *Collided*: it has an id that
//! stood for another finding, now or in any commit before.

#![allow(clippy::disallowed_methods, reason = "npm and cp lay the project out")]
#![allow(clippy::print_stdout, reason = "shown when the test fails")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod history;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::common::{Project, run_with_real_tools};
use history::{EDITS, Edit, Touches, lay_out};
use serde_json::Value;

const GATES: &str = r#"
version = 1

[[gate]]
id = "types"
tool = "tsc"
dirs = ["backend"]

[[gate]]
id = "lint"
tool = "eslint"
dirs = ["backend"]

[[gate]]
id = "secrets"
tool = "gitleaks"
scan = "history"

[[gate]]
id = "secrets-tree"
tool = "gitleaks"
scan = "tree"
dirs = ["deploy"]

[[gate]]
id = "infrastructure"
tool = "checkov"
dirs = ["infra"]
framework = ["terraform", "cloudformation"]

[[gate]]
id = "dockerfiles"
tool = "trivy"
scan = "config"
dirs = ["nginx"]
offline = true
"#;

/// The gates that an edit may matter to.
fn gates_of(touches: Touches) -> &'static str {
    match touches {
        Touches::Code => "types,lint",
        Touches::Lint => "lint",
        Touches::Terraform => "infrastructure",
        Touches::Dockerfile => "dockerfiles",
        Touches::Secrets => "secrets,secrets-tree",
    }
}

/// All gates that the edits may matter to that somebody looks at.
fn gates_for(looks_at: fn(Touches) -> bool) -> String {
    let edits = EDITS.iter().filter(|edit| looks_at(edit.touches));
    let gates: BTreeSet<&str> = edits.flat_map(|edit| gates_of(edit.touches).split(',')).collect();
    Vec::from_iter(gates).join(",")
}

/// The backend's packages, installed once.
pub(crate) fn modules() -> PathBuf {
    static MODULES: OnceLock<Project> = OnceLock::new();
    let installed = MODULES.get_or_init(|| {
        let project = Project::new();
        for name in ["package.json", "package-lock.json"] {
            project.write(name, std::fs::read(app().join("backend").join(name)).unwrap());
        }
        let args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
        let npm = Command::new("npm").args(args).current_dir(project.root()).output().unwrap();
        assert!(npm.status.success(), "npm ci: {}", String::from_utf8_lossy(&npm.stderr));
        project
    });
    installed.root().join("node_modules")
}

fn app() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/notes-app")
}

/// The notes-app without its frontend, as a repository with one commit.
fn notes_app() -> Project {
    let project = Project::new();
    for part in ["backend", "nginx", "infra", "deploy", "README.md"] {
        let copy = Command::new("cp").arg("-R").arg(app().join(part)).arg(project.root()).status();
        assert!(copy.unwrap().success());
    }
    project.write("gates.toml", GATES);
    project.git(&["init", "--quiet"]);
    lay_out(&project);
    with_modules(&project);
    project.commit("the notes-app");
    project
}

fn with_modules(project: &Project) {
    project.write(".git/info/exclude", "node_modules\ngates-report\n");
    std::os::unix::fs::symlink(modules(), project.root().join("backend/node_modules")).unwrap();
}

/// The findings that the gates report now.
fn findings(project: &Project, gates: &str, args: &[&str]) -> Vec<Value> {
    let ran = run_with_real_tools(project, &[&["run", "--quiet", "--only", gates], args].concat());
    let record = project.record();
    for gate in record["gates"].as_array().unwrap() {
        let outcome = gate["outcome"].as_str().unwrap();
        assert!(
            ["passed", "failed", "skipped"].contains(&outcome),
            "{}: {}\n{}",
            gate["id"],
            gate["reason"],
            ran.all()
        );
    }
    record["findings"].as_array().unwrap().clone()
}

/// What a finding is, whatever its id says.
fn truth(project: &Project, finding: &Value) -> String {
    let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let place = &finding["location"];
    let path = place["path"].as_str().unwrap();
    let (gate, rule, commit) = (text("gate"), text("rule"), text("commit"));
    if let Some(resource) = finding["resource"].as_str() {
        return format!("{gate} {rule} {resource}");
    }
    let file = match commit.as_str() {
        "" => project.read(path),
        commit => project.git(&["show", &format!("{commit}:{path}")]),
    };
    let lines: Vec<&str> = file.lines().collect();
    // What is about the whole file goes by the token of its first line.
    let number = place["start_line"].as_u64().unwrap_or(1) as usize;
    let line = lines[number - 1];
    let column = place["start_column"].as_u64().unwrap_or(1) as usize;
    let before = tokens(line).into_iter().rfind(|(at, _)| *at < column).map(|(_, token)| token.to_owned());
    let first = || tokens(line).first().map(|(_, token)| format!("before {token}"));
    // Of lines that are word for word the same, the line above decides which is which.
    let above = || tokens(lines[number - 2]).first().map(|(_, token)| format!("below {token}"));
    let token = before
        .or_else(first)
        .or_else(above)
        .unwrap_or_else(|| panic!("{path}:{number} has no token: {line}"));
    format!("{gate} {rule} {commit} {token}")
}

/// The tokens of a line, each with the place where it begins.
fn tokens(line: &str) -> Vec<(usize, &str)> {
    line.match_indices("tok").map(|(at, _)| (at, &line[at..at + 5])).collect()
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    commits: usize,
    kept: usize,
    lost: usize,
    collided: usize,
    /// Findings that were not there before.
    new: usize,
}

impl Tally {
    fn numbers(self) -> [usize; 5] {
        [self.commits, self.kept, self.lost, self.collided, self.new]
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.commits += other.commits;
        self.kept += other.kept;
        self.lost += other.lost;
        self.collided += other.collided;
        self.new += other.new;
    }
}

/// What stood for what, so far.
#[derive(Default)]
struct Ledger {
    /// Each truth that there is now, with its id.
    now: HashMap<String, String>,
    /// The truth that each id was given for first.
    of_id: HashMap<String, String>,
}

impl Ledger {
    /// Compares the findings of some gates with those of the commit before.
    fn compare(&mut self, project: &Project, gates: &str, found: &[Value]) -> Tally {
        let mut tally = Tally { commits: 1, ..Tally::default() };
        let of_gates = |truth: &str| gates.split(',').any(|gate| truth.split(' ').next() == Some(gate));
        let before: HashMap<String, String> = self.now.extract_if(|truth, _| of_gates(truth)).collect();
        for finding in found {
            let (truth, id) = (truth(project, finding), finding["id"].as_str().unwrap().to_owned());
            match before.get(&truth) {
                Some(known) if *known == id => tally.kept += 1,
                Some(_) => {
                    println!("lost: {truth}");
                    tally.lost += 1;
                }
                None => tally.new += 1,
            }
            let stood_for = self.of_id.entry(id.clone()).or_insert_with(|| truth.clone());
            if *stood_for != truth {
                println!("collided: {truth} has the id of {stood_for}");
                tally.collided += 1;
            }
            let twice = self.now.insert(truth, id);
            assert!(twice.is_none(), "two findings of one truth: {finding:#}");
        }
        tally
    }
}

/// Goes through the history with the gates that `looks_at`, and tallies by kind of edit. Gives the ids of the end, too.
fn walk(
    project: &Project,
    looks_at: fn(Touches) -> bool,
) -> (BTreeMap<&'static str, Tally>, BTreeSet<String>) {
    let mut ledger = Ledger::default();
    let all = gates_for(looks_at);
    ledger.compare(project, &all, &findings(project, &all, &[]));
    let mut by_kind: BTreeMap<&str, Tally> = BTreeMap::new();
    for Edit { kind, touches, make } in &EDITS {
        make(project);
        project.commit(kind);
        println!("{kind}");
        if looks_at(*touches) {
            let gates = gates_of(*touches);
            *by_kind.entry(kind).or_default() +=
                ledger.compare(project, gates, &findings(project, gates, &[]));
        }
    }
    (by_kind, ledger.now.into_values().collect())
}

/// Straight to standard error: the harness keeps what a passing test prints.
#[allow(clippy::explicit_write, reason = "eprintln! is what the harness keeps")]
fn say(words: &str) {
    writeln!(std::io::stderr(), "{words}").unwrap();
}

/// By kind of edit: commits, kept, lost, collided, new.
const EXPECTED: [(&str, [usize; 5]); 16] = [
    // Of two keys in one file of the work tree, nothing shows which is the known one: both are new.
    ("alike finding added above", [5, 54, 1, 0, 16]),
    ("alike finding added below", [1, 22, 0, 0, 3]),
    ("alike finding removed", [2, 29, 0, 0, 0]),
    ("code moved within the file", [3, 60, 0, 0, 0]),
    ("comments added", [1, 11, 0, 0, 0]),
    // The path is part of the id: else two files with the same lines would share theirs.
    ("file renamed", [3, 50, 3, 0, 0]),
    ("folder moved", [1, 8, 15, 0, 0]),
    ("lines inserted above", [3, 38, 0, 0, 0]),
    ("one of two on a line fixed", [1, 16, 0, 0, 0]),
    // What stays on the line is another line.
    ("re-formatted: a line split", [1, 20, 3, 0, 0]),
    ("re-formatted: brackets", [1, 16, 0, 0, 0]),
    ("re-formatted: quotes, semicolons, spaces", [1, 23, 0, 0, 0]),
    ("re-indented", [3, 45, 0, 0, 0]),
    ("the line itself changed", [2, 37, 2, 0, 0]),
    // Two lines that are the same word for word go by the lines above them: both are new.
    ("the same line once more, above", [1, 15, 1, 0, 1]),
    ("unrelated files", [1, 4, 0, 0, 0]),
];

#[test]
fn ids_hold_over_thirty_commits() {
    let code = |touches| matches!(touches, Touches::Code | Touches::Lint);
    let others = |touches| !matches!(touches, Touches::Code | Touches::Lint);
    // Node's tools beside the others: two processors are enough for both.
    let by_kind = std::thread::scope(|scope| {
        let code = scope.spawn(|| walk_and_compare(code));
        let mut all = walk_and_compare(others);
        for (kind, tally) in code.join().unwrap() {
            *all.entry(kind).or_default() += tally;
        }
        all
    });
    let mut sum = Tally::default();
    let row = |kind: &str, words: [String; 5]| {
        let [commits, kept, lost, collided, new] = words;
        say(&format!("{kind:42} {commits:>7} {kept:>5} {lost:>5} {collided:>8} {new:>4}"));
    };
    row("edit", ["commits", "kept", "lost", "collided", "new"].map(str::to_owned));
    for (kind, tally) in &by_kind {
        row(kind, tally.numbers().map(|n| n.to_string()));
        sum += *tally;
    }
    row("all", sum.numbers().map(|n| n.to_string()));
    let by_kind: BTreeMap<&str, [usize; 5]> =
        by_kind.into_iter().map(|(kind, tally)| (kind, tally.numbers())).collect();
    assert_eq!(by_kind, BTreeMap::from(EXPECTED));
}

/// Goes through the history, then has the end of it judged in a clone elsewhere, too.
fn walk_and_compare(looks_at: fn(Touches) -> bool) -> BTreeMap<&'static str, Tally> {
    let app = notes_app();
    let (by_kind, here) = walk(&app, looks_at);
    let clone = Project::new();
    clone.git(&["clone", "--quiet", &app.root().display().to_string(), "."]);
    with_modules(&clone);
    let found = findings(&clone, &gates_for(looks_at), &[]);
    let there: BTreeSet<String> =
        found.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((there.len(), &there), (found.len(), &here), "another folder");
    if looks_at(Touches::Secrets) {
        let range = findings(&app, "secrets", &["--since", "HEAD~5"]);
        assert!(!range.is_empty());
        assert!(
            range.iter().all(|finding| here.contains(finding["id"].as_str().unwrap())),
            "a range of commits"
        );
    }
    by_kind
}
