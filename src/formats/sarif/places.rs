//! Where a result is: `artifactLocation`s, which may name a file by its place in `artifacts`, and
//! be relative to a named base.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::formats::uri::{Target, is_absolute, target};
use crate::model::finding::Location;
use crate::scan::report_origin::ReportOrigin;
use crate::text::shared::Text;

use super::model::{ArtifactLocation, Outcome, Run};

/// The paths of one run.
pub(super) struct Places<'a> {
    run: &'a Run,
    place: &'a ReportOrigin,
    /// Bases are few, and results that name them many.
    bases: RefCell<HashMap<&'a str, Base>>,
}

/// A named base: all of it, and the part that is relative.
#[derive(Clone, Default)]
struct Base {
    absolute: String,
    relative: String,
}

impl<'a> Places<'a> {
    pub(super) fn of(run: &'a Run, place: &'a ReportOrigin) -> Self {
        Places { run, place, bases: RefCell::default() }
    }

    /// The first place in a file that the result names.
    pub(super) fn location(&self, outcome: &Outcome) -> Option<Location> {
        outcome.locations.iter().flatten().find_map(|location| {
            let physical = location.physical_location.as_ref()?;
            let location = Location::file(self.path(physical.artifact_location.as_ref()?)?);
            let Some(region) = &physical.region else { return Some(location) };
            let positive = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
            Some(
                location
                    .lines(positive(region.start_line), positive(region.end_line))
                    .columns(positive(region.start_column), positive(region.end_column)),
            )
        })
    }

    fn path(&self, location: &ArtifactLocation) -> Option<Text> {
        let listed = || {
            let index = usize::try_from(location.index?).ok()?;
            self.run.artifacts.as_ref()?.get(index)?.location.as_ref()
        };
        let location = if location.uri.is_some() { location } else { listed()? };
        let uri = location.uri.as_deref()?;
        let Target::Path(path) = target(uri) else { return Some(Text::from(uri)) };
        if is_absolute(&path) {
            return Some(self.place.relative(&path));
        }
        let Some(base) = location.uri_base_id.as_deref().map(|id| self.base(id)) else {
            return Some(self.place.relative(&path));
        };
        // A base in this repository counts. Another one is the root of the same repository on the
        // machine that made the log: what is relative to it is relative here.
        let full = format!("{}{path}", base.absolute);
        let inside = is_absolute(&full) && std::path::Path::new(&full).starts_with(&self.place.root);
        Some(self.place.relative(&if inside { full } else { format!("{}{path}", base.relative) }))
    }

    fn base(&self, id: &str) -> Base {
        // One that the run does not tell of is no folder.
        let told = self.run.original_uri_base_ids.as_ref().and_then(|bases| bases.get_key_value(id));
        let Some((id, _)) = told else { return Base::default() };
        if let Some(known) = self.bases.borrow().get(id.as_str()) {
            return known.clone();
        }
        let base = self.resolve(id);
        self.bases.borrow_mut().insert(id, base.clone());
        base
    }

    /// Follows a base to the base that it is relative to, and so on; a circle ends somewhere.
    fn resolve(&self, id: &str) -> Base {
        const LONGEST: usize = 16;
        let mut base = Base::default();
        let mut id = Some(id);
        for _ in 0..LONGEST {
            let named = id.and_then(|id| self.run.original_uri_base_ids.as_ref()?.get(id));
            let Some(Target::Path(path)) = named.and_then(|named| named.uri.as_deref()).map(target) else {
                break;
            };
            let slash = if path.is_empty() || path.ends_with('/') { "" } else { "/" };
            base.absolute = format!("{path}{slash}{}", base.relative);
            if is_absolute(&path) {
                return base;
            }
            base.relative = base.absolute.clone();
            id = named.and_then(|named| named.uri_base_id.as_deref());
        }
        base
    }
}

/// What a result is about where it names no file: a function, a resource.
pub(super) fn logical(outcome: &Outcome) -> Option<Text> {
    let places = outcome.locations.iter().flatten();
    let names = places.flat_map(|place| place.logical_locations.iter().flatten());
    names
        .flat_map(|place| [&place.fully_qualified_name, &place.name])
        .flatten()
        .find(|name| !name.is_empty())
        .map(|name| Text::from(name.as_str()))
}
