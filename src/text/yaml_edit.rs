//! Changes single values of a YAML or JSON text, and leaves every other byte as it is: comments, order, quotes.

use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::yaml::document;

/// How deep values may lie in each other.
const DEEPEST: usize = 100;

/// A text with one document, and where its values are.
#[derive(Debug)]
pub(crate) struct Source<'t> {
    text: &'t str,
    pub root: Place,
}

/// One value and its place in the text.
#[derive(Debug)]
pub(crate) struct Place {
    /// In bytes; of a mapping or list only where it begins.
    at: Range<usize>,
    pub value: Value,
}

#[derive(Debug)]
pub(crate) enum Value {
    Text(String),
    /// With a block of lines, an anchor or a tag: not changed.
    Fixed(String),
    List(Vec<Place>),
    Map(Vec<(Place, Place)>),
    Alias,
}

/// A change of the text.
#[derive(Debug)]
pub(crate) struct Edit {
    at: Range<usize>,
    text: String,
}

impl<'t> Source<'t> {
    /// Reads a text. A key that is there twice is an error, and so is a second document.
    pub(crate) fn read(text: &'t str) -> Result<Self, String> {
        document(text)?;
        let mut bytes: Vec<usize> = text.char_indices().map(|(byte, _)| byte).collect();
        bytes.push(text.len());
        let mut events = Vec::new();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| error.to_string())?;
            let byte = |index: usize| bytes.get(index).copied().unwrap_or(text.len());
            events.push((event, byte(span.start.index())));
        }
        let mut events = events.into_iter().peekable();
        while events
            .next_if(|(event, _)| matches!(event, Event::StreamStart | Event::DocumentStart(_)))
            .is_some()
        {}
        let root = Place::read(text, &mut events, 0)?;
        Ok(Self { text, root })
    }

    /// Gives a value another text, in the quotes that it has. `key` is its own key, for a value that is empty.
    pub(crate) fn set(&self, key: Option<&Place>, value: &Place, new: &str) -> Result<Edit, String> {
        let Value::Text(_) = &value.value else {
            return Err(format!("{new} can't take its place: it is no plain value"));
        };
        if value.at.is_empty() {
            let key = key.ok_or("an empty value has no key")?;
            let colon = self.text[key.at.end..].find(':').ok_or("an empty value has no colon")?;
            let at = key.at.end + colon + 1;
            return Ok(Edit { at: at..at, text: format!(" {new}") });
        }
        let quote = self.text[value.at.start..].chars().next().filter(|c| ['"', '\''].contains(c));
        let quote = quote.map(String::from).unwrap_or_default();
        Ok(Edit { at: value.at.clone(), text: format!("{quote}{new}{quote}") })
    }

    /// Gives a key another name.
    pub(crate) fn rename(&self, key: &Place, new: &str) -> Edit {
        let quote = self.text[key.at.start..].chars().next().filter(|c| ['"', '\''].contains(c));
        let quote = quote.map(String::from).unwrap_or_default();
        Edit { at: key.at.clone(), text: format!("{quote}{new}{quote}") }
    }

    /// Adds a line `key: value` below the line of this key.
    pub(crate) fn add_below(&self, key: &Place, new: &str, value: &str) -> Result<Edit, String> {
        let before = &self.text[..key.at.start];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        // `- name: x`: what follows is as far in as the key.
        let column = self.text[start..key.at.start].chars().map(|c| if c == '\t' { '\t' } else { ' ' });
        if !self.text[start..key.at.start].chars().all(|c| c == ' ' || c == '-') {
            return Err(format!("`{new}` can't be added to a line that has braces: write it there by hand"));
        }
        let rest = &self.text[key.at.end..];
        let end = rest.find('\n').map_or(self.text.len(), |at| key.at.end + at + 1);
        let line = &self.text[start..end];
        let (ending, lead) = match line {
            line if line.ends_with("\r\n") => ("\r\n", ""),
            line if line.ends_with('\n') => ("\n", ""),
            _ => ("", "\n"),
        };
        let text = format!("{lead}{}{new}: {value}{ending}", column.collect::<String>());
        Ok(Edit { at: end..end, text })
    }

    /// The text with these changes.
    ///
    /// # Errors
    /// If anything else than the values of `allowed` would be another one.
    pub(crate) fn with(
        &self,
        mut edits: Vec<Edit>,
        allowed: &dyn Fn(&str) -> bool,
    ) -> Result<String, String> {
        edits.sort_by_key(|edit| edit.at.start);
        let (mut text, mut end) = (String::with_capacity(self.text.len()), 0);
        for edit in edits {
            if edit.at.start < end {
                return Err("two changes of one value".to_owned());
            }
            text.push_str(&self.text[end..edit.at.start]);
            text.push_str(&edit.text);
            end = edit.at.end;
        }
        text.push_str(&self.text[end..]);
        let (before, after) = (self.root.flat(), Source::read(&text)?.root.flat());
        let paths = before.keys().chain(after.keys());
        match paths.into_iter().find(|path| before.get(*path) != after.get(*path) && !allowed(path)) {
            Some(path) => Err(format!("the change would also change `{path}`: change it by hand")),
            None => Ok(text),
        }
    }
}

impl Place {
    fn read<'e>(
        text: &str,
        events: &mut impl Iterator<Item = (Event<'e>, usize)>,
        depth: usize,
    ) -> Result<Self, String> {
        if depth > DEEPEST {
            return Err("its values lie too deep in each other".to_owned());
        }
        let (event, start) = events.next().ok_or("it ends too early")?;
        Self::of(text, event, start, events, depth)
    }

    fn of<'e>(
        text: &str,
        event: Event<'e>,
        start: usize,
        events: &mut impl Iterator<Item = (Event<'e>, usize)>,
        depth: usize,
    ) -> Result<Self, String> {
        let value = match event {
            Event::Scalar(value, style, anchor, tag) => {
                let end = scalar_end(text, start, &value, style).filter(|_| anchor == 0 && tag.is_none());
                return Ok(match end {
                    Some(end) => Self { at: start..end, value: Value::Text(value.into_owned()) },
                    None => Self { at: start..start, value: Value::Fixed(value.into_owned()) },
                });
            }
            Event::Alias(_) => Value::Alias,
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match events.next().ok_or("it ends too early")? {
                        (Event::SequenceEnd, _) => break Value::List(items),
                        (event, start) => items.push(Self::of(text, event, start, events, depth + 1)?),
                    }
                    if depth > DEEPEST {
                        return Err("its values lie too deep in each other".to_owned());
                    }
                }
            }
            Event::MappingStart(..) => {
                let mut entries = Vec::new();
                loop {
                    match events.next().ok_or("it ends too early")? {
                        (Event::MappingEnd, _) => break Value::Map(entries),
                        (event, start) => {
                            let key = Self::of(text, event, start, events, depth + 1)?;
                            entries.push((key, Self::read(text, events, depth + 1)?));
                        }
                    }
                }
            }
            _ => return Err("it has no value".to_owned()),
        };
        Ok(Self { at: start..start, value })
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Fixed(text) => Some(text),
            _ => None,
        }
    }

    /// The key and the value of this name in a mapping.
    pub(crate) fn entry(&self, name: &str) -> Option<(&Self, &Self)> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(key, value)| (key, value))
    }

    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Every text with its path: `images[0].digest`.
    fn flat(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        self.flatten(String::new(), &mut all);
        all
    }

    fn flatten(&self, path: String, all: &mut BTreeMap<String, String>) {
        match &self.value {
            Value::Text(text) | Value::Fixed(text) => drop(all.insert(path, text.clone())),
            Value::Alias => drop(all.insert(path, "*".to_owned())),
            Value::List(items) => {
                all.insert(format!("{path}[]"), items.len().to_string());
                let each = items.iter().enumerate();
                each.for_each(|(n, item)| item.flatten(format!("{path}[{n}]"), all));
            }
            Value::Map(entries) => {
                for (key, value) in entries {
                    let dot = if path.is_empty() { "" } else { "." };
                    let key = key.as_text().unwrap_or("?").replace('.', "\\.");
                    value.flatten(format!("{path}{dot}{key}"), all);
                }
            }
        }
    }
}

/// Where a scalar on one line ends; `None`: it has several lines.
fn scalar_end(text: &str, start: usize, value: &str, style: ScalarStyle) -> Option<usize> {
    let rest = &text[start..];
    match style {
        // `~`, or nothing at all.
        ScalarStyle::Plain => match rest.starts_with(value) {
            true => Some(start + value.len()),
            false => Some(start).filter(|_| value == "~" || value.is_empty()),
        },
        ScalarStyle::SingleQuoted => {
            let inner = rest.strip_prefix('\'')?;
            (inner.strip_prefix(value)?.starts_with('\'')).then_some(start + value.len() + 2)
        }
        ScalarStyle::DoubleQuoted => {
            let inner = rest.strip_prefix('"')?;
            (inner.strip_prefix(value)?.starts_with('"')).then_some(start + value.len() + 2)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# ä comment, with ö\nimages: # below\n  - name: 'a' # one\n    newTag: \"1.0\"  # old\n  - {name: b, newTag: x}\nempty:\nlast: end";

    #[test]
    fn a_value_changes_and_nothing_else_does() {
        let source = Source::read(TEXT).unwrap();
        let first = &source.root.entry("images").unwrap().1.items()[0];
        let second = &source.root.entry("images").unwrap().1.items()[1];
        let (key, value) = first.entry("newTag").unwrap();
        let (empty_key, empty) = source.root.entry("empty").unwrap();
        let edits = vec![
            source.set(Some(empty_key), empty, "full").unwrap(),
            source.rename(key, "digest"),
            source.set(None, value, "sha256:ab").unwrap(),
            source.set(None, second.entry("newTag").unwrap().1, "sha256:cd").unwrap(),
            source.add_below(first.entry("name").unwrap().0, "newName", "r.example:5000/a").unwrap(),
            source.set(None, source.root.entry("last").unwrap().1, "done").unwrap(),
        ];
        let changed = source.with(edits, &|_| true).unwrap();
        assert_eq!(
            changed,
            "# ä comment, with ö\nimages: # below\n  - name: 'a' # one\n    newName: r.example:5000/a\n    digest: \"sha256:ab\"  # old\n  - {name: b, newTag: sha256:cd}\nempty: full\nlast: done"
        );
    }

    #[test]
    fn a_change_that_reaches_further_is_refused() {
        let source = Source::read(TEXT).unwrap();
        let value = source.root.entry("last").unwrap().1;
        let all = source.with(vec![source.set(None, value, "x\nother: y").unwrap()], &|path| path == "last");
        assert!(all.unwrap_err().contains("`other`"));
        let second = &source.root.entry("images").unwrap().1.items()[1];
        assert!(source.add_below(second.entry("name").unwrap().0, "newName", "x").is_err());
        for text in ["a: 1\na: 2", "a: 1\n---\nb: 2", "a: [", ""] {
            assert!(Source::read(text).is_err(), "{text}");
        }
        let block = Source::read("a: |\n  x\nb: &c d\ne: *c\n").unwrap();
        for key in ["a", "b", "e"] {
            assert!(block.set(None, block.root.entry(key).unwrap().1, "x").is_err(), "{key}");
        }
    }

    #[test]
    fn json_is_read_as_well() {
        let text = "[\n\t{\"name\": \"a\", \"imageUri\": \"x\"}\n]\n";
        let source = Source::read(text).unwrap();
        let value = source.root.items()[0].entry("imageUri").unwrap().1;
        let changed =
            source.with(vec![source.set(None, value, "r/a@sha256:ab").unwrap()], &|_| true).unwrap();
        assert_eq!(changed, text.replace("\"x\"", "\"r/a@sha256:ab\""));
    }
}
