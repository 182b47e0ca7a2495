//! Images in files: an archive of `docker save`, an OCI archive, a folder in the OCI image layout. Scanners look at one image of a file,
//! and pass others by, so each image of several gets a layout of its own.

mod compressed;
mod layout;
mod tar;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::scan::invocation::SCRATCH;
use crate::scan::parsed::Unplanned;
use crate::scan::platform::Platform;
use crate::text::shared::Text;

use layout::{Found, Layout};
use tar::Tar;

/// The largest list of an archive of `docker save` that is read.
const MOST: u64 = 4 << 20;

/// One image of `input`, as planned.
#[derive(Clone, Debug)]
pub struct InputImage {
    path: PathBuf,
    /// The path in gates.toml.
    shown: String,
    /// Which of several it is, by its platform; `None`: it is the only one.
    which: Option<String>,
    /// Every image that the file must have then.
    all: Vec<String>,
    /// How the program is given the file itself.
    as_it_is: String,
    /// How it is given the file without its compression.
    as_unpacked: String,
    /// How it is given a layout of this image alone.
    as_layout: String,
    /// The folder of that layout, as written in arguments.
    layout: String,
    /// It has the form of a layout already, as far as it is known.
    is_layout: bool,
}

/// What the program is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    AsItIs,
    /// The same without the compression of gzip.
    Unpacked,
    Layout,
}

/// What is in a file.
enum Content {
    /// An archive of `docker save`, or something that its scanner must know.
    Single,
    /// One image, as an archive of `docker save` and as a layout at once.
    Both(Layout, Found),
    Layout(Layout, Vec<Found>),
}

impl InputImage {
    /// The images of a file. One that is not there yet has one image, or those of `platforms`.
    ///
    /// # Errors
    /// If it is a folder without an image.
    pub(crate) fn all_of(path: &Path, shown: &str, platforms: &[String]) -> Result<Vec<Self>, Unplanned> {
        let found = match look(path, shown) {
            Ok(Content::Layout(_, found)) => Some(found),
            Ok(Content::Single | Content::Both(..)) => None,
            // An earlier gate may write it again.
            Err(_) if path.is_file() => None,
            Err(why) => return Err(Unplanned::Impossible(why)),
        };
        let one = |which: Option<String>, all: &[String]| Self {
            path: path.to_owned(),
            shown: shown.to_owned(),
            which,
            all: all.to_owned(),
            as_it_is: String::new(),
            as_unpacked: String::new(),
            as_layout: String::new(),
            layout: String::new(),
            is_layout: found.is_some(),
        };
        let names: Vec<String> = match (&found, platforms) {
            (Some(found), []) => found.iter().map(|image| image.name.clone()).collect(),
            _ => platforms.iter().map(|platform| Platform::named(platform).to_string()).collect(),
        };
        if names.is_empty() || names.len() == 1 && platforms.is_empty() {
            return Ok(vec![one(None, &[])]);
        }
        Ok(names.iter().map(|name| one(Some(name.clone()), &names)).collect())
    }

    /// The file, the same however gates.toml writes its path.
    pub(crate) fn file(&self) -> Text {
        Text::from(self.path.to_string_lossy().into_owned())
    }

    /// Its name as a target: the path, and the platform if it is one of several.
    pub(crate) fn target(&self) -> String {
        match &self.which {
            Some(which) => format!("{} {which}", self.shown),
            None => self.shown.clone(),
        }
    }

    /// Says how a program is given a file, and a layout: by what stands before the path. `folder`: where the layout is made.
    pub(crate) fn given(mut self, file: &str, layout: &str, folder: String) -> Self {
        self.as_it_is = format!("{file}{}", self.path.to_string_lossy());
        self.as_unpacked = format!("{file}{folder}{UNPACKED}");
        self.as_layout = format!("{layout}{folder}");
        self.layout = folder;
        self
    }

    /// The argument, as far as the form is known.
    pub(crate) fn argument(&self) -> &str {
        if self.is_layout { &self.as_layout } else { &self.as_it_is }
    }

    /// The same, now that the form is known.
    pub(crate) fn argument_as(&self, form: Form) -> &str {
        match form {
            Form::AsItIs => &self.as_it_is,
            Form::Unpacked => &self.as_unpacked,
            Form::Layout => &self.as_layout,
        }
    }

    /// Looks into the file once more, now that earlier gates have written it, and makes the layout of this image if it needs one.
    ///
    /// # Errors
    /// If the file has other images than were planned, or can't be read.
    pub(crate) fn make(&self, scratch: &Path) -> Result<Form, String> {
        let shown = &self.shown;
        let unpacked = self.unpacked(scratch);
        let is_unpacked = compressed::unpack(&self.path, &unpacked)
            .map_err(|error| format!("{shown} can't be unpacked: {error}"))?;
        let (path, whole) = match is_unpacked {
            true => (&unpacked, Form::Unpacked),
            false => (&self.path, Form::AsItIs),
        };
        let (layout, found) = match look(path, shown)? {
            Content::Single if self.which.is_none() => return Ok(whole),
            Content::Both(layout, image) if self.which.is_none() => {
                let verified = layout.verify(&image.descriptor);
                verified.map_err(|why| format!("the image of {shown} can't be read: {why}"))?;
                return Ok(whole);
            }
            Content::Single | Content::Both(..) => {
                return Err(format!(
                    "{shown} has not the platforms that were planned: {}",
                    self.all.join(", ")
                ));
            }
            Content::Layout(layout, found) => (layout, found),
        };
        let names: Vec<&str> = found.iter().map(|image| image.name.as_str()).collect();
        let image = match &self.which {
            None => found.first().filter(|_| found.len() == 1).ok_or_else(|| {
                format!(
                    "{shown} has {} images by now ({}), and one was planned: name them in `platforms`, since the file is written in the run",
                    names.len(),
                    names.join(", ")
                )
            }),
            Some(which) => {
                let same = names.len() == self.all.len() && self.all.iter().all(|name| names.contains(&name.as_str()));
                let image = found.iter().find(|image| image.name == *which).filter(|_| same);
                image.ok_or_else(|| format!("{shown} has {} by now, and {} were planned: run again, or name them in `platforms`", names.join(", "), self.all.join(", ")))
            }
        }?;
        let folder = self.folder(scratch);
        let unwritten = |error: std::io::Error| format!("the folder of an image can't be made: {error}");
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unwritten(error)),
            _ => {}
        }
        layout
            .split(&image.descriptor, &folder)
            .map_err(|why| format!("the image {} of {shown} can't be read: {why}", image.name))?;
        Ok(Form::Layout)
    }

    /// Removes the layout, and what was unpacked.
    pub(crate) fn forget(&self, scratch: &Path) {
        // The folder of the run goes at its end anyway.
        let _ = fs::remove_dir_all(self.folder(scratch));
        let _ = fs::remove_file(self.unpacked(scratch));
    }

    fn unpacked(&self, scratch: &Path) -> PathBuf {
        PathBuf::from(format!("{}{UNPACKED}", self.folder(scratch).display()))
    }

    fn folder(&self, scratch: &Path) -> PathBuf {
        PathBuf::from(self.layout.replace(SCRATCH, &scratch.to_string_lossy()))
    }
}

/// The ending of the file that was unpacked, beside the folder of a layout.
const UNPACKED: &str = ".tar";

/// What is at this path now. `shown`: the path in messages.
fn look(path: &Path, shown: &str) -> Result<Content, String> {
    let wrong = |why: String| format!("{shown} {why}");
    let unread = |why: String| format!("{shown} can't be read: {why}");
    let layout = if path.is_dir() {
        if !path.join("oci-layout").is_file() {
            return Err(wrong(
                "is a folder, and not in the OCI image layout: it has no oci-layout".to_owned(),
            ));
        }
        Layout::Folder(path.to_owned())
    } else if path.is_file() {
        let Some(tar) = Tar::open(path).map_err(|error| unread(error.to_string()))? else {
            return compressed::form(path).map_or(Ok(Content::Single), |(form, command)| {
                Err(wrong(format!("is compressed with {form}: unpack it first: `{command} {shown}`")))
            });
        };
        let saved = saved(&tar).map_err(unread)?;
        if !tar.has("index.json") || !tar.has("oci-layout") {
            return match saved {
                Some(images) if images.len() > 1 => Err(wrong(format!(
                    "has {} images ({}), and a scanner looks at one of them: save each to a file of its own",
                    images.len(),
                    images.into_iter().map(Saved::name).collect::<Vec<_>>().join(", ")
                ))),
                _ => Ok(Content::Single),
            };
        }
        let layout = Layout::Archive(tar);
        // `docker save` writes both since version 25.
        if let Some(saved) = saved {
            let images = layout.images().map_err(unread)?;
            both(&layout, &saved, &images).map_err(unread)?;
            if let ([_], [image]) = (&saved[..], &images[..]) {
                return Ok(Content::Both(layout, image.clone()));
            }
        }
        layout
    } else {
        return Ok(Content::Single);
    };
    let found = layout.images().map_err(unread)?;
    match found.is_empty() {
        true => Err(wrong("has no image".to_owned())),
        false => Ok(Content::Layout(layout, found)),
    }
}

/// Looks whether both lists of an archive mean the same images: one program reads `manifest.json`, another `index.json`. The second
/// may name more, which are then looked at too.
fn both(layout: &Layout, saved: &[Saved], images: &[Found]) -> Result<(), String> {
    let Layout::Archive(tar) = layout else { return Ok(()) };
    let configs: Vec<String> = images.iter().filter_map(|image| layout.config_of(image)).collect();
    for image in saved {
        let name = image.config.trim_start_matches("./");
        let digits = tar.sha256(name).map_err(|error| format!("{LIST} names {name}: {error}"))?;
        let config = format!("sha256:{digits}");
        if !configs.contains(&config) {
            return Err(format!(
                "{LIST} is about the image {config}, and index.json about {}; write it again",
                if configs.is_empty() { "none that is there".to_owned() } else { configs.join(", ") }
            ));
        }
    }
    Ok(())
}

/// The list of an archive of `docker save` (moby `image/tarexport`).
const LIST: &str = "manifest.json";

/// An image of that list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    repo_tags: Option<Vec<String>>,
}

impl Saved {
    fn name(self) -> String {
        self.repo_tags.and_then(|tags| tags.into_iter().next()).unwrap_or(self.config)
    }
}

/// The images of an archive of `docker save`.
fn saved(tar: &Tar) -> Result<Option<Vec<Saved>>, String> {
    if !tar.has(LIST) {
        return Ok(None);
    }
    let bytes = tar.read(LIST, MOST).map_err(|error| format!("{LIST}: {error}"))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{LIST}: {error}"))
}

#[cfg(test)]
mod tests;
