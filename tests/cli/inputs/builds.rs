//! Dockerfiles under names that only a build says.

use super::{document, lines};
use crate::common::Project;

/// The Dockerfiles and images of a repository with these files, and what is not known.
fn images(files: &[(&str, &str)], dockerfiles: &[&str]) -> Vec<String> {
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    files.iter().for_each(|(path, text)| drop(project.write(path, text)));
    dockerfiles.iter().for_each(|path| drop(project.write(path, "FROM scratch\n")));
    project.git(&["add", "--all"]);
    for (path, _) in files.iter().filter(|(_, text)| text.starts_with("#!")) {
        project.git(&["update-index", "--chmod=+x", path]);
    }
    let is_one =
        |line: &String| ["dockerfile ", "image ", "trouble "].iter().any(|word| line.starts_with(word));
    lines(&document(&project)).into_iter().filter(is_one).collect()
}

#[test]
fn a_dockerfile_is_known_whoever_builds_it() {
    let long = format!("{}docker build -f a/img a\n", "# text\n".repeat(4000));
    let program = format!("#!/bin/sh\n{long}");
    let pod = format!(
        "x: |\n{}services:\n  a: {{build: {{context: a, dockerfile: img}}}}\n",
        "  text\n".repeat(4000)
    );
    for (path, text) in [
        ("cloudbuild.yaml", "steps: [{name: gcr.io/cloud-builders/docker, args: [build, -f, a/img, a]}]\n"),
        (".drone.yml", "steps: [{image: plugins/docker, settings: {dockerfile: a/img, context: a}}]\n"),
        (".travis.yml", "script: [docker build -f a/img a]\n"),
        (".buildkite/pipeline.yml", "steps: [{command: docker build -f a/img a}]\n"),
        (".gitlab-ci.yml", "a: {script: [/kaniko/executor --context a --dockerfile a/img]}\n"),
        (
            "sam/template.yaml",
            "Resources: {F: {Metadata: {Dockerfile: img, DockerContext: ../a}, Type: AWS::Serverless::Function}}\n",
        ),
        ("local.yml", "services: {a: {build: {context: a, dockerfile: img}}}\n"),
        ("long.yml", &pod),
        ("bake.json", "{\"target\": {\"a\": {\"context\": \"a\", \"dockerfile\": \"img\"}}}"),
        (
            ".devcontainer/devcontainer.json",
            "{ // text\n\"build\": {\"context\": \"../a\", \"dockerfile\": \"../a/img\"}}",
        ),
        ("Makefile", "F := a/img\nimg:\n\tdocker build -f $(F) a\n"),
        ("build.sh", "for f in a/img; do docker build -f $f a; done\n"),
        ("stdin.sh", "docker build - < a/img\n"),
        ("make-image", &program),
        (
            ".github/workflows/a.yml",
            "jobs: {a: {strategy: {matrix: {file: [a/img]}}, steps: [{uses: docker/build-push-action@v6, with: {context: a, file: '${{ matrix.file }}'}}]}}\n",
        ),
    ] {
        let expected = ["dockerfile a/img".to_owned(), format!("image a/img in a by {path}")];
        assert_eq!(images(&[(path, text)], &["a/img"]), expected, "{path}");
    }
    // Who builds these, and how, no file says.
    for (path, text) in [
        ("action/action.yml", "runs: {using: docker, image: ../a/img}\n"),
        (".github/workflows/a.yml", "jobs: {a: {steps: [{uses: a/b@v1, with: {dockerfile: a/img}}]}}\n"),
        ("fly.toml", "[build]\ndockerfile = \"a/img\"\n"),
        ("Tiltfile", "docker_build('a', 'a', dockerfile='a/img')\n"),
        ("main.tf", "resource \"docker_image\" \"a\" {\n  build {\n    dockerfile = \"a/img\"\n  }\n}\n"),
    ] {
        assert_eq!(images(&[(path, text)], &["a/img"]), ["dockerfile a/img"], "{path}");
    }
}

#[test]
fn a_key_that_names_no_other_file_tells_nothing_new() {
    let values = ("values.yaml", "dockerfile: Dockerfile\ncontext: elsewhere\nother:\n  dockerfile: gone\n");
    assert_eq!(images(&[values], &["Dockerfile"]), ["dockerfile Dockerfile"]);
    assert_eq!(images(&[("a.yaml", "dockerfile: a/img\n{{ x }}\n")], &["a/img"]), ["dockerfile a/img"]);
}

#[test]
fn a_dockerfile_that_a_variable_decides_is_named() {
    for (path, text, variable) in [
        ("build.sh", "docker build -f \"$1\" .\n", "$1"),
        (".travis.yml", "script: docker build -f $F .\n", "$F"),
    ] {
        let why = format!("trouble inside {path}");
        assert_eq!(images(&[(path, text)], &["a/img"]), [why], "{variable}");
    }
    // Its name is found anyway.
    assert_eq!(images(&[("build.sh", "docker build -f $1/Dockerfile .\n")], &[]), [""; 0]);
}
