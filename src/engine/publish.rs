//! Writes what a run leaves: kept files, the record, the reports; then searches all of it for secrets.

use anyhow::{Context, Result};

use crate::engine::assemble;
use crate::engine::evidence::GateEvidence;
use crate::model::clean::Clean;
use crate::model::run::Run;
use crate::model::verdict::Verdict;
use crate::redact::Scrubber;
use crate::report;
use crate::system::output_folder;
use crate::system::unreported::Unreported;

/// Writes what the run leaves: kept files first, so that the record names only what is there. At
/// last everything is searched once more for secrets.
pub(crate) fn publish(
    run: &mut Run,
    evidence: &[GateEvidence],
    scrubber: &Scrubber,
    reports: &report::Options,
    folder: &mut output_folder::OutputFolder,
) -> Result<()> {
    assemble::keep_files(run, evidence, scrubber, folder)
        .and_then(|()| {
            run.clean(scrubber);
            report::write_all(run, reports, folder)
        })
        .and_then(|()| folder.search(scrubber))
        // What was not written or not searched to its end may not say that all is well.
        .inspect_err(|_| {
            if run.verdict == Verdict::Pass {
                folder.withdraw(report::file_names())
            }
        })
        .context(Unreported)
}
