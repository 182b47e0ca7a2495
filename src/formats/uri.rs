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
        return Target::Path(of_file(rest));
    }
    let first = uri.split('/').next().unwrap_or_default();
    match first.contains(':') && !has_drive(uri) {
        true => Target::Elsewhere,
        false => Target::Path(percent_decode(uri)),
    }
}

/// The path of a `file:` address: `file:///path`, `file:/path`, and `file://host/path`, which is `//host/path` as
/// Windows writes it (RFC 8089, E.3).
fn of_file(rest: &str) -> String {
    let path = match rest.strip_prefix("//") {
        Some(with_host) => {
            let slash = with_host.find('/').unwrap_or(with_host.len());
            let (host, path) = with_host.split_at(slash);
            let is_here = host.is_empty() || host.eq_ignore_ascii_case("localhost");
            if is_here || has_drive(path.trim_start_matches('/')) { path } else { rest }
        }
        None => rest,
    };
    let path = percent_decode(path);
    let drive = path.strip_prefix('/').filter(|path| has_drive(path));
    drive.map(str::to_owned).unwrap_or(path)
}

/// A path in a report that has no addresses, only names of files: some writers write `file:` addresses all the same,
/// and those of Windows backslashes.
pub(super) fn path_of(name: &str) -> Cow<'_, str> {
    match strip_scheme(name, "file").filter(|rest| rest.starts_with('/')) {
        Some(rest) => Cow::Owned(of_file(rest)),
        None if name.contains('\\') => Cow::Owned(name.replace('\\', "/")),
        None => Cow::Borrowed(name),
    }
}

/// The path of an address without the host: `//host/path` is `/path` on that host.
pub(super) fn without_host(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("//")?;
    rest.find('/').map(|slash| &rest[slash..])
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
    fn a_name_of_a_file_may_be_an_address_or_from_windows() {
        for (name, wanted) in [
            ("src/a b%20.c", "src/a b%20.c"),
            ("file:///repo/a%20b.c", "/repo/a b.c"),
            ("file:/repo/a.c", "/repo/a.c"),
            ("file://localhost/repo/a.c", "/repo/a.c"),
            ("file:///C:/repo/a.c", "C:/repo/a.c"),
            ("file:name.c", "file:name.c"),
            ("src\\sub\\a.c", "src/sub/a.c"),
            ("C:\\repo\\a.c", "C:/repo/a.c"),
            ("\\\\host\\share\\a.c", "//host/share/a.c"),
        ] {
            assert_eq!(path_of(name), wanted, "{name}");
        }
        assert_eq!(
            (without_host("//host/a"), without_host("/a/b"), without_host("//a")),
            (Some("/a"), None, None)
        );
    }

    #[test]
    fn files_are_distinguished_from_other_resources() {
        let path = |text: &str| Target::Path(text.to_owned());
        for (uri, wanted) in [
            ("src/a.c", path("src/a.c")),
            ("file:///repo/src/a%20b.c", path("/repo/src/a b.c")),
            ("FILE:/repo/a.c", path("/repo/a.c")),
            ("file://host/work/", path("//host/work/")),
            ("file://localhost/work/a.c", path("/work/a.c")),
            ("file://host/C:/code/a.c", path("C:/code/a.c")),
            ("\\\\host\\share\\a.c", path("//host/share/a.c")),
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
