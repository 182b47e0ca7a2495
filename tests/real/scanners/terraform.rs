//! Terraform is in no package index; where it is missing its gate says so, and that is all that can be tested.

use super::*;

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

/// Terraform calls a folder valid of which it reads nothing.
#[test]
fn terraform_proves_nothing_of_files_that_only_opentofu_reads() {
    if !terraform_is_here() {
        return;
    }
    for more in [None, Some(("main.tf", VALID))] {
        let project = with_terraform("engine = \"terraform\"", &["."]);
        project.write("broken.tofu", INVALID);
        more.into_iter().for_each(|(name, text)| drop(project.write(name, text)));
        let ran = run(&project, &["run"]);
        assert_eq!(ran.code, 3, "{}", ran.all());
        let says = "Terraform does not read broken.tofu (of 1 file of OpenTofu): `engine = \"tofu\"` validates with OpenTofu";
        assert!(reason(&project, "tf").contains(says), "{}", reason(&project, "tf"));
    }
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

/// A mirror on disk stands for the registry; the provider in it is a fake, so that validation can't go
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
