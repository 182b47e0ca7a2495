//! What became of the lock files that an inventory does not name.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::scan::seen::name_of;
use crate::scan::survey::{Judge, Survey, Unnamed};
use crate::tools::named_files::yaml_values;

/// The most of a configuration that is read.
const MOST: usize = 1 << 20;

/// Its configurations in YAML; it reads the first (anchore/clio, `fangs/config.go`).
const CONFIGS: [&str; 4] = [".syft.yaml", ".syft.yml", ".syft/config.yaml", ".syft/config.yml"];

/// A folder, and what its configuration, or the command line, excludes.
struct Folder {
    path: String,
    config: String,
    exclude: GlobSet,
}

/// Says what became of each.
pub(super) fn judge<'a>(dirs: &[String], survey: &'a Survey<'a>) -> Judge<'a> {
    let folders: Vec<Folder> = dirs.iter().map(|dir| folder(&survey.place_of(dir), survey)).collect();
    Box::new(move |_, path| {
        let mut left_out = None;
        for folder in &folders {
            let file = match folder.path.as_str() {
                "." => Some(path),
                dir => path.strip_prefix(dir).and_then(|rest| rest.strip_prefix('/')),
            };
            match file {
                Some(file) if folder.exclude.is_match(file) => left_out = Some(&folder.config),
                Some(_) => return Unnamed::Gap(Some(why(path).into())),
                None => {}
            }
        }
        match left_out {
            Some(config) => Unnamed::Excluded(format!("by `exclude` of {config}").into()),
            None => Unnamed::Gap(Some(why(path).into())),
        }
    })
}

/// Why no package of a lock file is in the inventory.
fn why(path: &str) -> &'static str {
    if name_of(path).starts_with("pylock.") { PYLOCK } else { NOT_READ }
}

/// Syft 1.18 to the one of June 2026 (anchore/syft, `syft/pkg/cataloger/python/cataloger.go`).
const PYLOCK: &str = "Syft reads no pylock.toml, so the SBOM lacks its packages: a requirements file with the same versions has them. `[[waiver]]` with `gap` accepts it";

const NOT_READ: &str = "no package of it is in Syft's inventory: is it broken, or a format that this version of Syft does not read? `[[waiver]]` with `gap` accepts it";

/// `exclude` has patterns that begin with `./`, `*/` or `**/` (anchore/syft, "Excluding file paths").
fn folder(path: &str, survey: &Survey<'_>) -> Folder {
    let below = |name: &str| if path == "." { name.to_owned() } else { format!("{path}/{name}") };
    let found =
        CONFIGS.iter().find_map(|name| Some((survey.inputs.beginning(&below(name), MOST)?, below(name))));
    let named = survey.named_config("--config", path).map(|text| (text, "the file of `--config`".to_owned()));
    let (text, config) = named.or(found).unwrap_or_default();
    let mut globs = GlobSetBuilder::new();
    let of_args = survey.option("--exclude");
    let config = if of_args.is_empty() { config } else { "`args` of the gate".to_owned() };
    let patterns = match of_args.is_empty() {
        // What can't be parsed excludes nothing.
        true => yaml_values(text.as_bytes(), &["exclude"]).unwrap_or_default(),
        false => of_args,
    };
    for pattern in patterns {
        let pattern = pattern.trim_start_matches("./");
        for pattern in [pattern.to_owned(), format!("{}/**", pattern.trim_end_matches('/'))] {
            // One that is not valid excludes nothing.
            if let Ok(glob) = GlobBuilder::new(&pattern).literal_separator(true).build() {
                globs.add(glob);
            }
        }
    }
    Folder { path: path.to_owned(), config, exclude: globs.build().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::inputs::Inputs;
    use crate::system::git::Repo;

    use crate::model::input::{InputKind, PackageManager};

    use super::*;

    #[test]
    fn what_the_configuration_excludes_is_no_gap() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("web")).unwrap();
        fs::write(top.join("web/.syft.yaml"), "exclude:\n  - './old/**'\n  - \"**/fixtures\"\n").unwrap();
        let inputs = Inputs::outside_git(&top);
        let repo = Repo { root: top.clone(), base: top, ..Repo::default() };
        let survey = Survey { repo: &repo, inputs: &inputs, checked_projects: &[], args: &[] };
        let judge = judge(&["web".to_owned()], &survey);
        for (path, excluded) in [
            ("web/old/a/yarn.lock", true),
            ("web/x/fixtures/yarn.lock", true),
            ("web/yarn.lock", false),
            ("web/new/old/yarn.lock", false),
        ] {
            let fate = judge(InputKind::Lock(PackageManager::Yarn), path);
            let expected = Unnamed::Excluded("by `exclude` of web/.syft.yaml".into());
            assert_eq!(fate == expected, excluded, "{path}: {fate:?}");
        }
        let of_pip = judge(InputKind::Lock(PackageManager::Pip), "web/pylock.toml");
        assert_eq!(of_pip, Unnamed::Gap(Some(PYLOCK.into())));
    }
}
