//! Services of a compose file as images: context, Dockerfile, target, arguments and secrets are read from it (Compose
//! specification, "Compose Build Specification"). What it says and no engine would be told is an error.

mod build;
mod profiles;
mod variables;

use std::collections::HashSet;
use std::path::Path;

use serde::Serialize;

use crate::keys::table::{Keys, Named};
use crate::scan::procedure::{Failure, read_text};
use crate::system::git::Repo;
use crate::text::paths::{forward, normalise};
use crate::text::yaml::{Node, document};

use super::image::Image;
use build::Build;
use profiles::Profiles;
use variables::Variables;

/// `compose` and `services` of a gate.
#[derive(Debug, Serialize)]
pub(super) struct Compose {
    /// The file, relative to gates.toml.
    #[serde(rename = "compose")]
    file: String,
    /// `None`: every service that is built.
    services: Option<Vec<Service>>,
    /// The platforms of services that name none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    platforms: Vec<String>,
}

/// One service, and what gates.toml adds to it.
#[derive(Debug, Serialize)]
struct Service {
    service: String,
    /// With an empty name, it has that of the compose file.
    own: Option<Image>,
}

impl Compose {
    /// `platforms`: those of images that name none.
    pub(super) fn read(keys: &Keys, platforms: &[String]) -> Option<Self> {
        let services = keys.names("services");
        let Some(file) = keys.text("compose") else {
            if keys.has("services") && !keys.has("compose") {
                let help = "name the file: `compose = \"compose.yaml\"`";
                keys.problem_with_help(keys.at_key("services"), "`services` without `compose`", help);
            }
            return None;
        };
        let services: Option<Vec<Service>> =
            services.map(|named| named.into_iter().filter_map(Service::read).collect());
        let mut seen = HashSet::new();
        for service in services.iter().flatten().filter(|service| !seen.insert(&service.service)) {
            let what = format!("the service `{}` is there twice", service.service);
            keys.problem(keys.at_key("services"), what);
        }
        let file = forward(&normalise(Path::new(&file.value))).to_string();
        Some(Self { file, services, platforms: platforms.to_vec() })
    }

    /// The names of the services; `None`: all that are built.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        let services = self.services.as_ref()?;
        Some(services.iter().map(|service| service.service.clone()).collect())
    }

    /// The images of the services.
    ///
    /// # Errors
    /// Everything in the file that is not understood, or that no key of the gate can say, with what to do.
    pub(super) fn images(&self, repo: &Repo) -> Result<Vec<Image>, String> {
        let path = normalise(&repo.base.join(&self.file));
        let text = text_of(&path, &self.file)?;
        let folder = path.parent().unwrap_or(&repo.base);
        self.read_services(&text, &Variables::of_project(folder)?, &project_folder(folder))
    }

    /// `folder`: the name of the folder that the project would be called after.
    fn read_services(&self, text: &str, variables: &Variables, folder: &str) -> Result<Vec<Image>, String> {
        let file = &self.file;
        let document = document(text).map_err(|why| format!("{file} can't be read: {why}"))?;
        if document.get("include").is_some() {
            return Err(format!("`include` of {file} is not followed: {RESOLVED}"));
        }
        let all = document.get("services").and_then(Node::merged).unwrap_or_default();
        let build = Build::new(file, &document, variables, folder)?;
        let is_built = |name: &&str| all.get(name).is_some_and(|service| service.get("build").is_some());
        let (mut images, mut wrong, mut passive) = (Vec::new(), Vec::new(), Vec::new());
        let profiles = Profiles::of(variables);
        let wanted: Vec<(&str, Option<&Image>)> = match &self.services {
            // Who names a service activates its profile.
            Some(services) => {
                services.iter().map(|service| (service.service.as_str(), service.own.as_ref())).collect()
            }
            None => {
                let mut built: Vec<&str> = all.keys().copied().filter(is_built).collect();
                built.retain(|name| match profiles.missing(all[name]) {
                    Ok(missing) if missing.is_empty() => true,
                    Ok(missing) => {
                        passive.push(format!("{name} ({})", missing.join(", ")));
                        false
                    }
                    Err(why) => {
                        wrong.push(format!("`services.{name}.profiles` of {file}: {why}"));
                        false
                    }
                });
                built.into_iter().map(|name| (name, None)).collect()
            }
        };
        let passive = (!passive.is_empty()).then(|| inactive(file, &passive));
        if wanted.is_empty() && wrong.is_empty() {
            return Err(passive.unwrap_or_else(|| format!("no service of {file} has a `build`")));
        }
        for (name, own) in wanted {
            match all.get(name) {
                Some(service) => match build.image(name, service) {
                    Ok((image, platforms)) => images.extend(self.parts(image, own, &platforms)),
                    Err(why) => wrong.extend(why),
                },
                None => {
                    let known: Vec<&str> = all.keys().copied().filter(is_built).collect();
                    wrong.push(format!("{file} has no service {name}; built are {}", known.join(", ")));
                }
            }
        }
        if let Some(first) = images.first_mut() {
            first.notes.extend(passive);
        }
        if wrong.is_empty() { Ok(images) } else { Err(wrong.join("; ")) }
    }

    /// The image of a service, once for each of its platforms. Compose runs one of several, which its `platform` names.
    fn parts(&self, mut image: Image, own: Option<&Image>, platforms: &[String]) -> Vec<Image> {
        let several = platforms.len() > 1;
        let runs = if several { image.platform.take() } else { None };
        let image = image.with(own);
        let usual = if several { platforms } else { &self.platforms };
        let mut parts = image.for_each(usual);
        for part in parts.iter_mut().filter(|part| part.is_part && part.platform != runs) {
            part.called = None;
        }
        parts
    }
}

/// Says which services Compose would not build either.
fn inactive(file: &str, services: &[String]) -> String {
    format!(
        "not built from {file}, as their profiles are not active: {}; name a service in `services`, or its profile in COMPOSE_PROFILES",
        services.join(", ")
    )
}

/// A note on the file that Compose would read, too, if it found both by itself.
pub(super) fn overridden(repo: &Repo, file: &str) -> Option<String> {
    let (stem, ending) = file.rsplit_once('.')?;
    let name = stem.rsplit('/').next().unwrap_or(stem);
    let other = ["yaml", "yml"].map(|ending| format!("{stem}.override.{ending}"));
    let other = other.into_iter().find(|other| repo.base.join(other).exists())?;
    let found = ["compose", "docker-compose"].contains(&name) && ["yaml", "yml"].contains(&ending);
    found.then(|| format!("{other} is not read: {RESOLVED}"))
}

/// The text of a file at planning.
fn text_of(path: &Path, shown: &str) -> Result<String, String> {
    read_text(path, shown).map_err(|failure| match failure {
        Failure::Unproven(why)
        | Failure::Transient(why)
        | Failure::Later(why, _)
        | Failure::TimedOut(why) => why,
        Failure::Stopped => format!("{shown} can't be read"),
    })
}

/// What to do about what only Compose can put together.
const RESOLVED: &str =
    "name a file that `docker compose config` has written, which has everything in one place";

impl Service {
    fn read(named: Named) -> Option<Self> {
        match named {
            Named::Text(name) => Some(Self { service: name.value, own: None }),
            Named::Table(table) => {
                let service = table.required_text("service");
                let own = Image::read_service(&table);
                Some(Self { service: service?.value, own: Some(own) })
            }
        }
    }
}

/// The name that Compose gives to a project without one: that of its folder, as far as it may be in a name (compose-go
/// `loader.NormalizeProjectName`).
fn project_folder(folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let plain: String =
        name.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(*c)).collect();
    plain.trim_start_matches(['_', '-']).to_owned()
}

#[cfg(test)]
mod tests;
