//! TypeScript and its kin, and ESLint.

use super::*;

#[test]
fn each_project_of_a_list_of_references_is_a_target() {
    let vite = [
        TYPESCRIPT,
        (
            "tsconfig.json",
            r#"{"files": [], "references": [{"path": "./tsconfig.app.json"}, {"path": "./tsconfig.node.json"}]}"#,
        ),
        ("tsconfig.app.json", r#"{"include": ["src"]}"#),
        ("tsconfig.node.json", r#"{"include": ["vite.config.ts"]}"#),
        ("src/main.ts", ""),
        ("vite.config.ts", ""),
    ];
    assert_eq!(
        gates(&vite),
        [
            "types-app tsc dirs = [\".\"] project = \"tsconfig.app.json\"",
            "types-node tsc dirs = [\".\"] project = \"tsconfig.node.json\""
        ]
    );
    let older = [
        TYPESCRIPT,
        ("web/tsconfig.json", r#"{"include": ["src"], "references": [{"path": "./tsconfig.node.json"}]}"#),
        ("web/tsconfig.node.json", r#"{"include": ["vite.config.ts"]}"#),
        ("api/tsconfig.json", "{}"),
        ("api/tsconfig.build.json", r#"{"extends": "./tsconfig.json"}"#),
        ("api/a.js", ""),
        ("web/vite.config.ts", ""),
    ];
    assert_eq!(
        gates(&older),
        [
            "types tsc dirs = [\"api\", \"web\"]",
            "types-node tsc dirs = [\"web\"] project = \"tsconfig.node.json\""
        ]
    );
    let variant = "api/tsconfig.build.json: a variant of the tsconfig.json beside it";
    assert_eq!(left_out(&older), [variant]);
}

#[test]
fn projects_that_read_each_others_output_are_built_in_order() {
    let files = [
        TYPESCRIPT,
        ("pnpm-lock.yaml", ""),
        ("tsconfig.json", r#"{"files": [], "references": [{"path": "core"}, {"path": "app"}]}"#),
        ("core/tsconfig.json", r#"{"extends": "../tsconfig.base.json", "include": ["src"]}"#),
        (
            "app/tsconfig.json",
            r#"{"extends": "../tsconfig.base.json", "include": ["src"], "references": [{"path": "../core"}]}"#,
        ),
        ("tsconfig.base.json", r#"{"compilerOptions": {"composite": true}}"#),
        ("docs/tsconfig.json", "{}"),
        ("docs/a.ts", ""),
    ];
    assert_eq!(
        gates(&files),
        [
            "types tsc dirs = [\"docs\"]",
            "types-2 command run = [\"pnpm\", \"exec\", \"tsc\", \"-b\", \"--force\"]",
            "audit pnpm-audit dirs = [\".\"]",
        ]
    );
}

#[test]
fn a_base_of_other_folders_is_no_project() {
    let files = [
        TYPESCRIPT,
        ("tsconfig.json", r#"{"compilerOptions": {"strict": true}}"#),
        ("packages/a/tsconfig.json", r#"{"extends": "../../tsconfig.json"}"#),
        ("packages/b/tsconfig.json", r#"{"extends": "../../tsconfig.json"}"#),
        ("packages/a/a.ts", ""),
        ("packages/b/b.ts", ""),
    ];
    assert_eq!(gates(&files), ["types tsc dirs = [\"packages/a\", \"packages/b\"]"]);
    // vitesse: the application itself, which the tests extend.
    let app = [
        TYPESCRIPT,
        ("tsconfig.json", "{}"),
        ("src/main.ts", ""),
        ("vite.config.ts", ""),
        ("cypress/tsconfig.json", r#"{"extends": "../tsconfig.json"}"#),
        ("cypress/a.ts", ""),
    ];
    assert_eq!(gates(&app), ["types tsc dirs = [\".\", \"cypress\"]"]);
}

#[test]
fn vue_and_svelte_are_checked_by_their_own_programs() {
    let vue = [
        (
            "package.json",
            r#"{"scripts": {"type-check": "vue-tsc --build"}, "devDependencies": {"typescript": "5", "vue-tsc": "3"}}"#,
        ),
        ("tsconfig.json", r#"{"files": [], "references": [{"path": "./tsconfig.app.json"}]}"#),
        ("tsconfig.app.json", r#"{"include": ["src/**/*.vue"]}"#),
        ("src/App.vue", ""),
        ("tools/tsconfig.json", "{}"),
        ("tools/a.ts", ""),
    ];
    assert_eq!(
        gates(&vue),
        [
            "types-app tsc dirs = [\".\"] project = \"tsconfig.app.json\" program = \"vue-tsc\"",
            "types tsc dirs = [\"tools\"]"
        ]
    );
    let kit = [
        (
            "web/package.json",
            r#"{"scripts": {"check": "svelte-kit sync && svelte-check --tsconfig ./tsconfig.json", "check:watch": "svelte-check --watch"}, "devDependencies": {"typescript": "5", "svelte-check": "4"}}"#,
        ),
        // Made by `svelte-kit sync`.
        ("web/tsconfig.json", r#"{"extends": "./.svelte-kit/tsconfig.json"}"#),
        ("web/src/App.svelte", ""),
        ("web/yarn.lock", ""),
    ];
    assert_eq!(
        gates(&kit),
        [
            "types command run = [\"yarn\", \"run\", \"check\"] dir = \"web\"",
            "audit yarn-audit dirs = [\"web\"]"
        ]
    );
    let plain = [
        ("package.json", r#"{"devDependencies": {"typescript": "5", "svelte-check": "4"}}"#),
        ("tsconfig.json", "{}"),
        ("src/App.svelte", ""),
    ];
    assert_eq!(
        gates(&plain),
        [
            "types command run = [\"npx\", \"--no-install\", \"svelte-check\", \"--tsconfig\", \"./tsconfig.json\"]"
        ]
    );
}

#[test]
fn a_project_that_extends_what_is_not_there_is_left_out() {
    let files = [TYPESCRIPT, ("tsconfig.json", r#"{"extends": "./.nuxt/tsconfig.json"}"#)];
    assert_eq!(gates(&files), [""; 0]);
    assert_eq!(
        left_out(&files),
        [
            "tsconfig.json (names .nuxt/tsconfig.json): the file that it names is not there: is it made by another program?"
        ]
    );
    let scripted = [
        (
            "package.json",
            r#"{"scripts": {"check": "nuxt typecheck"}, "devDependencies": {"typescript": "5"}}"#,
        ),
        ("tsconfig.json", r#"{"extends": "./.nuxt/tsconfig.json"}"#),
    ];
    assert_eq!(gates(&scripted), ["types command run = [\"npm\", \"run\", \"check\"]"]);
}

#[test]
fn eslint_looks_where_the_projects_own_script_looks() {
    let own = [
        (
            "package.json",
            r#"{"scripts": {"lint": "eslint src test --ext .ts --max-warnings 0", "fix": "eslint . --fix"}, "devDependencies": {"eslint": "8"}}"#,
        ),
        (".eslintrc.json", "{}"),
        ("src/legacy/.eslintrc.json", "{}"),
    ];
    assert_eq!(
        gates(&own),
        [
            "lint eslint dirs = [\".\"] files = [\"src\", \"test\"] args = [\"--ext\", \".ts\"] fail_on = \"low\""
        ]
    );
    let monorepo = [
        ("package.json", r#"{"scripts": {"lint": "turbo run lint"}, "devDependencies": {"eslint": "9"}}"#),
        ("apps/web/package.json", r#"{"scripts": {"lint": "next lint"}}"#),
        ("apps/web/eslint.config.mjs", ""),
        ("apps/web/app/page.tsx", ""),
        ("packages/ui/package.json", r#"{"scripts": {"lint": "eslint ."}}"#),
        ("packages/ui/eslint.config.mjs", ""),
        ("packages/ui/src/eslint.config.mjs", ""),
    ];
    assert_eq!(
        gates(&monorepo),
        ["lint eslint dirs = [\"packages/ui\"]", "lint-2 eslint dirs = [\"apps/web\"] files = [\"app\"]"]
    );
}

#[test]
fn a_folder_that_the_script_above_does_not_reach_is_linted_by_itself() {
    let files = [
        ("package.json", r#"{"scripts": {"lint": "eslint *.ts lib"}, "devDependencies": {"eslint": "8"}}"#),
        (".eslintrc.js", ""),
        ("lib/old/.eslintrc.js", ""),
        ("frontend/.eslintrc.js", ""),
        ("web/package.json", r#"{"eslintConfig": {}, "dependencies": {"react-scripts": "5"}}"#),
    ];
    assert_eq!(
        gates(&files),
        [
            "lint eslint dirs = [\"frontend\", \"web\"]",
            "lint-2 eslint dirs = [\".\"] files = [\"*.ts\", \"lib\"]"
        ]
    );
}

/// tsc alone can't pass there, and nobody would see the types in components.
#[test]
fn components_that_nothing_checks_are_named_with_what_to_install() {
    let typed = "<script setup lang=\"ts\">\nconst n: number = 1;\n</script>\n";
    let files = [
        TYPESCRIPT,
        ("site/package.json", r#"{"packageManager": "pnpm@9", "dependencies": {"svelte": "5"}}"#),
        ("site/tsconfig.json", "{}"),
        ("site/src/App.svelte", typed),
        ("site/src/Other.svelte", typed),
        ("site/src/Plain.svelte", "<p>no types</p>\n"),
        ("docs/tsconfig.json", "{}"),
        ("docs/a.ts", ""),
        ("docs/index.astro", "---\n---\n"),
        ("app/tsconfig.json", r#"{"include": ["src"]}"#),
        ("app/src/a.ts", ""),
        ("app/demo/App.vue", typed),
        ("plain/tsconfig.json", "{}"),
        ("plain/App.vue", "<script>\nexport default {}\n</script>\n"),
    ];
    assert_eq!(gates(&files), ["types tsc dirs = [\"app\", \"plain\"]"]);
    assert_eq!(
        left_out(&files),
        [
            "docs/tsconfig.json: it has .astro files, which tsc can't read, and @astrojs/check is no dependency",
            "site/tsconfig.json: it has .svelte files, which tsc can't read, and svelte-check is no dependency",
            "1 .vue file in .: nothing checks the types in them: `npm install --save-dev vue-tsc` brings what does",
            "2 .svelte files in site: nothing checks the types in them: `pnpm add --save-dev svelte-check` brings what does",
            "1 .astro file in .: nothing checks the types in them: `npm install --save-dev @astrojs/check` brings what does",
        ]
    );
}

#[test]
fn astro_is_checked_by_its_own_program() {
    let astro = |scripts: &str| {
        let package = format!(
            r#"{{"scripts": {{{scripts}}}, "devDependencies": {{"typescript": "5", "@astrojs/check": "1"}}}}"#
        );
        let files = [
            ("package.json", package.as_str()),
            ("tsconfig.json", r#"{"extends": "astro/tsconfigs/strict"}"#),
            ("src/pages/index.astro", "---\n---\n"),
        ];
        assert_eq!(left_out(&files), [""; 0]);
        gates(&files)
    };
    let own = ["types command run = [\"npm\", \"run\", \"check\"]"];
    assert_eq!(astro(r#""check": "astro check""#), own);
    // A build is no check.
    let program = ["types command run = [\"npx\", \"--no-install\", \"astro\", \"check\"]"];
    assert_eq!(astro(r#""build": "astro check && astro build""#), program);
}

/// tsc calls that an error (TS18003).
#[test]
fn a_project_without_a_source_is_left_out() {
    let is_left_out = |config: &str, source: &str| {
        let files = [TYPESCRIPT, ("tsconfig.json", config), (source, "")];
        assert_ne!(gates(&files).is_empty(), left_out(&files).is_empty(), "{config} {source}");
        gates(&files).is_empty()
    };
    assert!(is_left_out("{}", "README.md"));
    assert!(is_left_out(r#"{"include": ["src"]}"#, "test/a.ts"));
    assert!(is_left_out(r#"{"exclude": ["src"]}"#, "src/a.ts"));
    assert!(!is_left_out(r#"{"include": ["src"]}"#, "src/a.js"));
    assert!(!is_left_out(r#"{"files": ["a.ts"]}"#, "README.md"));
}
