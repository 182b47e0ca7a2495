//! The fields of a SARIF log that Portcullis needs. Snippets, command lines and environments are never
//! read, because they may contain secrets.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::properties::{Loose, Properties};

/// What a log of any version has.
#[derive(Debug, Deserialize)]
pub(super) struct Head {
    pub version: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Log {
    pub version: Option<String>,
    pub runs: Option<Vec<Run>>,
    pub inline_external_properties: Option<Vec<BTreeMap<String, Loose>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    #[serde(default)]
    pub tool: Tool,
    pub results: Option<Vec<Outcome>>,
    pub invocations: Option<Vec<Invocation>>,
    pub artifacts: Option<Vec<Artifact>>,
    pub original_uri_base_ids: Option<HashMap<String, ArtifactLocation>>,
    pub logical_locations: Option<Vec<LogicalLocation>>,
    pub policies: Option<Vec<Component>>,
    pub conversion: Option<Conversion>,
    pub external_property_file_references: Option<BTreeMap<String, Loose>>,
    /// Its name before the standard.
    pub external_property_files: Option<BTreeMap<String, Loose>>,
}

/// What turned the tool's own report into SARIF.
#[derive(Debug, Deserialize)]
pub(super) struct Conversion {
    #[serde(default)]
    pub tool: Tool,
    pub invocation: Option<Invocation>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Tool {
    #[serde(default)]
    pub driver: Component,
    pub extensions: Option<Vec<Component>>,
}

/// A `toolComponent`: the driver, one of its plug-ins, or a policy.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    pub name: Option<String>,
    pub guid: Option<String>,
    pub version: Option<String>,
    pub semantic_version: Option<String>,
    pub rules: Option<Vec<Rule>>,
    pub notifications: Option<Vec<Rule>>,
    pub global_message_strings: Option<HashMap<String, Message>>,
    /// Whose rules a policy configures.
    pub associated_component: Option<ComponentReference>,
}

/// A `reportingDescriptor`: a rule, or a kind of notification.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub id: Option<String>,
    pub guid: Option<String>,
    pub name: Option<String>,
    pub short_description: Option<Message>,
    pub full_description: Option<Message>,
    pub message_strings: Option<HashMap<String, Message>>,
    pub help_uri: Option<String>,
    pub help: Option<Message>,
    /// Its earlier ids. OSV-Scanner writes those of the same advisory elsewhere.
    pub deprecated_ids: Option<Vec<String>>,
    pub default_configuration: Option<Configuration>,
    pub properties: Option<Properties>,
    pub relationships: Option<Vec<Relationship>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Configuration {
    pub level: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Relationship {
    pub target: Option<RuleReference>,
}

/// A `message` or a `multiformatMessageString`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Message {
    pub text: Option<String>,
    pub markdown: Option<String>,
    pub id: Option<String>,
    pub arguments: Option<Vec<String>>,
}

/// A `result`. There may be a million of them, so fields that few results have are boxed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    pub rule_id: Option<String>,
    pub rule_index: Option<i64>,
    pub rule: Option<Box<RuleReference>>,
    pub kind: Option<String>,
    pub level: Option<String>,
    pub baseline_state: Option<String>,
    pub message: Option<Message>,
    pub locations: Option<Vec<Location>>,
    pub suppressions: Option<Vec<Suppression>>,
    pub fixes: Option<Vec<Fix>>,
    pub taxa: Option<Vec<RuleReference>>,
    pub provenance: Option<Box<Provenance>>,
    pub properties: Option<Box<Properties>>,
}

/// A `resultProvenance`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Provenance {
    pub invocation_index: Option<i64>,
}

/// A `reportingDescriptorReference`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleReference {
    pub id: Option<String>,
    pub guid: Option<String>,
    pub index: Option<i64>,
    pub tool_component: Option<ComponentReference>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ComponentReference {
    pub index: Option<i64>,
    pub name: Option<String>,
    pub guid: Option<String>,
}

/// A `suppression`. Before the standard, `status` was `state`. The expiry is Microsoft's.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Suppression {
    pub kind: Option<String>,
    pub status: Option<String>,
    pub state: Option<String>,
    pub justification: Option<String>,
    pub expiry_utc: Option<String>,
    pub properties: Option<Expiry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Expiry {
    pub expiry_utc: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fix {
    pub description: Option<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    pub physical_location: Option<Box<PhysicalLocation>>,
    pub logical_locations: Option<Vec<LogicalLocation>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation {
    pub artifact_location: Option<ArtifactLocation>,
    pub region: Option<Region>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogicalLocation {
    pub index: Option<i64>,
    pub fully_qualified_name: Option<String>,
    pub name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactLocation {
    pub uri: Option<String>,
    pub uri_base_id: Option<String>,
    pub index: Option<i64>,
}

/// Impossible numbers (0, -1) are accepted here and later ignored.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub start_line: Option<i64>,
    pub end_line: Option<i64>,
    pub start_column: Option<i64>,
    pub end_column: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Artifact {
    pub location: Option<ArtifactLocation>,
    pub parent_index: Option<i64>,
    pub roles: Option<Vec<String>>,
}

/// An `invocation`. Some writers give `executionSuccessful` another name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub execution_successful: Option<bool>,
    pub tool_execution_successful: Option<bool>,
    pub exit_code: Option<i64>,
    pub exit_code_description: Option<String>,
    pub exit_signal_name: Option<String>,
    pub exit_signal_number: Option<i64>,
    pub process_start_failure_message: Option<String>,
    pub working_directory: Option<ArtifactLocation>,
    pub rule_configuration_overrides: Option<Vec<Override>>,
    pub notification_configuration_overrides: Option<Vec<Override>>,
    pub tool_execution_notifications: Option<Vec<Notification>>,
    pub tool_configuration_notifications: Option<Vec<Notification>>,
    /// Their names before the standard.
    pub tool_notifications: Option<Vec<Notification>>,
    pub configuration_notifications: Option<Vec<Notification>>,
}

/// A `configurationOverride`.
#[derive(Debug, Deserialize)]
pub(super) struct Override {
    pub descriptor: Option<RuleReference>,
    pub configuration: Option<Configuration>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notification {
    pub descriptor: Option<RuleReference>,
    pub level: Option<String>,
    pub message: Option<Message>,
    pub locations: Option<Vec<Location>>,
    pub related_locations: Option<Vec<Location>>,
}
