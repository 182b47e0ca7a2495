//! Charts of Helm.

use crate::inputs::files::Files;
use crate::model::input::{InputKind, KindSet};

/// What lies in `templates` of a chart is YAML only after Helm has filled it in.
pub(super) fn mark_templates(files: &mut Files) {
    let charts: Vec<String> = files
        .iter()
        .filter(|file| file.kinds().has(InputKind::Helm))
        .map(|file| file.folder().into_owned())
        .collect();
    for chart in charts {
        let templates = if chart == "." { "templates".to_owned() } else { format!("{chart}/templates") };
        let places: Vec<usize> = files
            .below(&templates)
            .filter(|file| {
                [".yaml", ".yml", ".json", ".tpl"].iter().any(|ending| file.name().ends_with(ending))
            })
            .map(|file| file.place())
            .collect();
        for place in places {
            if let Some(facts) = files.facts_mut(place) {
                facts.kinds = KindSet::of(InputKind::HelmTemplate);
            }
        }
    }
}
