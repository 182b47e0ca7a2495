//! An image registry on loopback: Debian's `docker-registry`, open, with passwords, with tokens, or with TLS. It ends with
//! the test.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "tests start servers")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::aws::Server;
use crate::common::real_tools;

/// An image registry, with its images in a temporary folder.
pub(crate) struct Registry {
    _server: Server,
    folder: tempfile::TempDir,
    /// `127.0.0.1:PORT`
    pub address: String,
}

impl Registry {
    /// Anybody may push.
    pub(crate) fn open() -> Self {
        Self::start("", |_| String::new())
    }

    /// Only who logs in as `AWS`, with the password that moto hands out, may push or read, as with ECR.
    pub(crate) fn with_login() -> Self {
        Self::of_user("AWS")
    }

    /// The same for another user, with the same password.
    pub(crate) fn of_user(user: &str) -> Self {
        // bcrypt of the password, which `htpasswd -nbB AWS …` prints.
        const HASH: &str = "$2b$05$abcdefghijklmnopqrstuu/4ofrUS75HrKu6f.iuRo0I/XlrmpqlC";
        Self::start("", |folder| {
            let file = folder.join("htpasswd");
            fs::write(&file, format!("{user}:{HASH}\n")).unwrap();
            format!("auth: {{ htpasswd: {{ realm: test, path: {} }} }}\n", file.display())
        })
    }

    /// Only who shows a token of this server may push or read. The certificate is that of its signatures.
    pub(crate) fn with_tokens(realm: &str, certificate: &Path) -> Self {
        Self::start("", |_| {
            format!(
                "auth: {{ token: {{ realm: \"{realm}\", service: test, issuer: tests, rootcertbundle: {} }} }}\n",
                certificate.display()
            )
        })
    }

    /// Anybody may push, over TLS.
    pub(crate) fn with_tls(certificate: &Path, key: &Path) -> Self {
        let tls = format!(", tls: {{ certificate: {}, key: {} }}", certificate.display(), key.display());
        Self::start(&tls, |_| String::new())
    }

    /// Who shows a certificate of this authority may push, over TLS.
    pub(crate) fn with_client_certificates(certificate: &Path, key: &Path, authority: &Path) -> Self {
        let tls = format!(
            ", tls: {{ certificate: {}, key: {}, clientcas: [{}] }}",
            certificate.display(),
            key.display(),
            authority.display()
        );
        Self::start(&tls, |_| String::new())
    }

    fn start(http: &str, more: impl FnOnce(&Path) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let settings = format!(
            "version: 0.1\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\nhttp: {{ addr: \"127.0.0.1:0\"{http} }}\n{}",
            data.display(),
            more(folder.path())
        );
        let file = folder.path().join("settings.yml");
        fs::write(&file, settings).unwrap();
        let program = match real_tools().join("docker-registry") {
            unpacked if unpacked.exists() => unpacked,
            _ => PathBuf::from("docker-registry"),
        };
        let (server, address) = Server::start(Command::new(program).arg("serve").arg(&file), "listening on ");
        let address = address.trim_end_matches(',').to_owned();
        Self { _server: server, folder, address }
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
