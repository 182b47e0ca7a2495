//! VEX: what the makers of a product, or its users, say about a vulnerability in it. Statements of several
//! documents and formats in one form, and which of them decides a finding.

mod image;

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::assessment::{Assessment, Status};
use crate::model::finding::Finding;
use crate::model::purl::Purl;
use crate::text::sanitise;
use crate::text::shared::Text;

pub use image::Image;

/// One statement: a vulnerability has this status in these products.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The vulnerability's id and its aliases.
    pub ids: Vec<String>,
    pub products: Vec<Product>,
    pub status: Status,
    pub justification: Option<String>,
    pub statement: Option<String>,
    /// When it was made.
    pub at: Option<Timestamp>,
}

/// A product, or parts of one.
#[derive(Clone, Debug)]
pub struct Product {
    pub what: ProductId,
    /// The parts of it that have the vulnerability; empty: any part.
    pub parts: Vec<ProductId>,
}

/// The name that a document has for a product.
#[derive(Clone, Debug, PartialEq)]
pub enum ProductId {
    Purl(Box<Purl>),
    /// A name, an address, a hash.
    Other(String),
}

impl ProductId {
    pub fn read(text: &str) -> Self {
        Purl::read(text).map_or_else(|| Self::Other(text.to_owned()), |purl| Self::Purl(Box::new(purl)))
    }

    fn words(&self) -> String {
        match self {
            Self::Purl(purl) => match purl.version() {
                Some(version) => format!("{}@{version}", purl.plain()),
                None => purl.plain(),
            },
            Self::Other(name) => name.clone(),
        }
    }
}

/// What was scanned when a finding was found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Here<'a> {
    /// The names of this project in documents, from gates.toml.
    pub products: &'a [ProductId],
    pub image: Option<Image<'a>>,
}

impl Here<'_> {
    /// Whether this is certainly the product.
    pub(crate) fn is(&self, product: &ProductId) -> bool {
        let named = self.products.iter().any(|known| match (product, known) {
            (ProductId::Purl(product), ProductId::Purl(known)) => product.covers(known),
            (product, known) => product == known,
        });
        named || self.image.is_some_and(|image| image.is(product))
    }
}

impl Product {
    fn covers(&self, finding: &Finding, here: &Here) -> bool {
        let is_package = |id: &ProductId| match (id, &finding.package) {
            (ProductId::Purl(purl), Some(package)) => purl.is_of(package),
            _ => false,
        };
        match self.parts.as_slice() {
            [] => is_package(&self.what) || here.is(&self.what),
            parts => here.is(&self.what) && parts.iter().any(is_package),
        }
    }
}

/// A document of either format.
#[derive(Clone, Debug)]
pub struct VexDocument {
    /// Its path, as gates.toml finds it.
    pub name: Text,
    pub statements: Vec<Statement>,
}

impl VexDocument {
    /// The first few products that it is about.
    pub fn subjects(&self) -> String {
        let products = self.statements.iter().flat_map(|statement| &statement.products);
        first_few(products.map(|product| product.what.words())).unwrap_or_else(|| "no product".to_owned())
    }

    /// The first few vulnerabilities that it is about.
    pub fn vulnerabilities(&self) -> String {
        let ids = self.statements.iter().filter_map(|statement| statement.ids.first());
        first_few(ids.cloned()).unwrap_or_else(|| "no vulnerability".to_owned())
    }
}

/// The first few names, each once; `None` without names.
fn first_few(names: impl Iterator<Item = String>) -> Option<String> {
    const MOST: usize = 3;
    let mut few: Vec<String> = Vec::new();
    for name in names {
        if !few.contains(&name) {
            few.push(name);
        }
        if few.len() > MOST {
            few.pop();
            few.push("others".to_owned());
            break;
        }
    }
    (!few.is_empty()).then(|| few.join(", "))
}

/// The statements of all documents, by vulnerability.
#[derive(Debug, Default)]
pub struct Vex {
    pub documents: Vec<VexDocument>,
    /// Document and statement, by the id in capitals.
    by_id: HashMap<String, Vec<(usize, usize)>>,
}

impl Vex {
    pub fn new(documents: Vec<VexDocument>) -> Self {
        let mut by_id: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        for (d, document) in documents.iter().enumerate() {
            for (s, statement) in document.statements.iter().enumerate() {
                for id in &statement.ids {
                    by_id.entry(id.to_uppercase()).or_default().push((d, s));
                }
            }
        }
        Self { documents, by_id }
    }

    /// The statement that decides a finding: the latest, and of several at the same time the strictest.
    pub fn assess(&self, finding: &Finding, here: &Here) -> Option<Assessment> {
        if self.by_id.is_empty() {
            return None;
        }
        let ids = std::iter::once(&finding.rule).chain(finding.aliases.iter());
        let places = ids.filter_map(|id| self.by_id.get(&id.to_uppercase())).flatten();
        let (document, statement) = places
            .map(|&(d, s)| (&self.documents[d], &self.documents[d].statements[s]))
            .filter(|(_, statement)| statement.products.iter().any(|product| product.covers(finding, here)))
            .max_by_key(|(_, statement)| (statement.at, statement.status))?;
        let short =
            |words: &Option<String>| words.as_deref().map(|words| Text::from(sanitise::short(words, 400)));
        Some(Assessment {
            vulnerability: Text::from(sanitise::short(statement.ids.first().map_or("", String::as_str), 100)),
            status: statement.status,
            justification: short(&statement.justification),
            statement: short(&statement.statement),
            document: document.name.clone(),
            at: statement.at,
        })
    }
}
