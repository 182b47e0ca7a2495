//! What an organisation's floor does not let anybody waive: neither gates.toml, nor a VEX document, nor the report itself.

use std::sync::Arc;

use globset::GlobMatcher;

use crate::model::finding::Finding;
use crate::model::risk::{Protected, Risk};
use crate::text::shared::Text;

/// The part of a floor that is about single findings.
#[derive(Clone, Debug, Default)]
pub struct Protection {
    /// Rules that may not be waived, each with its pattern.
    pub rules: Vec<(String, GlobMatcher)>,
    /// Whether statements about what does not affect a product count: VEX documents, and what a report says of its own
    /// findings.
    pub no_statements: bool,
}

impl Protection {
    /// The pattern that protects a rule.
    pub(crate) fn pattern_of(&self, rule: &str) -> Option<&str> {
        self.rules.iter().find(|(_, glob)| glob.is_match(rule)).map(|(pattern, _)| pattern.as_str())
    }

    /// Notes on every finding whether it may be waived.
    pub(crate) fn note(&self, findings: &mut [Finding]) {
        for finding in findings {
            let protected = self.of(finding);
            if finding.protected() == protected.as_ref() {
                continue;
            }
            let was = finding.risk.take().map(Arc::unwrap_or_clone).unwrap_or_default();
            let risk = Risk { protected, ..was };
            finding.risk = (risk != Risk::default()).then(|| Arc::new(risk));
        }
    }

    fn of(&self, finding: &Finding) -> Option<Protected> {
        let mut rules = std::iter::once(&finding.rule).chain(finding.aliases.iter());
        if let Some((rule, pattern)) = rules.find_map(|rule| Some((rule, self.pattern_of(rule)?))) {
            return Some(Protected::Rule(Text::from(format!("the floor protects {rule} (`{pattern}`)"))));
        }
        let stated = finding.suppressed.is_some() || finding.assessment().is_some();
        (self.no_statements && stated).then_some(Protected::Statements)
    }
}
