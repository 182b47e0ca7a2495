//! The keeper: a process between Portcullis and each program that it starts.
//!
//! Portcullis can be killed at any moment (SIGKILL, out of memory), and then it can't end its programs. So a
//! keeper starts each program. The keeper is the same binary, called with another first argument. Its
//! standard input is one end of a socket, the *line*; Portcullis has the other end. When Portcullis closes
//! the line, or dies, the keeper ends everything that the program has started. On Linux the keeper is a
//! subreaper: a process that loses its parent becomes the keeper's child. So no process can hide by leaving
//! the process group (`setsid`) or by clearing the environment, and processes of different jobs are never
//! confused. On other systems the keeper only knows the process group.

#![allow(clippy::disallowed_methods, reason = "it starts the program for process.rs")]

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, kill_process_group, wait};

/// The first argument of a keeper.
const WORD: &str = "__keep";

/// The same for a keeper that feeds the program: the line begins with eight bytes of length and then what the
/// program reads on its standard input.
const FEEDING: &str = "__keep-feeding";

/// How long it tries to end the processes that the program leaves. SIGKILL takes a moment, and a process of
/// another user (a setuid program) can't be ended.
const SWEEP: Duration = Duration::from_secs(2);

/// Portcullis' end of the line. When it is dropped, the keeper kills everything that the program has started.
#[derive(Debug)]
pub struct Line(UnixStream);

/// How the program ended, as its keeper reports it.
#[derive(Debug, Default)]
pub struct KeeperOutcome {
    pub end: Option<KeptEnd>,
    /// A process outside the process group still had standard output open.
    pub held: bool,
    /// The process group, if the keeper was killed before it could report the end.
    pub orphans: Option<Pid>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum KeptEnd {
    Exited(i32),
    Signalled(i32),
    /// It could not be started: the system's error number.
    Failed(i32),
}

/// The command of a keeper that starts `program`. Arguments, environment and output streams are the
/// program's. Its standard input is `feed`, which must be short (a password), or empty.
pub fn command(program: &Path, feed: Option<&[u8]>) -> io::Result<(tokio::process::Command, Line)> {
    let (ours, its) = UnixStream::pair()?;
    let mut command = Command::new(this_binary()?);
    let word = if feed.is_some() { FEEDING } else { WORD };
    command.arg0("portcullis-keeper").arg(word).arg(program).stdin(OwnedFd::from(its)).process_group(0);
    if let Some(feed) = feed {
        // Nothing reads the socket yet, so a write that does not fit would block forever.
        ours.set_nonblocking(true)?;
        (&ours).write_all(&(feed.len() as u64).to_be_bytes())?;
        (&ours).write_all(feed)?;
        ours.set_nonblocking(false)?;
    }
    Ok((command.into(), Line(ours)))
}

/// This binary, even if an update has just replaced its file.
fn this_binary() -> io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_owned()) } else { std::env::current_exe() }
}

impl Line {
    /// Asks the program to end: SIGTERM to its group.
    pub fn terminate(&self) {
        // An error means that the keeper and the program have ended.
        let _ = (&self.0).write_all(b"T");
    }

    /// Closes the line: the keeper kills what is left.
    pub fn release(&self) {
        let _ = self.0.shutdown(std::net::Shutdown::Write);
    }

    /// What the keeper reported. If the keeper has not ended, this waits for it.
    pub fn outcome(mut self) -> KeeperOutcome {
        let mut report = String::new();
        // If the text is cut off, use what is there.
        let _ = self.0.read_to_string(&mut report);
        let mut outcome = KeeperOutcome::default();
        for line in report.lines() {
            let (word, number) = line.split_once(' ').unwrap_or((line, ""));
            let number: i32 = number.parse().unwrap_or(-1);
            match word {
                "started" => outcome.orphans = Pid::from_raw(number),
                "exited" => outcome.end = Some(KeptEnd::Exited(number)),
                "signalled" => outcome.end = Some(KeptEnd::Signalled(number)),
                "failed" => outcome.end = Some(KeptEnd::Failed(number)),
                "held" => outcome.held = true,
                _ => {}
            }
        }
        if outcome.end.is_some() {
            outcome.orphans = None;
        }
        outcome
    }
}

/// Does a keeper's work, if this process was called as a keeper. This runs before the command line is parsed,
/// since every job needs it to be fast.
pub fn called() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    let word = args.next()?;
    if word != WORD && word != FEEDING {
        return None;
    }
    let program = args.next()?;
    Some(match keep(&program, args, word == FEEDING) {
        Ok(true) => ExitCode::SUCCESS,
        // For a caller that only checks for success. The line has the details.
        Ok(false) | Err(_) => ExitCode::FAILURE,
    })
}

/// Starts the program, waits for its end, and ends what it leaves. Returns whether it succeeded.
fn keep(program: &OsString, args: impl Iterator<Item = OsString>, feeding: bool) -> io::Result<bool> {
    let mut line = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let feed = if feeding { Some(read_feed(&mut line)?) } else { None };
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let input = if feeding { Stdio::piped() } else { Stdio::null() };
    let child = Command::new(program).args(args).stdin(input).process_group(0).spawn();
    let leader = match child {
        Ok(mut child) => {
            if let (Some(feed), Some(mut input)) = (feed, child.stdin.take()) {
                // The program may never read it, so this must not block. An error does not matter.
                thread::spawn(move || drop(input.write_all(&feed)));
            }
            Pid::from_child(&child)
        }
        Err(error) => {
            writeln!(line, "failed {}", error.raw_os_error().unwrap_or(0))?;
            return Ok(false);
        }
    };
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
    let held = sweep(leader);
    let report = format!("{}{}", words(status), if held { "held\n" } else { "" });
    line.write_all(report.as_bytes())?;
    Ok(status.exit_status() == Some(0))
}

/// The first bytes on the line of a keeper that feeds the program.
fn read_feed(line: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    line.read_exact(&mut length)?;
    let mut feed = Vec::new();
    line.take(u64::from_be_bytes(length)).read_to_end(&mut feed)?;
    Ok(feed)
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
fn sweep(group: Pid) -> bool {
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
        for stray in descendants::all() {
            held |= stray.group != group && descendants::holds_stdout(stray.pid);
            let _ = kill_process(stray.pid, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// The processes that descend from this one, from /proc. Only Linux gives us orphans as children.
mod descendants {
    use std::collections::HashMap;
    use std::fs;

    use rustix::process::{Pid, getpid};

    pub(super) struct Descendant {
        pub pid: Pid,
        pub group: Pid,
    }

    /// Children, their children, and so on, without dead ones.
    pub(super) fn all() -> Vec<Descendant> {
        let mut children: HashMap<Pid, Vec<Descendant>> = HashMap::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let pid = entry.file_name().to_str().and_then(|name| Pid::from_raw(name.parse().ok()?));
            let Some(pid) = pid else { continue };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // `pid (name) state parent group …`; the name may have any characters.
            let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
            let mut fields = rest.split(' ');
            let alive = fields.next().is_some_and(|state| !matches!(state, "Z" | "X"));
            let mut next = || Pid::from_raw(fields.next()?.parse().ok()?);
            if let (true, Some(parent), Some(group)) = (alive, next(), next()) {
                children.entry(parent).or_default().push(Descendant { pid, group });
            }
        }
        let mut found = children.remove(&getpid()).unwrap_or_default();
        let mut at = 0;
        while let Some(one) = found.get(at) {
            found.extend(children.remove(&one.pid).unwrap_or_default());
            at += 1;
        }
        found
    }

    /// Whether a process has the pipe of our standard output open.
    pub(super) fn holds_stdout(pid: Pid) -> bool {
        let Ok(ours) = fs::read_link("/proc/self/fd/1") else { return false };
        let files = fs::read_dir(format!("/proc/{}/fd", pid.as_raw_nonzero())).into_iter().flatten();
        ours.to_string_lossy().starts_with("pipe:")
            && files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|its| its == ours))
    }
}
