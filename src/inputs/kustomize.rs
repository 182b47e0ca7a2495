//! Whether a kustomization makes something that no file of the repository has.
//!
//! Source: kubectl.docs.kubernetes.io, "The Kustomization File".

use crate::text::yaml::{Node, documents};

/// The keys that change or make objects. Names, labels, namespaces, numbers of replicas and tags of images do not count.
const MAKES: [&str; 12] = [
    "components",
    "configMapGenerator",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "secretGenerator",
    "transformers",
    "vars",
];

/// Whether it patches or makes objects, or takes them from elsewhere. One that can't be parsed may.
pub(super) fn makes_more(text: &str) -> bool {
    let Ok(documents) = documents(text) else { return true };
    let is_some = |node: &Node| match node {
        Node::Text(text) => !text.is_empty(),
        Node::List(items) => !items.is_empty(),
        Node::Map(entries) => !entries.is_empty(),
    };
    let makes = |document: &Node| MAKES.iter().any(|key| document.get(key).is_some_and(is_some));
    let from_elsewhere = |document: &Node| {
        let lists = ["resources", "bases"].into_iter().filter_map(|key| document.get(key));
        lists.flat_map(Node::items).filter_map(Node::as_text).any(is_remote)
    };
    documents.iter().any(|document| makes(document) || from_elsewhere(document))
}

/// `https://…`, `git@…`, `github.com/owner/name?ref=…`, `git::…`.
fn is_remote(resource: &str) -> bool {
    let host = resource.split('/').next().unwrap_or_default();
    let is_host = resource.contains('/') && host.contains('.') && !host.starts_with('.');
    resource.contains("://")
        || resource.contains("::")
        || resource.starts_with("git@")
        || resource.contains("?ref=")
        || is_host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_manifests_makes_nothing_more() {
        for (text, makes) in [
            (
                "resources: [app.yaml, ../base, ./x.yaml]\nnamespace: a\nimages: [{name: a, newTag: b}]\n",
                false,
            ),
            ("", false),
            ("resources: [a.yaml]\npatches: []\n", false),
            ("resources: [a.yaml]\npatches: [{path: b.yaml}]\n", true),
            ("patchesStrategicMerge:\n- a.yaml\n", true),
            ("secretGenerator:\n- name: a\n  literals: [b=c]\n", true),
            ("components: [../parts]\n", true),
            ("helmCharts: [{name: a}]\n", true),
            ("resources: [\"https://example.org/a.yaml\"]\n", true),
            ("resources: [github.com/example/a/base?ref=v1]\n", true),
            ("bases: [\"git@example.org:a/b\"]\n", true),
            ("resources: [\n", true),
        ] {
            assert_eq!(makes_more(text), makes, "{text}");
        }
    }
}
