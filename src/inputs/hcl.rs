//! The blocks of an HCL file: types, labels, the attributes that are plain strings, and the objects of such.
//!
//! Source: the HCL native syntax specification (hashicorp/hcl, `hclsyntax/spec.md`). Expressions are passed over; a
//! template (`"${…}"`) is no plain string.

/// A block: `module "a" { source = "./b" }`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: String,
    pub(super) labels: Vec<String>,
    /// The kind of the block around it; empty at the top.
    pub(super) inside: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) objects: Vec<Object>,
}

/// An attribute that is an object: `args = { A = "1" }`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) name: String,
    /// `None`: an expression says it.
    pub(super) entries: Vec<(String, Option<String>)>,
}

impl Block {
    pub(super) fn object(&self, name: &str) -> Option<&Object> {
        self.objects.iter().find(|object| object.name == name)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The blocks of a file, each after the blocks in it. An error says what is not closed.
pub(super) fn blocks(text: &str) -> Result<Vec<Block>, String> {
    let mut reader = Reader { text, at: 0, line: Vec::new(), open: Vec::new(), done: Vec::new() };
    while let Some(token) = reader.token()? {
        reader.take(token)?;
    }
    match reader.open.is_empty() {
        true => Ok(reader.done),
        false => Err("a block is not closed".to_owned()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// A string without a template in it, or `None`.
    Quoted(Option<String>),
    Mark(u8),
    NewLine,
}

/// What a bracket opened.
enum Open {
    Block(Block),
    /// An object that is the value of an attribute.
    Object(Object),
    /// Any other object, a list, arguments.
    Value,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// The tokens since the last line break at the level of a block.
    line: Vec<Token>,
    open: Vec<Open>,
    done: Vec<Block>,
}

impl Reader<'_> {
    fn take(&mut self, token: Token) -> Result<(), String> {
        const DEEPEST: usize = 1000;
        match token {
            Token::Mark(mark @ (b'{' | b'[' | b'(')) => {
                if self.open.len() >= DEEPEST {
                    return Err(format!("it is nested deeper than {DEEPEST}"));
                }
                let open = match (mark, self.open.last()) {
                    (b'{', None | Some(Open::Block(_))) => self.header().or_else(|| self.object()),
                    _ => None,
                };
                if open.is_none() {
                    self.line.push(Token::Mark(mark));
                }
                self.open.push(open.unwrap_or(Open::Value));
            }
            Token::Mark(b'}' | b']' | b')') => {
                // `module "a" { source = "./a" }` has no line break before its end.
                if self.in_lines() {
                    self.end_line();
                }
                match self.open.pop() {
                    Some(Open::Block(block)) => self.done.push(block),
                    Some(Open::Object(object)) => {
                        if let Some(Open::Block(block)) = self.open.last_mut() {
                            block.objects.push(object);
                        }
                    }
                    Some(Open::Value) => {}
                    None => return Err("a bracket closes nothing".to_owned()),
                }
            }
            Token::NewLine if self.in_lines() => self.end_line(),
            Token::NewLine => {}
            Token::Mark(b',') if matches!(self.open.last(), Some(Open::Object(_))) => self.end_line(),
            // Only the beginning of a line matters.
            token if self.in_lines() && self.line.len() < 8 => self.line.push(token),
            _ => {}
        }
        Ok(())
    }

    /// Whether a line break ends what was begun.
    fn in_lines(&self) -> bool {
        !matches!(self.open.last(), Some(Open::Value))
    }

    /// The block that a line begins: `kind "label" {`.
    fn header(&mut self) -> Option<Open> {
        let mut words = self.line.iter().map(|token| match token {
            Token::Word(word) => Some(word.clone()),
            Token::Quoted(text) => Some(text.clone().unwrap_or_default()),
            Token::Mark(_) | Token::NewLine => None,
        });
        let kind = words.next()??;
        let labels = words.collect::<Option<Vec<String>>>()?;
        let inside = self.open.iter().rev().find_map(|open| match open {
            Open::Block(block) => Some(block.kind.clone()),
            Open::Object(_) | Open::Value => None,
        });
        self.line.clear();
        Some(Open::Block(Block { kind, labels, inside: inside.unwrap_or_default(), ..Block::default() }))
    }

    /// The object that a line begins: `name = {`.
    fn object(&mut self) -> Option<Open> {
        let [Token::Word(name), Token::Mark(b'=')] = self.line.as_slice() else { return None };
        let object = Object { name: name.clone(), entries: Vec::new() };
        self.line.clear();
        Some(Open::Object(object))
    }

    /// `name = "text"`.
    fn end_line(&mut self) {
        match (self.open.last_mut(), self.line.as_slice()) {
            (
                Some(Open::Block(block)),
                [Token::Word(name), Token::Mark(b'='), Token::Quoted(Some(value))],
            ) => block.attributes.push((name.clone(), value.clone())),
            (
                Some(Open::Object(object)),
                [Token::Word(name) | Token::Quoted(Some(name)), Token::Mark(b'=' | b':'), value @ ..],
            ) => object.entries.push((name.clone(), plain(value))),
            _ => {}
        }
        self.line.clear();
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn token(&mut self) -> Result<Option<Token>, String> {
        loop {
            let rest = self.rest();
            let Some(first) = rest.chars().next() else { return Ok(None) };
            if rest.starts_with("//") || first == '#' {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").ok_or("a comment is not closed")? + 2;
            } else if first == '\n' {
                self.at += 1;
                return Ok(Some(Token::NewLine));
            } else if first.is_whitespace() || first == '\u{feff}' {
                self.at += first.len_utf8();
            } else if first == '"' {
                return self.quoted().map(Some);
            } else if rest.starts_with("<<") {
                self.heredoc();
                return Ok(Some(Token::Quoted(None)));
            } else if first.is_alphanumeric() || first == '_' {
                let word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
                let length = rest.find(|c| !word(c)).unwrap_or(rest.len());
                let found = rest[..length].to_owned();
                self.at += length;
                return Ok(Some(Token::Word(found)));
            } else {
                let mark = u8::try_from(first).unwrap_or(b'?');
                self.at += first.len_utf8();
                return Ok(Some(Token::Mark(mark)));
            }
        }
    }

    /// A string. In a template (`${…}`, `%{…}`) there may be strings again.
    fn quoted(&mut self) -> Result<Token, String> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        // What is open: a string (`"`) or the brace of a template (`{`).
        let mut open = vec![b'"'];
        let (mut at, mut plain) = (start, true);
        while let Some(byte) = bytes.get(at) {
            let in_string = open.last() == Some(&b'"');
            let next = bytes.get(at + 1).copied();
            match byte {
                b'\\' if in_string => {
                    plain = false;
                    at += 1;
                }
                b'"' if in_string => {
                    open.pop();
                    if open.is_empty() {
                        self.at = at + 1;
                        let text = self.text.get(start..at).filter(|_| plain);
                        return Ok(Token::Quoted(text.map(str::to_owned)));
                    }
                }
                b'"' => open.push(b'"'),
                b'$' | b'%' if in_string && next == Some(*byte) => at += 1,
                b'$' | b'%' if in_string && next == Some(b'{') => {
                    plain = false;
                    open.push(b'{');
                    at += 1;
                }
                b'\n' if open.len() == 1 => break,
                b'{' if !in_string => open.push(b'{'),
                b'}' if !in_string => drop(open.pop()),
                _ => {}
            }
            at += 1;
        }
        Err("a string is not closed".to_owned())
    }

    /// `<<EOT` or `<<-EOT`, to the line that has only this word. One without an end reaches to the end of the file.
    fn heredoc(&mut self) {
        let rest = self.rest();
        let line = rest.lines().next().unwrap_or_default();
        let word = line.trim_start_matches('<').trim_start_matches('-').trim();
        let mut length = 0;
        for (n, line) in rest.split_inclusive('\n').enumerate() {
            if n > 0 && line.trim() == word {
                // The line break at its end belongs to the attribute.
                length += line.trim_end().len();
                break;
            }
            length += line.len();
        }
        self.at += length;
    }
}

/// A value that is no expression: a text, a number, true or false.
fn plain(value: &[Token]) -> Option<String> {
    match value {
        [Token::Quoted(text)] => text.clone(),
        [Token::Word(word)] if word.starts_with(|c: char| c.is_ascii_digit()) => Some(word.clone()),
        [Token::Word(word)] if ["true", "false"].contains(&word.as_str()) => Some(word.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let shown = |block: &Block| {
            let Block { kind, labels, inside, attributes, .. } = block;
            let attributes: Vec<_> = attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{inside}>{kind} {} {}", labels.join(","), attributes.join(",")).trim().to_owned()
        };
        blocks(text).unwrap().iter().map(shown).collect()
    }

    #[test]
    fn blocks_have_labels_and_plain_attributes() {
        let text = r#"
# module "no" { source = "./no" }
terraform { # one
  required_version = ">= 1.5"
  backend "s3" {}
}
module "a" { source = "./a" }
module "b" {
  source = "../b" // two
  name = "${var.x["k"]}-b"
  tags = { source = "not this" }
  list = [
    "x", { source = "nor this" }
  ]
  text = <<-EOT
    module "no" {
    source = "./no"
  EOT
  count = 1
}
locals { a = "{" }
/* module "no" {} */
"#;
        assert_eq!(
            shown(text),
            [
                "terraform>backend s3",
                ">terraform  required_version=>= 1.5",
                ">module a source=./a",
                ">module b source=../b",
                ">locals  a={",
            ]
        );
    }

    #[test]
    fn an_object_has_its_plain_values() {
        let text = "target \"a\" {\n  args = {\n    A = \"1\"\n    \"B\" : 2, C = true\n    D = VERSION\n    E = \"${x}\"\n    F = [\n 1 ]\n    G = { A = \"no\" }\n  }\n  other = [{ A = \"no\" }]\n}\n";
        let blocks = blocks(text).unwrap();
        let entries = blocks[0].object("args").unwrap().entries.iter();
        let shown: Vec<String> =
            entries.map(|(name, value)| format!("{name}={}", value.as_deref().unwrap_or("?"))).collect();
        assert_eq!(shown, ["A=1", "B=2", "C=true", "D=?", "E=?", "F=?", "G=?"]);
        assert_eq!(blocks[0].objects.len(), 1);
    }

    #[test]
    fn what_is_not_closed_is_an_error() {
        for text in ["a {", "a \"b", "/* a", "}", "a \"${\"}\" {}", &"[".repeat(5000)] {
            assert!(blocks(text).is_err(), "{text}");
        }
        assert_eq!(blocks("").unwrap(), []);
        assert_eq!(blocks("a = <<EOT\nnever closed").unwrap(), []);
    }
}
