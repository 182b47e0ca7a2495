//! Every TOML example in the documents is a gates.toml that Portcullis accepts.
//!
//! A block that begins with `# A floor` is a floor of `--require`. A block with `version = 1` is a whole
//! file. Any other block is a part of a file, and the test puts that line before it.
#![allow(clippy::unwrap_used, reason = "a test that can't read a document has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use portcullis::config::Config;
use portcullis::config::floor::Floor;
use portcullis::keys::mistakes::draw;
use portcullis::redact::Scrubber;

/// A fenced block: the line where it begins, and its text.
struct Block {
    line: usize,
    text: String,
}

#[test]
fn every_picture_exists_is_small_and_has_a_description() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut shown = 0;
    for document in markdown_in(&docs) {
        let text = fs::read_to_string(&document).unwrap();
        for picture in text.split("![").skip(1) {
            let (words, rest) = picture.split_once("](").unwrap();
            let path = docs.join(rest.split_once(')').unwrap().0);
            assert!(words.len() > 20, "{}: {words:?} does not describe the picture", path.display());
            let bytes =
                fs::metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).len();
            assert!(bytes < 300_000, "{} has {bytes} bytes", path.display());
            shown += 1;
        }
    }
    assert!(shown > 10, "{shown}");
}

/// SECURITY.md names a test for each promise.
#[test]
fn every_test_that_a_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = ["tests", "src"].map(|folder| sources_in(&root.join(folder))).concat();
    let sources: String = sources.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let mut named = 0;
    for document in [
        "SECURITY.md",
        "CONTRIBUTING.md",
        "README.md",
        "docs/configuration.md",
        "docs/architecture.md",
        "docs/policy.md",
        "docs/deploy.md",
    ] {
        let text = fs::read_to_string(root.join(document)).unwrap();
        // Every second piece is in backquotes.
        for (n, line) in text.lines().enumerate() {
            for word in line.split('`').skip(1).step_by(2) {
                let place = format!("{document}:{}: {word}", n + 1);
                if word.starts_with("tests/") && !word.contains(['<', '*']) {
                    assert!(root.join(word).exists(), "{place}");
                    named += 1;
                }
                let is_test = word.matches('_').count() >= 5
                    && word
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
                if is_test {
                    assert!(sources.contains(&format!("fn {word}(")), "{place}");
                    named += 1;
                }
            }
        }
    }
    assert!(named > 40, "{named}");
}

/// docs/policy.md, "The keys": each example is accepted in every place that its row names.
#[test]
fn every_key_of_the_policy_is_accepted_where_its_row_says() {
    let text = include_str!("../../docs/policy.md");
    let (_, table) = text.split_once("## The keys").unwrap();
    let (table, _) = table.split_once("## How").unwrap();
    let gate = "[[gate]]\nid = \"g\"\ntool = \"trivy\"\n";
    let files = "[risk]\nepss = \"e\"\nkev = \"k\"\n";
    let mut tried = 0;
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [key, places, .., example] = cells.as_slice() else { panic!("{row}") };
        let Some(example) = example.strip_prefix('`') else { continue };
        let example = example.trim_end_matches(" |").trim_end_matches('`');
        for place in places.split(", ") {
            let file = match place {
                "top" if key.contains('[') => format!("[baseline]\n{example}\n{gate}"),
                "top" => format!("{example}\n{gate}{files}"),
                "defaults" => format!("[defaults]\n{example}\n{gate}{files}"),
                "gate" => format!("{gate}{example}\n{files}"),
                "profile" if *key == "| `mode`" => format!("{gate}[profile.p]\n{example}\n"),
                "profile" => format!("{gate}{files}[profile.p.gate.g]\n{example}\n"),
                _ => panic!("{row}"),
            };
            let read = Config::read(&format!("version = 1\n{file}"));
            assert!(read.is_ok(), "{place}: {example}: {:?}", read.err());
            tried += 1;
        }
    }
    assert!(tried > 25, "{tried}");
}

fn sources_in(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    paths
        .flat_map(|path| if path.is_dir() { sources_in(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

#[test]
fn every_toml_example_loads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = vec![root.join("README.md")];
    documents.extend(markdown_in(&root.join("docs")));
    let mut tried = 0;
    let mut mistakes = String::new();
    for document in &documents {
        let name = document.strip_prefix(root).unwrap().display().to_string();
        for block in toml_blocks(&fs::read_to_string(document).unwrap()) {
            tried += 1;
            let text = whole(&block.text);
            let read = match block.text.starts_with("# A floor") {
                true => Floor::read(&text).map(drop),
                false => Config::read(&text).map(drop),
            };
            if let Err(problems) = read {
                let place = format!("{name}, block at line {}", block.line);
                mistakes.push_str(&draw(&problems, &text, &place, &Scrubber::default(), false));
            }
        }
    }
    assert!(mistakes.is_empty(), "\n{mistakes}");
    assert!(tried > 10, "only {tried} blocks: are they still fenced with ```toml?");
}

#[test]
fn the_gates_toml_of_this_repository_loads() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("gates.toml");
    let text = fs::read_to_string(file).unwrap();
    if let Err(problems) = Config::read(&text) {
        panic!("\n{}", draw(&problems, &text, "gates.toml", &Scrubber::default(), false));
    }
}

fn markdown_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files
}

fn toml_blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for (number, line) in markdown.lines().enumerate() {
        match (inside, line.trim_end()) {
            (false, "```toml") => {
                inside = true;
                blocks.push(Block { line: number + 1, text: String::new() });
            }
            (true, "```") => inside = false,
            (true, line) => {
                if let Some(block) = blocks.last_mut() {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            (false, _) => {}
        }
    }
    blocks
}

fn whole(block: &str) -> String {
    let has_version = block.lines().any(|line| line.starts_with("version = "));
    if has_version { block.to_owned() } else { format!("version = 1\n{block}") }
}
