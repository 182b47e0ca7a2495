//! What a gate's own keys make it look at, in a form in which two gates can be compared: the gate of a
//! change with that of its base, and a gate with an organisation's floor.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;

use crate::model::severity::Severity;
use crate::text::paths::{forward, normalise};

/// One key of a tool, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The key in gates.toml.
    pub key: &'static str,
    pub says: Says,
    /// Whether it means anything in this gate: `images` does not where folders are scanned.
    pub applies: bool,
}

/// The kinds of keys, by what makes one weaker than another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// Which of its scans it does. Another one can't be compared.
    Choice(String),
    /// It looks at these folders with all below; `None`: at everything.
    Folders(Option<Vec<String>>),
    /// It looks at these; `None`: at all there are.
    These(Option<Vec<String>>),
    /// It looks at these images; `None`: at those of the gates in `needs`.
    Images(Option<Vec<String>>),
    /// It leaves these out.
    Without(Vec<String>),
    /// It lets these pass; `None`: all.
    Within(Option<Vec<String>>),
    /// One of a few words, of which each is weaker than the last.
    Grade { word: &'static str, weakness: u8 },
    /// Whether it leaves something out.
    Leaves(bool),
    /// Whether it looks at something besides.
    Adds(bool),
    /// It bears no more than this; `None`: anything.
    AtMost(Option<Duration>),
    /// What all of its findings count as. How weak that is, the policy says.
    Rates(Severity),
    /// Nobody can tell what another value does.
    Exactly(Vec<String>),
    /// All that has no key of its own here.
    Rest(String),
}

impl Reach {
    pub fn new(key: &'static str, says: Says) -> Reach {
        Reach { key, says, applies: true }
    }

    pub fn choice(key: &'static str, word: &str) -> Reach {
        Reach::new(key, Says::Choice(word.to_owned()))
    }

    pub fn folders(key: &'static str, folders: &[String]) -> Reach {
        Reach::new(key, Says::Folders(Some(folders.to_vec())))
    }

    pub fn these(key: &'static str, these: &[String]) -> Reach {
        Reach::new(key, Says::These(Some(these.to_vec())))
    }

    pub fn exactly<'t>(key: &'static str, words: impl IntoIterator<Item = &'t String>) -> Reach {
        Reach::new(key, Says::Exactly(words.into_iter().cloned().collect()))
    }

    pub fn rest(words: String) -> Reach {
        Reach::new("options of the tool", Says::Rest(words))
    }

    pub fn only_if(mut self, applies: bool) -> Reach {
        self.applies = applies;
        self
    }

    /// `dirs = backend, frontend`
    pub fn words(&self) -> String {
        let key = self.key;
        match &self.says {
            Says::Choice(word) => format!("{key} = {word}"),
            Says::Rest(_) => key.to_owned(),
            Says::Folders(Some(list)) | Says::These(Some(list)) | Says::Images(Some(list)) => {
                listed(key, list)
            }
            Says::Folders(None) | Says::These(None) | Says::Within(None) => format!("{key} = all"),
            Says::Within(Some(list)) => listed(key, list),
            Says::Grade { word, .. } => format!("{key} = {word}"),
            Says::Images(None) => format!("{key} = those of needs"),
            Says::Without(list) | Says::Exactly(list) => listed(key, list),
            Says::Leaves(flag) | Says::Adds(flag) => format!("{key} = {flag}"),
            Says::AtMost(Some(most)) => {
                format!("{key} = {:#}", SignedDuration::try_from(*most).unwrap_or(SignedDuration::MAX))
            }
            Says::AtMost(None) => format!("no {key}"),
            Says::Rates(severity) => format!("{key} = {severity}"),
        }
    }
}

fn listed(key: &str, list: &[String]) -> String {
    if list.is_empty() { format!("no {key}") } else { format!("{key} = {}", list.join(", ")) }
}

impl Says {
    /// Whether it may look at less than `base` does. Of two kinds, nothing can be said.
    pub fn is_weaker_than(&self, base: &Says) -> bool {
        match (base, self) {
            (Says::Folders(base), Says::Folders(now)) => is_less(base.as_deref(), now.as_deref(), is_below),
            (Says::These(base), Says::These(now)) => is_less(base.as_deref(), now.as_deref(), is_same),
            (Says::Images(Some(base)), Says::Images(Some(now))) => is_less(Some(base), Some(now), is_image),
            (Says::Without(base), Says::Without(now)) => now.iter().any(|left_out| !base.contains(left_out)),
            (Says::Within(base), Says::Within(now)) => is_less(now.as_deref(), base.as_deref(), is_same),
            (Says::Grade { weakness: base, .. }, Says::Grade { weakness: now, .. }) => now > base,
            (Says::Leaves(base), Says::Leaves(now)) => *now && !*base,
            (Says::Adds(base), Says::Adds(now)) => *base && !*now,
            (Says::AtMost(Some(base)), Says::AtMost(now)) => now.is_none_or(|now| now > *base),
            (Says::AtMost(None), Says::AtMost(_)) | (Says::Rates(_), Says::Rates(_)) => false,
            (base, now) => base != now,
        }
    }

    /// What it lists that `lists` together do not have.
    pub fn missing_in(&self, lists: &[&Says]) -> Vec<String> {
        let (wanted, has): (_, fn(&str, &str) -> bool) = match self {
            Says::Folders(Some(wanted)) => (wanted, is_below),
            Says::These(Some(wanted)) => (wanted, is_same),
            Says::Images(Some(wanted)) => (wanted, is_image),
            _ => return Vec::new(),
        };
        let covers = |list: &&Says, one: &str| match list {
            Says::Folders(list) | Says::These(list) | Says::Images(list) => {
                list.as_ref().is_none_or(|list| list.iter().any(|listed| has(one, listed)))
            }
            _ => false,
        };
        wanted.iter().filter(|one| !lists.iter().any(|list| covers(list, one))).cloned().collect()
    }
}

/// Whether something of `base` is not in `now`.
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
    // Where the one of them is can't be told.
    if wanted.starts_with("..") || listed.starts_with("..") {
        return wanted == listed;
    }
    listed == "." || wanted == listed || Path::new(&wanted).starts_with(&listed)
}

/// A name without a tag is that of every tag.
fn is_image(wanted: &str, listed: &str) -> bool {
    let rest = listed.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
}

/// `./backend/` as `backend`.
fn folder(name: &str) -> String {
    forward(&normalise(Path::new(name))).to_string()
}

/// The names, for a sentence; `none` where there is none.
pub fn names(list: &[String]) -> String {
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
    fn what_looks_at_less_is_weaker() {
        let folders = |words: &str| Says::Folders(Some(list(words)));
        let these = |words: &str| Says::These(Some(list(words)));
        let images = |words: &str| Says::Images(Some(list(words)));
        let without = |words: &str| Says::Without(list(words));
        let within = |words: &str| Says::Within(Some(list(words)));
        let most = |hours: u64| Says::AtMost(Some(Duration::from_secs(hours * 3600)));
        for (base, now, weaker) in [
            (folders("backend frontend"), folders("backend"), true),
            (folders("backend frontend"), folders("./frontend/ backend"), false),
            (folders("backend frontend"), folders("."), false),
            (folders("backend/api"), folders("backend"), false),
            (folders("backend"), folders("backend/api"), true),
            (folders("backend"), folders("back"), true),
            (folders("../other"), folders("."), true),
            (Says::Folders(None), folders("."), true),
            (folders("."), Says::Folders(None), false),
            (these("a b"), these("b c a"), false),
            (these("a b"), these("."), true),
            (Says::These(None), these("a"), true),
            (images("app"), images("app:1 other"), false),
            (images("app:1"), images("app"), true),
            (images("app"), images("app-of-mine"), true),
            (Says::Images(None), images("app"), true),
            (without("dev"), without(""), false),
            (within("MIT"), within("MIT ISC"), true),
            (within("MIT ISC"), within("MIT"), false),
            (within("MIT"), Says::Within(None), true),
            (Says::Within(None), within("MIT"), false),
            (Says::Grade { word: "deny", weakness: 0 }, Says::Grade { word: "warn", weakness: 1 }, true),
            (Says::Grade { word: "warn", weakness: 1 }, Says::Grade { word: "deny", weakness: 0 }, false),
            (without("dev"), without("dev peer"), true),
            (Says::Leaves(false), Says::Leaves(true), true),
            (Says::Leaves(true), Says::Leaves(false), false),
            (Says::Adds(true), Says::Adds(false), true),
            (Says::Adds(false), Says::Adds(true), false),
            (most(24), most(48), true),
            (most(24), most(12), false),
            (most(24), Says::AtMost(None), true),
            (Says::AtMost(None), most(24), false),
            (Says::Exactly(list("npm test")), Says::Exactly(list("true")), true),
            (Says::Exactly(list("npm test")), Says::Exactly(list("npm test")), false),
            (Says::Choice("fs".into()), Says::Choice("image".into()), true),
        ] {
            assert_eq!(now.is_weaker_than(&base), weaker, "{base:?} → {now:?}");
            assert!(!base.is_weaker_than(&base), "{base:?}");
        }
    }

    #[test]
    fn several_gates_look_at_it_together() {
        let folders = |words: &str| Says::Folders(Some(list(words)));
        let wanted = folders("backend frontend infra/live");
        assert_eq!(wanted.missing_in(&[&folders("backend"), &folders("infra")]), ["frontend"]);
        assert_eq!(wanted.missing_in(&[]), ["backend", "frontend", "infra/live"]);
        assert!(wanted.missing_in(&[&Says::Folders(None)]).is_empty());
    }
}
