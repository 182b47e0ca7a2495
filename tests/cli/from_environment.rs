//! Values of actions and smoke tests from the environment. What is missing, or left over in a template, is found
//! before anything acts.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::common::codedeploy::{APP_SPEC, ARN};
use crate::common::ecs_task_definition::{gates, reason, template};
use crate::common::{CI_SERVICES, Project, Ran};

const DEPLOY: &str = "version = 1
mode = 'production'
[[gate]]
id = 'first'
tool = 'command'
run = ['touch', 'first-ran']
[[gate]]
id = 'deploy'
tool = 'codedeploy'
application = '$CODEDEPLOY_APP'
group = '${CODEDEPLOY_GROUP}'
region = '$WHERE'
app_spec = 'appspec.yaml'
values = { CONTAINER = '$CONTAINER' }
poll = '100ms'
branches = ['main']
[[gate]]
id = 'smoke'
tool = 'smoke-test'
needs = ['deploy']
checks = [{ name = 'health', url = 'http://$SERVICE/health' }]
";

/// The variables that [`DEPLOY`] names.
const NAMES: [&str; 5] = ["CODEDEPLOY_APP", "CODEDEPLOY_GROUP", "WHERE", "CONTAINER", "SERVICE"];

/// A project with a fake CLI that writes down how it is called, and has deployed what it is asked for.
fn project() -> Project {
    let last = "[[gate]]\nid = 'last'\ntool = 'command'\nrun = ['true']\nneeds = ['smoke']\n";
    let project = Project::with_gates(&format!("{DEPLOY}{last}"));
    project.write("appspec.yaml", APP_SPEC.replace("<TASK_DEFINITION>", ARN));
    project.program("aws", "echo \"$*\" >>called\necho '{}'");
    project.write(".gitignore", "gates-report\ncalled\nfirst-ran\n");
    project.git(&["init", "--quiet"]);
    project.commit("first");
    project
}

fn run(project: &Project, args: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = project.command(args);
    for name in CI_SERVICES.iter().chain(&NAMES) {
        command.env_remove(name);
    }
    Ran::to_end(command.envs(variables.iter().copied()))
}

fn exists(project: &Project, file: &str) -> bool {
    project.root().join(file).exists()
}

#[test]
fn without_its_variables_a_deployment_starts_nothing() {
    let project = project();
    let ran = run(&project, &["run", "--branch", "main"], &[("CODEDEPLOY_APP", "notes"), ("WHERE", "")]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    for name in &NAMES[1..] {
        assert!(ran.stderr.contains(&format!("the variable {name} is not set")), "{name}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("CODEDEPLOY_APP is not set"), "{}", ran.stderr);
    assert!(ran.stderr.contains("gate deploy: `group` is $CODEDEPLOY_GROUP"), "{}", ran.stderr);
    assert!(!exists(&project, "first-ran") && !exists(&project, "called"), "something was run");
}

#[test]
fn a_run_that_does_not_act_needs_no_variables() {
    let project = project();
    for args in [
        &["run", "--branch", "topic"][..],
        &["run", "--mode", "lab"],
        &["run", "--branch", "main", "--dry-run"],
        &["run", "--branch", "main", "--skip", "deploy,smoke"],
    ] {
        let ran = run(&project, args, &[]);
        assert_ne!(ran.code, 2, "{args:?} {}", ran.all());
        assert_eq!(project.gate("first")["outcome"], "passed", "{args:?}");
        assert!(!exists(&project, "called"), "{args:?}");
    }
}

#[test]
fn the_values_of_variables_reach_the_service() {
    let project = project();
    let variables = [
        ("CODEDEPLOY_APP", "notes"),
        ("CODEDEPLOY_GROUP", "live"),
        ("WHERE", "eu-west-9"),
        ("CONTAINER", "backend"),
        ("SERVICE", "127.0.0.1:1"),
    ];
    let ran = run(&project, &["run", "--branch", "main"], &variables);
    // The fake proves nothing; what it was asked is what counts.
    assert_eq!(ran.code, 3, "{}", ran.all());
    let called = project.read("called");
    assert!(called.contains("--application-name notes --deployment-group-name live"), "{called}");
    assert!(called.contains("--region eu-west-9") && !called.contains('$'), "{called}");
    assert_eq!(project.gate("deploy")["targets"][0]["name"], "notes/live");
}

#[test]
fn a_smoke_test_takes_its_address_from_the_environment() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        let n = stream.read(&mut buffer).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        String::from_utf8_lossy(&buffer[..n]).into_owned()
    });
    let project = Project::with_gates(
        "version = 1\nmode = 'production'\n[[gate]]\nid = 'smoke'\ntool = 'smoke-test'\n\
         checks = [{ url = '$SERVICE', headers = { X-Stage = '$STAGE' }, retries = 0 }]\n",
    );
    let ran = run(&project, &["run"], &[("SERVICE", "ftp://example.org"), ("STAGE", "live")]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("`url` is $SERVICE, which does not begin with http"), "{}", ran.stderr);
    let ran = run(&project, &["run"], &[("SERVICE", &address)]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.stderr.contains("the variable STAGE is not set"), "{}", ran.stderr);
    let ran = run(&project, &["run"], &[("SERVICE", &address), ("STAGE", "live")]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(served.join().unwrap().to_lowercase().contains("x-stage: live"));
}

const STYLES: [&str; 11] = [
    "$EXECUTION_ROLE_ARN",
    "$ROLE",
    "__EXECUTION_ROLE_ARN__",
    "${EXECUTION_ROLE}",
    "${{ secrets.ROLE }}",
    "<EXECUTION_ROLE>",
    "{{ EXECUTION_ROLE }}",
    "%ROLE%",
    "[[ROLE]]",
    "@ROLE@",
    "#{Role}",
];

#[test]
fn a_placeholder_of_any_style_that_is_left_over_stops_the_run_before_anything_starts() {
    for left in STYLES {
        for role in [left.to_owned(), format!("arn:aws:iam::123456789012:role/{left}")] {
            let mut template = template();
            template["executionRoleArn"] = Value::from(role);
            let first = "[[gate]]\nid = 'first'\ntool = 'command'\nrun = ['touch', 'first-ran']\n";
            let gates = gates("").replacen("[[gate]]", &format!("{first}[[gate]]"), 1);
            let project = Project::with_gates(&gates);
            project.write("deploy/task.json", template.to_string());
            project.program("aws", "echo \"$*\" >>called");
            let ran = project.run(&["run"]);
            assert_eq!(ran.code, 2, "{left}: {}", ran.all());
            let says = format!(
                "gate task: deploy/task.json has placeholders left over: {left} at executionRoleArn; give"
            );
            assert!(ran.stderr.contains(&says), "{}", ran.all());
            assert!(!exists(&project, "first-ran") && !exists(&project, "called"), "something was run");
        }
    }
}

#[test]
fn a_placeholder_in_a_template_that_a_gate_writes_is_never_registered() {
    for left in STYLES {
        let mut template = template();
        template["executionRoleArn"] = Value::from(left);
        let writes = "needs = ['write']\n[[gate]]\nid = 'write'\ntool = 'command'\nrun = ['cp', 'source.json', 'deploy/task.json']\n";
        let project = Project::with_gates(&gates(writes));
        project.write("source.json", template.to_string());
        std::fs::create_dir(project.root().join("deploy")).unwrap();
        project.program("aws", "echo \"$*\" >>called");
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 3, "{left}: {}", ran.all());
        let says = format!("placeholders left over: {left} at executionRoleArn;");
        assert!(reason(&project).contains(&says), "{}", reason(&project));
        let called = if exists(&project, "called") { project.read("called") } else { String::new() };
        assert!(!called.contains("ecs"), "{left}: {called}");
    }
}

#[test]
fn words_that_are_no_placeholders_and_variables_of_a_shell_stay() {
    let mut template = template();
    let container = &mut template["containerDefinitions"][0];
    container["command"] = json!(["sh", "-c", "exec server --port $PORT --url $DATABASE_URL"]);
    container["entryPoint"] = json!(["/bin/$ARCH"]);
    container["healthCheck"] = json!({"command": ["CMD-SHELL", "curl localhost:$PORT"]});
    container["environment"][1]["value"] = json!("REPLACE_ME");
    let project = Project::with_gates(&gates(""));
    project.write("deploy/task.json", template.to_string());
    project.program("aws", "echo \"$*\" >>called\nexit 1");
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(project.read("called").contains("ecs"), "{}", ran.all());

    // In a command, other styles are as wrong as elsewhere.
    template["containerDefinitions"][0]["command"] = json!(["server", "--url", "__DATABASE_URL__"]);
    project.write("deploy/task.json", template.to_string());
    let ran = project.run(&["run"]);
    assert!(ran.code == 2 && ran.stderr.contains("__DATABASE_URL__ at"), "{}", ran.all());
}

#[test]
fn a_value_of_gates_toml_with_a_placeholder_of_another_tool_starts_nothing() {
    for left in STYLES.iter().filter(|style| !style.starts_with('$')) {
        for (keys, key) in [
            (
                format!(
                    "tool = 'smoke-test'\nchecks = [{{ name = 'x', url = 'http://127.0.0.1:1/{left}/health' }}]"
                ),
                "url",
            ),
            (
                format!(
                    "tool = 'smoke-test'\nchecks = [{{ name = 'x', url = 'http://127.0.0.1:1', headers = {{ X-A = '{left}' }} }}]"
                ),
                "headers.X-A",
            ),
            (
                format!("tool = 'codedeploy'\napplication = '{left}'\ngroup = 'live'\napp_spec = 'a'"),
                "application",
            ),
        ] {
            let project = Project::with_gates(&format!(
                "version = 1\nmode = 'production'\n[[gate]]\nid = 'gate'\n{keys}\n"
            ));
            let ran = project.run(&["run"]);
            assert_eq!(ran.code, 2, "{left}: {}", ran.all());
            let says = format!("gate gate: `{key}` has the placeholder {left}, which nothing fills");
            assert!(ran.stderr.contains(&says), "{left}: {}", ran.all());
        }
    }
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = 'gate'\ntool = 'smoke-test'\nchecks = [{ url = 'http://127.0.0.1:1/a%20b__init__/%C3%A4', retries = 0 }]\n",
    );
    assert_eq!(project.run(&["run", "--mode", "production"]).code, 1);
}
