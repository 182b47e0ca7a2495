//! Two versions of a tool give the same finding the same id. `tests/real/identity.rs` tests ids over a git
//! history.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::fixtures;
use portcullis::policy::fingerprint::{SourceLines, assign_ids, order};
use portcullis::redact::Scrubber;
use portcullis::text::shared::Text;

/// Recorded with TypeScript 5.9.3 and 7.0.2 from the same sources.
#[test]
fn two_versions_of_a_tool_give_the_same_ids() {
    let recorded: Vec<_> = fixtures::fixtures().into_iter().map(Result::unwrap).collect();
    let ids = |name: &str| -> Vec<Text> {
        let fixture = recorded.iter().find(|fixture| fixture.name == name).unwrap();
        let mut found = fixture.assess().parsed().findings.clone();
        found.sort_by(order);
        assign_ids(&mut found, &mut SourceLines::new(&|_| None, &Scrubber::default()));
        found.into_iter().map(|finding| finding.id).collect()
    };
    for case in ["recorded-errors", "upstream-type-errors-noemit"] {
        let old = ids(&format!("tsc/{case}-ts5"));
        assert_eq!(old.len(), 3, "{case}");
        assert_eq!(ids(&format!("tsc/{case}-ts7")), old, "{case}");
    }
}
