//! tsconfig.json, as a configuration that can narrow the check.
//!
//! Source: TypeScript handbook, "What is a tsconfig.json" and the TSConfig reference (5.9): `extends` is one name or a list; a relative
//! name may leave out `.json`; any other name is that of an installed package.

use serde::Deserialize;

use crate::scan::config_file::{BaseOverride, ConfigFile, ConfigNote, Follows};
use crate::text::jsonc::plain_json;

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

#[cfg(test)]
mod tests {
    use super::*;

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
