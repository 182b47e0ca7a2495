//! What gitleaks writes on standard error: how much it scanned, and what it left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::text::sanitise;

/// What gitleaks reports about its own run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Log {
    pub commits: Option<u64>,
    pub bytes: Option<u64>,
    /// The files that it leaves out by its own rules, by the reason.
    pub left_out: BTreeMap<&'static str, BTreeSet<String>>,
    /// The files that it opened in a scan of a folder.
    pub opened: Vec<String>,
    /// What it could not scan. It still ends with 0 when git fails (no repository, no such revision,
    /// a damaged object) and when a file can't be read.
    pub gaps: Vec<String>,
}

impl Log {
    pub(super) fn read(text: &str) -> Self {
        // gitleaks colours its first lines before it reads `--no-color`.
        let text = sanitise::without_colour(text);
        let mut log = Self::default();
        for (level, words) in text.lines().filter_map(log_entry) {
            if let Some(commits) = words.strip_suffix(" commits scanned.") {
                log.commits = commits.parse().ok();
            } else if let Some(bytes) = words.strip_prefix("scanned ~") {
                log.bytes = bytes.split(' ').next().and_then(|bytes| bytes.parse().ok());
            } else if let Some(path) = words.strip_prefix("scanning path path=") {
                // Quoted if it has a space.
                log.opened.push(path.trim_matches('"').to_owned());
            } else if let Some((_, why)) = LEFT_OUT.iter().find(|(words_of, _)| words.starts_with(words_of)) {
                let path = words.split_once(" path=").map(|(_, path)| path.to_owned());
                log.left_out.entry(why).or_default().extend(path);
            } else if is_gap(level, words) {
                log.gaps.push(words.to_owned());
            }
        }
        log
    }
}

/// What it could not scan, by its log.
pub(in crate::tools) fn unscanned(text: &str) -> Vec<String> {
    Log::read(text).gaps
}

/// How it says that it leaves a file out (`sources/*.go`, 8.30), and why that is.
const LEFT_OUT: [(&str, &str); 3] = [
    ("skipping file: global allowlist", "path allowlist"),
    ("skipping binary file", "binary"),
    ("skipping archive: exceeds max archive depth", "archive"),
];

fn is_gap(level: &str, words: &str) -> bool {
    match level {
        // The first follows the lines that say what git wrote; the second is about web links.
        "ERR" => words != "error=\"stderr is not empty\"" && !words.starts_with("skipping finding links"),
        "WRN" => ["partial scan completed", "skipping file: permission denied", "issue reading file"]
            .iter()
            .any(|beginning| words.starts_with(beginning)),
        _ => false,
    }
}

/// Level and words of a log line: `9:37AM INF 3 commits scanned.`
pub(super) fn log_entry(line: &str) -> Option<(&str, &str)> {
    let (_time, rest) = line.split_once(' ')?;
    let (level, words) = rest.split_once(' ')?;
    let known = ["TRC", "DBG", "INF", "WRN", "ERR", "FTL", "PNC"].contains(&level);
    known.then(|| (level, words.trim()))
}
