//! The parts of URIs (RFC 3986) that SARIF needs: percent-encoding and `file:`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Decodes percent-encoding. Text that does not decode to UTF-8 stays as it is.
fn percent_decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8().unwrap_or(Cow::Borrowed(text)).into_owned()
}

/// What a URI reference points to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A path. It is absolute if it begins with a slash or a drive (`C:/`).
    Path(String),
    /// Something that is not a file: `https://…`.
    Elsewhere,
}

/// Reads a URI reference. `file:` URIs and relative references, which have no scheme, are paths. Backslashes are
/// those of Windows: no URI has any.
pub(super) fn target(uri: &str) -> Target {
    let uri = uri.trim();
    let slashed;
    let uri = if uri.contains('\\') {
        slashed = uri.replace('\\', "/");
        &slashed
    } else {
        uri
    };
    if let Some(rest) = strip_scheme(uri, "file") {
        // `file:///path`, `file://host/path` and `file:/path`.
        let path = match rest.strip_prefix("//") {
            Some(with_host) => with_host.find('/').map_or("", |slash| &with_host[slash..]),
            None => rest,
        };
        let path = percent_decode(path);
        let drive = path.strip_prefix('/').filter(|path| has_drive(path));
        return Target::Path(drive.map(str::to_owned).unwrap_or(path));
    }
    let first = uri.split('/').next().unwrap_or_default();
    match first.contains(':') && !has_drive(uri) {
        true => Target::Elsewhere,
        false => Target::Path(percent_decode(uri)),
    }
}

/// Whether a path begins with a slash or a Windows drive.
pub(super) fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || has_drive(path)
}

fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

fn strip_scheme<'a>(uri: &'a str, scheme: &str) -> Option<&'a str> {
    let (found, rest) = uri.split_once(':')?;
    found.eq_ignore_ascii_case(scheme).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_decoded_if_the_result_is_text() {
        for (raw, decoded) in [
            ("a%20b", "a b"),
            ("%E2%82%ACpath.cs", "€path.cs"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%ff", "%ff"),
            ("%+1", "%+1"),
            ("€%41", "€A"),
        ] {
            assert_eq!(percent_decode(raw), decoded);
        }
    }

    #[test]
    fn files_are_distinguished_from_other_resources() {
        let path = |text: &str| Target::Path(text.to_owned());
        for (uri, wanted) in [
            ("src/a.c", path("src/a.c")),
            ("file:///repo/src/a%20b.c", path("/repo/src/a b.c")),
            ("FILE:/repo/a.c", path("/repo/a.c")),
            ("file://host/work/", path("/work/")),
            ("file:///C:/code/a.c", path("C:/code/a.c")),
            ("C:/code/a.c", path("C:/code/a.c")),
            ("C:\\code\\a.c", path("C:/code/a.c")),
            ("src\\a.c", path("src/a.c")),
            ("src/x:y.c", path("src/x:y.c")),
            ("https://example.test/a", Target::Elsewhere),
            ("::::::/", Target::Elsewhere),
        ] {
            assert_eq!(target(uri), wanted, "{uri}");
        }
    }
}
