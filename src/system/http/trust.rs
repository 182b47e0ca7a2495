//! Whose certificates are trusted: those that the machine trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` take their
//! place), and for a registry those of its own folder (`/etc/docker/certs.d/HOST`).

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use ureq::tls::{Certificate, PemItem, parse_pem};

/// The most of a file that is read, and the most files of a folder.
const FILE_CAP: u64 = 1 << 20;
const FILES: usize = 64;

/// The certificates of the files `*.crt` in these folders.
pub(super) fn authorities(folders: &[PathBuf]) -> Vec<Certificate<'static>> {
    folders.iter().flat_map(|folder| files(folder)).flat_map(|file| certificates(&file)).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "crt") && path.is_file())
        .take(FILES)
        .collect();
    files.sort();
    files
}

fn certificates(file: &Path) -> Vec<Certificate<'static>> {
    let mut text = Vec::new();
    let read = fs::File::open(file).and_then(|open| open.take(FILE_CAP).read_to_end(&mut text));
    let items = read.ok().into_iter().flat_map(|_| parse_pem(&text)).flatten();
    let certificate = |item| match item {
        PemItem::Certificate(certificate) => Some(certificate),
        _ => None,
    };
    items.filter_map(certificate).collect()
}

/// What is wrong with TLS, if that is why there is no answer.
pub(super) fn fault(error: &ureq::Error) -> Option<&rustls::Error> {
    match error {
        ureq::Error::Rustls(fault) => Some(fault),
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

/// Whether another authority would help.
pub(super) fn is_untrusted(fault: &rustls::Error) -> bool {
    use rustls::CertificateError::UnknownIssuer;
    match fault {
        rustls::Error::InvalidCertificate(why) => {
            // `CaUsedAsEndEntity`: it signed itself.
            matches!(why, UnknownIssuer) || why.to_string().contains("CaUsedAsEndEntity")
        }
        // No authority at all could be read.
        rustls::Error::General(_) => true,
        _ => false,
    }
}

/// The same in words, with what to do.
pub(super) fn words(host: &str, fault: &rustls::Error, folders: &[PathBuf]) -> String {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidForName, NotValidForNameContext};
    if is_untrusted(fault) {
        let own = folders.first().map(|folder| format!(", or write it to {}/ca.crt", folder.display()));
        return format!(
            "the certificate of {host} is not trusted ({fault}): name a file with the certificate of its authority (CA) in SSL_CERT_FILE{}",
            own.unwrap_or_default()
        );
    }
    match fault {
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => {
            format!("the certificate of {host} has expired ({fault})")
        }
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            format!("the certificate of {host} is for another name ({fault})")
        }
        rustls::Error::InvalidMessage(_) => format!("{host} does not answer in TLS ({fault})"),
        fault => format!("no TLS with {host}: {fault}"),
    }
}
