//! Tags that move are written from the manifest that was read and proved, not by the engine: nobody can get in between.

use std::process::Command;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::keys::Authority;
use super::proxy::{Proxy, Trouble, Whose};
use super::{PUSH, docker_config, login, run_with, tokens};
use crate::common::aws::PASSWORD;
use crate::common::pipeline::{BUILD, Pipeline, docker, real_docker};
use crate::common::registry::Registry;

const MOVING: &str = "moving_tags = ['latest', 'stable']\n";

#[test]
fn an_image_that_gets_the_name_of_the_moving_tag_is_not_pushed_under_it() {
    for engine in ["docker", "podman"] {
        if !Command::new(engine).arg("info").output().is_ok_and(|output| output.status.success()) {
            continue;
        }
        let with = |gate: &str| format!("{gate}engine = '{engine}'\n");
        let registry = Registry::open();
        let proxy = Proxy::before(&registry.address);
        let push = with(&PUSH.replace("REGISTRY", &proxy.address)) + "login = false\n" + MOVING;
        let pipeline = Pipeline::at(registry, None, &[&with(BUILD), &push]);
        let wrong = format!("{}:wrong", pipeline.name);
        pipeline.build_another(&wrong);
        // Whenever the engine pushes, every moving tag of this machine means another image.
        let latest = format!("{}/{}", proxy.address, pipeline.name);
        if engine == "docker" {
            let script = format!(
                "real={}\nif [ \"$1\" = push ]; then for tag in latest stable; do \"$real\" tag {wrong} {latest}:$tag; done; fi\n\
                 exec \"$real\" \"$@\"",
                real_docker()
            );
            pipeline.project.program("docker", &script);
        }
        let ran = run_with(&pipeline, &docker_config(&pipeline, "{}"), |_| {});
        assert_eq!(ran.code, 0, "{engine}: {}", ran.all());
        let digest = pipeline.pushed();
        for tag in ["latest", "stable"] {
            assert_eq!(pipeline.registry.digest(&pipeline.name, tag), digest, "{engine} {tag}");
        }
        let name = &pipeline.name;
        let written = proxy.written();
        assert_eq!(
            written[written.len() - 2..],
            ["latest", "stable"].map(|tag| (Whose::Portcullis, format!("{name}:{tag}"))),
            "{engine}"
        );
        assert!(written[..written.len() - 2].iter().all(|(who, _)| *who == Whose::Docker), "{written:?}");
        // Again: nothing is left to do.
        let ran = run_with(&pipeline, &docker_config(&pipeline, "{}"), |_| {});
        assert_eq!((ran.code, proxy.written()), (0, vec![]), "{engine}: {}", ran.all());
        if engine == "podman" {
            let _ = Command::new("podman").args(["image", "rm", "--force", &pipeline.image()]).output();
        }
        docker(&["image", "rm", "--force", "--no-prune", &wrong]);
    }
}

#[test]
fn a_tag_that_moved_meanwhile_moves_no_other() {
    // What Portcullis asks for, in turn: the commit's tag, the same after the push; then `latest`, and the commit's tag once more.
    for (after, trouble, words) in [
        (3, Trouble::Status(404, String::new()), "nothing moved: "),
        (3, Trouble::Altered(b'V', b'W'), "was altered on its way"),
        // By its digest, then the PUT, then the tag again.
        (4, Trouble::AlteredUnsaid(b'V', b'W'), "was altered on its way"),
        (5, Trouble::Status(403, String::new()), "does not allow latest to be written (status 403)"),
        (
            5,
            Trouble::Said("sha256:0000000000000000000000000000000000000000000000000000000000000000"),
            "for latest was altered",
        ),
        (6, Trouble::Altered(b'V', b'W'), "for latest was altered on its way"),
    ] {
        let registry = Registry::open();
        let proxy = Proxy::before(&registry.address);
        let push = PUSH.replace("REGISTRY", &proxy.address) + "login = false\nmoving_tags = ['latest']\n";
        let pipeline = Pipeline::at(registry, None, &[BUILD, &push]);
        proxy.misbehave(Whose::Portcullis, after, 1, trouble.clone());
        let ran = run_with(&pipeline, &docker_config(&pipeline, "{}"), |_| {});
        assert_eq!((ran.code, proxy.met()), (3, 1), "{trouble:?}: {}", ran.all());
        let reason = pipeline.came_of("push").1;
        assert!(reason.contains(words), "{after} {trouble:?}: {reason}");
        let has_moved = pipeline.registry.digest(&pipeline.name, "latest").is_some();
        assert_eq!(
            has_moved,
            !matches!((after, &trouble), (..5, _) | (5, Trouble::Status(..))),
            "{after} {trouble:?}"
        );
    }
}

#[test]
fn a_tag_that_could_not_be_written_is_written_at_the_next_try() {
    let registry = Registry::open();
    let proxy = Proxy::before(&registry.address);
    let push =
        PUSH.replace("REGISTRY", &proxy.address).replace("retries = 0", "retries = 1\nretry_delay = '10ms'");
    let pipeline =
        Pipeline::at(registry, None, &[BUILD, &format!("{push}login = false\nmoving_tags = ['latest']\n")]);
    // The PUT.
    proxy.misbehave(Whose::Portcullis, 5, 1, Trouble::Status(503, String::new()));
    let ran = run_with(&pipeline, &docker_config(&pipeline, "{}"), |_| {});
    assert_eq!((ran.code, proxy.met()), (0, 1), "{}", ran.all());
    let targets = pipeline.project.gate("push")["targets"].clone();
    assert_eq!([&targets[0]["tries"], &targets[1]["tries"]], [1, 2]);
    assert_eq!(pipeline.registry.digest(&pipeline.name, "latest"), pipeline.pushed());
}

#[test]
fn a_password_and_a_token_move_tags_too() {
    let pipeline = Pipeline::at(Registry::of_user("ada"), None, &[BUILD, &format!("{PUSH}{MOVING}")]);
    let config = docker_config(&pipeline, &login(&pipeline.registry.address, "ada"));
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(pipeline.registry.digest(&pipeline.name, "stable"), pipeline.pushed());

    let authority = Arc::new(Authority::new());
    let basic = format!("Basic {}", STANDARD.encode(format!("ada:{PASSWORD}")));
    let server = tokens::serve(authority.clone(), basic, "none".to_owned());
    let registry = Registry::with_tokens(&server.realm, &authority.path("ca.crt"));
    let pipeline = Pipeline::at(registry, None, &[BUILD, &format!("{PUSH}{MOVING}")]);
    let config = docker_config(&pipeline, &login(&pipeline.registry.address, "ada"));
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 0, "{} {:?}", ran.all(), server.asked.lock().unwrap());
    assert_eq!(pipeline.registry.digest(&pipeline.name, "stable"), pipeline.pushed());
    // Only who moves a tag asks for the right to push.
    let asked = server.asked.lock().unwrap().clone();
    let ours: Vec<&str> = asked
        .iter()
        .map(|(line, ..)| line.as_str())
        .filter(|line| line.contains("client_id=portcullis"))
        .collect();
    let pushes = |line: &&&str| line.contains("%3Apull%2Cpush&");
    assert!(ours.iter().any(|line| pushes(&line)) && !ours.iter().all(|line| pushes(&line)), "{ours:?}");
}
