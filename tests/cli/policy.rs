//! The policy in daily use: baseline, ratchets, budgets, new findings, dry runs. The walk-through of
//! `docs/policy.md` is run command by command.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "the walk-through is a shell's")]

mod combined;
mod gone;
mod licences;
mod messages;
mod questions;
mod statements;
mod waivers;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{Project, Ran};
use serde_json::Value;

/// A linter: every line with FIXME is an error. The text after FIXME is its rule.
const MARKS: &str = r#"printf '{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"marks"}},"results":[' >marks.sarif
grep -rn FIXME src | sort | awk -F: '{
    printf "%s{\"ruleId\":\"fixme\",\"level\":\"error\",\"message\":{\"text\":\"%s\"},", (NR > 1 ? "," : ""), $4
    printf "\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"%s\"},", $1
    printf "\"region\":{\"startLine\":%s}}}]}", $2
}' >>marks.sarif
printf ']}]}\n' >>marks.sarif"#;

const GATE: &str = "
[[gate]]
id = \"marks\"
tool = \"command\"
run = [\"marks\"]
report = { format = \"sarif\", path = \"marks.sarif\" }
";

/// A repository with this many files, each with ten findings.
fn project(files: usize, top: &str) -> Project {
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    project.program("marks", MARKS);
    for n in 0..files {
        let text: String = (0..10).map(|line| format!("FIXME: thing {n}.{line}\nfine\n")).collect();
        project.write(&format!("src/{n:02}.txt"), text);
    }
    project.write(".gitignore", "gates-report\nmarks.sarif\n");
    project.write("gates.toml", format!("version = 1\n{top}\n{GATE}"));
    project.commit("the base");
    project
}

fn production(project: &Project) -> Ran {
    project.run(&["run", "--mode", "production"])
}

/// The denied and the known findings of a run.json, counted by jq.
fn denied_and_known(project: &Project) -> (u64, u64) {
    let file = project.root().join("gates-report/run.json");
    let count = |filter: &str| {
        let output = Command::new("jq").arg(filter).arg(&file).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().parse().unwrap()
    };
    (
        count("[.findings[] | select(.decision == \"deny\")] | length"),
        count("[.findings[] | select(.baseline)] | length"),
    )
}

#[test]
fn the_walk_through_works_as_it_is_written() {
    let project = project(90, "mode = \"lab\"");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy.md")).unwrap();
    let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(commands.len() > 20);
    let path = std::env::var("PATH").unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_portcullis")).parent().unwrap();
    let mut checked = 0;
    for line in commands {
        let (command, expected) = match line.rsplit_once("# exit ") {
            Some((command, code)) => (command, code.trim().parse().unwrap()),
            None => (line, 0),
        };
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(project.root())
            .env("PATH", format!("{}:{}:{path}", binary.display(), project.bin().display()))
            .output()
            .unwrap();
        let ran = Ran::of(output);
        assert_eq!(ran.code, expected, "{line}\n{}", ran.all());
        checked += usize::from(command.contains("portcullis"));
    }
    assert!(checked > 12, "{checked}");
    let baseline: Value = serde_json::from_str(&project.read("gates.baseline.json")).unwrap();
    assert_eq!(baseline["findings"].as_array().unwrap().len(), 870, "three files of ten were fixed");
}

#[test]
fn known_findings_are_allowed_and_shown_and_new_ones_block() {
    let project = project(2, "[defaults]\nnew_only = true");
    // Nothing is known yet.
    let ran = production(&project);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("there is no gates.baseline.json"), "{}", ran.stdout);
    assert_eq!(project.run(&["baseline"]).code, 0);
    let ran = production(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(denied_and_known(&project), (0, 20));
    assert!(ran.stdout.contains("20 known "), "{}", ran.stdout);

    project.write("src/new.txt", "FIXME: new\n");
    let ran = production(&project);
    assert_eq!((ran.code, denied_and_known(&project)), (1, (1, 20)), "{}", ran.all());
    assert_eq!(project.run(&["run", "--mode", "production", "--no-baseline"]).code, 1);
    assert_eq!(denied_and_known(&project), (21, 0));
}

#[test]
fn pruning_a_baseline_removes_fixed_findings_and_adds_none() {
    let project = project(2, "[defaults]\nnew_only = true");
    production(&project);
    project.run(&["baseline"]);
    fs::remove_file(project.root().join("src/00.txt")).unwrap();
    project.write("src/new.txt", "FIXME: new\n");
    production(&project);
    assert_eq!(project.record()["known"]["gone"], 10);
    let ran = project.run(&["baseline", "--prune"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let lines = project.read("gates.baseline.json");
    assert_eq!((lines.matches("\"id\"").count(), lines.contains("src/new.txt")), (10, false));
    // A gate that proves nothing keeps its entries.
    project.program("marks", "exit 1");
    production(&project);
    let ran = project.run(&["baseline", "--prune"]);
    assert!(ran.stdout.contains("no finding of gates.baseline.json is gone"), "{}", ran.all());
    let ran = project.run(&["baseline"]);
    assert!(ran.stdout.contains("marks proved nothing ("), "{}", ran.all());
    assert_eq!(project.read("gates.baseline.json").matches("\"id\"").count(), 10);
}

#[test]
fn a_broken_baseline_is_a_mistake_with_its_place() {
    let project = project(1, "[defaults]\nnew_only = true");
    production(&project);
    project.run(&["baseline"]);
    let good = project.read("gates.baseline.json");
    for (text, why) in [
        (good.replace("    {", "<<<<<<< HEAD\n    {"), "line 6 is a conflict marker"),
        (good.replace("baseline/1", "baseline/9"), "its schema is portcullis/baseline/9"),
        (good[..good.len() / 2].to_owned(), "not a whole baseline"),
    ] {
        project.write("gates.baseline.json", text);
        for command in [&["run"][..], &["baseline"], &["judge", "--from", "gates-report/run.json"]] {
            let ran = project.run(command);
            assert_eq!(ran.code, 2, "{}", ran.all());
            assert!(ran.stderr.contains(why) && ran.stderr.contains("gates.baseline.json"), "{}", ran.stderr);
        }
    }
}

#[test]
fn a_ratchet_limits_the_number_of_a_gate_and_a_budget_that_of_all_gates() {
    let ratchet = "fail_on = \"never\"\nno_worse_than = \"gates.baseline.json\"\n";
    let project = project(1, "");
    let gates = project.read("gates.toml").replace("tool =", &format!("{ratchet}tool ="));
    project.write("gates.toml", &gates);
    production(&project);
    project.run(&["baseline"]);
    assert_eq!(production(&project).code, 0);
    project.write("src/new.txt", "FIXME: new\n");
    let ran = production(&project);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(project.gate("marks")["reason"], "11 high, gates.baseline.json has 10");

    project.write(
        "gates.toml",
        format!("version = 1\nmax = {{ high = 10 }}\n[defaults]\nfail_on = \"never\"\n{GATE}"),
    );
    let ran = production(&project);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(project.record()["over"], serde_json::json!(["11 high in all gates, max is 10"]));
    fs::remove_file(project.root().join("src/new.txt")).unwrap();
    assert_eq!(production(&project).code, 0);
}

#[test]
fn new_since_judges_what_the_change_added_and_records_the_base() {
    let project = project(2, "");
    project.git(&["branch", "base"]);
    project.write("src/new.txt", "FIXME: new\n");
    project.commit("the change");
    let run = || project.run(&["run", "--mode", "production", "--new-since", "base"]);
    let ran = run();
    assert_eq!((ran.code, denied_and_known(&project)), (1, (1, 20)), "{}", ran.all());
    let kept = fs::read_dir(project.root().join(".git/portcullis")).unwrap().flatten();
    assert_eq!(kept.filter(|file| file.file_name() != "times.json").count(), 1);
    project.write("src/new.txt", "fine\n");
    let ran = run();
    assert_eq!((ran.code, denied_and_known(&project)), (0, (0, 20)), "{}", ran.all());
    // gates.toml can set it, too. A revision without a common ancestor is a mistake.
    let gates = project.read("gates.toml");
    project
        .write("gates.toml", gates.replace("version = 1", "version = 1\n[baseline]\nnew_since = \"base\""));
    assert_eq!(production(&project).code, 0);
    let ran = project.run(&["run", "--new-since", "nowhere"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("no commit in common"), "{}", ran.stderr);
}

#[test]
fn a_dry_run_says_what_production_would_do_and_exits_with_0() {
    let project = project(1, "mode = \"production\"");
    let ran = project.run(&["run", "--dry-run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("To pass in production"), "{}", ran.stdout);
    assert!(ran.stdout.contains(" 1  Correct 10 lines of code"), "{}", ran.stdout);
    assert!(ran.stdout.contains("fixme in src: 10"), "{}", ran.stdout);
}

#[test]
fn explain_shows_an_id_a_rule_or_a_gate_and_says_what_is_unknown() {
    let project = project(1, "");
    project.run(&["run"]);
    let id = project.record()["findings"][0]["id"].as_str().unwrap().to_owned();
    for what in [&*id, &id[..6], "fixme"] {
        let ran = project.run(&["explain", what]);
        assert_eq!(ran.code, 0, "{}", ran.all());
        for words in [&*id, "because     fail_on = high", "gate        marks failed"] {
            assert!(ran.stdout.contains(words), "{what}: {words}: {}", ran.stdout);
        }
    }
    let ran = project.run(&["explain", "marks"]);
    assert!(ran.stdout.contains("findings    10: fail_on = high"), "{}", ran.stdout);
    let ran = project.run(&["explain", "fixne"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("did you mean `fixme`?"), "{}", ran.stderr);
}

#[test]
fn a_change_can_not_record_its_own_findings_in_the_baseline() {
    let project = project(1, "[defaults]\nnew_only = true");
    production(&project);
    project.run(&["baseline"]);
    project.commit("what was there is taken on");
    project.git(&["branch", "base"]);
    project.write("src/new.txt", "FIXME: new\n");
    production(&project);
    project.run(&["baseline"]);
    assert_eq!(production(&project).code, 0, "by the change's own word");
    let ran = project.run(&["run", "--mode", "production", "--policy-from", "base"]);
    assert_eq!((ran.code, denied_and_known(&project)), (1, (1, 10)), "{}", ran.all());
    let loosened = project.record()["policy"]["loosened"].to_string();
    assert!(loosened.contains("gates.baseline.json") && loosened.contains("1 more finding"), "{loosened}");
}

#[test]
fn a_baseline_of_a_run_without_proof_is_refused() {
    let project = project(1, "");
    project.program("marks", "exit 1");
    project.run(&["run"]);
    let ran = project.run(&["baseline"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("proved anything: there is nothing to record; run again"), "{}", ran.stderr);
    assert!(!project.root().join("gates.baseline.json").exists());
}

/// For every kind of decision, its steps.
#[test]
fn explain_shows_every_step_of_a_decision() {
    let project = project(1, "[defaults]\nnew_only = true");
    project.run(&["run"]);
    let one = project.record()["findings"][0]["id"].as_str().unwrap().to_owned();
    let steps = |top: &str, gate: &str| {
        let text = format!("version = 1\nmode = \"production\"\n{top}\n{GATE}{gate}");
        project.write("gates.toml", text);
        let ran = project.run(&["run"]);
        assert_ne!(ran.code, 2, "{}", ran.all());
        project.run(&["explain", &one]).stdout
    };
    let holds = |explained: &str, words: &[&str]| {
        for words in words {
            assert!(explained.contains(words), "{words}: {explained}");
        }
    };
    let explained = steps("", "new_only = true\n");
    holds(
        &explained,
        &[
            "1. there is no waiver",
            "2. there are no known findings: it is new",
            "3. high is at or above fail_on = high: it blocks",
        ],
    );
    project.run(&["baseline"]);
    let explained = steps("", "new_only = true\n");
    holds(
        &explained,
        &["2. it is in gates.baseline.json at ", "new_only = true allows known findings. It does not block"],
    );
    let explained = steps("", "");
    holds(&explained, &["the gate does not use that (no new_only)", "3. high is at or above fail_on = high"]);
    let explained = steps("", "fail_on = \"never\"\nmax = { high = 9 }\n");
    holds(
        &explained,
        &["high is below fail_on = never", "the gate counts 10 high, and max allows 9: that is too many"],
    );
    let explained = steps("", "fail_on = \"never\"\nno_worse_than = \"gates.baseline.json\"\n");
    holds(&explained, &["the gate counts 10 high, and no_worse_than allows 10: that is not too many"]);
    let explained = steps("max = { high = 3 }", "fail_on = \"never\"\nrequired = true\n");
    holds(
        &explained,
        &["the budget of the run is exceeded: 10 high in all gates, max is 3", "decision    blocks"],
    );
    let explained = steps("max = { high = 10 }", "fail_on = \"never\"\n");
    holds(
        &explained,
        &["the budget of the run allows 10 high, and is kept", "is reported, and does not block"],
    );
    let other = "[[gate]]\nid = \"other\"\ntool = \"command\"\nrun = [\"true\"]\n";
    let explained = steps("", &format!("required = false\n{other}"));
    holds(&explained, &["the gate is advisory: the run is not blocked by it"]);
}
