//! The repository that the run is about.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::system::process::ask;
use crate::text::paths::forward;

/// Git answers in milliseconds; on a huge repository a diff may take longer.
pub(crate) const GIT_LIMIT: Duration = Duration::from_secs(60);

const UNSHALLOW: &str = "this clone is shallow; fetch more of its history (git fetch --unshallow)";

/// Where the project lies, and at which commit it stands.
#[derive(Clone, Debug, Default)]
pub struct Repo {
    /// Top of the git work tree, or the folder of gates.toml outside git: absolute.
    pub root: PathBuf,
    /// The folder of gates.toml, from which its paths count: absolute, at or below the root.
    pub base: PathBuf,
    /// The commit that is checked out; `None` outside git and on an unborn branch.
    pub head: Option<String>,
    /// Whether the root is a git work tree.
    pub git: bool,
    /// Whether tracked files differ from the commit; false until somebody looks.
    pub dirty: bool,
}

/// A range of commits, and the files that it touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// Commit that is known already (not looked at).
    pub base: String,
    /// Last commit to look at.
    pub head: String,
    /// Files that exist at the end of the range, or in the work tree, and differ from `base`:
    /// relative to the repository root.
    pub changed: Vec<String>,
}

impl Repo {
    /// Finds the repository around `base`, the folder of gates.toml.
    pub async fn around(base: &Path) -> Result<Self> {
        let base = base.canonicalize().with_context(|| format!("{} can't be opened", base.display()))?;
        if base.to_str().is_none() {
            bail!(
                "the name of the folder {} is not UTF-8, and reports can't carry it: rename it, or check out elsewhere",
                base.display()
            );
        }
        let root = base.ancestors().find(|folder| folder.join(".git").exists());
        let git = root.is_some();
        let root = root.unwrap_or(&base).to_owned();
        let mut repo = Self { root, base, head: None, git, dirty: false };
        if git {
            repo.head = repo.git(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).await;
        }
        Ok(repo)
    }

    /// The branch that is checked out; `None` where HEAD is detached, as CI leaves it.
    pub async fn branch(&self) -> Option<String> {
        if !self.git {
            return None;
        }
        self.git(&["symbolic-ref", "--quiet", "--short", "HEAD"]).await
    }

    /// Looks whether the work tree is what the commit says, by git's own measure of dirty: files
    /// that it does not track make none. A large tree takes it a while.
    pub async fn look_for_changes(&mut self) {
        if self.head.is_some() {
            let changes = self.git(&["status", "--porcelain", "--untracked-files=no"]).await;
            // A status that can't be told is no proof that nothing differs.
            self.dirty = changes.is_none_or(|changes| !changes.is_empty());
        }
    }

    /// The commit with `-dirty` behind it where the work tree is not what it says, after so many
    /// digits.
    pub fn described(&self, digits: usize) -> Option<String> {
        let head = self.head.as_deref()?;
        let dirty = if self.dirty { "-dirty" } else { "" };
        Some(format!("{}{dirty}", head.get(..digits).unwrap_or(head)))
    }

    /// The name of the folder that it is checked out in, and where below it gates.toml is: `notes-app/backend`.
    pub fn name(&self) -> Option<String> {
        let top = self.root.file_name()?.to_string_lossy().into_owned();
        match &*forward(self.base.strip_prefix(&self.root).unwrap_or(&self.base)) {
            "." => Some(top),
            below => Some(format!("{top}/{below}")),
        }
    }

    /// What a git command prints, without the newline at its end; `None` when it fails.
    async fn git(&self, args: &[&str]) -> Option<String> {
        let mut output = ask(Path::new("git"), args, &self.root, GIT_LIMIT).await?;
        while output.ends_with('\n') {
            output.pop();
        }
        Some(output)
    }

    /// The commits after `since` up to `until` (the checked-out commit where that is absent).
    ///
    /// # Errors
    /// When this is no git repository, or a revision is not there (a shallow clone, a typing
    /// mistake, a branch without an upstream): a range that is silently empty would be a false
    /// green.
    pub async fn range(&self, since: &str, until: Option<&str>) -> Result<Range> {
        if !self.git {
            bail!("`--since {since}` needs a git repository, and {} is none", self.root.display());
        }
        let base = self.commit(since).await?;
        let head = self.commit(until.unwrap_or("HEAD")).await?;
        let merge_base = self.git(&["merge-base", &base, &head]).await;
        if merge_base.is_none() && is_shallow_clone(&self.root) {
            bail!("the history between {since} and {head} is not all here: {UNSHALLOW}");
        }
        let from = merge_base.as_deref().unwrap_or(&base);
        let mut diff = vec!["diff", "--name-only", "-z", "--no-renames", "--diff-filter=d", from];
        if until.is_some() {
            diff.push(&head);
        }
        let changed =
            self.git(&diff).await.with_context(|| format!("git can't compare {since} with {head}"))?;
        let changed = changed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
        Ok(Range { base, head, changed })
    }

    /// The id of the commit that a revision names.
    pub async fn commit(&self, revision: &str) -> Result<String> {
        let wanted = format!("{revision}^{{commit}}");
        // A revision that begins with a dash would be read as an option.
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

/// Whether a work tree belongs to a shallow clone. A linked work tree has a file `.git` that names
/// its folder, and that folder names the one that all work trees share (gitrepository-layout).
pub(crate) fn is_shallow_clone(root: &Path) -> bool {
    let git = root.join(".git");
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let folder = match read(&git).as_deref().and_then(|text| text.strip_prefix("gitdir:")) {
        Some(linked) => root.join(linked.trim()),
        None => git,
    };
    let shared = read(&folder.join("commondir")).map_or(folder.clone(), |shared| folder.join(shared.trim()));
    shared.join("shallow").exists()
}
