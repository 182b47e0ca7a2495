use std::sync::Arc;

use super::*;
use crate::policy::vex::{Image, ProductId};

use crate::model::assessment::Status;
use crate::model::finding::Finding;
use crate::model::finding::{Category, Package};
use crate::model::severity::Severity;
use crate::policy::vex::Here;
use crate::policy::vex::Vex;

const OPENVEX: &str = include_str!("../../../fixtures/vex/openvex.json");
const OTHER: &str = include_str!("../../../fixtures/vex/openvex-other-product.json");
const CYCLONEDX: &str = include_str!("../../../fixtures/vex/cyclonedx.json");

fn vex(documents: &[(&str, &str)]) -> Vex {
    Vex::new(documents.iter().map(|(name, text)| read(name, text.as_bytes()).unwrap()).collect())
}

fn finding(rule: &str, aliases: &[&str], purl: &str) -> Finding {
    let mut finding = Finding::new(rule, Category::Vulnerability, Severity::High, "bad");
    finding.aliases = aliases.iter().map(|alias| Text::from(*alias)).collect();
    finding.package = Some(Arc::new(Package { purl: Some(purl.into()), ..Package::default() }));
    finding
}

fn status(vex: &Vex, finding: &Finding, here: &Here) -> Option<Status> {
    vex.assess(finding, here).map(|assessment| assessment.status)
}

const LODASH: &str = "pkg:npm/lodash@4.17.4";

fn image(reference: &'static str) -> Here<'static> {
    Here {
        image: Some(Image { reference, id: Some("sha256:11"), digest: Some("sha256:22"), names: &[] }),
        products: &[],
    }
}

#[test]
fn a_statement_on_a_package_holds_wherever_the_package_is_used() {
    let vex = vex(&[("vex/a.json", OPENVEX)]);
    let of = |rule: &str, aliases: &[&str], purl: &str| {
        vex.assess(&finding(rule, aliases, purl), &Here::default())
    };
    let assessment = of("CVE-2019-10744", &[], LODASH).unwrap();
    assert_eq!(
        assessment.words(),
        "VEX: not_affected, vulnerable_code_not_in_execute_path (vex/a.json): defaultsDeep() is never called"
    );
    assert_eq!(assessment.waiver(), Some(assessment.words()));
    // npm audit reports only the other id.
    assert_eq!(
        of("GHSA-jf85-cpcp-j695", &[], LODASH).map(|assessment| assessment.status),
        Some(Status::NotAffected)
    );
    assert_eq!(
        of("1065", &["ghsa-JF85-cpcp-j695"], LODASH).map(|assessment| assessment.status),
        Some(Status::NotAffected)
    );
    assert_eq!(of("CVE-2019-10744", &[], "pkg:npm/lodash@4.17.5"), None);
    assert_eq!(of("CVE-2019-10744", &[], "pkg:npm/lodash-es@4.17.4"), None);
    assert_eq!(of("CVE-2019-10745", &[], LODASH), None);
}

#[test]
fn the_latest_statement_decides() {
    let vex = vex(&[("a", OPENVEX)]);
    let here = Here::default();
    assert_eq!(status(&vex, &finding("CVE-2020-8203", &[], LODASH), &here), Some(Status::Affected));
    // The later statement is about another version.
    let other = finding("CVE-2020-8203", &[], "pkg:npm/lodash@4.17.10");
    assert_eq!(status(&vex, &other, &here), Some(Status::NotAffected));
}

#[test]
fn of_two_statements_at_the_same_time_the_stricter_holds_in_either_order() {
    let document = |status: &str| {
        OTHER
            .replace("not_affected", status)
            .replace(
                "pkg:oci/billing@sha256%3Aaa0e0f3a2b8f3a8c4a9f2f6b6f0c3f8d1f2f3e4d5c6b7a8990817263544536aa",
                LODASH,
            )
            .replace("\"subcomponents\": [{ \"@id\": \"pkg:npm/lodash@4.17.4\" }]", "\"subcomponents\": []")
    };
    let (not_affected, affected) = (document("not_affected"), document("affected"));
    let lodash = finding("CVE-2019-10744", &[], LODASH);
    for documents in [[("a", &*not_affected), ("b", &*affected)], [("b", &*affected), ("a", &*not_affected)]]
    {
        assert_eq!(status(&vex(&documents), &lodash, &Here::default()), Some(Status::Affected));
    }
}

#[test]
fn a_statement_on_a_product_holds_only_for_that_product() {
    let vex = vex(&[("a", OPENVEX), ("b", OTHER)]);
    let template = finding("CVE-2021-23337", &[], LODASH);
    for (here, expected) in [
        (Here::default(), None),
        (image("notes-app:3f2a"), Some(Status::Fixed)),
        (image("registry.example:5000/team/notes-app:3f2a"), Some(Status::Fixed)),
        (image("other-app:3f2a"), None),
    ] {
        assert_eq!(status(&vex, &template, &here), expected, "{here:?}");
    }
    // Another package of the image.
    assert_eq!(
        status(&vex, &finding("CVE-2021-23337", &[], "pkg:npm/lodash.template@4.5.0"), &image("notes-app")),
        None
    );
    // The document of the billing team says nothing about the notes-app.
    let only_other = Vex::new(vec![read("b", OTHER.as_bytes()).unwrap()]);
    assert_eq!(status(&only_other, &finding("CVE-2019-10744", &[], LODASH), &image("notes-app:1")), None);
    assert_eq!(
        only_other.documents[0].subjects(),
        "pkg:oci/billing@sha256:aa0e0f3a2b8f3a8c4a9f2f6b6f0c3f8d1f2f3e4d5c6b7a8990817263544536aa"
    );
}

#[test]
fn an_image_is_recognised_by_its_digest_its_tag_or_its_repository() {
    let is = |here: Here, purl: &str| here.is(&ProductId::read(purl));
    let here = image("registry.example:5000/team/app:1.2");
    assert!(is(here, "pkg:oci/app"));
    assert!(is(here, "pkg:oci/whatever@sha256%3A11"));
    assert!(is(here, "pkg:oci/app@sha256%3A22?repository_url=elsewhere"));
    assert!(!is(here, "pkg:oci/app@sha256%3A33"));
    assert!(is(here, "pkg:docker/team/app@1.2?repository_url=registry.example:5000"));
    assert!(!is(here, "pkg:docker/team/app@1.3?repository_url=registry.example:5000"));
    // That one is on Docker Hub.
    assert!(!is(here, "pkg:docker/team/app@1.2"));
    assert!(is(here, "pkg:oci/app?tag=1.2&repository_url=registry.example:5000/team/app"));
    assert!(!is(here, "pkg:oci/app?tag=1.1"));
    assert!(!is(here, "pkg:oci/app?repository_url=registry.example/team/app"));
    assert!(!is(here, "pkg:npm/app"));
}

#[test]
fn a_project_is_recognised_by_the_names_that_gates_toml_gives_it() {
    let vex = vex(&[("c.json", CYCLONEDX)]);
    let minimist = finding("GHSA-xvch-5gv4-984h", &[], "pkg:npm/minimist@0.0.8");
    assert_eq!(vex.assess(&minimist, &Here::default()), None, "it is about the notes-app");
    let products = [ProductId::read("notes-app")];
    let here = Here { products: &products, image: None };
    let assessment = vex.assess(&minimist, &here).unwrap();
    assert_eq!(
        assessment.words(),
        "VEX: not_affected, code_not_reachable (c.json): arguments come from the image alone"
    );
    let triaged = finding("CVE-2020-7598", &[], "pkg:npm/minimist@0.0.8");
    assert_eq!(status(&vex, &triaged, &here), Some(Status::UnderInvestigation));
    assert!(!Status::UnderInvestigation.waives() && !Status::Affected.waives());
}

#[test]
fn each_version_that_cyclonedx_lists_has_its_own_status() {
    let text = CYCLONEDX.replace(
        r#""affects": [{ "ref": "minimist" }]
    },
    {
      "id": "CVE-2020-7598""#,
        r#""affects": [{ "ref": "urn:cdx:5f0b1f5e-6a0b-4a53-9a7c-7a1d7f6f2a11/1#pkg:npm/minimist",
            "versions": [{ "version": "0.0.8" }, { "version": "0.1.0", "status": "unaffected" },
                         { "range": "vers:npm/>=1", "status": "unaffected" }] }]
    },
    {
      "id": "CVE-2020-7598""#,
    );
    assert_ne!(text, CYCLONEDX);
    let vex = vex(&[("c", &text)]);
    let products = [ProductId::read("notes-app")];
    let here = Here { products: &products, image: None };
    for (version, expected) in
        [("0.0.8", Some(Status::Affected)), ("0.1.0", Some(Status::NotAffected)), ("1.2.0", None)]
    {
        let minimist = finding("CVE-2021-44906", &[], &format!("pkg:npm/minimist@{version}"));
        assert_eq!(status(&vex, &minimist, &here), expected, "{version}");
    }
}

/// Otherwise the statement would be one on the whole image.
#[test]
fn a_part_that_can_not_be_compared_matches_nothing() {
    for part in [r#"{ "hashes": { "sha-256": "11" } }"#, r#"{ "identifiers": { "cpe23": "cpe:2.3:a:b:c" } }"#]
    {
        let text = OTHER
            .replace(
                "pkg:oci/billing@sha256%3Aaa0e0f3a2b8f3a8c4a9f2f6b6f0c3f8d1f2f3e4d5c6b7a8990817263544536aa",
                "pkg:oci/app",
            )
            .replace(r#"{ "@id": "pkg:npm/lodash@4.17.4" }"#, part);
        assert!(text.contains(part));
        let here = image("app:1");
        assert_eq!(
            status(&vex(&[("a", &text)]), &finding("CVE-2019-10744", &[], LODASH), &here),
            None,
            "{part}"
        );
    }
}

#[test]
fn documents_of_the_first_openvex_version_are_read() {
    let text = r#"{"@context": "https://openvex.dev/ns", "@id": "x", "author": "a", "timestamp": "2023-01-08T18:02:03.647787998-06:00",
        "version": "1", "statements": [{"vulnerability": "CVE-2019-10744", "products": ["pkg:npm/lodash@4.17.4"], "status": "fixed"}]}"#;
    let lodash = finding("CVE-2019-10744", &[], LODASH);
    assert_eq!(status(&vex(&[("a", text)]), &lodash, &Here::default()), Some(Status::Fixed));
}

#[test]
fn a_document_that_portcullis_can_not_use_is_refused() {
    let without = |what: &str| OPENVEX.replace(what, "");
    for (text, says) in [
        (String::new(), "EOF"),
        ("{}".to_owned(), "neither OpenVEX nor CycloneDX"),
        ("[]".to_owned(), "expected struct"),
        (OPENVEX[..400].to_owned(), "EOF"),
        (OPENVEX.replace("openvex.dev", "example.test"), "neither"),
        (OPENVEX.replace("\"fixed\"", "\"repaired\""), "unknown variant `repaired`"),
        (without("  \"timestamp\": \"2026-11-01T09:00:00Z\",\n"), "timestamp"),
        (
            without("      \"justification\": \"vulnerable_code_not_present\"\n")
                .replace("\"not_affected\",\n    }", "\"not_affected\"\n    }"),
            "CVE-2020-8203 is `not_affected` with no `justification`",
        ),
        (CYCLONEDX.replace("\"1.6\"", "\"2.0\""), "specVersion"),
        (CYCLONEDX.replace("not_affected", "fine"), "unknown variant `fine`"),
        (CYCLONEDX.replace("\"analysis\"", "\"other\""), "no statement"),
    ] {
        let broken = read("a", text.as_bytes()).unwrap_err();
        assert!(broken.0.contains(says), "{says}: {broken}");
    }
}
