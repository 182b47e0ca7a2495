//! What there is to look at in a repository: the kinds of its files and folders.
//!
//! A kind has a short id for the record (`lock/npm`, `terraform-root`) and words for people (`npm lock file`).

mod names;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use names::{CiService, Language, PackageManager, TestRunner};

/// What a file or folder is to the tools that read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum InputKind {
    /// Names the exact versions that are installed.
    Lock(PackageManager),
    /// Names the wanted packages.
    Manifest(PackageManager),
    Dockerfile,
    Compose,
    /// A file of Terraform's language (`.tf`), which OpenTofu reads, too.
    Terraform,
    /// A file that only OpenTofu reads (`.tofu`).
    OpenTofu,
    /// A folder that is applied by itself.
    TerraformRoot,
    /// A folder that other folders call.
    TerraformModule,
    CloudFormation,
    /// A CloudFormation template that the Serverless Application Model transforms.
    Sam,
    Kubernetes,
    /// The `Chart.yaml` of a chart.
    Helm,
    /// A template of a chart: YAML only after Helm has filled it in.
    HelmTemplate,
    Kustomize,
    TsConfig,
    Eslint,
    Biome,
    Oxlint,
    Prettier,
    Sbom,
    /// A container image of the run, by its name. It is in no repository.
    Image,
    /// A submodule that is not checked out: nobody knows what is in it.
    Submodule,
    /// A folder that can't be listed.
    Folder,
    /// A file of no kind that its name says, and that can't be read.
    File,
    /// The configuration of a test runner.
    Tests(TestRunner),
    /// A workflow or pipeline of a CI service.
    Ci(CiService),
    /// Source code.
    Source(Language),
}

use InputKind as Kind;

/// The kinds without a part, with id and words.
const PLAIN: [(Kind, &str, &str); 22] = [
    (Kind::Dockerfile, "dockerfile", "Dockerfile"),
    (Kind::Compose, "compose", "compose file"),
    (Kind::Terraform, "terraform", "Terraform file"),
    (Kind::OpenTofu, "opentofu", "OpenTofu file"),
    (Kind::TerraformRoot, "terraform-root", "Terraform root"),
    (Kind::TerraformModule, "terraform-module", "Terraform module"),
    (Kind::CloudFormation, "cloudformation", "CloudFormation template"),
    (Kind::Sam, "sam", "SAM template"),
    (Kind::Kubernetes, "kubernetes", "Kubernetes manifest"),
    (Kind::Helm, "helm", "Helm chart"),
    (Kind::HelmTemplate, "helm-template", "Helm template"),
    (Kind::Kustomize, "kustomize", "kustomization"),
    (Kind::TsConfig, "tsconfig", "TypeScript project"),
    (Kind::Eslint, "eslint", "ESLint configuration"),
    (Kind::Biome, "biome", "Biome configuration"),
    (Kind::Oxlint, "oxlint", "oxlint configuration"),
    (Kind::Prettier, "prettier", "Prettier configuration"),
    (Kind::Sbom, "sbom", "SBOM"),
    (Kind::Image, "image", "image"),
    (Kind::Submodule, "submodule", "submodule"),
    (Kind::Folder, "folder", "folder"),
    (Kind::File, "file", "file"),
];

impl InputKind {
    /// Every kind, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        let managers = || PackageManager::ALL.into_iter();
        (managers().map(Self::Lock))
            .chain(managers().map(Self::Manifest))
            .chain(PLAIN.iter().map(|(kind, ..)| *kind))
            .chain(TestRunner::ALL.into_iter().map(Self::Tests))
            .chain(CiService::ALL.into_iter().map(Self::Ci))
            .chain(Language::ALL.into_iter().map(Self::Source))
    }

    /// Its id in the record: `lock/npm`, `dockerfile`.
    pub fn id(self) -> String {
        match self {
            Self::Lock(manager) => format!("lock/{}", manager.id()),
            Self::Manifest(manager) => format!("manifest/{}", manager.id()),
            Self::Tests(runner) => format!("tests/{}", runner.id()),
            Self::Ci(service) => format!("ci/{}", service.id()),
            Self::Source(language) => format!("source/{}", language.id()),
            plain => plain.of_table().1.to_owned(),
        }
    }

    /// Whether it is a folder, not a file.
    pub fn is_folder(self) -> bool {
        matches!(self, Self::TerraformRoot | Self::TerraformModule)
    }

    /// The words for one of them: `npm lock file`.
    pub fn words(self) -> String {
        match self {
            Self::Lock(manager) => format!("{} lock file", manager.title()),
            Self::Manifest(manager) => format!("{} manifest", manager.title()),
            Self::Tests(runner) => format!("{} configuration", runner.title()),
            Self::Ci(service) => format!("{} file", service.title()),
            Self::Source(language) => format!("{} file", language.title()),
            plain => plain.of_table().2.to_owned(),
        }
    }

    fn of_table(self) -> (Self, &'static str, &'static str) {
        PLAIN.into_iter().find(|(kind, ..)| *kind == self).unwrap_or((self, "other", "other file"))
    }

    /// The kind that has this number.
    fn of_bit(bit: u32) -> Option<Self> {
        let at = |first: u32| (bit - first) as usize;
        match bit {
            0..24 => PackageManager::ALL.get(at(0)).copied().map(Self::Lock),
            24..48 => PackageManager::ALL.get(at(24)).copied().map(Self::Manifest),
            48..72 => PLAIN.get(at(48)).map(|(kind, ..)| *kind),
            72..84 => TestRunner::ALL.get(at(72)).copied().map(Self::Tests),
            84..92 => CiService::ALL.get(at(84)).copied().map(Self::Ci),
            _ => Language::ALL.get((bit.checked_sub(92)?) as usize).copied().map(Self::Source),
        }
    }

    /// A number below 128 that no other kind has.
    fn bit(self) -> u32 {
        match self {
            Self::Lock(manager) => manager as u32,
            Self::Manifest(manager) => 24 + manager as u32,
            Self::Tests(runner) => 72 + runner as u32,
            Self::Ci(service) => 84 + service as u32,
            Self::Source(language) => 92 + language as u32,
            plain => 48 + PLAIN.iter().position(|(kind, ..)| *kind == plain).unwrap_or(PLAIN.len()) as u32,
        }
    }
}

impl fmt::Display for InputKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id())
    }
}

impl From<InputKind> for String {
    fn from(kind: InputKind) -> Self {
        kind.id()
    }
}

impl TryFrom<String> for InputKind {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        Self::all().find(|kind| kind.id() == id).ok_or_else(|| format!("`{id}` is no kind of input"))
    }
}

/// Some kinds. A file may be of several: a `package.json` is a manifest, and may configure ESLint and Jest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindSet(u128);

impl KindSet {
    pub fn of(kind: InputKind) -> Self {
        Self(1 << kind.bit())
    }

    pub fn add(&mut self, kind: InputKind) {
        self.0 |= Self::of(kind).0;
    }

    pub fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub fn remove(&mut self, kind: InputKind) {
        self.0 &= !Self::of(kind).0;
    }

    pub fn has(self, kind: InputKind) -> bool {
        self.0 & Self::of(kind).0 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its kinds, in order.
    pub fn iter(self) -> impl Iterator<Item = InputKind> {
        let mut left = self.0;
        let bits = std::iter::from_fn(move || {
            let bit = left.trailing_zeros();
            left &= left.checked_sub(1)?;
            Some(bit)
        });
        bits.filter_map(InputKind::of_bit)
    }
}

/// Whether git knows a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// In git's index.
    Tracked,
    /// Not in the index, and not ignored. Outside of a repository: every file.
    #[default]
    Untracked,
    /// Ignored by git.
    Ignored,
}

/// Something that could not be looked at as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InputTrouble {
    /// From the top of the repository; `.` is the top.
    pub path: String,
    #[serde(flatten)]
    pub why: Why,
}

/// Why it could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why", content = "detail")]
pub enum Why {
    /// The system's word.
    Unreadable(String),
    /// The reader's word: the file is not what its name says.
    NotParsed(String),
    /// Larger than what is read of such a file.
    TooLarge,
    /// It was there when the folder was listed.
    Vanished,
    /// It was written to while it was read.
    Changed,
    /// A link to nothing, or in a loop.
    BrokenLink,
    /// A link that leads out of the repository.
    LinkOut,
    /// A pipe, a socket or a device.
    NotAFile,
    /// Its name is not UTF-8, so the record can't name it exactly.
    NameNotUtf8,
    /// In git's index, and not in the work tree.
    Deleted,
    /// In git's index, and left out of the work tree (sparse checkout).
    Sparse,
    /// A submodule that is not checked out.
    NoSubmodule,
    /// git did not say what it tracks: every file counts as untracked.
    NoGit,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable(error) => return write!(f, "can't be read: {error}"),
            Self::NotParsed(error) => return write!(f, "can't be parsed: {error}"),
            Self::TooLarge => "is too large to be read",
            Self::Vanished => "vanished while it was read",
            Self::Changed => "changed while it was read",
            Self::BrokenLink => "is a link to nothing",
            Self::LinkOut => "is a link that leads out of the repository",
            Self::NotAFile => "is a pipe, a socket or a device",
            Self::NameNotUtf8 => "has a name that is not UTF-8",
            Self::Deleted => "is in git's index, and was deleted",
            Self::Sparse => "is not checked out (sparse checkout)",
            Self::NoSubmodule => "is a submodule that is not checked out",
            Self::NoGit => "is a git repository, and git does not list its files",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_kind_has_a_place_an_id_and_words_of_its_own() {
        let all: Vec<InputKind> = InputKind::all().collect();
        let bits: BTreeSet<u32> = all.iter().map(|kind| kind.bit()).collect();
        let ids: BTreeSet<String> = all.iter().map(|kind| kind.id()).collect();
        let words: BTreeSet<String> = all.iter().map(|kind| kind.words()).collect();
        assert_eq!((bits.len(), ids.len(), words.len()), (all.len(), all.len(), all.len()));
        assert!(bits.iter().all(|bit| *bit < 128));
        assert!(all.iter().all(|kind| InputKind::of_bit(kind.bit()) == Some(*kind)));
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_kind_comes_back_from_the_record() {
        for kind in InputKind::all() {
            let text = serde_json::to_string(&kind).unwrap();
            assert_eq!(serde_json::from_str::<InputKind>(&text).unwrap(), kind, "{text}");
        }
        assert!(serde_json::from_str::<InputKind>("\"lock/none\"").is_err());
    }

    #[test]
    fn a_set_gives_back_what_was_added() {
        let mut set = KindSet::default();
        let some = [Kind::Lock(PackageManager::Npm), Kind::Dockerfile, Kind::Sbom];
        some.iter().for_each(|kind| set.add(*kind));
        assert_eq!(set.iter().collect::<Vec<_>>(), some);
        set.remove(Kind::Dockerfile);
        assert!(!set.has(Kind::Dockerfile) && set.has(Kind::Sbom));
    }
}
