//! Repositories that are not as one expects: what can't be looked at is named.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::time::Duration;

use super::{document, lines};
use crate::common::Project;

fn repository(files: &[(&str, &str)]) -> Project {
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    for (name, text) in files {
        project.write(name, text);
    }
    project
}

#[test]
fn without_a_commit_everything_is_untracked_or_staged() {
    let project = repository(&[("a/Cargo.lock", ""), ("b/Cargo.lock", "")]);
    project.git(&["add", "a"]);
    let document = document(&project);
    assert_eq!(lines(&document), ["lock/cargo a/Cargo.lock", "lock/cargo b/Cargo.lock"]);
    let standing: Vec<_> =
        document["inputs"].as_array().unwrap().iter().map(|input| &input["standing"]).collect();
    assert_eq!(standing, ["tracked", "untracked"]);
}

#[test]
fn an_object_is_named_while_the_work_tree_has_it() {
    let project =
        repository(&[("a/Cargo.lock", "one\n"), ("b/Cargo.lock", "two\n"), ("c/Cargo.lock", "three\n")]);
    // The index is younger than what it lists: else git itself could not tell, either.
    let old = std::time::SystemTime::now() - Duration::from_secs(3600);
    for name in ["a", "b", "c"] {
        let file =
            fs::File::options().write(true).open(project.root().join(name).join("Cargo.lock")).unwrap();
        file.set_modified(old).unwrap();
    }
    project.commit("three files");
    project.write("b/Cargo.lock", "new\n");
    fs::remove_file(project.root().join("c/Cargo.lock")).unwrap();
    let document = document(&project);
    let objects: Vec<_> =
        document["inputs"].as_array().unwrap().iter().map(|input| input["object"].as_str()).collect();
    assert_eq!(objects, [Some(&*project.git(&["rev-parse", "HEAD:a/Cargo.lock"])), None]);
    assert_eq!(lines(&document)[2..], ["trouble deleted c/Cargo.lock"]);
}

#[test]
fn links_in_loops_and_out_of_the_repository_are_named() {
    let project = repository(&[("real/Cargo.lock", ""), ("a.txt", "")]);
    for (target, link) in [
        ("..", "real/up"),
        ("loop", "loop"),
        ("Gemfile.lock", "Gemfile.lock"),
        ("nowhere", "uv.lock"),
        ("/dev/null", "yarn.lock"),
        ("real/Cargo.lock", "Cargo.lock"),
        ("real", "poetry.lock"),
    ] {
        symlink(target, project.root().join(link)).unwrap();
    }
    project.commit("links");
    assert_eq!(
        lines(&document(&project)),
        [
            "lock/cargo Cargo.lock",
            "lock/cargo real/Cargo.lock",
            "lock/yarn yarn.lock",
            "trouble broken-link Gemfile.lock",
            "trouble broken-link uv.lock",
            "trouble link-out yarn.lock",
        ]
    );
}

#[test]
fn submodules_are_looked_into_or_named() {
    let library = repository(&[("Cargo.lock", ""), ("target/x.tf", "")]);
    library.commit("a library");
    let project = repository(&[("Cargo.toml", "")]);
    let address = library.root().to_string_lossy().into_owned();
    for name in ["here", "gone"] {
        project.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &address, name]);
    }
    project.commit("submodules");
    project.git(&["submodule", "--quiet", "deinit", "--force", "gone"]);
    let document = document(&project);
    assert_eq!(
        lines(&document),
        [
            "lock/cargo here/Cargo.lock",
            "manifest/cargo Cargo.toml",
            "root here/target",
            "terraform here/target/x.tf",
            "trouble no-submodule gone",
        ]
    );
    let nested = document["inputs"].as_array().unwrap().iter().filter(|input| input["nested"] == true);
    assert_eq!(nested.count(), 2);
}

/// `git init` in a folder whose files the repository around it tracks.
#[test]
fn what_the_index_tracks_is_its_own_below_another_repository() {
    let project = repository(&[("web/Cargo.lock", "")]);
    project.commit("files");
    project.git(&["init", "--quiet", "web"]);
    project.write("web/Cargo.toml", "");
    let document = document(&project);
    let nested = document["inputs"].as_array().unwrap().iter().filter(|input| input["nested"] == true);
    let nested: Vec<_> = nested.map(|input| input["path"].as_str().unwrap()).collect();
    assert_eq!(nested, ["web/Cargo.toml"]);
}

#[test]
fn a_line_break_in_a_name_is_printed_as_a_space() {
    let project = repository(&[("a\nb/package.json", r#"{"dependencies": {"a": "1"}}"#)]);
    for command in ["inputs", "init", "plan"] {
        let ran = project.run(&[command]);
        assert!(ran.stdout.contains("a b/package.json"), "{command}: {}", ran.all());
    }
}

#[test]
fn a_sparse_checkout_names_what_is_not_there() {
    let project = repository(&[("a/Cargo.lock", ""), ("b/Cargo.lock", ""), ("c.txt", "")]);
    project.commit("files");
    for index in ["--sparse-index", "--no-sparse-index"] {
        project.git(&["sparse-checkout", "set", index, "a"]);
        assert_eq!(lines(&document(&project)), ["lock/cargo a/Cargo.lock", "trouble sparse b/Cargo.lock"]);
    }
}

#[test]
fn a_shallow_clone_and_a_linked_work_tree_are_read_as_any_other() {
    let origin = repository(&[("Cargo.lock", "1")]);
    origin.commit("one");
    origin.write("Cargo.lock", "2");
    origin.commit("two");
    let project = Project::new();
    let address = format!("file://{}", origin.root().display());
    project.git(&["clone", "--quiet", "--depth", "1", &address, "clone"]);
    origin.git(&["worktree", "add", "--quiet", "--detach", "linked"]);
    for (top, folder) in [(&project, "clone"), (&origin, "linked")] {
        let ran = top.run(&["inputs", "--json", folder]);
        let document = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(lines(&document), ["lock/cargo Cargo.lock"], "{folder}");
        assert_eq!(document["inputs"][0]["standing"], "tracked", "{folder}");
    }
}

#[test]
fn names_that_are_not_utf8_are_listed_and_named() {
    let project = repository(&[]);
    let folder = project.root().join(OsStr::from_bytes(b"odd\xff"));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("yarn.lock"), "").unwrap();
    fs::write(folder.join("package.json"), r#"{"dependencies": {"a": "1"}}"#).unwrap();
    project.commit("odd");
    let document = document(&project);
    assert_eq!(
        lines(&document),
        [
            "lock/yarn odd\u{fffd}/yarn.lock",
            "manifest/npm odd\u{fffd}/package.json",
            "trouble name-not-utf8 odd\u{fffd}/package.json",
            "trouble name-not-utf8 odd\u{fffd}/yarn.lock",
        ]
    );
    assert_eq!(document["inputs"][0]["lossy"], true);
}

#[test]
fn pipes_and_huge_files_are_named_and_not_opened() {
    let project = repository(&[]);
    #[allow(clippy::disallowed_methods, reason = "to make a pipe that nothing writes to")]
    let made = std::process::Command::new("mkfifo").arg(project.root().join("Cargo.toml")).status();
    assert!(made.unwrap().success());
    fs::File::create(project.root().join("package.json")).unwrap().set_len(1 << 30).unwrap();
    fs::File::create(project.root().join("tsconfig.json")).unwrap().set_len(1 << 30).unwrap();
    assert_eq!(
        lines(&document(&project)),
        [
            "manifest/npm package.json",
            "project tsconfig.json",
            "trouble not-a-file Cargo.toml",
            "trouble too-large package.json",
            "trouble too-large tsconfig.json",
            "tsconfig tsconfig.json",
        ]
    );
}

/// Counted by hand: 200 folders with 1,000 files each, and one lock file among them.
#[test]
fn two_hundred_thousand_files_are_listed() {
    let project = repository(&[("f100/yarn.lock", "")]);
    for folder in 0..200 {
        let folder = project.root().join(format!("f{folder}"));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..1000 {
            fs::File::create(folder.join(format!("{file}.txt"))).unwrap();
        }
    }
    let document = document(&project);
    assert_eq!(lines(&document), ["lock/yarn f100/yarn.lock"]);
    assert_eq!(document["files"], 200_001, "{}", document["files"]);
}

#[test]
fn a_repository_that_git_does_not_read_is_named() {
    let project = repository(&[("Cargo.lock", "")]);
    project.commit("a file");
    fs::write(project.root().join(".git/index"), "not an index").unwrap();
    assert_eq!(lines(&document(&project)), ["lock/cargo Cargo.lock", "trouble no-git ."]);
}

#[test]
fn what_the_repository_carries_does_not_change_the_list() {
    let project = repository(&[
        ("Cargo.lock", ""),
        ("b/uv.lock", ""),
        (".gitattributes", "* filter=x export-ignore\n"),
    ]);
    project.commit("files");
    let expected = lines(&document(&project));
    for (name, value) in [
        ("core.fsmonitor", "touch fsmonitor-ran"),
        ("filter.x.clean", "touch filter-ran"),
        ("core.quotePath", "true"),
    ] {
        project.git(&["config", name, value]);
    }
    project.write("Cargo.lock", "changed");
    assert_eq!(lines(&document(&project)), expected);
    assert!(!project.root().join("fsmonitor-ran").exists() && !project.root().join("filter-ran").exists());
}
