//! The only place that starts programs.
//!
//! Each program leads a process group of its own. When its time is up, or the run is stopped, the
//! group gets SIGTERM, a grace, then SIGKILL; and when the leader has ended, whatever it left
//! behind in the group is killed, so that nothing writes a report after its gate was judged.

#![allow(clippy::disallowed_methods, reason = "this is the place that may")]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Time between SIGTERM and SIGKILL.
pub const GRACE: Duration = Duration::from_secs(5);

/// How long the pipes may stay open once the whole group is dead: someone who left the group
/// may hold them.
const DRAIN: Duration = Duration::from_secs(2);

/// What to start.
#[derive(Debug)]
pub struct Launch<'a> {
    pub program: &'a Path,
    pub args: &'a [String],
    pub cwd: &'a Path,
    /// Set on top of the environment of Portcullis.
    pub env: &'a BTreeMap<String, String>,
    pub timeout: Duration,
    pub stdout: Capture,
    pub stderr: Capture,
}

/// Where a stream goes: a file, of which no more than `cap` bytes are written; the rest is read
/// and dropped, so that the program does not wait.
#[derive(Clone, Debug)]
pub struct Capture {
    pub path: PathBuf,
    pub cap: u64,
}

/// How a program ended.
#[derive(Debug)]
pub enum End {
    Exited(i32),
    Signalled(i32),
    TimedOut,
    /// The run was stopped, and the program with it.
    Stopped,
    NotStarted(io::Error),
}

/// What is known once a program has ended.
#[derive(Debug)]
pub struct Ended {
    pub end: End,
    pub duration: Duration,
    /// Standard output was longer than its cap.
    pub stdout_cut: bool,
    /// Someone who has left its process group still holds its standard output.
    pub stdout_held: bool,
    /// A stream could not be written to its file (disk full).
    pub lost: Option<io::Error>,
}

/// Whether the run goes on. The senders are the signal handler and `--fail-fast`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    No,
    /// `--fail-fast`: the verdict can't get better.
    FailFast,
    /// This signal reached Portcullis.
    Signal(i32),
}

/// Runs a program to its end. Every way in which that can go wrong is an [`End`].
pub async fn run(launch: Launch<'_>, mut stop: watch::Receiver<Stop>) -> Ended {
    let started = Instant::now();
    let mut command = Command::new(launch.program);
    command
        .args(launch.args)
        .current_dir(launch.cwd)
        .envs(launch.env)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            return Ended {
                end: End::NotStarted(error),
                duration: started.elapsed(),
                stdout_cut: false,
                stdout_held: false,
                lost: None,
            };
        }
    };
    let group = Group::of(&child);
    let stdout = child.stdout.take().map(|pipe| tokio::spawn(drain(pipe, launch.stdout)));
    let stderr = child.stderr.take().map(|pipe| tokio::spawn(drain(pipe, launch.stderr)));

    let end = tokio::select! {
        status = child.wait() => ended(status),
        () = tokio::time::sleep(launch.timeout) => {
            terminate(&mut child, &group).await;
            End::TimedOut
        }
        () = stopped(&mut stop) => {
            terminate(&mut child, &group).await;
            End::Stopped
        }
    };
    drop(group);
    let out = collect(stdout).await;
    let err = collect(stderr).await;
    Ended {
        end,
        duration: started.elapsed(),
        stdout_cut: out.cut,
        stdout_held: out.held,
        lost: out.lost.or(err.lost),
    }
}

fn ended(status: io::Result<ExitStatus>) -> End {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => End::Exited(code),
            (None, Some(signal)) => End::Signalled(signal),
            (None, None) => End::NotStarted(io::Error::other("it ended without a status")),
        },
        Err(error) => End::NotStarted(error),
    }
}

/// Resolves when the run is stopped.
async fn stopped(stop: &mut watch::Receiver<Stop>) {
    if stop.wait_for(|stop| *stop != Stop::No).await.is_err() {
        // Nobody is left who could stop the run.
        std::future::pending::<()>().await;
    }
}

async fn terminate(child: &mut Child, group: &Group) {
    group.signal(Signal::TERM);
    if timeout(GRACE, child.wait()).await.is_err() {
        group.signal(Signal::KILL);
        // SIGKILL can't be refused; what is left to wait for is the kernel.
        let _ = child.wait().await;
    }
}

/// The process group that a program leads. When this goes, so does whoever is left in it.
struct Group(Option<Pid>);

impl Group {
    fn of(leader: &Child) -> Group {
        Group(leader.id().and_then(|id| Pid::from_raw(id.cast_signed())))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // An error means that the group is empty: the aim is reached.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

#[derive(Default)]
struct Drained {
    cut: bool,
    held: bool,
    lost: Option<io::Error>,
}

async fn collect(stream: Option<JoinHandle<Drained>>) -> Drained {
    let Some(mut stream) = stream else { return Drained::default() };
    match timeout(DRAIN, &mut stream).await {
        Ok(drained) => drained.unwrap_or_default(),
        Err(_) => {
            stream.abort();
            Drained { held: true, ..Drained::default() }
        }
    }
}

/// Copies a pipe to a file, up to the cap, in bounded memory.
async fn drain(mut pipe: impl AsyncRead + Unpin, capture: Capture) -> Drained {
    let mut drained = Drained::default();
    let mut file = match std::fs::File::create(&capture.path) {
        Ok(file) => Some(file),
        Err(error) => {
            drained.lost = Some(error);
            None
        }
    };
    let mut buffer = vec![0; 64 * 1024];
    let mut room = capture.cap;
    loop {
        match pipe.read(&mut buffer).await {
            Ok(0) | Err(_) => return drained,
            Ok(n) => {
                let kept = n.min(usize::try_from(room).unwrap_or(usize::MAX));
                drained.cut |= kept < n;
                room -= kept as u64;
                if let Some(open) = &mut file
                    && let Err(error) = open.write_all(&buffer[..kept])
                {
                    drained.lost = Some(error);
                    file = None;
                }
            }
        }
    }
}

/// Runs a short helper (`git`, a version question) and gives what it printed on standard output.
/// `None` when it could not be started, failed, or took longer than `limit`.
pub async fn ask(program: &Path, args: &[&str], cwd: &Path, limit: Duration) -> Option<String> {
    let output = ask_exactly(program, args, cwd, limit).await?;
    Some(String::from_utf8_lossy(&output).into_owned())
}

/// The same, with every byte as it was printed (the content of a file).
pub async fn ask_exactly(program: &Path, args: &[&str], cwd: &Path, limit: Duration) -> Option<Vec<u8>> {
    let child = Command::new(program)
        .args(args)
        .current_dir(cwd)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .ok()?;
    let _group = Group::of(&child);
    let output = timeout(limit, child.wait_with_output()).await.ok()?.ok()?;
    output.status.success().then_some(output.stdout)
}

const SIGNALS: [(i32, &str); 10] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (4, "SIGILL"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (15, "SIGTERM"),
];

/// A signal as people know it: `SIGTERM`, `signal 42`.
pub fn signal_name(signal: i32) -> String {
    let known = SIGNALS.iter().find(|(number, _)| *number == signal);
    known.map_or_else(|| format!("signal {signal}"), |(_, name)| (*name).to_owned())
}

/// The reverse of [`signal_name`].
pub fn signal_number(name: &str) -> Option<i32> {
    let known = SIGNALS.iter().find(|(_, known)| *known == name).map(|(number, _)| *number);
    known.or_else(|| name.strip_prefix("signal ")?.parse().ok())
}
