//! Every registered tool has all that a tool must have: a row in the fault matrix, fixtures with expected counts, a section of the
//! documents, and its declarations. CONTRIBUTING.md, "Add a tool", says how to write each.

#![allow(clippy::unwrap_used, reason = "a test that can't read the repository has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use portcullis::keys::mistakes::Problems;
use portcullis::keys::table::Keys;
use portcullis::scan::declared::Declared;
use portcullis::scan::tool::{Tool, ToolSpec};
use portcullis::tools::TOOLS;
use serde_json::Value;

/// Tools that do their work in steps of their own: the test that is their row of the fault matrix.
const IN_STEPS: [(&str, &str, &str); 6] = [
    ("git-update", "tests/cli/git_update.rs", "a_remote_that_misbehaves_proves_nothing"),
    ("registry-push", "tests/faults/actions.rs", "no_fault_of_a_push_is_a_false_green"),
    ("ecr-push", "tests/faults/actions.rs", "no_fault_of_a_push_is_a_false_green"),
    ("ecs-task-definition", "tests/cli/ecs_task_definition.rs", "an_invalid_answer_proves_nothing"),
    ("codedeploy", "tests/cli/codedeploy.rs", "an_invalid_answer_proves_nothing"),
    ("smoke-test", "tests/cli/smoke_test.rs", "a_wrong_answer_and_no_answer_fail_after_the_last_try"),
];

#[test]
fn every_tool_has_all_that_a_tool_must_have() {
    let gaps: Vec<String> = TOOLS.iter().flat_map(|spec| gaps(spec)).collect();
    assert!(gaps.is_empty(), "{} gaps:\n{}", gaps.len(), gaps.join("\n"));
    let names: BTreeSet<&str> = TOOLS.iter().map(|spec| spec.name).collect();
    let sections: BTreeSet<&str> = TOOLS.iter().map(|spec| spec.docs).collect();
    assert_eq!(
        (names.len(), sections.len()),
        (TOOLS.len(), TOOLS.len()),
        "two tools share a name or a section"
    );
}

/// What a tool lacks.
fn gaps(spec: &ToolSpec) -> Vec<String> {
    let problems = Problems::default();
    let tool = (spec.configure)(&Keys::none(&problems));
    let mut gaps = declarations(spec, tool.as_ref());
    gaps.extend(fault_row(spec));
    gaps.extend(fixtures(spec, tool.as_ref()));
    gaps.extend(documents(spec, tool.as_ref()));
    gaps.into_iter().map(|gap| format!("{}: {gap}", spec.name)).collect()
}

fn declarations(spec: &ToolSpec, tool: &dyn Tool) -> Vec<String> {
    let mut gaps = Vec::new();
    let words = [("title", spec.title), ("stage", spec.stage), ("install", spec.install)];
    gaps.extend(words.iter().filter(|(_, words)| words.is_empty()).map(|(key, _)| format!("no `{key}`")));
    gaps.extend(undeclared("secret_fields", &spec.secret_fields));
    gaps.extend(undeclared("config_files", &spec.config_files));
    gaps.extend(undeclared("looks_for", &spec.looks_for));
    let looks_for_nothing = spec.looks_for.list().is_empty() && tool.also_looks_for().is_empty();
    if looks_for_nothing && !tool.acts() && tool.inventory_rules().is_none() {
        gaps.push("it looks for nothing, and is neither an action nor an inventory".to_owned());
    }
    if !tool.options().is_object() {
        gaps.push(
            "its options are no table: derive `Serialize` on a struct with a field for each key".to_owned(),
        );
    }
    gaps
}

/// Nothing takes a reason.
fn undeclared<T>(key: &str, declared: &Declared<T>) -> Option<String> {
    match declared {
        Declared::List([]) => {
            Some(format!("`{key}` is an empty list: write `Declared::None` with the reason"))
        }
        Declared::None(why) if why.trim().len() < 5 => Some(format!("`{key}` is nothing, without a reason")),
        _ => None,
    }
}

fn fault_row(spec: &ToolSpec) -> Option<String> {
    if let Some((_, file, test)) = IN_STEPS.iter().find(|(name, ..)| *name == spec.name) {
        let is_there = code(&path(file)).contains(&format!("#[test]\nfn {test}()"));
        return (!is_there)
            .then(|| format!("{file} has no test `{test}`, which is its row of the fault matrix"));
    }
    let beside_fixtures = format!("fixtures/{}/faults.json", spec.name);
    let gate = format!("\"tool = '{}'", spec.name);
    let rows = ["tests/faults/matrix/peculiar.rs", "tests/faults/matrix/sonarqube.rs"];
    let has_row =
        path(&beside_fixtures).exists() || rows.iter().any(|file| code(&path(file)).contains(&gate));
    (!has_row).then(|| format!("no row in the fault matrix: write {beside_fixtures}"))
}

/// Reports with expected counts: one that proves its work, one that does not, and one with findings if it looks for something.
fn fixtures(spec: &ToolSpec, tool: &dyn Tool) -> Vec<String> {
    let folder = path("fixtures").join(spec.name);
    let cases: Vec<Value> = files_below(&folder)
        .iter()
        .filter(|file| file.ends_with("expected.json"))
        .map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap())
        .collect();
    let looks = !spec.looks_for.list().is_empty() || !tool.also_looks_for().is_empty();
    let proved = |case: &&Value| case["outcome"] == "complete" && case["counts"].is_object();
    let found = |case: &Value| case["counts"].as_object().is_some_and(|counts| !counts.is_empty());
    [
        (cases.iter().any(|case| proved(&case)), "with the outcome `complete`, and counts"),
        (cases.iter().any(|case| case["outcome"] == "inconclusive"), "with the outcome `inconclusive`"),
        (!looks || cases.iter().filter(proved).any(found), "with findings"),
    ]
    .iter()
    .filter(|(is_there, _)| !is_there)
    .map(|(_, what)| format!("no case {what} below {}", folder.strip_prefix(path("")).unwrap().display()))
    .collect()
}

/// A section that shows a gate, and names each key and each configuration file.
fn documents(spec: &ToolSpec, tool: &dyn Tool) -> Vec<String> {
    let Some((file, anchor)) = spec.docs.split_once('#') else {
        return vec!["`docs` is no FILE#HEADING".to_owned()];
    };
    let Ok(page) = fs::read_to_string(path(file)) else { return vec![format!("there is no {file}")] };
    let Some(section) = section(&page, anchor) else {
        return vec![format!("{file} has no heading `{anchor}`")];
    };
    let mut gaps = Vec::new();
    if !section.contains(&format!("tool = \"{}\"", spec.name)) {
        gaps.push(format!("{} shows no gate with it", spec.docs));
    }
    let options = tool.options();
    let keys = options.as_object().into_iter().flat_map(|options| options.keys());
    let unnamed = keys.filter(|key| !section.contains(&format!("`{key}")));
    gaps.extend(unnamed.map(|key| format!("{} does not name the key `{key}`", spec.docs)));
    let files = spec.config_files.list().iter().filter(|file| !page.contains(file.name));
    gaps.extend(files.map(|config| format!("{file} does not name its configuration file {}", config.name)));
    gaps
}

/// What stands under a heading, up to the next one.
fn section<'p>(page: &'p str, anchor: &str) -> Option<&'p str> {
    let is_heading = |line: &str| line.starts_with('#');
    let mut lines = page.split_inclusive('\n').scan(0, |end, line| {
        *end += line.len();
        Some((*end, line))
    });
    let named = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-") == anchor;
    let (start, _) = lines.find(|(_, line)| is_heading(line) && named(line))?;
    // A `#` in a block of TOML is a comment.
    let mut fenced = false;
    let end = lines.find(|(_, line)| {
        fenced ^= line.starts_with("```");
        !fenced && is_heading(line)
    });
    Some(&page[start..end.map_or(page.len(), |(end, line)| end - line.len())])
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The lines of a Rust file that are no comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// The check can fail: each thing that a tool lacks is found.
#[test]
fn a_tool_that_lacks_something_is_found() {
    let whole = TOOLS.iter().find(|spec| spec.name == "eslint").unwrap();
    assert_eq!(gaps(whole), [""; 0]);
    let changed = |change: fn(&mut ToolSpec)| {
        let mut spec = ToolSpec { ..**whole };
        change(&mut spec);
        gaps(&spec)
    };
    for (change, gap) in [
        (
            (|spec| spec.secret_fields = Declared::List(&[])) as fn(&mut ToolSpec),
            "`secret_fields` is an empty list",
        ),
        (|spec| spec.config_files = Declared::None(""), "`config_files` is nothing, without a reason"),
        (|spec| spec.looks_for = Declared::None("it has its reasons"), "it looks for nothing"),
        (|spec| spec.install = "", "no `install`"),
        (|spec| spec.docs = "docs/configuration.md#nowhere", "has no heading `nowhere`"),
        (|spec| spec.docs = "docs/nowhere.md#eslint", "there is no docs/nowhere.md"),
        (|spec| spec.docs = "docs/configuration.md#tsc", "does not name the key `files`"),
        (|spec| spec.name = "nobody", "no row in the fault matrix"),
        (|spec| spec.name = "nobody", "no case with the outcome `complete`"),
        (|spec| spec.name = "nobody", "shows no gate with it"),
    ] {
        let gaps = changed(change);
        assert!(gaps.iter().any(|found| found.contains(gap)), "no \"{gap}\" in {gaps:#?}");
    }
}
