//! Which container gets which image: those that this run has pushed, by digest, and those that gates.toml names.

use std::collections::BTreeMap;

use crate::text::shared::Text;

use super::Settings;
use super::template::{Container, by_digest};

/// The image of each container; the error says which has none, or which is left over.
///
/// `pushed`: the references by digest of the images that this run has pushed, by their names.
pub(super) fn resolve(
    settings: &Settings,
    pushed: &BTreeMap<Text, String>,
    containers: &[Container],
) -> Result<BTreeMap<String, String>, String> {
    let mut images = settings.sidecars.clone();
    for (container, image) in &settings.images {
        let reference = match pushed.get(image.as_str()) {
            Some(reference) => reference.clone(),
            None if by_digest(image) => image.clone(),
            None => {
                return Err(format!(
                    "`images` gives {container} the image {image}, but no gate of this run has pushed it"
                ));
            }
        };
        images.insert(container.clone(), reference);
    }
    for Container { name, image, .. } in containers {
        let Some(reference) = pushed.get(name.as_str()).filter(|_| !images.contains_key(name)) else {
            if images.contains_key(name) {
                continue;
            }
            return Err(format!(
                "the container {name} has the image {image} in {}, and nothing in gates.toml says so: name what it \
                 gets in `images`, or in `sidecars` if it is none of this run's",
                settings.template
            ));
        };
        images.insert(name.clone(), reference.clone());
    }
    check(settings, pushed, &images)?;
    Ok(images)
}

/// Every image that was pushed is taken as it was pushed.
fn check(
    settings: &Settings,
    pushed: &BTreeMap<Text, String>,
    images: &BTreeMap<String, String>,
) -> Result<(), String> {
    let sidecar = |container: &String| settings.sidecars.contains_key(container);
    for (container, image) in images {
        let of_run = pushed.values().find(|reference| repository(reference) == repository(image));
        match of_run {
            Some(reference) if !pushed.values().any(|one| one == image) => {
                return Err(format!(
                    "the container {container} would get {image}, and this run has pushed {reference} there"
                ));
            }
            None if !by_digest(image) && !sidecar(container) => {
                return Err(format!("the image of {container} is not named by its digest: {image}"));
            }
            _ => {}
        }
    }
    let taken = |reference: &String| images.values().any(|image| image == reference);
    let left = |name: &&Text| !settings.leaves_out.iter().any(|left| **left == ***name);
    let left: Vec<&str> = pushed
        .iter()
        .filter(|(name, reference)| !taken(reference) && left(name))
        .map(|(name, _)| &**name)
        .collect();
    if !left.is_empty() {
        return Err(format!(
            "no container of {} gets {}, which this run has pushed: name the container in `images`, or the image in \
             `leaves_out`",
            settings.template,
            left.join(", ")
        ));
    }
    match images.values().any(|image| by_digest(image)) {
        true => Ok(()),
        false => Err(format!(
            "no container of {} gets an image by its digest: set in `images` which container gets which image",
            settings.template
        )),
    }
}

/// The reference without tag and digest.
fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or_default();
    let path = name.rfind('/').map_or(0, |at| at + 1);
    match name[path..].find(':') {
        Some(tag) => &name[..path + tag],
        None => name,
    }
}

#[cfg(test)]
mod tests;
