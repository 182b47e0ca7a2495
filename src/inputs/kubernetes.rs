//! Whether a file with `apiVersion` and `kind` is an object of Kubernetes, or only the settings of a program, in the same form.
//!
//! Sources: Kubernetes, "Objects In Kubernetes" and "API groups": `apiVersion` is `v1` or `GROUP/VERSION`; the group of a custom resource is a
//! domain with at least one dot (apiextensions-apiserver, `ValidateCustomResourceDefinitionSpec`). Each program's own documentation.

use crate::inputs::top_keys::Entry;

/// Kubernetes' own groups without a dot.
const OWN: [&str; 5] = ["apps", "autoscaling", "batch", "extensions", "policy"];

/// Groups of files that no cluster takes, and those below them: a program reads them where it is started.
const SETTINGS: [&str; 12] = [
    "audit.k8s.io",
    "backstage.io",
    "cli.kyverno.io",
    "client.authentication.k8s.io",
    "ctlptl.dev",
    "eksctl.io",
    "k3d.io",
    "kind.x-k8s.io",
    "kubeadm.k8s.io",
    "kubelet.config.k8s.io",
    "kubeproxy.config.k8s.io",
    "kuttl.dev",
];

/// Whether a text in YAML has an object of Kubernetes. Only keys at the top of a document count.
pub(super) fn is_in_yaml(entries: &[Entry<'_>]) -> bool {
    let values = |key: &'static str| {
        let of_key = entries.iter().filter(move |entry| entry.key == key);
        of_key.map(|entry| entry.word().to_owned())
    };
    is_any(values("apiVersion"), values("kind"))
}

/// The same in JSON, at any depth: a list has its objects in it.
pub(super) fn is_in_json(text: &str) -> bool {
    let values = |key: &'static str| {
        let after = text.match_indices(key).map(move |(at, _)| text[at + key.len()..].trim_start());
        after.filter_map(|rest| {
            let value = rest.strip_prefix(':')?.trim_start().split([',', '}', '\n']).next()?;
            Some(value.trim().to_owned())
        })
    };
    is_any(values("\"apiVersion\""), values("\"kind\""))
}

fn is_any(versions: impl Iterator<Item = String>, kinds: impl Iterator<Item = String>) -> bool {
    let plain = |value: String| {
        let value = value.split(" #").next().unwrap_or_default().trim();
        value.trim_matches(['"', '\'']).to_owned()
    };
    // `Config` of `v1` is a kubeconfig.
    let mut kinds = kinds.map(plain).peekable();
    let is_some = kinds.peek().is_some();
    let only_config = is_some && kinds.all(|kind| kind == "Config");
    is_some && versions.map(plain).any(|version| is_object(&version) && !(version == "v1" && only_config))
}

/// Whether a cluster may know this version. One that a template makes may be any.
fn is_object(version: &str) -> bool {
    match version.split_once('/') {
        _ if version.contains(['{', '$', '<']) => true,
        None => version == "v1",
        Some((group, _)) => (group.contains('.') && !is_settings(group)) || OWN.contains(&group),
    }
}

/// Whether a group is one of [`SETTINGS`]: `scaffolder.backstage.io` is below `backstage.io`.
fn is_settings(group: &str) -> bool {
    let above = group.match_indices('.').map(|(at, _)| &group[at + 1..]);
    std::iter::once(group).chain(above).any(|group| SETTINGS.contains(&group))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::top_keys;

    fn is_in_yaml(text: &str) -> bool {
        super::is_in_yaml(&top_keys::of(text))
    }

    #[test]
    fn settings_in_the_form_of_an_object_are_none() {
        for (version, kind, is) in [
            ("v1", "Service", true),
            ("apps/v1", "Deployment", true),
            ("\"batch/v1\"", "Job", true),
            ("networking.k8s.io/v1 # new", "Ingress", true),
            ("cert-manager.io/v1", "Certificate", true),
            ("apiserver.config.k8s.io/v1", "AdmissionConfiguration", true),
            ("{{ include \"api\" . }}", "Deployment", true),
            ("backstage.io/v1alpha1", "Component", false),
            ("scaffolder.backstage.io/v1beta3", "Template", false),
            ("notbackstage.io/v1", "Component", true),
            ("skaffold/v4beta6", "Config", false),
            ("kind.x-k8s.io/v1alpha4", "Cluster", false),
            ("openslo/v1", "SLO", false),
            ("v1", "Config", false),
            ("v2", "Chart", false),
            ("1", "pipeline", false),
        ] {
            let yaml = format!("apiVersion: {version}\nkind: {kind}\nspec:\n  apiVersion: v1\n  kind: Pod\n");
            assert_eq!(is_in_yaml(&yaml), is, "{yaml}");
            if !version.contains(['"', '#']) {
                let json = format!("{{\"apiVersion\": \"{version}\", \"kind\": \"{kind}\"}}");
                assert_eq!(is_in_json(&json), is, "{json}");
            }
        }
    }

    #[test]
    fn one_object_among_settings_is_enough() {
        let settings = "apiVersion: backstage.io/v1alpha1\nkind: Component\n";
        let object = "---\nkind: Pod\napiVersion: v1\n";
        assert!(is_in_yaml(&format!("{settings}{object}")));
        assert!(!is_in_yaml(&format!("{settings}---\n{settings}")));
        assert!(!is_in_yaml("apiVersion: v1\n"));
        assert!(is_in_json("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[]}"));
        assert!(!is_in_json("{\"kind\": \"a\"}"));
    }
}
