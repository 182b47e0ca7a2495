//! The notes-app with all its faults, and the real scanners on it.

#![allow(clippy::disallowed_methods, reason = "scripts that the scanners need")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

use crate::common::readers;
use crate::common::{Advisories, Project, Ran, counts, real_tools, run_with_real_tools as run};
use serde_json::Value;

/// Held by a run that builds the notes-app's images: two builds at once would take each other's
/// tags over.
static IMAGES: Mutex<()> = Mutex::new(());

/// A run on the notes-app that several tests look at.
struct Shared {
    ran: Ran,
    /// The output folder.
    out: PathBuf,
    record: Value,
}

impl Shared {
    fn run(out: &str, args: &[&str], server: Option<&Advisories>) -> Self {
        let app = notes_app();
        let path = format!("{}:{}", real_tools().display(), std::env::var("PATH").unwrap());
        let out = app.root().join("..").join(out);
        let mut command = app.command(&[&["run", "--out", out.to_str().unwrap()], args].concat());
        command.env("PATH", path).envs(server.map(|server| ("npm_config_registry", &server.address)));
        let _building = IMAGES.lock();
        let ran = Ran::of(command.output().unwrap());
        let record = fs::read(out.join("run.json")).unwrap_or_else(|error| panic!("{error}: {}", ran.all()));
        Self { record: serde_json::from_slice(&record).unwrap(), ran, out }
    }

    /// All gates.
    fn whole() -> &'static Self {
        static RUN: OnceLock<Shared> = OnceLock::new();
        RUN.get_or_init(|| Self::run("whole", &["--verbose"], None))
    }

    /// The images, and what npm's registry knows of the same packages.
    fn images() -> &'static Self {
        static RUN: OnceLock<Shared> = OnceLock::new();
        let args = ["--only", "audit,images,image-scan,sbom", "--format", "cyclonedx"];
        RUN.get_or_init(|| Self::run("images", &args, Some(&Advisories::serve())))
    }

    fn gate(&self, id: &str) -> &Value {
        self.record["gates"].as_array().unwrap().iter().find(|gate| gate["id"] == id).unwrap()
    }

    fn findings(&self) -> &Vec<Value> {
        self.record["findings"].as_array().unwrap()
    }
}

fn docker_answers() -> bool {
    Command::new("docker").arg("info").output().is_ok_and(|output| output.status.success())
}

/// The notes-app with its history, faults and installed packages, laid out once.
fn notes_app() -> &'static Project {
    static APP: OnceLock<Project> = OnceLock::new();
    APP.get_or_init(|| {
        let project = Project::new();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/lay-out");
        let output = Command::new(script).arg(project.root()).output().unwrap();
        assert!(output.status.success(), "ci/lay-out: {}", String::from_utf8_lossy(&output.stderr));
        project
    })
}

/// The values that `ci/lay-out` plants, as they stand in the history and in the files.
fn planted_in_notes_app(app: &Project) -> BTreeSet<String> {
    let history = app.git(&["log", "-p", "--all"]);
    let quoted = history.lines().filter_map(|line| {
        let value = line.trim_start_matches('+').trim().split_once(": \"")?.1.strip_suffix("\",")?;
        (line.contains("accessKeyId") || line.contains("secretAccessKey")).then(|| value.to_owned())
    });
    let key_lines = app.read("nginx/tls/proxy.key");
    let key_lines = key_lines.lines().filter(|line| line.len() == 64).map(str::to_owned);
    let token = app.read(".env").trim().split_once('=').unwrap().1.to_owned();
    // Both credentials are there twice: added, and removed again.
    let values: BTreeSet<String> = quoted.chain(key_lines).chain([token]).collect();
    assert_eq!(values.len(), 2 + 12 + 1, "{}", values.len());
    values
}

#[test]
fn gitleaks_finds_nothing_in_all_that_a_run_on_the_notes_app_wrote() {
    let app = notes_app();
    let Shared { ran, out, .. } = Shared::whole();
    fs::write(out.join("stdout"), &ran.stdout).unwrap();
    fs::write(out.join("stderr"), &ran.stderr).unwrap();
    let report = app.root().join("../written.json");
    let gitleaks = Command::new(real_tools().join("gitleaks"))
        .args(["dir", "--no-banner", "--redact=100", "--ignore-gitleaks-allow", "--exit-code", "77"])
        .args(["--report-format", "json", "--report-path"])
        .args([&report, out])
        .output()
        .unwrap();
    let found = fs::read_to_string(&report).unwrap();
    assert_eq!(gitleaks.status.code(), Some(0), "{found}");

    let mut everything = Vec::new();
    gather(out, &mut everything);
    assert!(everything.len() > 50_000, "the run wrote next to nothing: {}", ran.all());
    let everything = String::from_utf8_lossy(&everything);
    for value in planted_in_notes_app(app) {
        let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        let encode = |before: &str| {
            let mut child = Command::new("base64")
                .arg("-w0")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            std::io::Write::write_all(
                &mut child.stdin.take().unwrap(),
                format!("{before}{value}").as_bytes(),
            )
            .unwrap();
            let encoded = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
            encoded[4..encoded.len() - 4].to_owned()
        };
        for spelling in [value.clone(), hex, encode(""), encode("a"), encode("ab")] {
            assert!(!everything.contains(&spelling), "a planted secret was written");
        }
    }
}

/// The bytes of every file below a folder.
fn gather(folder: &Path, all: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { gather(&path, all) } else { all.extend(fs::read(&path).unwrap()) }
    }
}

#[test]
fn tsc_and_eslint_check_each_folder_of_a_monorepo() {
    let (app, run) = (notes_app(), Shared::whole());
    assert_eq!(counts(run.gate("types")), "0 8 0 0 0", "{}", run.ran.all());
    assert_eq!(counts(run.gate("lint")), "0 7 0 2 0");
    assert_eq!(run.gate("types")["tool_version"], "5.9.3");
    let code =
        run.findings().iter().filter(|finding| finding["gate"] == "types" || finding["gate"] == "lint");
    let paths: Vec<&str> = code.map(|finding| finding["location"]["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"frontend/app/(notes)/page.tsx"), "{paths:?}");
    assert!(paths.iter().all(|path| app.root().join(path).is_file()), "{paths:?}");
}

/// With `noCheck` in its configuration tsc lists every file, checks none and leaves with 0.
/// What each gate says of its inputs is what lies there, by git's own list: the notes-app leaves nothing out.
#[test]
fn the_inputs_of_each_gate_are_the_files_that_git_lists() {
    let run = Shared::whole();
    let listed =
        |patterns: &[&str]| notes_app().git(&[&["ls-files", "--"], patterns].concat()).lines().count() as u64;
    let scanned = |gate: &str, kind: &str| -> u64 {
        let inputs = run.gate(gate)["inputs"].as_array().unwrap();
        let of_kind = inputs.iter().filter(|input| input["kind"].as_str().unwrap().starts_with(kind));
        of_kind
            .map(|input| {
                assert_eq!(input["state"], "scanned", "{input}");
                input.get("files").map_or(1, |files| files.as_u64().unwrap())
            })
            .sum()
    };
    for (gate, kind, patterns) in [
        ("types", "source/typescript", &["*.ts", "*.tsx"][..]),
        ("lint", "source/typescript", &["*.ts", "*.tsx"]),
        ("lint", "source/javascript", &["backend/*.js", "frontend/*.js"]),
        ("infrastructure", "cloudformation", &["infra/*.yaml"]),
    ] {
        assert_eq!(scanned(gate, kind), listed(patterns), "{gate}: {kind}");
    }
    assert_eq!(scanned("infrastructure", "terraform-root"), 1, "infra");
}

#[test]
fn a_configuration_that_has_tsc_check_nothing_is_overruled() {
    let project = Project::with_gates("version = 1\n[[gate]]\nid = \"types\"\ntool = \"tsc\"\n");
    let modules = notes_app().root().join("backend/node_modules");
    std::os::unix::fs::symlink(modules, project.root().join("node_modules")).unwrap();
    project.write("a.ts", "export const a: number = 'x';\n");
    project.write("tsconfig.json", r#"{"compilerOptions": {"noCheck": true, "types": []}}"#);
    let ran = run(&project, &["run"]);
    assert_eq!(counts(&project.gate("types")), "0 1 0 0 0", "{}", ran.all());
}

#[test]
fn images_are_built_scanned_and_listed_or_it_is_said_that_docker_is_not_there() {
    let run = Shared::images();
    let (ran, gate) = (&run.ran, |id: &str| run.gate(id));
    if !docker_answers() {
        assert_eq!(gate("images")["outcome"], "inconclusive", "{}", ran.all());
        assert!(gate("image-scan")["reason"].as_str().unwrap().contains("needs images"), "{}", ran.all());
        return;
    }
    assert_eq!(gate("images")["outcome"], "passed", "{}", ran.all());
    // Build, scan and bill of materials are about one and the same image.
    for (index, name) in ["notes-backend", "notes-frontend", "notes-proxy"].iter().enumerate() {
        let id = |of: &str| gate(of)["targets"][index]["image_id"].clone();
        assert_eq!(gate("image-scan")["targets"][index]["name"], *name);
        assert!(id("images").as_str().unwrap().starts_with("sha256:"));
        assert_eq!((id("image-scan"), id("sbom")), (id("images"), id("images")), "{name}");
    }
    assert_eq!(counts(gate("image-scan")), "2 5 3 0 0");
    what_is_kept_of_the_inventories_is_whole(&run.out, gate("sbom"));
}

/// Syft's own documents by the schemas of their makers, and the merged one against them: Python puts the
/// packages of the three images together, by their package URLs.
fn what_is_kept_of_the_inventories_is_whole(out: &Path, gate: &Value) {
    const COMPARE: &str = r#"
import sys, json
merged, *each = (json.load(open(name, encoding="utf-8")) for name in sys.argv[1:])
plain = lambda one: one["purl"].split("?")[0]
images = [sorted({plain(one) for one in bom["components"] if "purl" in one}) for bom in each]
refs = {one["bom-ref"]: plain(one) for one in merged["components"] if "purl" in one}
reported = {one["ref"]: sorted(refs[ref] for ref in one.get("dependsOn", [])) for one in merged["dependencies"][1:]}
json.dump({"images": images, "reported": [reported["image:" + name] for name in ("notes-backend", "notes-frontend", "notes-proxy")],
    "incomplete": merged.get("compositions")}, sys.stdout)
"#;
    let mut kept = vec![out.join("vdr.cdx.json")];
    for target in gate["targets"].as_array().unwrap() {
        for path in target["files"].as_object().unwrap().values().filter_map(Value::as_str) {
            let file = out.join(path);
            if path.ends_with(".spdx.json") {
                readers::json_of_schema(&file, "spdx-schema-2.3.json");
            } else if path.ends_with(".cdx.json") {
                let bom = readers::json_of_schema(&file, "cyclonedx/bom-1.6.schema.json");
                assert_eq!(bom["specVersion"], "1.6", "the newest that this Syft writes");
                kept.push(file);
            }
        }
    }
    assert_eq!(kept.len(), 1 + 3);
    readers::json_of_schema(&kept[0], "cyclonedx/bom-1.5.schema.json");
    let files: Vec<&Path> = kept.iter().map(|file| file.as_path()).collect();
    let read = readers::python(COMPARE, &files);
    assert_eq!(read["reported"], read["images"]);
    assert!(!read["images"][0].as_array().unwrap().is_empty());
    // All images were listed and searched. Of the folders that npm audit looked at nobody listed the packages, and gates
    // that were left out leave the project's own rest open.
    let open = ["folder:backend", "folder:frontend", "project"];
    assert_eq!(read["incomplete"], serde_json::json!([{"aggregate": "incomplete", "assemblies": open}]));
}

/// jq over the two scanners' own reports counts how many vulnerabilities both have: by the advisory's GHSA id
/// and the installed version.
#[test]
fn what_npm_audit_and_trivy_both_see_is_one_problem() {
    let run = Shared::images();
    let ran = &run.ran;
    let gates = run.record["gates"].as_array().unwrap();
    if gates.iter().any(|gate| gate["outcome"] == "inconclusive") {
        // Without Docker there is no image to scan.
        assert!(!docker_answers(), "{}", ran.all());
        return;
    }
    let jq = |filter: &str, files: &[PathBuf]| -> BTreeSet<String> {
        let output = Command::new("jq").args(["-r", filter]).args(files).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    };
    let reports = |gate: &str| -> Vec<PathBuf> {
        let targets = fs::read_dir(run.out.join("reports").join(gate)).unwrap();
        let files = targets.flat_map(|target| fs::read_dir(target.unwrap().path()).unwrap());
        files.map(|file| file.unwrap().path()).collect()
    };
    let npm = jq(
        ".vulnerabilities[].via[] | objects | \"\\(.url | sub(\".*/\"; \"\")) \\(.name)\"",
        &reports("audit"),
    );
    // npm's report does not tell which version is installed; Trivy's does.
    let trivy = jq(
        ".Results[]?.Vulnerabilities[]? | \"\\(.PkgName)@\\(.InstalledVersion)\" as $package | (.VendorIDs // [])[] | \"\\(.) \\($package)\"",
        &reports("image-scan"),
    );
    let both: BTreeSet<&String> =
        trivy.iter().filter(|seen| npm.contains(seen.split('@').next().unwrap())).collect();
    assert!(!both.is_empty(), "{npm:?} {trivy:?}");

    let findings = run.findings();
    let seen_by_both = |finding: &&Value| finding["seen_by"] == serde_json::json!(["npm-audit", "trivy"]);
    let merged: BTreeSet<&str> =
        findings.iter().filter(seen_by_both).map(|finding| finding["problem"].as_str().unwrap()).collect();
    assert_eq!(merged.len(), both.len(), "{both:?}");
    let name = |finding: &Value| finding.get("problem").unwrap_or(&finding["id"]).to_string();
    let problems: BTreeSet<String> = findings.iter().map(name).collect();
    // As docs/policy.md says.
    assert_eq!((findings.len(), problems.len()), (19, 10), "{}", ran.all());
}

#[test]
fn init_writes_a_gates_toml_that_runs() {
    let app = notes_app();
    let project = Project::new();
    let copy = Command::new("cp")
        .arg("-R")
        .arg(format!("{}/.", app.root().display()))
        .arg(project.root())
        .output()
        .unwrap();
    assert!(copy.status.success());
    fs::remove_file(project.root().join("gates.toml")).unwrap();
    assert_eq!(project.run(&["init"]).code, 0);
    let gates = project.read("gates.toml");
    for tool in ["gitleaks", "tsc", "eslint", "npm-audit", "docker-build", "trivy", "syft", "checkov"] {
        assert!(gates.contains(&format!("tool = \"{tool}\"")), "{tool}: {gates}");
    }
    let ran = run(&project, &["run", "--only", "secrets,types,lint,iac"]);
    let record = project.record();
    let outcomes: Vec<&str> = record["gates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gate| gate["outcome"].as_str().unwrap())
        .filter(|outcome| *outcome != "skipped")
        .collect();
    assert_eq!(outcomes, ["failed"; 4], "{}", ran.all());
}
