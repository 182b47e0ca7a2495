//! Where a linter writes the place of a finding.

use super::{Case, Problem};

/// A file and a line, where a linter writes them into a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub file: Option<String>,
    pub line: Option<u64>,
}

impl Place {
    /// From the text or the message of a problem, or from the name of its case.
    pub(super) fn of(name: &str, problem: &Problem) -> Option<Self> {
        let text = problem.text.trim();
        // Hadolint, Checkov: lines `File: …` and `Line: …`; hadolint, where it can't parse: `Parse Error in …`.
        let field = |field: &str| {
            let mut lines = text.lines().map(str::trim);
            lines.find_map(|line| line.strip_prefix(field)).map(str::trim).filter(|value| !value.is_empty())
        };
        if let Some(line) = field("Line:").and_then(|line| line.parse().ok()) {
            let file = field("File:").or_else(|| field("Parse Error in "));
            return Some(Self { file: file.map(str::to_owned), line: Some(line) });
        }
        if let Some((file, lines)) = field("File:").and_then(|place| place.rsplit_once(": ")) {
            let line = lines.split('-').next().and_then(|line| line.parse().ok());
            // Checkov's paths begin with a slash, and are below the folder that it scans.
            return Some(Self { file: Some(file.trim_start_matches('/').to_owned()), line });
        }
        // ESLint, Biome, Spectral, markdownlint: `line N, …`. stylelint: `On line N, column C in F`.
        let own = text.strip_prefix("On ").unwrap_or(text);
        let number = own.strip_prefix("line ").or_else(|| own.strip_prefix("Line "));
        if let Some(line) = number.and_then(|rest| rest.split(',').next()?.trim().parse().ok()) {
            return Some(Self { file: None, line: Some(line) });
        }
        // gitleaks: `… in file F, line N.`
        if let Some((file, line)) = name
            .split_once(" in file ")
            .and_then(|(_, place)| place.trim_end_matches('.').rsplit_once(", line "))
        {
            return Some(Self { file: Some(file.to_owned()), line: line.parse().ok() });
        }
        // cfn-lint: `… at F:L:C`. Bandit: `Location F:L`.
        let message = problem.message.as_deref().unwrap_or_default();
        let places =
            [message.rsplit_once(" at "), text.rsplit_once("Location "), text.rsplit_once("Location: ")];
        places.into_iter().flatten().find_map(|(_, place)| Self::with_colons(place.lines().next()?))
    }

    /// `F:L` or `F:L:C`.
    fn with_colons(place: &str) -> Option<Self> {
        let mut parts: Vec<&str> = place.trim().split(':').collect();
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let numbers = parts.iter().rev().take_while(|part| is_number(part)).count();
        let file = parts.len().checked_sub(numbers).filter(|file| *file > 0 && numbers > 0)?;
        let line = parts.get(file).and_then(|line| line.parse().ok());
        parts.truncate(file);
        Some(Self { file: Some(parts.join(":")), line })
    }

    /// From the case itself: the suite is named after the file, or the class is.
    pub(super) fn file_of_case(case: &Case, suite: Option<&str>) -> Option<String> {
        if case.file.is_some() {
            return None;
        }
        // A file has a short ending; a class of tests has a name there.
        let is_file = |name: &&str| {
            let ending = name
                .rsplit(['/', '\\'])
                .next()
                .and_then(|file| file.rsplit_once('.'))
                .map(|(_, ending)| ending);
            ending.is_some_and(|ending| {
                (1..=6).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_lowercase())
            })
        };
        // Ruff leaves the ending out of the class, and has it in the suite.
        [suite, case.class.as_deref()].into_iter().flatten().find(is_file).map(str::to_owned)
    }
}
