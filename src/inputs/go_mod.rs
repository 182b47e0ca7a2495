//! What a `go.mod` and a `go.work` say. Source: Go, "Modules Reference": `module`, `require`, `replace`, `use`, and "Workspaces".

use std::collections::{BTreeMap, BTreeSet};

use crate::inputs::files::Files;
use crate::model::input::{InputKind, PackageManager, Standing};
use crate::text::paths::{forward, normalise};

/// A module, or the workspace of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct GoMod {
    module: String,
    /// The modules that it requires, without those that a folder replaces.
    requires: BTreeSet<String>,
    /// Those that a folder replaces.
    replaced: BTreeSet<String>,
    /// The folders of a workspace.
    uses: Vec<String>,
}

impl GoMod {
    /// Reads a `go.mod` or a `go.work`.
    pub(super) fn read(text: &str) -> Self {
        let mut read = Self::default();
        let mut block = "";
        for line in text.lines() {
            let line = line.split("//").next().unwrap_or_default();
            let mut words =
                line.split(|c: char| c.is_whitespace() || c == '(').filter(|word| !word.is_empty());
            let opens = line.trim_end().ends_with('(');
            let verb = if block.is_empty() { words.next().unwrap_or_default() } else { block };
            if opens {
                block = verb;
            } else if line.trim() == ")" {
                block = "";
            } else if let Some(word) = words.next() {
                let word = word.trim_matches(['"', '`']);
                let is_folder =
                    |to: &str| to.starts_with("./") || to.starts_with("../") || to.starts_with('/');
                match verb {
                    "module" => word.clone_into(&mut read.module),
                    "use" => read.uses.push(word.to_owned()),
                    "require" => drop(read.requires.insert(word.to_owned())),
                    "replace" if words.skip_while(|word| *word != "=>").nth(1).is_some_and(is_folder) => {
                        read.replaced.insert(word.to_owned());
                    }
                    _ => {}
                }
            }
        }
        let Self { requires, replaced, .. } = &mut read;
        requires.retain(|module| !replaced.contains(module));
        read
    }

    /// Whether it requires modules of others: one without has no `go.sum`.
    pub(super) fn requires_others(&self) -> bool {
        !self.requires.is_empty()
    }
}

/// The modules of a repository, with what their workspaces say.
#[derive(Debug, Default)]
pub(super) struct GoModules {
    /// By the path of the `go.mod`.
    pub(super) modules: BTreeMap<String, GoMod>,
    /// By the path of the `go.work`.
    pub(super) workspaces: BTreeMap<String, GoMod>,
}

impl GoModules {
    /// Whether a module requires modules of others, which neither a folder nor its workspace has.
    pub(super) fn requires_others(&self, path: &str) -> bool {
        let Some(module) = self.modules.get(path) else { return false };
        let members: BTreeSet<&String> = match self.workspace_of(path) {
            Some((work, members)) => {
                members.iter().map(|one| &one.1.module).chain(&self.workspaces[work].replaced).collect()
            }
            None => BTreeSet::new(),
        };
        module.requires.iter().any(|required| !members.contains(required))
    }

    /// The modules without a `go.sum` whose workspace has the sums: in `go.work.sum`, or in the `go.sum` of another member. Scanners read
    /// their `go.mod`, which has each version.
    pub(super) fn locked_by_workspace(&self, files: &Files) -> Vec<String> {
        let has = |path: &str| files.get(path).is_some_and(|file| file.standing() != Standing::Ignored);
        let is_locked = |path: &&String| {
            let Some((work, members)) = self.workspace_of(path) else { return false };
            let sums = members.iter().map(|(member, _)| sum_of(member));
            !has(&sum_of(path)) && (has(&format!("{work}.sum")) || sums.into_iter().any(|sum| has(&sum)))
        };
        let wanting = self.modules.keys().filter(|path| self.requires_others(path));
        wanting.filter(is_locked).cloned().collect()
    }

    /// The workspace that has a module, and all its members.
    fn workspace_of(&self, path: &str) -> Option<(&str, Vec<(&String, &GoMod)>)> {
        self.workspaces.iter().find_map(|(work, workspace)| {
            let folder = folder_of(work);
            let members: BTreeSet<String> = workspace
                .uses
                .iter()
                .map(|used| {
                    forward(&normalise(&std::path::Path::new(folder).join(used).join("go.mod"))).to_string()
                })
                .collect();
            let modules = || self.modules.iter().filter(|(path, _)| members.contains(*path));
            members.contains(path).then(|| (work.as_str(), modules().collect()))
        })
    }
}

/// What a scanner reads of a module that its workspace locks.
pub(super) const LOCK: InputKind = InputKind::Lock(PackageManager::Go);

fn sum_of(module: &str) -> String {
    format!("{}.sum", module.trim_end_matches(".mod"))
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requires(text: &str) -> bool {
        GoMod::read(text).requires_others()
    }

    #[test]
    fn a_module_requires_what_no_folder_replaces() {
        assert!(requires("module a\n\nrequire (\n\tb v1\n)\n"));
        assert!(requires("module a\nrequire b v1\n"));
        assert!(!requires("module a\n// require b v1\ngo 1.22\n"));
        for (replace, expected) in [
            ("replace b => ../b\n", false),
            ("replace b v1 => ./b\n", false),
            ("replace (\n\tb => ../b // ours\n)\n", false),
            ("replace b => c v2\n", true),
            ("replace c => ../c\n", true),
        ] {
            let text = format!("module a\nrequire (\n\tb v1\n)\n{replace}");
            assert_eq!(requires(&text), expected, "{replace}");
        }
    }

    #[test]
    fn members_of_a_workspace_are_no_modules_of_others() {
        let all = |work: &str, module: &str| {
            let mut all = GoModules::default();
            all.workspaces.insert("x/go.work".to_owned(), GoMod::read(work));
            all.modules.insert("x/a/go.mod".to_owned(), GoMod::read(module));
            all.modules.insert("x/b/go.mod".to_owned(), GoMod::read("module \"example.test/b\"\n"));
            all.requires_others("x/a/go.mod")
        };
        let module = "module example.test/a\nrequire example.test/b v0.0.0\n";
        for (work, module, expected) in [
            ("use (\n\t./a\n\t./b\n)\n", module, false),
            ("use ./a\nuse ./b\n", module, false),
            ("use ./b\n", module, true),
            ("use ./a\n", module, true),
            ("use ./a\nreplace example.test/b => ../b\n", module, false),
            ("use ./a\nuse ./b\n", "module a\nrequire (\n\texample.test/b v0\n\tc v1\n)\n", true),
        ] {
            assert_eq!(all(work, module), expected, "{work} {module}");
        }
    }
}
