//! Which inputs of a repository a gate reads.

use crate::model::input::{InputKind, PackageManager};

/// What a gate reads, by its tool and its keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    pub kinds: Vec<InputKind>,
    /// Where, relative to gates.toml.
    pub folders: Vec<String>,
    pub reach: Reach,
    /// A compiler is told to check whatever its project says (`tsc --noCheck false`).
    pub overrules: bool,
}

/// How far from its folders a tool looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// At what lies in the folder itself: each is one target, and its proof is that of the input.
    #[default]
    Here,
    /// At everything below. The report does not name every input that was read.
    Below,
    /// At everything below, and [`super::parsed::Parsed::read_inputs`] has all that was read.
    BelowNamed,
    /// At what lies in the folder, or around it, or below: a configuration that holds for a tree.
    Around,
    /// The folders are files.
    Exactly,
    /// The folders are projects of TypeScript, with the sources below the folder of each.
    Project,
    /// The same, with the projects that they refer to, at any depth.
    ProjectAndReferences,
    /// The folders are workspaces of Angular, for the projects that these build.
    Workspace,
}

impl Reads {
    /// A gate that reads nothing that it could be held to.
    pub fn nothing() -> Self {
        Self::default()
    }

    pub fn new(kinds: impl IntoIterator<Item = InputKind>, folders: &[String], reach: Reach) -> Self {
        Self { kinds: kinds.into_iter().collect(), folders: folders.to_vec(), reach, overrules: false }
    }

    /// Whether its folders are projects of TypeScript, which a compiler checks.
    pub fn checks_projects(&self) -> bool {
        matches!(self.reach, Reach::Project | Reach::ProjectAndReferences | Reach::Workspace)
    }

    /// Whether it reads an input of this kind at this path. `folders` are its own, from the top of the repository; `.` is the top.
    pub fn covers(&self, kind: InputKind, path: &str, folders: &[String]) -> bool {
        let holder = if kind.is_folder() { path } else { folder_of(path) };
        self.kinds.contains(&kind)
            && folders.iter().any(|folder| match self.reach {
                Reach::Here => folder == holder,
                Reach::Below | Reach::BelowNamed => is_below(holder, folder),
                Reach::Around => is_below(holder, folder) || is_below(folder, holder),
                Reach::Exactly => folder == path,
                Reach::Project | Reach::ProjectAndReferences | Reach::Workspace
                    if matches!(kind, InputKind::Source(_)) =>
                {
                    is_below(holder, folder_of(folder))
                }
                Reach::Project | Reach::ProjectAndReferences | Reach::Workspace => folder == path,
            })
    }

    /// Whether one of its folders holds a folder, or lies in it.
    pub fn meets(&self, path: &str, folders: &[String]) -> bool {
        folders.iter().any(|folder| is_below(path, folder) || is_below(folder, path))
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

/// Whether a folder is another one, or lies below it.
fn is_below(inner: &str, outer: &str) -> bool {
    outer == "." || inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

/// Every lock file, and the manifest of Maven, which has none.
pub fn locks() -> impl Iterator<Item = InputKind> {
    let managers = PackageManager::ALL.into_iter();
    managers.map(InputKind::Lock).chain([InputKind::Manifest(PackageManager::Maven)])
}

/// What checks of infrastructure read.
pub const INFRASTRUCTURE: [InputKind; 6] = [
    InputKind::TerraformRoot,
    InputKind::CloudFormation,
    InputKind::Sam,
    InputKind::Kubernetes,
    InputKind::Helm,
    InputKind::Dockerfile,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_reads_as_far_as_its_tool_looks() {
        let lock = InputKind::Lock(PackageManager::Npm);
        let at = |reach, folder: &str, path: &str| {
            Reads::new([lock], &[], reach).covers(lock, path, &[folder.to_owned()])
        };
        for (reach, folder, path, covers) in [
            (Reach::Here, "api", "api/package-lock.json", true),
            (Reach::Here, ".", "package-lock.json", true),
            (Reach::Here, ".", "api/package-lock.json", false),
            (Reach::Below, ".", "api/package-lock.json", true),
            (Reach::Below, "api", "api/v2/package-lock.json", true),
            (Reach::Below, "api", "api2/package-lock.json", false),
            (Reach::Around, "api/src", "api/eslint.config.js", true),
            (Reach::Around, "api/src", "web/eslint.config.js", false),
            (Reach::Exactly, "api/tsconfig.json", "api/tsconfig.json", true),
            (Reach::Exactly, "api/tsconfig.json", "api/tsconfig.build.json", false),
            (Reach::Project, "api/tsconfig.json", "api/tsconfig.json", true),
            (Reach::Project, "api/tsconfig.json", "api/e2e/tsconfig.json", false),
        ] {
            assert_eq!(at(reach, folder, path), covers, "{reach:?} {folder} {path}");
        }
        let root = InputKind::TerraformRoot;
        let reads = Reads::new([root], &[], Reach::Here);
        assert!(reads.covers(root, "infra/prod", &["infra/prod".to_owned()]));
        assert!(!reads.covers(lock, "infra/prod", &["infra/prod".to_owned()]));
        let vue = InputKind::Source(crate::model::input::Language::Vue);
        let reads = Reads::new([vue], &[], Reach::ProjectAndReferences);
        assert!(reads.covers(vue, "web/src/App.vue", &["web/tsconfig.json".to_owned()]));
        assert!(!reads.covers(vue, "api/App.vue", &["web/tsconfig.json".to_owned()]));
    }
}
