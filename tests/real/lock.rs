//! gates.lock of the real scanners. `tests/cli/lock.rs` has the rest, with fake ones.

#![allow(clippy::disallowed_methods, reason = "the PATH of the tests")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::{Project, Ran, real_tools};

#[test]
fn the_real_scanners_lock_and_check() {
    let project = Project::with_gates(
        "version = 1\nmode = \"production\"\n\
         [[gate]]\nid = \"secrets\"\ntool = \"gitleaks\"\nscan = \"tree\"\n\
         [[gate]]\nid = \"images\"\ntool = \"trivy\"\nscan = \"fs\"\n\
         [[gate]]\nid = \"sbom\"\ntool = \"syft\"\n\
         [[gate]]\nid = \"iac\"\ntool = \"checkov\"\n",
    );
    let cache = project.bin().with_file_name("cache");
    project.write("README.md", "Nothing secret.\n");
    let path = format!("{}:{}", real_tools().display(), std::env::var("PATH").unwrap_or_default());
    let run = |args: &[&str]| {
        let output = project.command(args).env("PATH", &path).env("XDG_CACHE_HOME", &cache).output();
        Ran::of(output.unwrap())
    };
    let ran = run(&["lock"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let lock = project.read("gates.lock");
    for words in ["\"8.30.1\"", "\"0.70.0\"", "site-packages", "what = \"program\", name = \"python3"] {
        assert!(lock.contains(words), "{words} in\n{lock}");
    }
    assert!(!lock.contains(&*real_tools().to_string_lossy()), "no folder of this machine is in it:\n{lock}");
    for _ in 0..2 {
        let ran = run(&["lock", "--check"]);
        assert_eq!(ran.code, 0, "{}", ran.all());
    }
    // What Python writes beside its packages while it runs is no change.
    run(&["run", "--only", "iac,secrets"]);
    assert_eq!(project.gate("iac")["lock"], "locked", "{}", project.gate("iac"));
    assert_eq!(project.gate("secrets")["outcome"], "passed", "{}", project.gate("secrets"));
    assert_eq!(run(&["lock", "--check"]).code, 0);
}
