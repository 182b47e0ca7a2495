//! Which of GitLab's reports a finding or a gate belongs to.

use crate::model::aim::Aim;
use crate::model::finding::{Category, Finding};
use crate::model::run::GateRecord;
use crate::report::subject;

/// A kind of security report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GitlabKind {
    Sast,
    Dependencies,
    Secrets,
    Containers,
}

impl GitlabKind {
    /// Its name in `scan.type`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sast => "sast",
            Self::Dependencies => "dependency_scanning",
            Self::Secrets => "secret_detection",
            Self::Containers => "container_scanning",
        }
    }

    /// Lint, types, quality and licences go to the Code Quality report, failed tests to JUnit. GitLab
    /// counts infrastructure as code as SAST.
    pub(crate) fn of(finding: &Finding) -> Option<Self> {
        match finding.category {
            Category::Secret => Some(Self::Secrets),
            Category::Misconfiguration | Category::Sast => Some(Self::Sast),
            Category::Vulnerability if finding.package.is_none() => Some(Self::Sast),
            Category::Vulnerability if finding.image.is_some() => Some(Self::Containers),
            Category::Vulnerability => Some(Self::Dependencies),
            Category::Lint | Category::Type | Category::Quality | Category::License | Category::Test => None,
        }
    }

    fn of_aim(aim: Aim) -> Option<Self> {
        match aim {
            Aim::Secrets => Some(Self::Secrets),
            Aim::PackageVulnerabilities => Some(Self::Dependencies),
            Aim::ImageVulnerabilities => Some(Self::Containers),
            Aim::CodeVulnerabilities | Aim::Misconfigurations => Some(Self::Sast),
            Aim::Licences | Aim::Lint | Aim::Types | Aim::Quality | Aim::Tests => None,
        }
    }

    /// Whether the gate looks for this, even if it found nothing.
    pub(crate) fn is_of(self, gate: &GateRecord) -> bool {
        subject::looks_for(gate).iter().any(|aim| Self::of_aim(*aim) == Some(self))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn record(tool: &str, looks_for: Value) -> GateRecord {
        let mut record = json!({
            "id": "gate", "stage": "Stage", "tool": tool, "outcome": "passed", "reason": "", "evidence": "whole",
            "required": true, "scope": {"files": 1}, "duration_ms": 1, "cached": false, "targets": [],
            "counts": {"critical": 0, "high": 0, "medium": 0, "low": 0, "info": 0, "unknown": 0},
        });
        record["looks_for"] = looks_for;
        serde_json::from_value(record).unwrap()
    }

    fn kinds(gate: &GateRecord) -> Vec<&'static str> {
        let all = [GitlabKind::Sast, GitlabKind::Dependencies, GitlabKind::Secrets, GitlabKind::Containers];
        all.into_iter().filter(|kind| kind.is_of(gate)).map(GitlabKind::name).collect()
    }

    #[test]
    fn a_finding_goes_to_the_report_of_its_category() {
        for (category, kind) in [
            (Category::Sast, Some(GitlabKind::Sast)),
            (Category::Misconfiguration, Some(GitlabKind::Sast)),
            (Category::Secret, Some(GitlabKind::Secrets)),
            (Category::Quality, None),
            (Category::Lint, None),
        ] {
            let finding = Finding::new("r", category, crate::model::severity::Severity::High, "t");
            assert_eq!(GitlabKind::of(&finding), kind, "{category:?}");
        }
    }

    #[test]
    fn a_gate_is_of_the_kinds_that_its_record_says_it_looks_for() {
        for (looks_for, is_of) in [
            (json!(["image-vulnerabilities", "secrets"]), vec!["secret_detection", "container_scanning"]),
            (json!(["package-vulnerabilities"]), vec!["dependency_scanning"]),
            (json!(["misconfigurations", "licences"]), vec!["sast"]),
            (json!(["quality", "code-vulnerabilities"]), vec!["sast"]),
            (json!(["lint", "types", "tests"]), vec![]),
        ] {
            assert_eq!(kinds(&record("trivy", looks_for.clone())), is_of, "{looks_for}");
        }
    }

    #[test]
    fn of_a_record_that_does_not_say_it_what_the_tool_looks_for_in_any_case_counts() {
        for (tool, is_of) in [
            ("gitleaks", vec!["secret_detection"]),
            ("npm-audit", vec!["dependency_scanning"]),
            ("checkov", vec!["sast"]),
            ("trivy", vec![]),
            ("command", vec![]),
            ("a tool of another version", vec![]),
        ] {
            assert_eq!(kinds(&record(tool, json!([]))), is_of, "{tool}");
        }
    }
}
