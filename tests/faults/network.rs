//! A network fault is not a finding: what passes is tried again, within the time that there is, and
//! then it is inconclusive with its cause. Findings and whole reports are never tried again.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::Project;

const GATE: &str = "version = 1\nmode = 'production'\n\
    [defaults]\nretry_delay = '10ms'\n\
    [[gate]]\nid = 'audit'\ntool = 'npm-audit'\n";

const CLEAN: &str = r#"{"auditReportVersion":2,"vulnerabilities":{},"metadata":{"vulnerabilities":{"info":0,"low":0,"moderate":0,"high":0,"critical":0,"total":0},"dependencies":{"prod":5,"dev":0,"optional":0,"peer":0,"peerOptional":0,"total":4}}}"#;
const REFUSED: &str = r#"{"message":"request to https://registry.example/-/npm/v1/security/advisories/bulk failed, reason: connect ECONNREFUSED 192.0.2.1:443","error":{"summary":"","detail":""}}"#;

/// npm, in whose place a script prints `faulty` for so many times, and a clean report afterwards.
/// The file `calls` has a line for each audit.
fn npm(project: &Project, faulty: &str, times: u32) {
    let calls = project.root().join("calls");
    project.program(
        "npm",
        &format!(
            "[ \"$1\" = --version ] && {{ echo 11.0.0; exit; }}\n\
             echo call >> '{calls}'\n\
             if [ \"$(wc -l < '{calls}')\" -le {times} ]; then echo '{faulty}'; exit 1; fi\n\
             echo 'npm http fetch POST 200 https://registry.example/-/npm/v1/security/advisories/bulk' >&2\n\
             echo '{CLEAN}'",
            calls = calls.display()
        ),
    );
}

fn calls(project: &Project) -> usize {
    project.read("calls").lines().count()
}

fn reason(project: &Project, gate: &str) -> String {
    project.gate(gate)["reason"].as_str().unwrap().to_owned()
}

#[test]
fn a_fault_that_passes_is_tried_again_and_the_record_says_how_often() {
    let project = Project::with_gates(GATE);
    npm(&project, REFUSED, 2);
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(calls(&project), 3);
    assert_eq!(project.gate("audit")["targets"][0]["tries"], 3);
}

#[test]
fn a_fault_that_stays_is_inconclusive_with_its_cause_and_the_number_of_tries() {
    let project = Project::with_gates(GATE);
    npm(&project, REFUSED, 9);
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(calls(&project), 3);
    let reason = reason(&project, "audit");
    let (cause, words) = reason.split_once(": after 3 tries: ").unwrap();
    assert!(
        cause.ends_with("refuses connections (check the network, the resolver and the proxy)"),
        "{reason}"
    );
    assert!(words.contains("ECONNREFUSED"), "{reason}");
}

#[test]
fn retries_can_be_switched_off() {
    let project = Project::with_gates(&format!("{GATE}retries = 0\n"));
    npm(&project, REFUSED, 9);
    assert_eq!(project.run(&["run"]).code, 3);
    assert_eq!(calls(&project), 1);
    assert!(!reason(&project, "audit").contains("tries"));
}

#[test]
fn there_is_no_try_for_which_the_gate_has_no_time() {
    let project = Project::with_gates(&format!("{GATE}retry_delay = '1h'\n"));
    npm(&project, REFUSED, 9);
    assert_eq!(project.run(&["run"]).code, 3);
    assert_eq!(calls(&project), 1);
}

#[test]
fn findings_faults_of_the_project_and_signals_are_not_tried_again() {
    let found = CLEAN.replace(
        r#""vulnerabilities":{},"#,
        r#""vulnerabilities":{"a":{"name":"a","severity":"high","isDirect":true,"via":[{"source":1,"name":"a","dependency":"a","title":"connection refused","url":"https://advisories.example/1","severity":"high","range":"<1"}],"effects":[],"range":"<1","nodes":["node_modules/a"],"fixAvailable":false}},"#,
    );
    let no_lock =
        r#"{"error":{"code":"ENOLOCK","summary":"This command requires an existing lockfile.","detail":""}}"#;
    for (what, answer, code) in [("findings", &*found, 1), ("no lock file", no_lock, 3)] {
        let project = Project::with_gates(GATE);
        npm(&project, answer, 9);
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, code, "{what}: {}", ran.all());
        assert_eq!(calls(&project), 1, "{what}");
    }

    let project = Project::with_gates(GATE);
    let killed = "echo call >> calls; echo 'connect ECONNREFUSED' >&2; kill -KILL $$";
    project.program("npm", &format!("[ \"$1\" = --version ] && exit\n{killed}"));
    assert_eq!(project.run(&["run"]).code, 3);
    assert_eq!(calls(&project), 1);
}

#[test]
fn a_left_over_report_of_an_earlier_try_is_not_taken_for_one() {
    let project = Project::with_gates(
        "version = 1\nmode = 'production'\n[defaults]\nretry_delay = '10ms'\n\
         [[gate]]\nid = 'scan'\ntool = 'trivy'\noffline = true\n",
    );
    // First a report and a fault; then no report at all.
    project.program(
        "trivy",
        "while [ $# -gt 0 ]; do [ \"$1\" = --output ] && out=$2; shift; done\n\
         if [ -e first ]; then exit 0; fi\n\
         touch first\n\
         echo '{\"SchemaVersion\":2,\"Results\":[]}' > \"$out\"\n\
         printf '2026-11-01T00:00:00Z\\tFATAL\\tFatal error\\tDB error: toomanyrequests: slow down\\n' >&2\n\
         exit 1",
    );
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = reason(&project, "scan");
    assert!(reason.starts_with("after 2 tries: ") && reason.contains("was not written"), "{reason}");
}

#[test]
fn the_deadline_of_the_run_stops_what_still_runs() {
    let project = Project::with_gates(
        "version = 1\nmode = 'production'\ndeadline = '30m'\n\
         [[gate]]\nid = 'quick'\ntool = 'command'\nrun = ['true']\n\
         [[gate]]\nid = 'slow'\ntool = 'command'\nrun = ['sleep', '3600']\n\
         [[gate]]\nid = 'after'\ntool = 'command'\nneeds = ['slow']\nrun = ['true']\n",
    );
    let ran = project.run(&["run", "--deadline", "10s"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(project.gate("quick")["outcome"], "passed");
    for id in ["slow", "after"] {
        let reason = reason(&project, id);
        assert!(reason.contains("the deadline of the run has passed"), "{reason}");
    }
    let wrong = project.run(&["run", "--deadline", "soon"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("write it as 90s"), "{}", wrong.all());
}

/// The age is counted from today, so the database is of a day long past.
#[test]
fn an_old_advisory_database_is_reported_and_too_old_a_one_is_no_proof() {
    for (key, code) in [("", 0), ("max_db_age = '48h'\n", 3)] {
        let project = Project::with_gates(&format!(
            "version = 1\nmode = 'production'\n\
             [[gate]]\nid = 'scan'\ntool = 'trivy'\noffline = true\ncache_dir = 'cache'\n{key}"
        ));
        project.write("cache/db/metadata.json", r#"{"Version":2,"UpdatedAt":"2020-11-01T00:00:00Z"}"#);
        project.program(
            "trivy",
            "while [ $# -gt 0 ]; do [ \"$1\" = --output ] && out=$2; shift; done\n\
             echo '{\"SchemaVersion\":2,\"Results\":[{\"Target\":\"package-lock.json\",\"Class\":\"lang-pkgs\",\"Type\":\"npm\",\"Packages\":[{\"Name\":\"a\",\"Version\":\"1.0.0\"}]}]}' > \"$out\"",
        );
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, code, "{}", ran.all());
        let gate = project.gate("scan");
        let reason = gate["reason"].as_str().unwrap();
        assert!(reason.contains("advisories of 2020-11-01, "), "{reason}");
        assert!(gate["targets"][0]["advisories"].as_str().unwrap().contains("days old"), "{gate:#}");
        assert!(ran.stdout.contains("2020-11-01"), "{}", ran.all());
    }
}
