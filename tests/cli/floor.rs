//! An organisation's floor: no policy goes below it, neither by gates.toml nor by a profile or the command
//! line.

mod scans_less;

use crate::common::{Project, Ran};
use scans_less::SCANS_LESS;

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
            "{}[[waiver]]\nrule = \"demo-1\"\nreason = \"known\"\nexpires = 2999-12-31\n",
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
        "{}required = false\n[[waiver]]\nrule = \"CKV_AWS_18\"\nreason = \"no\"\nexpires = 2999-12-31\n[[waiver]]\npath = \"src/**\"\nreason = \"no\"\nexpires = 2999-12-31\n[[waiver]]\nrule = \"CVE-2021-44228\"\nreason = \"it is over\"\nexpires = 2020-01-01\n",
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
        (vec!["--skip", "lint"], "gate `lint` would not run: left out by --skip"),
        (vec!["--only", "b"], "gate `lint` would not run"),
        (vec!["--profile", "short"], "gate `lint` would not run: left out by profile short"),
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
        "`unrated` has no effect without `fail_on`",
        "security.toml:3:8",
        "`max_db_age` must be a duration",
        "this is not a pattern for `args`",
        "`images` must be a list of strings",
    ] {
        assert!(ran.stderr.contains(words), "no \"{words}\" in:\n{}", ran.stderr);
    }
}

/// What `plan` says of these gates under this floor; the exit code is that of a run.
fn planned(floor: &str, gates: &str, args: &[&str]) -> Ran {
    let project = Project::with_gates(&format!("version = 1\n{gates}"));
    project.write("floor.toml", format!("version = 1\n{floor}"));
    let mut all = vec!["plan", "--require", "floor.toml"];
    all.extend(args);
    let ran = project.run(&all);
    if ran.code == 2 {
        all[0] = "run";
        let run = project.run(&all);
        assert_eq!((run.code, &run.stderr), (2, &ran.stderr), "plan and run say the same");
    }
    ran
}

/// A gate with this tool and these further lines. Its table begins in line 2.
fn gate(tool: &str, lines: &str) -> String {
    let run = if tool == "command" { "run = [\"npm\", \"test\"]\n" } else { "" };
    format!("[[gate]]\nid = \"gate\"\ntool = \"{tool}\"\n{run}{lines}\n")
}

#[test]
fn a_gate_that_scans_less_is_below_the_floor_and_its_place_is_shown() {
    for (tool, floor, lines, what, help, place) in SCANS_LESS {
        let floor = format!("[[gate]]\ntool = \"{tool}\"\n{floor}\n");
        let ran = planned(&floor, &gate(tool, lines), &[]);
        assert_eq!(ran.code, 2, "{lines}: {}", ran.all());
        for words in [what, help, &format!("gates.toml:{place}:")] {
            assert!(ran.stderr.contains(words), "{lines}: no \"{words}\" in:\n{}", ran.stderr);
        }
    }
}

#[test]
fn a_gate_that_scans_as_much_or_more_is_not_below_the_floor() {
    for (floor, gates) in [
        ("tool = \"trivy\"\nargs = [\"--timeout\", \"*m\"]", gate("trivy", "args = [\"--timeout\", \"9m\"]")),
        ("tool = \"gitleaks\"\nprogram = [\"*/gitleaks\"]", gate("gitleaks", "program = \"./bin/gitleaks\"")),
        (
            "tool = \"trivy\"\nenv = [\"*\"]\nallow_empty = true",
            gate("trivy", "allow_empty = true\nenv = { A = \"b\" }"),
        ),
        ("tool = \"gitleaks\"\ndirs = [\"backend\"]", gate("gitleaks", "")),
        (
            "tool = \"checkov\"\ndirs = [\"infra/live\"]\nframework = [\"terraform\"]",
            gate("checkov", "dirs = [\"./infra/\"]"),
        ),
        ("tool = \"trivy\"\nmax_db_age = \"48h\"", gate("trivy", "max_db_age = \"24h\"")),
        // The age of a database does not matter if no finding depends on it.
        ("tool = \"trivy\"\nmax_db_age = \"48h\"", gate("trivy", "scan = \"config\"")),
        // Rated lower, but still blocked.
        (
            "tool = \"gitleaks\"\nfail_on = \"high\"",
            gate("gitleaks", "severity = \"low\"\nfail_on = \"low\""),
        ),
        (
            "tool = \"npm-audit\"\ndirs = [\"backend\", \"frontend\"]",
            gate("npm-audit", "dirs = [\"backend\"]")
                + &gate("npm-audit", "dirs = [\"frontend\"]").replace("\"gate\"", "\"b\""),
        ),
        (
            "tool = \"trivy\"\nscan = \"image\"\nimages = [\"app\"]",
            gate("trivy", "scan = \"image\"\nneeds = [\"build\"]")
                + &gate("docker-build", "images = [{ name = \"app\" }]").replace("\"gate\"", "\"build\""),
        ),
        // The floor does not mean the tool's other scan.
        (
            "tool = \"trivy\"\nscan = \"fs\"\nfail_on = \"low\"",
            gate("trivy", "fail_on = \"info\"")
                + &gate("trivy", "scan = \"config\"\nfail_on = \"never\"").replace("\"gate\"", "\"b\""),
        ),
    ] {
        let ran = planned(&format!("[[gate]]\n{floor}\n"), &gates, &[]);
        assert_eq!(ran.code, 0, "{floor}\n{gates}: {}", ran.all());
    }
}

#[test]
fn a_weaker_policy_is_reported_at_the_place_where_it_is_set() {
    let floor = "mode = \"production\"\nsince = false\n[[gate]]\ntool = \"gitleaks\"\nfail_on = \"low\"\n";
    let file = "mode = \"production\"\n[defaults]\nfail_on = \"high\"\n[[gate]]\nid = \"gate\"\ntool = \"gitleaks\"\n\
        [profile.easy]\nmode = \"lab\"\nskip = []\nsince = \"HEAD~1\"\n[profile.easy.gate.gate]\nrequired = false\n\
        fail_on = \"never\"\n[profile.none]\nskip = [\"gate\"]\n[profile.other]\nonly = [\"other\"]\n\
        [profile.strict]\n[profile.strict.gate.gate]\nfail_on = \"low\"\n[[gate]]\nid = \"other\"\ntool = \"trivy\"\n";
    for (args, places) in [
        (vec![], vec![("gate `gate` has fail_on = high", "gates.toml:4:11")]),
        (
            vec!["--profile", "easy"],
            vec![
                ("this run is in lab mode", "gates.toml:9:8"),
                ("this run would look only at what comes after HEAD~1", "gates.toml:11:9"),
                ("gate `gate` is advisory", "gates.toml:13:12"),
                ("gate `gate` has fail_on = never", "gates.toml:14:11"),
            ],
        ),
        (
            vec!["--profile", "none"],
            vec![("gate `gate` would not run: left out by profile none", "gates.toml:16:8")],
        ),
        (
            vec!["--profile", "other"],
            vec![("gate `gate` would not run: left out by profile other", "gates.toml:18:8")],
        ),
        (vec!["--profile", "strict"], vec![]),
        (
            vec!["--profile", "strict", "--since", "HEAD~2"],
            vec![("this run would look only at what comes after HEAD~2", "since = false")],
        ),
    ] {
        let ran = planned(floor, file, &args);
        assert_eq!(ran.code, if places.is_empty() { 0 } else { 2 }, "{args:?}: {}", ran.all());
        for (what, place) in places {
            let at = ran.stderr.find(what).unwrap_or_else(|| panic!("no \"{what}\" in:\n{}", ran.stderr));
            let rest = &ran.stderr[at..];
            let end = rest.find("\n\n").unwrap_or(rest.len());
            assert!(rest[..end].contains(place), "{args:?}: {what}: no \"{place}\" in:\n{}", &rest[..end]);
        }
    }
}

#[test]
fn the_keys_that_a_floor_may_have_are_listed_once_each() {
    let project = Project::with_gates("version = 1\n[[gate]]\nid = 'a'\ntool = 'command'\nrun = ['true']\n");
    project.write("floor.toml", "version = 1\n[[gate]]\ntool = 'command'\nzzzzzzzzzzzz = 1\n");
    let ran = project.run(&["run", "--require", "floor.toml"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    let known = ran.stderr.split("known: ").nth(1).unwrap().lines().next().unwrap();
    let keys: Vec<&str> = known.split(", ").collect();
    let once: std::collections::BTreeSet<&str> = keys.iter().copied().collect();
    assert!(keys.contains(&"run") && keys.len() == once.len(), "{known}");
}
