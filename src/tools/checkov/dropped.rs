//! Objects of Kubernetes that Checkov drops without a word, in a file of which it may name others.
//!
//! Source: bridgecrewio/checkov 3.3 `kubernetes/runner.py` (`spread_list_items`), `kubernetes_utils.py` (`get_resource_id`: a name,
//! or labels) and `parser/validatior.py` (`_is_name_valid`).

use crate::text::yaml::{Node, documents};

use super::checked::is_known;

/// The longest name that Checkov takes.
const LONGEST: usize = 253;

/// The first object with checks that Checkov drops, in words; `None`: there is none, or the text can't be parsed.
pub(super) fn dropped(text: &str) -> Option<String> {
    let documents = documents(text).ok()?;
    documents.iter().find_map(|document| match document.text("kind")? {
        "List" => document.get("items")?.items().find_map(|item| match item.text("kind")? {
            "List" => Some("a `List` in a `List`".to_owned()),
            _ => of_object(item),
        }),
        _ => of_object(document),
    })
}

fn of_object(object: &Node) -> Option<String> {
    let kind = object.text("kind")?;
    object.text("apiVersion")?;
    // It looks into a `List`, and into no other object with `items`.
    if let Some(one) = kind.strip_suffix("List").filter(|one| is_known(one)) {
        return object
            .get("items")
            .is_some()
            .then(|| format!("the objects of a `{kind}` (it takes `List` and `{one}`)"));
    }
    if !is_known(kind) {
        return None;
    }
    let metadata = object.get("metadata");
    let has = |key: &str| metadata.and_then(|metadata| metadata.get(key)).is_some_and(is_something);
    if !has("name") && !has("labels") {
        return Some(format!("a {kind} without `metadata.name` and labels"));
    }
    bad_name(object).map(|name| format!("a {kind} in which something is called `{name}`"))
}

fn is_something(node: &Node) -> bool {
    node.as_text().is_none_or(|text| !matches!(text, "" | "~" | "null"))
}

/// A `name`, at any depth, that makes Checkov call the whole object invalid.
fn bad_name(node: &Node) -> Option<&str> {
    const MOST: usize = 100_000;
    let mut open = vec![node];
    for _ in 0..MOST {
        let node = open.pop()?;
        for (key, value) in node.entries() {
            match value {
                Node::Text(name)
                    if key == "name" && (name.len() > LONGEST || name.contains(['#', '{', '}'])) =>
                {
                    return Some(name);
                }
                Node::Map(_) => open.push(value),
                // Only objects that lie in the list itself.
                Node::List(_) => open.extend(value.items().filter(|item| matches!(item, Node::Map(_)))),
                Node::Text(_) => {}
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_checkov_drops_is_known() {
        let object = |kind: &str, rest: &str| format!("apiVersion: v1\nkind: {kind}\n{rest}\n");
        let named = "metadata: {name: a}";
        for (text, expected) in [
            (object("Pod", named), None),
            (object("Pod", "metadata: {labels: {app: a}}"), None),
            (object("Pod", "metadata: {generateName: a-}"), Some("a Pod without `metadata.name` and labels")),
            (object("Pod", "metadata: {name: \"\"}"), Some("a Pod without `metadata.name` and labels")),
            (object("Pod", "spec: {}"), Some("a Pod without `metadata.name` and labels")),
            (object("Namespace", "spec: {}"), None),
            (
                format!(
                    "{}---\n{}",
                    object("ConfigMap", named),
                    object("Job", "metadata: {generateName: a}")
                ),
                Some("a Job without `metadata.name` and labels"),
            ),
            (
                object("Pod", "metadata: {name: a}\nspec: {containers: [{name: \"a{b}\"}]}"),
                Some("a Pod in which something is called `a{b}`"),
            ),
            (object("List", "items: [{apiVersion: v1, kind: Pod, metadata: {name: a}}]"), None),
            (
                object("List", "items: [{apiVersion: v1, kind: Pod}]"),
                Some("a Pod without `metadata.name` and labels"),
            ),
            (object("List", "items: [{apiVersion: v1, kind: List}]"), Some("a `List` in a `List`")),
            (
                object("PodList", "items: [{metadata: {name: a}}]"),
                Some("the objects of a `PodList` (it takes `List` and `Pod`)"),
            ),
            ("kind: [\n".to_owned(), None),
        ] {
            assert_eq!(dropped(&text).as_deref(), expected, "{text}");
        }
    }
}
