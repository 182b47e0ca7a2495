//! The repository that is scanned.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::system::git_command::git;
use crate::system::hidden_changes;
use crate::text::paths::forward;

/// Git answers in milliseconds, but a diff of a huge repository may take longer.
pub(crate) const GIT_LIMIT: Duration = Duration::from_secs(60);

const UNSHALLOW: &str = "this clone is shallow; fetch more of its history (git fetch --unshallow)";

/// Where the project is, and its commit.
#[derive(Clone, Debug, Default)]
pub struct Repo {
    /// Top of the git work tree, or the folder of gates.toml outside git: absolute.
    pub root: PathBuf,
    /// The folder of gates.toml, to which its paths are relative: absolute, at or below the root.
    pub base: PathBuf,
    /// The checked-out commit; `None` outside git and before the first commit.
    pub head: Option<String>,
    /// Whether the root is a git work tree.
    pub git: bool,
    /// Whether tracked files differ from the commit; false until [`Repo::look_for_changes`] has run.
    pub dirty: bool,
    /// The files that git neither tracks nor ignores, relative to the root; empty until then.
    pub untracked: Vec<String>,
}

/// A range of commits, and the files that it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// What comes before the range, for messages. It is not scanned.
    pub base: String,
    /// The range as arguments of `git log`, without spaces.
    pub commits: Vec<String>,
    /// Files that the range changes and that are still there, relative to the repository root.
    pub changed: Vec<String>,
}

impl Repo {
    /// Finds the repository around `base`, the folder of gates.toml.
    pub async fn around(base: &Path) -> Result<Self> {
        let base = base.canonicalize().with_context(|| format!("{} can't be opened", base.display()))?;
        if base.to_str().is_none() {
            bail!(
                "the name of the folder {} is not UTF-8, so reports can't name it: rename it, or check out elsewhere",
                base.display()
            );
        }
        let root = base.ancestors().find(|folder| folder.join(".git").exists());
        let git = root.is_some();
        let root = root.unwrap_or(&base).to_owned();
        let mut repo = Self { root, base, head: None, git, ..Self::default() };
        if git {
            repo.head = repo.git(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).await;
        }
        Ok(repo)
    }

    /// The checked-out branch; `None` if HEAD is detached, as usual in CI.
    pub async fn branch(&self) -> Option<String> {
        if !self.git {
            return None;
        }
        self.git(&["symbolic-ref", "--quiet", "--short", "HEAD"]).await
    }

    /// Checks whether the work tree differs from the commit, and which files are in no commit. It is slow for a large tree.
    pub async fn look_for_changes(&mut self) {
        if self.head.is_some() {
            let status = self
                .git(&[
                    "status",
                    "--porcelain",
                    "-z",
                    "--no-renames",
                    "--untracked-files=all",
                    "--ignore-submodules=none",
                ])
                .await;
            // If git gives no status, the tree may differ.
            let Some(status) = status else { return self.dirty = true };
            let (untracked, changed): (Vec<&str>, Vec<&str>) = status
                .split('\0')
                .filter(|entry| !entry.is_empty())
                .partition(|entry| entry.starts_with("?? "));
            self.dirty = !changed.is_empty() || hidden_changes::are_there(&self.root).await;
            self.untracked = untracked.into_iter().map(|entry| entry[3..].to_owned()).collect();
        }
    }

    /// The first `digits` digits of the commit, and `-dirty` if what is made of the work tree differs from it.
    pub fn described(&self, digits: usize, differs: bool) -> Option<String> {
        let head = self.head.as_deref()?;
        let dirty = if differs { "-dirty" } else { "" };
        Some(format!("{}{dirty}", head.get(..digits).unwrap_or(head)))
    }

    /// The name of the checkout's folder, and the folder of gates.toml below it: `notes-app/backend`.
    pub fn name(&self) -> Option<String> {
        let top = self.root.file_name()?.to_string_lossy().into_owned();
        match &*forward(self.base.strip_prefix(&self.root).unwrap_or(&self.base)) {
            "." => Some(top),
            below => Some(format!("{top}/{below}")),
        }
    }

    /// What a git command prints, without the newlines at the end; `None` if it fails.
    async fn git(&self, args: &[&str]) -> Option<String> {
        let mut output = git(args, &self.root, GIT_LIMIT).await?;
        while output.ends_with('\n') {
            output.pop();
        }
        Some(output)
    }

    /// The commits after `since` up to the checked-out one.
    ///
    /// # Errors
    /// If this is not a git repository, or a revision does not exist here (a shallow clone, a typing error, a
    /// branch without an upstream). A range that is silently empty would be a false green.
    pub async fn range(&self, since: &str) -> Result<Range> {
        if !self.git {
            bail!("`--since {since}` needs a git repository, and {} is not one", self.root.display());
        }
        let base = self.commit(since).await?;
        let head = self.commit("HEAD").await?;
        let merge_base = self.git(&["merge-base", &base, &head]).await;
        if merge_base.is_none() && is_shallow_clone(&self.root) {
            bail!("part of the history between {since} and {head} is missing: {UNSHALLOW}");
        }
        let from = merge_base.as_deref().unwrap_or(&base);
        let diff = ["diff", "--name-only", "-z", "--no-renames", "--diff-filter=d", from];
        let changed =
            self.git(&diff).await.with_context(|| format!("git can't compare {since} with {head}"))?;
        let changed = changed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
        Ok(Range { commits: vec![format!("{base}..{head}")], base, changed })
    }

    /// The id of the commit that a revision names.
    pub async fn commit(&self, revision: &str) -> Result<String> {
        let wanted = format!("{revision}^{{commit}}");
        // Without `--end-of-options` a revision that begins with a dash would be an option.
        let commit = self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted]).await;
        commit.with_context(|| {
            let hint = if which::which("git").is_err() {
                "git is not installed, or not on PATH"
            } else if self.head.is_none() {
                "there is no commit at all; make the first one, or see what `git log` says"
            } else if revision.contains("@{") {
                "this branch has no upstream; set one, or name a commit or branch"
            } else if is_shallow_clone(&self.root) {
                UNSHALLOW
            } else {
                "check its name, or fetch it first"
            };
            format!("there is no commit `{revision}` here: {hint}")
        })
    }
}

/// The files below a folder that git tracks, relative to it; `None` if git does not say. Each repository around
/// the folder is asked: an inner one may be there to hide what the outer one tracks.
pub(crate) async fn tracked_below(folder: &Path) -> Option<Vec<String>> {
    let folder = folder.canonicalize().ok()?;
    let mut tracked = Vec::new();
    for top in folder.ancestors().filter(|top| top.join(".git").exists()) {
        let below = folder.strip_prefix(top).ok()?.to_str()?;
        let (prefix, spec) = match below {
            "" => (String::new(), ".".to_owned()),
            below => (format!("{below}/"), format!(":(literal){below}")),
        };
        let files = git(&["ls-files", "-z", "--", &spec], top, GIT_LIMIT).await?;
        let files = files.split('\0').filter(|file| !file.is_empty());
        tracked.extend(files.map(|file| file.strip_prefix(&prefix).unwrap_or(file).to_owned()));
    }
    Some(tracked)
}

/// Whether a work tree belongs to a shallow clone.
pub(crate) fn is_shallow_clone(root: &Path) -> bool {
    let folder = git_folder(root);
    let shared = std::fs::read_to_string(folder.join("commondir"));
    shared.map_or(folder.clone(), |shared| folder.join(shared.trim())).join("shallow").exists()
}

/// The git folder of a work tree. A linked work tree has a file `.git` that names its git folder, and that folder names
/// the git folder that all work trees share (gitrepository-layout).
pub(crate) fn git_folder(root: &Path) -> PathBuf {
    let git = root.join(".git");
    let linked = std::fs::read_to_string(&git);
    match linked.as_deref().ok().and_then(|text| text.strip_prefix("gitdir:")) {
        Some(linked) => root.join(linked.trim()),
        None => git,
    }
}
