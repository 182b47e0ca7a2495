//! `docker build`: builds the images that later gates scan, and reports what BuildKit's build checks
//! say of the Dockerfile. An image that was not built leaves the gate without proof.

mod log;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use crate::config::{Keys, Located};
use crate::finding::{Category, Finding, Location, Text};
use crate::place::{Place, forward, normalise};
use crate::plan::{BuiltImage, Scene};
use crate::proof::Unproven;
use crate::reach::{Reach, Says};
use crate::repo::Repo;
use crate::retry::passing_fault;
use crate::scope::{Scope, Unit};
use crate::severity::Severity;
use crate::tool::{Exit, Job, Parsed, RawReport, Scanner, Tool, Unplanned, VersionFrom};

pub static SCANNER: Scanner = Scanner {
    name: "docker-build",
    title: "docker build",
    stage: "Build images",
    program: "docker",
    version_args: &["--version"],
    version: VersionFrom::Asking,
    install: "https://docs.docker.com/engine/install/, and start its daemon",
    secret_fields: &[],
    steering: &[],
    configure,
};

#[derive(Debug)]
struct DockerBuild {
    images: Vec<Image>,
}

/// One image of `images`.
#[derive(Debug)]
struct Image {
    name: String,
    /// Folder, relative to gates.toml, or an address that Docker fetches.
    context: String,
    file: Option<String>,
    target: Option<String>,
    build_args: Vec<(String, String)>,
    tags: Vec<String>,
}

fn configure(keys: &Keys) -> Box<dyn Tool> {
    keys.word("engine", &[("docker", ())]);
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
    Box::new(DockerBuild { images })
}

impl Image {
    fn read(table: &Keys) -> Option<Image> {
        let name = table.required_text("name");
        if let Some(name) = &name {
            check_name(table, name);
        }
        let image = Image {
            name: name.map(|name| name.value).unwrap_or_default(),
            context: table.text_or("context", "."),
            file: table.text("file").map(|file| file.value),
            target: table.text("target").map(|target| target.value),
            build_args: table
                .table("build_args")
                .map(|args| args.text_entries().into_iter().map(|(key, value)| (key, value.value)).collect())
                .unwrap_or_default(),
            tags: table.texts_or("tags", &[]),
        };
        table.finish("an image of `images`");
        (!image.name.is_empty()).then_some(image)
    }

    /// The name with the commit, so that a tag always means the same content.
    fn reference(&self, repo: &Repo) -> String {
        match repo.head.as_deref().map(|head| head.get(..12).unwrap_or(head)) {
            Some(commit) => format!("{}:{commit}", self.name),
            None => format!("{}:portcullis", self.name),
        }
    }

    /// The Dockerfile, relative to gates.toml; `None` where the context is an address.
    fn dockerfile(&self) -> Option<String> {
        match &self.file {
            Some(file) => Some(file.clone()),
            None if self.context.contains("://") || self.context.starts_with("git@") => None,
            None => {
                Some(forward(&normalise(&std::path::Path::new(&self.context).join("Dockerfile"))).to_string())
            }
        }
    }
}

/// What distribution/reference allows in a name, as far as people get it wrong.
fn check_name(keys: &Keys, name: &Located<String>) {
    let last = name.value.rsplit('/').next().unwrap_or_default();
    let help = if last.contains([':', '@']) {
        "leave the tag out: Portcullis tags it with the commit, and `tags` adds more"
    } else if name.value.chars().any(|c| c.is_uppercase() || c.is_whitespace()) || last.is_empty() {
        "lower case letters, digits, `.`, `_`, `-` and `/`"
    } else {
        return;
    };
    keys.problem_with_help(name.at.clone(), format!("`{}` is not the name of an image", name.value), help);
}

impl Tool for DockerBuild {
    fn reach(&self) -> Vec<Reach> {
        let names = self.images.iter().map(|image| image.name.clone()).collect();
        vec![Reach::new("images", Says::Images(Some(names))), Reach::rest(format!("{:?}", self.images))]
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        Ok(self.images.iter().map(|image| job(image, scene)).collect())
    }

    fn builds(&self, scene: &Scene) -> Vec<BuiltImage> {
        self.images
            .iter()
            .map(|image| BuiltImage {
                name: Text::from(image.name.as_str()),
                reference: image.reference(scene.repo),
            })
            .collect()
    }

    /// Build checks that fail leave with 0, unless the Dockerfile asks for errors.
    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Silent,
            _ => Exit::Fault("the image was not built"),
        }
    }

    fn parse(&self, raw: &RawReport, place: &Place) -> Result<Parsed, Unproven> {
        let document = String::from_utf8_lossy(raw.report());
        let document = document.trim();
        if raw.exit.is_some() || document.starts_with("sha256:") {
            let id = image_id(document)?;
            let mut parsed = Parsed { scope: Scope::of(Unit::Images, 1), ..Parsed::default() };
            parsed.proof.push(format!("built {id}"));
            parsed.image_id = Some(id);
            // BuildKit tells its checks on standard error, behind the steps; the classic builder has
            // none, and prints its steps on standard output.
            let log = log::read(&raw.stderr_text())?;
            let classic = || log::read(&String::from_utf8_lossy(&raw.stdout)).map(|log| log.ending);
            if raw.exit.is_some() && log.ending == log::Ending::Untold && classic()? == log::Ending::Untold {
                let why = "its log does not come to the end of the build, where the build checks are told";
                parsed.gaps.push(why.to_owned());
            }
            self.add_warnings(log.warnings, place, &mut parsed);
            return Ok(parsed);
        }
        self.parse_log(document, place)
    }

    /// The daemon that does not answer, and a registry that is busy. Not what a step of the
    /// Dockerfile printed: only the line that says why the build failed.
    fn passing_fault(&self, raw: &RawReport) -> Option<String> {
        let cause = self.complaint(raw)?;
        if cause.contains("Cannot connect to the Docker daemon") {
            return Some(cause);
        }
        passing_fault(&cause)
    }

    fn complaint(&self, raw: &RawReport) -> Option<String> {
        let stdout = String::from_utf8_lossy(&raw.stdout);
        log::cause(&raw.stderr_text())
            .or_else(|| log::cause(&stdout))
            .or_else(|| log::last_words(&raw.stderr_text()))
    }
}

impl DockerBuild {
    /// A log that some other step kept, instead of the image id.
    fn parse_log(&self, text: &str, place: &Place) -> Result<Parsed, Unproven> {
        if text.is_empty() {
            return Err(Unproven::Empty { what: log::WHAT });
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
            (log::Ending::Untold, None) => {
                let detail = "it does not say that an image was built, or a Dockerfile checked".to_owned();
                return Err(Unproven::Foreign { what: log::WHAT, detail });
            }
        }
        self.add_warnings(log.warnings, place, &mut parsed);
        Ok(parsed)
    }

    fn add_warnings(&self, warnings: Vec<log::Warning>, place: &Place, parsed: &mut Parsed) {
        let image = self.images.iter().find(|image| *image.name == *place.target);
        let dockerfile = image.map_or(Some("Dockerfile".to_owned()), Image::dockerfile);
        for warning in warnings {
            // Nobody has rated the checks; Docker calls them warnings and builds all the same.
            let mut finding = Finding::new(warning.rule, Category::Lint, Severity::Low, warning.message);
            let file = warning.file.or_else(|| dockerfile.clone());
            finding.location =
                file.map(|file| Location::file(place.relative(&file)).lines(warning.line, None));
            finding.references = warning.url.map(Text::from).into_iter().collect();
            finding.image = parsed.image_id.clone();
            parsed.findings.push(finding);
        }
    }
}

fn job(image: &Image, scene: &Scene) -> Job {
    let reference = image.reference(scene.repo);
    let mut job = scene.job(SCANNER.program, &image.name);
    let id_file = job.report_file("image-id");
    job.args(["build", "--iidfile", &id_file, "-t", &reference]);
    for tag in &image.tags {
        let tag = if tag.contains([':', '/']) { tag.clone() } else { format!("{}:{tag}", image.name) };
        job.args(["-t", &tag]);
    }
    if let Some(file) = &image.file {
        job.args(["-f", file]);
    }
    if let Some(target) = &image.target {
        job.args(["--target", target]);
    }
    for (key, value) in &image.build_args {
        job.args(["--build-arg", &format!("{key}={value}")]);
    }
    job.arg(&image.context);
    // The flag `--progress` is unknown to the classic builder; the variable is for BuildKit alone.
    job.env("BUILDKIT_PROGRESS", "plain");
    job.because(match scene.repo.head {
        Some(_) => "tagged with the commit".to_owned(),
        None => "no commit to tag it with".to_owned(),
    });
    job.image = Some(reference);
    job
}

/// What `--iidfile` holds.
fn image_id(text: &str) -> Result<Text, Unproven> {
    const WHAT: &str = "image id file";
    if text.is_empty() {
        return Err(Unproven::Empty { what: WHAT });
    }
    let digits = text.strip_prefix("sha256:").unwrap_or_default();
    match digits.len() {
        64 if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => Ok(Text::from(text)),
        n if n < 64 && text.starts_with("sha256:") => {
            Err(Unproven::Cut { what: WHAT, detail: format!("{n} digits of 64") })
        }
        _ => {
            Err(Unproven::Foreign { what: WHAT, detail: "it does not hold sha256: and 64 digits".to_owned() })
        }
    }
}
