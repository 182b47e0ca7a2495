//! A package of an inventory.

use serde::{Deserialize, Serialize};

use crate::model::purl::Purl;
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
    /// Its other package URLs: SPDX allows several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_purls: Vec<Text>,
    /// What it is, if it is no package: an application, a platform. It has no licence to miss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its licences in the document: SPDX expressions and names. All of them apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<String>,
}

impl Component {
    /// Its package URLs that can be read.
    pub fn purls(&self) -> impl Iterator<Item = Purl> {
        self.purl.iter().chain(&self.more_purls).filter_map(|purl| Purl::read(purl))
    }

    /// Whether it is the subject of its document, known by no more than its name. It is no package, and only a ban can
    /// be about it.
    pub fn is_only_a_name(&self) -> bool {
        self.kind.is_some() && self.purl.is_none() && self.licences.is_empty()
    }

    /// Whether it is an image.
    pub fn is_image(&self) -> bool {
        self.kind.as_deref() == Some("container")
    }

    /// Whether it is the project that its document describes.
    pub fn is_project(&self) -> bool {
        self.kind.as_deref() == Some("root")
    }
}
