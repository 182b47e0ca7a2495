//! Very many findings: the run ends, they are in order, and memory stays small. `benches/many-findings`
//! does the same with a million.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::time::Duration;

use crate::common::{Project, kib, watched};

const GATES: usize = 20;
const FINDINGS: usize = 5_000;

/// What the run itself allocates. The program is not counted: a debug build of it takes another 29 MiB.
/// A million findings must fit into 512 MiB. Of a tenth of that, a part does not shrink along: the reports that are being read.
const MOST_MIB: u64 = 71;

/// What a report may hold beside the findings: 16 bytes for each, to put the worst first.
const MOST_MIB_OF_REPORTS: u64 = 8;

const TARGETS: usize = 16;

/// The texts of these are the same in each target.
const MOST_MIB_OF_TARGETS: u64 = 40;

fn sarif() -> String {
    let result = |n: usize| {
        format!(
            r#"{{"ruleId":"rule-{}","level":"warning","message":{{"text":"GATE: variable {n} is never read"}},"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"src/{}.ts"}},"region":{{"startLine":{}}}}}}}]}}"#,
            n % 50,
            n % 200,
            n / 200 + 1
        )
    };
    let results: Vec<String> = (0..FINDINGS).map(result).collect();
    format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"fake"}}}},"results":[{}]}}]}}"#,
        results.join(",")
    )
}

#[test]
fn a_hundred_thousand_findings_end_in_order_and_in_little_memory() {
    let gate = |n: usize| {
        format!(
            "[[gate]]\nid = 'gate-{n:02}'\ntool = 'command'\nfail_on = 'medium'\n\
             run = ['sed', 's/GATE/gate-{n:02}/', 'findings.sarif']\n\
             report = {{ format = 'sarif', path = '-' }}\n"
        )
    };
    let gates: String = (0..GATES).map(gate).collect();
    let project = Project::with_gates(&format!("version = 1\n{gates}"));
    project.write("findings.sarif", sarif());

    let peak = peak_of(&project, "junit");
    assert!(peak < MOST_MIB, "the peak was {peak} MiB");
    assert_in_order(&project, GATES * FINDINGS);

    // Reports are streamed: all of them together take little more than one.
    let all = peak_of(&project, "junit,sarif,gitlab,markdown,csv,jsonl");
    assert!(all < peak + MOST_MIB_OF_REPORTS, "the peak was {all} MiB instead of {peak}");
    let lines = project.read("gates-report/findings.jsonl");
    assert_eq!(lines.lines().count(), GATES * FINDINGS);
}

/// What a target leaves is little beside its findings, however many targets a gate has.
#[test]
fn a_hundred_thousand_findings_of_many_targets_take_no_more() {
    let dirs: Vec<String> = (0..TARGETS).map(|n| format!("'part-{n:02}'")).collect();
    let gate = |n: usize| {
        let dirs = dirs.join(", ");
        format!(
            "[[gate]]\nid = 'gate-{n:02}'\ntool = 'eslint'\ndirs = [{dirs}]\nenv = {{ GATE = '{n:02}' }}\n"
        )
    };
    let gates: String = (0..GATES).map(gate).collect();
    let project = Project::with_gates(&format!("version = 1\n{gates}"));
    for n in 0..TARGETS {
        fs::create_dir(project.root().join(format!("part-{n:02}"))).unwrap();
    }
    let message = |n: usize| {
        format!(
            r#"{{"ruleId":"rule-{}","severity":2,"line":{},"column":5,"message":"GATE: variable {n} is never read"}}"#,
            n % 50,
            n + 1
        )
    };
    let messages: Vec<String> = (0..FINDINGS / TARGETS).map(message).collect();
    project.write(
        "findings.json",
        format!(r#"[{{"filePath":"FOLDER/index.ts","messages":[{}]}}]"#, messages.join(",")),
    );
    project.program(
        "eslint",
        r#"while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
sed "s|GATE|$GATE|; s|FOLDER|$PWD|" ../findings.json >"$out"
exit 1"#,
    );
    let peak = peak_of(&project, "junit");
    assert!(peak < MOST_MIB_OF_TARGETS, "the peak was {peak} MiB");
    assert_in_order(&project, GATES * TARGETS * (FINDINGS / TARGETS));
}

/// Runs the project and gives the most memory that the run had of its own, in MiB.
fn peak_of(project: &Project, formats: &str) -> u64 {
    let command = project.command(&["run", "--quiet", "--format", formats]);
    let mut peak = 0;
    let each = |status: &str| peak = kib(status, "RssAnon:").unwrap_or(0).max(peak);
    let (ran, _) = watched(command, Duration::from_millis(5), each);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(peak > 0, "the memory can't be measured");
    peak / 1024
}

fn assert_in_order(project: &Project, findings: usize) {
    let record = project.read("gates-report/run.json");
    let of_gates: Vec<&str> = record.lines().filter(|line| line.starts_with("      \"gate\": ")).collect();
    assert_eq!(of_gates.len(), findings);
    assert!(of_gates.is_sorted(), "the findings are out of order");
}
