//! Which sources a compiler and a linter have read, and which their configuration leaves out.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use serde_json::{Value, json};

use crate::common::{Project, Ran};

use super::gates;

pub(super) const TYPES: &str = "[[gate]]\nid = \"types\"\ntool = \"tsc\"\n";
pub(super) const LINT: &str = "[[gate]]\nid = \"lint\"\ntool = \"eslint\"\n";

/// A repository with these files.
pub(super) fn project(gates_toml: &str, files: &[(&str, &str)]) -> Project {
    let project = Project::with_gates(&gates(gates_toml));
    project.git(&["init", "--quiet"]);
    project.write(".gitignore", "/gates-report\n/bin\n/list\n");
    files.iter().for_each(|(path, text)| {
        project.write(path, text);
    });
    // What tsc lists in each folder: the files that the list has.
    project.program(
        "tsc",
        r#"n=0; for file in $(cat "$LIST/list/$(basename "$PWD")" 2>/dev/null); do echo "$PWD/$file"; n=$((n + 1)); done
echo "Files:  $n"; echo "Total time: 0.1s""#,
    );
    project
}

/// Sets what the fake tools list in a folder.
fn lists(project: &Project, folder: &str, files: &str) {
    project.write(&format!("list/{folder}"), files);
}

fn run(project: &Project) -> Ran {
    project.commit("now");
    let mut command = project.command(&["run"]);
    Ran::of(command.env("LIST", project.root()).output().unwrap())
}

/// `path state files` of each input.
fn rows(project: &Project, gate: &str) -> Vec<String> {
    let row = |input: &Value| {
        let files = input.get("files").map_or(1, |files| files.as_u64().unwrap());
        format!("{} {} {files}", input["path"].as_str().unwrap(), input["state"].as_str().unwrap())
    };
    project.gate(gate)["inputs"].as_array().map(|all| all.iter().map(row).collect()).unwrap_or_default()
}

#[test]
fn sources_are_counted_by_folder_and_what_the_project_leaves_out_is_named() {
    let types = format!("{TYPES}dirs = [\"web\"]\n");
    let project = project(
        &types,
        &[
            ("web/tsconfig.json", r#"{"include": ["src"], "exclude": ["src/old"]}"#),
            ("web/src/a.ts", ""),
            ("web/src/b/c.ts", ""),
            ("web/src/b/d.tsx", ""),
            ("web/src/old/e.ts", ""),
            ("web/vite.config.ts", ""),
            ("api/f.ts", ""),
        ],
    );
    lists(&project, "web", "src/a.ts src/b/c.ts src/b/d.tsx");
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(
        rows(&project, "types"),
        [
            "web/src/a.ts scanned 1",
            "web/src/b/ scanned 2",
            "web/src/old/e.ts excluded 1",
            "web/vite.config.ts excluded 1"
        ]
    );
    assert_eq!(project.gate("types")["reason"], "no findings; scanned 3 of 5 sources, 2 left out");
    let explained = project.run(&["explain", "types"]).stdout;
    for words in [
        "web/src/b/ (TypeScript file): 2 files, scanned",
        "web/src/old/e.ts (TypeScript file): left out by `exclude` of web/tsconfig.json",
        "web/vite.config.ts (TypeScript file): left out by `include` of web/tsconfig.json",
    ] {
        assert!(explained.contains(words), "{words}: {explained}");
    }
}

#[test]
fn a_compiler_that_lists_no_source_has_looked_at_nothing() {
    let files = [
        ("web/tsconfig.json", r#"{"files": [], "references": [{"path": "./tsconfig.app.json"}]}"#),
        ("web/tsconfig.app.json", r#"{"include": ["src"]}"#),
        ("web/src/a.ts", ""),
        ("api/tsconfig.json", "{}"),
        ("api/b.ts", ""),
    ];
    let types = format!("{TYPES}dirs = [\"web\", \"api\"]\n");
    let project = project(&types, &files);
    lists(&project, "api", "b.ts");
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = project.gate("types")["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("web: nothing was in scope"), "{reason}");
    assert!(reason.contains("(`allow_empty = [\"web\"]` if that is right)"), "{reason}");
    // `true` does not say which.
    for (key, code) in [("true", 3), ("[\"api\"]", 3), ("[\"web\"]", 0)] {
        project.write("gates.toml", gates(&format!("{types}allow_empty = {key}\n")));
        let ran = run(&project);
        assert_eq!(ran.code, code, "{key}: {}", ran.all());
    }
    project.write("gates.toml", gates(&format!("{types}allow_empty = \"web\"\n")));
    let ran = run(&project);
    assert!(ran.code == 2 && ran.stderr.contains("`allow_empty` must be a list of strings"), "{}", ran.all());
}

#[test]
fn components_that_nobody_checks_leave_the_types_without_proof() {
    let component = "<script setup lang=\"ts\">\n</script>\n";
    let project = project(
        TYPES,
        &[
            ("tsconfig.json", r#"{"include": ["src/**/*.ts"]}"#),
            ("src/main.ts", ""),
            ("src/App.vue", component),
        ],
    );
    let folder = project.root().file_name().unwrap().to_str().unwrap().to_owned();
    lists(&project, &folder, "src/main.ts");
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = project.gate("types")["reason"].as_str().unwrap().to_owned();
    let says =
        "1 of 2 sources was not read: src/App.vue (tsc checks no such file; `program = \"vue-tsc\"` does)";
    assert!(reason.starts_with(says), "{reason}");
    // Accepted.
    let waiver = "[[waiver]]\ngap = \"src/*.vue\"\nreason = \"r\"\nexpires = 2999-12-31\n";
    project.write("gates.toml", gates(&format!("{TYPES}{waiver}")));
    assert_eq!(run(&project).code, 0);
    // Another gate checks them.
    let vue = "[[gate]]\nid = \"vue\"\ntool = \"command\"\nrun = [\"vue-tsc\", \"--noEmit\"]\n";
    project.program("vue-tsc", "exit 0");
    project.write("gates.toml", gates(&format!("{TYPES}{vue}")));
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let explained = project.run(&["explain", "types"]).stdout;
    assert!(
        explained.contains("src/App.vue (Vue file): left out because the gate `vue` checks it"),
        "{explained}"
    );
    // Nor does a gate excuse another that does not look in this run, or that this profile makes advisory.
    let profile = "[profile.quick]\nskip = [\"vue\"]\n[profile.soft.gate.vue]\nrequired = false\n";
    project.write("gates.toml", gates(&format!("{TYPES}{vue}{profile}")));
    for args in
        [&["--skip", "vue"][..], &["--only", "types"], &["--profile", "quick"], &["--profile", "soft"]]
    {
        let mut command = project.command(&[&["run"], args].concat());
        let ran = Ran::of(command.env("LIST", project.root()).output().unwrap());
        assert_eq!(ran.code, 3, "{args:?}: {}", ran.all());
        assert!(project.gate("types")["reason"].as_str().unwrap().starts_with(says), "{args:?}");
    }
    // An advisory gate may prove nothing, so it excuses no other.
    project.write("gates.toml", gates(&format!("{TYPES}{vue}required = false\n")));
    assert_eq!(run(&project).code, 3);
    // Another gate of the same compiler reads no component, either.
    let other = TYPES.replace("types", "more");
    project.write("tsconfig.node.json", r#"{"include": ["*.config.ts"]}"#);
    project.write("gates.toml", gates(&format!("{TYPES}{other}project = \"tsconfig.node.json\"\n")));
    assert_eq!(run(&project).code, 3);
    assert!(project.gate("types")["reason"].as_str().unwrap().starts_with(says));
    // The compiler lists them itself.
    lists(&project, &folder, "src/main.ts src/App.vue");
    project.write("gates.toml", gates(TYPES));
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(rows(&project, "types"), ["src/App.vue scanned 1", "src/main.ts scanned 1"]);
}

/// tsc lists the source, and checks nothing of the template.
#[test]
fn templates_of_angular_leave_the_types_without_proof_unless_ngc_checks_them() {
    let component =
        "import { Component } from \"@angular/core\";\n@Component({ template: \"\" })\nexport class A {}\n";
    let project = project(TYPES, &[("tsconfig.json", "{}"), ("a.ts", component), ("b.ts", "")]);
    let folder = project.root().file_name().unwrap().to_str().unwrap().to_owned();
    lists(&project, &folder, "a.ts b.ts");
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = project.gate("types")["reason"].as_str().unwrap().to_owned();
    let says = "1 of 2 sources was not read: a.ts (tsc does not check the template of its component; a gate of `command` with ngc does)";
    assert!(reason.starts_with(says), "{reason}");
    assert_eq!(rows(&project, "types"), ["a.ts gap 1", "b.ts scanned 1"]);
    let ngc = "[[gate]]\nid = \"ngc\"\ntool = \"command\"\nrun = [\"ngc\", \"-p\", \"tsconfig.json\", \"--noEmit\"]\n";
    project.program("ngc", "exit 0");
    project.write("gates.toml", gates(&format!("{TYPES}{ngc}")));
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    // It reads another project.
    let other = ngc.replace("tsconfig.json", "e2e/tsconfig.json");
    project.write("gates.toml", gates(&format!("{TYPES}{other}")));
    assert_eq!(run(&project).code, 3);
}

/// Sources beside the projects: neither a gate nor a project has them.
#[test]
fn sources_that_stand_in_no_project_are_named() {
    let types = format!("{TYPES}dirs = [\"web\"]\n");
    let project = project(
        &types,
        &[
            ("web/tsconfig.json", r#"{"include": ["src", "../shared"]}"#),
            ("web/src/a.ts", ""),
            ("web/vite.config.ts", ""),
            ("shared/b.ts", ""),
            ("api/tsconfig.json", "{}"),
            ("api/c.ts", ""),
            ("scripts/d.ts", ""),
            ("scripts/more/e.mts", ""),
            ("scripts/f.d.ts", ""),
            ("playwright.config.ts", ""),
        ],
    );
    lists(&project, "web", "src/a.ts");
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let says = "Not covered by any gate: 1 TypeScript project (tsc), 2 TypeScript files (tsc, eslint)";
    assert!(ran.stdout.contains(says), "{}", ran.all());
    let uncovered = project.record()["inputs"]["uncovered"].clone();
    let sources = json!([{"path": "scripts/", "files": 2}]);
    assert_eq!(uncovered[1]["inputs"], sources, "{uncovered}");
    // A linter reads them, also one that a command starts.
    for gate in [
        format!("{LINT}files = [\"scripts\"]\n"),
        ALSO.to_owned(),
        ALSO.replace("\"ci\"", "\"ci\", \"scripts\""),
    ] {
        project.write("gates.toml", gates(&format!("{types}{gate}")));
        let plan = project.run(&["plan"]).stdout;
        assert!(!plan.contains("TypeScript file"), "{gate}: {plan}");
    }
    // They block where coverage is required, and a waiver accepts them.
    let required = format!("coverage = \"required\"\n{types}");
    let waiver = |gap: &str| format!("[[waiver]]\ngap = \"{gap}\"\nreason = \"r\"\nexpires = 2999-12-31\n");
    project.write("gates.toml", gates(&format!("{required}{}", waiver("api/*"))));
    assert_eq!(run(&project).code, 1);
    project.write("gates.toml", gates(&format!("{required}{}{}", waiver("api/*"), waiver("scripts/**"))));
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

/// JavaScript is a linter's: its configuration stands for what lies around it, a project that takes it in for the rest.
#[test]
fn javascript_without_a_linter_is_named() {
    let project = project(
        TYPES,
        &[
            ("tsconfig.json", r#"{"include": ["src"], "compilerOptions": {"allowJs": true}}"#),
            ("src/a.ts", ""),
            ("src/b.js", ""),
            ("scripts/c.js", ""),
            ("scripts/d.mjs", ""),
            ("scripts/lib.min.js", ""),
            ("vite.config.js", ""),
            (".prettierrc.cjs", ""),
            ("web/biome.json", "{}"),
            ("web/src/e.jsx", ""),
        ],
    );
    let lint = ALSO.replace("\"ci\"", "\"ci\", \"web\"");
    project.write("gates.toml", gates(&format!("{TYPES}{lint}")));
    let plan = project.run(&["plan"]).stdout;
    assert!(plan.contains("2 JavaScript files (eslint)"), "{plan}");
    assert!(plan.contains("scripts/"), "{plan}");
    for gate in [format!("{LINT}files = [\"scripts\"]\n"), ALSO.to_owned()] {
        project.write("gates.toml", gates(&format!("{TYPES}{gate}")));
        let plan = project.run(&["plan"]).stdout;
        assert!(!plan.contains("JavaScript file"), "{gate}: {plan}");
    }
}

const ALSO: &str = "[[gate]]\nid = \"biome\"\ntool = \"command\"\nrun = [\"biome\", \"ci\"]\n";

/// A report of ESLint that names these files; `ignored` says which were given and ignored.
fn eslint(project: &Project, files: &[(&str, bool)]) {
    let root = project.root().canonicalize().unwrap();
    let result = |(path, ignored): &(&str, bool)| {
        let message = "File ignored because of a matching ignore pattern. Use \"--no-ignore\" to disable file ignore settings.";
        let messages = json!([{"ruleId": null, "fatal": false, "severity": 1, "message": message}]);
        json!({"filePath": root.join(path), "messages": if *ignored { messages } else { json!([]) },
               "suppressedMessages": []})
    };
    let report: Vec<Value> = files.iter().map(result).collect();
    project.write("list/eslint.json", json!(report).to_string());
    project.program(
        "eslint",
        r#"while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done; cp "$LIST/list/eslint.json" "$out""#,
    );
}

#[test]
fn sources_that_eslint_does_not_mention_are_left_out_by_its_configuration() {
    let project = project(
        LINT,
        &[
            ("eslint.config.js", "export default [];"),
            ("src/a.js", ""),
            ("src/b.ts", ""),
            ("web/eslint.config.js", ""),
            ("web/c.vue", ""),
            ("README.md", ""),
        ],
    );
    eslint(&project, &[("src/a.js", false), ("eslint.config.js", false), ("src/b.ts", true)]);
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let reason = project.gate("lint")["reason"].as_str().unwrap().to_owned();
    assert_eq!(reason, "no findings; scanned 2 of 5 sources, 3 left out");
    let explained = project.run(&["explain", "lint"]).stdout;
    for words in [
        "src/b.ts (TypeScript file): left out because eslint.config.js has no `files` pattern for .ts, or ignores all such files",
        "web/c.vue (Vue file): left out because web/eslint.config.js has no `files` pattern for .vue, or ignores all such files",
    ] {
        assert!(explained.contains(words), "{words}: {explained}");
    }
    // A gate of some files is held to these.
    eslint(&project, &[("src/a.js", false)]);
    project.write("gates.toml", gates(&format!("{LINT}files = [\"src\"]\n")));
    run(&project);
    assert_eq!(
        project.gate("lint")["reason"],
        "no findings; scanned 1 of 2 sources, 1 left out because eslint.config.js has no `files` pattern for .ts, or ignores all such files"
    );
}

#[test]
fn a_linter_that_ignores_all_that_it_was_given_has_looked_at_nothing() {
    let project = project(LINT, &[("eslint.config.js", ""), ("a.js", "")]);
    eslint(&project, &[("a.js", true)]);
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(
        project.gate("lint")["reason"].as_str().unwrap().contains("nothing was in scope"),
        "{}",
        ran.all()
    );
}

#[test]
fn a_source_that_the_linter_can_t_parse_is_a_gap_that_a_waiver_accepts() {
    let project = project(LINT, &[("eslint.config.js", ""), ("a.js", ""), ("old/b.js", "<<<\n")]);
    eslint(&project, &[("a.js", false), ("eslint.config.js", false), ("old/b.js", false)]);
    let mut report: Vec<Value> = serde_json::from_str(&project.read("list/eslint.json")).unwrap();
    report[2]["messages"] = json!([{"ruleId": null, "fatal": true, "severity": 2, "message": "Parsing error: Unexpected token <<", "line": 1}]);
    project.write("list/eslint.json", json!(report).to_string());
    let program = project.bin().join("eslint");
    let script = std::fs::read_to_string(&program).unwrap() + "exit 1\n";
    std::fs::write(&program, script).unwrap();
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = project.gate("lint")["reason"].as_str().unwrap().to_owned();
    let says =
        "1 of 3 sources was not read: old/b.js (ESLint can't parse it: Parsing error: Unexpected token <<";
    assert!(reason.starts_with(says), "{reason}");
    let explained = project.run(&["explain", "lint"]).stdout;
    assert!(explained.contains("every target has its proof, but 1 input was not read"), "{explained}");
    // The gap, and the finding.
    let waiver =
        |key: &str| format!("[[waiver]]\n{key} = \"old/**\"\nreason = \"r\"\nexpires = 2999-12-31\n");
    for (keys, code) in [(waiver("gap"), 1), (waiver("path"), 3), (waiver("gap") + &waiver("path"), 0)] {
        project.write("gates.toml", gates(&format!("{LINT}{keys}")));
        let ran = run(&project);
        assert_eq!(ran.code, code, "{keys}: {}", ran.all());
    }
    let explained = project.run(&["explain", "lint"]).stdout;
    assert!(
        explained.contains("every target has its proof; 1 input was not read, which is accepted"),
        "{explained}"
    );
    // Reports of other steps.
    project.write("gates.toml", gates(LINT));
    let judged = project.run(&["judge", "--report", "lint=list/eslint.json"]);
    assert_eq!(judged.code, 3, "{}", judged.all());
}
