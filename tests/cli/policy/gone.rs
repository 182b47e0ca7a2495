//! A known finding is gone if a scan of everything does not find it any more, and only then.

use super::{GATE, MARKS};
use crate::common::{Project, gitleaks};

/// gitleaks finds one thing in the history, and nothing in a range.
const ONLY_IN_ALL: &str = r#"test "$range" || found=yes"#;

/// Two gates with a baseline of three findings: two of `marks`, one of `secrets`.
fn project() -> Project {
    let project = Project::new();
    project.program("marks", MARKS);
    project.program("gitleaks", &gitleaks::fake(ONLY_IN_ALL));
    project.write("src/a.txt", "FIXME: one\nFIXME: two\n");
    project.write(".gitignore", "gates-report\nmarks.sarif\nbaseline.*\n");
    let secrets = "[[gate]]\nid = \"secrets\"\ntool = \"gitleaks\"\n";
    project.write("gates.toml", format!("version = 1\n[defaults]\nnew_only = true\n{GATE}{secrets}"));
    project.git(&["init", "--quiet"]);
    project.commit("first");
    project.run(&["run"]);
    assert_eq!(project.run(&["baseline"]).code, 0);
    assert_eq!(known(&project), 3);
    project
}

fn known(project: &Project) -> usize {
    project.read("gates.baseline.json").matches("\"id\"").count()
}

#[test]
fn after_a_narrowed_run_nothing_is_gone() {
    for narrowed in [&["--since", "HEAD"][..], &["--only", "marks"], &["--skip", "secrets"]] {
        let project = project();
        project.run(&[&["run"], narrowed].concat());
        assert_eq!(project.record()["known"]["gone"], 0, "{narrowed:?}");
        let ran = project.run(&["baseline", "--prune"]);
        assert!(ran.stdout.contains("no finding of gates.baseline.json is gone"), "{}", ran.all());
        let why = if narrowed[0] == "--since" {
            "secrets looked only at what changed since"
        } else {
            "left out by"
        };
        assert!(ran.stdout.contains(why), "{}", ran.all());
        assert_eq!(known(&project), 3, "{narrowed:?}");
        // What the gates that looked at everything do not find is gone.
        project.write("src/a.txt", "FIXME: one\n");
        project.run(&[&["run"], narrowed].concat());
        assert_eq!(project.record()["known"]["gone"], 1, "{narrowed:?}");
        project.run(&["baseline", "--prune"]);
        assert_eq!(known(&project), 2, "{narrowed:?}");
    }
}

#[test]
fn reports_of_one_gate_say_nothing_about_the_others() {
    let project = project();
    project.write("src/a.txt", "FIXME: one\n");
    project.run(&["run", "--only", "marks"]);
    let ran = project.run(&["judge", "--report", "marks=marks.sarif"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let ran = project.run(&["baseline", "--prune"]);
    assert!(ran.stdout.contains("secrets is not in this run"), "{}", ran.all());
    assert_eq!(known(&project), 2);
}

#[test]
fn a_gate_that_gates_toml_no_longer_has_takes_its_findings_along() {
    let project = project();
    let gates = project.read("gates.toml");
    project.write("gates.toml", gates.split("[[gate]]\nid = \"secrets\"").next().unwrap());
    project.run(&["run"]);
    project.run(&["baseline", "--prune"]);
    assert_eq!(known(&project), 2);
}
