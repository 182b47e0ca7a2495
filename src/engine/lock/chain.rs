//! From the program that a gate names to everything that runs with it: links, wrappers, shims,
//! interpreters, packages. It only reads files and starts nothing.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::digest::{LARGEST_SCRIPT, Subject};
use super::{npm, python, sourced, wrapper};

/// A longer chain of wrappers is taken for a loop.
const LONGEST: usize = 32;

/// Programs that choose another program themselves, by the name under which they are called.
const CHOOSERS: [&str; 5] = ["rustup", "mise", "volta-shim", "proto-shim", "corepack"];

/// One thing that runs when a tool is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub what: LinkKind,
    /// The same on every machine.
    pub name: String,
    pub subject: Subject,
}

/// What a part of a tool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// An executable file, as it is.
    Program,
    /// A program that chooses and starts another one, which is not pinned.
    Chooser,
    Script,
    /// An npm package.
    Package,
    /// All npm packages that the package needs.
    Dependencies,
    /// What Python can import from the tool's installation.
    SitePackages,
    /// What Python can import from the folder of a script.
    Modules,
}

impl LinkKind {
    /// As gates.lock writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Chooser => "chooser",
            Self::Script => "script",
            Self::Package => "package",
            Self::Dependencies => "dependencies",
            Self::SitePackages => "site-packages",
            Self::Modules => "modules",
        }
    }
}

/// Why it is not known what runs.
#[derive(Debug, Error)]
pub enum Unfollowable {
    #[error("{} can't be read: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{} starts {program}, which is not here", script.display())]
    Absent { script: PathBuf, program: String },
    #[error("{} starts what {manager} chooses, and no version is chosen here; name the program itself with `program = …`", shim.display())]
    Unchosen { shim: PathBuf, manager: &'static str },
    #[error("{} leads through too many wrappers", .0.display())]
    Endless(PathBuf),
}

/// Where programs are searched for, just as when the tool starts.
#[derive(Clone, Debug)]
pub struct Around {
    pub cwd: PathBuf,
    /// PATH.
    pub path: OsString,
}

impl Around {
    /// The program of this name on PATH.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        which::which_in(name, Some(&self.path), &self.cwd).ok()
    }
}

/// Everything that is known to run with a program.
#[derive(Debug)]
pub(crate) struct Followed {
    /// The program itself first.
    pub links: Vec<Link>,
    /// What may run besides, in words that are the same on every machine.
    pub not_covered: Vec<String>,
}

/// Everything that runs when `program` starts.
pub(crate) fn follow(program: &Path, around: &Around) -> Result<Followed, Unfollowable> {
    let mut chain = Chain {
        around,
        links: Vec::new(),
        not_covered: Vec::new(),
        seen: HashSet::new(),
        packages: HashSet::new(),
    };
    chain.add(program)?;
    Ok(Followed { links: chain.links, not_covered: chain.not_covered })
}

struct Chain<'a> {
    around: &'a Around,
    links: Vec<Link>,
    not_covered: Vec<String>,
    /// Real paths of files.
    seen: HashSet<PathBuf>,
    packages: HashSet<PathBuf>,
}

impl Chain<'_> {
    fn add(&mut self, path: &Path) -> Result<(), Unfollowable> {
        let real = path.canonicalize().map_err(unreadable(path))?;
        let name = file_name(&real);
        // A virtual environment is recognised by the link, not by the interpreter that it points to.
        if python::is_interpreter(&name) {
            self.site_packages(path, &real);
        }
        if !self.seen.insert(real.clone()) {
            return Ok(());
        }
        if self.seen.len() > LONGEST {
            return Err(Unfollowable::Endless(real));
        }
        match script_text(&real).map_err(unreadable(&real))? {
            Some(text) => self.script(path, &real, name, &text)?,
            None => {
                let chooses = CHOOSERS.contains(&name.as_str()) && name != file_name(path);
                let what = if chooses { LinkKind::Chooser } else { LinkKind::Program };
                if chooses {
                    self.leaves(format!("{name} chooses what it starts"));
                }
                self.links.push(Link { what, name, subject: Subject::File(real.clone()) });
            }
        }
        if real.extension().is_some_and(|ending| ending == "py") {
            self.modules_beside(&real);
        }
        self.npm_packages(&real)
    }

    fn script(&mut self, path: &Path, real: &Path, name: String, text: &str) -> Result<(), Unfollowable> {
        let prefix = [real, path]
            .into_iter()
            .filter_map(prefix_of)
            .find(|prefix| prefix.to_str().is_some_and(|prefix| text.contains(prefix)));
        let subject = Subject::Script { path: real.to_owned(), prefix };
        self.links.push(Link { what: LinkKind::Script, name, subject });

        let line = text.lines().next().unwrap_or_default().trim_start_matches("#!");
        let mut words = line.split_whitespace();
        let Some(interpreter) = words.next() else { return Ok(()) };
        self.start(real, &self.around.cwd.join(interpreter))?;
        let mut language = file_name(Path::new(interpreter));
        if language == "env"
            && let Some(named) = words.map(|word| word.strip_prefix("-S").unwrap_or(word)).find(is_program)
        {
            let found = self.around.find(named).ok_or_else(|| absent(real, named))?;
            self.start(real, &found)?;
            language = file_name(Path::new(named));
        }
        if wrapper::is_shell(&language) {
            self.shell(path, real, text)?;
        } else if python::is_interpreter(&language) {
            self.modules_beside(real);
        }
        Ok(())
    }

    /// What a shell script starts, and what it reads as its own text. `path` is how the script is called.
    fn shell(&mut self, path: &Path, real: &Path, text: &str) -> Result<(), Unfollowable> {
        for started in wrapper::started(path, real, text, self.around)? {
            self.start(real, &started)?;
        }
        let folders: Vec<&Path> = [path, real].into_iter().filter_map(Path::parent).collect();
        let sourced = sourced::sourced(text, &folders, self.around);
        for what in sourced.unknown {
            self.leaves(format!("{} sources {what}", file_name(real)));
        }
        for file in sourced.files {
            let real = file.canonicalize().map_err(unreadable(&file))?;
            if !self.seen.insert(real.clone()) {
                continue;
            }
            if self.seen.len() > LONGEST {
                return Err(Unfollowable::Endless(real));
            }
            let text = fs::read(&real).map_err(unreadable(&real))?;
            let subject = Subject::Script { path: real.clone(), prefix: None };
            self.links.push(Link { what: LinkKind::Script, name: file_name(&real), subject });
            // `$0` is still the script that sources it.
            self.shell(path, &real, &String::from_utf8_lossy(&text))?;
        }
        Ok(())
    }

    /// The folder of a script comes first where Python looks for modules.
    fn modules_beside(&mut self, script: &Path) {
        let Some(folder) = script.parent() else { return };
        if python::is_shared(folder) {
            return self.leaves(format!("modules in the folder of {}", file_name(script)));
        }
        if self.packages.insert(folder.to_owned()) {
            let name = format!("beside {}", file_name(script));
            self.links.push(Link {
                what: LinkKind::Modules,
                name,
                subject: python::modules(folder.to_owned()),
            });
        }
    }

    /// Notes what may run and is not pinned.
    fn leaves(&mut self, what: String) {
        if !self.not_covered.contains(&what) {
            self.not_covered.push(what);
        }
    }

    fn start(&mut self, script: &Path, program: &Path) -> Result<(), Unfollowable> {
        if !program.exists() {
            return Err(absent(script, &program.to_string_lossy()));
        }
        self.add(program)
    }

    fn site_packages(&mut self, python: &Path, real: &Path) {
        // A console script lies beside its packages, even if the interpreter is the system's.
        let first = self.links.first().map(|link| match &link.subject {
            Subject::Script { path, .. } | Subject::File(path) => path.clone(),
            Subject::Trees { .. } => PathBuf::new(),
        });
        for (name, folder) in python::site_packages(python, real, first.as_deref()) {
            if self.packages.insert(folder.clone()) {
                self.links.push(Link {
                    what: LinkKind::SitePackages,
                    name,
                    subject: python::subject(folder),
                });
            }
        }
    }

    fn npm_packages(&mut self, file: &Path) -> Result<(), Unfollowable> {
        let Some(root) = npm::package_of(file) else { return Ok(()) };
        if self.packages.insert(root.clone()) {
            let packages = npm::closure(&root).map_err(unreadable(&root))?;
            self.leaves(format!("packages in node_modules that {} does not declare", npm::name_of(&root)));
            self.links.extend(packages);
        }
        Ok(())
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Unfollowable {
    let path = path.to_owned();
    |error| Unfollowable::Unreadable { path, error }
}

fn absent(script: &Path, program: &str) -> Unfollowable {
    Unfollowable::Absent { script: script.to_owned(), program: program.to_owned() }
}

/// Neither an option of env nor a variable that env sets.
fn is_program(word: &&str) -> bool {
    !word.is_empty() && !word.starts_with('-') && !word.contains('=')
}

/// The last name of a path.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The text of a `#!` script; `None` for any other file.
fn script_text(file: &Path) -> io::Result<Option<String>> {
    let mut file = File::open(file)?;
    let mut start = [0; 2];
    let script = match file.read_exact(&mut start) {
        Ok(()) => &start == b"#!",
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
        Err(error) => return Err(error),
    };
    if !script || file.metadata()?.len() > LARGEST_SCRIPT {
        return Ok(None);
    }
    let mut text = start.to_vec();
    file.read_to_end(&mut text)?;
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}

/// The folder that a script was installed into: `…/bin/tool` and `…/node_modules/.bin/tool` lie in `…`.
fn prefix_of(script: &Path) -> Option<PathBuf> {
    let folder = script.parent()?;
    let prefix = match file_name(folder).as_str() {
        "bin" | "sbin" | "libexec" | "shims" => folder.parent()?,
        ".bin" => folder.parent()?.parent()?,
        _ => folder,
    };
    // The top of the file system would be found in every path.
    prefix.parent()?;
    Some(prefix.to_owned())
}

/// The folders in `folder`, sorted.
pub(crate) fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[cfg(test)]
mod tests;
