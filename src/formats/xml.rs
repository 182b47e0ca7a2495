//! Reads XML reports piece by piece, without building a tree. Only the five predefined entities of XML are
//! expanded.

use std::borrow::Cow;

use quick_xml::errors::IllFormedError;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Error, Reader, XmlVersion};

use super::{colour, foreign, headline};
use crate::scan::parsed::ReportError;
use crate::text::decode::{self, Undecodable};
use crate::text::utf16::{self, Broken};

/// A piece of a document.
#[derive(Debug)]
pub(super) enum Piece {
    Open(Element),
    /// The end of the element with this name.
    Close(String),
    Text(String),
    Comment(String),
}

/// A start tag.
#[derive(Debug)]
pub(super) struct Element {
    /// The name without its namespace prefix.
    pub name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// The value of an attribute. A blank value counts as absent.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether it has this attribute without a value.
    pub(super) fn has_blank(&self, name: &str) -> bool {
        self.attributes.iter().any(|(known, value)| known == name && value.trim().is_empty())
    }

    /// The value of an attribute as a number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.attribute(name).and_then(|value| value.parse().ok())
    }
}

/// Reads one document to its end.
pub(super) struct Document<'a> {
    reader: Reader<&'a [u8]>,
    what: &'static str,
    depth: usize,
    length: u64,
    started: bool,
}

/// The text of a report, in whichever encoding it is, without colours at its ends.
pub(super) fn text<'a>(bytes: &'a [u8], what: &'static str) -> Result<Cow<'a, str>, ReportError> {
    let bytes = colour::without(bytes);
    if let Some(packed) = foreign::packed(bytes) {
        return Err(ReportError::Foreign { what, detail: format!("not XML: {packed}") });
    }
    let text = match utf16::decode(bytes) {
        None => decode::xml(bytes).map_err(|why| undecodable(why, what))?,
        // Colours may have been written as UTF-16, too.
        Some(Ok(text)) => match std::str::from_utf8(colour::without(text.as_bytes())) {
            Ok(plain) if plain.len() < text.len() => Cow::Owned(plain.to_owned()),
            _ => Cow::Owned(text),
        },
        Some(Err(Broken::Cut)) => {
            return Err(ReportError::Cut { what, detail: "it ends in half a character".to_owned() });
        }
        Some(Err(Broken::Mixed)) => {
            let detail = "it begins as UTF-16 and goes on in another encoding".to_owned();
            return Err(ReportError::Foreign { what, detail });
        }
    };
    if text.trim().is_empty() {
        return Err(ReportError::Empty { what });
    }
    match foreign::instead_of_xml(text.as_bytes()) {
        Some(instead) => Err(ReportError::Foreign { what, detail: format!("not XML: {instead}") }),
        None => Ok(text),
    }
}

/// What is wrong with the encoding, and what to write.
fn undecodable(why: Undecodable, what: &'static str) -> ReportError {
    let advice = "write it as UTF-8, and declare that";
    let detail = match why {
        Undecodable::Cut { encoding } => {
            let encoding = headline(&encoding);
            return ReportError::Cut {
                what,
                detail: format!("it is {encoding}, and ends within a character"),
            };
        }
        Undecodable::Unknown(label) => {
            format!("line 1 declares the encoding `{}`, which is not known: {advice}", headline(&label))
        }
        Undecodable::Foreign { line, encoding, declared: true } => {
            format!("line {line} is not {}, which it declares: {advice}", headline(&encoding))
        }
        Undecodable::Foreign { line, encoding, declared: false } => {
            format!("line {line} is not {encoding}, as XML without a declaration is: {advice}")
        }
    };
    ReportError::Foreign { what, detail }
}

impl<'a> Document<'a> {
    /// `what` names the format in messages.
    pub(super) fn new(text: &'a str, what: &'static str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Document { reader, what, depth: 0, length: text.len() as u64, started: false }
    }

    /// The root element, which must be one of `names`.
    pub(super) fn root(&mut self, names: &[&str]) -> Result<Element, ReportError> {
        match self.next()? {
            Some(Piece::Open(root)) if names.contains(&root.name.as_str()) => Ok(root),
            Some(Piece::Open(other)) => {
                let form = foreign::xml_form(&other.name).map(|words| format!(": {words}"));
                let form = form.unwrap_or_default();
                Err(self.foreign(format!("its root element is <{}>{form}", other.name)))
            }
            _ => Err(self.foreign("it has no root element".to_owned())),
        }
    }

    /// The next piece, or `None` after the end of the root element. A document that ends earlier is cut.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, ReportError> {
        loop {
            let event = self.reader.read_event().map_err(|error| self.wrong(&error))?;
            let text = match event {
                Event::Start(start) => {
                    if self.depth == 0 && self.started {
                        return Err(self.foreign("it has a second root element".to_owned()));
                    }
                    self.started = true;
                    self.depth += 1;
                    return self.element(&start).map(|element| Some(Piece::Open(element)));
                }
                Event::End(end) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Some(Piece::Close(end.local_name().as_ref().to_owned())));
                }
                Event::Text(text) => text.xml10_content().into_owned(),
                Event::CData(data) => data.xml10_content().into_owned(),
                Event::GeneralRef(reference) => self.resolve(&reference)?,
                Event::Eof if self.depth > 0 => {
                    let detail = "it ends before its root element does".to_owned();
                    return Err(ReportError::Cut { what: self.what, detail });
                }
                Event::Eof if self.started => return Ok(None),
                Event::Eof => return Err(self.foreign("it has no root element".to_owned())),
                Event::Comment(comment) if self.depth > 0 => {
                    return Ok(Some(Piece::Comment(comment.xml10_content().into_owned())));
                }
                // A document type may declare entities. They stay unknown, so using one is an error.
                Event::Decl(_) | Event::DocType(_) | Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {
                    continue;
                }
            };
            if self.depth > 0 {
                return Ok(Some(Piece::Text(text)));
            }
            if !text.trim().is_empty() {
                return Err(self.foreign("it has text outside its root element".to_owned()));
            }
        }
    }

    fn element(&self, start: &BytesStart) -> Result<Element, ReportError> {
        let mut attributes = Vec::new();
        // Without checks: looking for duplicates takes quadratic time. The first of two attributes counts.
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| self.foreign(format!("not XML: {error}")))?;
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| self.wrong(&error))?;
            attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
        }
        Ok(Element { name: start.local_name().as_ref().to_owned(), attributes })
    }

    /// The text that a reference stands for.
    fn resolve(&self, reference: &BytesRef) -> Result<String, ReportError> {
        if let Some(character) = reference.resolve_char_ref().map_err(|error| self.wrong(&error))? {
            return Ok(character.to_string());
        }
        let name = reference.xml10_content();
        let known = resolve_predefined_entity(&name).map(str::to_owned);
        known.ok_or_else(|| self.foreign(format!("the entity &{name}; is not one that XML defines")))
    }

    fn wrong(&self, error: &Error) -> ReportError {
        let at_end = self.reader.buffer_position() >= self.length;
        match error {
            Error::Syntax(_) | Error::IllFormed(IllFormedError::UnclosedReference)
                if at_end && self.started =>
            {
                ReportError::Cut { what: self.what, detail: error.to_string() }
            }
            _ => self.foreign(format!("not XML: {error}")),
        }
    }

    fn foreign(&self, detail: String) -> ReportError {
        ReportError::Foreign { what: self.what, detail }
    }
}
