use std::collections::BTreeMap;

use serde_json::json;

use super::*;

use crate::model::verdict::Outcome;
use crate::scan::gate_outputs::{FinishedGate, FinishedTarget};
use crate::text::shared::Text;

fn built(targets: &[(&str, &str)]) -> GateOutputs {
    let target = |(name, platform): &(&str, &str)| FinishedTarget {
        name: Text::from(*name),
        image: None,
        image_id: None,
        read_of: None,
        input: None,
        scanned: true,
        pattern: None,
        outputs: BTreeMap::from([(BUILT_FOR.to_owned(), (*platform).to_owned())]),
    };
    let gate = FinishedGate {
        id: "images".into(),
        tool: BUILDER,
        outcome: Outcome::Passed,
        acts: false,
        scans_images: false,
        targets: targets.iter().map(target).collect(),
    };
    GateOutputs { gates: vec![gate] }
}

fn app() -> String {
    format!("r.example/app@sha256:{}", "ab".repeat(32))
}

fn of(definition: Value, targets: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let Value::Object(mut definition) = definition else { panic!() };
    let containers = json!([{"name": "web", "image": app()}, {"name": "logs", "image": "r.example/logs:1"}]);
    definition.insert("containerDefinitions".to_owned(), containers);
    let pushed: Pushed = [(Text::from("app"), app())].into_iter().collect();
    compare(&definition, &pushed, &built(targets))
}

const AMD: &[(&str, &str)] = &[("app", "linux/amd64"), ("other", "linux/arm64")];
const ARM: &[(&str, &str)] = &[("app", "linux/arm64")];
const BOTH: &[(&str, &str)] = &[("app linux/amd64", "linux/amd64"), ("app linux/arm64", "linux/arm64")];

#[test]
fn an_image_for_another_platform_is_not_registered() {
    let fargate = json!({"requiresCompatibilities": ["EC2", "FARGATE"]});
    let arm = json!({"runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}});
    let windows = json!({"requiresCompatibilities": ["FARGATE"],
        "runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}});
    for (definition, built, says) in [
        (
            &fargate,
            ARM,
            "on linux/amd64 (Fargate without `cpuArchitecture`), and its image is built for linux/arm64:",
        ),
        (&arm, AMD, "on linux/arm64 (`runtimePlatform`), and its image is built for linux/amd64:"),
        (&windows, AMD, "on windows/amd64 ("),
    ] {
        let why = of(definition.clone(), built).unwrap_err();
        assert!(why.starts_with("would start the container web ") && why.contains(says), "{why}");
    }
    for (definition, built) in [(&fargate, AMD), (&arm, ARM), (&fargate, BOTH), (&arm, BOTH)] {
        let proved = of(definition.clone(), built).unwrap();
        assert!(proved.len() == 1 && proved[0].starts_with("web is built for linux/"), "{proved:?}");
    }
}

#[test]
fn without_fargate_the_instances_decide_and_an_image_of_nobody_is_not_compared() {
    for definition in
        [json!({}), json!({"requiresCompatibilities": ["EC2"]}), json!({"runtimePlatform": null})]
    {
        let proved = of(definition, ARM).unwrap();
        assert_eq!(proved, ["web is built for linux/arm64; the cluster says what it runs on"]);
    }
    assert_eq!(of(json!({"requiresCompatibilities": ["FARGATE"]}), &[]).unwrap(), [""; 0]);
}
