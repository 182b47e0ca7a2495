//! `docker build`: builds the images that later gates scan, and reports what BuildKit's build checks
//! find in the Dockerfile. If an image was not built, the gate has no proof. podman and buildah can
//! build, too.

mod ask_platform;
mod compose;
mod context;
mod dockerfile;
mod engine;
mod fetch;
mod image;
pub(super) mod init;
mod job;
mod log;
mod origin;

use std::collections::{BTreeSet, HashSet};
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
use crate::scan::gate_outputs::{BUILT_FOR, CONFIG_DIGEST};
use crate::scan::job::Job;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::platform::Platform;
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::{BuiltImage, PlatformPart, Scene};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::system::variables;
use crate::text::hash::is_sha256;
use crate::text::shared::Text;
use crate::tools::docker_build::compose::Compose;
use crate::tools::docker_build::engine::{Builder, INSPECTED};
use crate::tools::docker_build::fetch::{FETCHED, Inspected, PLATFORM};
use crate::tools::docker_build::image::Image;
use crate::tools::platforms::read_platforms;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "docker-build",
    title: "docker build",
    stage: "Build images",
    usual_seconds: 60,
    program: "docker",
    version_args: &["--version"],
    version: VersionFrom::Asking,
    docs: "docs/configuration.md#docker-build",
    install: "https://docs.docker.com/engine/install/, and start its daemon; or, with `engine`, podman.io or buildah.io",
    secret_fields: Declared::None("its report is the id of an image"),
    // It would build for another platform than this machine's, and only gates.toml asks for one.
    steering: &[ask_platform::VARIABLE],
    looks_for: Declared::List(&[Aim::Lint]),
    config_files: Declared::None("the Dockerfile is its input, and its build checks always give warnings"),
    init: init::suggest,
    configure,
};

#[derive(Debug, Serialize)]
struct DockerBuild {
    engine: ContainerEngine,
    /// One for each platform. Named like the keys of one image in the manual. `images` is for the names alone, see `coverage`.
    #[serde(rename = "images[]")]
    images: Vec<Image>,
    /// Further images: services of a compose file.
    #[serde(flatten)]
    compose: Option<Compose>,
    /// Labels of every image. The labels of one image override them.
    labels: Vec<(String, String)>,
    /// Whether labels also give the number and the address of the build.
    ci_labels: bool,
}

fn configure(keys: &Keys) -> Box<dyn Tool> {
    let engine = keys.word_or("engine", &ContainerEngine::WORDS, ContainerEngine::Docker);
    let platforms = read_platforms(keys).unwrap_or_default();
    let read: Vec<Vec<Image>> =
        keys.tables("images").iter().map(|table| Image::read(table, &platforms)).collect();
    let compose = Compose::read(keys, &platforms);
    if keys.exists() && read.is_empty() && !keys.has("images") && !keys.has("compose") {
        let help = "write `images = [{ name = \"app\", context = \".\" }]`, or `compose = \"compose.yaml\"`";
        keys.problem_with_help(keys.at(), "`images` is missing", help);
    } else if keys.has("images") && keys.tables("images").is_empty() {
        keys.problem(keys.at_key("images"), "`images` is empty: name at least one");
    }
    let mut seen = HashSet::new();
    for image in read.iter().filter_map(|parts| parts.first()).filter(|image| !seen.insert(&image.name)) {
        keys.problem(keys.at_key("images"), format!("two images are called `{}`", image.name));
    }
    let labels = origin::read_labels(keys);
    origin::check_args(keys);
    ask_platform::check(keys);
    fetch::check_repositories(keys, &read);
    let images = read.into_iter().flatten().collect();
    Box::new(DockerBuild { engine, images, compose, labels, ci_labels: keys.flag_or("ci_labels", true) })
}

impl Tool for DockerBuild {
    fn coverage(&self) -> Vec<Coverage> {
        // By both names: a floor asks for the image, and a platform that is left out later is missed.
        let names = self.images.iter().flat_map(|image| [image.name.clone(), image.target()]);
        let names: BTreeSet<String> = names.collect();
        let services = self.compose.as_ref().and_then(Compose::names);
        vec![
            Coverage::new("images", Extent::Images(Some(names.into_iter().collect()))),
            Coverage::new("services", Extent::These(services)).only_if(self.compose.is_some()),
        ]
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let images = self.all_images(scene.repo).map_err(Unplanned::Impossible)?;
        images.iter().map(|image| self.job(image, scene)).collect()
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
            // BuildKit keeps the caches of platforms apart.
            if answer.is_some() && job.planned.may_cache {
                job.invocation.args.retain(|arg| arg != NO_CACHE);
            }
        }
    }

    fn builds(&self, scene: &Scene) -> Vec<BuiltImage> {
        // What is wrong with a compose file, the plan says.
        let images = self.all_images(scene.repo).unwrap_or_default();
        images
            .iter()
            .map(|image| BuiltImage {
                name: Text::from(image.name.as_str()),
                reference: image.reference(scene.repo, self.differs(image, scene.repo)),
                part: image.part().map(|platform| PlatformPart {
                    platform,
                    whole: image.whole_reference(scene.repo, self.differs(image, scene.repo)),
                }),
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
            let mut id = image_id(document)?;
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
                parsed.image_digest.clone_from(&digests.manifest);
                let answered = raw.answer(INSPECTED).and_then(Inspected::read);
                let id_now = answered.and_then(|image| digests.id_of_engine(&id, &image.id));
                let config = digests.config.or_else(|| id_now.as_ref().map(|_| id.clone()));
                id = id_now.unwrap_or(id);
                if let Some(config) = config.filter(|config| *config != id) {
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
            self.add_warnings(log.warnings, raw, origin, &mut parsed);
            return Ok(parsed);
        }
        self.parse_log(document, raw, origin)
    }

    /// Reads only the line that says why the build failed, not what a step of the Dockerfile printed.
    fn transient_error(&self, raw: &RawReport) -> Option<String> {
        self.error_line(raw).filter(|cause| log::is_transient(cause))
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
    fn parse_log(&self, text: &str, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
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
        self.add_warnings(log.warnings, raw, origin, &mut parsed);
        Ok(parsed)
    }

    /// Whether the image is of the platform that was asked for, if one was, and which one it is.
    fn compare_platform(&self, raw: &RawReport, origin: &ReportOrigin, parsed: &mut Parsed) {
        let image = self.image(&origin.target);
        let planned = raw.planned.and_then(|planned| planned.platform.as_deref());
        let asked = planned.or(image.and_then(|image| image.platform.as_deref()));
        if raw.exit.is_none() && !raw.by_steps {
            return;
        }
        let of_steps =
            || raw.further_report(PLATFORM).map(|name| Platform::named(&String::from_utf8_lossy(name)));
        let is_it = |answer: &&[u8]| {
            let (image, known) = (Inspected::read(answer), [&parsed.image_id, &parsed.image_digest]);
            // Without a manifest of its own, the engine was asked by the id.
            parsed.image_digest.is_none()
                || image.is_some_and(|image| known.iter().any(|id| id.as_deref() == Some(image.id.as_str())))
        };
        match raw.answer(INSPECTED).filter(is_it).and_then(Platform::inspected).or_else(of_steps) {
            None => {
                let unsaid = |asked| format!("the engine does not say whether it was built for {asked}");
                parsed.gaps.extend(asked.map(unsaid));
            }
            Some(built) if asked.is_none_or(|asked| built.meets(&Platform::named(asked))) => {
                parsed.proof.push(format!("built for {built}"));
                let part = asked.filter(|_| raw.planned.is_some_and(|planned| planned.is_part));
                let platform = part.map_or(built, Platform::named);
                parsed.outputs.insert(BUILT_FOR.to_owned(), platform.to_string());
            }
            Some(built) => parsed.gaps.push(format!(
                "it was built for {built}, and `platform` is {}: see the FROM lines of its Dockerfile, or use BuildKit",
                asked.unwrap_or_default()
            )),
        }
    }

    fn add_warnings(
        &self,
        warnings: Vec<log::Warning>,
        raw: &RawReport,
        origin: &ReportOrigin,
        parsed: &mut Parsed,
    ) {
        let image = self.image(&origin.target);
        let planned = raw.planned.and_then(|planned| planned.dockerfile.clone());
        let dockerfile = planned.or_else(|| image.map_or(Some("Dockerfile".to_owned()), Image::dockerfile));
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

/// Keeps the engine from its cache.
const NO_CACHE: &str = "--no-cache";

/// The file with the id of the image.
const IMAGE_ID: &str = "image-id";

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
