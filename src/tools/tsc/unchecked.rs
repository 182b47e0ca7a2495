//! Files that tsc lists and does not check, by the options of the project.
//!
//! Source: the TSConfig reference (5.9), "skipLibCheck" (no declaration file is checked, also none of the project), "checkJs" (errors in
//! JavaScript are reported only with it), "extends".

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::text::jsonc::plain_json;
use crate::text::paths::normalise;

/// Which files a project leaves unchecked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unchecked {
    declarations: bool,
    javascript: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    extends: Names,
    compiler_options: Options,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Options {
    skip_lib_check: Option<bool>,
    check_js: Option<bool>,
    no_check: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
    #[default]
    None,
}

/// How many files may extend each other.
const DEEPEST: usize = 30;

impl Unchecked {
    /// Whether a project file, or what it extends, switches the check off.
    pub(super) fn no_check(project: &Path) -> bool {
        options(&file_of(project), &mut BTreeSet::new()).no_check == Some(true)
    }

    /// By the options of a project file, and of those that it extends. What can't be read sets nothing: tsc says what is wrong with it.
    pub(super) fn of(project: &Path) -> Self {
        let options = options(&file_of(project), &mut BTreeSet::new());
        Self {
            declarations: options.skip_lib_check == Some(true),
            javascript: options.check_js != Some(true),
        }
    }

    /// How many of these files are not checked, by the reason.
    pub(super) fn among<'p>(self, paths: impl Iterator<Item = &'p str>) -> BTreeMap<&'static str, u64> {
        let mut unread = BTreeMap::new();
        for path in paths {
            let why = match path {
                path if self.declarations && is_declaration(path) => "skipLibCheck",
                path if self.javascript && is_javascript(path) => "JavaScript without checkJs",
                _ => continue,
            };
            *unread.entry(why).or_default() += 1;
        }
        unread
    }
}

fn file_of(project: &Path) -> PathBuf {
    if project.is_dir() { project.join("tsconfig.json") } else { project.to_owned() }
}

/// `a.d.ts`, `a.d.mts`, `style.d.css.ts`.
fn is_declaration(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_plain = [".d.ts", ".d.mts", ".d.cts"].iter().any(|ending| name.ends_with(ending));
    is_plain || (name.ends_with(".ts") && name.contains(".d."))
}

/// One that does not ask for the check itself.
fn is_javascript(path: &str) -> bool {
    let is_one = [".js", ".jsx", ".mjs", ".cjs"].iter().any(|ending| path.ends_with(ending));
    is_one
        && !fs::read_to_string(path).is_ok_and(|text| {
            let mut comments = text.lines().filter_map(|line| line.trim_start().strip_prefix("//"));
            comments.any(|comment| comment.trim_start().starts_with("@ts-check"))
        })
}

/// The nearest value counts: its own, then those of what it extends, the last one first.
fn options(file: &Path, seen: &mut BTreeSet<PathBuf>) -> Options {
    // They may extend each other in a circle, or one of them often. It says nothing new then.
    if seen.len() > DEEPEST || !seen.insert(normalise(file)) {
        return Options::default();
    }
    let text = fs::read(file).unwrap_or_default();
    let plain = plain_json(&String::from_utf8_lossy(&text));
    let config: Config = serde_json::from_str(&plain).unwrap_or_default();
    let mut found = config.compiler_options;
    let names = match config.extends {
        Names::One(name) => vec![name],
        Names::Many(names) => names,
        Names::None => Vec::new(),
    };
    for name in names.iter().rev() {
        if let Some(base) = extended(file, name) {
            let base = options(&base, seen);
            found.skip_lib_check = found.skip_lib_check.or(base.skip_lib_check);
            found.check_js = found.check_js.or(base.check_js);
            found.no_check = found.no_check.or(base.no_check);
        }
    }
    found
}

/// The file that a name of `extends` means: beside the project, or in an installed package.
fn extended(file: &Path, name: &str) -> Option<PathBuf> {
    let folder = file.parent()?;
    let choices = |wanted: PathBuf| {
        let with_ending = PathBuf::from(format!("{}.json", wanted.display()));
        let inside = wanted.join("tsconfig.json");
        [wanted, with_ending, inside].into_iter().find(|path| path.is_file())
    };
    match name.starts_with(['.', '/']) {
        true => choices(folder.join(name)),
        false => folder.ancestors().find_map(|above| choices(above.join("node_modules").join(name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list may name one base twice, and each of 30 bases, too: 2^30 ways through them.
    #[test]
    fn bases_that_are_named_often_are_read_once() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..30 {
            let file = folder.path().join(format!("t{n}.json"));
            let next = n + 1;
            fs::write(file, format!(r#"{{"extends": ["./t{next}.json", "./t{next}.json"]}}"#)).unwrap();
        }
        let last = r#"{"extends": "./t0.json", "compilerOptions": {"noCheck": true}}"#;
        fs::write(folder.path().join("t30.json"), last).unwrap();
        assert!(Unchecked::no_check(&folder.path().join("t0.json")));
    }

    fn unchecked(files: &[(&str, &str)], listed: &[&str]) -> BTreeMap<&'static str, u64> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let listed: Vec<String> =
            listed.iter().map(|path| folder.path().join(path).display().to_string()).collect();
        Unchecked::of(&folder.path().join("tsconfig.json")).among(listed.iter().map(String::as_str))
    }

    #[test]
    fn own_declarations_are_not_checked_with_skip_lib_check() {
        let listed = ["a.ts", "types.d.ts", "src/b.d.mts", "style.d.css.ts", "not.d.tsx"];
        let found = |options: &str| unchecked(&[("tsconfig.json", options)], &listed);
        let three = BTreeMap::from([("skipLibCheck", 3)]);
        assert_eq!(found(r#"{"compilerOptions": {"skipLibCheck": true,}} // why"#), three);
        assert_eq!(found(r#"{"compilerOptions": {"skipLibCheck": false}}"#), BTreeMap::new());
        assert_eq!(found("{}"), BTreeMap::new());
    }

    #[test]
    fn options_come_from_what_a_project_extends() {
        let on = r#"{"compilerOptions": {"skipLibCheck": true}}"#;
        let off = r#"{"compilerOptions": {"skipLibCheck": false}}"#;
        let found = |extends: &str, own: &str, base: &str, package: &str| {
            let own = format!(r#"{{"extends": {extends}, "compilerOptions": {{{own}}}}}"#);
            let files = [
                ("tsconfig.json", own.as_str()),
                ("base.json", base),
                ("node_modules/@tsconfig/node22/tsconfig.json", package),
            ];
            !unchecked(&files, &["a.d.ts"]).is_empty()
        };
        assert!(found(r#""./base""#, "", on, "{}"));
        assert!(found(r#""@tsconfig/node22/tsconfig.json""#, "", "{}", on));
        assert!(found(r#""@tsconfig/node22""#, "", "{}", on));
        assert!(found(r#"["./base.json", "@tsconfig/node22"]"#, "", off, on));
        assert!(!found(r#"["@tsconfig/node22", "./base.json"]"#, "", off, on));
        assert!(!found(r#""./base""#, r#""skipLibCheck": false"#, on, "{}"));
        assert!(!found(r#""./tsconfig.json""#, "", on, on));
    }

    #[test]
    fn javascript_is_checked_only_with_check_js() {
        let files = |options| [("tsconfig.json", options), ("a.js", ""), ("b.mjs", "// @ts-check\n")];
        let listed = ["a.js", "b.mjs", "c.ts"];
        let one = BTreeMap::from([("JavaScript without checkJs", 1)]);
        assert_eq!(unchecked(&files(r#"{"compilerOptions": {"allowJs": true}}"#), &listed), one);
        assert_eq!(unchecked(&files(r#"{"compilerOptions": {"checkJs": true}}"#), &listed), BTreeMap::new());
    }
}
