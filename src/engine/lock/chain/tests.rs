use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

/// A folder with programs in it.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    /// A file; `{}` in its text stands for the machine's folder.
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text.replace("{}", self.path("").to_string_lossy().trim_end_matches('/'))).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn link(&self, name: &str, to: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(to, &path).unwrap();
        path
    }

    /// What runs, as `what name`; `bin` of the machine is its PATH.
    fn follow(&self, program: &str) -> Result<Vec<String>, Unfollowable> {
        let around = Around { cwd: self.path("work"), path: self.path("bin").into() };
        let links = follow(&self.path(program), &around)?;
        Ok(links.links.iter().map(|link| format!("{} {}", link.what.as_str(), link.name)).collect())
    }

    /// What may run besides.
    fn not_covered(&self, program: &str) -> Vec<String> {
        let around = Around { cwd: self.path("work"), path: self.path("bin").into() };
        follow(&self.path(program), &around).unwrap().not_covered
    }

    /// The hash of one of the links, by its name.
    fn sha256(&self, program: &str, name: &str) -> String {
        let around = Around { cwd: self.path("work"), path: self.path("bin").into() };
        let links = follow(&self.path(program), &around).unwrap().links;
        links.iter().find(|link| link.name == name).unwrap().subject.sha256().unwrap()
    }

    fn runs(&self, program: &str) -> Vec<String> {
        self.follow(program).unwrap()
    }
}

#[test]
fn a_link_is_the_program_that_it_points_to() {
    let machine = Machine::new();
    machine.file("opt/trivy-0.70/trivy", "\x7fELF");
    machine.link("bin/trivy", "../opt/current/trivy");
    machine.link("opt/current", "trivy-0.70");
    assert_eq!(machine.runs("bin/trivy"), ["program trivy"]);
}

#[test]
fn a_script_brings_its_interpreter_also_through_env() {
    let machine = Machine::new();
    machine.file("bin/node", "\x7fELF");
    machine.file("usr/env", "\x7fELF");
    for (line, runs) in [
        ("#!{}/bin/node --flag", vec!["script tool", "program node"]),
        ("#!{}/usr/env node", vec!["script tool", "program env", "program node"]),
        ("#! {}/usr/env -S A=b node --flag", vec!["script tool", "program env", "program node"]),
        ("#!{}/usr/env -Snode", vec!["script tool", "program env", "program node"]),
    ] {
        machine.file("bin/tool", &format!("{line}\nwork()\n"));
        assert_eq!(machine.runs("bin/tool"), runs, "{line}");
    }
    machine.file("bin/tool", "#!{}/usr/env deno\n");
    assert!(
        matches!(machine.follow("bin/tool"), Err(Unfollowable::Absent { program, .. }) if program == "deno")
    );
}

#[test]
fn a_wrapper_brings_what_it_starts() {
    let machine = Machine::new();
    machine.file("bin/sh", "\x7fELF");
    machine.file("opt/real", "\x7fELF");
    machine.file("bin/found", "\x7fELF");
    for line in [
        "exec {}/opt/real \"$@\"",
        "exec \"{}/opt/real\" scan \"$@\"",
        "[ -n \"$X\" ] && exec '{}/opt/real' \"$@\"",
        "A=b exec \"$(dirname \"$0\")/../opt/real\" \"$@\"",
        "basedir=$(dirname \"$0\")\nexec \"$basedir/../opt/real\" \"$@\"",
        "{}/opt/real \"$@\"",
    ] {
        machine.file("bin/tool", &format!("#!{{}}/bin/sh\n{line}\n"));
        assert_eq!(machine.runs("bin/tool"), ["script tool", "program sh", "program real"], "{line}");
    }
    machine.file("bin/tool", "#!{}/bin/sh\nexec found \"$@\"\n");
    assert_eq!(machine.runs("bin/tool"), ["script tool", "program sh", "program found"]);
    // What the text does not say is not guessed.
    machine.file("bin/tool", "#!{}/bin/sh\n# exec {}/opt/real\nexec \"$REAL\" \"$@\"\n");
    assert_eq!(machine.runs("bin/tool"), ["script tool", "program sh"]);
}

#[test]
fn wrappers_that_start_each_other_end() {
    let machine = Machine::new();
    machine.file("bin/sh", "\x7fELF");
    machine.file("bin/a", "#!{}/bin/sh\nexec b \"$@\"\n");
    machine.file("bin/b", "#!{}/bin/sh\nexec a \"$@\"\n");
    assert_eq!(machine.runs("bin/a"), ["script a", "program sh", "script b"]);
}

#[test]
fn a_link_in_node_modules_brings_its_package_and_what_that_needs() {
    let machine = Machine::new();
    machine.file("bin/env", "\x7fELF");
    machine.file("bin/node", "\x7fELF");
    let modules = "work/node_modules";
    machine.file(&format!("{modules}/eslint/bin/eslint.js"), "#!{}/bin/env node\nrequire('..')\n");
    let needs = r#""dependencies":{"@eslint/js":"*","debug":"*"},"optionalDependencies":{"absent":"*"}"#;
    machine.file(
        &format!("{modules}/eslint/package.json"),
        &format!(r#"{{"name":"eslint","version":"9.0.0",{needs}}}"#),
    );
    machine.file(&format!("{modules}/@eslint/js/package.json"), r#"{"name":"@eslint/js","version":"9.0.1"}"#);
    machine.file(&format!("{modules}/debug/package.json"), r#"{"name":"debug","version":"4.0.0"}"#);
    machine.file(&format!("{modules}/unrelated/package.json"), r#"{"name":"unrelated","version":"1.0.0"}"#);
    machine.link(&format!("{modules}/.bin/eslint"), "../eslint/bin/eslint.js");
    let program = format!("{modules}/.bin/eslint");
    let runs = [
        "script eslint.js",
        "program env",
        "program node",
        "package eslint 9.0.0",
        "dependencies 2 packages",
    ];
    assert_eq!(machine.runs(&program), runs);

    let digest = |index: usize| {
        let around = Around { cwd: machine.path("work"), path: machine.path("bin").into() };
        follow(&machine.path(&program), &around).unwrap().links[index].subject.sha256().unwrap()
    };
    let (package, dependencies) = (digest(3), digest(4));
    machine.file(&format!("{modules}/unrelated/index.js"), "other");
    assert_eq!((digest(3), digest(4)), (package.clone(), dependencies.clone()));
    // A package that shadows another one is seen where Node.js would see it.
    machine.file(
        &format!("{modules}/eslint/node_modules/debug/package.json"),
        r#"{"name":"debug","version":"4.0.0","main":"evil.js"}"#,
    );
    assert_eq!(digest(3), package);
    assert_ne!(digest(4), dependencies);

    // pnpm's shims are scripts.
    fs::remove_file(machine.path(&program)).unwrap();
    machine.link("bin/sh", "../bin/env");
    machine.file(
        &program,
        "#!{}/bin/sh\nbasedir=$(dirname \"$(echo \"$0\" | sed -e 's,\\\\,/,g')\")\nif [ -x \"$basedir/node\" ]; then\n  exec \"$basedir/node\"  \"$basedir/../eslint/bin/eslint.js\" \"$@\"\nelse\n  exec node  \"$basedir/../eslint/bin/eslint.js\" \"$@\"\nfi\n",
    );
    let runs = machine.runs(&program);
    assert!(
        runs.contains(&"package eslint 9.0.0".to_owned()) && runs.contains(&"program node".to_owned()),
        "{runs:?}"
    );
}

#[test]
fn a_python_tool_brings_the_packages_of_its_environment() {
    let machine = Machine::new();
    machine.file("python/bin/python3.11", "\x7fELF");
    machine.file("venv/pyvenv.cfg", "include-system-site-packages = false\n");
    machine.link("venv/bin/python", "../../python/bin/python3.11");
    machine.file("venv/lib/python3.11/site-packages/checkov/__init__.py", "");
    machine.file("python/lib/python3.11/site-packages/other.py", "");
    machine.file("venv/bin/checkov", "#!{}/venv/bin/python\nfrom checkov import main\n");
    let runs = ["script checkov", "site-packages python3.11/site-packages", "program python3.11"];
    assert_eq!(machine.runs("venv/bin/checkov"), runs);
    // Without an environment: those of the installation.
    machine.file("bin/tool", "#!{}/python/bin/python3.11\n");
    assert_eq!(machine.runs("bin/tool").len(), 3);
}

#[test]
fn the_shim_of_a_version_manager_brings_the_version_that_is_chosen_here() {
    let machine = Machine::new();
    machine.file("bin/bash", "\x7fELF");
    machine.file("pyenv/libexec/pyenv", "#!{}/bin/bash\nexec \"$command\" \"$@\"\n");
    let shim =
        "#!{}/bin/bash\nprogram=\"${0##*/}\"\nexec \"{}/pyenv/libexec/pyenv\" exec \"$program\" \"$@\"\n";
    machine.file("pyenv/shims/tool", shim);
    for version in ["3.11.7", "3.11.10", "3.12.0"] {
        machine.file(&format!("pyenv/versions/{version}/bin/tool"), &format!("\x7fELF {version}"));
    }
    let chosen = || {
        let around = Around { cwd: machine.path("work"), path: machine.path("bin").into() };
        let links = follow(&machine.path("pyenv/shims/tool"), &around)?.links;
        let Subject::File(path) = links.last().unwrap().subject.clone() else { panic!("{links:?}") };
        Ok(path.strip_prefix(machine.path("pyenv/versions")).unwrap().display().to_string())
    };
    assert!(matches!(chosen(), Err(Unfollowable::Unchosen { manager: "pyenv", .. })));
    machine.file("pyenv/version", "3.12.0\n");
    assert_eq!(chosen().unwrap(), "3.12.0/bin/tool");
    machine.file("work/.python-version", "3.11\n");
    assert_eq!(chosen().unwrap(), "3.11.10/bin/tool");

    machine.file(
        "asdf/shims/tool",
        "#!{}/bin/bash\n# asdf-plugin: nodejs 18.1.0\nexec asdf exec \"tool\" \"$@\"\n",
    );
    machine.file("asdf/installs/nodejs/18.1.0/bin/tool", "\x7fELF");
    assert!(matches!(machine.follow("asdf/shims/tool"), Err(Unfollowable::Unchosen { manager: "asdf", .. })));
    machine.file("work/.tool-versions", "python 3.11.7\nnodejs 18.1.0\n");
    assert_eq!(machine.runs("asdf/shims/tool"), ["script tool", "program bash", "program tool"]);
}

#[test]
fn a_program_that_chooses_what_it_starts_is_named_a_chooser() {
    let machine = Machine::new();
    machine.file("bin/rustup", "\x7fELF");
    machine.link("bin/cargo", "rustup");
    assert_eq!(machine.runs("bin/cargo"), ["chooser rustup"]);
    assert_eq!(machine.runs("bin/rustup"), ["program rustup"]);
}

#[test]
fn modules_beside_a_python_script_run_with_it() {
    let machine = Machine::new();
    machine.file("bin/python3", "\x7fELF");
    machine.file("opt/check.py", "#!{}/bin/python3\nimport helper\n");
    machine.file("opt/helper.py", "1");
    machine.file("opt/data.json", "1");
    machine.file("opt/package/__init__.py", "1");
    machine.file("opt/package/part.py", "1");
    machine.link("bin/check", "../opt/check.py");
    assert_eq!(machine.runs("bin/check"), ["script check.py", "program python3", "modules beside check.py"]);
    let hash = || machine.sha256("bin/check", "beside check.py");
    let first = hash();
    machine.file("opt/data.json", "2");
    machine.file("opt/__pycache__/helper.cpython-311.pyc", "2");
    assert_eq!(hash(), first);
    for file in ["opt/helper.py", "opt/package/part.py", "opt/json.py", "opt/fast.so", "opt/new/__init__.py"]
    {
        let before = hash();
        machine.file(file, "2");
        assert_ne!(hash(), before, "{file}");
    }
    // A wrapper that starts it by its path.
    machine.file("bin/sh", "\x7fELF");
    machine.file("bin/wrapped", "#!{}/bin/sh\nexec python3 {}/opt/check.py \"$@\"\n");
    assert!(machine.runs("bin/wrapped").contains(&"modules beside check.py".to_owned()));
    // A folder of programs is not one of modules.
    machine.file("bin/tool", "#!{}/bin/python3\n");
    assert_eq!(machine.not_covered("bin/tool"), ["modules in the folder of tool"]);
}

#[test]
fn what_a_shell_wrapper_sources_runs_with_it() {
    let machine = Machine::new();
    machine.file("bin/sh", "\x7fELF");
    machine.file("bin/real", "\x7fELF");
    machine.file("opt/tool", "#!{}/bin/sh\n. \"$(dirname \"$0\")/lib.sh\"\n. \"$SETTINGS\"\n");
    machine.file("opt/lib.sh", "HERE=$(dirname \"$0\")\nsource \"$HERE/more.sh\"\n");
    machine.file(
        "opt/more.sh",
        "run() { exec real \"$@\"; }\n. ./tool-that-is-not-here.sh\n. \"$HERE/lib.sh\"\n",
    );
    assert_eq!(
        machine.runs("opt/tool"),
        ["script tool", "program sh", "script lib.sh", "script more.sh", "program real"]
    );
    assert_eq!(
        machine.not_covered("opt/tool"),
        [
            "tool sources \"$SETTINGS\"",
            "more.sh sources ./tool-that-is-not-here.sh",
            "more.sh sources \"$HERE/lib.sh\""
        ]
    );
    let before = machine.sha256("opt/tool", "more.sh");
    machine.file("opt/more.sh", "run() { exec real --other; }\n");
    assert_ne!(machine.sha256("opt/tool", "more.sh"), before);
}

#[test]
fn packages_that_are_not_declared_are_named_as_not_covered() {
    let machine = Machine::new();
    machine.file("bin/node", "\x7fELF");
    for (name, needs) in [("@scope/tool", "{\"known\": \"1\"}"), ("known", "{ }"), ("phantom", "{ }")] {
        let manifest = format!("{{\"name\": \"{name}\", \"version\": \"1\", \"dependencies\": {needs}}}");
        machine.file(&format!("work/node_modules/{name}/package.json"), &manifest);
    }
    machine.file("work/node_modules/@scope/tool/cli.js", "#!{}/bin/node\nrequire('phantom')\n");
    assert_eq!(
        machine.runs("work/node_modules/@scope/tool/cli.js"),
        ["script cli.js", "program node", "package @scope/tool 1", "dependencies 1 package"]
    );
    assert_eq!(
        machine.not_covered("work/node_modules/@scope/tool/cli.js"),
        ["packages in node_modules that @scope/tool does not declare"]
    );
}
