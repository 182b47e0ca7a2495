//! What a gate scans because of its own keys, in a form that can be compared: the gate of a change with the
//! same gate of its base, and a gate with an organisation's floor.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;

use crate::model::severity::Severity;
use crate::text::paths::{forward, normalise};

/// One key of a tool, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The key in gates.toml.
    pub key: &'static str,
    pub says: Extent,
    /// Whether it has an effect in this gate: `images` has none in a gate that scans folders.
    pub applies: bool,
}

/// The kinds of keys, by what makes one value weaker than another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Which of the tool's scans runs. Two different scans can't be compared.
    Choice(String),
    /// It scans these folders with everything below them; `None`: everything.
    Folders(Option<Vec<String>>),
    /// It scans these; `None`: all.
    These(Option<Vec<String>>),
    /// It scans these images; `None`: the images of the gates in `needs`.
    Images(Option<Vec<String>>),
    /// It skips these.
    Without(Vec<String>),
    /// It allows these; `None`: all.
    Within(Option<Vec<String>>),
    /// One of a few words. A higher `weakness` is weaker.
    Grade { word: &'static str, weakness: u8 },
    /// Whether it skips something.
    Leaves(bool),
    /// Whether it scans something more.
    Adds(bool),
    /// It allows no more than this; `None`: any value.
    AtMost(Option<Duration>),
    /// The severity of all its findings. The policy says how weak that is.
    Rates(Severity),
    /// Another value may be weaker or not: it can't be compared.
    Exactly(Vec<String>),
    /// All options that have no entry of their own here.
    Rest(String),
}

impl Coverage {
    pub fn new(key: &'static str, says: Extent) -> Self {
        Self { key, says, applies: true }
    }

    pub fn choice(key: &'static str, word: &str) -> Self {
        Self::new(key, Extent::Choice(word.to_owned()))
    }

    pub fn folders(key: &'static str, folders: &[String]) -> Self {
        Self::new(key, Extent::Folders(Some(folders.to_vec())))
    }

    pub fn these(key: &'static str, these: &[String]) -> Self {
        Self::new(key, Extent::These(Some(these.to_vec())))
    }

    pub fn exactly<'t>(key: &'static str, words: impl IntoIterator<Item = &'t String>) -> Self {
        Self::new(key, Extent::Exactly(words.into_iter().cloned().collect()))
    }

    pub fn rest(words: String) -> Self {
        Self::new("options of the tool", Extent::Rest(words))
    }

    pub fn only_if(mut self, applies: bool) -> Self {
        self.applies = applies;
        self
    }

    /// `dirs = backend, frontend`
    pub fn words(&self) -> String {
        let key = self.key;
        match &self.says {
            Extent::Choice(word) => format!("{key} = {word}"),
            Extent::Rest(_) => key.to_owned(),
            Extent::Folders(Some(list)) | Extent::These(Some(list)) | Extent::Images(Some(list)) => {
                listed(key, list)
            }
            Extent::Folders(None) | Extent::These(None) | Extent::Within(None) => format!("{key} = all"),
            Extent::Within(Some(list)) => listed(key, list),
            Extent::Grade { word, .. } => format!("{key} = {word}"),
            Extent::Images(None) => format!("{key} = those of needs"),
            Extent::Without(list) | Extent::Exactly(list) => listed(key, list),
            Extent::Leaves(flag) | Extent::Adds(flag) => format!("{key} = {flag}"),
            Extent::AtMost(Some(most)) => {
                format!("{key} = {:#}", SignedDuration::try_from(*most).unwrap_or(SignedDuration::MAX))
            }
            Extent::AtMost(None) => format!("no {key}"),
            Extent::Rates(severity) => format!("{key} = {severity}"),
        }
    }
}

fn listed(key: &str, list: &[String]) -> String {
    if list.is_empty() { format!("no {key}") } else { format!("{key} = {}", list.join(", ")) }
}

impl Extent {
    /// Whether it may scan less than `base` does. Two different kinds count as weaker.
    pub fn is_weaker_than(&self, base: &Self) -> bool {
        match (base, self) {
            (Self::Folders(base), Self::Folders(now)) => is_less(base.as_deref(), now.as_deref(), is_below),
            (Self::These(base), Self::These(now)) => is_less(base.as_deref(), now.as_deref(), is_same),
            (Self::Images(Some(base)), Self::Images(Some(now))) => is_less(Some(base), Some(now), is_image),
            (Self::Without(base), Self::Without(now)) => now.iter().any(|left_out| !base.contains(left_out)),
            (Self::Within(base), Self::Within(now)) => is_less(now.as_deref(), base.as_deref(), is_same),
            (Self::Grade { weakness: base, .. }, Self::Grade { weakness: now, .. }) => now > base,
            (Self::Leaves(base), Self::Leaves(now)) => *now && !*base,
            (Self::Adds(base), Self::Adds(now)) => *base && !*now,
            (Self::AtMost(Some(base)), Self::AtMost(now)) => now.is_none_or(|now| now > *base),
            (Self::AtMost(None), Self::AtMost(_)) | (Self::Rates(_), Self::Rates(_)) => false,
            (base, now) => base != now,
        }
    }

    /// What it lists that none of `lists` has.
    pub fn missing_in(&self, lists: &[&Self]) -> Vec<String> {
        let (wanted, has): (_, fn(&str, &str) -> bool) = match self {
            Self::Folders(Some(wanted)) => (wanted, is_below),
            Self::These(Some(wanted)) => (wanted, is_same),
            Self::Images(Some(wanted)) => (wanted, is_image),
            _ => return Vec::new(),
        };
        let covers = |list: &&Self, one: &str| match list {
            Self::Folders(list) | Self::These(list) | Self::Images(list) => {
                list.as_ref().is_none_or(|list| list.iter().any(|listed| has(one, listed)))
            }
            _ => false,
        };
        wanted.iter().filter(|one| !lists.iter().any(|list| covers(list, one))).cloned().collect()
    }
}

/// Whether something in `base` is missing in `now`.
fn is_less(base: Option<&[String]>, now: Option<&[String]>, has: fn(&str, &str) -> bool) -> bool {
    match (base, now) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(base), Some(now)) => base.iter().any(|one| !now.iter().any(|listed| has(one, listed))),
    }
}

fn is_same(wanted: &str, listed: &str) -> bool {
    folder(wanted) == folder(listed)
}

fn is_below(wanted: &str, listed: &str) -> bool {
    let (wanted, listed) = (folder(wanted), folder(listed));
    // It is not known where one of them is.
    if wanted.starts_with("..") || listed.starts_with("..") {
        return wanted == listed;
    }
    listed == "." || wanted == listed || Path::new(&wanted).starts_with(&listed)
}

/// A name without a tag means every tag.
fn is_image(wanted: &str, listed: &str) -> bool {
    let rest = listed.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
}

/// `./backend/` as `backend`.
fn folder(name: &str) -> String {
    forward(&normalise(Path::new(name))).to_string()
}

/// The names, for a sentence; `none` for an empty list.
pub(crate) fn names(list: &[String]) -> String {
    let mut words = String::new();
    for (index, name) in list.iter().enumerate() {
        let _ = write!(words, "{}`{name}`", if index == 0 { "" } else { ", " });
    }
    if words.is_empty() { "none".to_owned() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &str) -> Vec<String> {
        words.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_gate_that_scans_less_is_weaker() {
        let folders = |words: &str| Extent::Folders(Some(list(words)));
        let these = |words: &str| Extent::These(Some(list(words)));
        let images = |words: &str| Extent::Images(Some(list(words)));
        let without = |words: &str| Extent::Without(list(words));
        let within = |words: &str| Extent::Within(Some(list(words)));
        let most = |hours: u64| Extent::AtMost(Some(Duration::from_secs(hours * 3600)));
        for (base, now, weaker) in [
            (folders("backend frontend"), folders("backend"), true),
            (folders("backend frontend"), folders("./frontend/ backend"), false),
            (folders("backend frontend"), folders("."), false),
            (folders("backend/api"), folders("backend"), false),
            (folders("backend"), folders("backend/api"), true),
            (folders("backend"), folders("back"), true),
            (folders("../other"), folders("."), true),
            (Extent::Folders(None), folders("."), true),
            (folders("."), Extent::Folders(None), false),
            (these("a b"), these("b c a"), false),
            (these("a b"), these("."), true),
            (Extent::These(None), these("a"), true),
            (images("app"), images("app:1 other"), false),
            (images("app:1"), images("app"), true),
            (images("app"), images("app-of-mine"), true),
            (Extent::Images(None), images("app"), true),
            (without("dev"), without(""), false),
            (within("MIT"), within("MIT ISC"), true),
            (within("MIT ISC"), within("MIT"), false),
            (within("MIT"), Extent::Within(None), true),
            (Extent::Within(None), within("MIT"), false),
            (Extent::Grade { word: "deny", weakness: 0 }, Extent::Grade { word: "warn", weakness: 1 }, true),
            (Extent::Grade { word: "warn", weakness: 1 }, Extent::Grade { word: "deny", weakness: 0 }, false),
            (without("dev"), without("dev peer"), true),
            (Extent::Leaves(false), Extent::Leaves(true), true),
            (Extent::Leaves(true), Extent::Leaves(false), false),
            (Extent::Adds(true), Extent::Adds(false), true),
            (Extent::Adds(false), Extent::Adds(true), false),
            (most(24), most(48), true),
            (most(24), most(12), false),
            (most(24), Extent::AtMost(None), true),
            (Extent::AtMost(None), most(24), false),
            (Extent::Exactly(list("npm test")), Extent::Exactly(list("true")), true),
            (Extent::Exactly(list("npm test")), Extent::Exactly(list("npm test")), false),
            (Extent::Choice("fs".into()), Extent::Choice("image".into()), true),
        ] {
            assert_eq!(now.is_weaker_than(&base), weaker, "{base:?} → {now:?}");
            assert!(!base.is_weaker_than(&base), "{base:?}");
        }
    }

    #[test]
    fn several_gates_can_scan_the_wanted_folders_together() {
        let folders = |words: &str| Extent::Folders(Some(list(words)));
        let wanted = folders("backend frontend infra/live");
        assert_eq!(wanted.missing_in(&[&folders("backend"), &folders("infra")]), ["frontend"]);
        assert_eq!(wanted.missing_in(&[]), ["backend", "frontend", "infra/live"]);
        assert!(wanted.missing_in(&[&Extent::Folders(None)]).is_empty());
    }
}
