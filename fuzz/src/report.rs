//! Reports: arbitrary bytes must not count as a clean report.

use std::borrow::Cow;

use portcullis::keys::mistakes::Problems;
use portcullis::keys::table::Keys;
use portcullis::scan::report_origin::ReportOrigin;
use portcullis::scan::proof::{Proof, assess};
use portcullis::redact::mask_fields;
use portcullis::scan::raw_report::{Document, RawReport};
use portcullis::scan::tool::{ToolSpec, Tool};
use portcullis::tools::{TOOLS, foreign};
use serde::de::IgnoredAny;
use toml::de::DeTable;

/// Splits an input into the report, standard error, standard output and further documents.
const SEPARATOR: &[u8] = b"\n\0\n";

/// How a reader recognises the end of a report.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One value. It is no longer JSON when it is cut anywhere.
    Json,
    /// One element. Nothing after it counts.
    Xml,
    /// Lines. A report that is cut at the end of a line looks complete.
    Lines,
}

pub struct ReportReader {
    spec: &'static ToolSpec,
    tool: Box<dyn Tool>,
    form: Form,
}

impl ReportReader {
    pub fn named(name: &str) -> Option<ReportReader> {
        let mut known = TOOLS.iter().copied().chain(&foreign::TOOLS);
        let spec = known.find(|spec| spec.name == name)?;
        let options = match name {
            "command" => "run = [\"x\"]\nreport = { format = \"sarif\", path = \"-\" }",
            "docker-build" => "images = [{ name = \"app\" }]",
            "smoke-test" => "checks = [{ url = \"https://app.example\" }]",
            _ => "",
        };
        let problems = Problems::default();
        let table = DeTable::parse(options).ok()?;
        let tool = (spec.configure)(&Keys::new(table.get_ref(), 0..0, &problems));
        let form = match name {
            "junit" | "checkstyle" => Form::Xml,
            "tsc" | "yarn-audit" | "docker-build" | "git-secrets" => Form::Lines,
            _ => Form::Json,
        };
        Some(ReportReader { spec, tool, form })
    }

    pub fn check(&self, input: &[u8]) {
        let parts = split(input);
        for exit in [None, Some(0)] {
            let proof = self.assess(&parts, exit);
            if let Proof::Complete(_) = proof {
                self.check_complete(&parts, exit, &proof);
            }
        }
        if self.form == Form::Json && is_whole_json(parts[0]) {
            let masked = mask_fields(parts[0], self.spec.secret_fields.list());
            assert!(is_whole_json(&masked), "the masked report is not JSON any more");
        }
    }

    fn assess(&self, parts: &[&[u8]], exit: Option<i32>) -> Proof {
        let part = |n: usize| Cow::Borrowed(parts.get(n).copied().unwrap_or_default());
        let document = |name: &str, bytes| Document { name: name.to_owned(), bytes };
        let names: &[&str] = match self.spec.name {
            "git-secrets" => &["patterns", "files", "allowed"],
            "cfn-lint" => &["templates"],
            "terraform-validate" => &["terraform-run.json"],
            _ => &[],
        };
        let further = (3..parts.len()).map(|n| document(names.get(n - 3).unwrap_or(&"report"), part(n)));
        let documents = std::iter::once(document("report", part(0))).chain(further).collect();
        let raw =
            RawReport { exit, documents, stderr: part(1), stdout: part(2), ..RawReport::default() };
        let place = ReportOrigin { root: "/repo".into(), cwd: "/repo/app".into(), target: "app".into() };
        assess(self.tool.as_ref(), &raw, &place)
    }

    /// A report that counts as proof is complete and has something in scope. Cut, it proves nothing or the
    /// same.
    fn check_complete(&self, parts: &[&[u8]], exit: Option<i32>, proof: &Proof) {
        let parsed = proof.parsed();
        let report = parts[0];
        assert!(self.form != Form::Json || is_whole_json(report), "a cut document counts as complete");
        let is_unknown = parsed.scope_unreported && exit.is_none();
        assert!(
            !parsed.findings.is_empty() || !parsed.scope.is_empty() || is_unknown,
            "nothing was scanned, but that is clean"
        );
        if self.form == Form::Lines {
            return;
        }
        const CUTS: usize = 8;
        for cut in (1..CUTS).map(|n| report.len() * n / CUTS).chain([report.len().saturating_sub(1)]) {
            let mut parts = parts.to_vec();
            parts[0] = &report[..cut];
            if let Proof::Complete(less) = self.assess(&parts, exit) {
                assert_eq!(less.findings.len(), parsed.findings.len(), "cut at {cut}, findings are lost");
                assert_eq!(less.scope, parsed.scope, "cut at {cut}, it has a smaller scope, but is complete");
            }
        }
    }
}

fn split(input: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = input;
    while let Some(at) = rest.windows(SEPARATOR.len()).position(|bytes| bytes == SEPARATOR) {
        parts.push(&rest[..at]);
        rest = &rest[at + SEPARATOR.len()..];
    }
    parts.push(rest);
    parts
}

/// Whether the text begins with a complete JSON value, according to serde_json. Some tools print text after
/// the value.
fn is_whole_json(bytes: &[u8]) -> bool {
    if let [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] = bytes {
        let unit = |pair: &[u8]| match bytes[0] {
            0xff => u16::from_le_bytes([pair[0], pair[1]]),
            _ => u16::from_be_bytes([pair[0], pair[1]]),
        };
        let text = String::from_utf16_lossy(&rest.chunks_exact(2).map(unit).collect::<Vec<_>>());
        return is_whole_json(text.as_bytes());
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    matches!(values.next(), Some(Ok(_)))
}
