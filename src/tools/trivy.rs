//! Trivy (Aqua Security): known vulnerabilities, secrets, misconfigurations and licences of
//! images and folders.

mod age;
mod config_files;
mod coverage;
mod document;
mod images;
mod init;
mod lock_names;
mod log;
mod package_list;
mod report;
mod scan;

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::keys::table::Keys;
use crate::keys::values::read_duration;
use crate::model::aim::Aim;
use crate::model::input::{InputKind, PackageManager as Manager};
use crate::policy::coverage::{Coverage, Extent};
use crate::scan::declared::Declared;
use crate::scan::job::Job;
use crate::scan::job_files::Beside;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::readiness::Readiness;
use crate::scan::reads::{INFRASTRUCTURE, Reach, Reads, locks};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::retry::transient_error;
use crate::scan::scene::Scene;
use crate::scan::survey::{Judge, Survey};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::text::paths::normalise;
use crate::tools::named_files::NAMED;
use crate::tools::passed_over::LINKS;
use crate::tools::platforms::input_platforms;
use config_files::{CONFIG, IGNORES, NARROWING, SECRET_RULES};
use lock_names::{file_patterns, is_named, reads_lock};
use scan::Scan;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "trivy",
    title: "Trivy",
    stage: "Image scan",
    usual_seconds: 10,
    program: "trivy",
    version_args: &["--version"],
    version: VersionFrom::Report,
    docs: "docs/configuration.md#trivy",
    install: "brew install trivy, or a release archive of github.com/aquasecurity/trivy",
    // Trivy masks the secret itself, but not the lines around it. The image's configuration has its
    // environment, labels and build arguments.
    secret_fields: Declared::List(&["Match", "Code", "ImageConfig"]),
    // Every flag is a variable too (TRIVY_SKIP_DIRS, TRIVY_IGNORE_UNFIXED, TRIVY_IGNOREFILE). The
    // exceptions say where things are, and hold credentials.
    steering: &[
        "TRIVY_*",
        "!TRIVY_CACHE_DIR",
        "!TRIVY_CHECKS_BUNDLE_REPOSITORY",
        "!TRIVY_DB_REPOSITORY",
        "!TRIVY_DEBUG",
        "!TRIVY_INSECURE",
        "!TRIVY_JAVA_DB_REPOSITORY",
        "!TRIVY_NON_SSL",
        "!TRIVY_PASSWORD",
        "!TRIVY_REGISTRY_TOKEN",
        "!TRIVY_USERNAME",
    ],
    looks_for: Declared::None("`scan` and `scanners` choose what it looks for"),
    config_files: Declared::List(&[&CONFIG, &IGNORES, &SECRET_RULES, &NAMED]),
    init: init::suggest,
    configure,
};

/// The values of `--scanners` (`trivy fs --help`, 0.70).
const TOOLS: [&str; 4] = ["vuln", "misconfig", "secret", "license"];

#[derive(Debug, Serialize)]
struct Trivy {
    scan: Scan,
    dirs: Vec<String>,
    /// `None`: the images of the gates in `needs`.
    images: Option<Vec<String>>,
    /// Images in files.
    input: Option<Vec<String>>,
    /// The platforms in each file of `input`. Empty: what is there when the run begins says it.
    platforms: Vec<String>,
    scanners: Vec<String>,
    /// Names of files that it reads besides the usual ones: `pip:requirements.*`.
    file_patterns: Vec<String>,
    ignore_unfixed: bool,
    offline: bool,
    cache_dir: Option<String>,
    /// How old the database may be.
    max_db_age: Option<Duration>,
}

fn configure(keys: &Keys) -> Box<dyn Tool> {
    let named = keys.word("scan", &Scan::WORDS);
    let scan = named.unwrap_or_default();
    let trivy = Trivy {
        scan,
        dirs: keys.texts_or("dirs", &["."]),
        images: keys.has("images").then(|| keys.texts_or("images", &[])),
        input: keys.one_or_more("input"),
        platforms: input_platforms(keys),
        scanners: scanners(keys),
        file_patterns: file_patterns(keys),
        ignore_unfixed: keys.flag_or("ignore_unfixed", false),
        offline: keys.flag_or("offline", false),
        cache_dir: keys.text("cache_dir").map(|dir| dir.value),
        max_db_age: read_duration(keys, "max_db_age"),
    };
    let idle: &[&str] = match scan {
        _ if named.is_none() && keys.has("scan") => &[],
        Scan::Fs => &["images", "input", "platforms"],
        Scan::Image => &["dirs"],
        Scan::Config => &["images", "input", "platforms", "scanners", "ignore_unfixed", "max_db_age"],
    };
    for key in idle.iter().filter(|key| keys.has(key)) {
        keys.problem(keys.at_key(key), format!("`{key}` has no effect with scan = \"{}\"", scan.as_str()));
    }
    if scan == Scan::Image && !["images", "input", "needs"].iter().any(|key| keys.has(key)) {
        keys.problem_with_help(
            keys.at_key("scan"),
            "scan = \"image\" without an image",
            "name them in `images`, their files in `input`, or the gate that builds them in `needs`",
        );
    }
    Box::new(trivy)
}

fn scanners(keys: &Keys) -> Vec<String> {
    let Some(words) = keys.texts("scanners") else { return vec!["vuln".to_owned(), "secret".to_owned()] };
    if words.is_empty() {
        keys.problem(keys.at_key("scanners"), "`scanners` is empty: name at least one, or leave the key out");
    }
    for word in &words {
        if !TOOLS.contains(&word.value.as_str()) {
            let what = format!("`{}` is not a scanner of Trivy", word.value);
            keys.unknown(word.at.clone(), &what, &word.value, &TOOLS);
        }
    }
    words.into_iter().map(|word| word.value).collect()
}

impl Trivy {
    /// Whether its findings depend on the age of its database.
    fn reads_advisories(&self) -> bool {
        self.scan != Scan::Config && self.scanners.iter().any(|scanner| scanner == "vuln")
    }

    fn job(&self, mut job: Job, target: &[&str], why: String, scene: &Scene) -> Job {
        let report = job.report_file("trivy.json");
        job.arg(self.scan.as_str()).args(["--format", "json", "--output", &report]);
        // The log of a folder says which lock files can't be parsed.
        if self.scan != Scan::Fs {
            job.arg("--quiet");
        }
        job.own_temporary_files();
        job.args(["--exit-code", "0"]);
        // Every severity by name: otherwise TRIVY_SEVERITY in the environment, or a trivy.yaml, drops
        // findings silently. The policy decides what blocks.
        job.args(["--severity", "UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL"]);
        // The default backend for images locks the cache folder: if several Trivys run at once, all
        // but one fail after five seconds.
        job.args(["--cache-backend", "memory", "--disable-telemetry", "--skip-version-check"]);
        if self.scan != Scan::Config {
            // The packages prove that something was scanned.
            job.args(["--no-progress", "--list-all-pkgs", "--scanners", &self.scanners.join(",")]);
            // The report then also lists what .trivyignore suppresses. `trivy config` has no such flag.
            job.arg("--show-suppressed");
        }
        for pattern in &self.file_patterns {
            job.args(["--file-patterns", pattern]);
        }
        if self.ignore_unfixed {
            job.arg("--ignore-unfixed");
        }
        if self.offline {
            job.arg("--skip-check-update");
            if self.scan != Scan::Config {
                job.args(["--skip-db-update", "--skip-java-db-update", "--offline-scan"]);
            }
        }
        let cache = self.cache_dir.as_ref().map(|dir| normalise(&scene.repo.base.join(dir)));
        if let Some(dir) = &cache {
            job.args(["--cache-dir", &dir.to_string_lossy()]);
        }
        if self.reads_advisories()
            && let Some(cache) = cache.or_else(age::default_cache)
        {
            job.files.beside.push(Beside::File(cache.join("db").join(age::METADATA)));
        }
        job.args(target.iter().copied()).because(why);
        for file in [&CONFIG, &IGNORES] {
            job.reads(job.invocation.cwd.join(file.name), file);
        }
        if self.scan != Scan::Config {
            job.reads(job.invocation.cwd.join(SECRET_RULES.name), &SECRET_RULES);
        }
        job
    }
}

impl Tool for Trivy {
    fn reads(&self) -> Vec<Reads> {
        let scans =
            |scanner: &str| self.scan == Scan::Fs && self.scanners.iter().any(|named| named == scanner);
        let mut reads = Vec::new();
        if scans("vuln") {
            reads.push(Reads::new(locks(), &self.dirs, Reach::BelowNamed));
        }
        if self.scan == Scan::Config || scans("misconfig") {
            reads.push(Reads::new(INFRASTRUCTURE, &self.dirs, Reach::Below));
        }
        reads
    }

    fn readiness(&self, base: &Path) -> Option<Readiness> {
        let cache = self.cache_dir.as_ref().map(|cache| base.join(cache)).or_else(age::default_cache);
        self.reads_advisories().then(|| age::readiness(cache.as_deref(), self.max_db_age, self.offline))
    }

    fn reads_inputs(&self) -> bool {
        self.scan != Scan::Image
    }

    fn narrowing_options(&self) -> &'static [&'static str] {
        NARROWING
    }

    fn reads_path(&self, kind: InputKind, path: &str) -> bool {
        reads_lock(kind, path) || is_named(&self.file_patterns, kind, path)
    }

    fn unnamed<'a>(&'a self, survey: &'a Survey<'a>) -> Judge<'a> {
        coverage::judge(&self.dirs, survey)
    }

    /// As Trivy 0.70 was seen to read files of each kind.
    fn on_unlisted(&self, kind: InputKind) -> Option<&'static str> {
        match kind {
            InputKind::Lock(Manager::Pnpm) => Some(
                "it lists no alias, and takes others for development: `args = [\"--include-dev-deps\"]` has it list these",
            ),
            InputKind::Lock(Manager::Uv | Manager::Poetry) => {
                Some("it takes them for development: `args = [\"--include-dev-deps\"]` has it list them")
            }
            InputKind::Lock(Manager::Pip) => Some("it reads `name==version` on one line alone"),
            InputKind::Lock(Manager::Cargo) => {
                Some("it does not follow each dependency by `path` or under another name: `cargo audit` does")
            }
            InputKind::Lock(Manager::Npm | Manager::Bun | Manager::Hex | Manager::Pub) => {
                Some("it has the alias for a name, and advisories have the name in the registry")
            }
            InputKind::Lock(Manager::Yarn) => {
                Some("it reads no archive in a yarn.lock: depend on a version, or have yarn-audit look at it")
            }
            InputKind::Lock(Manager::Swift) => Some(
                "advisories know a package by `github.com/OWNER/NAME`: depend on `https://github.com/OWNER/NAME`",
            ),
            InputKind::Lock(Manager::CocoaPods) => {
                Some("it lists the subspecs of a pod, under names that no advisory has")
            }
            InputKind::Lock(Manager::Pipenv) => Some("it reads the category `default` alone"),
            InputKind::Manifest(Manager::Maven) => Some("it reads no profiles: scan what Maven has built"),
            _ => None,
        }
    }

    fn coverage(&self) -> Vec<Coverage> {
        let (folders, content) = (self.scan != Scan::Image, self.scan != Scan::Config);
        vec![
            Coverage::choice("scan", self.scan.as_str()),
            Coverage::folders("dirs", &self.dirs).only_if(folders),
            Coverage::new("images", Extent::Images(self.named())).only_if(!folders),
            Coverage::new("input", Extent::Images(Some(self.input.clone().unwrap_or_default())))
                .only_if(!folders),
            Coverage::these("scanners", &self.scanners).only_if(content),
            Coverage::these("file_patterns", &self.file_patterns),
            Coverage::new("ignore_unfixed", Extent::Leaves(self.ignore_unfixed)).only_if(content),
            Coverage::new("offline", Extent::Leaves(self.offline)),
            Coverage::exactly("cache_dir", &self.cache_dir),
            Coverage::new("max_db_age", Extent::AtMost(self.max_db_age)).only_if(self.reads_advisories()),
        ]
    }

    fn only_lists(&self) -> bool {
        !self.scanners.iter().any(|scanner| scanner == "vuln")
    }

    fn also_looks_for(&self) -> Vec<Aim> {
        if self.scan == Scan::Config {
            return vec![Aim::Misconfigurations];
        }
        let vulnerabilities = match self.scan {
            Scan::Image => Aim::ImageVulnerabilities,
            Scan::Fs | Scan::Config => Aim::PackageVulnerabilities,
        };
        let aims = [
            ("vuln", vulnerabilities),
            ("misconfig", Aim::Misconfigurations),
            ("secret", Aim::Secrets),
            ("license", Aim::Licences),
        ];
        let wanted = |word: &str| self.scanners.iter().any(|scanner| scanner == word);
        aims.into_iter().filter(|(word, _)| wanted(word)).map(|(_, aim)| aim).collect()
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        if self.scan != Scan::Image {
            let why = |dir: &str| format!("scan = \"{}\" of {dir}", self.scan.as_str());
            return Ok(self
                .dirs
                .iter()
                .map(|dir| {
                    let mut job = self.job(scene.job_in_dir(SPEC.program, dir), &["."], why(dir), scene);
                    // Trivy opens no link (`pkg/fanal/walker/fs.go`, 0.70).
                    job.planned.unread = LINKS.count(scene, dir);
                    job
                })
                .collect());
        }
        if let Some(images) = self.named() {
            let mut jobs = Vec::new();
            for file in self.input.iter().flatten() {
                jobs.extend(self.image_file(file, scene)?);
            }
            jobs.extend(images.iter().map(|image| self.named_image(image, scene)));
            return Ok(jobs);
        }
        if scene.built.is_empty() {
            let why = "no image to scan: none of the gates in `needs` builds one";
            return Err(Unplanned::Impossible(why.to_owned()));
        }
        Ok(scene.built.iter().map(|image| self.built_image(image, scene)).collect())
    }

    /// Findings change the exit code only with `--exit-code N` and N > 0
    /// (aquasecurity/trivy `pkg/commands/operation/operation.go`). Every other code but 0 comes from
    /// `log.Fatal`.
    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Silent,
            _ => Exit::Fault("error"),
        }
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        let mut parsed = report::read(raw.report(), origin, raw.exit.is_some() && self.scan != Scan::Config)?;
        if self.reads_advisories() && raw.exit.is_some() {
            let now = jiff::Timestamp::now();
            age::tell(raw.beside(age::METADATA).next(), self.max_db_age, now, &mut parsed);
        }
        let log = raw.stderr_text();
        let not_parsed = log::not_parsed(&log).into_iter();
        parsed.not_read.extend(not_parsed.map(|(file, why)| (origin.relative(file), why.into())));
        parsed.unread = raw.unread();
        Ok(parsed)
    }

    /// Errors of the database, or of images in a registry: the text from the `FATAL` line on.
    fn transient_error(&self, raw: &RawReport) -> Option<String> {
        let stderr = raw.stderr_text();
        transient_error(&stderr[stderr.find("\tFATAL\t")?..])
    }

    fn error_line(&self, raw: &RawReport) -> Option<String> {
        log::fatal_line(&raw.stderr_text()).or_else(|| raw.last_error_line())
    }
}

#[cfg(test)]
mod tests;
