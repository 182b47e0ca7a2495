//! The engine's own logins: from its file, from a credential helper, as a password or a refresh token, for Basic and for a
//! token server.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::keys::Authority;
use super::{PUSH, docker_config, login, run_with, tokens};
use crate::common::Ran;
use crate::common::aws::PASSWORD;
use crate::common::pipeline::{BUILD, Pipeline};
use crate::common::registry::Registry;

fn ada() -> Pipeline {
    Pipeline::at(Registry::of_user("ada"), None, &[BUILD, PUSH])
}

/// Nothing that a run left shows the password, nor the login in base64.
fn assert_hidden(pipeline: &Pipeline, ran: &Ran, secrets: &[&str]) {
    let report = pipeline.project.root().join("gates-report");
    assert!(report.join("run.json").exists());
    for secret in secrets {
        assert!(!ran.all().contains(secret), "{}", ran.all());
        let found =
            std::process::Command::new("grep").args(["-r", "-l", "-F", "--", secret]).arg(&report).output();
        assert_eq!(String::from_utf8_lossy(&found.unwrap().stdout), "");
    }
}

#[test]
fn what_docker_login_has_written_signs_in_with_a_password() {
    let pipeline = ada();
    let text = login(&pipeline.registry.address, "ada");
    let config = docker_config(&pipeline, &text);
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 0, "{}", ran.all());
    let digest = pipeline.pushed().unwrap();
    assert_eq!(pipeline.project.gate("push")["targets"][0]["outputs"]["digest"], *digest);
    assert!(!pipeline.steps().contains("login"), "{}", pipeline.steps());
    assert_eq!(std::fs::read_to_string(config.join("config.json")).unwrap(), text);
    assert_hidden(&pipeline, &ran, &[PASSWORD, &STANDARD.encode(format!("ada:{PASSWORD}"))]);
    // The same again.
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(!pipeline.steps().contains("docker push"), "{}", pipeline.steps());
}

#[test]
fn a_credential_helper_signs_in() {
    for (settings, given) in [
        ("{\"credsStore\": \"of-the-test\"}".to_owned(), "all"),
        ("{\"credsStore\": \"nobody\", \"credHelpers\": {\"REGISTRY\": \"of-the-test\"}}".to_owned(), "one"),
    ] {
        let pipeline = ada();
        let address = pipeline.registry.address.clone();
        let answer =
            format!("{{\"ServerURL\":\"{address}\",\"Username\":\"ada\",\"Secret\":\"{PASSWORD}\"}}");
        let helper = format!(
            "[ \"$1\" = get ] || exit 1\nread -r server\n[ \"$server\" = '{address}' ] || exit 1\necho '{answer}'"
        );
        pipeline.project.program("docker-credential-of-the-test", &helper);
        let config = docker_config(&pipeline, &settings.replace("REGISTRY", &address));
        let ran = run_with(&pipeline, &config, |_| {});
        assert_eq!(ran.code, 0, "{given}: {}", ran.all());
        assert!(pipeline.pushed().is_some());
        assert!(pipeline.steps().starts_with("docker image inspect"), "{}", pipeline.steps());
        assert!(pipeline.steps().contains("docker-credential-of-the-test get"), "{}", pipeline.steps());
        assert_hidden(&pipeline, &ran, &[PASSWORD]);
    }
}

#[test]
fn without_a_login_that_works_the_reason_says_how_to_get_one() {
    let pipeline = ada();
    let address = pipeline.registry.address.clone();
    let says = |config: &str, words: &[&str]| {
        let config = docker_config(&pipeline, config);
        let ran = run_with(&pipeline, &config, |_| {});
        assert_eq!(ran.code, 3, "{}", ran.all());
        let (outcome, reason) = pipeline.came_of("push");
        assert_eq!(outcome, "inconclusive");
        assert!(words.iter().all(|words| reason.contains(words)), "{reason}");
        assert_eq!(pipeline.registry.tags(&pipeline.name), 0);
        assert_hidden(&pipeline, &ran, &[PASSWORD]);
    };
    let before = format!("`docker login {address}` before the run");
    says("{}", &[&address, "requires a login", &before]);
    says(&login("other.example", "ada"), &["requires a login", &before]);
    says(&login(&address, "bob"), &["does not allow its images to be read (status 401)", "docker login"]);
    says("{\"auths\": {", &["logins", "is broken at line 1"]);
    says(&format!("{{\"auths\": {{\"{address}\": {{\"auth\": \"%\"}}}}}}"), &["`auth` is not base64"]);
    says("{\"credsStore\": \"of-nobody\"}", &["docker-credential-of-nobody"]);
    let helper = |script: &str| pipeline.project.program("docker-credential-broken", script);
    helper("echo 'credentials not found in native keychain'; exit 1");
    says("{\"credsStore\": \"broken\"}", &["requires a login", &before]);
    helper("echo 'the key ring is locked' >&2; exit 1");
    says("{\"credsStore\": \"broken\"}", &["docker-credential-broken ended with 1: the key ring is locked"]);
    helper("echo hello");
    says("{\"credsStore\": \"broken\"}", &["docker-credential-broken did not answer with a login"]);
}

#[test]
fn a_token_server_gets_the_login_and_the_registry_gets_its_token() {
    let authority = Arc::new(Authority::new());
    let basic = format!("Basic {}", STANDARD.encode(format!("ada:{PASSWORD}")));
    let refresh = "a-Refresh-Token-4711".repeat(2);
    let server = tokens::serve(authority.clone(), basic.clone(), refresh.clone());
    let registry = Registry::with_tokens(&server.realm, &authority.path("ca.crt"));
    let mut pipeline = Pipeline::at(registry, None, &[BUILD, PUSH]);
    let address = pipeline.registry.address.clone();

    let config = docker_config(&pipeline, &login(&address, "ada"));
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 0, "{} {:?}", ran.all(), server.asked.lock().unwrap());
    let digest = pipeline.pushed().unwrap();
    assert_eq!(pipeline.project.gate("push")["targets"][0]["outputs"]["digest"], *digest);
    // Portcullis asks to pull this repository, and nothing else.
    let wanted = format!("scope=repository%3A{}%3Apull&client_id=portcullis&service=test ", pipeline.name);
    let asked = server.asked.lock().unwrap().clone();
    let ours: Vec<_> = asked.iter().filter(|(line, ..)| line.contains("client_id=portcullis")).collect();
    assert!(!ours.is_empty() && ours.iter().all(|(line, ..)| line.contains(&wanted)), "{asked:?}");
    assert!(ours.iter().all(|(_, given, _)| *given == basic));
    assert_hidden(&pipeline, &ran, &[PASSWORD, "eyJ"]);

    // A refresh token, as GitLab and Azure give them.
    pipeline.write_app("two");
    pipeline.commit("another image");
    let config = docker_config(
        &pipeline,
        &format!("{{\"auths\": {{\"{address}\": {{\"identitytoken\": \"{refresh}\"}}}}}}"),
    );
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(pipeline.pushed().is_some());
    let posted = |(line, _, body): &(String, String, String)| {
        line.starts_with("POST /token ") && body.contains("client_id=portcullis")
    };
    assert!(server.asked.lock().unwrap().iter().any(posted));
    assert_hidden(&pipeline, &ran, &[&refresh, "eyJ"]);

    let config = docker_config(&pipeline, &login(&address, "bob"));
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = pipeline.came_of("push").1;
    assert!(reason.contains("the token server of") && reason.contains("answered 401"), "{reason}");
    let config = docker_config(&pipeline, "{}");
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = pipeline.came_of("push").1;
    assert!(reason.contains("requires a login: `docker login"), "{reason}");
}

/// The places and fields are those of each server: Docker's "Token authentication" (`token`, `access_token` or both), GitLab's `/jwt/auth`,
/// Harbor's `/service/token`, and a realm with a query of its own.
#[test]
fn the_token_servers_of_the_usual_registries_differ_in_place_and_fields() {
    let authority = Arc::new(Authority::new());
    let basic = format!("Basic {}", STANDARD.encode(format!("ada:{PASSWORD}")));
    for (of, path, fields) in [
        ("Docker Hub", "/token", &["token", "access_token"][..]),
        ("GHCR", "/token", &["token"]),
        ("GitLab", "/jwt/auth", &["token"]),
        ("Harbor", "/service/token", &["token", "access_token"]),
        ("Quay", "/v2/auth?account=ada", &["token"]),
        ("Azure", "/oauth2/token", &["access_token"]),
    ] {
        let form = tokens::Form { path, fields };
        let server = tokens::serve_as(form, authority.clone(), basic.clone(), "none".to_owned());
        let registry = Registry::with_tokens(&server.realm, &authority.path("ca.crt"));
        let pipeline = Pipeline::at(registry, None, &[BUILD, PUSH]);
        let config = docker_config(&pipeline, &login(&pipeline.registry.address, "ada"));
        let ran = run_with(&pipeline, &config, |_| {});
        assert_eq!(ran.code, 0, "{of}: {} {:?}", ran.all(), server.asked.lock().unwrap());
        assert!(pipeline.pushed().is_some(), "{of}");
        assert_hidden(&pipeline, &ran, &[PASSWORD, "eyJ"]);
    }
}
