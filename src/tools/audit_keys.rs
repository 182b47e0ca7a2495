//! The keys that the audits of npm, Yarn and pnpm share.

use serde::Serialize;

use crate::keys::table::Keys;
use crate::policy::coverage::{Coverage, Extent};

/// `dirs`, `omit` and `registry`.
#[derive(Debug, Serialize)]
pub(super) struct AuditKeys {
    pub dirs: Vec<String>,
    omit: Vec<String>,
    pub registry: Option<String>,
}

impl AuditKeys {
    /// `kinds` are the kinds of dependency that the program can leave out. `called` is the word for them in
    /// messages.
    pub(super) fn read(keys: &Keys, kinds: &[&str], called: &str) -> Self {
        let omit = keys.texts("omit").unwrap_or_default();
        for kind in omit.iter().filter(|kind| !kinds.contains(&kind.value.as_str())) {
            let what = format!("`{}` is not {called}", kind.value);
            keys.unknown(kind.at.clone(), &what, &kind.value, kinds);
        }
        Self {
            dirs: keys.texts_or("dirs", &["."]),
            omit: omit.into_iter().map(|kind| kind.value).collect(),
            registry: keys.text("registry").map(|registry| registry.value),
        }
    }

    /// Whether packages of this kind are left out.
    pub(super) fn omits(&self, kind: &str) -> bool {
        self.omit.iter().any(|omitted| omitted == kind)
    }

    pub(super) fn coverage(&self) -> Vec<Coverage> {
        vec![
            Coverage::these("dirs", &self.dirs),
            Coverage::new("omit", Extent::Without(self.omit.clone())),
            Coverage::exactly("registry", &self.registry),
        ]
    }
}
