//! What git tracks, and the work tree does not have: nobody knows what a scanner would have found there.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::os::unix::fs::symlink;

use crate::common::{Project, Ran};

use super::{LOCK, TRIVY, gates, project};

const REQUIRED: &str = "coverage = \"required\"\n";
const ALWAYS: &str = "[[gate]]\nid = \"a\"\ntool = \"command\"\nrun = [\"true\"]\n";

fn waiver(gap: &str) -> String {
    format!("[[waiver]]\ngap = \"{gap}\"\nreason = \"r\"\nexpires = 2999-12-31\n")
}

fn reason(project: &Project) -> String {
    project.gate("deps")["reason"].as_str().unwrap().to_owned()
}

/// A project whose `legacy` folder is left out by a sparse checkout.
fn sparse(gates_toml: &str) -> Project {
    let project = project(&gates(gates_toml), &["app/package-lock.json"]);
    for path in ["app/package-lock.json", "legacy/package-lock.json"] {
        project.write(path, LOCK);
    }
    // Of a gate that starts in the folder.
    let report = project.read("report.json").replace("app/package-lock.json", "package-lock.json");
    project.write("app/report.json", report);
    project.commit("all of it");
    project.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/legacy/"]);
    project
}

#[test]
fn a_lock_file_that_is_not_checked_out_is_a_gap_of_the_gate_that_would_read_it() {
    for key in ["", REQUIRED] {
        let project = sparse(&format!("{key}{TRIVY}"));
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 3, "{}", ran.all());
        let says = "1 of 2 npm lock files was not read: legacy/package-lock.json (it is not checked out (sparse checkout)";
        assert!(reason(&project).starts_with(says), "{}", reason(&project));
        project.write("gates.toml", gates(&format!("{key}{TRIVY}{}", waiver("legacy/**"))));
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 0, "{}", ran.all());
        assert_eq!(reason(&project), "no findings; scanned 1 of 2 npm lock files (1 accepted)");
    }
    // A gate of another folder does not miss it.
    let project = sparse(&format!("{TRIVY}dirs = [\"app\"]\n"));
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[test]
fn what_no_gate_would_read_leaves_a_run_without_proof_only_if_coverage_is_required() {
    for (keys, rest, code) in
        [("", "", 0), (REQUIRED, "", 3), (REQUIRED, &*waiver("legacy/package-lock.json"), 0)]
    {
        let project = sparse(&format!("{keys}{TRIVY}dirs = [\"app\"]\n{rest}"));
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, code, "{}", ran.all());
        let says = "Not there to look at: legacy/package-lock.json (it is not checked out";
        assert_eq!(ran.stdout.contains(says), rest.is_empty(), "{}", ran.all());
        // The record says the same.
        assert_eq!(project.run(&["judge", "--from", "gates-report/run.json"]).code, code);
    }
}

#[test]
fn a_submodule_that_is_not_checked_out_is_a_gap() {
    let library = Project::new();
    library.git(&["init", "--quiet"]);
    library.write("package-lock.json", LOCK);
    library.commit("a library");
    let project = project(&gates(TRIVY), &["package-lock.json"]);
    project.write("package-lock.json", LOCK);
    let address = library.root().to_string_lossy().into_owned();
    project.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &address, "lib"]);
    project.commit("a submodule");
    project.git(&["submodule", "--quiet", "deinit", "--force", "lib"]);
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let says = "1 of 2 inputs was not read: lib (it is a submodule that is not checked out (`git submodule update --init`)";
    assert!(reason(&project).starts_with(says), "{}", reason(&project));
    project.write("gates.toml", gates(&format!("{TRIVY}{}", waiver("lib"))));
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    // Nothing of this gate would be in it.
    project.write("gates.toml", gates(ALWAYS));
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.contains("Not there to look at: lib (it is a submodule"), "{}", ran.all());
}

/// A link to nothing, and a pipe in the place of a file: a scanner passes over both.
#[test]
fn what_can_t_be_followed_is_a_gap() {
    let project = project(&gates(TRIVY), &["package-lock.json"]);
    project.write("package-lock.json", LOCK);
    for name in ["a", "b"] {
        std::fs::create_dir(project.root().join(name)).unwrap();
    }
    symlink("../nowhere/yarn.lock", project.root().join("a/yarn.lock")).unwrap();
    project.write("b/yarn.lock", "# yarn lockfile v1\n");
    project.commit("now");
    std::fs::remove_file(project.root().join("b/yarn.lock")).unwrap();
    #[allow(clippy::disallowed_methods, reason = "to make a pipe that nothing writes to")]
    let made = std::process::Command::new("mkfifo").arg(project.root().join("b/yarn.lock")).status();
    assert!(made.unwrap().success());
    let ran: Ran = project.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let says = "2 of 3 lock files were not read: a/yarn.lock, b/yarn.lock (it is a link to nothing";
    assert!(reason(&project).starts_with(says), "{}", reason(&project));
}

/// What a file names that can't be read is not known: here, a Dockerfile under another name.
#[test]
fn a_file_that_names_inputs_and_can_t_be_parsed_is_named() {
    const BROKEN: &str = "services: [\n";
    for (keys, rest, file, text, code) in [
        ("", "", "compose.yml", BROKEN, 0),
        (REQUIRED, "", "compose.yml", BROKEN, 3),
        (REQUIRED, &*waiver("compose.yml"), "compose.yml", BROKEN, 0),
        (REQUIRED, "", "pnpm-workspace.yaml", BROKEN, 3),
        (REQUIRED, "", "web/package.json", "{\"name\": ", 3),
        (REQUIRED, "", "other.json", "{\"name\": ", 0),
    ] {
        let project = project(&gates(&format!("{keys}{ALWAYS}{rest}")), &[]);
        project.write(file, text);
        project.commit("now");
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, code, "{file} {}", ran.all());
        let says = format!("Not there to look at: {file} (it can't be parsed: ");
        let is_said = code == 3 || keys.is_empty();
        assert_eq!(ran.stdout.contains(&says), is_said, "{file} {}", ran.all());
        assert_eq!(project.run(&["judge", "--from", "gates-report/run.json"]).code, code);
    }
}

#[test]
fn a_compose_file_with_a_bracket_below_its_key_names_its_dockerfile() {
    let project = project(&gates(&format!("{REQUIRED}{ALWAYS}")), &[]);
    let build = "    build:\n      context: .\n      dockerfile: image.build\n";
    let compose = format!("services:\n  api:\n{build}    command: [\n      \"a\"\n    ]\n");
    project.write("compose.yml", compose);
    project.write("image.build", "FROM scratch\n");
    project.commit("now");
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.stdout.contains("Not covered by any gate: 1 Dockerfile"), "{}", ran.all());
}

/// What the work tree does not have is known by its content in git, if its name does not say what it is.
#[test]
fn a_manifest_that_is_not_checked_out_or_was_deleted_is_named() {
    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";
    for (path, text, code) in [
        ("legacy/pod.yaml", POD, 3),
        ("legacy/stack.json", "{\"AWSTemplateFormatVersion\": \"2010-09-09\"}", 3),
        ("legacy/requirements.txt", "flask==3.0.0\n", 3),
        ("legacy/requirements.txt", "flask\n", 3),
        ("legacy/settings.yaml", "a: 1\n", 0),
        ("legacy/notes.txt", "flask==3.0.0\n", 0),
    ] {
        for deleted in [false, true] {
            let project = project(&gates(&format!("{REQUIRED}{ALWAYS}")), &[]);
            project.write(path, text);
            project.commit("now");
            match deleted {
                true => std::fs::remove_file(project.root().join(path)).unwrap(),
                false => drop(project.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/legacy/"])),
            }
            let ran = project.run(&["run"]);
            assert_eq!(ran.code, code, "{path} {}", ran.all());
            let says = format!("Not there to look at: {path} (it is ");
            assert_eq!(ran.stdout.contains(&says), code == 3, "{path} {}", ran.all());
        }
    }
}

/// Nobody looks behind a link that leads out of the repository, whatever its name is.
#[test]
fn a_link_out_of_the_repository_is_named() {
    let outside = Project::new();
    outside.write("requirements.txt", "flask==3.0.0\n");
    outside.write("k8s/pod.yaml", "apiVersion: v1\nkind: Pod\n");
    for (name, target) in
        [("requirements.txt", "requirements.txt"), ("pod.yaml", "k8s/pod.yaml"), ("deploy", "k8s")]
    {
        let project = project(&gates(&format!("{REQUIRED}{ALWAYS}")), &[]);
        symlink(outside.root().join(target), project.root().join(name)).unwrap();
        project.commit("now");
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 3, "{name} {}", ran.all());
        let says = format!("Not there to look at: {name} (it is a link that leads out of the repository");
        assert!(ran.stdout.contains(&says), "{name} {}", ran.all());
    }
}
