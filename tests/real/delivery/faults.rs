//! A registry that misbehaves, behind a proxy: never a false green, and what it asks for is done.

use super::proxy::{Proxy, Trouble, Whose};
use super::{PUSH, docker_config, run_with};
use crate::common::pipeline::{BUILD, Pipeline};
use crate::common::registry::Registry;

/// A pipeline whose registry is behind a proxy; these keys are the push's.
fn behind_a_proxy(keys: &str) -> (Pipeline, Proxy) {
    let registry = Registry::open();
    let proxy = Proxy::before(&registry.address);
    let push = PUSH.replace("REGISTRY", &proxy.address).replace("retries = 0", keys);
    (Pipeline::at(registry, None, &[BUILD, &push]), proxy)
}

fn status(status: u16) -> Trouble {
    Trouble::Status(status, String::new())
}

fn later(status: u16, wait: &str) -> Trouble {
    Trouble::Status(status, format!("Retry-After: {wait}\r\n"))
}

#[test]
fn what_a_registry_answers_in_place_of_a_manifest_is_never_a_pass() {
    let (pipeline, proxy) =
        behind_a_proxy("retries = 1\nretry_delay = '10ms'\nlogin = false\ntimeout = '60s'");
    let config = docker_config(&pipeline, "{}");
    const ALWAYS: usize = 99;
    // The first two questions come before the push, where there is one try: of them, the tag is not there.
    for (after, trouble, met, words) in [
        (0, status(401), 1, "requires a login: `login = false` is for registries that anyone may read"),
        (0, status(403), 1, "does not allow its images to be read (status 403)"),
        (0, status(429), 2, "after 2 tries: "),
        (0, later(429, "3600"), 1, "answered 429 when it was asked for"),
        (0, later(503, "Tue, 31 Dec 2199 23:59:59 GMT"), 1, "the server asks to wait"),
        (0, status(500), 2, "answered 500 when it was asked for"),
        (0, status(302), 1, "answered 302 when it was asked for"),
        (0, Trouble::Cut, 2, "after 2 tries: "),
        (1, Trouble::AlteredUnsaid(b'V', b'W'), 1, ", but the registry holds sha256:"),
    ] {
        proxy.misbehave(Whose::Portcullis, after, ALWAYS, trouble.clone());
        let ran = run_with(&pipeline, &config, |_| {});
        let (outcome, reason) = pipeline.came_of("push");
        assert_eq!((ran.code, &*outcome), (3, "inconclusive"), "{trouble:?}: {reason}; {}", ran.all());
        assert!(reason.contains(words), "{trouble:?}: {reason}");
        assert_eq!(proxy.met(), met, "{trouble:?}: {reason}");
        // Nothing was pushed before the registry was read; a cut answer is one of "not there".
        assert_eq!(pipeline.registry.tags(&pipeline.name), after, "{trouble:?}");
    }
    // All is well again: what was pushed is found.
    proxy.misbehave(Whose::Portcullis, 0, 0, Trouble::Never);
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 0, "{}", ran.all());
}

/// The letter is that of `schemaVersion`, which no digest has.
#[test]
fn an_answer_that_is_not_what_its_header_says_was_altered_and_nobody_removes_an_image() {
    const OTHER: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    for (trouble, words) in [
        (Trouble::Altered(b'V', b'W'), "was altered on its way: its digest is sha256:"),
        (Trouble::Said(OTHER), "was altered on its way: its digest is sha256:000"),
        (
            Trouble::Said("md5:900150983cd24fb0d6963f7d28e17f72"),
            "a header Docker-Content-Digest that is no digest",
        ),
        (Trouble::Said(""), "a header Docker-Content-Digest that is no digest"),
    ] {
        let (pipeline, proxy) = behind_a_proxy("retries = 1\nretry_delay = '10ms'\nlogin = false");
        let config = docker_config(&pipeline, "{}");
        // Once after the push, once before it would push.
        for after in [1, 0] {
            proxy.misbehave(Whose::Portcullis, after, 99, trouble.clone());
            let ran = run_with(&pipeline, &config, |_| {});
            let (outcome, reason) = pipeline.came_of("push");
            assert_eq!((ran.code, &*outcome), (3, "inconclusive"), "{trouble:?}: {reason}; {}", ran.all());
            assert!(reason.contains(words), "{trouble:?}: {reason}");
            assert!(!ran.all().contains("skopeo") && !reason.contains("remove"), "{trouble:?}: {reason}");
            assert_eq!((proxy.met(), pipeline.registry.tags(&pipeline.name)), (1, 1), "{trouble:?}");
            assert!(pipeline.project.gate("push")["targets"][0]["outputs"].is_null());
        }
        proxy.misbehave(Whose::Portcullis, 0, 0, Trouble::Never);
        assert_eq!(run_with(&pipeline, &config, |_| {}).code, 0);
    }
}

#[test]
fn an_answer_that_was_altered_is_neither_fetched_nor_built_anew() {
    let registry = Registry::open();
    let proxy = Proxy::before(&registry.address);
    let fetch = format!("context = 'app', fetch = '{}/NAME' }}", proxy.address);
    let build = BUILD.replace("context = 'app' }", &fetch);
    let push = PUSH.replace("REGISTRY", &proxy.address) + "login = false\n";
    let pipeline = Pipeline::at(registry, None, &[&build, &push]);
    let config = docker_config(&pipeline, "{}");
    assert_eq!(run_with(&pipeline, &config, |_| {}).code, 0);
    proxy.misbehave(Whose::Portcullis, 0, 1, Trouble::Altered(b'V', b'W'));
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!((ran.code, proxy.met()), (3, 1), "{}", ran.all());
    let reason = pipeline.came_of("images").1;
    assert!(
        reason.contains("it is not known whether") && reason.contains("was altered on its way"),
        "{reason}"
    );
}

#[test]
fn a_registry_that_never_answers_takes_no_longer_than_the_gate_has() {
    let (pipeline, proxy) = behind_a_proxy("retries = 1\nlogin = false\ntimeout = '10s'");
    proxy.misbehave(Whose::Portcullis, 0, 99, Trouble::Never);
    let ran = run_with(&pipeline, &docker_config(&pipeline, "{}"), |_| {});
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = pipeline.came_of("push").1;
    assert!(reason.contains("did not answer within"), "{reason}");
    assert_eq!(pipeline.registry.tags(&pipeline.name), 0);
}

#[test]
fn a_registry_that_asks_to_wait_is_asked_again_no_sooner() {
    let (pipeline, proxy) = behind_a_proxy("retries = 1\nretry_delay = '10ms'\nlogin = false");
    proxy.misbehave(Whose::Portcullis, 0, 1, later(429, "2"));
    let ran = run_with(&pipeline, &docker_config(&pipeline, "{}"), |_| {});
    assert_eq!(ran.code, 0, "{}", ran.all());
    let target = &pipeline.project.gate("push")["targets"][0];
    assert_eq!((target["tries"].as_u64(), proxy.met()), (Some(2), 1));
    assert!(target["duration_ms"].as_u64().unwrap() >= 2000, "{target}");
}

#[test]
fn what_docker_is_answered_is_never_a_pass_either() {
    let (pipeline, proxy) = behind_a_proxy("retries = 0\nlogin = false");
    let config = docker_config(&pipeline, "{}");
    for (trouble, words) in
        [(status(401), "the push of"), (status(403), "was refused"), (status(400), "the push of")]
    {
        proxy.misbehave(Whose::Docker, 0, 99, trouble.clone());
        let ran = run_with(&pipeline, &config, |_| {});
        let (outcome, reason) = pipeline.came_of("push");
        assert_eq!((ran.code, &*outcome), (3, "inconclusive"), "{trouble:?}: {reason}; {}", ran.all());
        assert!(reason.contains(words) && proxy.met() > 0, "{trouble:?}: {reason}");
        assert_eq!(pipeline.registry.tags(&pipeline.name), 0);
    }
}
