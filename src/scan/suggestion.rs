//! What `portcullis init` writes for a tool: a function of what it sees in the repository.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// A repository as `init` sees it.
#[derive(Debug, Default)]
pub struct Seen {
    /// The name of its folder.
    pub name: String,
    /// Its top: absolute.
    pub top: PathBuf,
    pub is_git: bool,
    /// Its files, by folder and name, without other people's code and output.
    pub files: Vec<SeenFile>,
}

/// One file of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeenFile {
    /// Relative to the top; `.` is the top.
    pub folder: String,
    pub name: String,
    pub path: PathBuf,
}

impl Seen {
    /// The folders that hold such a file.
    pub fn folders(&self, is_one: impl Fn(&SeenFile) -> bool) -> BTreeSet<String> {
        self.files.iter().filter(|file| is_one(file)).map(|file| file.folder.clone()).collect()
    }
}

/// What a tool suggests for a repository.
pub type Suggest = fn(&Seen) -> Suggestion;

/// What `init` writes for a tool.
#[derive(Debug, Default)]
pub struct Suggestion {
    /// What was seen, for the message: 2, `Dockerfile`.
    pub seen: Option<(usize, &'static str)>,
    pub gates: Vec<SuggestedGate>,
    /// Lines in comments that show a gate which only the user can write.
    pub example: Option<String>,
}

/// A gate that `init` writes.
#[derive(Debug)]
pub struct SuggestedGate {
    /// Where two tools suggest the same, each gate takes the name of its tool.
    pub id: String,
    /// Where it is not the tool's own.
    pub stage: Option<&'static str>,
    /// What the gate is for, in one line or more.
    pub comment: &'static str,
    /// The gate's further keys: lines of TOML.
    pub keys: String,
    /// `git push` waits for it, too.
    pub before_push: bool,
}

impl Suggestion {
    /// For a tool for which nobody can guess a gate.
    pub fn nothing(_seen: &Seen) -> Self {
        Self::default()
    }

    /// A gate for this many things that were seen; none where there are none.
    pub fn for_seen(n: usize, what: &'static str, gate: impl FnOnce() -> SuggestedGate) -> Self {
        let gates = (n > 0).then(gate).into_iter().collect();
        Self { seen: Some((n, what)), gates, example: None }
    }

    pub fn of(gate: SuggestedGate) -> Self {
        Self { gates: vec![gate], ..Self::default() }
    }
}

impl SuggestedGate {
    pub fn new(id: &str, comment: &'static str, keys: impl Into<String>) -> Self {
        Self { id: id.to_owned(), stage: None, comment, keys: keys.into(), before_push: false }
    }

    /// With this label in the place of the tool's own.
    pub fn stage(self, stage: &'static str) -> Self {
        Self { stage: Some(stage), ..self }
    }

    /// `git push` waits for it, too.
    pub fn before_push(self) -> Self {
        Self { before_push: true, ..self }
    }
}

/// The folders that are in no other of them: a scanner looks into sub-folders by itself.
pub(crate) fn tops(folders: &BTreeSet<String>) -> BTreeSet<String> {
    let below = |folder: &str, other: &str| {
        folder != other
            && (other == "." || folder.strip_prefix(other).is_some_and(|rest| rest.starts_with('/')))
    };
    folders.iter().filter(|folder| !folders.iter().any(|other| below(folder, other))).cloned().collect()
}

/// The line `dirs = ["backend", "frontend"]`.
pub(crate) fn dirs(folders: &BTreeSet<String>) -> String {
    format!("dirs = {}\n", list(folders))
}

/// A TOML list of texts.
pub(crate) fn list<'t>(texts: impl IntoIterator<Item = &'t String>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(|text| quoted(text)).collect();
    format!("[{}]", quoted.join(", "))
}

/// A TOML basic string; its escapes are those of JSON.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_inside_another_is_left_out() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(tops(&set(&["infra", "infra/modules/a", "infra-old"])), set(&["infra", "infra-old"]));
        assert_eq!(tops(&set(&[".", "infra"])), set(&["."]));
    }

    #[test]
    fn what_stands_in_quotes_is_toml() {
        assert_eq!(quoted("my \"odd\" folder"), r#""my \"odd\" folder""#);
        assert_eq!(dirs(&BTreeSet::from(["a".to_owned(), "b".to_owned()])), "dirs = [\"a\", \"b\"]\n");
    }
}
