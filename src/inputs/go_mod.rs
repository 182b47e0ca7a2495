//! What a `go.mod` says. Source: Go, "Modules Reference", `require` and `replace`.

use std::collections::BTreeSet;

/// Whether a `go.mod` requires modules of others: one without has no `go.sum`. A module that a folder
/// replaces is in none.
pub(super) fn go_requires(text: &str) -> bool {
    let (mut required, mut replaced) = (BTreeSet::new(), BTreeSet::new());
    let mut block = "";
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        let mut words = line.split(|c: char| c.is_whitespace() || c == '(').filter(|word| !word.is_empty());
        let opens = line.trim_end().ends_with('(');
        let verb = if block.is_empty() { words.next().unwrap_or_default() } else { block };
        if opens {
            block = verb;
        } else if line.trim() == ")" {
            block = "";
        } else if let Some(module) = words.next() {
            let is_folder = |to: &str| to.starts_with("./") || to.starts_with("../") || to.starts_with('/');
            match verb {
                "require" => drop(required.insert(module)),
                "replace" if words.skip_while(|word| *word != "=>").nth(1).is_some_and(is_folder) => {
                    replaced.insert(module);
                }
                _ => {}
            }
        }
    }
    required.difference(&replaced).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_requires_what_no_folder_replaces() {
        assert!(go_requires("module a\n\nrequire (\n\tb v1\n)\n"));
        assert!(go_requires("module a\nrequire b v1\n"));
        assert!(!go_requires("module a\n// require b v1\ngo 1.22\n"));
        for (replace, requires) in [
            ("replace b => ../b\n", false),
            ("replace b v1 => ./b\n", false),
            ("replace (\n\tb => ../b // ours\n)\n", false),
            ("replace b => c v2\n", true),
            ("replace c => ../c\n", true),
        ] {
            assert_eq!(
                go_requires(&format!("module a\nrequire (\n\tb v1\n)\n{replace}")),
                requires,
                "{replace}"
            );
        }
    }
}
