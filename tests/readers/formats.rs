//! No false green in any format: a report that is cut anywhere, replaced by anything, or of another format
//! proves nothing.

#![allow(clippy::unwrap_used, reason = "a test that can't read its fixture has failed")]

use std::path::{Path, PathBuf};

use portcullis::formats::{FORMATS, Format, format, inventory};
use portcullis::scan::parsed::Parsed;
use portcullis::scan::report_origin::ReportOrigin;

/// The report files of a format's fixtures.
fn reports(format: &Format) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format.name);
    let cases = std::fs::read_dir(folder).unwrap();
    let files = cases.flat_map(|case| std::fs::read_dir(case.unwrap().path()).unwrap());
    let files = files.map(|file| file.unwrap().path());
    let mut reports: Vec<PathBuf> = files.filter(|path| path.file_stem().unwrap() != "expected").collect();
    reports.sort();
    assert!(!reports.is_empty(), "{} has no fixtures", format.name);
    reports
}

fn read(format: &Format, bytes: &[u8]) -> Option<Parsed> {
    let origin = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
    (format.read)(bytes, &origin).ok()
}

#[test]
fn a_report_cut_anywhere_proves_nothing() {
    for format in FORMATS {
        for path in reports(format) {
            let bytes = std::fs::read(&path).unwrap();
            let end = bytes.trim_ascii_end().len();
            let step = (end / 100).max(1);
            for cut in (0..end).step_by(step).chain([end / 2, end.saturating_sub(1)]) {
                assert!(read(format, &bytes[..cut]).is_none(), "{} cut at {cut} of {end}", path.display());
            }
        }
    }
}

#[test]
fn anything_that_is_not_a_report_proves_nothing() {
    const INSTEAD: [&str; 14] = [
        "",
        "\n",
        " \t\r\n ",
        "\u{feff}",
        "null",
        "{}",
        "[]",
        "[[]]",
        "0",
        "\"\"",
        "{\"message\": \"Bad Gateway\", \"statusCode\": 502}",
        "<!DOCTYPE html>\n<html><head><title>502</title></head><body><h1>Bad Gateway</h1></body></html>\n",
        "<html/>",
        "Error: something went wrong\n",
    ];
    for format in FORMATS {
        for text in INSTEAD {
            assert!(read(format, text.as_bytes()).is_none(), "{} accepts {text:?}", format.name);
        }
        assert!(read(format, &[0; 64]).is_none(), "{} accepts zeros", format.name);
        assert!(read(format, b"\xff\xfe<\0t\0").is_none(), "{} accepts UTF-16", format.name);
    }
}

#[test]
fn no_format_accepts_a_report_of_another() {
    // Some fixtures are reports of another format on purpose.
    let own = |path: &PathBuf| !path.parent().unwrap().to_string_lossy().contains("report-of-");
    for theirs in FORMATS {
        for path in reports(theirs).iter().filter(|path| own(path)) {
            let bytes = std::fs::read(path).unwrap();
            for other in FORMATS.iter().filter(|other| other.name != theirs.name) {
                assert!(read(other, &bytes).is_none(), "{} is accepted as {}", path.display(), other.name);
            }
        }
    }
}

#[test]
fn two_reports_in_one_file_are_refused() {
    for format in FORMATS {
        for path in reports(format) {
            let bytes = std::fs::read(&path).unwrap();
            if read(format, &bytes).is_some() {
                let twice = [bytes.as_slice(), bytes.as_slice()].concat();
                assert!(read(format, &twice).is_none(), "{} twice", path.display());
            }
        }
    }
}

/// As Windows shells write it with `>`.
fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
}

#[test]
fn a_json_document_says_the_same_as_utf_16() {
    let json = |format: &&Format| !["junit", "checkstyle"].contains(&format.name);
    let shown = |parsed: &Parsed| (serde_json::to_string(&parsed.findings).unwrap(), parsed.scope.clone());
    for format in FORMATS.iter().filter(json) {
        for path in reports(format) {
            let Ok(text) = String::from_utf8(std::fs::read(&path).unwrap()) else { continue };
            let text = text.trim_start_matches('\u{feff}');
            let Some(plain) = read(format, text.as_bytes()) else { continue };
            for unit in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
                let wide = utf16(text, unit);
                let other = read(format, &wide).unwrap_or_else(|| panic!("{} as UTF-16", path.display()));
                assert_eq!(shown(&other), shown(&plain), "{}", path.display());
                assert_eq!(inventory::components(&wide), inventory::components(text.as_bytes()));
                let end = 2 + 2 * text.trim_end().encode_utf16().count();
                for cut in [end / 3, end / 2, end - 2, end - 1] {
                    assert!(read(format, &wide[..cut]).is_none(), "{} cut at {cut}", path.display());
                }
            }
        }
    }
}

#[test]
fn a_document_that_is_cut_in_a_character_or_of_two_encodings_says_so() {
    for (name, text) in [
        (
            "cyclonedx",
            r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"name": "größe 😀"}]}"#,
        ),
        ("spdx", r#"{"spdxVersion": "SPDX-2.3", "packages": [{"SPDXID": "p", "name": "größe 😀"}]}"#),
        ("sarif", r#"{"version": "2.1.0", "runs": [{"results": [{"message": {"text": "größe 😀"}}]}]}"#),
    ] {
        let read = |bytes: &[u8]| {
            let origin = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
            (format(name).unwrap().read)(bytes, &origin).unwrap_err().to_string()
        };
        let wide = utf16(text, u16::to_le_bytes);
        let smiley = 2 + 2 * text[..text.find('😀').unwrap()].encode_utf16().count();
        for (bytes, says) in [
            (wide[..smiley + 2].to_vec(), "is cut short: it is UTF-16, and ends in half a character"),
            (wide[..smiley + 1].to_vec(), "is cut short: it is UTF-16, and ends in half a character"),
            (
                [&wide[..smiley + 2], &b"\"\0]\0"[..]].concat(),
                "it begins as UTF-16, and goes on as something else",
            ),
            (text.as_bytes()[..text.find('😀').unwrap() + 2].to_vec(), "is cut short"),
            (encoding_of_windows(text), "line 1 is not UTF-8: write it as UTF-8"),
        ] {
            assert!(read(&bytes).contains(says), "{name}: {}", read(&bytes));
        }
    }
}

/// Each character as one byte, as in Windows' code page 1252.
fn encoding_of_windows(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

#[test]
fn a_format_is_found_by_its_name() {
    assert!(format("sarif").is_some() && format("Sarif").is_none() && format("").is_none());
}
