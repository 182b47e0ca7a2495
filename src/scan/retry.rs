//! Transient errors: a busy registry, a name that did not resolve, a broken connection. They say
//! nothing about the project, so the job is tried again, within the time of its gate.

use std::time::Duration;

use crate::keys::table::Keys;
use crate::keys::values::read_duration;

/// How often, and how soon, a job is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Further tries after the first one; 0: none.
    pub most: u32,
    /// The pause before the second try. It doubles before each further one.
    pub delay: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { most: 2, delay: Duration::from_secs(2) }
    }
}

impl Retry {
    /// The most tries that can be set: the pause doubles each time, so more would never be reached.
    const MOST: u64 = 10;

    /// Reads `retries` and `retry_delay`. A missing key is as in `base`.
    pub fn read(keys: &Keys, base: Self) -> Self {
        let mut retry = base;
        if let Some(most) = keys.count("retries") {
            match u32::try_from(most.value) {
                Ok(n) if most.value <= Self::MOST => retry.most = n,
                _ => keys.problem(most.at, format!("`retries` is at most {}", Self::MOST)),
            }
        }
        retry.delay = read_duration(keys, "retry_delay").unwrap_or(retry.delay);
        retry
    }

    /// The pause after this many tries. It doubles each time, and is between half and all of that, so
    /// that jobs that failed together do not all retry together. `chance` is from 0 to 1.
    pub fn pause(&self, tries: u32, chance: f64) -> Duration {
        let full = self.delay.saturating_mul(1 << tries.saturating_sub(1).min(16));
        full.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
    }
}

/// A number from 0 to 1 that differs between jobs and machines. Its quality does not matter.
pub(crate) fn chance() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    f64::from(u16::try_from(RandomState::new().hash_one(0) >> 48).unwrap_or_default()) / f64::from(u16::MAX)
}

/// What registries, resolvers and proxies print for a transient error. In lower case. Each phrase is so
/// long that no finding, path or usage error contains it by chance.
const PHRASES: [&str; 37] = [
    // Too many requests.
    "toomanyrequests",
    "too many requests",
    "rate limit exceeded",
    "rate limit reached",
    "pull rate limit",
    "api rate limit",
    "code e429",
    // Errors of the server.
    "500 internal server error",
    "502 bad gateway",
    "503 service unavailable",
    "504 gateway time",
    "service temporarily unavailable",
    "received unexpected http status: 5",
    "unexpected status code 50",
    "code e50",
    // Names.
    "eai_again",
    "enotfound",
    "no such host",
    "temporary failure in name resolution",
    "server misbehaving",
    "could not resolve host",
    // Connections.
    "econnrefused",
    "econnreset",
    "etimedout",
    "esockettimedout",
    "ehostunreach",
    "enetunreach",
    "connection refused",
    "connection reset",
    "connection timed out",
    "i/o timeout",
    "tls handshake timeout",
    "network is unreachable",
    "no route to host",
    "socket hang up",
    "read timed out",
    "max retries exceeded",
];

/// The first line that shows a transient error.
pub(crate) fn transient_error(text: &str) -> Option<String> {
    text.lines().find(|line| is_transient(line)).map(|line| line.trim().to_owned())
}

fn is_transient(line: &str) -> bool {
    let line = line.to_lowercase();
    PHRASES.iter().any(|phrase| line.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_errors_are_recognised() {
        for line in [
            "npm error code E503",
            "request to https://registry.example/ failed, reason: getaddrinfo EAI_AGAIN registry.example",
            "connect ECONNREFUSED 127.0.0.1:4873",
            "toomanyrequests: You have reached your pull rate limit",
            "dial tcp: lookup mirror.example: no such host",
            "GET https://mirror.example/v2/: unexpected status code 503 Service Unavailable",
            "HTTPSConnectionPool(host='api.example'): Max retries exceeded with url: /v1",
        ] {
            assert!(transient_error(line).is_some(), "{line}");
        }
        for line in [
            "",
            "error: unknown flag --formt",
            "src/e500.ts:3 is not formatted",
            "commit 3fe5021e503a",
            "failed to solve: process \"/bin/sh -c npm test\" did not complete successfully: exit code: 1",
            "unauthorized: authentication required",
            "manifest unknown",
        ] {
            assert_eq!(transient_error(line), None);
        }
    }

    #[test]
    fn pauses_double_and_differ() {
        let retry = Retry { most: 3, delay: Duration::from_secs(2) };
        let seconds = |tries, chance| retry.pause(tries, chance).as_secs_f64();
        assert_eq!([seconds(1, 0.0), seconds(1, 1.0), seconds(3, 1.0)], [1.0, 2.0, 8.0]);
        assert!((0.0..=1.0).contains(&chance()));
    }
}
