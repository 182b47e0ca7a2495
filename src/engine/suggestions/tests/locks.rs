//! Lock files that Trivy or Syft read in part, or not at all.

use super::nothing::keys;
use super::*;

const REQUIREMENTS: &str = "six==1.16.0\n";

/// What is left out.
fn left_out(files: &[(&str, &str)]) -> Vec<String> {
    let suggestions = suggested(tree(files).path());
    suggestions.left_out.iter().map(|left| format!("{}: {}", left.what, left.why)).collect()
}

#[test]
fn a_folder_that_trivy_leaves_out_at_the_top_is_scanned_by_itself() {
    let both = [("requirements.txt", REQUIREMENTS), ("dev/web/requirements.txt", REQUIREMENTS)];
    assert_eq!(keys(&both, "packages").as_deref(), Some("scan = \"fs\" dirs = [\".\", \"dev\"]"));
    let alone = [("proc/requirements.txt", REQUIREMENTS)];
    let expected = "scan = \"fs\" dirs = [\".\", \"proc\"] allow_empty = [\".\"]";
    assert_eq!(keys(&alone, "packages").as_deref(), Some(expected));
}

#[test]
fn packages_that_trivy_takes_for_development_are_asked_for() {
    let poetry = "[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"worker\"]\n[metadata]\nlock-version = \"2.1\"\n";
    let expected = Some("scan = \"fs\" args = [\"--include-dev-deps\"]");
    assert_eq!(keys(&[("poetry.lock", poetry)], "packages").as_deref(), expected);
    let included = [("requirements.txt", "-r deps.txt\na==1\n"), ("deps.txt", "b==1\n")];
    let expected = Some("scan = \"fs\" file_patterns = [\"pip:deps\\\\.txt$\"]");
    assert_eq!(keys(&included, "packages").as_deref(), expected);
}

#[test]
fn a_lock_file_that_no_scan_can_prove_is_left_out_with_its_name() {
    let uv = "version = 1\n[[package]]\nname = \"app\"\nversion = \"1\"\nsource = { virtual = \"app\" }\n";
    let pom = "<project><dependencies><dependency><groupId>a</groupId><artifactId>a</artifactId><version>[1,2)</version></dependency></dependencies></project>";
    let pnpm = "---\nlockfileVersion: '9.0'\n---\nlockfileVersion: '9.0'\n";
    for (path, text, says) in [
        ("uv.lock", uv, "uv.lock: Trivy reads no lock file of a uv workspace without a project at its top"),
        ("pom.xml", pom, "pom.xml: Trivy does not know what a range of versions comes to"),
        ("pnpm-lock.yaml", pnpm, "pnpm-lock.yaml: it has several documents"),
        (
            "requirements.txt",
            "a @ git+https://example.test/a@1\n",
            "requirements.txt: no package in it is written `name==version`",
        ),
    ] {
        assert_eq!(keys(&[(path, text)], "packages"), None, "{path}");
        let left = left_out(&[(path, text)]);
        assert!(left.iter().any(|left| left.starts_with(says)), "{path}: {left:?}");
        // Another lock file is scanned all the same.
        let other = [(path, text), ("a/requirements.txt", REQUIREMENTS)];
        assert_eq!(keys(&other, "packages").as_deref(), Some("scan = \"fs\" dirs = [\"a\"]"), "{path}");
    }
}
