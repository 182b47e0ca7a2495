//! The scanners' own configuration files: told of in every run, and under `--policy-from` the
//! base's instead of the work tree's.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, Result, bail};

use crate::config::Gate;
use crate::engine::base_commit::BaseCommit;
use crate::engine::plan::{Fate, Plan, PlannedGate};
use crate::scan::config_file::{BaseOverride, ConfigFile, FROM_BASE};
use crate::scan::job::{Job, SCRATCH};
use crate::scan::start_dir::{LinkFarm, StartDir};
use crate::system::git::{GIT_LIMIT, Repo};
use crate::system::process::ask;
use crate::text::paths::{forward, normalise};
use crate::tools::told::told;

/// Notes at each job what the configuration files of the work tree say. A gate that they leave
/// without proof is not run.
pub(crate) fn tell(plan: &mut Plan, repo: &Repo) {
    for planned in &mut plan.gates {
        let Fate::Run(jobs) = &mut planned.fate else { continue };
        let mut refused = Vec::new();
        for job in jobs {
            for file in &job.config_files {
                let content = read(&file.path);
                refused.extend(barred(file, content.as_deref(), repo));
                job.notes.extend(note(&file.path, content, repo));
            }
        }
        refuse(planned, refused);
    }
}

/// Why this content of a file leaves its job without proof.
fn barred(file: &ConfigFile, content: Option<&[u8]>, repo: &Repo) -> Option<String> {
    let why = file.bars.and_then(|bars| bars(content?))?;
    Some(format!("{} {why}", shown(&file.path, repo)))
}

fn refuse(planned: &mut PlannedGate, mut why: Vec<String>) {
    if !why.is_empty() {
        why.dedup();
        planned.fate = Fate::Impossible(why.join("; "));
    }
}

/// The same with the base's files, which every scanner is made to heed; a gate for which that
/// can't be has no proof. `scratch` is the run's folder.
pub(crate) async fn take_from(base: &BaseCommit, plan: &mut Plan, repo: &Repo, scratch: &Path) -> Result<()> {
    let folder = scratch.join(FROM_BASE);
    fs::create_dir_all(&folder).context("the base's files can't be laid out")?;
    for planned in &mut plan.gates {
        let Fate::Run(jobs) = &mut planned.fate else { continue };
        let mut refused = Vec::new();
        for job in jobs {
            let work = Work { base, repo, folder: &folder };
            let words = work.override_files(job, &planned.gate).await;
            refused.extend(words.err().map(|error| format!("{error:#}")));
        }
        refuse(planned, refused);
    }
    Ok(())
}

/// One file in both versions.
struct Compared {
    file: ConfigFile,
    now: Option<Vec<u8>>,
    was: Option<Vec<u8>>,
}

impl Compared {
    fn differs(&self) -> bool {
        self.now != self.was
    }
}

struct Work<'a> {
    base: &'a BaseCommit,
    repo: &'a Repo,
    folder: &'a Path,
}

/// What is done once for all files of a job.
#[derive(Default)]
struct Done {
    checked_out: bool,
    joined: bool,
}

impl Work<'_> {
    async fn override_files(&self, job: &mut Job, gate: &Gate) -> Result<()> {
        let mut files = Vec::new();
        for file in job.config_files.clone() {
            let was = self.base.file_at(&file.path).await?;
            files.push(Compared { now: read(&file.path), was, file });
        }
        self.note_named_files(job, gate).await?;
        // One that is made to look elsewhere for one file does not find the others where they are
        // either: all or none.
        let any = files.iter().any(Compared::differs);
        let mut done = Done::default();
        for compared in &files {
            self.refuse_changed_programs(compared).await?;
            let path = &compared.file.path;
            let differs = compared.differs();
            let counts = match compared.file.overrule {
                BaseOverride::Tell => &compared.now,
                _ => &compared.was,
            };
            if let Some(why) = barred(&compared.file, counts.as_deref(), self.repo) {
                bail!(why);
            }
            if !differs && (!any || compared.was.is_none()) {
                job.notes.extend(note(path, compared.now.clone(), self.repo));
                continue;
            }
            let shown = shown(path, self.repo);
            if let BaseOverride::Tell = compared.file.overrule {
                job.notes.extend(note(path, compared.now.clone(), self.repo));
                if differs {
                    job.notes.push(format!("{shown} differs from the base"));
                }
                continue;
            }
            self.override_file(job, compared, &files, &mut done).await?;
            job.notes.extend(match &compared.was {
                Some(was) if differs => note(path, Some(was.clone()), self.repo)
                    .map(|words| format!("{words} of the base, not as the change has it")),
                Some(was) => note(path, Some(was.clone()), self.repo),
                None => Some(format!("does not read {shown}, which the base does not have")),
            });
        }
        Ok(())
    }

    /// Makes the job read the base's version of a file.
    async fn override_file(
        &self,
        job: &mut Job,
        compared: &Compared,
        files: &[Compared],
        done: &mut Done,
    ) -> Result<()> {
        let path = &compared.file.path;
        let shown = shown(path, self.repo);
        match compared.file.overrule {
            BaseOverride::Take { neutral, take } => {
                let content = compared.was.as_deref().or(neutral.map(str::as_bytes));
                let copy = content.map(|content| self.copy(path, content)).transpose()?;
                take(job, copy.as_deref()).map_err(|why| self.refused(&shown, &why))?;
            }
            BaseOverride::Checkout(_) if done.checked_out => {}
            BaseOverride::Checkout(take) => {
                done.checked_out = true;
                let first = files.iter().find(|other| {
                    matches!(other.file.overrule, BaseOverride::Checkout(_)) && other.was.is_some()
                });
                let copy = match first {
                    Some(first) => Some(self.check_out(&first.file.path, job).await?),
                    None => None,
                };
                take(job, copy.as_deref()).map_err(|why| self.refused(&shown, &why))?;
            }
            BaseOverride::Farm => self.put(job, path, compared.was.clone()),
            BaseOverride::Join { take, mute } => {
                if !done.joined {
                    done.joined = true;
                    take(job, Some(&self.join(path, files)?)).map_err(|why| self.refused(&shown, &why))?;
                }
                if let (true, Some(mute), Some(now)) = (compared.differs(), mute, &compared.now) {
                    self.put(job, path, Some((mute.words)(now)));
                    (mute.enter)(job).map_err(|why| self.refused(&shown, &why))?;
                }
            }
            BaseOverride::Tell => {}
        }
        Ok(())
    }

    fn refused(&self, shown: &str, why: &str) -> anyhow::Error {
        anyhow::anyhow!("{shown} differs from {}: {why}", self.base.revision)
    }

    /// Files of the repository that the policy names by itself: scripts, configurations.
    async fn note_named_files(&self, job: &mut Job, gate: &Gate) -> Result<()> {
        let mut words = gate.args.clone();
        words.extend(gate.program.clone());
        if gate.spec.program.is_empty() {
            words.push(job.program.name.clone());
            words.extend(job.args.iter().cloned());
        }
        for word in words {
            let path = job.cwd.join(word.split_once('=').map_or(word.as_str(), |(_, path)| path));
            if path.is_file() && self.base.inside(&path).is_some() {
                let was = self.base.file_at(&path).await?;
                if was != read(&path) {
                    job.notes.push(format!(
                        "{}, which the command names, differs from the base",
                        shown(&path, self.repo)
                    ));
                }
            }
        }
        Ok(())
    }

    /// Writes the base's version of a file, and gives its path as seen in arguments.
    fn copy(&self, path: &Path, content: &[u8]) -> Result<String> {
        let name = Path::new("files").join(&*forward(self.below_root(path)));
        let full = self.folder.join(&name);
        write(&full, content).context("the base's files can't be laid out")?;
        Ok(in_arguments(&name))
    }

    /// Writes one file of all that are joined, and gives its path as seen in arguments.
    fn join(&self, path: &Path, files: &[Compared]) -> Result<String> {
        let parts = files.iter().filter(|file| matches!(file.file.overrule, BaseOverride::Join { .. }));
        let parts: Vec<&[u8]> = parts.filter_map(|file| file.was.as_deref()).collect();
        self.copy(path, &parts.join(&b'\n'))
    }

    /// Lays out all of the base, beside the packages that are installed in the work tree.
    async fn check_out(&self, path: &Path, job: &Job) -> Result<String> {
        let tree = self.folder.join("tree");
        if !tree.exists() {
            let index = format!("GIT_INDEX_FILE={}", self.folder.join("index").display());
            // Under another name until it is whole.
            let part = self.folder.join("tree.part");
            let prefix = format!("--prefix={}/", part.display());
            for args in [
                vec!["read-tree", self.base.commit.as_str()],
                vec!["checkout-index", "--all", "--quiet", &prefix],
            ] {
                let args: Vec<&str> = [index.as_str(), "git"].into_iter().chain(args).collect();
                let done = ask(Path::new("env"), &args, &self.repo.root, GIT_LIMIT).await;
                done.with_context(|| format!("git can't lay out {}", self.base.revision))?;
            }
            fs::rename(&part, &tree).context("the base's files can't be laid out")?;
        }
        for folder in job.cwd.ancestors().take_while(|folder| folder.starts_with(&self.repo.root)) {
            let packages = folder.join("node_modules");
            let link = tree.join(self.below_root(folder)).join("node_modules");
            if packages.is_dir()
                && fs::symlink_metadata(&link).is_err()
                && link.parent().is_some_and(Path::is_dir)
            {
                symlink(&packages, &link).context("the base's files can't be laid out")?;
            }
        }
        Ok(in_arguments(&Path::new("tree").join(self.below_root(path))))
    }

    /// Has the job started in a folder of links with this content in the place of the file.
    fn put(&self, job: &mut Job, path: &Path, content: Option<Vec<u8>>) {
        let own = job.scratch().trim_start_matches(SCRATCH).trim_start_matches('/');
        let at = Path::new(FROM_BASE).join("farm").join(own);
        let of = if job.cwd.starts_with(&self.repo.root) { &self.repo.root } else { &job.cwd };
        let new = || StartDir::LinkFarm(LinkFarm::new(of, &job.cwd, at));
        if let StartDir::LinkFarm(farm) = job.start.get_or_insert_with(new) {
            farm.put(path, content);
        }
    }

    /// Programs of the repository that the base's version names do the scanner's work: a change
    /// that touches one would judge itself.
    async fn refuse_changed_programs(&self, compared: &Compared) -> Result<()> {
        let Some(was) = &compared.was else { return Ok(()) };
        let folder = compared.file.path.parent().unwrap_or(&self.repo.root);
        for program in (compared.file.programs)(&String::from_utf8_lossy(was)) {
            let path = normalise(&folder.join(&program));
            if self.base.inside(&path).is_some() && self.base.file_at(&path).await? != read(&path) {
                let why = format!("{} names it as a program to run", shown(&compared.file.path, self.repo));
                return Err(self.refused(&shown(&path, self.repo), &why));
            }
        }
        Ok(())
    }

    fn below_root<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.repo.root).unwrap_or(path)
    }
}

/// The path of what lies in the folder of the base's files, as seen in arguments.
fn in_arguments(name: &Path) -> String {
    format!("{SCRATCH}/{FROM_BASE}/{}", name.display())
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content)
}

fn shown(path: &Path, repo: &Repo) -> String {
    forward(path.strip_prefix(&repo.root).unwrap_or(path)).to_string()
}

/// `reads 2 ignores in backend/.gitleaksignore`
fn note(path: &Path, content: Option<Vec<u8>>, repo: &Repo) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let words = told(name, &content?)?;
    Some(format!("reads {}", words.replacen(name, &shown(path, repo), 1)))
}

/// The file's content; `None` where there is no file.
fn read(path: &PathBuf) -> Option<Vec<u8>> {
    path.is_file().then(|| fs::read(path).ok()).flatten()
}
