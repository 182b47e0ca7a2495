use super::*;

fn licences(text: &str) -> Vec<(String, Vec<String>)> {
    let all = components(text.as_bytes()).unwrap();
    all.into_iter().map(|component| (component.name, component.licences)).collect()
}

fn expected(list: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    list.iter().map(|(name, licences)| ((*name).to_owned(), texts(licences))).collect()
}

#[test]
fn licences_are_read_from_each_form_that_cyclonedx_allows() {
    let text = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "operating-system", "name": "alpine"}, {"type": "file", "name": "/bin/sh"},
        {"type": "library", "group": "@a", "name": "b", "version": "1", "licenses": [{"license": {"id": "MIT"}}],
         "components": [{"type": "library", "name": "inner", "licenses": []}]},
        {"type": "library", "name": "f", "evidence": {"licenses": [{"license": {"id": "MIT"}}, {"license": {"id": "GPL-3.0-only"}}]}},
        {"type": "library", "name": "g", "licenses": [{"license": {"id": "MIT"}}],
         "evidence": {"identity": [], "licenses": [{"license": {"name": "file: LICENSE"}}]}},
        {"type": "library", "name": "h", "evidence": {"occurrences": []}},
        {"type": "library", "name": "c", "licenses": [{"expression": "MIT OR ISC"}]},
        {"type": "library", "name": "e", "licenses": [{"license": {"id": "", "name": "AGPL-3.0"}}]},
        {"type": "library", "name": "d", "licenses": [{"license": {"name": "Public Domain"}}, {"license": {"id": "ISC"}}]}]}"#;
    let mut read = licences(text);
    read.sort();
    let wanted: &[(&str, &[&str])] = &[
        ("@a/b", &["MIT"]),
        ("c", &["MIT OR ISC"]),
        ("d", &["ISC", "Public Domain"]),
        ("e", &["AGPL-3.0"]),
        ("f", &["GPL-3.0-only", "MIT"]),
        ("g", &["MIT"]),
        ("h", &[]),
        ("inner", &[]),
    ];
    assert_eq!(read, expected(wanted));
}

#[test]
fn what_is_no_package_is_listed_only_if_a_rule_can_be_about_it() {
    let text = r#"{"bomFormat": "CycloneDX", "specVersion": "1.7",
        "metadata": {"component": {"type": "application", "bom-ref": "root", "name": "app"}}, "components": [
        {"type": "library", "bom-ref": "root", "name": "app"},
        {"type": "application", "name": "package-lock.json"}, {"type": "platform", "name": "linux"},
        {"type": "data", "name": "model.csv", "licenses": null, "components": null},
        {"type": "application", "name": "node", "purl": "pkg:generic/node@20"},
        {"type": "file", "name": "a.c", "licenses": [{"license": {"id": "GPL-2.0"}}]},
        {"type": "library", "name": "ms"}, {"type": "machine-learning-model", "name": "m"}, {"name": "untyped"}]}"#;
    let mut read = components(text.as_bytes()).unwrap();
    read.sort();
    let read: Vec<(&str, Option<&str>)> =
        read.iter().map(|component| (component.name.as_str(), component.kind.as_deref())).collect();
    assert_eq!(
        read,
        [
            ("a.c", Some("file")),
            ("app", Some("root")),
            ("m", None),
            ("ms", None),
            ("node", Some("application")),
            ("untyped", None)
        ]
    );
}

/// A rule may name it. It is not one of the packages, so it has no licence to miss.
#[test]
fn what_a_document_is_about_is_listed_where_a_rule_can_be_about_it() {
    let of_cyclonedx = |subject: &str| {
        format!(
            r#"{{"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {{"component": {subject}}}, "components": [
            {{"type": "library", "name": "a"}}]}}"#
        )
    };
    let of_spdx = |package: &str| {
        format!(
            r#"{{"spdxVersion": "SPDX-2.3", "documentDescribes": ["SPDXRef-DocumentRoot-x"], "packages": [
            {{"SPDXID": "SPDXRef-a", "name": "a"}}, {{"SPDXID": "SPDXRef-DocumentRoot-x", {package}}}]}}"#
        )
    };
    let of_syft = |source: &str| format!(r#"{{"artifacts": [{{"name": "a"}}], "source": {source}}}"#);
    for (document, kind) in [
        (of_cyclonedx(r#"{"type": "application", "name": "x"}"#), Some("root")),
        (of_cyclonedx(r#"{"type": "library", "name": "x", "bom-ref": "r"}"#), Some("root")),
        (of_cyclonedx(r#"{"name": "x"}"#), Some("root")),
        (of_cyclonedx(r#"{"type": "container", "name": "x"}"#), Some("container")),
        (of_cyclonedx(r#"{"type": "file", "name": "x"}"#), None),
        (of_cyclonedx(r#"{"type": "platform", "name": "x"}"#), None),
        (of_cyclonedx(r#"{"type": "file", "name": "x", "purl": "pkg:npm/x@1"}"#), Some("file")),
        (
            of_cyclonedx(r#"{"type": "file", "name": "x", "licenses": [{"license": {"id": "MIT"}}]}"#),
            Some("file"),
        ),
        (of_spdx(r#""name": "x", "primaryPackagePurpose": "CONTAINER""#), Some("container")),
        (of_spdx(r#""name": "x", "primaryPackagePurpose": "APPLICATION""#), Some("root")),
        (of_spdx(r#""name": "x", "primaryPackagePurpose": "FILE""#), None),
        (of_spdx(r#""name": "x""#), None),
        (of_spdx(r#""name": "x", "licenseDeclared": "MIT""#), Some("file")),
        (of_spdx(r#""name": "x""#).replace("Root-x", "Root-Image-x"), Some("container")),
        (of_syft(r#"{"name": "x", "type": "image"}"#), Some("container")),
        (of_syft(r#"{"name": "x", "type": "directory"}"#), None),
        (of_syft("{}"), None),
    ] {
        let read = components(document.as_bytes()).unwrap();
        let about = read.iter().find(|one| one.name == "x");
        assert_eq!(about.map(|one| one.kind.as_deref()), kind.map(Some), "{document}");
        assert_eq!(read.iter().filter(|one| one.kind.is_none()).count(), 1, "{document}");
    }
    // cdxgen lists the parts of a project inside of it.
    let parts = of_cyclonedx(
        r#"{"type": "application", "name": "x", "components": [{"type": "library", "name": "part", "purl": "pkg:npm/part@1"}]}"#,
    );
    assert!(components(parts.as_bytes()).unwrap().iter().any(|one| one.name == "part" && one.kind.is_none()));
}

/// cargo-cyclonedx 0.5.7 (`generator.rs`, targets as parts of the crate), Yarn 4 in Syft 1.18.
#[test]
fn the_parts_of_a_crate_and_a_workspace_of_yarn_have_no_licence_to_miss() {
    let text = r#"{"bomFormat": "CycloneDX", "specVersion": "1.3", "metadata": {"component": {"type": "application",
        "bom-ref": "path+file:///app#0.1.0", "name": "app", "version": "0.1.0", "purl": "pkg:cargo/app@0.1.0?download_url=file://.",
        "components": [{"type": "library", "bom-ref": "path+file:///app#0.1.0 bin-target-0", "name": "lib", "version": "0.1.0",
            "purl": "pkg:cargo/app@0.1.0?download_url=file://.#src/lib.rs"},
            {"type": "library", "name": "inside", "version": "2.0.0", "purl": "pkg:cargo/inside@2.0.0"}]}},
        "components": [{"type": "library", "name": "app", "version": "0.0.9", "purl": "pkg:cargo/app@0.0.9"}]}"#;
    let packages = |text: &str| -> Vec<(String, Option<String>)> {
        let all = components(text.as_bytes()).unwrap().into_iter().filter(|one| one.kind.is_none());
        all.map(|one| (one.name, one.version)).collect()
    };
    let named = |name: &str, version: &str| (name.to_owned(), Some(version.to_owned()));
    assert_eq!(packages(text), [named("app", "0.0.9"), named("inside", "2.0.0")]);
    let syft = r#"{"artifacts": [{"name": "a", "version": "1.0.0", "purl": "pkg:npm/a@1.0.0"},
        {"name": "top", "version": "0.0.0-use.local", "purl": "pkg:npm/top@0.0.0-use.local"}]}"#;
    assert_eq!(packages(syft), [named("a", "1.0.0")]);
}

#[test]
fn the_project_that_an_spdx_document_describes_is_not_one_of_its_packages() {
    let document = |described: &str| {
        format!(
            r#"{{"spdxVersion": "SPDX-2.3", {described}, "packages": [{{"SPDXID": "SPDXRef-app", "name": "app"}},
            {{"SPDXID": "SPDXRef-lock", "name": "package-lock.json", "primaryPackagePurpose": "APPLICATION"}},
            {{"SPDXID": "SPDXRef-a", "name": "a", "primaryPackagePurpose": "LIBRARY", "licenseDeclared": "MIT"}}]}}"#
        )
    };
    let names = |described: &str| -> Vec<String> {
        let all = components(document(described).as_bytes()).unwrap();
        all.into_iter().filter(|one| one.kind.is_none()).map(|one| one.name).collect()
    };
    assert_eq!(names(r#""documentDescribes": ["SPDXRef-app"]"#), ["a"]);
    let describes = |from: &str, to: &str, kind: &str| {
        format!(
            r#""relationships": [{{"spdxElementId": "{from}", "relatedSpdxElement": "{to}", "relationshipType": "{kind}"}}]"#
        )
    };
    assert_eq!(names(&describes("SPDXRef-DOCUMENT", "SPDXRef-app", "DESCRIBES")), ["a"]);
    assert_eq!(names(&describes("SPDXRef-app", "SPDXRef-DOCUMENT", "DESCRIBED_BY")), ["a"]);
    assert_eq!(names(&describes("SPDXRef-app", "SPDXRef-a", "DEPENDS_ON")), ["a", "app"]);
    // Its licence may be denied, and is not missing.
    let text = document(r#""documentDescribes": ["SPDXRef-app"]"#)
        .replace("\"app\"", "\"app\", \"licenseDeclared\": \"MIT\"");
    let read = components(text.as_bytes()).unwrap();
    assert_eq!(read.iter().map(|one| one.kind.as_deref()).collect::<Vec<_>>(), [None, Some("root")]);
    // Some writers describe every package.
    assert_eq!(names(r#""documentDescribes": ["SPDXRef-app", "SPDXRef-a"]"#), ["a", "app"]);
}

#[test]
fn a_concluded_licence_goes_before_a_declared_one() {
    let text = r#"{"spdxVersion": "SPDX-2.3", "packages": [
        {"SPDXID": "SPDXRef-DocumentRoot-Image-x", "name": "x"},
        {"SPDXID": "SPDXRef-a", "name": "a", "licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT"},
        {"SPDXID": "SPDXRef-b", "name": "b", "licenseConcluded": "ISC", "licenseDeclared": "MIT"},
        {"SPDXID": "SPDXRef-c", "name": "c", "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION"},
        {"SPDXID": "SPDXRef-d", "name": "d", "licenseDeclared": "NONE"}]}"#;
    let wanted: &[(&str, &[&str])] =
        &[("a", &["MIT"]), ("b", &["ISC"]), ("c", &[]), ("d", &["NONE"]), ("x", &[])];
    assert_eq!(licences(text), expected(wanted));
}

/// SPDX 2.3, 7.21: a package may have any number of external references.
#[test]
fn a_package_of_spdx_has_all_its_package_urls() {
    let reference = |locator: &str| {
        format!(
            r#"{{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "{locator}"}}"#
        )
    };
    let text = format!(
        r#"{{"spdxVersion": "SPDX-2.3", "packages": [{{"SPDXID": "SPDXRef-a", "name": "a", "externalRefs": [{}, {}, {}]}}]}}"#,
        reference(""),
        reference("pkg:github/a/a@1"),
        reference("pkg:npm/a@1")
    );
    let read = components(text.as_bytes()).unwrap().remove(0);
    assert_eq!(
        (read.purl.as_deref(), &read.more_purls[..]),
        (Some("pkg:github/a/a@1"), &["pkg:npm/a@1".into()][..])
    );
}

#[test]
fn syfts_own_format_has_names_or_expressions() {
    let text = r#"{"artifacts": [{"name": "a", "licenses": ["MIT"]},
        {"name": "b", "licenses": [{"value": "mit", "spdxExpression": "MIT"}, {"value": "weird", "spdxExpression": ""}]}]}"#;
    let wanted: &[(&str, &[&str])] = &[("a", &["MIT"]), ("b", &["MIT", "weird"])];
    assert_eq!(licences(text), expected(wanted));
}

/// Three documents that Syft wrote about the same image.
#[test]
fn a_recorded_inventory_reads_the_same_in_all_three_formats() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/syft/recorded-image/");
    let read = |name: &str| components(&std::fs::read(format!("{folder}{name}")).unwrap()).unwrap();
    let purls = |list: &[Component]| {
        // Only the one in SPDX names the image by its package URL.
        let packages = list.iter().filter(|component| !component.is_image());
        let mut purls: Vec<_> = packages.filter_map(|component| component.purl.clone()).collect();
        purls.sort();
        purls
    };
    let (native, cyclonedx) = (read("syft.json"), read("cyclonedx-1.5.json"));
    assert!(!native.is_empty());
    assert_eq!(purls(&native), purls(&cyclonedx));
    assert_eq!(purls(&native), purls(&read("spdx-2.3.json")));
}

#[test]
fn licences_of_spdx_3_are_an_error_and_not_an_empty_list() {
    assert!(components(br#"{"@context": "https://spdx.org/rdf/3.0.1/x", "@graph": []}"#).is_err());
    assert!(components(br#"{"bomFormat": "CycloneDX"}"#).unwrap().is_empty());
}
