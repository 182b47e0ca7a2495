//! The starter: a small process of each run that makes a [`keeper`](super::keeper) for each program.
//!
//! Starting this binary costs more than most of what Portcullis asks of git. So it is started once more, and no more: the
//! starter is that second process. It reads one byte with three descriptors from its standard input, makes a copy of
//! itself (fork(2)), which becomes the keeper, and waits for the next. It has one thread and opens nothing, so a copy is
//! cheap and whole. When Portcullis ends or dies, so does the starter. The keepers do not depend on it.

#![allow(clippy::disallowed_methods, reason = "it starts the keepers for process.rs")]

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Mutex, MutexGuard};

use fork::{ProcessFork, fork_process};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use rustix::process::{WaitOptions, wait};

use super::keeper::{self, Descriptors};

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

fn send(starter: &UnixStream, descriptors: &Descriptors) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let Descriptors { line, stdout, stderr } = descriptors;
    let sent = [line.as_fd(), stdout.as_fd(), stderr.as_fd()];
    if !control.push(SendAncillaryMessage::ScmRights(&sent)) {
        return Err(io::Error::other("three descriptors do not fit into a message"));
    }
    sendmsg(starter, &[IoSlice::new(b"K")], &mut control, SendFlags::empty())?;
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
    while let Some(descriptors) = receive(portcullis) {
        match fork_process() {
            Ok(ProcessFork::Child) => return Some(keeper::keep(descriptors)),
            // Without a keeper the descriptors are closed, which says so.
            Ok(ProcessFork::Parent(_)) | Err(_) => drop(descriptors),
        }
        // The keepers that have ended by now.
        while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
    }
    Some(ExitCode::SUCCESS)
}

/// The next request; `None`: there will be none.
fn receive(portcullis: &OwnedFd) -> Option<Descriptors> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    loop {
        match recvmsg(portcullis, &mut [IoSliceMut::new(&mut byte)], &mut control, RecvFlags::CMSG_CLOEXEC) {
            Ok(message) if message.bytes == 0 => return None,
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
    let mut received = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    let mut received = received.next()?;
    Some(Descriptors { line: received.next()?, stdout: received.next()?, stderr: received.next()? })
}
