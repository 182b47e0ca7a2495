//! The command line as a user sees it: exit codes, selection, policy, errors.

use crate::common::{Project, Ran};

/// A gate whose SARIF report has one result of this level; `code` is its exit code.
fn sarif_gate(id: &str, level: &str, code: i32, extra: &str) -> String {
    let report = format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"demo"}}}},"results":[{{"ruleId":"{id}-rule","level":"{level}","message":{{"text":"found by {id}"}},"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"src/{id}.ts"}},"region":{{"startLine":3}}}}}}]}}]}}]}}"#
    );
    format!(
        "[[gate]]\nid = \"{id}\"\ntool = \"command\"\nrun = [\"sh\", \"-c\", '''printf '%s' '{report}' > {id}.sarif; exit {code}''']\nreport = {{ format = \"sarif\", path = \"{id}.sarif\" }}\n{extra}\n"
    )
}

fn passing(id: &str) -> String {
    format!("[[gate]]\nid = \"{id}\"\ntool = \"command\"\nrun = [\"true\"]\n")
}

fn missing(id: &str, extra: &str) -> String {
    format!("[[gate]]\nid = \"{id}\"\ntool = \"command\"\nrun = [\"no-such-program-here\"]\n{extra}\n")
}

fn gates(mode: &str, parts: &[String]) -> Project {
    Project::with_gates(&format!("version = 1\nmode = \"{mode}\"\n{}", parts.concat()))
}

#[test]
fn every_mode_and_outcome_has_its_exit_code() {
    let cases = [
        ("pass", vec![passing("a")], 0),
        ("blocked", vec![passing("a"), sarif_gate("b", "error", 1, "")], 1),
        ("inconclusive", vec![passing("a"), missing("b", "")], 3),
        ("inconclusive", vec![sarif_gate("a", "error", 1, ""), missing("b", "")], 3),
        ("pass", vec![passing("a"), missing("b", "required = false")], 0),
    ];
    for (verdict, parts, production) in cases {
        for (mode, code) in [("lab", 0), ("production", production)] {
            let project = gates(mode, &parts);
            let ran = project.run(&["run"]);
            assert_eq!(ran.code, code, "{mode} {verdict}: {}", ran.all());
            let record = project.record();
            assert_eq!(record["verdict"], verdict);
            assert_eq!(record["would_block"], verdict != "pass");
            assert_eq!(record["exit_code"], code);
            assert!(ran.stdout.contains(&format!("Verdict: {}", verdict.to_uppercase())), "{}", ran.stdout);
        }
    }
}

#[test]
fn lab_says_what_production_would_have_done() {
    let project = gates("lab", &[passing("good"), sarif_gate("bad", "error", 1, ""), missing("gone", "")]);
    let ran = project.run(&["run"]);
    for row in [" ✔ good  ", " ✘ bad   ", " ? gone  "] {
        assert!(ran.stdout.contains(row), "{row}: {}", ran.stdout);
    }
    assert!(ran.stdout.contains("production would have stopped here"), "{}", ran.stdout);
}

#[test]
fn the_policy_of_a_gate_decides_what_blocks() {
    for (extra, outcome) in [
        ("", "passed"),
        ("fail_on = \"medium\"", "failed"),
        ("fail_on = \"low\"", "failed"),
        ("fail_on = \"never\"", "passed"),
        ("max = { medium = 0 }", "failed"),
        ("max = { medium = 1 }", "passed"),
        ("fail_on = \"never\"\nmax = { medium = 0 }", "failed"),
    ] {
        let project = gates("lab", &[sarif_gate("lint", "warning", 1, extra)]);
        project.run(&["run"]);
        let gate = project.gate("lint");
        assert_eq!(gate["outcome"], outcome, "{extra}: {}", gate["reason"]);
        assert_eq!(gate["counts"]["medium"], 1);
    }
}

#[test]
fn a_finding_shows_its_place_and_the_reason_of_its_decision() {
    let project = gates("lab", &[sarif_gate("lint", "error", 1, "")]);
    project.run(&["run"]);
    let record = project.record();
    let finding = &record["findings"][0];
    assert_eq!(finding["location"]["path"], "src/lint.ts");
    assert_eq!(finding["location"]["start_line"], 3);
    assert_eq!(finding["decision"], "deny");
    assert_eq!(finding["because"], "fail_on = high");
    assert_eq!(finding["id"].as_str().unwrap().len(), 16);
    assert_eq!(record["gates"][0]["scope"]["runs"], 1);
    assert_eq!(record["gates"][0]["targets"][0]["exit_code"], 1);
}

/// The line of the n-th waiver in gates.toml.
fn line_of(project: &Project, n: usize) -> usize {
    let gates = project.read("gates.toml");
    let lines = (1..).zip(gates.lines()).filter(|(_, line)| *line == "[[waiver]]");
    lines.map(|(number, _)| number).nth(n - 1).unwrap_or_default()
}

#[test]
fn a_waiver_applies_until_it_expires_and_is_reported() {
    let waiver = |rule: &str, day: &str| {
        format!("[[waiver]]\nrule = \"{rule}\"\npath = \"src/**\"\nreason = \"we know\"\nexpires = {day}\n")
    };
    let gate = sarif_gate("lint", "error", 1, "");
    let waived = gates(
        "production",
        &[gate.clone(), waiver("lint-rule", "2999-01-01"), waiver("other", "2999-01-01")],
    );
    assert_eq!(waived.run(&["run"]).code, 0);
    let record = waived.record();
    assert_eq!(record["findings"][0]["decision"], "waive");
    assert_eq!(record["findings"][0]["waiver"], "waiver 1");
    assert_eq!(record["waivers"]["unused"][0]["name"], "waiver 2");

    assert_eq!(record["waivers"]["unused"][0]["line"], line_of(&waived, 2));

    let expired = gates("production", &[gate, waiver("lint-rule", "2020-01-01")]);
    assert_eq!(expired.run(&["run"]).code, 1);
    assert_eq!(expired.record()["waivers"]["expired"][0]["expires"], "2020-01-01");
}

#[test]
fn profiles_only_and_skip_choose_the_gates() {
    let profile = "[profile.quick]\nonly = [\"a\"]\nmode = \"production\"\n[profile.quick.gate.a]\nfail_on = \"never\"\n";
    let parts = [sarif_gate("a", "error", 1, ""), passing("b"), passing("c"), profile.to_owned()];
    let outcomes = |args: &[&str]| {
        let project = gates("lab", &parts);
        let ran = project.run(args);
        let record = project.record();
        let gates = record["gates"].as_array().unwrap();
        let outcomes: Vec<String> =
            gates.iter().map(|gate| gate["outcome"].as_str().unwrap().to_owned()).collect();
        (ran.code, outcomes.join(" "))
    };
    assert_eq!(outcomes(&["run"]), (0, "failed passed passed".to_owned()));
    assert_eq!(outcomes(&["run", "--only", "b,c"]), (0, "skipped passed passed".to_owned()));
    assert_eq!(outcomes(&["run", "--skip", "a", "--skip", "b"]), (0, "skipped skipped passed".to_owned()));
    assert_eq!(outcomes(&["run", "--profile", "quick"]), (0, "passed skipped skipped".to_owned()));
    assert_eq!(
        outcomes(&["run", "--profile", "quick", "--only", "a,b"]),
        (0, "passed passed skipped".to_owned())
    );
}

#[test]
fn every_flag_has_an_environment_variable() {
    let project = gates("lab", &[passing("a"), missing("b", "")]);
    let output = project
        .command(&["run"])
        .env("PORTCULLIS_MODE", "production")
        .env("PORTCULLIS_ONLY", "a")
        .env("PORTCULLIS_OUT", "elsewhere")
        .env("PORTCULLIS_QUIET", "1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let record: serde_json::Value = serde_json::from_str(&project.read("elsewhere/run.json")).unwrap();
    assert_eq!((&record["mode"], &record["gates"][1]["outcome"]), (&"production".into(), &"skipped".into()));
}

#[test]
fn all_mistakes_in_gates_toml_are_shown_at_once_and_nothing_is_run() {
    let project = Project::with_gates(
        r#"version = 1
mode = "labb"
[[gate]]
id = "a"
tool = "gitleeks"
[[gate]]
id = "b"
tool = "command"
run = ["sh", "-c", "touch ran"]
fail_om = "high"
needs = ["c"]
timeout = "soon"
[[gate]]
id = "b"
tool = "command"
run = ["true"]
needs = ["b"]
[[waiver]]
rule = "x"
expires = 2999-12-31
[[waiver]]
reason = "everything"
expires = 2999-12-31
"#,
    );
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    for words in [
        "`labb` is not a value of `mode`",
        "known: lab, production",
        "`gitleeks` is not a tool",
        "did you mean `gitleaks`?",
        "`fail_om` is not a key",
        "did you mean `fail_on`?",
        "`needs`: there is no gate `c`",
        "`timeout` must be a duration",
        "two gates have the id `b`",
        "wait for each other",
        "`reason` is missing",
        "would cover every finding",
        "gates.toml:5:8",
        "^^^^^^^^^^",
        "nothing was run",
    ] {
        assert!(ran.stderr.contains(words), "no \"{words}\" in:\n{}", ran.stderr);
    }
    assert!(!project.root().join("ran").exists() && !project.root().join("gates-report").exists());
}

#[test]
fn a_new_user_is_shown_how_to_write_it() {
    let gate = "version = 1\r\n[[gate]]\r\nid = 'a'\r\ntool = 'gitleaks'\r\n";
    for (line, drawn, help) in [
        ("fail_on = 'severe'", "5 | fail_on = 'severe'", "known: critical, high, medium, low, info, never"),
        ("needs = 'b'", "5 | needs = 'b'", "in brackets: `needs = [\"b\"]`"),
        ("required = 'false'", "5 | required = 'false'", "without quotes"),
        ("[notice]", "5 | [notice]", "in double brackets: `[[notice]]`"),
    ] {
        let project = Project::with_gates(&format!("{gate}{line}\r\n"));
        let ran = project.run(&["plan"]);
        assert_eq!(ran.code, 2, "{line}: {}", ran.all());
        let as_written = ran.stderr.lines().any(|line| line.trim_end() == drawn);
        assert!(as_written, "without the line's end: {}", ran.stderr);
        assert!(ran.stderr.contains(help) && !ran.stderr.contains("did you mean"), "{}", ran.stderr);
    }
}

#[test]
fn wrong_usage_says_what_to_do_and_exits_with_2() {
    let project = gates("lab", &[passing("a")]);
    for (args, words) in [
        (vec!["run", "--only", "b"], "there is no gate `b`"),
        (vec!["run", "--profile", "ci"], "there is no profile `ci`"),
        (vec!["run", "--skip", "a"], "no gate is left to run"),
        (vec!["run", "--since", "HEAD"], "needs a git repository"),
        (vec!["run", "--config", "nowhere.toml"], "nowhere.toml can't be read"),
        (vec!["run", "--out", "gates.toml/x"], "can't be made"),
        (vec!["run", "--jobs", "0"], "--jobs"),
        (vec!["judge"], "--from"),
        (vec!["judge", "--report", "trivy"], "not of the form TOOL=PATH"),
        (vec!["judge", "--report", "trivvy=x.json"], "not a tool or a report format"),
        (vec!["judge", "--from", "gates.toml"], "is not a run.json"),
        (vec!["hook", "install"], "not a git repository"),
        (vec!["init"], "--force replaces it"),
    ] {
        let ran = project.run(&args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.all());
        assert!(ran.stderr.contains(words), "{args:?}: {}", ran.stderr);
    }
    let nowhere = Project::new().run(&["run"]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.stderr.contains("portcullis init"), "{}", nowhere.stderr);
}

#[test]
fn a_variable_that_is_set_and_empty_is_named() {
    let project = gates("lab", &[passing("a")]);
    for (variable, args) in [
        ("PORTCULLIS_ONLY", &["run"][..]),
        ("PORTCULLIS_SKIP", &["plan"]),
        ("PORTCULLIS_PROFILE", &["run"]),
        ("PORTCULLIS_MODE", &["run"]),
        ("PORTCULLIS_SINCE", &["run", "--mode", "lab"]),
        ("PORTCULLIS_OUT", &["judge", "--report", "sarif=a"]),
        ("PORTCULLIS_POLICY_FROM", &["hook", "install"]),
    ] {
        let ran = Ran::to_end(project.command(args).env(variable, ""));
        assert_eq!(ran.code, 2, "{variable}: {}", ran.all());
        assert!(ran.stderr.contains(&format!("{variable} is set, and empty")), "{}", ran.all());
    }
    // A flag overrides the variable, and other commands do not read it.
    let ran = Ran::to_end(project.command(&["run", "--only=a"]).env("PORTCULLIS_ONLY", ""));
    assert_eq!(ran.code, 0, "{}", ran.all());
    let ran = Ran::to_end(project.command(&["doctor"]).env("PORTCULLIS_ONLY", ""));
    assert!(!ran.stderr.contains("PORTCULLIS_ONLY"), "{}", ran.all());
    let ran = Ran::to_end(project.command(&["run"]).env("PORTCULLIS_SKIP", "x"));
    assert!(
        ran.stderr.contains("there is no gate `x` in gates.toml, which PORTCULLIS_SKIP names"),
        "{}",
        ran.all()
    );
}

#[test]
fn gates_run_side_by_side_and_wait_for_what_they_need() {
    // Each of the two gates waits for the other's mark, so they end only if they run side by side.
    let half = |id: &str, other: &str| {
        format!(
            "[[gate]]\nid = \"{id}\"\ntool = \"command\"\nrun = [\"sh\", \"-c\", \"touch {id}; until test -e {other}; do sleep 0.01; done\"]\ntimeout = \"120s\"\n"
        )
    };
    let after = "[[gate]]\nid = \"after\"\ntool = \"command\"\nrun = [\"test\", \"-e\", \"one\", \"-a\", \"-e\", \"two\"]\nneeds = [\"one\", \"two\"]\n";
    let project = gates("production", &[after.to_owned(), half("one", "two"), half("two", "one")]);
    let ran = project.run(&["run", "--jobs", "2"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[test]
fn fail_fast_blocks_like_a_whole_run_and_does_not_pass_when_judged_again() {
    let later = "[[gate]]\nid = \"later\"\ntool = \"command\"\nrun = [\"true\"]\nneeds = [\"first\"]\n";
    let slow = "[[gate]]\nid = \"slow\"\ntool = \"command\"\nrun = [\"sleep\", \"3600\"]\n";
    let project =
        gates("production", &[sarif_gate("first", "error", 1, ""), slow.to_owned(), later.to_owned()]);
    let ran = project.run(&["run", "--fail-fast", "--jobs", "2"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    for id in ["slow", "later"] {
        let gate = project.gate(id);
        assert_eq!(gate["outcome"], "skipped", "{gate}");
        assert!(gate["reason"].as_str().unwrap().contains("fail-fast"), "{gate}");
    }

    // With a policy that lets the first gate pass, the others still have no proof.
    let loose = gates(
        "production",
        &[sarif_gate("first", "error", 1, "fail_on = \"never\""), slow.to_owned(), later.to_owned()],
    );
    loose.write("run.json", project.read("gates-report/run.json"));
    let again = loose.run(&["judge", "--from", "run.json"]);
    assert_eq!(again.code, 3, "{}", again.all());
}

#[test]
fn two_gates_with_one_report_path_prove_nothing() {
    let gate = |id: &str| sarif_gate(id, "error", 1, "").replace(&format!("{id}.sarif"), "same.sarif");
    let project = gates("production", &[gate("one"), gate("two")]);
    assert_eq!(project.run(&["run"]).code, 3);
    let reason = project.gate("two")["reason"].to_string();
    assert!(reason.contains("`one` and `two` write the same file, same.sarif"), "{reason}");
}

#[test]
fn the_environment_and_arguments_of_a_gate_reach_its_program() {
    let gate = "[[gate]]\nid = \"a\"\ntool = \"command\"\nrun = [\"sh\", \"-c\", 'test \"$NAME $1\" = \"value more\"', \"sh\"]\nargs = [\"more\"]\nenv = { NAME = \"value\" }\n";
    let project = gates("production", &[gate.to_owned()]);
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[test]
fn the_summary_fits_80_columns_without_colour() {
    let long = "a reason that goes on and on ".repeat(20);
    let gate = format!(
        "[[gate]]\nid = \"a-gate-with-quite-a-long-name-indeed\"\nstage = \"{long}\"\ntool = \"command\"\nrun = [\"no-such-program\"]\n"
    );
    let project = gates("lab", &[gate, sarif_gate("lint", "error", 1, "")]);
    let ran = project.run(&["run"]);
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    for line in ran.stdout.lines().filter(|line| !line.starts_with("Verdict")) {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
}

#[test]
fn quiet_prints_the_verdict_alone_and_verbose_the_proof() {
    let project = gates("lab", &[passing("a")]);
    let quiet = project.run(&["run", "--quiet"]);
    assert_eq!((quiet.stdout.lines().count(), quiet.stderr.as_str()), (1, ""));
    let verbose = project.run(&["run", "--verbose"]);
    assert!(verbose.stdout.contains("exit code 0 agrees with the report"), "{}", verbose.stdout);
}

#[test]
fn a_closed_pipe_does_not_change_the_exit_code() {
    let project = gates("production", &[sarif_gate("a", "error", 1, "")]);
    let mut child = project.start(&["run"]);
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn the_plan_shows_commands_in_order_with_reasons() {
    let needs = "[[gate]]\nid = \"second\"\ntool = \"gitleaks\"\nscan = \"tree\"\nneeds = [\"first\"]\n";
    let project = gates("lab", &[needs.to_owned(), passing("first")]);
    let text = project.run(&["plan"]);
    assert_eq!(text.code, 0, "{}", text.all());
    let (first, second) = (text.stdout.find("1. first"), text.stdout.find("2. second"));
    assert!(first.is_some() && first < second, "{}", text.stdout);
    assert!(text.stdout.contains("--exit-code 77") && text.stdout.contains("after first"), "{}", text.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&project.run(&["plan", "--format", "json"]).stdout).unwrap();
    assert_eq!(json["gates"][1]["targets"][0]["command"][0], "gitleaks");
    assert!(!project.root().join("gates-report").exists());
}

#[test]
fn doctor_says_how_to_get_what_is_missing() {
    let project = gates("lab", &[passing("a"), missing("b", "")]);
    let ran = project.run(&["doctor"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stdout.contains("no-such-program-here") && ran.stdout.contains("missing"), "{}", ran.stdout);
}
