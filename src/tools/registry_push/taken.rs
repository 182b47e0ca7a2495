//! A tag that another image has: what to say of it, and what to do. Another build of this commit is a good image, which nobody
//! should remove.

use crate::model::finding::{Category, Finding};
use crate::model::severity::Severity;
use crate::scan::procedure::StepContext;
use crate::tools::registry::access::Access;
use crate::tools::registry::held::Names;

use super::push::Push;
use super::report::Tag;

impl Push {
    /// Notes on a tag whether what lies under it is another build of this commit. Without an answer nobody says so.
    pub(super) async fn recognise(
        &self,
        context: &mut dyn StepContext,
        access: &mut Access<'_>,
        tag: &mut Tag,
    ) {
        let (Some(commit), Some(held)) = (&self.commit, tag.now.as_ref().or(tag.before.as_ref())) else {
            return;
        };
        if matches!(access.is_of_commit(context, held, commit).await, Ok(true)) {
            tag.another_build = Some(format!("{}/{}", access.registry.written(), self.repository));
        }
    }

    /// The registry keeps a tag from being moved: another run has pushed at the same time. Whether it has pushed this very image.
    pub(super) async fn is_kept(
        &self,
        context: &mut dyn StepContext,
        access: &mut Access<'_>,
        tag: &mut Tag,
        names: &Names,
        words: String,
    ) -> bool {
        if let Ok(Some(held)) = access.holds(context, &tag.tag).await {
            tag.before = Some(held);
            if tag.is_there(names) {
                tag.now.clone_from(&tag.before);
                return true;
            }
            self.recognise(context, access, tag).await;
        }
        tag.immutable = Some(words);
        false
    }
}

impl Tag {
    /// What it is that lies there.
    pub(super) fn whose(&self) -> &'static str {
        match self.another_build {
            Some(_) => "another build of this commit",
            None => "another image",
        }
    }

    /// What to do about an image that came to light after the push.
    pub(super) fn advice(&self) -> String {
        match (&self.another_build, &self.removal) {
            (Some(repository), _) => format!(
                "; another run of this commit has pushed at the same time: deliver its image with {}",
                fetch(repository)
            ),
            (None, Some(how)) => format!("; remove it: {how}"),
            (None, None) => String::new(),
        }
    }
}

/// The key that has the next run take the image.
fn fetch(repository: &str) -> String {
    format!("`fetch = \"{repository}\"` for this image in its docker-build gate, and run again")
}

/// The finding of a tag that another image has, or that the registry does not move. `saw`: the image that the gates saw.
pub(super) fn taken(repository: &str, tag: &Tag, by_another: bool, saw: &str) -> Option<Finding> {
    let name = format!("{repository}:{}", tag.tag);
    let message = match (&tag.immutable, &tag.before) {
        (Some(words), _) => words.clone(),
        (None, Some(held)) if by_another => format!(
            "the registry holds {} ({}), the gates saw {saw}; nothing was pushed",
            held.id(),
            held.digest
        ),
        _ => return None,
    };
    let title = format!("{} lies under {name}", tag.whose());
    let mut finding = Finding::new("immutable-tag", Category::Misconfiguration, Severity::High, title);
    finding.message = message.into();
    let removal = tag.removal.as_ref().filter(|_| !tag.moving);
    let first = match (&tag.another_build, removal) {
        (Some(repository), _) => format!("deliver the image that is there: {}; or ", fetch(repository)),
        (None, Some(how)) => format!("if a push that went wrong left it there, remove it: {how}; or "),
        (None, None) => String::new(),
    };
    finding.fix = Some(
        format!(
            "{first}push under another tag; put tags that may move in `moving_tags`, in a repository that allows it"
        )
        .into(),
    );
    finding.image = Some(saw.into());
    Some(finding)
}
