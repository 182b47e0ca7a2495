//! Sources that a script has tsc check without a project: `tsc --noEmit src/a.ts`.

use std::collections::BTreeMap;

use crate::inputs::{NpmPackage, Projects};
use crate::model::input::Language;
use crate::scan::seen::{around, folder_of};
use crate::scan::suggestion::{Seen, Suggestion};

/// Names the sources of TypeScript that no project takes in, in packages with such a script.
pub(super) fn name(seen: &Seen, left_out: &mut Suggestion) {
    if seen.is_rest() {
        return;
    }
    let survey = seen.survey();
    let projects = Projects::of(survey.inputs.typescript(), |project| !project.is_base());
    let mut loose: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (_, path) in seen.sources_below(".", Language::TypeScript) {
        let is_no_source = [".d.ts", ".config."].iter().any(|mark| path.contains(mark));
        if is_no_source || projects.may_have(&path) {
            continue;
        }
        let Some(own) = seen.own(&path) else { continue };
        let package = around(folder_of(&own)).find_map(|folder| Some((folder, seen.package_in(folder)?)));
        let by = package.and_then(|(folder, package)| Some((folder.to_owned(), script(package)?)));
        if let Some(key) = by {
            *loose.entry(key).or_default() += 1;
        }
    }
    for ((folder, script), n) in loose {
        let what = format!("{n} TypeScript file{} in {folder}", if n == 1 { "" } else { "s" });
        let why = format!(
            "no tsconfig.json takes them in, only the script `{script}` names sources for tsc: write a tsconfig.json, or a gate of `command`"
        );
        left_out.leave_out(what, why);
    }
}

/// The script of a package that gives sources to tsc.
fn script(package: &NpmPackage) -> Option<String> {
    let is_source = |word: &String| word.ends_with(".ts") || word.ends_with(".tsx");
    let mut scripts = package.scripts.keys();
    let names_sources = |script: &&String| {
        let commands = package.commands(script);
        commands.iter().any(|command| {
            let mut words = command.words.iter();
            words.any(|word| word.rsplit('/').next() == Some("tsc")) && words.any(is_source)
        })
    };
    scripts.find(names_sources).cloned()
}
