//! Which exit codes of linters mean findings, by their makers. Any other above 0 means that the linter did not do its work,
//! or not all of it, although it may have left a report.

use crate::model::severity::Severity;
use crate::scan::parsed::Parsed;
use crate::scan::test_runner::TestRunner;

use super::programs;

/// What a code says, given what the report lists.
enum Codes {
    /// Findings have these.
    These(&'static [i32]),
    /// Bits for errors, warnings and informational findings (`runner/cli.py`, cfn-lint 1.58).
    CfnLint,
    /// Bits; 1 is a fatal message, 32 a wrong usage ("Exit codes", Pylint 4).
    Pylint,
    /// The value of an option, which takes a number: its name, and whether findings have the code 1 without it.
    Chosen(&'static [&'static str], bool),
}

/// In the words of their documentation: Bandit, Biome, Checkov, ESLint, flake8, hadolint, Kingfisher, mypy, OSV-Scanner, Oxlint, Ruff,
/// Semgrep, Snyk, stylelint, zizmor "Exit codes"; ansible-lint `constants.py`; shellcheck(1); tflint, yamllint, secretlint,
/// Spectral, markdownlint-cli2 and actionlint by their manuals; gitleaks `cmd/root.go` 8.30, Trivy `pkg/commands/operation` 0.76.
const LINTERS: [(&str, Codes); 33] = [
    ("actionlint", Codes::These(&[1])),
    ("ansible-lint", Codes::These(&[2])),
    ("bandit", Codes::These(&[1])),
    ("biome", Codes::These(&[1])),
    ("cfn-lint", Codes::CfnLint),
    ("checkov", Codes::These(&[1])),
    ("cpplint", Codes::These(&[1])),
    ("eslint", Codes::These(&[1])),
    ("flake8", Codes::These(&[1])),
    ("fortitude", Codes::These(&[1])),
    ("gitleaks", Codes::Chosen(&["--exit-code"], true)),
    ("hadolint", Codes::These(&[1])),
    ("kingfisher", Codes::These(&[200, 205])),
    ("markdownlint-cli2", Codes::These(&[1])),
    ("mypy", Codes::These(&[1])),
    ("njsscan", Codes::These(&[1])),
    ("opengrep", Codes::These(&[1])),
    ("osv-scanner", Codes::These(&[1])),
    ("oxlint", Codes::These(&[1])),
    ("pylint", Codes::Pylint),
    ("ruff", Codes::These(&[1])),
    ("secretlint", Codes::These(&[1])),
    ("semgrep", Codes::These(&[1])),
    ("shellcheck", Codes::These(&[1])),
    ("snyk", Codes::These(&[1])),
    ("snykcode", Codes::These(&[1])),
    ("spectral", Codes::These(&[1])),
    ("stylelint", Codes::These(&[2])),
    ("tflint", Codes::These(&[2])),
    ("trivy", Codes::Chosen(&["--exit-code", "--exit-on-eol"], false)),
    ("ty", Codes::These(&[1])),
    ("yamllint", Codes::These(&[1, 2])),
    ("zizmor", Codes::These(&[11, 12, 13, 14])),
];

/// Why a code above 0 is not that of the findings in a report: by the linter that the report names, or else the one that the
/// command starts. `None`: it is, or the linter is not known.
pub(super) fn fault(run: &[String], code: i32, parsed: &Parsed) -> Option<String> {
    let known = |name: &str| LINTERS.iter().find(|(linter, _)| *linter == name);
    let (name, codes) = match parsed.written_by.as_slice() {
        // A report of a test runner is of no linter that is started beside it.
        [] if parsed.listed.is_some_and(|listed| listed.runner != TestRunner::Other) => return None,
        [] => {
            let names = programs::names(run);
            let mut linters: Vec<_> = names.iter().filter_map(|name| known(name)).collect();
            linters.dedup_by_key(|(name, _)| *name);
            match linters.as_slice() {
                [one] => *one,
                _ => return None,
            }
        }
        [one] => known(one)?,
        // The code is of what started several.
        _ => return None,
    };
    let lists = |severity: Severity| {
        let mut counted = parsed.findings.iter().filter(|finding| finding.suppressed.is_none());
        counted.any(|finding| finding.severity == severity)
    };
    let is_of_findings = match codes {
        Codes::These(codes) => codes.contains(&code),
        Codes::CfnLint => {
            let bits = [(2, Severity::High), (4, Severity::Medium), (8, Severity::Info)];
            code & !14 == 0 && bits.iter().all(|(bit, severity)| code & bit == 0 || lists(*severity))
        }
        Codes::Pylint => code & !30 == 0,
        Codes::Chosen(options, has_default) => is_chosen(run, name, options, *has_default, code),
    };
    (!is_of_findings).then(|| match codes {
        Codes::CfnLint if code & !14 == 0 => {
            format!("exit code {code} of {name} means findings that the report does not list")
        }
        Codes::Chosen(..) => format!(
            "exit code {code} of {name} is not the one that `--exit-code` in its command gives to findings, so something may have gone wrong; if the environment or a configuration gives it, say so with `exit`"
        ),
        _ => format!("exit code {code} of {name} does not mean findings, but that something went wrong"),
    })
}

/// Whether an option gives this code to findings. Where the command does not show the options, 1 is the usual one.
fn is_chosen(run: &[String], name: &str, options: &[&str], has_default: bool, code: i32) -> bool {
    let commands = programs::commands(run);
    let chosen: Option<Vec<Vec<&str>>> =
        options.iter().map(|option| programs::values(&commands, name, option)).collect();
    let Some(chosen) = chosen else { return code == 1 };
    // The last one counts.
    let last = |values: &Vec<&str>| values.last().and_then(|value| value.parse::<i32>().ok());
    let codes: Vec<i32> = chosen.iter().filter_map(last).collect();
    codes.contains(&code) || (has_default && chosen.iter().all(Vec::is_empty) && code == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::{Category, Finding};
    use crate::scan::test_runner::Listed;

    fn report(by: &[&str], severities: &[Severity]) -> Parsed {
        let finding = |severity: &Severity| Finding::new("r", Category::Lint, *severity, "t");
        Parsed {
            written_by: by.iter().map(|name| (*name).into()).collect(),
            findings: severities.iter().map(finding).collect(),
            ..Parsed::default()
        }
    }

    #[test]
    fn only_the_documented_codes_of_a_linter_mean_findings() {
        for (linter, good, bad) in [
            ("ruff", &[1][..], &[2][..]),
            ("semgrep", &[1], &[2, 7]),
            ("bandit", &[1], &[2]),
            ("eslint", &[1], &[2]),
            ("stylelint", &[2], &[1, 78]),
            ("zizmor", &[11, 12, 13, 14], &[1, 2, 3]),
            ("mypy", &[1], &[2]),
            ("pylint", &[4, 6, 30], &[1, 5, 32]),
            ("unheard-of", &[1, 2, 78], &[]),
        ] {
            let low = report(&[linter], &[Severity::Low]);
            assert!(good.iter().all(|code| fault(&[], *code, &low).is_none()), "{linter}");
            assert!(bad.iter().all(|code| fault(&[], *code, &low).is_some()), "{linter}");
        }
    }

    #[test]
    fn each_bit_of_cfn_lint_stands_for_findings_in_the_report() {
        let all = report(&["cfn-lint"], &[Severity::High, Severity::Medium, Severity::Info]);
        let note = report(&["cfn-lint"], &[Severity::Info]);
        assert_eq!((fault(&[], 14, &all), fault(&[], 8, &note), fault(&[], 2, &all)), (None, None, None));
        for code in [1, 2, 6, 16, 32] {
            assert!(fault(&[], code, &note).is_some(), "{code}");
        }
    }

    #[test]
    fn a_code_that_an_option_gives_to_findings_is_the_only_one() {
        let low = |tool: &str| report(&[tool], &[Severity::Low]);
        for (run, tool, good, bad) in [
            (&["gitleaks", "dir"][..], "gitleaks", &[1][..], &[2, 3][..]),
            (&["gitleaks", "dir", "--exit-code", "5"], "gitleaks", &[5], &[1, 2]),
            (&["sh", "-c", "gitleaks git --exit-code=5 ."], "gitleaks", &[5], &[1]),
            (&["./secrets.sh"], "gitleaks", &[1], &[2]),
            (&["trivy", "fs", "."], "trivy", &[], &[1, 2]),
            (&["trivy", "fs", "--exit-code", "1", "."], "trivy", &[1], &[2]),
            (&["trivy", "image", "--exit-code=7", "--exit-on-eol", "9", "a"], "trivy", &[7, 9], &[1]),
            (&["trivy", "fs", "--exit-code", "0", "."], "trivy", &[], &[1]),
            (&["./scan.sh"], "trivy", &[1], &[2]),
        ] {
            let run: Vec<String> = run.iter().map(|word| (*word).to_owned()).collect();
            assert!(good.iter().all(|code| fault(&run, *code, &low(tool)).is_none()), "{run:?}");
            assert!(bad.iter().all(|code| fault(&run, *code, &low(tool)).is_some()), "{run:?}");
        }
    }

    #[test]
    fn the_report_says_who_wrote_it_and_else_the_command() {
        let ruff = ["uvx".to_owned(), "ruff".to_owned()];
        assert!(fault(&ruff, 2, &report(&[], &[])).is_some());
        assert!(fault(&ruff, 2, &report(&["stylelint"], &[])).is_none());
        assert!(fault(&ruff, 2, &report(&["ruff", "eslint"], &[])).is_none());
        let script = |text: &str| ["sh", "-c", text].map(str::to_owned);
        assert!(fault(&script("cd app && ruff check"), 2, &report(&[], &[])).is_some());
        assert!(fault(&script("ruff check; eslint ."), 2, &report(&[], &[])).is_none());
        let of_runner = Listed {
            runner: TestRunner::Mocha,
            failures: 2,
            tests: 2,
            passed: 0,
            suites: 1,
            only_the_last_failed: false,
            has_suites: false,
            unlisted: 0,
            errors: 0,
        };
        let tests = Parsed { listed: Some(of_runner), ..Parsed::default() };
        assert!(fault(&script("ruff check && mocha"), 2, &tests).is_none());
    }
}
