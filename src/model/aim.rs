//! What a gate looks for, whether it finds it or not.

use serde::{Deserialize, Serialize};

/// One thing that a gate looks for. A report that has none of it then says that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    Secrets,
    /// Known vulnerabilities of the packages that a folder names.
    PackageVulnerabilities,
    /// The same of what is installed in an image.
    ImageVulnerabilities,
    /// Vulnerabilities in the project's own code.
    CodeVulnerabilities,
    Misconfigurations,
    Licences,
    Lint,
    Types,
    Quality,
    Tests,
}
