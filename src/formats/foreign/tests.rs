use super::*;

use crate::scan::parsed::ReportError;
use crate::scan::report_origin::ReportOrigin;

fn error(format: &str, text: &[u8]) -> String {
    let origin = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
    let format = crate::formats::format(format).unwrap();
    let error = (format.read)(text, &origin).unwrap_err();
    assert!(matches!(error, ReportError::Foreign { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn a_report_of_a_tools_own_form_is_named() {
    for (format, text, says) in [
        (
            "sarif",
            r#"{"version": "1.185.0", "results": [{"check_id": "r"}], "errors": [], "paths": {"scanned": []}}"#,
            "this is not a SARIF log: it is Semgrep's own JSON: let it write `--sarif`",
        ),
        (
            "sarif",
            r#"{"SchemaVersion": 2, "ArtifactName": ".", "Results": []}"#,
            "it is Trivy's own JSON: hand it in as trivy",
        ),
        ("cyclonedx", r#"{"SchemaVersion": 2, "ArtifactName": "."}"#, "it is Trivy's own JSON"),
        ("spdx", r#"{"artifacts": [], "artifactRelationships": []}"#, "it is Syft's own JSON"),
        ("sarif", r#"[{"RuleID": "r", "Commit": "c", "Secret": "REDACTED"}]"#, "it is gitleaks' own JSON"),
        (
            "sarif",
            r#"{"bomFormat": "CycloneDX", "specVersion": "1.5"}"#,
            "it is a CycloneDX document: name that format, cyclonedx",
        ),
        ("cyclonedx", r#"{"version": "2.1.0", "runs": []}"#, "it is a SARIF log: name that format, sarif"),
        ("sarif", r#"{"version": "1.0.0", "runs": [{"results": {}}]}"#, "its version is 1.0.0, not 2.1.0"),
        ("sarif", r#"{"runs": []}"#, "it has no `version`"),
        (
            "junit",
            r#"{"numFailedTests": 1, "testResults": []}"#,
            "line 1 begins JSON: it is the JSON of Jest or Vitest: let it write JUnit XML",
        ),
        (
            "checkstyle",
            "\n[{\"filePath\": \"a.js\", \"messages\": []}]",
            "line 2 begins JSON: it is ESLint's own JSON",
        ),
        ("junit", r#"{"a": 1}"#, "line 1 begins JSON: let the tool write XML"),
        (
            "sarif",
            r#"[{"version": "2.1.0", "runs": []}]"#,
            "this is not a SARIF log: it is a list with a SARIF log in it: hand in the entry (`jq '.[0]'`)",
        ),
        (
            "cyclonedx",
            r#"[{"bomFormat": "CycloneDX", "specVersion": "1.5"}, {}]"#,
            "it is a list of 2, the first of which is a CycloneDX document: hand in each",
        ),
        ("sarif", r#"[{"bomFormat": "CycloneDX"}]"#, "it is a CycloneDX document: name that format"),
    ] {
        let error = error(format, text.as_bytes());
        assert!(error.contains(says), "{error}");
    }
}

/// GitHub's REST API (`/dependency-graph/sbom`), in-toto's Statement v1, DSSE 1.0, Sigstore's bundle 0.3, `docker buildx imagetools
/// inspect --format '{{json .SBOM}}'`.
#[test]
fn a_document_around_a_report_is_named() {
    const SPDX: &str = r#"{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": []}"#;
    const ENVELOPE: &str =
        r#"{"payloadType": "application/vnd.in-toto+json", "payload": "e30=", "signatures": [{"sig": ""}]}"#;
    for (document, says) in [
        (format!(r#"{{"sbom": {SPDX}}}"#), "it is the answer of GitHub's API: hand in what is in `sbom`"),
        (format!(r#"{{"SPDX": {SPDX}}}"#), "it is what Docker shows of an SBOM: hand in what is in `SPDX`"),
        (
            format!(
                r#"{{"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": "https://spdx.dev/Document", "predicate": {SPDX}}}"#
            ),
            "it is an in-toto statement: hand in its predicate (`jq .predicate`)",
        ),
        (ENVELOPE.to_owned(), "it is a signed envelope (DSSE): verify it, and hand in the predicate"),
        (
            format!(
                r#"{{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {{}}, "dsseEnvelope": {ENVELOPE}}}"#
            ),
            "it is a Sigstore bundle: verify it",
        ),
        (r#"{"commit_sha": "a", "ref": "b", "sarif": "H4sI"}"#.to_owned(), "it is an upload to GitHub's API"),
    ] {
        for format in ["spdx", "cyclonedx", "sarif", "junit"] {
            let error = error(format, document.as_bytes());
            assert!(error.contains(says), "{format}: {error}");
        }
    }
}

#[test]
fn utf_32_is_no_utf_16() {
    for text in ["[\"a\"]", "<a/>"] {
        let units = |order: fn(u32) -> [u8; 4], mark: &str| -> Vec<u8> {
            mark.chars().chain(text.chars()).flat_map(|c| order(u32::from(c))).collect()
        };
        for format in ["sarif", "cyclonedx", "spdx", "junit", "checkstyle"] {
            for order in [u32::to_le_bytes as fn(u32) -> [u8; 4], u32::to_be_bytes] {
                let marked = error(format, &units(order, "\u{feff}"));
                assert!(marked.contains("it is UTF-32: write it as UTF-8"), "{format}: {marked}");
                let bare = error(format, &units(order, ""));
                assert!(bare.contains("it has bytes 0, as UTF-16 and UTF-32 have"), "{format}: {bare}");
            }
        }
    }
}

#[test]
fn what_is_no_xml_is_named_with_its_line() {
    for (text, says) in [
        (&b"TAP version 13\n1..2\nok 1 - a\n"[..], "line 1 begins TAP: let the tool write XML"),
        (b"\n1..2\n", "line 2 begins TAP"),
        (b"not ok 1 - hunter2\n", "line 1 begins TAP"),
        // A title of tape, and a log in front.
        (b"---\nok 1 should be equal\n1..1\n", "line 2 begins TAP: let the tool write XML"),
        (b"> app@1.0.0 test\n> tape\n\nTAP version 13\n# ---\nok 1\n", "line 4 begins TAP"),
        (b"---\na: 1\n", "line 1 begins YAML"),
        (b"starting\n<a/>\nok 1\n", "line 1 is text, and XML may begin in line 2"),
        (
            b"> app@1.0.0 test\n> jest\n\n<?xml version='1.0'?>\n<testsuites/>",
            "line 1 is text, and XML may begin in line 4",
        ),
        (b"ok then\n", "line 1 is text: let the tool write XML"),
        (b"\x1f\x8b\x08\0", "it is compressed (gzip): unpack it"),
        (b"PK\x03\x04", "it is an archive (zip): unpack it"),
        (b"[INFO] scanning\n<testsuites/>", "line 1 is text, and XML may begin in line 2"),
    ] {
        let error = error("junit", text);
        assert!(
            error.starts_with("this is not a JUnit report: not XML: ") && error.contains(says),
            "{error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_log_in_front_of_json_is_named_also_if_it_looks_like_json() {
    for (text, says) in [
        (&b"[INFO] hunter2\n{\"version\": \"2.1.0\"}\n"[..], "line 1 is text, and JSON may begin in line 2"),
        (b"[12:30:01] scanning\n[1, 2]\n", "line 1 is text, and JSON may begin in line 2"),
        (
            b"{\"level\": \"info\"}\n{\"version\": \"2.1.0\", \"runs\": []}",
            "line 2 begins another JSON value: let the tool write",
        ),
        (b"TAP version 13\n", "line 1 begins TAP: let the tool write JSON"),
        (b"\x0a\x031.6\x12", "it is CycloneDX as protocol buffers: let the tool write JSON"),
        (b"\x28\xb5\x2f\xfd", "it is compressed (zstd)"),
    ] {
        for format in ["sarif", "cyclonedx"] {
            let error = error(format, text);
            assert!(error.contains(says) && !error.contains("hunter2"), "{format}: {error}");
        }
    }
    assert!(
        [&b"[1, 2]"[..], b"[", b"[]", b"[\"a\"]", b"[{", b"{", b"{\"a\"", b"[null,", b"[-1]"]
            .iter()
            .all(|line| begins_json(line))
    );
    assert!(
        [&b"[INFO]"[..], b"[12:30]", b"[2026-01-01]", b"{info}", b"[+] a", b"", b"a"]
            .iter()
            .all(|line| !begins_json(line))
    );
}

#[test]
fn xml_of_another_form_is_named_by_its_root() {
    for (format, text, says) in [
        (
            "junit",
            "<?xml version='1.0'?><assemblies/>",
            "its root element is <assemblies>: it is xUnit.net's own XML",
        ),
        (
            "junit",
            "<TestRun xmlns='http://microsoft.com/schemas/VisualStudio/TeamTest/2010'/>",
            "it is Visual Studio's TRX",
        ),
        ("junit", "<checkstyle/>", "it looks like checkstyle: name that format"),
        ("checkstyle", "<testsuites/>", "it looks like junit: name that format"),
        ("checkstyle", "<pmd version='7'/>", "it is PMD's own XML: let it write SARIF"),
        ("junit", "<!DOCTYPE html><html><body/></html>", "it is a web page"),
        ("junit", "<a/>", "its root element is <a>"),
    ] {
        let error = error(format, text.as_bytes());
        assert!(error.contains(says), "{error}");
    }
}
