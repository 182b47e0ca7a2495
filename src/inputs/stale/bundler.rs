//! `Gemfile` and `Gemfile.lock`. A Gemfile is a program: only what stands under no condition is sure.
//!
//! Source: gemfile(5); Bundler's `lockfile_parser.rb`.

use std::collections::BTreeSet;

use super::Named;
use crate::inputs::code::without_comments;

/// The direct dependencies, and the gems of each source: `    rack (2.2.3)`, `  rack!`.
pub(super) fn named(text: &str) -> Option<Named> {
    text.lines().any(|line| line == "DEPENDENCIES").then_some(())?;
    let own = text.lines().filter(|line| line.starts_with("  "));
    let names = own.filter_map(|line| line.trim_start().split([' ', '!', '(']).next());
    Some(Named { all: names.map(str::to_owned).collect(), ..Named::default() })
}

pub(super) fn asked(text: &str) -> BTreeSet<String> {
    const CONDITIONS: [&str; 8] =
        ["if", "unless", "case", "install_if", "platforms", "platform", "path", "def"];
    let code = without_comments(text, "#", false);
    let mut asked = BTreeSet::new();
    // Whether each open block is under a condition, or of folders.
    let mut open: Vec<bool> = Vec::new();
    for line in code.lines().map(str::trim) {
        let first = line.split([' ', '(']).next().unwrap_or_default();
        let is_block = line.ends_with(" do") || line.contains(" do |");
        let is_condition = CONDITIONS.contains(&first);
        match first {
            "end" => drop(open.pop()),
            "if" | "unless" | "case" | "def" | "begin" | "while" => open.push(true),
            _ if is_block => open.push(is_condition),
            "gem" if !open.contains(&true) => asked.extend(gem(&line["gem".len()..])),
            _ => {}
        }
    }
    asked
}

/// `"rails", "~> 7"`: one that is always in the lock file.
fn gem(call: &str) -> Option<String> {
    const SOMETIMES: [&str; 5] = ["path:", ":path", "platform", "install_if", "#{"];
    let call = call.trim_start_matches([' ', '(']);
    let quote = call.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let name = call[1..].split(quote).next()?;
    let is_conditional = [" if ", " unless "].iter().any(|word| call.contains(word));
    let is_plain = !is_conditional && !SOMETIMES.iter().any(|word| call.contains(word));
    // The statement may go on in the next line.
    (is_plain && !call.trim_end().ends_with(',')).then(|| name.to_owned())
}
