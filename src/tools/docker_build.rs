//! `docker build`: builds the images that later gates scan, and reports what BuildKit's build checks
//! find in the Dockerfile. If an image was not built, the gate has no proof. podman and buildah can
//! build, too.

mod context;
mod dockerfile;
mod engine;
mod fetch;
mod image;
pub(super) mod init;
mod log;
mod platform;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::Serialize;

use crate::keys::table::Keys;
use crate::model::aim::Aim;
use crate::model::finding::{Category, Finding, Location};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::policy::coverage::{Coverage, Extent};
use crate::scan::container_engine::ContainerEngine;
use crate::scan::declared::Declared;
use crate::scan::gate_outputs::CONFIG_DIGEST;
use crate::scan::job::Job;
use crate::scan::job_files::Beside;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::questions::ClosingQuestion;
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::retry::transient_error;
use crate::scan::scene::{BuiltImage, Scene};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::system::ci;
use crate::system::git::Repo;
use crate::system::variables;
use crate::text::hash::is_sha256;
use crate::text::shared::Text;
use crate::tools::docker_build::engine::Builder;
use crate::tools::docker_build::fetch::{FETCHED, FetchOrBuild, PLATFORM};
use crate::tools::docker_build::image::Image;
use crate::tools::docker_build::platform::{INSPECTED, Platform};

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "docker-build",
    title: "docker build",
    stage: "Build images",
    program: "docker",
    version_args: &["--version"],
    version: VersionFrom::Asking,
    docs: "docs/configuration.md#docker-build",
    install: "https://docs.docker.com/engine/install/, and start its daemon; or, with `engine`, podman.io or buildah.io",
    secret_fields: Declared::None("its report is the id of an image"),
    steering: &[],
    looks_for: Declared::List(&[Aim::Lint]),
    config_files: Declared::None("the Dockerfile is its input, and its build checks always give warnings"),
    init: init::suggest,
    configure,
};

#[derive(Debug, Serialize)]
struct DockerBuild {
    engine: ContainerEngine,
    /// Named like the keys of one image in the manual. `images` is for the names alone, see `coverage`.
    #[serde(rename = "images[]")]
    images: Vec<Image>,
    /// Labels of every image. The labels of one image override them.
    labels: Vec<(String, String)>,
    /// Whether labels also give the number and the address of the build.
    ci_labels: bool,
}

fn configure(keys: &Keys) -> Box<dyn Tool> {
    let engine = keys.word_or("engine", &ContainerEngine::WORDS, ContainerEngine::Docker);
    let images: Vec<Image> = keys.tables("images").iter().filter_map(Image::read).collect();
    if keys.exists() && images.is_empty() && !keys.has("images") {
        let help = "write `images = [{ name = \"app\", context = \".\" }]`";
        keys.problem_with_help(keys.at(), "`images` is missing", help);
    } else if keys.exists() && keys.tables("images").is_empty() {
        keys.problem(keys.at_key("images"), "`images` is empty: name at least one");
    }
    let mut seen = HashSet::new();
    for image in images.iter().filter(|image| !seen.insert(image.name.as_str())) {
        keys.problem(keys.at_key("images"), format!("two images are called `{}`", image.name));
    }
    let labels = image::read_labels(keys);
    Box::new(DockerBuild { engine, images, labels, ci_labels: keys.flag_or("ci_labels", true) })
}

impl Tool for DockerBuild {
    fn coverage(&self) -> Vec<Coverage> {
        let names = self.images.iter().map(|image| image.name.clone()).collect();
        vec![Coverage::new("images", Extent::Images(Some(names)))]
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        self.images.iter().map(|image| self.job(image, scene)).collect()
    }

    fn names_commit(&self) -> bool {
        true
    }

    fn question(&self, program: &Path) -> Option<Vec<String>> {
        // The user has already chosen a builder.
        let chosen = variables::os("DOCKER_BUILDKIT").is_some();
        (!chosen).then(|| self.engine.question(program)).flatten()
    }

    fn prepare(&self, job: &mut Job, answer: Option<&str>) {
        if !job.invocation.env.contains_key("DOCKER_BUILDKIT") {
            engine::prepare(job, answer);
        }
    }

    fn builds(&self, scene: &Scene) -> Vec<BuiltImage> {
        self.images
            .iter()
            .map(|image| BuiltImage {
                name: Text::from(image.name.as_str()),
                reference: image.reference(scene.repo, self.differs(image, scene.repo)),
                mutable: scene.repo.head.is_none(),
                tags: image.further_names().collect(),
                engine: self.engine,
                invocation: scene.job(self.engine.program(), &image.name).invocation,
            })
            .collect()
    }

    /// The code is 0 even if build checks fail, unless the Dockerfile asks for errors.
    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Silent,
            _ => Exit::Fault("the image was not built"),
        }
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let document = String::from_utf8_lossy(raw.report());
        let document = document.trim();
        if raw.exit.is_some() || image_id(document).is_ok() || document.starts_with("sha256:") {
            let id = image_id(document)?;
            let mut parsed = Parsed { scope: Scope::of(Unit::Images, 1), ..Parsed::default() };
            match raw.further_report(FETCHED).map(String::from_utf8_lossy) {
                Some(remote) => {
                    parsed.proof.push(format!("fetched {id}, which {remote} has from this commit"))
                }
                None => parsed.proof.push(format!("built {id}")),
            }
            let metadata =
                raw.beside(engine::METADATA).next().or_else(|| raw.further_report(engine::METADATA));
            if let Some(digests) = metadata.map(engine::digests) {
                parsed.image_digest = digests.manifest;
                if let Some(config) = digests.config.filter(|config| *config != id) {
                    parsed.outputs.insert(CONFIG_DIGEST.to_owned(), config.to_string());
                }
            }
            parsed.image_id = Some(id);
            self.compare_platform(raw, origin, &mut parsed);
            // BuildKit reports its checks on standard error, after the steps. The classic builder has no
            // checks, and prints its steps on standard output.
            let log = log::read(&raw.stderr_text())?;
            let classic = || log::read(&String::from_utf8_lossy(&raw.stdout)).map(|log| log.ending);
            if raw.exit.is_some()
                && log.ending == log::Ending::Unreported
                && classic()? == log::Ending::Unreported
            {
                let why = "its log stops before the end of the build, where the build checks are reported";
                parsed.gaps.push(why.to_owned());
            }
            // The warnings are at the end of the log, after the image's name.
            parsed.gaps.extend(raw.lost_log());
            self.add_warnings(log.warnings, origin, &mut parsed);
            return Ok(parsed);
        }
        self.parse_log(document, origin)
    }

    /// The daemon does not answer, or a registry is busy. Reads only the line that says why the build
    /// failed, not what a step of the Dockerfile printed.
    fn transient_error(&self, raw: &RawReport) -> Option<String> {
        let cause = self.error_line(raw)?;
        if cause.contains("Cannot connect to the Docker daemon") {
            return Some(cause);
        }
        transient_error(&cause)
    }

    fn error_line(&self, raw: &RawReport) -> Option<String> {
        let stdout = String::from_utf8_lossy(&raw.stdout);
        log::cause(&raw.stderr_text())
            .or_else(|| log::cause(&stdout))
            .or_else(|| log::last_lines(&raw.stderr_text()))
    }
}

impl DockerBuild {
    /// Reads a log that another step saved, instead of the image id.
    fn parse_log(&self, text: &str, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        if text.is_empty() {
            return Err(ReportError::Empty { what: log::WHAT });
        }
        let log = log::read(text)?;
        let mut parsed = Parsed::default();
        match (log.ending, log.failure) {
            (_, Some(cause)) => parsed.gaps.push(format!("the image was not built: {cause}")),
            (log::Ending::Built(id), None) => {
                parsed.scope.add(Unit::Images, 1);
                parsed.image_id = id.map(Text::from);
            }
            (log::Ending::Checked, None) => parsed.scope.add(Unit::Files, 1),
            (log::Ending::Unreported, None) => {
                let detail = "it does not say that an image was built, or a Dockerfile checked".to_owned();
                return Err(ReportError::Foreign { what: log::WHAT, detail });
            }
        }
        self.add_warnings(log.warnings, origin, &mut parsed);
        Ok(parsed)
    }

    /// Whether the image is of the platform that was asked for.
    fn compare_platform(&self, raw: &RawReport, origin: &ReportOrigin, parsed: &mut Parsed) {
        let image = self.images.iter().find(|image| *image.name == *origin.target);
        let Some(asked) =
            image.and_then(|image| image.platform.as_deref()).filter(|_| raw.exit.is_some() || raw.by_steps)
        else {
            return;
        };
        let of_steps =
            || raw.further_report(PLATFORM).map(|name| Platform::named(&String::from_utf8_lossy(name)));
        match raw.answer(INSPECTED).and_then(Platform::inspected).or_else(of_steps) {
            None => parsed.gaps.push(format!("the engine does not say whether it was built for {asked}")),
            Some(built) if built.meets(&Platform::named(asked)) => parsed.proof.push(format!("built for {built}")),
            Some(built) => parsed.gaps.push(format!(
                "it was built for {built}, and `platform` is {asked}: see the FROM lines of its Dockerfile, or use BuildKit"
            )),
        }
    }

    fn add_warnings(&self, warnings: Vec<log::Warning>, origin: &ReportOrigin, parsed: &mut Parsed) {
        let image = self.images.iter().find(|image| *image.name == *origin.target);
        let dockerfile = image.map_or(Some("Dockerfile".to_owned()), Image::dockerfile);
        for warning in warnings {
            // The checks are unrated. Docker calls them warnings, and still builds the image.
            let mut finding = Finding::new(warning.rule, Category::Lint, Severity::Low, warning.message);
            let file = warning.file.or_else(|| dockerfile.clone());
            finding.location =
                file.map(|file| Location::file(origin.relative(&file)).lines(warning.line, None));
            finding.references = warning.url.map(Text::from).into_iter().collect();
            finding.image = parsed.image_id.clone();
            parsed.findings.push(finding);
        }
    }
}

impl DockerBuild {
    fn job(&self, image: &Image, scene: &Scene) -> Result<Job, Unplanned> {
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
        for (name, value) in self.labels(image, scene.repo, differs, variables::get) {
            job.args(["--label", &format!("{name}={value}")]);
        }
        job.invocation.options_end = Some(job.invocation.args.len());
        job.arg(&image.context);
        if image.platform.is_some() {
            let args = self.engine.inspect().iter().map(|&arg| arg.to_owned()).collect();
            job.closing_questions.push(ClosingQuestion { name: INSPECTED, args, about: IMAGE_ID });
        }
        // The flag `--progress` is unknown to the classic builder; the variable is for BuildKit alone.
        job.env("BUILDKIT_PROGRESS", "plain");
        say_what_the_tag_means(&mut job, &reference, scene.repo, &strays);
        if let (Some(repository), Some(revision), false) = (&image.fetch, &scene.repo.head, differs) {
            let tag = reference.rsplit(':').next().unwrap_or_default();
            let remote = format!("{repository}:{tag}");
            job.because(format!("unless {remote} is there already, from this commit"));
            job.by_steps(FetchOrBuild {
                remote,
                reference: reference.clone(),
                revision: revision.clone(),
                platform: image.platform.clone(),
                inspect: self.engine.inspect(),
            });
        }
        job.image = Some(reference);
        Ok(job)
    }

    /// Whether the image is built from something else than the commit.
    fn differs(&self, image: &Image, repo: &Repo) -> bool {
        repo.dirty || !image.strays(repo, self.engine).is_empty()
    }

    /// Labels for the image's origin, and those that the configuration adds. The time of the build is
    /// left out: with it the same content would get a new id each time.
    fn labels(
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

/// The file with the id of the image.
const IMAGE_ID: &str = "image-id";

/// From the OCI image specification (`annotations.md`).
const REVISION: &str = "org.opencontainers.image.revision";
const BUILD_NUMBER: &str = "build.number";
const BUILD_URL: &str = "build.url";

/// Reads the file of `--iidfile`.
fn image_id(text: &str) -> Result<Text, ReportError> {
    const WHAT: &str = "image id file";
    if text.is_empty() {
        return Err(ReportError::Empty { what: WHAT });
    }
    // Older versions of podman and buildah leave the algorithm out.
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    match digits.len() {
        _ if is_sha256(digits) => Ok(Text::from(format!("sha256:{digits}"))),
        n if n < 64 && text.starts_with("sha256:") => {
            Err(ReportError::Cut { what: WHAT, detail: format!("{n} digits of 64") })
        }
        _ => Err(ReportError::Foreign {
            what: WHAT,
            detail: "it does not hold sha256: and 64 digits".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests;
