//! The only place that starts programs.
//!
//! Each program leads its own process group, under a keeper ([`starter`]). When its time is up, or the run is stopped,
//! the group gets SIGTERM, and after [`GRACE`] SIGKILL. When the leader has ended, the processes that it left
//! are killed, so that nothing writes a report after its gate was judged.

#![allow(clippy::disallowed_methods, reason = "only this file starts programs")]

mod descendants;
mod keeper;
mod request;
pub mod starter;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::{self, PipeReader, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::system::private;
use crate::system::process::keeper::{Kept, KeptEnd, Line};
use crate::system::process::request::Request;
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
    let Kept { mut line, stdout, stderr } = match keeper::start(&launch.request(), true).await {
        Ok(kept) => kept,
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
    let stdout = tokio::spawn(drain(stdout, launch.stdout));
    let stderr = stderr.map(|pipe| tokio::spawn(drain(pipe, launch.stderr)));

    let stopped_by_us = tokio::select! {
        () = line.end() => None,
        () = tokio::time::sleep(launch.timeout) => Some(End::TimedOut),
        () = stopped(&mut stop) => Some(End::Stopped),
    };
    if stopped_by_us.is_some() {
        terminate(&mut line).await;
    }
    let outcome = line.outcome();
    if let Some(killed) = outcome.killed {
        starter::end_what_it_left(killed);
    }
    let (mut stdout, lost) = collect(Some(stdout)).await;
    let (mut stderr, lost_too) = collect(stderr).await;
    stdout.held |= outcome.held;
    stderr.held |= outcome.held;
    Ended {
        end: stopped_by_us.unwrap_or_else(|| ended(outcome.end)),
        duration: started.elapsed(),
        stdout,
        stderr,
        lost: lost.or(lost_too),
    }
}

fn text<T: AsRef<OsStr> + ?Sized>(text: &T) -> Cow<'_, OsStr> {
    Cow::Borrowed(text.as_ref())
}

impl Launch<'_> {
    fn request(&self) -> Request<'_> {
        Request {
            program: text(self.program),
            cwd: text(self.cwd),
            args: self.args.iter().map(text).collect(),
            env: self.env.iter().map(|(name, value)| (text(name), text(value))).collect(),
            without: self.without.iter().map(text).collect(),
            feed: self.stdin.map(Cow::Borrowed),
        }
    }
}

fn ended(reported: Option<KeptEnd>) -> End {
    match reported {
        Some(KeptEnd::Exited(code)) => End::Exited(code),
        Some(KeptEnd::Signalled(signal)) => End::Signalled(signal),
        Some(KeptEnd::Failed(error)) => End::NotStarted(io::Error::from_raw_os_error(error)),
        // Nobody else ends a keeper before its program.
        None => End::Signalled(Signal::KILL.as_raw()),
    }
}

/// Resolves when the run is stopped.
async fn stopped(stop: &mut watch::Receiver<Stop>) {
    if stop.wait_for(|stop| *stop != Stop::No).await.is_err() {
        // Nothing is left that could stop the run.
        std::future::pending::<()>().await;
    }
}

async fn terminate(line: &mut Line) {
    line.terminate().await;
    if timeout(GRACE, line.end()).await.is_err() {
        line.release().await;
        // SIGKILL can't be ignored, so this only waits for the kernel.
        line.end().await;
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

fn receiver(pipe: PipeReader) -> io::Result<pipe::Receiver> {
    pipe::Receiver::from_owned_fd(OwnedFd::from(pipe))
}

/// Copies a pipe to its file, up to the cap, in bounded memory; or to memory, up to the cap.
async fn drain(pipe: PipeReader, capture: Capture) -> Drained {
    let mut pipe = match receiver(pipe) {
        Ok(pipe) => pipe,
        Err(error) => return (Stream::default(), Some(error)),
    };
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
    let request = Request {
        program: text(program),
        cwd: text(cwd),
        args: args.iter().map(|arg| text(*arg)).collect(),
        env: env.iter().map(|(name, value)| (text(name), text(value))).collect(),
        without: kept_from_helpers().map(|name| Cow::Owned(name.into())).collect(),
        feed: None,
    };
    let answer = async {
        let Kept { mut line, stdout, stderr: _ } = keeper::start(&request, false).await.ok()?;
        let mut pipe = receiver(stdout).ok()?;
        let mut piece = vec![0; 64 * 1024];
        loop {
            match pipe.read(&mut piece).await.ok()? {
                0 => break,
                n if take(&piece[..n]) => {}
                _ => return None,
            }
        }
        line.end().await;
        (line.outcome().end == Some(KeptEnd::Exited(0))).then_some(())
    };
    timeout(limit, answer).await.ok()?
}
