//! The `build` of one service.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};

use crate::redact::names::looks_secret;
use crate::scan::variable::Variable;
use crate::text::paths::{forward, normalise};
use crate::text::yaml::Node;
use crate::tools::registry::revision::REVISION;

use super::super::image::{Image, Secret, SecretSource, is_address};
use super::super::origin::OWN_REVISION;
use super::RESOLVED;
use super::variables::Variables;

/// The keys of `build` that are read.
const READ: [&str; 13] = [
    "additional_contexts",
    "args",
    "cache_from",
    "cache_to",
    "context",
    "dockerfile",
    "labels",
    "no_cache",
    "platforms",
    "pull",
    "secrets",
    "tags",
    "target",
];

/// What to do about a key that no key of the gate can say.
const OTHERWISE: &str = "no key of this gate says that: take it out, or describe the image in `images` of another gate, with `args`";

/// What the builds of a file have in common.
pub(super) struct Build<'a> {
    file: &'a str,
    document: &'a Node,
    variables: &'a Variables<'a>,
    /// The folder of the file, relative to gates.toml.
    folder: PathBuf,
    /// The name of the project, if one is given.
    project: Option<String>,
    /// The name that Compose uses on this machine.
    project_here: String,
}

impl<'a> Build<'a> {
    pub(super) fn new(
        file: &'a str,
        document: &'a Node,
        variables: &'a Variables<'a>,
        project_folder: &str,
    ) -> Result<Self, String> {
        let given = variables.value("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty());
        let project = match (given, document.text("name")) {
            (None, Some(name)) => {
                Some(variables.fill(name).map_err(|why| format!("`name` of {file}: {why}"))?.text)
            }
            (given, _) => given,
        };
        let project_here = project.clone().unwrap_or_else(|| project_folder.to_owned());
        let folder = Path::new(file).parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self { file, document, variables, folder, project, project_here })
    }

    /// The image of a service and the platforms that it is built for, if they are several; or all that is wrong with it.
    pub(super) fn image(&self, service: &str, node: &Node) -> Result<(Image, Vec<String>), Vec<String>> {
        let mut reading = Reading {
            of: self,
            service,
            wrong: Vec::new(),
            platforms: Vec::new(),
            environment: BTreeMap::new(),
            secret: BTreeMap::new(),
        };
        let image = reading.image(node);
        if reading.wrong.is_empty() { Ok((image, reading.platforms)) } else { Err(reading.wrong) }
    }

    /// A path of the file, from gates.toml.
    fn path(&self, path: &str) -> String {
        forward(&normalise(&self.folder.join(path))).to_string()
    }
}

/// One service while it is read.
struct Reading<'b> {
    of: &'b Build<'b>,
    service: &'b str,
    wrong: Vec<String>,
    /// Those of `build.platforms`, if they are several.
    platforms: Vec<String>,
    /// Variables that the engine needs, and that this process may not have.
    environment: BTreeMap<String, String>,
    /// Values of variables that look secret, and that are part of other texts.
    secret: BTreeMap<String, String>,
}

impl Reading<'_> {
    fn refuse(&mut self, key: &str, why: impl Display) {
        self.wrong.push(format!("`services.{}.{key}` of {}: {why}", self.service, self.of.file));
    }

    /// A text with its variables.
    fn fill(&mut self, key: &str, text: &str) -> String {
        match self.of.variables.fill(text) {
            Ok(filled) => {
                self.secret.extend(filled.secrets);
                filled.text
            }
            Err(why) => {
                self.refuse(key, why);
                String::new()
            }
        }
    }

    /// The text of a key; `None`: it is not there, or has no value.
    fn text(&mut self, node: &Node, key: &str, shown: &str) -> Option<String> {
        let value = node.get(key)?;
        match value.as_text() {
            Some(text) if is_null(text) => None,
            Some(text) => Some(self.fill(shown, text)).filter(|text| !text.is_empty()),
            None => {
                self.refuse(shown, "it is no text");
                None
            }
        }
    }

    /// `true` or `false`.
    fn flag(&mut self, node: &Node, key: &str) -> bool {
        let shown = format!("build.{key}");
        match self.text(node, key, &shown).as_deref() {
            Some("true") => true,
            Some("false") | None => false,
            Some(_) => {
                self.refuse(&shown, "it is neither true nor false");
                false
            }
        }
    }

    /// A text, or a list of texts.
    fn list(&mut self, node: &Node, key: &str) -> Vec<String> {
        let shown = format!("build.{key}");
        let Some(value) = node.get(key) else { return Vec::new() };
        if let Some(text) = value.as_text() {
            return if is_null(text) { Vec::new() } else { vec![self.fill(&shown, text)] };
        }
        let mut texts = Vec::new();
        for item in value.items() {
            match item.as_text() {
                Some(text) => texts.push(self.fill(&shown, text)),
                None => self.refuse(&shown, "it is no list of texts"),
            }
        }
        texts
    }

    /// `NAME: value`, or a list of `NAME=value`. `None`: a name without a value.
    fn pairs(&mut self, node: &Node, key: &str) -> Vec<(String, Option<String>)> {
        let shown = format!("build.{key}");
        let Some(value) = node.get(key) else { return Vec::new() };
        let mut pairs = Vec::new();
        if value.items().next().is_some() {
            for item in self.list(node, key) {
                pairs.push(match item.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                    None => (item, None),
                });
            }
            return pairs;
        }
        let Some(entries) = value.merged() else {
            self.refuse(&shown, "it merges too much");
            return pairs;
        };
        for (name, value) in entries {
            match value.as_text() {
                Some(text) if is_null(text) => pairs.push((name.to_owned(), None)),
                Some(text) => {
                    pairs.push((name.to_owned(), Some(self.fill(&format!("{shown}.{name}"), text))))
                }
                None => self.refuse(&format!("{shown}.{name}"), "it is no text"),
            }
        }
        pairs
    }

    fn image(&mut self, service: &Node) -> Image {
        if service.get("extends").is_some() {
            self.refuse("extends", format!("it is not followed: {RESOLVED}"));
        }
        let short = Node::Map(BTreeMap::new());
        let (build, context) = match service.get("build") {
            Some(Node::Text(text)) if !is_null(text) => (&short, Some(self.fill("build", text))),
            Some(build @ Node::Map(_)) => (build, self.text(build, "context", "build.context")),
            _ => {
                self.refuse("build", "there is none: only services that are built are images of this gate");
                (&short, None)
            }
        };
        self.refuse_what_is_not_read(build);
        let context = self.context(context.unwrap_or_else(|| ".".to_owned()));
        let dockerfile = self.text(build, "dockerfile", "build.dockerfile");
        let file = dockerfile.map(|file| match is_address(&context) {
            // There it is a path in what was fetched.
            true => file,
            false => forward(&normalise(&Path::new(&context).join(file))).to_string(),
        });
        let (name, called) = self.names(service);
        let build_args =
            self.pairs(build, "args").into_iter().map(|(name, value)| self.build_arg(name, value));
        let build_args = build_args.collect();
        let labels = self.pairs(build, "labels");
        if labels.iter().any(|(name, _)| name == REVISION) {
            self.refuse("build.labels", format!("{REVISION} can't be set: {OWN_REVISION}"));
        }
        let mut image = Image {
            name,
            file,
            target: self.text(build, "target", "build.target"),
            platform: self.platform(service, build),
            build_args,
            tags: self.list(build, "tags"),
            labels: labels.into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect(),
            secrets: self.secrets(build),
            contexts: self.contexts(build),
            cache_from: self.list(build, "cache_from"),
            cache_to: self.list(build, "cache_to"),
            pull: self.flag(build, "pull"),
            no_cache: self.flag(build, "no_cache"),
            context,
            told_by: Some((self.of.file.to_owned(), self.service.to_owned())),
            called,
            ..Image::default()
        };
        image.environment = std::mem::take(&mut self.environment);
        image.environment.append(&mut self.secret);
        image
    }

    fn refuse_what_is_not_read(&mut self, build: &Node) {
        let keys: Vec<String> = match build.merged() {
            Some(entries) => entries.into_keys().map(str::to_owned).collect(),
            None => return self.refuse("build", "it merges too much"),
        };
        for key in keys.iter().filter(|key| !READ.contains(&key.as_str()) && !key.starts_with("x-")) {
            let why = match key.as_str() {
                "dockerfile_inline" => "write it to a file, and name that in `dockerfile`",
                "ssh" => {
                    "the keys of an agent are not handed on: use `secrets`, or describe the image in `images` of another gate, with `args = [\"--ssh=default\"]`"
                }
                _ => OTHERWISE,
            };
            self.refuse(&format!("build.{key}"), why);
        }
    }

    fn context(&self, context: String) -> String {
        if is_address(&context) { context } else { self.of.path(&context) }
    }

    /// The name of the image, without a tag, and how Compose calls it on this machine.
    fn names(&mut self, service: &Node) -> (String, Option<String>) {
        let of_service = self.service.to_lowercase();
        match self.text(service, "image", "image") {
            Some(image) if image.contains('@') => {
                self.refuse("image", "what is built can't have a digest already");
                (of_service, None)
            }
            Some(image) => {
                let last = image.rfind('/').map_or(0, |at| at + 1);
                let end = image[last..].find(':').map(|at| last + at);
                match end {
                    Some(end) => (image[..end].to_owned(), Some(image)),
                    None => (image.clone(), Some(format!("{image}:latest"))),
                }
            }
            None => {
                let here = format!("{}-{of_service}:latest", self.of.project_here);
                let here = Some(here).filter(|_| !self.of.project_here.is_empty());
                match &self.of.project {
                    Some(project) => (format!("{project}-{of_service}"), here),
                    // The folder's name differs from machine to machine.
                    None => (of_service, here),
                }
            }
        }
    }

    fn build_arg(&mut self, name: String, value: Option<String>) -> (String, Variable) {
        let value = match value {
            // What looks secret is in no command line.
            Some(value) if looks_secret(&name) => Some(value),
            Some(value) => return (name, Variable::Set(value)),
            None => self.of.variables.of_file_alone(&name),
        };
        if let Some(value) = value {
            self.environment.insert(name.clone(), value);
        }
        (name, Variable::HandedOn)
    }

    /// The one platform that it is built for; of several, the one that Compose runs.
    fn platform(&mut self, service: &Node, build: &Node) -> Option<String> {
        let of_service = self.text(service, "platform", "platform");
        let mut platforms = self.list(build, "platforms");
        platforms.sort();
        platforms.dedup();
        match &of_service {
            Some(one) if !platforms.is_empty() && !platforms.contains(one) => {
                self.refuse("platform", format!("{one} is none of `build.platforms`"));
                None
            }
            None if platforms.len() == 1 => platforms.pop(),
            _ => {
                self.platforms = platforms;
                of_service
            }
        }
    }

    fn contexts(&mut self, build: &Node) -> Vec<(String, String)> {
        let mut contexts = Vec::new();
        for (name, value) in self.pairs(build, "additional_contexts") {
            let key = format!("build.additional_contexts.{name}");
            match value {
                None => self.refuse(&key, "it has no value"),
                Some(value) if value.starts_with("service:") => self.refuse(
                    &key,
                    "the image of another service has no name before it is built: name a folder, or an image (`docker-image://`)",
                ),
                Some(value) => {
                    let value = self.context(value);
                    contexts.push((name, value));
                }
            }
        }
        contexts
    }

    fn secrets(&mut self, build: &Node) -> Vec<Secret> {
        let mut secrets = Vec::new();
        for item in build.get("secrets").into_iter().flat_map(Node::items) {
            let (source, target) = match item.as_text() {
                Some(source) => (Some(source.to_owned()), None),
                None => {
                    let other = item.entries().find(|(key, _)| !["source", "target"].contains(key));
                    if let Some((key, _)) = other {
                        self.refuse(
                            &format!("build.secrets.{key}"),
                            "the Dockerfile says that, at `RUN --mount`",
                        );
                    }
                    let text = |key: &str| item.text(key).map(str::to_owned);
                    (text("source"), text("target"))
                }
            };
            let Some(source) = source else {
                self.refuse("build.secrets", "one has no `source`");
                continue;
            };
            let told = self.of.document.get("secrets").and_then(|all| all.get(&source));
            let Some(told) = told else {
                self.refuse("build.secrets", format!("`secrets.{source}` is not there"));
                continue;
            };
            let (file, variable) = (told.text("file"), told.text("environment"));
            let id = target.unwrap_or_else(|| source.clone());
            match (file, variable) {
                (Some(file), None) => {
                    let file = self.fill(&format!("build.secrets.{source}"), file);
                    secrets.push(Secret { id, source: SecretSource::File(self.of.path(&file)) });
                }
                (None, Some(name)) => {
                    self.environment
                        .extend(self.of.variables.of_file_alone(name).map(|value| (name.to_owned(), value)));
                    secrets.push(Secret { id, source: SecretSource::Variable(name.to_owned()) });
                }
                _ => self.refuse(
                    "build.secrets",
                    format!("`secrets.{source}` is neither in a `file` nor in `environment`, so no build can have it"),
                ),
            }
        }
        secrets
    }
}

/// How a YAML document says that there is no value.
fn is_null(text: &str) -> bool {
    matches!(text, "~" | "null" | "Null" | "NULL")
}
