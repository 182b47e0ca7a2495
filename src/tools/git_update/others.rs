//! The images that a file names besides those of the gate. One of a repository of this run, but not the one that was pushed,
//! would be deployed without a scan.

use crate::text::yaml_edit::{Place, Value};
use crate::tools::registry::delivered::Pushed;

use super::files::Kind;

/// What is wrong with the file as it will be; `None`: nothing.
pub(super) fn another(kind: Kind, root: &Place, pushed: &Pushed) -> Option<String> {
    named(kind, root).into_iter().find_map(|(place, image)| {
        let own = pushed.instead_of(&image)?;
        Some(format!(
            "{place} is {image}, and this run has pushed {own} there: name it in `images` of this gate, too"
        ))
    })
}

/// Each image with its place.
fn named(kind: Kind, root: &Place) -> Vec<(String, String)> {
    let of_items = |list: &Place, at: &str, image: fn(&Place) -> Option<String>| {
        let items = list.items().iter().enumerate();
        items.filter_map(|(n, item)| Some((format!("{at}[{n}]"), image(item)?))).collect()
    };
    match kind {
        Kind::Kustomize => {
            root.entry("images").map_or_else(Vec::new, |(_, images)| of_items(images, "images", in_parts))
        }
        Kind::ImageDefinitions => of_items(root, "", |item| text(item, "imageUri")),
        Kind::Values => {
            let mut all = Vec::new();
            in_values(root, "", &mut all);
            all
        }
    }
}

/// In any YAML: texts with a tag or a digest, texts that are called an image, and mappings of parts.
fn in_values(place: &Place, at: &str, all: &mut Vec<(String, String)>) {
    match &place.value {
        Value::Map(entries) => {
            all.extend(in_parts(place).map(|image| (at.to_owned(), image)));
            for (key, value) in entries {
                let key = key.as_text().unwrap_or_default();
                let within = if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
                match value.as_text() {
                    Some(image) if is_whole(image) || key.to_lowercase().ends_with("image") => {
                        all.push((within, image.to_owned()));
                    }
                    _ => in_values(value, &within, all),
                }
            }
        }
        Value::List(items) => {
            for (n, item) in items.iter().enumerate() {
                in_values(item, &format!("{at}[{n}]"), all);
            }
        }
        _ => all.extend(
            place.as_text().filter(|text| is_whole(text)).map(|text| (at.to_owned(), text.to_owned())),
        ),
    }
}

/// Whether a text has a tag or a digest behind the last part of its name.
fn is_whole(text: &str) -> bool {
    text.rsplit('/').next().is_some_and(|last| last.contains([':', '@']))
}

/// An image whose parts have keys of their own: `newName` and `digest` of kustomize, `registry`, `repository` and `tag` of most charts.
fn in_parts(map: &Place) -> Option<String> {
    let first = |keys: &[&str]| keys.iter().find_map(|key| text(map, key));
    let digest = first(&["digest"]).filter(|digest| digest.contains(':'));
    let version = match (digest, first(&["tag", "newTag"])) {
        (Some(digest), _) => Some(format!("@{digest}")),
        (None, tag) => tag.map(|tag| format!(":{tag}")),
    };
    let name = match first(&["newName", "repository"]) {
        Some(name) => name,
        // Many things have a name.
        None => text(map, "name").filter(|_| version.is_some())?,
    };
    let registry = text(map, "registry").map(|registry| format!("{registry}/")).unwrap_or_default();
    Some(format!("{registry}{name}{}", version.unwrap_or_default()))
}

/// The text behind a key, unless it is empty.
fn text(map: &Place, key: &str) -> Option<String> {
    let (_, value) = map.entry(key)?;
    value.as_text().filter(|text| !text.is_empty()).map(str::to_owned)
}
