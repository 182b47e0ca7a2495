//! Further real scanners, really run: git-secrets, cfn-lint and Terraform.
//!
//! git-secrets and Terraform are in no package index; where one is missing its gate says so, and that
//! is all that can be tested.

#![allow(clippy::disallowed_methods, reason = "the PATH of the tests")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::process::Command;

use crate::common::{Project, Ran, real_tools};
use serde_json::Value;

/// The PATH with the real scanners.
fn path() -> String {
    format!("{}:{}", real_tools().display(), std::env::var("PATH").unwrap_or_default())
}

fn run(project: &Project, args: &[&str]) -> Ran {
    Ran::of(project.command(args).env("PATH", path()).output().unwrap())
}

fn findings(project: &Project, gate: &str) -> Vec<Value> {
    let record = project.record();
    record["findings"].as_array().unwrap().iter().filter(|finding| finding["gate"] == gate).cloned().collect()
}

/// `path:line` of each.
fn places(project: &Project, gate: &str) -> Vec<String> {
    let findings = findings(project, gate);
    let mut places: Vec<String> = findings
        .iter()
        .map(|finding| {
            let location = &finding["location"];
            format!("{}:{}", location["path"].as_str().unwrap(), location["start_line"])
        })
        .collect();
    places.sort();
    places
}

fn reason(project: &Project, gate: &str) -> String {
    project.gate(gate)["reason"].as_str().unwrap().to_owned()
}

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

fn which(path: &str, name: &str) -> bool {
    std::env::split_paths(path).any(|folder| folder.join(name).is_file())
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

const TOPIC: &str =
    "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n";

/// An error on line 7, a warning on line 3.
const FAULTY: &str = "AWSTemplateFormatVersion: '2010-09-09'\nParameters:\n  Unused:\n    Type: String\nResources:\n  Events:\n    Type: AWS::SNS::Topik\n";

#[test]
fn cfn_lint_finds_every_template_and_what_is_wrong_with_it() {
    let project = Project::with_gates("version = 1\n[[gate]]\nid = \"cfn\"\ntool = \"cfn-lint\"\n");
    project.write("stacks/good.yaml", TOPIC);
    project.write("stacks/faulty [1].yaml", FAULTY);
    project.write("-events.json", r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#);
    project.write("compose.yaml", "services: {}\n");
    let ran = run(&project, &["run"]);
    let gate = project.gate("cfn");
    assert_eq!((&gate["outcome"], &gate["scope"]["files"]), (&"failed".into(), &3.into()), "{}", ran.all());
    assert_eq!(gate["tool_version"], "1.58.0");
    assert_eq!(places(&project, "cfn"), ["stacks/faulty [1].yaml:3", "stacks/faulty [1].yaml:7"]);
    let findings = findings(&project, "cfn");
    let error = findings.iter().find(|finding| finding["rule"] == "E3006").unwrap();
    assert_eq!((&error["severity"], &error["resource"]), (&"high".into(), &"Events".into()));
    let warning = findings.iter().find(|finding| finding["rule"] == "W2001").unwrap();
    assert_eq!((&warning["severity"], &warning["resource"]), (&"medium".into(), &Value::Null));
}

#[test]
fn cfn_lint_proves_nothing_of_what_it_has_not_linted() {
    let gate = |id: &str, files: &str| {
        format!("[[gate]]\nid = \"{id}\"\ntool = \"cfn-lint\"\nfiles = [\"{files}\"]\n")
    };
    let project = Project::with_gates(&format!(
        "version = 1\n{}{}{}",
        gate("broken", "broken.yaml"),
        gate("good", "good.yaml"),
        gate("none", "*.json")
    ));
    project.write("broken.yaml", "Resources: [\n  a: {\n");
    project.write("good.yaml", TOPIC);
    let outcome = |gate: &str| project.gate(gate)["outcome"].as_str().unwrap().to_owned();
    run(&project, &["run", "--jobs", "3"]);
    assert_eq!(
        [outcome("broken"), outcome("good"), outcome("none")],
        ["inconclusive", "passed", "inconclusive"]
    );
    assert!(reason(&project, "broken").contains("broken.yaml can't be linted"));
    // It leaves with 0 and an empty report in each of these.
    for (config, words) in [
        ("ignore_bad_template: true\n", "broken.yaml was not linted"),
        ("ignore_templates: ['*.yaml']\n", "E1001"),
        ("deployment_files: [deploy.yaml]\n", "broken.yaml was not linted"),
    ] {
        project.write(".cfnlintrc", config);
        project.write("deploy.yaml", "template-file-path: good.yaml\n");
        run(&project, &["run", "--only", "broken"]);
        assert_eq!(outcome("broken"), "inconclusive", "{config}");
        assert!(reason(&project, "broken").contains(words), "{config}: {}", reason(&project, "broken"));
    }
}

#[test]
fn cfn_lint_heeds_the_base() {
    let project = Project::with_gates(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"cfn\"\ntool = \"cfn-lint\"\n",
    );
    project.git(&["init", "--quiet"]);
    project.write("good.yaml", TOPIC);
    project.commit("the base");
    project.git(&["branch", "base"]);
    project.write("faulty.yaml", FAULTY);
    project.write(".cfnlintrc", "ignore_checks: [E, W]\n");
    project.commit("a faulty template, and a hole to put it through");
    let ran = run(&project, &["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(project.gate("cfn")["targets"][0]["notes"][0], "reads .cfnlintrc (ignore_checks)");
    let from_base = ["run", "--policy-from", "base"];
    let ran = run(&project, &from_base);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(places(&project, "cfn"), ["faulty.yaml:3", "faulty.yaml:7"]);

    // What the base ignores stays ignored; what a template says of itself is reported.
    project.git(&["checkout", "--quiet", "base"]);
    project.write(".cfnlintrc.yaml", "ignore_checks: [W]\n");
    project.commit("no warnings");
    project.git(&["checkout", "--quiet", "main"]);
    project.write(
        "good.yaml",
        format!("{TOPIC}Metadata:\n  cfn-lint:\n    config:\n      ignore_checks: [E]\n"),
    );
    let ran = run(&project, &from_base);
    assert_eq!(places(&project, "cfn"), ["faulty.yaml:7"], "{}", ran.all());
    let notes = project.gate("cfn")["targets"][0]["notes"].to_string();
    assert!(notes.contains("reads good.yaml (cfn-lint: ignore_checks)"), "{notes}");
    assert!(notes.contains("good.yaml differs from the base"), "{notes}");
}

#[test]
fn init_writes_gates_for_what_is_there() {
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    project.write("stacks/good.yaml", TOPIC);
    project.write(".gitallowed", "docs/\n");
    project.commit("a template");
    assert_eq!(run(&project, &["init"]).code, 0);
    let gates = project.read("gates.toml");
    assert!(gates.contains("tool = \"cfn-lint\"\ndirs = [\"stacks\"]"), "{gates}");
    assert!(gates.contains("tool = \"git-secrets\""), "{gates}");
    let ran = run(&project, &["run", "--only", "cloudformation"]);
    assert_eq!(project.gate("cloudformation")["outcome"], "passed", "{}", ran.all());
}

/// Whether Terraform is here. Where it is not, its gates are inconclusive and say how to get it.
fn terraform_is_here() -> bool {
    let here = which(&path(), "terraform");
    if !here {
        let project = with_terraform("engine = \"terraform\"", &["."]);
        assert_eq!(run(&project, &["run"]).code, 3);
        assert!(reason(&project, "tf").contains("terraform is not installed"), "{}", reason(&project, "tf"));
    }
    here
}

fn with_terraform(options: &str, dirs: &[&str]) -> Project {
    Project::with_gates(&format!(
        "version = 1\nmode = \"production\"\ndefaults = {{ retries = 0 }}\n\
         [[gate]]\nid = \"tf\"\ntool = \"terraform-validate\"\ndirs = {dirs:?}\n{options}\n"
    ))
}

/// Needs no provider but the one that is part of Terraform.
const VALID: &str = "resource \"terraform_data\" \"a\" {\n  input = \"x\"\n}\n";

/// An error on line 2, a warning on line 4.
const INVALID: &str = "resource \"terraform_data\" \"a\" {\n  input = var.nowhere\n  lifecycle {\n    ignore_changes = [\"input\"]\n  }\n}\n";

const WITH_PROVIDER: &str = "terraform {\n  required_providers {\n    null = {\n      source = \"hashicorp/null\"\n    }\n  }\n}\nresource \"null_resource\" \"a\" {}\n";

#[test]
fn terraform_validates_each_root_and_proves_nothing_of_an_empty_one() {
    if !terraform_is_here() {
        return;
    }
    let project = with_terraform("", &["good", "bad"]);
    project.write("good/main.tf", VALID);
    project.write("good/more.tf.json", "{\"output\": {\"x\": {\"value\": 1}}}\n");
    project.write("bad/main.tf", INVALID);
    let ran = run(&project, &["run"]);
    let gate = project.gate("tf");
    assert_eq!((ran.code, &gate["outcome"]), (1, &"failed".into()), "{}", ran.all());
    assert_eq!(gate["scope"]["files"], 3);
    assert!(gate["tool_version"].as_str().unwrap().contains('.'));
    assert_eq!(places(&project, "tf"), ["bad/main.tf:2", "bad/main.tf:4"]);
    let findings = findings(&project, "tf");
    let error = findings.iter().find(|finding| finding["severity"] == "high").unwrap();
    assert_eq!(
        (&error["rule"], &error["resource"]),
        (&"reference-to-undeclared-input-variable".into(), &"terraform_data.a".into())
    );
    assert!(findings.iter().any(|finding| finding["severity"] == "low"));
    // Neither source text nor values are kept.
    let kept = project.read("gates-report/reports/tf/bad/terraform-validate.json");
    assert!(kept.contains("\"snippet\": \"REDACTED\"") && !kept.contains("ignore_changes ="), "{kept}");
    let log = project.read("gates-report/logs/tf/bad/steps.log");
    assert!(!log.contains("var.nowhere"), "{log}");

    let empty = with_terraform("", &["."]);
    assert_eq!(run(&empty, &["run"]).code, 3);
    assert!(reason(&empty, "tf").contains("nothing was in scope"), "{}", reason(&empty, "tf"));
}

#[test]
fn terraform_is_initialised_where_that_is_needed_and_the_work_tree_stays_as_it_is() {
    if !terraform_is_here() {
        return;
    }
    let module = "module \"m\" {\n  source = \"../m\"\n}\n";
    for (options, says) in [("", None), ("init = true", None), ("init = false", Some("Module not installed"))]
    {
        let project = with_terraform(options, &["root"]);
        project.git(&["init", "--quiet"]);
        project.write("root/main.tf", module);
        project.write("m/main.tf", INVALID);
        project.write(".gitignore", "gates-report\n");
        project.commit("all");
        let ran = run(&project, &["run"]);
        assert_eq!(project.git(&["status", "--porcelain", "--ignored=no"]), "", "{options}");
        match says {
            None => {
                assert_eq!(places(&project, "tf"), ["m/main.tf:2", "m/main.tf:4"], "{}", ran.all());
                assert_eq!(project.gate("tf")["outcome"], "failed");
            }
            Some(words) => {
                assert_eq!(ran.code, 3, "{}", ran.all());
                assert!(reason(&project, "tf").contains(words), "{}", reason(&project, "tf"));
            }
        }
    }
}

/// A mirror on disk stands for the registry; the provider in it is none, so that validation can't go
/// on after `init` has gone well.
#[test]
fn terraform_installs_by_the_lock_file_and_leaves_none_behind() {
    if !terraform_is_here() {
        return;
    }
    let project = with_terraform("env = { TF_CLI_CONFIG_FILE = \"mirror.tfrc\" }", &["."]);
    project.write("main.tf", WITH_PROVIDER);
    let mirror = project.root().join("../mirror");
    #[allow(clippy::disallowed_methods, reason = "the platform is Terraform's to tell")]
    let version = Command::new("terraform").args(["version", "-json"]).env("PATH", path()).output().unwrap();
    let version: Value = serde_json::from_slice(&version.stdout).unwrap();
    let platform = version["platform"].as_str().unwrap();
    let provider = format!(
        "../mirror/registry.terraform.io/hashicorp/null/3.2.0/{platform}/terraform-provider-null_v3.2.0"
    );
    let provider = project.write(&provider, "#!/bin/sh\necho this is none\n");
    std::fs::set_permissions(provider, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    project.write(
        "mirror.tfrc",
        format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
            mirror.display()
        ),
    );
    let ran = run(&project, &["run"]);
    assert!(reason(&project, "tf").contains("Failed to load plugin schemas"), "{}", ran.all());
    let steps = project.gate("tf")["targets"][0]["steps"].to_string();
    assert!(steps.contains("init") && !steps.contains("-lockfile=readonly"), "{steps}");
    assert!(
        !project.root().join(".terraform.lock.hcl").exists() && !project.root().join(".terraform").exists()
    );

    // A lock file with other hashes is heeded, and stays.
    let lock = "provider \"registry.terraform.io/hashicorp/null\" {\n  version = \"3.2.0\"\n  hashes = [\n    \"h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\n  ]\n}\n";
    project.write(".terraform.lock.hcl", lock);
    let ran = run(&project, &["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(reason(&project, "tf").contains("terraform init failed"), "{}", reason(&project, "tf"));
    let steps = project.gate("tf")["targets"][0]["steps"].to_string();
    assert!(steps.contains("-lockfile=readonly"), "{steps}");
    assert_eq!(project.read(".terraform.lock.hcl"), lock);
}

#[test]
fn init_has_terraform_validated_where_it_is_there() {
    let project = Project::new();
    project.write("infra/main.tf", VALID);
    let expected = which(&path(), "terraform") || which(&path(), "tofu");
    assert_eq!(run(&project, &["init"]).code, 0);
    let gates = project.read("gates.toml");
    assert_eq!(gates.contains("tool = \"terraform-validate\"\ndirs = [\"infra\"]"), expected, "{gates}");
    if expected {
        let ran = run(&project, &["run", "--only", "terraform"]);
        assert_eq!(project.gate("terraform")["outcome"], "passed", "{}", ran.all());
    }
}
