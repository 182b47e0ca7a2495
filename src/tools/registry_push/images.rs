//! The keys of gates.toml that name images, repositories and tags.

use std::collections::HashSet;

use serde::Serialize;

use crate::keys::table::{Keys, Located, Named};

use crate::tools::registry::address::{is_repository, is_tag};

/// The placeholder for the commit in a tag.
pub(super) const COMMIT: &str = "{commit}";

/// One image of `images`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Image {
    /// The name in docker-build. With a tag: an image that is on this machine already.
    pub name: String,
    /// The whole name, without the registry.
    pub repository: Option<String>,
    pub tags: Option<Vec<String>>,
}

/// Reads `images`.
pub(super) fn read_images(keys: &Keys, names: Vec<Named>) -> Vec<Image> {
    let images: Vec<Image> = names.into_iter().filter_map(Image::read).collect();
    let mut seen = HashSet::new();
    for image in images.iter().filter(|image| !seen.insert(image.name.as_str())) {
        keys.problem(keys.at_key("images"), format!("two images are called `{}`", image.name));
    }
    images
}

/// Reads `tags`: the tags that stay with their image.
pub(super) fn read_tags(keys: &Keys) -> Option<Vec<String>> {
    let tags = keys.texts("tags")?;
    if tags.is_empty() {
        keys.problem(keys.at_key("tags"), "`tags` is empty: name at least one, or leave the key out");
    }
    let stays = |tag: &Located<String>| {
        if tag.value == "latest" {
            keys.problem_with_help(
                tag.at.clone(),
                "`latest` does not stay with an image",
                "what is deployed needs a tag that stays; write `moving_tags = [\"latest\"]` beside it",
            );
        }
        tag.value != "latest"
    };
    Some(tags.into_iter().filter(stays).filter_map(|tag| read_tag(keys, tag)).collect())
}

/// Reads one tag.
pub(super) fn read_tag(keys: &Keys, tag: Located<String>) -> Option<String> {
    let fits = is_tag(&tag.value.replace(COMMIT, "0123456789ab"));
    if !fits {
        let help = "letters, digits, `_`, `.` and `-`; `{commit}` stands for the commit";
        keys.problem_with_help(tag.at, format!("`{}` is not a tag", tag.value), help);
    }
    fits.then_some(tag.value)
}

/// Reads the name of a repository, or the beginning of one.
pub(super) fn repository(keys: &Keys, key: &'static str) -> Option<String> {
    let text = keys.text(key)?;
    let fits = is_repository(&text.value);
    if !fits {
        let help = "lower case letters, digits, `.`, `_`, `-` and `/`";
        keys.problem_with_help(text.at, format!("`{}` is not the name of a repository", text.value), help);
    }
    fits.then_some(text.value)
}

impl Image {
    fn read(named: Named) -> Option<Self> {
        match named {
            Named::Text(name) => Some(Self { name: name.value, repository: None, tags: None }),
            Named::Table(table) => {
                let name = table.required_text("name");
                let (repository, tags) = (repository(&table, "repository"), read_tags(&table));
                table.finish("an image of `images`");
                Some(Self { name: name?.value, repository, tags })
            }
        }
    }
}
