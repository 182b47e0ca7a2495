//! Test runners, and whether their configuration writes a JUnit report.
//!
//! Sources: vitest.dev ("Reporters", `outputFile`), jest-junit (`outputDirectory`, `outputName`), playwright.dev ("Reporters"), mocha-junit-reporter
//! (`mochaFile`), pytest (`--junit-xml`), PHPUnit (`<junit outputFile>`), Maven Surefire (reports in `target/surefire-reports`).

use crate::inputs::files::Files;
use crate::model::input::{InputKind, TestRunner};

/// A test runner that the repository configures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TestRun {
    /// The file that configures it, from the top of the repository.
    pub(crate) config: String,
    pub(crate) runner: TestRunner,
    /// Whether the configuration writes a JUnit report.
    pub(crate) junit: bool,
    /// Where it writes it, as the configuration says; `None`: its default, or decided elsewhere.
    pub(crate) report: Option<String>,
}

/// What a configuration of this runner says.
pub(super) fn read(config: &str, runner: TestRunner, text: &str) -> TestRun {
    let junit = text.contains("junit");
    let report =
        match runner {
            TestRunner::Pytest => return pytest(config, text),
            TestRunner::Mocha => value(text, "mochaFile"),
            TestRunner::Jest => {
                let folder = value(text, "outputDirectory");
                let name = value(text, "outputName");
                match (folder, name) {
                    (None, None) => None,
                    (folder, name) => {
                        let name = name.unwrap_or_else(|| "junit.xml".to_owned());
                        Some(folder.map_or(name.clone(), |folder| {
                            format!("{}/{name}", folder.trim_end_matches('/'))
                        }))
                    }
                }
            }
            TestRunner::Vitest | TestRunner::Playwright | TestRunner::PhpUnit => value(text, "outputFile"),
            _ => None,
        };
    TestRun { config: config.to_owned(), runner, junit, report: report.filter(|_| junit) }
}

/// The options of pytest: `--junitxml=FILE`, `--junit-xml FILE`.
pub(super) fn pytest(config: &str, options: &str) -> TestRun {
    let mut words =
        options.split([' ', '\t', '\n', '\r', '=', '"', '\'', ',', '[', ']']).filter(|word| !word.is_empty());
    let named = words.any(|word| word == "--junitxml" || word == "--junit-xml");
    let report = words.next().filter(|_| named).map(str::to_owned);
    TestRun { config: config.to_owned(), runner: TestRunner::Pytest, junit: named, report }
}

/// The part of an INI file that configures pytest: `[pytest]` (tox.ini, pytest.ini), `[tool:pytest]` (setup.cfg).
pub(super) fn pytest_section(text: &str) -> Option<String> {
    let is_it = |line: &str| matches!(line.trim(), "[pytest]" | "[tool:pytest]");
    let mut lines = text.lines().skip_while(|line| !is_it(line));
    lines.next()?;
    Some(lines.take_while(|line| !line.starts_with('[')).collect::<Vec<_>>().join("\n"))
}

/// The first quoted text after a key; of `{ junit: 'a.xml' }`, the one after `junit`.
fn value(text: &str, key: &str) -> Option<String> {
    const FAR: usize = 300;
    let after = text.split_once(key)?.1.trim_start_matches(['"', '\'']).trim_start();
    let after = after.strip_prefix([':', '='])?.trim_start();
    let after: String = after.chars().take(FAR).collect();
    let after = match after.strip_prefix('{') {
        Some(object) => {
            let object = object.split('}').next().unwrap_or_default();
            object
                .split_once("junit")?
                .1
                .trim_start_matches(['"', '\''])
                .trim_start()
                .strip_prefix(':')?
                .trim_start()
                .to_owned()
        }
        None => after,
    };
    let quote = after.chars().next().filter(|first| matches!(first, '"' | '\'' | '`'));
    match quote {
        Some(quote) => after[1..].split_once(quote).map(|(value, _)| value.to_owned()),
        // YAML
        None => {
            let word = after.split([' ', '\n', ',', '}', '(']).next().unwrap_or_default();
            word.contains(".xml").then(|| word.to_owned())
        }
    }
}

/// Maven projects with tests: Surefire writes its reports by itself.
pub(super) fn surefire(files: &Files) -> Vec<TestRun> {
    let poms = files.iter().filter(|file| file.name() == "pom.xml" && !file.kinds().is_empty());
    let tested = poms.filter(|pom| {
        let folder = pom.folder();
        let tests = if folder == "." { "src/test".to_owned() } else { format!("{folder}/src/test") };
        files.below(&tests).any(|file| file.kinds().iter().any(|kind| matches!(kind, InputKind::Source(_))))
    });
    let run = |config: String, folder: &str| TestRun {
        report: Some(match folder {
            "." => "target/surefire-reports/TEST-*.xml".to_owned(),
            folder => format!("{folder}/target/surefire-reports/TEST-*.xml"),
        }),
        config,
        runner: TestRunner::Surefire,
        junit: true,
    };
    tested.map(|pom| run(pom.path().into_owned(), &pom.folder())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_where_the_configuration_says() {
        for (runner, text, junit, report) in [
            (
                TestRunner::Vitest,
                "test: { reporters: ['junit'], outputFile: 'out/junit.xml' }",
                true,
                Some("out/junit.xml"),
            ),
            (TestRunner::Vitest, "outputFile: { json: 'a.json', junit: \"b.xml\" }", true, Some("b.xml")),
            (TestRunner::Vitest, "reporters: ['junit']", true, None),
            (TestRunner::Vitest, "reporters: ['default'], outputFile: 'a.json'", false, None),
            (
                TestRunner::Jest,
                "reporters: [['jest-junit', { outputDirectory: 'r', outputName: 'j.xml' }]]",
                true,
                Some("r/j.xml"),
            ),
            (TestRunner::Jest, "reporters: ['jest-junit']", true, None),
            (
                TestRunner::Playwright,
                "reporter: [['junit', { outputFile: 'e2e.xml' }]]",
                true,
                Some("e2e.xml"),
            ),
            (
                TestRunner::Mocha,
                "reporter: mocha-junit-reporter\nreporter-options:\n  - mochaFile=./m.xml\n",
                true,
                Some("./m.xml"),
            ),
            (TestRunner::PhpUnit, "<logging><junit outputFile=\"p.xml\"/></logging>", true, Some("p.xml")),
            (TestRunner::Pytest, "addopts = -q --junitxml=py.xml", true, Some("py.xml")),
            (TestRunner::Pytest, "addopts = -q --junit-xml 'py.xml'", true, Some("py.xml")),
            (TestRunner::Pytest, "addopts = -q", false, None),
        ] {
            let run = read("c", runner, text);
            assert_eq!((run.junit, run.report.as_deref()), (junit, report), "{text}");
        }
    }

    #[test]
    fn pytest_has_a_section_of_its_own() {
        let text =
            "[tox]\nenvlist = a\n[pytest]\naddopts = --junitxml=a.xml\n[other]\nx = --junitxml=b.xml\n";
        assert_eq!(pytest_section(text).unwrap(), "addopts = --junitxml=a.xml");
        assert_eq!(pytest_section("[tox]\n"), None);
    }
}
