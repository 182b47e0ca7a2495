//! git-secrets is in no package index; where it is missing its gate says so, and that is all that can be tested.

use super::*;

/// A key that git-secrets' patterns for AWS find; put together here, so that the repository is clean.
fn planted_key() -> String {
    ["AKIA", "Q3EGVNU4", "X2MPLE7T"].concat()
}

fn planted_secret() -> String {
    format!("aws_secret_access_key = {}", "Zm9vL2Jhcisx".repeat(4).get(..40).unwrap())
}

/// A repository with gates for the tree and for the history.
fn with_git_secrets(options: &str) -> Project {
    let gate = |scan: &str| {
        format!("[[gate]]\nid = \"{scan}\"\ntool = \"git-secrets\"\nscan = \"{scan}\"\n{options}\n")
    };
    let project = Project::with_gates(&format!(
        "version = 1\nmode = \"production\"\n{}{}",
        gate("tree"),
        gate("history")
    ));
    project.git(&["init", "--quiet"]);
    project
}

/// Whether git-secrets is here. Where it is not, its gates are inconclusive and say how to get it.
fn git_secrets_is_here() -> bool {
    let here = which(&path(), "git-secrets");
    if !here {
        let project = with_git_secrets("register_aws = true");
        assert_eq!(run(&project, &["run"]).code, 3);
        assert!(reason(&project, "tree").contains("git-secrets is not installed"));
    }
    here
}

#[test]
fn git_secrets_finds_keys_in_the_tree_and_those_that_were_removed_and_shows_them_nowhere() {
    if !git_secrets_is_here() {
        return;
    }
    let project = with_git_secrets("register_aws = true");
    let (key, secret) = (planted_key(), planted_secret());
    project.write("old.ini", format!("a\n{secret}\n"));
    let leaked = project.commit("a secret");
    project.write("old.ini", "a\n");
    project.write("src/keys.ts", format!("export const id = \"{key}\";\n"));
    project.write("untracked/.gitignore", "*\n");
    let now = project.commit("another one");
    project.write("new.ini", &key);

    let ran = run(&project, &["run", "--verbose"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(places(&project, "tree"), ["src/keys.ts:1"]);
    assert_eq!(places(&project, "history"), ["old.ini:2", "src/keys.ts:1"]);
    let commits: Vec<Value> =
        findings(&project, "history").iter().map(|finding| finding["commit"].clone()).collect();
    assert_eq!(commits, [leaked.as_str(), now.as_str()]);
    // gates.toml, old.ini, src/keys.ts; git-secrets looks at none that git does not track.
    let tracked = project.git(&["ls-files"]).lines().count();
    assert_eq!(project.gate("tree")["scope"]["files"], tracked);
    assert_eq!(project.gate("history")["scope"]["commits"], 2);
    let config = project.git(&["config", "--list"]);
    assert!(!config.contains("secrets."), "the repository was changed: {config}");

    let value = secret.split_once("= ").unwrap().1;
    for word in [key.as_str(), value] {
        #[allow(clippy::disallowed_methods, reason = "an outside look at what was written")]
        let found =
            Command::new("grep").args(["-r", word, "gates-report"]).current_dir(project.root()).output();
        assert!(found.unwrap().stdout.is_empty() && !ran.all().contains(word), "{}", ran.all());
    }
}

#[test]
fn git_secrets_without_patterns_proves_nothing() {
    if !git_secrets_is_here() {
        return;
    }
    let project = with_git_secrets("");
    project.write("a.ini", planted_key());
    project.commit("a key");
    let ran = run(&project, &["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    for gate in ["tree", "history"] {
        assert!(reason(&project, gate).contains("no pattern is registered"), "{}", reason(&project, gate));
    }
    // Those that are registered count.
    project.git(&["config", "--add", "secrets.patterns", "AKIA[A-Z0-9]{16}"]);
    assert_eq!(run(&project, &["run"]).code, 1);
    assert_eq!(
        (places(&project, "tree"), places(&project, "history").len()),
        (vec!["a.ini:1".to_owned()], 1)
    );
}

/// The patterns of `register_aws` are those of the program's own `--register-aws`.
#[test]
fn git_secrets_looks_for_what_it_registers_for_aws() {
    if !git_secrets_is_here() {
        return;
    }
    let project = with_git_secrets("register_aws = true");
    let id = "X2MPLE7T".repeat(2);
    let mut lines: Vec<String> = ["AKIA", "ASIA", "A3TX", "AROA", "ANVA", "ABIA", "AKIB"]
        .iter()
        .map(|start| format!("{start}{id}"))
        .collect();
    let value = "Zm9vL2Jhcisx".repeat(4).get(..40).unwrap().to_owned();
    for name in ["secret_key", "\"SecretAccessKey\"", "AWS_SECRET_ACCESS_KEY", "key", "secret", "token"] {
        lines.extend([":", "=", " => \"", "~"].map(|sign| format!("{name}{sign}{value}")));
    }
    let accounts = ["1234-5678-9012", "123456789012", "12345678901"];
    lines.extend(accounts.iter().flat_map(|number| {
        ["account_id=", "AWS_ACCOUNT_ID: ", "account=", "id="].map(|name| format!("{name}{number}"))
    }));
    // The keys of AWS's documentation.
    lines.push(["AKIAIOSFODNN7", "EXAMPLE"].concat());
    lines.push(["aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY"].concat());
    project.write("lines.txt", lines.join("\n") + "\n");
    project.commit("many lines");
    let ran = run(&project, &["run"]);
    let found = places(&project, "tree");

    #[allow(clippy::disallowed_methods, reason = "what git-secrets says by itself")]
    let git_secrets = |args: &[&str]| {
        Command::new("git-secrets")
            .args(args)
            .current_dir(project.root())
            .env("PATH", path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("HOME", project.root())
            .output()
            .unwrap()
    };
    assert!(git_secrets(&["--register-aws"]).status.success());
    let said = String::from_utf8(git_secrets(&["--scan"]).stderr).unwrap();
    let mut expected: Vec<String> = said
        .lines()
        .filter_map(|line| line.strip_prefix("lines.txt:")?.split_once(':'))
        .map(|(line, _)| format!("lines.txt:{line}"))
        .collect();
    expected.sort();
    assert!(expected.len() > 10 && expected.len() < lines.len(), "{said}");
    assert_eq!(found, expected, "{}", ran.all());
}

/// `git-secrets` by itself leaves with 0 in each of these, with a key in the tree.
#[test]
fn git_secrets_is_not_switched_off_by_what_lies_in_the_repository() {
    if !git_secrets_is_here() {
        return;
    }
    let key = planted_key();
    let project = with_git_secrets("patterns = [\"AKIA[A-Z0-9]{16}\"]");
    project.write("a.ini", &key);
    // The shell takes the pattern for this name.
    project.write("AKIAX{16}", "");
    project.write("b.ini", &key);
    project.write(".gitattributes", "b.ini binary\n");
    project.commit("keys");
    let ran = run(&project, &["run"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(places(&project, "tree")[0], "a.ini:1");
    assert_eq!(places(&project, "history")[0], "a.ini:1");
    let version = project.git(&["version"]);
    let minor: u32 = version.split('.').nth(1).unwrap().parse().unwrap();
    if minor >= 41 || !version.contains(" 2.") {
        assert_eq!(places(&project, "tree").len(), 2);
        assert_eq!(places(&project, "history").len(), 2);
    }

    project.write(".gitallowed", "(\n");
    assert_eq!(run(&project, &["run"]).code, 3);
    assert!(reason(&project, "tree").contains("grep: "), "{}", reason(&project, "tree"));
    project.write(".gitallowed", "# ours\n.*\n");
    run(&project, &["run"]);
    assert_eq!(project.gate("tree")["targets"][0]["notes"][0], "reads 1 ignore in .gitallowed");
}

#[test]
fn git_secrets_heeds_the_base() {
    if !git_secrets_is_here() {
        return;
    }
    let project = with_git_secrets("patterns = [\"AKIA[A-Z0-9]{16}\"]");
    project.write(".gitallowed", "docs/\n");
    project.commit("the base");
    project.git(&["branch", "base"]);
    project.write("a.ini", planted_key());
    project.write("docs/b.ini", planted_key());
    project.write(".gitallowed", ".*\n");
    project.commit("a key, and a hole to put it through");
    assert_eq!(run(&project, &["run"]).code, 0);

    let from_base = ["run", "--policy-from", "base"];
    let ran = run(&project, &from_base);
    assert_eq!(ran.code, 1, "{}", ran.all());
    for gate in ["tree", "history"] {
        assert_eq!(places(&project, gate), ["a.ini:1"], "{gate}: {}", ran.all());
        let reported = &project.gate(gate)["targets"][0]["notes"][0];
        assert_eq!(reported, "reads 1 ignore in .gitallowed of the base, not of the change");
    }

    // In a linked work tree, too; and where the base has no such file.
    let linked = project.root().join("../linked");
    project.git(&["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap()]);
    let mut command = project.command(&from_base);
    let ran = Ran::of(command.env("PATH", path()).current_dir(&linked).output().unwrap());
    assert!(ran.stdout.contains("a.ini:1"), "{}", ran.all());
    project.git(&["checkout", "--quiet", "base"]);
    project.git(&["rm", "--quiet", ".gitallowed"]);
    project.git(&["commit", "--quiet", "--amend", "--no-edit"]);
    project.git(&["checkout", "--quiet", "main"]);
    run(&project, &from_base);
    for gate in ["tree", "history"] {
        assert_eq!(places(&project, gate), ["a.ini:1", "docs/b.ini:1"]);
    }
}

#[test]
fn git_secrets_in_a_shallow_clone_proves_nothing_of_the_history() {
    if !git_secrets_is_here() {
        return;
    }
    let project = with_git_secrets("patterns = [\"AKIA[A-Z0-9]{16}\"]");
    project.commit("one");
    project.write("a.txt", "a\n");
    project.commit("two");
    assert_eq!(run(&project, &["run"]).code, 0);
    let clone = Project::new();
    let from = format!("file://{}", project.root().display());
    clone.git(&["clone", "--quiet", "--depth", "1", &from, "."]);
    assert_eq!(run(&clone, &["run"]).code, 3);
    assert!(reason(&clone, "history").contains("shallow"), "{}", reason(&clone, "history"));
    assert_eq!(clone.gate("tree")["outcome"], "passed");
}
