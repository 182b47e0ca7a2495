//! Yarn 1, 3 and 4 and pnpm, really run, against `ci/advisory-server`: six advisories on lodash
//! 4.17.4 and minimist 0.0.8, two critical, two high, two medium. Half of each kind are lodash's,
//! but for both high ones.

#![allow(clippy::disallowed_methods, reason = "the PATH of the tests")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod lock_files;

use crate::common::{Advisories, Project, Ran, package_managers};
use lock_files::{lock_of_pnpm, lock_of_yarn_1, lock_of_yarn_3, lock_of_yarn_4};
use serde_json::Value;

/// A program with the lock file that it writes for `dependencies` and `devDependencies`.
struct Manager {
    /// Its folder in the tools.
    name: &'static str,
    tool: &'static str,
    /// Its lock file, and how it is written.
    lock: (&'static str, Write),
    /// Yarn 1 asks one registry alone: the test's is in its way as a proxy.
    by_proxy: bool,
}

/// Writes the lock file of these packages, of which only development needs one.
type Write = fn(&[(&str, &str)], &str) -> String;

const MANAGERS: [Manager; 4] = [
    Manager { name: "yarn", tool: "yarn-audit", lock: ("yarn.lock", lock_of_yarn_1), by_proxy: true },
    Manager { name: "yarn3", tool: "yarn-audit", lock: ("yarn.lock", lock_of_yarn_3), by_proxy: false },
    Manager { name: "yarn4", tool: "yarn-audit", lock: ("yarn.lock", lock_of_yarn_4), by_proxy: false },
    Manager { name: "pnpm", tool: "pnpm-audit", lock: ("pnpm-lock.yaml", lock_of_pnpm), by_proxy: false },
];

fn manager(name: &str) -> &'static Manager {
    MANAGERS.iter().find(|manager| manager.name == name).unwrap()
}

const VULNERABLE: [(&str, &str); 2] = [("lodash", "4.17.4"), ("minimist", "0.0.8")];

impl Manager {
    /// Lays out `app` with these packages; only development needs `dev`.
    fn package(&self, project: &Project, packages: &[(&str, &str)], dev: &str) {
        let of = |wanted: bool| {
            let chosen = packages.iter().filter(|(name, _)| (*name == dev) == wanted);
            chosen.map(|(name, version)| format!("\"{name}\":\"{version}\"")).collect::<Vec<_>>().join(",")
        };
        let (needs, dev_needs) = (of(false), of(true));
        project.write(
            "app/package.json",
            format!(r#"{{"name":"app","version":"1.0.0","dependencies":{{{needs}}},"devDependencies":{{{dev_needs}}}}}"#),
        );
        let (name, lock) = self.lock;
        project.write(&format!("app/{name}"), lock(packages, dev));
        if self.by_proxy {
            project.write("app/.yarnrc", "strict-ssl false\n");
        }
    }

    /// A project with a gate `audit` on `app`, which asks `registry`.
    fn project(&self, registry: &str, options: &str) -> Project {
        let registry = if self.by_proxy { String::new() } else { format!("registry = '{registry}'\n") };
        Project::with_gates(&format!(
            "version = 1\nmode = 'production'\n[[gate]]\nid = 'audit'\ntool = '{}'\ndirs = ['app']\nretries = 0\n{registry}{options}\n",
            self.tool
        ))
    }

    fn run(&self, project: &Project, registry: &str, args: &[&str], env: &[(&str, &str)]) -> Ran {
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", package_managers().join(self.name).display());
        let mut command = project.command(args);
        command.env("PATH", path).envs(env.iter().copied());
        if self.by_proxy {
            command.env("HTTPS_PROXY", registry);
        }
        Ran::of(command.output().unwrap())
    }
}

/// critical high medium low info unknown
fn counts(gate: &Value) -> String {
    let count = |severity: &str| gate["counts"][severity].as_u64().unwrap().to_string();
    ["critical", "high", "medium", "low", "info", "unknown"].map(count).join(" ")
}

fn texts(target: &Value, key: &str) -> String {
    let texts = target[key].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned());
    texts.collect::<Vec<_>>().join("; ")
}

fn notes(project: &Project) -> String {
    texts(&project.gate("audit")["targets"][0], "notes")
}

#[test]
fn each_finds_what_the_registry_knows() {
    let server = Advisories::serve();
    for manager in &MANAGERS {
        let project = manager.project(&server.address, "");
        manager.package(&project, &VULNERABLE, "");
        let ran = manager.run(&project, &server.address, &["run"], &[]);
        let gate = project.gate("audit");
        let name = manager.name;
        assert_eq!((ran.code, counts(&gate).as_str()), (1, "2 2 2 0 0 0"), "{name}: {}", ran.all());
        assert_eq!(gate["scope"]["packages"], 2, "{name}");
        let record = project.record();
        let findings = record["findings"].as_array().unwrap();
        let finding = findings.iter().find(|finding| finding["rule"] == "GHSA-jf85-cpcp-j695").unwrap();
        let package = &finding["package"];
        assert_eq!((&package["name"], &package["version"]), (&"lodash".into(), &"4.17.4".into()), "{name}");
    }
}

#[test]
fn a_clean_project_passes_since_the_registry_was_asked() {
    let server = Advisories::serve();
    for manager in &MANAGERS {
        let project = manager.project(&server.address, "");
        manager.package(&project, &[("ms", "2.1.3")], "");
        let ran = manager.run(&project, &server.address, &["run"], &[]);
        let gate = project.gate("audit");
        assert_eq!((ran.code, &gate["outcome"]), (0, &"passed".into()), "{}: {}", manager.name, ran.all());
        let proof = texts(&gate["targets"][0], "proof");
        assert!(proof.contains("the registry answered the audit request"), "{}: {proof}", manager.name);
        assert_eq!(gate["scope"]["packages"], 1, "{}", manager.name);
        assert!(!project.root().join("app/.yarn").exists(), "{} writes into the project", manager.name);
    }
}

#[test]
fn a_registry_that_does_not_answer_is_no_proof() {
    // Nothing listens on the discard port.
    const NOWHERE: &str = "http://127.0.0.1:9";
    for manager in &MANAGERS {
        let project = manager.project(NOWHERE, "");
        manager.package(&project, &[("ms", "2.1.3")], "");
        // pnpm tries again for more than a minute.
        project.write("app/.npmrc", "fetch-retries=0\n");
        let ran = manager.run(&project, NOWHERE, &["run"], &[]);
        let reason = project.gate("audit")["reason"].as_str().unwrap().to_owned();
        assert_eq!(ran.code, 3, "{}: {}", manager.name, ran.all());
        assert!(reason.contains("ECONNREFUSED"), "{}: {reason}", manager.name);
    }
}

#[test]
fn what_only_development_needs_can_be_left_out() {
    let server = Advisories::serve();
    for manager in &MANAGERS {
        let project = manager.project(&server.address, "omit = ['dev']");
        manager.package(&project, &VULNERABLE, "minimist");
        let ran = manager.run(&project, &server.address, &["run"], &[]);
        assert_eq!(counts(&project.gate("audit")), "1 2 1 0 0 0", "{}: {}", manager.name, ran.all());
    }
}

#[test]
fn what_a_project_or_the_environment_switches_off_is_switched_on() {
    let server = Advisories::serve();
    for (name, file, text, env) in [
        (
            "yarn",
            "app/.yarnrc",
            "strict-ssl false\n--audit.level critical\n--audit.groups dependencies\n--cwd gone\n",
            ("YARN_PRODUCTION", "true"),
        ),
        ("yarn3", "app/.yarnrc.yml", "enableNetwork: false\n", ("YARN_NPM_AUDIT_EXCLUDE_PACKAGES", "*")),
        ("yarn4", "app/.yarnrc.yml", "enableNetwork: false\n", ("YARN_NPM_AUDIT_IGNORE_ADVISORIES", "*")),
        (
            "pnpm",
            "app/.npmrc",
            "audit-level=critical\nonly=prod\nlockfile-dir=gone\nignore-registry-errors=true\n",
            ("npm_config_production", "true"),
        ),
        (
            "pnpm",
            "app/pnpm-workspace.yaml",
            "auditLevel: critical\nproduction: true\n",
            ("NODE_ENV", "production"),
        ),
        (
            "pnpm",
            "app/.pnpmfile.cjs",
            "module.exports = { hooks: { updateConfig: (c) => ({ ...c, auditConfig: { ignoreGhsas: ['GHSA-jf85-cpcp-j695'] } }) } }",
            ("npm_config_ignore_unfixable", "true"),
        ),
    ] {
        let manager = manager(name);
        let project = manager.project(&server.address, "");
        manager.package(&project, &VULNERABLE, "minimist");
        project.write(file, text);
        let ran = manager.run(&project, &server.address, &["run"], &[env]);
        assert_eq!(counts(&project.gate("audit")), "2 2 2 0 0 0", "{name} {file}: {}", ran.all());
    }
}

/// The file in which a project says what to ignore, what it says, what is left, what the note holds, and how
/// many the report says are left out: of two critical, two high and two medium.
const IGNORES: [(&str, &str, &str, &str, &str, u64); 5] = [
    (
        "yarn3",
        "app/.yarnrc.yml",
        "npmAuditIgnoreAdvisories: [\"1097130\"]\n",
        "1 2 2 0 0 0",
        "npmAuditIgnoreAdvisories",
        0,
    ),
    (
        "yarn4",
        "app/.yarnrc.yml",
        "npmAuditExcludePackages: [lodash]\n",
        "1 0 1 0 0 0",
        "npmAuditExcludePackages",
        0,
    ),
    (
        "pnpm",
        "app/pnpm-workspace.yaml",
        "auditConfig:\n  ignoreGhsas:\n    - GHSA-jf85-cpcp-j695\n    - GHSA-xvch-5gv4-984h\n",
        "0 2 2 0 0 0",
        "auditConfig",
        2,
    ),
    (
        "pnpm",
        "app/package.json",
        r#"{"name":"app","dependencies":{"lodash":"4.17.4","minimist":"0.0.8"},"pnpm":{"auditConfig":{"ignoreGhsas":["GHSA-jf85-cpcp-j695"]}}}"#,
        "1 2 2 0 0 0",
        "pnpm.auditConfig, ignores 1",
        1,
    ),
    ("pnpm", "app/.npmrc", "audit-level=critical\n", "2 2 2 0 0 0", "audit-level", 0),
];

#[test]
fn what_a_project_ignores_is_heeded_and_told() {
    let server = Advisories::serve();
    for (name, file, text, left, note, reported) in IGNORES {
        let manager = manager(name);
        let project = manager.project(&server.address, "");
        manager.package(&project, &VULNERABLE, "");
        project.write(file, text);
        let ran = manager.run(&project, &server.address, &["run"], &[]);
        assert_eq!(counts(&project.gate("audit")), left, "{name} {file}: {}", ran.all());
        let notes = notes(&project);
        assert!(notes.contains(&format!("reads {file}")) && notes.contains(note), "{notes}");
        let ignored = &project.gate("audit")["targets"][0]["ignored"];
        assert_eq!(ignored["auditConfig"].as_u64().unwrap_or(0), reported, "{name} {file}: {ignored}");
        assert_eq!(ran.stdout.contains("left out by auditConfig"), reported > 0, "{}", ran.stdout);
    }
}

#[test]
fn ignores_that_a_change_brings_do_not_count_with_a_base() {
    let server = Advisories::serve();
    for (name, file, text, ..) in IGNORES {
        let manager = manager(name);
        let project = manager.project(&server.address, "");
        manager.package(&project, &VULNERABLE, "");
        project.git(&["init", "--quiet"]);
        project.commit("the base");
        project.write(file, text);
        let ran = manager.run(&project, &server.address, &["run", "--policy-from", "HEAD"], &[]);
        assert_eq!(counts(&project.gate("audit")), "2 2 2 0 0 0", "{name} {file}: {}", ran.all());
        assert_eq!(project.gate("audit")["targets"][0]["cwd"], "app");
    }
    // Those of the base do, and so does the change's lock file.
    let manager = manager("yarn4");
    let project = manager.project(&server.address, "");
    manager.package(&project, &[("ms", "2.1.3")], "");
    project.write("app/.yarnrc.yml", "npmAuditExcludePackages: [lodash]\n");
    project.git(&["init", "--quiet"]);
    project.commit("the base");
    manager.package(&project, &VULNERABLE, "");
    project.write("app/.yarnrc.yml", "npmAuditExcludePackages: [\"*\"]\n");
    let ran = manager.run(&project, &server.address, &["run", "--policy-from", "HEAD"], &[]);
    assert_eq!(counts(&project.gate("audit")), "1 0 1 0 0 0", "{}", ran.all());
    assert!(notes(&project).contains("of the base, not of the change"), "{}", notes(&project));
}

#[test]
fn settings_above_the_folder_that_a_change_brings_are_not_read_with_a_base() {
    let server = Advisories::serve();
    for (name, file, text) in
        [("yarn4", ".yarnrc.yml", "npmAuditExcludePackages: [lodash]\n"), ("pnpm", ".npmrc", "only=prod\n")]
    {
        let manager = manager(name);
        let project = manager.project(&server.address, "");
        manager.package(&project, &VULNERABLE, "");
        project.git(&["init", "--quiet"]);
        project.commit("the base");
        let run = || manager.run(&project, &server.address, &["run", "--policy-from", "HEAD"], &[]);
        let before = (run().code, counts(&project.gate("audit")));
        assert_eq!(before.0, 1, "{name}");
        project.write(file, text);
        let ran = run();
        assert_eq!((ran.code, counts(&project.gate("audit"))), before, "{name}: {}", ran.all());
        let reported = format!("does not read {file}: the base does not have it");
        assert!(notes(&project).contains(&reported), "{name}: {}", notes(&project));
    }
}

/// Yarn 1 on the PATH is a door to the Yarn that the project brings along.
#[test]
fn a_yarn_of_the_project_is_asked_and_may_not_come_from_the_change() {
    let server = Advisories::serve();
    let (door, four) = (manager("yarn"), manager("yarn4"));
    let project = four.project(&server.address, "");
    four.package(&project, &[("ms", "2.1.3")], "");
    let release = ".yarn/releases/yarn-4.cjs";
    let program = std::fs::read(package_managers().join("yarn4/yarn")).unwrap();
    project.write(&format!("app/{release}"), program);
    project.write("app/.yarnrc.yml", format!("yarnPath: {release}\n"));
    project.git(&["init", "--quiet"]);
    project.commit("the base");

    let run = |args: &[&str]| {
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", package_managers().join(door.name).display());
        Ran::of(project.command(args).env("PATH", path).output().unwrap())
    };
    let ran = run(&["run", "--policy-from", "HEAD"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(project.gate("audit")["tool_version"], "4.18.1");

    project.write(&format!("app/{release}"), "process.exit(0)\n");
    let ran = run(&["run"]);
    assert_eq!(ran.code, 3, "a Yarn that does nothing proves nothing: {}", ran.all());
    let ran = run(&["run", "--policy-from", "HEAD"]);
    let reason = project.gate("audit")["reason"].as_str().unwrap().to_owned();
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(reason.contains("yarn-4.cjs differs from HEAD"), "{reason}");
}

#[test]
fn another_yarn_than_the_lock_files_is_reported() {
    let server = Advisories::serve();
    let (one, four) = (manager("yarn"), manager("yarn4"));
    let project = four.project(&server.address, "");
    four.package(&project, &VULNERABLE, "");
    one.run(&project, &server.address, &["run"], &[]);
    let reason = project.gate("audit")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("`yarn` is Yarn 1, but the folder is for a later one"), "{reason}");

    let project = one.project(&server.address, "");
    one.package(&project, &VULNERABLE, "");
    four.run(&project, &server.address, &["run"], &[]);
    let gate = project.gate("audit");
    assert_eq!(gate["outcome"], "inconclusive");
    assert!(gate["reason"].as_str().unwrap().contains("lockfile"), "{}", gate["reason"]);
}

#[test]
fn options_for_node_that_are_there_stay() {
    let server = Advisories::serve();
    let manager = manager("yarn4");
    let project = manager.project(&server.address, "");
    manager.package(&project, &[("ms", "2.1.3")], "");
    let mark = project.root().join("loaded");
    let script =
        project.write("mark.js", format!("require('fs').writeFileSync({:?}, '')", mark.to_str().unwrap()));
    let options = format!("--require {}", script.display());
    let ran = manager.run(&project, &server.address, &["run"], &[("NODE_OPTIONS", &options)]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(mark.exists());
}

#[test]
fn doctor_says_which_yarn_the_project_has() {
    for (name, version) in [("yarn", "1.22.22"), ("yarn4", "4.18.1"), ("pnpm", "10.34.9")] {
        let manager = manager(name);
        let project = manager.project("http://127.0.0.1:9", "");
        let project = if manager.by_proxy { manager.project("", "") } else { project };
        manager.package(&project, &VULNERABLE, "");
        let ran = manager.run(&project, "http://127.0.0.1:9", &["doctor"], &[]);
        assert!(ran.stdout.contains(version), "{name}: {}", ran.all());
    }
}
