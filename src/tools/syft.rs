//! Syft (Anchore): the packages of an image or a folder, written as CycloneDX and SPDX.
//!
//! It finds no vulnerabilities, so its proof is the inventory itself: it contains packages, and the
//! documents of one run agree.

mod coverage;
mod init;
mod inventory;
mod lock_names;
mod own_packages;

use serde::Serialize;

use crate::formats::{cyclonedx, spdx};
use crate::keys::table::Keys;
use crate::model::aim::Aim;
use crate::model::input::InputKind;
use crate::policy::coverage::{Coverage, Extent};
use crate::policy::licence::InventoryRules;
use crate::scan::config_file::{BaseOverride, ConfigFile, ConfigNote};
use crate::scan::declared::Declared;
use crate::scan::image_file::InputImage;
use crate::scan::job::Job;
use crate::scan::job_files::Keep;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::reads::{Reach, Reads, locks};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::retry::transient_error;
use crate::scan::scene::{BuiltImage, Scene};
use crate::scan::survey::{Judge, Survey};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::text::paths::normalise;
use crate::tools::inventory_check::check_components;
use crate::tools::passed_over::LINKS;
use crate::tools::platforms::input_platforms;
use lock_names::finds_lock;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "syft",
    title: "Syft",
    stage: "SBOM",
    usual_seconds: 10,
    program: "syft",
    version_args: &["--version"],
    version: VersionFrom::Report,
    docs: "docs/configuration.md#syft",
    install: "brew install syft, or a release archive of github.com/anchore/syft",
    // The settings of the run (registry credentials among them), and the labels, environment and
    // build history of the image.
    secret_fields: Declared::List(&["configuration", "config", "labels"]),
    // Every setting is a variable too (SYFT_EXCLUDE, SYFT_SELECT_CATALOGERS).
    steering: &["SYFT_*", "!SYFT_CACHE_DIR", "!SYFT_REGISTRY_*"],
    looks_for: Declared::None("it lists packages; `licences` says which licences are not allowed"),
    config_files: Declared::List(&[
        &CONFIG[0], &CONFIG[1], &CONFIG[2], &CONFIG[3], &CONFIG[4], &CONFIG[5], &CONFIG[6], &CONFIG[7],
    ]),
    init: init::suggest,
    configure,
};

/// Its configuration in the folder where it starts: files that `exclude` names are in no inventory. As seen
/// with Syft 1.18. A file that `--config` names replaces all of these.
static CONFIG: [ConfigFile; 8] = [
    declared(".syft.yaml", ""),
    declared(".syft.yml", ""),
    declared(".syft.json", "{}"),
    declared(".syft.toml", ""),
    declared(".syft/config.yaml", ""),
    declared(".syft/config.yml", ""),
    declared(".syft/config.json", "{}"),
    declared(".syft/config.toml", ""),
];

const fn declared(name: &'static str, neutral: &'static str) -> ConfigFile {
    let overrule = BaseOverride::Take { neutral: Some(neutral), take };
    ConfigFile {
        name,
        describe: describe_config,
        overrule,
        bars: None,
        programs: None,
        part: None,
        follows: None,
    }
}

fn take(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    job.options(["--config"].into_iter().chain(copy));
    Ok(())
}

/// Whether it leaves files out. In JSON and TOML, keys and other text are not distinguished.
fn describe_config(content: &[u8]) -> Option<ConfigNote> {
    let text = String::from_utf8_lossy(content);
    let narrows = ["exclude", "select-catalogers", "default-catalogers", "base-path"];
    let found = narrows.into_iter().filter(|word| text.contains(word)).map(str::to_owned);
    Some(ConfigNote::Holds(found.collect()))
}

#[derive(Debug, Serialize)]
struct Syft {
    /// `None`: the images or, if there are no images, the folder of gates.toml.
    dirs: Option<Vec<String>>,
    /// `None`: those of the gates in `needs`.
    images: Option<Vec<String>>,
    /// Images in files.
    input: Option<Vec<String>>,
    /// The platforms in each file of `input`. Empty: what is there when the run begins says it.
    platforms: Vec<String>,
    #[serde(skip)]
    needs: bool,
    /// What the inventory may contain.
    #[serde(flatten)]
    contents: InventoryRules,
}

fn configure(keys: &Keys) -> Box<dyn Tool> {
    let list = |key| keys.has(key).then(|| keys.texts_or(key, &[]));
    Box::new(Syft {
        dirs: list("dirs"),
        images: list("images"),
        input: keys.one_or_more("input"),
        platforms: input_platforms(keys),
        needs: keys.has("needs"),
        contents: InventoryRules::read(keys),
    })
}

impl Syft {
    /// The folders whose packages it lists.
    fn folders(&self) -> Vec<String> {
        let here = || match self.named() {
            None if !self.needs => vec![".".to_owned()],
            _ => Vec::new(),
        };
        self.dirs.clone().unwrap_or_else(here)
    }

    fn dir_job(dir: &str, scene: &Scene) -> Job {
        let mut job = scene.job_in_dir(SPEC.program, dir);
        job.args(["scan", "dir:."]);
        if &*job.target != "." {
            // Otherwise the inventory would have the name ".".
            let name = job.target.to_string();
            job.args(["--source-name", &name]);
        }
        job.because(format!("the packages in {dir}"));
        // Syft opens no link that leads out of the folder (1.42).
        job.planned.unread = LINKS.count(scene, dir);
        outputs(job, scene)
    }

    /// An image that the user names. Syft decides where to find it: Docker, Podman, containerd, a registry.
    fn named_image(reference: &str, scene: &Scene) -> Job {
        let mut job = scene.job(SPEC.program, reference);
        job.args(["scan", reference]).because("an image of `images`");
        job.image = Some(reference.to_owned());
        outputs(job, scene)
    }

    /// The images that the user names; `None`: those of `needs`.
    fn named(&self) -> Option<Vec<String>> {
        self.images.clone().or_else(|| self.input.as_ref().map(|_| Vec::new()))
    }

    /// The images of a file.
    fn image_file(&self, file: &str, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let path = normalise(&scene.repo.base.join(file));
        let job = |image: InputImage| {
            let target = image.target();
            let mut job = scene.job(SPEC.program, &target);
            let source = job.reads_input(image, "docker-archive:", "oci-dir:");
            job.args(["scan", &source, "--source-name", &target]).because("an image of `input`");
            outputs(job, scene)
        };
        Ok(InputImage::all_of(&path, file, &self.platforms)?.into_iter().map(job).collect())
    }

    fn built_image(image: &BuiltImage, scene: &Scene) -> Job {
        let mut job = scene.job(SPEC.program, &image.target());
        let source = format!("docker-archive:{}", job.reads_image(image));
        job.args(["scan", &source]).because("as soon as it is built, by its id");
        // Otherwise the inventory would be named after the file.
        let (name, tag) = image.reference.rsplit_once(':').unwrap_or((&image.reference, ""));
        job.args(["--source-name", name, "--source-version", tag]);
        outputs(job, scene)
    }
}

/// One run writes several documents: Syft's own, the only one with the image's id; the two standards
/// in versions that Portcullis reads; and the newest CycloneDX for the user. No `--quiet`: it would
/// also hide why a run failed.
fn outputs(mut job: Job, scene: &Scene) -> Job {
    let native = job.report_file("syft.json");
    let cyclonedx = job.report_file("cyclonedx-1.5.json");
    let spdx = job.report_file("spdx-2.3.json");
    let newest = job.scratch_file("cyclonedx.json");
    for output in [
        format!("syft-json={native}"),
        format!("cyclonedx-json@1.5={cyclonedx}"),
        format!("spdx-json@2.3={spdx}"),
        format!("cyclonedx-json={newest}"),
    ] {
        job.args(["-o", &output]);
    }
    for file in &CONFIG {
        job.reads(job.invocation.cwd.join(file.name), file);
    }
    job.env("SYFT_CHECK_FOR_APP_UPDATE", "false").own_temporary_files();
    let folder = job.scratch().rsplit('/').next().unwrap_or_default();
    let name = format!("sbom/{}/{folder}", scene.gate);
    job.files.keep = vec![
        Keep { scratch: "cyclonedx.json".to_owned(), out: format!("{name}.cdx.json") },
        Keep { scratch: "spdx-2.3.json".to_owned(), out: format!("{name}.spdx.json") },
    ];
    job
}

/// Options after which it lists less (`syft scan --help`, 1.42).
const NARROWING: &[&str] = &[
    "--base-path",
    "--catalogers",
    "--config",
    "-c",
    "--exclude",
    "--override-default-catalogers",
    "--platform",
    "--profile",
    "--scope",
    "-s",
    "--select-catalogers",
];

impl Tool for Syft {
    fn coverage(&self) -> Vec<Coverage> {
        let images = if self.needs { self.named() } else { Some(self.images.clone().unwrap_or_default()) };
        let files = Some(self.input.clone().unwrap_or_default());
        let mut all = vec![
            Coverage::folders("dirs", &self.folders()),
            Coverage::new("images", Extent::Images(images)),
            Coverage::new("input", Extent::Images(files)),
        ];
        all.extend(self.contents.coverage());
        all
    }

    fn reads(&self) -> Vec<Reads> {
        vec![Reads::new(locks(), &self.folders(), Reach::BelowNamed)]
    }

    fn reads_inputs(&self) -> bool {
        !self.folders().is_empty()
    }

    fn reads_path(&self, kind: InputKind, path: &str) -> bool {
        finds_lock(kind, path)
    }

    fn only_lists(&self) -> bool {
        true
    }

    fn unnamed<'a>(&'a self, survey: &'a Survey<'a>) -> Judge<'a> {
        coverage::judge(&self.folders(), survey)
    }

    fn also_looks_for(&self) -> Vec<Aim> {
        self.contents.asks().then_some(Aim::Licences).into_iter().collect()
    }

    fn inventory_rules(&self) -> Option<&InventoryRules> {
        Some(&self.contents)
    }

    fn narrowing_options(&self) -> &'static [&'static str] {
        NARROWING
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let dirs = self.dirs.iter().flatten().map(|dir| Self::dir_job(dir, scene));
        let images = self.images.iter().flatten().map(|image| Self::named_image(image, scene));
        let mut jobs: Vec<Job> = dirs.chain(images).collect();
        for file in self.input.iter().flatten() {
            jobs.extend(self.image_file(file, scene)?);
        }
        if self.named().is_none() {
            jobs.extend(scene.built.iter().map(|image| Self::built_image(image, scene)));
        }
        if jobs.is_empty() {
            if self.needs {
                let why = "no image to scan: none of the gates in `needs` builds one";
                return Err(Unplanned::Impossible(why.to_owned()));
            }
            jobs.push(Self::dir_job(".", scene));
        }
        jobs.iter_mut().for_each(|job| job.notes.extend(self.contents.warnings()));
        Ok(jobs)
    }

    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Silent,
            _ => Exit::Fault("error"),
        }
    }

    /// For images in a registry, the last line says why Syft could not get them.
    fn transient_error(&self, raw: &RawReport) -> Option<String> {
        transient_error(&self.error_line(raw)?)
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let mut parsed = match (raw.exit, raw.documents.as_slice()) {
            (_, [native, cyclonedx, spdx]) => {
                read_run([&native.bytes, &cyclonedx.bytes, &spdx.bytes], origin)
            }
            (None, _) => read_one(raw.report(), origin),
            (Some(_), _) => Err(ReportError::Empty { what: inventory::WHAT }),
        }?;
        let listed = crate::formats::inventory::components(raw.report());
        let listed = listed.map(|listed| own_packages::marked(listed, raw.report(), origin));
        check_components(&self.contents, listed, &mut parsed)?;
        if raw.exit.is_some() && parsed.image_id.is_none() {
            parsed.listed_packages = inventory::places(raw.report(), origin)?;
            parsed.read_inputs = parsed.listed_packages.keys().cloned().collect();
            parsed.unread = raw.unread();
        }
        Ok(parsed)
    }

    fn error_line(&self, raw: &RawReport) -> Option<String> {
        let stderr = raw.stderr_text();
        let plain = anstream::adapter::strip_str(&stderr).to_string();
        let mut lines = plain.lines().skip_while(|line| !line.contains("ERROR "));
        let Some((_, said)) = lines.next().and_then(|line| line.split_once("ERROR ")) else {
            let last = plain.lines().rev().find(|line| line.chars().any(char::is_alphanumeric));
            return last.map(|line| line.trim().to_owned());
        };
        // The causes follow, one on each line. The first is Docker's.
        let cause = lines.next().map(|line| line.trim().trim_start_matches(['-', '*', ' ']));
        Some(match cause.filter(|_| said.ends_with(':')) {
            Some(cause) => format!("{said} {cause}"),
            None => said.to_owned(),
        })
    }
}

/// The three documents of a run: each must be complete, and all must agree.
fn read_run(documents: [&[u8]; 3], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    let [native, cyclonedx_bytes, spdx_bytes] = documents;
    let inventory = inventory::Inventory::read(native)?;
    let of_cyclonedx = cyclonedx::read(cyclonedx_bytes, origin)?;
    let of_spdx = spdx::read(spdx_bytes, origin)?;
    let packages = inventory.packages();
    for (what, others) in [
        ("CycloneDX", inventory::cyclonedx_packages(cyclonedx_bytes)?),
        ("SPDX", inventory::spdx_packages(spdx_bytes)?),
    ] {
        if let Some(difference) = packages.difference(&others) {
            return Err(ReportError::ToolError(format!(
                "Syft's own inventory and its {what} disagree: {difference}"
            )));
        }
    }
    let mut parsed = inventory.into_parsed();
    parsed.proof.extend(of_cyclonedx.proof.into_iter().chain(of_spdx.proof));
    parsed.proof.push("the inventories in CycloneDX, SPDX and Syft's own format agree".to_owned());
    Ok(parsed)
}

/// A document that another step saved, in any of the three formats.
fn read_one(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    match inventory::format_of(bytes)? {
        inventory::Format::Native => inventory::Inventory::read(bytes).map(inventory::Inventory::into_parsed),
        inventory::Format::CycloneDx => cyclonedx::read(bytes, origin),
        inventory::Format::Spdx => spdx::read(bytes, origin),
    }
}

#[cfg(test)]
mod tests;
