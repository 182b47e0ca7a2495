//! The same project gives the same record with any number of jobs, and a saved record gives the same verdict
//! each time it is judged.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::Project;

/// Gates that end in a different order than in the file: findings of two formats, some the same and some
/// waived, two targets, a secret, a gate without proof and one that waits for another.
const GATES: &str = r#"
version = 1
mode = "production"

[[gate]]
id = "slow"
tool = "command"
run = ["sh", "-c", "sleep 0.3; cp a.sarif slow.sarif"]
report = { format = "sarif", path = "slow.sarif" }

[[gate]]
id = "types"
tool = "tsc"
dirs = ["a", "b"]

[[gate]]
id = "tests"
tool = "command"
run = ["sh", "-c", "cp tests.xml out.xml; exit 1"]
report = { format = "junit", path = "out.xml" }
needs = ["types"]

[[gate]]
id = "lost"
tool = "command"
run = ["true"]
report = { format = "junit", path = "nowhere.xml" }
required = false

[[gate]]
id = "secrets"
tool = "gitleaks"
scan = "tree"

[[waiver]]
rule = "known"
reason = "it is known"
expires = 2999-12-31

[[waiver]]
rule = "nothing"
reason = "for nothing"
expires = 2999-12-31
"#;

const SARIF: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"demo"}},"results":[
    {"ruleId":"b","level":"error","message":{"text":"two"}},
    {"ruleId":"b","level":"note","message":{"text":"two"}},
    {"ruleId":"known","level":"error","message":{"text":"three"}},
    {"ruleId":"a","level":"warning","message":{"text":"one"}}]}]}"#;

const TESTS: &str = r#"<testsuite name="s"><testcase name="x"/><testcase name="y"><failure message="no"/></testcase></testsuite>"#;

fn project() -> Project {
    let project = Project::with_gates(GATES);
    project.write("a.sarif", SARIF);
    project.write("tests.xml", TESTS);
    project.write("a/a.ts", "");
    project.write("b/b.ts", "");
    project.program(
        "tsc",
        "case $PWD in */a) sleep 0.2;; esac\necho 'x.ts(1,2): error TS2322: no'; echo \"$PWD/x.ts\"; \
         printf 'Files: 1\\nTotal time: 0.1s\\n'; exit 2",
    );
    // Put together here, so that the repository contains nothing that looks like a key.
    project.program(
        "gitleaks",
        r#"[ "$1" = version ] && { echo 8.30.1; exit; }
while [ $# -gt 0 ]; do [ "$1" = --report-path ] && report=$2; shift; done
printf '[{"RuleID":"key","Description":"a key","File":"a/a.ts","StartLine":1,"Commit":"","Secret":"%s%s"}]' qwertz 0123456789 >"$report"
echo '9:37AM INF scanned ~100 bytes (100 B) in 1ms' >&2
exit 77"#,
    );
    project
}

/// A record without what may differ between two runs: times and the id of the run.
fn lasting(record: &str) -> String {
    let passing = ["\"started\":", "\"duration_ms\":", "\"started_ms\":", "\"trace_id\":"];
    let lasts = |line: &&str| !passing.iter().any(|key| line.trim_start().starts_with(key));
    record.lines().filter(lasts).map(|line| format!("{line}\n")).collect()
}

#[test]
fn any_number_of_jobs_gives_the_same_record() {
    let project = project();
    let mut first = None;
    for jobs in ["1", "2", "8", "8"] {
        let ran = project.run(&["run", "--jobs", jobs]);
        assert_eq!(ran.code, 1, "{}", ran.all());
        let record = lasting(&project.read("gates-report/run.json"));
        assert!(record.contains("\"blocked\"") && record.contains("TS2322"), "{record}");
        assert_eq!(first.get_or_insert_with(|| record.clone()), &record, "--jobs {jobs}");
    }
}

#[test]
fn a_saved_record_is_judged_the_same_each_time() {
    let project = project();
    assert_eq!(project.run(&["run"]).code, 1);
    let first = project.read("gates-report/run.json");
    for (from, out) in [("gates-report", "second"), ("second", "third")] {
        let ran = project.run(&["judge", "--from", &format!("{from}/run.json"), "--out", out]);
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert_eq!(project.read(&format!("{out}/run.json")), first, "judged from {from}");
    }
    // In another folder without gates.toml: with the recorded policy.
    let elsewhere = Project::new();
    elsewhere.write("run.json", &first);
    let ran = elsewhere.run(&["judge", "--from", "run.json", "--out", "again"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(elsewhere.read("again/run.json"), first);
}
