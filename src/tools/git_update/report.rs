//! The report of an update, and what it proves.

use serde::{Deserialize, Serialize};

use crate::model::scope::{Scope, Unit};
use crate::scan::parsed::{Parsed, ReportError};

use super::files::Change;

pub(super) const WHAT: &str = "report of an update by git";

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub portcullis_version: String,
    pub branch: String,
    /// The commit that the branch had before.
    pub before: String,
    /// The commit that was made; absent: the files had these images already.
    pub made: Option<String>,
    /// The commit that the remote says the branch has at the end.
    pub now: Option<String>,
    pub files: Vec<Updated>,
}

/// One file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Updated {
    pub path: String,
    pub images: Vec<Change>,
}

impl Report {
    pub(super) fn assess(self) -> Result<Parsed, ReportError> {
        let no = |why: String| Err(ReportError::ToolError(why));
        let images: Vec<&Change> = self.files.iter().flat_map(|file| &file.images).collect();
        if self.files.is_empty() || self.files.iter().any(|file| file.images.is_empty()) {
            return no("it names no image in a file".to_owned());
        }
        if let Some(change) = images.iter().find(|change| !change.image.contains("@sha256:")) {
            return no(format!("{} is no image by digest", change.image));
        }
        let wanted = self.made.as_ref().unwrap_or(&self.before);
        let ids = [Some(&self.before), self.made.as_ref(), self.now.as_ref()];
        let is_id =
            |id: &&String| matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if let Some(id) = ids.into_iter().flatten().find(|id| !is_id(id)) {
            return no(format!("{id:?} is not the id of a commit"));
        }
        match &self.now {
            None => {
                return no(format!("nothing shows that the branch {} has the commit {wanted}", self.branch));
            }
            Some(now) if now != wanted => {
                return no(format!(
                    "the branch {} has the commit {now} at the end, not {wanted}",
                    self.branch
                ));
            }
            Some(_) => {}
        }
        let mut parsed =
            Parsed { scope: Scope::of(Unit::Files, self.files.len() as u64), ..Parsed::default() };
        parsed.proof.push(match &self.made {
            Some(made) => format!("the branch {} is at {made} (it was {})", self.branch, self.before),
            None => {
                format!("the branch {} is at {} and names these images already", self.branch, self.before)
            }
        });
        for file in &self.files {
            let each =
                file.images.iter().map(|change| format!("{} {} is {}", file.path, change.name, change.image));
            parsed.proof.extend(each);
        }
        parsed.outputs = [("commit", wanted.clone()), ("branch", self.branch.clone())]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        Ok(parsed)
    }
}
