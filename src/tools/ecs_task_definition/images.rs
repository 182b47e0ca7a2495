//! Which container gets which image: those that this run has pushed, by digest, and those that gates.toml names.

use std::collections::BTreeMap;

use crate::tools::registry::delivered::{Pushed, by_digest};

use super::Settings;
use super::template::Container;

/// The image of each container; the error says which has none, or which is left over.
pub(super) fn resolve(
    settings: &Settings,
    pushed: &Pushed,
    containers: &[Container],
) -> Result<BTreeMap<String, String>, String> {
    let mut images = settings.sidecars.clone();
    for (container, image) in &settings.images {
        let Some(reference) = pushed.meant(image) else {
            return Err(format!(
                "`images` gives {container} the image {image}, but no gate of this run has pushed it"
            ));
        };
        images.insert(container.clone(), reference.to_owned());
    }
    for Container { name, image, .. } in containers {
        let Some(reference) = pushed.named(name).filter(|_| !images.contains_key(name)) else {
            if images.contains_key(name) {
                continue;
            }
            return Err(format!(
                "the container {name} has the image {image} in {}, and nothing in gates.toml says so: name what it \
                 gets in `images`, or in `sidecars` if it is none of this run's",
                settings.template
            ));
        };
        images.insert(name.clone(), reference.to_owned());
    }
    check(settings, pushed, &images)?;
    Ok(images)
}

/// Every image that was pushed is taken as it was pushed.
fn check(settings: &Settings, pushed: &Pushed, images: &BTreeMap<String, String>) -> Result<(), String> {
    for (container, image) in images {
        pushed.allows(image).map_err(|why| format!("the container {container} {why}"))?;
        if !by_digest(image) && !settings.sidecars.contains_key(container) {
            return Err(format!("the image of {container} is not named by its digest: {image}"));
        }
    }
    let taken: Vec<&str> = images.values().map(String::as_str).collect();
    let left = pushed.left(&taken, &settings.leaves_out);
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

#[cfg(test)]
mod tests;
