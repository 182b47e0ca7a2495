//! The report of a push for several platforms, and what it proves.

use serde::{Deserialize, Serialize};

use crate::model::scope::{Scope, Unit};
use crate::scan::parsed::{Parsed, ReportError};
use crate::text::shared::Text;

use crate::tools::registry::address::is_digest;
use crate::tools::registry::held::{Held, Names};

use super::index::holds_exactly;
use super::report::{Tag, outputs};
use super::taken::taken;

/// The result for one image of several platforms.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct IndexReport {
    pub portcullis_version: String,
    /// The name of all platforms together: `notes-backend:3f2a91c`.
    pub image: String,
    /// `unscanned = true`: no gate has to look at it first.
    pub unscanned: bool,
    /// `HOST/NAME`
    pub repository: String,
    pub platforms: Vec<PartReport>,
    /// The digest of the index that was made of the manifests of what the gates saw. Absent: there was one already.
    pub index: Option<String>,
    pub tags: Vec<Tag>,
}

/// The result for one platform.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PartReport {
    /// `linux/arm64`
    pub platform: String,
    /// Its name on this machine.
    pub image: String,
    #[serde(flatten)]
    pub names: Names,
    /// The gates that scanned it for vulnerabilities.
    pub seen_by: Vec<Text>,
    /// Its own tag, if it was looked at.
    pub tag: Option<Tag>,
}

impl IndexReport {
    /// Whether this is an index of the images that the gates saw, and of no other.
    pub(super) fn is_index(&self, held: &Held) -> bool {
        holds_exactly(held, self.platforms.iter().map(|part| (part.platform.as_str(), &part.names)))
    }

    pub(super) fn is_taken_by_another(&self, tag: &Tag) -> bool {
        !tag.moving && tag.before.as_ref().is_some_and(|held| !self.is_index(held))
    }

    /// Something else lies under it after the push.
    pub(super) fn is_strange(&self, tag: &Tag) -> bool {
        tag.now.as_ref().is_some_and(|held| !self.is_index(held))
    }

    /// Another image has one of the tags that stay.
    pub(super) fn is_taken(&self) -> bool {
        let part = |part: &PartReport| part.tag.as_ref().is_some_and(|tag| tag.is_taken(&part.names));
        self.tags.iter().any(|tag| self.is_taken_by_another(tag)) || self.platforms.iter().any(part)
    }

    /// Leaves alone what is there already. A tag that moves follows the one that stays.
    pub(super) fn settle(&mut self) {
        let there: Vec<bool> = self
            .tags
            .iter()
            .map(|tag| !tag.moving && tag.before.as_ref().is_some_and(|held| self.is_index(held)))
            .collect();
        for (tag, _) in self.tags.iter_mut().zip(there).filter(|(_, there)| *there) {
            tag.now = tag.before.clone();
        }
    }

    /// What it proves. If another image has one of the tags, that is a finding.
    pub(super) fn assess(self) -> Result<Parsed, ReportError> {
        let no = |why: String| Err(ReportError::ToolError(why));
        let own = self.platforms.iter().map(|part| part.names.id.as_str());
        let tags = self.platforms.iter().filter_map(|part| part.tag.as_ref()).chain(&self.tags);
        let pushed = tags.clone().filter_map(|tag| tag.pushed.as_deref()).chain(self.index.as_deref());
        let held = tags.flat_map(|tag| tag.before.iter().chain(&tag.now)).map(|held| held.digest.as_str());
        if let Some(digest) = own.chain(pushed).chain(held).find(|digest| !is_digest(digest)) {
            return no(format!("{digest:?} is not a digest"));
        }
        if self.platforms.is_empty() {
            return no("it names no platform".to_owned());
        }
        if let Some(part) = self.platforms.iter().find(|part| part.seen_by.is_empty() && !self.unscanned) {
            return no(format!("no gate has proved that it looked at {}", part.image));
        }
        let Some(first) = self.tags.first() else { return no("it names no tag".to_owned()) };
        let images = self.platforms.len() as u64;
        let mut parsed = Parsed { scope: Scope::of(Unit::Images, images), ..Parsed::default() };
        let of_parts = self.platforms.iter().filter_map(|part| {
            let tag = part.tag.as_ref()?;
            taken(&self.repository, tag, tag.is_taken(&part.names), &part.names.id)
        });
        let ids: Vec<&str> = self.platforms.iter().map(|part| part.names.id.as_str()).collect();
        let saw = ids.join(" and ");
        let of_tags = self
            .tags
            .iter()
            .filter_map(|tag| taken(&self.repository, tag, self.is_taken_by_another(tag), &saw));
        parsed.findings = of_parts.chain(of_tags).collect();
        if !parsed.findings.is_empty() {
            return Ok(parsed);
        }
        for tag in &self.tags {
            match self.proof_of(tag) {
                Ok(proof) => parsed.proof.push(proof),
                Err(why) => return no(why),
            }
        }
        for PartReport { platform, names, seen_by, .. } in &self.platforms {
            let by = match &seen_by[..] {
                [] => "no gate has".to_owned(),
                by => format!("{} has", by.join(" and ")),
            };
            parsed.proof.push(format!("it names {} for {platform}, which {by} looked at", names.id));
        }
        if !first.moving {
            let digest = first.now.as_ref().map(|held| held.digest.clone()).unwrap_or_default();
            parsed.outputs = outputs(&self.repository, digest, &first.tag);
        }
        Ok(parsed)
    }

    /// Proof that the registry holds the index under a tag, or why there is no proof.
    fn proof_of(&self, tag: &Tag) -> Result<String, String> {
        let name = format!("{}:{}", self.repository, tag.tag);
        let Some(now) = &tag.now else { return Err(format!("nothing shows that {name} is in the registry")) };
        if !self.is_index(now) {
            let whose = if tag.another_build.is_some() { " another build of this commit and" } else { "" };
            return Err(format!(
                "{name} is {}, which is{whose} not the index of what the gates saw{}",
                now.digest,
                tag.advice()
            ));
        }
        let came = match (&tag.pushed, &tag.before) {
            (Some(pushed), _) if Some(pushed) != self.index.as_ref() || *pushed != now.digest => {
                return Err(format!(
                    "the index of what the gates saw is {}, but the registry holds {} under {name}",
                    self.index.as_deref().unwrap_or("unknown"),
                    now.digest
                ));
            }
            (Some(_), Some(before)) => format!("pushed; it was {}", before.digest),
            (Some(_), None) => "pushed".to_owned(),
            (None, Some(before)) if before == now => "already there".to_owned(),
            (None, _) => return Err(format!("nothing shows that {name} was pushed")),
        };
        Ok(format!("{name} is the index {} ({came})", now.digest))
    }
}
