//! `licences`: which licences the packages of an inventory may have, as SPDX expressions
//! (<https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>).

mod expression;
mod inventory_rules;

use globset::{GlobBuilder, GlobMatcher};
use serde::Serialize;
use spdx::ParseMode;

use expression::{Expression, Node, Term};
pub(crate) use inventory_rules::{InventoryRules, NO_PACKAGE, names_a_package};

use crate::keys::table::{Keys, Located};
use crate::model::component::Component;
use crate::model::purl::{Purl, comparable_name};
use crate::policy::ban;
use crate::policy::path_pattern::stars_in_a_name;

/// Which licences are allowed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Licences {
    /// Absent: all licences that are not denied.
    allow: Option<Vec<Entry>>,
    deny: Vec<Entry>,
    unknown: Unknown,
    exceptions: Vec<Exception>,
}

/// What happens with a package whose licence is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Unknown {
    Deny,
    Warn,
    Allow,
}

/// A licence, or a pattern for the ids of several.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
struct Entry {
    text: String,
    #[serde(skip)]
    matcher: Matcher,
}

#[derive(Clone, Debug)]
enum Matcher {
    Licence(Term),
    Pattern(GlobMatcher),
}

/// Additional licences that one package may have.
#[derive(Clone, Debug, Serialize)]
struct Exception {
    package: String,
    /// For package URLs; absent: `package` is a name.
    #[serde(skip)]
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

impl Licences {
    pub(crate) fn read(keys: &Keys) -> Self {
        let unknowns = [("deny", Unknown::Deny), ("warn", Unknown::Warn), ("allow", Unknown::Allow)];
        let licences = Self {
            allow: keys.texts("allow").map(|entries| Entry::read_all(keys, entries)),
            deny: Entry::read_all(keys, keys.texts("deny").unwrap_or_default()),
            unknown: keys.word_or("unknown", &unknowns, Unknown::Warn),
            exceptions: keys.tables("exceptions").iter().filter_map(Exception::read).collect(),
        };
        // An entry with a mistake is reported at its place.
        if !keys.has_entries("allow") && !keys.has_entries("deny") {
            keys.problem_with_help(
                keys.at(),
                "`licences` neither allows nor denies a licence",
                "name them in `allow` or `deny`",
            );
        }
        keys.finish("`licences`");
        licences
    }

    /// What `deny` may leave open by mistake: one of `GPL-3.0-only` and `GPL-3.0-or-later`, without the other.
    /// With `allow`, the other is denied unless it is named there.
    fn one_sided(&self) -> Vec<String> {
        if self.allow.is_some() {
            return Vec::new();
        }
        let terms = self.deny.iter().filter_map(|entry| match &entry.matcher {
            Matcher::Licence(term) => Some((&entry.text, term.other_side()?)),
            Matcher::Pattern(_) => None,
        });
        let open = terms.filter(|(_, other)| !self.deny.iter().any(|entry| entry.denies(other)));
        open.map(|(denied, other)| {
            format!(
                "`deny` names {denied}, and not {other}: packages under {other} are let through",
                other = other.id()
            )
        })
        .collect()
    }

    /// The match of a package, and the exception that led to it.
    fn judge(&self, component: &Component) -> (LicenceMatch, Option<usize>) {
        // A project of one's own that nobody else may use (https://docs.npmjs.com/cli/configuring-npm/package-json).
        let is_own = |licence: &str| component.is_project() && licence.eq_ignore_ascii_case("UNLICENSED");
        let is_silent = |licence: &String| {
            is_own(licence)
                || Expression::read(licence).is_some_and(|expression| expression.is_no_assertion())
        };
        if component.kind.is_some() && component.licences.iter().all(is_silent) {
            return (LicenceMatch::Allowed, None);
        }
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
        let unknown = of_unknown(exception);
        let all: Vec<(&str, Option<Expression>)> =
            component.licences.iter().map(|licence| (licence.as_str(), Expression::read(licence))).collect();
        let says_something = |(_, expression): &(&str, Option<Expression>)| {
            expression.as_ref().is_some_and(|expression| !expression.is_silent())
        };
        let is_stated = all.iter().any(says_something);
        let of = |(licence, expression): (&str, Option<Expression>)| match expression {
            Some(expression) => Some(self.evaluate(&expression, exception)),
            None => match self.of_name(licence, exception) {
                // A classifier of PyPI (https://pypi.org/classifiers/) repeats, less precisely, what an id says.
                None if is_stated && licence.trim_start().starts_with("License ::") => None,
                matched => Some(matched.unwrap_or(unknown)),
            },
        };
        all.into_iter().filter_map(of).max().unwrap_or(unknown)
    }

    /// For `OR` the best side counts, for `AND` the worst.
    fn evaluate(&self, expression: &Expression, exception: Option<&Exception>) -> LicenceMatch {
        let mut stack: Vec<LicenceMatch> = Vec::new();
        for node in &expression.0 {
            let matched = match node {
                Node::Term(term) => self.of_term(term, exception),
                Node::Or | Node::And => {
                    let (Some(a), Some(b)) = (stack.pop(), stack.pop()) else { return LicenceMatch::Unknown };
                    if matches!(node, Node::Or) { a.min(b) } else { a.max(b) }
                }
            };
            stack.push(matched);
        }
        stack.pop().unwrap_or(LicenceMatch::Unknown)
    }

    fn of_term(&self, term: &Term, exception: Option<&Exception>) -> LicenceMatch {
        // A pattern is about ids that SPDX has: `BSD-*` does not allow whatever begins with BSD.
        let is_known = |term: &Term| term.is_known() && !term.has_unknown_exception();
        let is_allowed = |term: &Term| {
            let mut allowed = self.allow.iter().flatten();
            is_known(term) && allowed.any(|entry| entry.allows(term))
        };
        if exception.is_some_and(|exception| exception.allow.iter().any(|entry| entry.allows(term))) {
            LicenceMatch::Allowed
        } else if self.deny.iter().any(|entry| entry.denies(term)) {
            LicenceMatch::Denied
        } else if is_allowed(term) {
            LicenceMatch::Allowed
        } else if !term.is_listed() && self.names_denied(term.id()) {
            LicenceMatch::Denied
        } else if !term.is_listed() {
            of_unknown(exception)
        } else if self.allow.is_some()
            && !(term.has_unknown_exception() && is_allowed(&term.without_exception()))
        {
            LicenceMatch::Denied
        } else if term.has_unknown_exception() {
            of_unknown(exception)
        } else {
            LicenceMatch::Allowed
        }
    }

    /// Whether a word of the text is an id that is denied.
    fn names_denied(&self, text: &str) -> bool {
        Expression::named_in(text).any(|term| self.deny.iter().any(|entry| entry.denies(&term)))
    }

    /// A text that is not an expression can still match a pattern, or name a licence.
    fn of_name(&self, name: &str, exception: Option<&Exception>) -> Option<LicenceMatch> {
        let named = |entries: &[Entry]| entries.iter().any(|entry| entry.is_named(name));
        if exception.is_some_and(|exception| named(&exception.allow)) {
            Some(LicenceMatch::Allowed)
        } else if named(&self.deny) || self.names_denied(name) {
            Some(LicenceMatch::Denied)
        } else {
            None
        }
    }
}

/// What an unknown licence counts as.
fn of_unknown(exception: Option<&Exception>) -> LicenceMatch {
    match exception {
        Some(exception) if exception.any_unknown => LicenceMatch::Allowed,
        _ => LicenceMatch::Unknown,
    }
}

/// Whether a text is an SPDX expression, as the specification writes it. Deprecated ids (`GPL-2.0`) are
/// common, and accepted.
pub(crate) fn is_expression(text: &str) -> bool {
    const MODE: ParseMode = ParseMode {
        allow_slash_as_or_operator: false,
        allow_imprecise_license_names: false,
        allow_postfix_plus_on_gpl: true,
        allow_deprecated: true,
        allow_unknown: false,
    };
    // The crate lists `NOASSERTION` as a licence.
    Expression::read(text).is_some_and(|expression| expression.is_known())
        && spdx::Expression::parse_mode(text, MODE).is_ok()
}

impl Entry {
    fn read_all(keys: &Keys, entries: Vec<Located<String>>) -> Vec<Self> {
        entries.into_iter().filter_map(|entry| Self::read(keys, entry)).collect()
    }

    fn read(keys: &Keys, entry: Located<String>) -> Option<Self> {
        let text = entry.value;
        if text.contains(['*', '?', '[', '{']) {
            let glob = GlobBuilder::new(&text).case_insensitive(true).build();
            return match glob {
                Ok(glob) => Some(Self { text, matcher: Matcher::Pattern(glob.compile_matcher()) }),
                Err(error) => {
                    keys.problem(entry.at, format!("this is not a pattern for licences: {}", error.kind()));
                    None
                }
            };
        }
        match Term::read(&text).filter(|term| term.is_known() && !term.has_unknown_exception()) {
            Some(term) => Some(Self { text, matcher: Matcher::Licence(term) }),
            None => {
                let help = "see https://spdx.org/licenses/: `MIT`, `GPL-2.0-only WITH Classpath-exception-2.0`, \
                            `LicenseRef-NAME`, or a pattern such as `GPL-*`";
                keys.problem_with_help(entry.at, format!("`{text}` is not an SPDX licence"), help);
                None
            }
        }
    }

    /// An exception (`WITH`) must be the same.
    fn allows(&self, term: &Term) -> bool {
        match &self.matcher {
            Matcher::Licence(licence) => licence.equals(term),
            Matcher::Pattern(pattern) => term.texts().iter().any(|text| pattern.is_match(text)),
        }
    }

    /// With any exception (`WITH`), unless the entry names one.
    fn denies(&self, term: &Term) -> bool {
        match &self.matcher {
            Matcher::Licence(licence) => licence.includes(term),
            Matcher::Pattern(_) => self.allows(term) || self.allows(&term.without_exception()),
        }
    }

    fn is_named(&self, name: &str) -> bool {
        matches!(&self.matcher, Matcher::Pattern(pattern) if pattern.is_match(name))
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
        if let Some((what, help)) = stars_in_a_name(&package.value) {
            table.problem_with_help(package.at, what, help);
            return None;
        }
        let pattern = match package.value.starts_with("pkg:") {
            true => match ban::pattern(&package.value, false) {
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

    /// By its package URL, with or without a version, or by its name, as the ecosystem compares names.
    fn is_about(&self, component: &Component) -> bool {
        let Some(pattern) = &self.pattern else {
            let first = component.purls().next();
            let kind = first.as_ref().map_or("", Purl::kind);
            return comparable_name(kind, &self.package) == comparable_name(kind, &component.name);
        };
        component.purls().any(|purl| {
            let plain = purl.plain();
            pattern.is_match(&plain)
                || purl.version().is_some_and(|version| pattern.is_match(format!("{plain}@{version}")))
        })
    }
}

#[cfg(test)]
mod tests;
