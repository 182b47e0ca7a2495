//! `docker-build` without an engine, and with a script instead of one. `tests/real/images.rs` uses real
//! engines.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::Ran;
use crate::common::images::{ENGINES, project, target, which};

#[test]
fn a_missing_engine_is_reported_with_where_to_get_it() {
    for engine in ENGINES {
        let project = project(engine, "portcullis-test/none", "");
        let git = which("git");
        let output =
            project.command(&["run"]).env("PATH", git.parent().unwrap().join("nothing")).output().unwrap();
        let ran = Ran::of(output);
        assert_eq!(ran.code, 3, "{}", ran.all());
        let reason = project.gate("images")["reason"].as_str().unwrap().to_owned();
        assert!(reason.starts_with(&format!("{engine} is not installed")), "{reason}");
        assert!(reason.contains("podman.io"), "{reason}");
    }
}

/// No package that the tests can install has buildx, so a script takes its place.
#[test]
fn the_digest_that_buildx_reports_is_recorded() {
    let project = project("docker", "portcullis-test/digest", "");
    let (id, digest) = ("a".repeat(64), "b".repeat(64));
    project.program(
        "docker",
        &format!(
            "case \"$*\" in --version) echo 'Docker version 28.2.2'; exit;; *--help) echo '  --metadata-file string'; exit;; esac\n\
             [ \"$DOCKER_BUILDKIT\" = 1 ] || exit 9\n\
             while [ $# -gt 0 ]; do case $1 in --iidfile) id=$2;; --metadata-file) metadata=$2;; esac; shift; done\n\
             printf 'sha256:{id}' > \"$id\"\n\
             printf '{{\"containerimage.config.digest\":\"sha256:{id}\",\"containerimage.digest\":\"sha256:{digest}\"}}' > \"$metadata\"\n\
             echo '#5 naming to docker.io/library/x done' >&2"
        ),
    );
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(target(&project)["image_id"], format!("sha256:{id}"));
    assert_eq!(target(&project)["image_digest"], format!("sha256:{digest}"));
}

/// As podman 4.3.1 says it when another process removes any image while it looks through those it has.
const LOST: &str =
    "Error: checking if cached image exists from a previous build: getting top layer info: layer not known";

#[test]
fn a_build_beside_which_images_are_removed_is_tried_again_and_never_passes_without_one() {
    for (failures, tries) in [(1, 2), (9, 3)] {
        let project = project("podman", "portcullis-test/lost", "");
        let gates = project.read("gates.toml").replace("engine =", "retry_delay = '10ms'\nengine =");
        project.write("gates.toml", gates);
        let id = "a".repeat(64);
        project.program(
            "podman",
            &format!(
                "case \"$*\" in --version) echo 'podman version 4.3.1'; exit;; esac\n\
                 n=$(ls -d {folder}/try-* 2>/dev/null | wc -l); mkdir {folder}/try-$n\n\
                 [ $n -ge {failures} ] || {{ echo 'STEP 1/4: FROM scratch'; echo '{LOST}' >&2; exit 125; }}\n\
                 while [ $# -gt 0 ]; do case $1 in --iidfile) printf 'sha256:{id}' > \"$2\";; esac; shift; done\n\
                 echo 'Successfully tagged localhost/portcullis-test/lost:1' >&2",
                folder = project.bin().display()
            ),
        );
        let ran = project.run(&["run"]);
        assert_eq!(target(&project)["tries"], tries, "{}", ran.all());
        if failures < tries {
            assert_eq!(ran.code, 0, "{}", ran.all());
            assert_eq!(target(&project)["image_id"], format!("sha256:{id}"));
            continue;
        }
        assert_eq!(ran.code, 3, "{}", ran.all());
        let reason = project.gate("images")["reason"].as_str().unwrap().to_owned();
        assert!(reason.contains("after 3 tries") && reason.contains("Remove none"), "{reason}");
    }
}

/// `git status` does not speak of files that it is told to overlook.
#[test]
fn a_change_that_git_was_told_to_overlook_makes_the_tag_dirty() {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    let project = project("docker", "portcullis-test/marked", "");
    let root = project.root();
    let all = ["app.js", "lib a.js", "crlf.txt", "link"];
    for name in &all[..3] {
        project.write(name, "one\r\n");
    }
    project.write(".gitattributes", "crlf.txt text\n");
    symlink("app.js", root.join("link")).unwrap();
    project.git(&["init", "--quiet"]);
    project.commit("one");
    let is_dirty = || {
        let plan = project.run(&["plan"]);
        assert!(plan.stdout.contains("portcullis-test/marked:"), "{}", plan.all());
        plan.stdout.contains("-dirty")
    };
    assert!(!is_dirty());
    let link_to = |to: &str| {
        fs::remove_file(root.join("link")).unwrap();
        symlink(to, root.join("link")).unwrap();
    };
    let file = root.join("lib a.js");
    for mark in ["assume-unchanged", "skip-worktree"] {
        project.git(&[&["update-index", &format!("--{mark}"), "--"][..], &all].concat());
        // The mark alone changes nothing, and neither do line ends that git turns.
        assert!(!is_dirty(), "{mark}");
        fs::write(&file, "two\r\n").unwrap();
        assert!(is_dirty(), "{mark}");
        fs::write(&file, "one\r\n").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
        assert!(is_dirty(), "{mark}");
        fs::remove_file(&file).unwrap();
        assert!(is_dirty(), "{mark}");
        fs::write(&file, "one\r\n").unwrap();
        link_to("lib a.js");
        assert!(is_dirty(), "{mark}");
        link_to("app.js");
        assert!(!is_dirty(), "{mark}");
        project.git(&[&["update-index", &format!("--no-{mark}"), "--"][..], &all].concat());
    }
    // What a sparse checkout leaves out is no change. Git leaves no file out that may have changed.
    project.git(&["update-index", "--refresh"]);
    project.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/link"]);
    assert!(!root.join("link").exists());
    assert!(!is_dirty());
}
