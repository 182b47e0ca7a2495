//! Words on the page.

use std::fmt::{self, Display, Formatter, Write};
use std::time::Duration;

use crate::model::finding::{Decision, Finding};
use crate::model::severity::Severity;
use crate::model::verdict::Outcome;
use crate::report::subject;
use crate::text::{human, sanitise};

/// The most characters of one piece of text from outside; what is longer ends in `…`, and is whole in
/// run.json.
const LONGEST: usize = 4_000;

/// Words from outside as text or as the value of an attribute: they stay words, whatever they are.
pub(super) struct Safe<'a>(pub &'a str);

impl Display for Safe<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let line = sanitise::one_line(self.0);
        let mut rest = &*subject::cut(&line, LONGEST);
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            f.write_str(&rest[..at])?;
            f.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}

/// The same, with what stands between backticks as code.
pub(super) struct Marked<'a>(pub &'a str);

impl Display for Marked<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = self.0.split('`').collect();
        // One that is not closed is no mark.
        if parts.len().is_multiple_of(2) {
            return Safe(self.0).fmt(f);
        }
        for (at, part) in parts.into_iter().enumerate() {
            match (at % 2, part) {
                (_, "") => {}
                (0, _) => Safe(part).fmt(f)?,
                _ => write!(f, "<code>{}</code>", Safe(part))?,
            }
        }
        Ok(())
    }
}

/// Milliseconds as people read them.
pub(super) fn time(ms: u64) -> String {
    human::duration(Duration::from_millis(ms))
}

/// An outcome with its mark, so that colour is not all that tells it.
pub(super) fn outcome(outcome: Outcome) -> String {
    let mark = match outcome {
        Outcome::Passed => '✔',
        Outcome::Failed => '✘',
        Outcome::Inconclusive => '?',
        Outcome::Skipped => '–',
    };
    format!("<span class=\"outcome {outcome}\"><span aria-hidden=\"true\">{mark}</span> {outcome}</span>")
}

/// A severity as a badge.
pub(super) fn severity(severity: Severity) -> String {
    format!("<span class=\"severity {severity}\">{severity}</span>")
}

/// What the policy made of a finding, in a word.
pub(super) fn decision(finding: &Finding) -> &'static str {
    match finding.decision {
        Decision::Deny => "denied",
        Decision::Allow => "allowed",
        Decision::Waive => "waived",
    }
}

/// A name that ids of the page can be made of: each other character is its number.
pub(super) fn anchor(name: &str) -> String {
    let mut anchor = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => anchor.push(c),
            // Writing to a String does not fail.
            c => drop(write!(anchor, "_{:x}_", u32::from(c))),
        }
    }
    anchor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_ends_a_text_or_an_attribute() {
        let words = "</p><a href='x' onclick=\"y\">&amp;\u{1b}[31m\u{202e}é";
        let safe = Safe(words).to_string();
        assert_eq!(safe, "&lt;/p&gt;&lt;a href=&#39;x&#39; onclick=&quot;y&quot;&gt;&amp;amp; é");
        assert_eq!(Safe(&"x".repeat(5_000)).to_string().chars().count(), LONGEST);
    }

    #[test]
    fn what_stands_between_backticks_is_code() {
        let marked = |words| Marked(words).to_string();
        assert_eq!(marked("`npm i a@2` (<b>major</b>)"), "<code>npm i a@2</code> (&lt;b&gt;major&lt;/b&gt;)");
        assert_eq!(marked("or `a` and `<i>`"), "or <code>a</code> and <code>&lt;i&gt;</code>");
        assert_eq!(marked("a ` alone"), "a ` alone");
    }

    #[test]
    fn gates_with_different_names_have_different_anchors() {
        assert_eq!(anchor("image-scan"), "image-scan");
        let names = ["a b", "a_b", "a-b", "a_20_b", "a\"b"];
        let anchors: std::collections::HashSet<String> = names.into_iter().map(anchor).collect();
        assert_eq!(anchors.len(), names.len());
    }
}
