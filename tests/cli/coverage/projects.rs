//! Targets and projects: which are named, and which are parts of others.

use crate::common::Project;

use super::gates;
use super::sources::{LINT, TYPES, project};

#[test]
fn a_name_that_is_no_target_is_a_mistake() {
    let types = format!("{TYPES}dirs = [\"frontend\", \"api\"]\n");
    let project = project(&types, &[("frontend/tsconfig.json", "{}"), ("api/tsconfig.json", "{}")]);
    for (name, says) in [
        (
            "forntend",
            "gate `types`: `allow_empty` names `forntend`, which is none of its targets (did you mean `frontend`?)",
        ),
        ("x", "`allow_empty` names `x`, which is none of its targets (they are frontend, api)"),
    ] {
        project.write("gates.toml", gates(&format!("{types}allow_empty = [\"api\", \"{name}\"]\n")));
        for command in ["plan", "run"] {
            let ran = project.run(&[command]);
            assert!(ran.code == 2 && ran.stderr.contains(says), "{}", ran.all());
        }
    }
}

#[test]
fn parts_of_a_covered_project_are_no_noise() {
    let project = project(
        &format!("{TYPES}{LINT}dirs = [\"web\"]\n"),
        &[
            ("tsconfig.json", r#"{"include": ["src"], "references": [{"path": "./tsconfig.node.json"}]}"#),
            ("tsconfig.build.json", r#"{"extends": "./tsconfig.json", "exclude": ["**/*.test.ts"]}"#),
            ("tsconfig.node.json", r#"{"include": ["vite.config.ts"]}"#),
            ("src/a.ts", ""),
            ("src/a.test.ts", ""),
            ("vite.config.ts", ""),
            ("web/.eslintrc.json", "{}"),
            ("api/.eslintrc.json", "{}"),
            ("api/test/.eslintrc.json", "{}"),
        ],
    );
    let uncovered = |project: &Project| {
        let plan = project.run(&["plan"]).stdout;
        plan.lines()
            .filter(|line| line.contains("tsconfig") || line.contains(".eslintrc"))
            .map(str::trim)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let lines = uncovered(&project).join("\n");
    assert!(lines.contains("1 ESLint configuration (eslint): api/.eslintrc.json"), "{lines}");
    assert!(!lines.contains("tsconfig.build.json") && !lines.contains("tsconfig.node.json"), "{lines}");
    // It has sources that no other project has.
    project.write("tsconfig.node.json", r#"{"include": ["vite.config.ts", "scripts"]}"#);
    project.write("scripts/b.ts", "");
    let lines = uncovered(&project).join("\n");
    assert!(lines.contains("1 TypeScript project (tsc): tsconfig.node.json"), "{lines}");
}
