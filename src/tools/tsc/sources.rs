//! Which sources a project of TypeScript is held to: those in its folder that no other project has. What tsc lists is read; what its
//! lists leave out is named with the list.

use std::collections::{BTreeMap, HashSet};

use crate::inputs::{Picked, Selection, TsProject};
use crate::model::input::{InputKind, Language};
use crate::scan::survey::{Judge, Survey, Unnamed};

/// Sources, and files that have some in them.
pub(super) const KINDS: [InputKind; 4] = [
    InputKind::Source(Language::TypeScript),
    InputKind::Source(Language::Vue),
    InputKind::Source(Language::Svelte),
    InputKind::Source(Language::Astro),
];

const VUE: InputKind = InputKind::Source(Language::Vue);

/// The largest component that is read: its script may come last.
const LARGEST: u64 = 1 << 20;

/// Says what became of the sources that tsc does not list. `projects` are the project files of a gate, from the top.
pub(super) fn judge<'a>(projects: &[String], survey: &'a Survey<'a>) -> Judge<'a> {
    let graph = survey.inputs.typescript();
    let all: BTreeMap<&str, &TsProject> =
        graph.iter().map(|project| (project.path.as_str(), project)).collect();
    let selection = |path: &String| all.get(path.as_str()).map(|project| Selection::of(project, &all));
    let own: BTreeMap<String, Option<Selection>> =
        projects.iter().map(|path| (folder_of(path).to_owned(), selection(path))).collect();
    let others = survey.checked_projects.iter().filter(|path| !projects.contains(path));
    let others: Vec<Selection> = others.filter_map(selection).collect();
    let is_project = |project: &&TsProject| !project.is_base();
    let mut owners: HashSet<String> =
        graph.iter().filter(is_project).map(|project| folder_of(&project.path).to_owned()).collect();
    owners.extend(own.keys().cloned());
    let is_read = survey.args.iter().any(|word| word.rsplit('/').next() == Some("vue-tsc"));
    Box::new(move |kind, path| {
        let owner = folders(path).find(|folder| owners.contains(*folder));
        let Some(selection) = owner.and_then(|owner| own.get(owner)) else { return Unnamed::Elsewhere };
        if others.iter().any(|other| other.reaches(path) && other.picks(path) == Picked::Taken) {
            return Unnamed::Elsewhere;
        }
        let compiler = compiler(kind);
        if kind == InputKind::Source(Language::Angular) {
            // It is listed, so it belongs to the project.
            let why = "tsc does not check the template of its component; a gate of `command` with ngc does";
            return Unnamed::Gap(Some(why.into()));
        }
        let picked = selection.as_ref().map_or(Picked::Unsure, |lists| match compiler {
            None => lists.picks(path),
            // `include` often has only the endings that tsc knows: the components are imported.
            Some(_) => lists.picks_as(path, &["ts", "tsx"]),
        });
        match (picked, compiler) {
            (Picked::LeftOut { key, of }, _) => Unnamed::Excluded(format!("by `{key}` of {of}").into()),
            (Picked::Taken | Picked::Unsure, None) => {
                Unnamed::Unlisted("by its project, whose list does not have it".into())
            }
            (Picked::Taken | Picked::Unsure, Some(_)) if !has_typescript(kind, path, survey) => {
                Unnamed::Excluded("because it has no TypeScript".into())
            }
            (Picked::Taken | Picked::Unsure, Some(other)) => {
                let of_list = selection.as_ref().map(|lists| lists.picks(path));
                Unnamed::Gap(Some(match of_list.filter(|_| is_read && kind == VUE) {
                    Some(Picked::LeftOut { key, of }) => format!(
                        "`{key}` of {of} names no .vue file, and no source that it takes in imports this one"
                    )
                    .into(),
                    Some(_) => "vue-tsc does not list it".into(),
                    None => format!("tsc checks no such file; {other} does").into(),
                }))
            }
        }
    })
}

/// Whether a project surely takes in no source, so that tsc ends with an error (TS18003; `canJsonReportNoInputFiles` in TypeScript's
/// `src/compiler/commandLineParser.ts`). Sources of JavaScript may count (`allowJs`).
pub(super) fn takes_nothing(project: &TsProject, survey: &Survey<'_>) -> bool {
    if project.files.is_some() || !project.references.is_empty() {
        return false;
    }
    let graph = survey.inputs.typescript().iter();
    let selection = Selection::of(project, &graph.map(|one| (one.path.as_str(), one)).collect());
    let is_source = |kind| KINDS.contains(&kind) || kind == InputKind::Source(Language::JavaScript);
    // Nearly always there is one below its folder.
    let files = survey.inputs.files();
    let mut all = files.below(project.folder()).chain(files.iter());
    !all.any(|file| {
        let path = file.path();
        file.kinds().iter().any(is_source)
            && selection.reaches(&path)
            && !matches!(selection.picks_as(&path, &["ts"]), Picked::LeftOut { .. })
    })
}

/// What checks a file that tsc can't read, in words.
fn compiler(kind: InputKind) -> Option<&'static str> {
    match kind {
        InputKind::Source(Language::Vue) => Some("`program = \"vue-tsc\"`"),
        InputKind::Source(Language::Svelte) => Some("a gate of `command` with svelte-check"),
        InputKind::Source(Language::Astro) => Some("a gate of `command` with `astro check`"),
        _ => None,
    }
}

/// Whether a component has TypeScript in it. One that can't be read may have.
pub(super) fn has_typescript(kind: InputKind, path: &str, survey: &Survey<'_>) -> bool {
    if kind == InputKind::Source(Language::Astro) {
        return true;
    }
    survey.inputs.whole(path, LARGEST).is_none_or(|text| names_typescript(&text))
}

/// Whether an attribute says so: `lang="ts"`, `LANG = tsx`, `type="text/typescript"`.
fn names_typescript(text: &str) -> bool {
    const MARKS: [(&str, &[&str]); 2] =
        [("lang", &["ts", "tsx", "typescript"]), ("type", &["text/typescript", "application/typescript"])];
    let text = text.to_ascii_lowercase();
    MARKS.iter().any(|(name, words)| {
        text.match_indices(name).any(|(at, _)| {
            let Some(value) = text[at + name.len()..].trim_start().strip_prefix('=') else { return false };
            let value = value.trim_start().trim_start_matches(['"', '\'']).trim_start();
            let end = |rest: &str| rest.starts_with(|c: char| "\"'>/".contains(c) || c.is_whitespace());
            words.iter().any(|word| value.strip_prefix(word).is_some_and(end))
        })
    })
}

/// The folders that hold a path, the nearest first; `.` is the top.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').map(|(end, _)| &path[..end]).chain(["."])
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::inputs::Inputs;
    use crate::system::git::Repo;

    use super::*;

    /// What became of each file that a gate of these projects does not list.
    fn fates(files: &[(&str, &str)], projects: &[&str], checked: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        for (path, text) in files {
            fs::create_dir_all(top.join(path).parent().unwrap()).unwrap();
            fs::write(top.join(path), text).unwrap();
        }
        let inputs = Inputs::outside_git(Path::new(&top));
        let repo = Repo { root: top.clone(), base: top, ..Repo::default() };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (projects, checked) = (names(projects), names(checked));
        let survey = Survey { repo: &repo, inputs: &inputs, checked_projects: &checked, args: &[] };
        let judge = judge(&projects, &survey);
        let sources = inputs.files().iter().filter_map(|file| {
            let kind = KINDS.into_iter().find(|kind| file.kinds().has(*kind))?;
            Some((kind, file.path().into_owned()))
        });
        sources
            .map(|(kind, path)| match judge(kind, &path) {
                Unnamed::Gap(why) => format!("{path}: gap, {}", why.unwrap_or_default()),
                Unnamed::Excluded(why) | Unnamed::Unlisted(why) => format!("{path}: left out {why}"),
                Unnamed::Empty(why) => format!("{path}: {why}"),
                Unnamed::Elsewhere => format!("{path}: elsewhere"),
            })
            .collect()
    }

    #[test]
    fn what_a_list_leaves_out_is_named_with_the_list() {
        let files = [
            ("tsconfig.json", r#"{"include": ["src"], "exclude": ["src/old"]}"#),
            ("src/a.ts", ""),
            ("src/old/b.ts", ""),
            ("vite.config.ts", ""),
            ("packages/one/tsconfig.json", "{}"),
            ("packages/one/c.ts", ""),
        ];
        assert_eq!(
            fates(&files, &["tsconfig.json"], &[]),
            [
                "packages/one/c.ts: elsewhere",
                "src/a.ts: left out by its project, whose list does not have it",
                "src/old/b.ts: left out by `exclude` of tsconfig.json",
                "vite.config.ts: left out by `include` of tsconfig.json",
            ]
        );
    }

    #[test]
    fn what_another_project_of_the_folder_has_is_not_asked_for() {
        let files = [
            ("tsconfig.app.json", r#"{"include": ["src"]}"#),
            ("tsconfig.node.json", r#"{"include": ["vite.config.ts"]}"#),
            ("vite.config.ts", ""),
            ("other.config.ts", ""),
        ];
        let both = ["tsconfig.app.json", "tsconfig.node.json"];
        assert_eq!(
            fates(&files, &both[..1], &both),
            ["other.config.ts: left out by `include` of tsconfig.app.json", "vite.config.ts: elsewhere"]
        );
    }

    #[test]
    fn components_with_typescript_are_a_gap_of_tsc() {
        let template = "<p class=\"a\">words</p>\n".repeat(10_000);
        let long = format!("<template>{template}</template><script lang=\"ts\"></script>");
        let files = [
            ("tsconfig.json", r#"{"include": ["src/**/*.ts"]}"#),
            ("src/App.vue", "<script setup lang=\"ts\">\n</script>"),
            ("src/Old.vue", "<script>\n</script><style lang=\"scss\"></style>"),
            ("src/Page.svelte", "<script lang='ts'></script>"),
            ("src/Long.vue", &long),
            ("src/Space.vue", "<script setup lang = \"ts\">"),
            ("src/Upper.vue", "<script\nLANG=ts>"),
            ("src/Type.svelte", "<script type=\"text/typescript\">"),
            ("src/Plain.svelte", "<script type=\"module\">const language = 'ts'</script>"),
            ("docs/Home.vue", "<script lang=\"ts\">"),
            ("src/Index.astro", "---\n---\n"),
        ];
        assert_eq!(
            fates(&files, &["tsconfig.json"], &["tsconfig.json"]),
            [
                "docs/Home.vue: left out by `include` of tsconfig.json",
                "src/App.vue: gap, tsc checks no such file; `program = \"vue-tsc\"` does",
                "src/Index.astro: gap, tsc checks no such file; a gate of `command` with `astro check` does",
                "src/Long.vue: gap, tsc checks no such file; `program = \"vue-tsc\"` does",
                "src/Old.vue: left out because it has no TypeScript",
                "src/Page.svelte: gap, tsc checks no such file; a gate of `command` with svelte-check does",
                "src/Plain.svelte: left out because it has no TypeScript",
                "src/Space.vue: gap, tsc checks no such file; `program = \"vue-tsc\"` does",
                "src/Type.svelte: gap, tsc checks no such file; a gate of `command` with svelte-check does",
                "src/Upper.vue: gap, tsc checks no such file; `program = \"vue-tsc\"` does",
            ]
        );
    }
}
