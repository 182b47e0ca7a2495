//! `portcullis init`: scans a repository for known files, asks every tool what it suggests, and writes a
//! commented gates.toml that runs.

mod gates_toml;

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::cli::args::InitArgs;
use crate::config::FILE_NAME;
use crate::inputs::{File, Inputs};
use crate::model::input::Standing;
use crate::scan::suggestion::{Seen, SeenFile, Suggestion};
use crate::scan::tool::ToolSpec;
use crate::system::git::Repo;
use crate::system::terminal;
use crate::system::whole_file::write_whole;
use crate::text::human::count;
use crate::text::paths::{forward, normalise};
use crate::tools::TOOLS;

/// Writes gates.toml, unless the file exists.
pub(crate) async fn execute(args: &InitArgs) -> Result<u8> {
    let path = normalise(&args.dir.join(FILE_NAME));
    if path.exists() && !args.force {
        bail!("{} already exists; --force replaces it", path.display());
    }
    let repo = Repo::around(&args.dir).await?;
    let suggestions = Suggestions::of(&seen(&Inputs::read(&repo).await?, &repo));
    write_whole(&path, |file| file.write_all(suggestions.gates_toml().as_bytes()))
        .with_context(|| format!("{} can't be written", path.display()))?;
    terminal::say(&format!(
        "Wrote {} for {}.\nNext: `portcullis doctor` shows which tools are installed, `portcullis plan` what would run,\n`portcullis run` runs it in lab mode.\n",
        path.display(),
        suggestions.words()
    ));
    Ok(0)
}

/// The repository as tools see it for their suggestions: the files below the folder that git does not ignore.
fn seen(inputs: &Inputs, repo: &Repo) -> Seen {
    let below = forward(repo.base.strip_prefix(&repo.root).unwrap_or(Path::new(""))).to_string();
    let own = inputs.files().below(&below);
    let own = own.filter(|file| file.standing() != Standing::Ignored && !file.is_link());
    let file = |file: File| {
        let path = repo.root.join(file.os_path());
        let folder = path.parent().and_then(|folder| folder.strip_prefix(&repo.base).ok());
        let folder = forward(folder.unwrap_or(Path::new(""))).to_string();
        SeenFile { folder, name: file.name().into_owned(), path }
    };
    let mut files: Vec<SeenFile> = own.map(file).collect();
    files.sort();
    Seen {
        name: repo.base.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        is_git: repo.git,
        files,
        top: repo.base.clone(),
    }
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

    /// What is suggested for a folder. Nobody asks git: it has no files of its own to say.
    fn suggested(folder: &Path) -> Suggestions {
        let root = folder.canonicalize().unwrap();
        let repo = Repo { base: root.clone(), root, ..Repo::default() };
        let is_git = repo.root.join(".git").exists();
        Suggestions::of(&Seen { is_git, ..seen(&Inputs::outside_git(&repo.root), &repo) })
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
