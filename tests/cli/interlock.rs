//! Actions in `plan`, and mistakes in their keys. `tests/real/interlock.rs` runs actions.

use crate::common::Project;

#[test]
fn the_plan_shows_which_gates_build_which_scan_and_what_is_pushed() {
    let project = Project::with_gates(
        "version = 1\nmode = 'production'\n[defaults]\nbranches = ['main']\n\
         [[gate]]\nid = 'push'\ntool = 'ecr-push'\nregistry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com'\nmoving_tags = ['latest']\nneeds = ['scan', 'sbom']\n\
         [[gate]]\nid = 'images'\ntool = 'docker-build'\nimages = [{ name = 'notes' }]\n\
         [[gate]]\nid = 'scan'\ntool = 'trivy'\nscan = 'image'\nneeds = ['images']\n\
         [[gate]]\nid = 'sbom'\ntool = 'syft'\nneeds = ['images']\n",
    );
    project.git(&["init", "--quiet"]);
    let commit = project.commit("gates")[..12].to_owned();
    let plan = project.run(&["plan"]);
    assert_eq!(plan.code, 0, "{}", plan.all());
    let repository = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/notes";
    let proved = "if it is the image that images built, and that scan and sbom looked at; scan must prove it";
    let words = plan.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for (target, tags) in [("notes", &*commit), ("notes as latest", "latest, after all other targets")] {
        let chain = format!("{target}: notes:{commit} goes to {repository} as {tags}, {proved}");
        assert!(words.contains(&chain), "{}", plan.stdout);
    }
    assert!(words.contains("acts on main when every required gate before it has passed"), "{}", plan.stdout);
    assert!(words.contains(&format!("$ docker push {repository}:{commit}")), "{}", plan.stdout);
    // It is the first gate in the file and runs last, since it needs the others.
    let at = |words: &str| plan.stdout.find(words).unwrap();
    assert!(at("sbom (") < at("push (") && at("scan (") < at("push ("), "{}", plan.stdout);
}

#[test]
fn mistakes_in_actions_are_shown_before_anything_runs() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = 'secrets'\ntool = 'gitleaks'\nbranches = ['main']\n\
         [[gate]]\nid = 'push'\ntool = 'ecr-push'\nfail_on = 'low'\ntags = ['latest']\n\
         [[gate]]\nid = 'types'\ntool = 'tsc'\n",
    );
    let ran = project.run(&["run", "--mode", "production"]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    for words in [
        "`fail_on` has no effect on ecr-push",
        "`latest` does not stay with an image",
        "write `moving_tags = [\"latest\"]` beside it",
        "`branches` has no effect on gitleaks",
        "`types` stands behind the action `push` and does not wait for it",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
}
