//! The ways in which Docker, the AWS command line and the registry misbehave.

use super::{Answer, Case, ID, MANIFEST, OTHER, after, aws, before, docker, nothing};

/// The engine's words where a tag is taken and stays with its image.
pub(super) const IMMUTABLE: &str = "[ $1 != push ] || { echo \"tag invalid: The image tag '1.4' already exists in the 'notes' repository and cannot be overwritten because the repository is immutable.\" >&2; exit 1; }";

/// Every fault of a push.
pub(super) fn faults() -> Vec<Case> {
    let mut faults = of_inspect();
    faults.extend(of_login_and_tag());
    faults.extend(of_push());
    faults.extend(of_push_that_fails());
    faults.extend(of_aws());
    faults.extend(of_the_registry_before());
    faults.extend(of_the_registry_after());
    faults
}

fn of_inspect() -> Vec<Case> {
    vec![
        docker("inspect: nothing", "[ $1 != image ] || exit 0", "does not show the id"),
        docker("inspect: garbage", "[ $1 != image ] || { echo '<none>'; exit 0; }", "does not show the id"),
        docker(
            "inspect: two ids",
            "[ $1 != image ] || { echo ID; echo ID; exit 0; }",
            "does not show the id",
        ),
        docker(
            "inspect: a short id",
            "[ $1 != image ] || { echo sha256:a3a4751e; exit 0; }",
            "does not show the id",
        ),
        docker(
            "inspect: another image",
            "[ $1 != image ] || { echo OTHER; exit 0; }",
            "not pushed: the gates saw notes:portcullis (sha256:a3a4",
        ),
        docker(
            "inspect: the id, and exit 1",
            "[ $1 != image ] || { echo ID; exit 1; }",
            "docker image inspect ended with 1",
        ),
        docker(
            "inspect: no such image",
            "[ $1 != image ] || { echo '[]'; echo 'Error: No such image: notes:1' >&2; exit 1; }",
            "not pushed: the image that the gates saw as notes:portcullis (sha256:a3a4",
        ),
        docker(
            "inspect: no engine",
            "[ $1 != image ] || { echo 'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?' >&2; exit 1; }",
            "the Docker engine does not answer",
        ),
        docker("inspect: killed", "[ $1 != image ] || kill -9 $$", "docker was ended by SIGKILL"),
        docker("inspect: hangs", "image", "docker was running"),
    ]
}

fn of_login_and_tag() -> Vec<Case> {
    vec![
        docker(
            "login: refused",
            "[ $1 != login ] || { echo 'denied: no' >&2; exit 1; }",
            "was refused: denied",
        ),
        docker("login: exit 1 without a word", "[ $1 != login ] || exit 1", "no reason given"),
        docker("login: killed", "[ $1 != login ] || kill -9 $$", "docker was ended by SIGKILL"),
        docker("login: hangs", "login", "docker was running"),
        docker(
            "tag: no such image",
            "[ $1 != tag ] || { echo 'No such image' >&2; exit 1; }",
            "docker tag ended with 1",
        ),
        docker("tag: killed", "[ $1 != tag ] || kill -9 $$", "docker was ended by SIGKILL"),
    ]
}

fn of_push() -> Vec<Case> {
    vec![
        docker("push: nothing", "[ $1 != push ] || exit 0", "reported no digest"),
        docker(
            "push: exit 0 with an error",
            "[ $1 != push ] || { echo 'denied: no' >&2; exit 0; }",
            "reported no digest",
        ),
        docker(
            "push: the digest of another tag",
            "[ $1 != push ] || { echo '1.5: digest: DIGEST size: 1'; exit 0; }",
            "reported no digest",
        ),
        docker(
            "push: a digest in the error output",
            "[ $1 != push ] || { echo '1.4: digest: DIGEST size: 1' >&2; exit 0; }",
            "reported no digest",
        ),
        docker(
            "push: a short digest",
            "[ $1 != push ] || { echo '1.4: digest: sha256:87e0 size: 1'; exit 0; }",
            "reported no digest",
        ),
        docker(
            "push: another digest",
            "[ $1 != push ] || { echo '1.4: digest: OTHER size: 1'; exit 0; }",
            "reported sha256:2222",
        ),
    ]
}

fn of_push_that_fails() -> Vec<Case> {
    vec![
        docker("push: exit 1", "[ $1 != push ] || exit 1", "ended with 1"),
        docker(
            "push: exit 1 with a digest",
            "[ $1 != push ] || { echo '1.4: digest: DIGEST size: 1'; exit 1; }",
            "ended with 1",
        ),
        docker(
            "push: killed with a digest",
            "[ $1 != push ] || { echo '1.4: digest: DIGEST size: 1'; kill -9 $$; }",
            "docker was ended by SIGKILL",
        ),
        docker(
            "push: no login",
            "[ $1 != push ] || { echo 'no basic auth credentials' >&2; exit 1; }",
            "requires a login",
        ),
        docker(
            "push: no repository",
            "[ $1 != push ] || { echo \"name unknown: The repository with name 'notes' does not exist in the registry with id '1'\" >&2; exit 1; }",
            "there is no such repository",
        ),
        docker(
            "push: denied",
            "[ $1 != push ] || { echo 'denied: not authorized to perform: ecr:PutImage' >&2; exit 1; }",
            "was refused: denied",
        ),
        docker(
            "push: no space",
            "[ $1 != push ] || { echo 'write /x: no space left on device' >&2; exit 1; }",
            "no space left",
        ),
        docker(
            "push: broken off",
            "[ $1 != push ] || { echo 'Put https://x/v2/: EOF' >&2; exit 1; }",
            "broke off",
        ),
        docker("push: hangs", "push", "docker was running"),
        // Another run was quicker, with another image.
        Case {
            outcome: "failed",
            registry: [nothing(), with(200, &MANIFEST.replace(ID, OTHER))],
            ..docker("push: immutable", IMMUTABLE, "1 finding")
        },
    ]
}

fn of_aws() -> Vec<Case> {
    vec![
        aws(
            "aws: no credentials",
            "echo 'Unable to locate credentials. You can configure them.' >&2; exit 253",
            "has no credentials",
        ),
        aws(
            "aws: expired",
            "echo 'An error occurred (ExpiredTokenException) when calling the GetAuthorizationToken operation: The security token is expired' >&2; exit 254",
            "the credentials have expired",
        ),
        aws(
            "aws: busy",
            "echo 'An error occurred (ThrottlingException) when calling the GetAuthorizationToken operation: Rate exceeded' >&2; exit 254",
            "ThrottlingException",
        ),
        aws(
            "aws: a traceback",
            "echo 'Traceback (most recent call last):' >&2; echo 'ImportError: x' >&2; exit 1",
            "ImportError",
        ),
        aws("aws: exit 0 and nothing", "exit 0", "did not print one word"),
        aws("aws: exit 0 and a page", "echo '<html> <body>'; exit 0", "did not print one word"),
        aws("aws: two lines", "echo one", "did not print one word"),
        aws("aws: a password, and exit 1", "echo a-Password-of-12345; exit 1", "aws ended with 1"),
        aws("aws: another password", "echo b-Password-of-12345; exit 0", "the login to"),
        aws("aws: killed", "kill -9 $$", "aws was ended by SIGKILL"),
        aws("aws: hangs", "sleep 3600 & wait", "aws was running"),
    ]
}

fn with(status: u16, body: &str) -> Answer {
    Answer::With(status, body.to_owned())
}

/// What the registry answers before the push.
fn of_the_registry_before() -> Vec<Case> {
    vec![
        before("registry: 401", with(401, "{}"), "does not allow its images to be read"),
        before("registry: 403", with(403, "{}"), "does not allow its images to be read"),
        before("registry: 429", with(429, "{}"), "answered 429"),
        before("registry: 500", with(500, "{}"), "answered 500"),
        before("registry: 302", with(302, ""), "answered 302"),
        before("registry: 204", with(204, ""), "answered 204"),
        before("registry: a page", with(200, "<html></html>"), "not a manifest"),
        before("registry: an empty answer", with(200, ""), "not a manifest"),
        before("registry: an empty object", with(200, "{}"), "names neither"),
        before("registry: no HTTP", Answer::Raw("hello\r\n\r\n"), "127.0.0.1"),
        before("registry: hangs up", Answer::Raw(""), "127.0.0.1"),
        before("registry: hangs", Answer::Never, "127.0.0.1"),
        Case {
            outcome: "failed",
            ..before("registry: the tag is taken", with(200, &MANIFEST.replace(ID, OTHER)), "1 finding")
        },
    ]
}

/// What the registry answers after the push.
fn of_the_registry_after() -> Vec<Case> {
    vec![
        after("registry, then: nothing", nothing(), "nothing shows that"),
        after(
            "registry, then: another image",
            with(200, &MANIFEST.replace(ID, OTHER)),
            "another image lies under",
        ),
        after(
            "registry, then: the same image, packed otherwise",
            with(200, &MANIFEST.replace('\n', "")),
            "the registry holds sha256:",
        ),
        after(
            "registry, then: an index of others",
            with(200, &format!("{{\"manifests\": [{{\"digest\": \"{OTHER}\"}}]}}")),
            "for sha256:2222222222222222222222222222222222222222222222222222222222222222 was altered on its way",
        ),
        after(
            "registry, then: schema 1",
            with(200, "{\"schemaVersion\": 1, \"fsLayers\": []}"),
            "names neither",
        ),
        after("registry, then: a cut manifest", with(200, &MANIFEST[..300]), "not a manifest"),
        after(
            "registry, then: an answer that breaks off",
            Answer::Raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"config\": "),
            "broke off",
        ),
        after(
            "registry, then: more than a manifest",
            with(200, &"x".repeat((4 << 20) + 1)),
            "answers with more than 4194304 bytes for 1.4",
        ),
        after("registry, then: 500", with(500, ""), "answered 500"),
        after("registry, then: 401", with(401, ""), "does not allow its images to be read"),
        after("registry, then: hangs", Answer::Never, "127.0.0.1"),
    ]
}
