//! Which of GitLab's reports a finding, or a gate, belongs to.

use crate::model::finding::{Category, Finding};
use crate::model::run::GateRecord;

/// A kind of security report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sast,
    Dependencies,
    Secrets,
    Containers,
}

impl Kind {
    /// Its name in `scan.type`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sast => "sast",
            Self::Dependencies => "dependency_scanning",
            Self::Secrets => "secret_detection",
            Self::Containers => "container_scanning",
        }
    }

    /// Lint, types, quality and licences are Code Quality's, and failed tests are JUnit's. GitLab has
    /// infrastructure as code among SAST.
    pub(crate) fn of(finding: &Finding) -> Option<Self> {
        match finding.category {
            Category::Secret => Some(Self::Secrets),
            Category::Misconfiguration => Some(Self::Sast),
            Category::Vulnerability if finding.package.is_none() => Some(Self::Sast),
            Category::Vulnerability if finding.image.is_some() => Some(Self::Containers),
            Category::Vulnerability => Some(Self::Dependencies),
            Category::Lint | Category::Type | Category::Quality | Category::License | Category::Test => None,
        }
    }

    /// Whether the gate looks for this, whatever it found.
    pub(crate) fn is_of(self, gate: &GateRecord) -> bool {
        let trivy =
            |holds: &dyn Fn(&[String]) -> bool| gate.targets.iter().any(|target| holds(&target.command));
        let scans = |word: &str| trivy(&|command| command.get(1).is_some_and(|scan| scan == word));
        let looks_for = |word: &str| {
            trivy(&|command| {
                let mut pairs = command.iter().zip(command.iter().skip(1));
                pairs.any(|(name, list)| name == "--scanners" && list.split(',').any(|one| one == word))
            })
        };
        match (&*gate.tool, self) {
            ("gitleaks" | "git-secrets", Self::Secrets) => true,
            ("npm-audit" | "yarn-audit" | "pnpm-audit", Self::Dependencies) => true,
            ("checkov", Self::Sast) => true,
            ("trivy", Self::Containers) => scans("image") && looks_for("vuln"),
            ("trivy", Self::Dependencies) => scans("fs") && looks_for("vuln"),
            ("trivy", Self::Secrets) => looks_for("secret"),
            ("trivy", Self::Sast) => scans("config") || looks_for("misconfig"),
            _ => false,
        }
    }
}
