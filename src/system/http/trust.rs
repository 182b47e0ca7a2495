//! Whose certificates are trusted: those that the machine trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` take their
//! place), and for a registry those of its own folder (`/etc/docker/certs.d/HOST`). There may be a certificate to show, too.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ureq::tls::{Certificate, ClientCert, PemItem, parse_pem};

/// The most of a file that is read, and the most files of a folder.
const FILE_CAP: u64 = 1 << 20;
const FILES: usize = 64;

/// The certificates of the files `*.crt` in these folders.
pub(super) fn authorities(folders: &[PathBuf]) -> Vec<Certificate<'static>> {
    folders.iter().flat_map(|folder| files(folder)).flat_map(|file| certificates(&file)).collect()
}

/// The certificate to show, of the first pair `NAME.cert` and `NAME.key` in these folders. Docker refuses one without the
/// other, too.
pub(super) fn identity(folders: &[PathBuf]) -> Result<Option<ClientCert>, String> {
    let mut found = None;
    for folder in folders {
        for file in files_named(folder, "key") {
            let certificate = file.with_extension("cert");
            if !certificate.is_file() {
                return Err(format!("there is {}, and no {} to it", file.display(), certificate.display()));
            }
        }
        for file in files_named(folder, "cert") {
            let key_file = file.with_extension("key");
            let text = read(&key_file)
                .map_err(|error| format!("the key of {}, {}: {error}", file.display(), key_file.display()))?;
            let key = parse_pem(&text).flatten().find_map(|item| match item {
                PemItem::PrivateKey(key) => Some(key),
                _ => None,
            });
            let chain = certificates(&file);
            match key {
                Some(key) if !chain.is_empty() => {
                    found.get_or_insert_with(|| ClientCert::new_with_certs(&chain, key));
                }
                Some(_) => return Err(format!("{} holds no certificate in PEM", file.display())),
                None => return Err(format!("{} holds no private key in PEM", key_file.display())),
            }
        }
    }
    Ok(found)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    files_named(folder, "crt")
}

/// The files of a folder with this ending, in order.
fn files_named(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == ending) && path.is_file())
        .take(FILES)
        .collect();
    files.sort();
    files
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    fs::File::open(file)?.take(FILE_CAP).read_to_end(&mut text)?;
    Ok(text)
}

fn certificates(file: &Path) -> Vec<Certificate<'static>> {
    let text = read(file).unwrap_or_default();
    let items = parse_pem(&text).flatten();
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

/// What a server says that wants a certificate of its client (RFC 8446, section 6.2; servers of TLS 1.2 have no word of their own).
fn wants_certificate(alert: rustls::AlertDescription) -> bool {
    use rustls::AlertDescription::{BadCertificate, CertificateExpired, CertificateRequired, UnknownCA};
    matches!(alert, CertificateRequired | BadCertificate | CertificateExpired | UnknownCA)
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
        rustls::Error::AlertReceived(alert) if wants_certificate(*alert) => {
            let own = folders.first().map(|folder| {
                format!(": write it to {0}/client.cert, and its key to {0}/client.key", folder.display())
            });
            format!(
                "{host} asks for a certificate, or refuses the one that it got ({fault}){}",
                own.unwrap_or_default()
            )
        }
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
