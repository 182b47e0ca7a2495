//! The files that a scanner's configuration names: further rules, lists of what to ignore, programs that check.

use crate::scan::config_file::{BaseOverride, ConfigFile, ConfigNote, Follows, Take};
use crate::text::yaml::{Node, documents};
use crate::tools::describe::yaml_keys;

/// More values are not looked at: aliases make many of a few.
const MOST_VALUES: usize = 100_000;

/// Such a file. The scanner reads it where it is, whichever configuration names it.
pub(super) static NAMED: ConfigFile = ConfigFile {
    name: "a file that this configuration names",
    describe: |_| Some(ConfigNote::Holds(Vec::new())),
    overrule: BaseOverride::Refuse("the configuration names it, and it is read in its place"),
    bars: None,
    programs: None,
    part: None,
    follows: None,
};

/// A configuration in YAML that an option can replace. `names` finds the files that it names.
pub(super) const fn yaml_config(
    name: &'static str,
    take: Take,
    names: fn(&[u8]) -> Vec<String>,
) -> ConfigFile {
    ConfigFile {
        name,
        describe: yaml_keys,
        overrule: BaseOverride::Take { neutral: None, take },
        bars: None,
        programs: None,
        part: None,
        follows: Some(Follows { names, file: Some(&NAMED) }),
    }
}

/// The values of these keys in a YAML file, at any depth; `None`: it can't be parsed. viper, which Trivy and Syft read theirs with, takes keys
/// in any case, and `a.b` for a key in another; configargparse, of Checkov and cfn-lint, takes them with the dashes of the option.
pub(super) fn yaml_values(content: &[u8], keys: &[&str]) -> Option<Vec<String>> {
    let documents = documents(&String::from_utf8_lossy(content)).ok()?;
    let is_wanted = |key: &str| {
        let last = key.trim_start_matches('-').rsplit('.').next().unwrap_or_default();
        keys.iter().any(|wanted| last.eq_ignore_ascii_case(wanted))
    };
    let mut values = Vec::new();
    let mut open: Vec<(&Node, bool)> = documents.iter().rev().map(|document| (&**document, false)).collect();
    for _ in 0..MOST_VALUES {
        let Some((node, is_value)) = open.pop() else { return Some(values) };
        match node {
            Node::Text(text) if is_value && !is_nothing(text) => values.push(text.clone()),
            Node::Text(_) => {}
            Node::List(_) => open.extend(node.items().map(|item| (item, is_value))),
            Node::Map(_) => open.extend(node.entries().map(|(key, value)| (value, is_wanted(key)))),
        }
    }
    None
}

/// The files that these keys may name. A text that can't be parsed here may be read by the scanner: then each of its words counts.
pub(super) fn yaml_names(content: &[u8], keys: &[&str]) -> Vec<String> {
    let words = |text: &str| -> Vec<String> {
        let between = |c: char| c.is_whitespace() || ",[]{}\"'".contains(c);
        text.split(between).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    match yaml_values(content, keys) {
        // Trivy splits a text at its commas.
        Some(values) => {
            values.iter().flat_map(|value| words(value).into_iter().chain([value.clone()])).collect()
        }
        None => words(&String::from_utf8_lossy(content)),
    }
}

fn is_nothing(text: &str) -> bool {
    ["", "~", "null"].contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str, keys: &[&str]) -> Vec<String> {
        let mut found = yaml_values(text.as_bytes(), keys).unwrap();
        found.sort();
        found
    }

    #[test]
    fn the_values_of_a_key_are_found_in_every_form() {
        let text = "# ours\nignorefile: ci/ignore.txt # known\nskip-files: [a.tf]\nsecret:\n  config: \"ci/secrets.yaml\"\n\
                    vex:\n  - 'a.json'\n  - b.json\nrego:\n  check: [ci/one, 'ci/two']\n  trace: yes\nlist:\n- c\n";
        let keys = ["ignorefile", "config", "vex", "check"];
        assert_eq!(
            values(text, &keys),
            ["a.json", "b.json", "ci/ignore.txt", "ci/one", "ci/secrets.yaml", "ci/two"]
        );
        for (text, expected) in [
            ("skip-path: [\"[.]deploy\"]\n", &["[.]deploy"][..]),
            ("skip-path: ['a,b', \"c: d\", e # f\n  ]\n", &["a,b", "c: d", "e"]),
            ("skip-path:\n  - a{1,2}\n  - |-\n    b c\n", &["a{1,2}", "b c"]),
            ("skip-path: &all [a]\nother: *all\n", &["a"]),
            ("{\"skip-path\": [\"a\"]}", &["a"]),
            ("skip-path: a\n---\nskip-path: b\n", &["a", "b"]),
            ("skip-path: a\nother: b\n", &["a"]),
            ("skip-path:\n", &[]),
            ("other: skip-path\n", &[]),
        ] {
            assert_eq!(values(text, &["skip-path"]), expected, "{text}");
        }
    }

    /// Trivy 0.70 reads the file of each of these; configargparse takes `--key`.
    #[test]
    fn a_key_is_known_in_the_forms_that_its_reader_takes() {
        for text in ["IgnoreFile: a\n", "SECRET:\n  Config: a\n", "secret.config: a\n", "--config: a\n"] {
            assert_eq!(values(text, &["ignorefile", "config"]), ["a"], "{text}");
        }
    }

    #[test]
    fn what_can_t_be_parsed_may_name_any_of_its_words() {
        let broken = b"a: [b/c.yaml, 'd'\n: e";
        assert_eq!(yaml_values(broken, &["a"]), None);
        let names = yaml_names(broken, &["a"]);
        assert!(["b/c.yaml", "d", "e"].iter().all(|name| names.iter().any(|own| own == name)), "{names:?}");
        assert_eq!(yaml_names(b"a: b,c\n", &["a"]), ["b", "c", "b,c"]);
        let mut laughs = "a0: &a0 [x, x]\n".to_owned();
        for n in 1..60 {
            laughs.push_str(&format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1));
        }
        assert_eq!(yaml_values(laughs.as_bytes(), &["a"]), None);
    }
}
