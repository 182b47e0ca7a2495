//! The page in a real Chromium: under Jenkins' policy, by axe-core's rules, by keyboard, on paper.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::rich::{clean, rich, wide};
use super::{drawn, page};
use crate::common::readers::python;
use crate::common::{Project, chromium, real_tools};

/// What one of the scripts beside this file says of the page of a project.
fn ask(script: &str, project: &Project, more: &[&Path]) -> Value {
    let readers = real_tools().join("../report-readers");
    assert!(
        readers.join("node_modules/playwright-core").is_dir(),
        "no playwright-core in {}: run ci/setup first",
        readers.display()
    );
    let output = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/html").join(script))
        .arg(folder(project))
        .args(more)
        .env("PORTCULLIS_READERS", readers)
        .env("PORTCULLIS_TEST_CHROMIUM", chromium())
        .output()
        .unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn folder(project: &Project) -> PathBuf {
    page(project).parent().unwrap().to_owned()
}

/// No rule of axe-core is broken, all words and marks stand out from what is below them, and nothing is wider than the
/// window. `look`: a scheme and a width, or nothing for all.
fn is_accessible(name: &str, project: &Project, look: &[&Path]) {
    let looks = ask("accessible.mjs", project, look);
    let looks = looks.as_array().unwrap();
    assert_eq!(
        looks.len(),
        if look.is_empty() { 8 } else { 2 },
        "two schemes, two widths, folded and unfolded"
    );
    for look in looks {
        let name = format!("{name}, {}", look["name"]);
        assert!(
            look["rules"].as_u64().unwrap() > 20 && look["looked"].as_u64().unwrap() > 30,
            "{name}: {look}"
        );
        assert_eq!(look["violations"], json!([]), "{name}");
        assert_eq!(look["unsure"], json!([]), "{name}");
        assert_eq!(look["pale"], json!([]), "{name}");
        assert_eq!(look["overflow"], 0, "{name}");
    }
}

#[test]
fn a_page_with_everything_on_it_breaks_no_rule_of_axe() {
    is_accessible("everything", &rich(), &[]);
}

#[test]
fn a_page_with_nothing_on_it_breaks_no_rule_of_axe() {
    is_accessible("nothing", &clean(), &[]);
}

#[test]
fn a_page_with_sixty_gates_breaks_no_rule_of_axe() {
    is_accessible("sixty gates", &wide(60), &["dark".as_ref(), "400".as_ref()]);
}

#[test]
fn under_jenkins_policy_the_page_is_whole_and_the_console_silent() {
    // 20,000 findings, all of them on the page.
    for (project, findings) in [(drawn(20_000, 20_000), 20_000), (rich(), 0)] {
        let reported = ask("policy.mjs", &project, &[]);
        assert_eq!(reported["reported"], json!([]));
        assert_eq!(reported["asked"], json!(["/index.html", "/style.css"]), "nothing else was asked for");
        assert_eq!(reported["styled"], "flex", "the style sheet holds");
        assert!(reported["findings"].as_u64().unwrap() > findings, "{reported}");
    }
}

#[test]
fn everything_is_reached_by_keyboard_and_a_fold_opens_by_it() {
    let reported = ask("keyboard.mjs", &rich(), &[]);
    assert!(reported["all"].as_array().unwrap().len() > 30, "{reported}");
    assert_eq!(reported["reached"], reported["all"], "in the order of the page");
    assert_eq!(reported["unseen"], json!([]), "what has the focus shows it");
    assert_eq!(reported["states"], json!([false, true, false]), "Enter opens a fold, Space closes it");
}

#[test]
fn on_paper_what_is_folded_is_open() {
    const WORDS: &str = r#"
import sys, json, pypdf
pages = pypdf.PdfReader(sys.argv[1]).pages
json.dump("".join("".join(page.extract_text() for page in pages).split()), sys.stdout)
"#;
    let project = rich();
    let paper = project.root().join("page.pdf");
    assert_eq!(ask("print.mjs", &project, &[&paper])["folded"], true);
    let words = python(WORDS, &[&paper]);
    let words = words.as_str().unwrap();
    let record: Value = serde_json::from_str(&project.read("record.json")).unwrap();
    let findings = record["findings"].as_array().unwrap();
    assert!(findings.len() > 20, "{}", findings.len());
    for finding in findings {
        assert!(words.contains(finding["id"].as_str().unwrap()), "{finding}");
    }
    // The proof of each gate, and the tables of the charts.
    assert!(words.contains(&"a3".repeat(32)) && words.contains("Inthelongestchain"));
}
