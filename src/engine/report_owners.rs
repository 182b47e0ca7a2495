//! Which gate owns which report in the repository. If two gates read one file, a tool that wrote
//! nothing would pass with the report of another tool.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::text::shared::Text;

/// The reports that the gates of a run have read.
///
/// The plan catches most reports that are one file. A link that a tool makes while it runs shows only
/// here.
#[derive(Debug, Default)]
pub(crate) struct ReportOwners(Mutex<HashMap<PathBuf, Text>>);

impl ReportOwners {
    /// Claims a report for a gate. Returns the gate that claimed it before, if that is another gate.
    pub(crate) fn take(&self, report: &Path, gate: &Text) -> Option<Text> {
        let mut owners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = owners.entry(real(report)).or_insert_with(|| gate.clone());
        (owner != gate).then(|| owner.clone())
    }
}

/// The message for a file that `other` has read, too.
pub(crate) fn words(shown: &str, other: &str) -> String {
    format!("{shown} is the report of `{other}` as well; give each gate its own")
}

/// Where a file really is, or will be: links are followed as far as the folders exist.
pub(crate) fn real(path: &Path) -> PathBuf {
    for there in path.ancestors() {
        if let (Ok(found), Ok(rest)) = (there.canonicalize(), path.strip_prefix(there)) {
            return match rest.as_os_str().is_empty() {
                true => found,
                false => found.join(rest),
            };
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_by_two_names_has_one_owner() {
        let folder = tempfile::tempdir().unwrap();
        let reports = folder.path().join("reports");
        std::fs::create_dir(&reports).unwrap();
        std::os::unix::fs::symlink("reports", folder.path().join("link")).unwrap();
        let report_owners = ReportOwners::default();
        let [one, two] = ["one", "two"].map(Text::from);
        for name in ["there.xml", "not-there-yet.xml", "deep/er/still.xml"] {
            if name == "there.xml" {
                std::fs::write(reports.join(name), "").unwrap();
            }
            assert_eq!(report_owners.take(&reports.join(name), &one), None);
            assert_eq!(report_owners.take(&reports.join(name), &one), None, "a second try is its own");
            assert_eq!(report_owners.take(&folder.path().join("link").join(name), &two), Some(one.clone()));
        }
        assert_eq!(report_owners.take(&reports.join("other.xml"), &two), None);
    }
}
