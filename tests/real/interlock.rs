//! The interlock, for real: what acts does so only when every required gate has passed, on its branches, and on the very
//! image that was scanned. Pure tests of its decisions are in `src/engine/interlock/tests.rs`.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::pipeline::{BUILD, OPEN_PUSH, Pipeline, SBOM, SCAN, docker};

/// A gate that moves the image's tag to another image; `AFTER` it is to wait for.
const MOVE: &str = "
[[gate]]
id = 'move'
tool = 'command'
needs = ['AFTER']
run = ['docker', 'tag', 'NAME-other:1', 'IMAGE']
";

fn pair((outcome, reason): &(String, String)) -> (&str, &str) {
    (outcome, reason)
}

#[test]
fn a_tag_that_moves_between_scan_and_push_takes_nothing_with_it() {
    let pipeline = Pipeline::plain(&[BUILD, SCAN, SBOM, OPEN_PUSH]);
    let other = pipeline.build_another(&format!("{}-other:1", pipeline.name));
    let moving = MOVE.replace("IMAGE", &pipeline.image()).replace("'AFTER'", "'scan', 'sbom'");
    pipeline.write_gates(&[BUILD, SCAN, SBOM, &moving, OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let built = pipeline.project.gate("images")["targets"][0]["image_id"].as_str().unwrap().to_owned();
    assert_ne!(built, other);
    let image = pipeline.image();
    // What was scanned is pushed, and the record says that the name is another image's by now.
    assert_eq!(pipeline.pushed_id().as_deref(), Some(&*built));
    let proof = pipeline.project.gate("push")["targets"][0]["proof"].to_string();
    let why = format!("pushed by its id: on this machine {image} is {other} by now");
    assert!(proof.contains(&why), "{proof}");
}

#[test]
fn a_tag_that_moves_between_build_and_scan_changes_nothing_for_scan_and_push() {
    let pipeline = Pipeline::plain(&[BUILD, SCAN, OPEN_PUSH]);
    let other = pipeline.build_another(&format!("{}-other:1", pipeline.name));
    let image = &pipeline.image();
    let moving = MOVE.replace("IMAGE", image).replace("AFTER", "images");
    let late = |gate: &str| gate.replace("needs = ['images']", "needs = ['images', 'move']");
    pipeline.write_gates(&[BUILD, &moving, &late(SCAN), &late(SBOM), OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let built = pipeline.project.gate("images")["targets"][0]["image_id"].as_str().unwrap().to_owned();
    assert_ne!(built, other);
    for gate in ["scan", "sbom"] {
        let came = (pipeline.came_of(gate).0, pipeline.project.gate(gate)["targets"][0]["image_id"].clone());
        assert_eq!(came, ("passed".to_owned(), built.as_str().into()), "{gate}");
    }
    assert_eq!(pipeline.pushed_id().as_deref(), Some(&*built));

    // A scan that names the tag looks at the other image, and is no proof of this one.
    let named = SCAN.replace("needs = ['images']", &format!("images = ['{image}']\nneeds = ['move']"));
    pipeline.write_gates(&[BUILD, &moving, &named]);
    assert_eq!(pipeline.run(&["run"]).code, 3);
    let why = format!("{image} is not what images has built: that was {built}, and it looked at {other}");
    assert!(pipeline.came_of("scan").1.contains(&why), "{}", pipeline.came_of("scan").1);
}

#[test]
fn an_image_that_vanishes_after_its_scan_is_not_pushed() {
    let pipeline = Pipeline::plain(&[BUILD, SCAN, OPEN_PUSH]);
    let gone = MOVE
        .replace("AFTER", "scan")
        .replace("'tag', 'NAME-other:1', 'IMAGE'", "'image', 'rm', '--no-prune', 'IMAGE'");
    pipeline.write_gates(&[BUILD, SCAN, &gone.replace("IMAGE", &pipeline.image()), OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let (outcome, reason) = pipeline.came_of("push");
    let why = format!("not pushed: the image that the gates saw as {} (sha256:", pipeline.image());
    assert!(outcome == "inconclusive" && reason.contains(&why), "{reason}");
    assert_eq!(pipeline.registry.tags(&pipeline.name), 0);
}

const FAILING: &str = "
[[gate]]
id = 'tests'
tool = 'command'
run = ['false']
";

#[test]
fn what_can_never_start_is_settled_down_to_the_last_action() {
    let missing = FAILING.replace("['false']", "['no-such-program']");
    let build = BUILD.replace("tool =", "needs = ['tests']\ntool =");
    let pipeline = Pipeline::plain(&[&missing, &build, SCAN, OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = |gate: &str| pipeline.came_of(gate).1;
    assert_eq!(reason("images"), "not started: it needs tests, which is inconclusive");
    assert_eq!(reason("scan"), "not started: it needs images, which is inconclusive");
    assert!(reason("push").starts_with("not started: "), "{}", reason("push"));
}

#[test]
fn lab_mode_does_not_push_unless_asked_to_and_then_says_what_production_would_have_stopped() {
    let pipeline = Pipeline::plain(&[BUILD, SCAN, FAILING, OPEN_PUSH]);
    let ran = pipeline.run(&["run", "--mode", "lab"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let reason = "lab mode only reports: `deploy_in_lab = true` lets it act";
    assert_eq!(pair(&pipeline.came_of("push")), ("skipped", reason));
    assert_eq!(pipeline.registry.tags(&pipeline.name), 0);

    let gates =
        pipeline.project.read("gates.toml").replace("version = 1", "version = 1\ndeploy_in_lab = true");
    pipeline.project.write("gates.toml", gates);
    let ran = pipeline.run(&["run", "--mode", "lab"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(pipeline.came_of("push").0, "passed");
    assert_eq!(pipeline.project.gate("push")["overridden"], "tests failed");
    assert!(pipeline.pushed().is_some());
    assert!(ran.stdout.contains("tests failed"), "{}", ran.stdout);
    assert_eq!(pipeline.project.record()["would_block"], true);
    // The same file in production.
    let ran = pipeline.run(&["run"]);
    assert_eq!((ran.code, pipeline.came_of("push").1), (1, "not started: tests failed".to_owned()));
}

#[test]
fn in_production_a_required_gate_that_failed_blocks_the_push_and_an_advisory_one_does_not() {
    let pipeline = Pipeline::plain(&[BUILD, SCAN, FAILING, OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(pair(&pipeline.came_of("push")), ("skipped", "not started: tests failed"));
    assert_eq!(pipeline.project.record()["verdict"], "blocked");
    assert_eq!(pipeline.registry.tags(&pipeline.name), 0);

    pipeline.write_gates(&[BUILD, SCAN, &format!("{FAILING}required = false\n"), OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!((ran.code, pipeline.pushed().is_some()), (0, true), "{}", ran.all());
}

#[test]
fn a_gate_that_was_left_out_of_the_run_proves_nothing() {
    let pipeline = Pipeline::plain(&[BUILD, SCAN, SBOM, OPEN_PUSH]);
    let ran = pipeline.run(&["run", "--skip", "scan"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    // No gate is left that scans the image. An SBOM does not.
    let (outcome, reason) = pipeline.came_of("push");
    assert!(outcome == "inconclusive" && reason.contains("no gate of this run scans"), "{reason}");
    let ran = pipeline.run(&["run", "--skip", "sbom"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(
        pair(&pipeline.came_of("push")),
        ("inconclusive", "not started: sbom was left out of this run")
    );
    assert_eq!(pipeline.registry.tags(&pipeline.name), 0);
}

#[test]
fn only_a_scan_for_vulnerabilities_frees_an_image() {
    let secrets = format!("{SCAN}scanners = ['secret']\n");
    let licences = format!("{SCAN}scanners = ['license']\n");
    for gates in [[BUILD, SBOM, OPEN_PUSH], [BUILD, &secrets, OPEN_PUSH], [BUILD, &licences, OPEN_PUSH]] {
        let pipeline = Pipeline::plain(&gates);
        let ran = pipeline.run(&["run"]);
        assert_eq!(ran.code, 3, "{}", ran.all());
        let (outcome, reason) = pipeline.came_of("push");
        assert!(outcome == "inconclusive" && reason.contains("no gate of this run scans"), "{reason}");
        assert_eq!(pipeline.registry.tags(&pipeline.name), 0);
    }
}

#[test]
fn an_image_that_nobody_scans_can_not_be_pushed_unless_that_is_said() {
    let pipeline = Pipeline::plain(&[BUILD, OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let (outcome, reason) = pipeline.came_of("push");
    assert!(outcome == "inconclusive" && reason.contains("or set `unscanned = true`"), "{reason}");
    let plan = pipeline.run(&["plan"]);
    assert!(plan.stdout.contains("can't be run, and will be inconclusive: no gate of this run scans"));
    assert_eq!(pipeline.registry.tags(&pipeline.name), 0);

    pipeline.write_gates(&[BUILD, &format!("{OPEN_PUSH}unscanned = true\n")]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(pipeline.pushed().is_some());
    let proof = pipeline.project.gate("push")["targets"][0]["proof"].to_string();
    assert!(proof.contains("which no gate has looked at"), "{proof}");
}

#[test]
fn an_action_keeps_to_its_branches() {
    let push = format!("{OPEN_PUSH}branches = ['main', 'release/*']\n");
    let pipeline = Pipeline::plain(&[BUILD, SCAN, &push]);
    let ran = pipeline.run(&["run", "--branch", "feature/x"]);
    // A run that asked for no push makes none, and that is no failure.
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(
        pair(&pipeline.came_of("push")),
        ("skipped", "it acts on main, release/* only, and this is feature/x")
    );
    assert_eq!(pipeline.registry.tags(&pipeline.name), 0);
    // CI checks out a commit, and no branch.
    pipeline.project.git(&["checkout", "--quiet", "--detach"]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let (outcome, reason) = pipeline.came_of("push");
    assert!(outcome == "inconclusive" && reason.contains("name it with --branch"), "{reason}");
    assert_eq!(pipeline.registry.tags(&pipeline.name), 0);
    let ran = pipeline.run(&["run", "--branch", "release/1.2"]);
    assert_eq!((ran.code, pipeline.pushed().is_some()), (0, true), "{}", ran.all());
    assert_eq!(pipeline.project.record()["branch"], "release/1.2");
}

#[test]
fn a_saved_run_is_judged_again_without_pushing_anything() {
    let pipeline = Pipeline::plain(&[BUILD, SCAN, OPEN_PUSH]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let outputs = pipeline.project.gate("push")["targets"][0]["outputs"].clone();
    docker(&["image", "rm", "--force", "--no-prune", &pipeline.image()]);
    let judged = pipeline.run(&["judge", "--from", "gates-report/run.json", "--mode", "production"]);
    assert_eq!(judged.code, 0, "{}", judged.all());
    assert_eq!(pipeline.project.gate("push")["targets"][0]["outputs"], outputs);
}
