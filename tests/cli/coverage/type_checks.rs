//! Checks of types that check nothing: `noCheck` in a project, a script that need not start its checker. And what a linter is not given.

use crate::common::Project;

use super::gates;
use super::sources::{LINT, project};

/// A gate that starts a command, in a repository where every program ends well.
fn command(run: &str, files: &[(&str, &str)]) -> Project {
    let words: Vec<String> = run.split(' ').map(|word| format!("\"{word}\"")).collect();
    let gate = format!("[[gate]]\nid = \"types\"\ntool = \"command\"\nrun = [{}]\n", words.join(", "));
    let project = project(&gate, files);
    for program in ["npx", "npm", "svelte-check"] {
        project.program(program, "exit 0");
    }
    project.commit("all");
    project
}

/// tsc lists all files of such a project and checks none, and so does every checker that stands on it.
#[test]
fn a_project_with_no_check_is_a_gap_of_a_command() {
    const OFF: &str = r#"{"compilerOptions": {"noCheck": true}}"#;
    for (run, files, gap) in [
        ("npx svelte-check", vec![("tsconfig.json", OFF)], Some("tsconfig.json")),
        ("npx tsc -p app", vec![("app/tsconfig.json", OFF)], Some("app/tsconfig.json")),
        ("npx vue-tsc --noEmit", vec![("tsconfig.json", OFF)], Some("tsconfig.json")),
        (
            "npx tsc -b --force",
            vec![
                ("tsconfig.json", r#"{"files": [], "references": [{"path": "lib"}]}"#),
                ("lib/tsconfig.json", r#"{"extends": "../base.json"}"#),
                ("base.json", OFF),
            ],
            Some("lib/tsconfig.json"),
        ),
        ("npx tsc -p app --noCheck false", vec![("app/tsconfig.json", OFF)], None),
        ("npx tsc -b --force --noCheck false", vec![("tsconfig.json", OFF)], None),
        (
            "npx tsc",
            vec![
                ("tsconfig.json", r#"{"extends": "./base.json", "compilerOptions": {"noCheck": false}}"#),
                ("base.json", OFF),
            ],
            None,
        ),
    ] {
        let project = command(run, &files);
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, if gap.is_some() { 3 } else { 0 }, "{run}: {}", ran.all());
        if let Some(path) = gap {
            let reason = project.gate("types")["reason"].as_str().unwrap_or_default().to_owned();
            assert!(reason.contains(path) && reason.contains("`noCheck` in it"), "{run}: {reason}");
        }
    }
    let project = command("npx svelte-check", &[("tsconfig.json", OFF)]);
    let waiver = "[[waiver]]\ngap = \"tsconfig.json\"\nreason = \"r\"\nexpires = 2999-12-31\n";
    project.write("gates.toml", format!("{}{waiver}", project.read("gates.toml")));
    assert_eq!(project.run(&["run"]).code, 0);
}

/// What a script may pass over, it has not checked.
#[test]
fn a_checker_that_need_not_start_covers_no_project() {
    for (script, is_read) in [
        ("svelte-check", true),
        ("prepare || exit 1; svelte-check", true),
        ("exit 0; svelte-check", false),
        ("test -z $CI || svelte-check", false),
        ("[ ! -f x ] || svelte-check", false),
        ("trap 'exit 0' EXIT; svelte-check", false),
        ("svelte-check --help", false),
        ("svelte-check --version", false),
        ("svelte-check --no-tsconfig --ignore src", false),
        ("svelte-check --diagnostic-sources css", false),
        ("cd docs && svelte-check", false),
        ("exec true; svelte-check", false),
        ("tsc -v", false),
    ] {
        let package = format!(r#"{{"scripts": {{"check": "{script}"}}}}"#);
        let files = [("package.json", package.as_str()), ("tsconfig.json", "{}"), ("a.ts", "")];
        let plan = command("npm run check", &files).run(&["plan"]).stdout;
        assert_eq!(!plan.contains("1 TypeScript project"), is_read, "{script}: {plan}");
    }
    let package = r#"{"scripts": {"check": "test -z $CI || svelte-check"}}"#;
    let project = command("npm run check", &[("package.json", package), ("tsconfig.json", "{}")]);
    let plan = project.run(&["plan"]).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let says = "can end well without having started `svelte-check`: it does not count as a check";
    assert!(plan.contains(says), "{plan}");
}

/// The configuration of a linter stands for no file that its gate does not give it.
#[test]
fn sources_that_files_of_the_linter_leaves_out_are_not_covered() {
    let files = [("eslint.config.js", ""), ("src/a.js", ""), ("lib/b.js", ""), ("tools/c.mjs", "")];
    for (gate, uncovered) in [
        (LINT.to_owned(), None),
        (format!("{LINT}files = [\"src\"]\n"), Some("2 JavaScript files (eslint): lib/b.js, tools/c.mjs")),
        (format!("{LINT}files = [\"src\", \"tools/*.mjs\"]\n"), Some("1 JavaScript file (eslint): lib/b.js")),
        (
            "[[gate]]\nid = \"lint\"\ntool = \"command\"\nrun = [\"npx\", \"eslint\", \"src\", \"tools\"]\n"
                .to_owned(),
            Some("1 JavaScript file (eslint): lib/b.js"),
        ),
    ] {
        let project = project(&gate, &files);
        project.commit("all");
        let plan = project.run(&["plan"]).stdout;
        match uncovered {
            Some(words) => assert!(plan.contains(words), "{gate}: {plan}"),
            None => assert!(!plan.contains("JavaScript file"), "{gate}: {plan}"),
        }
    }
    // Without a gate, it is the configuration that is named.
    let project = project("", &files);
    project.write("gates.toml", gates("[[gate]]\nid = \"t\"\ntool = \"command\"\nrun = [\"true\"]\n"));
    project.commit("all");
    let plan = project.run(&["plan"]).stdout;
    assert!(plan.contains("1 ESLint configuration") && !plan.contains("JavaScript file"), "{plan}");
}

/// Yarn's loader, and Yarn itself, are nobody's sources. Without node_modules, Yarn starts what it installed.
#[test]
fn what_yarn_writes_is_no_source_and_a_missing_tsc_is_started_through_it() {
    let files = [(".pnp.cjs", ""), (".yarn/releases/yarn-4.5.0.cjs", ""), ("tsconfig.json", "{}")];
    let project = project("[[gate]]\nid = \"types\"\ntool = \"tsc\"\nprogram = \"no-tsc\"\n", &files);
    project.commit("all");
    let plan = project.run(&["plan"]).stdout;
    assert!(!plan.contains("JavaScript file"), "{plan}");
    let ran = project.run(&["run"]);
    let reason = project.gate("types")["reason"].as_str().unwrap_or_default().to_owned();
    assert!(ran.code == 3 && reason.contains("`run = [\"yarn\", \"no-tsc\", …]`"), "{reason}\n{}", ran.all());
}
