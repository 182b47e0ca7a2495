//! No false green, format by format: a report that is cut, replaced or of another format proves
//! nothing, wherever it is cut and whatever it is replaced by.

#![allow(clippy::unwrap_used, reason = "a test that can't read its fixture has failed")]

use std::path::{Path, PathBuf};

use portcullis::formats::{FORMATS, Format, format};
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
    let place = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
    (format.read)(bytes, &place).ok()
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
fn what_takes_the_place_of_a_report_proves_nothing() {
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
            assert!(read(format, text.as_bytes()).is_none(), "{} takes {text:?}", format.name);
        }
        assert!(read(format, &[0; 64]).is_none(), "{} takes zeros", format.name);
        assert!(read(format, b"\xff\xfe<\0t\0").is_none(), "{} takes UTF-16", format.name);
    }
}

#[test]
fn a_report_of_one_format_is_no_report_of_another() {
    // Some fixtures are another format's report on purpose.
    let own = |path: &PathBuf| !path.parent().unwrap().to_string_lossy().contains("report-of-");
    for theirs in FORMATS {
        for path in reports(theirs).iter().filter(|path| own(path)) {
            let bytes = std::fs::read(path).unwrap();
            for other in FORMATS.iter().filter(|other| other.name != theirs.name) {
                assert!(read(other, &bytes).is_none(), "{} is taken for {}", path.display(), other.name);
            }
        }
    }
}

#[test]
fn two_reports_in_one_file_are_none() {
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

#[test]
fn a_format_is_found_by_its_name() {
    assert!(format("sarif").is_some() && format("Sarif").is_none() && format("").is_none());
}
