//! The layers of `src/`: a module imports its own layer and those before it, nothing else.

#![allow(clippy::unwrap_used, reason = "a source file that can't be read fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

/// In this order; the table in `lib.rs` says what each is for.
const LAYERS: [&str; 14] = [
    "text", "redact", "system", "keys", "model", "policy", "inputs", "scan", "formats", "tools", "report",
    "config", "engine", "cli",
];

/// What a layer must not name: it is pure, or draws a record and nothing else.
const NOT_NAMED: [(&str, &[&str]); 3] = [
    ("model", &["std::fs", "std::process", "std::env", "system::process", "tokio"]),
    ("policy", &["std::fs", "std::process", "std::env", "system::process", "tokio"]),
    ("report", &["std::env"]),
];

/// Every fault of a file of `layer` with this text.
fn faults(layer: &str, text: &str) -> Vec<String> {
    let rank = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut faults = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let path = &code[at + "crate::".len()..];
        for branch in branches(path) {
            let end = |c: char| !c.is_alphanumeric() && c != '_';
            let name = branch.trim_start().split(end).next().unwrap_or_default();
            if rank(name) > rank(layer) {
                faults.push(format!("imports {name}, which comes after {layer}"));
            }
        }
    }
    let banned = NOT_NAMED.iter().filter(|(name, _)| *name == layer).flat_map(|(_, words)| *words);
    faults.extend(banned.filter(|word| code.contains(**word)).map(|word| format!("names {word}")));
    faults
}

/// The branches of `{a::{b, c}, d}`: `a::{b, c}` and `d`; a path without braces is one.
fn branches(path: &str) -> Vec<&str> {
    let Some(group) = path.strip_prefix('{') else { return vec![path] };
    let (mut branches, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                branches.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                branches.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    branches
}

fn files_below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files_below(&path, into),
            false if path.extension().is_some_and(|extension| extension == "rs") => into.push(path),
            false => {}
        }
    }
}

#[test]
fn a_layer_imports_itself_and_the_layers_before_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    files_below(&src, &mut files);
    let mut faulty = Vec::new();
    let mut seen = vec![0; LAYERS.len()];
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let top = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        if ["lib.rs", "main.rs"].contains(&top.as_str()) {
            continue;
        }
        let Some(rank) = LAYERS.iter().position(|layer| *layer == top) else {
            faulty.push(format!("{}: {top} is no layer", inside.display()));
            continue;
        };
        seen[rank] += 1;
        let text = fs::read_to_string(&file).unwrap();
        faulty.extend(faults(&top, &text).iter().map(|fault| format!("{}: {fault}", inside.display())));
    }
    assert!(faulty.is_empty(), "{}", faulty.join("\n"));
    assert!(seen.iter().all(|files| *files > 0), "{seen:?}");
}

#[test]
fn a_planted_violation_is_found() {
    for (layer, text) in [
        ("model", "use crate::policy::judge;"),
        ("policy", "fn f() { crate::formats::xml::read() }"),
        ("scan", "use crate::{text, engine};"),
        ("report", "use crate::{\n    text,\n    engine::plan,\n};"),
        ("scan", "use crate::{text::{human, table}, engine};"),
        ("policy", "use std::fs;"),
        ("model", "async fn f() { tokio::spawn(g()); }"),
        ("report", "let x = std::env::var(\"A\");"),
    ] {
        assert_eq!(faults(layer, text).len(), 1, "{layer}: {text}");
    }
    for (layer, text) in [
        ("policy", "use crate::model::run::Run;\nuse crate::text::shared::Text;"),
        ("policy", "// use crate::engine::plan;"),
        ("cli", "use crate::{config, engine};"),
        ("tools", "use super::super::scan;\nuse crate::tools::command;"),
    ] {
        assert_eq!(faults(layer, text), [""; 0], "{layer}: {text}");
    }
}
