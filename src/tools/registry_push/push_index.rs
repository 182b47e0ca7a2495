//! The steps of a push for several platforms: check that each is the scanned image, push each, then the index that names them.

use crate::scan::gate_outputs::{BUILDER, BUILT_FOR};
use crate::scan::procedure::{Failure, StepContext};

use crate::tools::registry::access::{Access, Put};
use crate::tools::registry::held::Held;

use super::engine::{Engine, Pushed};
use super::index::{Entry, index};
use super::index_report::{IndexReport, PartReport};
use super::move_tags::Manifest;
use super::push::Push;
use super::report::Tag;

impl Push {
    pub(super) async fn push_index(
        &self,
        context: &mut dyn StepContext,
        engine: &mut Engine,
        report: &mut Option<IndexReport>,
    ) -> Result<(), Failure> {
        // All of them first: nothing is pushed if one is not proved.
        let mut platforms = Vec::new();
        for part in &self.parts {
            let (names, seen_by) = self.seen(context, engine, &part.image).await?;
            let platform = part.platform.to_string();
            built_for(context, &part.image, &platform)?;
            platforms.push(PartReport { platform, image: part.image.clone(), names, seen_by, tag: None });
        }
        let registry = self.registry(context).await?;
        let mut access = self.sign_in(context, engine, &registry).await?;
        let report = report.insert(IndexReport {
            portcullis_version: env!("CARGO_PKG_VERSION").to_owned(),
            image: self.image.clone(),
            unscanned: self.unscanned,
            repository: format!("{}/{}", registry.host, self.repository),
            platforms,
            index: None,
            tags: Vec::new(),
        });
        for (tag, moving) in &self.tags {
            let before = access.holds(context, tag).await?;
            let removal = registry.removal(&self.repository, tag);
            report.tags.push(Tag::new(tag, *moving, before, removal));
        }
        if report.is_taken() {
            self.recognise_all(context, &mut access, report).await;
            return Ok(());
        }
        report.settle();
        if report.tags.iter().all(|tag| tag.now.is_some()) {
            return Ok(());
        }
        let pushed = match self.moves() {
            true => Some(self.index_there(context, &mut access, report).await?),
            false => self.push_parts(context, engine, &mut access, report).await?,
        };
        let Some(Manifest { media_type, text }) = pushed else { return Ok(()) };
        let made = Held::read(text.as_bytes()).map_err(Failure::Unproven)?;
        report.index = Some(made.digest.clone());
        for tag in &mut report.tags {
            if tag.now.is_some() {
                continue;
            }
            if tag.before.as_ref().is_some_and(|before| before.digest == made.digest) {
                tag.now = tag.before.clone();
                continue;
            }
            context.tell(format!("pushing the index {}:{}", report.repository, tag.tag));
            match access.put(context, &tag.tag, &media_type, &text).await? {
                Put::Done => tag.pushed = Some(made.digest.clone()),
                Put::Immutable(words) => {
                    tag.immutable = Some(words);
                    return Ok(());
                }
            }
            tag.now = access.holds(context, &tag.tag).await?;
        }
        let strange: Vec<bool> = report.tags.iter().map(|tag| report.is_strange(tag)).collect();
        for (tag, _) in report.tags.iter_mut().zip(strange).filter(|(_, strange)| *strange) {
            self.recognise(context, &mut access, tag).await;
        }
        Ok(())
    }

    /// Says of each tag that another image has whether that is another build of this commit.
    async fn recognise_all(
        &self,
        context: &mut dyn StepContext,
        access: &mut Access<'_>,
        report: &mut IndexReport,
    ) {
        let taken: Vec<bool> = report.tags.iter().map(|tag| report.is_taken_by_another(tag)).collect();
        for (tag, _) in report.tags.iter_mut().zip(taken).filter(|(_, taken)| *taken) {
            self.recognise(context, access, tag).await;
        }
        for part in &mut report.platforms {
            if let Some(tag) = part.tag.as_mut().filter(|tag| tag.is_taken(&part.names)) {
                self.recognise(context, access, tag).await;
            }
        }
    }

    /// Pushes the image of each platform under a tag of its own, and makes the index of what the registry then holds. `None`: another image
    /// has one of these tags.
    async fn push_parts(
        &self,
        context: &mut dyn StepContext,
        engine: &Engine,
        access: &mut Access<'_>,
        report: &mut IndexReport,
    ) -> Result<Option<Manifest>, Failure> {
        for (part, shown) in self.parts.iter().zip(&mut report.platforms) {
            let tag = format!("{}-{}", self.own_tag, part.platform.tag());
            let before = access.holds(context, &tag).await?;
            let removal = access.registry.removal(&self.repository, &tag);
            shown.tag = Some(Tag::new(&tag, false, before, removal));
        }
        if report.is_taken() {
            self.recognise_all(context, access, report).await;
            return Ok(None);
        }
        let mut entries = Vec::new();
        for (part, shown) in self.parts.iter().zip(&mut report.platforms) {
            let Some(tag) = &mut shown.tag else { continue };
            let name = format!("{}:{}", report.repository, tag.tag);
            if tag.is_there(&shown.names) {
                tag.now = tag.before.clone();
            } else {
                context.tell(format!("pushing {name}"));
                match engine.push(context, &shown.names.id, access.registry, &name).await? {
                    Pushed::Digest(digest) => tag.pushed = Some(digest),
                    Pushed::Immutable(words) => {
                        if !self.is_kept(context, access, tag, &shown.names, words).await {
                            return Ok(None);
                        }
                    }
                }
                if tag.now.is_none() {
                    tag.now = access.holds(context, &tag.tag).await?;
                }
            }
            let pushed = tag.pushed.as_ref();
            // Also where the registry does not say the digest of what it sends.
            let held = tag.now.as_ref().filter(|held| pushed.is_none_or(|pushed| *pushed == held.digest));
            let entry = held.and_then(|held| Entry::of(&shown.names, held, part.platform.clone()));
            entries.push(entry.ok_or_else(|| {
                let found = tag.now.as_ref();
                let found =
                    found.map_or("nothing".to_owned(), |held| format!("{} ({})", held.id(), held.digest));
                let pushed = pushed.map(|digest| format!(", pushed as {digest}")).unwrap_or_default();
                Failure::Unproven(format!(
                    "no index was pushed: {name} holds {found}, but the gates saw {}{pushed}",
                    shown.names.id
                ))
            })?);
        }
        let (media_type, text) = index(&entries);
        Ok(Some(Manifest { media_type: media_type.to_owned(), text }))
    }

    /// The index that this run has pushed under a tag that stays, byte by byte.
    async fn index_there(
        &self,
        context: &mut dyn StepContext,
        access: &mut Access<'_>,
        report: &IndexReport,
    ) -> Result<Manifest, Failure> {
        let name = format!("{}:{}", report.repository, self.own_tag);
        let other =
            || Failure::Unproven(format!("nothing moved: {name} is not the index of what the gates saw"));
        let held = access.holds(context, &self.own_tag).await?.filter(|held| report.is_index(held));
        let held = held.ok_or_else(other)?;
        self.manifest_of(context, access, &held.digest).await?.ok_or_else(other)
    }
}

/// Compares the platform that the index will name with the one that the build proved.
fn built_for(context: &dyn StepContext, image: &str, platform: &str) -> Result<(), Failure> {
    let mut builds = context.gate_outputs().of_tool(BUILDER);
    let built = builds.find(|(_, target)| target.image.as_deref() == Some(image));
    match built.and_then(|(_, target)| target.outputs.get(BUILT_FOR)) {
        Some(proved) if proved == platform => Ok(()),
        _ => {
            Err(Failure::Unproven(format!("not pushed: no build has proved that {image} is for {platform}")))
        }
    }
}
