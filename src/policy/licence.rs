//! `licences`: which licences the packages of an inventory may have, as SPDX expressions
//! (<https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>).

mod inventory_rules;

use globset::{GlobBuilder, GlobMatcher};
use spdx::expression::{ExprNode, Operator};
use spdx::{Expression, LicenseItem, LicenseReq, Licensee, ParseMode};

pub(crate) use inventory_rules::{InventoryRules, NO_PACKAGE};

use crate::keys::table::{Keys, Located};
use crate::model::component::Component;
use crate::model::purl::Purl;
use crate::policy::ban;

/// Which licences are allowed.
#[derive(Clone, Debug)]
pub(crate) struct Licences {
    /// Absent: all licences that are not denied.
    allow: Option<Vec<Entry>>,
    deny: Vec<Entry>,
    unknown: Unknown,
    exceptions: Vec<Exception>,
}

/// What happens with a package whose licence is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    Deny,
    Warn,
    Allow,
}

/// A licence, or a pattern for the ids of several.
#[derive(Clone, Debug)]
struct Entry {
    text: String,
    licensee: Option<Licensee>,
    pattern: Option<GlobMatcher>,
}

/// Additional licences that one package may have.
#[derive(Clone, Debug)]
struct Exception {
    package: String,
    /// For package URLs; absent: `package` is a name.
    pattern: Option<GlobMatcher>,
    allow: Vec<Entry>,
    any_unknown: bool,
    reason: String,
}

/// What the policy says about the licences of a package, the best first. In a choice (`OR`) the best side
/// counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LicenceMatch {
    Allowed,
    Unknown,
    Denied,
}

/// Deprecated ids (`GPL-2.0`) are common. Names that only look like an id are not accepted.
const MODE: ParseMode = ParseMode {
    allow_slash_as_or_operator: false,
    allow_imprecise_license_names: false,
    allow_postfix_plus_on_gpl: true,
    allow_deprecated: true,
    allow_unknown: false,
};

/// A longer text is not read as an expression.
const LONGEST: usize = 8192;

impl Licences {
    pub(crate) fn read(keys: &Keys) -> Self {
        let unknowns = [("deny", Unknown::Deny), ("warn", Unknown::Warn), ("allow", Unknown::Allow)];
        let licences = Self {
            allow: keys.texts("allow").map(|entries| Entry::read_all(keys, entries)),
            deny: Entry::read_all(keys, keys.texts("deny").unwrap_or_default()),
            unknown: keys.word_or("unknown", &unknowns, Unknown::Warn),
            exceptions: keys.tables("exceptions").iter().filter_map(Exception::read).collect(),
        };
        if licences.allow.as_ref().is_none_or(Vec::is_empty) && licences.deny.is_empty() {
            keys.problem_with_help(
                keys.at(),
                "`licences` neither allows nor denies a licence",
                "name them in `allow` or `deny`",
            );
        }
        keys.finish("`licences`");
        licences
    }

    /// The match of a package, and the exception that led to it.
    fn judge(&self, component: &Component) -> (LicenceMatch, Option<usize>) {
        let by = |exception| self.matched(component, exception);
        let plain = by(None);
        if plain == LicenceMatch::Allowed {
            return (plain, None);
        }
        let exceptions = self.exceptions.iter().enumerate();
        let better = exceptions
            .filter(|(_, exception)| exception.is_about(component))
            .map(|(index, exception)| (by(Some(exception)), Some(index)))
            .min_by_key(|(matched, _)| *matched);
        better.filter(|(matched, _)| *matched < plain).unwrap_or((plain, None))
    }

    fn matched(&self, component: &Component, exception: Option<&Exception>) -> LicenceMatch {
        let unknown = match exception {
            Some(exception) if exception.any_unknown => LicenceMatch::Allowed,
            _ => LicenceMatch::Unknown,
        };
        let of = |licence: &String| match parse(licence) {
            Some(expression) => self.evaluate(&expression, exception),
            None => self.of_name(licence, exception).unwrap_or(unknown),
        };
        component.licences.iter().map(of).max().unwrap_or(unknown)
    }

    /// For `OR` the best side counts, for `AND` the worst.
    fn evaluate(&self, expression: &Expression, exception: Option<&Exception>) -> LicenceMatch {
        let mut stack: Vec<LicenceMatch> = Vec::new();
        for node in expression.iter() {
            match node {
                ExprNode::Req(one) => stack.push(self.of_requirement(&one.req, exception)),
                ExprNode::Op(operator) => {
                    let (Some(a), Some(b)) = (stack.pop(), stack.pop()) else { return LicenceMatch::Unknown };
                    stack.push(if *operator == Operator::Or { a.min(b) } else { a.max(b) });
                }
            }
        }
        stack.pop().unwrap_or(LicenceMatch::Unknown)
    }

    fn of_requirement(&self, one: &LicenseReq, exception: Option<&Exception>) -> LicenceMatch {
        let is_spdx = matches!(one.license, LicenseItem::Spdx { .. });
        if exception.is_some_and(|exception| exception.allow.iter().any(|entry| entry.allows(one))) {
            LicenceMatch::Allowed
        } else if self.deny.iter().any(|entry| entry.denies(one)) {
            LicenceMatch::Denied
        } else if self.allow.as_ref().is_some_and(|allow| allow.iter().any(|entry| entry.allows(one))) {
            LicenceMatch::Allowed
        } else if !is_spdx {
            match exception {
                Some(exception) if exception.any_unknown => LicenceMatch::Allowed,
                _ => LicenceMatch::Unknown,
            }
        } else if self.allow.is_some() {
            LicenceMatch::Denied
        } else {
            LicenceMatch::Allowed
        }
    }

    /// A text that is not an expression can still match a pattern.
    fn of_name(&self, name: &str, exception: Option<&Exception>) -> Option<LicenceMatch> {
        let named = |entries: &[Entry]| entries.iter().any(|entry| entry.is_named(name));
        if exception.is_some_and(|exception| named(&exception.allow)) {
            Some(LicenceMatch::Allowed)
        } else if named(&self.deny) {
            Some(LicenceMatch::Denied)
        } else {
            None
        }
    }
}

/// Whether a text is an SPDX expression.
pub(crate) fn is_expression(text: &str) -> bool {
    parse(text).is_some()
}

/// Reads an expression; `None` if the text is not one.
fn parse(licence: &str) -> Option<Expression> {
    (licence.len() <= LONGEST).then(|| Expression::parse_mode(licence, MODE).ok()).flatten()
}

impl Entry {
    fn read_all(keys: &Keys, entries: Vec<Located<String>>) -> Vec<Self> {
        entries.into_iter().filter_map(|entry| Self::read(keys, entry)).collect()
    }

    fn read(keys: &Keys, entry: Located<String>) -> Option<Self> {
        let text = entry.value;
        if text.contains(['*', '?', '[']) {
            let glob = GlobBuilder::new(&text).case_insensitive(true).build();
            return match glob {
                Ok(glob) => Some(Self { text, licensee: None, pattern: Some(glob.compile_matcher()) }),
                Err(error) => {
                    keys.problem(entry.at, format!("this is not a pattern for licences: {}", error.kind()));
                    None
                }
            };
        }
        match Licensee::parse_mode(&text, MODE) {
            Ok(licensee) => Some(Self { text, licensee: Some(licensee), pattern: None }),
            Err(_) => {
                let help = "see https://spdx.org/licenses/: `MIT`, `GPL-2.0-only WITH Classpath-exception-2.0`, \
                            `LicenseRef-NAME`, or a pattern such as `GPL-*`";
                keys.problem_with_help(entry.at, format!("`{text}` is not an SPDX licence"), help);
                None
            }
        }
    }

    /// An exception (`WITH`) must be the same.
    fn allows(&self, one: &LicenseReq) -> bool {
        match (&self.licensee, &self.pattern) {
            (Some(licensee), _) => licensee.satisfies(one) || one.to_string() == self.text,
            (None, Some(pattern)) => pattern.is_match(one.to_string()),
            (None, None) => false,
        }
    }

    /// With any exception (`WITH`), unless the entry names one.
    fn denies(&self, one: &LicenseReq) -> bool {
        let bare = LicenseReq { license: one.license.clone(), addition: None };
        self.allows(one) || self.allows(&bare)
    }

    fn is_named(&self, name: &str) -> bool {
        self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(name))
    }
}

impl Exception {
    fn read(table: &Keys) -> Option<Self> {
        let package = table.required_text("package");
        let reason = table.required_text("reason");
        let mut allow = table.texts("allow").unwrap_or_default();
        if allow.is_empty() {
            table.problem(table.at_key("allow"), "`allow` names no licence for this package");
        }
        let all = allow.len();
        allow.retain(|entry| entry.value != "unknown");
        let any_unknown = allow.len() < all;
        let allow = Entry::read_all(table, allow);
        table.finish("an exception");
        let (package, reason) = (package?, reason?);
        let pattern = match package.value.starts_with("pkg:") {
            true => match ban::pattern(&package.value) {
                Ok(pattern) => Some(pattern),
                Err(error) => {
                    table.problem(package.at, format!("this is not a pattern: {error}"));
                    return None;
                }
            },
            false => None,
        };
        Some(Self { package: package.value, pattern, allow, any_unknown, reason: reason.value })
    }

    /// By its package URL, with or without a version, or by its name.
    fn is_about(&self, component: &Component) -> bool {
        let Some(pattern) = &self.pattern else { return self.package == component.name };
        let Some(purl) = component.purl.as_deref().and_then(Purl::read) else { return false };
        let plain = purl.plain();
        pattern.is_match(&plain)
            || purl.version().is_some_and(|version| pattern.is_match(format!("{plain}@{version}")))
    }
}

#[cfg(test)]
mod tests;
