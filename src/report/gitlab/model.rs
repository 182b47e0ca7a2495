//! The parts of GitLab's security report format that Portcullis writes, with GitLab's names.

use std::borrow::Cow;

use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Report<'a, V: Serialize> {
    pub version: &'static str,
    pub scan: Scan<'a>,
    pub vulnerabilities: V,
}

#[derive(Serialize)]
pub(super) struct Scan<'a> {
    pub analyzer: Product<'a>,
    pub scanner: Product<'a>,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub start_time: String,
    pub end_time: String,
    pub status: &'static str,
    pub messages: Vec<Message>,
}

#[derive(Serialize)]
pub(super) struct Product<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub version: &'a str,
    pub vendor: Named<'a>,
}

#[derive(Serialize)]
pub(super) struct Named<'a> {
    pub name: &'a str,
}

#[derive(Serialize)]
pub(super) struct Message {
    pub level: &'static str,
    pub value: String,
}

#[derive(Serialize)]
pub(super) struct Vulnerability<'a> {
    pub id: String,
    pub name: Cow<'a, str>,
    pub description: Cow<'a, str>,
    pub severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solution: Option<Cow<'a, str>>,
    pub identifiers: Vec<Identifier<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cvss_vectors: Vec<Vector<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link<'a>>,
    pub location: Location<'a>,
}

#[derive(Serialize)]
pub(super) struct Identifier<'a> {
    #[serde(rename = "type")]
    pub kind: Cow<'a, str>,
    pub name: Cow<'a, str>,
    pub value: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Vector<'a> {
    pub vendor: &'static str,
    pub vector: &'a str,
}

#[derive(Serialize)]
pub(super) struct Link<'a> {
    pub url: &'a str,
}

/// Each kind of report uses some of these.
#[derive(Default, Serialize)]
pub(super) struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependency: Option<Dependency<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Commit<'a> {
    pub sha: &'a str,
}

#[derive(Serialize)]
pub(super) struct Dependency<'a> {
    pub package: Named<'a>,
    pub version: &'a str,
}
