//! Where the hook learns what is pushed, and what it does if nothing says so.

use std::io::Write;
use std::process::Stdio;

use super::Pushed;
use crate::common::Ran;

const ZERO: &str = "0000000000000000000000000000000000000000";

/// Runs the hook as a manager would, with this on standard input.
fn hook(repo: &Pushed, args: &[&str], stdin: &str, variables: &[(&str, &str)]) -> Ran {
    let mut command = repo.project.command(&[&["hook", "pre-push"], args].concat());
    command
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that does not read it is fine.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    Ran::ended(child)
}

#[test]
fn a_list_that_is_empty_or_malformed_is_refused() {
    let repo = Pushed::new();
    let head = repo.project.git(&["rev-parse", "HEAD"]);
    for list in ["", "\n", "\n\n"] {
        let ran = hook(&repo, &["origin"], list, &[]);
        assert_eq!(ran.code, 2, "{list:?}: {}", ran.all());
        assert!(ran.stderr.contains("nothing says what is pushed"), "{}", ran.stderr);
    }
    for line in [
        "hello".to_owned(),
        format!("refs/heads/main {head} refs/heads/main"),
        format!("refs/heads/main {head} refs/heads/main {}", &ZERO[1..]),
        format!("refs/heads/main main refs/heads/main {ZERO}"),
        format!("refs/heads/main {head} refs/heads/main {ZERO}\nhello"),
    ] {
        for flags in [&["origin"][..], &["--refs-from-git", "origin"]] {
            let ran = hook(&repo, flags, &line, &[]);
            assert_eq!(ran.code, 2, "{line}: {}", ran.all());
            assert!(ran.stderr.contains("is not a line of git's list of pushed refs"), "{}", ran.stderr);
        }
    }
    // A commit that is not here.
    let list = format!("refs/heads/main {} refs/heads/main {ZERO}", ZERO.replace('0', "a"));
    assert_eq!(hook(&repo, &["origin"], &list, &[]).code, 2);
    assert!(repo.ranges().is_empty());
}

#[test]
fn a_push_of_nothing_and_one_that_only_deletes_say_so() {
    let repo = Pushed::new();
    repo.project.run(&["hook", "install"]);
    repo.push(&["origin", "main", "main:refs/heads/old"]);
    let again = repo.push(&["origin", "main"]);
    assert!(
        again.code == 0 && again.all().contains("Nothing to scan: git has nothing to push"),
        "{}",
        again.all()
    );
    let deleted = repo.push(&["origin", ":old"]);
    assert!(
        deleted.code == 0 && deleted.all().contains("Nothing to scan: the push only deletes"),
        "{}",
        deleted.all()
    );
    assert_eq!(repo.ranges().len(), 1);
}

#[test]
fn without_a_list_the_variables_of_pre_commit_count() {
    let repo = Pushed::new();
    repo.project.write("a", "1");
    repo.project.commit("second");
    repo.project.write("a", "2");
    repo.project.commit("third");
    let id = |revision: &str| repo.project.git(&["rev-parse", revision]);
    let (from, to) = (id("HEAD~2"), id("HEAD~1"));
    let names = ("PRE_COMMIT_REMOTE_NAME", "origin");
    let ran = hook(&repo, &[], "", &[("PRE_COMMIT_FROM_REF", &from), ("PRE_COMMIT_TO_REF", &to), names]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(repo.ranges(), ["second"]);

    // The first push to an empty remote.
    let ran = hook(&repo, &[], "", &[("PRE_COMMIT_LOCAL_BRANCH", "refs/heads/main"), names]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(repo.ranges()[1], "first second third");

    for variables in [
        &[("PRE_COMMIT_FROM_REF", &*from)][..],
        &[("PRE_COMMIT", "1")],
        &[("PRE_COMMIT_FROM_REF", ""), ("PRE_COMMIT_TO_REF", "")],
        &[("PRE_COMMIT_FROM_REF", &from), ("PRE_COMMIT_TO_REF", "no-such-branch")],
    ] {
        let ran = hook(&repo, &["origin"], "", variables);
        assert_eq!(ran.code, 2, "{variables:?}: {}", ran.all());
    }
    assert_eq!(repo.ranges().len(), 2);
}

#[test]
fn a_pushed_expression_with_spaces_is_a_ref_too() {
    let repo = Pushed::new();
    let head = repo.project.git(&["rev-parse", "HEAD"]);
    let ran = hook(&repo, &["origin"], &format!("HEAD@{{1 day ago}} {head} refs/heads/x {ZERO}\n"), &[]);
    assert_eq!(ran.code, 0, "{}", ran.all());
}
