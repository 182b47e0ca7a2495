//! Findings and rules as SARIF.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, utf8_percent_encode};

use crate::model::finding::{Decision, Finding};
use crate::model::severity::Severity;
use crate::report::subject;
use crate::text::encode::all_but;

use super::RuleSeen;
use super::model::{
    ArtifactLocation, Configuration, Location, LogicalLocation, Message, PhysicalLocation, Region, Rule,
    RuleProperties, Suppression,
};

/// GitHub accepts ten tags per rule, 255 characters of an id and 1,024 of a text.
const MOST_TAGS: usize = 10;
const LONGEST_ID: usize = 255;
const LONGEST_TEXT: usize = 1_000;

/// Stands for the root of the repository, as GitHub and others write it.
pub(super) const ROOT: &str = "%SRCROOT%";

pub(super) fn rule_id(finding: &Finding) -> Cow<'_, str> {
    subject::cut(subject::rule(finding), LONGEST_ID)
}

pub(super) fn rule<'a>(seen: &RuleSeen<'a>) -> Rule<'a> {
    let finding = seen.worst;
    let title = if seen.one_title { subject::title(finding) } else { subject::rule(finding) };
    let mut help = title.to_owned();
    if let (Some(fix), true) = (&finding.fix, seen.one_title) {
        help.push_str(&format!("\nFix: {fix}"));
    }
    let links: Vec<&str> = subject::links(finding).take(5).collect();
    if !links.is_empty() {
        help.push_str(&format!("\nSee: {}", links.join(" ")));
    }
    let security = subject::is_security(finding.category);
    let mut tags: Vec<Cow<str>> = security.then_some(Cow::Borrowed("security")).into_iter().collect();
    tags.push(Cow::Borrowed(finding.category.as_str()));
    // As GitHub and CodeQL write them.
    let number = |cwe: &str| cwe.get(4..).and_then(|number| number.parse::<u32>().ok());
    tags.extend(
        finding
            .cwe
            .iter()
            .filter_map(|cwe| number(cwe))
            .map(|n| Cow::Owned(format!("external/cwe/cwe-{n:03}"))),
    );
    tags.truncate(MOST_TAGS);
    Rule {
        id: rule_id(finding),
        short_description: message(Cow::Borrowed(title)),
        full_description: message(Cow::Borrowed(title)),
        help: message(Cow::Owned(help)),
        help_uri: links.first().copied(),
        default_configuration: Configuration { level: by_severity(finding.severity) },
        properties: RuleProperties {
            tags,
            problem_severity: (!security).then(|| problem(finding.severity)),
            security_severity: subject::score(finding)
                .filter(|_| security)
                .map(|score| format!("{score:.1}")),
        },
    }
}

/// A viewer turns `[words](address)` into a link. Text from outside must not become one.
pub(super) fn message(words: Cow<'_, str>) -> Message<'_> {
    let words = if words.contains("](") { Cow::Owned(words.replace("](", "] (")) } else { words };
    let cut = match subject::cut(&words, LONGEST_TEXT) {
        Cow::Owned(cut) => Some(cut),
        Cow::Borrowed(_) => None,
    };
    Message { text: cut.map_or(words, Cow::Owned) }
}

/// A finding that blocks is an error, whatever its severity. One that does not block is never an error.
pub(super) fn level(finding: &Finding, required: bool) -> &'static str {
    match (finding.decision, by_severity(finding.severity)) {
        (Decision::Deny, _) if required => "error",
        (_, "error") => "warning",
        (_, level) => level,
    }
}

/// The level of a finding that is not about security, in GitHub's words.
fn problem(severity: Severity) -> &'static str {
    match by_severity(severity) {
        "note" => "recommendation",
        level => level,
    }
}

fn by_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Unknown => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A waiver is outside the source. A suppression that the tool itself reports is in the source.
pub(super) fn suppression(finding: &Finding) -> Option<Suppression<'_>> {
    (finding.decision == Decision::Waive).then(|| Suppression {
        kind: if finding.suppressed.is_some() { "inSource" } else { "external" },
        status: "accepted",
        justification: &finding.because,
    })
}

pub(super) fn location(finding: &Finding) -> Location<'_> {
    let path = subject::file(finding);
    // GitHub requires a line: if none is known, it is the first.
    let region = {
        let start_line = subject::line(finding).unwrap_or(1);
        let at = finding.location.as_ref();
        let end_line = at.and_then(|at| at.end_line).map(|line| line.get());
        Region {
            start_line,
            start_column: at.and_then(|at| at.start_column).map(|column| column.get()),
            end_line: end_line.filter(|end| *end >= start_line),
        }
    };
    let resource = finding.resource.as_deref();
    let logical = resource.map(|name| LogicalLocation { fully_qualified_name: name });
    Location {
        physical_location: PhysicalLocation { artifact_location: artifact(&path), region },
        logical_locations: logical.into_iter().collect(),
    }
}

/// As RFC 3986: relative to the root of the repository, an absolute `file:` address outside of it, or the web
/// address that the tool named.
fn artifact(path: &str) -> ArtifactLocation {
    const NOT_OF_PATHS: AsciiSet = all_but(b"-._~/!$&'()*+,;=@");
    // What is encoded already stays so.
    const NOT_OF_ADDRESSES: AsciiSet = all_but(b"-._~/!$&'()*+,;=@:?#[]%");
    let encoded = |path: &str| utf8_percent_encode(path, &NOT_OF_PATHS).to_string();
    let absolute = |uri: String| ArtifactLocation { uri, uri_base_id: None };
    let slashed;
    let path = match path.as_bytes() {
        [b'\\', b'\\', ..] | [_, b':', b'\\', ..] => {
            slashed = path.replace('\\', "/");
            &slashed
        }
        _ => path,
    };
    if has_scheme(path) {
        return absolute(utf8_percent_encode(path, &NOT_OF_ADDRESSES).to_string());
    }
    match path.as_bytes() {
        // A share of Windows: the host is a part of the address (RFC 8089, E.3).
        [b'/', b'/', host, ..] if *host != b'/' => absolute(format!("file:{}", encoded(path))),
        [b'/', ..] => absolute(format!("file://{}", encoded(path))),
        [drive, b':', b'/', ..] if drive.is_ascii_alphabetic() => {
            absolute(format!("file:///{}:{}", char::from(*drive), encoded(&path[2..])))
        }
        _ => ArtifactLocation { uri: encoded(path), uri_base_id: Some(ROOT) },
    }
}

/// Whether it begins as `https://` does.
fn has_scheme(path: &str) -> bool {
    let scheme = path.split_once("://").map(|(scheme, _)| scheme).unwrap_or_default();
    scheme.len() > 1
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::artifact;

    #[test]
    fn an_address_names_the_same_file_as_the_path() {
        for (path, uri, relative) in [
            ("src/a b.c", "src/a%20b.c", true),
            ("doc/#1571 - New.md", "doc/%231571%20-%20New.md", true),
            ("src/a.c?x=1", "src/a.c%3Fx=1", true),
            ("C:src.c", "C%3Asrc.c", true),
            ("a+b+c.c", "a+b+c.c", true),
            ("/builds/x/src/b.c", "file:///builds/x/src/b.c", false),
            ("//server/share/src/g 1.cs", "file://server/share/src/g%201.cs", false),
            ("\\\\server\\share\\a.cs", "file://server/share/a.cs", false),
            ("D:\\a\\b.cs", "file:///D:/a/b.cs", false),
            ("D:/a/repo/src/g 1.cs", "file:///D:/a/repo/src/g%201.cs", false),
            (
                "https://github.com/mona/app/blob/0123/script/u%20u.py#L1",
                "https://github.com/mona/app/blob/0123/script/u%20u.py#L1",
                false,
            ),
            ("https://example.test/a b", "https://example.test/a%20b", false),
            ("a:b/c", "a%3Ab/c", true),
        ] {
            let location = artifact(path);
            assert_eq!((location.uri.as_str(), location.uri_base_id.is_some()), (uri, relative));
        }
    }
}
