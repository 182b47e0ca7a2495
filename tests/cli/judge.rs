//! `portcullis judge`: reports of other steps, and saved runs.

#![allow(clippy::unwrap_used, reason = "a test that can't read its fixture has failed")]

use crate::common::Project;
use serde_json::Value;

const SARIF: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"demo"}},"results":[
    {"ruleId":"a","level":"error","message":{"text":"one"}},
    {"ruleId":"b","level":"warning","message":{"text":"two"}}]}]}"#;

fn counts(gate: &Value) -> (u64, u64, u64) {
    let count = |severity: &str| gate["counts"][severity].as_u64().unwrap();
    (count("high"), count("medium"), count("unknown"))
}

#[test]
fn reports_of_other_steps_are_judged_without_running_anything() {
    let project = Project::new();
    project.write("a.sarif", SARIF);
    project.write("ci.xml", r#"<testsuite name="s" tests="2" failures="1"><testcase name="x"/><testcase name="y"><failure message="no"/></testcase></testsuite>"#);
    let ran = project.run(&[
        "judge",
        "--report",
        "sarif=a.sarif",
        "--report",
        "junit=ci.xml",
        "--mode",
        "production",
    ]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(counts(&project.gate("sarif")), (1, 1, 0));
    assert_eq!(counts(&project.gate("junit")), (1, 0, 0));
    assert_eq!(project.gate("junit")["scope"]["tests"], 2);
    assert!(project.read("gates-report/junit.xml").contains("<testsuite "));
}

#[test]
fn a_missing_or_empty_report_is_inconclusive() {
    for (name, text) in
        [("gone", None), ("empty", Some("")), ("html", Some("<html></html>")), ("cut", Some(&SARIF[..90]))]
    {
        let project = Project::new();
        if let Some(text) = text {
            project.write("x.sarif", text);
        }
        let ran = project.run(&["judge", "--report", "sarif=x.sarif", "--mode", "production"]);
        assert_eq!(ran.code, 3, "{name}: {}", ran.all());
        assert_eq!(project.gate("sarif")["outcome"], "inconclusive", "{name}");
    }
}

#[test]
fn a_report_of_another_format_is_refused_with_the_format_that_it_looks_like() {
    let project = Project::new();
    project.write("a.sarif", SARIF);
    project.run(&["judge", "--report", "trivy=a.sarif"]);
    let reason = project.gate("trivy")["reason"].to_string();
    assert!(reason.contains("--report sarif=PATH"), "{reason}");
}

#[test]
fn a_clean_gitleaks_report_is_accepted_and_an_empty_file_is_not() {
    for (text, code) in [("[]", 0), ("null", 0), ("", 3), ("{}", 3)] {
        let project = Project::new();
        project.write("leaks.json", text);
        let ran = project.run(&["judge", "--report", "gitleaks=leaks.json", "--mode", "production"]);
        assert_eq!(ran.code, code, "{text}: {}", ran.all());
    }
}

#[test]
fn the_policy_of_the_gate_with_that_tool_or_id_is_used() {
    let gates = "version = 1\nmode = \"production\"\n[[gate]]\nid = \"deps\"\ntool = \"npm-audit\"\nfail_on = \"never\"\n";
    let project = Project::with_gates(gates);
    let report = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fixtures/npm-audit/upstream-npm7-many/dd-npm7-many_vulns.json"
    ));
    project.write("audit.json", report.unwrap());
    for word in ["npm-audit=audit.json", "deps=audit.json"] {
        let ran = project.run(&["judge", "--report", word]);
        assert_eq!(ran.code, 0, "{}", ran.all());
        assert_eq!(counts(&project.gate("deps")), (0, 2, 0));
    }
}

#[test]
fn a_secret_that_a_report_shows_in_plain_text_reaches_no_output() {
    // Put together here, so that the repository contains nothing that looks like a key.
    let secret = ["AKIA", "Q3EGVNU4", "XSMPLE7T"].concat();
    let project = Project::new();
    project.write(
        "leaks.json",
        format!(
            r#"[{{"RuleID":"aws","Description":"a key","StartLine":1,"EndLine":1,"StartColumn":1,"EndColumn":20,"Match":"key={secret}","Secret":"{secret}","File":"config-{secret}.ts","SymlinkFile":"","Commit":"","Entropy":3.5,"Author":"","Email":"","Date":"","Message":"add {secret}","Tags":[],"Fingerprint":"x:aws:1"}}]"#
        ),
    );
    project.write(
        "other.sarif",
        SARIF
            .replace("one", &format!("found {secret} here"))
            .replace("\"ruleId\":\"b\"", &format!("\"ruleId\":\"b-{secret}\"")),
    );
    let ran = project.run(&[
        "judge",
        "--report",
        "gitleaks=leaks.json",
        "--report",
        "sarif=other.sarif",
        "--verbose",
        "--format",
        "junit,sarif,gitlab,markdown,csv,jsonl",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(!ran.all().contains(&secret), "{}", ran.all());
    assert!(ran.stdout.contains("config-REDACTED.ts"), "{}", ran.stdout);
    let mut files = 0;
    for entry in walk(&project.root().join("gates-report")) {
        files += 1;
        let text = String::from_utf8_lossy(&std::fs::read(&entry).unwrap()).into_owned();
        assert!(!text.contains(&secret), "{}: {text}", entry.display());
    }
    assert!(files >= 13, "ten reports, run.json and two reports of scanners are there");
}

#[test]
fn a_saved_run_is_judged_the_same_again_and_differently_under_another_policy() {
    let gates = |fail_on: &str, waiver: &str| {
        format!(
            "version = 1\nmode = \"production\"\n[[gate]]\nid = \"lint\"\ntool = \"command\"\nrun = [\"sh\", \"-c\", 'cp a.sarif out.sarif; exit 1']\nreport = {{ format = \"sarif\", path = \"out.sarif\" }}\nfail_on = \"{fail_on}\"\n{waiver}"
        )
    };
    let waiver = "[[waiver]]\nrule = \"a\"\nreason = \"known\"\nexpires = 2999-12-31\n";
    let project = Project::with_gates(&gates("high", waiver));
    project.write("a.sarif", SARIF);
    assert_eq!(project.run(&["run"]).code, 0);
    let first = project.record();

    // Without a gates.toml: as recorded, waivers included.
    let elsewhere = Project::new();
    elsewhere.write("run.json", project.read("gates-report/run.json"));
    let again = elsewhere.run(&["judge", "--from", "run.json", "--out", "again"]);
    assert_eq!(again.code, 0, "{}", again.all());
    let second: Value = serde_json::from_str(&elsewhere.read("again/run.json")).unwrap();
    assert_eq!(second, first);

    // The recorded mode stays, even if gates.toml has another. `--mode` changes it.
    elsewhere.write("gates.toml", gates("medium", "").replace("production", "lab"));
    assert_eq!(elsewhere.run(&["judge", "--from", "run.json"]).code, 1);
    assert_eq!(elsewhere.run(&["judge", "--from", "run.json", "--mode", "lab"]).code, 0);
    // The policies of a profile apply here, too.
    elsewhere.write("gates.toml", gates("medium", "[profile.loose.gate.lint]\nfail_on = \"never\"\n"));
    assert_eq!(elsewhere.run(&["judge", "--from", "run.json", "--profile", "loose"]).code, 0);

    // Under another gates.toml: its policy, and its waivers.
    elsewhere.write("gates.toml", gates("medium", ""));
    assert_eq!(elsewhere.run(&["judge", "--from", "run.json"]).code, 1);
    elsewhere.write("gates.toml", gates("medium", waiver));
    assert_eq!(elsewhere.run(&["judge", "--from", "run.json"]).code, 1);
    elsewhere.write("gates.toml", gates("high", waiver));
    assert_eq!(elsewhere.run(&["judge", "--from", "run.json"]).code, 0);
}

#[test]
fn several_saved_runs_have_one_exit_code_and_no_option_is_ignored() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = 'one'\ntool = 'command'\nrun = ['one']\nexit = { findings = [1] }\n",
    );
    for (name, script) in [("pass", "exit 0"), ("block", "exit 1"), ("proof", "exit 9")] {
        project.program("one", script);
        project.run(&["run", "--out", name]);
    }
    for (names, code) in [
        (["pass", "pass"], 0),
        (["pass", "block"], 1),
        (["block", "pass"], 1),
        (["proof", "block"], 3),
        (["block", "proof"], 3),
    ] {
        let files = names.map(|name| format!("{name}/run.json"));
        let judge = |more: &[&str]| {
            let ran = project.run(&[&["judge", "--from", &files[0], &files[1]], more].concat());
            assert!(ran.code == 2 || ran.stdout.contains("of 2 runs would end differently"), "{}", ran.all());
            ran
        };
        assert_eq!(judge(&[]).code, 0, "{names:?}");
        assert_eq!(judge(&["--mode", "lab"]).code, 0, "{names:?}");
        assert_eq!(judge(&["--mode", "production"]).code, code, "{names:?}");
        for option in [["--out", "elsewhere"], ["--format", "sarif"], ["--format", "github"]] {
            let ran = judge(&option);
            assert_eq!(ran.code, 2, "{option:?} {}", ran.all());
            assert!(ran.stderr.contains("write the reports of one run"), "{}", ran.stderr);
        }
    }
    assert!(!project.root().join("elsewhere").exists());
}

#[test]
fn a_run_that_is_judged_again_in_its_own_folder_keeps_what_its_record_names() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = \"lint\"\ntool = \"command\"\nrun = [\"cat\", \"a.sarif\"]\nreport = { format = \"sarif\", path = \"-\" }\n",
    );
    project.write("a.sarif", SARIF);
    assert_eq!(project.run(&["run", "--format", "junit,csv"]).code, 0);
    let kept = project.gate("lint")["targets"][0]["report"].as_str().unwrap().to_owned();
    let from = ["judge", "--from", "gates-report/run.json"];
    let ran = project
        .run(&[&from[..], &["--mode", "production", "--out", "gates-report", "--format", "csv"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(project.record()["mode"], "production");
    assert!(project.root().join("gates-report").join(kept).is_file(), "the scanner's report");
    assert!(project.root().join("gates-report/findings.csv").is_file());
    assert!(!project.root().join("gates-report/junit.xml").exists(), "it is from the other judgement");
    // Without a folder, the path of the record is shown.
    project.write("saved.json", project.read("gates-report/run.json"));
    assert!(project.run(&["judge", "--from", "saved.json"]).stdout.contains("Reports: ./saved.json"));
}

const SBOM: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
    {"type": "library", "bom-ref": "g", "name": "good", "version": "1.0.0", "purl": "pkg:npm/good@1.0.0", "licenses": [{"license": {"id": "MIT"}}]},
    {"type": "library", "bom-ref": "o", "name": "odd", "version": "1.0.0", "purl": "pkg:npm/odd@1.0.0"},
    {"type": "library", "bom-ref": "b", "name": "bad", "version": "1.0.0", "purl": "pkg:npm/bad@1.0.0", "licenses": [{"expression": "GPL-3.0-only OR AGPL-3.0-only"}]}],
    "vulnerabilities": [{"id": "CVE-2026-1", "ratings": [{"severity": "high"}], "affects": [{"ref": "b"}]}]}"#;

/// A run.json with its proofs sorted, so that their order does not matter.
fn record(text: &str) -> Value {
    let mut record: Value = serde_json::from_str(text).unwrap();
    for gate in record["gates"].as_array_mut().unwrap() {
        for target in gate["targets"].as_array_mut().unwrap() {
            target["proof"].as_array_mut().unwrap().sort_by_key(Value::to_string);
        }
    }
    record
}

/// The expected record is that of the same reports judged by the other policy from the beginning.
#[test]
fn a_saved_run_is_judged_by_another_licence_policy_as_its_reports_would_be() {
    let policies = [
        "",
        "licences = { deny = [\"GPL-*\"] }",
        "licences = { deny = [\"*GPL-*\"] }",
        "licences = { allow = [\"MIT\"], unknown = \"deny\" }\nfail_on = \"critical\"",
        "licences = { allow = [\"MIT\"], exceptions = [{ package = \"bad\", allow = [\"AGPL-3.0-only\"], reason = \"ours\" }] }",
        "ban = [{ package = \"pkg:npm/odd\", versions = \"<2\", reason = \"bad\" }]",
    ];
    let gates = |policy: &str| {
        let bom = "tool = \"command\"\nrun = [\"true\"]\nreport = { format = \"cyclonedx\", path = \"-\" }";
        format!(
            "version = 1\nmode = \"production\"\n[[gate]]\nid = \"sbom\"\ntool = \"syft\"\n{policy}\n[[gate]]\nid = \"bom\"\n{bom}\n{policy}\n"
        )
    };
    let project = Project::new();
    project.write("sbom.json", SBOM);
    let judged = |n: usize| -> Value {
        let (file, out) = (format!("{n}.toml"), format!("direct-{n}"));
        project.write(&file, gates(policies[n]));
        let reports =
            ["--report", "sbom=sbom.json", "--report", "bom=sbom.json", "--report", "bom=sbom.json"];
        project.run(&[&["judge", "--config", &file, "--out", &out], &reports[..]].concat());
        record(&project.read(&format!("{out}/run.json")))
    };
    let direct: Vec<Value> = (0..policies.len()).map(judged).collect();
    let found = |run: &Value| run["findings"].as_array().unwrap().len();
    // A vulnerability in each of three packages, and what each policy says about `odd` and `bad`.
    assert_eq!(direct.iter().map(found).collect::<Vec<_>>(), [3, 6, 9, 9, 6, 6]);
    for (was, now) in (0..policies.len()).flat_map(|was| (0..policies.len()).map(move |now| (was, now))) {
        let (from, config) = (format!("direct-{was}/run.json"), format!("{now}.toml"));
        let ran = project.run(&["judge", "--from", &from, "--config", &config, "--out", "again"]);
        let again = record(&project.read("again/run.json"));
        for part in ["gates", "findings", "verdict", "exit_code", "waivers"] {
            assert_eq!(
                again[part],
                direct[now][part],
                "{} by {}\n{}",
                policies[was],
                policies[now],
                ran.all()
            );
        }
    }
}

/// Such as a run that an older Portcullis wrote, or that somebody edited.
#[test]
fn a_saved_run_that_lists_no_packages_proves_nothing_about_their_licences() {
    let project =
        Project::with_gates("version = 1\nmode = \"production\"\n[[gate]]\nid = \"sbom\"\ntool = \"syft\"\n");
    project.write("sbom.json", SBOM);
    assert_eq!(project.run(&["judge", "--report", "sbom=sbom.json"]).code, 1, "its vulnerability");
    let mut run = project.record();
    for target in run["gates"][0]["targets"].as_array_mut().unwrap() {
        assert_eq!(target["inventory"].as_array().unwrap().len(), 3);
        target.as_object_mut().unwrap().remove("inventory");
    }
    project.write("run.json", run.to_string());
    let policy = project.read("gates.toml") + "fail_on = \"never\"\n";
    project.write("gates.toml", &policy);
    assert_eq!(project.run(&["judge", "--from", "run.json"]).code, 0);
    project.write("gates.toml", policy + "licences = { allow = [\"MIT\"] }\n");
    let ran = project.run(&["judge", "--from", "run.json", "--out", "again"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let again: Value = serde_json::from_str(&project.read("again/run.json")).unwrap();
    assert_eq!(again["gates"][0]["reason"], "the saved run does not list its packages");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
