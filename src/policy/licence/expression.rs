//! SPDX licence expressions as documents have them: in any case, with deprecated ids, with parts that SPDX
//! does not know (<https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>).
//!
//! The `spdx` crate refuses an expression with one unknown part, so a denied licence beside it would be lost.
//! Only its lists of ids are used here.

mod ids;

use ids::{Id, by_full_name, current, exception_id, is_listed};

/// An expression in postfix order: for `a OR b`, `a`, `b`, `Or`.
#[derive(Clone, Debug)]
pub(super) struct Expression(pub(super) Vec<Node>);

#[derive(Clone, Debug)]
pub(super) enum Node {
    Term(Term),
    Or,
    And,
}

/// One licence, with its exception if it has one.
#[derive(Clone, Debug)]
pub(super) struct Term {
    /// The id as written, without the exception.
    written: String,
    id: Id,
    exception: Option<Addition>,
}

#[derive(Clone, Debug)]
struct Addition {
    name: String,
    /// Whether SPDX lists it, or it is an `AdditionRef-…`.
    is_known: bool,
}

/// A longer text is not read as an expression.
const LONGEST: usize = 8192;

impl Expression {
    /// `None` if the text is not an expression: words without an operator between them, an open bracket.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        if let Some(id) = by_full_name(text) {
            return Some(Self(vec![Node::Term(Term::new(id, None))]));
        }
        let tokens: Vec<&str> = tokens(text).collect();
        if let [one] = tokens.as_slice()
            && let Some(choice) = of_slashes(one)
        {
            return Some(choice);
        }
        let mut reader = Reader::default();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match Token::of(token) {
                Token::Word => {
                    let is_with = tokens.peek().is_some_and(|next| matches!(Token::of(next), Token::With));
                    let exception = if is_with { tokens.nth(1) } else { None };
                    if is_with && exception.is_none_or(|name| !matches!(Token::of(name), Token::Word)) {
                        return None;
                    }
                    reader.term(Term::new(token, exception))?;
                }
                Token::With => return None,
                other => reader.operator(other)?,
            }
        }
        reader.finish()
    }

    /// Whether SPDX knows every part.
    pub(super) fn is_known(&self) -> bool {
        self.terms().all(|term| term.id != Id::Unknown && !term.has_unknown_exception())
    }

    /// Whether it names no licence that SPDX or the document knows: `NOASSERTION`.
    pub(super) fn is_silent(&self) -> bool {
        self.terms().all(|term| term.id == Id::Unknown)
    }

    /// Whether it says only that nothing is said (SPDX 2.3, 7.13).
    pub(super) fn is_no_assertion(&self) -> bool {
        self.terms().all(|term| ["NOASSERTION", "NONE"].contains(&term.written.as_str()))
    }

    fn terms(&self) -> impl Iterator<Item = &Term> {
        self.0.iter().filter_map(|node| match node {
            Node::Term(term) => Some(term),
            Node::Or | Node::And => None,
        })
    }

    /// The licences that a text names which is not an expression: each word that is an id of SPDX.
    pub(super) fn named_in(text: &str) -> impl Iterator<Item = Term> {
        let words = text.split(|c: char| c.is_whitespace() || "()[],;:/|&\"'".contains(c));
        words
            .map(|word| Term::new(word.trim_end_matches('.'), None))
            .filter(|term| matches!(term.id, Id::Spdx(_)))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Token {
    Word,
    With,
    Or,
    And,
    Open,
    Close,
}

impl Token {
    /// Operators are in capitals, since SPDX 3 also in small letters.
    fn of(token: &str) -> Self {
        match token {
            "AND" | "and" => Self::And,
            "OR" | "or" => Self::Or,
            "WITH" | "with" => Self::With,
            "(" => Self::Open,
            ")" => Self::Close,
            _ => Self::Word,
        }
    }
}

/// Words and brackets.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(|c: char| c.is_whitespace() || c == '(' || c == ')').flat_map(|piece| {
        let word = piece.trim_end_matches(|c: char| c.is_whitespace() || c == '(' || c == ')');
        let bracket = piece.ends_with(['(', ')']).then(|| &piece[piece.len() - 1..]);
        [Some(word).filter(|word| !word.is_empty()), bracket].into_iter().flatten()
    })
}

/// `MIT/Apache-2.0`: Cargo's old form of `OR`. Anything else with a slash, an address for one, is a name.
fn of_slashes(text: &str) -> Option<Expression> {
    let terms: Vec<Term> = text.split('/').map(|part| Term::new(part, None)).collect();
    if terms.len() < 2 || !terms.iter().all(|term| matches!(term.id, Id::Spdx(_))) {
        return None;
    }
    let operators = std::iter::repeat_n(Node::Or, terms.len() - 1);
    Some(Expression(terms.into_iter().map(Node::Term).chain(operators).collect()))
}

/// Brings the tokens into postfix order, with a stack instead of recursion. `AND` binds closer than `OR`.
#[derive(Default)]
struct Reader {
    out: Vec<Node>,
    waiting: Vec<Token>,
    /// A licence has just been read, so an operator must follow.
    after_term: bool,
}

impl Reader {
    fn term(&mut self, term: Term) -> Option<()> {
        self.out.push(Node::Term(term));
        (!std::mem::replace(&mut self.after_term, true)).then_some(())
    }

    fn operator(&mut self, token: Token) -> Option<()> {
        match token {
            Token::Open if !self.after_term => self.waiting.push(token),
            Token::Close if self.after_term => loop {
                match self.waiting.pop()? {
                    Token::Open => break,
                    operator => self.put(operator),
                }
            },
            Token::And | Token::Or if self.after_term => {
                let binds =
                    |waiting: &Token| *waiting == Token::And || (*waiting == token && token == Token::Or);
                while let Some(operator) = self.waiting.pop_if(|waiting| binds(waiting)) {
                    self.put(operator);
                }
                self.waiting.push(token);
                self.after_term = false;
            }
            _ => return None,
        }
        Some(())
    }

    fn put(&mut self, operator: Token) {
        self.out.push(if operator == Token::Or { Node::Or } else { Node::And });
    }

    fn finish(mut self) -> Option<Expression> {
        while let Some(operator) = self.waiting.pop() {
            if operator == Token::Open {
                return None;
            }
            self.put(operator);
        }
        self.after_term.then_some(Expression(self.out))
    }
}

impl Term {
    /// Reads `MIT` or `GPL-2.0-only WITH Classpath-exception-2.0`: a single licence.
    pub(super) fn read(text: &str) -> Option<Self> {
        match Expression::read(text)?.0.as_slice() {
            [Node::Term(term)] => Some(term.clone()),
            _ => None,
        }
    }

    fn new(written: &str, exception: Option<&str>) -> Self {
        let (id, implied) = current(written);
        let exception = exception.map(|name| {
            let known = exception_id(name);
            let is_known = known.is_some() || name.to_ascii_lowercase().contains("additionref-");
            Addition { name: known.unwrap_or(name).to_owned(), is_known }
        });
        let implied = implied.map(|name| Addition { name: name.to_owned(), is_known: true });
        Self { written: written.to_owned(), id, exception: exception.or(implied) }
    }

    /// Whether SPDX knows the licence, or the document defines it.
    pub(super) fn is_known(&self) -> bool {
        self.id != Id::Unknown
    }

    /// Whether SPDX has a licence of this id.
    pub(super) fn is_listed(&self) -> bool {
        matches!(self.id, Id::Spdx(_))
    }

    /// Whether it has an exception, and nobody knows what that says.
    pub(super) fn has_unknown_exception(&self) -> bool {
        self.exception.as_ref().is_some_and(|exception| !exception.is_known)
    }

    pub(super) fn without_exception(&self) -> Self {
        Self { exception: None, ..self.clone() }
    }

    /// The same licence with the same exception.
    pub(super) fn equals(&self, other: &Self) -> bool {
        let exception = |term: &Self| term.exception.as_ref().map(|one| one.name.to_ascii_lowercase());
        self.is_known() && self.id == other.id && exception(self) == exception(other)
    }

    /// The same licence, with any exception unless this names one.
    pub(super) fn includes(&self, other: &Self) -> bool {
        self.equals(other) || self.equals(&other.without_exception())
    }

    /// The id that SPDX has for it today.
    pub(super) fn id(&self) -> &str {
        match &self.id {
            Id::Spdx(id) => id,
            Id::Reference(_) | Id::Unknown => &self.written,
        }
    }

    /// Its texts, for patterns: as SPDX writes it today, and as it is written here.
    pub(super) fn texts(&self) -> Vec<String> {
        let with = |id: &str| match &self.exception {
            Some(exception) => format!("{id} WITH {}", exception.name),
            None => id.to_owned(),
        };
        vec![with(self.id()), with(&self.written)]
    }

    /// `GPL-3.0-or-later` of `GPL-3.0-only`, and the other way round.
    pub(super) fn other_side(&self) -> Option<Self> {
        let Id::Spdx(id) = &self.id else { return None };
        let other = match (id.strip_suffix("-only"), id.strip_suffix("-or-later")) {
            (Some(base), _) => format!("{base}-or-later"),
            (None, Some(base)) => format!("{base}-only"),
            (None, None) => return None,
        };
        is_listed(&other).then(|| Self::new(&other, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Term::read(a).unwrap().equals(&Term::read(b).unwrap())
    }

    /// The pairs are from the notes of <https://spdx.org/licenses/> on deprecated ids.
    #[test]
    fn an_id_that_was_replaced_is_its_successor() {
        for (old, new) in [
            ("GPL-3.0", "GPL-3.0-only"),
            ("gpl-3.0+", "GPL-3.0-or-later"),
            ("GPL-2.0-only+", "GPL-2.0-or-later"),
            ("AGPL-3.0", "AGPL-3.0-only"),
            ("AGPL-1.0", "AGPL-1.0-only"),
            ("LGPL-2.1+", "LGPL-2.1-or-later"),
            ("GFDL-1.3", "GFDL-1.3-only"),
            ("GFDL-1.3+", "GFDL-1.3-or-later"),
            ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
            ("GPL-2.0 with classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
            ("wxwindows", "LGPL-2.0-or-later WITH WxWindows-exception-3.1"),
            ("StandardML-NJ", "SMLNJ"),
            ("mit", "MIT"),
            ("licenseref-OURS", "LicenseRef-ours"),
        ] {
            assert!(same(old, new) && same(new, old), "{old} {new}");
        }
        for (a, b) in
            [("GPL-3.0-only", "GPL-3.0-or-later"), ("GPL-2.0", "GPL-3.0"), ("Foo", "Foo"), ("NONE", "NONE")]
        {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn a_text_that_is_not_an_expression_is_none() {
        for text in [
            "",
            " ",
            "BSD 3-Clause",
            "MIT OR",
            "OR MIT",
            "(MIT",
            "MIT)",
            "()",
            "MIT (x)",
            "MIT WITH",
            "MIT WITH (",
            "WITH",
        ] {
            assert!(Expression::read(text).is_none(), "{text}");
        }
        for text in ["MIT", "(((MIT)))", "MIT/Apache-2.0", "MIT/Foo", "a AND (b OR c)AND d", "MIT with Foo"] {
            assert!(Expression::read(text).is_some(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_expression_that_is_read_comes_to_one_value(text in "(MIT|Foo|AND|OR|WITH|[()/+ é])( |/|[()]|MIT|AND|OR|WITH|NONE|\\+){0,12}") {
            if let Some(expression) = Expression::read(&text) {
                let depth = expression.0.iter().try_fold(0_usize, |depth, node| match node {
                    Node::Term(_) => Some(depth + 1),
                    Node::Or | Node::And => (depth >= 2).then(|| depth - 1),
                });
                proptest::prop_assert_eq!(depth, Some(1), "{}", text);
            }
            Expression::named_in(&text).for_each(drop);
        }
    }
}
