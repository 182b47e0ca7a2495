//! What a YAML or JSON file is by how it begins: CloudFormation, SAM, Kubernetes, Kustomize, an SBOM.
//!
//! Sources: AWS CloudFormation, "Template anatomy", and "AWS SAM template anatomy" (`Transform`); Kubernetes, "Objects" (each has
//! `apiVersion` and `kind`); CycloneDX (`bomFormat`) and SPDX (`spdxVersion`, `@context`).

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::Path;

use crate::inputs::kubernetes;
use crate::model::input::{InputKind, KindSet};

/// How much of a file is looked at.
pub(super) const HEAD: usize = 16 << 10;

const ENDINGS: [&str; 4] = ["yaml", "yml", "json", "template"];

/// Whether a file is a CloudFormation template, by its extension and its first bytes. It does not read a
/// large file to the end.
pub(crate) fn is_cloudformation(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    if !extension.is_some_and(|extension| ENDINGS.contains(&extension)) {
        return false;
    }
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
    read.is_ok() && begins_cloudformation(&String::from_utf8_lossy(&head))
}

/// Whether a file of this name is looked at.
pub(super) fn may_be_template(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

/// The kinds of a file that begins so.
pub(super) fn kinds(name: &str, head: &str) -> KindSet {
    let mut kinds = KindSet::default();
    if begins_cloudformation(head) {
        kinds.add(InputKind::CloudFormation);
        // `Transform: AWS::Serverless-2016-10-31`
        if head.contains("AWS::Serverless-") {
            kinds.add(InputKind::Sam);
        }
    } else if name.ends_with(".json") {
        if head.contains("\"bomFormat\"")
            || head.contains("\"spdxVersion\"")
            || head.contains("\"https://spdx.org/rdf/3")
        {
            kinds.add(InputKind::Sbom);
        } else if kubernetes::is_in_json(head) {
            kinds.add(InputKind::Kubernetes);
        }
    } else if head.lines().any(|line| line.starts_with("apiVersion: kustomize.config.k8s.io/")) {
        kinds.add(InputKind::Kustomize);
    } else if kubernetes::is_in_yaml(head) {
        kinds.add(InputKind::Kubernetes);
    }
    kinds
}

fn begins_cloudformation(head: &str) -> bool {
    head.contains("AWSTemplateFormatVersion")
        || (head.contains("AWS::")
            && head.match_indices("Resources").any(|(at, word)| names_mapping(&head[at + word.len()..])))
}

/// Whether the word before this is the key of a mapping: of a template. In a CodeDeploy AppSpec it names a list, and in a
/// report it may be one word of a path.
fn names_mapping(rest: &str) -> bool {
    let rest = rest.trim_start_matches(['"', '\'']).trim_start();
    rest.strip_prefix(':').is_some_and(|value| !value.trim_start().starts_with(['-', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_known_by_its_beginning() {
        let kinds = |name: &str, head: &str| {
            kinds(name, head).iter().map(InputKind::id).collect::<Vec<_>>().join(" ")
        };
        for (name, head, expected) in [
            ("a.yaml", "AWSTemplateFormatVersion: 2010-09-09\n", "cloudformation"),
            ("a.yaml", "Resources:\n  A:\n    Type: AWS::S3::Bucket\n", "cloudformation"),
            ("a.json", "{\"Resources\": {\"A\": {\"Type\": \"AWS::S3::Bucket\"}}}", "cloudformation"),
            ("a.yaml", "Transform: AWS::Serverless-2016-10-31\nResources:\n  A:\n", "cloudformation sam"),
            ("appspec.yaml", "Resources:\n  - A:\n      Type: AWS::ECS::Service\n", ""),
            ("report.json", "[{\"Path\": [\"Resources\", \"A\"], \"Message\": \"AWS::S3::Bucket\"}]", ""),
            ("a.yaml", "Description: Resources of AWS::S3\nResources:\n  A:\n", "cloudformation"),
            ("a.yaml", "---\napiVersion: v1\nkind: Service\n", "kubernetes"),
            ("a.yaml", "items:\n  - apiVersion: v1\n    kind: Service\n", ""),
            ("a.json", "{\"apiVersion\": \"v1\", \"kind\": \"List\"}", "kubernetes"),
            ("k.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Component\n", "kustomize"),
            ("a.json", "{\"bomFormat\": \"CycloneDX\"}", "sbom"),
            ("a.json", "{\"spdxVersion\": \"SPDX-2.3\"}", "sbom"),
            ("catalog-info.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Component\n", ""),
            ("a.yaml", "on: push\n", ""),
        ] {
            assert_eq!(kinds(name, head), expected, "{head}");
        }
    }
}
