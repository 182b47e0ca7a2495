//! At a run: is the program that is about to start the one that gates.lock pins?

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::engine::program_identity::Identity;
use crate::model::lock_status::LockStatus;
use crate::model::verdict::Mode;
use crate::scan::invocation::{Invocation, Program};
use crate::scan::job::Job;
use crate::scan::proof::Proof;
use crate::system::variables;

use super::chain::Around;
use super::memo::Memo;
use super::{Key, Lock, LockEntry, Measured, platform};

/// The most parts that a reason names.
const NAMED: usize = 3;

/// Checks every program before a gate starts it.
#[derive(Debug)]
pub(crate) struct Guard {
    lock: Option<Lock>,
    mode: Mode,
    memo: Memo,
    /// The top of the repository.
    root: PathBuf,
}

/// What the guard found out about one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Examined {
    /// There is no lock: nothing is known.
    Unlocked,
    /// It is the program in the lock.
    Locked(Identity),
    /// It is not. Holds what is known about it without starting it, and why it is refused.
    Differs(Identity, String),
}

impl Guard {
    /// A guard for the repository with its top at `root`. With `verify`, no cached hash is used.
    pub(crate) fn new(lock: Option<Lock>, mode: Mode, root: &Path, verify: bool) -> Self {
        let memo = if verify || lock.is_none() { Memo::none() } else { Memo::of_user(root) };
        Self { lock, mode, memo, root: root.to_owned() }
    }

    /// Whether there is a lock.
    pub(crate) fn has_lock(&self) -> bool {
        self.lock.is_some()
    }

    /// The lock status of the run before any tool was checked.
    pub(crate) fn lock_status(&self) -> LockStatus {
        if self.has_lock() { LockStatus::Locked } else { LockStatus::Unlocked }
    }

    /// Checks the program of a job, found at `found`, without starting it.
    pub(crate) fn examine(&self, job: &Job, found: &Path) -> Examined {
        self.examine_as(&job.invocation, &job.invocation.program, found)
    }

    /// The same for any of the programs that a job starts.
    pub(crate) fn examine_as(&self, start: &Invocation, program: &Program, found: &Path) -> Examined {
        let Some(lock) = &self.lock else { return Examined::Unlocked };
        let key = Key::of(program, found, &self.root);
        let measured = match Measured::of(found, &around(&start.cwd, &start.env), &self.memo) {
            Ok(measured) => measured,
            Err(why) => {
                let why = format!("{key} can't be compared with gates.lock: {why}");
                return Examined::Differs(Identity::default(), self.refusal(&why));
            }
        };
        let platform = platform();
        if let Some(entry) = lock.entries(&key, &platform).find(|entry| entry.sha256 == measured.sha256) {
            let sha256 = Some(measured.sha256);
            return Examined::Locked(Identity { version: entry.version.clone(), sha256 });
        }
        let version = measured.package_version();
        let here = described(version.as_deref(), &measured.sha256);
        let why = match lock.entries(&key, &platform).next() {
            Some(entry) => {
                let locked = described(entry.version.as_deref(), &entry.sha256);
                let parts = differing(entry, &measured);
                format!("{key} is not the one in gates.lock: locked is {locked}; here is {here}{parts}")
            }
            None => format!("{key} is not in gates.lock for {platform}; here is {here}"),
        };
        Examined::Differs(Identity { version, sha256: Some(measured.sha256) }, self.refusal(&why))
    }

    /// The result if the check itself failed.
    pub(crate) fn lost(&self) -> Examined {
        let why = "comparing it with gates.lock failed; this is a bug in Portcullis, please report it";
        Examined::Differs(Identity::default(), self.refusal(why))
    }

    fn refusal(&self, why: &str) -> String {
        let effect = match self.mode {
            Mode::Production => "not started",
            Mode::Lab => "production would not start it",
        };
        format!("{effect}: {why}. If that is intended, run `portcullis lock`")
    }

    /// Whether the examined program may start.
    pub(crate) fn lets_start(&self, examined: &Examined) -> bool {
        self.mode == Mode::Lab || !matches!(examined, Examined::Differs(..))
    }

    /// Saves the new hashes for the next run.
    pub(crate) fn save(&self) {
        self.memo.save();
    }
}

impl Examined {
    /// For the record.
    pub(crate) fn lock_status(&self) -> LockStatus {
        match self {
            Self::Unlocked => LockStatus::Unlocked,
            Self::Locked(_) => LockStatus::Locked,
            Self::Differs(..) => LockStatus::Differs,
        }
    }

    /// The program, as far as the comparison identified it.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Unlocked => None,
            Self::Locked(identity) | Self::Differs(identity, _) => Some(identity),
        }
    }

    /// The proof of a job that ran this program: there is no proof if it is not the locked one.
    pub(crate) fn assess(&self, proof: Proof) -> Proof {
        let Self::Differs(_, why) = self else { return with_line(proof, self) };
        match proof {
            Proof::Inconclusive { parsed, reason } if reason != *why => {
                Proof::Inconclusive { parsed, reason: format!("{why}; and {reason}") }
            }
            Proof::Complete(parsed)
            | Proof::NothingInScope { parsed, .. }
            | Proof::Inconclusive { parsed, .. } => Proof::Inconclusive { parsed, reason: why.clone() },
        }
    }
}

fn with_line(mut proof: Proof, examined: &Examined) -> Proof {
    if let (Proof::Complete(parsed), Examined::Locked(_)) = (&mut proof, examined) {
        parsed.proof.push("its program is the one in gates.lock".to_owned());
    }
    proof
}

/// Where the programs that a job's program starts are searched for.
pub(crate) fn around(cwd: &Path, env: &BTreeMap<String, String>) -> Around {
    let own = env.get("PATH").map(OsString::from);
    Around { cwd: cwd.to_owned(), path: own.or_else(|| variables::os("PATH")).unwrap_or_default() }
}

/// `8.30.1, SHA-256 …`
fn described(version: Option<&str>, sha256: &str) -> String {
    let version = version.map(|version| format!("{version}, ")).unwrap_or_default();
    format!("{version}SHA-256 {sha256}")
}

/// The parts that differ, if the tool has several.
fn differing(entry: &LockEntry, measured: &Measured) -> String {
    let gone = entry.runs.iter().filter(|part| !measured.runs.contains(part));
    let new = measured.runs.iter().filter(|part| !entry.runs.contains(part));
    let mut names: Vec<String> =
        gone.chain(new).map(|part| format!("{} {}", part.what.as_str(), part.name)).collect();
    names.sort();
    names.dedup();
    match names.len() {
        0 => String::new(),
        n if n > NAMED => format!(" ({} and {} more differ)", names[..NAMED].join(", "), n - NAMED),
        1 => format!(" ({} differs)", names[0]),
        _ => format!(" ({} differ)", names.join(", ")),
    }
}
