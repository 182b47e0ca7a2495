//! `portcullis init`: scans a repository for known files, asks every tool what it suggests, and writes a
//! commented gates.toml that runs.

mod gates_toml;

use std::path::Path;

use anyhow::{Context, Result, bail};
use ignore::WalkBuilder;

use crate::cli::args::InitArgs;
use crate::config::FILE_NAME;
use crate::inputs::third_party::is_passed_over;
use crate::scan::suggestion::{Seen, SeenFile, Suggestion};
use crate::scan::tool::ToolSpec;
use crate::system::terminal;
use crate::system::whole_file::write_whole;
use crate::text::human::count;
use crate::text::paths::{forward, normalise};
use crate::tools::TOOLS;

/// How deep the folders of a monorepo are searched.
const DEPTH: usize = 6;

/// Writes gates.toml, unless the file exists.
pub(crate) fn execute(args: &InitArgs) -> Result<u8> {
    let path = normalise(&args.dir.join(FILE_NAME));
    if path.exists() && !args.force {
        bail!("{} already exists; --force replaces it", path.display());
    }
    let suggestions = Suggestions::of(&look_at(&args.dir)?);
    write_whole(&path, |file| file.write_all(suggestions.gates_toml().as_bytes()))
        .with_context(|| format!("{} can't be written", path.display()))?;
    terminal::say(&format!(
        "Wrote {} for {}.\nNext: `portcullis doctor` shows which tools are installed, `portcullis plan` what would run,\n`portcullis run` runs it in lab mode.\n",
        path.display(),
        suggestions.words()
    ));
    Ok(0)
}

fn look_at(dir: &Path) -> Result<Seen> {
    let top = dir.canonicalize().with_context(|| format!("{} can't be opened", dir.display()))?;
    let walk = WalkBuilder::new(&top)
        .hidden(false)
        .max_depth(Some(DEPTH))
        .filter_entry(|entry| !is_passed_over(entry.file_name()))
        .build();
    let entries = walk.flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let mut files: Vec<SeenFile> = entries
        .map(|entry| {
            let folder = entry.path().parent().and_then(|folder| folder.strip_prefix(&top).ok());
            SeenFile {
                folder: forward(folder.unwrap_or(Path::new(""))).to_string(),
                name: entry.file_name().to_string_lossy().into_owned(),
                path: entry.into_path(),
            }
        })
        .collect();
    files.sort();
    Ok(Seen {
        name: top.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        is_git: top.ancestors().any(|folder| folder.join(".git").exists()),
        files,
        top,
    })
}

/// What each tool suggests, in the order of the registry.
struct Suggestions(Vec<(&'static ToolSpec, Suggestion)>);

impl Suggestions {
    fn of(seen: &Seen) -> Self {
        Self(TOOLS.iter().map(|spec| (*spec, (spec.init)(seen))).collect())
    }

    /// What was seen, for the message.
    fn words(&self) -> String {
        let seen = self.0.iter().filter_map(|(_, suggestion)| suggestion.seen);
        let words: Vec<String> =
            seen.filter(|(n, _)| *n > 0).map(|(n, what)| count(n as u64, what)).collect();
        match words.is_empty() {
            true => "a folder without files for any scanner".to_owned(),
            false => words.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Config;

    fn suggested(folder: &Path) -> Suggestions {
        Suggestions::of(&look_at(folder).unwrap())
    }

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn what_it_writes_is_a_gates_toml_without_mistakes() {
        let monorepo = tree(&[
            (".git/HEAD", ""),
            ("backend/package.json", r#"{"scripts": {"test": "node --test"}}"#),
            ("backend/package-lock.json", "{}"),
            ("backend/tsconfig.json", "{}"),
            ("backend/eslint.config.js", ""),
            ("backend/node_modules/x/package-lock.json", "{}"),
            ("backend/Dockerfile", "FROM scratch"),
            ("sonar-project.properties", "sonar.projectKey=a"),
            ("backend/sonar-project.properties", "sonar.projectKey=b"),
            ("my \"odd\" folder/Dockerfile.dev", "FROM scratch"),
            ("infra/main.tf", ""),
            ("infra/modules/a/main.tf", ""),
            ("stacks/app.yaml", "AWSTemplateFormatVersion: 2010-09-09"),
            (".gitallowed", ""),
        ]);
        for folder in [monorepo, tree(&[]), tree(&[("Dockerfile", ""), ("main.tf", ""), ("infra/x.tf", "")])]
        {
            let toml = suggested(folder.path()).gates_toml();
            if let Err(problems) = Config::read(&toml) {
                panic!("{problems:?}\n{toml}");
            }
        }
    }

    #[test]
    fn a_lock_file_is_audited_by_the_program_that_wrote_it() {
        for (file, tool, words) in [
            ("package-lock.json", "npm-audit", "1 npm lock file"),
            ("yarn.lock", "yarn-audit", "1 yarn lock file"),
            ("pnpm-lock.yaml", "pnpm-audit", "1 pnpm lock file"),
        ] {
            let folder = tree(&[(&format!("api/{file}"), ""), ("api/node_modules/x/yarn.lock", "")]);
            let suggestions = suggested(folder.path());
            assert_eq!(suggestions.words(), words);
            let toml = suggestions.gates_toml();
            let gate = format!(
                "id = \"audit\"\nstage = \"Dependency audit\"\ntool = \"{tool}\"\ndirs = [\"api\"]\n"
            );
            assert!(toml.contains(&gate), "{toml}");
        }
        let folder = tree(&[("a/yarn.lock", ""), ("b/pnpm-lock.yaml", ""), ("c/yarn.lock", "")]);
        let toml = suggested(folder.path()).gates_toml();
        assert!(toml.contains("id = \"yarn-audit\"") && toml.contains("dirs = [\"a\", \"c\"]"), "{toml}");
        assert!(Config::read(&toml).is_ok(), "{toml}");
    }

    #[test]
    fn it_names_what_it_saw_and_leaves_out_what_is_installed() {
        let folder = tree(&[
            ("api/package-lock.json", "{}"),
            ("api/node_modules/x/package-lock.json", "{}"),
            ("infra/main.tf", ""),
            ("infra/modules/a/main.tf", ""),
        ]);
        assert!(!look_at(folder.path()).unwrap().is_git);
        let suggestions = suggested(folder.path());
        assert_eq!(suggestions.words(), "1 npm lock file, 1 Terraform folder");
        let toml = suggestions.gates_toml();
        assert!(toml.contains("tool = \"npm-audit\"\ndirs = [\"api\"]\n"), "{toml}");
        assert!(toml.contains("tool = \"checkov\"\ndirs = [\"infra\"]\n"), "{toml}");
    }

    #[test]
    fn git_secrets_is_a_gate_where_someone_uses_it() {
        let registered = "[core]\n\tbare = false\n[secrets]\n\tpatterns = AKIA[A-Z0-9]{16}\n";
        for (files, used) in [
            (vec![(".git/config", registered)], true),
            (vec![(".git/config", "[core]\n"), (".gitallowed", "docs/\n")], true),
            (vec![(".git/config", "[core]\n")], false),
            (vec![(".gitallowed", "docs/\n")], false),
        ] {
            let toml = suggested(tree(&files).path()).gates_toml();
            assert_eq!(toml.contains("tool = \"git-secrets\""), used, "{files:?}");
        }
    }
}
