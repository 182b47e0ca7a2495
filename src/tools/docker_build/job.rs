//! How one image is built: its command, its tags and labels, and why it is built so.

use std::collections::{BTreeMap, HashSet};

use crate::scan::job::Job;
use crate::scan::job_files::Beside;
use crate::scan::parsed::Unplanned;
use crate::scan::questions::{About, ClosingQuestion};
use crate::scan::scene::Scene;
use crate::system::ci;
use crate::system::git::Repo;
use crate::system::variables;
use crate::tools::registry::logins;

use super::engine::Builder;
use super::fetch::FetchOrBuild;
use super::image::Image;
use super::platform::INSPECTED;
use super::{DockerBuild, IMAGE_ID, REVISION, compose, engine};

impl DockerBuild {
    /// The images that gates.toml describes, then those of its compose file.
    pub(super) fn all_images(&self, repo: &Repo) -> Result<Vec<Image>, String> {
        let mut images = self.images.clone();
        if let Some(compose) = &self.compose {
            images.extend(compose.images(repo)?);
        }
        let mut seen = HashSet::new();
        match images.iter().find(|image| !seen.insert(image.name.as_str())) {
            Some(twice) => Err(format!(
                "two images are called {0}: give one another name, as in `services = [{{ service = \"…\", name = \"…\" }}]`",
                twice.name
            )),
            None => Ok(images),
        }
    }

    pub(super) fn job(&self, image: &Image, scene: &Scene) -> Result<Job, Unplanned> {
        if scene.repo.head.is_none() {
            image.refuse_only_mutable_tags()?;
        }
        let strays = image.strays(scene.repo, self.engine);
        let differs = scene.repo.dirty || !strays.is_empty();
        let reference = image.reference(scene.repo, differs);
        let mut job = scene.job(self.engine.program(), &image.name);
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
        job.planned.dockerfile = image.dockerfile();
        for (name, value) in self.labels(image, scene.repo, differs, variables::get) {
            job.args(["--label", &format!("{name}={value}")]);
        }
        job.invocation.options_end = Some(job.invocation.args.len());
        job.arg(&image.context);
        if image.platform.is_some() {
            let args = self.engine.inspect().iter().map(|&arg| arg.to_owned()).collect();
            job.closing_questions.push(ClosingQuestion {
                name: INSPECTED,
                args,
                about: About::Report(IMAGE_ID),
            });
        }
        // The flag `--progress` is unknown to the classic builder; the variable is for BuildKit alone.
        job.env("BUILDKIT_PROGRESS", "plain");
        say_what_the_tag_means(&mut job, &reference, scene.repo, &strays);
        if let Some((file, service)) = &image.told_by {
            let why = format!("{}; built as `services.{service}` of {file} says", job.why);
            job.because(why);
            job.notes.extend(compose::overridden(scene.repo, file));
        }
        if let (Some(repository), Some(revision), false) = (&image.fetch, &scene.repo.head, differs) {
            let tag = reference.rsplit(':').next().unwrap_or_default().to_owned();
            let why = format!(
                "{}, unless {}:{tag} is there already, from this commit",
                job.why,
                repository.full_name()
            );
            job.because(why);
            if let Some(helper) = logins::helper(self.engine, &repository.registry, &variables::value) {
                job.also_starts(&helper);
            }
            job.by_steps(FetchOrBuild {
                repository: repository.clone(),
                tag,
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

    /// Labels for the image's origin, and those that the configuration adds. The time of the build is
    /// left out: with it the same content would get a new id each time.
    pub(super) fn labels(
        &self,
        image: &Image,
        repo: &Repo,
        differs: bool,
        var: impl Fn(&str) -> Option<String>,
    ) -> BTreeMap<String, String> {
        let revision = repo.described(usize::MAX, differs).map(|commit| (REVISION, commit));
        let number = ci::build_number(&var).filter(|_| self.ci_labels).map(|number| (BUILD_NUMBER, number));
        let url = ci::build_url(&var).filter(|_| self.ci_labels).map(|url| (BUILD_URL, url));
        let own = [revision, number, url].into_iter().flatten().map(|(name, value)| (name.to_owned(), value));
        own.chain(self.labels.iter().chain(&image.labels).cloned()).collect()
    }
}

/// `strays`: files of the build context that are in no commit.
fn say_what_the_tag_means(job: &mut Job, reference: &str, repo: &Repo, strays: &[String]) {
    let tag = reference.rsplit(':').next().unwrap_or_default();
    match (&repo.head, strays) {
        (None, _) => {
            job.notes.push(format!("{reference}: without a commit, any build can replace this tag"));
            job.because("no commit to tag it with");
        }
        (Some(_), []) if !repo.dirty => drop(job.because("tagged with the commit")),
        (Some(_), []) => {
            job.notes.push(format!("the work tree differs from the commit, so the tag is {tag}"));
            job.because("tagged with the commit, and marked because the work tree differs from it");
        }
        (Some(_), [first, others @ ..]) => {
            let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
            job.notes.push(format!(
                "{first}{more} in its build context: in no commit, so the tag is {tag}; commit it, or name it in .gitignore or .dockerignore"
            ));
            job.because(
                "tagged with the commit, and marked because files of its build context are in no commit",
            );
        }
    }
}

const BUILD_NUMBER: &str = "build.number";
const BUILD_URL: &str = "build.url";
