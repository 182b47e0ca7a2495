//! `build.gradle` and `gradle.lockfile`. The build is a program: only coordinates that it writes out, for what is compiled or run in
//! production, are sure.
//!
//! Source: Gradle, "Declaring dependencies" and "Locking versions".

use std::collections::BTreeSet;

use super::Named;
use crate::inputs::code::{bodies, without_comments};

/// `org.slf4j:slf4j-api:2.0.9=compileClasspath,runtimeClasspath`
pub(super) fn named(text: &str) -> Option<Named> {
    text.lines().any(|line| line.starts_with("empty=")).then_some(())?;
    let lines =
        text.lines().filter(|line| !line.starts_with(['#', ' '])).filter_map(|line| line.split_once('='));
    let names = lines.filter_map(|(name, _)| name.rsplit_once(':'));
    Some(Named { all: names.map(|(name, _)| name.to_owned()).collect(), ..Named::default() })
}

/// `implementation 'g:a:1'`, `api("g:a:1")`, `implementation group: 'g', name: 'a', version: '1'`.
pub(super) fn asked(text: &str) -> BTreeSet<String> {
    const SHIPPED: [&str; 5] = ["implementation", "api", "runtimeOnly", "compile", "runtime"];
    let code = without_comments(text, "//", true);
    // A block in another one is for other projects, or under a condition.
    let blocks = bodies(&code, "\ndependencies", ('{', '}'));
    let lines = blocks.flat_map(|block| block.split(['\n', ';'])).map(str::trim);
    let calls = lines.filter_map(|line| {
        let end = line.find(|c: char| !c.is_ascii_alphanumeric())?;
        SHIPPED.contains(&&line[..end]).then(|| line[end..].trim_start_matches([' ', '(']))
    });
    calls.filter_map(coordinates).collect()
}

fn coordinates(call: &str) -> Option<String> {
    let after =
        |key: &str| call.split_once(key).and_then(|(_, rest)| text(rest.trim_start_matches([':', '=', ' '])));
    let name = match text(call) {
        Some(all) => {
            let (group, rest) = all.split_once(':')?;
            format!("{group}:{}", rest.split([':', '@']).next()?)
        }
        None => format!("{}:{}", after("group")?, after("name")?),
    };
    (!name.contains(['$', '{'])).then_some(name)
}

/// The text that begins here, in quotation marks.
fn text(rest: &str) -> Option<&str> {
    let quote = rest.chars().next().filter(|c| ['"', '\''].contains(c))?;
    rest[1..].split_once(quote).map(|(text, _)| text)
}
