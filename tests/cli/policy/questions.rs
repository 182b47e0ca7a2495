//! Every rule of docs/policy.md, "Rules that are easy to guess wrong", each with its test.

use serde_json::{Value, json};

use crate::common::Project;

/// A finding of Trivy.
#[derive(Clone, Copy)]
struct Vulnerable<'a> {
    id: &'a str,
    severity: &'a str,
    package: &'a str,
    version: &'a str,
    fixed: bool,
    dev: bool,
}

const MEDIUM: Vulnerable = Vulnerable {
    id: "CVE-2020-0001",
    severity: "MEDIUM",
    package: "a",
    version: "1.0.0",
    fixed: true,
    dev: false,
};

fn trivy(all: &[Vulnerable]) -> String {
    let packages: Vec<Value> = all
        .iter()
        .map(|one| json!({"Name": one.package, "Version": one.version, "Identifier": {"UID": one.id}, "Dev": one.dev}))
        .collect();
    let vulnerabilities: Vec<Value> = all
        .iter()
        .map(|one| {
            let purl = format!("pkg:npm/{}@{}", one.package, one.version);
            let fixed = if one.fixed { json!("9.9.9") } else { Value::Null };
            json!({"VulnerabilityID": one.id, "PkgName": one.package, "InstalledVersion": one.version, "Severity": one.severity,
                   "FixedVersion": fixed, "PkgIdentifier": {"UID": one.id, "PURL": purl}})
        })
        .collect();
    json!({"SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "filesystem", "Results": [
        {"Target": "package-lock.json", "Class": "lang-pkgs", "Type": "npm", "Packages": packages, "Vulnerabilities": vulnerabilities}]})
    .to_string()
}

/// A gate of Trivy with these keys, after `top`.
fn gates(top: &str, keys: &str) -> String {
    format!(
        "version = 1\nmode = \"production\"\n{top}\n[[gate]]\nid = \"trivy\"\ntool = \"trivy\"\nscan = \"fs\"\n{keys}\n"
    )
}

/// A project with this policy and this report, and what `judge` says of it.
fn judged(gates: &str, report: &str, args: &[&str]) -> (Project, i32, String) {
    let project = Project::with_gates(gates);
    project.write("trivy.json", report);
    let mut all = vec!["judge", "--report", "trivy=trivy.json"];
    all.extend(args);
    let ran = project.run(&all);
    (project, ran.code, ran.all())
}

pub(super) fn record(project: &Project) -> Value {
    serde_json::from_slice(&std::fs::read(project.root().join("gates-report/run.json")).unwrap()).unwrap()
}

const WAIVER: &str = "[[waiver]]\nrule = \"CVE-2020-0001\"\nreason = \"later\"\nexpires = 2999-12-31\n";

#[test]
fn what_passes_anyway_spends_no_budget_but_a_ratchet_counts_all_but_waived_findings() {
    let unfixed = Vulnerable { fixed: false, ..MEDIUM };
    let dev = Vulnerable { dev: true, ..MEDIUM };
    for (finding, keys, rest, ratchet) in [
        (MEDIUM, "", "", 1),
        (unfixed, "only_fixable = true\n", "", 1),
        (dev, "scope = \"production\"\n", "", 1),
        (MEDIUM, "", WAIVER, 0),
    ] {
        let passes = i32::from(keys.is_empty() && rest.is_empty());
        let report = trivy(&[finding]);
        let of_gate = gates("", &format!("{keys}max = {{ medium = 0 }}\n{rest}"));
        assert_eq!(judged(&of_gate, &report, &[]).1, passes, "{of_gate}");
        let of_run = gates("max = { medium = 0 }", &format!("{keys}{rest}"));
        assert_eq!(judged(&of_run, &report, &[]).1, passes, "{of_run}");
        // The baseline does not exist, so it has none.
        let than = gates("", &format!("{keys}no_worse_than = \"none.json\"\n{rest}"));
        assert_eq!(judged(&than, &report, &[]).1, ratchet, "{than}");
    }
    // Known findings.
    for (keys, top, code) in [
        ("max = { medium = 0 }", "", 0),
        ("", "max = { medium = 0 }", 0),
        ("no_worse_than = \"none.json\"", "", 1),
    ] {
        let policy = gates(top, &format!("new_only = true\n{keys}"));
        let (project, ..) = judged(&policy, &trivy(&[MEDIUM]), &["--mode", "lab"]);
        assert_eq!(project.run(&["baseline"]).code, 0);
        let ran = project.run(&["judge", "--report", "trivy=trivy.json"]);
        assert_eq!(ran.code, code, "{policy}: {}", ran.all());
    }
}

#[test]
fn an_unrated_finding_counts_as_unrated_says_for_fail_on_and_as_unknown_in_budgets() {
    let report = trivy(&[Vulnerable { severity: "UNKNOWN", ..MEDIUM }]);
    for (keys, code) in [
        ("", 1),
        ("fail_on = \"never\"", 0),
        ("fail_on = \"never\"\nunrated = \"critical\"", 0),
        ("fail_on = \"never\"\nmax = { unknown = 0 }", 1),
        ("unrated = \"medium\"", 0),
        ("unrated = \"high\"", 1),
        ("unrated = \"medium\"\nmax = { medium = 0 }", 0),
        ("unrated = \"medium\"\nmax = { unknown = 0 }", 1),
        ("unrated = \"never\"\nmax = { unknown = 1 }", 0),
    ] {
        let (_, ran, all) = judged(&gates("", keys), &report, &[]);
        assert_eq!(ran, code, "{keys}: {all}");
    }
    assert_eq!(judged(&gates("max = { medium = 0 }", "unrated = \"medium\""), &report, &[]).1, 0);
    assert_eq!(judged(&gates("max = { unknown = 0 }", "unrated = \"medium\""), &report, &[]).1, 1);
}

#[test]
fn a_budget_counts_its_own_severity_only() {
    let report = trivy(&[Vulnerable { severity: "HIGH", ..MEDIUM }]);
    for (budget, code) in [("medium = 0", 0), ("medium = 0, high = 0", 1)] {
        let keys = format!("max = {{ {budget} }}");
        assert_eq!(judged(&gates("", &format!("fail_on = \"critical\"\n{keys}")), &report, &[]).1, code);
        assert_eq!(judged(&gates(&keys, "fail_on = \"critical\""), &report, &[]).1, code);
    }
}

#[test]
fn if_only_the_budget_of_the_run_is_exceeded_the_gates_pass_and_the_run_is_blocked() {
    let policy = gates("max = { medium = 0 }", "");
    let (project, code, all) = judged(&policy, &trivy(&[MEDIUM]), &[]);
    assert_eq!(code, 1, "{all}");
    let run = record(&project);
    assert_eq!((&run["gates"][0]["outcome"], &run["verdict"]), (&json!("passed"), &json!("blocked")));
    let finding = &run["findings"][0];
    assert_eq!(finding["decision"], "deny");
    assert_eq!(finding["because"], "budget of the run: 1 medium in all gates, max is 0");
}

#[test]
fn without_the_baseline_a_ratchet_still_reads_its_own() {
    let command = r#"run = ["sh", "-c", '''printf '%s' '{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"demo"}},"results":[{"ruleId":"a","level":"warning","message":{"text":"found"}}]}]}'; exit 1''']"#;
    let gates = |keys: &str| {
        format!(
            "version = 1\nmode = \"production\"\n[[gate]]\nid = \"lint\"\ntool = \"command\"\n{command}\nreport = {{ format = \"sarif\", path = \"-\" }}\n{keys}\n"
        )
    };
    let project = Project::with_gates(&gates(""));
    project.run(&["run"]);
    assert_eq!(project.run(&["baseline"]).code, 0);
    for (keys, code) in [
        ("fail_on = \"medium\"\nnew_only = true", 1),
        ("no_worse_than = \"gates.baseline.json\"", 0),
        ("no_worse_than = \"none.json\"", 1),
    ] {
        project.write("gates.toml", gates(keys));
        let ran = project.run(&["run", "--no-baseline"]);
        assert_eq!(ran.code, code, "{keys}: {}", ran.all());
    }
}

/// The same text in a waiver, a VEX document and a ban.
#[test]
fn a_package_means_the_same_in_a_waiver_a_vex_document_and_a_ban() {
    for (package, version, waives) in [
        ("pkg:npm/a", "1.0.0", true),
        ("pkg:npm/a@1.0.0", "1.0.0", true),
        ("pkg:npm/a@1.0.0", "1.0.1", false),
        ("pkg:npm/A", "1.0.0", true),
        ("pkg:npm/b", "1.0.0", false),
        ("pkg:pypi/a", "1.0.0", false),
    ] {
        let report = trivy(&[Vulnerable { severity: "HIGH", version, ..MEDIUM }]);
        let waiver = format!(
            "[[waiver]]\nrule = \"CVE-2020-0001\"\npackage = \"{package}\"\nreason = \"r\"\nexpires = 2999-12-31\n"
        );
        let (_, by_waiver, all) = judged(&gates("", &waiver), &report, &[]);
        assert_eq!(by_waiver, i32::from(!waives), "{package} {version}: {all}");

        let project = Project::with_gates(&gates("vex = [\"vex.json\"]", ""));
        project.write("trivy.json", &report);
        project.write("vex.json", format!(
            r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"a","timestamp":"2026-01-01T00:00:00Z","version":1,
            "statements":[{{"vulnerability":{{"name":"CVE-2020-0001"}},"products":[{{"@id":"{package}"}}],"status":"fixed"}}]}}"#
        ));
        assert_eq!(
            project.run(&["judge", "--report", "trivy=trivy.json"]).code,
            by_waiver,
            "{package} {version}"
        );

        let (package, versions) = package
            .rsplit_once('@')
            .map_or((package, String::new()), |(package, of)| (package, format!("versions = \"{of}\"\n")));
        let ban = format!(
            "version = 1\nmode = \"production\"\n[[gate]]\nid = \"sbom\"\ntool = \"syft\"\n[[gate.ban]]\npackage = \"{package}\"\n{versions}reason = \"r\"\n"
        );
        let project = Project::with_gates(&ban);
        project.write("sbom.json", format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{{"type":"library","name":"a","version":"{version}","purl":"pkg:npm/a@{version}"}}]}}"#
        ));
        let ran = project.run(&["judge", "--report", "sbom=sbom.json"]);
        assert_eq!(ran.code, i32::from(waives), "{package} {version}: {}", ran.all());
    }
}

#[test]
fn a_package_that_a_waiver_can_not_mean_is_a_mistake() {
    for (package, says) in [
        ("a@1.0.0", "a name has no version"),
        ("@s/a@1.0.0", "a name has no version"),
        ("pkg:npm", "this is not a package URL"),
        ("pkg:/a", "this is not a package URL"),
        ("pkg:npm/*", "is not a pattern"),
    ] {
        let waiver = format!("[[waiver]]\npackage = \"{package}\"\nreason = \"r\"\nexpires = 2999-12-31\n");
        let (_, code, all) = judged(&gates("", &waiver), &trivy(&[MEDIUM]), &[]);
        assert_eq!(code, 2, "{package}");
        assert!(all.contains(says), "{package}: {all}");
    }
    for package in ["@s/a", "a", "org.a:b", "pkg:npm/%40s/a"] {
        let waiver = format!("[[waiver]]\npackage = \"{package}\"\nreason = \"r\"\nexpires = 2999-12-31\n");
        assert_eq!(judged(&gates("", &waiver), &trivy(&[MEDIUM]), &[]).1, 0, "{package}");
    }
}

/// Two tools find one problem; a tool that names no version does not find the same.
#[test]
fn a_waiver_for_an_id_covers_its_problem_in_every_tool_of_the_same_version() {
    let cyclonedx = |version: &str| {
        format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{{"type":"library","bom-ref":"a","name":"a"{version},"purl":"pkg:npm/a"}}],
            "vulnerabilities":[{{"id":"CVE-2020-0001","ratings":[{{"severity":"high"}}],"affects":[{{"ref":"a"}}]}}]}}"#
        )
    };
    let other = "[[gate]]\nid = \"other\"\ntool = \"command\"\nrun = [\"true\"]\nreport = { format = \"cyclonedx\", path = \"r\" }\n";
    for (version, code) in [(r#","version":"1.0.0""#, 0), (r#","version":"2.0.0""#, 1), ("", 1)] {
        let project = Project::with_gates(&gates("", other));
        project.write("trivy.json", trivy(&[Vulnerable { severity: "HIGH", ..MEDIUM }]));
        project.write("other.json", cyclonedx(version));
        let judge = ["judge", "--report", "trivy=trivy.json", "--report", "other=other.json"];
        assert_eq!(project.run(&judge).code, 1);
        let run = record(&project);
        let id = run["findings"].as_array().unwrap().iter().find(|one| one["gate"] == "trivy").unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let waiver = format!("[[waiver]]\nid = \"{id}\"\nreason = \"r\"\nexpires = 2999-12-31\n");
        project.write("gates.toml", gates("", &format!("{other}{waiver}")));
        let ran = project.run(&judge);
        assert_eq!(ran.code, code, "{version}: {}", ran.all());
    }
}

#[test]
fn a_waiver_for_a_qualifier_covers_only_findings_that_have_it() {
    let gate = |id: &str| {
        format!(
            "[[gate]]\nid = \"{id}\"\ntool = \"command\"\nrun = [\"true\"]\nreport = {{ format = \"cyclonedx\", path = \"{id}\" }}\n"
        )
    };
    let waiver =
        "[[waiver]]\npackage = \"pkg:npm/a?arch=arm\"\nreason = \"not shipped\"\nexpires = 2999-12-31\n";
    let project = Project::with_gates(&format!(
        "version = 1\nmode = \"production\"\n{}{}{waiver}",
        gate("arm"),
        gate("x86")
    ));
    for arch in ["arm", "x86"] {
        let report = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "components": [{"type": "library", "bom-ref": "a", "name": "a", "version": "1", "purl": format!("pkg:npm/a@1?arch={arch}")}],
            "vulnerabilities": [{"id": "CVE-2020-0001", "ratings": [{"severity": "high"}], "affects": [{"ref": "a"}]}]});
        project.write(&format!("{arch}.json"), report.to_string());
    }
    let ran = project.run(&["judge", "--report", "arm=arm.json", "--report", "x86=x86.json"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let decisions: Vec<Value> =
        record(&project)["findings"].as_array().unwrap().iter().map(|one| one["decision"].clone()).collect();
    assert_eq!(decisions, ["waive", "deny"]);
}

#[test]
fn production_without_a_required_gate_is_a_mistake() {
    let advisory = gates("", "required = false");
    let says = "nothing can block";
    let (project, code, all) = judged(&advisory, &trivy(&[MEDIUM]), &[]);
    assert!(code == 2 && all.contains(says), "{all}");
    for args in [&["run"][..], &["plan"]] {
        let ran = project.run(args);
        assert!(ran.code == 2 && ran.stderr.contains(says), "{args:?}: {}", ran.all());
    }
    let ran = project.run(&["judge", "--report", "trivy=trivy.json", "--mode", "lab"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    std::fs::remove_file(project.root().join("gates.toml")).unwrap();
    let saved = project.run(&["judge", "--from", "gates-report/run.json", "--mode", "production"]);
    assert!(saved.code == 2 && saved.stderr.contains(says), "{}", saved.all());
    // Of two gates the advisory one alone.
    let both = gates("", "required = false\n[[gate]]\nid = \"lint\"\ntool = \"command\"\nrun = [\"true\"]\n");
    let project = Project::with_gates(&both);
    assert_eq!(project.run(&["plan"]).code, 0);
    assert_eq!(project.run(&["plan", "--only", "trivy"]).code, 2);
}

#[test]
fn the_gates_that_judge_judges_say_whether_something_can_block() {
    // What a profile leaves out of a run is judged all the same if its report is handed in.
    let lint = "[[gate]]\nid = \"lint\"\ntool = \"command\"\nrun = [\"true\"]\n";
    let profiles = "[profile.lint]\nonly = [\"lint\"]\n[profile.lint.gate.lint]\nrequired = false\n";
    let (project, code, all) =
        judged(&gates("", &format!("{lint}{profiles}")), &trivy(&[MEDIUM]), &["--profile", "lint"]);
    assert_eq!(code, 0, "{all}");
    // The mode of a saved run is its own, whatever gates.toml says.
    let (advisory, code, all) = judged(&gates("", "required = false"), &trivy(&[MEDIUM]), &["--mode", "lab"]);
    assert_eq!(code, 0, "{all}");
    assert_eq!(advisory.run(&["judge", "--from", "gates-report/run.json"]).code, 0);
    // A gate that the saved run left out can't block.
    let two = |trivy: &str| gates("", &format!("{trivy}{lint}[profile.lint]\nonly = [\"lint\"]\n"));
    project.write("gates.toml", two(""));
    assert_eq!(project.run(&["run", "--profile", "lint"]).code, 0);
    let advisory = two("").replace("run = [\"true\"]", "run = [\"true\"]\nrequired = false");
    project.write("gates.toml", advisory);
    let saved = project.run(&["judge", "--from", "gates-report/run.json"]);
    assert!(saved.code == 2 && saved.stderr.contains("nothing can block"), "{}", saved.all());
}

#[test]
fn a_saved_report_without_a_gate_is_checked_by_the_licences_that_its_gate_has_now() {
    let gate = "version = 1\nmode = \"production\"\n[[gate]]\nid = \"cyclonedx\"\ntool = \"command\"\nrun = [\"x\"]\n\
                report = { format = \"cyclonedx\", path = \"x\" }\n[gate.licences]\ndeny = [\"MIT\"]\n";
    let project = Project::with_gates("version = 1\n[[gate]]\nid = \"lint\"\ntool = \"eslint\"\n");
    let sbom = json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": [
        {"type": "library", "name": "a", "version": "1.0.0", "purl": "pkg:npm/a@1.0.0", "licenses": [{"license": {"id": "MIT"}}]}]});
    project.write("sbom.json", sbom.to_string());
    let first = project.run(&["judge", "--report", "cyclonedx=sbom.json", "--mode", "production"]);
    assert_eq!(first.code, 0, "{}", first.all());
    project.write("gates.toml", gate);
    let again = project.run(&["judge", "--from", "gates-report/run.json"]);
    assert!(again.code == 1 || again.code == 3, "{}", again.all());
}

#[test]
fn a_severity_in_the_max_of_a_profile_replaces_that_of_the_gate_and_the_others_stay() {
    let profile = "[profile.p.gate.trivy]\nmax = { medium = 5 }\n";
    let policy = gates("", &format!("fail_on = \"never\"\nmax = {{ medium = 0, low = 0 }}\n{profile}"));
    let medium = trivy(&[MEDIUM]);
    assert_eq!(judged(&policy, &medium, &[]).1, 1);
    assert_eq!(judged(&policy, &medium, &["--profile", "p"]).1, 0);
    let low = trivy(&[Vulnerable { severity: "LOW", ..MEDIUM }]);
    assert_eq!(judged(&policy, &low, &["--profile", "p"]).1, 1);
}

#[test]
fn a_waiver_covers_on_its_last_day_also_one_that_only_the_record_has() {
    let high = trivy(&[Vulnerable { severity: "HIGH", ..MEDIUM }]);
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let until = |day: jiff::civil::Date| gates("", &WAIVER.replace("2999-12-31", &day.to_string()));
    assert_eq!(judged(&until(today.yesterday().unwrap()), &high, &[]).1, 1);
    let (project, code, all) = judged(&until(today.tomorrow().unwrap()), &high, &[]);
    assert_eq!(code, 0, "{all}");
    std::fs::remove_file(project.root().join("gates.toml")).unwrap();
    let again = ["judge", "--from", "gates-report/run.json"];
    assert_eq!(project.run(&again).code, 0);
    // The same record, after the last day.
    let mut run = record(&project);
    for list in ["used", "expiring"] {
        run["waivers"][list][0]["expires"] = json!(today.yesterday().unwrap());
    }
    project.write("gates-report/run.json", run.to_string());
    let ran = project.run(&again);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("expired"), "{}", ran.all());
}

#[test]
fn a_saved_run_brings_findings_and_mode_and_gates_toml_the_policy() {
    let high = trivy(&[Vulnerable { severity: "HIGH", ..MEDIUM }]);
    let (project, ..) = judged(&gates("", ""), &high, &["--mode", "lab"]);
    let again = |args: &[&str]| {
        let mut all = vec!["judge", "--from", "gates-report/run.json"];
        all.extend(args);
        project.run(&all).code
    };
    // gates.toml says production, and the record lab.
    assert_eq!(again(&[]), 0);
    assert_eq!(again(&["--mode", "production"]), 1);
    project.write("gates.toml", gates("", "fail_on = \"critical\""));
    assert_eq!(again(&["--mode", "production"]), 0);
    // A gate that gates.toml does not have is judged as recorded; one that the record does not have did not run.
    let other = "version = 1\n[[gate]]\nid = \"lint\"\ntool = \"eslint\"\n";
    project.write("gates.toml", other);
    assert_eq!(again(&["--mode", "production"]), 1);
}
