//! Whether a program is the one in gates.lock.

use serde::{Deserialize, Serialize};

/// Whether the tools of a run, or of a gate, are those of gates.lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockStatus {
    Locked,
    /// There is no gates.lock.
    Unlocked,
    Differs,
}
