//! Which project, which program and which script `init` takes for types and rules.

use super::*;

/// Its exit code would say nothing, or never come.
#[test]
fn a_script_that_cannot_fail_or_end_is_no_check() {
    let program = "types command run = [\"npx\", \"--no-install\", \"svelte-check\", \"--tsconfig\", \"./tsconfig.json\"]";
    let own = "types command run = [\"npm\", \"run\", \"check\"]";
    for (script, expected) in [
        ("svelte-check", own),
        ("svelte-kit sync && svelte-check", own),
        ("svelte-check || true", program),
        ("svelte-check; echo done", program),
        ("svelte-check | tee log", program),
        ("svelte-check --watch", program),
    ] {
        let package =
            format!(r#"{{"scripts": {{"check": "{script}"}}, "devDependencies": {{"svelte-check": "4"}}}}"#);
        let files =
            [("package.json", package.as_str()), ("tsconfig.json", "{}"), ("src/App.svelte", "<p></p>")];
        assert_eq!(gates(&files), [expected], "{script}");
    }
    let nuxt = [
        (
            "package.json",
            r#"{"scripts": {"check": "nuxt typecheck || echo ignored"}, "devDependencies": {"typescript": "5"}}"#,
        ),
        ("tsconfig.json", r#"{"extends": "./.nuxt/tsconfig.json"}"#),
    ];
    assert_eq!(gates(&nuxt), [""; 0]);
}

#[test]
fn a_variant_with_sources_of_its_own_is_checked() {
    let scripts = r#"{"scripts": {"check": "tsc -p . && tsc -p tsconfig.test.json"}, "devDependencies": {"typescript": "5"}}"#;
    let files = [
        ("package.json", scripts),
        ("tsconfig.json", r#"{"include": ["src"]}"#),
        ("tsconfig.test.json", r#"{"extends": "./tsconfig.json", "include": ["src", "test"]}"#),
        ("tsconfig.build.json", r#"{"extends": "./tsconfig.json", "exclude": ["src/**/*.spec.ts"]}"#),
        // It has the tests, too: once is enough.
        ("tsconfig.eslint.json", r#"{"extends": "./tsconfig.json", "include": ["src", "test"]}"#),
        ("src/a.ts", ""),
        ("test/a.test.ts", ""),
    ];
    assert_eq!(
        gates(&files),
        ["types tsc dirs = [\".\"]", "types-test tsc dirs = [\".\"] project = \"tsconfig.test.json\""]
    );
    let variant = |name: &str| format!("{name}: a variant of the tsconfig.json beside it");
    assert_eq!(left_out(&files), [variant("tsconfig.build.json"), variant("tsconfig.eslint.json")]);
    // Components are sources.
    let vue = [
        ("package.json", r#"{"devDependencies": {"typescript": "5", "vue-tsc": "3"}}"#),
        ("tsconfig.json", r#"{"include": ["src"]}"#),
        ("tsconfig.pages.json", r#"{"include": ["pages"]}"#),
        ("src/a.ts", ""),
        ("pages/B.vue", ""),
    ];
    assert_eq!(
        gates(&vue),
        [
            "types tsc dirs = [\".\"] program = \"vue-tsc\"",
            "types-pages tsc dirs = [\".\"] project = \"tsconfig.pages.json\" program = \"vue-tsc\""
        ]
    );
    // Another project has its sources.
    let other = [
        TYPESCRIPT,
        ("tsconfig.json", r#"{"include": ["src"]}"#),
        ("tsconfig.all.json", r#"{"include": ["src", "tools"]}"#),
        ("tools/tsconfig.json", "{}"),
        ("src/a.ts", ""),
        ("tools/b.ts", ""),
    ];
    assert_eq!(gates(&other), ["types tsc dirs = [\".\", \"tools\"]"]);
}

/// Up to Angular 19 `tsconfig.json` is only a base of what `angular.json` names, and has every file in it.
#[test]
fn the_projects_that_angular_builds_are_checked() {
    let angular = |package: &str, source: &str| {
        let files = [
            ("package.json", package),
            (
                "angular.json",
                r#"{"projects": {"a": {"architect": {
                    "build": {"options": {"tsConfig": "tsconfig.app.json"}},
                    "test": {"options": {"tsConfig": "tsconfig.spec.json"}}}}}}"#,
            ),
            ("tsconfig.json", "{}"),
            ("tsconfig.app.json", r#"{"extends": "./tsconfig.json", "files": ["src/main.ts"]}"#),
            ("tsconfig.spec.json", r#"{"extends": "./tsconfig.json", "include": ["src/**/*.spec.ts"]}"#),
            ("src/main.ts", source),
            ("src/a.spec.ts", ""),
            ("playwright.config.ts", ""),
        ];
        assert_eq!(left_out(&files), [""; 0]);
        gates(&files)
    };
    assert_eq!(
        angular(r#"{"devDependencies": {"typescript": "5"}}"#, ""),
        [
            "types-app tsc dirs = [\".\"] project = \"tsconfig.app.json\"",
            "types-spec tsc dirs = [\".\"] project = \"tsconfig.spec.json\""
        ]
    );
    // tsc does not check templates.
    let compiler = r#"{"devDependencies": {"typescript": "5", "@angular/compiler-cli": "19"}}"#;
    let ngc = |id: &str, project: &str| {
        format!(
            "{id} command run = [\"npx\", \"--no-install\", \"ngc\", \"-p\", \"{project}\", \"--noEmit\"]"
        )
    };
    assert_eq!(
        angular(compiler, "import { Component } from '@angular/core';\n"),
        [ngc("types", "tsconfig.app.json"), ngc("types-2", "tsconfig.spec.json")]
    );
}

#[test]
fn configurations_of_eslint_8_are_read_by_no_newer_one_on_its_own() {
    let eslint = |range: &str, file: &str| {
        let package = format!(r#"{{"devDependencies": {{"eslint": "{range}"}}}}"#);
        let files = [("package.json", package.as_str()), (file, "{}"), ("a.js", "")];
        (gates(&files), left_out(&files))
    };
    let plain = vec!["lint eslint dirs = [\".\"]".to_owned()];
    let told = vec!["lint eslint dirs = [\".\"] env = { ESLINT_USE_FLAT_CONFIG = \"false\" }".to_owned()];
    for (range, file, expected) in [
        ("9.39.0", ".eslintrc.json", &told),
        ("^9", ".eslintrc.js", &told),
        ("^8 || ^9", ".eslintrc.js", &told),
        ("^9", "eslint.config.mjs", &plain),
        ("^8.57.0", ".eslintrc.json", &plain),
        ("*", ".eslintrc.json", &plain),
        ("10", "eslint.config.js", &plain),
    ] {
        assert_eq!(eslint(range, file), (expected.clone(), vec![]), "{range} {file}");
    }
    let why = "the ESLint configuration in .: ESLint 10 does not read .eslintrc files: it needs an eslint.config.js";
    assert_eq!(eslint("^10.1.0", ".eslintrc.json"), (vec![], vec![why.to_owned()]));
}
