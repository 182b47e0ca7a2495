//! The documents that Trivy writes (aquasecurity/trivy `pkg/types/report.go`, `vulnerability.go`,
//! `misconfiguration.go`, `pkg/k8s/report/report.go`). Trivy leaves out empty lists and empty texts, so
//! nearly everything is optional.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::formats::json;
use crate::text::shared::Text;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Report {
    pub schema_version: Option<u64>,
    pub trivy: Option<Version>,
    pub artifact_type: Option<String>,
    pub metadata: Option<Metadata>,
    pub results: Option<Vec<TargetResult>>,
    /// Only in reports of `trivy k8s`, as are the lists that follow.
    pub cluster_name: Option<String>,
    pub resources: Option<Vec<Resource>>,
    pub vulnerabilities: Option<Vec<Resource>>,
    pub misconfigurations: Option<Vec<Resource>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Version {
    pub version: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    #[serde(rename = "ImageID")]
    pub image_id: Option<Text>,
    #[serde(rename = "OS")]
    pub os: Option<Os>,
    /// `ghcr.io/team/app:1.2`
    #[serde(rename = "RepoTags")]
    pub repo_tags: Option<Vec<Text>>,
    /// `ghcr.io/team/app@sha256:…`
    #[serde(rename = "RepoDigests")]
    pub repo_digests: Option<Vec<Text>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Os {
    #[serde(rename = "Family")]
    pub family: Option<String>,
    #[serde(rename = "Name")]
    pub name: Option<String>,
    /// The distribution no longer gets fixes.
    #[serde(rename = "EOSL", default)]
    pub end_of_life: bool,
}

/// A Kubernetes object.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Resource {
    pub namespace: Option<String>,
    pub kind: String,
    pub name: String,
    pub results: Option<Vec<TargetResult>>,
    pub error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TargetResult {
    pub target: Text,
    pub class: Option<String>,
    #[serde(rename = "Type")]
    pub kind: Option<String>,
    pub packages: Option<Vec<PackageEntry>>,
    pub vulnerabilities: Option<Vec<Vulnerability>>,
    pub misconf_summary: Option<MisconfSummary>,
    pub misconfigurations: Option<Vec<Misconfiguration>>,
    pub secrets: Option<Vec<Secret>>,
    pub licenses: Option<Vec<License>>,
    /// What `.trivyignore` or a VEX document suppresses; listed with `--show-suppressed`.
    #[serde(rename = "ExperimentalModifiedFindings")]
    pub suppressed: Option<Vec<Suppressed>>,
}

/// A suppressed finding. The finding itself is not read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Suppressed {
    /// `ignored`, or a status of VEX.
    #[serde(default, deserialize_with = "json::null_as_default")]
    pub status: String,
    /// The file that says so.
    #[serde(default, deserialize_with = "json::null_as_default")]
    pub source: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PackageEntry {
    pub name: Option<String>,
    pub version: Option<String>,
    pub identifier: Option<Identifier>,
    pub locations: Option<Vec<Lines>>,
    /// Only development needs it. Listed only with `--include-dev-deps`.
    #[serde(default, deserialize_with = "json::null_as_default")]
    pub dev: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Lines {
    pub start_line: Option<u64>,
    pub end_line: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Identifier {
    #[serde(rename = "PURL")]
    pub purl: Option<Text>,
    #[serde(rename = "UID")]
    pub uid: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Vulnerability {
    /// Absent in some reports of the first schema.
    #[serde(rename = "VulnerabilityID")]
    pub id: Option<Text>,
    #[serde(rename = "VendorIDs")]
    pub vendor_ids: Option<Vec<Text>>,
    pub pkg_name: Text,
    pub pkg_path: Option<Text>,
    pub pkg_identifier: Option<Identifier>,
    pub installed_version: Option<Text>,
    pub fixed_version: Option<Text>,
    pub status: Option<String>,
    pub severity_source: Option<String>,
    #[serde(rename = "PrimaryURL")]
    pub primary_url: Option<Text>,
    pub title: Option<Text>,
    pub description: Option<Text>,
    pub severity: Option<Text>,
    #[serde(rename = "CweIDs")]
    pub cwe_ids: Option<Vec<Text>>,
    #[serde(rename = "CVSS")]
    pub cvss: Option<BTreeMap<String, Scores>>,
    pub references: Option<Vec<Text>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Scores {
    pub v2_vector: Option<Text>,
    pub v2_score: Option<f64>,
    pub v3_vector: Option<Text>,
    pub v3_score: Option<f64>,
    pub v40_vector: Option<Text>,
    pub v40_score: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MisconfSummary {
    #[serde(default, deserialize_with = "json::null_as_default")]
    pub successes: u64,
    #[serde(default, deserialize_with = "json::null_as_default")]
    pub failures: u64,
    /// What policies of older versions let through.
    #[serde(default, deserialize_with = "json::null_as_default")]
    pub exceptions: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Misconfiguration {
    #[serde(rename = "ID")]
    pub id: Text,
    pub title: Option<Text>,
    pub message: Option<Text>,
    pub resolution: Option<Text>,
    pub severity: Option<Text>,
    #[serde(rename = "PrimaryURL")]
    pub primary_url: Option<Text>,
    pub references: Option<Vec<Text>>,
    /// PASS, FAIL or EXCEPTION.
    pub status: String,
    pub cause_metadata: Option<Cause>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Cause {
    pub resource: Option<Text>,
    pub start_line: Option<u64>,
    pub end_line: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Secret {
    #[serde(rename = "RuleID")]
    pub rule_id: Text,
    pub severity: Option<Text>,
    pub title: Option<Text>,
    pub start_line: Option<u64>,
    pub end_line: Option<u64>,
    /// The line with the secret, and those around it. Trivy masks the secret itself, and no other in them.
    #[serde(rename = "Match")]
    pub matched: Option<String>,
    pub code: Option<Code>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Code {
    pub lines: Option<Vec<CodeLine>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CodeLine {
    pub content: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct License {
    pub name: Text,
    pub severity: Option<Text>,
    pub category: Option<Text>,
    pub pkg_name: Option<Text>,
    pub file_path: Option<Text>,
    pub link: Option<Text>,
}
