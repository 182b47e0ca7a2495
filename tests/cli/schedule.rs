//! In which order gates start, and how many of them at once.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::collections::BTreeMap;

use crate::common::Project;

/// Each gate writes its name when it starts.
fn gate(id: &str, keys: &str, shell: &str) -> String {
    format!(
        "[[gate]]\nid = '{id}'\ntool = 'command'\n{keys}\nrun = ['sh', '-c', 'echo {id} >> order; {shell}']\n"
    )
}

fn project(gates: &[String]) -> Project {
    let project = Project::with_gates(&format!("version = 1\n{}", gates.concat()));
    project.git(&["init", "--quiet"]);
    project
}

/// The gates in the order in which they started.
fn order(project: &Project, args: &[&str]) -> Vec<String> {
    let _ = std::fs::remove_file(project.root().join("order"));
    let ran = project.run(args);
    assert_eq!(ran.code, 0, "{}", ran.all());
    project.read("order").lines().map(str::to_owned).collect()
}

fn times(project: &Project) -> BTreeMap<String, Vec<u64>> {
    let text = project.read(".git/portcullis/times.json");
    let page: serde_json::Value = serde_json::from_str(&text).unwrap();
    serde_json::from_value(page["gates"].clone()).unwrap()
}

#[test]
fn the_gate_with_the_most_before_it_by_earlier_runs_starts_first() {
    let gates = [
        gate("short", "", "true"),
        gate("first", "", "sleep 0.05"),
        gate("long", "", "sleep 0.6"),
        gate("behind", "needs = ['first']", "sleep 0.9"),
    ];
    let project = project(&gates);
    // Nobody knows better: only the chain counts, else the order of the file.
    assert_eq!(order(&project, &["run", "--jobs", "1"]), ["first", "short", "long", "behind"]);
    assert!(times(&project)["behind"][0] >= 900, "{:?}", times(&project));
    // 0.9 s are behind `first`, 0.6 s are before `long`.
    assert_eq!(order(&project, &["run", "--jobs", "1"]), ["first", "behind", "long", "short"]);
    // With two at once, `long` runs beside the chain that sets the time.
    let ran = project.run(&["run", "--jobs", "2"]);
    let line = ran.stdout.lines().find(|line| line.starts_with("Time: ")).unwrap();
    let chain = line.split_once(", set by ").unwrap().1;
    let gates: Vec<&str> = chain.split(", then ").filter_map(|part| part.split(' ').next()).collect();
    assert_eq!(gates, ["first", "behind"], "{line}");
    let plan = project.run(&["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let ids: Vec<&str> =
        plan["gates"].as_array().unwrap().iter().filter_map(|gate| gate["id"].as_str()).collect();
    assert_eq!(ids, ["first", "behind", "long", "short"]);
}

#[test]
fn the_times_are_the_last_five_of_gates_that_did_their_work_and_are_only_a_hint() {
    let gates = [gate("good", "", "true"), gate("crashes", "required = false", "kill -9 $$")];
    let project = project(&gates);
    for _ in 0..7 {
        assert_eq!(project.run(&["run"]).code, 0);
    }
    let known = times(&project);
    assert_eq!(known["good"].len(), 5, "{known:?}");
    assert!(!known.contains_key("crashes"), "{known:?}");
    for broken in ["", "{", "null", "{\"schema\": \"portcullis/times/9\", \"gates\": {\"good\": [1]}}"] {
        project.write(".git/portcullis/times.json", broken);
        assert_eq!(project.run(&["run"]).code, 0);
        assert_eq!(times(&project)["good"].len(), 1, "{broken}");
    }
    // A gate that was renamed is forgotten.
    project.write("gates.toml", project.read("gates.toml").replace("'good'", "'better'"));
    assert_eq!(project.run(&["run"]).code, 0);
    assert_eq!(times(&project).into_keys().collect::<Vec<_>>(), ["better"]);
}

#[test]
fn a_linked_work_tree_has_times_of_its_own_and_without_git_there_are_none() {
    let project = project(&[gate("good", "", "true")]);
    project.commit("gates");
    project.git(&["worktree", "add", "--quiet", "other"]);
    let ran = crate::common::Ran::to_end(project.command(&["run"]).current_dir(project.root().join("other")));
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(project.root().join(".git/worktrees/other/portcullis/times.json").exists());
    assert!(!project.root().join(".git/portcullis").exists());

    let bare = Project::with_gates(&format!("version = 1\n{}", gate("good", "", "true")));
    assert_eq!(bare.run(&["run"]).code, 0);
    assert!(!bare.root().join(".git").exists());
}

#[test]
fn an_exclusive_gate_runs_alone_and_a_heavy_one_takes_several_slots() {
    // Each notes how many run with it: a folder for each that runs.
    let shell =
        |id: &str| format!("mkdir run-{id}; sleep 0.2; ls -d run-* | wc -l > with-{id}; rmdir run-{id}");
    let keys = [("a", ""), ("b", ""), ("alone", "exclusive = true"), ("heavy", "weight = 3"), ("c", "")];
    let gates: Vec<String> = keys.iter().map(|(id, keys)| gate(id, keys, &shell(id))).collect();
    let project = project(&gates);
    assert_eq!(order(&project, &["run", "--jobs", "4"]).len(), 5);
    let with = |id: &str| project.read(&format!("with-{id}")).trim().parse::<usize>().unwrap();
    assert_eq!(with("alone"), 1);
    assert!(with("heavy") <= 2, "{}", with("heavy"));
    // More slots than there are: it runs alone.
    assert_eq!(order(&project, &["run", "--jobs", "2"]).len(), 5);
    assert_eq!((with("alone"), with("heavy")), (1, 1));
}

#[test]
fn wrong_weights_are_drawn() {
    for (keys, words) in [
        ("weight = 0", "`weight` is from 1 to 256"),
        ("weight = 257", "`weight` is from 1 to 256"),
        ("weight = 2\nexclusive = true", "`weight` has no effect with `exclusive = true`"),
    ] {
        let ran = project(&[gate("a", keys, "true")]).run(&["run"]);
        assert_eq!(ran.code, 2, "{}", ran.all());
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}
