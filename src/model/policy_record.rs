//! Whose policy a run was judged by, for the record.

use serde::{Deserialize, Serialize};

use crate::model::loosening::Loosening;

/// What run.json says about the policy of a run, if it is the policy of another commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// The commit that the policy comes from.
    pub from: String,
    /// How the user named it.
    pub revision: String,
    /// What the work tree's gates.toml would have loosened.
    pub loosened: Vec<Loosening>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
