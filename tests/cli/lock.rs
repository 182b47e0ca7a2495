//! gates.lock: a gate starts only the programs that the project has locked.
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::common::{Project, Ran};

/// A project with one gate. Its program writes a file when it is started.
struct Site(Project);

const GATE: &str = "[[gate]]\nid = \"tests\"\ntool = \"command\"\nrun = [\"scan\"]\n";

impl Site {
    fn new(mode: &str) -> Self {
        let site = Self(Project::with_gates(&format!("version = 1\nmode = \"{mode}\"\n{GATE}")));
        site.0.program("scan", "echo real >started");
        site
    }

    fn tamper(&self) {
        self.0.program("scan", "echo tampered >started");
    }

    /// Where the hashes of this user are cached: in the folder of the test.
    fn cache(&self) -> PathBuf {
        self.0.bin().with_file_name("cache")
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.0.command(args).env("XDG_CACHE_HOME", self.cache()).output().unwrap())
    }

    /// Runs it and checks the exit code.
    fn must(&self, code: i32, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.all());
        ran
    }

    /// What the gate's program wrote, if it was started since the last call.
    fn started(&self) -> Option<String> {
        let mark = self.0.root().join("started");
        let text = fs::read_to_string(&mark).ok()?;
        fs::remove_file(mark).unwrap();
        Some(text.trim().to_owned())
    }

    fn reason(&self) -> String {
        self.0.gate("tests")["reason"].as_str().unwrap().to_owned()
    }
}

fn executable(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The `sha256 = "…"` of the first tool of a gates.lock.
fn first_hash(lock: &str) -> String {
    let line = lock.lines().find_map(|line| line.strip_prefix("sha256 = ")).unwrap();
    line.trim_matches('"').to_owned()
}

#[test]
fn a_tampered_tool_is_not_started_in_production() {
    let site = Site::new("production");
    let locked = site.must(0, &["lock"]);
    assert!(locked.stdout.contains("+ scan"), "{}", locked.all());
    assert_eq!(site.started(), None, "locking starts nothing");
    site.must(0, &["run"]);
    assert_eq!(site.started().as_deref(), Some("real"));
    assert_eq!(
        (&site.0.record()["lock"], &site.0.gate("tests")["lock"]),
        (&"locked".into(), &"locked".into())
    );
    let before = first_hash(&site.0.read("gates.lock"));
    assert_eq!(site.0.gate("tests")["tool_sha256"], before.as_str());

    site.tamper();
    let ran = site.must(3, &["run"]);
    assert_eq!(site.started(), None, "{}", ran.all());
    assert_eq!(site.0.gate("tests")["outcome"], "inconclusive");
    assert_eq!(
        (&site.0.record()["lock"], &site.0.gate("tests")["lock"]),
        (&"differs".into(), &"differs".into())
    );
    let here = site.0.gate("tests")["tool_sha256"].as_str().unwrap().to_owned();
    let reason = site.reason();
    for words in [&before, &here, "`portcullis lock`", "script scan differs"] {
        assert!(reason.contains(words), "{words} in {reason}");
    }
    let checked = site.must(3, &["lock", "--check"]);
    assert!(checked.stdout.contains(&before) && checked.stdout.contains(&here), "{}", checked.all());

    // The change is intended.
    let locked = site.must(0, &["lock"]);
    assert!(locked.stdout.contains("~ scan"), "{}", locked.all());
    site.must(0, &["run"]);
    assert_eq!(site.started().as_deref(), Some("tampered"));
}

#[test]
fn in_lab_a_tampered_tool_runs_and_the_verdict_is_that_of_production() {
    let site = Site::new("lab");
    site.must(0, &["lock"]);
    site.tamper();
    let ran = site.must(0, &["run"]);
    assert_eq!(site.started().as_deref(), Some("tampered"));
    assert_eq!(
        (&site.0.record()["would_block"], &site.0.record()["verdict"]),
        (&true.into(), &"inconclusive".into())
    );
    assert!(site.reason().starts_with("production would not start it"), "{}", ran.all());
    site.must(3, &["judge", "--from", "gates-report/run.json", "--mode", "production"]);
}

#[test]
fn a_tool_that_is_not_in_the_lock_is_not_started() {
    let site = Site::new("production");
    site.must(0, &["lock"]);
    let gates = site.0.read("gates.toml");
    site.0.write("gates.toml", format!("{gates}{}", GATE.replace("tests", "more").replace("scan", "other")));
    site.0.program("other", "touch other-started");
    site.must(3, &["run"]);
    assert!(!site.0.root().join("other-started").exists());
    let reason = site.0.gate("more")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("other is not in gates.lock"), "{reason}");
    assert_eq!((&site.0.gate("tests")["outcome"], site.started()), (&"passed".into(), Some("real".into())));

    // The reverse: a locked tool that no gate needs any more.
    site.must(0, &["lock"]);
    site.0.write("gates.toml", gates);
    let checked = site.must(3, &["lock", "--check"]);
    assert!(checked.stdout.contains("no gate starts it"), "{}", checked.all());
}

#[test]
fn a_refused_tool_is_not_even_started_for_its_version() {
    let project = Project::with_gates(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"secrets\"\ntool = \"gitleaks\"\nscan = \"tree\"\n",
    );
    let site = Site(project);
    site.0.program("gitleaks", "echo 8.30.1");
    site.must(0, &["lock"]);
    assert!(site.0.read("gates.lock").contains("version = \"8.30.1\""));
    site.0.program("gitleaks", "echo called >started; echo 8.30.1");
    for args in [&["run"][..], &["lock", "--check"]] {
        site.must(3, args);
        assert_eq!(site.started(), None, "{args:?}");
    }
}

#[test]
fn a_change_by_an_earlier_gate_is_noticed() {
    let site = Site::new("production");
    let bin = site.0.bin();
    site.0.program("install", &format!("printf '#!/bin/sh\\ntouch started\\n' >{}/scan", bin.display()));
    site.0.write(
        "gates.toml",
        format!(
            "version = 1\nmode = \"production\"\n[[gate]]\nid = \"install\"\ntool = \"command\"\nrun = [\"install\"]\n{}",
            GATE.replace("run =", "needs = [\"install\"]\nrun =")
        ),
    );
    site.must(0, &["lock"]);
    site.must(3, &["run"]);
    assert_eq!((&site.0.gate("install")["outcome"], site.started()), (&"passed".into(), None));
}

#[test]
fn wrappers_links_and_interpreters_are_pinned_with_what_they_start() {
    let site = Site::new("production");
    let real = site.0.bin().with_file_name("opt/real");
    executable(&real, "#!/bin/sh\necho real >started\n");
    site.0.program("wrapper", &format!("exec {} \"$@\"", real.display()));
    fs::remove_file(site.0.bin().join("scan")).unwrap();
    symlink("wrapper", site.0.bin().join("scan")).unwrap();
    site.must(0, &["lock"]);
    let lock = site.0.read("gates.lock");
    for part in ["name = \"wrapper\"", "what = \"program\"", "name = \"real\""] {
        assert!(lock.contains(part), "{part} in\n{lock}");
    }
    site.must(0, &["run"]);
    site.started().unwrap();
    executable(&real, "#!/bin/sh\necho tampered >started\n");
    site.must(3, &["run"]);
    assert_eq!(site.started(), None);
    assert!(site.reason().contains("script real differs"), "{}", site.reason());
    executable(&real, "#!/bin/sh\necho real >started\n");

    // The interpreter that env finds.
    let shell = site.0.bin().join("own-shell");
    fs::copy("/bin/sh", &shell).unwrap();
    executable(&site.0.bin().join("wrapper"), "#!/usr/bin/env own-shell\necho env >started\n");
    site.must(0, &["lock"]);
    site.must(0, &["run"]);
    assert_eq!(site.started().as_deref(), Some("env"));
    executable(&shell, "#!/bin/sh\necho tampered >started\n");
    site.must(3, &["run"]);
    assert_eq!(site.started(), None);
}

#[test]
fn a_tool_of_node_modules_is_pinned_with_its_package() {
    let site = Site(Project::with_gates(
        "version = 1\nmode = \"production\"\n[[gate]]\nid = \"tests\"\ntool = \"tsc\"\ndirs = [\"backend\"]\n",
    ));
    let modules = site.0.root().join("backend/node_modules");
    executable(
        &modules.join("typescript/bin/tsc"),
        "#!/bin/sh\necho started >started\n. \"${0%/*}\"/../typescript/lib/tsc.sh\n",
    );
    fs::create_dir_all(modules.join("typescript/lib")).unwrap();
    let library = modules.join("typescript/lib/tsc.sh");
    fs::write(&library, "printf '/repo/a.ts\\nFiles: 1\\nTotal time: 0.1s\\n'\n").unwrap();
    fs::write(modules.join("typescript/package.json"), r#"{"name":"typescript","version":"5.9.3"}"#).unwrap();
    fs::create_dir_all(modules.join(".bin")).unwrap();
    symlink("../typescript/bin/tsc", modules.join(".bin/tsc")).unwrap();

    site.must(0, &["lock"]);
    let lock = site.0.read("gates.lock");
    for line in ["name = \"tsc\"", "in = \"backend\"", "version = \"5.9.3\"", "name = \"typescript 5.9.3\""] {
        assert!(lock.contains(line), "{line} in\n{lock}");
    }
    site.must(0, &["run"]);
    assert_eq!(site.0.gate("tests")["tool_version"], "5.9.3");
    fs::remove_file(site.0.root().join("backend/started")).unwrap();
    // Not the entry file, but a file that it loads.
    fs::write(&library, "echo /repo/b.ts\n").unwrap();
    site.must(3, &["run"]);
    assert!(!site.0.root().join("backend/started").exists());
    let differ = "package typescript 5.9.3, script tsc.sh differ";
    assert!(site.reason().contains(differ), "{}", site.reason());

    // A program of the same name from another folder is another tool.
    fs::remove_file(modules.join(".bin/tsc")).unwrap();
    site.0.program("tsc", "echo started >started");
    site.must(3, &["run"]);
    assert!(site.reason().contains("tsc is not in gates.lock"), "{}", site.reason());
}

#[test]
fn a_wrapper_is_pinned_with_what_it_sources_and_the_rest_is_listed() {
    let site = Site::new("production");
    let library = site.0.bin().join("lib.sh");
    fs::write(&library, "work() { echo real >started; }\n").unwrap();
    site.0.program("scan", ". \"$(dirname \"$0\")/lib.sh\"\n[ -z \"$EXTRA\" ] || . \"$EXTRA\"\nwork");
    let locked = site.must(0, &["lock"]);
    assert!(locked.stdout.contains("not pinned: scan sources \"$EXTRA\""), "{}", locked.all());
    let lock = site.0.read("gates.lock");
    assert!(lock.contains(r#"not_covered = ["scan sources \"$EXTRA\""]"#), "{lock}");
    site.must(0, &["run"]);
    assert_eq!(site.started().as_deref(), Some("real"));

    fs::write(&library, "work() { echo tampered >started; }\n").unwrap();
    site.must(3, &["run"]);
    assert_eq!(site.started(), None);
    assert!(site.reason().contains("script lib.sh differs"), "{}", site.reason());
}

#[test]
fn without_a_lock_the_summary_says_so_unless_one_is_required() {
    let site = Site::new("production");
    let ran = site.must(0, &["run"]);
    assert!(ran.stdout.contains("Tools: unlocked"), "{}", ran.all());
    assert_eq!(site.0.record()["lock"], "unlocked");
    assert_eq!(site.started().as_deref(), Some("real"));

    site.0.write("gates.toml", format!("version = 1\nrequire_lock = true\n{GATE}"));
    let ran = site.must(2, &["run"]);
    assert!(ran.stderr.contains("require_lock") && ran.stderr.contains("`portcullis lock`"), "{}", ran.all());
    assert_eq!(site.started(), None);
    site.must(0, &["lock"]);
    let ran = site.must(0, &["run"]);
    assert!(!ran.stdout.contains("unlocked"), "{}", ran.all());
}

#[test]
fn a_broken_lock_does_not_count_as_absent() {
    let site = Site::new("production");
    site.0.write("gates.lock", "version = 1\n[[tool]\n");
    let ran = site.must(2, &["run"]);
    assert!(ran.stderr.contains("gates.lock") && ran.stderr.contains("line 2"), "{}", ran.all());
    assert_eq!(site.started(), None);
    site.must(2, &["lock", "--check"]);
    fs::remove_file(site.0.root().join("gates.lock")).unwrap();
    symlink("nowhere", site.0.root().join("gates.lock")).unwrap();
    site.must(2, &["run"]);
    assert_eq!(site.started(), None);
    site.must(0, &["lock"]);
    site.must(0, &["run"]);
}

#[test]
fn a_missing_tool_is_reported_and_nothing_is_written() {
    let site = Site::new("lab");
    site.must(0, &["lock"]);
    let before = site.0.read("gates.lock");
    let gates = site.0.read("gates.toml");
    site.0.write(
        "gates.toml",
        format!("{gates}[[gate]]\nid = \"lint\"\ntool = \"eslint\"\nprogram = \"no-such-eslint\"\n"),
    );
    let ran = site.must(2, &["lock"]);
    assert!(
        ran.stderr.contains("no-such-eslint is missing") && ran.stderr.contains("npm install"),
        "{}",
        ran.all()
    );
    assert_eq!(site.0.read("gates.lock"), before);
    site.must(3, &["lock", "--check"]);
}

#[test]
fn the_lock_of_another_platform_is_kept_and_does_not_count_here() {
    let site = Site::new("production");
    let foreign = format!(
        "version = 1\n\n[[tool]]\nname = \"scan\"\nplatform = \"plan9-mips\"\nsha256 = \"{0}\"\n\n[[tool]]\nname = \"gone\"\nplatform = \"plan9-mips\"\nsha256 = \"{0}\"\n",
        "a".repeat(64)
    );
    site.0.write("gates.lock", foreign);
    site.must(3, &["run"]);
    assert_eq!(site.started(), None);
    site.must(3, &["lock", "--check"]);
    site.must(0, &["lock"]);
    let lock = site.0.read("gates.lock");
    assert!(lock.contains("plan9-mips") && !lock.contains("gone"), "{lock}");
    site.must(0, &["run"]);
    site.must(0, &["lock", "--check"]);
    // The same tools give the same bytes.
    site.must(0, &["lock"]);
    assert_eq!(site.0.read("gates.lock"), lock);
}

#[test]
fn verify_ignores_cached_hashes() {
    let site = Site::new("production");
    site.must(0, &["lock"]);
    let lock = site.0.read("gates.lock");
    // A changed tool is cached (once its times have settled) …
    site.tamper();
    std::thread::sleep(std::time::Duration::from_secs(4));
    site.must(3, &["lock", "--check"]);
    let cache = site.cache().join("portcullis/tools.json");
    let remembered = fs::read_to_string(&cache).unwrap();
    // … and the cache is forged to give the locked hash.
    let script = |lock: &str| {
        let line = lock.lines().find(|line| line.contains("what = \"script\"")).unwrap().to_owned();
        line.split('"').rev().nth(1).unwrap().to_owned()
    };
    site.must(0, &["lock"]);
    let tampered = script(&site.0.read("gates.lock"));
    assert!(remembered.contains(&tampered), "{remembered}");
    site.0.write("gates.lock", &lock);
    fs::write(&cache, remembered.replace(&tampered, &script(&lock))).unwrap();

    // Size, time and inode match, and the cache knows nothing else: so far it can be fooled.
    site.must(0, &["run"]);
    assert_eq!(site.started().as_deref(), Some("tampered"));
    site.must(3, &["run", "--verify"]);
    assert_eq!(site.started(), None);
    site.must(3, &["lock", "--check", "--verify"]);

    // A broken cache is ignored.
    fs::write(&cache, "{").unwrap();
    site.must(3, &["run"]);
}

#[test]
fn the_cache_is_never_in_the_repository() {
    let site = Site::new("lab");
    let inside = site.0.root().join("cache");
    let output = site.0.command(&["lock"]).env("XDG_CACHE_HOME", &inside).output().unwrap();
    assert!(output.status.success());
    assert!(!inside.exists());
}
