//! Tags that move: the manifest that lies under the tag of this run, read and proved, is written under them byte by byte. The
//! engine has no part in it: between `docker tag` and `docker push`, somebody else could give its name to another image.

use crate::scan::procedure::{Failure, StepContext};
use crate::tools::registry::access::{Access, Put};

use super::push::Push;
use super::report::Report;

/// A manifest or an index as the registry holds it.
pub(super) struct Manifest {
    pub media_type: String,
    pub text: String,
}

impl Push {
    /// Moves every tag of this push that is not there yet.
    pub(super) async fn move_tags(
        &self,
        context: &mut dyn StepContext,
        access: &mut Access<'_>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let names = &report.names;
        let mut own = None;
        for tag in &mut report.tags {
            if tag.is_there(names) {
                tag.now = tag.before.clone();
                continue;
            }
            let (digest, manifest) = match &mut own {
                Some(own) => own,
                none => {
                    let other = || {
                        let name = format!("{}:{}", report.repository, self.own_tag);
                        Failure::Unproven(format!(
                            "nothing moved: {name} is not the image that the gates saw"
                        ))
                    };
                    let held = access.holds(context, &self.own_tag).await?.ok_or_else(other)?;
                    // In an index with images of other platforms it is only one of them.
                    let digest = names.digest_in(&held).ok_or_else(other)?.to_owned();
                    let manifest = self.manifest_of(context, access, &digest).await?.ok_or_else(other)?;
                    none.insert((digest, manifest))
                }
            };
            context.tell(format!("moving {}:{}", report.repository, tag.tag));
            match access.put(context, &tag.tag, &manifest.media_type, &manifest.text).await? {
                Put::Done => tag.pushed = Some(digest.clone()),
                Put::Immutable(words) => {
                    tag.immutable = Some(words);
                    return Ok(());
                }
            }
            tag.now = access.holds(context, &tag.tag).await?;
        }
        Ok(())
    }

    /// What the registry holds, by its digest: a tag may mean another image by now.
    pub(super) async fn manifest_of(
        &self,
        context: &mut dyn StepContext,
        access: &mut Access<'_>,
        digest: &str,
    ) -> Result<Option<Manifest>, Failure> {
        let Some((bytes, held)) = access.manifest(context, digest).await? else { return Ok(None) };
        let text = String::from_utf8(bytes).ok().filter(|_| held.digest == digest);
        Ok(text.map(|text| Manifest { media_type: held.media_type, text }))
    }
}
