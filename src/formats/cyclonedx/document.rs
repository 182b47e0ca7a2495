//! A CycloneDX document that is to be written, in plain texts. What is empty is left out of it.

use jiff::Timestamp;

use crate::model::assessment::Status;
use crate::model::severity::Severity;

/// Names and values.
pub(crate) type Properties = Vec<(String, String)>;

/// The whole document.
#[derive(Debug)]
pub struct Document {
    /// A UUID.
    pub serial: Option<String>,
    pub written: Timestamp,
    pub tools: Vec<Component>,
    /// What it is about.
    pub subject: Component,
    pub properties: Properties,
    pub components: Vec<Component>,
    /// Each `bom-ref` with those that it needs.
    pub dependencies: Vec<(String, Vec<String>)>,
    /// The `bom-ref` of each component of which not all is known.
    pub incomplete: Vec<String>,
    pub vulnerabilities: Vec<Vulnerability>,
}

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Application,
    Container,
    Library,
}

#[derive(Debug)]
pub struct Component {
    pub kind: Kind,
    pub name: String,
    pub bom_ref: Option<String>,
    pub version: Option<String>,
    pub purl: Option<String>,
    pub licences: Vec<String>,
    pub properties: Properties,
}

impl Component {
    pub fn new(kind: Kind, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            bom_ref: None,
            version: None,
            purl: None,
            licences: Vec::new(),
            properties: Vec::new(),
        }
    }
}

#[derive(Debug)]
pub struct Vulnerability {
    pub bom_ref: String,
    pub id: String,
    pub source: Source,
    /// Its other names.
    pub references: Vec<(String, Source)>,
    pub ratings: Vec<Rating>,
    pub cwes: Vec<u32>,
    pub description: String,
    pub detail: Option<String>,
    pub recommendation: Option<String>,
    /// Addresses; what is no URI is left out.
    pub advisories: Vec<String>,
    pub analysis: Option<Analysis>,
    pub is_affected: bool,
    /// The `bom-ref` of each component that it is in, with the versions.
    pub targets: Vec<(String, Vec<String>)>,
    pub properties: Properties,
}

/// Who has given a name, or a rating.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub name: String,
    pub url: Option<String>,
}

#[derive(Debug, PartialEq)]
pub struct Rating {
    pub source: Source,
    pub score: Option<f32>,
    pub severity: Severity,
    pub vector: Option<String>,
}

#[derive(Debug)]
pub struct Analysis {
    pub state: Option<Status>,
    /// A word of CycloneDX or of OpenVEX; any other is left out.
    pub justification: Option<String>,
    pub detail: String,
}
