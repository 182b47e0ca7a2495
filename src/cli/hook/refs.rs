//! What is pushed: git's list of refs on standard input, or the variables of pre-commit and prek, which keep
//! that list to themselves.

use std::io::{self, IsTerminal, Read};

use anyhow::{Context, Result, bail};

use crate::system::push::Push;

/// What the hook looks at.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    Commits(Push),
    /// No commit is sent, for this reason.
    Nothing(&'static str),
}

/// Standard input to its end. A person at a terminal is not waited for.
pub(super) fn standard_input() -> Result<String> {
    let mut text = String::new();
    if !io::stdin().is_terminal() {
        io::stdin().read_to_string(&mut text).context("git's list of pushed refs can't be read")?;
    }
    Ok(text)
}

/// Reads the list, or the variables if it is empty. `from_git`: nobody else has read from standard input, so an
/// empty list is what git has written.
///
/// # Errors
/// If nothing says what is pushed. To pass would be a false green.
pub(super) fn read(
    list: &str,
    from_git: bool,
    remote: Option<&str>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Pushed> {
    let variable = |name: &str| variable(&format!("PRE_COMMIT_{name}")).filter(|value| !value.is_empty());
    let remote = remote.map(str::to_owned).or_else(|| variable("REMOTE_NAME")).unwrap_or_default();
    let lines: Vec<&str> = list.lines().filter(|line| !line.is_empty()).collect();
    if !lines.is_empty() {
        return of_lines(&lines, remote);
    }
    // https://pre-commit.com/#pre-push: for the first push to an empty remote there are no two refs, and the local
    // branch is all that is known.
    let (from, to) = (variable("FROM_REF"), variable("TO_REF"));
    match (from, to.or_else(|| variable("LOCAL_BRANCH").filter(|_| variable("REMOTE_NAME").is_some()))) {
        (from, Some(to)) => {
            let known = from.into_iter().filter(|id| !is_zero(id)).collect();
            Ok(Pushed::Commits(Push { remote, sent: vec![to], known }))
        }
        (None, None) if from_git => Ok(Pushed::Nothing("git has nothing to push")),
        _ => bail!(
            "nothing says what is pushed: standard input has no list of refs, and PRE_COMMIT_FROM_REF and PRE_COMMIT_TO_REF are not set. Another command of the hook may have read the list; `portcullis hook install --print` shows an entry that gets it. Without a push, use `portcullis run --profile pre-push`"
        ),
    }
}

/// The lines of githooks(5), pre-push: local ref, local object, remote ref, remote object.
fn of_lines(lines: &[&str], remote: String) -> Result<Pushed> {
    let mut push = Push { remote, ..Push::default() };
    for line in lines {
        // A local ref is what the user typed, so it may have spaces: `HEAD@{1 day ago}`.
        let words: Vec<&str> = line.rsplitn(4, ' ').collect();
        let [known, _, sent, _] = words.as_slice() else { bail!(malformed(line)) };
        if !is_id(known) || !is_id(sent) {
            bail!(malformed(line));
        }
        // A deleted ref sends no commit.
        if is_zero(sent) {
            continue;
        }
        push.sent.push((*sent).to_owned());
        if !is_zero(known) {
            push.known.push((*known).to_owned());
        }
    }
    if push.sent.is_empty() {
        return Ok(Pushed::Nothing("the push only deletes"));
    }
    Ok(Pushed::Commits(push))
}

fn malformed(line: &str) -> String {
    format!(
        "`{}` on standard input is not a line of git's list of pushed refs (local ref, object, remote ref, object)",
        crate::text::sanitise::one_line(line)
    )
}

fn is_id(word: &str) -> bool {
    [40, 64].contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_zero(id: &str) -> bool {
    id.bytes().all(|digit| digit == b'0')
}
