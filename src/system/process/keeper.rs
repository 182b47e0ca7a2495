//! The keeper: a process between Portcullis and each program that it starts.
//!
//! Portcullis can be killed at any moment (SIGKILL, out of memory), and then it can't end its programs. So a
//! keeper starts each program. The [starter](super::starter) makes it, as a copy of itself. It has one end of a
//! socket, the *line*; Portcullis has the other end. When Portcullis closes
//! the line, or dies, the keeper ends everything that the program has started. On Linux the keeper is a
//! subreaper: a process that loses its parent becomes the keeper's child. So no process can hide by leaving
//! the process group (`setsid`) or by clearing the environment, and processes of different jobs are never
//! confused. On other systems the keeper only knows the process group.

#![allow(clippy::disallowed_methods, reason = "it starts the program for process.rs")]

use std::io::{self, PipeReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, kill_process_group, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::descendants;
use super::request::Request;
use super::starter;

/// How long it tries to end the processes that the program leaves. SIGKILL takes a moment, and a process of
/// another user (a setuid program) can't be ended.
pub(super) const SWEEP: Duration = Duration::from_secs(2);

/// The first word of a keeper, with its process id.
const RECEIVED: &str = "received";

/// What a keeper gets from Portcullis, by its starter.
#[derive(Debug)]
pub(super) struct Descriptors {
    /// The keeper's end of the line.
    pub line: OwnedFd,
    /// Where the program writes.
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
}

/// Portcullis' end of the line. When it is dropped, the keeper kills everything that the program has started.
#[derive(Debug)]
pub(super) struct Line {
    socket: tokio::net::UnixStream,
    /// What the keeper has reported so far.
    report: Vec<u8>,
}

/// How the program ended, as its keeper reports it.
#[derive(Debug, Default)]
pub(super) struct KeeperOutcome {
    pub end: Option<KeptEnd>,
    /// A process outside the process group still had standard output open.
    pub held: bool,
    /// If the keeper was killed before it could report the end.
    pub killed: Option<KilledKeeper>,
}

/// A keeper that was killed, and what it has left.
#[derive(Clone, Copy, Debug)]
pub(super) struct KilledKeeper {
    pub keeper: Pid,
    /// The group of its program, if it could still report that.
    pub group: Option<Pid>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum KeptEnd {
    Exited(i32),
    Signalled(i32),
    /// It could not be started: the system's error number.
    Failed(i32),
}

/// A program that a keeper starts.
#[derive(Debug)]
pub(super) struct Kept {
    pub line: Line,
    pub stdout: PipeReader,
    /// `None`: nobody wants it.
    pub stderr: Option<PipeReader>,
}

/// How often a keeper is asked for. The starter may have been killed just now.
const TRIES: usize = 3;

/// Has the program of this request started by a keeper.
pub(super) async fn start(request: &Request<'_>, wants_stderr: bool) -> io::Result<Kept> {
    let bytes = request.to_bytes();
    for _ in 0..TRIES {
        let mut kept = ask(&bytes, wants_stderr).await?;
        // A keeper that has said nothing has started nothing.
        if kept.line.hears().await {
            return Ok(kept);
        }
        starter::replace();
    }
    Err(io::Error::other("the process that starts programs was killed"))
}

async fn ask(request: &[u8], wants_stderr: bool) -> io::Result<Kept> {
    let (ours, its) = UnixStream::pair()?;
    let (stdout, its_stdout) = io::pipe()?;
    let (stderr, its_stderr) = match wants_stderr {
        true => {
            let (stderr, its_stderr) = io::pipe()?;
            (Some(stderr), its_stderr.into())
        }
        false => (None, std::fs::File::options().write(true).open("/dev/null")?.into()),
    };
    let descriptors = Descriptors { line: its.into(), stdout: its_stdout.into(), stderr: its_stderr };
    starter::make_keeper(&descriptors)?;
    // Else this process would wait for its own ends.
    drop(descriptors);
    ours.set_nonblocking(true)?;
    let mut socket = tokio::net::UnixStream::from_std(ours)?;
    // The keeper may be killed before it has read all: the line says so when it is read.
    let _ = socket.write_all(request).await;
    Ok(Kept { line: Line { socket, report: Vec::new() }, stdout, stderr })
}

/// No keeper says more.
const LONGEST_REPORT: usize = 4096;

impl Line {
    /// Waits for the first words of the keeper. `false`: it has ended without any.
    async fn hears(&mut self) -> bool {
        matches!(self.socket.read_buf(&mut self.report).await, Ok(1..))
    }

    /// Waits until the keeper has ended, and with it all that the program has started.
    pub(super) async fn end(&mut self) {
        // If the text is cut off, use what is there.
        while self.report.len() < LONGEST_REPORT {
            match self.socket.read_buf(&mut self.report).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// Asks the program to end: SIGTERM to its group.
    pub(super) async fn terminate(&mut self) {
        // An error means that the keeper and the program have ended.
        let _ = self.socket.write_all(b"T").await;
    }

    /// Closes the line: the keeper kills what is left.
    pub(super) async fn release(&mut self) {
        let _ = self.socket.shutdown().await;
    }

    /// What the keeper has reported.
    pub(super) fn outcome(&self) -> KeeperOutcome {
        let mut outcome = KeeperOutcome::default();
        let (mut keeper, mut group) = (None, None);
        for line in String::from_utf8_lossy(&self.report).lines() {
            let (word, number) = line.split_once(' ').unwrap_or((line, ""));
            let number: i32 = number.parse().unwrap_or(-1);
            match word {
                RECEIVED => keeper = Pid::from_raw(number),
                "started" => group = Pid::from_raw(number),
                "exited" => outcome.end = Some(KeptEnd::Exited(number)),
                "signalled" => outcome.end = Some(KeptEnd::Signalled(number)),
                "failed" => outcome.end = Some(KeptEnd::Failed(number)),
                "held" => outcome.held = true,
                _ => {}
            }
        }
        if outcome.end.is_none() {
            outcome.killed = keeper.map(|keeper| KilledKeeper { keeper, group });
        }
        outcome
    }
}

/// Does a keeper's work: this process is one.
pub(super) fn keep(descriptors: Descriptors) -> ExitCode {
    match serve(descriptors) {
        Ok(()) => ExitCode::SUCCESS,
        // Portcullis sees that the line ends without a report.
        Err(_) => ExitCode::FAILURE,
    }
}

/// Starts the program, waits for its end, and ends what it leaves.
fn serve(descriptors: Descriptors) -> io::Result<()> {
    let mut line = UnixStream::from(descriptors.line);
    let request = Request::read(&mut line)?;
    // Before the program starts, since Portcullis asks again if it hears nothing.
    writeln!(line, "{RECEIVED} {}", rustix::process::getpid().as_raw_nonzero())?;
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let stdout = descriptors.stdout.try_clone()?;
    let mut command = Command::new(&request.program);
    for name in request.without.iter() {
        command.env_remove(name);
    }
    let input = if request.feed.is_some() { Stdio::piped() } else { Stdio::null() };
    command.args(request.args.iter()).envs(request.env.iter().cloned()).current_dir(&request.cwd);
    command.stdin(input).stdout(descriptors.stdout).stderr(descriptors.stderr).process_group(0);
    let leader = match command.spawn() {
        Ok(mut child) => {
            if let (Some(feed), Some(mut input)) = (request.feed, child.stdin.take()) {
                // The program may never read it, so this must not block. An error does not matter.
                thread::spawn(move || drop(input.write_all(&feed)));
            }
            Pid::from_child(&child)
        }
        Err(error) => {
            return writeln!(line, "failed {}", error.raw_os_error().unwrap_or(0));
        }
    };
    // It holds the ends of the program's streams.
    drop(command);
    let listening = line
        .try_clone()
        .and_then(|line| thread::Builder::new().stack_size(64 * 1024).spawn(move || listen(line, leader)));
    if listening.is_err() {
        // Without the listener the keeper would not notice that Portcullis is dead.
        kill(leader);
    }
    // An error means that Portcullis is dead. The listener handles that.
    let _ = writeln!(line, "started {}", leader.as_raw_nonzero());
    let status = loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == leader => break status,
            // An orphan of the program has ended, or a signal interrupted the call.
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    };
    let held = sweep(leader, &stdout);
    let report = format!("{}{}", words(status), if held { "held\n" } else { "" });
    line.write_all(report.as_bytes())
}

fn words(status: WaitStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("exited {code}\n"),
        (None, signal) => format!("signalled {}\n", signal.unwrap_or(0)),
    }
}

/// Passes SIGTERM on when Portcullis asks for it. When the line ends, kills the program.
fn listen(mut line: UnixStream, leader: Pid) {
    while line.read_exact(&mut [0]).is_ok() {
        let _ = kill_process_group(leader, Signal::TERM);
    }
    kill(leader);
}

fn kill(leader: Pid) {
    let _ = kill_process_group(leader, Signal::KILL);
    let _ = kill_process(leader, Signal::KILL);
}

/// Ends what the program has left. Returns whether a process outside its group had standard output open.
fn sweep(group: Pid, stdout: &OwnedFd) -> bool {
    let started = Instant::now();
    let _ = kill_process_group(group, Signal::KILL);
    let mut held = false;
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => continue,
            // No process is left: the usual case, with only one call.
            Err(_) => return held,
            Ok(None) if started.elapsed() > SWEEP => return held,
            Ok(None) => {}
        }
        for stray in descendants::all(&[]) {
            held |= stray.group != group && descendants::has_open(stray.pid, stdout);
            let _ = kill_process(stray.pid, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(1));
    }
}
