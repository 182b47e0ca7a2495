//! What a document says of its own completeness (`compositions`, CycloneDX 1.3 and later).

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::local;

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Compositions {
    List(Vec<Composition>),
    /// Not as the schema wants it.
    Other(IgnoredAny),
}

/// How complete the parts and the dependencies of some components are.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Composition {
    aggregate: Option<String>,
    assemblies: Option<Vec<String>>,
    dependencies: Option<Vec<String>>,
}

/// What it says in all: lines of the proof, and why its list of components is not whole.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub proof: Vec<String>,
    pub gaps: Vec<String>,
}

impl Said {
    /// `subject`: the reference of what the document is about.
    pub(super) fn of(compositions: Option<&Compositions>, subject: Option<&str>) -> Self {
        let mut said = Self::default();
        let Some(Compositions::List(compositions)) = compositions else { return said };
        let mut parts = 0;
        for composition in compositions {
            // Without a word it is `not_specified`, by the schema.
            let word = composition.aggregate.as_deref().unwrap_or("not_specified");
            let is_incomplete = word.starts_with("incomplete");
            if !composition.is_about(subject) {
                parts += if is_incomplete { composition.named().count() } else { 0 };
                continue;
            }
            match word {
                "complete" => said.proof.push("it says that its list of components is complete".to_owned()),
                "unknown" | "not_specified" => {
                    said.proof
                        .push(format!("it does not say whether its list of components is complete ({word})"));
                }
                // Further components exist, also with `incomplete_first_party_only` and the like. Other words are not
                // of the schema.
                word => said.gaps.push(format!("it says that its list of components is not whole: {word}")),
            }
        }
        if parts > 0 {
            said.proof.push(format!("it says that the contents of {parts} of its components are incomplete"));
        }
        said.proof.dedup();
        said.gaps.dedup();
        said
    }
}

impl Composition {
    fn named(&self) -> impl Iterator<Item = &str> {
        let all = self.assemblies.iter().chain(&self.dependencies).flatten();
        all.map(|bom_ref| local(bom_ref))
    }

    /// Whether it is about the subject, or, without a name, about the whole document.
    fn is_about(&self, subject: Option<&str>) -> bool {
        let mut named = self.named().peekable();
        named.peek().is_none() || subject.is_some_and(|subject| named.any(|bom_ref| bom_ref == subject))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(compositions: &str) -> (Vec<String>, Vec<String>) {
        let all: Compositions = serde_json::from_str(compositions).unwrap();
        let Said { proof, gaps } = Said::of(Some(&all), Some("root"));
        (proof, gaps)
    }

    /// The words are those of `aggregateType` in the schema of 1.6.
    #[test]
    fn a_list_that_calls_itself_incomplete_is_a_gap() {
        let gap = |word: &str| vec![format!("it says that its list of components is not whole: {word}")];
        for word in [
            "incomplete",
            "incomplete_first_party_only",
            "incomplete_third_party_only",
            "incomplete_third_party_opensource_only",
        ] {
            for refs in [r#", "assemblies": ["root"]"#, r#", "dependencies": ["a", "urn:cdx:b/1#root"]"#, ""]
            {
                let (proof, gaps) = said(&format!(r#"[{{"aggregate": "{word}"{refs}}}]"#));
                assert_eq!((proof.len(), gaps), (0, gap(word)), "{refs}");
            }
        }
    }

    #[test]
    fn what_it_says_else_is_in_the_proof() {
        for (compositions, line) in [
            (
                r#"[{"aggregate": "complete", "assemblies": ["root"]}]"#,
                "it says that its list of components is complete",
            ),
            (
                r#"[{"aggregate": "unknown", "dependencies": ["root"]}]"#,
                "it does not say whether its list of components is complete (unknown)",
            ),
            (
                r#"[{"assemblies": ["root"]}]"#,
                "it does not say whether its list of components is complete (not_specified)",
            ),
            (
                r#"[{"aggregate": "incomplete", "assemblies": ["a", "b"]}, {"aggregate": "unknown", "assemblies": ["c"]}]"#,
                "it says that the contents of 2 of its components are incomplete",
            ),
        ] {
            assert_eq!(said(compositions), (vec![line.to_owned()], vec![]), "{compositions}");
        }
        for none in ["[]", "7", "[7]"] {
            assert_eq!(said(none), (vec![], vec![]), "{none}");
        }
    }
}
