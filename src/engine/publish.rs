//! Writes the files of a run: kept files, the record, the reports. Then searches all of them for
//! secrets.

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

/// Writes the files of a run: kept files first, so that the record names only files that exist. At the
/// end all of them are searched for secrets once more.
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
        // If something was not written, or not fully searched, the record must not say that all is
        // well.
        .inspect_err(|_| {
            if run.verdict == Verdict::Pass {
                folder.withdraw(report::file_names())
            }
        })
        .context(Unreported)
}
