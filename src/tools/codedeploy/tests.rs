use serde_json::{Value, json};

use super::*;

use crate::model::finding::{Category, Finding};
use crate::model::severity::Severity;
use crate::scan::proof::{Proof, assess};
use crate::tools::testing::{configured, handed_in, line, mistakes, origin, plan, tool};

use super::answers::{Deployment, Group};
use super::api::is_id;
use super::report::{How, Seen};

const KEYS: &str = "application = 'notes'\ngroup = 'live'\napp_spec = 'deploy/appspec.yaml'\n";
const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/notes:7";

fn assessed(edit: impl Fn(&mut Value)) -> Proof {
    let mut report = json!({
        "portcullis_version": "1", "application": "notes", "group": "live", "sha256": "0a".repeat(32),
        "task_definition": ARN,
        "deployment": {
            "id": "d-ABC123", "how": "started", "status": "Succeeded", "traffic": 100.0,
            "events": [{"name": "Install", "status": "Succeeded"}], "alarms": ["notes-5xx", "5xx"],
        },
    });
    edit(&mut report);
    let tool = tool(&SPEC, KEYS);
    assess(tool.as_ref(), &handed_in(&report.to_string()), &origin())
}

/// The only finding of a report whose deployment has these further members.
fn finding(more: Value) -> Finding {
    let proof = assessed(|report| {
        let deployment = report["deployment"].as_object_mut().unwrap();
        deployment.extend(more.as_object().unwrap().clone());
    });
    let Proof::Complete(mut parsed) = proof else { panic!("{proof:?}") };
    assert_eq!(parsed.findings.len(), 1, "{:?}", parsed.findings);
    parsed.findings.remove(0)
}

#[test]
fn only_a_deployment_that_succeeded_is_proof() {
    let Proof::Complete(parsed) = assessed(|_| {}) else { panic!("it is no proof") };
    assert!(parsed.findings.is_empty());
    assert_eq!(parsed.outputs["deployment"], "d-ABC123");
    assert!(parsed.proof.contains(&format!("it deploys {ARN}")), "{:?}", parsed.proof);

    for (pointer, value) in [
        ("/deployment/status", json!("InProgress")),
        ("/deployment/status", json!("Created")),
        ("/deployment/status", json!("succeeded")),
        ("/deployment/status", json!("")),
        ("/deployment/status", json!(null)),
        ("/deployment/id", json!("")),
        ("/deployment/id", json!("--help")),
        ("/deployment/how", json!("perhaps")),
        ("/deployment/events", json!([{"name": "AfterAllowTraffic", "status": "Failed"}])),
        ("/deployment", json!(null)),
        ("/deployment", json!({})),
        ("/sha256", json!("")),
        ("/sha256", json!("z".repeat(64))),
    ] {
        let proof = assessed(|report| *report.pointer_mut(pointer).unwrap() = value.clone());
        assert!(matches!(proof, Proof::Inconclusive { .. }), "{pointer} = {value}: {proof:?}");
    }
    for key in ["application", "group", "sha256", "deployment", "portcullis_version"] {
        let proof = assessed(|report| drop(report.as_object_mut().unwrap().remove(key)));
        assert!(matches!(proof, Proof::Inconclusive { .. }), "without {key}");
    }
    let left = assessed(|report| report["deployment"]["left"] = json!("it was asked to stop"));
    assert_eq!(left.reason(), Some("not everything could be looked at: it was asked to stop"));
}

#[test]
fn a_failed_deployment_is_a_finding_with_its_cause() {
    let alarm =
        |message: &str| json!({"status": "Stopped", "error": {"code": "ALARM_ACTIVE", "message": message}});
    for (more, rule, title) in [
        (alarm("Activated alarms: <notes-5xx>"), "deployment-stopped", "was stopped: alarm notes-5xx"),
        (alarm("Activated alarms: 5xx."), "deployment-stopped", "was stopped: alarm 5xx"),
        (
            alarm("Activated alarms: notes-5xx, 5xx"),
            "deployment-stopped",
            "was stopped: alarm notes-5xx, 5xx",
        ),
        (alarm("no names here"), "deployment-stopped", "was stopped: one of the alarms notes-5xx, 5xx"),
        (
            json!({"status": "Failed", "error": {"code": "HEALTH_CONSTRAINTS", "message": "too many"}}),
            "deployment-failed",
            "failed: HEALTH_CONSTRAINTS",
        ),
        (
            json!({"status": "Failed", "events": [{"name": "BeforeAllowTraffic", "status": "Failed", "message": "no"}]}),
            "deployment-failed",
            "failed: BeforeAllowTraffic failed",
        ),
        (json!({"status": "Failed"}), "deployment-failed", "failed: CodeDeploy does not say why"),
        (
            json!({"status": "Stopped", "error": {"code": "MANUAL_STOP"}, "alarms": []}),
            "deployment-stopped",
            "was stopped: somebody has stopped it",
        ),
        (
            json!({"status": "Stopped", "error": {"code": "ALARM_ACTIVE"}, "alarms": [], "rollback": {"id": "d-2"}}),
            "rolled-back",
            "was rolled back: an alarm",
        ),
        // A rollback counts, whatever the status says.
        (
            json!({"rollback": {"id": "d-2", "status": "Succeeded"}}),
            "rolled-back",
            "was rolled back: CodeDeploy does not say why",
        ),
    ] {
        let finding = finding(more);
        assert_eq!(&*finding.rule, rule);
        assert_eq!(*finding.title, format!("deployment d-ABC123 of notes/live {title}"));
        assert_eq!((finding.category, finding.severity), (Category::Test, Severity::Critical));
    }
    let finding = finding(json!({
        "status": "Failed", "error": {"code": "X", "message": "why"},
        "events": [{"name": "BeforeAllowTraffic", "status": "Failed", "message": "no"}],
        "rollback": {"id": "d-2", "message": "because", "status": "Failed"},
    }));
    let expected = "X: why\nBeforeAllowTraffic failed: no\nrolled back by deployment d-2 (Failed): because";
    assert_eq!(&*finding.message, expected);
}

#[test]
fn progress_is_reported_once_and_in_words() {
    let mut seen = Seen::new("d-1", How::Started, "Created", Vec::new());
    assert!(seen.note(1, "Created") && !seen.note(2, "Created") && seen.note(3, "Ready"));
    assert_eq!(seen.words(), "Created");
    for n in 0..2000 {
        seen.note(n, &n.to_string());
    }
    assert_eq!(seen.progress.len(), 500);
}

#[test]
fn a_deployment_is_read_as_both_versions_of_the_cli_print_it() {
    let read = |time: Value| -> Deployment {
        let sha = json!({"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "AB12"}});
        serde_json::from_value(json!({
            "deploymentId": "d-1", "status": "InProgress", "createTime": time, "revision": sha, "unheard": {"of": 1},
            "errorInformation": {}, "rollbackInfo": {},
        }))
        .unwrap()
    };
    let (seconds, text) = (read(json!(1795268062.5)), read(json!("2026-11-21T13:34:22.500000+00:00")));
    assert_eq!((seconds.created(), text.created()), (Some(1795268062.5), Some(1795268062.5)));
    assert_eq!(read(json!("yesterday")).created(), None);
    assert!(seconds.is_of("ab12") && !seconds.is_of("ab1") && seconds.is_active() && !seconds.is_over());
    for lacking in [json!({}), json!({"deploymentId": "d-1"}), json!({"status": "Succeeded"}), json!([])] {
        assert!(serde_json::from_value::<Deployment>(lacking).is_err());
    }
    assert!(is_id("d-ABC123") && !is_id("") && !is_id("-x") && !is_id("d 1") && !is_id(&"d".repeat(65)));
}

#[test]
fn the_time_for_which_old_tasks_are_kept_counts() {
    let keeps = |termination: Value| {
        let blue_green = json!({"terminateBlueInstancesOnDeploymentSuccess": termination});
        let group: Group =
            serde_json::from_value(json!({"blueGreenDeploymentConfiguration": blue_green})).unwrap();
        group.keeps_the_old().as_secs()
    };
    assert_eq!(keeps(json!({"action": "TERMINATE", "terminationWaitTimeInMinutes": 5})), 300);
    assert_eq!(keeps(json!({"action": "KEEP_ALIVE", "terminationWaitTimeInMinutes": 5})), 0);
    assert_eq!(keeps(json!({})), 0);
}

#[test]
fn mistakes_in_its_keys_are_reported() {
    for (options, says) in [
        ("in_progress = 'join'", "`join` is not a value of `in_progress`"),
        ("on_stop = 'abort'", "`abort` is not a value of `on_stop`"),
        ("task_definition = 'arn:aws:ecs:task'", "not the ARN of a task definition"),
        ("poll = '0s'", "`poll` must be a duration"),
        ("fail_on = 'low'", "`fail_on` is not a key"),
    ] {
        let reported = mistakes(&SPEC, &format!("{KEYS}{options}"));
        assert!(matches!(reported.as_slice(), [what] if what.contains(says)), "{options}: {reported:?}");
    }
    let reported = mistakes(&SPEC, "region = 'eu-west-1'");
    assert_eq!(reported, ["`application` is missing", "`group` is missing", "`app_spec` is missing"]);
    let whole = "config = 'CodeDeployDefault.ECSCanary10Percent5Minutes'\ndescription = 'x'\nwindow = '2h'\nin_progress = 'refuse'\non_stop = 'leave'\npoll = '5s'\ntask_definition = 'task'\nvalues = { A = 'b' }\nprofile = 'live'\n";
    assert_eq!(configured(&SPEC, &format!("{KEYS}{whole}")).1, []);
}

#[test]
fn the_plan_shows_the_call_that_deploys() {
    let tool = tool(&SPEC, KEYS);
    assert!(tool.acts());
    let [job] = plan(tool.as_ref(), None).try_into().unwrap();
    assert_eq!(&*job.target, "notes/live");
    let expected = "deploy create-deployment --cli-input-json file://$SCRATCH/gate/notes+live/deployment.json --output json";
    assert_eq!(line(&job), expected);
    assert_eq!((job.deploys, &*job.why), (None, "unless the same revision is deployed, or on its way"));
}

#[test]
fn an_arn_of_the_user_is_in_the_plan_and_in_the_proof() {
    let tool = tool(&SPEC, &format!("{KEYS}task_definition = '{ARN}'"));
    let [job] = plan(tool.as_ref(), None).try_into().unwrap();
    assert_eq!(job.deploys.as_deref(), Some(ARN));
    assert!(job.why.contains(&format!("deploys {ARN}, which gates.toml names")), "{}", job.why);
    let Proof::Complete(parsed) = assessed(|report| report["by_arn"] = json!(true)) else {
        panic!("it is no proof")
    };
    let says = format!("it deploys {ARN}, which gates.toml names and no gate has registered");
    assert!(parsed.proof.contains(&says), "{:?}", parsed.proof);
}
