//! A proxy in front of a real registry, which misbehaves towards Portcullis or towards Docker.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Whose requests meet the trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Portcullis,
    /// When it asks for a blob, not for a manifest.
    PortcullisBlobs,
    Docker,
}

#[derive(Clone, Debug)]
pub(super) enum Trouble {
    /// This status, with these header lines.
    Status(u16, String),
    /// The answer ends in the middle.
    Cut,
    /// No answer.
    Never,
    /// What the registry answers, with another letter for each of this one. Its header names the digest of what it sent.
    Altered(u8, u8),
    /// The same without the header.
    AlteredUnsaid(u8, u8),
    /// What the registry answers, with another digest in the header.
    Said(&'static str),
}

/// The body of a refusal (distribution specification, "Error Codes").
const ERRORS: &str = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"not for you\"}]}";

pub(super) struct Proxy {
    pub address: String,
    plan: Arc<Mutex<Plan>>,
    written: Arc<Mutex<Vec<(Whose, String)>>>,
}

struct Plan {
    whose: Whose,
    /// How many requests go through first.
    after: usize,
    /// How many requests meet it.
    times: usize,
    trouble: Trouble,
    met: usize,
}

impl Proxy {
    pub(super) fn before(registry: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let trouble = Trouble::Never;
        let plan = Plan { whose: Whose::Portcullis, after: 0, times: 0, trouble, met: 0 };
        let plan = Arc::new(Mutex::new(plan));
        let (shared, registry) = (plan.clone(), registry.to_owned());
        let written: Arc<Mutex<Vec<(Whose, String)>>> = Arc::default();
        let log = written.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (plan, registry, log) = (shared.clone(), registry.clone(), log.clone());
                // The other side may be gone.
                std::thread::spawn(move || drop(serve(stream, &plan, &registry, &log)));
            }
        });
        Self { address, plan, written }
    }

    /// Who has written which tags (`NAME:TAG`), in order, since this was last asked.
    pub(super) fn written(&self) -> Vec<(Whose, String)> {
        std::mem::take(&mut self.written.lock().unwrap())
    }

    /// From now on, so many manifests, after the first `after`, meet this trouble.
    pub(super) fn misbehave(&self, whose: Whose, after: usize, times: usize, trouble: Trouble) {
        *self.plan.lock().unwrap() = Plan { whose, after, times, trouble, met: 0 };
    }

    /// How many requests have met the trouble.
    pub(super) fn met(&self) -> usize {
        self.plan.lock().unwrap().met
    }
}

impl Plan {
    /// The trouble of a request with this head.
    fn of(&mut self, head: &str) -> Option<Trouble> {
        let line = head.lines().next().unwrap_or_default();
        let is_meant = match (self.whose, who(head)) {
            (Whose::PortcullisBlobs, Whose::Portcullis) => line.contains("/blobs/"),
            (whose, asks) => whose == asks && line.contains("/manifests/"),
        };
        if !is_meant {
            return None;
        }
        if self.after > 0 {
            self.after -= 1;
            return None;
        }
        self.times = self.times.checked_sub(1)?;
        self.met += 1;
        Some(self.trouble.clone())
    }
}

fn who(head: &str) -> Whose {
    match head.to_lowercase().contains("user-agent: portcullis/") {
        true => Whose::Portcullis,
        false => Whose::Docker,
    }
}

/// The tag that a request writes: `NAME:TAG`.
fn tag_written(head: &str) -> Option<String> {
    let path = head.strip_prefix("PUT /v2/")?.split(' ').next()?;
    let (name, tag) = path.split_once("/manifests/")?;
    Some(format!("{name}:{tag}"))
}

/// The answer of the registry, changed.
fn spoilt(mut answer: Vec<u8>, trouble: &Trouble) -> Vec<u8> {
    const HEADER: &str = "docker-content-digest:";
    let body = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(0) + 4;
    if let Trouble::Altered(from, to) | Trouble::AlteredUnsaid(from, to) = trouble {
        answer[body..].iter_mut().filter(|byte| **byte == *from).for_each(|byte| *byte = *to);
    }
    let head = String::from_utf8_lossy(&answer[..body - 2]).into_owned();
    let without = || head.lines().filter(|line| !line.to_lowercase().starts_with(HEADER)).map(str::to_owned);
    let lines: Vec<String> = match trouble {
        Trouble::AlteredUnsaid(..) => without().collect(),
        Trouble::Said(digest) => without().chain([format!("Docker-Content-Digest: {digest}")]).collect(),
        Trouble::Cut => {
            answer.truncate(body + (answer.len() - body) / 2);
            return answer;
        }
        _ => return answer,
    };
    let head = lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\r\n");
    [format!("{head}\r\n\r\n").as_bytes(), &answer[body..]].concat()
}

fn serve(
    mut client: TcpStream,
    plan: &Mutex<Plan>,
    registry: &str,
    written: &Mutex<Vec<(Whose, String)>>,
) -> std::io::Result<()> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 65536]);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        match client.read(&mut buffer)? {
            0 => return Ok(()),
            n => bytes.extend_from_slice(&buffer[..n]),
        }
        // Docker tries TLS first.
        if bytes[0] == 0x16 {
            return client.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let trouble = plan.lock().unwrap().of(&head);
    written.lock().unwrap().extend(tag_written(&head).map(|tag| (who(&head), tag)));
    if let Some(Trouble::Status(status, headers)) = &trouble {
        return write!(
            client,
            "HTTP/1.1 {status} X\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{ERRORS}",
            ERRORS.len()
        );
    }
    if matches!(trouble, Some(Trouble::Never)) {
        std::thread::sleep(Duration::from_secs(120));
        return Ok(());
    }
    // One request a connection, so that every one is seen.
    let kept = head.lines().filter(|line| !line.to_lowercase().starts_with("connection:"));
    let head: Vec<&str> = kept.collect();
    let mut server = TcpStream::connect(registry)?;
    write!(server, "{}\r\nConnection: close\r\n\r\n", head.join("\r\n"))?;
    server.write_all(&bytes[end + 4..])?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
    match trouble {
        None => drop(std::io::copy(&mut server, &mut client)),
        Some(trouble) => {
            let mut answer = Vec::new();
            server.read_to_end(&mut answer)?;
            client.write_all(&spoilt(answer, &trouble))?;
        }
    }
    client.shutdown(Shutdown::Both)
}
