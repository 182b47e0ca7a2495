//! `pnpm-lock.yaml` in the form that pnpm writes: the lists of a project, or of each project of a workspace. Any other is not understood. A
//! package that is a project of the same workspace (`link:../a`) is none of others.
//!
//! Source: pnpm's `lockfile/types`. A file of each form was given to Trivy 0.70.

/// Whether no list of production has a package of others.
pub(in crate::inputs) fn is_for_development(text: &str) -> bool {
    let (mut section, mut list, mut develops) = ("", None, false);
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let key = line.trim();
        let depth = line.len() - line.trim_start().len();
        let list_depth = if section == "importers:" { 4 } else { 0 };
        if depth == 0 {
            (section, list) = (key, None);
        }
        match (depth, key) {
            (depth, "devDependencies:" | "dependencies:" | "optionalDependencies:")
                if depth == list_depth =>
            {
                develops |= key == "devDependencies:";
                list = (key != "devDependencies:").then_some(depth);
            }
            (0, _) if SECTIONS.contains(&key) || ENTRIES.iter().any(|entry| key.starts_with(entry)) => {}
            // All that is not known may be of production.
            (0, _) => return false,
            (2, _) if section == "importers:" && (key.ends_with(':') || key.ends_with(": {}")) => list = None,
            (4, "specifiers:" | "dependenciesMeta:" | "publishDirectory:") if section == "importers:" => {
                list = None
            }
            (depth, _) if section == "importers:" && depth <= 4 => return false,
            (depth, _) => {
                if list.is_some_and(|of| !is_linked(key, depth - of)) {
                    return false;
                }
            }
        }
    }
    // A file that is cut may have lost its packages.
    let is_whole =
        !develops || ["packages:", "snapshots:"].iter().any(|name| text.contains(&format!("\n{name}\n")));
    is_whole && text.ends_with('\n') && text.contains("lockfileVersion: ")
}

/// Whether it has no list of packages: a workspace whose projects have only each other.
pub(in crate::inputs) fn names_no_package(text: &str) -> bool {
    let mut keys = text.lines().filter(|line| !line.is_empty() && !line.starts_with([' ', '#']));
    let is_known = |key: &str| {
        let is_list = ["packages", "snapshots", "dependencies", "devDependencies", "optionalDependencies"]
            .iter()
            .any(|list| key.strip_prefix(list).is_some_and(|rest| rest.starts_with(':')));
        !is_list && (SECTIONS.contains(&key) || ENTRIES.iter().any(|entry| key.starts_with(entry)))
    };
    text.contains("lockfileVersion: ") && text.ends_with('\n') && keys.all(is_known)
}

/// Keys with more below, in which no package of production is.
const SECTIONS: [&str; 13] = [
    "---",
    "catalogs:",
    "importers:",
    "ignoredOptionalDependencies:",
    "neverBuiltDependencies:",
    "onlyBuiltDependencies:",
    "overrides:",
    "packages:",
    "patchedDependencies:",
    "settings:",
    "snapshots:",
    "specifiers:",
    "time:",
];

/// Keys with a value.
const ENTRIES: [&str; 3] = ["lockfileVersion: ", "packageExtensionsChecksum: ", "pnpmfileChecksum: "];

/// Whether a line in a list, so far below it, names a project of the same workspace, or no version.
fn is_linked(key: &str, below: usize) -> bool {
    let value = key.split_once(": ").map(|(_, value)| value);
    match (below, value) {
        (2, None) => key.ends_with(':'),
        // Before version 6: `a: link:../a`.
        (2, Some(value)) => value.starts_with("link:"),
        (4, Some(value)) => {
            key.starts_with("specifier: ") || (key.starts_with("version: ") && value.starts_with("link:"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pnpm_lists_what_it_is_for() {
        let nine = "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n\nimporters:\n\n  .:\n    LISTS:\n      a:\n        specifier: ^1\n        version: 1.0.0\n\n  web:\n    devDependencies:\n      b:\n        version: 1.0.0\n\npackages:\n\n  a@1.0.0:\n    resolution: {integrity: x}\n    dependencies:\n      b: 1.0.0\n";
        for (list, dev) in
            [("devDependencies", true), ("dependencies", false), ("optionalDependencies", false)]
        {
            assert_eq!(is_for_development(&nine.replace("LISTS", list)), dev, "{list}");
        }
        let six = "lockfileVersion: '6.0'\n\ndevDependencies:\n  a:\n    version: 1.0.0\n\npackages:\n\n  /a@1.0.0:\n    dev: true\n";
        assert!(is_for_development(six));
        for other in [
            &six.replace("devD", "d"),
            "lockfileVersion: '9.0'\nimporters: {.: {devDependencies: {a: 1}}}\n",
            "devDependencies:\n  a: 1\n",
            "",
        ] {
            assert!(!is_for_development(other), "{other}");
        }
    }

    /// A workspace without packages of others, and what pnpm writes besides.
    #[test]
    fn pnpm_links_the_projects_of_a_workspace() {
        let workspace = |of_a: &str| {
            format!(
                "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n\nimporters:\n\n  .: {{}}\n\n  packages/a:\n{of_a}\n  packages/b: {{}}\n"
            )
        };
        let linked =
            "    dependencies:\n      b:\n        specifier: workspace:*\n        version: link:../b\n";
        assert!(is_for_development(&workspace("")));
        assert!(is_for_development(&workspace(linked)));
        assert!(!is_for_development(&workspace(&linked.replace("link:../b", "1.0.0"))));
        assert!(!is_for_development(&workspace(linked)[..workspace(linked).len() - 1]));
        let old = "lockfileVersion: 5.4\n\nimporters:\n\n  a:\n    specifiers:\n      b: workspace:*\n    dependencies:\n      b: link:../b\n";
        assert!(is_for_development(old));
        assert!(!is_for_development(&old.replace("link:../b", "1.0.0")));
        let more = "catalogs:\n  default:\n    a:\n      specifier: ^1\n      version: 1.0.0\n\noverrides:\n  b: ^1\n\npatchedDependencies:\n  a@1.0.0:\n    hash: x\n\n";
        let of_dev =
            "    devDependencies:\n      a:\n        specifier: 'catalog:'\n        version: 1.0.0\n";
        let text = workspace(of_dev).replace("importers:", &format!("{more}importers:"));
        assert!(!is_for_development(&text), "its packages are lost");
        assert!(is_for_development(&format!(
            "{text}\npackages:\n\n  a@1.0.0:\n    resolution: {{integrity: x}}\n"
        )));
    }
}
