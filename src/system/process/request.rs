//! What a keeper is asked to start, as bytes on its line.
//!
//! Each text is its length (four bytes, the high one first) and its bytes; a list is its number of texts and the texts. A
//! path, an argument and a variable may have any bytes.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// A program, and how to start it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub program: Cow<'a, OsStr>,
    pub cwd: Cow<'a, OsStr>,
    pub args: Vec<Cow<'a, OsStr>>,
    /// Added to the environment of Portcullis.
    pub env: Vec<(Cow<'a, OsStr>, Cow<'a, OsStr>)>,
    /// Variables of Portcullis that the program does not get.
    pub without: Vec<Cow<'a, OsStr>>,
    /// What it reads on its standard input; `None`: nothing.
    pub feed: Option<Cow<'a, [u8]>>,
}

impl Request<'_> {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(&mut bytes, self.program.as_bytes());
        put(&mut bytes, self.cwd.as_bytes());
        put_all(&mut bytes, self.args.iter().map(|text| text.as_bytes()));
        put_all(&mut bytes, self.env.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]));
        put_all(&mut bytes, self.without.iter().map(|text| text.as_bytes()));
        put_all(&mut bytes, self.feed.iter().map(|feed| &**feed));
        bytes
    }

    pub(super) fn read(from: &mut impl Read) -> io::Result<Request<'static>> {
        let (program, cwd) = (text(from)?, text(from)?);
        let args = texts(from)?;
        let env = texts(from)?;
        let env = env.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        let without = texts(from)?;
        let feed = texts(from)?.pop().map(|feed| Cow::Owned(feed.into_owned().into_vec()));
        Ok(Request { program, cwd, args, env, without, feed })
    }
}

fn put(bytes: &mut Vec<u8>, text: &[u8]) {
    // The kernel takes no argument of as many bytes as do not fit.
    bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend(text);
}

fn put_all<'t>(bytes: &mut Vec<u8>, texts: impl Iterator<Item = &'t [u8]>) {
    let at = bytes.len();
    bytes.extend([0; 4]);
    let mut number = 0_u32;
    for text in texts {
        put(bytes, text);
        number += 1;
    }
    bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
}

fn number(from: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

fn text(from: &mut impl Read) -> io::Result<Cow<'static, OsStr>> {
    let mut bytes = vec![0; number(from)? as usize];
    from.read_exact(&mut bytes)?;
    Ok(Cow::Owned(OsString::from_vec(bytes)))
}

fn texts(from: &mut impl Read) -> io::Result<Vec<Cow<'static, OsStr>>> {
    (0..number(from)?).map(|_| text(from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(text: &[u8]) -> Cow<'_, OsStr> {
        Cow::Borrowed(OsStr::from_bytes(text))
    }

    #[test]
    fn what_is_asked_arrives_whatever_bytes_it_has() {
        let whole = Request {
            program: os(b"/bin/sh"),
            cwd: os(b"/a b\xff"),
            args: vec![os(b""), os(b"-c"), os(b"echo\n\xfe")],
            env: vec![(os(b"A"), os(b"")), (os(b"B"), os(b"x=y"))],
            without: vec![os(b"C")],
            feed: Some(Cow::Borrowed(b"pass\0word")),
        };
        let least = Request {
            program: os(b"x"),
            cwd: os(b"/"),
            args: vec![],
            env: vec![],
            without: vec![],
            feed: None,
        };
        for request in [whole, least] {
            let bytes = request.to_bytes();
            assert_eq!(Request::read(&mut &*bytes).unwrap(), request);
            assert!(Request::read(&mut &bytes[..bytes.len() - 1]).is_err());
        }
    }
}
