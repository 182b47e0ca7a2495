//! `--policy-from REV`: reads the policy from a commit that the change can't touch.
//!
//! gates.toml with its waivers, and the files beside it (gates.lock), are read from that commit. The
//! gates.toml of the work tree is only compared with it.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use crate::config::find::folder_of;
use crate::config::loosening::loosened;
use crate::config::{self, Config};
use crate::engine::lock::{self, Lock};
use crate::keys::file::ConfigError;
use crate::model::policy_record::PolicyRecord;
use crate::policy::baseline::Baseline;
use crate::system::git::{GIT_LIMIT, Repo};
use crate::system::git_command::git_exactly;
use crate::text::paths::{forward, normalise};

/// The commit that the policy is read from.
#[derive(Clone, Debug)]
pub(crate) struct BaseCommit {
    /// As the user named it: `origin/main`.
    pub revision: String,
    pub commit: String,
    /// Top of the work tree: absolute.
    root: PathBuf,
}

/// The policy of a base commit.
#[derive(Debug)]
pub(crate) struct BasePolicy {
    pub base: BaseCommit,
    /// The path of gates.toml in the work tree. The file may be missing there.
    pub path: PathBuf,
    pub text: String,
    pub config: Config,
    pub record: PolicyRecord,
}

impl BaseCommit {
    /// # Errors
    /// Outside git, and when the revision does not exist.
    pub(crate) async fn find(repo: &Repo, revision: &str) -> Result<Self> {
        if !repo.git {
            bail!(
                "`--policy-from {revision}` needs a git repository, and {} is not one",
                repo.root.display()
            );
        }
        let commit = repo.commit(revision).await?;
        Ok(Self { revision: revision.to_owned(), commit, root: repo.root.clone() })
    }

    /// The content of a file of the commit, by its path below the root; `None` if there is no such
    /// file.
    pub(crate) async fn file(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let git = |args: Vec<String>| async move {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            git_exactly(&args, &self.root, GIT_LIMIT).await
        };
        let of = || format!("git can't read {path} of {}", self.revision);
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<String>>();
        let list =
            git(words(&["--literal-pathspecs", "ls-tree", "-z", "--full-tree", &self.commit, "--", path]));
        let entry = list.await.with_context(of)?;
        let entry = String::from_utf8_lossy(&entry).into_owned();
        // `100644 blob 3f9c…<tab>path`
        let Some((kind, _)) = entry.split_once('\t') else { return Ok(None) };
        match kind.split(' ').collect::<Vec<_>>()[..] {
            ["120000", ..] => {
                bail!(
                    "{path} is a symbolic link in {}: what it points to may not be in that commit",
                    self.revision
                )
            }
            [_, "blob", id] => Ok(Some(git(words(&["cat-file", "blob", id])).await.with_context(of)?)),
            _ => Ok(None),
        }
    }

    /// The content of the commit's file for this path in the work tree.
    pub(crate) async fn file_at(&self, place: &Path) -> Result<Option<Vec<u8>>> {
        match self.inside(place) {
            Some(path) => self.file(&path).await,
            None => Ok(None),
        }
    }

    /// Top of the work tree.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The files of the commit below a folder, as paths in the work tree.
    pub(crate) async fn files_below(&self, top: &Path) -> Result<Vec<PathBuf>> {
        let folder = self.inside(top).filter(|folder| folder != ".");
        let mut args =
            vec!["--literal-pathspecs", "ls-tree", "-r", "-z", "--name-only", "--full-tree", &self.commit];
        args.extend(["--"].into_iter().chain(folder.as_deref()));
        let listed = git_exactly(&args, &self.root, GIT_LIMIT).await;
        let listed = listed.with_context(|| format!("git can't list the files of {}", self.revision))?;
        let names = String::from_utf8_lossy(&listed).into_owned();
        Ok(names.split_terminator('\0').map(|name| self.root.join(name)).collect())
    }

    /// The gates.lock beside this gates.toml.
    pub(crate) async fn lock(&self, config: &Path) -> Result<Option<Lock>> {
        let place = folder_of(config).canonicalize()?.join(lock::FILE_NAME);
        let Some(bytes) = self.file_at(&place).await? else { return Ok(None) };
        let read = Lock::read(&String::from_utf8_lossy(&bytes));
        read.map(Some).map_err(|reason| anyhow!("{} of {}: {reason}", place.display(), self.revision))
    }

    /// The baseline at this path.
    pub(crate) async fn baseline(&self, path: &Path) -> Result<Option<Baseline>> {
        let place = normalise(&std::path::absolute(path)?);
        let Some(bytes) = self.file_at(&place).await? else { return Ok(None) };
        let read = Baseline::read(&bytes);
        read.map(Some).map_err(|reason| anyhow!("{} of {}: {reason}", place.display(), self.revision))
    }

    /// A path in the work tree, relative to the root.
    pub(crate) fn inside(&self, place: &Path) -> Option<String> {
        let inside = place.strip_prefix(&self.root).ok()?;
        inside
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
            .then(|| forward(inside).to_string())
    }
}

/// Reads the policy from `revision` and compares the work tree's policy with it.
///
/// # Errors
/// Outside git, when the revision or its gates.toml does not exist, and when that gates.toml has
/// mistakes.
pub(crate) async fn policy(named: Option<&Path>, revision: &str) -> Result<BasePolicy> {
    let here = std::env::current_dir().context("the current folder no longer exists")?;
    let folder = named.map_or(Path::new("."), folder_of);
    let repo = Repo::around(folder).await?;
    let base = BaseCommit::find(&repo, revision).await?;
    let (path, text) = gates_toml(named, &repo, &base).await?;
    let text = String::from_utf8(text)
        .ok()
        .with_context(|| format!("{} of {revision} is not text", path.display()))?;
    let path = path.strip_prefix(&here).map_or(path.clone(), Path::to_owned);
    let config = Config::read(&text).map_err(|problems| ConfigError::Mistakes {
        path: PathBuf::from(format!("{revision}:{}", path.display())),
        source_text: text.clone(),
        problems,
    })?;

    let mut record = PolicyRecord {
        from: base.commit.clone(),
        revision: revision.to_owned(),
        loosened: Vec::new(),
        notes: Vec::new(),
    };
    match Config::load(&path) {
        Ok(change) => record.loosened = loosened(&config, &change),
        Err(error) => record.notes.push(format!("the work tree's own policy can't be compared: {error}")),
    }
    Ok(BasePolicy { base, path, text, config, record })
}

/// The gates.toml of the base: the named one, or the nearest one in the base. A nearer one that the
/// change adds does not count.
async fn gates_toml(named: Option<&Path>, repo: &Repo, base: &BaseCommit) -> Result<(PathBuf, Vec<u8>)> {
    let in_repo = named.and_then(|path| path.file_name()).map(|name| repo.base.join(name));
    let candidates: Vec<PathBuf> = match in_repo {
        Some(path) => vec![path],
        None => repo
            .base
            .ancestors()
            .take_while(|folder| folder.starts_with(&repo.root))
            .map(|folder| folder.join(config::FILE_NAME))
            .collect(),
    };
    for path in candidates {
        if let Some(text) = base.file_at(&path).await? {
            return Ok((path, text));
        }
    }
    let name = named.unwrap_or(Path::new(config::FILE_NAME));
    bail!(
        "there is no {} in {}: `--policy-from` reads the policy from there, so merge it first",
        name.display(),
        base.revision
    )
}
