//! Exit codes that the makers of well-known programs document, and that mean something else in a shell.

use crate::scan::parsed::Exit;

/// Programs and their codes for findings.
const FINDINGS: [(&str, &[i32]); 1] = [
    // https://github.com/mongodb/kingfisher, "Exit Codes": 205 if a secret was found to be valid.
    ("kingfisher", &[200, 205]),
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
    known.filter(|(_, codes)| codes.contains(&code)).map(|_| Exit::Findings)
}
