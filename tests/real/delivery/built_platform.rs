//! The platform of an image that names none: this machine's, whatever the environment says, and the one on which ECS starts it.

use serde_json::{Value, json};

use super::{docker_config, run_with};
use crate::common::pipeline::{BUILD, PUSH, Pipeline, docker};

/// The engine's own platform, and one that it is not.
fn platforms() -> [String; 2] {
    let own = docker(&["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"]).trim().to_owned();
    let other = if own == "linux/arm64" { "linux/amd64" } else { "linux/arm64" };
    [own, other.to_owned()]
}

#[test]
fn the_default_platform_of_the_environment_does_not_reach_the_engine() {
    let [own, other] = platforms();
    let pipeline = Pipeline::plain(&[BUILD]);
    let ran = run_with(&pipeline, &docker_config(&pipeline, "{}"), |command| {
        command.env("DOCKER_DEFAULT_PLATFORM", &other);
    });
    assert_eq!(ran.code, 0, "{}", ran.all());
    let target = pipeline.project.gate("images")["targets"][0].clone();
    assert!(target["proof"].to_string().contains(&format!("\"built for {own}\"")), "{target:#}");
    assert!(
        target["proof"].to_string().contains("environment: removed DOCKER_DEFAULT_PLATFORM"),
        "{target:#}"
    );
    let is = docker(&["image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", &pipeline.image()]);
    assert_eq!(is.trim(), own);
}

#[test]
fn a_task_on_another_platform_than_the_image_is_not_registered() {
    const TASK: &str = "
[[gate]]
id = 'task'
tool = 'ecs-task-definition'
needs = ['push']
template = 'task.json'
images = { web = 'NAME' }
";
    let [own, other] = platforms();
    let mut pipeline = Pipeline::new(&[BUILD, &format!("{PUSH}unscanned = true\n"), TASK]);
    let architecture = |platform: &str| if platform.ends_with("arm64") { "ARM64" } else { "X86_64" };
    for (platform, code) in [(&other, 3), (&own, 0)] {
        let template = json!({"family": pipeline.name, "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512", "networkMode": "awsvpc",
            "runtimePlatform": {"cpuArchitecture": architecture(platform), "operatingSystemFamily": "LINUX"},
            "containerDefinitions": [{"name": "web", "image": "from gates.toml"}]});
        pipeline.project.write("task.json", template.to_string());
        pipeline.commit(platform);
        let ran = pipeline.run(&["run"]);
        assert_eq!(ran.code, code, "{platform}: {}", ran.all());
        let listed = pipeline.moto.as_ref().unwrap().aws(&["ecs", "list-task-definitions"]);
        let registered = listed["taskDefinitionArns"].as_array().map_or(0, Vec::len);
        let gate: Value = pipeline.project.gate("task");
        if code == 0 {
            let proof = gate["targets"][0]["proof"].to_string();
            assert!(proof.contains(&format!("web is built for {own} (`runtimePlatform`)")), "{proof}");
            assert_eq!(registered, 1);
        } else {
            let reason = gate["reason"].as_str().unwrap();
            let says = format!(
                "would start the container web on {other} (`runtimePlatform`), and its image is built for {own}: "
            );
            assert!(reason.contains(&says), "{reason}");
            assert_eq!(registered, 0);
        }
    }
}
