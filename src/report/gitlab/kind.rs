//! Which of GitLab's reports a finding, or a gate, belongs to.

use crate::finding::{Category, Finding};
use crate::record::GateRecord;

/// A kind of security report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sast,
    Dependencies,
    Secrets,
    Containers,
}

impl Kind {
    /// Its name in `scan.type`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Sast => "sast",
            Kind::Dependencies => "dependency_scanning",
            Kind::Secrets => "secret_detection",
            Kind::Containers => "container_scanning",
        }
    }

    /// Lint, types, quality and licences are Code Quality's, and failed tests are JUnit's. GitLab has
    /// infrastructure as code among SAST.
    pub fn of(finding: &Finding) -> Option<Kind> {
        match finding.category {
            Category::Secret => Some(Kind::Secrets),
            Category::Misconfiguration => Some(Kind::Sast),
            Category::Vulnerability if finding.package.is_none() => Some(Kind::Sast),
            Category::Vulnerability if finding.image.is_some() => Some(Kind::Containers),
            Category::Vulnerability => Some(Kind::Dependencies),
            Category::Lint | Category::Type | Category::Quality | Category::License | Category::Test => None,
        }
    }

    /// Whether the gate looks for this, whatever it found.
    pub fn is_of(self, gate: &GateRecord) -> bool {
        let scans =
            |word: &str| gate.targets.iter().any(|target| target.command.iter().any(|arg| arg == word));
        match (&*gate.tool, self) {
            ("gitleaks" | "git-secrets", Kind::Secrets) => true,
            ("npm-audit" | "yarn-audit" | "pnpm-audit", Kind::Dependencies) => true,
            ("checkov", Kind::Sast) => true,
            ("trivy", Kind::Containers) => scans("image"),
            ("trivy", Kind::Dependencies) => scans("fs"),
            ("trivy", Kind::Sast) => scans("config"),
            _ => false,
        }
    }
}
