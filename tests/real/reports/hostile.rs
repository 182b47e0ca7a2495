//! Words from outside that would break or steer a report, in every field of a run.

use serde_json::{Value, json};

use super::gitlab;
use super::tables::{READ_CSV, READ_LINES, READ_MARKDOWN};
use crate::common::readers::{json_of_schema, junit2json, junitparser, python, sarif_complaints, schema};
use crate::common::reports::{PAYLOAD, judged, poisoned, written};

/// The messages of a SARIF log, in which viewers make links of `[words](address)`.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Object(map) => {
            let own = map.get("text").and_then(Value::as_str);
            own.into_iter().chain(map.values().flat_map(texts)).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn every_report_of_a_poisoned_run_is_whole_and_harmless() {
    let (project, count) = poisoned();
    // What steers a terminal or a CI service is in none of them, in no form.
    for name in [
        "junit.xml",
        "comment.md",
        "findings.csv",
        "portcullis.sarif",
        "findings.jsonl",
        "index.html",
        "gl-sast-report.json",
    ] {
        let text = project.read(&format!("gates-report/{name}"));
        for word in [
            "\u{1b}",
            "\u{202e}",
            "\u{7}",
            "\u{0}",
            "\u{fffe}",
            "##vso[",
            "##teamcity[",
            "\\u001b",
            "\\u202e",
        ] {
            let at = text.find(word);
            assert!(at.is_none(), "{name} has {word:?} in {:?}", text[..at.unwrap_or(0) + 20].lines().last());
        }
        let command = text.lines().find(|line| line.trim_start().starts_with("::"));
        assert!(command.is_none(), "{name}: {command:?}");
    }

    const VALID: &str = "import sys, json, xmlschema\nxmlschema.XMLSchema(sys.argv[2]).validate(sys.argv[1])\njson.dump(True, sys.stdout)";
    let junit = written(&project, "junit.xml");
    python(VALID, &[&junit, &schema("junit-10.xsd")]);
    let cases = count + project.record()["gates"].as_array().unwrap().len();
    assert_eq!(junit2json(&junit)["tests"], cases);
    let read = junitparser(&junit);
    let read: usize =
        read.as_array().unwrap().iter().map(|suite| suite["cases"].as_array().unwrap().len()).sum();
    assert_eq!(read, cases);

    let sarif = written(&project, "portcullis.sarif");
    let complaints = sarif_complaints(&sarif);
    assert!(complaints.is_empty(), "{complaints:#?}");
    let log = json_of_schema(&sarif, "sarif-schema-2.1.0.json");
    let results = log["runs"].as_array().unwrap().iter().map(|run| run["results"].as_array().unwrap().len());
    assert_eq!(results.sum::<usize>(), count);
    for text in texts(&log) {
        assert!(!text.contains("]("), "a link: {text}");
    }

    for kind in ["sast", "dependency-scanning", "secret-detection", "container-scanning", "code-quality"] {
        gitlab::validated(&project, kind);
    }
}

#[test]
fn no_cell_of_a_poisoned_run_is_a_formula() {
    let (project, count) = poisoned();
    let rows = python(READ_CSV, &[&written(&project, "findings.csv")]);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), count);
    for cell in rows.iter().flat_map(|row| row.as_object().unwrap().values()) {
        let cell = cell.as_str().unwrap();
        assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '\t', '\r']), "{cell}");
    }
    assert_eq!(python(READ_LINES, &[&written(&project, "findings.jsonl")]).as_array().unwrap().len(), count);
}

#[test]
fn a_comment_of_a_poisoned_run_has_no_link_no_picture_no_html_and_calls_nobody() {
    let (project, _) = poisoned();
    let read = python(READ_MARKDOWN, &[&written(&project, "comment.md")]);
    for kind in read["kinds"].as_array().unwrap() {
        let known = [
            "bullet_list",
            "code_inline",
            "heading",
            "html_block",
            "inline",
            "list_item",
            "paragraph",
            "softbreak",
            "strong",
            "table",
            "tbody",
            "td",
            "text",
            "th",
            "thead",
            "tr",
        ];
        let name = kind.as_str().unwrap().trim_end_matches("_open").trim_end_matches("_close");
        assert!(known.contains(&name), "{kind}: {}", project.read("gates-report/comment.md"));
    }
    assert_eq!(read["html"], serde_json::json!(["<!-- portcullis: the verdict -->"]));
    let text = read["text"].as_str().unwrap();
    for word in ["@octocat", "#7", "http", "<", "evil"] {
        assert!(!text.contains(word), "{word} outside of code: {text}");
    }
    assert!(read["code"].to_string().contains("@octocat"), "the words are still there");
    assert_eq!(read["cells"], 5 * 6, "six gates, and no cell was ended early");
}

/// The elements and attributes of a page, its addresses, and whether the payload is text in it.
const READ_HTML: &str = r##"
import sys, json, html.parser, xml.etree.ElementTree as tree
text = open(sys.argv[1], encoding="utf-8").read()
tree.fromstring(text.replace("<!DOCTYPE html>", "", 1))
class Reader(html.parser.HTMLParser):
    tags, attributes, links, words = set(), set(), set(), ""
    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attributes)
        self.links.update(value for name, value in attributes if name == "href")
    def handle_data(self, data):
        self.words += data
    def handle_comment(self, data):
        self.tags.add("a comment")
reader = Reader()
reader.feed(text)
json.dump({"tags": sorted(reader.tags), "attributes": sorted(reader.attributes), "links": sorted(reader.links),
    "inert": "<script>alert(1)</script><img src=x onerror=y>" in reader.words}, sys.stdout)
"##;

#[test]
fn on_the_page_of_a_poisoned_run_the_words_are_words() {
    let (project, _) = poisoned();
    let read = python(READ_HTML, &[&written(&project, "index.html")]);
    for tag in ["script", "img", "testcase", "style", "a comment"] {
        assert!(!read["tags"].as_array().unwrap().iter().any(|one| one == tag), "<{tag}>");
    }
    for attribute in read["attributes"].as_array().unwrap() {
        let name = attribute.as_str().unwrap();
        assert!(!name.starts_with("on") && name != "src" && name != "style", "{name}");
    }
    for link in read["links"].as_array().unwrap() {
        let link = link.as_str().unwrap();
        // Every reference begins with the payload, which is no address.
        assert!(link.starts_with('#') || link == "style.css", "{link}");
    }
    assert_eq!(read["inert"], true, "the words are still there");
}

/// Where in a run.json a word would steer its reader: keys and values with characters that do.
const STEERING: &str = r###"
import sys, json, unicodedata
def words(value, at):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from words(key, at + ".<key>")
            yield from words(inner, at + "." + key)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner, at + "[]")
    elif isinstance(value, str):
        yield at, value
allowed = lambda at, c: c in "\n\t" and at == ".findings[].message"
json.dump(sorted({at for at, text in words(json.load(open(sys.argv[1], encoding="utf-8")), "")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and not allowed(at, c) for c in text) or "##vso[" in text}), sys.stdout)
"###;

/// Writes into the record what this run has nothing of.
fn fill(record: &mut Value) {
    for (key, value) in [
        ("over", json!(["3 critical"])),
        ("interrupted", json!("SIGTERM")),
        ("branch", json!("main")),
        ("profile", json!("ci")),
        ("commit", json!("abc")),
        ("known", json!({"from": "a", "commit": "b", "findings": 1, "warnings": ["c"]})),
        (
            "policy",
            json!({"from": "a", "revision": "b", "notes": ["c"], "loosened": [{"place": "d", "what": "e", "was": "f"}]}),
        ),
        (
            "facts",
            json!({"vex": [{"document": "a", "statements": 1, "findings": 0, "unused": "b"}],
            "kev": {"file": "c", "date": "2026-01-01", "age_days": 1, "vulnerabilities": 1}}),
        ),
        (
            "waivers",
            json!({"unused": [{"name": "a", "reason": "b", "behind": "c"}], "expired": [{"name": "a", "reason": "b"}],
            "expiring": []}),
        ),
    ] {
        record[key] = value;
    }
    let gate = &mut record["gates"][0];
    gate["overridden"] = json!("a");
    gate["tool_sha256"] = json!("b");
    gate["evidence"] = json!({"lacking": "c"});
    gate["policy"]["no_worse_than"] = json!({"than": "d"});
    for (key, value) in [
        ("files", json!({"a": "b"})),
        ("ignored", json!({"eslint-disable": 1})),
        ("outputs", json!({"digest": "c"})),
        ("steps", json!([{"did": ["d"], "times": 1, "duration_ms": 1}])),
        ("notes", json!(["e"])),
        ("advisories", json!("f")),
        ("image", json!("g")),
        ("image_id", json!("h")),
        ("image_digest", json!("i")),
        ("reason", json!("j")),
        ("cwd", json!("k")),
    ] {
        gate["targets"][0][key] = value;
    }
    let finding = &mut record["findings"][0];
    for key in ["problem", "suppressed", "severity_raw", "fix", "resource", "image", "commit", "waiver"] {
        finding[key] = json!("x");
    }
    finding["risk"] = json!({"vex": {"vulnerability": "a", "status": "affected", "justification": "b", "statement": "c", "document": "d"}});
    finding["package"] = json!({"name": "a", "version": "b", "fixed_version": "c", "purl": "d", "ecosystem": "e", "paths": ["f"]});
    for key in ["seen_by", "aliases", "cwe", "references"] {
        finding[key] = json!(["x"]);
    }
    finding["cvss"] = json!({"vector": "x"});
}

#[test]
fn no_word_of_a_record_that_was_written_by_hand_steers_its_reader() {
    let (project, _) = judged("lab", "json");
    let mut record = project.record();
    fill(&mut record);
    poison_all(&mut record);
    project.write("by-hand.json", record.to_string());
    let steering = |file: &str| python(STEERING, &[&project.root().join(file)]);
    assert!(steering("by-hand.json").as_array().unwrap().len() > 70, "{}", steering("by-hand.json"));
    let ran = project.run(&["report", "--from", "by-hand.json", "--format", "json", "--out", "drawn"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(steering("drawn/run.json"), json!([]));
    // The summary in the terminal is drawn from the same.
    let ran = project.run(&["judge", "--from", "by-hand.json", "--verbose"]);
    assert!(ran.stdout.contains("Verdict:"), "{}", ran.all());
    let steers = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{200b}' | '\u{202e}' | '\u{2028}');
    assert!(!ran.all().contains(steers) && !ran.all().contains("##vso["), "{:?}", ran.all());
}

/// Puts the payload in front of every text of the record that is not one of a fixed set, and into the names of what has one.
fn poison_all(record: &mut Value) {
    const FIXED: [&str; 10] = [
        "schema", "mode", "verdict", "started", "outcome", "severity", "category", "decision", "lock",
        "status",
    ];
    const MORE: [&str; 6] = ["fail_on", "unrated", "expires", "written", "date", "scope"];
    const NAMES: [&str; 3] = ["files", "ignored", "outputs"];
    match record {
        Value::String(text) => text.insert_str(0, PAYLOAD),
        Value::Array(list) => list.iter_mut().for_each(poison_all),
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                let key = key.as_str();
                match value {
                    Value::String(whole) if key == "evidence" && whole == "whole" => {}
                    Value::Object(named) if NAMES.contains(&key) => {
                        *named = std::mem::take(named)
                            .into_iter()
                            .map(|(name, mut value)| {
                                poison_all(&mut value);
                                (format!("{PAYLOAD}{name}"), value)
                            })
                            .collect();
                    }
                    _ if FIXED.contains(&key) || MORE.contains(&key) => {}
                    other => poison_all(other),
                }
            }
        }
        _ => {}
    }
}
