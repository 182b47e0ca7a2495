//! Programs of the repository: none is started when Portcullis only asks, and a change brings no scanner of its own.

#![allow(clippy::disallowed_methods, reason = "the PATH of the tests")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::{Project, Ran};

const GATES: &str = "version = 1\n[[gate]]\nid = \"files\"\ntool = \"trivy\"\n[[gate]]\nid = \"audit\"\ntool = \"yarn-audit\"\n";

/// A scanner that leaves a mark where it is started, in `tools/` of the repository.
fn project() -> Project {
    let project = Project::base_with(&[
        ("gates.toml", GATES),
        ("tools/trivy", "#!/bin/sh\ntouch \"$(dirname \"$0\")/started\"\necho 'Version: 0.1.0'\n"),
        ("package.json", "{\"name\": \"app\", \"packageManager\": \"yarn@4.1.0\"}"),
        ("yarn.lock", "# yarn lockfile v1\n"),
        (".yarnrc.yml", "yarnPath: ./tools/yarn.cjs\n"),
    ]);
    use std::os::unix::fs::PermissionsExt;
    let program = project.root().join("tools/trivy");
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
    // A package manager does in a project what the project says.
    project.program("yarn", "pwd >\"$(dirname \"$0\")/asked-in\"\necho 1.22.22");
    project
}

fn with_own_tools(project: &Project, args: &[&str]) -> Ran {
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{}:{path}", project.root().join("tools").display(), project.bin().display());
    Ran::of(project.command(args).env("PATH", path).output().unwrap())
}

#[test]
fn nothing_of_the_repository_runs_when_portcullis_only_asks() {
    for args in [&["plan"][..], &["doctor"], &["lock"], &["lock", "--check"]] {
        let project = project();
        with_own_tools(&project, args);
        assert!(!project.root().join("tools/started").exists(), "{args:?}");
        let asked_in = std::fs::read_to_string(project.bin().join("asked-in")).unwrap_or_default();
        assert!(
            !asked_in.contains(project.root().to_str().unwrap()),
            "{args:?}: yarn was asked in {asked_in}"
        );
    }
}

#[test]
fn a_scanner_that_a_change_brings_is_reported_and_refused_with_a_base() {
    let project = project();
    with_own_tools(&project, &["run", "--only", "files"]);
    let notes = project.gate("files")["targets"][0]["notes"].to_string();
    assert!(notes.contains("starts tools/trivy, a program of this repository"), "{notes}");
    std::fs::remove_file(project.root().join("tools/started")).unwrap();

    let ran = with_own_tools(&project, &["run", "--only", "files", "--policy-from", "base"]);
    let gate = project.gate("files");
    assert_eq!(gate["outcome"], "inconclusive", "{}", ran.all());
    let reason = gate["reason"].as_str().unwrap();
    assert!(reason.contains("tools/trivy is a program of this repository"), "{reason}");
    assert!(!project.root().join("tools/started").exists());
}

#[test]
fn a_scanner_that_the_base_names_is_started_and_reported() {
    let project = project();
    project.write("gates.toml", GATES.replace("\"trivy\"", "\"trivy\"\nprogram = \"./tools/trivy\""));
    project.commit("the base names it");
    project.git(&["branch", "--force", "base"]);
    with_own_tools(&project, &["run", "--only", "files", "--policy-from", "base"]);
    assert!(project.root().join("tools/started").exists());
    let notes = project.gate("files")["targets"][0]["notes"].to_string();
    assert!(notes.contains("starts tools/trivy, a program of this repository"), "{notes}");
}

#[test]
fn a_program_with_another_name_is_looked_for_in_node_modules_first() {
    let project = Project::with_gates(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"types\"\ntool = \"tsc\"\nprogram = \"vue-tsc\"\ndirs = [\"web\"]\n",
    );
    project.write("web/tsconfig.json", "{}");
    project.program("vue-tsc", "echo the one on PATH >&2; exit 9");
    let found = project.write(
        "node_modules/.bin/vue-tsc",
        "#!/bin/sh\nprintf '%s\\n' /web/App.vue 'Files: 1' 'Total time: 1s'\n",
    );
    std::fs::set_permissions(found, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(project.gate("types")["scope"]["files"], 1);
}
