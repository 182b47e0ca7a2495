use std::fs;

use super::{one, parse};
use crate::scan::report_origin::ReportOrigin;

#[test]
fn every_location_becomes_relative_to_the_repository() {
    let finding = |location: &str| {
        one("", &format!(r#"{{"locations": [{{"physicalLocation": {{"artifactLocation": {location}}}}}]}}"#))
    };
    for (location, path) in [
        (r#"{"uri": "src/a%20b.c"}"#, "src/a b.c"),
        (r#"{"uri": "./src//a.c"}"#, "src/a.c"),
        (r#"{"uri": "file:///repo/src/a.c"}"#, "src/a.c"),
        (r#"{"uri": "file:///elsewhere/a.c"}"#, "/elsewhere/a.c"),
        (r#"{"uri": "a.c", "uriBaseId": "ROOT"}"#, "a.c"),
        (r#"{"uri": "a.c", "uriBaseId": "SRC"}"#, "src/a.c"),
        (r#"{"uri": "a.c", "uriBaseId": "FAR"}"#, "a.c"),
        (r#"{"uri": "a.c", "uriBaseId": "FARSRC"}"#, "src/a.c"),
        (r#"{"uri": "a.c", "uriBaseId": "UNKNOWN"}"#, "a.c"),
        (r#"{"index": 0}"#, "src/a.c"),
        (r#"{"uri": "https://example.test/a.c"}"#, "https://example.test/a.c"),
        (r#"{"uri": "file://server/share/a.c"}"#, "//server/share/a.c"),
        (r#"{"uri": "\\\\server\\share\\a.c"}"#, "//server/share/a.c"),
        (r#"{"uri": "file://build.example.test/repo/src/a.c"}"#, "src/a.c"),
        (r#"{"uri": "D:\\src\\a.c"}"#, "D:/src/a.c"),
    ] {
        assert_eq!(finding(location).location.map(|it| it.path).as_deref(), Some(path), "{location}");
    }
    assert!(finding(r#"{"uri": "a.c", "uriBaseId": "A"}"#).location.is_some(), "bases in a cycle");
    assert_eq!(finding(r#"{"index": 7}"#).location, None);
}

#[test]
fn a_result_without_a_file_names_its_resource() {
    let finding = one("", r#"{"locations": [{"logicalLocations": [{"fullyQualifiedName": "a::b"}]}]}"#);
    assert_eq!((finding.location, finding.resource.as_deref()), (None, Some("a::b")));
}

#[test]
fn a_region_keeps_its_position_and_not_its_text() {
    let region = r#"{"startLine": 0, "endLine": -1, "startColumn": 3, "snippet": {"text": "hunter2"}}"#;
    let physical = format!(r#"{{"artifactLocation": {{"uri": "a"}}, "region": {region}}}"#);
    let finding = one("", &format!(r#"{{"locations": [{{}}, {{"physicalLocation": {physical}}}]}}"#));
    assert!(!format!("{finding:?}").contains("hunter2"));
    let location = finding.location.unwrap();
    assert_eq!((location.start_line, location.start_column.map(u32::from)), (None, Some(3)));
}

#[test]
fn an_artifact_inside_of_another_is_named_with_it() {
    let log = r#"{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}},
        "originalUriBaseIds": {"ROOT": {"uri": "file:///repo/"}},
        "artifacts": [{"location": {"uri": "docs/a.zip", "uriBaseId": "ROOT"}},
            {"location": {"uri": "/in%20it.tar"}, "parentIndex": 0}, {"location": {"uri": "b.txt"}, "parentIndex": 1},
            {"location": {"uri": "loop"}, "parentIndex": 3}],
        "results": [INDEX]}]}"#;
    for (beside, path) in [
        (r#""uri": "b.txt", "index": 2"#, "docs/a.zip!in it.tar!b.txt"),
        (r#""uri": "docs/a.zip", "uriBaseId": "ROOT", "index": 0"#, "docs/a.zip"),
        (r#""uri": "b.txt", "index": 9"#, "b.txt"),
    ] {
        let result =
            format!(r#"{{"locations": [{{"physicalLocation": {{"artifactLocation": {{{beside}}}}}}}]}}"#);
        let finding = parse(&log.replace("INDEX", &result)).unwrap().findings.remove(0);
        assert_eq!(&*finding.location.unwrap().path, path, "{beside}");
    }
    for (index, path) in [(1, "docs/a.zip!in it.tar"), (2, "docs/a.zip!in it.tar!b.txt"), (0, "docs/a.zip")] {
        let result = format!(
            r#"{{"locations": [{{"physicalLocation": {{"artifactLocation": {{"index": {index}}}}}}}]}}"#
        );
        let finding = parse(&log.replace("INDEX", &result)).unwrap().findings.remove(0);
        assert_eq!(&*finding.location.unwrap().path, path);
    }
    let looping = r#"{"locations": [{"physicalLocation": {"artifactLocation": {"index": 3}}}]}"#;
    assert_eq!(parse(&log.replace("INDEX", looping)).unwrap().findings.len(), 1);
}

/// zizmor names files from the top of the repository, wherever it runs; others from where they run, or from the
/// folder that their log names.
#[test]
fn of_the_folders_that_a_path_may_count_from_the_one_with_the_file_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for file in [".github/w.yml", "app/src/a.c", "app/both.c", "both.c", "lib/c.c"] {
        fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
        fs::write(root.join(file), "").unwrap();
    }
    let origin = ReportOrigin { root: root.into(), cwd: root.join("app"), target: "app".into() };
    let path = |uri: &str, working: &str| {
        let log = format!(
            r#"{{"version": "2.1.0", "runs": [{{"tool": {{"driver": {{"name": "x"}}}}, "invocations": [{working}],
                "originalUriBaseIds": {{"HERE": {{"uri": "file://{}/"}}, "LIB": {{"uri": "lib/", "uriBaseId": "HERE"}},
                    "ALIAS": {{"uriBaseId": "LIB"}}, "FAR": {{"uri": "file:///builds/shop/"}},
                    "FARLIB": {{"uri": "lib", "uriBaseId": "FAR"}}}}, "results": [
                {{"locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "{uri}"}}}}}}]}}]}}]}}"#,
            root.display()
        );
        let mut parsed = super::read(log.as_bytes(), &origin).unwrap();
        parsed.findings.remove(0).location.unwrap().path.to_string()
    };
    for (uri, here) in [
        (".github/w.yml", ".github/w.yml"),
        ("src/a.c", "app/src/a.c"),
        ("app/src/a.c", "app/src/a.c"),
        ("both.c", "app/both.c"),
        ("gone.c", "app/gone.c"),
        ("../../../etc/passwd", "../../../etc/passwd"),
    ] {
        assert_eq!(path(uri, ""), here);
    }
    let working = |uri: &str| format!(r#"{{"workingDirectory": {{"uri": "{uri}"}}}}"#);
    assert_eq!(path("c.c", &working("lib")), "lib/c.c", "from the top of the repository");
    assert_eq!(path("a.c", &working("src/")), "app/src/a.c", "from the folder of the job");
    assert_eq!(path("c.c", &working("../../../etc")), "app/c.c");
    let based = |base: &str, uri: &str| format!(r#"{{"workingDirectory": {{"uriBaseId": "{base}"{uri}}}}}"#);
    for base in ["LIB", "ALIAS", "FARLIB"] {
        assert_eq!(path("c.c", &based(base, "")), "lib/c.c", "{base}");
    }
    assert_eq!(path("c.c", &based("HERE", r#", "uri": "lib""#)), "lib/c.c");
    assert_eq!(path("c.c", &based("NOWHERE", r#", "uri": "lib""#)), "lib/c.c");
    let inside = working(&format!("file://{}/lib", root.display()));
    assert_eq!(path("c.c", &inside), "lib/c.c");
    assert_eq!(path("c.c", &working("file:///builds/shop/lib/")), "lib/c.c");
    assert_eq!(path("c.c", &working("file:///builds/nowhere")), "app/c.c");
}
