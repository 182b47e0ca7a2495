//! Linters that write JUnit XML. Each case is a finding, and each linter has its own place for the rule, the
//! severity, the file and the line.

use crate::formats::xml::Element;
use crate::model::finding::{Category, Finding, Location};
use crate::model::severity::Severity;
use crate::scan::report_origin::ReportOrigin;

use super::case::{Case, Problem};

/// A linter, recognised by the names of its suites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Linter {
    /// A linter without severities, or with a word for them in `type`.
    Plain,
    /// Its findings are secrets.
    Gitleaks,
    CfnLint,
    /// `[SEVERITY][RULE] title`
    Checkov,
    /// One case for a whole run: its lines are the findings, which are not taken apart.
    Mypy,
}

/// What stands around a case.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    /// The innermost suite.
    pub suite: Option<&'a str>,
    /// The folder that was scanned.
    pub folder: Option<&'a str>,
}

/// The folder in a list of one, as Checkov writes it: `['tf']`. Of several, nobody knows which is meant.
pub(super) fn only_folder(list: &str) -> Option<String> {
    let folder = list.trim().strip_prefix("['")?.strip_suffix("']")?;
    (!folder.contains('\'')).then(|| folder.to_owned())
}

/// Names of suites, by their beginning, and `package` of suites (`org.eslint`).
const BY_NAME: [(&str, Linter); 13] = [
    ("Hadolint ", Linter::Plain),
    ("Biome", Linter::Plain),
    ("Oxlint", Linter::Plain),
    ("bandit", Linter::Plain),
    ("semgrep results", Linter::Plain),
    ("ruff", Linter::Plain),
    ("gitleaks", Linter::Gitleaks),
    ("CloudFormation Lint", Linter::CfnLint),
    ("terraform scan", Linter::Checkov),
    ("cloudformation scan", Linter::Checkov),
    ("dockerfile scan", Linter::Checkov),
    ("kubernetes scan", Linter::Checkov),
    ("mypy", Linter::Mypy),
];

const PACKAGES: [&str; 5] = ["org.eslint", "org.biome", "org.ruff", "org.oxlint", "stylelint"];

impl Linter {
    pub(super) fn of_suite(suite: &Element) -> Option<Self> {
        let is_package = |package: &str| PACKAGES.iter().any(|known| package.starts_with(known));
        if suite.attribute("package").is_some_and(is_package) {
            return Some(Self::Plain);
        }
        let name = suite.attribute("name")?;
        let checkov = name.ends_with(" scan") && !name.contains('.');
        BY_NAME
            .iter()
            .find(|(start, _)| name.starts_with(start))
            .map(|(_, linter)| *linter)
            .or(checkov.then_some(Self::Checkov))
    }

    /// Puts rule, severity and place where a finding has them.
    pub(super) fn refine(
        self,
        finding: &mut Finding,
        case: &Case,
        problem: &Problem,
        (names, origin): (Names<'_>, &ReportOrigin),
    ) {
        // All errors of its run: its text identifies it, as that of a test.
        if self == Self::Mypy {
            return;
        }
        finding.category = if self == Self::Gitleaks { Category::Secret } else { Category::Lint };
        let name = case.name.as_deref().or(case.id.as_deref()).unwrap_or_default();
        let rule = problem.id.as_deref().or_else(|| self.rule(name)).map(str::to_owned);
        if let Some(rule) = rule {
            finding.rule = rule.into();
        }
        if let Some((severity, raw)) = self.severity(&finding.rule, name, problem) {
            (finding.severity, finding.severity_raw) = (severity, Some(raw.into()));
        }
        let place = Place::of(name, problem).or_else(|| Place::of_case(case, names.suite));
        if let Some(place) = place {
            let line = place.line.or(problem.line).or(case.line);
            let own = finding.location.as_ref().map(|location| location.path.clone());
            // Paths of Checkov are below the folder that it scanned.
            let below = |file: String| match (self, names.folder) {
                (Self::Checkov, Some(folder)) => format!("{folder}/{file}"),
                _ => file,
            };
            let path = place.file.map(|file| origin.relative(&below(file))).or(own);
            finding.location = path.map(|path| Location::file(path).lines(line, None));
        }
    }

    /// The rule in the name of a case.
    fn rule(self, name: &str) -> Option<&str> {
        match self {
            Self::Gitleaks => name.split_once(" has detected a secret").map(|(rule, _)| rule),
            Self::CfnLint => name.split(' ').next(),
            Self::Checkov => {
                name.split_once("][").and_then(|(_, rest)| rest.split_once(']')).map(|(rule, _)| rule)
            }
            Self::Plain | Self::Mypy => {
                let start = PACKAGES.iter().find_map(|package| name.strip_prefix(package));
                start.map(|rest| rest.trim_start_matches('.')).filter(|rule| !rule.is_empty())
            }
        }
    }

    /// The severity, and the word for it.
    fn severity(self, rule: &str, name: &str, problem: &Problem) -> Option<(Severity, String)> {
        match self {
            Self::Gitleaks | Self::Mypy => None,
            // As in its own report (`src/cfnlint/rules`): the letter is the level.
            Self::CfnLint => {
                let (severity, word) = match rule.as_bytes().first()? {
                    b'E' => (Severity::High, "error"),
                    b'W' => (Severity::Medium, "warning"),
                    b'I' => (Severity::Info, "informational"),
                    _ => return None,
                };
                Some((severity, word.to_owned()))
            }
            // Without a key of its platform it rates nothing: `NONE`.
            Self::Checkov => {
                let word = name.strip_prefix('[')?.split(']').next()?;
                Some((Severity::from_word(word), word.to_owned()))
            }
            Self::Plain => {
                let in_text =
                    problem.text.trim().strip_prefix("line ").and_then(|text| text.split(", ").nth(2));
                let in_text = in_text.and_then(|text| text.split(' ').next());
                let words = [problem.kind.as_deref(), in_text];
                words.into_iter().flatten().find_map(|word| Some((of_level(word)?, word.to_owned())))
            }
        }
    }
}

/// A linter's word for a level.
fn of_level(word: &str) -> Option<Severity> {
    Some(match word.to_ascii_lowercase().as_str() {
        "critical" | "blocker" => Severity::Critical,
        "high" | "error" | "major" => Severity::High,
        "medium" | "moderate" | "warning" | "warn" => Severity::Medium,
        "low" | "minor" | "style" => Severity::Low,
        "info" | "information" | "informational" | "note" | "hint" => Severity::Info,
        _ => return None,
    })
}

/// A file and a line, where a linter writes them into a text.
#[derive(Debug, Default, PartialEq, Eq)]
struct Place {
    file: Option<String>,
    line: Option<u64>,
}

impl Place {
    /// From the text or the message of a problem, or from the name of its case.
    fn of(name: &str, problem: &Problem) -> Option<Self> {
        let text = problem.text.trim();
        // Hadolint, Checkov: lines `File: …` and `Line: …`.
        let field = |field: &str| {
            let mut lines = text.lines().map(str::trim);
            lines.find_map(|line| line.strip_prefix(field)).map(str::trim).filter(|value| !value.is_empty())
        };
        if let Some(line) = field("Line:").and_then(|line| line.parse().ok()) {
            return Some(Self { file: field("File:").map(str::to_owned), line: Some(line) });
        }
        if let Some((file, lines)) = field("File:").and_then(|place| place.rsplit_once(": ")) {
            let line = lines.split('-').next().and_then(|line| line.parse().ok());
            // Checkov's paths begin with a slash, and are below the folder that it scans.
            return Some(Self { file: Some(file.trim_start_matches('/').to_owned()), line });
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
    fn of_case(case: &Case, suite: Option<&str>) -> Option<Self> {
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
        let file = [suite, case.class.as_deref()].into_iter().flatten().find(is_file);
        Some(Self { file: Some(file?.to_owned()), line: None })
    }
}
