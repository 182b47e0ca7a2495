//! Malicious reports: too deep, too long, too many findings, or with invalid numbers and characters. Each
//! gives a clear error or a correct result, in bounded time and memory.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::print_stdout, reason = "time and memory are results")]

mod giant;

use std::borrow::Cow;

use crate::common::fixtures;
use portcullis::config::Config;
use portcullis::keys::mistakes::draw;
use portcullis::keys::table::Keys;
use portcullis::model::run::Run;
use portcullis::redact::{Scrubber, mask_fields};
use portcullis::scan::proof::{Proof, assess};
use portcullis::scan::raw_report::{Document, RawReport};
use portcullis::scan::tool::Tool;
use portcullis::tools::{TOOLS, foreign};

/// A scanner or a format, without options.
fn tool(name: &str) -> Box<dyn Tool> {
    let mut known = TOOLS.iter().copied().chain(&foreign::TOOLS);
    (known.find(|one| one.name == name).unwrap().configure)(&Keys::none(&Default::default()))
}

/// What these bytes prove as the report of a run that exited with 0, and as a report without an exit code.
fn assessed(name: &str, bytes: &[u8]) -> [Proof; 2] {
    let tool = tool(name);
    [Some(0), None].map(|exit| {
        let document = Document { name: "report".into(), bytes: Cow::Borrowed(bytes) };
        let raw = RawReport { exit, documents: vec![document], ..RawReport::default() };
        assess(tool.as_ref(), &raw, &fixtures::origin())
    })
}

fn assert_refused(name: &str, bytes: &[u8]) {
    for proof in assessed(name, bytes) {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
        assert!(!matches!(proof, Proof::Complete(_)), "{name}: {shown}: {proof:?}");
        assert!(proof.reason().is_some_and(|reason| reason.len() < 2000), "{name}: {shown}: {proof:?}");
    }
}

fn names() -> Vec<&'static str> {
    let all = TOOLS.iter().copied().chain(&foreign::TOOLS).map(|spec| spec.name);
    all.filter(|name| *name != "command").collect()
}

const DEEP: usize = 100_000;

/// `inner` with [`DEEP`] times `open` before it and `close` after it.
fn nested(open: &str, inner: &str, close: &str) -> Vec<u8> {
    [open.repeat(DEEP), inner.to_owned(), close.repeat(DEEP)].concat().into_bytes()
}

#[test]
fn deep_nesting_does_not_crash_the_process() {
    for name in names() {
        for (open, inner, close) in [
            ("[", "", "]"),
            ("[", "", ""),
            ("{\"a\":", "1", "}"),
            ("{\"results\":[", "", "]}"),
            ("<testsuite>", "", "</testsuite>"),
            ("<a>", "", ""),
        ] {
            assert_refused(name, &nested(open, inner, close));
        }
    }
    let cyclonedx = |inner: &str| format!("{{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",{inner}}}");
    let components =
        nested("\"components\":[{\"type\":\"library\",\"name\":\"a\",", "\"version\":\"1\"", "}]");
    assert_refused("cyclonedx", cyclonedx(&String::from_utf8(components).unwrap()).as_bytes());
    // Deep nesting is refused even in a key that is not read.
    let unread = String::from_utf8(nested("[", "", "]")).unwrap();
    let sarif = format!("{{\"version\":\"2.1.0\",\"x\":{unread},\"runs\":[]}}");
    assert_refused("sarif", sarif.as_bytes());

    assert!(Config::read(&String::from_utf8(nested("a = [", "", "]")).unwrap()).is_err());
    assert!(Config::read(&format!("a = {unread}")).is_err());
    assert!(Config::read(&["a"; DEEP].join(".")).is_err());
    assert!(serde_json::from_slice::<Run>(&nested("{\"gates\":[", "", "]}")).is_err());
    let masked = mask_fields(&nested("{\"Secret\":[", "1", "]}"), &["Secret"]).into_owned();
    assert_eq!(String::from_utf8(masked).unwrap(), "{\"Secret\":\"REDACTED\"}");
}

/// A failure inside a hundred thousand nested suites is found: XML is read without recursion.
#[test]
fn a_deep_failure_is_not_lost() {
    let case = "<testcase name=\"x\"><failure message=\"no\"/></testcase>";
    let [_, proof] = assessed("junit", &nested("<testsuite name=\"s\">", case, "</testsuite>"));
    assert!(matches!(&proof, Proof::Complete(parsed) if parsed.findings.len() == 1), "{proof:?}");
}

fn sarif(results: &str) -> Vec<u8> {
    format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"demo"}}}},"results":[{results}]}}]}}"#
    )
    .into_bytes()
}

fn eslint(message: &str) -> Vec<u8> {
    format!(r#"[{{"filePath":"/repo/a.ts","messages":[{message}]}}]"#).into_bytes()
}

#[test]
fn long_texts_are_not_cut() {
    let word = "r".repeat(10_000);
    let [_, proof] =
        assessed("sarif", &sarif(&format!(r#"{{"ruleId":"{word}","message":{{"text":"{word}"}}}}"#)));
    let finding = &proof.parsed().findings[0];
    assert_eq!((&*finding.rule, &*finding.message), (word.as_str(), word.as_str()));
    assert!(finding.title.chars().count() < 200, "a title must fit on a line");
    let [_, proof] =
        assessed("eslint", &eslint(&format!(r#"{{"ruleId":"{word}","severity":2,"message":"{word}"}}"#)));
    assert_eq!(&*proof.parsed().findings[0].rule, word);
}

/// The second value of a key must not replace the first: a program would read one value, and a person
/// might read the other.
#[test]
fn a_duplicate_key_is_an_error() {
    let run = r#"{"tool":{"driver":{"name":"demo"}},"results":[{"ruleId":"a"}]}"#;
    let none = r#"{"tool":{"driver":{"name":"demo"}},"results":[]}"#;
    assert_refused("sarif", format!(r#"{{"version":"2.1.0","runs":[{run}],"runs":[{none}]}}"#).as_bytes());
    assert_refused("eslint", br#"[{"filePath":"a","messages":[{"severity":2}],"messages":[]}]"#);
    assert_refused("trivy", br#"{"SchemaVersion":2,"Results":[{"Target":"a","Vulnerabilities":[{"PkgName":"x"}]}],"Results":[{"Target":"a","Packages":[{}]}]}"#);
    assert_refused("checkov", br#"{"results":{"failed_checks":[{"check_id":"A","file_path":"a"}],"failed_checks":[]},"summary":{"passed":1,"failed":0,"resource_count":1}}"#);
    let advisory =
        |severity: &str| format!(r#""a":{{"via":[{{"source":1,"name":"a","severity":"{severity}"}}]}}"#);
    let npm = |entries: &str| {
        format!(
            r#"{{"vulnerabilities":{{{entries}}},"metadata":{{"vulnerabilities":{{"total":1}},"dependencies":{{"prod":2,"total":2}}}}}}"#
        )
    };
    assert_refused("npm-audit", npm(&format!("{},{}", advisory("critical"), advisory("low"))).as_bytes());
    let [_, proof] = assessed("npm-audit", npm(&advisory("critical")).as_bytes());
    assert_eq!(proof.parsed().findings.len(), 1, "{proof:?}");
}

/// An impossible number is refused or ignored. It never becomes a different number.
#[test]
fn impossible_numbers_do_not_become_other_numbers() {
    for number in [
        "18446744073709551616",
        "-1",
        "1.5",
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "1e2",
        "0x10",
        "4294967296",
    ] {
        let at = format!(r#"{{"ruleId":"a","severity":2,"message":"m","line":{number}}}"#);
        let region = format!(
            r#"{{"ruleId":"a","locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"a"}},"region":{{"startLine":{number}}}}}}}]}}"#
        );
        for (name, bytes) in [("eslint", eslint(&at)), ("sarif", sarif(&region))] {
            let [_, proof] = assessed(name, &bytes);
            let lines =
                proof.parsed().findings.iter().filter_map(|finding| finding.location.as_ref()?.start_line);
            assert_eq!(lines.count(), 0, "{name}: {number}: {proof:?}");
            let kept = matches!(&proof, Proof::Complete(parsed) if parsed.findings.len() == 1);
            assert!(kept || matches!(proof, Proof::Inconclusive { .. }), "{name}: {number}: {proof:?}");
        }
        let totals = format!(
            r#"{{"vulnerabilities":{{}},"metadata":{{"vulnerabilities":{{"total":{number}}},"dependencies":{{"prod":2,"total":2}}}}}}"#
        );
        assert_refused("npm-audit", totals.as_bytes());
        let xml = format!(
            "<testsuite tests=\"{number}\" failures=\"0\"><testcase name=\"x\" line=\"{number}\"><failure/></testcase></testsuite>"
        );
        let [_, proof] = assessed("junit", xml.as_bytes());
        assert_eq!(proof.parsed().findings.len(), 1, "junit: {number}");
    }
    let [_, proof] = assessed(
        "sarif",
        &sarif(r#"{"ruleId":"a","level":"note","properties":{"security-severity":"NaN"}}"#),
    );
    assert!(proof.parsed().findings.iter().all(|finding| finding.severity.as_str() == "low"), "{proof:?}");
}

fn utf_16(text: &[u8]) -> Vec<u8> {
    let units = String::from_utf8_lossy(text).into_owned();
    let units = units.encode_utf16().flat_map(u16::to_le_bytes);
    [0xff, 0xfe].into_iter().chain(units).collect()
}

#[test]
fn invalid_characters_do_not_lose_a_finding() {
    let found = |name: &str, bytes: &[u8]| {
        let [_, proof] = assessed(name, bytes);
        match proof {
            Proof::Complete(parsed) => Some(parsed.findings.len()),
            _ => None,
        }
    };
    let reports = [
        ("eslint", eslint(r#"{"ruleId":"a","severity":2,"message":"m@"}"#)),
        ("sarif", sarif(r#"{"ruleId":"a","message":{"text":"m@"}}"#)),
        (
            "junit",
            b"<testsuite><testcase name=\"m@\"><failure message=\"m@\"/></testcase></testsuite>".to_vec(),
        ),
        (
            "checkstyle",
            b"<checkstyle><file name=\"m@\"><error severity=\"error\" message=\"m@\"/></file></checkstyle>"
                .to_vec(),
        ),
        ("tsc", b"a.ts(1,2): error TS2322: m@\n".to_vec()),
    ];
    for (name, bytes) in reports {
        assert_eq!(found(name, &bytes), Some(1), "{name}");
        let marked = [b"\xef\xbb\xbf".as_slice(), &bytes].concat();
        assert_eq!(found(name, &marked), Some(1), "{name} with a byte order mark");
        // A cut character, a lone continuation, a surrogate, an overlong slash.
        for wrong in [b"\xe2\x82".as_slice(), b"\x80", b"\xed\xa0\x80", b"\xc0\xaf", b"\xff"] {
            let at = bytes.iter().position(|byte| *byte == b'@').unwrap();
            let bytes = [&bytes[..at], wrong, &bytes[at + 1..]].concat();
            assert!(found(name, &bytes).is_none_or(|n| n == 1), "{name} with {wrong:x?}");
        }
        match name {
            // They say by their first bytes that they are UTF-16.
            "sarif" | "junit" | "checkstyle" => assert_eq!(found(name, &utf_16(&bytes)), Some(1)),
            _ => assert_refused(name, &utf_16(&bytes)),
        }
    }
    for escape in ["\\ud800", "\\udc00\\ud800", "\\u0000"] {
        let bytes = eslint(&format!(r#"{{"ruleId":"a","severity":2,"message":"{escape}"}}"#));
        assert!(found("eslint", &bytes).is_none_or(|n| n == 1), "{escape}");
    }
}

/// Every mistake is shown with its own lines, even when there are very many.
#[test]
fn many_mistakes_in_a_configuration_are_all_shown_in_time() {
    const MISTAKES: usize = 20_000;
    let text: String = (0..MISTAKES).map(|n| format!("key-{n} = {n}\n")).collect();
    let problems = Config::read(&text).unwrap_err();
    let drawn = draw(&problems, &text, "gates.toml", &Scrubber::default(), false);
    for line in [2, 700, MISTAKES] {
        assert!(drawn.contains(&format!("gates.toml:{line}:1\n")), "no mistake in line {line}");
        assert!(drawn.contains(&format!("{line} | key-{} = ", line - 1)), "line {line} is not shown");
    }
}
