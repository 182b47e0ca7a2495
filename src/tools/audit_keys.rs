//! The keys that the audits of npm, Yarn and pnpm share.

use serde::Serialize;

use crate::keys::table::Keys;
use crate::model::input::InputKind;
use crate::policy::coverage::{Coverage, Extent};
use crate::scan::survey::{Judge, Survey, Unnamed};
use crate::text::shared::Text;

const PASSED_OVER: &str =
    "it names packages, and the audit says that it looked at none. `[[waiver]]` with `gap` accepts it";

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

    /// What became of the lock files of a folder in which the audit found no package: with some, it passed over them.
    pub(super) fn judge<'a>(&'a self, survey: &'a Survey<'a>) -> Judge<'a> {
        let left_out: Vec<&str> = self.omit.iter().map(String::as_str).collect();
        Box::new(move |kind, path| match survey.inputs.installs_nothing(path, kind, &left_out) {
            true => Unnamed::Empty("without a package to ask about".into()),
            false => Unnamed::Gap(Some(PASSED_OVER.into())),
        })
    }

    /// Why the audit of its folder does not read a lock file.
    pub(super) fn unread(survey: &Survey<'_>, kind: InputKind, path: &str) -> Option<Text> {
        let other = survey.inputs.read_instead(path, kind)?;
        let why = format!(
            "the audit reads {other} instead: remove this file, have a trivy gate scan it, or let `[[waiver]]` with `gap` accept it"
        );
        Some(why.into())
    }

    pub(super) fn coverage(&self) -> Vec<Coverage> {
        vec![
            Coverage::these("dirs", &self.dirs),
            Coverage::new("omit", Extent::Without(self.omit.clone())),
            Coverage::exactly("registry", &self.registry),
        ]
    }
}
