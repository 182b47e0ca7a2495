//! The secrets that findings quote, whichever tool reports them.

use aho_corasick::AhoCorasick;

use crate::model::finding::{Category, Finding};
use crate::redact::{Secret, evidence};

/// Plain-text storage of a password, hard-coded passwords, keys and credentials, credentials that are not
/// protected well (<https://cwe.mitre.org>).
const WEAKNESSES: [&str; 8] =
    ["CWE-256", "CWE-257", "CWE-259", "CWE-260", "CWE-321", "CWE-522", "CWE-540", "CWE-798"];

/// Words in a rule, a title or a message that is about a secret.
const WORDS: [&str; 14] = [
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "api key",
    "api-key",
    "api_key",
    "apikey",
    "private key",
    "access key",
    "access token",
    "hardcoded",
    "hard-coded",
];

/// Finds the findings that may quote a secret.
#[derive(Debug)]
pub(crate) struct AboutSecrets(Option<AhoCorasick>);

impl AboutSecrets {
    pub(crate) fn new() -> Self {
        Self(AhoCorasick::builder().ascii_case_insensitive(true).build(WORDS).ok())
    }

    /// Advisories, licences and types are about packages and names.
    pub(crate) fn include(&self, finding: &Finding) -> bool {
        match finding.category {
            Category::Secret => true,
            Category::Vulnerability | Category::License | Category::Type => false,
            Category::Lint
            | Category::Misconfiguration
            | Category::Sast
            | Category::Quality
            | Category::Test => {
                let says = |text: &str| self.0.as_ref().is_some_and(|words| words.is_match(text));
                finding.cwe.iter().any(|cwe| WEAKNESSES.contains(&&**cwe))
                    || [&finding.rule, &finding.title, &finding.message].into_iter().any(|text| says(text))
            }
        }
    }
}

/// The secrets that their messages quote. Its own place and rule are none.
pub(super) fn quoted(findings: &[Finding]) -> Vec<Secret> {
    let secrets = AboutSecrets::new();
    let about = findings.iter().filter(|finding| secrets.include(finding));
    about
        .flat_map(|finding| {
            let message = if finding.message.is_empty() { &finding.title } else { &finding.message };
            let path = finding.location.as_ref().map(|location| &location.path);
            let names = [Some(&finding.rule), path, finding.resource.as_ref(), finding.commit.as_ref()];
            let own = move |secret: &Secret| names.iter().flatten().any(|name| secret.is_in(name));
            evidence::in_message(message).into_iter().filter(move |secret| !own(secret))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Location;
    use crate::model::severity::Severity;

    #[test]
    fn findings_of_every_kind_that_are_about_a_secret_give_it_away() {
        let finding = |rule: &str, category, message: &str| {
            let mut finding = Finding::new(rule, category, Severity::High, "x");
            finding.message = message.into();
            finding.location = Some(Location::file("src/hunter2-path.ts"));
            finding
        };
        use Category::{Lint, Quality, Secret as Leak, Test, Type, Vulnerability};
        for (rule, category, message, known) in [
            ("B105", Quality, "Possible hardcoded password: 'hunter2-one'", true),
            ("key", Leak, "found 'hunter2-one' in 'src/hunter2-path.ts'", true),
            ("no-secrets/no-secrets", Lint, "Found a string with entropy 4.3 : \"hunter2-one\"", true),
            ("a.test", Test, "hardcoded_password: {\"Secret\": \"hunter2-one\"}", true),
            ("quotes", Lint, "'hunter2-one' must have double quotes", false),
            ("TS2322", Type, "password 'hunter2-one'", false),
            ("CVE-2024-1", Vulnerability, "the password of 'hunter2-one'", false),
        ] {
            let expected: Vec<Secret> =
                Secret::reported("hunter2-one").into_iter().filter(|_| known).collect();
            assert_eq!(quoted(&[finding(rule, category, message)]), expected, "{message}");
        }
        let mut weak = finding("r", Quality, "'hunter2-one'");
        weak.cwe = vec!["CWE-798".into()].into();
        assert!(AboutSecrets::new().include(&weak));
    }
}
