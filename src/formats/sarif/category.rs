//! What kind of problem a result is: by its tags, its weaknesses and its tool.

use crate::model::finding::Category;
use crate::text::shared::{SharedTexts, Text};

use super::model::{Outcome, Rule, RuleReference};
use super::severity::first_word;

/// The words that show what kind of problem a result is.
pub(super) struct Signs<'a> {
    words: Vec<&'a str>,
    weaknesses: Vec<&'a str>,
    /// Numbers of weaknesses, as `327`.
    numbers: Vec<&'a str>,
    tool: &'a str,
    id: &'a str,
}

/// Tags that name a category. Trivy writes the first ones.
const TAGS: [(&str, Category); 10] = [
    ("vulnerability", Category::Vulnerability),
    ("secret", Category::Secret),
    ("secrets", Category::Secret),
    ("misconfiguration", Category::Misconfiguration),
    ("license", Category::License),
    ("lint", Category::Lint),
    ("sast", Category::Sast),
    ("type", Category::Type),
    ("test", Category::Test),
    ("maintainability", Category::Quality),
];

/// Tools that look for one kind of problem.
const TOOLS: [(&str, Category); 51] = [
    ("gitleaks", Category::Secret),
    ("betterleaks", Category::Secret),
    ("kingfisher", Category::Secret),
    ("noseyparker", Category::Secret),
    ("ggshield", Category::Secret),
    ("trufflehog", Category::Secret),
    ("detect-secrets", Category::Secret),
    ("secretlint", Category::Secret),
    ("grype", Category::Vulnerability),
    ("osv-scanner", Category::Vulnerability),
    ("snyk open source", Category::Vulnerability),
    ("snyk container", Category::Vulnerability),
    ("snyk iac", Category::Misconfiguration),
    ("checkov", Category::Misconfiguration),
    ("tfsec", Category::Misconfiguration),
    ("terrascan", Category::Misconfiguration),
    ("tflint", Category::Misconfiguration),
    ("kics", Category::Misconfiguration),
    ("kubescape", Category::Misconfiguration),
    ("kube-linter", Category::Misconfiguration),
    ("dockle", Category::Misconfiguration),
    ("hadolint", Category::Misconfiguration),
    ("cfn-lint", Category::Misconfiguration),
    ("semgrep", Category::Sast),
    ("opengrep", Category::Sast),
    ("bandit", Category::Sast),
    ("codeql", Category::Sast),
    ("zizmor", Category::Sast),
    ("njsscan", Category::Sast),
    ("nodejsscan", Category::Sast),
    ("mobsfscan", Category::Sast),
    ("gosec", Category::Sast),
    ("brakeman", Category::Sast),
    ("flawfinder", Category::Sast),
    ("devskim", Category::Sast),
    ("bearer", Category::Sast),
    ("snykcode", Category::Sast),
    ("security-code-scan", Category::Sast),
    ("psalm", Category::Sast),
    ("eslint", Category::Lint),
    ("oxlint", Category::Lint),
    ("biome", Category::Lint),
    ("stylelint", Category::Lint),
    ("ruff", Category::Lint),
    ("pylint", Category::Lint),
    ("shellcheck", Category::Lint),
    ("actionlint", Category::Lint),
    ("ansible-lint", Category::Lint),
    ("yamllint", Category::Lint),
    ("clippy", Category::Lint),
    ("golangci-lint", Category::Lint),
];

impl<'a> Signs<'a> {
    pub(super) fn of(outcome: &'a Outcome, rule: Option<&'a Rule>, tool: &'a str, id: &'a str) -> Self {
        let bags = [outcome.properties.as_deref(), rule.and_then(|rule| rule.properties.as_ref())];
        let bags = || bags.into_iter().flatten();
        let words: Vec<&str> =
            bags().filter_map(|bag| bag.tags.as_ref()).flat_map(|tags| tags.texts()).collect();
        let related = rule.and_then(|rule| rule.relationships.as_ref()).into_iter().flatten();
        let related = related.filter_map(|relationship| relationship.target.as_ref());
        let mut weaknesses = words.clone();
        weaknesses.extend(bags().filter_map(|bag| bag.cwe.as_ref()).flat_map(|cwe| cwe.texts()));
        let related: Vec<&RuleReference> = related.chain(outcome.taxa.iter().flatten()).collect();
        weaknesses.extend(related.iter().filter_map(|target| target.id.as_deref()));
        // gosec: the number, and the list that it is from.
        let in_list = |target: &&RuleReference| {
            let list = target.tool_component.as_ref().and_then(|list| list.name.as_deref());
            list.is_some_and(|name| name.eq_ignore_ascii_case("cwe"))
        };
        let numbers = related.into_iter().filter(in_list).filter_map(|target| target.id.as_deref()).collect();
        Signs { words, weaknesses, numbers, tool, id }
    }

    /// A tag that names the category decides; else a tool that looks for only one kind of problem; else an
    /// advisory in the rule's id; else a sign of security. Everything else is quality.
    ///
    /// A tag for quality does not count beside one for security: a rule may be about both.
    pub(super) fn category(&self) -> Category {
        let secure = self.is_security();
        let tagged = |tag: &str| self.words.iter().any(|word| word.eq_ignore_ascii_case(tag));
        let by_tag =
            TAGS.iter().find(|(tag, category)| tagged(tag) && !(secure && *category == Category::Quality));
        let (tool, whole) = (first_word(self.tool), self.tool.trim().to_ascii_lowercase());
        let by_tool = || TOOLS.iter().find(|(name, _)| tool == *name || whole == *name);
        match by_tag.or_else(by_tool) {
            // Of the same tool: `snyk:lic:npm:node-forge:GPL-2.0`.
            _ if self.id.starts_with("snyk:lic:") => Category::License,
            // A linter with rules for security.
            Some((_, Category::Lint)) if by_tag.is_none() && secure => Category::Sast,
            Some((_, category)) => *category,
            None if !self.advisories().is_empty() => Category::Vulnerability,
            None if secure => Category::Sast,
            None => Category::Quality,
        }
    }

    /// Whether it has the tag `security`, or names a weakness.
    fn is_security(&self) -> bool {
        self.words.iter().any(|word| word.eq_ignore_ascii_case("security")) || !self.cwe().is_empty()
    }

    /// The advisory ids in the id of the rule.
    pub(super) fn advisories(&self) -> Vec<Text> {
        advisories_in(self.id)
    }

    /// `CWE-79`, `CWE-79: Cross-site Scripting` and `external/cwe/cwe-079` are the same weakness.
    pub(super) fn cwe(&self) -> SharedTexts {
        let mut found: Vec<Text> = Vec::new();
        let named = self.weaknesses.iter().filter_map(|word| {
            let last = word.rsplit('/').next().unwrap_or_default();
            let prefix = last.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("cwe-"))?;
            Some(&last[prefix.len()..])
        });
        for word in named.chain(self.numbers.iter().copied()) {
            let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
            let number = digits.trim_start_matches('0');
            let cwe = Text::from(format!("CWE-{number}"));
            if !number.is_empty() && found.len() < 32 && !found.contains(&cwe) {
                found.push(cwe);
            }
        }
        found.into()
    }
}

/// The advisory ids (CVE, GHSA, Snyk's, and those of OSV's databases) in an id: `BDSA-2020-1001 (CVE-2020-11022)`, `GHSA-…-lodash`.
pub(super) fn advisories_in(id: &str) -> Vec<Text> {
    let words = id.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words
        .filter_map(|word| {
            // `SNYK-JS-LODASH-590103`
            let number = word.strip_prefix("SNYK-").and_then(|rest| rest.rsplit_once('-'));
            if number.is_some_and(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit())) {
                return Some(Text::from(word));
            }
            let mut parts = word.split('-');
            let parts = [parts.next()?, parts.next()?, parts.next()?, parts.next().unwrap_or_default()];
            let digits = |part: &str| part.len() >= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
            match parts {
                [kind @ ("CVE" | "RUSTSEC" | "GO"), year, number, _] if digits(year) && digits(number) => {
                    Some(Text::from(format!("{kind}-{year}-{number}")))
                }
                // Numbers of these begin with 1.
                [kind @ ("PYSEC" | "MAL" | "OSV"), year, number, _]
                    if digits(year)
                        && !number.is_empty()
                        && number.bytes().all(|byte| byte.is_ascii_digit()) =>
                {
                    Some(Text::from(format!("{kind}-{year}-{number}")))
                }
                ["GHSA", a, b, c] if [a, b, c].iter().all(|part| part.len() == 4) => {
                    Some(Text::from(format!("GHSA-{a}-{b}-{c}")))
                }
                _ => None,
            }
        })
        .collect()
}
