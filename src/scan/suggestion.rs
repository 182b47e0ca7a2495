//! What `portcullis init` writes for a tool: a function of what it sees in the repository.

use std::collections::BTreeSet;

pub(crate) use crate::scan::seen::Seen;

/// What a tool suggests for a repository.
pub type Suggest = fn(&Seen) -> Suggestion;

/// What `init` writes for a tool.
#[derive(Debug, Default)]
pub struct Suggestion {
    pub gates: Vec<SuggestedGate>,
    /// Lines in comments that show a gate which only the user can write.
    pub example: Option<String>,
    /// What it could read, and what no gate is written for.
    pub left_out: Vec<LeftOut>,
}

/// Something that no gate is written for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    pub what: String,
    pub why: String,
}

/// A gate that `init` writes.
#[derive(Debug)]
pub struct SuggestedGate {
    /// If it is taken, the gate gets the name of its tool, or a number.
    pub id: String,
    /// Where it is not the tool's own.
    pub stage: Option<&'static str>,
    /// Where another tool does the work: `command`.
    pub tool: Option<&'static str>,
    /// What the gate is for, in one line or more.
    pub comment: String,
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

    pub fn of(gate: SuggestedGate) -> Self {
        Self { gates: vec![gate], ..Self::default() }
    }

    /// This gate, if it has something to look at.
    pub fn of_some(is_something: bool, gate: impl FnOnce() -> SuggestedGate) -> Self {
        Self { gates: is_something.then(gate).into_iter().collect(), ..Self::default() }
    }

    pub fn leave_out(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.push(LeftOut { what: what.into(), why: why.into() });
    }
}

impl SuggestedGate {
    pub fn new(id: &str, comment: impl Into<String>, keys: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            stage: None,
            tool: None,
            comment: comment.into(),
            keys: keys.into(),
            before_push: false,
        }
    }

    /// A program without a gate of its own, started in a folder.
    pub fn command<'t>(
        id: &str,
        comment: impl Into<String>,
        run: impl IntoIterator<Item = &'t str>,
        dir: &str,
    ) -> Self {
        let run: Vec<String> = run.into_iter().map(str::to_owned).collect();
        let dir = if dir == "." { String::new() } else { format!("dir = {}\n", quoted(dir)) };
        Self { tool: Some("command"), ..Self::new(id, comment, format!("run = {}\n{dir}", list(&run))) }
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
    let mut tops: BTreeSet<String> = BTreeSet::new();
    // In order, a folder comes before those in it.
    for folder in folders {
        let mut above = std::path::Path::new(folder).ancestors().skip(1);
        let is_below = folders.contains(".") && folder != "."
            || above.any(|above| above.to_str().is_some_and(|above| tops.contains(above)));
        if !is_below {
            tops.insert(folder.clone());
        }
    }
    tops
}

/// The deepest folder that holds all of them: `infra` for `infra/a` and `infra/b/c`, `.` for `a` and `b`. `None`: there are none.
pub(crate) fn common_top(folders: &BTreeSet<String>) -> Option<String> {
    let mut folders = folders.iter();
    let mut common: Vec<&str> = folders.next()?.split('/').collect();
    for folder in folders {
        let shared = common.iter().zip(folder.split('/')).take_while(|(one, two)| *one == two).count();
        common.truncate(shared);
    }
    Some(if common.is_empty() { ".".to_owned() } else { common.join("/") })
}

/// The line `dirs = ["backend", "frontend"]`.
pub(crate) fn dirs(folders: &BTreeSet<String>) -> String {
    format!("dirs = {}\n", list(folders))
}

/// The line `allow_empty`, for those folders of a gate in which its tool finds nothing today: it begins when there is something.
pub(crate) fn allow_empty(empty: &BTreeSet<String>, all: &BTreeSet<String>) -> String {
    match (empty.len(), all.len()) {
        (0, _) => String::new(),
        (_, 1) => "allow_empty = true\n".to_owned(),
        _ => format!("allow_empty = {}\n", list(empty)),
    }
}

/// A TOML list of texts: on one line, or on a line for each.
pub(crate) fn list<'t>(texts: impl IntoIterator<Item = &'t String>) -> String {
    const WIDTH: usize = 100;
    let quoted: Vec<String> = texts.into_iter().map(|text| quoted(text)).collect();
    let line = quoted.join(", ");
    match line.len() > WIDTH && quoted.len() > 1 {
        true => format!("[\n  {},\n]", quoted.join(",\n  ")),
        false => format!("[{line}]"),
    }
}

/// A TOML basic string; its escapes are those of JSON.
pub(crate) fn quoted(text: &str) -> String {
    // TOML has no DEL in a string.
    serde_json::to_string(text).unwrap_or_default().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_folder_inside_another_is_left_out() {
        assert_eq!(tops(&set(&["infra", "infra/modules/a", "infra-old"])), set(&["infra", "infra-old"]));
        assert_eq!(tops(&set(&[".", "infra"])), set(&["."]));
    }

    #[test]
    fn folders_have_one_top() {
        for (folders, top) in [
            (&["infra/modules/a", "infra/modules/b/c"][..], Some("infra/modules")),
            (&["infra/a", "k8s"], Some(".")),
            (&[".", "a/b"], Some(".")),
            (&["a/b/c"], Some("a/b/c")),
            (&["ab/c", "a/c"], Some(".")),
            (&[], None),
        ] {
            assert_eq!(common_top(&set(folders)).as_deref(), top, "{folders:?}");
        }
    }

    #[test]
    fn what_stands_in_quotes_is_toml() {
        assert_eq!(quoted("my \"odd\" folder"), r#""my \"odd\" folder""#);
        assert_eq!(dirs(&set(&["a", "b"])), "dirs = [\"a\", \"b\"]\n");
        let many: BTreeSet<String> = (0..20).map(|n| format!("folder-{n}")).collect();
        assert!(dirs(&many).starts_with("dirs = [\n  \"folder-0\",\n"));
    }
}
