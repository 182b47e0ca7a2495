//! Starts git. Whatever settings, replacements and grafts a checkout has, its history is read the same.
//!
//! A repository's own configuration can make git show less (`log.showRoot`), or show it so that a scanner does not understand it
//! (`format.pretty`), or start a program (`core.fsmonitor`). The settings here win over those of the repository: see git-config(1),
//! git-log(1) and gitattributes(5), git 2.47.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::system::process::{ask_in_pieces, ask_with};
use crate::system::variables;

/// The usual value of each setting that decides what git shows of a commit, a file or a line, and how.
const SETTINGS: [(&str, &str); 36] = [
    // A file of that size or more is read as binary, and not shown.
    ("core.bigFileThreshold", "512m"),
    ("core.attributesFile", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.quotePath", "false"),
    ("log.showRoot", "true"),
    ("log.showSignature", "false"),
    ("log.follow", "false"),
    ("log.abbrevCommit", "false"),
    ("log.date", "default"),
    ("log.decorate", "false"),
    ("log.mailmap", "false"),
    ("log.diffMerges", "separate"),
    ("format.pretty", "medium"),
    ("format.notes", "false"),
    ("i18n.logOutputEncoding", "UTF-8"),
    ("diff.external", ""),
    ("diff.noPrefix", "false"),
    ("diff.mnemonicPrefix", "false"),
    ("diff.srcPrefix", "a/"),
    ("diff.dstPrefix", "b/"),
    ("diff.relative", "false"),
    ("diff.renames", "true"),
    ("diff.orderFile", "/dev/null"),
    ("diff.context", "3"),
    ("diff.interHunkContext", "0"),
    ("diff.suppressBlankEmpty", "false"),
    ("diff.submodule", "short"),
    ("diff.ignoreSubmodules", "none"),
    ("merge.conflictStyle", "merge"),
    ("merge.default", "text"),
    ("color.ui", "false"),
    ("color.diff", "false"),
    ("color.grep", "false"),
    ("grep.column", "false"),
    ("grep.fullName", "false"),
    // The variable below names a file of grafts, which git says is a thing of the past.
    ("advice.graftFileDeprecated", "false"),
];

/// Commits are what they are: refs/replace and .git/info/grafts put nothing in their place.
const VARIABLES: [(&str, &str); 2] = [("GIT_NO_REPLACE_OBJECTS", "1"), ("GIT_GRAFT_FILE", "/dev/null")];

/// The number of settings that the environment holds.
const COUNT: &str = "GIT_CONFIG_COUNT";

/// The settings that a scanner's git needs.
pub(crate) fn settings() -> impl Iterator<Item = (String, String)> {
    SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
}

/// The variables for a scanner that starts git. No file of the checkout decides there which files are text: an empty tree has no
/// .gitattributes (git before 2.43 ignores that). `head` is any commit, for the kind of its hash.
pub(crate) fn scanner_variables(head: Option<&str>) -> impl Iterator<Item = (&'static str, &'static str)> {
    let attributes = [("GIT_ATTR_SOURCE", empty_tree(head)), ("GIT_ATTR_NOSYSTEM", "1")];
    VARIABLES.into_iter().chain(attributes)
}

/// The empty tree, which every repository has. Its id depends on the kind of hash.
fn empty_tree(head: Option<&str>) -> &'static str {
    match head.map(str::len) {
        Some(64) => "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
        _ => "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    }
}

/// The variables that add these settings to those in the environment (git-config(1), since git 2.31). `count`: how many there are; if
/// absent, Portcullis' own environment says it.
pub(crate) fn as_variables(
    settings: impl IntoIterator<Item = (String, String)>,
    count: Option<String>,
) -> BTreeMap<String, String> {
    let there: usize =
        count.or_else(|| variables::get(COUNT)).and_then(|count| count.trim().parse().ok()).unwrap_or(0);
    let mut variables = BTreeMap::new();
    let mut next = there;
    for (name, value) in settings {
        variables.insert(format!("GIT_CONFIG_KEY_{next}"), name);
        variables.insert(format!("GIT_CONFIG_VALUE_{next}"), value);
        next = next.saturating_add(1);
    }
    if next > there {
        variables.insert(COUNT.to_owned(), next.to_string());
    }
    variables
}

/// What git prints; `None` if it fails, or takes longer than `limit`.
pub(crate) async fn git(args: &[&str], folder: &Path, limit: Duration) -> Option<String> {
    let printed = git_exactly(args, folder, limit).await?;
    Some(String::from_utf8_lossy(&printed).into_owned())
}

/// The same, with the printed bytes unchanged (the content of a file).
pub(crate) async fn git_exactly(args: &[&str], folder: &Path, limit: Duration) -> Option<Vec<u8>> {
    git_with(&BTreeMap::new(), args, folder, limit).await
}

/// The same with further variables.
pub(crate) async fn git_with(
    more: &BTreeMap<String, String>,
    args: &[&str],
    folder: &Path,
    limit: Duration,
) -> Option<Vec<u8>> {
    let mut env = own_variables();
    env.extend(more.clone());
    ask_with(&env, Path::new("git"), args, folder, limit).await
}

/// A long answer: `take` gets it piece by piece, and ends it with `false`. `None` if git fails.
pub(crate) async fn git_in_pieces(
    args: &[&str],
    folder: &Path,
    limit: Duration,
    take: impl FnMut(&[u8]) -> bool,
) -> Option<()> {
    ask_in_pieces(&own_variables(), Path::new("git"), args, folder, limit, take).await
}

/// The variables of each git that Portcullis starts for itself.
fn own_variables() -> BTreeMap<String, String> {
    let mut env = as_variables(settings(), None);
    env.extend(VARIABLES.map(|(name, value)| (name.to_owned(), value.to_owned())));
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_added_to_those_that_are_there() {
        let one = [("a.b".to_owned(), "c".to_owned())];
        let expected = [("GIT_CONFIG_COUNT", "4"), ("GIT_CONFIG_KEY_3", "a.b"), ("GIT_CONFIG_VALUE_3", "c")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(as_variables(one, Some("3".to_owned())), BTreeMap::from(expected));
        assert_eq!(as_variables([], Some("3".to_owned())), BTreeMap::new());
    }

    #[test]
    fn each_setting_is_there_once() {
        let names: std::collections::BTreeSet<String> =
            settings().map(|(name, _)| name.to_lowercase()).collect();
        assert_eq!(names.len(), SETTINGS.len());
    }

    #[test]
    fn the_id_of_the_empty_tree_depends_on_the_kind_of_hash() {
        assert!(empty_tree(Some(&"a".repeat(40))).starts_with("4b825"));
        assert!(empty_tree(Some(&"a".repeat(64))).starts_with("6ef19"));
    }
}
