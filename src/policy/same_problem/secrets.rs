//! Which findings are one secret: by its place, or by the word of the tool that compared them.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;

use crate::model::finding::{Category, Finding};

/// A commit if there is one, a path, a line.
type Line<'a> = (Option<&'a str>, &'a str, NonZeroU32);

/// Where each secret is. Each commit of the history is a separate place: today the same line may contain
/// another secret. Secrets inside images have separate paths. If a gate finds several in a line, only the column says which
/// is which; where it does not, each is a problem of its own, so that no waiver covers another secret.
pub(super) fn spots(
    findings: &[Finding],
) -> impl Fn(usize, &Finding) -> Option<(Line<'_>, Option<NonZeroU32>)> {
    let mut on_line: HashMap<(Line, &str), u32> = HashMap::new();
    let mut at_column: HashMap<(Line, &str, Option<NonZeroU32>), u32> = HashMap::new();
    for finding in findings {
        if let Some(line) = line_of(finding) {
            *on_line.entry((line, &*finding.gate)).or_default() += 1;
            *at_column.entry((line, &*finding.gate, column_of(finding))).or_default() += 1;
        }
    }
    let crowded: HashSet<Line> =
        on_line.iter().filter(|(_, n)| **n > 1).map(|((line, _), _)| *line).collect();
    let unclear: HashSet<(Line, Option<NonZeroU32>)> =
        at_column.iter().filter(|(_, n)| **n > 1).map(|((line, _, column), _)| (*line, *column)).collect();
    move |_, finding| {
        let line = line_of(finding)?;
        if !crowded.contains(&line) {
            return Some((line, None));
        }
        let column = column_of(finding);
        (column.is_some() && !unclear.contains(&(line, column))).then_some((line, column))
    }
}

/// The number that the findings of one secret have in common, in the history that a gate looked at.
pub(super) fn in_several_commits(_: usize, finding: &Finding) -> Option<(&str, &str, NonZeroU32)> {
    Some((&finding.gate, &finding.target, finding.same_secret?))
}

fn column_of(finding: &Finding) -> Option<NonZeroU32> {
    finding.location.as_ref().and_then(|at| at.start_column)
}

fn line_of(finding: &Finding) -> Option<Line<'_>> {
    let at = finding.location.as_ref().filter(|_| finding.category == Category::Secret)?;
    if finding.image.is_some() {
        return None;
    }
    Some((finding.commit.as_deref(), &at.path, at.start_line?))
}

#[cfg(test)]
mod tests {
    use super::super::groups;
    use crate::model::finding::{Category, Finding, Location};
    use crate::model::severity::Severity;

    fn secret(gate: &str, line: u64, column: u64, commit: &str) -> Finding {
        let mut finding = Finding::new("key", Category::Secret, Severity::High, "x");
        finding.gate = gate.into();
        let column = (column > 0).then_some(column);
        finding.location =
            Some(Location::file("src/a.ts").lines(Some(line), Some(line)).columns(column, column));
        finding.commit = (!commit.is_empty()).then(|| commit.into());
        finding
    }

    #[test]
    fn a_secret_is_one_problem_by_its_place_in_one_commit() {
        let findings = [
            secret("gitleaks", 3, 9, ""),
            secret("git-secrets", 3, 0, ""),
            secret("gitleaks", 3, 40, ""),
            secret("gitleaks", 4, 9, ""),
            secret("git-secrets", 4, 0, ""),
            secret("history", 3, 9, "abc"),
            secret("other", 3, 40, ""),
        ];
        // In line 3 git-secrets may mean either of two.
        assert_eq!(groups(&findings), [vec![2, 6], vec![3, 4]]);
    }

    #[test]
    fn a_secret_is_one_problem_in_all_commits_in_which_one_gate_finds_it() {
        let of = |gate: &str, line: u64, commit: &str, same: u32| Finding {
            same_secret: std::num::NonZeroU32::new(same),
            ..secret(gate, line, 9, commit)
        };
        let findings = [
            of("history", 3, "a", 1),
            of("history", 7, "b", 1),
            of("history", 3, "c", 3),
            of("other", 9, "b", 1),
            of("git-secrets", 7, "b", 0),
            of("history", 9, "d", 0),
        ];
        assert_eq!(groups(&findings), [[0, 1, 4]], "a number is one of the gate's report");
    }
}
