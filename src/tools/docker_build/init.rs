//! What `init` writes for the images of a repository: as compose files, CI files and scripts build them, and a guess for other Dockerfiles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::inputs::ImageBuild;
use crate::scan::seen::{folder_of, in_folder, is_aside};
use crate::scan::suggestion::{Seen, SuggestedGate, Suggestion, quoted};

/// The id of the gate. Gates that scan its images need it.
pub(in crate::tools) const GATE: &str = "images";

/// A larger Dockerfile is not read.
const LARGEST: u64 = 256 << 10;

/// Whether there is an image to build.
pub(in crate::tools) fn builds_images(seen: &Seen) -> bool {
    !images(seen).0.is_empty()
}

pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let (images, aside) = images(seen);
    let mut suggestion = Suggestion::of_some(!images.is_empty(), || {
        SuggestedGate::new(GATE, "Images, tagged with the commit.", keys(&seen.name, &images))
    });
    for path in aside {
        suggestion.leave_out(
            path,
            "nothing here builds it, and its folder looks like tests, examples or a workplace",
        );
    }
    suggestion
}

/// An image to build: Dockerfile, context and target.
#[derive(Debug, PartialEq, Eq)]
struct Image {
    dockerfile: String,
    context: String,
    target: Option<String>,
}

/// The images to build, and the Dockerfiles that are none.
fn images(seen: &Seen) -> (Vec<Image>, Vec<String>) {
    let mut told: BTreeMap<String, Vec<ImageBuild>> = BTreeMap::new();
    for build in seen.builds() {
        told.entry(build.dockerfile.clone()).or_default().push(build);
    }
    let (mut images, mut aside) = (Vec::new(), Vec::new());
    for dockerfile in seen.dockerfiles() {
        let Some(mut builds) = told.remove(&dockerfile) else {
            match is_aside(&dockerfile) {
                true => aside.push(dockerfile),
                false => {
                    let context = guessed_context(seen, &dockerfile);
                    images.push(Image { dockerfile, context, target: None });
                }
            }
            continue;
        };
        // Of several files that build the same, the likeliest says in which context.
        builds.sort_by_key(|build| (rank(&build.named_by), build.named_by.clone()));
        let mut targets = BTreeSet::new();
        for ImageBuild { dockerfile, context, target, .. } in builds {
            if targets.insert(target.clone()) {
                images.push(Image { dockerfile, context, target });
            }
        }
    }
    (images, aside)
}

/// CI builds what is shipped; a compose file may build for work; scripts come last.
fn rank(named_by: &str) -> u8 {
    let name = named_by.rsplit('/').next().unwrap_or(named_by);
    let compose = ["compose", "docker-compose", "podman-compose"].iter().any(|stem| name.starts_with(stem));
    let script = [".sh", "Makefile", "package.json", ".mk"].iter().any(|ending| name.ends_with(ending));
    match (compose, script) {
        (true, _) => 1,
        (_, true) => 2,
        _ => 0,
    }
}

/// The folder of the Dockerfile, or the nearest above it, that has all that it copies; otherwise its own.
fn guessed_context(seen: &Seen, dockerfile: &str) -> String {
    let own = folder_of(dockerfile);
    let Some(copied) = copied(&seen.top.join(dockerfile)).filter(|copied| !copied.is_empty()) else {
        return own.to_owned();
    };
    let has_all = |folder: &str| {
        copied.iter().all(|path| {
            let path = in_folder(folder, path);
            seen.has(&path) || seen.has_folder(&path)
        })
    };
    let above = Path::new(own).ancestors().filter_map(Path::to_str);
    let mut folders = above.map(|folder| if folder.is_empty() { "." } else { folder });
    folders.find(|folder| has_all(folder)).unwrap_or(own).to_owned()
}

/// The files and folders that a Dockerfile copies from its context, as far as they are plain names.
fn copied(path: &Path) -> Option<Vec<String>> {
    let mut text = String::new();
    File::open(path).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut copied = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let is_copy = words
            .next()
            .is_some_and(|word| ["COPY", "ADD"].iter().any(|copy| word.eq_ignore_ascii_case(copy)));
        let words: Vec<&str> = words.collect();
        if !is_copy || words.iter().any(|word| word.starts_with("--from")) || line.contains("<<") {
            continue;
        }
        let quotes = |c: char| ['[', ']', '"', ',', '\''].contains(&c);
        let paths: Vec<&str> = words
            .into_iter()
            .filter(|word| !word.starts_with("--"))
            .map(|word| word.trim_matches(quotes))
            .collect();
        // The last one is where they go.
        let sources = paths.split_last().map(|(_, sources)| sources).unwrap_or_default();
        let plain = |path: &&&str| !path.contains(['$', '*', '?', '[', ':']);
        copied.extend(
            sources
                .iter()
                .filter(plain)
                .map(|path| path.trim_start_matches("./").trim_matches('/').to_owned()),
        );
    }
    copied.retain(|path| !path.is_empty() && path != "." && !path.starts_with(".."));
    Some(copied)
}

fn keys(repository: &str, images: &[Image]) -> String {
    let mut taken = BTreeSet::new();
    let mut lines = String::new();
    for Image { dockerfile, context, target } in images {
        let base = match folder_of(dockerfile) {
            "." => repository,
            folder => folder,
        };
        let file = dockerfile.rsplit('/').next().unwrap_or(dockerfile);
        let suffix =
            ["Dockerfile", "Containerfile"].iter().fold(file, |name, stem| name.trim_start_matches(stem));
        let suffix = suffix.trim_end_matches(".Dockerfile");
        let mut name = image_name(&format!("{base}-{suffix}-{}", target.as_deref().unwrap_or_default()));
        while !taken.insert(name.clone()) {
            name.push_str("-2");
        }
        let default = in_folder(context, "Dockerfile");
        let file =
            if *dockerfile == default { String::new() } else { format!(", file = {}", quoted(dockerfile)) };
        let target =
            target.as_ref().map(|target| format!(", target = {}", quoted(target))).unwrap_or_default();
        lines.push_str(&format!(
            "  {{ name = {}, context = {}{file}{target} }},\n",
            quoted(&name),
            quoted(context)
        ));
    }
    format!("images = [\n{lines}]\n")
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
