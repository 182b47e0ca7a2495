//! `portcullis init`: what it says, and what `--add` adds to a gates.toml that is there.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::{Project, Ran};

const TRIVY: &str = "# Ours.\nversion = 1\nmode = \"production\"\n\n[[gate]]\nid = \"packages\"  # of the api\ntool = \"trivy\"\ndirs = [\"api\"]\nallow_empty = true\n\n[profile.quick]\nonly = [\"packages\"]";

/// A lock file of the api and one of the site, a template, a manifest without a lock file.
fn project(gates: Option<&str>) -> Project {
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    if let Some(gates) = gates {
        project.write("gates.toml", gates);
    }
    project.write(".gitignore", "/gates-report\n");
    project.write("api/poetry.lock", "[[package]]\nname = \"a\"\nversion = \"1\"\n[metadata]\n");
    project.write("site/yarn.lock", "# yarn lockfile v1\n\na@1:\n  version \"1.0.0\"\n");
    project.write("stacks/a.yaml", "AWSTemplateFormatVersion: 2010-09-09\nResources: {}\n");
    project.write("tool/package.json", r#"{"dependencies": {"a": "1"}}"#);
    project.write("tool/tsconfig.json", "{}");
    project.write("tool/a.ts", "");
    project.program("trivy", "echo no; exit 1");
    project.commit("a repository");
    project
}

fn add(project: &Project, more: &[&str]) -> Ran {
    let ran = project.run(&[&["init", "--add"], more].concat());
    assert_eq!(ran.code, 0, "{}", ran.all());
    ran
}

#[test]
fn it_says_what_it_saw_what_it_wrote_and_what_it_left_out() {
    let project = project(None);
    let ran = project.run(&["init"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let said = ran.all();
    for words in [
        "Saw a git repository, 1 Yarn lock file, 1 Poetry lock file, 1 CloudFormation template, 1 TypeScript project.",
        "with 6 gates:\n  gitleaks    secrets\n  yarn-audit  audit\n  trivy       packages\n  syft        sbom\n  checkov     iac\n  cfn-lint    cloudformation\n",
        "Left out:\n  tool/tsconfig.json: TypeScript is no dependency of a package.json beside it or above it\n  tool/package.json: no lock file of npm, so nobody knows what it installs\n",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert_eq!(project.run(&["plan"]).code, 0);
    let again = project.run(&["init"]);
    assert_eq!(again.code, 2, "{}", again.all());
    assert!(again.stderr.contains("--add shows what it lacks"), "{}", again.stderr);
}

#[test]
fn add_prints_gates_for_what_no_gate_reads() {
    let project = project(Some(TRIVY));
    let printed = add(&project, &[]).stdout;
    assert_eq!(project.read("gates.toml"), TRIVY);
    for lines in [
        "tool = \"yarn-audit\"\ndirs = [\"site\"]\n",
        "id = \"packages-2\"\nstage = \"Dependency audit\"\ntool = \"trivy\"\nscan = \"fs\"\ndirs = [\"site\"]\n",
        "tool = \"cfn-lint\"\ndirs = [\"stacks\"]\n",
    ] {
        assert!(printed.contains(lines), "{lines}\n{printed}");
    }
    assert!(!printed.contains("gitleaks") && !printed.contains("\"api\""), "{printed}");
}

#[test]
fn what_add_appends_is_all_that_was_missing() {
    let project = project(Some(TRIVY));
    let printed = add(&project, &[]).stdout;
    add(&project, &["--write"]);
    let gates = project.read("gates.toml");
    assert!(gates.starts_with(&format!("{TRIVY}\n")) && gates.ends_with(&printed), "{gates}");
    let plan = project.run(&["plan"]);
    assert_eq!(plan.code, 0, "{}", plan.all());
    // Nobody can read what is installed without a lock file, nor check types without TypeScript.
    let rest = plan.stdout.split_once("Not covered by any gate:").unwrap().1;
    let rest: Vec<&str> = rest.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(
        rest,
        [
            "1 npm manifest without a lock file: tool/package.json",
            "1 TypeScript project (tsc): tool/tsconfig.json"
        ]
    );
    let ran = add(&project, &[]);
    assert!(ran.all().contains("needs no gate"), "{}", ran.all());
}

/// The files of a shape of `fixtures/inputs`.
fn shape(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n').skip_while(|line| !line.starts_with("=== ")) {
        match line.strip_prefix("=== ") {
            Some(path) => files.push((path.trim().to_owned(), String::new())),
            None => files.last_mut().unwrap().1.push_str(line),
        }
    }
    files.retain(|(path, _)| path != "expected");
    files
}

/// For each of the 37 shapes: a gate reads it, or `init` says that none does, and why.
#[test]
fn nothing_is_left_without_a_gate_in_silence() {
    let mut shapes = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/inputs")).unwrap() {
        let path = entry.unwrap().path();
        let project = Project::new();
        project.git(&["init", "--quiet"]);
        for (file, text) in shape(&std::fs::read_to_string(&path).unwrap()) {
            project.write(&file, text);
        }
        project.commit("a shape");
        assert_eq!(project.run(&["init"]).code, 0, "{}", path.display());
        let gates = project.read("gates.toml");
        let comments: Vec<&str> = gates.lines().filter(|line| line.starts_with("#   ")).collect();
        let plan = project.run(&["plan"]);
        assert_eq!(plan.code, 0, "{}: {}", path.display(), plan.all());
        let rest =
            plan.stdout.split_once("Not covered by any gate:").map(|(_, rest)| rest).unwrap_or_default();
        // Sources without a project ask for one first.
        let is_source =
            |line: &str| [" TypeScript file", " JavaScript file"].iter().any(|of| line.contains(of));
        let of_project = |line: &&str| !line.trim().is_empty() && !is_source(line);
        for line in rest.lines().filter(of_project) {
            for input in line.rsplit_once(": ").unwrap().1.split(", ") {
                let folder = input.rsplit_once('/').map_or(".", |(folder, _)| folder);
                let named = |place: &str| comments.iter().any(|comment| comment.contains(place));
                assert!(
                    named(&format!("{input}\""))
                        || named(&format!(" {folder}\""))
                        || named(&format!("\"{folder}\"")),
                    "{}: {input} is in no gate, and not named\n{gates}",
                    path.display()
                );
            }
        }
        shapes += 1;
    }
    assert!(shapes >= 37, "{shapes}");
}

/// A gate that runs a script of package.json reads what the script's programs read.
#[test]
fn a_script_reads_what_its_programs_read() {
    let gate =
        "[[gate]]\nid = \"types\"\ntool = \"command\"\nrun = [\"npm\", \"run\", \"check\"]\ndir = \"web\"\n";
    for (script, is_read) in [
        ("svelte-kit sync && svelte-check --tsconfig ./tsconfig.json", true),
        ("svelte-check --tsconfig ./tsconfig.other.json", false),
        ("svelte-check; vite build", false),
        ("tsc -b --clean", false),
        ("vite build", false),
    ] {
        let project = Project::with_gates(&format!("version = 1\n{gate}"));
        project.git(&["init", "--quiet"]);
        project.write("web/package.json", format!(r#"{{"scripts": {{"check": "{script}"}}}}"#));
        project.write("web/tsconfig.json", "{}");
        project.write("web/a.ts", "");
        project.commit("a site");
        let plan = project.run(&["plan"]).stdout;
        assert_eq!(!plan.contains("1 TypeScript project"), is_read, "{script}: {plan}");
    }
}

/// What `init` left out is not added afterwards, nor is a variant of a project that is checked.
#[test]
fn nothing_is_to_add_after_init() {
    let project = project(None);
    project.write("site/package.json", r#"{"devDependencies": {"typescript": "5"}}"#);
    project.write("site/tsconfig.json", r#"{"files": [], "references": [{"path": "./tsconfig.app.json"}]}"#);
    project.write("site/tsconfig.app.json", r#"{"include": ["src"]}"#);
    project.write("site/src/a.ts", "");
    project.write("site/tsconfig.spec.json", r#"{"extends": "./tsconfig.app.json"}"#);
    project.commit("a site");
    assert_eq!(project.run(&["init"]).code, 0);
    assert!(project.read("gates.toml").contains("project = \"tsconfig.app.json\""));
    let ran = add(&project, &[]);
    assert!(ran.all().contains("needs no gate"), "{}", ran.all());
}

#[test]
fn add_needs_a_gates_toml_without_mistakes() {
    let none = project(None).run(&["init", "--add"]);
    assert_eq!(none.code, 2, "{}", none.all());
    let wrong =
        project(Some("version = 1\n[[gate]]\nid = \"a\"\ntool = \"b\"\n")).run(&["init", "--add", "--write"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("has 1 mistake"), "{}", wrong.all());
}

#[test]
fn a_run_names_the_lines_that_it_would_add() {
    let project = project(Some(TRIVY));
    let ran = project.run(&["run", "--format", "html"]);
    assert!(ran.stdout.contains("`portcullis init --add` prints gates for it"), "{}", ran.all());
    let printed = add(&project, &[]).stdout;
    let recorded = project.record()["inputs"]["to_add"].clone();
    let recorded: Vec<String> = serde_json::from_value(recorded).unwrap();
    assert_eq!(recorded, printed.lines().collect::<Vec<_>>());
    assert!(project.read("gates-report/index.html").contains("tool = &quot;yarn-audit&quot;"));
    let explained = project.run(&["explain", "packages"]).stdout;
    for words in ["1 Yarn lock file (yarn-audit, trivy): site/yarn.lock", "id = \"packages-2\""] {
        assert!(explained.contains(words), "{words}\n{explained}");
    }
}

/// `tsc -b` builds what a project refers to, wherever that lies, and nothing else below its folder.
#[test]
fn a_build_reads_its_references() {
    let gate =
        "[[gate]]\nid = \"types\"\ntool = \"command\"\nrun = [\"npx\", \"tsc\", \"-b\"]\ndir = \"web\"\n";
    let project = Project::with_gates(&format!("version = 1\n{gate}"));
    project.git(&["init", "--quiet"]);
    project.write("web/tsconfig.json", r#"{"exclude": ["e2e"], "references": [{"path": "../shared"}]}"#);
    project.write("shared/tsconfig.json", r#"{"references": [{"path": "../core/tsconfig.lib.json"}]}"#);
    for path in ["core/tsconfig.lib.json", "web/e2e/tsconfig.json", "tools/tsconfig.json"] {
        project.write(path, "{}");
    }
    for path in ["web/a.ts", "shared/b.ts", "core/c.ts", "web/e2e/d.ts", "tools/e.ts"] {
        project.write(path, "");
    }
    project.commit("projects");
    let plan = project.run(&["plan"]).stdout;
    assert!(
        plan.contains("2 TypeScript projects (tsc): tools/tsconfig.json, web/e2e/tsconfig.json"),
        "{plan}"
    );
}

/// Its exit code can't say anything, so nobody has to run it.
#[test]
fn a_script_that_never_fails_proves_nothing() {
    let gate = "[[gate]]\nid = \"check\"\ntool = \"command\"\nrun = [\"npm\", \"run\", \"check\"]\n";
    let project = Project::with_gates(&format!("version = 1\nmode = \"production\"\n{gate}"));
    project.git(&["init", "--quiet"]);
    project.program("npm", "exit 0");
    for (script, code) in [("checker || true", 3), ("checker; echo done", 3), ("checker || exit 1", 0)] {
        project.write("package.json", format!(r#"{{"scripts": {{"check": "{script}"}}}}"#));
        project.commit(script);
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, code, "{script}: {}", ran.all());
        let says = "the script `check` of package.json never fails, so its exit code proves nothing";
        // However wide the terminal is.
        let says_so = |ran: &Ran| ran.all().split_whitespace().collect::<Vec<_>>().join(" ").contains(says);
        assert_eq!(says_so(&ran), code == 3, "{script}: {}", ran.all());
        let plan = project.run(&["plan"]);
        assert_eq!(says_so(&plan), code == 3, "{script}: {}", plan.all());
    }
    // A report says what was found.
    project.write("package.json", r#"{"scripts": {"check": "checker || true"}}"#);
    project.write("report.xml", "<testsuites><testsuite><testcase name=\"a\"/></testsuite></testsuites>");
    project.write(
        "gates.toml",
        format!("version = 1\n{gate}report = {{ format = \"junit\", path = \"junit.xml\" }}\n"),
    );
    project.program("npm", "cp report.xml junit.xml");
    project.commit("a report");
    let ran = project.run(&["run", "--mode", "production"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

/// A repository with these files, and what `init` writes for it.
fn written(files: &[(&str, &str)]) -> String {
    let project = Project::new();
    project.git(&["init", "--quiet"]);
    files.iter().for_each(|(path, text)| drop(project.write(path, text)));
    project.commit("a repository");
    let ran = project.run(&["init"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    project.read("gates.toml")
}

/// vue-tsc looks at a component that `include` names, or that a source imports.
#[test]
fn a_project_with_a_component_that_vue_tsc_never_sees_gets_no_gate() {
    let package = r#"{"devDependencies": {"typescript": "5", "vue-tsc": "3", "vue": "3"}}"#;
    let component = "<script setup lang=\"ts\">\nconst n: number = 1;\n</script>\n";
    let (ts, all) = (r#"{"include": ["src/**/*.ts"]}"#, r#"{"include": ["src/**/*.ts", "src/**/*.vue"]}"#);
    let (imports, alone) = ("import App from './App.vue';\n", "export const n = 1;\n");
    for (lists, main, is_written) in
        [(ts, imports, true), (all, alone, true), ("{}", alone, true), (ts, alone, false)]
    {
        let files = [
            ("package.json", package),
            ("tsconfig.json", lists),
            ("src/main.ts", main),
            ("src/App.vue", component),
        ];
        let gates = written(&files);
        assert_eq!(gates.contains("program = \"vue-tsc\""), is_written, "{lists} {main}: {gates}");
        let says = "`include` of tsconfig.json names no .vue file, and no source names src/App.vue";
        assert_eq!(gates.contains(says), !is_written, "{lists} {main}: {gates}");
    }
}

/// What git ignores is set on one machine, and what looks like a secret belongs into no file.
#[test]
fn build_arguments_of_a_compose_file_have_the_values_of_its_env_file() {
    let compose = "services:\n  a:\n    build:\n      context: .\n      args:\n        BASE: \"debian:${SUITE:?}-slim\"\n";
    let dockerfile = ("Dockerfile", "ARG BASE\nFROM ${BASE}\n");
    for (env, ignored, compose, value) in [
        ("SUITE=12\n", "", compose.to_owned(), Some("build_args = { BASE = \"debian:12-slim\" }")),
        ("export V=12\nSUITE=\"${V}\" # stable\n", "", compose.to_owned(), Some("\"debian:12-slim\"")),
        ("SUITE=12\n", ".env\n", compose.to_owned(), None),
        ("SUITE=12\n", ".env\n", compose.replace(":?", ":-11"), Some("\"debian:11-slim\"")),
        ("OTHER=12\n", "", compose.to_owned(), None),
        ("SUITE_TOKEN=12\n", "", compose.replace("SUITE", "SUITE_TOKEN"), None),
    ] {
        let gates =
            written(&[("compose.yaml", &compose), (".env", env), (".gitignore", ignored), dockerfile]);
        match value {
            Some(value) => assert!(gates.contains(value), "{env}: {gates}"),
            None => {
                assert!(gates.contains("Dockerfile (build argument BASE)"), "{env}: {gates}");
                assert!(!gates.contains("debian:12"), "{env}: {gates}");
            }
        }
    }
}
