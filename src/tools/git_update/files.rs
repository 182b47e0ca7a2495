//! The files that name images, and how each says which one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::yaml_edit::{Edit, Place, Source, Value};
use crate::tools::registry::delivered::Pushed;

use super::others;

/// A file to change.
#[derive(Clone, Debug, Serialize)]
pub(super) struct File {
    pub path: String,
    pub kind: Kind,
    /// The name in the file → the image of this run.
    pub images: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Kind {
    /// `images` of a kustomization.yaml (kustomize, "images"): entries by `name`, with `newName` and `digest`.
    Kustomize,
    /// Values of Helm, or any YAML: by path, `backend.image`.
    Values,
    /// What CodePipeline's ECS action reads: `[{ "name": …, "imageUri": … }]`.
    ImageDefinitions,
}

/// One name and what it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    pub name: String,
    /// `HOST/NAME@sha256:…`
    pub image: String,
}

impl File {
    /// The text with the images that were pushed, and what each name has now.
    pub(super) fn updated(&self, text: &str, pushed: &Pushed) -> Result<(String, Vec<Change>), String> {
        let wrong = |why: String| format!("{}: {why}", self.path);
        let source = Source::read(text).map_err(|why| wrong(format!("it can't be read: {why}")))?;
        let (mut edits, mut changes, mut allowed) = (Vec::new(), Vec::new(), Vec::new());
        for (name, image) in &self.images {
            let Some(reference) = pushed.meant(image) else {
                return Err(wrong(format!(
                    "`images` gives {name} the image {image}, but no gate of this run has pushed it"
                )));
            };
            pushed.allows(reference).map_err(|why| wrong(format!("{name} {why}")))?;
            let mut made = match self.kind {
                Kind::Kustomize => kustomize(&source, name, reference),
                Kind::Values => values(&source, name, reference),
                Kind::ImageDefinitions => image_definitions(&source, name, reference),
            }
            .map_err(&wrong)?;
            edits.append(&mut made.0);
            allowed.append(&mut made.1);
            changes.push(Change { name: name.clone(), image: reference.to_owned() });
        }
        let text = source.with(edits, &|path| allowed.iter().any(|name| name == path)).map_err(&wrong)?;
        let updated = Source::read(&text).map_err(|why| wrong(format!("it can't be read: {why}")))?;
        match others::another(self.kind, &updated.root, pushed) {
            Some(why) => Err(wrong(why)),
            None => Ok((text, changes)),
        }
    }
}

/// The edits of one name, and the paths that may change.
type Made = (Vec<Edit>, Vec<String>);

/// `HOST/NAME` and the digest.
fn parts(reference: &str) -> Result<(&str, &str), String> {
    reference.split_once('@').ok_or_else(|| format!("{reference} has no digest"))
}

fn kustomize(source: &Source, name: &str, reference: &str) -> Result<Made, String> {
    let (repository, digest) = parts(reference)?;
    let images = source.root.entry("images").map(|(_, images)| images.items()).unwrap_or_default();
    let named = |item: &Place| item.entry("name").is_some_and(|(_, value)| value.as_text() == Some(name));
    let Some(number) = images.iter().position(&named) else {
        return Err(format!("`images` has no entry with the name {name}: add `- name: {name}`"));
    };
    if images.iter().filter(|item| named(item)).count() > 1 {
        return Err(format!("`images` has two entries with the name {name}"));
    }
    let item = &images[number];
    let (name_key, _) = item.entry("name").ok_or("an entry without a name")?;
    let mut edits = Vec::new();
    match item.entry("newName") {
        Some((key, value)) => edits.push(source.set(Some(key), value, repository)?),
        None if name == repository => {}
        None => edits.push(source.add_below(name_key, "newName", repository)?),
    }
    match (item.entry("digest"), item.entry("newTag")) {
        (Some(_), Some(_)) => return Err(format!("{name} has `digest` and `newTag`: remove one")),
        (Some((key, value)), None) => edits.push(source.set(Some(key), value, digest)?),
        // A tag beside the digest would be ambiguous.
        (None, Some((key, value))) => {
            edits.extend([source.rename(key, "digest"), source.set(Some(key), value, digest)?])
        }
        (None, None) => edits.push(source.add_below(name_key, "digest", digest)?),
    }
    let allowed = ["newName", "newTag", "digest"].map(|key| format!("images[{number}].{key}"));
    Ok((edits, allowed.into()))
}

fn values(source: &Source, path: &str, reference: &str) -> Result<Made, String> {
    let (repository, digest) = parts(reference)?;
    let mut found = (None, &source.root);
    for part in path.split('.') {
        let entry = found.1.entry(part).ok_or_else(|| format!("it has no `{path}`"))?;
        found = (Some(entry.0), entry.1);
    }
    let (key, place) = found;
    if !matches!(place.value, Value::Map(_)) {
        return Ok((vec![source.set(key, place, reference)?], vec![path.to_owned()]));
    }
    // The form of most charts: registry, repository, digest.
    let Some((key, value)) = place.entry("digest") else {
        return Err(format!(
            "`{path}` has no `digest`, and a tag names no image for good: add `digest: \"\"`"
        ));
    };
    let mut edits = vec![source.set(Some(key), value, digest)?];
    let (host, rest) = repository.split_once('/').unwrap_or(("", repository));
    let with_host =
        place.entry("registry").filter(|(_, value)| value.as_text().is_some_and(|host| !host.is_empty()));
    if let Some((key, value)) = with_host {
        edits.push(source.set(Some(key), value, host)?);
    }
    let Some((key, value)) = place.entry("repository") else {
        return Err(format!("`{path}` has no `repository`"));
    };
    edits.push(source.set(Some(key), value, if with_host.is_some() { rest } else { repository })?);
    Ok((edits, ["registry", "repository", "digest"].map(|key| format!("{path}.{key}")).into()))
}

fn image_definitions(source: &Source, name: &str, reference: &str) -> Result<Made, String> {
    let items = source.root.items();
    let named = |item: &Place| item.entry("name").is_some_and(|(_, value)| value.as_text() == Some(name));
    let Some(number) = items.iter().position(named) else {
        return Err(format!("it has no container with the name {name}"));
    };
    let Some((key, value)) = items[number].entry("imageUri") else {
        return Err(format!("the container {name} has no `imageUri`"));
    };
    Ok((vec![source.set(Some(key), value, reference)?], vec![format!("[{number}].imageUri")]))
}
