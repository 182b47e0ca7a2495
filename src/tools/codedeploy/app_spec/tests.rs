use super::*;

const ARN: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/notes:7";
const OLD: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/notes:6";

/// Of a task definition with the containers `web`, port 3000, and `worker`.
fn spec(content: &str) -> Result<AppSpec, String> {
    let containers = Some(Containers::read("web:3000, worker"));
    AppSpec::new(content.to_owned(), Some(Registered { arn: ARN.to_owned(), containers }))
}

/// As in the user guide.
fn yaml(task_definition: &str, container: &str, port: &str) -> String {
    format!(
        "version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      Properties:\n        \
         TaskDefinition: {task_definition}\n        LoadBalancerInfo:\n          ContainerName: \"{container}\"\n          \
         ContainerPort: {port}\nHooks:\n  - BeforeInstall: \"check\"\n"
    )
}

#[test]
fn what_is_deployed_stands_in_the_service_and_nowhere_else() {
    let right = yaml(&format!("\"{ARN}\""), "web", "3000");
    let whole = spec(&right).unwrap();
    assert_eq!((whole.content, whole.sha256), (right.clone(), sha256(right.as_bytes())));
    let json = format!(
        r#"{{"version": 0.0, "Resources": [{{"TargetService": {{"Type": "AWS::ECS::Service", "Properties": {{"TaskDefinition": "{ARN}",
            "LoadBalancerInfo": {{"ContainerName": "web", "ContainerPort": 3000}}}}}}}}]}}"#
    );
    assert_eq!(spec(&json).map(|_| ()), Ok(()));
    assert_eq!(spec(&right.replace("Resources", "resources")).map(|_| ()), Ok(()));
    let anchored = right.replace("version: 0.0", &format!("x: &arn {ARN}\nversion: 0.0"));
    assert_eq!(spec(&anchored.replace(&format!("\"{ARN}\""), "*arn")).map(|_| ()), Ok(()));

    for (content, says) in [
        (String::new(), "is empty"),
        (" \n".to_owned(), "is empty"),
        ("{\"TaskDefinition\": ".to_owned(), "is not JSON"),
        (json.replace(ARN, OLD), "deploys arn:aws:ecs:eu-west-1:123456789012:task-definition/notes:6, not"),
        (format!("# {ARN}\n{}", yaml(OLD, "web", "3000")), "notes:6, not"),
        (format!("x: {ARN}\n{}", yaml(OLD, "web", "3000")), "notes:6, not"),
        (yaml(&format!("{ARN}1"), "web", "3000"), "notes:71, not"),
        (yaml("", "web", "3000"), "deploys , not"),
        (format!("{right}---\n{}", yaml(OLD, "web", "3000")), "it has 2 documents, not one"),
        (
            right.replace(
                "        LoadBalancerInfo",
                &format!("        TaskDefinition: {OLD}\n        LoadBalancerInfo"),
            ),
            "twice",
        ),
        (right.replace("AWS::ECS::Service", "AWS::Lambda::Function"), "has no service of ECS"),
        (format!("TaskDefinition: {ARN}\n"), "has no service of ECS"),
        (right.replace("        TaskDefinition", "        Task"), "does not name arn"),
        (yaml(ARN, "proxy", "3000"), "the container proxy, and the task definition has web, worker"),
        (yaml(ARN, "web", "80"), "port 80 of web, which the task definition does not open"),
        (yaml(ARN, "worker", "3000"), "port 3000 of worker"),
        ("a: [".to_owned(), "can't be read"),
    ] {
        let why = spec(&content).unwrap_err();
        assert!(why.contains(says), "{content}: {why}");
    }
}

#[test]
fn without_a_task_definition_of_this_run_it_stays_as_it_is() {
    let fixed = yaml(OLD, "proxy", "80");
    assert_eq!(AppSpec::new(fixed.clone(), None).unwrap().content, fixed);
    let named = Registered { arn: OLD.to_owned(), containers: None };
    assert!(AppSpec::new(fixed, Some(named)).is_ok(), "nobody knows its containers");
}
