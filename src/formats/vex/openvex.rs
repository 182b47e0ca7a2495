//! OpenVEX (<https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>), versions 0.0.1 to 0.2.0.

use jiff::Timestamp;
use serde::Deserialize;

use super::Broken;
use crate::formats::json;
use crate::model::assessment::{Status, VexWords};
use crate::policy::vex::{Product, ProductId, Statement};

#[derive(Deserialize)]
struct Document {
    timestamp: Timestamp,
    statements: Vec<Made>,
}

#[derive(Deserialize)]
struct Made {
    vulnerability: Vulnerability,
    /// If both are absent, the timestamp of the document counts.
    timestamp: Option<Timestamp>,
    last_updated: Option<Timestamp>,
    #[serde(default, deserialize_with = "json::null_as_default")]
    products: Vec<Named>,
    /// Only version 0.0.1 has them here.
    #[serde(default, deserialize_with = "json::null_as_default")]
    subcomponents: Vec<Named>,
    status: Status,
    justification: Option<String>,
    impact_statement: Option<String>,
    action_statement: Option<String>,
    status_notes: Option<String>,
}

/// Version 0.0.1 has a plain string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Vulnerability {
    Name(String),
    Full {
        name: Option<String>,
        #[serde(rename = "@id")]
        id: Option<String>,
        #[serde(default, deserialize_with = "json::null_as_default")]
        aliases: Vec<String>,
    },
}

/// Version 0.0.1 has a plain string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    Name(String),
    Full {
        #[serde(rename = "@id")]
        id: Option<String>,
        identifiers: Option<Identifiers>,
        #[serde(default, deserialize_with = "json::null_as_default")]
        subcomponents: Vec<Self>,
    },
}

#[derive(Deserialize)]
struct Identifiers {
    purl: Option<String>,
}

/// The statements of a document.
pub(crate) fn statements(bytes: &[u8]) -> Result<Vec<Statement>, Broken> {
    let document: Document = serde_json::from_slice(bytes).map_err(|error| Broken(error.to_string()))?;
    document.statements.into_iter().map(|made| made.into_statement(document.timestamp)).collect()
}

impl Made {
    fn into_statement(self, of_document: Timestamp) -> Result<Statement, Broken> {
        let ids = self.vulnerability.into_ids();
        if ids.is_empty() {
            return Err(Broken("a statement names no vulnerability".to_owned()));
        }
        if self.status == Status::NotAffected {
            let (justification, words) = (self.justification.as_deref(), self.impact_statement.as_deref());
            super::require_reason(VexWords::OpenVex, &ids[0], justification, words, "impact_statement")?;
        }
        let shared_parts: Vec<ProductId> = self.subcomponents.into_iter().map(Named::into_id).collect();
        let product = |named: Named| {
            let (what, mut parts) = named.into_product();
            parts.extend(shared_parts.iter().cloned());
            Product { what, parts }
        };
        Ok(Statement {
            ids,
            products: self.products.into_iter().map(product).collect(),
            status: self.status,
            justification: self.justification,
            statement: self.impact_statement.or(self.action_statement).or(self.status_notes),
            at: Some(self.last_updated.or(self.timestamp).unwrap_or(of_document)),
        })
    }
}

impl Vulnerability {
    fn into_ids(self) -> Vec<String> {
        match self {
            Self::Name(name) => vec![name],
            // The `@id` is an address that often ends with the name.
            Self::Full { name, id, aliases } => {
                let of_id = id.and_then(|id| id.rsplit('/').next().map(str::to_owned));
                name.or(of_id).into_iter().chain(aliases).filter(|id| !id.is_empty()).collect()
            }
        }
    }
}

impl Named {
    /// A product that is named only by hashes or a CPE matches nothing. It is kept: a statement on parts of a product
    /// must not become one on the whole product because the parts can't be compared.
    fn into_product(self) -> (ProductId, Vec<ProductId>) {
        match self {
            Self::Name(name) => (ProductId::read(&name), Vec::new()),
            Self::Full { id, identifiers, subcomponents } => {
                let name = identifiers.and_then(|identifiers| identifiers.purl).or(id);
                let name = name.unwrap_or_else(|| "a product without a name".to_owned());
                (ProductId::read(&name), subcomponents.into_iter().map(Self::into_id).collect())
            }
        }
    }

    fn into_id(self) -> ProductId {
        self.into_product().0
    }
}
