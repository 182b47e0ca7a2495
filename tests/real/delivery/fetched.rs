//! An image that an earlier run has pushed is asked for as a push asks: with the engine's logins, the same certificates, and the
//! pauses that the registry wants.

#![allow(clippy::disallowed_methods, reason = "the engines are asked what they have")]

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use super::keys::Authority;
use super::proxy::{Proxy, Trouble, Whose};
use super::{PUSH, docker_config, login, run_with};
use crate::common::Ran;
use crate::common::pipeline::{BUILD, Pipeline, real_docker};
use crate::common::registry::Registry;
use crate::repeated_delivery::forget;

/// A build that differs each time, unless the registry has the image.
fn build(scheme: &str) -> String {
    BUILD.replace(
        "context = 'app' }",
        &format!("context = 'app', no_cache = true, fetch = '{scheme}REGISTRY/NAME' }}"),
    )
}

/// Pushes with one run, and fetches with another on a machine that has not built it.
fn again(pipeline: &Pipeline, forget: impl Fn(&Pipeline), run: impl Fn() -> Ran) {
    let ran = run();
    assert_eq!(ran.code, 0, "{}", ran.all());
    let digest = pipeline.pushed().unwrap();
    forget(pipeline);
    let ran = run();
    assert_eq!(ran.code, 0, "{}", ran.all());
    let target = &pipeline.project.gate("images")["targets"][0];
    assert!(target["proof"].to_string().contains("has from this commit"), "{target}");
    assert_eq!(target["image_digest"], digest.as_str());
    assert_eq!(pipeline.pushed().unwrap(), digest);
}

#[test]
fn the_login_of_the_engine_counts_for_a_fetch() {
    let pipeline = Pipeline::at(Registry::of_user("ada"), None, &[&build(""), PUSH]);
    let config = docker_config(&pipeline, &login(&pipeline.registry.address, "ada"));
    again(&pipeline, forget, || run_with(&pipeline, &config, |_| {}));
    // Without a login nobody knows what is there, so nothing is built either.
    let config = docker_config(&pipeline, "{}");
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = pipeline.came_of("images").1;
    assert!(
        reason.contains("it is not known whether") && reason.contains("requires a login: `docker login"),
        "{reason}"
    );
}

/// The first build fails as the classic builder does when somebody removes images meanwhile.
#[test]
fn a_build_that_lost_an_image_is_tried_again_where_one_might_have_been_fetched() {
    let pipeline = Pipeline::plain(&[&build("http://"), "retry_delay = '10ms'\n"]);
    let script = format!(
        "if [ \"$1 $2\" = 'build --iidfile' ] && mkdir {}; then echo 'No such image: sha256:784a' >&2; exit 1; fi\nexec {} \"$@\"",
        pipeline.project.bin().join("lost").display(),
        real_docker()
    );
    pipeline.project.program("docker", &script);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(pipeline.project.gate("images")["targets"][0]["tries"], 2);
}

#[test]
fn a_fetch_trusts_whom_a_push_trusts() {
    let authority = Authority::new();
    authority.certify("server", "IP:127.0.0.1", "2");
    let push =
        PUSH.replace("REGISTRY", "https://REGISTRY").replace("retries = 0", "retries = 3\nlogin = false");
    let registry = Registry::with_tls(&authority.path("server.crt"), &authority.path("server.key"));
    let pipeline = Pipeline::at(registry, None, &[&build("https://"), &push]);
    let config = docker_config(&pipeline, "{}");
    let home = pipeline.project.root().join("seen/home");
    let ran = run_with(&pipeline, &config, |command| {
        command.env("HOME", &home);
    });
    assert_eq!(ran.code, 3, "{}", ran.all());
    let address = &pipeline.registry.address;
    let (reason, why) =
        (pipeline.came_of("images").1, format!("the certificate of {address} is not trusted"));
    assert!(reason.contains(&why) && reason.contains("SSL_CERT_FILE"), "{reason}");
    assert_eq!(pipeline.project.gate("images")["targets"][0]["tries"], 1);
    again(&pipeline, forget, || {
        run_with(&pipeline, &config, |command| {
            command.env("HOME", &home).env("SSL_CERT_FILE", authority.path("ca.crt"));
        })
    });
}

#[test]
fn a_registry_that_asks_to_wait_is_asked_again_for_an_image_no_sooner() {
    let registry = Registry::open();
    let proxy = Proxy::before(&registry.address);
    let build = build("").replace("REGISTRY", &proxy.address);
    let build = format!("{build}retries = 1\nretry_delay = '10ms'\n");
    let pipeline = Pipeline::at(registry, None, &[&build]);
    let wait = |seconds: &str| Trouble::Status(429, format!("Retry-After: {seconds}\r\n"));
    proxy.misbehave(Whose::Portcullis, 0, 1, wait("2"));
    let start = Instant::now();
    let ran = run_with(&pipeline, &docker_config(&pipeline, "{}"), |_| {});
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(start.elapsed() >= Duration::from_secs(2));
    assert_eq!((pipeline.project.gate("images")["targets"][0]["tries"].as_u64(), proxy.met()), (Some(2), 1));
    // It is not taken for a registry without the image.
    proxy.misbehave(Whose::Portcullis, 0, 9, wait("7200"));
    let ran = run_with(&pipeline, &docker_config(&pipeline, "{}"), |_| {});
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = pipeline.came_of("images").1;
    assert!(reason.contains("answered 429") && reason.contains("the server asks to wait"), "{reason}");
}

/// Docker shows no certificate to a registry on this machine, which it does not verify; Podman does.
#[test]
fn a_registry_that_asks_for_a_certificate_gets_that_of_its_folder() {
    if !Command::new("podman").arg("info").output().is_ok_and(|output| output.status.success()) {
        return;
    }
    let authority = Authority::new();
    authority.certify("server", "IP:127.0.0.1", "2");
    authority.certify("client", "DNS:client.example", "2");
    let [server, key, ca] = ["server.crt", "server.key", "ca.crt"].map(|name| authority.path(name));
    let push = PUSH.replace("REGISTRY", "https://REGISTRY");
    let push = push.replace("retries = 0", "retries = 0\nlogin = false\nengine = 'podman'");
    let registry = Registry::with_client_certificates(&server, &key, &ca);
    let build = build("https://").replace("images = [", "engine = 'podman'\nimages = [");
    let pipeline = Pipeline::at(registry, None, &[&build, &push]);
    let config = docker_config(&pipeline, "{}");
    let (home, address) = (pipeline.project.root().join("seen/home"), pipeline.registry.address.clone());
    let folder = home.join(".config/containers/certs.d").join(&address);
    fs::create_dir_all(&folder).unwrap();
    fs::copy(&ca, folder.join("ca.crt")).unwrap();
    let run = || {
        run_with(&pipeline, &config, |command| {
            command.env("HOME", &home);
        })
    };
    let reason = || pipeline.came_of("images").1;
    assert_eq!(run().code, 3);
    let said = reason();
    assert!(said.contains("asks for a certificate") && said.contains("/client.key"), "{said}");
    // One half is a mistake that has a name.
    fs::copy(authority.path("client.crt"), folder.join("client.cert")).unwrap();
    assert_eq!(run().code, 3);
    let said = reason();
    assert!(said.contains("the key of ") && said.contains("client.key: No such file"), "{said}");
    fs::copy(authority.path("client.key"), folder.join("client.key")).unwrap();
    let forget = |pipeline: &Pipeline| {
        let id = &pipeline.project.gate("images")["targets"][0]["image_id"];
        let id = id.as_str().unwrap().trim_start_matches("sha256:");
        let removed = Command::new("podman").args(["rmi", "--force", id]).output().unwrap();
        assert!(removed.status.success(), "{}", String::from_utf8_lossy(&removed.stderr));
    };
    again(&pipeline, forget, run);
    forget(&pipeline);
}
