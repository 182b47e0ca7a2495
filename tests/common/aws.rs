//! AWS and an image registry on loopback, for tests that push and deploy: `moto_server` answers the
//! calls of the AWS CLI, Debian's `docker-registry` holds the images. Both end with the test.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "tests start servers")]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::common::real_tools;

/// The account and the region of the tests. The account is that of moto's own answers.
pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "eu-west-1";

/// The password that moto's ECR hands out for the user `AWS`.
pub(crate) const PASSWORD: &str = "123456789012-auth-token";

/// A program that serves on a port of its own choice and is killed at the end of the test.
struct Server(Child);

impl Server {
    /// Starts it, and waits until a line of its error output says, behind these words, where it
    /// listens.
    fn start(command: &mut Command, says: &str) -> (Server, String) {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let server = Server(child);
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
    pub(crate) fn start() -> Moto {
        let mut command = Command::new(real_tools().join("moto_server"));
        let (server, address) = Server::start(command.args(["-p", "0"]), "Running on ");
        Moto { _server: server, address }
    }

    /// The same with a life for its deployments: see `ci/aws-server`.
    pub(crate) fn with_deployments() -> Moto {
        let beside = real_tools().join("moto_server").canonicalize().unwrap();
        let server = concat!(env!("CARGO_MANIFEST_DIR"), "/ci/aws-server");
        let mut command = Command::new(beside.with_file_name("python"));
        let (server, address) = Server::start(command.args([server, "-p", "0"]), "Running on ");
        Moto { _server: server, address }
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

    /// Calls the AWS CLI for the test itself. Gives the JSON that it prints, or null.
    pub(crate) fn aws(&self, args: &[&str]) -> Value {
        let mut command = Command::new(real_tools().join("aws"));
        let output = self.point(command.args(args).args(["--output", "json"])).output().unwrap();
        assert!(output.status.success(), "aws {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }
}

/// An image registry, with its images in a temporary folder.
pub(crate) struct Registry {
    _server: Server,
    folder: tempfile::TempDir,
    /// `127.0.0.1:PORT`
    pub address: String,
}

impl Registry {
    /// Anybody may push.
    pub(crate) fn open() -> Registry {
        Registry::start("")
    }

    /// Only who logs in as `AWS` with [`PASSWORD`] may push or read, as with ECR.
    pub(crate) fn with_login() -> Registry {
        // bcrypt of the password, which `htpasswd -nbB AWS …` prints.
        const HASH: &str = "$2b$05$abcdefghijklmnopqrstuu/4ofrUS75HrKu6f.iuRo0I/XlrmpqlC";
        Registry::start(&format!("AWS:{HASH}\n"))
    }

    fn start(users: &str) -> Registry {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut settings = format!(
            "version: 0.1\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\nhttp: {{ addr: \"127.0.0.1:0\" }}\n",
            data.display()
        );
        if !users.is_empty() {
            let file = folder.path().join("htpasswd");
            fs::write(&file, users).unwrap();
            settings += &format!("auth: {{ htpasswd: {{ realm: test, path: {} }} }}\n", file.display());
        }
        let file = folder.path().join("settings.yml");
        fs::write(&file, settings).unwrap();
        let program = match real_tools().join("docker-registry") {
            unpacked if unpacked.exists() => unpacked,
            _ => PathBuf::from("docker-registry"),
        };
        let (server, address) = Server::start(Command::new(program).arg("serve").arg(&file), "listening on ");
        Registry { _server: server, folder, address }
    }

    /// The digest that a tag has, as the registry's own files tell it.
    pub(crate) fn digest(&self, repository: &str, tag: &str) -> Option<String> {
        let link = format!("repositories/{repository}/_manifests/tags/{tag}/current/link");
        fs::read_to_string(self.file(&link)).ok()
    }

    /// The manifest with this digest.
    pub(crate) fn manifest(&self, digest: &str) -> Value {
        let hex = digest.strip_prefix("sha256:").unwrap();
        let blob = self.file(&format!("blobs/sha256/{}/{hex}/data", &hex[..2]));
        serde_json::from_slice(&fs::read(blob).unwrap()).unwrap()
    }

    /// How many tags a repository has.
    pub(crate) fn tags(&self, repository: &str) -> usize {
        fs::read_dir(self.file(&format!("repositories/{repository}/_manifests/tags")))
            .map_or(0, Iterator::count)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("data/docker/registry/v2").join(name)
    }
}
