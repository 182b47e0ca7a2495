//! Checkstyle XML (<https://github.com/checkstyle/checkstyle>, `XMLLogger`). Linters for many
//! languages can write it.

use crate::model::finding::{Category, Finding, Location};
use crate::model::scope::{Scope, Unit};
use crate::model::severity::Severity;
use crate::scan::parsed::{Parsed, ReportError};
use crate::scan::report_origin::ReportOrigin;
use crate::text::shared::Text;

use super::headline;
use super::uri::path_of;
use super::xml::{Document, Element, Piece, text};

const WHAT: &str = "Checkstyle report";

/// Linters that put something before their rules.
const WRITERS: [(&str, &str); 2] = [("eslint.rules.", "eslint"), ("ShellCheck.", "shellcheck")];

/// Reads a Checkstyle report. Scope: its `file` elements.
///
/// Checkstyle itself and ESLint list every file that they checked. Other writers (ktlint,
/// PHP_CodeSniffer) list only files with findings. They write an empty `<checkstyle/>` when they find
/// nothing, and also when they check nothing. So an empty report has an empty scope and is never clean.
pub(crate) fn read(bytes: &[u8], origin: &ReportOrigin) -> Result<Parsed, ReportError> {
    let text = text(bytes, WHAT)?;
    let mut document = Document::new(&text, WHAT);
    document.root(&["checkstyle"])?;

    let mut parsed = Parsed { scope: Scope::of(Unit::Files, 0), ..Parsed::default() };
    let mut path = None;
    while let Some(piece) = document.next()? {
        match piece {
            Piece::Open(file) if file.name == "file" => {
                // PHPStan puts what is of no file into one without a name.
                path = file
                    .attribute("name")
                    .filter(|name| !name.is_empty())
                    .map(|name| origin.relative(&path_of(name)));
                parsed.scope.add(Unit::Files, u64::from(path.is_some()));
            }
            Piece::Open(error) if error.name == "error" => {
                let source = error.attribute("source").unwrap_or_default();
                let writers = WRITERS.iter().filter(|(start, _)| source.starts_with(start));
                writers.for_each(|(_, tool)| parsed.is_written_by(tool));
                parsed.findings.push(finding(&error, path.as_ref()))
            }
            // Checkstyle could not check this file.
            Piece::Open(exception) if exception.name == "exception" => {
                let file = path.as_deref().unwrap_or("a file");
                parsed.gaps.push(format!("{file} could not be checked"));
            }
            Piece::Close(name) if name == "file" => path = None,
            Piece::Open(_) | Piece::Close(_) | Piece::Text(_) | Piece::Comment(_) => {}
        }
    }
    Ok(parsed)
}

fn finding(error: &Element, path: Option<&Text>) -> Finding {
    let raw = error.attribute("severity");
    let severity = match raw {
        Some("error") => Severity::High,
        // As its own gate: one tool has one severity.
        Some("warning")
            if error.attribute("source").is_some_and(|rule| rule.starts_with("eslint.rules.")) =>
        {
            Severity::Low
        }
        Some("warning") => Severity::Medium,
        // hadolint and shellcheck: what is a matter of style.
        Some("style") => Severity::Low,
        Some("info") => Severity::Info,
        _ => Severity::Unknown,
    };
    let message = error.attribute("message").unwrap_or_default();
    let rule = error.attribute("source").unwrap_or("checkstyle");
    let title = if message.is_empty() { rule.to_owned() } else { headline(message) };
    let mut finding = Finding::new(rule, Category::Lint, severity, title);
    finding.severity_raw = raw.map(Text::from);
    finding.message = message.into();
    finding.location = path.map(|path| {
        Location::file(path.clone()).lines(error.number("line"), None).columns(error.number("column"), None)
    });
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Parsed, ReportError> {
        let origin = ReportOrigin { root: "/repo".into(), cwd: "/repo/app".into(), target: "app".into() };
        read(text.as_bytes(), &origin)
    }

    const REPORT: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<checkstyle version="4.3">
  <file name="/repo/app/src/a.js">
    <error line="2" column="7" severity="error" message="&apos;x&apos; is &lt;unused&gt;&#10;twice" source="eslint.rules.no-unused-vars"/>
    <error line="0" severity="warning" message="m" source="s"></error>
    <error severity="info" message="m"/>
    <error severity="grave"/>
  </file>
  <file name="src/b.js"/>
</checkstyle>
"#;

    #[test]
    fn errors_are_findings_and_files_the_scope() {
        let parsed = parse(REPORT).unwrap();
        assert_eq!(parsed.scope, Scope::of(Unit::Files, 2));
        let severities: Vec<Severity> = parsed.findings.iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::High, Severity::Medium, Severity::Info, Severity::Unknown]);
        let first = &parsed.findings[0];
        assert_eq!((&*first.rule, &*first.title), ("eslint.rules.no-unused-vars", "'x' is <unused>"));
        assert_eq!(&*first.message, "'x' is <unused>\ntwice");
        let location = first.location.as_ref().unwrap();
        assert_eq!(
            (location.to_string().as_str(), location.start_column.map(u32::from)),
            ("app/src/a.js:2", Some(7))
        );
        assert_eq!(parsed.findings[1].location.as_ref().unwrap().start_line, None);
    }

    #[test]
    fn a_file_may_be_named_by_an_address_or_as_windows_does() {
        for (name, path) in [
            ("file:///repo/app/l%C3%B6st%20it.js", "app/löst it.js"),
            ("src\\sub\\a.js", "app/src/sub/a.js"),
            ("D:\\a\\b.js", "D:/a/b.js"),
            ("100%25.js", "app/100%25.js"),
        ] {
            let text = format!(
                r#"<checkstyle><file name="{name}"><error severity="error" message="m"/></file></checkstyle>"#
            );
            let parsed = parse(&text).unwrap();
            assert_eq!(&*parsed.findings[0].location.as_ref().unwrap().path, path, "{name}");
        }
    }

    #[test]
    fn a_report_without_files_has_an_empty_scope() {
        for text in ["<checkstyle/>", "<checkstyle version=\"8.0\">\n</checkstyle>\n"] {
            let parsed = parse(text).unwrap();
            assert!(parsed.scope.is_empty() && parsed.findings.is_empty(), "{text}");
        }
    }

    #[test]
    fn an_error_in_a_file_without_a_name_has_no_place() {
        for file in ["<file>", r#"<file name="">"#] {
            let text = format!(
                r#"<checkstyle><file name="src/A.php"><error line="3" severity="error" message="Undefined variable"/></file>
                {file}<error severity="error" message="Reached internal errors count limit of 50, exiting..."/></file></checkstyle>"#
            );
            let parsed = parse(&text).unwrap();
            assert_eq!((parsed.findings.len(), parsed.scope), (2, Scope::of(Unit::Files, 1)));
            assert_eq!((&parsed.findings[1].location, parsed.findings[1].severity), (&None, Severity::High));
        }
        assert!(parse("<checkstyle><file/></checkstyle>").unwrap().scope.is_empty());
    }

    #[test]
    fn a_file_that_could_not_be_checked_is_a_gap() {
        let text = "<checkstyle><file name=\"a\"><exception><![CDATA[boom]]></exception></file></checkstyle>";
        assert_eq!(parse(text).unwrap().gaps, ["app/a could not be checked"]);
    }

    #[test]
    fn a_report_cut_anywhere_proves_nothing() {
        let end = REPORT.trim_end().len();
        for cut in (1..end).filter(|cut| REPORT.is_char_boundary(*cut)) {
            assert!(parse(&REPORT[..cut]).is_err(), "{:?}", &REPORT[..cut]);
        }
        for cut in [end / 2, end - 1, REPORT.find("line=").unwrap(), REPORT.find("apos").unwrap()] {
            assert!(matches!(parse(&REPORT[..cut]), Err(ReportError::Cut { .. })), "{:?}", &REPORT[..cut]);
        }
    }

    #[test]
    fn a_document_that_is_not_a_checkstyle_report_is_refused() {
        for text in [
            "null",
            "{}",
            "[]",
            "<testsuites/>",
            "<!DOCTYPE html><html><body>502</body></html>",
            "<checkstyle/><checkstyle/>",
            "<checkstyle/>[]",
            "[]<checkstyle/>",
            "<checkstyle></file></checkstyle>",
            "<checkstyle a></checkstyle>",
            "<?xml version=\"1.0\"?>",
            "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><checkstyle><file name=\"&b;\"/></checkstyle>",
        ] {
            assert!(matches!(parse(text), Err(ReportError::Foreign { .. })), "{text}: {:?}", parse(text));
        }
        assert!(matches!(parse(" \n"), Err(ReportError::Empty { .. })));
        assert!(parse("\u{feff}<checkstyle/>").is_ok());
    }

    #[test]
    fn colours_around_a_report_are_skipped() {
        let utf16 = |text: &str| -> Vec<u8> {
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
        };
        let origin = ReportOrigin { root: "/repo".into(), cwd: "/repo/app".into(), target: "app".into() };
        for text in [
            format!("\u{1b}[0m{REPORT}"),
            format!("\u{feff}\u{1b}[0m\n\u{1b}[1;31m{REPORT}\u{1b}[0m\n"),
            format!("{REPORT}\u{1b}[0m"),
        ] {
            assert_eq!(parse(&text).unwrap().findings.len(), 4, "{text:?}");
            // The declaration of the encoding is wrong then, and the byte order mark right (XML 1.0, F.1).
            assert_eq!(super::read(&utf16(&text), &origin).unwrap().findings.len(), 4);
        }
        assert!(matches!(parse("\u{1b}[0m\n"), Err(ReportError::Empty { .. })));
    }

    #[test]
    fn a_letter_that_is_lost_is_an_error() {
        let origin = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: ".".into() };
        let report = |declaration: &str| {
            let rest = b"<checkstyle>\n<file name=\"l\xf6st\"><error severity=\"error\" message=\"m\"/></file></checkstyle>";
            read(&[declaration.as_bytes(), rest].concat(), &origin)
        };
        for (declaration, detail) in [
            ("", "line 2 is not UTF-8, as XML without a declaration is: write it as UTF-8, and declare that"),
            (
                "<?xml version='1.0' encoding='UTF-8'?>",
                "line 2 is not UTF-8, which it declares: write it as UTF-8, and declare that",
            ),
            (
                "<?xml version='1.0' encoding='IBM850'?>",
                "line 1 declares the encoding `IBM850`, which is not known: write it as UTF-8, and declare that",
            ),
        ] {
            let error = ReportError::Foreign { what: WHAT, detail: detail.to_owned() };
            assert_eq!(report(declaration).err(), Some(error));
        }
        let read = report("<?xml version='1.0' encoding='ISO-8859-1'?>").unwrap();
        assert_eq!(read.findings[0].location.as_ref().unwrap().to_string(), "löst");
    }
}
