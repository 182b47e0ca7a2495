//! The commits of a push: what the remote does not have of what is pushed.

use std::collections::HashSet;

use anyhow::{Context, Result, bail};

use crate::system::git::{GIT_LIMIT, Range, Repo};
use crate::system::git_command::git;

/// What git says of a push, all refs together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Push {
    /// The remote's name, or its address if it has none.
    pub remote: String,
    /// The objects that are sent: commits, or tags of commits.
    pub sent: Vec<String>,
    /// The commits that the remote has at the same refs now.
    pub known: Vec<String>,
}

impl Repo {
    /// The commits of a push that are new to the remote, on whatever branch it has them. Commits of other local
    /// branches do not count.
    ///
    /// # Errors
    /// If a pushed commit is not here, or git fails.
    pub async fn range_of_push(&self, push: &Push) -> Result<Range> {
        let mut tips = Vec::new();
        for sent in &push.sent {
            tips.push(self.sent_commit(sent).await?);
        }
        let mut known = self.tips_of_remote(&push.remote).await?;
        for commit in &push.known {
            // It may not be here: a forced push over someone's work.
            known.extend(self.commit(commit).await.ok());
        }
        let new = self.new_commits(&tips, &known).await?;
        let mut commits = tips.clone();
        match new.is_empty() {
            // The remote has them all.
            true => commits.extend(tips.iter().map(|tip| format!("^{tip}"))),
            // The boundary excludes the same as all branches of the remote do, and is short.
            false => commits.extend(new.boundary.iter().map(|commit| format!("^{commit}"))),
        }
        let changed = self.changed_in(&commits, &tips).await?;
        Ok(Range { base: format!("the last push to {}", push.remote), commits, changed })
    }

    /// The commit of a pushed object. A tag may name something else, which no scanner of commits sees.
    async fn sent_commit(&self, sent: &str) -> Result<String> {
        let commit = self.commit(sent).await;
        if commit.is_ok() {
            return commit;
        }
        let peeled = format!("{sent}^{{}}");
        let id = self.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &peeled]).await;
        let id = id.unwrap_or_default();
        let kind = self.ask(&["cat-file", "-t", id.trim()]).await.unwrap_or_default();
        let what = match kind.trim() {
            "blob" => "a file (blob)",
            "tree" => "a folder (tree)",
            _ => return commit,
        };
        bail!(
            "the push sends {sent}, which is {what} or a tag of one, not a commit: no gate scans it. See what is in it (`git cat-file -p {0}`), and push it alone, with `git push --no-verify`; or tag a commit instead",
            id.trim()
        )
    }

    /// The commits that the branches of a remote had when it was last asked.
    async fn tips_of_remote(&self, remote: &str) -> Result<Vec<String>> {
        let all = ["for-each-ref", "--format=%(objectname) %(refname)", "refs/remotes/"];
        let refs = self.ask(&all).await.context("git can't list the branches of the remote")?;
        let remotes = self.ask(&["remote"]).await.context("git can't list its remotes")?;
        let ours = format!("refs/remotes/{remote}/");
        // The branches of a remote `a/b` have names like those of branches `b/…` of a remote `a`.
        let inner: Vec<String> = remotes
            .lines()
            .filter(|other| other.strip_prefix(remote).is_some_and(|rest| rest.starts_with('/')))
            .map(|other| format!("refs/remotes/{other}/"))
            .collect();
        let tips = refs.lines().filter_map(|line| line.split_once(' ')).filter(|(_, name)| {
            name.starts_with(&ours) && !inner.iter().any(|inner| name.starts_with(inner.as_str()))
        });
        Ok(tips.map(|(id, _)| id.to_owned()).collect())
    }

    async fn new_commits(&self, tips: &[String], known: &[String]) -> Result<New> {
        let mut arguments = vec!["rev-list", "--boundary"];
        arguments.extend(tips.iter().map(String::as_str));
        let mut excluded = HashSet::new();
        let known: Vec<String> =
            known.iter().filter(|id| excluded.insert(*id)).map(|id| format!("^{id}")).collect();
        arguments.extend(known.iter().map(String::as_str));
        let listed = self.ask(&arguments).await.context("git can't list the pushed commits")?;
        let (boundary, inside): (Vec<&str>, Vec<&str>) =
            listed.lines().partition(|line| line.starts_with('-'));
        let boundary = boundary.iter().filter_map(|line| line.strip_prefix('-')).map(str::to_owned).collect();
        Ok(New { commits: inside.len(), boundary })
    }

    /// The files that these commits change, compared with each of their parents, if they are still there at the end.
    async fn changed_in(&self, commits: &[String], tips: &[String]) -> Result<Vec<String>> {
        let mut log =
            vec!["-c", "log.showRoot=true", "log", "--format=", "--name-only", "-z", "--no-renames"];
        log.extend(["-m", "--root", "--no-show-signature", "--no-relative"]);
        log.extend(commits.iter().map(String::as_str));
        log.push("--");
        let touched = self.ask(&log).await.context("git can't list the files that the push changes")?;
        let mut there = HashSet::new();
        for tip in tips {
            let files = self.ask(&["ls-tree", "-r", "-z", "--name-only", "--full-tree", tip]).await;
            let files = files.context("git can't list the files of the push")?;
            there.extend(files.split('\0').map(str::to_owned));
        }
        let mut seen = HashSet::new();
        // Between two commits, git may leave a line end.
        let touched =
            touched.split('\0').map(|path| path.trim_start_matches('\n')).filter(|path| !path.is_empty());
        Ok(touched.filter(|path| there.contains(*path) && seen.insert(*path)).map(str::to_owned).collect())
    }

    async fn ask(&self, args: &[&str]) -> Option<String> {
        git(args, &self.root, GIT_LIMIT).await
    }
}

/// Commits that a remote does not have.
struct New {
    commits: usize,
    /// Their parents that it has.
    boundary: Vec<String>,
}

impl New {
    fn is_empty(&self) -> bool {
        self.commits == 0
    }
}
