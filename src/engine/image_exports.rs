//! The images of a run as files. Each is exported once, by the id that its build reported, for all
//! scanners that read it, and removed after the last of them.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OnceCell, watch};

use crate::engine::environment;
use crate::engine::job_run::{JobRun, not_started, signalled};
use crate::engine::lock::guard::Examined;
use crate::scan::archive_config::configuration_of;
use crate::scan::image_export::ImageExport;
use crate::scan::invocation::SCRATCH;
use crate::scan::job::Job;
use crate::scan::program::find;
use crate::scan::step::Output;
use crate::system::process::{self, Capture, End, Launch, Stop};
use crate::text::shared::Text;

/// The most of an engine's output that is read.
const OUTPUT_CAP: u64 = 1 << 20;

/// The images of a run, by the names that their builds give them.
#[derive(Debug, Default)]
pub(crate) struct ImageExports {
    images: HashMap<String, Image>,
}

#[derive(Debug, Default)]
struct Image {
    /// The id that the build of this run reported.
    id: OnceLock<Text>,
    /// How many jobs will still read the file.
    readers: AtomicUsize,
    /// Set once the file is there.
    written: OnceCell<Written>,
}

/// An image as a file.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    file: PathBuf,
    /// What was done, for the record.
    pub(crate) words: String,
    /// The id by which the engine wrote it, and the digest of the configuration in it, if the file shows that they belong together.
    pub(crate) ids: Option<(Text, Text)>,
}

impl ImageExports {
    /// The images that these jobs read.
    pub(crate) fn of<'a>(jobs: impl Iterator<Item = &'a Job>) -> Self {
        let mut images: HashMap<String, Image> = HashMap::new();
        for export in jobs.filter_map(|job| job.export.as_ref()) {
            *images.entry(export.reference.clone()).or_default().readers.get_mut() += 1;
        }
        Self { images }
    }

    /// Notes that the run has built this image.
    pub(crate) fn built(&self, reference: &str, id: &Text) {
        if let Some(image) = self.images.get(reference) {
            // A name that two gates build keeps the first id; a scan of the other one is no proof.
            let _ = image.id.set(id.clone());
        }
    }

    /// Whether the run has built this image by now.
    pub(crate) fn has_built(&self, reference: &str) -> bool {
        self.images.get(reference).is_some_and(|image| image.id.get().is_some())
    }

    /// Notes that one of the jobs that read this image is over. After the last one, the file is removed.
    pub(crate) fn release(&self, reference: &str) {
        let Some(image) = self.images.get(reference) else { return };
        if image.readers.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(written) = image.written.get()
        {
            // The folder of the run goes at its end anyway.
            let _ = fs::remove_file(&written.file);
        }
    }

    /// Writes the image to its file, unless it is there. Returns what was done, for the record.
    ///
    /// # Errors
    /// Why there is no file. The next job that reads it tries again.
    pub(crate) async fn write(
        &self,
        export: &ImageExport,
        work: &JobRun,
        left: Duration,
        stop: &watch::Receiver<Stop>,
    ) -> Result<Written, String> {
        let nobody = || {
            format!(
                "{} is no image of this run; this is a bug in Portcullis, please report it",
                export.reference
            )
        };
        let image = self.images.get(&export.reference).ok_or_else(nobody)?;
        // A build that was left out of this run reported nothing: its tag is all there is.
        let name = image.id.get().map_or(export.reference.as_str(), |id| id);
        let file = PathBuf::from(export.file.replace(SCRATCH, &work.scratch.to_string_lossy()));
        let write = async || {
            let file = run(export, name, file, work, left, stop).await?;
            let (archive, id) = (file.clone(), name.to_owned());
            let config = tokio::task::spawn_blocking(move || configuration_of(&archive, &id)).await;
            let ids = config.ok().flatten().map(|config| (Text::from(name), Text::from(config)));
            let words = format!("read as a file that {} wrote of {name}", export.invocation.program.name);
            Ok(Written { file, words, ids })
        };
        image.written.get_or_try_init(write).await.cloned()
    }
}

/// Starts the engine.
async fn run(
    export: &ImageExport,
    name: &str,
    file: PathBuf,
    work: &JobRun,
    left: Duration,
    stop: &watch::Receiver<Stop>,
) -> Result<PathBuf, String> {
    let start = &export.invocation;
    let program = find(&start.program, &start.cwd).ok_or_else(|| {
        format!("{} is not on PATH, and it has the image {}", start.program.name, export.reference)
    })?;
    if let Examined::Differs(_, why) = examine(export, &program, work).await {
        return Err(why);
    }
    prepare(&file).map_err(|error| work.no_room("the exported image", &error))?;
    let env: BTreeMap<String, String> = start
        .env
        .iter()
        .map(|(name, value)| (name.clone(), value.replace(SCRATCH, &work.scratch.to_string_lossy())))
        .collect();
    let capture = || Capture { path: None, cap: OUTPUT_CAP };
    let launch = Launch {
        program: &program,
        args: &export.engine.export(name, &file.to_string_lossy()),
        cwd: &start.cwd,
        env: &env,
        without: &environment::removed(work.gate.spec, start, &[]),
        timeout: left,
        stdin: None,
        stdout: capture(),
        stderr: capture(),
    };
    let ended = process::run(launch, stop.clone()).await;
    let engine = &start.program.name;
    let why = match ended.end {
        End::Exited(0) => return Ok(file),
        End::Exited(code) => {
            let said = Output { code, stdout: ended.stdout.memory, stderr: ended.stderr.memory }.error_line();
            format!("{said} (was it removed after its build?)")
        }
        End::NotStarted(error) => not_started(engine, &error),
        End::Signalled(signal) => signalled(engine, signal),
        End::TimedOut => "it took longer than the gate may run; raise `timeout`".to_owned(),
        End::Stopped => "stopped before it ended".to_owned(),
    };
    // A part of an image is no image.
    let _ = fs::remove_file(&file);
    let full = work.full_disk().unwrap_or_default();
    Err(format!("{} can't be read from {engine}: {why}{full}", export.reference))
}

/// Compares the engine with gates.lock, in a thread of its own: it may be a large program.
async fn examine(export: &ImageExport, program: &Path, work: &JobRun) -> Examined {
    let (guard, start, found) = (work.guard.clone(), export.invocation.clone(), program.to_owned());
    let examined =
        tokio::task::spawn_blocking(move || guard.examine_as(&start, &start.program, &found)).await;
    match examined {
        Ok(examined) if work.guard.lets_start(&examined) => Examined::Unlocked,
        Ok(examined) => examined,
        Err(_) => work.guard.lost(),
    }
}

/// A folder for the file, and no file: podman and buildah refuse one that is there.
fn prepare(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
