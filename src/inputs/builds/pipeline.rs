//! The builds of a pipeline or workflow in YAML or JSON: commands in its texts, actions and containers that build, and keys that name a
//! Dockerfile.
//!
//! Sources: docker/build-push-action (`context`, `file`, `target`), redhat-actions/buildah-build, the task `Docker@2` of Azure, "Metadata syntax for
//! GitHub Actions" (`runs.image`), Cloud Build's "Build configuration file schema" (`name`, `args`, `dir`), and AWS SAM,
//! "Building container images" (`Dockerfile`, `DockerContext`).

use crate::inputs::build_args;
use crate::inputs::shell::{self, ToldBuild, at_top};
use crate::text::yaml::{Node, documents};

use super::named::is_key;

/// How much of a document is looked at: aliases may make a small text very large.
const MOST_NODES: usize = 50_000;

/// The builds of a text.
pub(in crate::inputs) fn of_pipeline(text: &str) -> Result<Vec<ToldBuild>, String> {
    let documents = documents(text)?;
    let mut builds = Vec::new();
    let mut left = MOST_NODES;
    let mut open: Vec<(&Node, String)> =
        documents.iter().map(|document| (&**document, String::new())).collect();
    while let Some((node, cwd)) = open.pop() {
        left = left.saturating_sub(1);
        if left == 0 || builds.len() >= shell::MOST_BUILDS {
            break;
        }
        match node {
            Node::Text(text) => builds.extend(in_text(text, &cwd)),
            Node::List(items) if items.iter().all(|item| item.as_text().is_some()) => {
                // The lines of one script: `cd` counts for those that follow.
                let lines: Vec<&str> = items.iter().filter_map(|item| item.as_text()).collect();
                builds.extend(in_text(&lines.join("\n"), &cwd));
            }
            Node::List(items) => open.extend(items.iter().rev().map(|item| (&**item, cwd.clone()))),
            Node::Map(_) => {
                let own = action(node).or_else(|| container(node));
                let is_step = own.is_some();
                builds.extend(own.unwrap_or_else(|| by_key(node)));
                let run = node.get("defaults").and_then(|defaults| defaults.get("run")).unwrap_or(node);
                let own = ["working-directory", "working_directory", "workingDirectory"];
                let own = own.iter().find_map(|key| run.text(key));
                let cwd = own.map_or(cwd, str::to_owned);
                let is_read = |key: &str| is_step && ["with", "inputs", "args"].contains(&key);
                let values = node.entries().filter(|(key, _)| *key != "name" && !is_read(key));
                open.extend(values.map(|(_, value)| (value, cwd.clone())));
            }
        }
    }
    Ok(builds)
}

fn in_text(text: &str, cwd: &str) -> Vec<ToldBuild> {
    if !mentions_a_build(text) {
        return Vec::new();
    }
    let mut builds = shell::builds(text);
    for build in &mut builds {
        build.cwd =
            format!("{}/{}", at_top(cwd).as_deref().unwrap_or(cwd), build.cwd).trim_matches('/').to_owned();
    }
    builds
}

/// Whether a text may start a build.
pub(in crate::inputs) fn mentions_a_build(text: &str) -> bool {
    ["docker", "Docker", "DOCKER", "podman", "buildah", "kaniko", "nerdctl", "finch"]
        .iter()
        .any(|word| text.contains(word))
}

/// The value of the first of these keys, in whichever case.
fn value<'n>(node: &'n Node, names: &[&str]) -> Option<&'n Node> {
    node.entries()
        .find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)))
        .map(|(_, value)| value)
}

fn text(node: &Node, names: &[&str]) -> Option<String> {
    value(node, names)?.as_text().map(str::to_owned)
}

/// One build for each line of a text, or text of a list.
fn each(node: Option<&Node>) -> Vec<Option<String>> {
    let Some(node) = node else { return vec![None] };
    let texts = node.as_text().into_iter().flat_map(str::lines);
    let texts = texts.chain(node.items().filter_map(|item| item.as_text())).map(str::trim);
    texts.filter(|text| !text.is_empty()).map(|text| Some(text.to_owned())).collect()
}

/// A step that is an action of GitHub or a task of Azure.
fn action(step: &Node) -> Option<Vec<ToldBuild>> {
    if let Some(uses) = step.text("uses") {
        let known =
            ["docker/build-push-action@", "redhat-actions/buildah-build@", "depot/build-push-action@"];
        known.iter().find(|known| uses.starts_with(**known))?;
        let none = Node::Map(Default::default());
        let with = step.get("with").unwrap_or(&none);
        let told = |file| ToldBuild {
            file,
            context: Some(text(with, &["context"]).unwrap_or_else(|| ".".to_owned())),
            target: text(with, &["target"]),
            args: build_args::of_lines(&text(with, &["build-args"]).unwrap_or_default()),
            ..ToldBuild::default()
        };
        return Some(
            each(value(with, &["file", "dockerfiles", "containerfiles"])).into_iter().map(told).collect(),
        );
    }
    if step.text("task")?.starts_with("Docker@") {
        let inputs = step.get("inputs")?;
        let file = text(inputs, &["dockerfile"])?;
        let context = text(inputs, &["buildContext"]).filter(|context| context != "**");
        return Some(vec![ToldBuild { file: Some(file), context, ..ToldBuild::default() }]);
    }
    None
}

/// A container whose program is a builder: a step of Cloud Build or Tekton, a pod with kaniko.
fn container(step: &Node) -> Option<Vec<ToldBuild>> {
    let image = ["name", "image"].iter().filter_map(|key| step.text(key));
    let program = image.filter_map(|image| {
        let name = image.rsplit('/').next()?.split([':', '@']).next()?;
        match name {
            _ if image.contains("kaniko") => Some("kaniko/executor"),
            "docker" | "podman" | "buildah" => Some(name),
            _ => None,
        }
    });
    let program = program.collect::<Vec<_>>().pop()?.to_owned();
    let args = step.get("args")?.items().map(|arg| arg.as_text().map(str::to_owned));
    let words: Vec<String> = std::iter::once(Some(program)).chain(args).collect::<Option<_>>()?;
    let cwd = step.text("dir").unwrap_or_default().to_owned();
    shell::build(&words).map(|build| vec![ToldBuild { cwd, ..build }])
}

/// What a key says is a Dockerfile, whoever reads it: other actions and plugins, SAM, Dev Containers, compose and bake files under any name.
fn by_key(node: &Node) -> Vec<ToldBuild> {
    let is_action = node.text("using") == Some("docker");
    let named = node.entries().filter(|(key, _)| is_key(key) || (is_action && *key == "image"));
    let files = named.flat_map(|(_, value)| each(Some(value)));
    let context =
        text(node, &["context", "docker_context", "dockerContext", "build_context", "build-context"]);
    let told = |file| ToldBuild {
        file,
        context: context.clone(),
        target: text(node, &["target"]),
        file_in_context: true,
        is_guess: true,
        ..ToldBuild::default()
    };
    files.map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dockerfile_is_told_by_commands_containers_and_keys() {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        for (pipeline, expected) in [
            // Cloud Build
            (
                "steps: [{name: gcr.io/cloud-builders/docker, dir: x, args: [build, -f, a/img, a]}]",
                "x:a/img a",
            ),
            (
                "steps: [{name: 'gcr.io/kaniko-project/executor:v1', args: ['--dockerfile=a/img', '--context=dir://a']}]",
                ":a/img a",
            ),
            // Drone and Woodpecker
            ("steps: [{image: plugins/docker, settings: {dockerfile: a/img, context: a}}]", ":a/img a"),
            // AWS SAM
            ("Resources: {F: {Metadata: {Dockerfile: img, DockerContext: ./a}}}", ":img ./a"),
            // an action of GitHub that is an image
            ("runs: {using: docker, image: ../a/img}", ":../a/img -"),
            ("steps: [{uses: a/b@v1, with: {dockerfile: a/img}}]", ":a/img -"),
            (
                "steps: [{uses: redhat-actions/buildah-build@v2, with: {containerfiles: \"a/img\\nb/img\\n\"}}]",
                ":a/img . | :b/img .",
            ),
            // Dev Containers
            ("{\"build\": {\"dockerfile\": \"../a/img\", \"context\": \"..\"}}", ":../a/img .."),
            ("{\"dockerFile\": \"img\"}", ":img -"),
            // a bake file
            ("{\"target\": {\"a\": {\"context\": \"a\", \"dockerfile\": \"img\"}}}", ":img a"),
            ("steps: [{image: docker, args: [run, x]}, {name: a, dockerfile_inline: FROM a}]", ""),
        ] {
            let builds = of_pipeline(pipeline).unwrap();
            let shown =
                |build: &ToldBuild| format!("{}:{} {}", build.cwd, or(&build.file), or(&build.context));
            let shown: Vec<String> = builds.iter().map(shown).collect();
            assert_eq!(shown.join(" | "), expected, "{pipeline}");
        }
    }
}
