//! Why a command of an engine that talks to a registry failed.

use crate::scan::procedure::Failure;
use crate::scan::retry::transient_error;
use crate::scan::step::Output;

use super::address::Registry;

/// Why such a command failed, in one sentence.
pub(in crate::tools) fn failure(what: &str, output: &Output, registry: Option<&Registry>) -> Failure {
    let said = output.stderr_text();
    let words = output.error_line();
    let without = |start| words.strip_prefix(start);
    let words = without("Error response from daemon: ").or(without("Error: ")).unwrap_or(&words);
    let lower = said.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    let engine = [
        "cannot connect to the docker daemon",
        "failed to connect to the docker api",
        "docker daemon running",
    ];
    match () {
        () if says(&engine) => {
            Failure::Transient(format!("{what} failed: the Docker engine does not answer: {words}"))
        }
        () if says(&["no basic auth credentials"]) => {
            Failure::unproven(format!("{what} was refused: the registry requires a login: {words}"))
        }
        () if says(&["x509:", "certificate"]) => {
            let host = registry.map_or("HOST", |registry| &registry.host);
            Failure::unproven(format!(
                "{what} failed: the engine does not trust the certificate of {host}: write that of its authority to /etc/docker/certs.d/{host}/ca.crt, where the engine runs: {words}"
            ))
        }
        () if says(&["name unknown", "does not exist in the registry", "repository does not exist"]) => {
            let ecr = registry.is_some_and(|registry| registry.region().is_some());
            let advice = if ecr { " (`aws ecr create-repository` creates it)" } else { "" };
            Failure::unproven(format!("{what} was refused: there is no such repository{advice}: {words}"))
        }
        () if says(&["denied", "unauthorized", "forbidden", "not authorized"]) => {
            Failure::unproven(format!("{what} was refused: {words}"))
        }
        () if transient_error(&said).is_some() || words.ends_with("EOF") || says(&["broken pipe"]) => {
            Failure::Transient(format!("{what} broke off: {words}"))
        }
        () => Failure::unproven(format!("{what} ended with {}: {words}", output.code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(stderr: &str) -> Failure {
        failure(
            "the push of a:1",
            &Output { code: 1, stdout: Vec::new(), stderr: stderr.as_bytes().to_vec() },
            Registry::read("r.example:5000").ok().as_ref(),
        )
    }

    #[test]
    fn a_transient_error_is_kept_apart_from_other_errors() {
        for (stderr, words) in [
            (
                "Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
                "broke off",
            ),
            ("Put \"https://r.example/v2/\": EOF", "broke off"),
            ("net/http: TLS handshake timeout", "broke off"),
            (
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
                "engine does not answer",
            ),
        ] {
            let Failure::Transient(why) = says(stderr) else { panic!("{stderr}") };
            assert!(why.contains(words), "{why}");
        }
        for (stderr, words) in [
            ("no basic auth credentials", "requires a login"),
            (
                "name unknown: The repository with name 'a' does not exist in the registry with id '123456789012'",
                "no such repository",
            ),
            (
                "denied: User: arn:aws:sts::1:x is not authorized to perform: ecr:PutImage",
                "was refused: denied",
            ),
            ("denied: Your authorization token has expired. Reauthenticate and try again.", "has expired"),
            ("write /var/lib/docker/tmp: no space left on device", "no space left"),
            (
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                "/etc/docker/certs.d/r.example:5000/ca.crt, where the engine runs: tls: failed",
            ),
            ("", "exit code 1"),
        ] {
            let Failure::Unproven(why) = says(stderr) else { panic!("{stderr}") };
            assert!(why.contains(words), "{why}");
            assert_eq!(why.lines().count(), 1);
        }
    }
}
