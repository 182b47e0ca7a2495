//! Patterns for paths in configurations of scanners. Those of Python's `re` and of Go's `regexp` mean the same here, as far as this one has them.

use regex::{Regex, RegexBuilder};

/// A pattern. One that can't be read, or becomes too large, fits only as plain text.
#[derive(Debug)]
pub(super) struct Pattern {
    plain: String,
    regex: Option<Regex>,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        const LARGEST: usize = 1 << 20;
        let regex = RegexBuilder::new(text).size_limit(LARGEST).build().ok();
        Self { plain: text.to_owned(), regex }
    }

    /// One of Checkov, which takes a pattern that begins with one dot for plain text (3.3, `common/runners/base_runner.py`).
    pub(super) fn of_checkov(text: &str) -> Self {
        let is_plain = text.strip_prefix('.').is_some_and(|rest| !rest.is_empty() && !rest.starts_with('.'));
        if is_plain { Self { plain: text.to_owned(), regex: None } } else { Self::new(text) }
    }

    /// Whether a text has it somewhere.
    pub(super) fn is_in(&self, text: &str) -> bool {
        text.contains(&self.plain) || self.regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each as Python's `re.search` has it.
    #[test]
    fn a_pattern_fits_as_in_python() {
        for (pattern, text, fits) in [
            ("old/.*", "infra/old/a", true),
            ("old/.+", "infra/old/", false),
            ("^infra", "infra/a", true),
            ("^infra", "x/infra", false),
            ("test$", "a/test", true),
            ("test$", "a/tests", false),
            ("a/b?c", "a/c", true),
            ("a\\.tf", "a.tf", true),
            ("a\\.tf", "a-tf", false),
            ("a*b", "xxaab", true),
            ("a+b", "b", false),
            ("x.*/gen/.*", "x/gen/b", true),
            ("", "a", true),
            ("[.]deploy", "a/.deploy/b", true),
            ("[.]deploy", "a/deploy", false),
            ("(old|legacy)/[a-z]+\\d{2}$", "x/legacy/ab12", true),
            ("(old|legacy)/[a-z]+\\d{2}$", "x/legacy/12", false),
            ("(?i)OLD", "old", true),
        ] {
            assert_eq!(Pattern::new(pattern).is_in(text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_plain_text() {
        assert!(Pattern::new("a(?=b)").is_in("xa(?=b)"));
        assert!(!Pattern::new("a(?=b)").is_in("ab"));
        assert!(!Pattern::new("(a{1000}){1000}").is_in(&"a".repeat(1_000_000)));
        assert!(!Pattern::of_checkov(".*/gen").is_in("a/gen"));
        assert!(!Pattern::of_checkov(".terraform").is_in("xterraform"));
        assert!(Pattern::of_checkov("..terraform").is_in("a/.terraform"));
    }
}
