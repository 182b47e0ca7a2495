//! Certificates and signatures of one test, by OpenSSL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with the certificates of an authority of its own.
pub(super) struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    pub(super) fn new() -> Self {
        let authority = Self { folder: tempfile::tempdir().unwrap() };
        authority.self_signed("ca", "An authority of the tests", &[]);
        authority
    }

    /// A certificate and its key that nobody else has signed. `more`: further options.
    pub(super) fn self_signed(&self, name: &str, subject: &str, more: &[&str]) {
        let (subject, key, certificate) =
            (format!("/CN={subject}"), format!("{name}.key"), format!("{name}.crt"));
        let options = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", &subject];
        self.openssl(&[&options[..], &["-keyout", &key, "-out", &certificate], more].concat());
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn openssl(&self, args: &[&str]) -> Vec<u8> {
        let output = Command::new("openssl").args(args).current_dir(self.folder.path()).output();
        let output =
            output.unwrap_or_else(|error| panic!("openssl is needed, a package of that name: {error}"));
        assert!(output.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// A certificate for this address of a server, for so many days: `NAME.crt` and `NAME.key`.
    pub(super) fn certify(&self, name: &str, subject: &str, days: &str) {
        let (key, request, certificate) =
            (format!("{name}.key"), format!("{name}.csr"), format!("{name}.crt"));
        self.openssl(&[
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=a server of the tests",
            "-keyout",
            &key,
            "-out",
            &request,
        ]);
        fs::write(self.path("names"), format!("subjectAltName={subject}\n")).unwrap();
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            days,
            "-extfile",
            "names",
            "-out",
            &certificate,
        ]);
    }
}

/// Where a registry looks for the certificate of an authority, below the home of a user.
pub(super) fn certs_d(home: &Path, registry: &str) -> PathBuf {
    home.join(".config/docker/certs.d").join(registry)
}
