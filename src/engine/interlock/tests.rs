use std::collections::BTreeMap;

use super::*;
use crate::scan::gate_outputs::OneImage;

use crate::config::Config;
use crate::engine::plan::Fate;
use crate::engine::plan::tie_to_scans;
use crate::scan::gate_outputs::BUILDER;
use crate::scan::gate_outputs::CONFIG_DIGEST;
use crate::scan::gate_outputs::FinishedGate;
use crate::scan::gate_outputs::FinishedTarget;
use crate::scan::gate_outputs::GateOutputs;
use crate::scan::gate_outputs::{another_image, one_image};
use crate::scan::job::Job;

/// One gate that scans, three actions one after another, and one gate that checks what they did.
const GATES: &str = "
version = 1
[[gate]]
id = 'look'
tool = 'gitleaks'
[[gate]]
id = 'advice'
tool = 'gitleaks'
required = false
[[gate]]
id = 'push'
tool = 'ecr-push'
[[gate]]
id = 'release'
tool = 'ecr-push'
needs = ['push']
branches = ['main', 'release/*']
[[gate]]
id = 'mirror'
tool = 'ecr-push'
required = false
[[gate]]
id = 'smoke'
tool = 'smoke-test'
needs = ['release']
checks = [{ url = 'http://127.0.0.1/' }]
";

mod inputs;
mod mix_ups;
mod pushes;

fn config() -> Config {
    Config::read(GATES).unwrap()
}

const PRODUCTION: ActionConditions =
    ActionConditions { mode: Mode::Production, deploy_in_lab: false, branch: None };
const LAB: ActionConditions = ActionConditions { mode: Mode::Lab, ..PRODUCTION };
const ACTING_LAB: ActionConditions = ActionConditions { deploy_in_lab: true, ..LAB };

/// Whether `id` may start after these gates, which are not late.
fn after(id: &str, before: &[(&str, Outcome, bool)], conditions: &ActionConditions) -> Clearance {
    let config = config();
    let gate = |id: &str| config.gate(id).unwrap();
    let before: Vec<EarlierGate> = before
        .iter()
        .map(|&(id, outcome, left_out)| EarlierGate {
            gate: gate(id),
            outcome,
            left_out,
            late: false,
            needed: false,
        })
        .collect();
    clear(gate(id), &before, &[], conditions)
}

/// Whether `id` may start after one action.
fn after_action(id: &str, earlier: &str, outcome: Outcome, needed: bool) -> Clearance {
    let config = config();
    let gate = |id: &str| config.gate(id).unwrap();
    let before = EarlierGate { gate: gate(earlier), outcome, left_out: false, late: true, needed };
    clear(gate(id), &[before], &[], &PRODUCTION)
}

const GO: Clearance = Clearance::Go { overridden: None };

fn overridden(words: &str) -> Clearance {
    Clearance::Go { overridden: Some(words.to_owned()) }
}

fn skip(words: &str) -> Clearance {
    Clearance::Skip(words.to_owned())
}

fn refuse(words: &str) -> Clearance {
    Clearance::Refuse(words.to_owned())
}

#[test]
fn in_production_every_required_gate_must_have_passed() {
    use Outcome::*;
    for (id, outcome, left_out, expected) in [
        ("look", Passed, false, GO),
        ("look", Failed, false, skip("not started: look failed")),
        ("look", Inconclusive, false, skip("not started: look is inconclusive")),
        // It had nothing to scan, and that is fine.
        ("look", Skipped, false, GO),
        ("look", Skipped, true, refuse("not started: look was left out of this run")),
        ("advice", Passed, false, GO),
        ("advice", Failed, false, GO),
        ("advice", Inconclusive, false, GO),
        ("advice", Skipped, false, GO),
        ("advice", Skipped, true, GO),
    ] {
        assert_eq!(after("push", &[(id, outcome, left_out)], &PRODUCTION), expected, "{id} {outcome:?}");
    }
    assert_eq!(after("push", &[], &PRODUCTION), GO);
    let both = [("look", Skipped, true), ("look", Failed, false)];
    assert_eq!(
        after("push", &both, &PRODUCTION),
        skip("not started: look failed, look was left out of this run")
    );
}

#[test]
fn lab_mode_acts_only_on_request_and_says_what_that_overrides() {
    use Outcome::*;
    for outcome in [Passed, Failed, Inconclusive, Skipped] {
        let clearance = after("push", &[("look", outcome, false)], &LAB);
        assert_eq!(clearance, skip("lab mode only reports: `deploy_in_lab = true` lets it act"));
    }
    for (outcome, left_out, expected) in [
        (Passed, false, GO),
        (Failed, false, overridden("look failed")),
        (Inconclusive, false, overridden("look is inconclusive")),
        (Skipped, false, GO),
        (Skipped, true, overridden("look was left out of this run")),
    ] {
        assert_eq!(after("push", &[("look", outcome, left_out)], &ACTING_LAB), expected, "{outcome:?}");
    }
    // `deploy_in_lab` changes nothing in production.
    let conditions = ActionConditions { deploy_in_lab: true, ..PRODUCTION };
    assert_eq!(after("push", &[("look", Failed, false)], &conditions), skip("not started: look failed"));
}

#[test]
fn an_action_keeps_to_its_branches_in_either_mode() {
    let on = |branch: Option<&str>, conditions: &ActionConditions| {
        let conditions = ActionConditions { branch: branch.map(str::to_owned), ..conditions.clone() };
        after("release", &[("look", Outcome::Passed, false)], &conditions)
    };
    for conditions in [PRODUCTION, ACTING_LAB] {
        for branch in ["main", "release/1.2"] {
            assert_eq!(on(Some(branch), &conditions), GO, "{branch}");
        }
        for branch in ["feature", "main2", "release", "release/1/2", "origin/main", ""] {
            let words = format!("it acts on main, release/* only, and this is {branch}");
            assert_eq!(on(Some(branch), &conditions), skip(&words), "{branch}");
        }
        let Clearance::Refuse(why) = on(None, &conditions) else { panic!("an unknown branch acts") };
        assert!(why.contains("the current branch is unknown: name it with --branch"), "{why}");
    }
    // Without patterns every branch is allowed, even an unknown one.
    assert_eq!(after("push", &[("look", Outcome::Passed, false)], &PRODUCTION), GO);
}

#[test]
fn an_action_does_not_start_after_one_that_failed() {
    use Outcome::*;
    for (earlier, outcome, needed, expected) in [
        ("push", Passed, true, GO),
        ("push", Failed, true, skip("not started: push failed")),
        ("push", Failed, false, skip("not started: push failed")),
        ("push", Inconclusive, false, skip("not started: push is inconclusive")),
        ("push", Skipped, true, skip("not started: push was skipped")),
        ("push", Skipped, false, GO),
        // Nothing else in the verdict would show that the chain broke.
        ("mirror", Failed, false, refuse("not started: mirror failed")),
        ("mirror", Inconclusive, true, refuse("not started: mirror is inconclusive")),
        ("mirror", Skipped, true, skip("not started: mirror was skipped")),
    ] {
        // `smoke` only checks, and comes after actions: the same rules apply.
        for id in ["push", "smoke"] {
            let clearance = after_action(id, earlier, outcome, needed);
            assert_eq!(clearance, expected, "{id} after {earlier}: {outcome:?}, {needed}");
        }
    }
}

#[test]
fn a_check_of_a_deployment_is_held_back_by_its_needs_and_not_by_the_mode() {
    let config = config();
    let smoke = config.gate("smoke").unwrap();
    let before = EarlierGate {
        gate: config.gate("release").unwrap(),
        outcome: Outcome::Skipped,
        left_out: false,
        late: true,
        needed: true,
    };
    assert_eq!(clear(smoke, &[before], &[], &LAB), skip("not started: release was skipped"));
    let unneeded = EarlierGate { needed: false, ..before };
    assert_eq!(clear(smoke, &[unneeded], &[], &LAB), GO);
}

/// The gates of a file, each planned to be skipped.
fn planned(gates: &str) -> Vec<PlannedGate> {
    let config = Config::read(&format!("version = 1\n{gates}")).unwrap();
    let plan = |gate| PlannedGate { gate, fate: Fate::Skip(String::new()), left_out: None, since: None };
    config.gates.into_iter().map(plan).collect()
}

fn gate(id: &str, tool: &str, needs: &str) -> String {
    let keys = match tool {
        "smoke-test" => "checks = [{ url = 'http://127.0.0.1/' }]\n",
        "trivy" => "scan = 'image'\n",
        _ => "",
    };
    format!("[[gate]]\nid = '{id}'\ntool = '{tool}'\nneeds = [{needs}]\n{keys}")
}

#[test]
fn actions_and_what_follows_them_take_turns_in_the_order_of_the_file_as_far_as_needs_allow() {
    for (gates, expected) in [
        ([gate("a", "gitleaks", ""), gate("b", "gitleaks", "'a'"), gate("c", "tsc", "")], [None, None, None]),
        (
            [gate("a", "gitleaks", ""), gate("b", "ecr-push", ""), gate("c", "ecr-push", "")],
            [None, Some(0), Some(1)],
        ),
        // The earlier one needs the later one.
        (
            [gate("a", "ecr-push", "'c'"), gate("b", "ecr-push", ""), gate("c", "ecr-push", "")],
            [Some(2), Some(0), Some(1)],
        ),
        // At any distance after an action, and whatever kind of gate it is.
        (
            [gate("a", "smoke-test", "'b'"), gate("b", "gitleaks", "'c'"), gate("c", "ecr-push", "")],
            [Some(2), Some(1), Some(0)],
        ),
        // A gate that an action needs is not late because of that.
        (
            [gate("c", "tsc", ""), gate("a", "ecr-push", "'b'"), gate("b", "gitleaks", "")],
            [None, Some(0), None],
        ),
    ] {
        assert_eq!(turns(&planned(&gates.concat())), expected, "{}", gates.concat());
    }
}

const ONE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const TWO: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn done(id: &str, tool: &'static str, outcome: Outcome, image_id: Option<&str>) -> FinishedGate {
    let target = FinishedTarget {
        read_of: None,
        input: None,
        name: "app".into(),
        image: Some("app:1".to_owned()),
        image_id: image_id.map(Text::from),
        scanned: true,
        pattern: None,
        outputs: BTreeMap::new(),
    };
    FinishedGate {
        id: id.into(),
        tool,
        outcome,
        acts: tool == "ecr-push",
        scans_images: tool == "trivy",
        targets: vec![target],
    }
}

fn seen(gates: &[FinishedGate]) -> Result<OneImage, String> {
    one_image(&GateOutputs { gates: gates.to_vec() }, "app:1")
}

#[test]
fn all_gates_must_agree_on_one_image() {
    use Outcome::*;
    let build = || done("images", BUILDER, Passed, Some(ONE));
    let scan = |id| done("scan", "trivy", Passed, Some(id));
    let seen_one = |by: &[&str]| {
        Ok(OneImage {
            id: ONE.into(),
            also: None,
            by: by.iter().map(|by| Text::from(*by)).collect(),
            pattern: None,
        })
    };

    assert_eq!(seen(&[build(), scan(ONE), done("sbom", "syft", Failed, Some(ONE))]), seen_one(&["scan"]));
    // An SBOM does not free an image.
    assert_eq!(seen(&[build(), done("sbom", "syft", Passed, Some(ONE))]), seen_one(&[]));
    assert_eq!(seen(&[scan(ONE)]), seen_one(&["scan"]));
    assert_eq!(seen(&[build()]), seen_one(&[]));
    // A gate without proof does not count as a scan, and neither does a gate that names no image.
    assert_eq!(seen(&[build(), done("scan", "trivy", Inconclusive, Some(ONE))]), seen_one(&[]));
    assert_eq!(seen(&[build(), done("scan", "trivy", Passed, None)]), seen_one(&[]));
    // An action does not count as a scan.
    assert_eq!(seen(&[build(), done("push", "ecr-push", Passed, Some(TWO))]), seen_one(&[]));

    let moved = format!("app:1 changed on the way: images had {ONE}, scan looked at {TWO}");
    assert_eq!(seen(&[build(), scan(TWO)]), Err(moved.clone()));
    // Neither the order in the file nor the proof of the scan matters.
    assert_eq!(seen(&[scan(TWO), build()]), Err(moved.clone()));
    assert_eq!(seen(&[build(), done("scan", "trivy", Inconclusive, Some(TWO))]), Err(moved));
    let sbom = done("sbom", "syft", Passed, Some(TWO));
    assert_eq!(
        seen(&[scan(ONE), sbom]),
        Err(format!("app:1 changed on the way: scan had {ONE}, sbom looked at {TWO}"))
    );
    let nobody = Err("no gate of this run has built app:1, or looked at it".to_owned());
    assert_eq!(seen(&[]), nobody);
    assert!(one_image(&GateOutputs { gates: vec![build()] }, "app:2").is_err());
}

#[test]
fn the_digest_of_the_configuration_names_the_same_image_if_the_build_says_so() {
    let mut build = done("images", BUILDER, Outcome::Passed, Some(ONE));
    build.targets[0].outputs.insert(CONFIG_DIGEST.to_owned(), TWO.to_owned());
    let scan = done("scan", "trivy", Outcome::Passed, Some(TWO));
    for gates in [[build.clone(), scan.clone()], [scan.clone(), build]] {
        assert_eq!(
            seen(&gates),
            Ok(OneImage { id: ONE.into(), also: Some(TWO.into()), by: vec!["scan".into()], pattern: None })
        );
    }
    // Or the file of the image shows it, which the engine wrote by its id.
    let build = done("images", BUILDER, Outcome::Passed, Some(ONE));
    let mut scan = scan;
    scan.targets[0].read_of = Some(ONE.into());
    assert_eq!(
        seen(&[build.clone(), scan.clone()]),
        Ok(OneImage { id: ONE.into(), also: None, by: vec!["scan".into()], pattern: None })
    );
    let outputs = GateOutputs { gates: vec![build] };
    assert_eq!(another_image(&outputs, "app:1", &scan.targets[0]), None);
    scan.targets[0].read_of = None;
    assert!(another_image(&outputs, "app:1", &scan.targets[0]).is_some());
    // Only the build may say so.
    let mut liar = done("sbom", "syft", Outcome::Passed, Some(ONE));
    liar.targets[0].outputs.insert(CONFIG_DIGEST.to_owned(), TWO.to_owned());
    let build = done("images", BUILDER, Outcome::Passed, Some(ONE));
    assert!(seen(&[liar, build, scan]).is_err());
}

#[test]
fn an_action_is_planned_only_on_an_image_that_a_gate_of_the_plan_scans() {
    let plan = |gates: &[(&str, &str)], unscanned: bool| {
        let text: String = gates.iter().map(|(id, tool)| gate(id, tool, "")).collect();
        let text = text.replace("'docker-build'\n", "'docker-build'\nimages = [{ name = 'app' }]\n");
        let mut planned = planned(&text);
        for planned in &mut planned {
            let mut job = Job::new("x", "app", "/".into(), String::new());
            job.image = Some("app:1".to_owned());
            job.unscanned = unscanned;
            job.because("it goes up");
            planned.fate = Fate::Run(vec![job]);
        }
        tie_to_scans(&mut planned);
        match planned.pop().unwrap().fate {
            Fate::Run(jobs) => Ok(jobs[0].why.clone()),
            Fate::Impossible(why) => Err(why),
            Fate::Skip(why) => panic!("{why}"),
        }
    };
    let (build, scan, sbom, push) =
        (("images", "docker-build"), ("scan", "trivy"), ("sbom", "syft"), ("push", "ecr-push"));
    let chain = "it goes up, if it is the image that images built, and that scan and sbom looked at; scan must prove it";
    assert_eq!(plan(&[build, scan, sbom, push], false), Ok(chain.to_owned()));
    assert_eq!(
        plan(&[scan, push], false),
        Ok("it goes up, if it is the image that scan looked at; scan must prove it".to_owned())
    );
    for gates in [&[build, push][..], &[build, sbom, push], &[push], &[("push-1", "ecr-push"), push]] {
        let why = plan(gates, false).unwrap_err();
        assert!(why.contains("no gate of this run scans app:1 for vulnerabilities"), "{why}");
    }
    assert_eq!(plan(&[build, push], true), Ok("it goes up, if it is the image that images built".to_owned()));
    assert_eq!(plan(&[push], true), Ok("it goes up".to_owned()));
}
