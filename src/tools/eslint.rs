//! ESLint: problems in JavaScript and TypeScript sources.
//!
//! Report fields follow `docs/src/integrate/nodejs-api.md`, exit codes `lib/cli.js`. The flags were tried
//! with ESLint 10.15.0. `next lint` writes the same report.

mod init;
mod nested;
mod report;
mod sources;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::keys::table::Keys;
use crate::model::aim::Aim;
use crate::model::finding::Finding;
use crate::model::input::InputKind;
use crate::model::severity::Severity;
use crate::policy::coverage::Coverage;
use crate::scan::config_file::{BaseOverride, ConfigFile, ConfigNote};
use crate::scan::declared::Declared;
use crate::scan::job::Job;
use crate::scan::parsed::{Exit, Parsed, ReportError, Unplanned};
use crate::scan::program::installed_version;
use crate::scan::raw_report::RawReport;
use crate::scan::reads::{Reach, Reads};
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::survey::{Judge, Survey};
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::system::git::Range;
use crate::text::bom;
use crate::text::shared::Text;
use crate::tools::describe::ignore_lines;
use sources::Wanted;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "eslint",
    title: "ESLint",
    stage: "Type check and lint",
    usual_seconds: 10,
    program: "eslint",
    version_args: &["--version"],
    version: VersionFrom::PackageJson,
    docs: "docs/configuration.md#eslint",
    install: "`npm install --save-dev eslint` in the project, then `npm ci` in CI",
    // Two copies of the whole file, and parts of it.
    secret_fields: Declared::List(&["source", "output", "text"]),
    // ESLINT_USE_FLAT_CONFIG chooses another configuration, ESLINT_FLAGS changes how it is read.
    steering: &["ESLINT_*"],
    looks_for: Declared::List(&[Aim::Lint]),
    config_files: Declared::List(&[&CONFIG, &NEAREST, &OLD_CONFIG, &MANIFEST, &IGNORES]),
    init: init::suggest,
    configure: |keys| Box::new(Eslint::configure(keys)),
};

/// Files that ESLint, or one of its parsers, can read.
const EXTENSIONS: [&str; 10] = ["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte"];

/// How many bytes of file names one command line may hold: far below the limit of Linux (2 MiB).
const ARGUMENTS: usize = 200_000;

#[derive(Debug, Serialize)]
struct Eslint {
    dirs: Vec<String>,
    /// Files, folders and globs, relative to each directory.
    files: Vec<String>,
    #[serde(skip)]
    wanted: Wanted,
}

static CONFIG: ConfigFile = ConfigFile {
    name: "eslint.config.*",
    describe: describe_config,
    overrule: BaseOverride::Checkout(base_config),
    bars: None,
    programs: None,
    part: None,
    follows: None,
};

/// The same where folders have their own: `-c` would take it from them.
static NEAREST: ConfigFile = ConfigFile {
    overrule: BaseOverride::Refuse("ESLint takes the configuration nearest to each file"),
    ..CONFIG
};

/// The configuration of ESLint 8 and older, which `-c` does not replace.
static OLD_CONFIG: ConfigFile = ConfigFile {
    name: ".eslintrc*",
    describe: describe_config,
    overrule: BaseOverride::Refuse(IN_ITS_PLACE),
    bars: None,
    programs: None,
    part: None,
    follows: None,
};

const IN_ITS_PLACE: &str = "ESLint 8 reads it in its place";

const ENDINGS: [&str; 6] = ["js", "mjs", "cjs", "ts", "mts", "cts"];

const OLD_ENDINGS: [&str; 6] = [".js", ".cjs", ".yaml", ".yml", ".json", ""];

static IGNORES: ConfigFile = ConfigFile {
    name: ".eslintignore",
    describe: ignore_lines,
    overrule: BaseOverride::Refuse(IN_ITS_PLACE),
    bars: None,
    programs: None,
    part: None,
    follows: None,
};

/// What ESLint 8 and older read of package.json.
static MANIFEST: ConfigFile = ConfigFile {
    name: "package.json",
    describe: |part| {
        let text = String::from_utf8_lossy(part);
        let keys = KEYS_OF_MANIFEST.into_iter().filter(|key| text.contains(&format!("\"{key}\"")));
        Some(ConfigNote::Holds(keys.map(str::to_owned).collect()))
    },
    overrule: BaseOverride::Refuse(IN_ITS_PLACE),
    bars: None,
    programs: None,
    part: Some(of_manifest),
    follows: None,
};

const KEYS_OF_MANIFEST: [&str; 2] = ["eslintConfig", "eslintIgnore"];

fn of_manifest(content: &[u8]) -> Option<Vec<u8>> {
    let mut manifest: BTreeMap<String, Value> = serde_json::from_slice(bom::without_bom(content)).ok()?;
    manifest.retain(|key, _| KEYS_OF_MANIFEST.contains(&key.as_str()));
    (!manifest.is_empty()).then(|| serde_json::to_vec(&manifest).ok()).flatten()
}

/// The rules that are off, and whether it ignores files. It is a program, so this is a search for words.
fn describe_config(content: &[u8]) -> Option<ConfigNote> {
    let text = String::from_utf8_lossy(content);
    let off = text.matches("\"off\"").count() + text.matches("'off'").count();
    let off = (off > 0).then(|| format!("{off} × off"));
    let ignores = ["gnores", "gnorePatterns"].iter().any(|word| text.contains(word));
    let ignores = ignores.then(|| "ignores files".to_owned());
    Some(ConfigNote::Holds(off.into_iter().chain(ignores).collect()))
}

fn base_config(job: &mut Job, copy: Option<&str>) -> Result<(), String> {
    let copy = copy.ok_or("the base has no eslint.config file to lint with")?;
    job.options(["-c", copy]);
    Ok(())
}

/// Names every file in which ESLint looks for its configuration.
fn read_configuration(job: &mut Job, scene: &Scene, dir: &str) {
    let cwd = &job.invocation.cwd.clone();
    let nested = |begins: &str| nested::below(scene, dir, begins);
    let folders = || cwd.ancestors().take_while(|folder| folder.starts_with(&scene.repo.root));
    let places: Vec<PathBuf> = folders()
        .flat_map(|folder| ENDINGS.map(|ending| folder.join(format!("eslint.config.{ending}"))))
        .collect();
    let is_flat = places.iter().any(|path| path.is_file());
    let is_old = installed_version(&job.invocation.program).is_some_and(|version| version.major < 10);
    let nearest = if is_old { Vec::new() } else { nested("eslint.config.") };
    let file = if nearest.is_empty() { &CONFIG } else { &NEAREST };
    for path in places.into_iter().chain(nearest) {
        job.reads(path, file);
    }
    if is_flat {
        return;
    }
    let beside =
        folders().flat_map(|folder| OLD_ENDINGS.map(|ending| folder.join(format!(".eslintrc{ending}"))));
    for path in beside.chain(nested(".eslintrc")) {
        job.reads(path, &OLD_CONFIG);
    }
    for path in folders().map(|folder| folder.join(MANIFEST.name)).chain(nested(MANIFEST.name)) {
        job.reads(path, &MANIFEST);
    }
    job.reads(cwd.join(IGNORES.name), &IGNORES);
}

impl Eslint {
    fn configure(keys: &Keys) -> Self {
        let files = keys.texts_or("files", &["."]);
        Self { dirs: keys.texts_or("dirs", &["."]), wanted: Wanted::new(&files), files }
    }

    fn job(&self, scene: &Scene, dir: &str) -> Option<Job> {
        let mut job = scene.job_in_dir("eslint", dir);
        let cwd = job.invocation.cwd.clone();
        let report = job.report_file("eslint.json");
        job.args(["-f", "json", "-o", &report, "--no-color"]);
        job.near_node_modules(&cwd, &scene.repo.root);
        read_configuration(&mut job, scene, dir);

        let Some(range) = scene.since else {
            job.end_of_options().args(&self.files).because("every file that the configuration covers");
            return Some(job);
        };
        let changed = self.changed(range, &scene.repo.root, &cwd);
        if changed.is_empty() {
            return None;
        }
        if changed.iter().map(|file| file.len() + 1).sum::<usize>() > ARGUMENTS {
            let why = format!("{} files changed: too many to name, so all are linted", changed.len());
            job.end_of_options().args(&self.files).because(why);
        } else {
            // It is not a problem if the project ignores a changed file, or if the file was deleted.
            job.args(["--no-warn-ignored", "--no-error-on-unmatched-pattern"]).end_of_options();
            let why = format!("the {} files that changed since {}", changed.len(), range.base);
            job.args(changed).because(why);
        }
        Some(job)
    }

    /// The changed files below `cwd` that ESLint would lint, relative to `cwd`.
    fn changed<'r>(&self, range: &'r Range, root: &Path, cwd: &Path) -> Vec<&'r str> {
        let dir = cwd.strip_prefix(root).unwrap_or(Path::new(""));
        range
            .changed
            .iter()
            .filter_map(|file| Path::new(file).strip_prefix(dir).ok()?.to_str())
            .filter(|file| {
                let extension = Path::new(file).extension().and_then(|extension| extension.to_str());
                extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
            })
            .filter(|file| self.wanted.has(file))
            .collect()
    }
}

/// Options after which it checks less, or reports less (`eslint --help`, 9).
const NARROWING: &[&str] = &[
    "--config",
    "-c",
    "--ext",
    "--ignore-path",
    "--ignore-pattern",
    "--no-config-lookup",
    "--no-eslintrc",
    "--parser",
    "--quiet",
    "--rule",
    "--rulesdir",
    "--suppress-all",
    "--suppress-rule",
    "--suppressions-location",
];

impl Tool for Eslint {
    /// Configuration files of folders below count, too.
    fn reads_inputs(&self) -> bool {
        true
    }

    fn follows_range(&self) -> bool {
        true
    }

    fn reads(&self) -> Vec<Reads> {
        vec![
            Reads::new([InputKind::Eslint], &self.dirs, Reach::Around),
            Reads::new(sources::KINDS, &self.dirs, Reach::BelowNamed),
        ]
    }

    fn names(&self, _kind: InputKind, inside: &str) -> bool {
        self.wanted.has(inside)
    }

    fn on_unread_ending(&self, ending: &str, why: &str) -> Option<Text> {
        sources::on_unread_ending(ending, why)
    }

    fn unnamed<'a>(&'a self, survey: &'a Survey<'a>) -> Judge<'a> {
        sources::judge(&self.dirs, &self.wanted, survey)
    }

    fn coverage(&self) -> Vec<Coverage> {
        vec![Coverage::these("dirs", &self.dirs), Coverage::these("files", &self.files)]
    }

    fn narrowing_options(&self) -> &'static [&'static str] {
        NARROWING
    }

    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let jobs: Vec<Job> = self.dirs.iter().filter_map(|dir| self.job(scene, dir)).collect();
        match scene.since {
            Some(range) if jobs.is_empty() => {
                Err(Unplanned::NothingToDo(format!("no changed file to lint since {}", range.base)))
            }
            _ => Ok(jobs),
        }
    }

    fn exit(&self, code: i32) -> Exit {
        match code {
            0 => Exit::Clean,
            1 => Exit::Findings,
            2 => Exit::Fault("configuration problem or crash"),
            _ => Exit::Fault("not a code of ESLint"),
        }
    }

    fn parse(&self, raw: &RawReport, origin: &ReportOrigin) -> Result<Parsed, ReportError> {
        report::read(raw.report(), origin)
    }

    /// Warnings leave the exit code 0.
    fn moves_exit_code(&self, finding: &Finding) -> bool {
        finding.severity == Severity::High
    }

    /// The line after `ESLint: 10.15.0`, which heads the error.
    fn error_line(&self, raw: &RawReport) -> Option<String> {
        let text = raw.stderr_text();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let after = lines.find(|line| line.starts_with("ESLint: ")).and_then(|_| lines.next());
        after.map(str::to_owned).or_else(|| raw.last_error_line())
    }
}

#[cfg(test)]
mod tests;
