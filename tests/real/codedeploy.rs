//! Deployments by the real AWS CLI, at moto with a life for its deployments (`ci/aws-server`). What
//! has come of them is read back over HTTP, by neither.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "the run of another job")]

mod missing;
mod templates;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::common::aws::Moto;
use crate::common::codedeploy::{APP_SPEC, ARN, gates, project, reason};
use crate::common::{Project, Ran, alive, eventually, real_tools};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A deployment that is over at once, where its life is not what the test is about.
const QUICK: &str = "description = 'life=quick'";

/// AWS with the application `notes` and its group `live`.
fn aws() -> Moto {
    let moto = Moto::with_deployments();
    moto.aws(&["deploy", "create-application", "--application-name", "notes", "--compute-platform", "ECS"]);
    let group = json!({
        "applicationName": "notes", "deploymentGroupName": "live",
        "serviceRoleArn": "arn:aws:iam::123456789012:role/codedeploy",
        "alarmConfiguration": {"enabled": true, "alarms": [{"name": "notes-5xx"}, {"name": "5xx"}]},
        "autoRollbackConfiguration": {"enabled": true, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]},
    });
    moto.aws(&["deploy", "create-deployment-group", "--cli-input-json", &group.to_string()]);
    moto
}

/// The same, with a first pause that is longer than the time of the gate: it is over at once,
/// however slow the machine is.
fn out_of_time(more: &str) -> String {
    gates(ARN, more).replace("poll = '100ms'", "poll = '1h'")
}

fn with_cli(project: &Project, moto: &Moto) -> Command {
    let mut command = project.command(&["run"]);
    let path = std::env::var("PATH").unwrap_or_default();
    moto.point(&mut command).env("PATH", format!("{}:{path}", real_tools().display()));
    command
}

fn run(project: &Project, moto: &Moto) -> Ran {
    Ran::of(with_cli(project, moto).output().unwrap())
}

/// Starts a run, and waits until it says so.
fn start(project: &Project, moto: &Moto) -> Child {
    let log = std::fs::File::create(project.root().join("progress")).unwrap();
    with_cli(project, moto).stdout(Stdio::piped()).stderr(log).spawn().unwrap()
}

fn wait_for_progress(project: &Project, words: &str) {
    let says = || project.read("progress").contains(words);
    assert!(eventually(says), "it never said \"{words}\":\n{}", project.read("progress"));
}

/// Every deployment that AWS has, the first one first, as it says itself.
fn deployments(moto: &Moto) -> Vec<Value> {
    let ids = moto.aws(&["deploy", "list-deployments"]);
    let ids: Vec<&str> =
        ids["deployments"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    if ids.is_empty() {
        return Vec::new();
    }
    let call = [&["deploy", "batch-get-deployments", "--deployment-ids"], ids.as_slice()].concat();
    moto.aws(&call)["deploymentsInfo"].as_array().unwrap().clone()
}

fn statuses(moto: &Moto) -> Vec<String> {
    deployments(moto).iter().map(|it| it["status"].as_str().unwrap().to_owned()).collect()
}

/// Starts a deployment of something else, with this life.
fn deploy_another(moto: &Moto, life: &str) -> String {
    let input = json!({
        "applicationName": "notes", "deploymentGroupName": "live", "description": format!("life={life}"),
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"content": "version: 0.0"}},
    });
    let answer = moto.aws(&["deploy", "create-deployment", "--cli-input-json", &input.to_string()]);
    answer["deploymentId"].as_str().unwrap().to_owned()
}

fn proof(project: &Project) -> String {
    project.gate("deploy")["targets"][0]["proof"].to_string()
}

#[test]
fn a_deployment_is_watched_to_its_end_and_not_begun_twice() {
    let moto = aws();
    let project = project("");
    project.git(&["init", "--quiet"]);
    let commit = project.commit("what is deployed");
    let ran = run(&project, &moto);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let gate = project.gate("deploy");
    assert_eq!(gate["outcome"], "passed", "{gate:#}");
    let [deployment] = deployments(&moto).try_into().unwrap();
    let id = deployment["deploymentId"].as_str().unwrap();
    assert_eq!(gate["targets"][0]["outputs"]["deployment"], id);
    assert_eq!(deployment["status"], "Succeeded");
    assert!(deployment["description"].as_str().unwrap().contains(&commit), "{deployment:#}");
    // What was deployed, by a hash of ours: the template with its placeholders filled by hand.
    let spec = APP_SPEC.replace("<TASK_DEFINITION>", ARN).replace("${CONTAINER}", "backend");
    let output = Command::new("python3")
        .args(["-c", "import hashlib, sys; print(hashlib.sha256(sys.argv[1].encode()).hexdigest())", &spec])
        .output()
        .unwrap();
    let sha256 = String::from_utf8(output.stdout).unwrap();
    assert_eq!(deployment["revision"]["appSpecContent"]["sha256"], sha256.trim());

    // Its progress, each step once.
    for words in [
        "started",
        "InProgress, Install in progress, 2 of 2 new tasks running, 0 % of the traffic shifted",
        "AfterAllowTestTraffic in progress",
        "AllowTraffic in progress, 2 of 2 new tasks running, 10 % of the traffic shifted",
        "AfterAllowTraffic in progress, 2 of 2 new tasks running, 100 % of the traffic shifted",
        "Succeeded, 2 of 2 new tasks running, 100 % of the traffic shifted",
    ] {
        let lines: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("deploy: d-")).collect();
        assert_eq!(lines.iter().filter(|line| line.contains(words)).count(), 1, "{words}: {lines:#?}");
    }

    let again = run(&project, &moto);
    assert_eq!(again.code, 0, "{}", again.all());
    assert!(proof(&project).contains(&format!("deployment {id} of the same revision has succeeded already")));
    assert_eq!(project.gate("deploy")["targets"][0]["outputs"]["deployment"], id);
    assert_eq!(deployments(&moto).len(), 1);

    // After a deployment of something else, the first one is not what is there.
    let other = deploy_another(&moto, "quick");
    moto.aws(&["deploy", "get-deployment", "--deployment-id", &other]);
    assert_eq!(statuses(&moto), ["Succeeded", "Succeeded"]);
    project.write("gates.toml", gates(ARN, QUICK));
    assert_eq!(run(&project, &moto).code, 0);
    assert_eq!(deployments(&moto).len(), 3);
    // Beyond the window nothing is known to be there.
    std::thread::sleep(Duration::from_millis(2100));
    project.write("gates.toml", gates(ARN, &format!("{QUICK}\nwindow = '1s'")));
    assert_eq!(run(&project, &moto).code, 0);
    assert_eq!(deployments(&moto).len(), 4);
}

#[test]
fn a_deployment_that_an_alarm_ends_has_failed_and_names_it() {
    let moto = aws();
    let project = project("description = 'life=alarm'");
    let ran = run(&project, &moto);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(project.gate("deploy")["outcome"], "failed");
    let [deployment, rollback] = deployments(&moto).try_into().unwrap();
    let ids = [&deployment, &rollback].map(|it| it["deploymentId"].as_str().unwrap());
    assert_eq!((&deployment["status"], &rollback["status"]), (&json!("Stopped"), &json!("Succeeded")));

    let record = project.record();
    let [finding] = record["findings"].as_array().unwrap().as_slice() else { panic!("{record:#}") };
    assert_eq!((&finding["rule"], &finding["severity"]), (&json!("rolled-back"), &json!("critical")));
    assert_eq!(
        finding["title"],
        format!("deployment {} of notes/live was rolled back: alarm notes-5xx", ids[0])
    );
    let message = finding["message"].as_str().unwrap();
    assert!(message.starts_with("ALARM_ACTIVE: One or more alarms"), "{message}");
    assert!(message.contains(&format!("rolled back by deployment {} (Succeeded)", ids[1])), "{message}");
    // The next try is another deployment, and the record is judged the same again.
    let judged = Ran::of(project.command(&["judge", "--from", "gates-report/run.json"]).output().unwrap());
    assert_eq!(judged.code, 1, "{}", judged.all());
    project.write("gates.toml", gates(ARN, QUICK));
    assert_eq!(run(&project, &moto).code, 0);
    assert_eq!(statuses(&moto), ["Stopped", "Succeeded", "Succeeded"]);
}

#[test]
fn a_hook_that_fails_and_a_stop_by_somebody_are_failures() {
    let moto = aws();
    let project = project("description = 'life=hook'");
    let ran = run(&project, &moto);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let finding = &project.record()["findings"][0];
    assert_eq!(finding["rule"], "deployment-failed");
    assert!(
        finding["title"].as_str().unwrap().ends_with("failed: AfterAllowTestTraffic failed"),
        "{finding:#}"
    );
    let message = finding["message"].as_str().unwrap();
    assert!(
        message.contains("AfterAllowTestTraffic failed: The hook's function returned Failed"),
        "{message}"
    );

    project.write("gates.toml", gates(ARN, "description = 'life=stay'"));
    let child = start(&project, &moto);
    wait_for_progress(&project, "10 % of the traffic shifted");
    let id = deployments(&moto)[1]["deploymentId"].as_str().unwrap().to_owned();
    moto.aws(&["deploy", "stop-deployment", "--deployment-id", &id]);
    assert_eq!(Ran::of(child.wait_with_output().unwrap()).code, 1);
    let finding = &project.record()["findings"][0];
    assert_eq!(
        finding["title"],
        format!("deployment {id} of notes/live was stopped: somebody has stopped it")
    );
}

#[test]
fn a_run_joins_the_deployment_of_the_same_revision() {
    let moto = aws();
    let first = project("description = 'life=stay'\non_stop = 'leave'");
    let child = start(&first, &moto);
    wait_for_progress(&first, "10 % of the traffic shifted");
    let id = deployments(&moto)[0]["deploymentId"].as_str().unwrap().to_owned();

    let second = project("");
    let joins = start(&second, &moto);
    wait_for_progress(&second, &format!("{id} deploys the same revision: joining it"));
    wait_for_progress(&second, "10 % of the traffic shifted");
    // Who has joined it leaves it alone.
    kill_process(Pid::from_child(&joins), Signal::INT).unwrap();
    assert_eq!(Ran::of(joins.wait_with_output().unwrap()).code, 130);
    assert!(reason(&second).contains("was started by another run, and goes on"), "{}", reason(&second));
    // And so does who has started it, where it is to.
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(Ran::of(child.wait_with_output().unwrap()).code, 130);
    assert!(reason(&first).contains("goes on, as `on_stop` says"), "{}", reason(&first));
    assert_eq!(statuses(&moto), ["InProgress"]);
}

#[test]
fn another_deployment_in_progress_is_waited_for_or_refused() {
    let moto = aws();
    let other = deploy_another(&moto, "stay");
    let refusing = project("in_progress = 'refuse'");
    let ran = run(&refusing, &moto);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(
        reason(&refusing).contains(&format!("deployment {other} of another revision is in progress")),
        "{}",
        reason(&refusing)
    );
    // It does not end, so the time of the gate does; and it is not this run's to stop.
    let impatient = project("");
    impatient.write("gates.toml", out_of_time(""));
    assert_eq!(run(&impatient, &moto).code, 3);
    let words = format!("deployment {other} of another revision was in progress; nothing was started");
    assert!(reason(&impatient).contains(&words), "{}", reason(&impatient));
    assert_eq!(statuses(&moto), ["Created"]);

    let waiting = project(QUICK);
    let child = start(&waiting, &moto);
    wait_for_progress(&waiting, &format!("waiting for deployment {other} of another revision"));
    moto.aws(&["deploy", "stop-deployment", "--deployment-id", &other]);
    assert_eq!(Ran::of(child.wait_with_output().unwrap()).code, 0);
    assert_eq!(statuses(&moto), ["Stopped", "Succeeded"]);
}

#[test]
fn a_run_that_is_stopped_stops_its_deployment() {
    let moto = aws();
    let project = project("description = 'life=stay'");
    let mut command = with_cli(&project, &moto);
    let log = std::fs::File::create(project.root().join("progress")).unwrap();
    command.env("STOPPED", project.root()).stdout(Stdio::piped()).stderr(log);
    let child = command.spawn().unwrap();
    wait_for_progress(&project, "10 % of the traffic shifted");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}", ran.all());
    let [deployment, rollback] = deployments(&moto).try_into().unwrap();
    assert_eq!(deployment["status"], "Stopped");
    assert_eq!(deployment["errorInformation"]["code"], "MANUAL_STOP");
    assert_eq!(rollback["creator"], "codeDeployRollback");

    let id = deployment["deploymentId"].as_str().unwrap();
    assert_eq!(project.gate("deploy")["outcome"], "inconclusive");
    let reason = reason(&project);
    assert!(
        reason.starts_with(&format!("interrupted; deployment {id} (InProgress, AllowTraffic in progress")),
        "{reason}"
    );
    assert!(reason.contains("was asked to stop and to roll back"), "{reason}");
    assert_eq!(project.record()["findings"], json!([]));
    let left = || alive(&format!("STOPPED={}", project.root().display()));
    assert!(eventually(|| left().is_empty()), "processes are left");
}

#[test]
fn a_deployment_that_takes_too_long_is_stopped_and_proves_nothing() {
    let moto = aws();
    let project = project("");
    project.write("gates.toml", out_of_time("description = 'life=stay'"));
    let ran = run(&project, &moto);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(statuses(&moto)[0], "Stopped");
    let reason = reason(&project);
    assert!(reason.contains("it was not done within 10 m"), "{reason}");
    assert!(reason.contains("was asked to stop and to roll back; raise `timeout`"), "{reason}");

    // What is known not to end in time is not begun.
    let waits = json!({
        "applicationName": "notes", "deploymentGroupName": "slow", "serviceRoleArn": "arn:aws:iam::123456789012:role/x",
        "blueGreenDeploymentConfiguration":
            {"terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": 60}},
    });
    moto.aws(&["deploy", "create-deployment-group", "--cli-input-json", &waits.to_string()]);
    project.write("gates.toml", gates(ARN, "").replace("'live'", "'slow'"));
    let before = deployments(&moto).len();
    assert_eq!(run(&project, &moto).code, 3);
    let reason = project.gate("deploy")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("60 m 00 s after its traffic is shifted"), "{reason}");
    assert!(reason.contains("raise `timeout`"), "{reason}");
    assert_eq!(deployments(&moto).len(), before);
}

#[test]
fn aws_that_is_busy_is_asked_again_and_nothing_is_deployed_twice() {
    let moto = aws();
    // Another revision is another deployment.
    for (life, says) in [("throttled", "Rate exceeded; asking again"), ("lost", "")] {
        let before = deployments(&moto).len();
        let project = project(&format!("description = 'life={life}'\nretry_delay = '100ms'"));
        project.write("deploy/appspec.yaml", format!("# {life}\n{APP_SPEC}"));
        let mut command = with_cli(&project, &moto);
        // Else the CLI itself would ask again.
        let ran = Ran::of(command.env("AWS_MAX_ATTEMPTS", "1").output().unwrap());
        assert_eq!(ran.code, 0, "{life}: {}", ran.all());
        assert!(ran.stderr.contains(says), "{life}: {}", ran.all());
        assert_eq!(deployments(&moto).len(), before + 1, "{life}");
    }
}
