//! The scanners' own configuration files: every run says what they narrow. With `--policy-from`, the
//! base's files are used instead of the work tree's.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::{fs, io};

use anyhow::{Context, Result, bail};

use crate::config::Gate;
use crate::engine::base_commit::BaseCommit;
use crate::engine::followed_config::with_followed;
use crate::engine::own_programs::{OwnProgram, own_programs};
use crate::engine::plan::{Fate, Plan, PlannedGate};
use crate::scan::config_file::{BaseOverride, ConfigPath, FROM_BASE};
use crate::scan::invocation::SCRATCH;
use crate::scan::job::Job;
use crate::scan::start_dir::{LinkFarm, StartDir};
use crate::system::git::{GIT_LIMIT, Repo};
use crate::system::git_command::git_with;
use crate::system::private;
use crate::text::paths::{forward, normalise};

/// Notes for each job what the configuration files of the work tree narrow. A gate that they leave
/// without proof does not run.
pub(crate) async fn tell(plan: &mut Plan, repo: &Repo) {
    for planned in &mut plan.gates {
        let Fate::Run(jobs) = &mut planned.fate else { continue };
        let mut refused = Vec::new();
        for job in jobs {
            for program in own_programs(job, &planned.gate, repo) {
                job.notes.push(format!("starts {}, a program of this repository", program.path));
            }
            let files = with_followed(job.config_files.clone(), &job.invocation.cwd, None).await;
            refused.extend(files.as_ref().err().map(ToString::to_string));
            for config in files.iter().flatten() {
                let content = config.file.read(read(&config.path));
                refused.extend(barred(config, content.as_deref(), repo));
                job.notes.extend(note(config, content.as_deref(), repo));
            }
        }
        refuse(planned, refused);
    }
}

/// Why this content of a file leaves its job without proof.
fn barred(config: &ConfigPath, content: Option<&[u8]>, repo: &Repo) -> Option<String> {
    let why = config.file.bars.and_then(|bars| bars(content?))?;
    Some(format!("{} {why}", shown(&config.path, repo)))
}

fn refuse(planned: &mut PlannedGate, mut why: Vec<String>) {
    if !why.is_empty() {
        why.dedup();
        planned.fate = Fate::Impossible(why.join("; "));
    }
}

/// The same with the base's files, which every scanner is made to use. A gate for which this is not
/// possible has no proof. `scratch` is the run's folder.
pub(crate) async fn take_from(base: &BaseCommit, plan: &mut Plan, repo: &Repo, scratch: &Path) -> Result<()> {
    let folder = scratch.join(FROM_BASE);
    fs::create_dir_all(&folder).context("the base's files can't be written")?;
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
    config: ConfigPath,
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

/// Steps that are done once for all files of a job.
#[derive(Default)]
struct Done {
    checked_out: bool,
    joined: bool,
}

impl Work<'_> {
    async fn override_files(&self, job: &mut Job, gate: &Gate) -> Result<()> {
        for OwnProgram { path, named } in own_programs(job, gate, self.repo) {
            if !named {
                bail!(
                    "{path} is a program of this repository, and gates.toml of {} does not name it",
                    self.base.revision
                );
            }
            job.notes.push(format!("starts {path}, a program of this repository"));
        }
        let mut files = Vec::new();
        for config in with_followed(job.config_files.clone(), &job.invocation.cwd, Some(self.base)).await? {
            let was = config.file.read(self.base.file_at(&config.path).await?);
            files.push(Compared { now: config.file.read(read(&config.path)), was, config });
        }
        self.note_named_files(job, gate).await?;
        // A scanner that is sent elsewhere for one file does not find the others in their places
        // either, so it is all or none.
        let any = files.iter().any(Compared::differs);
        let mut done = Done::default();
        for compared in &files {
            self.refuse_changed_programs(compared).await?;
            let (config, path) = (&compared.config, &compared.config.path);
            let differs = compared.differs();
            let counts = match config.file.overrule {
                BaseOverride::Tell => &compared.now,
                _ => &compared.was,
            };
            if let Some(why) = barred(config, counts.as_deref(), self.repo) {
                bail!(why);
            }
            if !differs && (!any || compared.was.is_none()) {
                job.notes.extend(note(config, compared.now.as_deref(), self.repo));
                continue;
            }
            let shown = shown(path, self.repo);
            if let BaseOverride::Tell = config.file.overrule {
                job.notes.extend(note(config, compared.now.as_deref(), self.repo));
                if differs {
                    job.notes.push(format!("{shown} differs from the base"));
                }
                continue;
            }
            self.override_file(job, compared, &files, &mut done).await?;
            job.notes.extend(match &compared.was {
                Some(was) if differs => note(config, Some(was), self.repo)
                    .map(|words| format!("{words} of the base, not of the change")),
                Some(was) => note(config, Some(was), self.repo),
                None => Some(format!("does not read {shown}: the base does not have it")),
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
        let path = &compared.config.path;
        let shown = shown(path, self.repo);
        match compared.config.file.overrule {
            BaseOverride::Take { neutral, take } => {
                let content = compared.was.as_deref().or(neutral.map(str::as_bytes));
                let copy = content.map(|content| self.copy(path, content)).transpose()?;
                take(job, copy.as_deref()).map_err(|why| self.refused(&shown, &why))?;
            }
            BaseOverride::Checkout(_) if done.checked_out => {}
            BaseOverride::Checkout(take) => {
                done.checked_out = true;
                let first = files.iter().find(|other| {
                    matches!(other.config.file.overrule, BaseOverride::Checkout(_)) && other.was.is_some()
                });
                let copy = match first {
                    Some(first) => Some(self.check_out(&first.config.path, job).await?),
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
            BaseOverride::Refuse(why) if compared.differs() => return Err(self.refused(&shown, why)),
            BaseOverride::Refuse(_) | BaseOverride::Tell => {}
        }
        Ok(())
    }

    fn refused(&self, shown: &str, why: &str) -> anyhow::Error {
        anyhow::anyhow!("{shown} differs from {}: {why}", self.base.revision)
    }

    /// Notes changed files of the repository that the policy names: scripts, configurations.
    async fn note_named_files(&self, job: &mut Job, gate: &Gate) -> Result<()> {
        let mut words = gate.args.clone();
        words.extend(gate.program.clone());
        if gate.spec.program.is_empty() {
            words.push(job.invocation.program.name.clone());
            words.extend(job.invocation.args.iter().cloned());
        }
        for word in words {
            let path = job.invocation.cwd.join(word.split_once('=').map_or(word.as_str(), |(_, path)| path));
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

    /// Writes the base's version of a file and returns its path for arguments.
    fn copy(&self, path: &Path, content: &[u8]) -> Result<String> {
        let name = Path::new("files").join(&*forward(self.below_root(path)));
        let full = self.folder.join(&name);
        write(&full, content).context("the base's files can't be written")?;
        Ok(in_arguments(&name))
    }

    /// Writes one file that joins all of them and returns its path for arguments.
    fn join(&self, path: &Path, files: &[Compared]) -> Result<String> {
        let parts =
            files.iter().filter(|file| matches!(file.config.file.overrule, BaseOverride::Join { .. }));
        let parts: Vec<&[u8]> = parts.filter_map(|file| file.was.as_deref()).collect();
        self.copy(path, &parts.join(&b'\n'))
    }

    /// Checks out the whole base, beside the packages that are installed in the work tree.
    async fn check_out(&self, path: &Path, job: &Job) -> Result<String> {
        let tree = self.folder.join("tree");
        if !tree.exists() {
            let index = self.folder.join("index").to_string_lossy().into_owned();
            let index = BTreeMap::from([("GIT_INDEX_FILE".to_owned(), index)]);
            // Under another name until it is complete.
            let part = self.folder.join("tree.part");
            let prefix = format!("--prefix={}/", part.display());
            for args in [
                vec!["read-tree", self.base.commit.as_str()],
                vec!["checkout-index", "--all", "--quiet", &prefix],
            ] {
                let done = git_with(&index, &args, &self.repo.root, GIT_LIMIT).await;
                done.with_context(|| format!("git can't check out {}", self.base.revision))?;
            }
            fs::rename(&part, &tree).context("the base's files can't be written")?;
        }
        for folder in job.invocation.cwd.ancestors().take_while(|folder| folder.starts_with(&self.repo.root))
        {
            let packages = folder.join("node_modules");
            let link = tree.join(self.below_root(folder)).join("node_modules");
            if packages.is_dir()
                && fs::symlink_metadata(&link).is_err()
                && link.parent().is_some_and(Path::is_dir)
            {
                symlink(&packages, &link).context("the base's files can't be written")?;
            }
        }
        Ok(in_arguments(&Path::new("tree").join(self.below_root(path))))
    }

    /// Makes the job start in a folder of links with this content in the place of the file.
    fn put(&self, job: &mut Job, path: &Path, content: Option<Vec<u8>>) {
        let own = job.scratch().trim_start_matches(SCRATCH).trim_start_matches('/');
        let at = Path::new(FROM_BASE).join("farm").join(own);
        let of = if job.invocation.cwd.starts_with(&self.repo.root) {
            &self.repo.root
        } else {
            &job.invocation.cwd
        };
        let new = || StartDir::LinkFarm(LinkFarm::new(of, &job.invocation.cwd, at));
        if let StartDir::LinkFarm(farm) = job.invocation.start.get_or_insert_with(new) {
            farm.put(path, content);
        }
    }

    /// The base's version may name programs of the repository that do the scanner's work. A change
    /// to such a program would judge itself.
    async fn refuse_changed_programs(&self, compared: &Compared) -> Result<()> {
        let ConfigPath { path: config, file } = &compared.config;
        let (Some(was), Some(programs)) = (&compared.was, file.programs) else { return Ok(()) };
        let folder = config.parent().unwrap_or(&self.repo.root);
        for program in programs(&String::from_utf8_lossy(was)) {
            let path = normalise(&folder.join(&program));
            if self.base.inside(&path).is_some() && self.base.file_at(&path).await? != read(&path) {
                let why = format!("{} names it as a program to run", shown(config, self.repo));
                return Err(self.refused(&shown(&path, self.repo), &why));
            }
        }
        Ok(())
    }

    fn below_root<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.repo.root).unwrap_or(path)
    }
}

/// The path for arguments of a file in the folder of the base's files.
fn in_arguments(name: &Path) -> String {
    format!("{SCRATCH}/{FROM_BASE}/{}", name.display())
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    private::write(path, content)
}

fn shown(path: &Path, repo: &Repo) -> String {
    forward(path.strip_prefix(&repo.root).unwrap_or(path)).to_string()
}

/// `reads 2 ignores in backend/.gitleaksignore`
fn note(config: &ConfigPath, content: Option<&[u8]>, repo: &Repo) -> Option<String> {
    let note = (config.file.describe)(content?)?;
    Some(format!("reads {}", note.words(&shown(&config.path, repo))))
}

/// The file's content; `None` if there is no file.
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    path.is_file().then(|| fs::read(path).ok()).flatten()
}
