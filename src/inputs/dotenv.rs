//! Variables of compose files: their defaults, and the values of `.env` beside them. What the environment sets is known only where
//! something is built.

use std::collections::BTreeMap;
use std::path::Path;

use crate::inputs::files::Files;
use crate::inputs::open::{Amount, read};
use crate::inputs::shell::at_top;
use crate::model::input::Standing;
use crate::redact::names::looks_secret;
use crate::text::env_file;
use crate::text::interpolation::fill;

/// What a `.env` sets.
#[derive(Debug, Default)]
pub(super) struct Values {
    by_name: BTreeMap<String, String>,
    /// git ignores the file: it is that of one machine.
    is_of_machine: bool,
}

/// What `.env` beside a file sets; nothing if there is none, or it can't be read.
pub(super) fn beside(path: &str, files: &Files, top: &Path) -> Values {
    const MOST: u64 = 64 << 10;
    let env = path.rsplit_once('/').map_or(".env".to_owned(), |(folder, _)| format!("{folder}/.env"));
    let Some(file) = files.get(&env) else { return Values::default() };
    let bytes = read(top, &file, Amount::Whole(MOST)).map(|(bytes, _)| bytes).unwrap_or_default();
    Values::read(&String::from_utf8_lossy(&bytes), file.standing() == Standing::Ignored)
}

impl Values {
    fn read(text: &str, is_of_machine: bool) -> Self {
        let set = env_file::read(text, &|_| None).unwrap_or_default();
        let by_name = set.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Self { by_name, is_of_machine }
    }

    /// The text with its variables replaced by their values or defaults; `None` if something else decides one.
    pub(super) fn expanded(&self, text: &str) -> Option<String> {
        if at_top(text).is_some() {
            return Some(text.to_owned());
        }
        let filled = fill(text, &|name| self.by_name.get(name).cloned()).ok()?;
        (!filled.text.contains('$')).then_some(filled.text)
    }

    /// The same for a text that goes into a file of the repository: no secret does, nor what is set on one machine. Nor is a command or
    /// the template of another program a value.
    pub(super) fn literal(&self, text: &str) -> Option<String> {
        if text.contains('`') || text.contains("{{") {
            return None;
        }
        let known = |name: &str| self.by_name.get(name).filter(|_| !self.is_of_machine).cloned();
        let filled = fill(text, &known).ok()?;
        let is_open = !filled.used.iter().any(|(name, _)| looks_secret(name));
        (is_open && !filled.text.contains('$')).then_some(filled.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_values_and_defaults() {
        let text = "# A=1\nA=docker/api.build\nexport B=\"b c\" # d\nC= # nothing\nD='x'\nE=a # b\n";
        let values = Values::read(text, false);
        for (text, expected) in [
            ("plain", Some("plain")),
            ("${A}", Some("docker/api.build")),
            ("$A", Some("docker/api.build")),
            ("x/$D.prod", Some("x/x.prod")),
            ("${A}-${D}", Some("docker/api.build-x")),
            ("${B:-z}", Some("b c")),
            ("${C:-z}", Some("z")),
            ("${C-z}", Some("")),
            ("${E:?must be set}", Some("a")),
            ("${N:-Dockerfile}", Some("Dockerfile")),
            ("${N:-${D}}", Some("x")),
            ("${N-a}.${N:-b}", Some("a.b")),
            ("${N}", None),
            ("$N/x", None),
            ("${N", None),
            ("$(cat x)", None),
            ("a$$b", None),
        ] {
            assert_eq!(values.expanded(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_what_stands_there_is_a_value_for_a_file() {
        let text = "V=1.2\nAPI_TOKEN=hunter2\n";
        let values = Values::read(text, false);
        for (text, value) in [
            ("1", Some("1")),
            ("a ${B:-c}-${D-e}", Some("a c-e")),
            ("${V}-slim", Some("1.2-slim")),
            ("${V:-3}", Some("1.2")),
            ("${B}", None),
            ("${B:?none}", None),
            ("${B:-$C}", None),
            ("$B", None),
            ("$(date)", None),
            ("`date`", None),
            ("${{ matrix.node-version }}", None),
            ("{{.VERSION}}", None),
            ("$$", None),
            ("x-$API_TOKEN", None),
        ] {
            assert_eq!(values.literal(text).as_deref(), value, "{text}");
        }
        let of_machine = Values::read(text, true);
        assert_eq!((of_machine.literal("$V"), of_machine.expanded("$V").as_deref()), (None, Some("1.2")));
        assert_eq!(of_machine.literal("${V:-3}").as_deref(), Some("3"));
    }
}
