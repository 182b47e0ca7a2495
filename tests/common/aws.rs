//! AWS on loopback, for tests that push and deploy: `moto_server` answers the calls of the AWS CLI, and ends with the
//! test.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "tests start servers")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::common::real_tools;

/// The account and the region of the tests. The account is that of moto's own answers.
pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "eu-west-1";

/// The password that moto's ECR hands out for the user `AWS`.
pub(crate) const PASSWORD: &str = "123456789012-auth-token";

/// A program that serves on a port of its own choice and is killed at the end of the test.
pub(super) struct Server(Child);

impl Server {
    /// Starts it, and waits until a line of its error output says, behind these words, where it
    /// listens.
    pub(super) fn start(command: &mut Command, says: &str) -> (Self, String) {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let server = Self(child);
        let mut said = String::new();
        let address = loop {
            let begin = said.len();
            assert!(log.read_line(&mut said).unwrap() > 0, "{command:?} does not serve:\n{said}");
            if let Some((_, rest)) = said[begin..].split_once(says) {
                break rest.trim().split(['"', ' ']).next().unwrap().to_owned();
            }
        };
        // A full pipe would stop it.
        std::thread::spawn(move || log.read_to_end(&mut Vec::new()));
        (server, address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// AWS, as moto plays it: empty at the start.
pub(crate) struct Moto {
    _server: Server,
    /// `http://127.0.0.1:PORT`
    pub address: String,
}

impl Moto {
    pub(crate) fn start() -> Self {
        let mut command = Command::new(real_tools().join("moto_server"));
        let (server, address) = Server::start(command.args(["-p", "0"]), "Running on ");
        Self { _server: server, address }
    }

    /// The same with a life for its deployments: see `ci/aws-server`.
    pub(crate) fn with_deployments() -> Self {
        let beside = real_tools().join("moto_server").canonicalize().unwrap();
        let server = concat!(env!("CARGO_MANIFEST_DIR"), "/ci/aws-server");
        let mut command = Command::new(beside.with_file_name("python"));
        let (server, address) = Server::start(command.args([server, "-p", "0"]), "Running on ");
        Self { _server: server, address }
    }

    /// Points the AWS CLI at it, with credentials that are none, and away from the user's own.
    pub(crate) fn point<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
            command.env_remove(name);
        }
        command
            .env("AWS_ENDPOINT_URL", &self.address)
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_REGION", REGION)
            // The first version of the CLI knows this one alone.
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    }

    /// Asks AWS for the test itself, in the words of its CLI and over HTTP: what a test believes went neither through
    /// Portcullis nor through the program that it starts. Gives the answer, or null.
    pub(crate) fn aws(&self, args: &[&str]) -> Value {
        let (target, scope) = match args[0] {
            "deploy" => ("CodeDeploy_20141006", "codedeploy"),
            "ecr" => ("AmazonEC2ContainerRegistry_V20150921", "ecr"),
            "ecs" => ("AmazonEC2ContainerServiceV20141113", "ecs"),
            other => panic!("no service {other}"),
        };
        let operation: String = args[1].split('-').map(capital).collect();
        let body = parameters(&args[2..]).to_string();
        let host = self.address.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/x-amz-json-1.1\r\n\
             X-Amz-Target: {target}.{operation}\r\nContent-Length: {}\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential=testing/20260101/{REGION}/{scope}/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "aws {args:?}: {answer}");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_default()
    }

    /// Runs the AWS CLI with these words, as a reader of a message would.
    pub(crate) fn cli(&self, args: &[&str]) {
        let output = self.point(Command::new(real_tools().join("aws")).args(args)).output().unwrap();
        assert!(output.status.success(), "aws {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// `--deployment-ids a b` and the like as the object that AWS takes. What ends in `-ids` is a list.
fn parameters(args: &[&str]) -> Value {
    let mut all = json!({});
    for option in args.chunk_by(|_, next| !next.starts_with("--")) {
        let (name, values) = (option[0].trim_start_matches("--"), &option[1..]);
        let camel: String = name
            .split('-')
            .enumerate()
            .map(|(n, word)| if n == 0 { word.to_owned() } else { capital(word) })
            .collect();
        match name {
            "cli-input-json" => all = serde_json::from_str(values[0]).unwrap(),
            _ if name.ends_with("-ids") => all[camel] = json!(values),
            _ => all[camel] = json!(values[0]),
        }
    }
    all
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}
