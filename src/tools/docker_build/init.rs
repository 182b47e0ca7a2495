//! What `init` writes for the images of a repository: as compose files, CI files and scripts build them, and a guess for other Dockerfiles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::inputs::ImageBuild;
use crate::scan::seen::{folder_of, in_folder, is_aside};
use crate::scan::suggestion::{LeftOut, Seen, SuggestedGate, Suggestion, quoted};
use crate::text::paths::{forward, normalise};

/// The id of the gate. Gates that scan its images need it.
pub(in crate::tools) const GATE: &str = "images";

/// A larger Dockerfile is not read.
const LARGEST: u64 = 256 << 10;

/// Whether there is an image to build.
pub(in crate::tools) fn builds_images(seen: &Seen) -> bool {
    !images(seen).0.is_empty()
}

pub(super) fn suggest(seen: &Seen) -> Suggestion {
    let (images, left_out) = images(seen);
    let mut suggestion = Suggestion::of_some(!images.is_empty(), || {
        SuggestedGate::new(GATE, "Images, tagged with the commit.", keys(&seen.name, &images))
    });
    suggestion.left_out = left_out;
    suggestion
}

/// An image to build: Dockerfile, context and target.
#[derive(Debug, PartialEq, Eq)]
struct Image {
    dockerfile: String,
    context: String,
    target: Option<String>,
}

/// The images to build, and the Dockerfiles that are left out.
fn images(seen: &Seen) -> (Vec<Image>, Vec<LeftOut>) {
    let mut told: BTreeMap<String, Vec<ImageBuild>> = BTreeMap::new();
    // What tests and workplaces build for themselves is not shipped.
    let shipped = |build: &ImageBuild| !(is_aside(&build.dockerfile) && is_aside(&build.named_by));
    for build in seen.builds().into_iter().filter(shipped) {
        told.entry(build.dockerfile.clone()).or_default().push(build);
    }
    let (mut images, mut left_out) = (Vec::new(), Vec::new());
    for dockerfile in seen.dockerfiles() {
        let copied = copied(&seen.top.join(&dockerfile)).unwrap_or_default();
        let builds = match told.remove(&dockerfile) {
            Some(builds) => by_likelihood(builds),
            None if is_aside(&dockerfile) => {
                let why = "its folder looks like tests, examples, a template or a workplace, and nothing else builds it";
                left_out.push(LeftOut { what: dockerfile, why: why.to_owned() });
                continue;
            }
            None => {
                vec![Image { context: guessed_context(seen, &dockerfile, &copied), dockerfile, target: None }]
            }
        };
        for image in builds {
            match copied.iter().find(|path| !is_there(seen, &image.context, path)) {
                None => images.push(image),
                Some(missing) => {
                    let missing = in_folder(&image.context, missing);
                    let what = format!("{} (copies {missing})", image.dockerfile);
                    let why = "what it copies is not there: does another step make it?".to_owned();
                    left_out.push(LeftOut { what, why });
                }
            }
        }
    }
    left_out.dedup();
    (images, left_out)
}

/// The builds of one Dockerfile. Of several that build the same target, the likeliest says in which context.
fn by_likelihood(mut builds: Vec<ImageBuild>) -> Vec<Image> {
    builds.sort_by_key(|build| (rank(&build.named_by), build.named_by.clone()));
    let mut targets = BTreeSet::new();
    let first = builds.into_iter().filter(|build| targets.insert(build.target.clone()));
    first
        .map(|ImageBuild { dockerfile, context, target, .. }| Image { dockerfile, context, target })
        .collect()
}

fn is_there(seen: &Seen, context: &str, path: &str) -> bool {
    let path = forward(&normalise(Path::new(&in_folder(context, path)))).to_string();
    seen.has(&path) || seen.has_folder(&path)
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
fn guessed_context(seen: &Seen, dockerfile: &str, copied: &[String]) -> String {
    let own = folder_of(dockerfile);
    let above = Path::new(own).ancestors().filter_map(Path::to_str);
    let mut folders = above.map(|folder| if folder.is_empty() { "." } else { folder });
    folders.find(|folder| copied.iter().all(|path| is_there(seen, folder, path))).unwrap_or(own).to_owned()
}

/// The files and folders that a Dockerfile copies from its context, as far as their names are plain.
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
        copied.extend(
            sources.iter().map(|path| plain_part(path).trim_start_matches("./").trim_matches('/').to_owned()),
        );
    }
    copied.retain(|path| !path.is_empty() && path != "." && !path.starts_with(".."));
    Some(copied)
}

/// A path as far as it is plain: the folders before a variable or a wildcard. Of an address, nothing.
fn plain_part(path: &str) -> &str {
    match path.find(['$', '*', '?', '[', ':']) {
        Some(at) if path[at..].starts_with(':') => "",
        Some(at) => path[..at].rsplit_once('/').map_or("", |(folder, _)| folder),
        None => path,
    }
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
