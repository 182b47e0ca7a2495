//! A package of an inventory.

use serde::{Deserialize, Serialize};

use crate::text::shared::Text;

/// A package of an inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Component {
    /// With its group: `@scope/name`, `org.group/name`.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<Text>,
    /// What it is, if it is no package: an application, a platform. It has no licence to miss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its licences in the document: SPDX expressions and names. All of them apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<String>,
}
