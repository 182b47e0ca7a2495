//! What a tool knows when it plans its jobs.

use std::path::PathBuf;

use crate::inputs::{File, Inputs};
use crate::scan::container_engine::ContainerEngine;
use crate::scan::image_export::ImageExport;
use crate::scan::invocation::{Invocation, SCRATCH};
use crate::scan::job::Job;
use crate::scan::platform::Platform;
use crate::system::git::{Range, Repo};
use crate::text::hash::sha256;
use crate::text::paths::{forward, normalise};
use crate::text::shared::Text;

/// What a tool knows when it plans its jobs.
#[derive(Debug)]
pub struct Scene<'a> {
    pub repo: &'a Repo,
    /// The gate's id.
    pub gate: &'a str,
    /// The commits to scan, if the user narrowed the run (`--since`).
    pub since: Option<&'a Range>,
    /// Images that the gates in `needs` build, in order.
    pub built: &'a [BuiltImage],
    /// What there is to look at; empty unless a tool of the run [reads it](crate::scan::tool::Tool::reads_inputs).
    pub(crate) inputs: &'a Inputs,
}

/// An image that a gate of this run builds.
#[derive(Clone, Debug)]
pub struct BuiltImage {
    /// The name in gates.toml: `notes-backend`.
    pub name: Text,
    /// The name that scanners get: `notes-backend:3f2a91c`.
    pub reference: String,
    /// Of an image that is built for several platforms: this one's, and the name of all of them together.
    pub(crate) part: Option<PlatformPart>,
    /// Its tag names no commit, so another image may get the same tag. It is good for a scan in this
    /// run, and for nothing that outlives the run.
    pub mutable: bool,
    /// The other names that its build gives it.
    pub tags: Vec<String>,
    /// The engine that builds it.
    pub engine: ContainerEngine,
    /// How this engine is started, without arguments.
    pub invocation: Invocation,
}

/// One platform of an image that is built for several.
#[derive(Clone, Debug)]
pub(crate) struct PlatformPart {
    pub platform: Platform,
    /// `notes-backend:3f2a91c`
    pub whole: String,
}

impl BuiltImage {
    /// Its name as a target of gates: `notes-backend`, or `notes-backend linux/arm64` if it is built for several platforms.
    pub(crate) fn target(&self) -> String {
        match &self.part {
            Some(part) => format!("{} {}", self.name, part.platform),
            None => self.name.to_string(),
        }
    }

    /// The image as a file in the temporary folder of the run.
    pub(crate) fn export(&self) -> ImageExport {
        ImageExport {
            reference: self.reference.clone(),
            names: self.tags.iter().map(|tag| Text::from(tag.as_str())).collect(),
            engine: self.engine,
            invocation: self.invocation.clone(),
            // `=` is in no reference.
            file: format!("{SCRATCH}/{EXPORTS}/{}.tar", folder_name(&self.reference).replace("~3a", "=")),
        }
    }

    /// An image of Docker, for the tests of tools.
    #[cfg(test)]
    pub(crate) fn of_docker(name: &str, reference: &str) -> Self {
        Self {
            name: name.into(),
            reference: reference.to_owned(),
            part: None,
            mutable: false,
            tags: Vec::new(),
            engine: ContainerEngine::Docker,
            invocation: Invocation::new("docker", PathBuf::from("/repo")),
        }
    }
}

/// The folder of the exported images. No gate has this id.
const EXPORTS: &str = ".images";

impl Scene<'_> {
    /// A job for `target`, started in the folder of gates.toml.
    pub fn job(&self, program: &str, target: &str) -> Job {
        self.job_in(program, target, self.repo.base.clone())
    }

    /// A job for the directory `dir` (relative to gates.toml), started there.
    pub fn job_in_dir(&self, program: &str, dir: &str) -> Job {
        let full = normalise(&self.repo.base.join(dir));
        let target = forward(full.strip_prefix(&self.repo.root).unwrap_or(&full));
        self.job_in(program, &target, full)
    }

    /// The files below a directory (relative to gates.toml), with their paths relative to it.
    pub(crate) fn files_below(&self, dir: &str) -> impl Iterator<Item = (String, File<'_>)> {
        let full = normalise(&self.repo.base.join(dir));
        let below = full.strip_prefix(&self.repo.root).ok().map(|below| forward(below).to_string());
        let length = below.as_deref().filter(|below| *below != ".").map_or(0, |below| below.len() + 1);
        let files =
            below.map(|below| self.inputs.files().below(&below).collect::<Vec<_>>()).unwrap_or_default();
        files.into_iter().map(move |file| (file.path().get(length..).unwrap_or_default().to_owned(), file))
    }

    fn job_in(&self, program: &str, target: &str, cwd: PathBuf) -> Job {
        let folder = folder_name(target);
        Job::new(program, target, cwd, format!("{SCRATCH}/{}/{folder}", self.gate))
    }
}

/// File systems allow 255 bytes.
const LONGEST_NAME: usize = 150;

/// A file name for a target: readable, and different for each target.
fn folder_name(target: &str) -> String {
    let mut name = String::with_capacity(target.len());
    for c in target.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => name.push(c),
            '.' if !name.is_empty() => name.push('.'),
            '.' if target == "." => name.push_str("root"),
            '/' => name.push('+'),
            // Trivy reads what stands behind `@` in the path of a layout as a digest.
            ' ' => name.push('='),
            other => name.push_str(&format!("~{:x}", u32::from(other))),
        }
    }
    if name.len() > LONGEST_NAME {
        // All remaining characters are ASCII.
        name.truncate(LONGEST_NAME);
        name.push_str(&sha256(target.as_bytes())[..16]);
    }
    name
}
