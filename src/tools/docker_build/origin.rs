//! What an image says of where it comes from: its labels, and what its tag means.

use std::collections::BTreeMap;

use crate::keys::table::Keys;
use crate::keys::values::texts_of;
use crate::scan::job::Job;
use crate::system::ci;
use crate::system::git::Repo;
use crate::tools::registry::revision::REVISION;

use super::DockerBuild;
use super::image::Image;

const BUILD_NUMBER: &str = "build.number";
const BUILD_URL: &str = "build.url";

/// What to do about a revision of the user's own.
pub(super) const OWN_REVISION: &str =
    "Portcullis sets it to the commit, by which `fetch` knows the image: leave it out";

/// Reads `labels`. That of the revision is not the user's: an image would pass for one of another commit.
pub(super) fn read_labels(table: &Keys) -> Vec<(String, String)> {
    let labels = table.table("labels").map(|labels| labels.text_entries()).unwrap_or_default();
    for (_, value) in labels.iter().filter(|(name, _)| name == REVISION) {
        let what = format!("the label `{REVISION}` can't be set");
        table.problem_with_help(value.at.clone(), what, OWN_REVISION);
    }
    labels.into_iter().map(|(name, value)| (name, value.value)).collect()
}

/// Refuses arguments that set or remove the label of the revision. They stand behind those of Portcullis, and would count.
pub(super) fn check_args(keys: &Keys) {
    const FLAGS: [&str; 2] = ["--label", "--unsetlabel"];
    let args = texts_of(keys, "args");
    let mut before = None;
    for arg in &args {
        let (flag, label) = match arg.value.split_once('=') {
            Some((flag, label)) if FLAGS.contains(&flag) => (Some(flag), label),
            _ => (before, arg.value.as_str()),
        };
        let is_revision = label.split('=').next().is_some_and(|name| name.trim() == REVISION);
        if flag.is_some() && is_revision {
            let what = format!("`args` changes the label `{REVISION}`");
            keys.problem_with_help(arg.at.clone(), what, OWN_REVISION);
        }
        before = FLAGS.into_iter().find(|flag| *flag == arg.value);
    }
}

impl DockerBuild {
    /// Labels for the image's origin, and those that the configuration adds. The time of the build is
    /// left out: with it the same content would get a new id each time.
    pub(super) fn labels(
        &self,
        image: &Image,
        repo: &Repo,
        differs: bool,
        var: impl Fn(&str) -> Option<String>,
    ) -> BTreeMap<String, String> {
        let revision = repo.described(usize::MAX, differs).map(|commit| (REVISION, commit));
        let number = ci::build_number(&var).filter(|_| self.ci_labels).map(|number| (BUILD_NUMBER, number));
        let url = ci::build_url(&var).filter(|_| self.ci_labels).map(|url| (BUILD_URL, url));
        let own = [revision, number, url].into_iter().flatten().map(|(name, value)| (name.to_owned(), value));
        own.chain(self.labels.iter().chain(&image.labels).cloned()).collect()
    }
}

/// `strays`: files of the build context that are in no commit.
pub(super) fn say_what_the_tag_means(job: &mut Job, reference: &str, repo: &Repo, strays: &[String]) {
    let tag = reference.rsplit(':').next().unwrap_or_default();
    match (&repo.head, strays) {
        (None, _) => {
            job.notes.push(format!("{reference}: without a commit, any build can replace this tag"));
            job.because("no commit to tag it with");
        }
        (Some(_), []) if !repo.dirty => drop(job.because("tagged with the commit")),
        (Some(_), []) => {
            job.notes.push(format!("the work tree differs from the commit, so the tag is {tag}"));
            job.because("tagged with the commit, and marked because the work tree differs from it");
        }
        (Some(_), [first, others @ ..]) => {
            let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
            job.notes.push(format!(
                "{first}{more} in its build context: in no commit, so the tag is {tag}; commit it, or name it in .gitignore or .dockerignore"
            ));
            job.because(
                "tagged with the commit, and marked because files of its build context are in no commit",
            );
        }
    }
}
