//! Whether an answer of a registry is what was sent: its header `Docker-Content-Digest` has the digest of the content
//! (distribution specification, "Pulling manifests" and "Pushing manifests"), and what is asked for by digest has that digest.

use crate::scan::procedure::Failure;
use crate::system::http::Answer;
use crate::text::hash::{sha256, sha512};

use super::address::is_digest;

const HEADER: &str = "docker-content-digest";

/// The longest part of a wrong header that a message quotes.
const QUOTED: usize = 80;

/// Compares the digest of some content with the one in the answer. `what`: what people call it.
///
/// # Errors
/// They differ, or the header holds no digest. A registry may leave the header out.
pub(super) fn check_header(answer: &Answer, content: &[u8], host: &str, what: &str) -> Result<(), Failure> {
    for header in answer.headers.get_all(HEADER) {
        let said = header.to_str().unwrap_or_default().trim();
        let Some(digest) = digest_like(said, content) else {
            let shown: String = said.chars().take(QUOTED).collect();
            return Err(Failure::Unproven(format!(
                "{host} answered for {what} with a header Docker-Content-Digest that is no digest ({shown:?}): \
                 it is not known whether the answer was altered on its way"
            )));
        };
        if digest != said {
            return Err(altered(host, what, said, &digest));
        }
    }
    Ok(())
}

/// Compares some content with the digest by which it was asked for. A tag says nothing about it.
///
/// # Errors
/// They differ.
pub(super) fn check_asked(asked: &str, content: &[u8], host: &str) -> Result<(), Failure> {
    let is_other = |digest: &String| is_digest(asked) && digest != asked;
    match Some(format!("sha256:{}", sha256(content))).filter(is_other) {
        Some(digest) => Err(altered(host, asked, asked, &digest)),
        None => Ok(()),
    }
}

fn altered(host: &str, what: &str, said: &str, digest: &str) -> Failure {
    Failure::Unproven(format!(
        "the answer of {host} for {what} was altered on its way: its digest is {said}, and what arrived has {digest}"
    ))
}

/// The digest of some content, of the kind of another one; `None`: that is none.
fn digest_like(said: &str, content: &[u8]) -> Option<String> {
    let (algorithm, digits) = said.split_once(':')?;
    let calculated = match algorithm {
        "sha256" => sha256(content),
        "sha512" => sha512(content),
        _ => return None,
    };
    let fits = digits.len() == calculated.len()
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    fits.then(|| format!("{algorithm}:{calculated}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    use ureq::http::HeaderMap;

    // `printf abc | sha256sum`, and the same of sha512sum (FIPS 180-2, appendix B.1 and C.1).
    const ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const LONG: &str = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

    fn says(headers: &[&str], content: &[u8]) -> Result<(), String> {
        let mut map = HeaderMap::new();
        for value in headers {
            map.append(HEADER, value.parse().unwrap());
        }
        let answer = Answer { status: 200, headers: map, body: content.to_vec(), cut: false };
        check_header(&answer, content, "r.example", "app:1").map_err(|why| match why {
            Failure::Unproven(why) => why,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn an_answer_that_is_not_what_its_header_says_was_altered() {
        for headers in [&[][..], &[ABC], &[LONG], &[ABC, LONG], &[" ", ABC][1..]] {
            assert_eq!(says(headers, b"abc"), Ok(()), "{headers:?}");
        }
        for headers in [&[ABC][..], &[LONG], &[ABC, ABC]] {
            let why = says(headers, b"abd").unwrap_err();
            assert!(why.contains("for app:1 was altered on its way: its digest is sha"), "{why}");
        }
        // One of two that is right does not make up for the other.
        let other = ABC.replace("ba78", "ba79");
        assert!(says(&[ABC, &other], b"abc").unwrap_err().contains("was altered on its way: its"));
    }

    #[test]
    fn a_header_that_is_no_digest_proves_nothing() {
        let upper = ABC.to_uppercase().replace("SHA256", "sha256");
        for header in ["", "ba7816bf", "sha256:", "sha256:ba78", "md5:900150983cd24fb0", &upper, &ABC[7..]] {
            let why = says(&[header], b"abc").unwrap_err();
            assert!(why.contains("a header Docker-Content-Digest that is no digest"), "{header}: {why}");
        }
        let why = says(&[&"x".repeat(5000)], b"abc").unwrap_err();
        assert!(why.len() < 400, "{why}");
    }

    #[test]
    fn what_is_asked_for_by_digest_has_it() {
        assert!(check_asked(ABC, b"abc", "r.example").is_ok());
        assert!(check_asked("latest", b"abc", "r.example").is_ok());
        assert!(check_asked(ABC, b"abd", "r.example").is_err());
    }
}
