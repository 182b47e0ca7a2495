//! index.html, read by Python's own XML and HTML readers, and opened in a real Chromium.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "the outside readers")]

mod chromium;
mod rich;

use std::path::PathBuf;

use crate::common::Project;
use crate::common::readers::python;
use serde_json::Value;

/// What is on the page: every attribute, the tables, and the counts.
const READ: &str = r##"
import sys, json, html.parser, xml.etree.ElementTree as tree
text = open(sys.argv[1], encoding="utf-8").read()
root = tree.fromstring(text.replace("<!DOCTYPE html>", "", 1))

class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.headings, self.ids, self.links = set(), set(), [], [], []
    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"): self.headings.append(int(tag[1]))
        for name, value in attributes:
            self.attributes.add(name)
            if name == "id": self.ids.append(value)
            if name in ("href", "src", "xlink:href"): self.links.append([tag, name, value, dict(attributes).get("rel")])

reader = Reader()
reader.feed(text)
words = lambda node: " ".join("".join(node.itertext()).split())
tables = {words(table.find("caption")): [[words(cell) for cell in row] for row in table.iter("tr")] for table in root.iter("table")}
scopes = all(cell.get("scope") for cell in root.iter("th"))
pictures = all(picture.get("aria-labelledby") or picture.get("aria-hidden") for picture in root.iter("svg"))
findings = {node.get("id"): len(node.findall("ol/li")) for node in root.iter() if node.get("class") == "gate" and node.get("id")}
open_ = [node.get("id") for node in root.iter("details") if node.get("open")]
json.dump({"tags": sorted(reader.tags), "attributes": sorted(reader.attributes), "headings": reader.headings, "ids": reader.ids,
    "links": reader.links, "tables": tables, "scopes": scopes, "pictures": pictures, "findings": findings, "open": open_,
    "lang": root.get("lang"), "landmarks": [len(list(root.iter(name))) for name in ("header", "nav", "main", "footer")],
    "text": words(root)}, sys.stdout)
"##;

const GATES: &str = r#"version = 1
waivers_without_end = true
mode = "lab"
[report.html]
limit = LIMIT
[[gate]]
id = "secrets"
tool = "gitleaks"
[[gate]]
id = "image-scan"
tool = "trivy"
scan = "image"
images = ["notes-app:1"]
[[gate]]
id = "infrastructure"
tool = "checkov"
[[gate]]
id = "check"
tool = "command"
run = ["sh", "-c", "true"]
report = { format = "sarif", path = "many.sarif" }
[[gate]]
id = "types"
tool = "tsc"
[[waiver]]
rule = "CKV_AWS_18"
reason = "access logs live in the log account"
[[waiver]]
rule = "nothing-has-it"
reason = "left over"
"#;

/// A run with `many` findings in one gate, and its page.
fn drawn(many: usize, limit: usize) -> Project {
    let project = Project::with_gates(&GATES.replace("LIMIT", &limit.to_string()));
    let results: Vec<String> = (0..many)
        .map(|n| {
            let level = if n % 10 == 9 { "error" } else { "note" };
            format!(r#"{{"ruleId":"r{n}","level":"{level}","message":{{"text":"words {n}"}}}}"#)
        })
        .collect();
    project.write(
        "many.sarif",
        format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"demo"}}}},"results":[{}]}}]}}"#,
            results.join(",")
        ),
    );
    let mut args = vec!["judge".to_owned(), "--format".to_owned(), "html".to_owned()];
    for (gate, file) in [
        ("secrets", "gitleaks/recorded-tree/gitleaks-tree.json"),
        ("image-scan", "trivy/recorded-image/trivy.json"),
        ("infrastructure", "checkov/recorded-compact/results_json.json"),
    ] {
        args.extend([
            "--report".to_owned(),
            format!("{gate}={}/fixtures/{file}", env!("CARGO_MANIFEST_DIR")),
        ]);
    }
    args.extend(
        ["check=many.sarif", "types=not-there.txt"]
            .iter()
            .flat_map(|of| ["--report".to_owned(), (*of).to_owned()]),
    );
    let ran = project.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(ran.code, 0, "{}", ran.all());
    project
}

fn page(project: &Project) -> PathBuf {
    project.root().join("gates-report/index.html")
}

fn read(project: &Project) -> Value {
    python(READ, &[&page(project)])
}

/// What must hold of any page.
fn is_sound(read: &Value) {
    let tags = read["tags"].as_array().unwrap();
    for tag in [
        "script",
        "style",
        "iframe",
        "object",
        "embed",
        "img",
        "form",
        "base",
        "image",
        "use",
        "foreignobject",
    ] {
        assert!(!tags.iter().any(|one| one == tag), "<{tag}>");
    }
    for attribute in read["attributes"].as_array().unwrap() {
        let name = attribute.as_str().unwrap();
        assert!(!name.starts_with("on") && name != "style" && name != "src" && name != "srcset", "{name}");
    }
    let ids: Vec<&str> = read["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let unique: std::collections::HashSet<&&str> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "ids are unique: {ids:?}");
    for link in read["links"].as_array().unwrap() {
        let (tag, to, rel) = (&link[0], link[2].as_str().unwrap(), link[3].as_str());
        let sound = match to.strip_prefix('#') {
            Some(id) => tag == "a" && ids.contains(&id),
            None if tag == "link" => to == "style.css",
            None => {
                tag == "a"
                    && (to.starts_with("https://") || to.starts_with("http://"))
                    && rel == Some("noopener noreferrer")
            }
        };
        assert!(sound, "{link}");
    }
    let headings: Vec<u64> =
        read["headings"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    assert_eq!(headings.iter().filter(|level| **level == 1).count(), 1);
    assert!(headings.windows(2).all(|pair| pair[1] <= pair[0] + 1), "no level is left out: {headings:?}");
    assert_eq!(read["landmarks"], serde_json::json!([1, 1, 1, 1]));
    assert_eq!(read["lang"], "en");
    assert_eq!(read["scopes"], true, "every header cell says what it heads");
    assert_eq!(read["pictures"], true, "every picture has a name");
}

#[test]
fn the_page_is_well_formed_and_has_nothing_that_a_content_policy_forbids() {
    let project = drawn(20, 2_000);
    is_sound(&read(&project));
    let style = project.read("gates-report/style.css");
    for word in ["url(", "@import", "http", "expression"] {
        assert!(!style.contains(word), "{word}");
    }
    for word in ["prefers-color-scheme: dark", "@media print", ":focus-visible"] {
        assert!(style.contains(word), "{word}");
    }
}

#[test]
fn the_counts_on_the_page_are_those_of_the_record() {
    let project = drawn(20, 2_000);
    let (read, record) = (read(&project), project.record());
    let rows = read["tables"]["Findings by severity, and what the policy decided"].as_array().unwrap();
    let columns =
        ["critical", "high", "medium", "low", "info", "unknown", "all", "denied", "allowed", "waived"];
    let findings = record["findings"].as_array().unwrap();
    let expected = |gate: &str, column: &str| {
        let decision = column.strip_suffix("ed").map(|word| match word {
            "deni" => "deny",
            "waiv" => "waive",
            word => word,
        });
        let counts = |finding: &&Value| {
            (gate == "all gates" || finding["gate"] == gate)
                && (column == "all"
                    || finding["severity"] == column
                    || decision.is_some_and(|word| finding["decision"] == word))
        };
        findings.iter().filter(counts).count().to_string()
    };
    assert_eq!(rows.len(), 4 + 2, "a head, four gates that found something, all of them");
    for row in &rows[1..] {
        let gate = row[0].as_str().unwrap();
        for (index, column) in columns.iter().enumerate() {
            assert_eq!(row[index + 1], expected(gate, column).as_str(), "{gate} {column}");
        }
    }
    for gate in record["gates"].as_array().unwrap() {
        let id = gate["id"].as_str().unwrap();
        let of = findings.iter().filter(|finding| finding["gate"] == id).count();
        assert_eq!(read["findings"][format!("gate-{id}")], of, "{id}");
    }
    let gates = read["tables"]["How each gate ended, in the order of gates.toml"].as_array().unwrap();
    for (row, gate) in gates[1..].iter().zip(record["gates"].as_array().unwrap()) {
        assert!(row[1].as_str().unwrap().contains(gate["outcome"].as_str().unwrap()), "{row}");
        assert!(row[4].as_str().unwrap().starts_with(gate["reason"].as_str().unwrap()), "{row}");
    }
    let text = read["text"].as_str().unwrap();
    for words in
        ["Inconclusive", "no proof from types", "access logs live in the log account", "upgrade lodash"]
    {
        assert!(text.contains(words), "{words}");
    }
    assert!(read["tables"]["What waivers cover, and which need attention"].to_string().contains("left over"));
}

#[test]
fn behind_the_limit_the_worst_are_shown_and_the_rest_is_reported() {
    let project = drawn(20, 3);
    let read = read(&project);
    assert_eq!(read["findings"]["gate-check"], 3);
    let text = read["text"].as_str().unwrap();
    // Two of twenty are errors: both are shown.
    assert!(
        text.contains(
            "The 3 worst. 17 findings not on this page (limit = 3), 0 of them denied; all are in run.json."
        ),
        "{text}"
    );
    assert!(text.contains("words 9") && text.contains("words 19"), "{text}");
    let wrong = Project::with_gates(
        "version = 1\n[report.html]\nlimit = 'no'\n[[gate]]\nid = 'a'\ntool = 'gitleaks'\n",
    );
    assert_eq!(wrong.run(&["run", "--format", "html"]).code, 2);
}
