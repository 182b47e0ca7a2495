//! Test runners: what their exit codes say about what their reports leave out.
//!
//! A report has the failures of the tests that it lists. Many runners leave out what went wrong elsewhere: a file
//! that can't be loaded, an error outside of any test. Then only the exit code shows it. So when nothing in the
//! report blocks, the code has to be explained by the failures that are there.

use crate::formats::xml::Element;
use crate::scan::parsed::ExitExplained;

/// A runner, recognised by the marks that it leaves in its report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runner {
    /// pytest: 1 means that tests failed; an interrupted session is 2 (`pytest.ExitCode`, 9.2).
    Pytest,
    /// Mocha: the number of failures, at most 255 (`lib/cli/run-helpers.js`, 11.8).
    Mocha,
    /// Maven Surefire and Gradle: their tools write one report for each class, and fail for many reasons.
    Other,
}

impl Runner {
    pub(super) fn of_root(root: &Element) -> Self {
        let mut runner = Self::Other;
        runner.look_at(root);
        runner
    }

    pub(super) fn look_at(&mut self, suite: &Element) {
        let name = suite.attribute("name").unwrap_or_default();
        let is = |known: &[&str]| known.contains(&name);
        if is(&["pytest tests", "pytest"]) {
            *self = Self::Pytest;
        } else if is(&["Mocha Tests"]) {
            *self = Self::Mocha;
        }
    }

    /// Which exit codes `failed` failures explain. `commented`: how many Node counts in a comment, which has those
    /// that it leaves out.
    pub(super) fn exit(self, failed: u64, commented: Option<u64>) -> ExitExplained {
        match self {
            Self::Pytest => ExitExplained::Code(1),
            Self::Mocha => ExitExplained::Code(failed.min(255) as i32),
            Self::Other if commented.is_some_and(|counted| counted > 0) => ExitExplained::Code(1),
            Self::Other => ExitExplained::Never,
        }
    }
}
