//! The location of a result. An `artifactLocation` may name a file by its index in `artifacts`, and its
//! URI may be relative to a named base.

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
    origin: &'a ReportOrigin,
    /// A cache: there are few bases, and many results name them.
    bases: RefCell<HashMap<&'a str, Base>>,
}

/// A named base as an absolute path, and the part of it that is relative.
#[derive(Clone, Default)]
struct Base {
    absolute: String,
    relative: String,
}

impl<'a> Places<'a> {
    pub(super) fn of(run: &'a Run, origin: &'a ReportOrigin) -> Self {
        Places { run, origin, bases: RefCell::default() }
    }

    /// The first location in a file that the result names.
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
            return Some(self.origin.relative(&path));
        }
        let Some(base) = location.uri_base_id.as_deref().map(|id| self.base(id)) else {
            return Some(self.origin.relative(&path));
        };
        // A base inside this repository is used as it is. Any other base is taken as the root of the same
        // repository on the machine that wrote the log, so paths below it are relative to our root.
        let full = format!("{}{path}", base.absolute);
        let inside = is_absolute(&full) && std::path::Path::new(&full).starts_with(&self.origin.root);
        Some(self.origin.relative(&if inside { full } else { format!("{}{path}", base.relative) }))
    }

    fn base(&self, id: &str) -> Base {
        // A base that the run does not define is ignored.
        let defined = self.run.original_uri_base_ids.as_ref().and_then(|bases| bases.get_key_value(id));
        let Some((id, _)) = defined else { return Base::default() };
        if let Some(known) = self.bases.borrow().get(id.as_str()) {
            return known.clone();
        }
        let base = self.resolve(id);
        self.bases.borrow_mut().insert(id, base.clone());
        base
    }

    /// Follows a base to the base that it is relative to, and so on. The limit ends a cycle.
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

/// What a result is about if it names no file: a function or a resource.
pub(super) fn logical(outcome: &Outcome) -> Option<Text> {
    let places = outcome.locations.iter().flatten();
    let names = places.flat_map(|place| place.logical_locations.iter().flatten());
    names
        .flat_map(|place| [&place.fully_qualified_name, &place.name])
        .flatten()
        .find(|name| !name.is_empty())
        .map(|name| Text::from(name.as_str()))
}
