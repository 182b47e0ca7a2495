//! Exit codes that the makers of well-known programs document, and that mean something else in a shell.

use crate::scan::parsed::Exit;

/// A program, and which of its codes mean findings.
type Known = (&'static str, fn(i32) -> bool);

const FINDINGS: [Known; 2] = [
    // https://github.com/mongodb/kingfisher, "Exit Codes": 205 if a secret was found to be valid.
    ("kingfisher", |code| [200, 205].contains(&code)),
    // The number of failures, at most 255 (`lib/cli/run-helpers.js`, 11.8).
    ("mocha", |code| (1..=255).contains(&code)),
];

/// The meaning of a code of the program that a command starts, itself or through another (`uvx kingfisher`).
pub(super) fn exit(run: &[String], code: i32) -> Option<Exit> {
    let name = |word: &String| {
        let last = word.rsplit(['/', '\\']).next().unwrap_or_default();
        last.split(['@', '=']).next().unwrap_or_default().trim_end_matches(".exe").to_owned()
    };
    // Further words are its own arguments.
    const FIRST: usize = 3;
    let names: Vec<String> = run.iter().take(FIRST).map(name).collect();
    let known = FINDINGS.iter().find(|(program, _)| names.iter().any(|name| name == program));
    known.filter(|(_, is_finding)| is_finding(code)).map(|_| Exit::Findings)
}
