//! The starter: a small process of each run that makes a [`keeper`](super::keeper) for each program.
//!
//! Starting this binary costs more than most of what Portcullis asks of git. So it is started once more, and no more: the
//! starter is that second process. It reads a word with three descriptors from its standard input, makes a copy of
//! itself (fork(2)), which becomes the keeper, and waits for the next. It has one thread and opens nothing, so a copy is
//! cheap and whole. When Portcullis ends or dies, so does the starter. The keepers do not depend on it.
//!
//! A program may kill its keeper. What it has started then becomes the starter's (a subreaper, as a keeper is), which ends it.

#![allow(clippy::disallowed_methods, reason = "it starts the keepers for process.rs")]

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use fork::{ProcessFork, fork_process};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, wait};

use super::descendants;
use super::keeper::{self, Descriptors, KilledKeeper};

/// The first argument of a starter.
const WORD: &str = "__start";

/// Portcullis' end of the starter's standard input. `None` until the first program, and after the starter was killed.
///
/// The only state of this process that is not handed around: it has one starter as it has one standard input.
static STARTER: Mutex<Option<UnixStream>> = Mutex::new(None);

/// Makes a keeper: its end of the line, and the output of the program that it will start.
pub(super) fn make_keeper(descriptors: &Descriptors) -> io::Result<()> {
    let mut starter = starter();
    if let Some(running) = &*starter
        && send(running, descriptors).is_ok()
    {
        return Ok(());
    }
    let fresh = start()?;
    send(&fresh, descriptors)?;
    *starter = Some(fresh);
    Ok(())
}

/// Forgets a starter that makes no keepers any more.
pub(super) fn replace() {
    *starter() = None;
}

fn starter() -> MutexGuard<'static, Option<UnixStream>> {
    STARTER.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn start() -> io::Result<UnixStream> {
    let (ours, its) = UnixStream::pair()?;
    let mut command = Command::new(this_binary()?);
    command.arg0("portcullis-keeper").arg(WORD).process_group(0);
    command.stdin(OwnedFd::from(its)).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    Ok(ours)
}

/// This binary, even if an update has just replaced its file.
fn this_binary() -> io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_owned()) } else { std::env::current_exe() }
}

/// Ends what the program of a killed keeper has started.
pub(super) fn end_what_it_left(killed: KilledKeeper) {
    if let Some(running) = &*starter() {
        let word = word(SWEEP_AFTER, Some(killed.keeper));
        let nothing = &mut SendAncillaryBuffer::default();
        // An error means that the starter was killed, too.
        let _ = sendmsg(running, &[IoSlice::new(&word)], nothing, SendFlags::empty());
    }
    // Only Linux gives the starter the orphans.
    if let Some(group) = killed.group {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Asks for a keeper.
const KEEP: u8 = b'K';

/// Tells the starter that a keeper was killed.
const SWEEP_AFTER: u8 = b'S';

/// A word of Portcullis to the starter: what to do, and the keeper that was killed. All have one length, so a read is a word.
type Word = [u8; 5];

fn word(what: u8, keeper: Option<Pid>) -> Word {
    let [a, b, c, d] = Pid::as_raw(keeper).to_be_bytes();
    [what, a, b, c, d]
}

fn send(starter: &UnixStream, descriptors: &Descriptors) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let Descriptors { line, stdout, stderr } = descriptors;
    let sent = [line.as_fd(), stdout.as_fd(), stderr.as_fd()];
    if !control.push(SendAncillaryMessage::ScmRights(&sent)) {
        return Err(io::Error::other("three descriptors do not fit into a message"));
    }
    sendmsg(starter, &[IoSlice::new(&word(KEEP, None))], &mut control, SendFlags::empty())?;
    Ok(())
}

/// Does the work of a starter, if this process was called as one. This runs before the command line is parsed.
pub fn called() -> Option<ExitCode> {
    (std::env::args_os().nth(1)? == WORD)
        .then(|| serve(&io::stdin().as_fd().try_clone_to_owned().ok()?))
        .flatten()
}

/// Makes keepers until Portcullis ends. Returns in each keeper, too.
fn serve(portcullis: &OwnedFd) -> Option<ExitCode> {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    let mut keepers = Vec::new();
    while let Some(asked) = receive(portcullis) {
        match asked {
            Asked::Keep(descriptors) => match fork_process() {
                Ok(ProcessFork::Child) => return Some(keeper::keep(descriptors)),
                Ok(ProcessFork::Parent(keeper)) => keepers.extend(Pid::from_raw(keeper.into())),
                // Without a keeper the descriptors are closed, which says so.
                Err(_) => drop(descriptors),
            },
            Asked::SweepAfter(keeper) => sweep(&mut keepers, |keepers| !keepers.contains(&keeper)),
        }
        reap(&mut keepers);
    }
    // A keeper ends its program now, unless that has killed it.
    sweep(&mut keepers, |keepers| keepers.is_empty());
    Some(ExitCode::SUCCESS)
}

/// Takes note of the children that have ended. Returns whether there are others.
fn reap(keepers: &mut Vec<Pid>) -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((ended, _))) => keepers.retain(|keeper| *keeper != ended),
            Ok(None) => return true,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// Ends all that descends from this process without a keeper, until there is none and it is time to stop.
fn sweep(keepers: &mut Vec<Pid>, enough: impl Fn(&[Pid]) -> bool) {
    // A keeper takes as long to end what its program has started.
    let started = Instant::now();
    while reap(keepers) && started.elapsed() < 2 * keeper::SWEEP {
        // Its children become this process's before a keeper can be seen to have ended.
        let last = enough(keepers);
        let strays = descendants::all(keepers);
        if last && strays.is_empty() {
            return;
        }
        for stray in strays {
            let _ = kill_process(stray.pid, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// What Portcullis asks for.
enum Asked {
    Keep(Descriptors),
    SweepAfter(Pid),
}

/// The next request; `None`: there will be none.
fn receive(portcullis: &OwnedFd) -> Option<Asked> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut word: Word = [0; 5];
    loop {
        match recvmsg(portcullis, &mut [IoSliceMut::new(&mut word)], &mut control, RecvFlags::CMSG_CLOEXEC) {
            Ok(message) if message.bytes == 0 => return None,
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
    let [what, keeper @ ..] = word;
    if what == SWEEP_AFTER {
        return Pid::from_raw(i32::from_be_bytes(keeper)).map(Asked::SweepAfter);
    }
    let mut received = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    let mut received = received.next()?;
    let descriptors =
        Descriptors { line: received.next()?, stdout: received.next()?, stderr: received.next()? };
    Some(Asked::Keep(descriptors))
}
