use super::*;

const WHAT: &str = "report";

fn list(bytes: &[u8]) -> Result<Vec<String>, String> {
    let text = decoded(bytes, WHAT).map_err(|error| error.to_string())?;
    read(&text, WHAT).map_err(|error| error.to_string())
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once('\u{feff}')
        .chain(text.chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(unit)
        .collect()
}

#[test]
fn utf_16_is_read_by_its_byte_order_mark() {
    for unit in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
        assert_eq!(list(&utf16(r#"["größe 😀"]"#, unit)), Ok(vec!["größe 😀".to_owned()]));
    }
    let whole = utf16(r#"["größe 😀"]"#, u16::to_le_bytes);
    for (bytes, says) in [
        (&whole[..whole.len() - 1], "the report is cut short: it is UTF-16, and ends in half a character"),
        (&whole[..whole.len() - 2], "the report is cut short"),
        // In the middle of the smiley.
        (&whole[..whole.len() - 6], "ends in half a character"),
        (
            &[&whole[..whole.len() - 6], b"\"\0]\0"].concat(),
            "it begins as UTF-16, and goes on as something else",
        ),
        (b"\xff\xfe\0\xdc\"\0", "it begins as UTF-16, and goes on as something else"),
        (b"\xff\xfe", "the report is empty"),
    ] {
        let error = list(bytes).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn colours_around_a_document_are_skipped() {
    for text in ["\u{1b}[0m[\"a\"]", "\u{feff} \u{1b}[0m\u{1b}[1;31m\n[\"a\"]\u{1b}[0m\n", "[\"a\"]\n"] {
        assert_eq!(list(text.as_bytes()), Ok(vec!["a".to_owned()]), "{text:?}");
    }
    assert_eq!(list(b"\x1b[0m\n"), Err("the report is empty".to_owned()));
    assert!(list(b"\x1b[0[\"a\"]").is_err());
}

#[test]
fn what_is_no_json_is_named_with_its_line() {
    for (text, says) in [
        (
            &b"\n<?xml version='1.0'?>\n<testsuites/>"[..],
            "line 2 begins XML, and it looks like junit: name that format",
        ),
        (b"<?xml version='1.0'?><a/>", "line 1 begins XML: let the tool write JSON"),
        (b"<!DOCTYPE html><html>", "line 1 begins a web page"),
        (b"---\nversion: 2.1.0\n", "line 1 begins YAML"),
        (b"SPDXVersion: SPDX-2.3\n", "line 1 begins SPDX tag-value"),
        (
            b"INFO start\nWARN hunter2\n[\"a\"]\n",
            "line 1 is text, and JSON may begin in line 3: let the tool write its report to a file",
        ),
        (b"There are 3 problems\n", "line 1 is text: let the tool write JSON"),
        (b"\x1f\x8b\x08\0", "it is compressed"),
        (b"[\0\"\0", "UTF-16"),
        (b"[\"a\",\n\"gr\xfc\xdf\"]", "line 2 is not UTF-8"),
    ] {
        let error = list(text).unwrap_err();
        assert!(error.starts_with("this is not a report: not JSON: ") && error.contains(says), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_an_error_also_where_nobody_looks() {
    let error = decoded(b"{\n\"ignored\": \"l\xf6st\"}", "report").unwrap_err();
    assert_eq!(error.to_string(), "this is not a report: not JSON: line 2 is not UTF-8: write it as UTF-8");
}
