//! `portcullis init`: looks at a repository and writes a commented gates.toml that runs.

mod gates_toml;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use ignore::WalkBuilder;

use crate::cli::args::InitArgs;
use crate::config::FILE_NAME;
use crate::system::output_folder::write_whole;
use crate::system::project_files::{is_cloudformation, is_passed_over};
use crate::system::terminal;
use crate::text::paths::{forward, normalise};

/// How deep a monorepo is looked into.
const DEPTH: usize = 6;

/// Writes gates.toml, unless there is one.
pub(crate) fn execute(args: &InitArgs) -> Result<u8> {
    let path = normalise(&args.dir.join(FILE_NAME));
    if path.exists() && !args.force {
        bail!("{} is there already; --force replaces it", path.display());
    }
    let seen = Seen::look_at(&args.dir)?;
    write_whole(&path, |file| file.write_all(seen.gates_toml().as_bytes()))
        .with_context(|| format!("{} can't be written", path.display()))?;
    terminal::say(&format!(
        "Wrote {} for {}.\nNext: `portcullis doctor` shows which tools are here, `portcullis plan` what would run,\n`portcullis run` runs it in lab mode.\n",
        path.display(),
        seen.words()
    ));
    Ok(0)
}

/// What a repository consists of: folders relative to its top.
#[derive(Debug, Default)]
struct Seen {
    name: String,
    git: bool,
    /// Someone uses git-secrets here.
    git_secrets: bool,
    /// Folders with a lock file, by the tool that audits it.
    locked: BTreeMap<&'static str, BTreeSet<String>>,
    typescript: BTreeSet<String>,
    linted: BTreeSet<String>,
    tested: BTreeSet<String>,
    /// Folders with a `sonar-project.properties`.
    sonar: BTreeSet<String>,
    /// Folder and file name of each Dockerfile.
    dockerfiles: BTreeSet<(String, String)>,
    terraform: BTreeSet<String>,
    cloudformation: BTreeSet<String>,
}

impl Seen {
    fn look_at(top: &Path) -> Result<Self> {
        let full = top.canonicalize().with_context(|| format!("{} can't be opened", top.display()))?;
        let mut seen = Self {
            name: full.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            git: full.ancestors().any(|folder| folder.join(".git").exists()),
            ..Self::default()
        };
        let walk = WalkBuilder::new(&full)
            .hidden(false)
            .max_depth(Some(DEPTH))
            .filter_entry(|entry| !is_passed_over(entry.file_name()))
            .build();
        for entry in walk.flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file())) {
            let path = entry.path();
            let folder =
                path.parent().and_then(|folder| folder.strip_prefix(&full).ok()).unwrap_or(Path::new(""));
            seen.note(&forward(folder), &entry.file_name().to_string_lossy(), path);
        }
        seen.git_secrets = seen.git && uses_git_secrets(&full);
        seen.terraform = tops(&seen.terraform);
        seen.cloudformation = tops(&seen.cloudformation);
        Ok(seen)
    }

    fn note(&mut self, folder: &str, file: &str, path: &Path) {
        let extension = file.rsplit_once('.').map(|(_, extension)| extension);
        if let Some(tool) = auditor(file) {
            self.locked.entry(tool).or_default().insert(folder.to_owned());
            return;
        }
        match file {
            "sonar-project.properties" => drop(self.sonar.insert(folder.to_owned())),
            "tsconfig.json" => drop(self.typescript.insert(folder.to_owned())),
            "package.json" if has_test_script(path) => drop(self.tested.insert(folder.to_owned())),
            _ if file.starts_with("eslint.config.") || file.starts_with(".eslintrc") => {
                self.linted.insert(folder.to_owned());
            }
            _ if file == "Dockerfile" || file.starts_with("Dockerfile.") || file.ends_with(".Dockerfile") => {
                self.dockerfiles.insert((folder.to_owned(), file.to_owned()));
            }
            _ if extension == Some("tf") => drop(self.terraform.insert(folder.to_owned())),
            _ if is_cloudformation(path) => drop(self.cloudformation.insert(folder.to_owned())),
            _ => {}
        }
    }

    /// What was found, for the message.
    fn words(&self) -> String {
        let mut words = Vec::new();
        let mut add = |n: usize, what: &str| {
            if n > 0 {
                words.push(crate::text::human::count(n as u64, what));
            }
        };
        add(usize::from(self.git), "git repository");
        add(self.typescript.len(), "TypeScript project");
        for (tool, folders) in &self.locked {
            add(folders.len(), &format!("{} lock file", tool.trim_end_matches("-audit")));
        }
        add(self.sonar.len(), "SonarQube project");
        add(self.dockerfiles.len(), "Dockerfile");
        add(self.terraform.len(), "Terraform folder");
        add(self.cloudformation.len(), "CloudFormation folder");
        if words.is_empty() {
            "a folder without anything that Portcullis knows".to_owned()
        } else {
            words.join(", ")
        }
    }
}

/// The tool that audits the packages of a lock file.
fn auditor(file: &str) -> Option<&'static str> {
    match file {
        "package-lock.json" | "npm-shrinkwrap.json" => Some("npm-audit"),
        "yarn.lock" => Some("yarn-audit"),
        "pnpm-lock.yaml" => Some("pnpm-audit"),
        _ => None,
    }
}

/// The folders that are in no other of them: a scanner looks into sub-folders by itself.
fn tops(folders: &BTreeSet<String>) -> BTreeSet<String> {
    let below = |folder: &str, other: &str| {
        folder != other
            && (other == "." || folder.strip_prefix(other).is_some_and(|rest| rest.starts_with('/')))
    };
    folders.iter().filter(|folder| !folders.iter().any(|other| below(folder, other))).cloned().collect()
}

fn has_test_script(manifest: &Path) -> bool {
    #[derive(serde::Deserialize)]
    struct Manifest {
        #[serde(default)]
        scripts: std::collections::BTreeMap<String, String>,
    }
    let manifest = fs::read(manifest).ok().and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok());
    manifest.is_some_and(|manifest| manifest.scripts.contains_key("test"))
}

/// Whether git-secrets was set up in this clone, or its list of what is allowed lies here.
fn uses_git_secrets(top: &Path) -> bool {
    let registered = |config: String| config.lines().any(|line| line.trim() == "[secrets]");
    top.join(".gitallowed").is_file()
        || fs::read_to_string(top.join(".git").join("config")).is_ok_and(registered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

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
            let toml = Seen::look_at(folder.path()).unwrap().gates_toml();
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
            let seen = Seen::look_at(folder.path()).unwrap();
            assert_eq!(seen.words(), words);
            let toml = seen.gates_toml();
            let gate = format!(
                "id = \"audit\"\nstage = \"Dependency audit\"\ntool = \"{tool}\"\ndirs = [\"api\"]\n"
            );
            assert!(toml.contains(&gate), "{toml}");
        }
        let folder = tree(&[("a/yarn.lock", ""), ("b/pnpm-lock.yaml", ""), ("c/yarn.lock", "")]);
        let toml = Seen::look_at(folder.path()).unwrap().gates_toml();
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
        let seen = Seen::look_at(folder.path()).unwrap();
        assert_eq!(seen.locked["npm-audit"].iter().collect::<Vec<_>>(), ["api"]);
        assert_eq!(seen.terraform.iter().collect::<Vec<_>>(), ["infra"]);
        assert!(!seen.git);
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
            let toml = Seen::look_at(tree(&files).path()).unwrap().gates_toml();
            assert_eq!(toml.contains("tool = \"git-secrets\""), used, "{files:?}");
        }
    }
}
