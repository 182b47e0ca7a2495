//! tsconfig.json: JSON with comments and commas at the end of lists.
//!
//! Source: TypeScript handbook, "What is a tsconfig.json" and the TSConfig reference (5.9): `extends` is one name or a list; a relative
//! name may leave out `.json`; any other name is that of an installed package.

use serde::Deserialize;

use crate::scan::config_file::{BaseOverride, ConfigFile, ConfigNote, Follows};

/// The `project` of the gate, and each file that it extends. tsc starts in a folder of links, in which they are the base's.
pub(super) static PROJECT: ConfigFile = ConfigFile {
    name: "tsconfig.json",
    describe,
    overrule: BaseOverride::Farm,
    bars: None,
    programs: None,
    part: None,
    follows: Some(Follows { names: extended, file: None }),
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Project {
    extends: Names,
    exclude: Vec<String>,
    files: Option<Vec<String>>,
    compiler_options: Options,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    strict: Option<bool>,
    no_check: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

impl Default for Names {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

/// What it can't read narrows nothing: tsc itself says what is wrong with it.
fn read(content: &[u8]) -> Project {
    serde_json::from_str(&plain_json(&String::from_utf8_lossy(content))).unwrap_or_default()
}

fn extended(content: &[u8]) -> Vec<String> {
    let names = match read(content).extends {
        Names::One(name) => vec![name],
        Names::Many(names) => names,
    };
    let local = names.into_iter().filter(|name| name.starts_with(['.', '/']));
    local
        .flat_map(|name| match name.ends_with(".json") {
            true => vec![name],
            false => vec![format!("{name}.json"), name],
        })
        .collect()
}

/// What narrows the check. Installed packages and build output are no sources.
fn describe(content: &[u8]) -> Option<ConfigNote> {
    const OUTPUT: [&str; 5] = ["node_modules", "dist", "build", "out", "coverage"];
    let project = read(content);
    let is_output = |pattern: &&String| {
        let name = pattern.trim_start_matches("./").trim_start_matches("**/");
        !OUTPUT.contains(&name.trim_end_matches("/**").trim_end_matches("/*").trim_end_matches('/'))
    };
    let excluded = project.exclude.iter().filter(is_output).count();
    let mut details = Vec::new();
    if excluded > 0 {
        details.push(format!("exclude: {excluded}"));
    }
    if let Some(files) = &project.files {
        details.push(format!("files: {}", files.len()));
    }
    if project.compiler_options.strict == Some(false) {
        details.push("strict: false".to_owned());
    }
    if project.compiler_options.no_check {
        details.push("noCheck".to_owned());
    }
    (!details.is_empty()).then_some(ConfigNote::Holds(details))
}

/// The text without comments, without commas before a closing bracket, and without a byte order mark.
fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    // Where the last comma is, while nothing but white space and comments follow it.
    let mut comma = None;
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else {
            let length = if first == '"' { length_of_string(rest) } else { first.len_utf8() };
            match first {
                ',' => comma = Some(plain.len()),
                ']' | '}' => {
                    if let Some(at) = comma.take() {
                        plain.truncate(at);
                    }
                }
                first if first.is_whitespace() => {}
                _ => comma = None,
            }
            plain.push_str(&rest[..length]);
            length
        };
        rest = &rest[length..];
    }
    plain
}

/// In bytes, with both quotation marks.
fn length_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn comments_and_last_commas_are_left_out() {
        for (text, value) in [
            ("{\"a\": [1, 2, ], // end\n}", json!({"a": [1, 2]})),
            ("\u{feff}{/* a, */ \"b\": \"// é, ]\" ,\n /* c */ }", json!({"b": "// é, ]"})),
            ("{\"a\": \"\\\",]\"}", json!({"a": "\",]"})),
        ] {
            assert_eq!(serde_json::from_str::<Value>(&plain_json(text)).unwrap(), value, "{text}");
        }
        for cut in ["/* open", "\"open", "{\"a\": \"\\"] {
            assert!(serde_json::from_str::<Value>(&plain_json(cut)).is_err(), "{cut}");
        }
    }

    #[test]
    fn local_files_are_followed_and_packages_are_not() {
        assert_eq!(extended(br#"{"extends": "./base"}"#), ["./base.json", "./base"]);
        assert_eq!(
            extended(br#"{"extends": ["../a.json", "@tsconfig/node22/tsconfig.json",],}"#),
            ["../a.json"]
        );
        assert_eq!(extended(b"{}"), [""; 0]);
        assert_eq!(extended(b"not JSON"), [""; 0]);
    }

    #[test]
    fn what_narrows_the_check_is_described() {
        let words = |text: &str| describe(text.as_bytes()).map(|note| note.words("tsconfig.json"));
        assert_eq!(words(r#"{"include": ["src"], "exclude": ["**/node_modules/*", "dist"]}"#), None);
        assert_eq!(
            words(r#"{"exclude": ["src/old"], "files": ["a.ts"], "compilerOptions": {"strict": false}}"#)
                .unwrap(),
            "tsconfig.json (exclude: 1, files: 1, strict: false)"
        );
    }
}
