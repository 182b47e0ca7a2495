//! Patterns of Python's `re`, as configurations of scanners use them for paths: a small part of it.

/// A pattern. What it has besides `.`, `*`, `+`, `?`, `^`, `$` and escapes is not understood, and fits only as plain text.
#[derive(Debug)]
pub(super) struct Pattern {
    plain: String,
    steps: Option<Vec<Step>>,
    from_start: bool,
    to_end: bool,
}

/// One sign, and how often it may come.
#[derive(Debug)]
struct Step {
    /// `None`: any.
    sign: Option<char>,
    least: bool,
    many: bool,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        let (from_start, rest) = (text.starts_with('^'), text.strip_prefix('^').unwrap_or(text));
        let to_end = rest.ends_with('$') && !rest.ends_with("\\$");
        let rest = if to_end { &rest[..rest.len() - 1] } else { rest };
        // Checkov takes a pattern that begins with one dot for plain text.
        let is_plain = text.starts_with('.') && !text.starts_with("..");
        Self { plain: text.to_owned(), steps: steps(rest).filter(|_| !is_plain), from_start, to_end }
    }

    /// Whether a text has it somewhere.
    pub(super) fn is_in(&self, text: &str) -> bool {
        text.contains(&self.plain) || self.steps.as_ref().is_some_and(|steps| self.runs(steps, text))
    }

    /// Keeps all places in the pattern that can be reached.
    fn runs(&self, steps: &[Step], text: &str) -> bool {
        let mut at = vec![false; steps.len() + 1];
        at[0] = true;
        pass_optional(steps, &mut at);
        for sign in text.chars() {
            if at[steps.len()] && !self.to_end {
                return true;
            }
            let mut next = vec![false; steps.len() + 1];
            for (n, step) in steps.iter().enumerate().filter(|(n, _)| at[*n]) {
                if step.sign.is_none_or(|wanted| wanted == sign) {
                    next[n + 1] = true;
                    next[n] |= step.many;
                }
            }
            next[0] |= !self.from_start;
            pass_optional(steps, &mut next);
            at = next;
        }
        at[steps.len()]
    }
}

fn pass_optional(steps: &[Step], at: &mut [bool]) {
    for (n, step) in steps.iter().enumerate() {
        // A step that may come often is left where it has come once: its place is that of the next one, too.
        if at[n] && !step.least {
            at[n + 1] = true;
        }
    }
}

/// The steps of a pattern; `None`: it has more than is understood.
fn steps(text: &str) -> Option<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        let sign = match sign {
            '*' | '+' | '?' => {
                let last = steps.last_mut()?;
                last.least &= sign == '+';
                last.many |= sign != '?';
                continue;
            }
            '.' => None,
            '\\' => Some(signs.next().filter(|escaped| !escaped.is_alphanumeric())?),
            '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => return None,
            plain => Some(plain),
        };
        steps.push(Step { sign, least: true, many: false });
    }
    Some(steps)
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
        ] {
            assert_eq!(Pattern::new(pattern).is_in(text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_plain_text() {
        assert!(Pattern::new("a(b)").is_in("xa(b)"));
        assert!(!Pattern::new("a(b|c)").is_in("ab"));
        assert!(!Pattern::new(".*/gen").is_in("a/gen"));
        assert!(!Pattern::new(".terraform").is_in("xterraform"));
    }
}
