//! Terraform and OpenTofu: which folders are applied by themselves, and which are called by others.
//!
//! Source: the Terraform language ("Files and Configuration Structure", "Modules", "Backend Configuration", "Providers
//! Within Modules"; OpenTofu, "Files": a `.tofu` file takes the place of the `.tf` file with its name).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::inputs::hcl::{Block, blocks};
use crate::inputs::parse_error::of_json;
use crate::text::bom::without_bom;
use crate::text::paths::{forward, normalise};

/// A folder with a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TerraformFolder {
    /// From the top of the repository; `.` is the top.
    pub(crate) folder: String,
    /// It has a `backend` or `cloud` block.
    pub(crate) has_backend: bool,
    /// It configures a provider.
    pub(crate) has_provider: bool,
    /// Folders of this repository that it calls as modules.
    pub(crate) calls: BTreeSet<String>,
    /// Folders that call it.
    pub(crate) called_by: BTreeSet<String>,
    /// It has files that only OpenTofu reads.
    pub(crate) tofu: bool,
}

impl TerraformFolder {
    /// Whether it is applied by itself: it says where its state is, configures a provider, or nobody calls it.
    pub(crate) fn is_root(&self) -> bool {
        self.has_backend || self.has_provider || self.called_by.is_empty()
    }
}

/// What one file of a configuration says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TerraformFile {
    has_backend: bool,
    has_provider: bool,
    /// The sources of its modules that are folders of the same file system.
    sources: Vec<String>,
}

/// Reads a file in the native syntax.
pub(super) fn read(text: &str) -> Result<TerraformFile, String> {
    let mut file = TerraformFile::default();
    for block in blocks(text)? {
        let Block { kind, inside, .. } = &block;
        match (inside.as_str(), kind.as_str()) {
            ("", "provider") => file.has_provider = true,
            ("terraform", "backend" | "cloud") => file.has_backend = true,
            ("", "module") => file.sources.extend(block.attribute("source").and_then(local)),
            _ => {}
        }
    }
    Ok(file)
}

/// Reads a file in JSON (`.tf.json`).
pub(super) fn read_json(bytes: &[u8]) -> Result<TerraformFile, String> {
    let read: JsonFile = serde_json::from_slice(without_bom(bytes)).map_err(|error| of_json(&error))?;
    let modules = read.module.into_iter().flat_map(Many::list).flat_map(BTreeMap::into_values);
    let sources = modules.flat_map(Many::list).filter_map(|module| local(&module.source?));
    let mut file = TerraformFile { has_provider: read.provider.is_some(), ..TerraformFile::default() };
    file.sources = sources.collect();
    let settings = read.terraform.into_iter().flat_map(Many::list);
    file.has_backend = settings.into_iter().any(|own| own.backend.is_some() || own.cloud.is_some());
    Ok(file)
}

/// The types of the resources in a file. What stands in a comment or in a text is none.
///
/// # Errors
/// If it can't be parsed.
pub(crate) fn resources(name: &str, text: &str) -> Result<Vec<String>, String> {
    #[derive(Deserialize)]
    struct File {
        resource: Option<Many<BTreeMap<String, IgnoredAny>>>,
    }
    if name.ends_with(".json") {
        let read: File = serde_json::from_slice(without_bom(text.as_bytes())).map_err(|e| of_json(&e))?;
        return Ok(read.resource.into_iter().flat_map(Many::list).flat_map(BTreeMap::into_keys).collect());
    }
    let is_resource = |block: &Block| block.kind == "resource" && block.inside.is_empty();
    let own = blocks(text)?.into_iter().filter(is_resource);
    Ok(own.filter_map(|block| block.labels.into_iter().next()).collect())
}

#[derive(Deserialize)]
struct JsonFile {
    provider: Option<IgnoredAny>,
    module: Option<Many<BTreeMap<String, Many<JsonModule>>>>,
    terraform: Option<Many<JsonSettings>>,
}

#[derive(Deserialize)]
struct JsonModule {
    source: Option<String>,
}

#[derive(Deserialize)]
struct JsonSettings {
    backend: Option<IgnoredAny>,
    cloud: Option<IgnoredAny>,
}

/// One value, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Many<T> {
    List(Vec<T>),
    One(T),
}

impl<T> Many<T> {
    fn list(self) -> Vec<T> {
        match self {
            Self::List(list) => list,
            Self::One(one) => vec![one],
        }
    }
}

/// A source that is a folder: it begins with `./` or `../`.
fn local(source: &str) -> Option<String> {
    (source.starts_with("./") || source.starts_with("../")).then(|| source.to_owned())
}

/// The folders, from their files by path.
pub(super) fn folders(files: Vec<(String, TerraformFile)>) -> Vec<TerraformFolder> {
    let names: BTreeSet<String> = files.iter().map(|(path, _)| path.clone()).collect();
    let replaced = |path: &str| {
        let stem = path.strip_suffix(".tf.json").map(|stem| format!("{stem}.tofu.json"));
        let tofu = stem.or_else(|| path.strip_suffix(".tf").map(|stem| format!("{stem}.tofu")));
        tofu.is_some_and(|tofu| names.contains(&tofu))
    };
    let mut folders: BTreeMap<String, TerraformFolder> = BTreeMap::new();
    for (path, file) in files {
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let is_tofu = path.ends_with(".tofu") || path.ends_with(".tofu.json");
        let entry = folders
            .entry(folder.to_owned())
            .or_insert_with(|| TerraformFolder { folder: folder.to_owned(), ..TerraformFolder::default() });
        entry.tofu |= is_tofu;
        // Only OpenTofu passes over a replaced file: what it says counts, too, but not its calls for OpenTofu alone.
        entry.has_backend |= file.has_backend;
        entry.has_provider |= file.has_provider;
        if !replaced(&path) {
            entry.calls.extend(file.sources.iter().filter_map(|source| target(folder, source)));
        }
    }
    let calls: Vec<(String, String)> = folders
        .values()
        .flat_map(|folder| folder.calls.iter().map(|called| (folder.folder.clone(), called.clone())))
        .collect();
    for (caller, called) in calls {
        if caller != called
            && let Some(folder) = folders.get_mut(&called)
        {
            folder.called_by.insert(caller);
        }
    }
    folders.into_values().collect()
}

/// The folder that a source names, from the top; `None` if it lies outside.
fn target(folder: &str, source: &str) -> Option<String> {
    // `//` divides a package from the folder in it.
    let path = normalise(&Path::new(folder).join(source.replace("//", "/")));
    let path = forward(&path);
    (!path.starts_with("..")).then(|| path.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_comment_or_a_text_says_is_no_resource() {
        let text = "# resource \"a\" \"x\" {}\n/*\nresource \"b\" \"x\" {\n}\n*/\nlocals {\n  c = <<-EOT\n    resource \"c\" \"x\" {}\n  EOT\n  d = \"resource\"\n}\nresource \"e\" \"x\" { // {\n}\n";
        assert_eq!(resources("a.tf", text).unwrap(), ["e"]);
        let json = r#"{"//": "resource", "resource": [{"a": {"x": {}}}, {"b": {}}], "locals": {"resource": {"c": {}}}}"#;
        assert_eq!(resources("a.tf.json", json).unwrap(), ["a", "b"]);
        assert_eq!(resources("a.tf.json", r#"{"variable": {"resource": {}}}"#).unwrap(), [""; 0]);
        assert!(resources("a.tf", "resource {").is_err() && resources("a.tofu.json", "{").is_err());
    }

    fn roots(files: &[(&str, &str)]) -> Vec<String> {
        let read = |path: &str, text: &str| match path.ends_with(".json") {
            true => read_json(text.as_bytes()).unwrap(),
            false => read(text).unwrap(),
        };
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), read(path, text))).collect();
        folders(files).iter().filter(|folder| folder.is_root()).map(|folder| folder.folder.clone()).collect()
    }

    #[test]
    fn a_root_is_what_nobody_calls_or_what_has_a_state() {
        let caller = "module \"a\" {\n source = \"../../modules/a\"\n}\n";
        assert_eq!(
            roots(&[
                ("modules/a/main.tf", "resource \"x\" \"y\" {}\n"),
                ("modules/b/main.tf", "resource \"x\" \"y\" {}\n"),
                ("envs/prod/main.tf", caller),
                ("main.tf", "module \"c\" {\n source = \"./c\"\n}\n"),
                ("c/main.tf", "terraform {\n backend \"s3\" {}\n}\n"),
                ("c/d/main.tf", ""),
            ]),
            [".", "c", "c/d", "envs/prod", "modules/b"]
        );
    }

    #[test]
    fn a_root_below_the_modules_is_a_root() {
        let main = "module \"net\" {\n  source = \"../net\"\n}\nprovider \"aws\" {}\n";
        assert_eq!(roots(&[("modules/net/x.tf", ""), ("modules/prod/x.tf", main)]), ["modules/prod"]);
    }

    #[test]
    fn json_says_the_same_in_both_its_forms() {
        for text in [
            r#"{"module": {"a": {"source": "./a"}}, "terraform": {"cloud": {}}, "provider": {"aws": {}}}"#,
            r#"{"module": [{"a": [{"source": "./a"}]}], "terraform": [{"backend": {"s3": {}}}], "provider": []}"#,
        ] {
            let file = read_json(text.as_bytes()).unwrap();
            assert!(file.has_backend && file.has_provider, "{text}");
            assert_eq!(file.sources, ["./a"]);
        }
        assert_eq!(
            roots(&[("main.tf.json", r#"{"module": {"a": {"source": "./a"}}}"#), ("a/x.tf", "")]),
            ["."]
        );
        assert!(read_json(b"{").is_err());
    }

    #[test]
    fn what_calls_itself_or_lies_outside_makes_no_module() {
        let itself = "module \"a\" {\n source = \"./\"\n}\nmodule \"b\" {\n source = \"../../x\"\n}\n";
        assert_eq!(roots(&[("a/main.tf", itself), ("x/main.tf", "")]), ["a", "x"]);
    }
}
