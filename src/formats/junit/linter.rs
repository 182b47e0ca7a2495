//! Linters that write JUnit XML. Each case is a finding, and each linter has its own place for the rule, the
//! severity, the file and the line.

mod place;
mod trivy;

use crate::formats::xml::Element;
use crate::model::finding::{Category, Finding, Location};
use crate::model::severity::Severity;
use crate::scan::report_origin::ReportOrigin;

use super::case::{Case, Problem};
use place::Place;

/// A linter, recognised by the names of its suites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Linter {
    /// A linter without severities, or with a word for them in `type`.
    Plain,
    /// A warning is low, as in its own gate. Secretlint writes the same form.
    Eslint,
    /// An `error` element is an error, a `failure` is a warning.
    Oxlint,
    /// `CODE, message`
    Flake8,
    /// `CODE:message` in the text, and the letter of the code is the level.
    Pylint,
    /// The rule is in the text: `Test ID: B101`.
    Bandit,
    /// A case is named after its rule.
    Semgrep,
    /// `RULE/alias`
    Markdownlint,
    /// One case for a file: its lines are the findings, which are not taken apart. Clean files are counted, and left out.
    Htmlhint,
    /// The same, and it counts the lines.
    Cpplint,
    /// By its template: `[SEVERITY] RULE`.
    Trivy,
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

/// Names of suites. A name with a star is a beginning: a version or a module follows.
const BY_NAME: [(&str, Linter); 12] = [
    ("cpplint", Linter::Cpplint),
    ("Hadolint *", Linter::Plain),
    ("Biome", Linter::Plain),
    ("Oxlint", Linter::Oxlint),
    ("bandit", Linter::Bandit),
    ("semgrep results", Linter::Semgrep),
    ("flake8.*", Linter::Flake8),
    ("markdownlint-cli2-formatter-junit", Linter::Markdownlint),
    ("HTMLHint Tests", Linter::Htmlhint),
    ("ruff", Linter::Plain),
    ("gitleaks", Linter::Gitleaks),
    ("CloudFormation Lint", Linter::CfnLint),
];

/// The linter of a suite, by the name that its makers give it.
pub(super) fn name_of(suite: &Element) -> Option<&'static str> {
    const NAMES: [(&str, &str); 11] = [
        ("cpplint", "cpplint"),
        ("Hadolint ", "hadolint"),
        ("Biome", "biome"),
        ("Oxlint", "oxlint"),
        ("bandit", "bandit"),
        ("semgrep results", "semgrep"),
        ("flake8.", "flake8"),
        ("markdownlint-cli2-", "markdownlint-cli2"),
        ("ruff", "ruff"),
        ("CloudFormation Lint", "cfn-lint"),
        ("mypy", "mypy"),
    ];
    const PACKAGES: [(&str, &str); 8] = [
        ("org.plasmafair.fortitude", "fortitude"),
        ("org.ty", "ty"),
        ("org.eslint", "eslint"),
        ("org.biome", "biome"),
        ("org.ruff", "ruff"),
        ("org.oxlint", "oxlint"),
        ("org.spectral", "spectral"),
        ("stylelint", "stylelint"),
    ];
    let find = |list: &[(&str, &'static str)], text: Option<&str>| {
        list.iter().find(|(start, _)| text.is_some_and(|text| text.starts_with(start))).map(|(_, name)| *name)
    };
    let linter = Linter::of_suite(suite)?;
    let checkov = (linter == Linter::Checkov).then_some("checkov");
    find(&PACKAGES, suite.attribute("package")).or(checkov).or_else(|| find(&NAMES, suite.attribute("name")))
}

/// What Checkov scans, each in a suite `… scan` (`checkov/common/bridgecrew/check_type.py`, 3.3).
const CHECKOV: [&str; 24] = [
    "ansible",
    "argo_workflows",
    "arm",
    "azure_pipelines",
    "bicep",
    "bitbucket_configuration",
    "bitbucket_pipelines",
    "cdk",
    "circleci_pipelines",
    "cloudformation",
    "dockerfile",
    "github_actions",
    "github_configuration",
    "gitlab_ci",
    "gitlab_configuration",
    "helm",
    "json",
    "kubernetes",
    "kustomize",
    "openapi",
    "secrets",
    "serverless",
    "terraform",
    "terraform_plan",
];

/// `package` of suites (`org.eslint`).
const PACKAGES: [&str; 9] = [
    "org.eslint",
    "org.biome",
    "org.ruff",
    "org.oxlint",
    "org.spectral",
    "org.plasmafair.fortitude",
    "org.ty",
    "stylelint.rules",
    "stylelint",
];

/// What follows a package in a name: `org.ty` is none of `org.tycho`.
fn after<'a>(name: &'a str, package: &str) -> Option<&'a str> {
    let rest = name.strip_prefix(package)?;
    (!rest.starts_with(|next: char| next.is_ascii_alphanumeric())).then_some(rest)
}

impl Linter {
    pub(super) fn of_suite(suite: &Element) -> Option<Self> {
        let package = suite.attribute("package").unwrap_or_default();
        if package.starts_with("org.eslint") {
            return Some(Self::Eslint);
        }
        if PACKAGES.iter().any(|known| after(package, known).is_some()) {
            return Some(Self::Plain);
        }
        let name = suite.attribute("name")?;
        if name == "mypy" {
            return Some(Self::Mypy);
        }
        if name.strip_suffix(" scan").is_some_and(|what| CHECKOV.contains(&what)) {
            return Some(Self::Checkov);
        }
        let is = |known: &str| match known.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == known,
        };
        BY_NAME.iter().find(|(known, _)| is(known)).map(|(_, linter)| *linter)
    }

    /// Trivy's template names cases `[SEVERITY] RULE`. pylint-junit names its suites after modules, and each case after a place in one: `module:4:0`.
    pub(super) fn of_case(case: &Element) -> Option<Self> {
        if case.attribute("name").is_some_and(trivy::is_name) {
            return Some(Self::Trivy);
        }
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let name = case.attribute("name").filter(|_| case.attribute("classname") == Some("pylint"))?;
        let (rest, column) = name.rsplit_once(':')?;
        let (_, line) = rest.rsplit_once(':')?;
        (is_number(line) && is_number(column)).then_some(Self::Pylint)
    }

    /// Whether it counts files without findings, and does not list them.
    pub(super) fn leaves_out_clean(self) -> bool {
        self == Self::Htmlhint
    }

    /// How many problems the text of one stands for.
    pub(super) fn problems_in(self, text: &str) -> u64 {
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count() as u64;
        if self == Self::Cpplint { lines.max(1) } else { 1 }
    }

    /// Whether it counts a problem under failures and under errors: Biome, hadolint and stylelint do. No test runner does.
    pub(super) fn counts_twice(self) -> bool {
        self == Self::Plain
    }

    /// Puts rule, severity and place where a finding has them.
    pub(super) fn refine(
        self,
        finding: &mut Finding,
        case: &Case,
        problem: &Problem,
        (names, origin): (Names<'_>, &ReportOrigin),
    ) {
        // All errors of its run or its file: its text identifies it, as that of a test.
        if self == Self::Mypy {
            return;
        }
        if self == Self::Trivy {
            return trivy::refine(finding, case, names.suite, origin);
        }
        let name = case.name.as_deref().or(case.id.as_deref()).unwrap_or_default();
        if matches!(self, Self::Htmlhint | Self::Cpplint) {
            finding.location = Some(Location::file(origin.relative(name)));
            return;
        }
        let rule = problem.id.as_deref().or_else(|| self.rule(name, &problem.text)).map(str::to_owned);
        if let Some(rule) = rule {
            finding.rule = rule.into();
        }
        finding.category = match self {
            Self::Gitleaks => Category::Secret,
            Self::Eslint if finding.rule.starts_with("@secretlint/") => Category::Secret,
            Self::Bandit | Self::Semgrep => Category::Sast,
            _ => Category::Lint,
        };
        if let Some((severity, raw)) = self.severity(&finding.rule, name, (case, problem)) {
            (finding.severity, finding.severity_raw) = (severity, Some(raw.into()));
        }
        let stated = Place::of(name, problem).unwrap_or_default();
        let file = stated.file.or_else(|| Place::file_of_case(case, names.suite));
        let line = stated.line.or(problem.line).or(case.line);
        let own = finding.location.take().map(|location| location.path);
        // Paths of Checkov are below the folder that it scanned.
        let below = |file: String| match (self, names.folder) {
            (Self::Checkov, Some(folder)) => format!("{folder}/{file}"),
            _ => file,
        };
        let path = file.map(|file| origin.relative(&below(file))).or(own);
        finding.location = path.map(|path| Location::file(path).lines(line, None));
    }

    /// The rule in the name of a case, or in the text of its problem.
    fn rule<'a>(self, name: &'a str, text: &'a str) -> Option<&'a str> {
        match self {
            Self::Semgrep => Some(name).filter(|name| !name.is_empty()),
            Self::Flake8 => name.split_once(", ").map(|(rule, _)| rule),
            Self::Pylint => text.trim_start().split_once(':').map(|(rule, _)| rule),
            Self::Bandit => {
                text.trim_start().strip_prefix("Test ID:").and_then(|rest| rest.split_whitespace().next())
            }
            Self::Gitleaks => name.split_once(" has detected a secret").map(|(rule, _)| rule),
            Self::CfnLint => name.split(' ').next(),
            Self::Checkov => {
                name.split_once("][").and_then(|(_, rest)| rest.split_once(']')).map(|(rule, _)| rule)
            }
            Self::Markdownlint => name.split('/').next(),
            Self::Oxlint => Some(name),
            Self::Plain | Self::Eslint | Self::Mypy | Self::Htmlhint | Self::Cpplint | Self::Trivy => {
                let start = PACKAGES.iter().find_map(|package| after(name, package));
                // Spectral adds the place in the document: `rule(#/paths/…)`.
                let rule = start.map_or(name, |rest| rest.trim_start_matches('.'));
                rule.split("(#").next().filter(|rule| !rule.is_empty())
            }
        }
    }

    /// The severity, and the word for it.
    fn severity(
        self,
        rule: &str,
        name: &str,
        (case, problem): (&Case, &Problem),
    ) -> Option<(Severity, String)> {
        match self {
            Self::Gitleaks
            | Self::Mypy
            | Self::Htmlhint
            | Self::Cpplint
            | Self::Trivy
            | Self::Markdownlint => None,
            Self::Oxlint => {
                let (severity, word) = match problem.element {
                    "error" => (Severity::High, "error"),
                    _ => (Severity::Medium, "warning"),
                };
                Some((severity, word.to_owned()))
            }
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
            Self::Pylint => {
                let (severity, word) = match rule.as_bytes().first()? {
                    b'F' | b'E' => (Severity::High, "error"),
                    b'W' => (Severity::Medium, "warning"),
                    b'R' | b'C' => (Severity::Low, "convention"),
                    b'I' => (Severity::Info, "info"),
                    _ => return None,
                };
                Some((severity, word.to_owned()))
            }
            // Without a key of its platform it rates nothing: `NONE`.
            Self::Checkov => {
                let word = name.strip_prefix('[')?.split(']').next()?;
                Some((Severity::from_word(word), word.to_owned()))
            }
            // Its lowest level, and a note in its SARIF.
            Self::Semgrep if problem.kind.as_deref() == Some("INFO") => {
                Some((Severity::Low, "INFO".to_owned()))
            }
            Self::Plain | Self::Eslint | Self::Flake8 | Self::Bandit | Self::Semgrep => {
                let in_text =
                    problem.text.trim().strip_prefix("line ").and_then(|text| text.split(", ").nth(2));
                let in_text = in_text.and_then(|text| text.split(' ').next());
                let words = [case.severity.as_deref(), problem.kind.as_deref(), in_text];
                let known =
                    words.into_iter().flatten().find_map(|word| Some((of_level(word)?, word.to_owned())));
                known.map(|(severity, word)| match (self, severity) {
                    (Self::Eslint, Severity::Medium) => (Severity::Low, word),
                    _ => (severity, word),
                })
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
