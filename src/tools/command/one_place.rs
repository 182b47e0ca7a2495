//! Programs that read one folder or one lock file, however deep the repository is, and only with some of their subcommands.

use crate::model::input::{InputKind, PackageManager as Manager};
use crate::scan::reads::{Reach, Reads};

/// What such a program reads, started in `dir` with these arguments; `None`: it is no such program.
pub(super) fn reads(program: &str, arguments: &[&str], dir: &str) -> Option<Vec<Reads>> {
    let given = Given { arguments, dir };
    let lock = |manager, paths| Some(exactly(InputKind::Lock(manager), paths));
    match program {
        // The global option comes first: `terraform -chdir=prod validate`. `fmt`, `init` and `output` check nothing.
        "terraform" | "tofu" => {
            let checks = given.starts_with(&["validate", "test", "plan"]);
            let folder = given.folder(&["-chdir"]);
            Some(exactly(InputKind::TerraformRoot, folder.filter(|_| checks)))
        }
        "tflint" => match given.has(&["--recursive"]) {
            true => None,
            false => Some(exactly(InputKind::TerraformRoot, given.folder(&["--chdir"]))),
        },
        // `bin` reads programs.
        "cargo-audit" if given.has(&["bin"]) => Some(Vec::new()),
        "cargo-audit" => lock(Manager::Cargo, given.files(&["-f", "--file"], Some("Cargo.lock"))),
        "cargo-deny" => {
            let manifest = given.files(&["--manifest-path"], Some("Cargo.toml")).into_iter();
            let locks = manifest.filter_map(|path| Some(format!("{}/Cargo.lock", path.rsplit_once('/')?.0)));
            // `check licenses` looks for no vulnerability.
            let others = ["licenses", "license", "bans", "ban", "sources", "source"];
            let checks = given.has(&["check"])
                && (!given.has(&others) || given.has(&["advisories", "advisory", "all"]));
            lock(Manager::Cargo, locks.filter(|_| checks).collect::<Vec<_>>())
        }
        "bundle-audit" | "bundler-audit" => lock(Manager::Bundler, given.bundler()),
        // `composer validate` looks for no vulnerability.
        "composer" => {
            let folder = given.folder(&["-d", "--working-dir"]).filter(|_| given.has(&["audit"]));
            lock(
                Manager::Composer,
                folder.map(|folder| format!("{folder}/composer.lock")).into_iter().collect(),
            )
        }
        "govulncheck" => {
            let all = given.has(&["./...", "all"]) && given.values(&["-mode", "--mode"]).is_empty();
            let folder = given.folder(&["-C"]).filter(|_| all);
            lock(Manager::Go, folder.map(|folder| format!("{folder}/go.sum")).into_iter().collect())
        }
        "pip-audit" => lock(Manager::Pip, given.pip()),
        // Without a file it reads what is installed. `safety scan` reads the folder.
        "safety" if given.has(&["check"]) => lock(Manager::Pip, given.files(&["-r", "--file"], None)),
        _ => None,
    }
}

fn exactly(kind: InputKind, paths: impl IntoIterator<Item = String>) -> Vec<Reads> {
    let paths: Vec<String> = paths.into_iter().collect();
    if paths.is_empty() { Vec::new() } else { vec![Reads::new([kind], &paths, Reach::Exactly)] }
}

/// The arguments of a program, and the folder that it starts in.
struct Given<'a> {
    arguments: &'a [&'a str],
    dir: &'a str,
}

impl<'a> Given<'a> {
    fn has(&self, words: &[&str]) -> bool {
        self.arguments.iter().any(|word| words.contains(word))
    }

    /// Whether the first argument that is no option is one of these.
    fn starts_with(&self, subcommands: &[&str]) -> bool {
        self.arguments
            .iter()
            .find(|word| !word.starts_with('-'))
            .is_some_and(|word| subcommands.contains(word))
    }

    /// The values of an option: `--file a`, `--file=a`, `-fa`.
    fn values(&self, names: &[&str]) -> Vec<&'a str> {
        let mut values = Vec::new();
        for (at, word) in self.arguments.iter().enumerate() {
            let rest = names.iter().find_map(|name| Some((name, word.strip_prefix(name)?)));
            match rest {
                Some((_, "")) => values.extend(self.arguments.get(at + 1)),
                Some((name, rest)) => match rest.strip_prefix('=') {
                    Some(value) => values.push(value),
                    None if name.len() == 2 => values.push(rest),
                    None => {}
                },
                None => {}
            }
        }
        values
    }

    /// A path that is named, from where the folders of gates.toml are; `None`: it lies outside.
    fn path(&self, named: &str) -> Option<String> {
        let is_inside = !named.starts_with(['/', '~', '$']) && !named.is_empty();
        is_inside.then(|| format!("{}/{named}", self.dir))
    }

    /// The files that an option names, or else the one that the program looks for.
    fn files(&self, names: &[&str], otherwise: Option<&'a str>) -> Vec<String> {
        let mut named = self.values(names);
        if named.is_empty() {
            named.extend(otherwise);
        }
        named.into_iter().filter_map(|file| self.path(file)).collect()
    }

    /// The folder that an option moves to, or else that of the start.
    fn folder(&self, names: &[&str]) -> Option<String> {
        match self.values(names).last() {
            Some(folder) => self.path(folder),
            None => Some(self.dir.to_owned()),
        }
    }

    /// `bundle-audit check DIR --gemfile-lock FILE`; `check` can be left out where there are only options.
    fn bundler(&self) -> Vec<String> {
        let folder = match self.arguments {
            [] => ".",
            ["check", folder, ..] if !folder.starts_with('-') => folder,
            ["check", ..] => ".",
            [option, ..] if option.starts_with('-') => ".",
            _ => return Vec::new(),
        };
        let file = self.values(&["-G", "--gemfile-lock"]).last().copied().unwrap_or("Gemfile.lock");
        self.path(&format!("{folder}/{file}")).into_iter().collect()
    }

    /// `pip-audit -r FILE`, `pip-audit --locked FOLDER`. Without them it reads what is installed, or a manifest.
    fn pip(&self) -> Vec<String> {
        let mut files = self.files(&["-r", "--requirement"], None);
        if self.has(&["--locked"]) {
            let folders = self.arguments.iter().filter(|word| !word.starts_with('-'));
            files.extend(folders.filter_map(|folder| self.path(&format!("{folder}/pylock.toml"))));
        }
        files
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::reads::Reads;

    use super::super::known::reads;
    use super::*;

    /// The paths of a kind that a command covers, of these.
    fn covered<'p>(run: &str, kind: InputKind, paths: &[&'p str]) -> Vec<&'p str> {
        let run: Vec<String> = run.split(' ').map(str::to_owned).collect();
        // As the engine does with folders from gates.toml.
        let from_top = |folder: &String| {
            let parts: Vec<&str> = folder.split('/').filter(|part| !["", "."].contains(part)).collect();
            if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
        };
        let is_covered = |reads: &Reads, path: &str| {
            let folders: Vec<String> = reads.folders.iter().map(from_top).collect();
            reads.covers(kind, path, &folders)
        };
        let all = reads(&run, ".");
        paths.iter().copied().filter(|path| all.iter().any(|one| is_covered(one, path))).collect()
    }

    #[test]
    fn terraform_reads_one_folder() {
        for (run, expected) in [
            ("terraform validate", &["."][..]),
            ("terraform validate -no-color", &["."]),
            ("terraform -chdir=envs/prod validate", &["envs/prod"]),
            ("terraform -chdir=envs validate", &[]),
            ("tofu -chdir=./envs/prod/ validate -json", &["envs/prod"]),
            ("tofu test", &["."]),
            ("tofu -chdir=/srv/prod validate", &[]),
            ("terraform fmt -check -recursive", &[]),
            ("terraform init", &[]),
            ("tflint", &["."]),
            ("tflint --chdir=envs/prod", &["envs/prod"]),
            ("tflint --recursive", &[".", "envs/prod"]),
        ] {
            assert_eq!(covered(run, InputKind::TerraformRoot, &[".", "envs/prod"]), expected, "{run}");
        }
    }

    #[test]
    fn an_audit_reads_one_lock_file() {
        let locks = |manager| InputKind::Lock(manager);
        let folders = |name: &str| [name.to_owned(), format!("sub/{name}")];
        for (run, manager, name, expected) in [
            ("cargo audit", Manager::Cargo, "Cargo.lock", (true, false)),
            ("cargo audit --deny warnings", Manager::Cargo, "Cargo.lock", (true, false)),
            ("cargo audit --file sub/Cargo.lock", Manager::Cargo, "Cargo.lock", (false, true)),
            ("cargo-audit audit -f sub/Cargo.lock", Manager::Cargo, "Cargo.lock", (false, true)),
            ("cargo audit bin target/release/app", Manager::Cargo, "Cargo.lock", (false, false)),
            ("cargo deny check", Manager::Cargo, "Cargo.lock", (true, false)),
            ("cargo deny --manifest-path sub/Cargo.toml check", Manager::Cargo, "Cargo.lock", (false, true)),
            ("cargo deny check licenses bans", Manager::Cargo, "Cargo.lock", (false, false)),
            ("cargo deny check licenses advisories", Manager::Cargo, "Cargo.lock", (true, false)),
            ("cargo deny fetch", Manager::Cargo, "Cargo.lock", (false, false)),
            ("bundle-audit", Manager::Bundler, "Gemfile.lock", (true, false)),
            ("bundle-audit check --update", Manager::Bundler, "Gemfile.lock", (true, false)),
            ("bundle exec bundle-audit check sub", Manager::Bundler, "Gemfile.lock", (false, true)),
            ("bundler-audit update", Manager::Bundler, "Gemfile.lock", (false, false)),
            ("composer audit", Manager::Composer, "composer.lock", (true, false)),
            ("composer -d sub audit --locked", Manager::Composer, "composer.lock", (false, true)),
            ("composer validate", Manager::Composer, "composer.lock", (false, false)),
            ("govulncheck ./...", Manager::Go, "go.sum", (true, false)),
            ("govulncheck -C sub ./...", Manager::Go, "go.sum", (false, true)),
            ("pip-audit", Manager::Pip, "requirements.txt", (false, false)),
            ("pip-audit --strict", Manager::Pip, "requirements.txt", (false, false)),
            ("pip-audit .", Manager::Pip, "requirements.txt", (false, false)),
            ("pip-audit -r sub/requirements.txt", Manager::Pip, "requirements.txt", (false, true)),
            (
                "uvx pip-audit --requirement=requirements.txt -rsub/requirements.txt",
                Manager::Pip,
                "requirements.txt",
                (true, true),
            ),
            ("pip-audit --locked sub", Manager::Pip, "pylock.toml", (false, true)),
            ("pip-audit --locked .", Manager::Pip, "pylock.toml", (true, false)),
            ("safety check", Manager::Pip, "requirements.txt", (false, false)),
            ("safety check -r requirements.txt", Manager::Pip, "requirements.txt", (true, false)),
            ("safety scan", Manager::Pip, "requirements.txt", (true, true)),
        ] {
            let paths = folders(name);
            let paths = [paths[0].as_str(), paths[1].as_str()];
            let covers = covered(run, locks(manager), &paths);
            assert_eq!((covers.contains(&paths[0]), covers.contains(&paths[1])), expected, "{run}");
        }
    }
}
