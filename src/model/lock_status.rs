//! Whether a program is the one that gates.lock names.

use serde::{Deserialize, Serialize};

/// How the tools of a run, or of a gate, stand to gates.lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockStatus {
    Locked,
    /// There is no gates.lock.
    Unlocked,
    Differs,
}
