//! What a Dockerfile copies from its context, and which build arguments it takes, as far as a look at its text tells.
//!
//! Source: the Dockerfile reference (`ARG`, `FROM`, `COPY`, `ADD`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A larger Dockerfile is not read.
const LARGEST: u64 = 256 << 10;

/// What it says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dockerfile {
    /// The files and folders of its context, as far as their names are plain.
    pub(super) copied: Vec<String>,
    /// Its arguments; whether it has a default for each.
    args: BTreeMap<String, bool>,
    /// The arguments without a default that name its base images: without a value it can't be built.
    pub(super) bases_need: BTreeSet<String>,
}

impl Dockerfile {
    /// Reads it. One that can't be read says nothing.
    pub(super) fn read(path: &Path) -> Self {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
        if read.is_ok() { Self::of(&text) } else { Self::default() }
    }

    fn of(text: &str) -> Self {
        let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
        let mut read = Self::default();
        for line in text.lines() {
            let line = line.trim();
            let (instruction, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            match instruction.to_ascii_uppercase().as_str() {
                "COPY" | "ADD" => read.copied.extend(copied(rest)),
                "ARG" => {
                    for word in rest.split_whitespace() {
                        let (name, default) = word.split_once('=').unwrap_or((word, ""));
                        *read.args.entry(name.to_owned()).or_default() |=
                            word.contains('=') && !default.is_empty();
                    }
                }
                "FROM" => {
                    let image =
                        rest.split_whitespace().find(|word| !word.starts_with("--")).unwrap_or_default();
                    let needed = variables(image).filter(|name| !read.has_default(name));
                    let needed: Vec<String> =
                        needed.filter(|name| !is_given(name)).map(str::to_owned).collect();
                    read.bases_need.extend(needed);
                }
                _ => {}
            }
        }
        read
    }

    pub(super) fn declares(&self, argument: &str) -> bool {
        self.args.contains_key(argument)
    }

    pub(super) fn has_default(&self, argument: &str) -> bool {
        self.args.get(argument).is_some_and(|has| *has)
    }
}

/// Whether the engine gives it a value: `TARGETARCH`, `BUILDPLATFORM`.
fn is_given(name: &str) -> bool {
    let rest = name.strip_prefix("TARGET").or_else(|| name.strip_prefix("BUILD"));
    rest.is_some_and(|rest| ["PLATFORM", "OS", "ARCH", "VARIANT"].contains(&rest))
}

/// The variables of a text, without those that have a default there: of `${A}-${B:-1}-$C`, `A` and `C`.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split('$').skip(1).filter_map(move |part| {
        let inner = part.strip_prefix('{').unwrap_or(part);
        let end = inner.find(|c| !is_in_name(c)).unwrap_or(inner.len());
        let has_default = part.starts_with('{') && inner[end..].starts_with([':', '-']);
        (end > 0 && !has_default).then(|| &inner[..end])
    })
}

/// What one instruction copies from the context.
fn copied(rest: &str) -> Vec<String> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    if words.iter().any(|word| word.starts_with("--from")) || rest.contains("<<") {
        return Vec::new();
    }
    let quotes = |c: char| ['[', ']', '"', ',', '\''].contains(&c);
    let paths: Vec<&str> = words
        .into_iter()
        .filter(|word| !word.starts_with("--"))
        .map(|word| word.trim_matches(quotes))
        .collect();
    // The last one is where they go.
    let sources = paths.split_last().map(|(_, sources)| sources).unwrap_or_default();
    let plain =
        sources.iter().map(|path| plain_part(path).trim_start_matches("./").trim_matches('/').to_owned());
    plain.filter(|path| !path.is_empty() && path != "." && !path.starts_with("..")).collect()
}

/// A path as far as it is plain: the folders before a variable or a wildcard. Of an address, nothing.
fn plain_part(path: &str) -> &str {
    match path.find(['$', '*', '?', '[', ':']) {
        Some(at) if path[at..].starts_with(':') => "",
        Some(at) => path[..at].rsplit_once('/').map_or("", |(folder, _)| folder),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_have_defaults_and_name_base_images() {
        for (text, needed) in [
            ("ARG BASE\nFROM ${BASE}\n", "BASE"),
            ("ARG BASE=scratch\nARG TAG\nFROM $BASE:$TAG AS a\nFROM a\n", "TAG"),
            ("ARG BASE=\nFROM x/${BASE}\n", "BASE"),
            ("ARG A=1 B\nFROM ${B:-scratch}\nARG C\n", ""),
            ("FROM --platform=$X base-$TARGETARCH\n", ""),
            ("from \\\n  $A\n", "A"),
        ] {
            let read = Dockerfile::of(text);
            assert_eq!(
                read.bases_need.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
                needed,
                "{text}"
            );
        }
        let read = Dockerfile::of("ARG A=1\nFROM scratch\nARG A\nARG B\n");
        assert!(read.has_default("A") && read.declares("B") && !read.has_default("B") && !read.declares("C"));
    }

    #[test]
    fn what_is_copied_is_plain() {
        for (text, expected) in [
            ("COPY --chown=1:1 package.json web/src ./\nCOPY --from=x /a /b\n", "package.json web/src"),
            ("ADD [\"a b\", \"/c\"]\nCOPY https://example.test/x /\n", "a b"),
            ("copy src/*.js $A/b .build/${OS}-x/ui /ui\nCOPY <<E /x\n", "src .build"),
        ] {
            assert_eq!(Dockerfile::of(text).copied.join(" "), expected, "{text}");
        }
    }
}
