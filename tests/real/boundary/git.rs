//! Histories and trees are read the same, whatever attributes, settings, replacements and grafts a checkout carries.

use std::collections::BTreeSet;

use crate::common::{Project, run_with_real_tools};

/// One gate for each way to read, all with a rule for the made-up token.
const GATES: &str = r#"version = 1
[[gate]]
id = "leaks"
tool = "gitleaks"
config = "rules.toml"
[[gate]]
id = "secrets"
tool = "git-secrets"
patterns = ["madeup-[0-9]{4}"]
[[gate]]
id = "secrets-history"
tool = "git-secrets"
scan = "history"
patterns = ["madeup-[0-9]{4}"]
"#;

const RULES: &str = "[[rules]]\nid = \"made-up\"\nregex = '''madeup-[0-9]{4}'''\n";

/// A token in the first commit, in a file of each kind that git may treat in its own way, and in a merge.
fn project() -> Project {
    let project = Project::with_gates(GATES);
    project.git(&["init", "--quiet"]);
    project.write("rules.toml", RULES);
    project.write("first.txt", "a = madeup-0001\n");
    project.write(".gitattributes", "*.dat binary\n*.gen -diff linguist-generated\n*.doc diff=word\n");
    project.commit("the first one");
    project.write("list.dat", "b = madeup-0002\n");
    project.write("list.gen", "c = madeup-0003\n");
    project.write("list.doc", "d = madeup-0004\n");
    std::os::unix::fs::symlink("first.txt", project.root().join("was-a-link.txt")).unwrap();
    project.commit("files of all kinds");
    std::fs::remove_file(project.root().join("was-a-link.txt")).unwrap();
    project.write("was-a-link.txt", "e = madeup-0005\n");
    project.commit("a file instead of a link");
    project.git(&["checkout", "--quiet", "-b", "side", "HEAD~1"]);
    project.write("merged.txt", "the side\n");
    project.commit("the side");
    project.git(&["checkout", "--quiet", "-"]);
    project.git(&["merge", "--quiet", "--no-ff", "--no-commit", "side"]);
    project.write("merged.txt", "f = madeup-0006\n");
    project.commit("a merge with a line of its own");
    project
}

/// The files in which each gate finds the token.
fn found(project: &Project) -> BTreeSet<(String, String)> {
    let ran = run_with_real_tools(project, &["run", "--quiet"]);
    let record = project.record();
    for gate in record["gates"].as_array().unwrap() {
        assert_eq!(gate["outcome"], "failed", "{gate}\n{}", ran.all());
    }
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let findings = record["findings"].as_array().unwrap().iter();
    findings.map(|one| (text(&one["gate"]), text(&one["location"]["path"]))).collect()
}

fn everything() -> BTreeSet<(String, String)> {
    let files = ["first.txt", "list.dat", "list.gen", "list.doc", "was-a-link.txt", "merged.txt"];
    let gates = ["leaks", "secrets", "secrets-history"];
    gates.iter().flat_map(|gate| files.map(|file| ((*gate).to_owned(), file.to_owned()))).collect()
}

#[test]
fn every_changed_file_is_read_as_text_and_merges_are_read() {
    assert_eq!(found(&project()), everything());
}

#[test]
fn settings_of_the_repository_change_nothing() {
    let project = project();
    for (name, value) in [
        ("log.showRoot", "false"),
        ("log.abbrevCommit", "true"),
        ("log.showSignature", "true"),
        ("log.date", "unix"),
        ("format.pretty", "oneline"),
        ("core.bigFileThreshold", "1"),
        ("core.quotePath", "true"),
        ("core.attributesFile", "rules.toml"),
        ("color.ui", "always"),
        ("diff.noprefix", "true"),
        ("diff.orderFile", "nowhere"),
        ("diff.renames", "copies"),
        ("diff.word.textconv", "true"),
        ("diff.word.binary", "true"),
        ("grep.column", "true"),
        ("grep.patternType", "fixed"),
        ("i18n.logOutputEncoding", "UTF-16"),
    ] {
        project.git(&["config", name, value]);
    }
    // It would run in every question about the work tree.
    project.git(&["config", "core.fsmonitor", "touch started; false"]);
    assert_eq!(found(&project), everything());
    assert!(
        !project.root().join("started").exists(),
        "a program of the repository's configuration was started"
    );
}

#[test]
fn replacements_and_grafts_put_nothing_in_the_place_of_a_commit() {
    let project = project();
    let first = project.git(&["rev-list", "--max-parents=0", "HEAD"]);
    let tree = project.git(&["hash-object", "-t", "tree", "-w", "/dev/null"]);
    let empty = project.git(&["commit-tree", "-m", "nothing", tree.trim()]);
    project.git(&["replace", first.trim(), empty.trim()]);
    let head = project.git(&["rev-parse", "HEAD"]);
    project.write(".git/info/grafts", format!("{}\n", head.trim()));
    assert_eq!(found(&project), everything());
}

#[test]
fn what_a_scanner_leaves_out_by_its_own_rules_is_counted() {
    let project = Project::with_gates(GATES);
    project.git(&["init", "--quiet"]);
    project.write("rules.toml", format!("{RULES}[allowlist]\npaths = ['''\\.min\\.js$''']\n"));
    project.write("a.txt", "a = madeup-0001\n");
    project.commit("the base");
    for name in ["one.min.js", "two.min.js"] {
        project.write(name, "x\n");
    }
    project.write("data", b"\0\x01\x02\n");
    project.commit("files that are left out");
    run_with_real_tools(&project, &["run", "--quiet", "--since", "HEAD~1"]);
    let unread = |gate: &str| project.gate(gate)["targets"][0]["unread"].clone();
    assert_eq!(unread("leaks"), serde_json::json!({"path allowlist": 2}));
    assert_eq!(unread("secrets"), serde_json::json!({"binary": 1}));
    let ran = run_with_real_tools(&project, &["run"]);
    assert!(ran.stdout.contains("1 file not read: binary"), "{}", ran.stdout);
    assert_eq!(unread("leaks"), serde_json::json!({"path allowlist": 2}));
    assert_eq!(unread("secrets-history"), serde_json::json!({"binary": 1}));
    // It is in the history still.
    std::fs::remove_file(project.root().join("data")).unwrap();
    project.commit("without it");
    run_with_real_tools(&project, &["run", "--quiet"]);
    assert_eq!(unread("secrets"), serde_json::Value::Null);
    assert_eq!(unread("secrets-history"), serde_json::json!({"binary": 1}));
}
