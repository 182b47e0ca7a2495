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
