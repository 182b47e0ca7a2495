//! What matters of a SARIF log. Snippets, command lines and environments are not read at all: they
//! may hold secrets.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Debug, Deserialize)]
pub(super) struct Log {
    pub version: Option<String>,
    pub runs: Option<Vec<Run>>,
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
    pub external_property_file_references: Option<ExternalFiles>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Tool {
    #[serde(default)]
    pub driver: Component,
    pub extensions: Option<Vec<Component>>,
}

/// A `toolComponent`: the driver, or one of its plug-ins.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    pub name: Option<String>,
    pub guid: Option<String>,
    pub version: Option<String>,
    pub semantic_version: Option<String>,
    pub rules: Option<Vec<Rule>>,
    pub global_message_strings: Option<HashMap<String, Message>>,
}

/// A `reportingDescriptor`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub id: Option<String>,
    pub name: Option<String>,
    pub short_description: Option<Message>,
    pub full_description: Option<Message>,
    pub message_strings: Option<HashMap<String, Message>>,
    pub help_uri: Option<String>,
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

/// A `result`. There may be a million: what few of them have sits behind a pointer.
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
    pub properties: Option<Box<Properties>>,
}

/// A `reportingDescriptorReference`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleReference {
    pub id: Option<String>,
    pub index: Option<i64>,
    pub tool_component: Option<ComponentReference>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ComponentReference {
    pub index: Option<i64>,
    pub name: Option<String>,
    pub guid: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Suppression {
    pub kind: Option<String>,
    pub status: Option<String>,
    pub justification: Option<String>,
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

/// Numbers that no file has (0, -1) are read, and count as absent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    pub start_line: Option<i64>,
    pub end_line: Option<i64>,
    pub start_column: Option<i64>,
    pub end_column: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Artifact {
    pub location: Option<ArtifactLocation>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub execution_successful: Option<bool>,
    pub exit_code_description: Option<String>,
    pub tool_execution_notifications: Option<Vec<Notification>>,
    pub tool_configuration_notifications: Option<Vec<Notification>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Notification {
    pub level: Option<String>,
    pub message: Option<Message>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ExternalFiles {
    pub results: Option<Vec<IgnoredAny>>,
}

/// A property bag: tools put there what they like, so nothing in it is an error.
#[derive(Debug, Deserialize)]
pub(super) struct Properties {
    #[serde(rename = "security-severity")]
    pub security_severity: Option<Loose>,
    pub tags: Option<Loose>,
    pub cwe: Option<Loose>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Loose {
    Text(String),
    Number(f64),
    List(Vec<Self>),
    Other(IgnoredAny),
}

impl Loose {
    /// A number, or a text that is one.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Text(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, or the texts of the list.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let list = match self {
            Self::List(list) => list.as_slice(),
            single => std::slice::from_ref(single),
        };
        list.iter().filter_map(|item| match item {
            Self::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }
}
