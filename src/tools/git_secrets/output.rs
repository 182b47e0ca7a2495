//! What git-secrets prints on standard error: a line for each match, `path:line:text` or
//! `commit:path:line:text`, then a mark and advice. Only the place of a match is kept.

use std::collections::HashSet;

use crate::redact::{Secret, evidence};
use crate::scan::parsed::ReportError;

use super::WHAT;

/// The line after the last match and an empty line.
const MARK: &[u8] = b"[ERROR] Matched one or more prohibited patterns";

/// The length of the longest path (`PATH_MAX`).
const LONGEST_PATH: usize = 4096;

/// How many places in a line are tried as the end of its path.
const PLACES: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Output<'a> {
    pub matches: Vec<Match<'a>>,
    /// Errors that stopped it. Never a line that might be a match.
    pub error_lines: Vec<String>,
    /// Messages that did not stop it.
    pub remarks: Vec<String>,
}

/// A line of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Match<'a> {
    pub commit: Option<&'a str>,
    pub path: String,
    pub line: u64,
    /// The whole line: a secret.
    text: &'a [u8],
}

impl<'a> Output<'a> {
    /// Reads everything that it printed. With `with_commits`, matches may begin with a commit. `files` are
    /// the scanned files: they show where a name with colons ends.
    pub(super) fn read(
        bytes: &'a [u8],
        with_commits: bool,
        files: Option<&HashSet<&[u8]>>,
    ) -> Result<Self, ReportError> {
        let mut output = Output::default();
        let (mut marked, mut open, mut after_blank) = (false, false, true);
        let mut strange = 0_usize;
        for line in bytes.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let blank = std::mem::replace(&mut after_blank, line.is_empty());
            if line == MARK && blank {
                (marked, open) = (true, false);
            } else if let Some(found) = Match::read(line, with_commits, files) {
                output.matches.push(found);
                open = true;
            } else if line.is_empty() || (marked && is_advice(line)) {
            } else if let Some(remark) = remark(line) {
                output.remarks.push(remark.to_owned());
            } else {
                match error_line(line) {
                    Some(error_line) => output.error_lines.push(error_line),
                    None => strange += 1,
                }
            }
        }
        output.remarks.dedup();
        if let (true, Some(first)) = (output.matches.is_empty(), output.error_lines.first()) {
            return Err(ReportError::ToolError(format!("git-secrets failed: {first}")));
        }
        // A strange line may hold a secret, so it is not shown.
        if strange > 0 && output.matches.is_empty() {
            let detail = "a line is neither a match nor a message of git".to_owned();
            return Err(ReportError::Foreign { what: WHAT, detail });
        }
        let cut = |detail: &str| Err(ReportError::Cut { what: WHAT, detail: detail.to_owned() });
        if bytes.last().is_some_and(|last| *last != b'\n') {
            return cut("its last line has no end");
        }
        if open {
            return cut("the text after the last match is missing");
        }
        if marked && output.matches.is_empty() {
            return cut("it says that something matched, but not what");
        }
        if !marked && !bytes.is_empty() && output.remarks.is_empty() {
            let detail = "it has no message".to_owned();
            return Err(ReportError::Foreign { what: WHAT, detail });
        }
        if strange > 0 {
            output
                .error_lines
                .push(format!("{strange} of its lines are neither matches nor messages of git"));
        }
        Ok(output)
    }
}

fn is_advice(line: &[u8]) -> bool {
    line == b"Possible mitigations:" || line.starts_with(b"- ")
}

/// A harmless message.
fn remark(line: &[u8]) -> Option<&'static str> {
    if line.ends_with(b" ignored null byte in input") {
        return Some("a line that matched has null bytes");
    }
    // git-secrets does not quote the path of .gitallowed.
    let unread = line.starts_with(b"cat: ") && line.ends_with(b": No such file or directory");
    unread.then_some("git-secrets can't read .gitallowed if the path has a space")
}

/// A message of git, grep or the shell, without the text in quotes: a pattern may be a secret.
fn error_line(line: &[u8]) -> Option<String> {
    const SPEAKERS: [&str; 6] = ["fatal: ", "error: ", "warning: ", "grep: ", "git: ", "cat: "];
    let text = String::from_utf8_lossy(line);
    if !SPEAKERS.iter().any(|speaker| text.starts_with(speaker)) && !text.contains("git-secrets: line ") {
        return None;
    }
    let quotes = text.find('\'').zip(text.rfind('\'')).filter(|(first, last)| first < last);
    Some(match quotes {
        Some((first, last)) => format!("{}'…'{}", &text[..first], &text[last + 1..]),
        None => text.into_owned(),
    })
}

impl<'a> Match<'a> {
    fn read(line: &'a [u8], with_commits: bool, files: Option<&HashSet<&[u8]>>) -> Option<Self> {
        if with_commits
            && let Some((commit, rest)) = commit(line)
            && let Some(found) = Match::in_file(rest, files)
        {
            return Some(Match { commit: Some(commit), ..found });
        }
        Match::in_file(line, files)
    }

    fn in_file(line: &'a [u8], files: Option<&HashSet<&[u8]>>) -> Option<Self> {
        if let Some((path, rest)) = quoted(line) {
            let (line, text) = numbered(rest)?;
            return Some(Match { commit: None, path, line, text });
        }
        let colons = (1..line.len().min(LONGEST_PATH)).filter(|at| line[*at] == b':');
        let mut places = colons.filter(|at| numbered(&line[*at..]).is_some()).take(PLACES);
        let first = places.next()?;
        let is_file = |at: &usize| files.is_some_and(|files| files.contains(&line[..*at]));
        let at = std::iter::once(first).chain(places).find(is_file).unwrap_or(first);
        let (path, rest) = line.split_at(at);
        let (line, text) = numbered(rest)?;
        Some(Match { commit: None, path: String::from_utf8_lossy(path).into_owned(), line, text })
    }

    /// What may be a secret in the line: the whole line, and its words that look like a secret. Other
    /// tools may print these words too.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        evidence::in_line(&String::from_utf8_lossy(self.text))
    }
}

/// `commit:` and the rest of the line.
fn commit(line: &[u8]) -> Option<(&str, &[u8])> {
    let end = line.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f'))?;
    let (commit, rest) = line.split_at(end);
    let rest = rest.strip_prefix(b":").filter(|_| matches!(end, 40 | 64))?;
    Some((std::str::from_utf8(commit).ok()?, rest))
}

/// `:12:text`
fn numbered(rest: &[u8]) -> Option<(u64, &[u8])> {
    const DIGITS: usize = 20;
    let rest = rest.strip_prefix(b":")?;
    let end = rest.iter().take(DIGITS + 1).position(|byte| !byte.is_ascii_digit())?;
    let text = rest[end..].strip_prefix(b":")?;
    Some((std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?, text))
}

/// A path in quotes, as git writes names with control characters, quotes or backslashes in them
/// (`core.quotePath` in git-config(1)), and the rest of the line.
fn quoted(line: &[u8]) -> Option<(String, &[u8])> {
    let mut rest = line.strip_prefix(b"\"")?;
    let mut path = Vec::new();
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Some((String::from_utf8_lossy(&path).into_owned(), after)),
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] => {
                path.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                after
            }
            [b'\\', letter, after @ ..] => {
                path.push(match letter {
                    b'a' => 7,
                    b'b' => 8,
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'v' => 11,
                    b'f' => 12,
                    b'r' => b'\r',
                    other => *other,
                });
                after
            }
            [byte, after @ ..] => {
                path.push(*byte);
                after
            }
            [] => return None,
        };
    }
}
