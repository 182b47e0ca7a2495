//! The command lines of Docker and Podman that a push needs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::scan::procedure::StepContext;
use crate::scan::procedure::{Failure, read_text};
use crate::scan::step::Step;
use crate::system::private;

use crate::scan::container_engine::ContainerEngine;
use crate::tools::registry::address::{Registry, is_digest};
use crate::tools::registry::engine_error::failure;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Kind {
    Docker,
    Podman,
}

impl Kind {
    pub(super) fn program(self) -> &'static str {
        self.engine().program()
    }

    /// Buildah keeps its images where Podman does.
    pub(super) fn that_has_images_of(builder: ContainerEngine) -> Self {
        match builder {
            ContainerEngine::Docker => Self::Docker,
            ContainerEngine::Podman | ContainerEngine::Buildah => Self::Podman,
        }
    }

    pub(super) fn engine(self) -> ContainerEngine {
        match self {
            Self::Docker => ContainerEngine::Docker,
            Self::Podman => ContainerEngine::Podman,
        }
    }
}

/// The engine, and how to call it.
#[derive(Debug)]
pub(super) struct Engine {
    kind: Kind,
    /// The user may have set another program.
    program: String,
    /// The folder that holds only this push's login. `None`: the user's own logins are used.
    login: Option<PathBuf>,
}

/// What came of a push.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// The digest that the registry returned.
    Digest(String),
    /// The tag exists, and the registry does not allow anyone to move it. Holds the registry's message.
    Immutable(String),
}

impl Engine {
    pub(super) fn new(kind: Kind, context: &dyn StepContext) -> Self {
        Self { kind, program: context.program().to_owned(), login: None }
    }

    fn step<'s>(&self, args: impl IntoIterator<Item = &'s str>) -> Step {
        let step = Step::new(&self.program, args);
        match (&self.login, self.kind) {
            (Some(folder), Kind::Docker) => step.env("DOCKER_CONFIG", folder.to_string_lossy()),
            (Some(folder), Kind::Podman) => {
                step.env("REGISTRY_AUTH_FILE", folder.join("auth.json").to_string_lossy())
            }
            (None, _) => step,
        }
    }

    /// `docker push`, for people.
    fn verb(&self, verb: &str) -> String {
        format!("{} {verb}", self.kind.program())
    }

    /// Docker skips TLS for this machine without a flag.
    fn plain(&self, registry: &Registry) -> Option<&'static str> {
        registry.plain_option(self.kind.engine())
    }

    /// The id that the engine gives for an image, asked for by its name or its id. `image`: what people call it.
    pub(super) async fn id_of(
        &self,
        context: &mut dyn StepContext,
        asked: &str,
        image: &str,
    ) -> Result<String, Failure> {
        let output = context.run(self.step(["image", "inspect", "--format", "{{.Id}}", asked])).await?;
        if output.success() {
            let text = output.stdout_text();
            let id = text.trim();
            // Podman leaves out the prefix.
            let id = if id.contains(':') { id.to_owned() } else { format!("sha256:{id}") };
            return match is_digest(&id) {
                true => Ok(id),
                false => {
                    let engine = self.kind.program();
                    Err(Failure::Unproven(format!("{engine} does not show the id of {image}")))
                }
            };
        }
        let said = output.stderr_text().to_lowercase();
        match ["no such image", "image not known"].iter().any(|words| said.contains(words)) {
            true if asked == image => {
                Err(Failure::Unproven(format!("there is no image {image} on this machine (any more)")))
            }
            true => Err(Failure::Unproven(format!(
                "not pushed: the image that the gates saw as {image} ({asked}) is not on this machine any more"
            ))),
            false => Err(failure(&self.verb("image inspect"), &output, None)),
        }
    }

    /// Logs in for this push only. The password goes through a pipe into a folder that is deleted after
    /// the push. The user's own logins are neither read nor changed.
    pub(super) async fn log_in(
        &mut self,
        context: &mut dyn StepContext,
        registry: &Registry,
        user: &str,
        password: &str,
    ) -> Result<(), Failure> {
        let folder = context.scratch().join("login");
        let unmade = |error: std::io::Error| {
            Failure::Unproven(format!("a folder for the login can't be created: {error} (is the disk full?)"))
        };
        fs::create_dir_all(&folder).map_err(unmade)?;
        if self.kind == Kind::Docker {
            copy_settings(context, &folder)?;
        }
        self.login = Some(folder);
        let args = ["login", "--username", user, "--password-stdin"].into_iter();
        let args = args.chain(self.plain(registry)).chain([registry.host.as_str()]);
        let output = context.run(self.step(args).stdin(password)).await?;
        if output.success() {
            Ok(())
        } else {
            Err(failure(&format!("the login to {}", registry.host), &output, Some(registry)))
        }
    }

    /// Deletes the login.
    pub(super) fn forget(&self) {
        if let Some(folder) = &self.login {
            // The run deletes its own folder, which holds this one, in any case.
            let _ = fs::remove_dir_all(folder);
        }
    }

    /// Pushes the image with this id to a name (`HOST/NAME:TAG`).
    pub(super) async fn push(
        &self,
        context: &mut dyn StepContext,
        id: &str,
        registry: &Registry,
        name: &str,
    ) -> Result<Pushed, Failure> {
        let digest_path = context.scratch().join("digest");
        let digest_file = format!("--digestfile={}", digest_path.display());
        // The user's own arguments are options of the push.
        let options: Vec<String> = context.args().to_vec();
        let mut args = vec!["push"];
        args.extend(options.iter().map(String::as_str));
        match self.kind {
            Kind::Docker => {
                let output = context.run(self.step(["tag", id, name])).await?;
                if !output.success() {
                    return Err(failure(&self.verb("tag"), &output, None));
                }
                args.push(name);
            }
            Kind::Podman => {
                // Otherwise the digest of an earlier tag could be read as this one's.
                let _ = fs::remove_file(&digest_path);
                args.extend(self.plain(registry));
                args.extend([digest_file.as_str(), id, name]);
            }
        }
        let output = context.run(self.step(args)).await?;
        if !output.success() {
            let said = output.stderr_text();
            let immutable = said.lines().find(|line| line.contains("cannot be overwritten because the"));
            return match immutable {
                Some(line) => Ok(Pushed::Immutable(line.trim().to_owned())),
                None => Err(failure(&format!("the push of {name}"), &output, Some(registry))),
            };
        }
        let printed = match self.kind {
            Kind::Docker => output.stdout_text().into_owned(),
            Kind::Podman => read_text(&digest_path, "the digest that podman reports")?,
        };
        let digest = match self.kind {
            Kind::Docker => digest_of(&printed, name),
            Kind::Podman => Some(printed.trim()).filter(|digest| is_digest(digest)),
        };
        digest.map(|digest| Pushed::Digest(digest.to_owned())).ok_or_else(|| {
            let (push, words) = (self.verb("push"), output.error_line());
            Failure::Unproven(format!("{push} succeeded but reported no digest of {name}: {words}"))
        })
    }
}

/// `1.4.0: digest: sha256:65ac… size: 524`
fn digest_of<'t>(printed: &'t str, name: &str) -> Option<&'t str> {
    let tag = name.rsplit(':').next()?;
    let digest = |line: &'t str| line.trim().strip_prefix(tag)?.strip_prefix(": digest: ")?.split(' ').next();
    printed.lines().filter_map(digest).next_back().filter(|digest| is_digest(digest))
}

/// Writes Docker's configuration for this push: without any login, and with the contexts, which
/// say where the engine is (docker/cli `cli/config/configfile/file.go`).
fn copy_settings(context: &dyn StepContext, folder: &Path) -> Result<(), Failure> {
    #[derive(Default, Serialize, Deserialize)]
    struct Settings {
        #[serde(rename = "currentContext", skip_serializing_if = "Option::is_none")]
        context: Option<String>,
    }
    let named = context.variable("DOCKER_CONFIG").map(PathBuf::from);
    let own = named.or_else(|| Some(Path::new(&context.variable("HOME")?).join(".docker")));
    let mut settings = Settings::default();
    let unmade = |error: std::io::Error| {
        Failure::Unproven(format!("Docker's settings can't be copied: {error} (is the disk full?)"))
    };
    if let Some(own) = own {
        let file = own.join("config.json");
        if file.exists() {
            let text = read_text(&file, "Docker's config.json")?;
            settings = serde_json::from_str(&text)
                .map_err(|error| Failure::Unproven(format!("Docker's config.json is broken: {error}")))?;
        }
        if own.join("contexts").is_dir() {
            symlink(own.join("contexts"), folder.join("contexts")).map_err(unmade)?;
        }
    }
    let text = serde_json::to_string(&settings).unwrap_or_default();
    private::write(&folder.join("config.json"), text).map_err(unmade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_tag_that_was_pushed() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let printed = format!(
            "The push refers to repository [127.0.0.1:5000/a]\nd870be5f1bde: Pushed\n1.4: digest: {digest} size: 524\n"
        );
        assert_eq!(digest_of(&printed, "r.example:5000/a:1.4"), Some(&*digest));
        for (printed, tag) in [
            (printed.as_str(), "1.5"),
            (printed.as_str(), "4"),
            ("1.4: digest: sha256:abc size: 524\n", "1.4"),
            ("", "1.4"),
        ] {
            assert_eq!(digest_of(printed, tag), None, "{printed} {tag}");
        }
    }
}
