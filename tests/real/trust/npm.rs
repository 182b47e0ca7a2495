//! npm and its settings.

use super::*;

#[test]
fn npm_asks_the_registry_of_the_base() {
    let server = Advisories::serve();
    let gate = gates("production", "[[gate]]\nid = \"audit\"\ntool = \"npm-audit\"\ndirs = [\"app\"]\n");
    let lock = r#"{"name":"app","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
        "":{"name":"app","version":"1.0.0","dependencies":{"minimist":"0.0.8"}},
        "node_modules/minimist":{"version":"0.0.8"}}}"#;
    let project = Project::base_with(&[
        ("gates.toml", &gate),
        ("app/package.json", r#"{"name":"app","version":"1.0.0","dependencies":{"minimist":"0.0.8"}}"#),
        ("app/package-lock.json", lock),
        ("app/.npmrc", &format!("registry={}\n", server.address)),
    ]);
    project.write("app/.npmrc", "registry=http://127.0.0.1:9\nfetch-retries=0\n");
    let ran = run(&project, &FROM_BASE);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(notes(&project.gate("audit")).starts_with("reads app/.npmrc (registry) of the base"));
    assert_eq!(project.gate("audit")["targets"][0]["cwd"], "app");
}

/// A workspace `app` that depends on minimist, and another, `lib`, that depends on nothing.
fn workspace(project: &Project, npmrc: &str) {
    let lock = r#"{"name":"root","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
        "":{"name":"root","version":"1.0.0","workspaces":["app","lib"],"dependencies":{"lodash":"4.17.4"}},
        "app":{"name":"app","version":"1.0.0","dependencies":{"minimist":"0.0.8"}},
        "lib":{"name":"lib","version":"1.0.0"},
        "node_modules/app":{"resolved":"app","link":true},"node_modules/lib":{"resolved":"lib","link":true},
        "node_modules/lodash":{"version":"4.17.4"},"node_modules/minimist":{"version":"0.0.8"}}}"#;
    let root =
        r#"{"name":"root","version":"1.0.0","workspaces":["app","lib"],"dependencies":{"lodash":"4.17.4"}}"#;
    for (name, text) in [
        ("package.json", root),
        ("package-lock.json", lock),
        ("app/package.json", r#"{"name":"app","version":"1.0.0","dependencies":{"minimist":"0.0.8"}}"#),
        ("lib/package.json", r#"{"name":"lib","version":"1.0.0"}"#),
        (".npmrc", npmrc),
    ] {
        project.write(name, text);
    }
}

/// The packages in which something was found, each once.
fn packages(project: &Project) -> Vec<String> {
    let record = project.record();
    let findings = record["findings"].as_array().unwrap().iter();
    let mut names: Vec<String> =
        findings.map(|finding| finding["package"]["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn an_npmrc_can_not_narrow_the_audit_of_a_workspace() {
    let server = Advisories::serve();
    for (dir, all) in [(".", vec!["lodash", "minimist"]), ("app", vec!["minimist"])] {
        let audit = format!("[[gate]]\nid = \"audit\"\ntool = \"npm-audit\"\ndirs = [\"{dir}\"]\n");
        let project = Project::with_gates(&gates("production", &audit));
        for narrows in ["", "workspaces=false", "workspaces=true", "include-workspace-root=false"] {
            workspace(&project, &format!("registry={}\n{narrows}\n", server.address));
            let ran = run(&project, &["run"]);
            assert_eq!(packages(&project), all, "{dir}, {narrows}: {}", ran.all());
        }
        for narrows in ["workspace=lib", " 'workspace' [] = lib", "${HOME}=lib"] {
            workspace(&project, &format!("registry={}\n{narrows}\n", server.address));
            let ran = run(&project, &["run"]);
            assert_eq!(ran.code, 3, "{dir}, {narrows}: {}", ran.all());
            let reason = project.gate("audit")["reason"].as_str().unwrap().to_owned();
            assert!(reason.starts_with(".npmrc may set `workspace`"), "{reason}");
        }
    }
}

#[test]
fn a_workspace_asks_the_registry_of_the_base() {
    let server = Advisories::serve();
    let audit = gates("production", "[[gate]]\nid = \"audit\"\ntool = \"npm-audit\"\ndirs = [\"app\"]\n");
    let project = Project::base_with(&[("gates.toml", &audit)]);
    workspace(&project, &format!("registry={}\n", server.address));
    project.commit("a workspace");
    project.git(&["branch", "--force", "base"]);
    project.write(".npmrc", "registry=http://127.0.0.1:9\nfetch-retries=0\nworkspace=lib\n");
    // The same word, for npm.
    let hidden = project.read("package.json").replace("\"workspaces\"", r#""workspace\u0073""#);
    project.write("package.json", hidden);
    let ran = run(&project, &FROM_BASE);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(packages(&project), ["minimist"]);
    let reported = notes(&project.gate("audit"));
    assert_eq!(reported, "reads .npmrc (registry) of the base, not of the change");
    assert_eq!(project.gate("audit")["targets"][0]["cwd"], "app");
}
