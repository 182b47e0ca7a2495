//! A CycloneDX document to write, without types of the `cyclonedx-bom` crate. Empty fields are left out.

use jiff::Timestamp;

use crate::model::assessment::Status;
use crate::model::severity::Severity;

/// Names and values.
pub(crate) type Properties = Vec<(String, String)>;

/// The whole document.
#[derive(Debug)]
pub struct BomDocument {
    /// A UUID.
    pub serial: Option<String>,
    pub written: Timestamp,
    pub tools: Vec<BomComponent>,
    /// What the document describes.
    pub subject: BomComponent,
    pub properties: Properties,
    pub components: Vec<BomComponent>,
    /// Each `bom-ref` with the `bom-ref`s that it depends on.
    pub dependencies: Vec<(String, Vec<String>)>,
    /// The `bom-ref` of each component whose contents are not fully known.
    pub incomplete: Vec<String>,
    pub vulnerabilities: Vec<Vulnerability>,
}

#[derive(Clone, Copy, Debug)]
pub enum ComponentKind {
    Application,
    Container,
    Library,
}

#[derive(Debug)]
pub struct BomComponent {
    pub kind: ComponentKind,
    pub name: String,
    pub bom_ref: Option<String>,
    pub version: Option<String>,
    pub purl: Option<String>,
    pub licences: Vec<String>,
    pub properties: Properties,
}

impl BomComponent {
    pub fn new(kind: ComponentKind, name: &str) -> Self {
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
    pub source: BomSource,
    /// Its other ids.
    pub references: Vec<(String, BomSource)>,
    pub ratings: Vec<Rating>,
    pub cwes: Vec<u32>,
    pub description: String,
    pub detail: Option<String>,
    pub recommendation: Option<String>,
    /// Addresses. Text that is not a URI is left out.
    pub advisories: Vec<String>,
    pub analysis: Option<BomAnalysis>,
    pub is_affected: bool,
    /// The `bom-ref` of each affected component, with its versions.
    pub targets: Vec<(String, Vec<String>)>,
    pub properties: Properties,
}

/// Who gave an id or a rating.
#[derive(Clone, Debug, PartialEq)]
pub struct BomSource {
    pub name: String,
    pub url: Option<String>,
}

#[derive(Debug, PartialEq)]
pub struct Rating {
    pub source: BomSource,
    pub score: Option<f32>,
    pub severity: Severity,
    pub vector: Option<String>,
}

#[derive(Debug)]
pub struct BomAnalysis {
    pub state: Option<Status>,
    /// A word of CycloneDX or OpenVEX. Any other word is left out.
    pub justification: Option<String>,
    pub detail: String,
}
