//! CSV, JSON lines and the Markdown of a comment, read by Python's own readers, by DuckDB and by markdown-it.

use serde_json::{Value, json};

use crate::common::Project;
use crate::common::readers::python;
use crate::common::reports::{findings, judged, written};

pub(crate) const READ_CSV: &str = r#"
import sys, csv, json
with open(sys.argv[1], newline="", encoding="utf-8") as file:
    json.dump(list(csv.DictReader(file, strict=True)), sys.stdout)
"#;

pub(crate) const READ_LINES: &str = r#"
import sys, json
json.dump([json.loads(line) for line in open(sys.argv[1], encoding="utf-8", newline="\n")], sys.stdout)
"#;

/// Every kind of token that CommonMark and GitHub's tables make of the page, and the words in code spans.
pub(crate) const READ_MARKDOWN: &str = r#"
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

/// What DuckDB makes of JSON lines by itself: the type of each column, and a question that needs them.
const ASK_DUCKDB: &str = r#"
import sys, json, duckdb
lines = duckdb.read_json(sys.argv[1])
types = dict(zip(lines.columns, map(str, lines.types)))
asked = duckdb.sql("""
    SELECT gate, rule, year(kev_added), kev_ransomware, epss_probability > 0.9, epss_percentile, rated_by_cvss, vex_status,
        vex_justification, dev, unfixed, suppressed, list_contains(aliases, 'CVE-2021-44228'), len(seen_by), problem, len(package_paths)
    FROM lines WHERE epss_probability IS NOT NULL""").fetchall()
by_gate = duckdb.sql("SELECT gate, count(*) FROM lines WHERE decision = 'deny' GROUP BY ALL ORDER BY ALL").fetchall()
json.dump({"types": types, "asked": asked, "by_gate": by_gate}, sys.stdout)
"#;

/// A run of which one finding has all that can be known of one, drawn as CSV and as JSON lines.
fn all_that_can_be_known() -> Project {
    let (project, _) = judged("production", "json");
    let mut record = project.record();
    let finding =
        record["findings"].as_array_mut().unwrap().iter_mut().find(|one| one["gate"] == "image-scan");
    let finding = finding.unwrap();
    finding["problem"] = json!("CVE-2021-44228 in log4j");
    finding["seen_by"] = json!(["trivy", "npm-audit"]);
    finding["aliases"] = json!(["CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q"]);
    finding["cwe"] = json!(["CWE-20", "CWE-502"]);
    finding["cvss"] = json!({"score": 10.0, "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"});
    finding["suppressed"] = json!("-not reachable");
    finding["package"] = json!({"name": "log4j", "version": "2.14.1", "purl": "pkg:maven/log4j@2.14.1", "dev": true, "unfixed": true,
        "paths": ["a.jar", "b.jar"]});
    finding["risk"] = json!({"kev": {"added": "2021-12-10", "ransomware": true}, "epss": {"probability": 0.97565, "percentile": 0.99996},
        "rated": 10.0, "vex": {"vulnerability": "CVE-2021-44228", "status": "not_affected", "justification": "component_not_present",
        "statement": "we do not ship it", "document": "vex/a.json"}});
    project.write("known.json", record.to_string());
    let ran = project.run(&["report", "--from", "known.json", "--format", "csv,jsonl", "--out", "known"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    project
}

#[test]
fn csv_has_what_is_known_of_a_vulnerability_from_elsewhere() {
    let project = all_that_can_be_known();
    let rows = python(READ_CSV, &[&project.root().join("known/findings.csv")]);
    let with = |key: &str| rows.as_array().unwrap().iter().filter(|row| row[key] != "").collect::<Vec<_>>();
    let row = with("epss_probability")[0];
    for (key, cell) in [
        ("problem", "CVE-2021-44228 in log4j"),
        ("seen_by", "trivy; npm-audit"),
        ("aliases", "CVE-2021-44228; GHSA-jfh8-c2jp-5v3q"),
        ("cwe", "CWE-20; CWE-502"),
        ("cvss_score", "10"),
        ("rated_by_cvss", "10"),
        ("kev_added", "2021-12-10"),
        ("kev_ransomware", "true"),
        ("epss_probability", "0.97565"),
        ("epss_percentile", "0.99996"),
        ("vex_status", "not_affected"),
        ("vex_justification", "component_not_present"),
        ("dev", "true"),
        ("unfixed", "true"),
        ("suppressed", "'-not reachable"),
        ("purl", "pkg:maven/log4j@2.14.1"),
    ] {
        assert_eq!(row[key], cell, "{key}");
    }
    for key in
        ["kev_added", "kev_ransomware", "epss_probability", "rated_by_cvss", "vex_status", "suppressed"]
    {
        assert_eq!(with(key).len(), 1, "{key} of what nothing is known of");
    }
    // Readers by place find the columns where they were.
    let header = project.read("known/findings.csv").lines().next().unwrap().to_owned();
    assert!(
        header.starts_with("\"gate\",\"tool\",\"category\",") && header.contains("\"id\",\"problem\","),
        "{header}"
    );
}

#[test]
fn duckdb_reads_json_lines_with_the_types_that_one_would_give_them() {
    let project = all_that_can_be_known();
    let reported = python(ASK_DUCKDB, &[&project.root().join("known/findings.jsonl")]);
    for (column, kind) in [
        ("started", "TIMESTAMP WITH TIME ZONE"),
        ("baseline", "BOOLEAN"),
        ("start_line", "BIGINT"),
        ("cvss_score", "DOUBLE"),
        ("aliases", "VARCHAR[]"),
        ("seen_by", "VARCHAR[]"),
        ("dev", "BOOLEAN"),
        ("unfixed", "BOOLEAN"),
        ("rated_by_cvss", "DOUBLE"),
        ("kev_added", "DATE"),
        ("kev_ransomware", "BOOLEAN"),
        ("epss_probability", "DOUBLE"),
        ("vex_status", "VARCHAR"),
        ("problem", "VARCHAR"),
    ] {
        assert_eq!(reported["types"][column], kind, "{column}: {}", reported["types"]);
    }
    let rule = findings(&project, |one| one["gate"] == "image-scan")[0]["rule"].clone();
    assert_eq!(
        reported["asked"],
        json!([[
            "image-scan",
            rule,
            2021,
            true,
            true,
            0.99996,
            10.0,
            "not_affected",
            "component_not_present",
            true,
            true,
            "-not reachable",
            true,
            2,
            "CVE-2021-44228 in log4j",
            2
        ]])
    );
    let mut denied = std::collections::BTreeMap::new();
    for finding in findings(&project, |one| one["decision"] == "deny") {
        *denied.entry(finding["gate"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    assert_eq!(reported["by_gate"], json!(denied.into_iter().collect::<Vec<_>>()));
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
