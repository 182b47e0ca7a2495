//! The only place that uses HTTP: one request, one response, with limits on time and memory.

mod rest;
mod trust;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, utf8_percent_encode};
use thiserror::Error;
use ureq::http::{HeaderMap, Method};
use ureq::tls::{ClientCert, RootCerts, TlsConfig};
use ureq::{Agent, RequestExt as _};

use crate::text::encode::all_but;

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    /// `http://` or `https://`.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    /// The time limit, from the name lookup to the last byte of the answer.
    pub limit: Duration,
    /// The most bytes of an answer that are read.
    pub cap: u64,
    /// Folders whose files `*.crt` hold further certificates to trust.
    pub authorities: Vec<PathBuf>,
    /// Folders that may hold a certificate to show to the server, as a pair of files `NAME.cert` and `NAME.key`.
    pub identity: Vec<PathBuf>,
}

impl Request {
    /// A GET. A redirect is an answer.
    pub fn get(url: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            url: url.into(),
            headers: Vec::new(),
            body: None,
            limit: Duration::from_secs(30),
            cap: 64 << 20,
            authorities: Vec::new(),
            identity: Vec::new(),
        }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Signs in with a name and a password (RFC 7617).
    pub fn sign_in(self, user: &str, password: &str) -> Self {
        self.header("Authorization", basic(user, password))
    }
}

/// The answer, with any status.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// It was longer than the cap of the request.
    pub cut: bool,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A status that is worth another try: too many requests, or an error of the server.
    pub fn is_transient_error(&self) -> bool {
        matches!(self.status, 429 | 500 | 502 | 503 | 504)
    }

    /// How long the server asks to wait (`Retry-After`).
    pub fn retry_after(&self) -> Option<Duration> {
        rest::asked_in(&self.headers)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum NoAnswer {
    /// Another try will not help.
    #[error("{0}")]
    Never(String),
    /// Another try may help: no connection, a reset, a name that was not found.
    #[error("{0}")]
    NotNow(String),
}

/// Sends requests, with the certificates that the machine trusts (`SSL_CERT_FILE` takes their place) and the
/// proxy of its environment (`HTTPS_PROXY`, `NO_PROXY`).
#[derive(Clone, Debug)]
pub(crate) struct Client(Agent);

impl Default for Client {
    fn default() -> Self {
        Self(agent(RootCerts::PlatformVerifier, None))
    }
}

/// `identity`: the certificate that it shows to a server that asks for one.
fn agent(roots: RootCerts, identity: Option<ClientCert>) -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder().root_certs(roots).client_cert(identity);
    let tls = tls.unversioned_rustls_crypto_provider(provider).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .allow_non_standard_methods(true)
        .build();
    config.into()
}

impl Client {
    /// Sends a request, on a separate thread.
    pub(crate) async fn ask(&self, request: Request) -> Result<Answer, NoAnswer> {
        let client = self.clone();
        let asking = tokio::task::spawn_blocking(move || client.ask_now(&request));
        let lost = |_| Err(NoAnswer::Never("the request failed; this is a bug in Portcullis".to_owned()));
        asking.await.unwrap_or_else(lost)
    }

    fn ask_now(&self, request: &Request) -> Result<Answer, NoAnswer> {
        let never =
            |error: &dyn std::fmt::Display| NoAnswer::Never(format!("{}: {error}", host(&request.url)));
        let mut builder = ureq::http::Request::builder().method(&request.method).uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let question =
            builder.body(request.body.clone().unwrap_or_default()).map_err(|error| never(&error))?;
        let send = |agent: &Agent| {
            question.clone().with_agent(agent).configure().timeout_global(Some(request.limit)).run()
        };
        let identity = trust::identity(&request.identity).map_err(NoAnswer::Never)?;
        let with_identity = identity.clone().map(|own| agent(RootCerts::PlatformVerifier, Some(own)));
        let mut answer = send(with_identity.as_ref().unwrap_or(&self.0));
        if let Err(error) = &answer
            && trust::fault(error).is_some_and(trust::is_untrusted)
        {
            // Nothing was sent yet.
            let own = trust::authorities(&request.authorities);
            if !own.is_empty() {
                answer = send(&agent(RootCerts::new_with_certs(&own), identity));
            }
        }
        let (parts, body) = answer.map_err(|error| no_answer(&error, request))?.into_parts();
        let mut bytes = Vec::new();
        let mut reader = body.into_reader().take(request.cap + 1);
        reader.read_to_end(&mut bytes).map_err(|error| {
            NoAnswer::NotNow(format!("the answer from {} broke off: {error}", host(&request.url)))
        })?;
        let cut = bytes.len() as u64 > request.cap;
        bytes.truncate(usize::try_from(request.cap).unwrap_or(usize::MAX));
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body: bytes, cut })
    }
}

fn no_answer(error: &ureq::Error, request: &Request) -> NoAnswer {
    let host = host(&request.url);
    if let Some(fault) = trust::fault(error) {
        return NoAnswer::Never(trust::words(host, fault, &request.authorities));
    }
    match error {
        ureq::Error::Timeout(_) => NoAnswer::NotNow(format!(
            "{host} did not answer within {}",
            crate::text::human::duration(request.limit)
        )),
        ureq::Error::HostNotFound => NoAnswer::NotNow(format!("the name {host} was not found")),
        ureq::Error::ConnectionFailed => NoAnswer::NotNow(format!("{host} can't be reached")),
        ureq::Error::Io(error) => NoAnswer::NotNow(format!("{host} can't be reached: {error}")),
        other => NoAnswer::Never(format!("{host}: {other}")),
    }
}

/// A query (`?a=b&c=d`) of these names and values, percent-encoded (RFC 3986, section 2).
pub(crate) fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    const RESERVED: AsciiSet = all_but(b"-._~");
    let mut query = String::new();
    for (name, value) in pairs {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.extend(utf8_percent_encode(name, &RESERVED));
        query.push('=');
        query.extend(utf8_percent_encode(value, &RESERVED));
    }
    query
}

/// The `Authorization` header for a user and a password (RFC 7617).
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Host and port of an address, without a user and password.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    /// Starts a server that gives this answer to one request. Returns its address.
    fn server(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/x", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    fn ask(request: Request) -> Result<Answer, NoAnswer> {
        Client::default().ask_now(&request)
    }

    #[test]
    fn any_status_is_an_answer_and_so_is_a_redirect() {
        let url = server("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(ask(Request::get(url)).unwrap().status, 302);
        let url = server("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno");
        let answer = ask(Request::get(url)).unwrap();
        assert!(answer.is_transient_error() && !answer.is_success());
        assert_eq!((answer.retry_after(), answer.text()), (Some(Duration::from_secs(7)), "no".to_owned()));
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error_and_a_long_one_is_cut() {
        let url = server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
        assert!(matches!(ask(Request::get(url)), Err(NoAnswer::NotNow(_))));
        let url = server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789");
        let answer = ask(Request { cap: 4, ..Request::get(url) }).unwrap();
        assert!(answer.cut && answer.body == b"0123");
    }

    #[test]
    fn queries_and_passwords_are_encoded() {
        let query = query([("id", "com.acme:app"), ("branch", "feature/ü & co")]);
        assert_eq!(query, "?id=com.acme%3Aapp&branch=feature%2F%C3%BC%20%26%20co");
        assert_eq!(super::query([]), "");
        // RFC 7617, section 2.
        assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn a_refused_connection_may_be_transient_and_a_bad_address_never_is() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(matches!(ask(Request::get(format!("http://{closed}/"))), Err(NoAnswer::NotNow(_))));
        assert!(matches!(ask(Request::get("http://[/")), Err(NoAnswer::Never(_))));
        assert_eq!(host("https://ada:pw@sonar.example:9000/x?y@z"), "sonar.example:9000");
    }
}
