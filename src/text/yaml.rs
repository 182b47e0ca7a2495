//! YAML as a tree, with bounds: what an alias names is shared, not copied.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// How deep values may lie in each other.
const DEEPEST: usize = 100;

/// A chain or list of merge keys (`<<`) longer than that is not followed.
const MOST_MERGES: usize = 16;

/// One value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Text(String),
    List(Vec<Rc<Self>>),
    Map(BTreeMap<String, Rc<Self>>),
}

/// The documents of a text.
pub(crate) fn documents(text: &str) -> Result<Vec<Rc<Node>>, String> {
    Ok(Builder::read(text)?.documents)
}

/// The only document of a text. Readers differ in which of two equal keys counts, so that is an error.
pub(crate) fn document(text: &str) -> Result<Rc<Node>, String> {
    let mut builder = Builder::read(text)?;
    if let Some(key) = builder.twice {
        return Err(format!("the key `{key}` is there twice"));
    }
    let number = builder.documents.len();
    match builder.documents.pop().filter(|_| number == 1) {
        Some(document) => Ok(document),
        None => Err(format!("it has {number} documents, not one")),
    }
}

impl Node {
    /// The value of a key, in this mapping or in those that it merges.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let mut node = self;
        for _ in 0..MOST_MERGES {
            let Self::Map(entries) = node else { return None };
            if let Some(value) = entries.get(key) {
                return Some(value);
            }
            match &**entries.get("<<")? {
                Self::List(each) => {
                    let has = |one: &&Rc<Self>| matches!(&***one, Self::Map(own) if own.contains_key(key));
                    node = each.iter().take(MOST_MERGES).find(has)?;
                }
                one => node = one,
            }
        }
        None
    }

    /// The value of a key, as text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Keys and values of a mapping.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let entries = match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        };
        entries.into_iter().flatten().map(|(key, value)| (key.as_str(), &**value))
    }

    /// Keys and values of a mapping with those that it merges; its own count first. `None`: it merges more than is followed.
    pub(crate) fn merged(&self) -> Option<BTreeMap<&str, &Self>> {
        let mut all = BTreeMap::new();
        let mut open = vec![self];
        for _ in 0..=MOST_MERGES {
            let Some(node) = open.pop() else { return Some(all) };
            for (key, value) in node.entries() {
                match (key, value) {
                    ("<<", Self::List(each)) => open.extend(each.iter().rev().map(|one| &**one)),
                    ("<<", one) => open.push(one),
                    _ => drop(all.entry(key).or_insert(value)),
                }
            }
        }
        None
    }

    /// The values of a list.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Self> {
        let items = match self {
            Self::List(items) => items.as_slice(),
            _ => &[],
        };
        items.iter().map(|item| &**item)
    }
}

#[derive(Default)]
struct Builder {
    documents: Vec<Rc<Node>>,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    /// A key that a mapping has twice.
    twice: Option<String>,
}

/// A list or mapping that is not at its end.
struct Open {
    anchor: usize,
    items: Vec<Rc<Node>>,
    is_map: bool,
}

/// A text in which lines that begin with a closing bracket lie deeper than the line before; `None`: there is no such line. YAML 1.2 wants a
/// bracket deeper than its key (7.4, `flow-in-block`), and the parser holds to that; PyYAML, js-yaml and Go's YAML don't. Elsewhere a
/// line can't begin so, but in a text, where spaces more or less make no value of another.
fn with_deeper_brackets(text: &str) -> Option<String> {
    /// More is not added: brackets below a very long indent would make a small file large.
    const MOST_ADDED: usize = 1 << 16;
    let mut deeper = String::with_capacity(text.len());
    let (mut before, mut added) = (0, 0);
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start_matches(' ');
        let indent = line.len() - rest.len();
        if rest.starts_with([']', '}']) {
            let more = (before + 1_usize).saturating_sub(indent);
            added += more;
            if added > MOST_ADDED {
                return None;
            }
            deeper.extend(std::iter::repeat_n(' ', more));
        } else if !rest.trim_end().is_empty() {
            before = indent;
        }
        deeper.push_str(line);
    }
    (added > 0).then_some(deeper)
}

/// Whether a bracket on a line of its own became the end of a plain text: `a: b` and `]` below.
fn takes_bracket(event: &Event, span: Span) -> bool {
    matches!(event, Event::Scalar(text, ScalarStyle::Plain, ..) if text.contains([']', '}']))
        && span.start.line() != span.end.line()
}

impl Builder {
    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}');
        Self::parse(text, |_, _| false).or_else(|error| match with_deeper_brackets(text) {
            Some(deeper) => Self::parse(&deeper, takes_bracket).map_err(|_| error),
            None => Err(error),
        })
    }

    fn parse(text: &str, is_wrong: impl Fn(&Event, Span) -> bool) -> Result<Self, String> {
        let mut builder = Self::default();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| error.to_string())?;
            if is_wrong(&event, span) {
                return Err("a bracket closes nothing".to_owned());
            }
            builder.take(event)?;
        }
        Ok(builder)
    }

    fn take(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Scalar(text, _, anchor, _) => self.add(anchor, Node::Text(text.into_owned())),
            Event::SequenceStart(anchor, _) => return self.open(anchor, false),
            Event::MappingStart(anchor, _) => return self.open(anchor, true),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { anchor, items, is_map }) = self.open.pop() {
                    let node = if is_map { self.map(items) } else { Node::List(items) };
                    self.add(anchor, node);
                }
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                self.place(known.unwrap_or_else(|| Rc::new(Node::Text(String::new()))));
            }
            // Anchors count in their document only.
            Event::DocumentStart(_) => self.anchors.clear(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn open(&mut self, anchor: usize, is_map: bool) -> Result<(), String> {
        self.open.push(Open { anchor, items: Vec::new(), is_map });
        match self.open.len() > DEEPEST {
            true => Err(format!("it is nested deeper than {DEEPEST}")),
            false => Ok(()),
        }
    }

    fn add(&mut self, anchor: usize, node: Node) {
        let node = Rc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node);
    }

    /// A mapping from keys and values in turn. A key that is no text has no name.
    fn map(&mut self, items: Vec<Rc<Node>>) -> Node {
        let mut entries = BTreeMap::new();
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            let key = key.as_text().unwrap_or_default().to_owned();
            if entries.contains_key(&key) {
                self.twice = Some(key.clone());
            }
            entries.insert(key, value);
        }
        Node::Map(entries)
    }

    fn place(&mut self, node: Rc<Node>) {
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.documents.push(node),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_keys() {
        let text = "a: &base\n  b: 'x: y'\n  c: |\n    one\n    two\nd:\n  <<: *base\n  b: z\ne: [1, {f: g}]\n---\nh\n";
        let documents = documents(text).unwrap();
        assert_eq!(documents.len(), 2);
        let first = &documents[0];
        assert_eq!(first.get("a").unwrap().text("b"), Some("x: y"));
        let merged = first.get("d").unwrap();
        assert_eq!((merged.text("b"), merged.text("c")), (Some("z"), Some("one\ntwo\n")));
        let all = merged.merged().unwrap();
        let all: Vec<_> = all.into_iter().map(|(key, value)| (key, value.as_text().unwrap())).collect();
        assert_eq!(all, [("b", "z"), ("c", "one\ntwo\n")]);
        assert_eq!(first.get("e").unwrap().items().nth(1).unwrap().text("f"), Some("g"));
        assert_eq!(documents[1].as_text(), Some("h"));
    }

    #[test]
    fn what_readers_may_understand_in_two_ways_is_an_error() {
        assert!(document("a: b\nc: d\n").is_ok());
        assert!(document("{\"a\": {\"b\": [1]}}").is_ok());
        assert_eq!(document("a: {b: c, b: d}\n"), Err("the key `b` is there twice".to_owned()));
        assert_eq!(document("a: b\n---\na: c\n"), Err("it has 2 documents, not one".to_owned()));
        assert_eq!(document(""), Err("it has 0 documents, not one".to_owned()));
    }

    /// The values are those of PyYAML 6.0.
    #[test]
    fn a_closing_bracket_may_lie_below_its_key() {
        for (text, same) in [
            ("a: [\n  x\n]\n", "a: [x]"),
            ("a:\n  b: [\n    x,\n  ]\n  c: d\n", "a: {b: [x], c: d}"),
            ("a:\n  b: {\n    x: y\n  } # so\n  c: d\n", "a: {b: {x: y}, c: d}"),
            ("a:\n  b: [\n    x\n]\nc: d\n", "a: {b: [x]}\nc: d"),
            ("a: [{\n  b: c\n}, {\n  d: e\n}]\nf: g\n", "a: [{b: c}, {d: e}]\nf: g"),
            ("a:\r\n  - b: [\r\n      x\r\n    ]\r\n", "a: [{b: [x]}]"),
        ] {
            assert_eq!(documents(text), documents(same), "{text}");
            assert!(documents(text).is_ok());
        }
        // What can be read is not changed, and a bracket in a text closes nothing.
        let kept = "a: |\n  {\n  }\nb: c\n";
        assert_eq!(document(kept).unwrap().text("a"), Some("{\n}\n"));
        for broken in ["a: [\n  x\n}\n", "a: b\n]\n", "]\n", "a: [\n]\n]\n", "a: |\n  }\n  b\nc: [\n  d\n}\n"]
        {
            assert!(documents(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn hostile_documents_end_soon() {
        let far = format!("{}[\n", " ".repeat(40_000));
        assert!(documents(&format!("a:\n{far}{}", "]\n".repeat(40_000))).is_err());
        let mut laughs = "a0: &a0 [x, x]\n".to_owned();
        for n in 1..60 {
            laughs.push_str(&format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1));
        }
        assert_eq!(documents(&laughs).unwrap().len(), 1);
        assert!(documents(&"[".repeat(100_000)).is_err());
        assert!(documents(&"- ".repeat(100_000)).is_err());
        assert!(documents("a: b: c").is_err());
        assert!(documents("a: *none").is_err());
        let mut merges = "m0: &m0 {x: y}\n".to_owned();
        for n in 1..2000 {
            merges.push_str(&format!("m{n}: &m{n} {{<<: *m{}}}\n", n - 1));
        }
        let merges = documents(&merges).unwrap();
        assert_eq!(merges[0].get("m1999").unwrap().get("x"), None);
        assert_eq!(merges[0].get("m1999").unwrap().merged(), None);
        assert_eq!(merges[0].get("m9").unwrap().text("x"), Some("y"));
    }
}
