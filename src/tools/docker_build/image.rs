//! One image of `images`: its keys in gates.toml, and the arguments made from them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::keys::table::{Keys, Located};
use crate::scan::container_engine::ContainerEngine;
use crate::scan::job::Job;
use crate::scan::parsed::Unplanned;
use crate::scan::platform::Platform;
use crate::scan::variable::Variable;
use crate::system::git::Repo;
use crate::system::variables;
use crate::text::paths::{forward, normalise};
use crate::tools::docker_build::engine::{Builder, caches_by_platform};
use crate::tools::docker_build::origin::read_labels;
use crate::tools::platforms::read_platforms;
use crate::tools::registry::address::Repository;
use crate::tools::registry::reference::Spelled;

/// One image of `images`, for one platform.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Image {
    pub name: String,
    /// Folder, relative to gates.toml, or an address that Docker fetches.
    pub context: String,
    /// Further contexts, by the names that the Dockerfile has for them: folders, or addresses.
    pub contexts: Vec<(String, String)>,
    pub file: Option<String>,
    pub target: Option<String>,
    pub platform: Option<String>,
    /// It is built for several platforms, of which `platform` is one.
    #[serde(skip)]
    pub is_part: bool,
    pub build_args: Vec<(String, Variable)>,
    pub tags: Vec<String>,
    pub labels: Vec<(String, String)>,
    pub secrets: Vec<Secret>,
    pub cache_from: Vec<String>,
    pub cache_to: Vec<String>,
    pub pull: bool,
    /// The repository in which an earlier run of the commit may have put it.
    pub fetch: Option<Repository>,
    pub no_cache: bool,
    /// The compose file that describes it, relative to gates.toml, and the service.
    #[serde(skip)]
    pub told_by: Option<(String, String)>,
    /// How Compose calls it on this machine.
    #[serde(skip)]
    pub called: Option<String>,
    /// What is to be said beside it.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// Variables for the engine that the environment of Portcullis need not have.
    #[serde(skip)]
    pub environment: BTreeMap<String, String>,
}

/// A secret that a step may mount. It stays out of every layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Secret {
    pub id: String,
    pub source: SecretSource,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) enum SecretSource {
    /// A variable of this name.
    Variable(String),
    /// A file, relative to gates.toml.
    File(String),
}

impl Image {
    /// Reads an image: once, or once for each platform of `platforms`. `usual`: the platforms of images that name none.
    pub(super) fn read(table: &Keys, usual: &[String]) -> Vec<Self> {
        let platforms = read_platforms(table);
        if table.has("platform") && table.has("platforms") {
            let help = "`platform` builds for one, `platforms` for several";
            table.problem_with_help(
                table.at_key("platform"),
                "both `platform` and `platforms` are set",
                help,
            );
        }
        let Some(image) = Self::read_one(table) else { return Vec::new() };
        image.for_each(platforms.as_deref().unwrap_or(usual))
    }

    /// The image once for each platform, unless it has one of its own.
    pub(super) fn for_each(self, platforms: &[String]) -> Vec<Self> {
        if self.platform.is_some() || platforms.is_empty() {
            return vec![self];
        }
        let of = |platform: &String| Self { platform: Some(platform.clone()), is_part: true, ..self.clone() };
        platforms.iter().map(of).collect()
    }

    fn read_one(table: &Keys) -> Option<Self> {
        let name = table.required_text("name");
        let image = Self {
            context: table.text_or("context", "."),
            contexts: pairs(table, "contexts"),
            file: table.text("file").map(|file| file.value),
            target: table.text("target").map(|target| target.value),
            ..Self::options(table, name)
        };
        table.finish("an image of `images`");
        (!image.name.is_empty()).then_some(image)
    }

    /// What gates.toml adds to a service. Its name may be empty.
    pub(super) fn read_service(table: &Keys) -> Self {
        let image = Self::options(table, table.text("name"));
        table.finish("a service of `services`");
        image
    }

    /// The keys that do not say what it is built from.
    fn options(table: &Keys, name: Option<Located<String>>) -> Self {
        if let Some(name) = &name {
            check_name(table, name);
        }
        let tags = table.texts("tags").unwrap_or_default();
        for tag in tags.iter().filter(|tag| tag.value.contains('/') && !names_tag(&tag.value)) {
            let what = format!("`{}` is a name without a tag, and so `latest`", tag.value);
            table.problem_with_help(tag.at.clone(), what, "add `:TAG`");
        }
        Self {
            name: name.map(|name| name.value).unwrap_or_default(),
            platform: table.text("platform").map(|platform| platform.value),
            is_part: false,
            build_args: table
                .table("build_args")
                .map(|args| Variable::read(&args).into_iter().collect())
                .unwrap_or_default(),
            tags: tags.into_iter().map(|tag| tag.value).collect(),
            labels: read_labels(table),
            secrets: table.tables("secrets").iter().filter_map(Secret::read).collect(),
            cache_from: table.texts_or("cache_from", &[]),
            cache_to: table.texts_or("cache_to", &[]),
            pull: table.flag_or("pull", false),
            fetch: read_repository(table),
            no_cache: table.flag_or("no_cache", false),
            ..Self::default()
        }
    }

    /// The image with what gates.toml adds to it, which counts first.
    pub(super) fn with(mut self, own: Option<&Self>) -> Self {
        let Some(own) = own.cloned() else { return self };
        if !own.name.is_empty() {
            self.name = own.name;
        }
        self.build_args.retain(|(name, _)| own.build_args.iter().all(|(other, _)| other != name));
        self.build_args.extend(own.build_args);
        self.secrets.retain(|secret| own.secrets.iter().all(|other| other.id != secret.id));
        self.secrets.extend(own.secrets);
        self.tags.extend(own.tags);
        // Of two labels of one name, the later one counts.
        self.labels.extend(own.labels);
        self.cache_from.extend(own.cache_from);
        self.cache_to.extend(own.cache_to);
        self.platform = own.platform.or(self.platform);
        self.fetch = own.fetch;
        self.pull |= own.pull;
        self.no_cache |= own.no_cache;
        self
    }

    /// The name with the commit, so that a tag always means the same content. `differs`: it is built from something else than the commit.
    pub(super) fn whole_reference(&self, repo: &Repo, differs: bool) -> String {
        let tag = repo.described(12, differs).unwrap_or_else(|| "portcullis".to_owned());
        format!("{}:{tag}", self.name)
    }

    /// The same, with the platform if it is built for several.
    pub(super) fn reference(&self, repo: &Repo, differs: bool) -> String {
        self.whole_reference(repo, differs) + &self.suffix()
    }

    /// The platform, if it is one of several.
    pub(super) fn part(&self) -> Option<Platform> {
        self.platform.as_deref().filter(|_| self.is_part).map(Platform::named)
    }

    /// Its name as a target: as [`BuiltImage::target`](crate::scan::scene::BuiltImage::target) says it to the gates behind it.
    pub(super) fn target(&self) -> String {
        self.part().map_or_else(|| self.name.clone(), |platform| format!("{} {platform}", self.name))
    }

    /// What keeps the tags of several platforms apart.
    fn suffix(&self) -> String {
        self.part().map(|platform| format!("-{}", platform.tag())).unwrap_or_default()
    }

    /// Whether its context is an address that the engine fetches.
    pub(super) fn is_remote(&self) -> bool {
        is_address(&self.context)
    }

    /// Without a commit, at least one of the user's tags must not be one that moves to other images.
    pub(super) fn refuse_only_mutable_tags(&self) -> Result<(), Unplanned> {
        if self.tags.is_empty() || !self.tags.iter().all(|tag| is_mutable(tag)) {
            return Ok(());
        }
        Err(Unplanned::Impossible(format!(
            "{} would have no tag but {}, which may mean another image tomorrow, and there is no commit to tag it with: commit first, or add a version",
            self.name,
            self.tags.join(", ")
        )))
    }

    /// The names that the user adds, each with its tag.
    pub(super) fn further_names(&self) -> impl Iterator<Item = String> {
        let tags = self.tags.iter().map(|tag| match tag.contains([':', '/']) {
            true => format!("{tag}{}", self.suffix()),
            false => format!("{}:{tag}{}", self.name, self.suffix()),
        });
        tags.chain(self.called.iter().filter(|called| !self.tags.contains(called)).cloned())
    }

    /// Adds all its arguments except its context.
    pub(super) fn arguments(&self, job: &mut Job, engine: ContainerEngine) {
        for tag in self.further_names() {
            job.args(["-t", &tag]);
        }
        for (flag, value) in [("-f", &self.file), ("--target", &self.target), ("--platform", &self.platform)]
        {
            job.args(value.iter().flat_map(|value| [flag, value]));
        }
        for (name, context) in &self.contexts {
            job.args(["--build-context", &format!("{name}={context}")]);
        }
        for (name, value) in &self.environment {
            job.env(name, value);
        }
        for (name, value) in &self.build_args {
            match value {
                Variable::Set(value) => drop(job.args(["--build-arg", &format!("{name}={value}")])),
                // The value is only in the environment, never in a command.
                Variable::HandedOn => {
                    job.args(["--build-arg", name]);
                    job.invocation.hands_on.insert(name.clone());
                }
            }
        }
        for Secret { id, source } in &self.secrets {
            let source = match source {
                SecretSource::Variable(name) => {
                    job.invocation.hands_on.insert(name.clone());
                    format!("env={name}")
                }
                SecretSource::File(path) => format!("src={path}"),
            };
            job.args(["--secret", &format!("id={id},{source}")]);
        }
        for (flag, values) in [("--cache-from", &self.cache_from), ("--cache-to", &self.cache_to)] {
            job.args(values.iter().flat_map(|value| [flag, value]));
        }
        if self.pull {
            job.arg(engine.pull());
        }
        if self.no_cache || self.is_part && !caches_by_platform(engine, variables::get) {
            job.arg("--no-cache");
        }
    }

    /// Whether only its platform keeps the engine from its cache.
    pub(super) fn may_cache(&self) -> bool {
        self.is_part && !self.no_cache
    }

    /// The Dockerfile, relative to gates.toml; `None` where the context is an address.
    pub(super) fn dockerfile(&self) -> Option<String> {
        match &self.file {
            Some(file) => Some(file.clone()),
            None if self.is_remote() => None,
            None => Some(forward(&normalise(&Path::new(&self.context).join("Dockerfile"))).to_string()),
        }
    }
}

impl Secret {
    fn read(table: &Keys) -> Option<Self> {
        let id = table.required_text("id");
        let (env, src) = (table.text("env"), table.text("src"));
        table.finish("a secret of an image");
        let source = match (env, src) {
            (Some(env), None) => SecretSource::Variable(env.value),
            (None, Some(src)) => SecretSource::File(src.value),
            _ => {
                let help = "`env` names a variable, `src` a file";
                table.problem_with_help(table.at(), "a secret is either in `env` or in `src`", help);
                return None;
            }
        };
        Some(Self { id: id?.value, source })
    }
}

/// Whether a context is an address that the engine fetches.
pub(super) fn is_address(context: &str) -> bool {
    context.contains("://") || context.starts_with("git@")
}

/// Reads a table of texts, such as `contexts`.
fn pairs(table: &Keys, key: &'static str) -> Vec<(String, String)> {
    let entries = table.table(key).map(|pairs| pairs.text_entries()).unwrap_or_default();
    entries.into_iter().map(|(name, value)| (name, value.value)).collect()
}

/// Reads `fetch`: a repository with its registry, without a tag.
fn read_repository(table: &Keys) -> Option<Repository> {
    let text = table.text("fetch")?;
    let read = Repository::read(&text.value)
        .and_then(|repository| Spelled::read(&repository.full_name()).map(|_| repository));
    if let Err(why) = read {
        let what = format!("`{}` is not a repository with its registry: {why}", text.value);
        table.problem_with_help(text.at, what, "such as `ghcr.io/team/notes-backend`, without a tag");
    }
    read.ok()
}

/// Whether the last part of a reference has a tag, or a digest.
fn names_tag(reference: &str) -> bool {
    reference.rsplit('/').next().unwrap_or_default().contains([':', '@'])
}

/// Whether people usually move a tag with this name from image to image.
fn is_mutable(tag: &str) -> bool {
    const MOVED: [&str; 17] = [
        "beta",
        "canary",
        "current",
        "dev",
        "develop",
        "edge",
        "head",
        "latest",
        "main",
        "master",
        "next",
        "nightly",
        "prod",
        "production",
        "stable",
        "staging",
        "test",
    ];
    let tag = tag.rsplit('/').next().unwrap_or(tag);
    let tag = tag.rsplit(':').next().unwrap_or(tag);
    MOVED.iter().any(|moved| tag.eq_ignore_ascii_case(moved))
}

/// Checks a name for the usual mistakes against the rules of distribution/reference.
fn check_name(keys: &Keys, name: &Located<String>) {
    let last = name.value.rsplit('/').next().unwrap_or_default();
    let help = if last.contains([':', '@']) {
        "leave the tag out: Portcullis tags it with the commit, and `tags` adds more"
    } else if name.value.chars().any(|c| c.is_uppercase() || c.is_whitespace()) || last.is_empty() {
        "lower case letters, digits, `.`, `_`, `-` and `/`"
    } else {
        return;
    };
    keys.problem_with_help(name.at.clone(), format!("`{}` is not the name of an image", name.value), help);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_people_move_differ_from_versions() {
        for tag in ["latest", "Main", "host:5000/team/app:stable", "app:dev"] {
            assert!(is_mutable(tag), "{tag}");
        }
        for tag in ["1.4.0", "3f2a91c", "app:2026-11-21", "main-3f2a91c"] {
            assert!(!is_mutable(tag), "{tag}");
        }
    }
}
