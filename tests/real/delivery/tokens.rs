//! A token server (Docker's "Token authentication"): it signs tokens that a real docker-registry accepts.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::keys::Authority;

/// A running token server.
pub(super) struct Tokens {
    pub realm: String,
    /// The first line and the `Authorization` of each request, and its body.
    pub asked: Arc<Mutex<Vec<(String, String, String)>>>,
}

/// How the answers of a token server look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// Its place at the server.
    pub path: &'static str,
    /// The fields that hold the token, for who gets it with a password.
    pub fields: &'static [&'static str],
}

/// Serves tokens to who shows this `Authorization`, or posts this refresh token.
pub(super) fn serve(authority: Arc<Authority>, authorization: String, refresh: String) -> Tokens {
    serve_as(Form { path: "/token", fields: &["token"] }, authority, authorization, refresh)
}

/// The same in the form of another server.
pub(super) fn serve_as(
    form: Form,
    authority: Arc<Authority>,
    authorization: String,
    refresh: String,
) -> Tokens {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let realm = format!("http://{}{}", listener.local_addr().unwrap(), form.path);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (line, given, body) = read(&mut stream);
            log.lock().unwrap().push((line.clone(), given.clone(), body.clone()));
            let posted = line.starts_with("POST ");
            let known = match posted {
                true => {
                    body.contains(&format!("refresh_token={refresh}"))
                        && body.contains("grant_type=refresh_token")
                }
                false => given == authorization,
            };
            let fields = match posted {
                true => body,
                false => line
                    .split(' ')
                    .nth(1)
                    .unwrap_or_default()
                    .split_once('?')
                    .unwrap_or_default()
                    .1
                    .to_owned(),
            };
            let (status, answer) = match known {
                true => {
                    // RFC 6749 for who posts, Docker's own form for who gets.
                    let names = if posted { &["access_token"][..] } else { form.fields };
                    let mut answer = json!({"expires_in": 300, "issued_at": "2026-01-01T00:00:00Z"});
                    let token = token(&authority, &fields);
                    names.iter().for_each(|name| answer[*name] = json!(token));
                    (200, answer)
                }
                false => (401, json!({"details": "incorrect username or password"})),
            };
            let answer = answer.to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
                answer.len()
            );
        }
    });
    Tokens { realm, asked }
}

fn read(stream: &mut TcpStream) -> (String, String, String) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let mut lines = head.lines().filter_map(|line| line.split_once(": "));
                lines.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
            };
            if body.len() >= header("content-length").map_or(0, |length| length.parse().unwrap()) {
                let line = head.lines().next().unwrap_or_default().to_owned();
                return (line, header("authorization").unwrap_or_default(), body.to_owned());
            }
        }
        match stream.read(&mut buffer) {
            Ok(n) if n > 0 => bytes.extend_from_slice(&buffer[..n]),
            _ => return Default::default(),
        }
    }
}

/// A token for the scopes that these fields name (`scope=repository%3Aname%3Apush%2Cpull`).
fn token(authority: &Authority, fields: &str) -> String {
    let fields: Vec<(String, String)> = fields
        .split('&')
        .filter_map(|field| field.split_once('='))
        .map(|(name, value)| {
            (name.to_owned(), value.replace("%3A", ":").replace("%2C", ",").replace("%2F", "/"))
        })
        .collect();
    let scopes = fields.iter().filter(|(name, _)| name == "scope");
    let access: Vec<Value> = scopes
        .flat_map(|(_, scopes)| scopes.split(['+', ' ']))
        .filter_map(|scope| {
            let parts: Vec<&str> = scope.split(':').collect();
            let [kind, name, actions] = parts[..] else { return None };
            Some(json!({"type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>()}))
        })
        .collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let certificate = fs::read_to_string(authority.path("ca.crt")).unwrap();
    let der: String = certificate.lines().filter(|line| !line.starts_with("-----")).collect();
    assert!(STANDARD.decode(&der).is_ok());
    let header = json!({"typ": "JWT", "alg": "RS256", "x5c": [der]});
    let claims: BTreeMap<&str, Value> = [
        ("iss", json!("tests")),
        ("sub", json!("ada")),
        ("aud", json!("test")),
        ("exp", json!(now + 300)),
        ("nbf", json!(now - 10)),
        ("iat", json!(now - 10)),
        ("jti", json!("one")),
        ("access", json!(access)),
    ]
    .into();
    let encode = |value: &[u8]| URL_SAFE_NO_PAD.encode(value);
    let signed = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(serde_json::to_string(&claims).unwrap().as_bytes())
    );
    fs::write(authority.path("signed"), &signed).unwrap();
    let signature = authority.openssl(&["dgst", "-sha256", "-sign", "ca.key", "signed"]);
    format!("{signed}.{}", encode(&signature))
}
