//! The keys of gates.toml that name enrichment files: VEX documents, EPSS scores, the KEV catalogue.

use std::time::Duration;

use crate::keys::table::{Keys, Located};
use crate::keys::values::read_age;
use crate::model::policy::Policy;
use crate::policy::path_pattern::read_pattern;

/// The files that gates.toml names.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// VEX documents: paths and patterns.
    pub vex: Vec<Located<String>>,
    pub products: Vec<String>,
    pub epss: Option<Located<String>>,
    pub kev: Option<Located<String>>,
    /// The greatest age at which EPSS scores and the catalogue still count.
    pub max_age: Option<Duration>,
    /// A file is named, with a mistake that is reported there.
    has_mistake: bool,
}

impl Sources {
    /// Reads `vex`, `products` and `[risk]`.
    pub fn read(keys: &Keys) -> Self {
        let vex = keys.texts("vex").unwrap_or_default();
        for pattern in &vex {
            read_pattern(keys, pattern);
        }
        let products = keys.texts("products").unwrap_or_default();
        let mut sources = Self {
            vex,
            products: products.into_iter().map(|product| product.value).collect(),
            ..Self::default()
        };
        if let Some(table) = keys.table("risk") {
            sources.epss = table.text("epss");
            sources.kev = table.text("kev");
            sources.max_age = read_age(&table, "max_age");
            table.finish("`[risk]`");
            let named = [("epss", &sources.epss), ("kev", &sources.kev)];
            sources.has_mistake = named.iter().any(|(key, read)| table.has(key) && read.is_none());
        } else {
            sources.has_mistake = keys.has("risk");
        }
        sources
    }

    /// The key of a policy that needs a file that is not named, and what to do.
    pub fn lacks(&self, policy: &Policy) -> Option<(&'static str, &'static str)> {
        let conditions = &policy.conditions;
        if self.has_mistake {
            return None;
        }
        if conditions.fail_on_kev && self.kev.is_none() {
            return Some(("fail_on_kev", "name CISA's catalogue: `[risk]` with `kev = \"FILE\"`"));
        }
        (conditions.epss_at_least.is_some() && self.epss.is_none())
            .then_some(("epss_at_least", "name the scores of FIRST: `[risk]` with `epss = \"FILE\"`"))
    }
}
