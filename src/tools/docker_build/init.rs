//! What `init` writes for the images of a repository: as compose files, CI files and scripts build them, and a guess for other Dockerfiles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::inputs::{BuildArgs, ImageBuild};
use crate::redact::names::looks_secret;
use crate::scan::seen::{folder_of, in_folder, is_aside};
use crate::scan::suggestion::{LeftOut, Seen, SuggestedGate, Suggestion, quoted};
use crate::tools::docker_build::dockerfile::Dockerfile;

/// The id of the gate. Gates that scan its images need it.
pub(in crate::tools) const GATE: &str = "images";

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

/// An image to build.
#[derive(Debug, PartialEq, Eq)]
struct Image {
    dockerfile: String,
    context: String,
    target: Option<String>,
    args: BTreeMap<String, String>,
}

const NO_VALUE: &str =
    "nothing here gives that a value, or only when it builds: add the image with its `build_args`";

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
        let read = Dockerfile::read(&seen.top.join(&dockerfile));
        let builds = match told.remove(&dockerfile) {
            Some(builds) => builds,
            None if is_aside(&dockerfile) => {
                let why = "its folder looks like tests, examples, a template or a workplace, and nothing else builds it";
                left_out.push(LeftOut { what: dockerfile, why: why.to_owned() });
                continue;
            }
            None => vec![guessed(seen, &dockerfile, &read.copied)],
        };
        let (known, unknown) = by_likelihood(builds, &read);
        for argument in unknown {
            let what = format!("{dockerfile} (build argument {argument})");
            left_out.push(LeftOut { what, why: NO_VALUE.to_owned() });
        }
        for image in known {
            match read.copied.iter().find(|path| !is_there(seen, &image.context, path)) {
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

/// The images of one Dockerfile, and the arguments without a value for want of which there are no more. Of several files that build the same
/// target, the likeliest says how, if it says all that the build needs.
fn by_likelihood(mut builds: Vec<ImageBuild>, read: &Dockerfile) -> (Vec<Image>, Vec<String>) {
    builds.sort_by_key(|build| (rank(&build.named_by), build.named_by.clone()));
    let mut targets: Vec<&Option<String>> = Vec::new();
    for build in &builds {
        if !targets.contains(&&build.target) {
            targets.push(&build.target);
        }
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for target in targets {
        let of_target: Vec<&ImageBuild> = builds.iter().filter(|build| build.target == *target).collect();
        let mut first_lack = None;
        for of_file in of_target.chunk_by(|one, other| one.named_by == other.named_by) {
            let mut images: Vec<Image> = Vec::new();
            let mut lacks = Vec::new();
            for build in of_file {
                match carried(&build.args, read) {
                    // The same with the same arguments is one image.
                    Ok(args) if images.iter().any(|image| image.args == args) => {}
                    Ok(args) => images.push(Image {
                        dockerfile: build.dockerfile.clone(),
                        context: build.context.clone(),
                        target: build.target.clone(),
                        args,
                    }),
                    Err(argument) => lacks.push(argument),
                }
            }
            if !images.is_empty() {
                known.append(&mut images);
                first_lack = Some(lacks);
                break;
            }
            first_lack.get_or_insert(lacks);
        }
        unknown.extend(first_lack.into_iter().flatten());
    }
    (known, unknown)
}

/// The arguments that a Dockerfile declares, with their values; what is a secret belongs into no file.
///
/// # Errors
/// The first argument that the build needs, and that has no value.
fn carried(args: &BuildArgs, read: &Dockerfile) -> Result<BTreeMap<String, String>, String> {
    let mut carried = BTreeMap::new();
    for (name, value) in args.iter().filter(|(name, _)| read.declares(name)) {
        match value.as_ref().filter(|_| !looks_secret(name)) {
            Some(value) => drop(carried.insert(name.clone(), value.clone())),
            // Without a value, the default of the Dockerfile counts.
            None if read.has_default(name) => {}
            None => return Err(name.clone()),
        }
    }
    match read.bases_need.iter().find(|name| !carried.contains_key(*name)) {
        Some(name) => Err(name.clone()),
        None => Ok(carried),
    }
}

fn is_there(seen: &Seen, context: &str, path: &str) -> bool {
    let path = in_folder(context, path);
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

/// A build that nothing tells: in the folder of the Dockerfile, or the nearest above it, that has all that it copies; otherwise its own.
fn guessed(seen: &Seen, dockerfile: &str, copied: &[String]) -> ImageBuild {
    let own = folder_of(dockerfile);
    let above = Path::new(own).ancestors().filter_map(Path::to_str);
    let mut folders = above.map(|folder| if folder.is_empty() { "." } else { folder });
    let context = folders.find(|folder| copied.iter().all(|path| is_there(seen, folder, path)));
    ImageBuild {
        dockerfile: dockerfile.to_owned(),
        context: context.unwrap_or(own).to_owned(),
        target: None,
        args: BuildArgs::new(),
        named_by: String::new(),
    }
}

fn keys(repository: &str, images: &[Image]) -> String {
    let mut taken = BTreeSet::new();
    let mut lines = String::new();
    for Image { dockerfile, context, target, args } in images {
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
        let args: Vec<String> =
            args.iter().map(|(name, value)| format!("{name} = {}", quoted(value))).collect();
        let args = match args.is_empty() {
            true => String::new(),
            false => format!(", build_args = {{ {} }}", args.join(", ")),
        };
        lines.push_str(&format!(
            "  {{ name = {}, context = {}{file}{target}{args} }},\n",
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
