//! The keeper: a process between Portcullis and each program that it starts.
//!
//! Portcullis can be killed at any moment (SIGKILL, out of memory), and then it ends nobody. So each
//! program is started by a keeper, which is this very binary called with another first word. The
//! keeper's standard input is one end of a socket, the *line*; the other end is Portcullis'. When
//! Portcullis lets go of the line, or dies, the keeper ends everything that the program has
//! started. On Linux the keeper is a subreaper: whoever loses its parent becomes the keeper's
//! child, so that leaving the process group (`setsid`) or clearing the environment hides nobody,
//! and one job's processes are never taken for another's. Elsewhere it knows the process group.

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

/// The same of a keeper that feeds the program: the line begins with what the program reads on its
/// standard input, behind its length in eight bytes.
const FEEDING: &str = "__keep-feeding";

/// How long it tries to end what the program has left behind. SIGKILL takes a moment; what belongs
/// to another user (a setuid program) can't be ended at all.
const SWEEP: Duration = Duration::from_secs(2);

/// Portcullis' end of the line. When it is dropped, everything that the program has started is killed.
#[derive(Debug)]
pub struct Line(UnixStream);

/// How the program ended, as its keeper tells it.
#[derive(Debug, Default)]
pub struct Outcome {
    pub end: Option<KeptEnd>,
    /// Someone who had left the process group still held standard output.
    pub held: bool,
    /// The process group, where the keeper itself was killed before it could tell the end.
    pub orphans: Option<Pid>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum KeptEnd {
    Exited(i32),
    Signalled(i32),
    /// It could not be started: the error of the system.
    Failed(i32),
}

/// The command of a keeper that starts `program`; arguments, environment and streams but standard
/// input are the program's. Of that it gets `feed`, which must be short (a password), or nothing.
pub fn command(program: &Path, feed: Option<&[u8]>) -> io::Result<(tokio::process::Command, Line)> {
    let (ours, its) = UnixStream::pair()?;
    let mut command = Command::new(this_binary()?);
    let word = if feed.is_some() { FEEDING } else { WORD };
    command.arg0("portcullis-keeper").arg(word).arg(program).stdin(OwnedFd::from(its)).process_group(0);
    if let Some(feed) = feed {
        // Nobody reads yet: what does not fit into the socket would be waited for in vain.
        ours.set_nonblocking(true)?;
        (&ours).write_all(&(feed.len() as u64).to_be_bytes())?;
        (&ours).write_all(feed)?;
        ours.set_nonblocking(false)?;
    }
    Ok((command.into(), Line(ours)))
}

/// This very binary, even when an update has just replaced its file.
fn this_binary() -> io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_owned()) } else { std::env::current_exe() }
}

impl Line {
    /// Asks the program to end: SIGTERM to its group.
    pub fn terminate(&self) {
        // An error means that the keeper is gone, and the program with it.
        let _ = (&self.0).write_all(b"T");
    }

    /// Lets go: the keeper kills whatever is left.
    pub fn release(&self) {
        let _ = self.0.shutdown(std::net::Shutdown::Write);
    }

    /// What the keeper has told. It must have ended: else this waits for it.
    pub fn outcome(mut self) -> Outcome {
        let mut told = String::new();
        // What is cut off is read as far as it goes.
        let _ = self.0.read_to_string(&mut told);
        let mut outcome = Outcome::default();
        for line in told.lines() {
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

/// Does a keeper's work where this process was called as one. Before the command line is parsed: it
/// is on the way of every job.
pub fn called() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    let word = args.next()?;
    if word != WORD && word != FEEDING {
        return None;
    }
    let program = args.next()?;
    Some(match keep(&program, args, word == FEEDING) {
        Ok(true) => ExitCode::SUCCESS,
        // For whoever asks no more than whether it went well; the line tells the rest.
        Ok(false) | Err(_) => ExitCode::FAILURE,
    })
}

/// Starts the program, waits for its end, ends what it leaves behind. Whether it succeeded.
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
                // It may never read; and who does not read does not want it.
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
        // Nobody would hear that Portcullis is dead.
        kill(leader);
    }
    // An error means that Portcullis is dead: the listener sees to that.
    let _ = writeln!(line, "started {}", leader.as_raw_nonzero());
    let status = loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == leader => break status,
            // An orphan of the program's has ended, or a signal came in between.
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    };
    let held = sweep(leader);
    let told = format!("{}{}", words(status), if held { "held\n" } else { "" });
    line.write_all(told.as_bytes())?;
    Ok(status.exit_status() == Some(0))
}

/// What stands in front of everything else on the line of a keeper that feeds.
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

/// Passes on what Portcullis asks for; when the line ends, so does the program.
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

/// Ends whatever the program has left behind. Whether someone outside its group held standard output.
fn sweep(group: Pid) -> bool {
    let started = Instant::now();
    let _ = kill_process_group(group, Signal::KILL);
    let mut held = false;
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => continue,
            // Nobody is left: the usual case, and no more than one call.
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

/// Who descends from this process, from /proc. Elsewhere than on Linux nobody is reparented to us.
mod descendants {
    use std::collections::HashMap;
    use std::fs;

    use rustix::process::{Pid, getpid};

    pub(super) struct Descendant {
        pub pid: Pid,
        pub group: Pid,
    }

    /// Children, their children, and so on; without those that are dead.
    pub(super) fn all() -> Vec<Descendant> {
        let mut children: HashMap<Pid, Vec<Descendant>> = HashMap::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let pid = entry.file_name().to_str().and_then(|name| Pid::from_raw(name.parse().ok()?));
            let Some(pid) = pid else { continue };
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // `pid (name) state parent group …`; the name may hold anything.
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

    /// Whether a process has the pipe open that is our standard output.
    pub(super) fn holds_stdout(pid: Pid) -> bool {
        let Ok(ours) = fs::read_link("/proc/self/fd/1") else { return false };
        let files = fs::read_dir(format!("/proc/{}/fd", pid.as_raw_nonzero())).into_iter().flatten();
        ours.to_string_lossy().starts_with("pipe:")
            && files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|its| its == ours))
    }
}
