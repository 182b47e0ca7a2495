//! Push gates that follow one another.

use super::*;

#[test]
fn push_gates_that_follow_one_another_move_their_tags_together() {
    let gate = |id: &str, tool: &str, keys: &str| format!("[[gate]]\nid = '{id}'\ntool = '{tool}'\n{keys}\n");
    let push = |id: &str| gate(id, "registry-push", "registry = 'r.example'\nimages = ['a:1']");
    let ecr = gate("ecr", "ecr-push", "images = ['a:1']");
    let deploy = gate("deploy", "codedeploy", "application = 'a'\ngroup = 'b'\napp_spec = 'c'");
    let smoke = |needs: &str| {
        gate("smoke", "smoke-test", &format!("checks = [{{ url = 'http://a' }}]\nneeds = ['{needs}']"))
    };
    let look = gate("look", "gitleaks", "");
    let together = |gates: &[&str]| -> Vec<String> {
        let config = Config::read(&format!("version = 1\n{}", gates.concat())).unwrap();
        let planned = |gate: &Gate| PlannedGate {
            gate: gate.clone(),
            fate: match &*gate.id {
                "out" => Fate::Skip("left out".to_owned()),
                "broken" => Fate::Impossible("no image".to_owned()),
                _ => Fate::Run(Vec::new()),
            },
            left_out: None,
            since: None,
        };
        let gates: Vec<PlannedGate> = config.gates.iter().map(planned).collect();
        let ids = |group: Vec<usize>| {
            group.iter().map(|index| gates[*index].gate.id.to_string()).collect::<Vec<_>>().join(" ")
        };
        pushes_together(&gates).into_iter().map(ids).collect()
    };
    let (one, two, three) = (push("one"), push("two"), push("three"));
    assert_eq!(together(&[&look, &one, &two, &ecr]), ["one two ecr"]);
    assert_eq!(together(&[&one, &push("out"), &two]), ["one two"]);
    // One that can't be run keeps the tags of the others where they are.
    assert_eq!(together(&[&one, &push("broken")]), ["one broken"]);
    // A deployment acts on what was pushed before it.
    assert_eq!(together(&[&one, &two, &deploy, &three]), ["one two", "three"]);
    assert_eq!(together(&[&one, &smoke("one"), &two]), ["one", "two"]);
    // What the order of the file does not say, `needs` does.
    assert_eq!(together(&[&one, &smoke("two"), &two]), ["one two"]);
    assert_eq!(together(&[&look]), [""; 0]);
}
