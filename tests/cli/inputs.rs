//! What `portcullis inputs` finds in a repository.
#![allow(clippy::unwrap_used, reason = "a document without its lists fails the test")]

mod bad_input;
mod builds;
pub(crate) mod shapes;

use serde_json::Value;

use crate::common::Project;

/// The document of `--json`.
fn document(project: &Project) -> Value {
    let ran = project.run(&["inputs", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stdout))
}

/// What the document lists, one line each, in order: as in `fixtures/inputs`.
fn lines(document: &Value) -> Vec<String> {
    let list = |key: &str| document[key].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let words = |value: &Value| value.as_array().unwrap().iter().map(text).collect::<Vec<_>>().join(" ");
    let mut lines = Vec::new();
    for input in list("inputs") {
        let standing = if input["standing"] == "ignored" { " ignored" } else { "" };
        let kinds = input["kinds"].as_array().unwrap();
        lines.extend(kinds.iter().map(|kind| format!("{} {}{standing}", text(kind), text(&input["path"]))));
    }
    for folder in list("terraform") {
        let role = if folder["root"] == true { "root" } else { "module" };
        lines.push(format!("{role} {}", text(&folder["folder"])));
    }
    for project in list("typescript") {
        let role = match (&project["solution"], &project["base"]) {
            (Value::Bool(true), _) => "solution",
            (_, Value::Bool(true)) => "base",
            _ => "project",
        };
        let mut line = format!("{role} {}", text(&project["path"]));
        let parts = [
            ("references", " -> "),
            ("extends", " extends="),
            ("extends_packages", " package="),
            ("missing", " missing="),
        ];
        for (key, before) in parts {
            let named = words(&project[key]);
            if !named.is_empty() {
                line.push_str(&format!("{before}{named}"));
            }
        }
        lines.push(line);
    }
    for image in list("images") {
        let target = image["target"].as_str().map(|target| format!(" target={target}")).unwrap_or_default();
        let [file, context, by] = ["dockerfile", "context", "named_by"].map(|key| text(&image[key]));
        lines.push(format!("image {file} in {context}{target} by {by}"));
    }
    for tests in list("tests") {
        let report = match (&tests["junit"], tests["report"].as_str()) {
            (Value::Bool(true), Some(report)) => format!(" junit={report}"),
            (Value::Bool(true), None) => " junit".to_owned(),
            _ => String::new(),
        };
        lines.push(format!("tests {} {}{report}", text(&tests["runner"]), text(&tests["config"])));
    }
    for manifest in list("without_lock") {
        lines.push(format!("unlocked {} {}", text(&manifest["manifest"]), text(&manifest["manager"])));
    }
    lines.extend(list("not_listed").iter().map(|folder| format!("not-listed {}", text(folder))));
    let troubles = list("troubles");
    lines.extend(
        troubles
            .iter()
            .map(|trouble| format!("trouble {} {}", text(&trouble["why"]), text(&trouble["path"]))),
    );
    lines.sort();
    lines
}
