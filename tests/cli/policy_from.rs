//! `--policy-from`: whose policy it is.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::{Project, Ran};
use serde_json::Value;

/// A gate that finds one thing of level `warning` (medium).
const FINDS: &str = r#"[[gate]]
id = "lint"
tool = "command"
run = ["sh", "-c", '''printf '%s' '{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"demo"}},"results":[{"ruleId":"demo-1","level":"warning","message":{"text":"found"}}]}]}'; exit 1''']
report = { format = "sarif", path = "-" }
fail_on = "medium"
"#;

fn gates(mode: &str, rest: &str) -> String {
    format!("version = 1\nmode = \"{mode}\"\n{rest}")
}

const FROM_BASE: [&str; 3] = ["run", "--policy-from", "base"];

fn loosened(project: &Project) -> Vec<String> {
    let record = project.record();
    let all = record["policy"]["loosened"].as_array().unwrap();
    all.iter()
        .map(|one| format!("{}: {}", one["place"].as_str().unwrap(), one["what"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_change_can_not_switch_off_its_own_gate() {
    let project = Project::base_with(&[("gates.toml", &gates("production", FINDS))]);
    let waiver = "[[waiver]]\nrule = \"demo-1\"\nreason = \"let me in\"\nexpires = 2999-12-31\n";
    for (change, loosening) in [
        (gates("lab", FINDS), "gates.toml: mode = lab"),
        (gates("production", &FINDS.replace("\"medium\"", "\"never\"")), "gate lint: fail_on = never"),
        (gates("production", &format!("{FINDS}required = false\n")), "gate lint: required = false"),
        (
            gates("production", &format!("{FINDS}{waiver}")),
            "waiver 1: it is new: rule = demo-1 until 2999-12-31",
        ),
        (gates("production", &FINDS.replace("exit 1", "exit 0")), "gate lint: run changed"),
        (
            gates("production", "[[gate]]\nid = \"other\"\ntool = \"command\"\nrun = [\"true\"]\n"),
            "gate lint: it was removed",
        ),
    ] {
        project.write("gates.toml", &change);
        let ran = project.run(&FROM_BASE);
        assert_eq!(ran.code, 1, "{change}: {}", ran.all());
        assert_eq!(loosened(&project), [loosening]);
        assert!(ran.stdout.contains("the change would loosen"), "{}", ran.stdout);
        assert_eq!(project.record()["policy"]["from"], project.git(&["rev-parse", "base"]));
    }
    // The environment variable does the same. Without either, the policy of the change is used.
    project.write("gates.toml", gates("lab", FINDS));
    let output = project.command(&["run"]).env("PORTCULLIS_POLICY_FROM", "base").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(project.run(&["run"]).code, 0);
    assert_eq!(project.record()["policy"], Value::Null);
}

#[test]
fn a_change_that_loosens_nothing_gets_no_notice() {
    let project = Project::base_with(&[("gates.toml", &gates("lab", FINDS))]);
    project.write("gates.toml", gates("production", &FINDS.replace("\"medium\"", "\"low\"")));
    let ran = project.run(&FROM_BASE);
    assert_eq!((ran.code, loosened(&project).len()), (0, 0), "{}", ran.all());
    assert!(!ran.stdout.contains("would loosen"), "{}", ran.stdout);
}

#[test]
fn the_base_decides_even_if_the_change_moves_or_removes_the_file() {
    let project = Project::base_with(&[("gates.toml", &gates("production", FINDS)), ("backend/a.txt", "a")]);
    project.write("gates.toml", "version = 1\nthis is broken");
    let ran = project.run(&FROM_BASE);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(project.record()["policy"]["notes"][0].as_str().unwrap().contains("mistake"), "{}", ran.all());

    std::fs::remove_file(project.root().join("gates.toml")).unwrap();
    let ran = project.run(&FROM_BASE);
    assert_eq!(ran.code, 1, "{}", ran.all());

    // A gates.toml that the change adds in a nearer folder does not count.
    let nearer = project.write("backend/gates.toml", gates("lab", FINDS));
    let ran = Ran::of(project.command(&FROM_BASE).current_dir(nearer.parent().unwrap()).output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.all());
}

#[test]
fn without_a_policy_in_the_base_nothing_is_run() {
    let project = Project::base_with(&[("other.txt", "")]);
    project.write("gates.toml", gates("lab", FINDS));
    for (rev, words) in
        [("base", "there is no gates.toml in base"), ("nowhere", "there is no commit `nowhere`")]
    {
        let ran = project.run(&["run", "--policy-from", rev]);
        assert_eq!(ran.code, 2, "{}", ran.all());
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    let mistaken = Project::base_with(&[("gates.toml", "version = 1\nmode = \"labb\"\n")]);
    let ran = mistaken.run(&FROM_BASE);
    assert_eq!(ran.code, 2, "{}", ran.all());
    let words = ["base:gates.toml", "known: lab, production"];
    assert!(words.iter().all(|words| ran.stderr.contains(words)), "{}", ran.stderr);

    let outside = Project::with_gates(&gates("lab", FINDS));
    let ran = outside.run(&["run", "--policy-from", "base"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("needs a git repository"), "{}", ran.stderr);
    assert!(!outside.root().join("gates-report").exists());
}

#[test]
fn a_changed_script_that_the_policy_names_is_reported() {
    let gate = "[[gate]]\nid = \"check\"\ntool = \"command\"\nrun = [\"sh\", \"check.sh\"]\n";
    let project = Project::base_with(&[("gates.toml", &gates("production", gate)), ("check.sh", "exit 1\n")]);
    project.write("check.sh", "exit 0\n");
    let ran = project.run(&FROM_BASE);
    assert!(ran.stdout.contains("check.sh, which the command names, differs"), "{}", ran.stdout);
}

#[test]
fn the_floor_holds_for_the_policy_of_the_base() {
    let project = Project::base_with(&[("gates.toml", &gates("lab", FINDS))]);
    project.write("gates.toml", gates("production", FINDS));
    let floor = project.write("floor.toml", "version = 1\nmode = \"production\"\n");
    let args = ["run", "--policy-from", "base", "--require", floor.to_str().unwrap()];
    assert_eq!(project.run(&args).code, 2);
}

#[test]
fn the_plan_is_that_of_the_base_and_shows_what_the_change_would_loosen() {
    let tools = "[[gate]]\nid = \"secrets\"\ntool = \"gitleaks\"\nscan = \"tree\"\n[[gate]]\nid = \"audit\"\ntool = \"npm-audit\"\ndirs = [\"app\"]\n";
    let base = gates("production", &format!("{FINDS}{tools}"));
    let project = Project::base_with(&[
        ("gates.toml", &base),
        (".gitleaks.toml", "[extend]\nuseDefault = true\n"),
        ("app/package.json", "{}"),
    ]);
    project.write("gates.toml", gates("lab", FINDS));
    project.write(".gitleaks.toml", "[extend]\nuseDefault = true\n[allowlist]\npaths = ['.*']\n");
    project.write(".gitleaksignore", "a:b:1\n");
    project.write("app/.npmrc", "workspace=other\n");

    // With the policy of the change.
    let ran = project.run(&["plan", "--format", "json"]);
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&plan["mode"], &plan["policy"]), (&"lab".into(), &Value::Null), "{}", ran.all());
    assert_eq!(plan["gates"].as_array().unwrap().len(), 1);

    for variable in [false, true] {
        let ran = match variable {
            false => project.run(&["plan", "--format", "json", "--policy-from", "base"]),
            true => {
                let mut plan = project.command(&["plan", "--format", "json"]);
                Ran::of(plan.env("PORTCULLIS_POLICY_FROM", "base").output().unwrap())
            }
        };
        assert_eq!(ran.code, 0, "{}", ran.all());
        let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(plan["mode"], "production");
        assert_eq!(plan["policy"]["from"], project.git(&["rev-parse", "base"]));
        let loosened: Vec<&str> = plan["policy"]["loosened"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["place"].as_str().unwrap())
            .collect();
        assert_eq!(loosened, ["gates.toml", "gate secrets", "gate audit"]);
        let target = |id: &str| {
            let gates = plan["gates"].as_array().unwrap();
            gates.iter().find(|gate| gate["id"] == id).unwrap()["targets"][0].clone()
        };
        let command = target("secrets")["command"].to_string();
        for part in [
            "--config\",\"$SCRATCH/.base/files/.gitleaks.toml",
            "--gitleaks-ignore-path",
            "./portcullis-door/..",
        ] {
            assert!(command.contains(part), "no {part} in {command}");
        }
        let notes = target("secrets")["notes"].to_string();
        assert!(notes.contains("reads .gitleaks.toml of the base, not of the change"), "{notes}");
        let notes = target("audit")["notes"].to_string();
        assert!(notes.contains("does not read app/.npmrc: the base does not have it"), "{notes}");
    }

    let ran = project.run(&["plan", "--policy-from", "base"]);
    for words in [
        "Policy from base (",
        "the change would loosen gates.toml: mode = lab, the base has mode = production",
        "the change would loosen gate secrets: it was removed",
        "Mode production",
        "reads .gitleaks.toml of the base",
    ] {
        assert!(ran.stdout.contains(words), "no \"{words}\" in:\n{}", ran.stdout);
    }
    assert!(!project.root().join("gates-report").exists());
    assert_eq!(project.run(&["plan", "--policy-from", "nowhere"]).code, 2);
}

const SARIF: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"demo"}},"results":[
    {"ruleId":"demo-1","level":"warning","message":{"text":"found"}}]}]}"#;

#[test]
fn reports_are_judged_by_the_policy_of_the_base() {
    let project = Project::base_with(&[("gates.toml", &gates("production", FINDS))]);
    let waiver = "[[waiver]]\nrule = \"demo-1\"\nreason = \"let me in\"\nexpires = 2999-12-31\n";
    project.write("gates.toml", gates("lab", &format!("{FINDS}{waiver}")));
    project.write("a.sarif", SARIF);
    let judge = ["judge", "--report", "lint=a.sarif"];
    assert_eq!(project.run(&judge).code, 0);
    assert_eq!(project.record()["policy"], Value::Null);
    let ran = project.run(&[&judge[..], &["--policy-from", "base"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(
        loosened(&project),
        ["gates.toml: mode = lab", "waiver 1: it is new: rule = demo-1 until 2999-12-31"]
    );
    assert!(ran.stdout.contains("the change would loosen"), "{}", ran.stdout);
    let ran = project.command(&judge).env("PORTCULLIS_POLICY_FROM", "base").output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
}

#[test]
fn a_saved_run_is_held_to_the_policy_of_the_base() {
    let other = "[[gate]]\nid = \"other\"\ntool = \"command\"\nrun = [\"true\"]\n";
    let base = gates("production", &format!("{FINDS}{other}"));
    let project = Project::base_with(&[("gates.toml", &base)]);
    let judged = |change: &str, run: &[&str]| {
        project.write("gates.toml", change);
        assert_eq!(project.run(run).code, 0, "{change}");
        project.write("saved.json", project.read("gates-report/run.json"));
        assert_eq!(project.run(&["judge", "--from", "saved.json"]).code, 0, "{change}");
        let ran =
            project.run(&["judge", "--from", "saved.json", "--policy-from", "base", "--out", "gates-report"]);
        let reason = |id: &str| project.gate(id)["reason"].as_str().unwrap().to_owned();
        (ran.code, reason("lint"), reason("other"), loosened(&project))
    };
    let never = FINDS.replace("\"medium\"", "\"never\"");
    let run = ["run"];
    for (change, run, code, words) in [
        (gates("lab", &format!("{FINDS}{other}")), &run[..], 1, "1 finding at or above medium"),
        (gates("production", &format!("{never}{other}")), &run, 1, "1 finding at or above medium"),
        (gates("production", other), &run, 3, "it is in the policy of base, and not in the saved run"),
        (
            gates("production", &format!("{never}{other}")),
            &["run", "--skip", "lint"],
            3,
            "the saved run did not run it: left out by --skip",
        ),
    ] {
        let (got, lint, others, loosenings) = judged(&change, run);
        assert_eq!((got, lint.as_str()), (code, words), "{change}");
        assert_eq!(others, "exit code only, nothing counted");
        assert_eq!(loosenings.len(), 1, "{loosenings:?}");
    }

    // The same id with another tool.
    project.write("gates.toml", gates("lab", &format!("{never}{other}")));
    project.run(&["run"]);
    let saved = project.read("gates-report/run.json").replace("\"tool\": \"command\"", "\"tool\": \"syft\"");
    project.write("saved.json", saved);
    let ran = project.run(&["judge", "--from", "saved.json", "--policy-from", "base"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stdout.contains("its tool is command"), "{}", ran.stdout);
}

#[test]
fn judge_applies_the_floor() {
    let skipped = "[profile.ci]\nskip = [\"lint\"]\n";
    let other = "[[gate]]\nid = \"other\"\ntool = \"gitleaks\"\n";
    let project = Project::with_gates(&gates("production", &format!("{FINDS}{other}{skipped}")));
    let floor = "version = 1\nmode = \"production\"\n[[gate]]\ntool = \"command\"\nfail_on = \"medium\"\n";
    project.write("floor.toml", floor);
    project.write("a.sarif", SARIF);
    let run = |args: &[&str]| project.run(&[args, &["--require", "floor.toml"]].concat());
    let refused = |ran: Ran, words: &str| {
        assert_eq!(ran.code, 2, "{}", ran.all());
        assert!(ran.stderr.contains(words), "no \"{words}\" in:\n{}", ran.stderr);
    };
    assert_eq!(run(&["judge", "--report", "lint=a.sarif"]).code, 1);
    refused(run(&["judge", "--report", "lint=a.sarif", "--mode", "lab"]), "this run is in lab mode");
    refused(run(&["judge", "--report", "sarif=a.sarif"]), "gate `lint` was not judged");
    refused(run(&["judge", "--report", "lint=a.sarif", "--profile", "ci"]), "gate `lint` would not run");

    project.write("gates.toml", gates("production", FINDS));
    assert_eq!(run(&["run"]).code, 1);
    let from = ["judge", "--from", "gates-report/run.json"];
    assert_eq!(run(&from).code, 1);
    refused(run(&[&from[..], &["--mode", "lab"]].concat()), "this run is in lab mode");
    let output = project.command(&from).env("PORTCULLIS_REQUIRE", "floor.toml").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    project.write(
        "saved.json",
        project.read("gates-report/run.json").replace("\"id\": \"lint\"", "\"id\": \"old\""),
    );
    refused(run(&["judge", "--from", "saved.json"]), "gate `lint` was not judged");
    project.write("gates.toml", gates("production", &FINDS.replace("\"medium\"", "\"high\"")));
    refused(run(&from), "gate `lint` has fail_on = high");

    // A gate that only the saved run has keeps its policy, and the floor applies to it, too.
    project.write(
        "gates.toml",
        gates("production", &FINDS.replace("\"medium\"", "\"never\"").replace("lint", "old")),
    );
    project.run(&["run"]);
    let both = format!("{FINDS}{}", FINDS.replace("lint", "old").replace("\"medium\"", "\"never\""));
    project.write("gates.toml", gates("production", &both));
    project.run(&["run"]);
    project.write("gates.toml", gates("production", FINDS));
    refused(run(&from), "gate `old` has fail_on = never");

    std::fs::remove_file(project.root().join("gates.toml")).unwrap();
    refused(run(&from), "there is no gates.toml to compare with the floor");
}
