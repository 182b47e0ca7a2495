use super::parse;
use crate::model::finding::{Category, Finding, Package};
use crate::model::severity::Severity;

/// The finding of a result of this tool, with a rule for CVE-2021-23337.
fn finding(tool: &str, rule: &str, result: &str) -> Finding {
    let log = format!(
        r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "{tool}", "rules": [{{"id": "CVE-2021-23337" {rule}}}]}}}},
            "results": [{{"ruleId": "CVE-2021-23337" {result}}}]}}]}}"#
    );
    parse(&log).unwrap().findings.remove(0)
}

fn words(package: &Package) -> [Option<&str>; 4] {
    let Package { name, version, ecosystem, purl, .. } = package;
    [Some(name), version.as_deref(), ecosystem.as_deref(), purl.as_deref()]
}

const LODASH: [Option<&str>; 4] =
    [Some("lodash"), Some("4.17.4"), Some("npm"), Some("pkg:npm/lodash@4.17.4")];

#[test]
fn a_package_is_named_by_its_url() {
    let logical = r#", "locations": [{"logicalLocations": [{"fullyQualifiedName": "pkg:npm/lodash@4.17.4", "name": "lodash"}]}]"#;
    let property = r#", "properties": {"purl": "pkg:npm/lodash@4.17.4"}"#;
    for (rule, result) in [("", logical), ("", property), (property, "")] {
        let finding = finding("other", rule, result);
        assert_eq!(words(finding.package.as_deref().unwrap()), LODASH, "{rule} {result}");
        assert_eq!((finding.category, finding.resource), (Category::Vulnerability, None));
    }
    let scoped = finding("other", "", r#", "properties": {"purls": ["pkg:npm/%40babel/traverse@7.0.0"]}"#);
    assert_eq!(&*scoped.package.unwrap().name, "@babel/traverse");
    let maven = finding("other", "", r#", "properties": {"purls": ["pkg:maven/org.apache/a@1"]}"#);
    assert_eq!(&*maven.package.unwrap().name, "org.apache:a");
}

#[test]
fn of_several_urls_the_version_in_the_message_decides() {
    let rule = r#", "properties": {"purls": ["pkg:npm/lodash@3.0.0", "pkg:npm/lodash@4.17.4"]}"#;
    let result = r#", "message": {"text": "lodash@4.17.4 is vulnerable"}"#;
    assert_eq!(words(finding("other", rule, result).package.as_deref().unwrap()), LODASH);
}

/// A result of Grype, as version 0.116 writes it.
fn grype(rule: &str, severity: &str, package: &str) -> Finding {
    let result = format!(
        r#", "message": {{"text": "A {severity} vulnerability in {package} was found at: /package-lock.json"}}"#
    );
    finding("grype", rule, &result)
}

/// Grype has a rule for an advisory in a package, with the URL of the version that came first.
#[test]
fn the_version_of_a_package_of_grype_is_that_of_the_message() {
    let package = |rule: &str, package: &str| {
        let finding = grype(rule, "high", package);
        let package = finding.package.as_deref().unwrap();
        words(package).map(|word| word.map(str::to_owned))
    };
    let owned = |words: [Option<&str>; 4]| words.map(|word| word.map(str::to_owned));
    let purl = |purl: &str| format!(r#", "properties": {{"purls": ["{purl}"]}}"#);
    let lodash = "npm package: lodash, version 4.17.4";
    assert_eq!(package(&purl("pkg:npm/lodash@4.17.4"), lodash), owned(LODASH));
    let without_url = [LODASH[0], LODASH[1], LODASH[2], None];
    assert_eq!(package(&purl("pkg:npm/lodash@3.0.0"), lodash), owned(without_url));
    assert_eq!(package("", lodash), owned(without_url));
    let rpm = "pkg:rpm/redhat/bash@4.4.19-14.el8?arch=x86_64&epoch=1";
    assert_eq!(
        package(&purl(rpm), "rpm package: bash, version 1:4.4.19-14.el8"),
        owned([Some("redhat/bash"), Some("4.4.19-14.el8"), Some("rpm"), Some(rpm)])
    );
    assert_eq!(
        package("", "python package: urllib3, version 1.25.9"),
        owned([Some("urllib3"), Some("1.25.9"), Some("pypi"), None])
    );
}

/// Its word for what it does not rate is `low`, too.
#[test]
fn grype_says_its_severity_in_the_message() {
    let score = |score: &str| format!(r#", "properties": {{"security-severity": "{score}"}}"#);
    let lodash = "npm package: lodash, version 4.17.4";
    for (rule, severity, level, expected) in [
        (score("5.0"), "critical", "error", Severity::Critical),
        (score("8.5"), "critical", "error", Severity::Critical),
        (score("9.8"), "medium", "warning", Severity::Medium),
        (score("1.0"), "low", "note", Severity::Low),
        // Unknown or negligible.
        (score("0.0"), "low", "note", Severity::Unknown),
        (score("9.8"), "low", "note", Severity::Critical),
    ] {
        let text = format!("A {severity} vulnerability in {lodash} was found in image app:1 at: /a");
        let result = format!(r#", "level": "{level}", "message": {{"text": "{text}"}}"#);
        assert_eq!(finding("grype", &rule, &result).severity, expected, "{rule} {severity}");
        // Another tool's words are words.
        assert_ne!(finding("other", &rule, &result).severity, Severity::Unknown);
    }
}

#[test]
fn a_package_is_named_by_properties() {
    let result =
        r#", "properties": {"packageName": "lodash", "installedVersion": "4.17.4", "ecosystem": "NPM"}"#;
    assert_eq!(words(finding("other", "", result).package.as_deref().unwrap())[..3], LODASH[..3]);
}

#[test]
fn trivy_names_package_and_severity_in_lines() {
    let rule =
        r#", "shortDescription": {"text": "lodash: command injection"}, "properties": {"tags": ["HIGH"]}"#;
    let message = r#"Package: lodash\nInstalled Version: 4.17.4\nVulnerability CVE-2021-23337\nSeverity: LOW\nFixed Version: 4.17.21"#;
    let place =
        r#""locations": [{"physicalLocation": {"artifactLocation": {"uri": "web/package-lock.json"}}}]"#;
    let result = format!(r#", "message": {{"text": "{message}"}}, {place}"#);
    let found = finding("Trivy", rule, &result);
    let package = found.package.as_deref().unwrap();
    assert_eq!(words(package)[..3], LODASH[..3]);
    assert_eq!(package.fixed_version.as_deref(), Some("4.17.21"));
    // The rule is of the first package with this advisory.
    assert_eq!((found.severity, &*found.title), (Severity::Low, "lodash: command injection"));
    // Another tool's message may quote a file.
    let other = finding("other", rule, &result);
    assert_eq!((other.severity, other.package), (Severity::High, None));
}

/// As `src/lib/formatters/get-sarif-result.ts` of snyk/cli writes them.
#[test]
fn snyk_names_the_package_in_a_logical_location_and_the_severity_in_the_message() {
    let found = |driver: &str, id: &str, package: &str, severity: &str, place: &str| {
        let log = format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "{driver}", "rules": [{{"id": "{id}",
                "fullDescription": {{"text": "(CVE-2021-23337) lodash@4.17.4"}}, "properties": {{"tags": ["security", "CWE-78"]}}}}]}}}},
              "results": [{{"ruleId": "{id}", "level": "error", "message": {{"text":
                "This file introduces a vulnerable {package} package with a {severity} severity vulnerability."}},
                "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "web/package-lock.json"}}, "region": {{"startLine": 1}}}}{place}}}]}}]}}]}}"#
        );
        parse(&log).unwrap().findings.remove(0)
    };
    let place = |name: &str| format!(r#", "logicalLocations": [{{"fullyQualifiedName": "{name}"}}]"#);
    let one =
        found("Snyk Open Source", "SNYK-JS-LODASH-1040724", "lodash", "critical", &place("lodash@4.17.4"));
    assert_eq!((one.category, one.severity), (Category::Vulnerability, Severity::Critical));
    assert_eq!(words(one.package.as_deref().unwrap())[..3], LODASH[..3]);
    assert_eq!(one.aliases, ["CVE-2021-23337".into()].into());
    for (id, package, at, expected) in [
        (
            "SNYK-JS-BABEL-1",
            "@babel/core",
            "@babel/core@7.0.0",
            [Some("@babel/core"), Some("7.0.0"), Some("npm")],
        ),
        ("SNYK-JAVA-ORGA-1", "org.a:b", "org.a:b@1.0", [Some("org.a:b"), Some("1.0"), Some("maven")]),
        ("npm:ms:20170412", "ms", "ms@0.7.1", [Some("ms"), Some("0.7.1"), Some("npm")]),
        ("SNYK-ALPINE316-BUSYBOX-2606914", "busybox", "", [Some("busybox"), None, Some("apk")]),
        ("SNYK-JS-MS-1", "ms", "src/app@home", [Some("ms"), None, Some("npm")]),
    ] {
        let one = found("Snyk Container", id, package, "low", &place(at));
        assert_eq!(words(one.package.as_deref().unwrap())[..3], expected, "{id}");
        assert_eq!((one.category, one.severity), (Category::Vulnerability, Severity::Low), "{id}");
    }
    let licence = found("Snyk Open Source", "snyk:lic:npm:a:GPL-2.0", "a", "high", "");
    assert_eq!(licence.category, Category::License);
    assert_eq!(
        found("SnykCode", "javascript/Sqli", "a", "low", "").severity,
        Severity::High,
        "words of another tool"
    );
}

/// As `internal/output/sarif.go` of google/osv-scanner writes it: `warning`, whatever the vulnerability is.
#[test]
fn osv_scanner_rates_only_by_a_score() {
    let found = |properties: &str| {
        let log = format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "osv-scanner", "rules": [{{"id": "CVE-2021-23337",
                "deprecatedIds": ["CVE-2021-23337", "GHSA-35jh-r3h4-6jhm"] {properties}}}]}}}},
              "results": [{{"ruleId": "CVE-2021-23337", "ruleIndex": 0, "level": "warning", "message": {{"text":
                "Package 'lodash@4.17.4' is vulnerable to 'CVE-2021-23337' (also known as 'GHSA-35jh-r3h4-6jhm')."}},
                "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "web/package-lock.json"}}}}}}]}}]}}]}}"#
        );
        parse(&log).unwrap().findings.remove(0)
    };
    let plain = found("");
    assert_eq!((plain.category, plain.severity), (Category::Vulnerability, Severity::Unknown));
    assert_eq!(words(plain.package.as_deref().unwrap())[..3], LODASH[..3]);
    assert_eq!(plain.aliases, ["GHSA-35jh-r3h4-6jhm".into()].into());
    assert_eq!(found(r#", "properties": {"security-severity": "9.8"}"#).severity, Severity::Critical);
}

/// A package without a version has its commit there (`sarif_test.snap`, "with just a commit").
#[test]
fn a_package_of_osv_scanner_may_have_a_commit_and_a_table_of_fixes() {
    let help = |table: &str| format!(r##", "help": {{"text": "Fix it.\n### Fixed Versions\n\n{table}"}}"##);
    let found = |message: &str, rule: &str| {
        let found = finding("osv-scanner", rule, &format!(r#", "message": {{"text": "{message}"}}"#));
        let package = found.package.as_deref().unwrap();
        [Some(&package.name), package.version.as_ref(), package.fixed_version.as_ref()]
            .map(|text| text.map(|text| text.to_string()))
    };
    let says = |package: &str| format!("Package '{package}' is vulnerable to 'CVE-2021-23337'.");
    let owned = |words: [Option<&str>; 3]| words.map(|word| word.map(str::to_owned));
    assert_eq!(found(&says("mine1@abc123"), ""), owned([Some("mine1"), Some("abc123"), None]));
    assert_eq!(found(&says("@s/a@1.0.0"), ""), owned([Some("@s/a"), Some("1.0.0"), None]));
    let table = help(
        r"| Vulnerability ID | Package Name | Fixed Version |\n| --- | --- | --- |\n| GHSA-1 | a | 1.2.0 |\n| CVE-1 | a | 1.2.0 |\n| GHSA-1 | a | 2.0.1 |\n| GHSA-1 | b | 9.0.0 |\n\n| x | a | 8 |",
    );
    assert_eq!(found(&says("a@1.0.0"), &table), owned([Some("a"), Some("1.0.0"), Some("1.2.0, 2.0.1")]));
    assert_eq!(found(&says("c@1.0.0"), &table), owned([Some("c"), Some("1.0.0"), None]));
}
