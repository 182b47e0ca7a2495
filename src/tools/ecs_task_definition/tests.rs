use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::*;

use crate::scan::proof::{Proof, assess};
use crate::tools::testing::{configured, handed_in, line, mistakes, origin, plan, tool};

use super::template::Template;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else { panic!("{value} is not an object") };
    object
}

fn values(options: &str) -> Values {
    let problems = crate::keys::mistakes::Problems::default();
    let table = toml::de::DeTable::parse(options).unwrap();
    let values = Values::read(&Keys::new(table.get_ref(), 0..0, &problems));
    assert_eq!(problems.into_sorted(), []);
    values
}

fn read(template: Value) -> Result<Template, String> {
    Template::read(&template.to_string(), &values("values = { STAGE = 'live' }"))
}

fn error_of(template: Value) -> String {
    read(template).and_then(Template::finish).unwrap_err()
}

#[test]
fn a_template_is_filled_and_loses_the_keys_that_ecs_only_returns() {
    let template = json!({
        "family": "notes-${STAGE}", "taskDefinitionArn": "arn:x", "revision": 3, "status": "ACTIVE",
        "requiresAttributes": [], "compatibilities": ["EC2"], "registeredAt": 1.5, "registeredBy": "x",
        "unheardOf": {"kept": [1, null, true]},
        "containerDefinitions": [
            {"name": "backend", "image": "<IMAGE1_NAME>", "command": ["sh", "-c", "echo $${HOME} ${STAGE}"]},
            {"name": "sidecar", "image": "envoy:v1", "dockerLabels": {"${STAGE}": "x"}},
        ],
    });
    let mut template = read(template).unwrap();
    assert_eq!(template.family(None).unwrap(), "notes-live");
    let images = BTreeMap::from([("backend".to_owned(), format!("registry/backend@{DIGEST}"))]);
    template.set_images(&images).unwrap();
    let expected = json!({
        "family": "notes-live",
        "unheardOf": {"kept": [1, null, true]},
        "containerDefinitions": [
            {"name": "backend", "image": format!("registry/backend@{DIGEST}"), "command": ["sh", "-c", "echo ${HOME} live"]},
            {"name": "sidecar", "image": "envoy:v1", "dockerLabels": {"live": "x"}},
        ],
    });
    assert_eq!(template.finish().unwrap(), expected);
}

#[test]
fn the_whole_answer_of_describe_is_a_template_too() {
    let answer = json!({
        "taskDefinition": {"family": "notes", "revision": 7, "containerDefinitions": [{"name": "a", "image": "b"}]},
        "tags": [{"key": "team", "value": "notes"}],
    });
    let expected = json!({
        "family": "notes", "containerDefinitions": [{"name": "a", "image": "b"}],
        "tags": [{"key": "team", "value": "notes"}],
    });
    assert_eq!(read(answer).unwrap().finish().unwrap(), expected);
}

#[test]
fn a_placeholder_without_a_value_is_reported_with_its_place() {
    let error = error_of(json!({
        "family": "notes",
        "containerDefinitions": [
            {"name": "a", "image": "<IMAGE1_NAME>", "environment": [{"name": "X", "value": "${OTHER}"}]},
            {"name": "${NAME}", "image": "b", "dockerLabels": {"${KEY}": "v"}},
        ],
    }));
    for words in [
        "<IMAGE1_NAME> at containerDefinitions[0].image",
        "${OTHER} at containerDefinitions[0].environment[0].value",
        "${NAME} at containerDefinitions[1].name",
        "${KEY} at containerDefinitions[1].dockerLabels.${KEY}",
    ] {
        assert!(error.contains(words), "{words}: {error}");
    }
    let many: Vec<Value> = (0..500).map(|n| json!(format!("${{X{n}}}"))).collect();
    let error = error_of(
        json!({"family": "n", "containerDefinitions": [{"name": "a", "image": "b", "command": many}]}),
    );
    assert!(error.contains("and 480 more") && error.len() < 2000, "{error}");
}

#[test]
fn a_file_that_is_not_a_task_definition_is_reported() {
    for (template, says) in [
        (json!([]), "not a JSON object"),
        (json!({"family": "x"}), "no list `containerDefinitions`"),
        (json!({"containerDefinitions": {}}), "no list `containerDefinitions`"),
        (json!({"containerDefinitions": []}), "no container"),
        (json!({"containerDefinitions": [{"image": "a"}]}), "no `name` in containerDefinitions[0]"),
        (json!({"containerDefinitions": ["a"]}), "no `name` in containerDefinitions[0]"),
        (json!({"containerDefinitions": [{"name": "a"}]}), "no `image` in containerDefinitions[0] (a)"),
        (json!({"containerDefinitions": [{"name": "a", "image": ""}]}), "no `image`"),
        (
            json!({"containerDefinitions": [{"name": "a", "image": "x"}, {"name": "a", "image": "y"}]}),
            "two containers with the name a",
        ),
        (
            json!({"live": 1, "${STAGE}": 2, "containerDefinitions": [{"name": "a", "image": "x"}]}),
            "the key live twice",
        ),
    ] {
        let error = error_of(template);
        assert!(error.contains(says), "{says}: {error}");
    }
    assert!(Template::read("{\"family\": ", &Values::default()).unwrap_err().starts_with("is not JSON"));
    let deep = format!("{{\"containerDefinitions\": {}", "[".repeat(100_000));
    assert!(Template::read(&deep, &Values::default()).unwrap_err().contains("recursion limit"));

    let template = json!({"containerDefinitions": [{"name": "a", "image": "x"}]});
    assert!(read(template.clone()).unwrap().family(None).unwrap_err().contains("no `family`"));
    assert_eq!(read(template.clone()).unwrap().family(Some("notes")).unwrap(), "notes");
    let strange = BTreeMap::from([("b".to_owned(), "x".to_owned())]);
    assert!(read(template).unwrap().set_images(&strange).unwrap_err().contains("no container b"));
}

#[test]
fn the_same_revision_is_recognised_whatever_ecs_fills_in() {
    let ours = json!({
        "family": "notes", "cpu": "256", "requiresCompatibilities": ["FARGATE", "EC2"], "networkMode": "awsvpc",
        "containerDefinitions": [
            {"name": "b", "image": "i2"},
            {"name": "a", "image": "i1", "portMappings": [{"containerPort": 80}], "command": ["x", "y"],
             "environment": [{"name": "Z", "value": "1"}, {"name": "A", "value": "2"}]},
        ],
    });
    let theirs = json!({
        "family": "notes", "cpu": "256", "requiresCompatibilities": ["EC2", "FARGATE"], "networkMode": "awsvpc",
        "taskDefinitionArn": "arn", "revision": 4, "status": "ACTIVE", "volumes": [], "placementConstraints": [],
        "compatibilities": ["EC2"], "registeredAt": 1.5,
        "containerDefinitions": [
            {"name": "a", "image": "i1", "cpu": 0, "essential": true, "mountPoints": [], "volumesFrom": [],
             "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}], "command": ["x", "y"],
             "environment": [{"name": "A", "value": "2"}, {"name": "Z", "value": "1"}]},
            {"name": "b", "image": "i2", "cpu": 0, "environment": [], "essential": true},
        ],
    });
    let same = |edit: &dyn Fn(&mut Value)| {
        let mut theirs = theirs.clone();
        edit(&mut theirs);
        same::same(&object(ours.clone()), &object(theirs))
    };
    assert!(same(&|_| {}));
    for (pointer, value) in [
        ("/family", json!("other")),
        ("/cpu", json!("512")),
        ("/cpu", json!(256)),
        ("/volumes", json!([{"name": "data"}])),
        ("/taskRoleArn", json!("arn:role")),
        ("/requiresCompatibilities", json!(["EC2"])),
        ("/containerDefinitions/0/image", json!("i3")),
        ("/containerDefinitions/0/cpu", json!(128)),
        ("/containerDefinitions/0/essential", json!(false)),
        ("/containerDefinitions/0/command", json!(["y", "x"])),
        ("/containerDefinitions/0/environment/0/value", json!("3")),
        ("/containerDefinitions/0/portMappings/0/hostPort", json!(8080)),
        ("/containerDefinitions/0/portMappings/0/protocol", json!("udp")),
        ("/containerDefinitions/1/environment", json!([{"name": "NEW", "value": "1"}])),
        ("/containerDefinitions/1/privileged", json!(true)),
        ("/containerDefinitions/1/name", json!("c")),
    ] {
        let edit = |theirs: &mut Value| match theirs.pointer_mut(pointer) {
            Some(origin) => *origin = value.clone(),
            None => {
                let (parent, key) = pointer.rsplit_once('/').unwrap();
                theirs.pointer_mut(parent).unwrap()[key] = value.clone();
            }
        };
        assert!(!same(&edit), "{pointer} = {value}");
    }
    let without = |theirs: &mut Value| drop(theirs["containerDefinitions"].as_array_mut().unwrap().remove(1));
    assert!(!same(&without));
}

#[test]
fn only_the_arn_of_a_revision_is_one() {
    let arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/notes-live:12";
    assert_eq!(read_arn(arn), Some(("notes-live", 12)));
    assert_eq!(read_arn(&arn.replace("aws:", "aws-cn:")), Some(("notes-live", 12)));
    for (from, to) in [
        (":12", ""),
        (":12", ":0"),
        (":12", ":012"),
        (":12", ":+12"),
        (":12", ":12:13"),
        (":12", ":99999999999999999999"),
        ("ecs", "ecr"),
        ("123456789012", "12345"),
        ("task-definition", "service"),
        ("notes-live", "a b"),
        ("arn:", "ARN:"),
    ] {
        assert_eq!(read_arn(&arn.replace(from, to)), None, "{to}");
    }
}

fn report(edit: impl Fn(&mut Value)) -> Proof {
    let mut report = json!({
        "portcullis_version": "1", "template": "deploy/task.json", "family": "notes",
        "arn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/notes:3", "revision": 3, "reused": false,
        "containers": [
            {"name": "backend", "image": format!("registry/backend@{DIGEST}"), "by": "gate"},
            {"name": "proxy", "image": "envoy:v1", "by": "template"},
        ],
        "secrets": [],
    });
    edit(&mut report);
    let tool = tool(&SPEC, "template = 'deploy/task.json'");
    assess(tool.as_ref(), &handed_in(&report.to_string()), &origin())
}

#[test]
fn a_report_is_proof_only_with_the_arn_of_its_family() {
    let Proof::Complete(parsed) = report(|_| {}) else { panic!("it is not a complete proof") };
    assert_eq!(parsed.outputs[OUTPUT], "arn:aws:ecs:eu-west-1:123456789012:task-definition/notes:3");
    assert!(parsed.proof.contains(&"proxy is envoy:v1 (not by digest)".to_owned()), "{:?}", parsed.proof);
    assert!(parsed.proof.contains(&"registered notes:3".to_owned()), "{:?}", parsed.proof);

    for (key, value) in [
        ("arn", json!(null)),
        ("arn", json!("arn:aws:ecs:eu-west-1:123456789012:task-definition/other:3")),
        ("arn", json!("notes:3")),
        ("revision", json!(4)),
        ("revision", json!(null)),
        ("containers", json!([])),
        ("containers", json!([{"name": "proxy", "image": "envoy:v1", "by": "template"}])),
        ("secrets", json!([{"what": "X", "why": "y"}])),
    ] {
        let Proof::Inconclusive { parsed, .. } = report(|report| report[key] = value.clone()) else {
            panic!("{key} = {value} is proof")
        };
        assert!(parsed.outputs.is_empty());
    }
    for key in ["family", "containers", "secrets", "template"] {
        let cut = report(|report| drop(report.as_object_mut().unwrap().remove(key)));
        assert!(matches!(cut, Proof::Inconclusive { .. }), "without {key}");
    }
}

#[test]
fn a_secret_in_plain_text_is_a_finding_that_names_it_and_no_arn() {
    let proof = report(|report| {
        report["arn"] = json!(null);
        report["secrets"] = json!([{"what": "DB_PASSWORD of container backend", "why": "its name says so"}]);
    });
    let Proof::Complete(parsed) = proof else { panic!("it is not a complete proof") };
    assert!(parsed.outputs.is_empty());
    let [finding] = parsed.findings.as_slice() else { panic!("{:?}", parsed.findings) };
    assert_eq!((finding.category, finding.severity), (Category::Secret, Severity::High));
    assert_eq!(&*finding.title, "DB_PASSWORD of container backend is a secret in plain text");
    assert_eq!(&*finding.location.as_ref().unwrap().path, "deploy/task.json");
}

#[test]
fn mistakes_in_its_keys_are_reported() {
    for (options, says) in [
        ("template = 't'\nimages = { a = 'registry/app:1' }", "neither the name of an image"),
        ("template = 't'\nimages = { a = 'app@sha256:12' }", "neither the name of an image"),
        ("template = 't'\nimages = { a = 'http://r.example/app' }", "neither the name of an image"),
        ("template = 't'\nsidecars = { a = '' }", "is not a reference to an image"),
        ("template = 't'\nsidecars = { a = 'envoy:v1 ' }", "is not a reference to an image"),
        ("template = 't'\nsidecars = { a = 'https://r.example/envoy' }", "is not a reference to an image"),
        ("template = 't'\nsidecars = { a = 'r.example//envoy' }", "is not a reference to an image"),
        ("template = 't'\nsidecars = { a = 'r.example/Envoy' }", "is not a reference to an image"),
        ("template = 't'\nfamily = 'a b'", "not a valid family"),
        ("template = 't'\nimage_definitions = '/etc/x.json'", "below the folder of gates.toml"),
        ("template = 't'\nimage_definitions = '../x.json'", "below the folder of gates.toml"),
        ("template = 't'\nvalues = { 'a-b' = 'x' }", "not the name of a placeholder"),
        ("template = 't'\nvalues = { A = '${B C}' }", "used as it is"),
        ("template = 't'\nvalues = { PORTCULLIS_COMMIT = 'x' }", "is the commit"),
        ("family = 'a'", "`template` is missing"),
    ] {
        let reported = mistakes(&SPEC, options);
        assert!(matches!(reported.as_slice(), [what] if what.contains(says)), "{options}: {reported:?}");
    }
    let whole = format!(
        "template = 't'\nfamily = 'notes'\nregion = 'eu-west-1'\nprofile = 'live'\nimage_definitions = 'out/imagedefinitions.json'\nallow_environment = ['X']\nvalues = {{ A = 'b' }}\nimages = {{ a = 'notes/app', b = 'localhost:5000/app@{DIGEST}' }}"
    );
    assert_eq!(configured(&SPEC, &whole).1, []);
}

#[test]
fn the_plan_shows_the_call_that_registers() {
    let tool = tool(&SPEC, "template = 'deploy/task.json'\nregion = 'eu-west-1'");
    assert!(tool.acts());
    let [job] = plan(tool.as_ref(), None).try_into().unwrap();
    assert_eq!(&*job.target, "deploy/task.json");
    let expected = "ecs register-task-definition --cli-input-json file://$SCRATCH/gate/deploy+task.json/task-definition.json --region eu-west-1 --output json";
    assert_eq!(line(&job), expected);
}
