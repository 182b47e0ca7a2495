//! The report of a push, and what it proves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::scope::{Scope, Unit};
use crate::scan::parsed::{Parsed, ReportError};
use crate::text::shared::Text;

use crate::tools::registry::address::is_digest;
use crate::tools::registry::held::{Held, Names};

use super::taken::taken;

pub(super) const WHAT: &str = "report of a push";

/// The result for one image.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub portcullis_version: String,
    /// Its name on this machine.
    pub image: String,
    /// The id that the earlier gates saw, and that it had when it was pushed.
    #[serde(flatten)]
    pub names: Names,
    /// The image that has its name on this machine by now, if that is another one.
    #[serde(default)]
    pub moved: Option<String>,
    /// The gates that scanned it for vulnerabilities.
    pub seen_by: Vec<Text>,
    /// `unscanned = true`: no gate has to look at it first.
    pub unscanned: bool,
    /// `HOST/NAME`
    pub repository: String,
    pub tags: Vec<Tag>,
}

/// The result for one tag.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Tag {
    pub tag: String,
    /// It may be moved from one image to another, like `latest`.
    pub moving: bool,
    /// What the registry held under it before.
    pub before: Option<Held>,
    /// The digest that the push reported.
    pub pushed: Option<String>,
    /// The registry did not allow the tag to move. Holds the registry's message.
    pub immutable: Option<String>,
    /// What the registry holds under it at the end.
    pub now: Option<Held>,
    /// How people remove what lies under it.
    #[serde(default)]
    pub removal: Option<String>,
    /// What lies under it is another build of this commit, in this repository, as gates.toml names it.
    #[serde(default)]
    pub another_build: Option<String>,
}

impl Tag {
    pub(super) fn new(tag: &str, moving: bool, before: Option<Held>, removal: String) -> Self {
        let removal = Some(removal);
        Self {
            tag: tag.to_owned(),
            moving,
            before,
            pushed: None,
            immutable: None,
            now: None,
            removal,
            another_build: None,
        }
    }

    /// The registry holds another image under it, and the tag must not move.
    pub(super) fn is_taken(&self, names: &Names) -> bool {
        !self.moving && self.before.as_ref().is_some_and(|held| !names.are_of(held))
    }

    /// The registry holds this image under it already.
    ///
    /// A tag that stays may name an index with images of other platforms beside it: what is passed on is the digest of this image.
    pub(super) fn is_there(&self, names: &Names) -> bool {
        self.before.as_ref().is_some_and(|held| match self.moving {
            true => names.are_all_of(held),
            false => names.are_of(held),
        })
    }
}

impl Report {
    /// What it proves. If another image has one of the tags, nothing was pushed: that is a finding.
    pub(super) fn assess(self) -> Result<Parsed, ReportError> {
        let no = |why: String| Err(ReportError::ToolError(why));
        let held = self.tags.iter().flat_map(|tag| tag.before.iter().chain(&tag.now));
        let mut digests: Vec<&str> = held.map(|held| &*held.digest).collect();
        digests.push(&self.names.id);
        digests.extend(self.tags.iter().filter_map(|tag| tag.pushed.as_deref()));
        if let Some(digest) = digests.into_iter().find(|digest| !is_digest(digest)) {
            return no(format!("{digest:?} is not a digest"));
        }
        if self.seen_by.is_empty() && !self.unscanned {
            return no(format!("no gate has proved that it looked at {}", self.image));
        }
        let Some(first) = self.tags.first() else { return no("it names no tag".to_owned()) };

        let mut parsed = Parsed { scope: Scope::of(Unit::Images, 1), ..Parsed::default() };
        parsed.image_id = Some(self.names.id.as_str().into());
        parsed.findings = self
            .tags
            .iter()
            .filter_map(|tag| taken(&self.repository, tag, tag.is_taken(&self.names), &self.names.id))
            .collect();
        if !parsed.findings.is_empty() {
            return Ok(parsed);
        }
        for tag in &self.tags {
            match self.proof_of(tag) {
                Ok(proof) => parsed.proof.push(proof),
                Err(why) => return no(why),
            }
        }
        let id = &self.names.id;
        parsed.proof.push(match &self.seen_by[..] {
            [] => format!("the registry holds {id}, which no gate has looked at"),
            by => format!("the registry holds {id}, which {} looked at", by.join(" and ")),
        });
        if let Some(moved) = &self.moved {
            parsed.proof.push(format!("pushed by its id: on this machine {} is {moved} by now", self.image));
        }
        if first.moving {
            // The part that moved tags: what is deployed has a tag that stays.
            return Ok(parsed);
        }
        // Not that of an index around it, which may name images that nobody has scanned.
        let digest = first.now.as_ref().and_then(|held| self.names.digest_in(held)).unwrap_or_default();
        let digest = digest.to_owned();
        parsed.outputs = outputs(&self.repository, digest, &first.tag);
        Ok(parsed)
    }

    /// Proof that the registry holds the image under a tag, or why there is no proof.
    fn proof_of(&self, tag: &Tag) -> Result<String, String> {
        let name = format!("{}:{}", self.repository, tag.tag);
        let Some(now) = &tag.now else { return Err(format!("nothing shows that {name} is in the registry")) };
        if !self.names.are_of(now) {
            return Err(format!(
                "{} lies under {name}: {} ({}), but the gates saw {}{}",
                tag.whose(),
                now.id(),
                now.digest,
                self.names.id,
                tag.advice()
            ));
        }
        let came = match (&tag.pushed, &tag.before) {
            (Some(pushed), _) if *pushed != now.digest => {
                return Err(format!(
                    "the push of {name} reported {pushed}, but the registry holds {}",
                    now.digest
                ));
            }
            (Some(_), Some(before)) => format!("pushed; it was {}", before.digest),
            (Some(_), None) => "pushed".to_owned(),
            (None, Some(before)) if before == now => "already there".to_owned(),
            (None, _) => return Err(format!("nothing shows that {name} was pushed")),
        };
        Ok(match self.names.digest_in(now) {
            Some(digest) if digest != now.digest => {
                format!("{name} is {}, an index that names {digest} ({came})", now.digest)
            }
            _ => format!("{name} is {} ({came})", now.digest),
        })
    }
}

/// What is passed on to later gates.
pub(super) fn outputs(repository: &str, digest: String, tag: &str) -> BTreeMap<String, String> {
    [
        ("image", format!("{repository}@{digest}")),
        ("digest", digest),
        ("tag", tag.to_owned()),
        ("repository", repository.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
