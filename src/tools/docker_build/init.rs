//! What `init` writes for the Dockerfiles of a repository.

use std::collections::BTreeSet;

use crate::scan::suggestion::{Seen, SeenFile, SuggestedGate, Suggestion, quoted};

/// The id of the gate. Gates that scan its images need it.
pub(in crate::tools) const GATE: &str = "images";

/// Whether there is an image to build.
pub(in crate::tools) fn builds_images(seen: &Seen) -> bool {
    seen.files.iter().any(is_dockerfile)
}

pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let dockerfiles: Vec<&SeenFile> = seen.files.iter().filter(|file| is_dockerfile(file)).collect();
    Suggestion::for_seen(dockerfiles.len(), "Dockerfile", || {
        SuggestedGate::new(GATE, "Images, tagged with the commit.", images(&seen.name, &dockerfiles))
    })
}

fn is_dockerfile(file: &SeenFile) -> bool {
    let name = &file.name;
    name == "Dockerfile" || name.starts_with("Dockerfile.") || name.ends_with(".Dockerfile")
}

fn images(repository: &str, dockerfiles: &[&SeenFile]) -> String {
    let mut taken = BTreeSet::new();
    let mut images = String::new();
    for SeenFile { folder, name: file, .. } in dockerfiles {
        let suffix = file.trim_start_matches("Dockerfile").trim_end_matches(".Dockerfile").trim_matches('.');
        let base = if folder == "." { repository } else { folder.as_str() };
        let mut name = image_name(&format!("{base}-{suffix}"));
        while !taken.insert(name.clone()) {
            name.push_str("-2");
        }
        let file = match file.as_str() {
            "Dockerfile" => String::new(),
            file => format!(", file = {}", quoted(&format!("{folder}/{file}"))),
        };
        images.push_str(&format!("  {{ name = {}, context = {}{file} }},\n", quoted(&name), quoted(folder)));
    }
    format!("images = [\n{images}]\n")
}

/// Makes a valid image name.
fn image_name(text: &str) -> String {
    let name: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .collect();
    let words: Vec<&str> = name.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "image".to_owned() } else { words.join("-") }
}
