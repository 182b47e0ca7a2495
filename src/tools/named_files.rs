//! The files that a scanner's configuration names: further rules, lists of what to ignore, programs that check.

use crate::scan::config_file::{BaseOverride, ConfigFile, ConfigNote, Follows, Take};
use crate::tools::describe::yaml_keys;

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

/// The values of these keys in a YAML file, at any depth: `key: value`, `key: [value, value]`, or a list below
/// the key.
pub(super) fn yaml_values(content: &[u8], keys: &[&str]) -> Vec<String> {
    let text = String::from_utf8_lossy(content);
    let mut values = Vec::new();
    let mut of_key = false;
    for line in text.lines().map(str::trim) {
        let line = line.split(" #").next().unwrap_or_default().trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let item = line.strip_prefix("- ").map(str::trim);
        let value = match (item, line.split_once(':')) {
            (Some(item), _) if of_key => Some(item),
            (_, Some((key, value))) => {
                of_key = keys.contains(&unquoted(key.trim_start_matches("- ")));
                of_key.then_some(value)
            }
            _ => None,
        };
        let value = value.map(|value| value.trim().trim_start_matches('[').trim_end_matches(']'));
        let each = value.into_iter().flat_map(|value| value.split(',')).map(unquoted);
        values.extend(each.filter(|value| !value.is_empty()).map(str::to_owned));
    }
    values
}

fn unquoted(word: &str) -> &str {
    word.trim().trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_key_are_found_in_every_form() {
        let text = "# ours\nignorefile: ci/ignore.txt # known\nskip-files: [a.tf]\nsecret:\n  config: \"ci/secrets.yaml\"\n\
                    vex:\n  - 'a.json'\n  - b.json\nrego:\n  check: [ci/one, 'ci/two']\n  trace: yes\nlist:\n- c\n";
        let keys = ["ignorefile", "config", "vex", "check"];
        let values = ["ci/ignore.txt", "ci/secrets.yaml", "a.json", "b.json", "ci/one", "ci/two"];
        assert_eq!(yaml_values(text.as_bytes(), &keys), values);
        assert_eq!(yaml_values(b"\xff\n- a\n:", &keys), Vec::<String>::new());
    }
}
