//! The known findings: those of a baseline, or of the commit that a change begins at. In a gate with
//! `new_only` they pass.

use std::collections::HashSet;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::model::finding::Finding;
use crate::model::known_note::KnownNote;
use crate::model::run::{GateRecord, Run};
use crate::policy::baseline::Baseline;
use crate::text::shared::Text;

/// The known findings, and where they come from.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownFindings {
    /// `None`: no findings are known, so every finding is new.
    pub note: Option<KnownNote>,
    /// Gate and id.
    ids: HashSet<(Text, Text)>,
}

impl KnownFindings {
    /// The findings of a baseline; `name` is its file. If it is older than `max_age` days, there is a
    /// warning.
    pub(crate) fn from_baseline(baseline: &Baseline, name: &str, max_age: Option<i64>, today: Date) -> Self {
        let oldest = max_age.and_then(|days| today.checked_sub(days.days()).ok());
        let old = oldest.is_some_and(|oldest| baseline.written < oldest).then(|| {
            let (written, days) = (baseline.written, max_age.unwrap_or_default());
            format!("{name} was written on {written}, more than {days} days ago: fix what is in it, or accept it again")
        });
        // With this date it would never be too old.
        let ahead = (baseline.written > today).then(|| {
            format!(
                "{name} is dated {}, and today is {today}: its age says nothing; accept it again",
                baseline.written
            )
        });
        Self {
            ids: baseline.findings.iter().map(|entry| (entry.gate.clone(), entry.id.clone())).collect(),
            note: Some(KnownNote {
                from: name.to_owned(),
                commit: baseline.commit.clone(),
                written: Some(baseline.written),
                findings: baseline.findings.len() as u64,
                gone: 0,
                warnings: old.into_iter().chain(ahead.filter(|_| max_age.is_some())).collect(),
            }),
        }
    }

    /// The findings of another run, at the last commit that `revision` and this work tree have in common.
    pub(crate) fn from_run(run: &Run, revision: &str) -> Self {
        let unproven =
            run.gates.iter().filter(|gate| gate.outcome == crate::model::verdict::Outcome::Inconclusive);
        let warnings = unproven.map(|gate| {
            format!(
                "{} proved nothing at {revision}, so everything it finds counts as new: {}",
                gate.id, gate.reason
            )
        });
        Self {
            ids: run.findings.iter().map(|finding| (finding.gate.clone(), finding.id.clone())).collect(),
            note: Some(KnownNote {
                from: revision.to_owned(),
                commit: run.commit.clone(),
                written: None,
                findings: run.findings.len() as u64,
                gone: 0,
                warnings: warnings.collect(),
            }),
        }
    }

    /// Whether any finding is known.
    pub(crate) fn any(&self) -> bool {
        !self.ids.is_empty()
    }

    /// Adds warnings.
    pub(crate) fn warn(&mut self, warnings: Vec<String>) {
        if !warnings.is_empty() {
            let none = || KnownNote { from: "nothing".to_owned(), ..KnownNote::default() };
            self.note.get_or_insert_with(none).warnings.extend(warnings);
        }
    }

    /// Marks the known findings. They must have their ids.
    pub(crate) fn note(&self, findings: &mut [Finding]) {
        for finding in findings {
            finding.baseline =
                !self.ids.is_empty() && self.ids.contains(&(finding.gate.clone(), finding.id.clone()));
        }
    }

    /// The record for a run whose findings are marked.
    pub(crate) fn record(&self, run: &Run) -> Option<KnownNote> {
        let whole = |gate: &Text| {
            let is = |record: &&GateRecord| record.id == *gate;
            run.gates.iter().find(is).is_some_and(GateRecord::looked_at_all)
        };
        let expected = self.ids.iter().filter(|(gate, _)| whole(gate)).count() as u64;
        let there = run.findings.iter().filter(|finding| finding.baseline && whole(&finding.gate)).count();
        self.note.clone().map(|note| KnownNote { gone: expected.saturating_sub(there as u64), ..note })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Category;
    use crate::model::severity::Severity;
    use crate::policy::baseline::{BaselineEntry, SCHEMA};

    #[test]
    fn a_finding_is_known_by_its_id_in_its_gate() {
        let finding = |gate: &str, id: &str| {
            let mut finding = Finding::new("r", Category::Lint, Severity::High, "t");
            (finding.gate, finding.id) = (gate.into(), id.into());
            finding
        };
        let written = jiff::civil::date(2026, 1, 1);
        let findings = vec![BaselineEntry::of(&finding("lint", "aa"))];
        let baseline = Baseline { schema: SCHEMA.into(), written, commit: None, findings };
        let known =
            KnownFindings::from_baseline(&baseline, "b.json", Some(30), jiff::civil::date(2026, 1, 31));
        let mut found = [finding("lint", "aa"), finding("lint", "bb"), finding("types", "aa")];
        known.note(&mut found);
        assert_eq!(found.map(|finding| finding.baseline), [true, false, false]);
        assert_eq!(known.note.unwrap().warnings, [""; 0]);
        let known =
            KnownFindings::from_baseline(&baseline, "b.json", Some(30), jiff::civil::date(2026, 2, 1));
        assert_eq!(known.note.unwrap().warnings.len(), 1);
        let known =
            KnownFindings::from_baseline(&baseline, "b.json", Some(30), jiff::civil::date(2025, 12, 31));
        assert!(known.note.unwrap().warnings[0].contains("is dated 2026-01-01"));
    }
}
