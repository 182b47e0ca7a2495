//! npm's settings in an .npmrc, as far as Portcullis needs them.
//!
//! Read as npm does (npm/ini `lib/ini.js`, npm/config `lib/env-replace.js`).

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::redact::Secret;
use crate::redact::names::secrets_in;

/// How much of a file is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// One line `key = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Without quotes, and without the `[]` of a list.
    pub key: String,
    /// Without quotes. Variables in it are not replaced.
    pub value: String,
}

/// The settings of a file, in their order in it.
pub(crate) fn settings(text: &str) -> impl Iterator<Item = Setting> {
    text.split(['\r', '\n']).filter_map(|line| {
        let line = bare(line);
        if line.starts_with([';', '#', '[']) || line.is_empty() {
            return None;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, "true"));
        let key = uncommented(key);
        let key = bare(key.strip_suffix("[]").unwrap_or(key));
        Some(Setting { key: key.to_owned(), value: uncommented(value).to_owned() })
    })
}

/// Without surrounding space and quotes.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\u{feff}'))
}

/// A quoted text unchanged; other text up to the start of a comment.
fn uncommented(text: &str) -> &str {
    let text = text.trim();
    match text.starts_with(['"', '\'']) {
        true => bare(text),
        false => bare(text.split([';', '#']).next().unwrap_or(text)),
    }
}

impl Setting {
    /// Whether it sets, or could set, the option of this name. A key with a variable or an escape may mean
    /// any option, unless it begins like an address or a scope.
    pub(crate) fn may_set(&self, option: &str) -> bool {
        let hidden = self.key.contains("${") || self.key.contains('\\');
        self.key == option || (hidden && !self.key.starts_with(['/', '@']))
    }

    /// The value, with variables replaced by their values.
    pub(crate) fn expanded(&self, variable: Lookup) -> String {
        let mut out = String::with_capacity(self.value.len());
        let mut rest = self.value.as_str();
        while let Some((before, behind)) = rest.split_once("${") {
            out.push_str(before);
            let Some((name, after)) = behind.split_once('}') else {
                rest = behind;
                break;
            };
            out.push_str(&variable(name.trim_end_matches('?')).unwrap_or_default());
            rest = after;
        }
        out + rest
    }
}

/// The value of an environment variable; `None` if it is not set.
pub(crate) type Lookup = fn(&str) -> Option<String>;

/// The user's own file.
pub(crate) fn of_user(variable: Lookup) -> Option<PathBuf> {
    let named = ["npm_config_userconfig", "NPM_CONFIG_USERCONFIG"].into_iter().find_map(variable);
    named.map(PathBuf::from).or_else(|| Some(PathBuf::from(variable("HOME")?).join(".npmrc")))
}

/// The text of a file; empty if there is no file.
pub(crate) fn read(path: &Path) -> String {
    let mut bytes = Vec::new();
    // If the file is cut or can't be read, use what was read.
    let _ = File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The secrets in a file: `//registry/:_authToken`, `_password` and `_auth` (base64), a client's `key`, the
/// password of a proxy.
pub(crate) fn secrets(text: &str, variable: Lookup) -> Vec<Secret> {
    let mut all = Vec::new();
    for setting in settings(text) {
        let value = setting.expanded(variable);
        // The part before is the registry.
        match setting.key.rsplit(':').next().unwrap_or_default() {
            "_auth" | "_password" => all.extend(Secret::in_base64(&value)),
            "_authToken" => all.extend(Secret::reported(&value)),
            "key" => all.extend(Secret::of_variable(&value.replace("\\n", "\n"))),
            other => all.extend(secrets_in(other, &value)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_npm_reads_them() {
        let text = "\u{feff}; mine\n# too\n[section]\r\n registry = https://a.test/ ; here\n'quoted'=\"v;1\"\nlist[] = one\n\nflag\nuser;x=1\n//a.test/:_authToken=abc=\n";
        let read: Vec<(String, String)> = settings(text).map(|one| (one.key, one.value)).collect();
        let read: Vec<(&str, &str)> = read.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(
            read,
            [
                ("registry", "https://a.test/"),
                ("quoted", "v;1"),
                ("list", "one"),
                ("flag", "true"),
                ("user", "1"),
                ("//a.test/:_authToken", "abc="),
            ]
        );
    }

    #[test]
    fn a_setting_that_hides_its_name_may_set_anything() {
        let may = |line: &str| settings(line).any(|setting| setting.may_set("workspace"));
        for line in [
            "workspace=b",
            " workspace [] = b",
            "'workspace'=b",
            "\"\\u0077orkspace\"=b",
            "${X}space=b",
            "workspace;=b",
            "workspace",
        ] {
            assert!(may(line), "{line}");
        }
        for line in
            ["workspaces=false", "#workspace=b", "//${HOST}/:_authToken=x", "x=workspace", "@a:registry=b"]
        {
            assert!(!may(line), "{line}");
        }
    }

    #[test]
    fn only_the_secrets_of_a_file_are_found() {
        let line = "MIIEvQIBADANBgkqhkiG9w0BAQEF".to_owned();
        // The base64 of `hunter2-two` and of `ada:hunter2-three`.
        let text = format!(
            "registry=https://a.test/\n//a.test/:_authToken=hunter2-one\n//a.test/:_password=aHVudGVyMi10d28=\n\
             _auth = \"YWRhOmh1bnRlcjItdGhyZWU=\"\nhttps-proxy=http://ada:hunter2-four@proxy.test:3128\n\
             key=\"-----BEGIN KEY-----\\n{line}\\n-----END KEY-----\"\nalways-auth=true\nusername=somebody-here\n\
             //b.test/:_authToken=${{NO_SUCH_VARIABLE_HERE}}\n"
        );
        let key = format!("-----BEGIN KEY-----\n{line}\n-----END KEY-----");
        let expected = [
            "hunter2-one",
            "aHVudGVyMi10d28=",
            "hunter2-two",
            "YWRhOmh1bnRlcjItdGhyZWU=",
            "hunter2-three",
            "hunter2-four",
            &key,
        ];
        let expected: Vec<Secret> = expected.iter().filter_map(|value| Secret::reported(value)).collect();
        assert_eq!(secrets(&text, |_| None), expected);
    }

    #[test]
    fn variables_are_replaced_by_their_values() {
        let home = |name: &str| (name == "HOME").then(|| "/home/ada".to_owned());
        let expanded = |value: &str| Setting { key: String::new(), value: value.to_owned() }.expanded(home);
        assert_eq!(expanded("a ${HOME} b ${NO_SUCH_VARIABLE_HERE?} c ${open"), "a /home/ada b  c open");
        assert_eq!(expanded("plain"), "plain");
    }
}
