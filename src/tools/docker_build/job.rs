//! How one image is built: its command, and why it is built so.

use std::collections::HashSet;

use crate::scan::job::Job;
use crate::scan::job_files::Beside;
use crate::scan::parsed::Unplanned;
use crate::scan::questions::{About, ClosingQuestion};
use crate::scan::scene::Scene;
use crate::system::git::Repo;
use crate::system::variables;
use crate::tools::registry::logins;
use crate::tools::registry::reference::one_name;

use super::engine::{Builder, INSPECTED};
use super::fetch::FetchOrBuild;
use super::image::Image;
use super::origin::say_what_the_tag_means;
use super::{DockerBuild, IMAGE_ID, compose, engine};

impl DockerBuild {
    /// The images that gates.toml describes, then those of its compose file.
    pub(super) fn all_images(&self, repo: &Repo) -> Result<Vec<Image>, String> {
        let mut images = self.images.clone();
        if let Some(compose) = &self.compose {
            images.extend(compose.images(repo)?);
        }
        let mut seen = HashSet::new();
        match images.iter().find(|image| !seen.insert(image.target())) {
            Some(twice) => Err(format!(
                "two images are called {0}: give one another name, as in `services = [{{ service = \"…\", name = \"…\" }}]`",
                twice.name
            )),
            None => Ok(images),
        }
    }

    /// The image with this target's name.
    pub(super) fn image(&self, target: &str) -> Option<&Image> {
        self.images.iter().find(|image| image.target() == target)
    }

    pub(super) fn job(&self, image: &Image, scene: &Scene) -> Result<Job, Unplanned> {
        if scene.repo.head.is_none() {
            image.refuse_only_mutable_tags()?;
        }
        let strays = image.strays(scene.repo, self.engine);
        let differs = scene.repo.dirty || !strays.is_empty();
        let reference = image.reference(scene.repo, differs);
        let mut job = scene.job(self.engine.program(), &image.target());
        let id_file = job.report_file(IMAGE_ID);
        job.files.beside.push(Beside::Scratch(engine::METADATA));
        job.arg("build").args(self.engine.flags().iter().copied()).args([
            "--iidfile",
            &id_file,
            "-t",
            &reference,
        ]);
        image.arguments(&mut job, self.engine);
        job.planned.platform.clone_from(&image.platform);
        (job.planned.is_part, job.planned.may_cache) = (image.is_part, image.may_cache());
        job.planned.dockerfile = image.dockerfile();
        for (name, value) in self.labels(image, scene.repo, differs, variables::get) {
            job.args(["--label", &format!("{name}={value}")]);
        }
        job.invocation.options_end = Some(job.invocation.args.len());
        job.arg(&image.context);
        let args = self.engine.inspect().iter().map(|&arg| arg.to_owned()).collect();
        job.closing_questions.push(ClosingQuestion { name: INSPECTED, args, about: About::Report(IMAGE_ID) });
        // The flag `--progress` is unknown to the classic builder; the variable is for BuildKit alone.
        job.env("BUILDKIT_PROGRESS", "plain");
        say_what_the_tag_means(&mut job, &reference, scene.repo, &strays);
        if let Some((file, service)) = &image.told_by {
            let why = format!("{}; built as `services.{service}` of {file} says", job.why);
            job.because(why);
            job.notes.extend(compose::overridden(scene.repo, file));
            job.notes.extend_from_slice(&image.notes);
        }
        if let (Some(repository), Some(revision), false) = (&image.fetch, &scene.repo.head, differs) {
            let tag = |reference: &str| reference.rsplit(':').next().unwrap_or_default().to_owned();
            let whole = tag(&image.whole_reference(scene.repo, differs));
            let why = format!(
                "{}, unless {}:{whole} is there already, from this commit",
                job.why,
                repository.full_name()
            );
            job.because(why);
            job.fetches = Some((one_name(&repository.full_name()), image.name.clone()));
            // Of one platform of several the index counts, which is what is delivered. A push that broke off has left none, but
            // perhaps the tag of the platform.
            let own = image.is_part.then(|| tag(&reference));
            if let Some(helper) = logins::helper(self.engine, &repository.registry, &variables::value) {
                job.also_starts(&helper);
            }
            job.by_steps(FetchOrBuild {
                repository: repository.clone(),
                tags: [whole].into_iter().chain(own).collect(),
                reference: reference.clone(),
                revision: revision.clone(),
                platform: image.platform.clone(),
                engine: self.engine,
            });
        }
        job.image = Some(reference);
        Ok(job)
    }

    /// Whether the image is built from something else than the commit.
    pub(super) fn differs(&self, image: &Image, repo: &Repo) -> bool {
        repo.dirty || !image.strays(repo, self.engine).is_empty()
    }
}
