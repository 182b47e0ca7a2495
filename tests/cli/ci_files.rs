//! The CI files that we offer: a change that such a file runs can't decide its own policy, choose its own scanner,
//! or reach the gates with what it builds.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "the steps are a shell's")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{Project, Ran};

const OFFERED: [&str; 7] = [
    "ci/github-actions.yml",
    "ci/Jenkinsfile",
    "fixtures/pipelines/ecs-gitops/buildspec.yml",
    "fixtures/pipelines/gitops-lab/Jenkinsfile",
    "fixtures/pipelines/observability-stack/Jenkinsfile",
    "fixtures/pipelines/serverless-tasks/.github/workflows/gates.yml",
    "fixtures/pipelines/shipguard/buildspec.yml",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every file below a folder, relative to the repository.
fn files_below(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap().flatten() {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        match entry.path().is_dir() {
            true => found.extend(files_below(&path)),
            false => found.push(path),
        }
    }
    found
}

#[test]
fn every_pipeline_has_a_ci_file_that_is_checked_here() {
    let is_ci = |file: &String| {
        let name = Path::new(file).file_name().unwrap().to_string_lossy().into_owned();
        name == "Jenkinsfile" || name.starts_with("buildspec") || file.contains("/.github/workflows/")
    };
    let mut found: Vec<String> = files_below("fixtures/pipelines").into_iter().filter(is_ci).collect();
    found.sort();
    assert_eq!(found, OFFERED[2..]);
}

#[test]
fn the_policy_and_the_lock_are_those_of_the_target_branch() {
    for file in OFFERED {
        let text = text(file);
        let runs: Vec<&str> = text.lines().filter(|line| line.contains("portcullis run")).collect();
        assert!(!runs.is_empty(), "{file}");
        for run in &runs {
            assert!(run.contains("--policy-from") && run.contains("--verify"), "{file}: {run}");
            assert!(!run.contains("||") && !run.contains('|'), "{file} hides the exit code: {run}");
        }
        assert_eq!(text.matches("git cat-file -e ").count(), runs.len(), "{file}: the lock must be there");
    }
}

#[test]
fn what_the_project_builds_can_not_write_where_the_gates_look() {
    for file in OFFERED {
        let text = text(file);
        let Some(build) = text.find("npm run build") else { continue };
        match file.ends_with("github-actions.yml") {
            // In another job, on another machine.
            true => {
                let jobs: Vec<&str> = text.split("\n  gates:\n").collect();
                assert!(jobs[0].contains("npm run build") && !jobs[1].contains("npm run"), "{file}");
                assert!(jobs[1].contains("path: ${{ runner.temp }}/built"), "{file}");
            }
            // In a container that can only read the checkout.
            false => {
                let container = text[..build].rfind("docker run").unwrap();
                assert!(text[container..build].contains(":/src:ro\""), "{file}");
                assert_eq!(text.matches("npm run").count(), 1, "{file}");
            }
        }
        for install in text.lines().filter(|line| line.contains("npm ci")) {
            assert!(install.contains("npm ci --ignore-scripts"), "{file}: {install}");
        }
    }
}

#[test]
fn every_action_is_pinned_by_its_commit_with_its_version() {
    let mut pinned = 0;
    let documents =
        ["README.md", "docs/reports.md", "docs/configuration.md", "docs/lock.md", "docs/deploy.md"];
    for file in OFFERED.iter().chain(&documents) {
        for line in
            text(file).lines().filter(|line| line.trim_start().trim_start_matches("- ").starts_with("uses:"))
        {
            let (_, action) = line.split_once("uses:").unwrap();
            let (name, comment) = action.split_once(" # v").unwrap_or_else(|| panic!("{file}: {line}"));
            let (_, commit) = name.trim().split_once('@').unwrap();
            assert!(
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{file}: {line}"
            );
            let version: Vec<&str> = comment.split('.').collect();
            assert!(
                version.len() == 3 && version.iter().all(|part| part.parse::<u32>().is_ok()),
                "{file}: {line}"
            );
            pinned += 1;
        }
    }
    assert!(pinned > 8, "{pinned}");
}

/// The commands of the step `Gates` of our workflow, as GitHub runs them.
fn run_step(project: &Project, base: &str) -> Ran {
    let workflow = text("ci/github-actions.yml");
    let step = workflow.split("- name: Gates\n").nth(1).unwrap();
    let block = step.split("run: |\n").nth(1).unwrap();
    let lines = block.lines().take_while(|line| line.starts_with("          "));
    let script = lines.map(|line| line.trim_start()).collect::<Vec<_>>().join("\n");
    assert!(script.contains("portcullis run"), "{script}");
    let binary = Path::new(env!("CARGO_BIN_EXE_portcullis")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new("bash");
    command.args(["-e", "-c", &script]).current_dir(project.root()).env("BASE", base);
    command.env("PATH", format!("{}:{}:{path}", binary.display(), project.bin().display()));
    command.env("GIT_CONFIG_GLOBAL", "/dev/null");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PORTCULLIS_")) {
        command.env_remove(name);
    }
    Ran::to_end(&mut command)
}

#[test]
fn a_change_that_switches_off_its_gate_is_judged_by_the_target_branch() {
    let gates = "version = 1\nmode = 'production'\n[[gate]]\nid = 'lint'\ntool = 'command'\nrun = ['lint']\nexit = { findings = [1] }\n";
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    project.program("lint", "test ! -e bad");
    project.write("gates.toml", gates);
    project.write(".gitignore", "gates-report\n");
    project.commit("without a lock");
    assert_eq!(run_step(&project, "HEAD").code, 128, "no lock on the target branch");

    assert_eq!(project.run(&["lock"]).code, 0);
    project.commit("the base");
    project.git(&["branch", "base"]);
    assert_eq!(run_step(&project, "base").code, 0);

    project.write("bad", "");
    for loosened in [
        gates.replace("production", "lab"),
        gates.replace("'lint']", "'true']"),
        format!("{gates}required = false\n"),
    ] {
        project.write("gates.toml", loosened);
        let ran = run_step(&project, "base");
        assert_eq!(ran.code, 1, "{}", ran.all());
    }
    // Another scanner, and a lock that names it.
    project.write("gates.toml", gates);
    project.program("lint", "exit 0");
    project.run(&["lock"]);
    let ran = run_step(&project, "base");
    assert_eq!(ran.code, 3, "{}", ran.all());
}
