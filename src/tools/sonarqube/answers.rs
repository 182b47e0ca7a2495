//! The parts of the Web API's answers that are read, and the report that a run makes of them.
//!
//! Based on the examples that SonarQube keeps beside its code (`ce/ws/task-example.json`,
//! `qualitygate/ws/project_status-example.json`, `issue/ws/search-example.json`,
//! `hotspot/ws/search-example.json`). The report has the same members under the same names, so one
//! reader reads both the report and a single answer. Names of people are left out.

use serde::{Deserialize, Serialize};

/// One answer, or all of them together.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answers {
    /// How a run of Portcullis got the other members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portcullis: Option<ServerCircumstances>,
    /// `api/ce/task`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// `api/qualitygates/project_status`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_status: Option<ProjectStatus>,
    /// `api/issues/search`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issues: Option<Vec<Issue>>,
    /// `api/hotspots/search`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hotspots: Option<Vec<Hotspot>>,
    /// The files that issues and hotspots are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<Vec<SonarComponent>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paging: Option<Paging>,
}

/// What a run knows besides the answers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ServerCircumstances {
    pub version: String,
    /// The address that was asked.
    pub server: String,
    /// The version that the server gives itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_version: Option<String>,
    /// The scanner, with its version if the log has it; absent if the analysis ran elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanner: Option<Scanned>,
    /// Which analysis it is, if it ran elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Elsewhere>,
    /// Lists that are incomplete, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Scanned {
    pub program: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Shows whether an analysis that ran elsewhere is of what is checked out here.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Elsewhere {
    pub asked: jiff::Timestamp,
    /// The greatest age in seconds, where the commits can't be compared.
    pub max_age_s: u64,
    /// The commit that is checked out and, if it is a merge, the commit that it merges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checked_out: Vec<String>,
    /// Tracked files differ from that commit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dirty: bool,
    /// The branch of this run, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit that was analysed, if the server says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysed: Option<String>,
    /// The branch that was analysed, if the server says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysed_branch: Option<String>,
}

/// A task of the compute engine: the server's own part of an analysis.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Task {
    pub id: String,
    /// PENDING, IN_PROGRESS, SUCCESS, FAILED or CANCELED.
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analysis_id: Option<String>,
    /// The key of the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The quality gate of one analysis.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectStatus {
    /// OK, ERROR or NONE; WARN of servers before 7.6.
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<Condition>>,
    /// The server left out conditions on coverage and duplication: there is too little new code.
    #[serde(default)]
    pub ignored_conditions: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Condition {
    /// OK or ERROR; WARN of servers before 7.6.
    pub status: String,
    pub metric_key: String,
    /// LT or GT; EQ and NE of servers before 7.6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_threshold: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning_threshold: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual_value: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Issue {
    pub key: String,
    pub rule: String,
    /// The key of the file, or of the project.
    pub component: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// BLOCKER, CRITICAL, MAJOR, MINOR or INFO.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// BUG, VULNERABILITY or CODE_SMELL.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Since 10.2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub impacts: Vec<Impact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_range: Option<TextRange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why it is closed: FIXED, FALSE-POSITIVE, WONTFIX, REMOVED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// Since 10.4: OPEN, CONFIRMED, FALSE_POSITIVE, ACCEPTED or FIXED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_status: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Impact {
    /// SECURITY, RELIABILITY or MAINTAINABILITY.
    pub software_quality: String,
    /// BLOCKER, HIGH, MEDIUM, LOW or INFO.
    pub severity: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hotspot {
    pub key: String,
    pub component: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_category: Option<String>,
    /// HIGH, MEDIUM or LOW.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vulnerability_probability: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_range: Option<TextRange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Since 9.7.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_key: Option<String>,
    /// The result of a review: FIXED, SAFE, ACKNOWLEDGED.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
}

/// Lines count from 1, offsets from 0.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TextRange {
    pub start_line: Option<u64>,
    pub end_line: Option<u64>,
    pub start_offset: Option<u64>,
    pub end_offset: Option<u64>,
}

/// A file; projects have no path.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SonarComponent {
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Older servers also write a `total` beside it, which may be another number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Paging {
    pub total: u64,
}

/// `api/project_analyses/search`
#[derive(Debug, Deserialize)]
pub(crate) struct Analyses {
    pub analyses: Vec<Analysis>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Analysis {
    pub key: String,
    /// The commit.
    pub revision: Option<String>,
}

/// `api/project_pull_requests/list`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PullRequests {
    pub pull_requests: Vec<PullRequest>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PullRequest {
    pub key: String,
    pub branch: Option<String>,
    /// Only SonarQube Cloud has it.
    pub commit: Option<Commit>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Commit {
    pub sha: String,
}

/// `api/project_branches/list`
#[derive(Debug, Deserialize)]
pub(crate) struct Branches {
    pub branches: Vec<SonarBranch>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SonarBranch {
    pub name: String,
    #[serde(default)]
    pub is_main: bool,
}

/// The body of a status of 400 and above; 401 has no body.
#[derive(Debug, Deserialize)]
pub(crate) struct Errors {
    pub errors: Vec<ErrorMessage>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ErrorMessage {
    pub msg: String,
}
