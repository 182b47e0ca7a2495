//! What a YAML or JSON file is by how it begins: CloudFormation, SAM, Kubernetes, Kustomize, an SBOM.
//!
//! Sources: AWS CloudFormation, "Template anatomy", and "AWS SAM template anatomy" (`Transform`); Kubernetes, "Objects" (each has
//! `apiVersion` and `kind`); CycloneDX (`bomFormat`) and SPDX (`spdxVersion`, `@context`).

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::Path;

use crate::inputs::kubernetes;
use crate::inputs::top_keys::{self, Entry, value};
use crate::model::input::{InputKind, KindSet};
use crate::text::yaml::documents;

/// How much of a file is looked at.
pub(super) const HEAD: usize = 16 << 10;

/// How much is looked at where the beginning may be that of a template: no template is larger (AWS CloudFormation, "Quotas").
pub(super) const MOST: usize = 1 << 20;

/// The sections of a template that may come before `Resources` ("Template anatomy", and `Globals` of SAM), and the keys of others.
const EARLY: [&str; 13] = [
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Globals",
    "Outputs",
    "Resources",
    // An object of Kubernetes with its keys in order has its `data` before its `kind`.
    "apiVersion",
    "kind",
    // A document of SPDX with its keys in order has its version at the end.
    "SPDXID",
];

const ENDINGS: [&str; 5] = ["yaml", "yml", "json", "template", "cfn"];

/// Whether a file is a CloudFormation template, by its extension and its first bytes. It does not read a
/// large file to the end.
pub(crate) fn is_cloudformation(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    if !extension.is_some_and(|extension| ENDINGS.contains(&extension)) {
        return false;
    }
    let Ok(mut file) = fs::File::open(path) else { return false };
    let name = path.to_string_lossy();
    let mut bytes = Vec::new();
    for most in [HEAD, MOST - HEAD] {
        if (&mut file).take(most as u64).read_to_end(&mut bytes).is_err() {
            return false;
        }
        let text = String::from_utf8_lossy(&bytes);
        let is_template = is_cloudformation_in(&text, &top_keys::of(&text));
        if is_template || !may_say_later(&name, &text) {
            return is_template;
        }
    }
    false
}

/// Whether a file that begins so, and of which nothing is known yet, may say later what it is.
pub(super) fn may_say_later(name: &str, head: &str) -> bool {
    let is_comment = |line: &str| line.is_empty() || line.starts_with('#') || line == "---";
    let text = head.trim_start_matches('\u{feff}');
    kinds(name, head).is_empty()
        && (head.contains("AWS::")
            || top_keys::of(head).iter().any(|entry| EARLY.contains(&entry.key))
            || EARLY.iter().any(|key| head.contains(&format!("\"{key}\"")))
            || text.lines().map(str::trim).all(is_comment))
}

/// Whether a file of this name is looked at.
pub(super) fn may_be_template(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

/// The kinds of a file that begins so.
pub(super) fn kinds(name: &str, head: &str) -> KindSet {
    let mut kinds = KindSet::default();
    let top = top_keys::of(head);
    if is_cloudformation_in(head, &top) {
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
    } else if top.iter().any(is_kustomize) {
        kinds.add(InputKind::Kustomize);
    } else if kubernetes::is_in_yaml(&top) && !is_filled_in_first(head) {
        kinds.add(InputKind::Kubernetes);
    }
    kinds
}

/// Whether a text is no YAML before a program fills it in (Go templates, Jinja): it has lines for that program alone. No cluster takes it as
/// it is. In a text that is cut nobody can tell.
fn is_filled_in_first(text: &str) -> bool {
    let is_control = |line: &str| line.starts_with("{{") || line.starts_with("{%");
    text.len() < HEAD && text.lines().map(str::trim_start).any(is_control) && documents(text).is_err()
}

fn is_kustomize(entry: &Entry<'_>) -> bool {
    let version = entry.word().trim_start_matches(['"', '\'']);
    entry.key == "apiVersion" && version.starts_with("kustomize.config.k8s.io/")
}

/// Whether a key at the top is that of a template. In a Serverless project, a ConfigMap or a playbook a template may be inside.
fn is_cloudformation_in(head: &str, top: &[Entry<'_>]) -> bool {
    let has_types = names_a_type(head);
    top.iter().any(|entry| match entry.key {
        "AWSTemplateFormatVersion" => true,
        // In a CodeDeploy AppSpec it names a list.
        "Resources" => has_types && !entry.rest.trim_start().starts_with(['-', '[']),
        _ => false,
    })
}

/// Whether some `Type` is one of CloudFormation (`AWS::S3::Bucket`, `Custom::Name`), or there is a `Transform` of AWS. A word about one, as
/// in a list of what a rule is for, is none.
fn names_a_type(text: &str) -> bool {
    let value_of = |key: &'static str| {
        text.match_indices(key).filter_map(move |(at, key)| {
            let is_word = !text[..at].ends_with(char::is_alphanumeric);
            let rest = text[at + key.len()..].trim_start_matches(['"', '\'', ' ']).strip_prefix(':')?;
            let marks = |c: char| c.is_whitespace() || ['"', '\'', '-', '['].contains(&c);
            is_word.then(|| value(rest).trim_start_matches(marks))
        })
    };
    let is_named = |value: &str| {
        let end = value.find(|c: char| !c.is_alphanumeric()).unwrap_or(value.len());
        end > 0 && value[end..].starts_with("::")
    };
    // What an alias stands for, an anchor says elsewhere.
    let anchors =
        || text.match_indices('&').map(|(at, _)| value(&text[at..]).trim_start_matches([' ', '"', '\'']));
    let is_type = |value: &str| is_named(value) || (value.starts_with('*') && anchors().any(is_named));
    value_of("Type").any(is_type) || value_of("Transform").any(|value| value.starts_with("AWS::"))
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
            ("a.json", "{\"Resources\": {\"A\": {\"Type\" : \"AWS::S3::Bucket\"}}}", "cloudformation"),
            ("a.yaml", "Resources:\n  A:\n    Type: &t AWS::S3::Bucket\n", "cloudformation"),
            ("a.yaml", "Resources:\n  A:\n    Type: >-\n      AWS::S3::Bucket\n", "cloudformation"),
            ("a.yaml", "Resources:\n  A:\n    Type: !!str 'AWS::S3::Bucket'\n", "cloudformation"),
            (
                "a.yaml",
                "Metadata: {T: &t AWS::S3::Bucket}\nResources:\n  A:\n    Type: *t\n",
                "cloudformation",
            ),
            ("a.yaml", "? Resources\n:\n  A:\n    Type: AWS::S3::Bucket\n", "cloudformation"),
            ("a.cfn", "Resources:\n  A:\n    Type: AWS::S3::Bucket\n", "cloudformation"),
            ("a.yaml", "apiVersion: &v apps/v1\nkind: >-\n  Deployment\n", "kubernetes"),
            ("a.yaml", "Resources:\n  A:\n    Type: *t\nB: &u x\n", ""),
            ("rule.yaml", "Resources:\n  Types: AWS::S3::Bucket\n", ""),
            ("rule.json", "{\"Resources\": {\"of\": [\"AWS::S3::Bucket\"]}}", ""),
            ("appspec.yaml", "Resources:\n  - A:\n      Type: AWS::ECS::Service\n", ""),
            ("report.json", "[{\"Path\": [\"Resources\", \"A\"], \"Message\": \"AWS::S3::Bucket\"}]", ""),
            ("a.yaml", "Description: a\nResources:\n  A:\n    Type: Custom::Name\n", "cloudformation"),
            ("a.yaml", "Description: Resources of AWS::S3\nResources:\n  A:\n", ""),
            ("a.yaml", "---\napiVersion: v1\nkind: Service\n", "kubernetes"),
            ("a.yaml", "\"apiVersion\": \"v1\"\n\"kind\": \"Pod\"\n", "kubernetes"),
            ("a.yaml", "'kind' : Pod\n'apiVersion' : v1\n", "kubernetes"),
            ("a.yaml", "\u{feff}apiVersion: v1\r\nkind: Pod\r\n", "kubernetes"),
            ("a.yaml", "# a\n--- # b\n{apiVersion: v1, kind: Pod, metadata: {name: a}}\n", "kubernetes"),
            ("a.yaml", "{\"kind\":\"Pod\",\n\"apiVersion\":\"v1\"}", "kubernetes"),
            ("a.yaml", "  apiVersion: v1\n  kind: Pod\n", "kubernetes"),
            ("a.yaml", "{items: [{apiVersion: v1, kind: Pod}]}", ""),
            (
                "k.yaml",
                "\"apiVersion\": \"kustomize.config.k8s.io/v1\"\n\"kind\": \"Component\"\n",
                "kustomize",
            ),
            (
                "serverless.yml",
                "service: a\nresources:\n  Resources:\n    T:\n      Type: AWS::SQS::Queue\n",
                "",
            ),
            (
                "a.yml",
                "- hosts: a\n  tasks:\n  - b:\n      c: |\n        Resources:\n          A:\n            Type: AWS::SQS::Queue\n",
                "",
            ),
            (
                "a.yaml",
                "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: |\n    AWSTemplateFormatVersion: 1\n",
                "kubernetes",
            ),
            (
                "a.json",
                "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"data\": {\"AWSTemplateFormatVersion\": 1}}",
                "kubernetes",
            ),
            ("a.json", "{\"Body\": {\"Resources\": {\"A\": {\"Type\": \"AWS::SQS::Queue\"}}}}", ""),
            ("a.yaml", "# AWSTemplateFormatVersion: 1\non: push\n", ""),
            ("a.yaml", "a: 1\n---\n\"Resources\" :\r\n  A: {Type: AWS::SQS::Queue}\r\n", "cloudformation"),
            ("a.yaml", "\u{feff}AWSTemplateFormatVersion: 1\r\n", "cloudformation"),
            (
                "a.template",
                "{\"Description\": \"a, {\\\"\",\n  \"Resources\": {\"A\": {\"Type\": \"AWS::SQS::Queue\"}}}",
                "cloudformation",
            ),
            ("a.yaml", "{Resources: {A: {Type: AWS::SQS::Queue}}}", "cloudformation"),
            ("a.yaml", "  Resources:\n    A:\n      Type: AWS::SQS::Queue\n", "cloudformation"),
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

    /// A template may have many parameters before its resources, and a license above all.
    #[test]
    fn a_long_beginning_does_not_hide_what_comes_later() {
        let folder = tempfile::tempdir().unwrap();
        let filler: String = (0..2000).map(|n| format!("  P{n}:\n    Type: String\n")).collect();
        let map: String = (0..2000).map(|n| format!("\"k{n}\": {{\"a\": \"b\"}},")).collect();
        let (resources, comment) = ("Resources:\n  A:\n    Type: AWS::S3::Bucket\n", "# text\n".repeat(4000));
        for (name, text, expected) in [
            ("a.yaml", format!("Parameters:\n{filler}{resources}"), "cloudformation"),
            ("b.yaml", format!("Metadata:\n{filler}{resources}"), "cloudformation"),
            ("c.yaml", format!("{comment}{resources}"), "cloudformation"),
            (
                "d.template",
                format!("Mappings:\n{filler}Transform: AWS::Serverless-2016-10-31\n{resources}"),
                "cloudformation sam",
            ),
            (
                "e.json",
                format!(
                    "{{\"Mappings\": {{{map} \"z\": 1}}, \"Resources\": {{\"A\": {{\"Type\": \"AWS::S3::Bucket\"}}}}}}"
                ),
                "cloudformation",
            ),
            ("f.yaml", format!("apiVersion: v1\ndata:\n{filler}kind: ConfigMap\n"), "kubernetes"),
            (
                "g.json",
                format!(
                    "{{\"SPDXID\": \"a\", \"files\": {{{map} \"z\": 1}}, \"spdxVersion\": \"SPDX-2.3\"}}"
                ),
                "sbom",
            ),
            ("h.yaml", format!("values:\n{filler}{resources}"), ""),
            ("i.json", format!("{{{map} \"Resources\": {{\"A\": 1}}}}"), ""),
        ] {
            std::fs::write(folder.path().join(name), &text).unwrap();
            let inputs = crate::inputs::Inputs::outside_git(folder.path());
            let file = inputs.files().get(name).unwrap();
            let found = file.kinds().iter().map(InputKind::id).collect::<Vec<_>>().join(" ");
            assert_eq!(found, expected, "{name}");
            let template = expected.starts_with("cloudformation");
            assert_eq!(is_cloudformation(&folder.path().join(name)), template, "{name}");
        }
    }
}
