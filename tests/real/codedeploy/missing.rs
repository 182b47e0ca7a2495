//! What a deployment needs and does not find.

use super::*;

#[test]
fn what_is_not_there_is_reported_in_a_sentence() {
    let moto = aws();
    let here = |more: &str| gates(ARN, more);
    for (gates, says) in [
        (here("").replace("'notes'", "'other'"), "CodeDeploy has no application other"),
        (here("").replace("'live'", "'other'"), "CodeDeploy has no deployment group other of notes"),
        (here("description = 'life=odd'"), "a status that Portcullis does not know: Pondering"),
    ] {
        let project = Project::with_gates(&gates);
        project.write("deploy/appspec.yaml", APP_SPEC);
        let ran = run(&project, &moto);
        assert_eq!(ran.code, 3, "{says}: {}", ran.all());
        assert!(reason(&project).contains(says), "{says}: {}", reason(&project));
    }
    // The one with the odd status.
    assert_eq!(statuses(&moto), ["Pondering"]);
}

#[test]
fn without_credentials_or_aws_nothing_is_deployed() {
    let moto = aws();
    let project = project("retries = 0");
    let mut command = with_cli(&project, &moto);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY").env("HOME", project.root());
    assert_eq!(Ran::of(command.output().unwrap()).code, 3);
    assert!(reason(&project).contains("aws has no credentials"), "{}", reason(&project));
    let mut command = with_cli(&project, &moto);
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").env("AWS_MAX_ATTEMPTS", "1");
    assert_eq!(Ran::of(command.output().unwrap()).code, 3);
    assert!(reason(&project).contains("Could not connect"), "{}", reason(&project));
    assert!(deployments(&moto).is_empty());
}
