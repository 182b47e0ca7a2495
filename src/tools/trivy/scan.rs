//! The kinds of scan that a gate of Trivy does.

use serde::Serialize;

/// What Trivy scans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) enum Scan {
    #[default]
    Fs,
    Image,
    Config,
}

impl Scan {
    pub(super) const WORDS: [(&str, Self); 3] =
        [("fs", Self::Fs), ("image", Self::Image), ("config", Self::Config)];

    /// Trivy's name for the subcommand, which is also the word in gates.toml.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Fs => "fs",
            Self::Image => "image",
            Self::Config => "config",
        }
    }
}
