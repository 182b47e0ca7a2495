//! A registry with a certificate of an authority of its own.

use std::fs;

use super::keys::{Authority, certs_d};
use super::{PUSH, docker_config, run_with};
use crate::common::pipeline::{BUILD, Pipeline};
use crate::common::registry::Registry;
use crate::common::{Project, Ran};

/// A pipeline with a registry over TLS. Docker itself checks no certificate on loopback.
fn over_tls(authority: &Authority, name: &str) -> Pipeline {
    let paths = [format!("{name}.crt"), format!("{name}.key")].map(|file| authority.path(&file));
    let push =
        PUSH.replace("REGISTRY", "https://REGISTRY").replace("retries = 0", "retries = 3\nlogin = false");
    Pipeline::at(Registry::with_tls(&paths[0], &paths[1]), None, &[BUILD, &push])
}

fn home(pipeline: &Pipeline) -> std::path::PathBuf {
    pipeline.project.root().join("seen/home")
}

#[test]
fn a_certificate_is_trusted_if_the_environment_or_the_folder_of_the_registry_says_so() {
    let authority = Authority::new();
    authority.certify("server", "IP:127.0.0.1", "2");
    let pipeline = over_tls(&authority, "server");
    let config = docker_config(&pipeline, "{}");
    let (home, address) = (home(&pipeline), pipeline.registry.address.clone());

    // Nobody knows the authority: one try, and what to do.
    let ran = run_with(&pipeline, &config, |command| {
        command.env("HOME", &home);
    });
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = pipeline.came_of("push").1;
    for words in [
        format!("the certificate of {address} is not trusted"),
        "SSL_CERT_FILE".to_owned(),
        format!("/etc/docker/certs.d/{address}/ca.crt"),
    ] {
        assert!(reason.contains(&words), "{reason}");
    }
    assert_eq!(pipeline.project.gate("push")["targets"][0]["tries"], 1);
    assert_eq!(pipeline.registry.tags(&pipeline.name), 0);

    let ran = run_with(&pipeline, &config, |command| {
        command.env("HOME", &home).env("SSL_CERT_FILE", authority.path("ca.crt"));
    });
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(pipeline.pushed().is_some());

    // The folder of another port is not that of this registry.
    let ours = certs_d(&home, &address);
    for (folder, code) in [(certs_d(&home, "127.0.0.1:1"), 3), (ours, 0)] {
        fs::create_dir_all(&folder).unwrap();
        fs::copy(authority.path("ca.crt"), folder.join("ca.crt")).unwrap();
        let ran = run_with(&pipeline, &config, |command| {
            command.env("HOME", &home);
        });
        assert_eq!(ran.code, code, "{}: {}", folder.display(), ran.all());
    }
}

#[test]
fn a_certificate_that_is_not_valid_ends_the_gate_at_once() {
    let authority = Authority::new();
    authority.certify("expired", "IP:127.0.0.1", "0");
    authority.certify("other", "DNS:other.example", "2");
    authority.self_signed("itself", "itself", &["-addext", "subjectAltName=IP:127.0.0.1"]);
    for (name, words) in
        [("expired", "has expired"), ("other", "is for another name"), ("itself", "is not trusted")]
    {
        let pipeline = over_tls(&authority, name);
        let ran = run_with(&pipeline, &docker_config(&pipeline, "{}"), |command| {
            command.env("HOME", home(&pipeline)).env("SSL_CERT_FILE", authority.path("ca.crt"));
        });
        assert_eq!(ran.code, 3, "{name}: {}", ran.all());
        let reason = pipeline.came_of("push").1;
        assert!(reason.contains(words), "{name}: {reason}");
        assert_eq!(pipeline.project.gate("push")["targets"][0]["tries"], 1, "{name}");
    }
}

/// Everything that asks over HTTP: a smoke test finds, SonarQube proves nothing, a notice is a warning.
#[test]
fn a_certificate_fault_is_reported_once_by_each_that_asks() {
    let authority = Authority::new();
    authority.certify("server", "IP:127.0.0.1", "2");
    let registry = Registry::with_tls(&authority.path("server.crt"), &authority.path("server.key"));
    let address = &registry.address;
    let project = Project::with_gates(&format!(
        "version = 1\nmode = 'production'\n[[notice]]\nkind = 'json'\nurl = '$CHAT'\n\
         [[gate]]\nid = 'smoke'\ntool = 'smoke-test'\nchecks = [{{ url = 'https://{address}/v2/', retries = 9 }}]\n\
         [[gate]]\nid = 'quality'\ntool = 'sonarqube'\nscanner = 'none'\nhost = 'https://{address}'\nretries = 9\n"
    ));
    project.write(
        ".scannerwork/report-task.txt",
        format!(
            "projectKey=a\nserverUrl=https://{address}\nserverVersion=10.6.0.92116\nceTaskId=T1\n\
             ceTaskUrl=https://{address}/api/ce/task?id=T1\n"
        ),
    );
    let mut command = project.command(&["run"]);
    command.env("SONAR_TOKEN", "x".repeat(12)).env("CHAT", format!("https://{address}/hook"));
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, 3, "{}", ran.all());
    let record = project.record();
    let title = record["findings"][0]["title"].as_str().unwrap();
    assert!(title.contains("is not trusted") && title.contains("SSL_CERT_FILE"), "{title}");
    for gate in ["smoke", "quality"] {
        assert_eq!(project.gate(gate)["targets"][0]["steps"][0]["times"], 1, "{gate}");
    }
    assert!(project.gate("quality")["reason"].as_str().unwrap().contains("SSL_CERT_FILE"));
    assert!(ran.stderr.contains("the notice to CHAT was not sent: the certificate of"), "{}", ran.stderr);
    // With the authority the smoke test passes.
    let mut command = project.command(&["run", "--only", "smoke", "--mode", "lab"]);
    let ran = Ran::of(command.env("SSL_CERT_FILE", authority.path("ca.crt")).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(project.gate("smoke")["outcome"], "passed");
}
