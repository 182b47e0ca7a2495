//! What went wrong outside of the project, if the words of a scanner say so: it is the first thing that a reason says.

/// A cause, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause {
    /// `cannot resolve mirror.gcr.io`
    pub what: String,
    pub advice: &'static str,
}

/// Words of a cause, in small letters; what it is called; what to do.
type Known = (&'static [&'static str], &'static str, &'static str);

/// The first that fits is the cause: what is more certain comes first.
const KNOWN: [Known; 7] = [
    (
        &[
            "cannot connect to the docker daemon",
            "failed to connect to docker daemon",
            "error during connect",
            "docker daemon is not running",
        ],
        "cannot connect to the Docker daemon",
        "start it, or set DOCKER_HOST",
    ),
    (
        &["no space left on device", "enospc", "disk quota exceeded"],
        "the disk is full",
        "make room, or set TMPDIR",
    ),
    (
        &["toomanyrequests", "too many requests", "pull rate limit", "rate limit exceeded", "api rate limit"],
        "the server limits requests",
        "log in there, use a mirror, or run later",
    ),
    (
        &[
            "certificate signed by unknown authority",
            "self-signed certificate",
            "self signed certificate",
            "unable_to_verify_leaf_signature",
            "certificate verify failed",
            "unable to get local issuer certificate",
        ],
        "a TLS certificate is not trusted",
        "install the certificate of your proxy, or name it as the tool wants it",
    ),
    (
        &["heap out of memory", "cannot allocate memory", "out of memory: killed"],
        "out of memory",
        "give the job more memory, or run fewer at once with `jobs`",
    ),
    (
        &["407 proxy authentication required", "proxy authentication required"],
        "the proxy asks for a password",
        "set HTTPS_PROXY with one in the gate's `env`",
    ),
    (
        &["unauthorized: authentication required", "pull access denied", "code e401", "401 unauthorized"],
        "the server asks for a login",
        "log in before the run, or pass the token on in the gate's `env`",
    ),
];

/// Words in front of the name of a host that no resolver knows, as Go, Node.js, curl, git and Python write them.
const UNRESOLVED: [&str; 6] = [
    "getaddrinfo enotfound ",
    "getaddrinfo eai_again ",
    "could not resolve host: ",
    "dial tcp: lookup ",
    "failed to resolve '",
    "enotfound ",
];

/// Words in front of an address that refuses connections.
const REFUSED: [&str; 2] = ["econnrefused ", "dial tcp "];

const NETWORK: &str = "check the network, the resolver and the proxy";

/// The cause that a reason names.
pub(crate) fn of(reason: &str) -> Option<Cause> {
    let text = reason.to_ascii_lowercase();
    if let Some((_, what, advice)) =
        KNOWN.iter().find(|(words, ..)| words.iter().any(|word| text.contains(word)))
    {
        return Some(Cause { what: (*what).to_owned(), advice });
    }
    if let Some(host) = UNRESOLVED.iter().find_map(|words| name_after(&text, words)) {
        return Some(Cause { what: format!("cannot resolve {host}"), advice: NETWORK });
    }
    if text.contains("connection refused") || text.contains("econnrefused") {
        let address = REFUSED.iter().find_map(|words| name_after(&text, words));
        let whom = address.unwrap_or_else(|| "the server".to_owned());
        return Some(Cause { what: format!("{whom} refuses connections"), advice: NETWORK });
    }
    None
}

/// The host or address right after these words.
fn name_after(text: &str, words: &str) -> Option<String> {
    let rest = &text[text.find(words)? + words.len()..];
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    let name = rest.split(|c| !is_name(c)).next()?.trim_end_matches([':', '.']);
    name.contains(|c: char| c.is_ascii_alphanumeric()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_named_whatever_tool_says_it() {
        for (reason, what) in [
            (
                "its report was not written (exit code 1): Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
                "cannot connect to the Docker daemon",
            ),
            (
                "could not determine source: errors occurred attempting to resolve 'alpine:3.19': docker: docker not available: failed to connect to Docker daemon.",
                "cannot connect to the Docker daemon",
            ),
            (
                "failed to download artifact from mirror.gcr.io/aquasec/trivy-db:2: Get \"https://mirror.gcr.io/v2/\": dial tcp: lookup mirror.gcr.io on 10.0.0.1:53: no such host",
                "cannot resolve mirror.gcr.io",
            ),
            ("reason: getaddrinfo EAI_AGAIN registry.example", "cannot resolve registry.example"),
            ("fatal: unable to access: Could not resolve host: git.example", "cannot resolve git.example"),
            ("connect ECONNREFUSED 127.0.0.1:4873", "127.0.0.1:4873 refuses connections"),
            ("dial tcp [::1]:5000: connect: connection refused", "[::1]:5000 refuses connections"),
            ("curl: (7) connection refused", "the server refuses connections"),
            ("write /tmp/x: no space left on device", "the disk is full"),
            ("toomanyrequests: You have reached your pull rate limit", "the server limits requests"),
            ("x509: certificate signed by unknown authority", "a TLS certificate is not trusted"),
            (
                "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
                "out of memory",
            ),
        ] {
            assert_eq!(of(reason).map(|cause| cause.what).as_deref(), Some(what), "{reason}");
        }
    }

    #[test]
    fn what_is_about_the_project_has_no_such_cause() {
        for reason in [
            "",
            "src/docker.ts does not parse",
            "exit code 2, but the report has no findings",
            "2 files could not be read: daemon.json, lookup.ts",
            "failed to solve: process \"/bin/sh -c npm test\" did not complete successfully: exit code: 1",
        ] {
            assert_eq!(of(reason), None, "{reason}");
        }
    }
}
