//! XML reports that are not read, by their root elements.

/// The root element, and what to do.
const ROOTS: [(&str, &str); 19] = [
    ("assemblies", "it is xUnit.net's own XML: let it write JUnit (`--logger junit`)"),
    ("test-run", "it is NUnit's own XML: let it write JUnit (`--logger junit`)"),
    ("test-results", "it is NUnit's own XML: let it write JUnit (`--logger junit`)"),
    ("TestRun", "it is Visual Studio's TRX: let it write JUnit (`--logger junit`)"),
    ("testng-results", "it is TestNG's own XML: take its JUnit reports"),
    ("robot", "it is Robot Framework's own XML: let it write JUnit (`--xunit`)"),
    ("coverage", "it is a report of coverage, not of tests or findings"),
    ("pmd", "it is PMD's own XML: let it write SARIF (`-f sarif`)"),
    ("pmd-cpd", "it is CPD's own XML: let it write SARIF or Checkstyle"),
    ("BugCollection", "it is SpotBugs' own XML: let it write SARIF (`-sarif`)"),
    ("results", "it may be Cppcheck's own XML: let it write SARIF (`--output-format=sarif`)"),
    ("issues", "it may be the XML of Android's lint: let it write SARIF"),
    ("bom", "it is CycloneDX in XML: let the tool write CycloneDX as JSON"),
    ("RDF", "it is SPDX as RDF: let the tool write SPDX as JSON"),
    ("html", "it is a web page, as a server sends it instead of a file"),
    ("testsuites", "it looks like junit: name that format"),
    ("testsuite", "it looks like junit: name that format"),
    ("checkstyle", "it looks like checkstyle: name that format"),
    ("failsafe-summary", "it is Failsafe's summary: take its `TEST-*.xml`"),
];

/// What a document with this root element is.
pub(in crate::formats) fn xml_form(root: &str) -> Option<&'static str> {
    ROOTS.iter().find(|(known, _)| *known == root).map(|(_, words)| *words)
}
