use std::borrow::Cow;

use super::*;

use crate::inputs::Inputs;
use crate::keys::mistakes::Problems;
use crate::model::scope::Unit;
use crate::scan::raw_report::Document;
use crate::scan::scene::BuiltImage;
use crate::system::git::Repo;

fn tool(options: &str) -> Box<dyn Tool> {
    let problems = Problems::default();
    let table = toml::de::DeTable::parse(options).unwrap();
    let tool = configure(&Keys::new(table.get_ref(), 0..0, &problems));
    assert_eq!(problems.into_sorted(), []);
    tool
}

fn plan(options: &str, built: &[BuiltImage]) -> Result<Vec<Job>, Unplanned> {
    let repo = Repo { root: "/repo".into(), base: "/repo".into(), ..Repo::default() };
    tool(options).plan(&Scene { repo: &repo, gate: "sbom", since: None, built, inputs: &Inputs::default() })
}

fn targets(options: &str, built: &[BuiltImage]) -> Vec<String> {
    plan(options, built).unwrap().iter().map(|job| job.invocation.args[1].clone()).collect()
}

fn built() -> [BuiltImage; 1] {
    [BuiltImage::of_docker("notes-backend", "notes-backend:3f2a91c4d5e6")]
}

#[test]
fn one_run_writes_every_format() {
    let jobs = plan("needs = ['images']", &built()).unwrap();
    assert_eq!(
        jobs[0].invocation.args.join(" "),
        "scan docker-archive:$SCRATCH/.images/notes-backend=3f2a91c4d5e6.tar \
         --source-name notes-backend --source-version 3f2a91c4d5e6 -o syft-json=$SCRATCH/sbom/notes-backend/syft.json \
         -o cyclonedx-json@1.5=$SCRATCH/sbom/notes-backend/cyclonedx-1.5.json \
         -o spdx-json@2.3=$SCRATCH/sbom/notes-backend/spdx-2.3.json \
         -o cyclonedx-json=$SCRATCH/sbom/notes-backend/cyclonedx.json"
    );
    assert_eq!(jobs[0].invocation.env["SYFT_CHECK_FOR_APP_UPDATE"], "false");
    assert_eq!(jobs[0].files.reports.len(), 3);
    let kept: Vec<&str> = jobs[0].files.keep.iter().map(|keep| keep.out.as_str()).collect();
    assert_eq!(kept, ["sbom/sbom/notes-backend.cdx.json", "sbom/sbom/notes-backend.spdx.json"]);
}

#[test]
fn folders_and_images_may_both_be_targets() {
    assert_eq!(targets("", &[]), ["dir:."]);
    assert_eq!(
        targets("dirs = ['.', 'backend']\nimages = ['redis:7']", &built()),
        ["dir:.", "dir:.", "redis:7"]
    );
    assert_eq!(
        targets("dirs = ['backend']", &built()),
        ["dir:.", "docker-archive:$SCRATCH/.images/notes-backend=3f2a91c4d5e6.tar"]
    );
    assert!(matches!(plan("needs = ['x']", &[]), Err(Unplanned::Impossible(_))));
    let jobs = plan("dirs = ['apps/backend']", &[]).unwrap();
    assert_eq!(jobs[0].invocation.args[2..4], ["--source-name", "apps/backend"]);
}

const NATIVE: &str = r#"{"artifacts": [{"name": "a", "purl": "pkg:npm/a@1"}, {"name": "local"}],
    "source": {"type": "image", "metadata": {"imageID": "sha256:abc"}},
    "descriptor": {"name": "syft", "version": "1.18.1"}}"#;
const CYCLONEDX: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [
    {"type": "library", "name": "a", "version": "1", "purl": "pkg:npm/a@1"},
    {"type": "library", "name": "local", "components": [{"type": "file", "name": "/x"}]},
    {"type": "operating-system", "name": "debian", "version": "12"}]}"#;
const SPDX: &str = r#"{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "dataLicense": "CC0-1.0",
    "documentNamespace": "https://x", "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: syft-1.18.1"]},
    "packages": [
      {"name": "a", "SPDXID": "SPDXRef-Package-npm-a", "downloadLocation": "NOASSERTION", "externalRefs": [
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/a@1"}]},
      {"name": "local", "SPDXID": "SPDXRef-Package-local", "downloadLocation": "NOASSERTION"},
      {"name": "x", "SPDXID": "SPDXRef-DocumentRoot-Image-x", "downloadLocation": "NOASSERTION", "externalRefs": [
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:oci/x@sha256%3Aabc"}]}]}"#;

fn parse(exit: Option<i32>, documents: &[&str]) -> Result<Parsed, ReportError> {
    let documents = documents
        .iter()
        .map(|text| Document { name: "sbom".into(), bytes: Cow::Owned(text.as_bytes().to_vec()) })
        .collect();
    let place = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: "x".into() };
    tool("").parse(&RawReport { exit, documents, ..RawReport::default() }, &place)
}

#[test]
fn documents_that_agree_are_a_proof() {
    let parsed = parse(Some(0), &[NATIVE, CYCLONEDX, SPDX]).unwrap();
    assert_eq!(parsed.scope.get(Unit::Packages), Some(2));
    assert_eq!(parsed.image_id.as_deref(), Some("sha256:abc"));
    assert_eq!(parsed.tool_version.as_deref(), Some("1.18.1"));
}

#[test]
fn documents_that_disagree_are_inconclusive() {
    for (cyclonedx, spdx, difference) in [
        (
            CYCLONEDX.replace("a@1", "b@1"),
            SPDX.to_owned(),
            "CycloneDX disagree: only one of them has pkg:npm/a@1",
        ),
        (CYCLONEDX.to_owned(), SPDX.replace("a@1", "a@2"), "SPDX disagree: only one of them has pkg:npm/a@1"),
        (
            CYCLONEDX.replace("operating-system", "library"),
            SPDX.to_owned(),
            "CycloneDX disagree: 2 packages and 3",
        ),
    ] {
        let error = parse(Some(0), &[NATIVE, &cyclonedx, &spdx]).unwrap_err().to_string();
        assert!(error.ends_with(difference), "{error}");
    }
}

#[test]
fn a_cut_sbom_is_inconclusive() {
    for cut in 0..3 {
        let mut documents = [NATIVE, CYCLONEDX, SPDX];
        documents[cut] = &documents[cut][..documents[cut].len() - 1];
        assert!(matches!(parse(Some(0), &documents), Err(ReportError::Cut { .. })), "{cut}");
        documents[cut] = "";
        assert!(matches!(parse(Some(0), &documents), Err(ReportError::Empty { .. })), "{cut}");
    }
    assert!(parse(Some(0), &[NATIVE]).is_err());
    assert!(parse(Some(0), &[]).is_err());
}

#[test]
fn each_format_is_known_by_its_own_key() {
    for (document, packages) in [(NATIVE, 2), (CYCLONEDX, 2), (SPDX, 3)] {
        assert_eq!(parse(None, &[document]).unwrap().scope.get(Unit::Packages), Some(packages));
    }
    for document in [
        "{}",
        "[]",
        "not an sbom!",
        r#"{"artifacts": []}"#,
        r#"{"artifacts": [], "descriptor": {"name": "x"}}"#,
    ] {
        assert!(matches!(parse(None, &[document]), Err(ReportError::Foreign { .. })), "{document}");
    }
    assert!(parse(None, &[r#"{"artifacts": [], "descriptor": {"name": "syft"}}"#]).unwrap().scope.is_empty());
}

#[test]
fn the_error_line_is_plain_text_with_the_first_cause() {
    for (stderr, said) in [
        (
            "[0000]  WARN x\n[0000] ERROR \x1b[31mcould not determine source: errors occurred attempting to resolve 'a:1':\n  \
             - docker: docker not available\n  - podman: no\x1b[0m\n",
            "could not determine source: errors occurred attempting to resolve 'a:1': docker: docker not available",
        ),
        ("\x1b[31munknown flag: --frob\x1b[0m\n", "unknown flag: --frob"),
    ] {
        let raw = RawReport { stderr: Cow::Borrowed(stderr.as_bytes()), ..RawReport::default() };
        assert_eq!(tool("").error_line(&raw).as_deref(), Some(said));
    }
}
