//! The labels of an image.

use super::*;

#[test]
fn labels_of_an_image_override_those_of_the_gate() {
    let job = said(
        "labels = { team = 'notes', tier = 'one' }\nimages = [{ name = 'a', labels = { tier = 'two', \"org.opencontainers.image.revision\" = 'mine' } }]",
    );
    let labels: Vec<&String> = job
        .invocation
        .args
        .iter()
        .zip(job.invocation.args.iter().skip(1))
        .filter(|(flag, _)| *flag == "--label")
        .map(|(_, label)| label)
        .collect();
    assert_eq!(labels, ["org.opencontainers.image.revision=mine", "team=notes", "tier=two"]);
}

#[test]
fn labels_name_the_build_of_a_ci_service_unless_switched_off() {
    let repo = repo(None);
    let var = |name: &str| match name {
        "GITLAB_CI" => Some("true".to_owned()),
        "CI_PIPELINE_ID" => Some("7".to_owned()),
        "CI_PIPELINE_URL" => Some("https://git.example/-/pipelines/7".to_owned()),
        _ => None,
    };
    let labels = |ci_labels| {
        let table = toml::de::DeTable::parse("name = 'a'").unwrap();
        let problems = Problems::default();
        let image = Image::read(&Keys::new(table.get_ref(), 0..0, &problems), &[]).remove(0);
        let tool = DockerBuild {
            engine: ContainerEngine::Docker,
            images: Vec::new(),
            labels: Vec::new(),
            compose: None,
            ci_labels,
        };
        tool.labels(&image, &repo, repo.dirty, var)
    };
    let expected = [("build.number", "7"), ("build.url", "https://git.example/-/pipelines/7")];
    assert_eq!(labels(true), expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    assert!(labels(false).is_empty());
}
