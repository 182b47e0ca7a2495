//! Which commits of a push are scanned: all that the remote lacks, and no others.

use super::{GATES, Pushed};

impl Pushed {
    fn commit(&self, name: &str) -> String {
        self.project.write(name, name);
        self.project.commit(name)
    }

    fn second_remote(&self) {
        self.project.git(&["init", "--quiet", "--bare", "../mirror.git"]);
        self.project.git(&["remote", "add", "mirror", "../mirror.git"]);
    }

    fn last(&self) -> String {
        self.ranges().last().unwrap().clone()
    }
}

fn installed() -> Pushed {
    let repo = Pushed::new();
    let ran = repo.project.run(&["hook", "install"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    repo
}

#[test]
fn the_since_of_the_profile_does_not_narrow_a_push() {
    let repo = installed();
    let narrow = GATES.replace("only = [\"secrets\"]", "only = [\"secrets\"]\nsince = \"HEAD~1\"");
    repo.project.write("gates.toml", narrow);
    for name in ["second", "third", "zeroth"] {
        repo.commit(name);
    }
    // The first push of a new repository.
    assert_eq!(repo.push(&["origin", "main"]).code, 0);
    assert_eq!(repo.last(), "first second third zeroth");
    for name in ["fifth", "fourth"] {
        repo.commit(name);
    }
    assert_eq!(repo.push(&["origin", "main"]).code, 0);
    assert_eq!(repo.last(), "fifth fourth");
}

#[test]
fn a_push_to_a_second_remote_looks_at_all_that_this_remote_lacks() {
    let repo = installed();
    repo.commit("second");
    repo.push(&["origin", "main"]);
    repo.second_remote();
    repo.push(&["mirror", "main"]);
    assert_eq!(repo.last(), "first second", "what origin has is not on the mirror");
    repo.commit("third");
    repo.push(&["mirror", "main"]);
    assert_eq!(repo.last(), "third");

    // Branches of a remote whose name begins with that of another are not the other's.
    repo.project.git(&["init", "--quiet", "--bare", "../inner.git"]);
    repo.project.git(&["remote", "add", "new/inner", "../inner.git"]);
    repo.push(&["new/inner", "main"]);
    repo.project.git(&["init", "--quiet", "--bare", "../new.git"]);
    repo.project.git(&["remote", "add", "new", "../new.git"]);
    repo.push(&["new", "main"]);
    assert_eq!(repo.last(), "first second third");

    // A remote without a name.
    repo.project.git(&["init", "--quiet", "--bare", "../nameless.git"]);
    repo.push(&["../nameless.git", "main"]);
    assert_eq!(repo.last(), "first second third");
}

#[test]
fn commits_of_other_local_branches_are_not_looked_at() {
    let repo = installed();
    repo.project.git(&["checkout", "--quiet", "-b", "private"]);
    repo.commit("private");
    repo.project.git(&["checkout", "--quiet", "main"]);
    repo.commit("second");
    repo.push(&["origin", "main"]);
    assert_eq!(repo.last(), "first second");
}

#[test]
fn both_sides_of_a_merge_are_looked_at() {
    let repo = installed();
    repo.push(&["origin", "main"]);
    repo.project.git(&["checkout", "--quiet", "-b", "side"]);
    repo.commit("side");
    repo.project.git(&["checkout", "--quiet", "main"]);
    repo.commit("main");
    repo.project.git(&["merge", "--quiet", "--no-ff", "-m", "merged", "side"]);
    repo.push(&["origin", "HEAD:refs/heads/new"]);
    assert_eq!(repo.last(), "main merged side");
}

#[test]
fn several_refs_of_one_push_have_one_verdict_and_one_record() {
    let repo = installed();
    repo.push(&["origin", "main"]);
    repo.project.git(&["checkout", "--quiet", "-b", "one"]);
    repo.commit("one");
    repo.project.git(&["checkout", "--quiet", "-b", "two", "main"]);
    repo.commit("two");
    repo.project.git(&["tag", "--annotate", "v1", "--message", "v1"]);
    repo.project.git(&["checkout", "--quiet", "main"]);
    let before = repo.ranges().len();
    let pushed = repo.push(&["origin", "one", "two", "v1", ":refs/heads/nothing"]);
    assert_eq!(pushed.code, 0, "{}", pushed.all());
    assert_eq!(repo.ranges()[before..], ["one two"]);
    assert_eq!(pushed.all().matches("Verdict: ").count(), 1, "{}", pushed.all());

    // What one ref brings blocks all.
    repo.project.git(&["checkout", "--quiet", "-b", "three"]);
    repo.commit("three");
    std::fs::write(repo.project.root().join("../fail"), "").unwrap();
    assert_ne!(repo.push(&["origin", "main:refs/heads/four", "three"]).code, 0);
    assert_eq!(repo.record()["verdict"], "blocked");
    assert!(!repo.project.git(&["ls-remote", "origin"]).contains("four"));
}

#[test]
fn a_forced_push_over_commits_that_are_not_here_looks_at_all_that_is_new() {
    let repo = installed();
    repo.push(&["origin", "main"]);
    // Somebody else has pushed.
    repo.project.git(&["clone", "--quiet", "../remote.git", "../other"]);
    let elsewhere = ["-C", "../other", "commit", "--quiet", "--allow-empty", "--message", "theirs"];
    repo.project.git(&elsewhere);
    repo.project.git(&["-C", "../other", "push", "--quiet", "origin", "main"]);
    repo.commit("mine");
    assert_eq!(repo.push(&["--force", "origin", "main"]).code, 0);
    assert_eq!(repo.last(), "mine");
}

#[test]
fn the_hook_leaves_the_record_of_the_last_full_run() {
    let repo = Pushed::new();
    assert_eq!(repo.project.run(&["run"]).code, 0);
    let before = repo.project.read("gates-report/run.json");
    repo.project.run(&["hook", "install"]);
    let pushed = repo.push(&["origin", "main"]);
    assert!(pushed.all().contains("gates-report/pre-push/run.json"), "{}", pushed.all());
    assert_eq!(repo.project.read("gates-report/run.json"), before);
    assert_eq!(repo.record()["profile"], "pre-push");

    // And a full run leaves that of the hook. Git ignores both, whichever was there first.
    repo.project.write(".gitignore", "/slow-ran\n/bin\n");
    assert_eq!(repo.project.run(&["run"]).code, 0);
    assert_eq!(repo.record()["profile"], "pre-push");
    std::fs::remove_dir_all(repo.project.root().join("gates-report")).unwrap();
    repo.commit("second");
    repo.push(&["origin", "main"]);
    assert_eq!(repo.project.git(&["status", "--porcelain"]), "");
    assert_eq!(repo.project.run(&["run"]).code, 0);
    assert_eq!(repo.project.git(&["status", "--porcelain"]), "");
}

const LINT: &str = "version = 1\n[[gate]]\nid = 'lint'\ntool = 'eslint'\n[profile.pre-push]\nmode = 'lab'\n";

#[test]
fn the_files_of_a_push_are_those_that_its_commits_change_and_that_are_still_there() {
    let repo = installed();
    repo.project.write("gates.toml", LINT);
    repo.project.program("eslint", "case \"$*\" in *' -o '*) echo \"$*\" >>../linted ;; esac; echo v9.0.0");
    let linted = || {
        let all = repo.project.read("../linted");
        all.lines().last().unwrap().rsplit_once(" -- ").unwrap().1.to_owned()
    };
    repo.commit("a.js");
    assert_eq!(repo.push(&["origin", "main"]).code, 0);
    assert_eq!(linted(), "a.js");

    repo.project.git(&["checkout", "--quiet", "-b", "side"]);
    repo.commit("side.js");
    repo.project.git(&["checkout", "--quiet", "main"]);
    repo.commit("gone.js");
    repo.commit("b.js");
    std::fs::remove_file(repo.project.root().join("gone.js")).unwrap();
    repo.project.commit("without");
    repo.project.git(&["merge", "--quiet", "--no-ff", "-m", "merged", "side"]);
    assert_eq!(repo.push(&["origin", "main"]).code, 0);
    let named = linted();
    let mut files: Vec<&str> = named.split(' ').collect();
    files.sort_unstable();
    assert_eq!(files, ["b.js", "side.js"]);
}

#[test]
fn a_pushed_tag_of_something_that_is_no_commit_is_refused_in_clear_words() {
    let repo = installed();
    repo.project.write("secret.txt", "made up");
    let blob = repo.project.git(&["hash-object", "-w", "secret.txt"]);
    for (name, object, what) in
        [("blob", blob.as_str(), "a file (blob)"), ("tree", "HEAD^{tree}", "a folder (tree)")]
    {
        repo.project.git(&["tag", name, object]);
        repo.project.git(&["tag", "--annotate", "--message", name, &format!("{name}-annotated"), object]);
        for tag in [name.to_owned(), format!("{name}-annotated")] {
            let pushed = repo.push(&["origin", &tag]);
            let said = pushed.all();
            assert_ne!(pushed.code, 0, "{said}");
            assert!(said.contains(&format!("which is {what} or a tag of one, not a commit")), "{said}");
            assert!(said.contains("git cat-file -p ") && said.contains("--no-verify"), "{said}");
            assert_eq!(repo.project.git(&["ls-remote", "origin"]), "", "nothing has arrived");
        }
    }
    repo.project.git(&["tag", "--annotate", "--message", "v1", "v1"]);
    assert_eq!(repo.push(&["origin", "v1"]).code, 0);
}
