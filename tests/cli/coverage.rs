//! What there is to look at, and what was looked at: inputs that no gate reads, and lock files that a scanner passes over.

mod infrastructure;
mod lock_files;
mod not_there;
mod projects;
mod shapes;
mod sources;
mod type_checks;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::{Value, json};

use crate::common::{Project, Ran};

const TRIVY: &str = "[[gate]]\nid = \"deps\"\ntool = \"trivy\"\nscanners = [\"vuln\"]\n";

/// An npm lock file with one package.
const LOCK: &str = r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"version": "1.0.0"}}}"#;

fn gates(rest: &str) -> String {
    format!("version = 1\nmode = \"production\"\n{rest}")
}

/// A project in which Trivy reads these lock files, and no others.
fn project(gates_toml: &str, read: &[&str]) -> Project {
    let project = Project::with_gates(gates_toml);
    project.git(&["init", "--quiet"]);
    project.write(".gitignore", "/gates-report\n/report.json\n/bin\n");
    let results: Vec<Value> = read
        .iter()
        .map(|path| {
            json!({"Target": path, "Class": "lang-pkgs", "Type": "npm",
                   "Packages": [{"Name": "a", "Version": "1.0.0", "Identifier": {"UID": "1"}}]})
        })
        .collect();
    let report =
        json!({"SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "filesystem", "Results": results});
    project.write("report.json", report.to_string());
    project.program(
        "trivy",
        r#"while [ $# -gt 0 ]; do [ "$1" = --output ] && out=$2; shift; done; cp report.json "$out""#,
    );
    project
}

fn run(project: &Project) -> Ran {
    project.commit("now");
    project.run(&["run"])
}

/// `allow_empty` is for what is empty, not for what the scanner passes over.
#[test]
fn a_lock_file_with_packages_is_a_gap_also_where_nothing_may_be_in_scope() {
    let project = project(&gates(&format!("{TRIVY}allow_empty = true\n")), &[]);
    project.write("package-lock.json", r#"{"lockfileVersion": 3, "packages": {"": {}}}"#);
    let ran = run(&project);
    assert_eq!((ran.code, &project.gate("deps")["outcome"]), (0, &json!("skipped")), "{}", ran.all());
    project.write("api/package-lock.json", LOCK);
    let ran = run(&project);
    let gate = project.gate("deps");
    assert_eq!((ran.code, &gate["outcome"]), (3, &json!("inconclusive")), "{}", ran.all());
    let says = "1 of 2 npm lock files was not read: api/package-lock.json";
    assert!(gate["reason"].as_str().unwrap().starts_with(says), "{}", gate["reason"]);
    assert_eq!(project.run(&["judge", "--from", "gates-report/run.json"]).code, 3);
}

/// An audit that found nothing to ask about has looked at no lock file with packages in it.
#[test]
fn an_audit_of_nothing_does_not_pass_over_packages() {
    const AUDIT: &str = "[[gate]]\nid = \"audit\"\ntool = \"npm-audit\"\n";
    const NONE: &str = r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/b": {"link": true}}}"#;
    const DEV: &str = r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"dev": true}}}"#;
    for (keys, locks, expected) in [
        ("allow_empty = true", &[(".", NONE)][..], Ok(("skipped", &[". empty"][..]))),
        ("allow_empty = true", &[(".", LOCK)], Err("1 of 1 npm lock file was not read: package-lock.json")),
        ("allow_empty = true", &[(".", DEV)], Err("1 of 1 npm lock file was not read: package-lock.json")),
        ("allow_empty = true\nomit = [\"dev\"]", &[(".", DEV)], Ok(("skipped", &[". empty"]))),
        (
            "dirs = [\"full\", \"none\"]\nallow_empty = [\"none\"]",
            &[("full", LOCK), ("none", NONE)],
            Ok(("passed", &["full scanned", "none empty"])),
        ),
        (
            "dirs = [\"full\", \"none\"]\nallow_empty = [\"none\"]",
            &[("full", LOCK), ("none", LOCK)],
            Err("1 of 2 npm lock files was not read: none/package-lock.json"),
        ),
    ] {
        let project = Project::with_gates(&gates(&format!("{AUDIT}{keys}\n")));
        project.git(&["init", "--quiet"]);
        project.write(".gitignore", "/gates-report\n/bin\n");
        project.program(
            "npm",
            r#"[ "$1" = --version ] && echo 11.0.0 && exit
case $PWD in */full) n=1 ;; *) n=0 ;; esac
echo 'npm http fetch POST 200 https://registry.example/-/npm/v1/security/advisories/bulk 9ms' >&2
echo '{"auditReportVersion": 2, "vulnerabilities": {}, "metadata": {"vulnerabilities": {"total": 0}, "dependencies": {"prod": 1, "dev": 0, "optional": 0, "peer": 0, "total": '$n'}}}'"#,
        );
        for (folder, lock) in locks {
            project.write(&format!("{folder}/package-lock.json"), *lock);
        }
        let ran = run(&project);
        let gate = project.gate("audit");
        match expected {
            Ok((outcome, rows)) => {
                assert_eq!((ran.code, gate["outcome"].as_str()), (0, Some(outcome)), "{keys}: {}", ran.all());
                let inputs = gate["inputs"].as_array().unwrap().iter();
                let row = |input: &Value| {
                    let path = input["path"].as_str().unwrap();
                    let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
                    format!("{folder} {}", input["state"].as_str().unwrap())
                };
                assert_eq!(inputs.map(row).collect::<Vec<_>>(), rows, "{keys}");
            }
            Err(says) => {
                assert_eq!(
                    (ran.code, gate["outcome"].as_str()),
                    (3, Some("inconclusive")),
                    "{keys}: {}",
                    ran.all()
                );
                let reason = gate["reason"].as_str().unwrap();
                assert!(reason.starts_with(says) && reason.contains("looked at none"), "{keys}: {reason}");
            }
        }
    }
}

#[test]
fn a_lock_file_that_the_scanner_passes_over_is_a_gap_that_a_waiver_accepts() {
    let project = project(&gates(TRIVY), &["package-lock.json"]);
    for path in ["package-lock.json", "old/package-lock.json", "new/yarn.lock"] {
        let text = if path.ends_with("yarn.lock") {
            "# yarn lockfile v1\n\na@1:\n  version \"1.0.0\"\n"
        } else {
            LOCK
        };
        project.write(path, text);
    }
    // Nothing in it that Trivy could list.
    project.write("empty/package-lock.json", r#"{"lockfileVersion": 3, "packages": {"": {}}}"#);
    project.write("node_modules/b/package-lock.json", LOCK);
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let gate = project.gate("deps");
    let reason = gate["reason"].as_str().unwrap();
    let says =
        "2 of 4 lock files were not read: new/yarn.lock, old/package-lock.json (Trivy does not mention it";
    assert!(reason.starts_with(says), "{reason}");
    let states: Vec<(&str, &str)> = gate["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| (input["path"].as_str().unwrap(), input["state"].as_str().unwrap()))
        .collect();
    assert_eq!(
        states,
        [
            ("empty/package-lock.json", "empty"),
            ("new/yarn.lock", "gap"),
            ("old/package-lock.json", "gap"),
            ("package-lock.json", "scanned")
        ]
    );
    assert!(
        project.run(&["explain", "deps"]).stdout.contains("old/package-lock.json (npm lock file): not read")
    );

    let waiver = |gap: &str, day: &str| {
        format!("[[waiver]]\ngap = \"{gap}\"\ngate = \"deps\"\nreason = \"frozen\"\nexpires = {day}\n")
    };
    let both = format!("{}{}", waiver("old/**", "2999-12-31"), waiver("new/yarn.lock", "2999-12-30"));
    project.write("gates.toml", gates(&format!("{TRIVY}{both}")));
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let reason = "no findings; scanned 2 of 4 lock files (2 accepted)";
    assert_eq!(project.gate("deps")["reason"], reason);
    for words in ["accepts 1 input not scanned, until 2999-12-31", "frozen"] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("covered nothing"), "{}", ran.stdout);
    // The record is judged by a policy that does not accept it any more, and by itself.
    assert_eq!(project.run(&["judge", "--from", "gates-report/run.json"]).code, 0);
    let expired = both.replace("2999-12-31", "2020-01-01");
    project.write("gates.toml", gates(&format!("{TRIVY}{expired}")));
    assert_eq!(project.run(&["judge", "--from", "gates-report/run.json"]).code, 3);
    // Another gate's waiver, or one of another tool.
    let other = both.replace("gate = \"deps\"", "tool = \"syft\"");
    project.write("gates.toml", gates(&format!("{TRIVY}{other}")));
    assert_eq!(run(&project).code, 3);
}

#[test]
fn a_gap_does_not_hide_what_was_found() {
    let project = project(&gates(TRIVY), &["package-lock.json"]);
    project.write("package-lock.json", LOCK);
    project.write("old/package-lock.json", LOCK);
    let report = project.read("report.json").replace(
        "\"Packages\"",
        r#""Vulnerabilities": [{"VulnerabilityID": "CVE-2020-0001", "PkgName": "a", "InstalledVersion": "1.0.0", "Severity": "HIGH"}], "Packages""#,
    );
    project.write("report.json", report);
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = project.gate("deps")["reason"].as_str().unwrap().to_owned();
    assert!(reason.ends_with("besides, 1 finding at or above high"), "{reason}");
    // What was not read is no base for what is known, and nothing in it is gone.
    let baseline = project.run(&["baseline"]);
    assert!(baseline.stderr.contains("run.json proved anything"), "{}", baseline.all());
    let waiver = "[[waiver]]\ngap = \"old/*\"\nreason = \"r\"\nexpires = 2999-12-31\n";
    project.write("gates.toml", gates(&format!("{TRIVY}{waiver}")));
    assert_eq!(run(&project).code, 1);
    assert_eq!(project.run(&["baseline"]).code, 0);
    let report = project.read("report.json").replace("Vulnerabilities", "Others");
    project.write("report.json", report);
    project.write("gates.toml", gates(TRIVY));
    run(&project);
    let pruned = project.run(&["baseline", "--prune"]);
    assert!(
        pruned.stdout.contains("deps did not read all of its inputs; its findings are left"),
        "{}",
        pruned.all()
    );
}

#[test]
fn an_action_does_not_start_behind_a_gap() {
    let push = "[[gate]]\nid = \"smoke\"\ntool = \"smoke-test\"\nneeds = [\"deps\"]\nchecks = [{ url = \"http://127.0.0.1:9/\" }]\n";
    let project = project(&gates(&format!("{TRIVY}{push}")), &[]);
    project.write("old/package-lock.json", LOCK);
    let report = project.read("report.json").replace("\"Results\":[]", r#""Results": [{"Target": "x/package-lock.json", "Class": "lang-pkgs", "Type": "npm", "Packages": [{"Name": "a", "Version": "1.0.0", "Identifier": {"UID": "1"}}]}]"#);
    project.write("report.json", report);
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(project.gate("smoke")["targets"], json!([]), "{}", ran.all());
}

#[test]
fn inputs_that_no_gate_reads_are_named_and_block_if_coverage_is_required() {
    let project = project(&gates(TRIVY), &["package-lock.json"]);
    project.write("package-lock.json", LOCK);
    for (path, text) in [
        ("api/Dockerfile", "FROM scratch\n"),
        ("k8s/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n"),
        ("k8s/service.yaml", "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n"),
        ("web/package.json", r#"{"dependencies": {"a": "1"}}"#),
    ] {
        project.write(path, text);
    }
    let words =
        "1 npm manifest without a lock file, 1 Dockerfile (checkov), 2 Kubernetes manifests (checkov)";
    let plan = project.run(&["plan"]);
    assert!(
        plan.stdout.contains("2 Kubernetes manifests (checkov): k8s/pod.yaml, k8s/service.yaml"),
        "{}",
        plan.all()
    );
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains(&format!("Not covered by any gate: {words}")), "{}", ran.all());

    let required = format!("coverage = \"required\"\n{TRIVY}");
    project.write("gates.toml", gates(&required));
    let ran = run(&project);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(
        ran.stdout.contains(&format!("Verdict: BLOCKED (exit 1). not covered by any gate: {words}")),
        "{}",
        ran.all()
    );
    let accept = "[[waiver]]\ngap = \"{k8s,api}/*\"\nreason = \"elsewhere\"\nexpires = 2999-12-31\n";
    project.write("gates.toml", gates(&format!("{required}{accept}")));
    let ran = run(&project);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(
        ran.stdout.contains("not covered by any gate: 1 npm manifest without a lock file"),
        "{}",
        ran.all()
    );
    assert!(!ran.stdout.contains("Kubernetes manifests (checkov)"), "{}", ran.all());
    project.write("web/package-lock.json", LOCK);
    project.write(
        "gates.toml",
        gates(&format!("{required}{}", accept.replace("{k8s,api}/*", "{k8s,api,web}/*"))),
    );
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    // A gate that reads them.
    let checkov = "[[gate]]\nid = \"iac\"\ntool = \"checkov\"\nrequired = false\n";
    project.write("gates.toml", gates(&format!("coverage = \"required\"\n{TRIVY}{checkov}")));
    let plan = project.run(&["plan"]);
    assert!(!plan.stdout.contains("Not covered"), "{}", plan.all());
}

/// An advisory gate that proves nothing reads nothing, and `judge` does not forget what no gate reads.
#[test]
fn what_an_advisory_gate_does_not_prove_is_not_covered() {
    let always = "[[gate]]\nid = \"a\"\ntool = \"command\"\nrun = [\"true\"]\n";
    let lint = |run: &str| {
        format!(
            "coverage = \"required\"\n{always}[[gate]]\nid = \"lint\"\ntool = \"command\"\nrequired = false\nrun = [{run}]\n"
        )
    };
    let project = Project::with_gates("");
    project.git(&["init", "--quiet"]);
    project.write(".gitignore", "/gates-report\n/bin\n");
    project.write("a/Dockerfile", "FROM scratch\n");
    project.program("hadolint", "exit 0");
    for (run, code) in [
        ("\"hadolint\"", 0),
        ("\"hadolint\", \"a/Dockerfile\"", 0),
        ("\"hadolint\", \"b/Dockerfile\"", 1),
        ("\"hadolint\", \"--version\"", 1),
        ("\"echo\", \"hadolint\"", 1),
        ("\"./none/hadolint\"", 1),
    ] {
        project.write("gates.toml", gates(&lint(run)));
        let ran = self::run(&project);
        assert_eq!(ran.code, code, "{run}: {}", ran.all());
    }
    project.write("gates.toml", gates(&format!("coverage = \"required\"\n{TRIVY}")));
    let report = r#"{"SchemaVersion":2,"ArtifactName":".","ArtifactType":"filesystem","Results":[{"Target":"package-lock.json","Class":"lang-pkgs","Type":"npm","Packages":[{"Name":"a","Version":"1.0.0"}]}]}"#;
    project.write("t.json", report);
    let ran = project.run(&["judge", "--report", "deps=t.json"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
}

#[test]
fn a_project_that_no_compiler_reads_is_not_covered() {
    let tsc = "[[gate]]\nid = \"types\"\ntool = \"tsc\"\n";
    let project = Project::with_gates(&gates(tsc));
    project.git(&["init", "--quiet"]);
    project.write("tsconfig.json", r#"{"files": [], "references": [{"path": "./tsconfig.app.json"}]}"#);
    project.write("tsconfig.app.json", r#"{"include": ["src"]}"#);
    project.write("src/a.ts", "export const a = 1;\n");
    let plan = project.run(&["plan"]);
    assert!(plan.stdout.contains("1 TypeScript project (tsc): tsconfig.app.json"), "{}", plan.all());
    project.write("gates.toml", gates(&format!("{tsc}project = \"tsconfig.app.json\"\n")));
    let plan = project.run(&["plan"]);
    assert!(!plan.stdout.contains("Not covered"), "{}", plan.all());
}

#[test]
fn a_waiver_for_a_gap_says_nothing_of_findings() {
    let gap = "[[waiver]]\ngap = \"a\"\nreason = \"r\"\nexpires = 2999-12-31\n";
    for (waiver, says) in [
        (format!("{gap}rule = \"x\"\n"), "`rule` is about findings"),
        (gap.replace("\"a\"", "\"**\""), "would cover every finding"),
        (gap.replace("\"a\"", "\"/a\""), "begins with `/`"),
        (format!("{gap}{gap}"), "repeats `waiver 1`"),
    ] {
        let ran = Project::with_gates(&gates(&format!("{TRIVY}{waiver}"))).run(&["plan"]);
        assert!(ran.code == 2 && ran.stderr.contains(says), "{says}: {}", ran.all());
    }
    let ran = Project::with_gates(&gates(&format!("coverage = \"yes\"\n{TRIVY}"))).run(&["plan"]);
    assert!(ran.code == 2 && ran.stderr.contains("known: required, shown"), "{}", ran.all());
}

/// Both folders have one name in the report, so it shows of neither that it was read.
#[test]
fn lock_files_whose_names_look_alike_are_gaps() {
    let project = project(&gates(TRIVY), &["caf\u{fffd}/package-lock.json", "app/package-lock.json"]);
    project.write("app/package-lock.json", LOCK);
    for name in [b"caf\xe8", b"caf\xe9"] {
        let folder = project.root().join(OsStr::from_bytes(name));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("package-lock.json"), LOCK).unwrap();
    }
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = project.gate("deps")["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("2 of 3 npm lock files were not read: caf"), "{reason}");
}

#[test]
fn without_a_commit_the_same_is_compared() {
    let project = project(&gates(TRIVY), &["package-lock.json"]);
    project.write("package-lock.json", LOCK);
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    project.write("old/package-lock.json", LOCK);
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
}

/// A gate without proof for a gap is the first thing to do.
#[test]
fn a_gap_is_the_first_step_to_pass() {
    let project = project(&gates(TRIVY), &["package-lock.json"]);
    project.write("package-lock.json", LOCK);
    project.write("old/package-lock.json", LOCK);
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.stdout.contains(" 1  Get proof from deps"), "{}", ran.stdout);
}
