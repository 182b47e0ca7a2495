//! Keys of the policy beside each other: none of them makes another one laxer.

use std::path::Path;

use crate::common::Project;

/// A gate that finds this many things of severity medium; the odd ones can be fixed, and are of development.
fn finds(n: usize) -> String {
    let vulnerability = |n: usize| {
        let fixed = if n % 2 == 1 { r#","FixedVersion":"9.9.9""# } else { "" };
        format!(
            r#"{{"VulnerabilityID":"CVE-2020-{n:04}","PkgName":"p{n}","InstalledVersion":"1.0.0","Severity":"MEDIUM"{fixed}}}"#
        )
    };
    let all: Vec<String> = (0..n).map(vulnerability).collect();
    let packages: Vec<String> = (0..n).map(|n| format!(r#"{{"Name":"p{n}","Version":"1.0.0"}}"#)).collect();
    format!(
        r#"{{"SchemaVersion":2,"ArtifactName":".","ArtifactType":"filesystem","Results":[{{"Target":"package-lock.json","Class":"lang-pkgs","Type":"npm","Packages":[{}],"Vulnerabilities":[{}]}}]}}"#,
        packages.join(","),
        all.join(",")
    )
}

fn gates(keys: &str) -> String {
    format!(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"trivy\"\ntool = \"trivy\"\nscan = \"fs\"\nfail_on = \"high\"\n{keys}\n"
    )
}

const RATCHET: &str = "no_worse_than = \"gates.baseline.json\"\n";

/// The exit code of these findings beside a baseline of fewer.
fn judged(keys: &str, before: usize, now: usize) -> (i32, String) {
    let project = Project::with_gates(&gates(keys));
    project.write("before.json", finds(before));
    project.write("now.json", finds(now));
    let recorded = project.run(&["judge", "--report", "trivy=before.json", "--mode", "lab"]);
    assert_eq!(project.run(&["baseline", "--from", "gates-report/run.json"]).code, 0, "{}", recorded.all());
    let ran = project.run(&["judge", "--report", "trivy=now.json"]);
    (ran.code, ran.all())
}

#[test]
fn a_ratchet_counts_what_its_baseline_counts_whatever_else_passes() {
    for keys in [
        "",
        "new_only = true\n",
        "only_fixable = true\n",
        "scope = \"production\"\n",
        "new_only = true\nonly_fixable = true\n",
    ] {
        let keys = format!("{RATCHET}{keys}");
        assert_eq!(judged(&keys, 3, 3).0, 0, "{keys}");
        let (code, all) = judged(&keys, 3, 6);
        assert_eq!(code, 1, "{keys}: {all}");
    }
}

#[test]
fn without_the_baseline_every_finding_is_new_also_of_a_saved_run() {
    let project = Project::with_gates(&gates("new_only = true").replace("\"high\"", "\"medium\""));
    project.write("now.json", finds(2));
    project.run(&["judge", "--report", "trivy=now.json", "--mode", "lab"]);
    assert_eq!(project.run(&["baseline", "--from", "gates-report/run.json"]).code, 0);
    let known = project.run(&["judge", "--report", "trivy=now.json"]);
    assert_eq!(known.code, 0, "{}", known.all());
    std::fs::remove_file(project.root().join("gates.baseline.json")).unwrap();
    let again = project.run(&["judge", "--from", "gates-report/run.json", "--mode", "production"]);
    assert_eq!(again.code, 1, "{}", again.all());
}

/// npm audit lists two versions of a package in one finding, Trivy in two.
#[test]
fn what_is_waived_of_one_version_is_not_waived_of_another() {
    let world = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/policy/two-versions");
    let tools = "[[gate]]\nid = \"npm\"\ntool = \"npm-audit\"\n[[gate]]\nid = \"trivy\"\ntool = \"trivy\"\n";
    let waiver = |version: &str| {
        format!(
            "[[waiver]]\nrule = \"CVE-2020-0001\"\npackage = \"pkg:npm/ms@{version}\"\nreason = \"patched\"\nexpires = 2999-01-01\n"
        )
    };
    let code = |gates: &str| {
        let project = Project::with_gates(&format!("version = 1\nmode = \"production\"\n{gates}"));
        for name in ["npm.json", "trivy.json", "package-lock.json"] {
            project.write(name, std::fs::read(world.join(name)).unwrap());
        }
        let ran = project.run(&["judge", "--report", "trivy=trivy.json", "--report", "npm=npm.json"]);
        (ran.code, ran.all())
    };
    let (one, two) = (waiver("1.0.0"), waiver("2.0.0"));
    assert_eq!(code(&format!("{tools}{two}")).0, 1);
    let (both, all) = code(&format!("{tools}{one}{two}"));
    assert_eq!(both, 0, "{all}");
    // The budget of the run counts them both.
    let tools = tools
        .replace("audit\"\n", "audit\"\nfail_on = \"never\"\n")
        .replace("trivy\"\n[", "trivy\"\nfail_on = \"never\"\n[");
    let tools = format!("{tools}fail_on = \"never\"\n");
    let (code, all) = code(&format!("max = {{ critical = 1, high = 1 }}\n{tools}"));
    assert_eq!(code, 1, "{all}");
}

#[test]
fn a_fresh_file_or_a_policy_without_it_judges_a_run_anew() {
    let risk = "[risk]\nepss = \"epss.csv\"\nmax_age = \"2d\"\n";
    let policy = |keys: &str| gates(keys).replace("[[gate]]", &format!("{risk}[[gate]]"));
    let scores = |day: &str| {
        format!(
            "#model_version:v2025.03.14,score_date:{day}T00:00:00Z\ncve,epss,percentile\nCVE-2020-0001,0.1,0.5\n"
        )
    };
    let project = Project::with_gates(&policy("epss_at_least = 0.9"));
    project.write("now.json", finds(2));
    project.write("epss.csv", scores("2020-01-01"));
    let stale = project.run(&["judge", "--report", "trivy=now.json"]);
    assert_eq!(stale.code, 3, "{}", stale.all());
    let again = ["judge", "--from", "gates-report/run.json", "--mode", "production"];
    assert_eq!(project.run(&again).code, 3);

    project.write("epss.csv", scores(&jiff::Zoned::now().date().to_string()));
    let fresh = project.run(&again);
    assert_eq!(fresh.code, 0, "{}", fresh.all());
    project.write("epss.csv", scores("2020-01-01"));
    project.write("gates.toml", policy(""));
    let without = project.run(&again);
    assert_eq!(without.code, 0, "{}", without.all());
    // Without any policy the record counts.
    std::fs::remove_file(project.root().join("gates.toml")).unwrap();
    assert_eq!(project.run(&again).code, 3);
}

#[test]
fn a_pattern_that_can_match_nothing_is_a_mistake() {
    let ban = |package: &str| {
        gates(&format!("[[gate.ban]]\npackage = \"{package}\"\nreason = \"stolen\"\n"))
            .replace("tool = \"trivy\"\nscan = \"fs\"", "tool = \"syft\"")
    };
    for package in ["pkg:npm/@evil**", "pkg:**", "pkg:npm/ms#sub"] {
        let ran = Project::with_gates(&ban(package)).run(&["plan"]);
        assert_eq!(ran.code, 2, "{package}: {}", ran.all());
    }
    assert_eq!(Project::with_gates(&ban("pkg:npm/@evil/*")).run(&["plan"]).code, 0);
    let waiver = |path: &str| {
        let waiver = format!(
            "[[waiver]]\npath = \"{path}\"\nrule = \"a\"\nreason = \"known\"\nexpires = 2999-01-01\n"
        );
        gates("") + &waiver
    };
    for path in ["src/**.js", "src/b**", "/src/a.js"] {
        let ran = Project::with_gates(&waiver(path)).run(&["plan"]);
        assert_eq!(ran.code, 2, "{path}: {}", ran.all());
    }
    assert_eq!(Project::with_gates(&waiver("src/**/*.js")).run(&["plan"]).code, 0);
    // Every other pattern of gates.toml.
    for (keys, wrong, right) in [
        ("vex = [\"PATTERN\"]\n[[gate]]\nid = \"a\"\ntool = \"trivy\"\n", "vex**.json", "{vex,none}/*.json"),
        (
            "[[gate]]\nid = \"a\"\ntool = \"command\"\nrun = [\"a\"]\nreport = { format = \"junit\", path = \"PATTERN\" }\n",
            "reports/**.xml",
            "reports/**/*.xml",
        ),
        ("[[gate]]\nid = \"a\"\ntool = \"cfn-lint\"\nfiles = [\"PATTERN\"]\n", "**.yaml", "**/*.yaml"),
        ("[[gate]]\nid = \"a\"\ntool = \"cfn-lint\"\nfiles = [\"!PATTERN\"]\n", "**.yaml", "**/*.yaml"),
        (
            "[[gate]]\nid = \"a\"\ntool = \"smoke-test\"\nurl = \"https://example.test\"\nbranches = [\"PATTERN\"]\n",
            "release**",
            "release/**",
        ),
        (
            "[[gate]]\nid = \"a\"\ntool = \"syft\"\n[gate.licences]\ndeny = [\"GPL-*\"]\nexceptions = [{ package = \"PATTERN\", allow = [\"GPL-3.0-only\"], reason = \"r\" }]\n",
            "pkg:npm/@img**",
            "pkg:npm/@img/*",
        ),
    ] {
        let plan = |pattern: &str| {
            let project = Project::with_gates(&format!("version = 1\n{}", keys.replace("PATTERN", pattern)));
            project.write("vex/a.json", "{}");
            project.run(&["plan"])
        };
        let says = "`**` stands for whole folders";
        assert!(plan(wrong).stderr.contains(says), "{keys}: {}", plan(wrong).all());
        assert!(!plan(right).all().contains(says), "{keys}: {}", plan(right).all());
    }
}
