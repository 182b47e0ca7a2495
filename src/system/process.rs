//! The only place that starts programs.
//!
//! Each program leads its own process group, under a [`keeper`]. When its time is up, or the run is stopped,
//! the group gets SIGTERM, and after [`GRACE`] SIGKILL. When the leader has ended, the processes that it left
//! are killed, so that nothing writes a report after its gate was judged.

#![allow(clippy::disallowed_methods, reason = "only this file starts programs")]

pub mod keeper;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Child;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::system::private;
use crate::system::process::keeper::{KeptEnd, Line};
use crate::system::variables::kept_from_helpers;

/// Time between SIGTERM and SIGKILL.
pub const GRACE: Duration = Duration::from_secs(5);

/// How long the pipes may stay open after the whole group has ended: a process that left the group may have
/// them open.
const DRAIN: Duration = Duration::from_secs(2);

/// Closes the environment and the memory of this process to other processes of the same user, and writes no core
/// dump: both may have secrets. Linux can do this (`PR_SET_DUMPABLE`, prctl(2)); elsewhere nothing changes. What
/// this process starts is open again.
pub fn close_to_others() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // A run that can't be closed is no worse than on another system.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// What to start.
#[derive(Clone, Debug)]
pub struct Launch<'a> {
    pub program: &'a Path,
    pub args: &'a [String],
    pub cwd: &'a Path,
    /// Added to the environment of Portcullis.
    pub env: &'a BTreeMap<String, String>,
    /// Variables of Portcullis that the program does not get.
    pub without: &'a BTreeSet<String>,
    pub timeout: Duration,
    /// What it reads on its standard input: short, or nothing.
    pub stdin: Option<&'a [u8]>,
    pub stdout: Capture,
    pub stderr: Capture,
}

/// Where a stream goes. Only `cap` bytes are kept. The rest is read and dropped, so that the program does not
/// wait.
#[derive(Clone, Debug)]
pub struct Capture {
    /// A file; `None`: memory.
    pub path: Option<PathBuf>,
    pub cap: u64,
}

/// How a program ended.
#[derive(Debug)]
pub enum End {
    Exited(i32),
    Signalled(i32),
    TimedOut,
    /// The run was stopped, and with it the program.
    Stopped,
    NotStarted(io::Error),
}

/// What is known once a program has ended.
#[derive(Debug)]
pub struct Ended {
    pub end: End,
    pub duration: Duration,
    pub stdout: Stream,
    pub stderr: Stream,
    /// A stream could not be written to its file (disk full).
    pub lost: Option<io::Error>,
}

/// What is known of one of its streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// What it wrote, if that was captured in memory.
    pub memory: Vec<u8>,
    /// It was longer than its cap.
    pub cut: bool,
    /// A process that has left the process group still has it open.
    pub held: bool,
}

/// Whether the run goes on. The signal handler, `--fail-fast` and `--deadline` can stop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    No,
    /// `--fail-fast`: the run can no longer pass.
    FailFast,
    /// `--deadline`: the time of the whole run is up.
    Deadline,
    /// Portcullis got this signal.
    Signal(i32),
}

/// Runs a program to its end. Everything that can go wrong is an [`End`].
pub async fn run(launch: Launch<'_>, mut stop: watch::Receiver<Stop>) -> Ended {
    let started = Instant::now();
    let (mut child, line) = match start(&launch) {
        Ok(started) => started,
        Err(error) => {
            return Ended {
                end: End::NotStarted(error),
                duration: started.elapsed(),
                stdout: Stream::default(),
                stderr: Stream::default(),
                lost: None,
            };
        }
    };
    let stdout = child.stdout.take().map(|pipe| tokio::spawn(drain(pipe, launch.stdout)));
    let stderr = child.stderr.take().map(|pipe| tokio::spawn(drain(pipe, launch.stderr)));

    let (status, stopped_by_us) = tokio::select! {
        status = child.wait() => (status, None),
        () = tokio::time::sleep(launch.timeout) => {
            (terminate(&mut child, &line).await, Some(End::TimedOut))
        }
        () = stopped(&mut stop) => (terminate(&mut child, &line).await, Some(End::Stopped)),
    };
    let outcome = line.outcome();
    if let Some(group) = outcome.orphans {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let (mut stdout, lost) = collect(stdout).await;
    let (mut stderr, lost_too) = collect(stderr).await;
    stdout.held |= outcome.held;
    stderr.held |= outcome.held;
    Ended {
        end: stopped_by_us.unwrap_or_else(|| ended(outcome.end, status)),
        duration: started.elapsed(),
        stdout,
        stderr,
        lost: lost.or(lost_too),
    }
}

fn start(launch: &Launch<'_>) -> io::Result<(Child, Line)> {
    let (mut command, line) = keeper::command(launch.program, launch.stdin)?;
    for name in launch.without {
        command.env_remove(name);
    }
    command
        .args(launch.args)
        .current_dir(launch.cwd)
        .envs(launch.env)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok((command.spawn()?, line))
}

fn ended(reported: Option<KeptEnd>, keeper: io::Result<ExitStatus>) -> End {
    match (reported, keeper) {
        (Some(KeptEnd::Exited(code)), _) => End::Exited(code),
        (Some(KeptEnd::Signalled(signal)), _) => End::Signalled(signal),
        (Some(KeptEnd::Failed(error)), _) => End::NotStarted(io::Error::from_raw_os_error(error)),
        // The keeper was killed.
        (None, Ok(status)) => match status.signal() {
            Some(signal) => End::Signalled(signal),
            None => End::NotStarted(io::Error::other("it ended without a status")),
        },
        (None, Err(error)) => End::NotStarted(error),
    }
}

/// Resolves when the run is stopped.
async fn stopped(stop: &mut watch::Receiver<Stop>) {
    if stop.wait_for(|stop| *stop != Stop::No).await.is_err() {
        // Nothing is left that could stop the run.
        std::future::pending::<()>().await;
    }
}

async fn terminate(child: &mut Child, line: &Line) -> io::Result<ExitStatus> {
    line.terminate();
    match timeout(GRACE, child.wait()).await {
        Ok(status) => status,
        Err(_) => {
            line.release();
            // SIGKILL can't be ignored, so this only waits for the kernel.
            child.wait().await
        }
    }
}

/// A stream, and the error that stopped writing to its file.
type Drained = (Stream, Option<io::Error>);

async fn collect(stream: Option<JoinHandle<Drained>>) -> Drained {
    let Some(mut stream) = stream else { return Drained::default() };
    match timeout(DRAIN, &mut stream).await {
        Ok(drained) => drained.unwrap_or_default(),
        Err(_) => {
            stream.abort();
            (Stream { held: true, ..Stream::default() }, None)
        }
    }
}

/// Copies a pipe to its file, up to the cap, in bounded memory; or to memory, up to the cap.
async fn drain(mut pipe: impl AsyncRead + Unpin, capture: Capture) -> Drained {
    let (mut stream, mut lost) = Drained::default();
    let mut file = match capture.path.as_ref().map(|path| private::create(path)) {
        Some(Ok(file)) => Some(file),
        Some(Err(error)) => {
            lost = Some(error);
            None
        }
        None => None,
    };
    let mut buffer = vec![0; 64 * 1024];
    let mut room = capture.cap;
    loop {
        match pipe.read(&mut buffer).await {
            Ok(0) => return (stream, lost),
            Err(error) => return (stream, Some(error)),
            Ok(n) => {
                let kept = n.min(usize::try_from(room).unwrap_or(usize::MAX));
                stream.cut |= kept < n;
                room -= kept as u64;
                if capture.path.is_none() {
                    // A stream that is cut is of no use. Free its memory.
                    match stream.cut {
                        true => stream.memory = Vec::new(),
                        false => stream.memory.extend_from_slice(&buffer[..kept]),
                    }
                } else if let Some(open) = &mut file
                    && let Err(error) = open.write_all(&buffer[..kept])
                {
                    lost = Some(error);
                    file = None;
                }
            }
        }
    }
}

/// The longest answer of a helper, in bytes.
const ANSWER_CAP: u64 = 64 << 20;

/// Runs a short helper (`git`, a version question) and returns what it printed on standard output. `None` if
/// it could not be started, failed, took longer than `limit`, or printed too much.
pub async fn ask(program: &Path, args: &[&str], cwd: &Path, limit: Duration) -> Option<String> {
    let output = ask_with(&BTreeMap::new(), program, args, cwd, limit).await?;
    Some(String::from_utf8_lossy(&output).into_owned())
}

/// The same with these variables, and with the printed bytes unchanged.
pub(crate) async fn ask_with(
    env: &BTreeMap<String, String>,
    program: &Path,
    args: &[&str],
    cwd: &Path,
    limit: Duration,
) -> Option<Vec<u8>> {
    let mut printed = Vec::new();
    let keep = |piece: &[u8]| {
        printed.extend_from_slice(piece);
        printed.len() as u64 <= ANSWER_CAP
    };
    ask_in_pieces(env, program, args, cwd, limit, keep).await?;
    Some(printed)
}

/// The same for an answer that may be long: `take` gets it piece by piece, and ends it with `false`, which is no
/// answer.
pub(crate) async fn ask_in_pieces(
    env: &BTreeMap<String, String>,
    program: &Path,
    args: &[&str],
    cwd: &Path,
    limit: Duration,
    mut take: impl FnMut(&[u8]) -> bool,
) -> Option<()> {
    let (mut command, _line) = keeper::command(program, None).ok()?;
    for name in kept_from_helpers() {
        command.env_remove(name);
    }
    command.envs(env).args(args).current_dir(cwd).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut pipe = child.stdout.take()?;
    let answer = async {
        let mut piece = vec![0; 64 * 1024];
        loop {
            match pipe.read(&mut piece).await.ok()? {
                0 => return child.wait().await.ok()?.success().then_some(()),
                n if take(&piece[..n]) => {}
                _ => return None,
            }
        }
    };
    timeout(limit, answer).await.ok()?
}
