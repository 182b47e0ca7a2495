//! The limits of each report's reader, and reports that Portcullis itself reads again.

use serde_json::{Value, json};

use crate::common::reports::{findings, judged, poisoned, sarif_log, written};
use crate::common::{Project, Ran};

/// `judge` reads a CycloneDX document with its own code, and strictly with the crate.
#[test]
fn a_reader_of_cyclonedx_finds_the_same_vulnerabilities() {
    let (project, _) = judged("production", "cyclonedx");
    let count = |holds: &dyn Fn(&Value) -> bool| findings(&project, holds).len();
    let expected: Vec<usize> = ["critical", "high", "medium", "low"]
        .iter()
        .map(|severity| {
            count(&|one: &Value| one["category"] == "vulnerability" && one["severity"] == *severity)
        })
        .collect();
    let vdr = written(&project, "vdr.cdx.json");
    let other = Project::new();
    let ran = other.run(&["judge", "--report", &format!("cyclonedx={}", vdr.display())]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let gate = other.gate("cyclonedx");
    let counts: Vec<u64> = ["critical", "high", "medium", "low"]
        .iter()
        .map(|severity| gate["counts"][severity].as_u64().unwrap())
        .collect();
    // No problem of this run has two findings.
    assert_eq!(counts, expected.iter().map(|n| *n as u64).collect::<Vec<_>>());
    let proof = gate["targets"][0]["proof"].as_array().unwrap();
    assert!(proof.contains(&json!("parsed as CycloneDX 1.5")), "{proof:?}");
}

#[test]
fn the_worst_twenty_five_thousand_results_are_kept_and_the_cut_is_reported() {
    let project = Project::new();
    // The worst are last.
    let level = |n: usize| if n < 30_000 { "note" } else { "error" };
    project.write(
        "a.sarif",
        sarif_log((0..31_000).map(|n| (format!("r{}", n % 9), level(n), format!("finding {n}")))),
    );
    project.run(&["judge", "--report", "sarif=a.sarif", "--format", "sarif"]);
    // The schema validator would need minutes for so many results.
    let log: Value = serde_json::from_str(&project.read("gates-report/portcullis.sarif")).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 25_000);
    assert!(results[..1_000].iter().all(|result| result["level"] == "error"), "the worst come first");
    assert!(results[1_000..].iter().all(|result| result["level"] == "note"));
    let notifications = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notifications.contains("6000 results left out"), "{notifications}");
}

#[test]
fn a_comment_is_never_longer_than_github_allows() {
    let gate = |n: usize| {
        format!("[[gate]]\nid = 'gate-{n}'\ntool = 'command'\nrun = ['no-such-{}']\n", "x".repeat(200))
    };
    let project = Project::with_gates(&format!("version = 1\n{}", (0..400).map(gate).collect::<String>()));
    project.run(&["run", "--format", "markdown"]);
    let page = project.read("gates-report/comment.md");
    assert!((60_000..=65_536).contains(&page.len()), "{}", page.len());
    assert!(page.contains("gates more; all are in run.json."), "{}", &page[60_000..]);

    let project = Project::new();
    project.write("a.sarif", sarif_log((0..500).map(|n| (format!("r{n}"), "error", "é".repeat(3_000)))));
    project.run(&["judge", "--report", "sarif=a.sarif", "--format", "markdown"]);
    let page = project.read("gates-report/comment.md");
    assert!(page.len() <= 65_536 && page.contains("475 findings more"), "{page}");
}

#[test]
fn a_hostile_run_gives_only_annotations_and_no_other_commands() {
    let (project, _) = poisoned();
    let mut command =
        project.command(&["report", "--from", "poisoned.json", "--format", "github", "--out", "github"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", project.root().join("summary.md"));
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.stdout.lines().count() <= 21, "{}", ran.stdout);
    for line in ran.stdout.split(['\n', '\r']).filter(|line| !line.is_empty()) {
        let head = line
            .strip_prefix("::error ")
            .or(line.strip_prefix("::warning "))
            .or(line.strip_prefix("::notice "));
        let (properties, _) = head.unwrap_or_else(|| panic!("{line}")).split_once("::").unwrap();
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').unwrap();
            assert!(["file", "line", "title"].contains(&name), "{line}");
            assert!(!value.contains(':'), "{line}");
        }
        assert!(!line.contains("##vso[") && !line.contains('\u{1b}'), "{line}");
    }
}
