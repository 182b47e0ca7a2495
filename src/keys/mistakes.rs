//! Mistakes in gates.toml: collected, then shown all at once, each with its place underlined.

use std::cell::RefCell;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::redact::Scrubber;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The bytes of the file that are wrong.
    pub at: Range<usize>,
    /// What is wrong, in one line.
    pub what: String,
    /// What to do about it, if that is known.
    pub help: Option<String>,
}

/// The mistakes so far. All readers add to it, so that one mistake does not hide the next.
#[derive(Debug, Default)]
pub struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub fn note(&self, at: Range<usize>, what: impl Into<String>) {
        self.0.borrow_mut().push(Problem { at, what: what.into(), help: None });
    }

    pub fn note_with_help(&self, at: Range<usize>, what: impl Into<String>, help: impl Into<String>) {
        self.0.borrow_mut().push(Problem { at, what: what.into(), help: Some(help.into()) });
    }

    /// Takes a mistake back: another one is its cause.
    pub(super) fn retract(&self, at: &Range<usize>, what: &str) {
        self.0.borrow_mut().retain(|problem| problem.at != *at || problem.what != what);
    }

    /// The mistakes, in the order of the file.
    pub fn into_sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by_key(|problem| (problem.at.start, problem.at.end));
        problems
    }
}

/// Shows a mistake that is not in a file, without a place.
pub fn draw_unplaced(what: &str, help: &str, known: &Scrubber, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let help = Level::HELP.message(known.one_line(help));
    let group = Level::ERROR.primary_title(known.one_line(what)).element(help);
    renderer.render(&[group]) + "\n\n"
}

/// Shows the mistakes as rustc does, without the secrets that are known.
pub fn draw(problems: &[Problem], source: &str, path: &str, known: &Scrubber, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut places: Vec<Range<usize>> = problems.iter().map(|problem| problem.at.clone()).collect();
    let source = &known.in_place(source, &mut places);
    let mut out = String::new();
    // A place in the file, and its line number.
    let (mut counted, mut line) = (0, 1);
    for (problem, at) in problems.iter().zip(places) {
        let end = at.end.min(source.len());
        let start = at.start.min(end);
        // Pass on only the lines of this mistake: a file may have as many mistakes as lines.
        let first = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let last = source[end..].find('\n').map_or(source.len(), |at| end + at);
        if first < counted {
            (counted, line) = (0, 1);
        }
        line += source[counted..first].matches('\n').count();
        counted = first;
        let mistake = AnnotationKind::Primary.span(start - first..end - first);
        let snippet = Snippet::source(&source[first..last]).line_start(line).path(path);
        let mut group =
            Level::ERROR.primary_title(known.one_line(&problem.what)).element(snippet.annotation(mistake));
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(known.one_line(help)));
        }
        out.push_str(&renderer.render(&[group]));
        out.push_str("\n\n");
    }
    out
}

/// A required key is not there.
pub(super) fn missing(key: &str) -> String {
    format!("`{key}` is missing")
}

/// `an integer`, `a string`.
pub(super) fn with_article(type_name: &str) -> String {
    match type_name.chars().next() {
        Some('a' | 'e' | 'i' | 'o') => format!("an {type_name}"),
        _ => format!("a {type_name}"),
    }
}
