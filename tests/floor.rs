//! An organisation's floor: no policy is below it, whatever gates.toml, profile and command line say.

mod common;

use common::{Project, Ran};

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

/// The exit code and the errors of a run under this floor.
fn under(floor: &str, gates: &str, args: &[&str]) -> Ran {
    let project = Project::with_gates(gates);
    project.write("floor/security.toml", floor);
    let mut all = vec!["run", "--require", "floor/security.toml"];
    all.extend(args);
    let ran = project.run(&all);
    assert_eq!(project.root().join("gates-report").exists(), ran.code != 2, "{}", ran.all());
    ran
}

const FLOOR: &str = r#"version = 1
mode = "production"
protected = ["CVE-2021-44228", "CKV_AWS_*"]
[[gate]]
tool = "command"
id = "lint"
fail_on = "medium"
max = { low = 10 }
"#;

#[test]
fn a_policy_on_the_floor_or_above_it_runs() {
    for rest in [
        FINDS.replace("\"medium\"", "\"medium\"\nmax = { low = 10 }"),
        FINDS.replace("\"medium\"", "\"info\""),
        format!(
            "{}[[waiver]]\nrule = \"demo-1\"\nreason = \"known\"\n",
            FINDS.replace("\"medium\"", "\"low\"")
        ),
    ] {
        let ran = under(FLOOR, &gates("production", &rest), &[]);
        assert_ne!(ran.code, 2, "{}", ran.all());
    }
}

#[test]
fn every_place_below_the_floor_is_named_and_nothing_is_run() {
    let rest = format!(
        "{}required = false\n[[waiver]]\nrule = \"CKV_AWS_18\"\nreason = \"no\"\n[[waiver]]\npath = \"**\"\nreason = \"no\"\n[[waiver]]\nrule = \"CVE-2021-44228\"\nreason = \"it is over\"\nexpires = 2020-01-01\n",
        FINDS.replace("\"medium\"", "\"high\"\nmax = { low = 11 }"),
    );
    let floor = format!("{FLOOR}[[gate]]\ntool = \"gitleaks\"\n");
    let floor = floor.replacen("version = 1", "version = 1\nrequire_lock = true", 1);
    let ran = under(&floor, &gates("lab", &rest), &[]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    for words in [
        "this run is in lab mode",
        "gates.toml:2:8",
        "gate `lint` has fail_on = high",
        "the floor has fail_on = medium",
        "gate `lint` has max.low = 11",
        "the floor has max.low = 10",
        "gate `lint` is advisory",
        "waiver 1 covers `CKV_AWS_18`, which the floor protects (`CKV_AWS_*`)",
        "waiver 2 could cover any rule",
        "there is no gate with tool = \"gitleaks\"",
        "there is no gates.lock",
        "below the floor of",
        "in 8 places",
        "nothing was run",
    ] {
        assert!(ran.stderr.contains(words), "no \"{words}\" in:\n{}", ran.stderr);
    }
}

#[test]
fn profiles_and_the_command_line_do_not_go_below_the_floor_either() {
    let strict = FINDS.replace("\"medium\"", "\"low\"");
    let profile = "[[gate]]\nid = \"b\"\ntool = \"command\"\nrun = [\"true\"]\n[profile.easy]\nmode = \"lab\"\n[profile.easy.gate.lint]\nfail_on = \"never\"\nrequired = false\n[profile.short]\nonly = [\"b\"]\n";
    let file = gates("production", &format!("{strict}{profile}"));
    for (args, words) in [
        (vec!["--mode", "lab"], "this run is in lab mode"),
        (vec!["--skip", "lint"], "gate `lint` would not run: left out by skip"),
        (vec!["--only", "b"], "gate `lint` would not run"),
        (vec!["--profile", "short"], "gate `lint` would not run: not in profile short"),
        (vec!["--profile", "easy"], "gate `lint` has fail_on = never"),
        (vec!["--profile", "easy", "--mode", "production"], "gate `lint` is advisory"),
    ] {
        let ran = under(FLOOR, &file, &args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.all());
        assert!(ran.stderr.contains(words), "{args:?}: {}", ran.stderr);
    }
    assert_eq!(under(FLOOR, &file, &[]).code, 1);
}

#[test]
fn a_floor_with_mistakes_is_drawn_and_nothing_is_run() {
    let ran = under(
        "version = 1\n[[gate]]\ntool = \"gitleeks\"\n[[gate]]\ntool = \"trivy\"\nfail_om = \"low\"\nunrated = \"low\"\nmax_db_age = \"old\"\nargs = [\"[\"]\nimages = [1]\n",
        &gates("lab", FINDS),
        &[],
    );
    assert_eq!(ran.code, 2, "{}", ran.all());
    for words in [
        "did you mean `gitleaks`?",
        "did you mean `fail_on`?",
        "asks for nothing",
        "security.toml:3:8",
        "`max_db_age` must be a duration",
        "this is not a pattern for `args`",
        "`images` must be a list of strings",
    ] {
        assert!(ran.stderr.contains(words), "no \"{words}\" in:\n{}", ran.stderr);
    }
}
