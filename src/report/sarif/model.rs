//! The part of SARIF 2.1.0 that is written (OASIS Standard, 27 March 2020), by its own names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Log<R: Serialize> {
    #[serde(rename = "$schema")]
    pub schema: &'static str,
    pub version: &'static str,
    pub runs: R,
}

/// `results` before `invocations`: what was left out is known when they are written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run<'a, Rules: Serialize, Results: Serialize, Invocations: Serialize> {
    pub tool: Tool<'a, Rules>,
    pub conversion: Conversion<'a>,
    pub automation_details: Id<'a>,
    pub original_uri_base_ids: BTreeMap<&'static str, Base>,
    pub column_kind: &'static str,
    pub results: Results,
    pub invocations: Invocations,
    pub properties: RunProperties<'a>,
}

#[derive(Serialize)]
pub(super) struct Tool<'a, Rules: Serialize> {
    pub driver: Driver<'a, Rules>,
}

#[derive(Serialize)]
pub(super) struct Driver<'a, Rules: Serialize> {
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rules>,
}

/// Portcullis converts what the tool said.
#[derive(Serialize)]
pub(super) struct Conversion<'a> {
    pub tool: Tool<'a, ()>,
}

#[derive(Serialize)]
pub(super) struct Id<'a> {
    pub id: Cow<'a, str>,
}

#[derive(Serialize)]
pub(super) struct Base {
    pub description: Message<'static>,
}

#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub text: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunProperties<'a> {
    pub mode: String,
    pub verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule<'a> {
    pub id: Cow<'a, str>,
    pub short_description: Message<'a>,
    pub full_description: Message<'a>,
    pub help: Message<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help_uri: Option<&'a str>,
    pub default_configuration: Configuration,
    pub properties: RuleProperties<'a>,
}

#[derive(Serialize)]
pub(super) struct Configuration {
    pub level: &'static str,
}

/// The properties that GitHub code scanning reads.
#[derive(Serialize)]
pub(super) struct RuleProperties<'a> {
    pub tags: Vec<Cow<'a, str>>,
    #[serde(rename = "problem.severity", skip_serializing_if = "Option::is_none")]
    pub problem_severity: Option<&'static str>,
    #[serde(rename = "security-severity", skip_serializing_if = "Option::is_none")]
    pub security_severity: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Result<'a> {
    pub rule_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_index: Option<usize>,
    pub level: &'static str,
    pub message: Message<'a>,
    pub locations: [Location<'a>; 1],
    pub partial_fingerprints: Fingerprints<'a>,
    /// Empty where nobody suppressed it: absent would be "not known".
    pub suppressions: Vec<Suppression<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_state: Option<&'static str>,
    pub properties: ResultProperties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location<'a> {
    pub physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub logical_locations: Vec<LogicalLocation<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    pub artifact_location: ArtifactLocation,
    pub region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactLocation {
    pub uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri_base_id: Option<&'static str>,
}

/// Without `endColumn`: tools do not agree whether it is the last one, or the one behind it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub start_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogicalLocation<'a> {
    pub fully_qualified_name: &'a str,
}

#[derive(Serialize)]
pub(super) struct Fingerprints<'a> {
    /// The one that GitHub code scanning knows an alert again by.
    #[serde(rename = "primaryLocationLineHash")]
    pub github: &'a str,
    #[serde(rename = "portcullis/v1")]
    pub own: &'a str,
}

#[derive(Serialize)]
pub(super) struct Suppression<'a> {
    pub kind: &'static str,
    pub status: &'static str,
    pub justification: &'a str,
}

#[derive(Serialize)]
pub(super) struct ResultProperties<'a> {
    pub gate: &'a str,
    pub severity: &'static str,
    pub decision: &'static str,
    pub because: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation<'a> {
    pub execution_successful: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time_utc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time_utc: Option<String>,
    pub tool_execution_notifications: Vec<Notification<'a>>,
}

#[derive(Serialize)]
pub(super) struct Notification<'a> {
    pub level: &'static str,
    pub message: Message<'a>,
}
