//! Whether this machine has what a gate needs, besides its program.

use serde::Serialize;

/// One thing that a run needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// `Docker`, `Trivy's database`.
    pub name: String,
    pub state: Ready,
    /// What is there, or what to do.
    pub words: String,
}

/// Whether it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ready {
    Yes,
    /// A run may go without it.
    Maybe,
    /// A gate would have no proof.
    No,
}

impl Readiness {
    pub fn new(name: impl Into<String>, state: Ready, words: impl Into<String>) -> Self {
        Self { name: name.into(), state, words: words.into() }
    }
}
