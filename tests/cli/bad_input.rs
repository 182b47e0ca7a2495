//! What a user may get wrong, or have differently: a message that names the place and the mend, exit
//! code 2 and nothing run; or it just works.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "tests start programs")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use crate::common::{Project, Ran};

const GATES: &str = "version = 1\nmode = 'production'\n\
    [[gate]]\nid = 'touch'\ntool = 'command'\nrun = ['touch', 'was-run']\n";

/// The binary refuses, says all of these words, and has run nothing.
fn refuses(project: &Project, args: &[&str], words: &[&str]) {
    let ran = project.run(args);
    refused(&ran, words);
    assert!(!project.root().join("was-run").exists(), "{args:?}: it was run all the same");
}

fn refused(ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code, 2, "{}", ran.all());
    for word in words {
        assert!(ran.stderr.contains(word), "`{word}` is not in: {}", ran.all());
    }
    // The cause is told one time.
    assert!(ran.stderr.matches("os error").count() <= 1, "{}", ran.all());
}

#[test]
fn a_file_that_is_not_there_or_not_one_is_named_with_the_mend() {
    let project = Project::with_gates(GATES);
    project.write("folder/inside", "");
    project.write("latin1.toml", b"version = 1 # \xe9\n");
    refuses(
        &project,
        &["run", "--config", "nowhere.toml"],
        &["nowhere.toml", "does not exist", "portcullis init"],
    );
    refuses(&project, &["run", "--config", "folder"], &["folder", "it is a folder"]);
    refuses(&project, &["run", "--config", "latin1.toml"], &["latin1.toml", "not UTF-8"]);
    refuses(&project, &["judge", "--from", "nowhere.json"], &["nowhere.json"]);
    refuses(&project, &["judge", "--from", "gates.toml"], &["gates.toml", "run.json"]);
    refuses(&project, &["judge", "--report", "report.sarif"], &["report.sarif", "TOOL=PATH"]);
    refuses(&project, &["judge", "--report", "zap=report.xml"], &["zap", "gitleaks"]);
    refuses(&project, &["run", "--out", "gates.toml"], &["output folder gates.toml"]);
    refuses(&Project::new(), &["run"], &["no gates.toml", "portcullis init"]);
}

#[test]
fn a_wrong_flag_is_named_with_the_one_that_was_meant() {
    let project = Project::with_gates(GATES);
    refuses(&project, &["run", "--conifg", "gates.toml"], &["--conifg", "--config"]);
    refuses(&project, &["rum"], &["rum", "run"]);
    refuses(&project, &["run", "--mode", "prod"], &["prod", "production"]);
    refuses(&project, &["run", "--jobs", "0"], &["--jobs"]);
    refuses(&project, &["run", "--jobs", "many"], &["--jobs", "many"]);
    refuses(&project, &["run", "--deadline", "5"], &["--deadline", "90s"]);
    refuses(&project, &["run", "--only", "tuch"], &["tuch", "touch"]);
    refuses(&project, &["run", "--skip", "touch"], &["no gate is left"]);
    refuses(&project, &["run", "--profile", "ci"], &["profile `ci`"]);
}

#[test]
fn every_mistake_of_gates_toml_is_drawn_at_once() {
    let project = Project::with_gates(
        "version = 1\nmode = 'porduction'\n\
         [[gate]]\nid = 'a'\ntool = 'gitleeks'\n\
         [[gate]]\nid = 'b'\ntool = 'trivy'\nscna = 'fs'\ntimeout = 'soon'\n",
    );
    refuses(&project, &["run"], &["gates.toml:2", "gitleeks", "gitleaks", "scna", "scan", "timeout"]);
    let broken = Project::with_gates("version = 1\n[[gate]\n");
    refuses(&broken, &["run"], &["gates.toml:2"]);
}

#[test]
fn a_range_that_is_not_there_is_an_error_and_not_an_empty_range() {
    let outside = Project::with_gates(GATES);
    refuses(&outside, &["run", "--since", "main"], &["git repository", "is not one"]);

    let unborn = Project::with_gates(GATES);
    unborn.git(&["init", "--quiet"]);
    refuses(&unborn, &["run", "--since", "HEAD"], &["`HEAD`", "no commit at all"]);
    assert_eq!(unborn.run(&["run"]).code, 0, "without a range an unborn branch is fine");

    let project = Project::with_gates(GATES);
    project.git(&["init", "--quiet"]);
    project.commit("one");
    refuses(&project, &["run", "--since", "mian"], &["`mian`", "check its name"]);
    refuses(&project, &["run", "--since", "@{push}"], &["@{push}", "no upstream"]);
    refuses(&project, &["run", "--since=--output=was-run"], &["--output=was-run"]);
}

#[test]
fn a_shallow_clone_without_the_range_says_how_to_get_it() {
    let origin = Project::with_gates(GATES);
    origin.git(&["init", "--quiet"]);
    let first = origin.commit("one");
    origin.git(&["branch", "release"]);
    for n in 0..3 {
        origin.write("file", format!("{n}"));
        origin.commit("more");
    }
    let clone = Project::new();
    let url = format!("file://{}", origin.root().display());
    clone.git(&["clone", "--quiet", "--depth", "1", &url, "."]);
    refuses(&clone, &["run", "--since", &first], &[&first, "shallow", "git fetch --unshallow"]);

    // The commit is there, and what lies between is not.
    clone.git(&["fetch", "--quiet", "--depth", "1", "origin", "release:release"]);
    refuses(&clone, &["run", "--since", "release"], &["release", "shallow", "git fetch --unshallow"]);
    clone.git(&["fetch", "--quiet", "--unshallow"]);
    assert_eq!(clone.run(&["run", "--since", "release"]).code, 0);
}

#[test]
fn a_submodule_is_a_repository_of_its_own() {
    let library = Project::with_gates(GATES);
    library.git(&["init", "--quiet"]);
    library.commit("one");
    library.write("two", "");
    library.commit("two");
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    let url = format!("file://{}", library.root().display());
    let add =
        ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "--depth", "1", &url, "lib"];
    project.git(&add);
    project.commit("with a submodule");

    let inside = |args: &[&str]| {
        let mut command = project.command(args);
        Ran::of(command.current_dir(project.root().join("lib")).output().unwrap())
    };
    let ran = inside(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(project.root().join("lib/gates-report/run.json").exists());
    // Its history is cut, and the file that says so is not in the submodule's own folder.
    refused(&inside(&["run", "--since", "HEAD~1"]), &["HEAD~1", "shallow"]);
}

#[test]
fn folders_with_spaces_newlines_and_foreign_letters_simply_work() {
    for name in ["my project", "two\nlines", "ünï çødé 安全", "-dash", "$(touch pwned) 'quoted' \"twice\""]
    {
        let project = Project::new();
        let folder = project.root().join(name);
        let long = "安全".repeat(40);
        fs::create_dir_all(folder.join("sub dir\nwith a line")).unwrap();
        fs::create_dir_all(folder.join(&long)).unwrap();
        fs::write(folder.join(&long).join("report.sarif"), "").unwrap();
        let sarif = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"ruleId":"r","message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a%20b.ts"}}}]}]}]}"#;
        fs::write(folder.join("made.sarif"), sarif).unwrap();
        fs::write(
            folder.join("gates.toml"),
            format!(
                "version = 1\nmode = 'production'\n\
                 [[gate]]\nid = 'plain'\ntool = 'command'\nrun = ['true']\ndir = \"sub dir\\nwith a line\"\n\
                 [[gate]]\nid = 'report'\ntool = 'command'\nfail_on = 'high'\ndir = '{long}'\n\
                 run = ['cp', '../made.sarif', 'report.sarif']\n\
                 report = {{ format = 'sarif', path = 'report.sarif' }}\n"
            ),
        )
        .unwrap();
        let mut command = project.command(&["run"]);
        let ran = Ran::of(command.current_dir(&folder).output().unwrap());
        assert_eq!(ran.code, 0, "{name:?}: {}", ran.all());
        let record = fs::read_to_string(folder.join("gates-report/run.json")).unwrap();
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        assert_eq!(record["findings"][0]["location"]["path"], format!("{long}/a b.ts"));
        let report = record["gates"][1]["targets"][0]["report"].as_str().unwrap();
        assert!(folder.join("gates-report").join(report).exists(), "{report}");
        assert!(!folder.join("pwned").exists());
    }
}

/// Runs the binary with these bytes as the name of its folder, or of the temporary folder.
fn run_in(folder: &Path, temporary: Option<&Path>) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.arg("run").current_dir(folder);
    command.envs(temporary.map(|path| ("TMPDIR", path)));
    Ran::of(command.output().unwrap())
}

#[test]
fn a_name_that_is_not_utf_8_is_told() {
    let project = Project::with_gates(GATES);
    let folder = project.root().join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("gates.toml"), GATES).unwrap();
    refused(&run_in(&folder, None), &["caf", "not UTF-8", "rename it"]);
    assert!(!folder.join("was-run").exists());

    refused(&run_in(&project.root(), Some(&folder)), &["temporary folder", "not UTF-8", "TMPDIR"]);
    let gone = project.root().join("gone");
    refused(&run_in(&project.root(), Some(&gone)), &["temporary folder", "gone", "TMPDIR"]);
}
