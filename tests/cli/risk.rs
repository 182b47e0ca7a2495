//! What counts besides the severity: VEX, KEV, EPSS, fixes, development dependencies, licences, bans.

#![allow(clippy::unwrap_used, reason = "a test that can't read its fixture has failed")]

mod documents;
mod floor;
mod packages;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Project, Ran};
use serde_json::Value;

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}

fn text(path: &str) -> String {
    fs::read_to_string(fixture(path)).unwrap()
}

const TRIVY: &str =
    "[[gate]]\nid = \"image-scan\"\ntool = \"trivy\"\nscan = \"image\"\nimages = [\"notes-app\"]\n";

/// Trivy's report on the image of the notes-app: four advisories for lodash 4.17.4, two for minimist 0.0.8.
fn project(top: &str, gate: &str) -> Project {
    let project = Project::with_gates(&format!("version = 1\nmode = \"production\"\n{top}\n{TRIVY}{gate}\n"));
    for (name, from) in [
        ("trivy.json", "trivy/recorded-image/trivy.json"),
        ("vex/openvex.json", "vex/openvex.json"),
        ("epss.csv.gz", "risk/epss_scores-2026-11-20.csv.gz"),
        ("kev.json", "risk/known_exploited_vulnerabilities.json"),
    ] {
        project.write(name, fs::read(fixture(from)).unwrap());
    }
    project
}

fn judge(project: &Project) -> Ran {
    project.run(&["judge", "--report", "trivy=trivy.json"])
}

/// Decision and reason, by rule.
fn decisions(record: &Value) -> BTreeMap<String, (String, String)> {
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = record["findings"].as_array().unwrap().iter();
    findings.map(|one| (word(one, "rule"), (word(one, "decision"), word(one, "because")))).collect()
}

fn decided(project: &Project, rule: &str) -> (String, String) {
    decisions(&project.record())[rule].clone()
}

fn pair(decision: &str, because: &str) -> (String, String) {
    (decision.to_owned(), because.to_owned())
}

const FILES: &str = "[risk]\nepss = \"epss.csv.gz\"\nkev = \"kev.json\"";

#[test]
fn a_vex_document_waives_what_it_is_about_and_nothing_else() {
    let project = project("vex = [\"vex/*.json\"]", "fail_on = \"high\"");
    let ran = judge(&project);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(
        decided(&project, "CVE-2019-10744"),
        pair(
            "waive",
            "VEX: not_affected, vulnerable_code_not_in_execute_path (vex/openvex.json): defaultsDeep() is never called"
        )
    );
    // The report's tags name the image.
    assert_eq!(
        decided(&project, "CVE-2021-23337"),
        pair("waive", "VEX: fixed (vex/openvex.json): patched in the image")
    );
    // The later statement says that it is affected.
    for rule in ["CVE-2020-8203", "CVE-2021-44906"] {
        assert_eq!(decided(&project, rule), pair("deny", "fail_on = high"), "{rule}");
    }
    let facts = &project.record()["facts"];
    assert_eq!(facts["vex"][0]["document"], "vex/openvex.json");
    assert_eq!(facts["vex"][0]["findings"], 3);
    assert!(ran.stdout.contains("applies to 3 findings"), "{}", ran.stdout);
}

#[test]
fn a_document_on_another_product_covers_nothing_and_is_named() {
    let project = project("vex = [\"vex/*.json\"]", "fail_on = \"critical\"");
    project.write("vex/openvex.json", text("vex/openvex-other-product.json"));
    let ran = judge(&project);
    assert_eq!(decided(&project, "CVE-2019-10744"), pair("deny", "fail_on = critical"));
    let unused = project.record()["facts"]["vex"][0]["unused"].as_str().unwrap().to_owned();
    assert!(
        unused.contains("pkg:oci/billing@sha256:aa0e") && unused.contains("remove it from `vex`"),
        "{unused}"
    );
    assert!(ran.stdout.contains("covers nothing"), "{}", ran.stdout);
}

#[test]
fn a_statement_on_an_image_holds_in_a_run_that_scans_it() {
    let project = project("vex = [\"vex/*.json\"]", "fail_on = \"low\"");
    project.program(
        "trivy",
        r#"while [ $# -gt 0 ]; do [ "$1" = --output ] && out=$2; shift; done; cp trivy.json "$out""#,
    );
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(
        decided(&project, "CVE-2021-23337"),
        pair("waive", "VEX: fixed (vex/openvex.json): patched in the image")
    );
    assert_eq!(decided(&project, "CVE-2020-28500"), pair("deny", "fail_on = low"));
    let gates = project.read("gates.toml");
    project.write("gates.toml", gates.replace("\"notes-app\"", "\"other-app\""));
    project.write("trivy.json", project.read("trivy.json").replace("\"notes-app:", "\"other-app:"));
    project.run(&["run"]);
    assert_eq!(decided(&project, "CVE-2021-23337"), pair("deny", "fail_on = low"));
}

#[test]
fn a_project_that_gates_toml_names_is_the_product_of_its_documents() {
    let top = "vex = [\"vex/*.json\"]\nproducts = [\"notes-app\"]";
    let project = project(top, "fail_on = \"critical\"");
    project.write("vex/minimist.cdx.json", text("vex/cyclonedx.json"));
    assert_eq!(judge(&project).code, 0);
    let (decision, because) = decided(&project, "CVE-2021-44906");
    assert_eq!(decision, "waive");
    assert!(because.contains("code_not_reachable (vex/minimist.cdx.json)"), "{because}");
    // A finding under investigation does not pass.
    assert_eq!(decided(&project, "CVE-2020-7598").0, "allow");
    let strict = "version = 1\nvex = [\"vex/*.json\"]\nproducts = [\"notes-app\"]\n";
    project.write("gates.toml", format!("{strict}{TRIVY}fail_on = \"low\"\n"));
    judge(&project);
    assert_eq!(decided(&project, "CVE-2020-7598"), pair("deny", "fail_on = low"));
}

#[test]
fn an_exploited_or_likely_vulnerability_blocks_at_any_severity() {
    let project = project(FILES, "fail_on = \"never\"\nfail_on_kev = true\nepss_at_least = 0.02");
    let ran = judge(&project);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(project.gate("image-scan")["reason"], "2 findings exploited, or likely to be");
    assert_eq!(
        decided(&project, "CVE-2020-8203"),
        pair("deny", "fail_on_kev: exploited, in KEV since 2026-03-02; epss_at_least = 0.02: EPSS 0.31020")
    );
    assert_eq!(decided(&project, "CVE-2019-10744"), pair("deny", "epss_at_least = 0.02: EPSS 0.02310"));
    assert_eq!(decided(&project, "CVE-2021-44906"), pair("allow", "below fail_on = never"));
    assert!(ran.stdout.contains("EPSS of 2026-11-20"), "{}", ran.stdout);
    assert!(ran.stdout.contains("KEV of 2026-11-19"), "{}", ran.stdout);
    let findings = project.record()["findings"].clone();
    let risk =
        findings.as_array().unwrap().iter().find(|one| one["rule"] == "CVE-2020-8203").unwrap()["risk"]
            .clone();
    assert_eq!(risk["kev"]["added"], "2026-03-02");
    assert_eq!(risk["epss"]["probability"], 0.3102);
}

#[test]
fn what_one_tool_knows_about_a_problem_counts_for_the_others() {
    let audit = "[[gate]]\nid = \"audit\"\ntool = \"npm-audit\"\nfail_on = \"never\"\nfail_on_kev = true\n";
    let project = project(&format!("{FILES}\n{audit}"), "fail_on = \"never\"");
    project.write("audit.json", text("npm-audit/recorded-findings/npm-audit.json"));
    project.write("package-lock.json", text("notes-app/backend/package-lock.json"));
    // npm audit reports no CVE id, and the catalogue has only CVE ids.
    assert_eq!(project.run(&["judge", "--report", "npm-audit=audit.json"]).code, 0);
    let both = ["judge", "--report", "npm-audit=audit.json", "--report", "trivy=trivy.json"];
    let ran = project.run(&both);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(
        decided(&project, "GHSA-p6mc-m468-83gw"),
        pair("deny", "fail_on_kev: exploited, in KEV since 2026-03-02")
    );
    assert_eq!(project.gate("audit")["reason"], "1 finding exploited, or likely to be");
    // A saved run stays as it was.
    project.write("gates.toml", format!("version = 1\nmode = \"production\"\n{FILES}\n{audit}"));
    let again = project.run(&["judge", "--from", "gates-report/run.json"]);
    assert_eq!(again.code, 1, "{}", again.all());
    let explained = project.run(&["explain", "GHSA-p6mc-m468-83gw"]);
    assert!(explained.stdout.contains("exploited: in CISA's KEV since 2026-03-02"), "{}", explained.all());
    assert!(explained.stdout.contains("EPSS 31.02 %, more than 97 %"), "{}", explained.all());
    assert!(explained.stdout.contains("fail_on_kev = true"), "{}", explained.all());
}

/// VEX, exploited, without a fix, below the threshold: each with the steps of its decision.
#[test]
fn explain_shows_what_decided() {
    let files = format!("vex = [\"vex/*.json\"]\n{FILES}");
    let project = project(
        &files,
        "fail_on = \"critical\"\nfail_on_kev = true\nepss_at_least = 0.02\nonly_fixable = true",
    );
    judge(&project);
    let explain = |what: &str| project.run(&["explain", what]).stdout;
    let waived: Vec<String> = {
        let record = project.record();
        let findings = record["findings"].as_array().unwrap().iter();
        let waived = findings.filter(|one| one["decision"] == "waive");
        waived.map(|one| one["rule"].as_str().unwrap().to_owned()).collect()
    };
    assert!(!waived.is_empty());
    for rule in &waived {
        let explained = explain(rule);
        assert!(explained.contains("1. there is no waiver") && explained.contains("2. VEX: "), "{explained}");
        assert!(explained.contains("decision    is waived") && !explained.contains("  3. "), "{explained}");
    }
    let raised = explain("CVE-2020-8203");
    assert!(raised.contains("by fail_on_kev and epss_at_least it blocks, whatever its severity"), "{raised}");
    assert!(raised.contains("high is below fail_on = critical"), "{raised}");
}

#[test]
fn a_known_finding_blocks_once_it_is_exploited() {
    let project = project(FILES, "fail_on = \"high\"");
    project.run(&["judge", "--report", "trivy=trivy.json"]);
    let mut run = project.record();
    for finding in run["findings"].as_array_mut().unwrap() {
        finding["baseline"] = true.into();
    }
    run["gates"][0]["policy"]["new_only"] = true.into();
    let judged = |run: &Value| {
        let elsewhere = Project::new();
        elsewhere.write("run.json", run.to_string());
        let ran = elsewhere.run(&["judge", "--from", "run.json", "--out", "again"]);
        (ran.code, decisions(&serde_json::from_str(&elsewhere.read("again/run.json")).unwrap()))
    };
    assert_eq!(judged(&run).0, 0);
    run["gates"][0]["policy"]["conditions"] = serde_json::json!({ "fail_on_kev": true });
    let (code, decisions) = judged(&run);
    assert_eq!(code, 1);
    assert!(decisions["CVE-2020-8203"].1.starts_with("fail_on_kev"), "{decisions:?}");
    assert_eq!(decisions["CVE-2019-10744"].0, "allow");
}

#[test]
fn a_saved_run_is_judged_the_same_without_any_of_the_files() {
    let top = format!("vex = [\"vex/*.json\"]\n{FILES}");
    let project = project(&top, "fail_on = \"critical\"\nfail_on_kev = true\nepss_at_least = 0.02");
    assert_eq!(judge(&project).code, 1);
    let first = project.record();
    let elsewhere = Project::new();
    elsewhere.write("run.json", project.read("gates-report/run.json"));
    let again = elsewhere.run(&["judge", "--from", "run.json", "--out", "again"]);
    assert_eq!(again.code, 1, "{}", again.all());
    let second: Value = serde_json::from_str(&elsewhere.read("again/run.json")).unwrap();
    assert_eq!(second, first);
    // A gates.toml without VEX documents removes their statements. The KEV entry stays in the record.
    let gates = format!("version = 1\n{FILES}\n{TRIVY}fail_on = \"critical\"\nfail_on_kev = true\n");
    project.write("gates.toml", gates);
    project.run(&["judge", "--from", "gates-report/run.json", "--out", "other"]);
    let other: Value = serde_json::from_str(&project.read("other/run.json")).unwrap();
    let now = decisions(&other);
    assert_eq!(now["CVE-2019-10744"], pair("deny", "fail_on = critical"));
    assert!(now["CVE-2020-8203"].1.starts_with("fail_on_kev"), "{now:?}");
}

#[test]
fn scores_that_are_too_old_prove_nothing() {
    let top = "[risk]\nkev = \"kev.json\"\nmax_age = \"30d\"";
    let project = project(top, "fail_on = \"never\"\nfail_on_kev = true");
    project.write(
        "kev.json",
        text("risk/known_exploited_vulnerabilities.json").replace("2026-11-19T", "2024-01-01T"),
    );
    let ran = judge(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = project.gate("image-scan")["reason"].as_str().unwrap().to_owned();
    assert!(
        reason.contains("kev.json is from 2024-01-01") && reason.contains("download it again"),
        "{reason}"
    );
    // A gate that does not use the scores is not affected.
    project.write(
        "gates.toml",
        format!("version = 1\nmode = \"production\"\n{top}\n{TRIVY}fail_on = \"never\"\n"),
    );
    assert_eq!(judge(&project).code, 0);
}

#[test]
fn a_file_that_portcullis_can_not_use_is_a_mistake_in_gates_toml() {
    for (top, gate, says) in [
        ("vex = [\"vex/gone.json\"]", "", "vex/gone.json can't be used as a VEX document: it does not exist"),
        ("vex = [\"statements/*.json\"]", "", "there is no VEX document"),
        ("vex = [\"trivy.json\"]", "", "it is neither OpenVEX nor CycloneDX"),
        ("vex = [\"vex/[\"]", "", "`vex/[` is not a pattern"),
        ("[risk]\nkev = \"trivy.json\"", "", "it is not CISA's catalogue"),
        ("[risk]\nepss = \"gates.toml\"", "", "its first line has no `score_date`"),
        ("[risk]\nepss = \"kev.json\"", "", "it is not an answer of FIRST's API"),
        ("[risk]\nepss = \".\"", "", "is not a file"),
        ("", "fail_on_kev = true", "`fail_on_kev` has no file to read"),
        ("[profile.ci.gate.image-scan]\nepss_at_least = 0.5", "", "`epss_at_least` has no file to read"),
        (FILES, "epss_at_least = 10", "from 0 to 1"),
        (FILES, "scope = \"prod\"", "`prod` is not a value of `scope`"),
    ] {
        let ran = judge(&project(top, gate));
        assert_eq!(ran.code, 2, "{top} {gate}: {}", ran.all());
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
        assert!(ran.stderr.contains("gates.toml:"), "{}", ran.stderr);
    }
}

/// Until that day, a statement would always be the latest, and a file never too old.
#[test]
fn a_date_in_the_future_is_a_mistake() {
    let project = project("vex = [\"vex/*.json\"]", "");
    let openvex = text("vex/openvex.json");
    assert_ne!(judge(&project).code, 2);
    let dated = openvex.replacen("\"timestamp\": \"20", "\"timestamp\": \"29", 1);
    assert_ne!(dated, openvex);
    project.write("vex/openvex.json", dated);
    let ran = judge(&project);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("it has a statement dated 29"), "{}", ran.stderr);

    let project = self::project(FILES, "fail_on_kev = true");
    project.write(
        "kev.json",
        text("risk/known_exploited_vulnerabilities.json").replace("2026-11-19T", "2999-11-19T"),
    );
    let ran = judge(&project);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("kev.json is dated 2999-11-19, and today is 20"), "{}", ran.stderr);
}

#[test]
fn the_documents_of_the_base_count_not_those_of_the_change() {
    let gates = format!(
        "version = 1\nmode = \"production\"\nvex = [\"vex/*.json\"]\n{TRIVY}fail_on = \"critical\"\n"
    );
    let openvex = text("vex/openvex.json");
    let affected = openvex.replacen("\"not_affected\"", "\"affected\"", 1);
    let project = Project::base_with(&[("gates.toml", &gates), ("vex/openvex.json", &affected)]);
    project.write("trivy.json", text("trivy/recorded-image/trivy.json"));
    let from_base = ["judge", "--report", "trivy=trivy.json", "--policy-from", "base"];
    project.write("vex/openvex.json", &openvex);
    project.write("vex/more.json", &openvex);
    let ran = project.run(&from_base);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(decided(&project, "CVE-2019-10744"), pair("deny", "fail_on = critical"));
    assert!(ran.stdout.contains("vex: vex/more.json is new"), "{}", ran.stdout);
    assert!(ran.stdout.contains("vex: vex/openvex.json changed"), "{}", ran.stdout);
    // Without `--policy-from`, the policy of the change is used.
    judge(&project);
    assert_eq!(decided(&project, "CVE-2019-10744").0, "waive");
}
