//! What one gate would take that is another one's.

use super::*;

use std::path::PathBuf;

use crate::engine::repositories::{Push, part_fetches};

/// What becomes of gates with one job each, which `edit` gets with the id of its gate.
fn planned_with(gates: &str, edit: impl Fn(&str, &mut Job)) -> Vec<PlannedGate> {
    let mut gates = planned(gates);
    for planned in &mut gates {
        let mut job = Job::new("x", "target", PathBuf::from("/repo"), "x".to_owned());
        edit(&planned.gate.id, &mut job);
        planned.fate = Fate::Run(vec![job]);
    }
    gates
}

fn refusals(gates: &[PlannedGate]) -> Vec<(&str, &str)> {
    let refused = |planned: &'_ PlannedGate| matches!(planned.fate, Fate::Impossible(_));
    let why = |planned: &PlannedGate| match &planned.fate {
        Fate::Impossible(why) => why.clone(),
        Fate::Run(_) | Fate::Skip(_) => String::new(),
    };
    gates
        .iter()
        .filter(|planned| refused(planned))
        .map(|planned| (&*planned.gate.id, &*why(planned).leak()))
        .collect()
}

#[test]
fn no_old_revision_is_deployed_beside_a_gate_that_registers() {
    const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/notes:7";
    let task = "[[gate]]\nid = 'task'\ntool = 'ecs-task-definition'\ntemplate = 't'\n";
    let deploy =
        "[[gate]]\nid = 'deploy'\ntool = 'codedeploy'\napplication = 'a'\ngroup = 'b'\napp_spec = 'c'\n";
    let tied = |gates: &str, arn: Option<&str>, left_out: bool| {
        let mut gates = planned_with(gates, |id, job| {
            job.deploys = arn.filter(|_| id == "deploy").map(str::to_owned);
        });
        for planned in gates.iter_mut().filter(|planned| left_out && &*planned.gate.id == "task") {
            planned.fate = Fate::Skip("left out".to_owned());
        }
        tie_deployments(&mut gates);
        refusals(&gates).iter().map(|(id, why)| format!("{id}: {why}")).collect::<Vec<_>>()
    };
    for left_out in [false, true] {
        let refused = tied(&format!("{task}{deploy}"), Some(ARN), left_out);
        let says =
            format!("deploy: `task_definition` names {ARN}, and `task` registers what this run has scanned");
        assert!(refused.len() == 1 && refused[0].starts_with(&says), "{refused:?}");
    }
    // Whatever stands first in the file.
    assert_eq!(tied(&format!("{deploy}{task}"), Some(ARN), false).len(), 1);
    assert_eq!(tied(&format!("{task}{deploy}"), None, false), [""; 0]);
    assert_eq!(tied(deploy, Some(ARN), false), [""; 0]);
}

#[test]
fn two_gates_do_not_fetch_two_images_from_one_repository() {
    let builds =
        |id: &str| format!("[[gate]]\nid = '{id}'\ntool = 'docker-build'\nimages = [{{ name = '{id}' }}]\n");
    let refused = |of_b: &str, name_of_b: &str| {
        let mut gates = planned_with(&(builds("a") + &builds("b")), |id, job| {
            let (repository, name) = if id == "a" { ("r/one", "a") } else { (of_b, name_of_b) };
            job.fetches = Some((repository.to_owned(), name.to_owned()));
        });
        part_fetches(&mut gates, &[]);
        refusals(&gates).iter().map(|(id, why)| format!("{id}: {why}")).collect::<Vec<_>>()
    };
    let says = "a of `a` and b of `b` have the same `fetch`, r/one: give each a repository of its own";
    assert_eq!(refused("r/one", "b"), [format!("a: {says}"), format!("b: {says}")]);
    assert_eq!(refused("r/two", "b"), [""; 0]);
    // Two builds of one name are two images all the same.
    assert_eq!(refused("r/one", "a").len(), 2);
}

#[test]
fn an_image_is_not_fetched_from_a_repository_to_which_another_one_is_pushed() {
    let refused = |fetched: &str, pushed: &str, image: &str| {
        let build = "[[gate]]\nid = 'images'\ntool = 'docker-build'\nimages = [{ name = 'b' }]\n";
        let mut gates = planned_with(build, |_, job| {
            job.fetches = Some((fetched.to_owned(), "b".to_owned()));
        });
        let push = Push { gate: "push".into(), repository: pushed.to_owned(), image: image.to_owned() };
        part_fetches(&mut gates, &[push]);
        refusals(&gates).iter().map(|(id, why)| format!("{id}: {why}")).collect::<Vec<_>>()
    };
    let says = "images: b has `fetch` = r.io/a, to which `push` pushes a: that image would be taken for b, so give each a \
                repository of its own";
    assert_eq!(refused("r.io/a", "r.io/a", "a"), [says]);
    // Its own image is what is fetched.
    assert_eq!(refused("r.io/a", "r.io/a", "b"), [""; 0]);
    assert_eq!(refused("r.io/b", "r.io/a", "a"), [""; 0]);
    // Of ECR without a `registry` nobody knows the account before the run.
    let ecr = "1.dkr.ecr.eu-west-1.amazonaws.com/team/a";
    assert_eq!(refused(ecr, "/team/a", "a").len(), 1);
    for (fetched, pushed) in [(ecr, "/a"), (ecr, "/team"), ("ghcr.io/team/a", "/team/a")] {
        assert_eq!(refused(fetched, pushed, "a"), [""; 0], "{fetched} {pushed}");
    }
}
