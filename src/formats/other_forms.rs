//! SBOMs in forms that Portcullis does not read, for the message: what the file is, and what to write instead.

use crate::scan::parsed::ReportError;
use crate::text::bom::without_bom;

/// How much of a document is looked at.
const HEAD: usize = 4096;

/// Words near the beginning of a document, and which form has them.
const FORMS: [(&str, &str); 8] = [
    ("cyclonedx.org/schema/bom/", "CycloneDX in XML"),
    ("<rdf:RDF", "SPDX as RDF"),
    ("spdx.org/rdf/", "SPDX as RDF"),
    ("SPDXVersion:", "SPDX in the tag-value form"),
    ("SPDXID:", "SPDX as YAML or in the tag-value form"),
    ("spdxVersion:", "SPDX as YAML"),
    ("bomFormat:", "CycloneDX as YAML"),
    ("<spdxVersion>", "SPDX in XML"),
];

/// An error that names the form, if the document is an SBOM and not JSON.
pub(super) fn refuse(bytes: &[u8], what: &'static str) -> Result<(), ReportError> {
    let bytes = without_bom(bytes).trim_ascii_start();
    // Protocol buffers begin with a field's number.
    let is_json = bytes.first().is_none_or(|first| b"{[".contains(first));
    if is_json {
        return Ok(());
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    match FORMS.iter().find(|(mark, _)| head.contains(mark)) {
        Some((_, form)) => {
            let detail = format!(
                "it is {form}, and Portcullis reads JSON: let the tool write that (often `json` in its output option)"
            );
            Err(ReportError::Foreign { what, detail })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_an_sbom_is_named() {
        for (text, says) in [
            (
                "<?xml version=\"1.0\"?>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\">",
                "CycloneDX in XML",
            ),
            ("\u{feff}SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0", "SPDX in the tag-value form"),
            ("# made by x\nSPDXVersion: SPDX-2.3", "SPDX in the tag-value form"),
            ("spdxVersion: SPDX-2.3", "SPDX as YAML"),
            ("<rdf:RDF xmlns:spdx=\"http://spdx.org/rdf/terms#\">", "SPDX as RDF"),
        ] {
            let error = refuse(text.as_bytes(), "document").unwrap_err().to_string();
            assert!(error.contains(says) && error.contains("reads JSON"), "{text}: {error}");
        }
        for text in ["", "{\"a\": \"SPDXVersion:\"}", "<html>", "hello"] {
            assert!(refuse(text.as_bytes(), "document").is_ok(), "{text}");
        }
    }
}
