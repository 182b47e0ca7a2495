//! An analysis that ran elsewhere (`scanner = "none"`): what the server says of it, and whether that is what is
//! checked out here.

use std::time::Duration;

use crate::scan::procedure::{Failure, StepContext};
use crate::text::human;

use super::answers::{Analyses, Branches, Elsewhere, PullRequests, Task};
use super::procedure::{Analysis, subject_of};
use super::server::Server;

/// Clocks of two machines differ by less.
const SKEW: Duration = Duration::from_secs(60);

impl Analysis {
    /// Asks which commit and branch were analysed, if the server says it, and looks at what is checked out.
    pub(super) async fn elsewhere(
        &self,
        context: &mut dyn StepContext,
        server: &Server,
        task: &Task,
        project: &str,
    ) -> Result<Elsewhere, Failure> {
        let (analysed, analysed_branch) = match &task.pull_request {
            Some(key) => {
                let parameters = [("project", project)];
                let list = server.get_if_told(context, "api/project_pull_requests/list", &parameters).await?;
                let of_task = list.and_then(|list: PullRequests| {
                    list.pull_requests.into_iter().find(|pull_request| pull_request.key == *key)
                });
                of_task
                    .map_or((None, None), |of_task| (of_task.commit.map(|commit| commit.sha), of_task.branch))
            }
            None => {
                let mut parameters = vec![("project", project), ("ps", "100")];
                parameters.extend(subject_of(task));
                let list = server.get_if_told(context, "api/project_analyses/search", &parameters).await?;
                let revision = list.and_then(|list: Analyses| {
                    let mut all = list.analyses.into_iter();
                    all.find(|analysis| Some(&analysis.key) == task.analysis_id.as_ref())?.revision
                });
                (revision, self.branch_of(context, server, task, project).await?)
            }
        };
        let mut repo = context.repo().clone();
        repo.look_for_changes().await;
        let mut checked_out: Vec<String> = repo.head.iter().cloned().collect();
        if repo.head.is_some() {
            // A pipeline of a pull request may check out the merge, while the analysis is of its head.
            checked_out.extend(repo.commit("HEAD^2").await.ok());
        }
        Ok(Elsewhere {
            asked: jiff::Timestamp::now(),
            max_age_s: self.max_age.as_secs(),
            checked_out,
            dirty: repo.dirty,
            branch: context.branch().map(str::to_owned),
            analysed,
            analysed_branch,
        })
    }

    /// The branch of an analysis that is of no pull request. A task that names none is of the main branch. If the
    /// project has no other branch, the edition of the server knows none, and its name for the main branch says
    /// nothing.
    async fn branch_of(
        &self,
        context: &mut dyn StepContext,
        server: &Server,
        task: &Task,
        project: &str,
    ) -> Result<Option<String>, Failure> {
        if task.branch.is_some() || context.branch().is_none() {
            return Ok(task.branch.clone());
        }
        let parameters = [("project", project)];
        let list: Option<Branches> =
            server.get_if_told(context, "api/project_branches/list", &parameters).await?;
        let all = list.map(|list| list.branches).filter(|all| all.len() > 1).unwrap_or_default();
        Ok(all.into_iter().find(|branch| branch.is_main).map(|branch| branch.name))
    }
}

impl Elsewhere {
    /// Why the analysis proves nothing about what is checked out: it is of another commit or branch, it is old,
    /// or the files were changed since. What it is of goes into `proof`.
    pub(super) fn doubt(&self, task: Option<&Task>, proof: &mut Vec<String>) -> Option<String> {
        let (head, analysed) = (self.checked_out.first(), self.analysed.as_ref());
        if let (Some(head), Some(analysed)) = (head, analysed)
            && !self.checked_out.contains(analysed)
        {
            return Some(format!("the analysis is of commit {analysed}, but {head} is checked out"));
        }
        if let (Some(branch), Some(analysed)) = (&self.branch, &self.analysed_branch) {
            if branch != analysed {
                return Some(format!("the analysis is of branch {analysed}, and this run is of {branch}"));
            }
            proof.push(format!("the analysis is of branch {branch}, as this run"));
        }
        if let (Some(head), true) = (head, self.dirty) {
            return Some(format!(
                "tracked files differ from commit {head}: an analysis that ran elsewhere proves nothing about them (see `git status`)"
            ));
        }
        match (head, analysed) {
            (Some(_), Some(analysed)) => {
                proof.push(format!("the analysis is of commit {analysed}, as checked out"));
                None
            }
            _ => self.doubt_of_age(task, proof),
        }
    }

    /// The same by its age, where the commits can't be compared.
    fn doubt_of_age(&self, task: Option<&Task>, proof: &mut Vec<String>) -> Option<String> {
        let ended = task.and_then(|task| task.executed_at.as_ref().or(task.submitted_at.as_ref()));
        let ended: Option<jiff::Timestamp> = ended.and_then(|time| time.parse().ok());
        let Some(ended) = ended else {
            return Some(
                "the commit and the time of the analysis are unknown: it may be of any age".to_owned(),
            );
        };
        let age = self.asked.duration_since(ended).as_secs();
        let words = human::duration(Duration::from_secs(age.unsigned_abs()));
        if age < 0 && age.unsigned_abs() > SKEW.as_secs() {
            return Some(format!(
                "it is unknown whether the analysis is of this commit, and it ended {words} after it was asked for: a clock is wrong, so its age is unknown, too"
            ));
        }
        if age.max(0).unsigned_abs() > self.max_age_s {
            let most = human::duration(Duration::from_secs(self.max_age_s));
            return Some(format!(
                "it is unknown whether the analysis is of this commit, and it is {words} old: `max_age` is {most}"
            ));
        }
        proof.push(format!("it is unknown whether the analysis is of this commit; it is {words} old"));
        None
    }
}
