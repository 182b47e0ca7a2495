//! CSV, JSON lines and the Markdown of a comment, read by Python's own readers and by markdown-it.

use serde_json::Value;

use crate::common::Project;
use crate::readers::python;
use crate::{findings, judged, sarif_log, written};

pub const READ_CSV: &str = r#"
import sys, csv, json
with open(sys.argv[1], newline="", encoding="utf-8") as file:
    json.dump(list(csv.DictReader(file, strict=True)), sys.stdout)
"#;

pub const READ_LINES: &str = r#"
import sys, json
json.dump([json.loads(line) for line in open(sys.argv[1], encoding="utf-8", newline="\n")], sys.stdout)
"#;

/// Every kind of token that CommonMark and GitHub's tables make of the page, and the words in code spans.
pub const READ_MARKDOWN: &str = r#"
import sys, json, markdown_it
text = open(sys.argv[1], encoding="utf-8").read()
flat = []
for token in markdown_it.MarkdownIt("commonmark").enable("table").parse(text):
    flat += [token] + (token.children or [])
json.dump({"kinds": sorted({t.type for t in flat}), "html": [t.content.strip() for t in flat if t.type.startswith("html")],
    "code": [t.content for t in flat if t.type == "code_inline"], "text": " ".join(t.content for t in flat if t.type == "text"),
    "cells": sum(t.type == "td_open" for t in flat), "rows": sum(t.type == "tr_open" for t in flat),
    "items": sum(t.type == "list_item_open" for t in flat)}, sys.stdout)
"#;

#[test]
fn csv_has_a_row_for_each_finding() {
    let (project, _) = judged("production", "csv");
    let rows = python(READ_CSV, &[&written(&project, "findings.csv")]);
    let all = findings(&project, |_| true);
    assert_eq!(rows.as_array().unwrap().len(), all.len());
    for (row, finding) in rows.as_array().unwrap().iter().zip(&all) {
        for key in ["id", "gate", "rule", "severity", "decision", "because", "category"] {
            assert_eq!(row[key], finding[key], "{key}");
        }
        assert_eq!(row["path"].as_str(), finding["location"]["path"].as_str().or(Some("")));
    }
    assert!(project.read("gates-report/findings.csv").ends_with("\"\r\n"), "RFC 4180 ends a record so");
}

#[test]
fn json_lines_say_what_the_record_says() {
    let (project, _) = judged("production", "jsonl");
    let lines = python(READ_LINES, &[&written(&project, "findings.jsonl")]);
    let record = project.record();
    let all = record["findings"].as_array().unwrap();
    assert_eq!(lines.as_array().unwrap().len(), all.len());
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for (line, finding) in lines.as_array().unwrap().iter().zip(all) {
        assert_eq!(keys(line), keys(&lines[0]), "every key is in every line");
        assert!(line.as_object().unwrap().values().all(|value| !value.is_object()), "flat: {line}");
        assert_eq!(line["run"], record["trace_id"]);
        for key in ["id", "gate", "severity", "decision", "title", "message", "fix", "baseline", "waiver"] {
            assert_eq!(line[key], finding[key], "{key}");
        }
        assert_eq!(line["start_line"], finding["location"]["start_line"]);
        assert_eq!(line["package"], finding["package"]["name"]);
    }
}

#[test]
fn a_comment_has_the_marker_the_verdict_and_a_row_for_each_gate() {
    let (project, _) = judged("lab", "markdown");
    let page = project.read("gates-report/comment.md");
    assert!(page.starts_with("<!-- portcullis: the verdict -->\n## Portcullis: ? INCONCLUSIVE\n"), "{page}");
    assert!(page.contains("lab mode: production would have stopped here, `no proof from types;"), "{page}");
    let read = python(READ_MARKDOWN, &[&written(&project, "comment.md")]);
    assert_eq!(read["rows"], 7, "a header and six gates: {page}");
    assert_eq!(read["cells"], 30);
    let (blocking, waived) =
        (page.matches(" · gate ").count(), findings(&project, |f| f["decision"] == "waive").len());
    assert_eq!(read["items"].as_u64(), Some(blocking as u64));
    assert!(page.contains(&format!("### Waived: {waived} finding")), "{page}");
}

#[test]
fn a_comment_is_never_longer_than_github_takes() {
    let gate = |n: usize| {
        format!("[[gate]]\nid = 'gate-{n}'\ntool = 'command'\nrun = ['no-such-{}']\n", "x".repeat(200))
    };
    let project = Project::with_gates(&format!("version = 1\n{}", (0..400).map(gate).collect::<String>()));
    project.run(&["run", "--format", "markdown"]);
    let page = project.read("gates-report/comment.md");
    assert!((60_000..=65_536).contains(&page.len()), "{}", page.len());
    assert!(page.contains("gates more; all are in run.json."), "{}", &page[60_000..]);

    let project = Project::new();
    project.write("a.sarif", sarif_log((0..500).map(|n| (format!("r{n}"), "error", "é".repeat(3_000)))));
    project.run(&["judge", "--report", "sarif=a.sarif", "--format", "markdown"]);
    let page = project.read("gates-report/comment.md");
    assert!(page.len() <= 65_536 && page.contains("475 findings more"), "{page}");
}
