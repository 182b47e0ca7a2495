//! What `portcullis init` writes for TypeScript where a project is not what its name promises.

use crate::common::Project;

const TYPESCRIPT: &str = r#"{"devDependencies": {"typescript": "5.9.3"}}"#;

/// What `init` says, and the gates that it writes.
fn init(files: &[(&str, &str)]) -> (String, String) {
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    files.iter().for_each(|(path, text)| {
        project.write(path, text);
    });
    project.commit("a repository");
    let ran = project.run(&["init"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let said = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    (said, project.read("gates.toml"))
}

#[test]
fn a_project_with_no_check_is_checked_all_the_same() {
    let build = [
        ("package.json", TYPESCRIPT),
        ("tsconfig.json", r#"{"files": [], "references": [{"path": "app"}]}"#),
        ("app/tsconfig.json", r#"{"include": ["src"], "references": [{"path": "../lib"}]}"#),
        ("lib/tsconfig.json", r#"{"include": ["src"], "compilerOptions": {"noCheck": true}}"#),
        ("app/src/a.ts", ""),
        ("lib/src/b.ts", ""),
    ];
    let (_, written) = init(&build);
    let run = r#"run = ["npx", "--no-install", "tsc", "-b", "--force", "--noCheck", "false"]"#;
    assert!(written.contains(run), "{written}");
    // svelte-check has no such option, so its gate could not pass.
    let package = r#"{"scripts": {"check": "svelte-check"}, "devDependencies": {"svelte-check": "4", "typescript": "5"}}"#;
    let svelte = [
        ("package.json", package),
        ("tsconfig.json", r#"{"compilerOptions": {"noCheck": true}}"#),
        ("App.svelte", "<script lang=\"ts\"></script>"),
    ];
    let (said, written) = init(&svelte);
    assert!(said.contains("tsconfig.json: `noCheck` in it switches the check off"), "{said}");
    assert!(!written.contains("id = \"types\""), "{written}");
}

#[test]
fn a_list_of_references_is_no_target_in_whatever_form_it_has_none() {
    let reference = r#""references": [{"path": "./tsconfig.app.json"}]"#;
    for lists in [r#""include": [],"#, r#""files": [],"#, r#""files": [], "include": [],"#] {
        let solution = format!("{{{lists} {reference}}}");
        let files = [
            ("package.json", TYPESCRIPT),
            ("tsconfig.json", solution.as_str()),
            ("tsconfig.app.json", r#"{"include": ["src"]}"#),
            ("src/a.ts", ""),
        ];
        let (_, written) = init(&files);
        assert!(written.contains("project = \"tsconfig.app.json\""), "{lists}: {written}");
        assert!(!written.contains("id = \"types\"\n"), "{lists}: {written}");
    }
    // A list that it extends has sources.
    let own = format!(r#"{{"extends": "./base.json", "files": [], {reference}}}"#);
    let files = [
        ("package.json", TYPESCRIPT),
        ("tsconfig.json", own.as_str()),
        ("base.json", r#"{"include": ["lib"]}"#),
        ("tsconfig.app.json", r#"{"include": ["src"]}"#),
        ("src/a.ts", ""),
        ("lib/b.ts", ""),
    ];
    let (_, written) = init(&files);
    assert!(written.contains("id = \"types\"\n"), "{written}");
}

#[test]
fn a_build_under_another_name_is_built() {
    let files = [
        ("package.json", TYPESCRIPT),
        ("tsconfig.build.json", r#"{"files": [], "references": [{"path": "app"}, {"path": "lib"}]}"#),
        ("app/tsconfig.json", r#"{"include": ["src"], "references": [{"path": "../lib"}]}"#),
        ("lib/tsconfig.json", r#"{"include": ["src"]}"#),
        ("app/src/a.ts", ""),
        ("lib/src/b.ts", ""),
    ];
    let (_, written) = init(&files);
    assert!(written.contains(r#""tsc", "-b", "tsconfig.build.json", "--force"]"#), "{written}");
    assert!(!written.contains("tool = \"tsc\""), "{written}");
    // Where a tsconfig.json builds the same, that is enough.
    let main = ("tsconfig.json", r#"{"files": [], "references": [{"path": "app"}]}"#);
    let (_, written) = init(&[&files[..], &[main]].concat());
    assert!(written.contains(r#""tsc", "-b", "--force"]"#), "{written}");
    assert!(!written.contains("tsconfig.build.json\", \"--force"), "{written}");
}

#[test]
fn a_base_with_sources_beside_it_is_a_project() {
    for (beside, is_project) in [
        ("index.ts", true),
        ("vite.config.ts", false),
        ("vitest.workspace.ts", false),
        ("global.d.ts", false),
        ("scripts/a.ts", true),
    ] {
        let files = [
            ("package.json", TYPESCRIPT),
            ("tsconfig.json", "{}"),
            ("lib/tsconfig.json", r#"{"extends": "../tsconfig.json", "include": ["src"]}"#),
            ("lib/src/a.ts", ""),
            (beside, ""),
        ];
        let (_, written) = init(&files);
        assert_eq!(written.contains(r#"dirs = [".", "lib"]"#), is_project, "{beside}: {written}");
    }
}

#[test]
fn without_node_modules_yarn_starts_the_compiler_and_the_linter() {
    let package = r#"{"packageManager": "yarn@4.5.0", "scripts": {"lint": "eslint src --max-warnings 0"},
        "devDependencies": {"typescript": "5.9.3", "eslint": "9.39.0"}}"#;
    let files = [
        ("package.json", package),
        (".pnp.cjs", ""),
        ("tsconfig.json", r#"{"include": ["src"]}"#),
        ("eslint.config.js", ""),
        ("src/a.ts", ""),
    ];
    let (_, written) = init(&files);
    for run in [
        r#"run = ["yarn", "run", "tsc", "-p", "tsconfig.json", "--noEmit"]"#,
        r#"run = ["yarn", "run", "eslint", "--max-warnings", "0", "src"]"#,
    ] {
        assert!(written.contains(run), "{run}: {written}");
    }
}

#[test]
fn a_script_that_reads_no_project_is_not_taken_for_the_check() {
    for script in ["svelte-check --no-tsconfig", "test -z $CI || svelte-check", "svelte-check --help"] {
        let package = format!(
            r#"{{"scripts": {{"check": "{script}"}}, "devDependencies": {{"svelte-check": "4", "typescript": "5"}}}}"#
        );
        let files = [
            ("package.json", package.as_str()),
            ("tsconfig.json", r#"{"include": ["src"]}"#),
            ("src/App.svelte", "<script lang=\"ts\"></script>"),
            ("src/main.ts", ""),
        ];
        let (said, written) = init(&files);
        let run = r#"run = ["npx", "--no-install", "svelte-check", "--tsconfig", "./tsconfig.json"]"#;
        assert!(written.contains(run), "{script}: {written}");
        assert!(!said.contains("no dependency"), "{script}: {said}");
    }
}

#[test]
fn what_only_a_script_checks_is_found() {
    let package = |script: &str| {
        format!(r#"{{"scripts": {{"typecheck": "{script}"}}, "devDependencies": {{"typescript": "5"}}}}"#)
    };
    // A project under any name.
    let own = package("tsc --noEmit -p config/ts.json");
    let files =
        [("package.json", own.as_str()), ("config/ts.json", r#"{"include": ["../src"]}"#), ("src/a.ts", "")];
    let (_, written) = init(&files);
    assert!(written.contains("dirs = [\"config\"]\nproject = \"ts.json\""), "{written}");
    // Sources without a project.
    let own = package("tsc --noEmit src/a.ts");
    let (said, _) = init(&[("package.json", own.as_str()), ("src/a.ts", "")]);
    assert!(said.contains("1 TypeScript file in .: no tsconfig.json takes them in"), "{said}");
}

#[test]
fn what_a_script_redirects_is_no_file_to_lint() {
    let package =
        r#"{"scripts": {"lint": "eslint --stdin < src/a.js 2>&1"}, "devDependencies": {"eslint": "9.39.0"}}"#;
    let (_, written) = init(&[("package.json", package), ("eslint.config.js", ""), ("src/a.js", "")]);
    assert!(written.contains("tool = \"eslint\"") && !written.contains("files ="), "{written}");
}
