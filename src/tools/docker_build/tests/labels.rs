//! The labels of an image.

use super::*;
use crate::tools::registry::revision::REVISION;

#[test]
fn labels_of_an_image_override_those_of_the_gate() {
    let job = said(
        "labels = { team = 'notes', tier = 'one' }\nimages = [{ name = 'a', labels = { tier = 'two' } }]",
    );
    let labels: Vec<&String> = job
        .invocation
        .args
        .iter()
        .zip(job.invocation.args.iter().skip(1))
        .filter(|(flag, _)| *flag == "--label")
        .map(|(_, label)| label)
        .collect();
    let commit = format!("{REVISION}=3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4");
    assert_eq!(labels, [commit.as_str(), "team=notes", "tier=two"]);
}

#[test]
fn the_label_of_the_revision_is_not_the_users() {
    let own = "images = [{ name = 'a' }]\n";
    let (set, by_args) =
        (format!("the label `{REVISION}` can't be set"), format!("`args` changes the label `{REVISION}`"));
    for (options, says) in [
        (format!("{own}labels = {{ '{REVISION}' = 'x' }}"), &set),
        (format!("images = [{{ name = 'a', labels = {{ '{REVISION}' = 'x' }} }}]"), &set),
        (format!("compose = 'c'\nservices = [{{ service = 'a', labels = {{ '{REVISION}' = '' }} }}]"), &set),
        (format!("{own}args = ['--label', '{REVISION}=x']"), &by_args),
        (format!("{own}args = ['--pull', '--label={REVISION}=x']"), &by_args),
        (format!("{own}args = ['--label', '{REVISION}']"), &by_args),
        (format!("{own}engine = 'podman'\nargs = ['--unsetlabel', '{REVISION}']"), &by_args),
        (format!("{own}engine = 'podman'\nargs = ['--unsetlabel={REVISION}']"), &by_args),
    ] {
        assert_eq!(tool(&options).1, [says.as_str()], "{options}");
    }
    for options in [
        format!("{own}labels = {{ '{REVISION}.by' = 'x' }}"),
        format!("{own}args = ['--label', 'of={REVISION}', '--label=a=b', '--build-arg', '{REVISION}=x']"),
    ] {
        assert_eq!(tool(&options).1, [""; 0], "{options}");
    }
}

#[test]
fn two_images_are_not_fetched_from_one_repository() {
    for (one, other, same) in [
        ("ghcr.io/acme/a", "ghcr.io/acme/a", true),
        ("127.0.0.1:5000/a", "localhost:5000/a", true),
        ("docker.io/acme/a", "index.docker.io/acme/a", true),
        ("http://10.0.0.1:5000/a", "10.0.0.1:5000/a", true),
        ("ghcr.io/acme/a", "GHCR.io/acme/a", true),
        ("ghcr.io/acme/a", "ghcr.io/acme/b", false),
    ] {
        let options =
            format!("images = [{{ name = 'a', fetch = '{one}' }}, {{ name = 'b', fetch = '{other}' }}]");
        let mistakes: &[&str] = if same { &["`a` and `b` have the same `fetch`"] } else { &[] };
        assert_eq!(tool(&options).1, mistakes, "{options}");
    }
    // One image for two platforms is in one repository.
    let platforms =
        "images = [{ name = 'a', fetch = 'ghcr.io/a', platforms = ['linux/amd64', 'linux/arm64'] }]";
    assert_eq!(tool(platforms).1, [""; 0]);
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
