//! What became of the infrastructure that Checkov's report does not name.

use crate::inputs::Inputs;
use crate::model::input::InputKind;
use crate::scan::survey::{Judge, Survey, Unnamed};
use crate::text::shared::Text;
use crate::tools::checkov::FRAMEWORKS;
use crate::tools::checkov::checked::has_checked;
use crate::tools::named_files::yaml_values;
use crate::tools::python_pattern::Pattern;

/// The most of a file that is read.
const MOST: usize = 1 << 20;

/// What a configuration of Checkov leaves out.
#[derive(Debug, Default)]
struct Config {
    /// Where it is written: `.checkov.yaml`.
    path: String,
    skip_path: Vec<Pattern>,
    framework: Vec<String>,
    skip_framework: Vec<String>,
}

impl Config {
    /// That of a folder, if it has one.
    fn of(dir: &str, survey: &Survey<'_>) -> Self {
        let names = [".checkov.yaml", ".checkov.yml"];
        let paths = names.map(|name| if dir == "." { name.to_owned() } else { format!("{dir}/{name}") });
        let found = paths.into_iter().find_map(|path| Some((survey.inputs.beginning(&path, MOST)?, path)));
        let named = survey.named_config("--config-file", dir);
        let found = named.map(|text| (text, "the file of `--config-file`".to_owned())).or(found);
        let Some((text, path)) = found else { return Self::default() };
        let values = |key: &str| yaml_values(text.as_bytes(), &[key]);
        let skip_path = values("skip-path").iter().map(|pattern| Pattern::new(pattern)).collect();
        Self { path, skip_path, framework: values("framework"), skip_framework: values("skip-framework") }
    }

    /// The same from the command line.
    fn of_args(survey: &Survey<'_>) -> Self {
        let skip_path = survey.option("--skip-path").iter().map(|pattern| Pattern::new(pattern)).collect();
        let [framework, skip_framework] = ["--framework", "--skip-framework"].map(|name| survey.option(name));
        Self { path: "`args` of the gate".to_owned(), skip_path, framework, skip_framework }
    }

    /// The key that leaves out a file, seen from the folder, or a framework.
    fn leaves_out(&self, file: &str, framework: &str, is_chosen: bool) -> Option<&'static str> {
        let ends = file.match_indices('/').map(|(end, _)| end).chain([file.len()]);
        let places = || ends.clone().map(|end| format!("./{}", &file[..end]));
        let has = |list: &[String]| list.iter().any(|name| name == framework || name == "all");
        if self
            .skip_path
            .iter()
            .any(|pattern| places().any(|place| pattern.is_in(&place) || pattern.is_in(&place[2..])))
        {
            Some("skip-path")
        } else if !is_chosen && !self.framework.is_empty() && !has(&self.framework) {
            Some("framework")
        } else if has(&self.skip_framework) {
            Some("skip-framework")
        } else {
            None
        }
    }
}

/// Says what became of each. `is_chosen`: the gate names its frameworks.
pub(super) fn judge<'a>(dirs: &[String], is_chosen: bool, survey: &'a Survey<'a>) -> Judge<'a> {
    let dirs = dirs.iter().map(|dir| survey.place_of(dir));
    let of_args = Config::of_args(survey);
    let dirs: Vec<(String, Config)> = dirs.map(|dir| (dir.clone(), Config::of(&dir, survey))).collect();
    Box::new(move |kind, path| {
        let inside = |dir: &str| match dir {
            dir if dir == path => Some(String::new()),
            "." => Some(path.to_owned()),
            dir => path.strip_prefix(dir)?.strip_prefix('/').map(str::to_owned),
        };
        let framework = FRAMEWORKS.iter().find(|(_, of)| *of == kind).map_or("", |(name, _)| name);
        let mut excluded = None;
        // One of the folders is enough.
        for (dir, config) in &dirs {
            let Some(file) = inside(dir) else { continue };
            let hidden = file.split('/').any(|part| part.starts_with('.'));
            let rule = of_args.leaves_out(&file, framework, false).map(|key| (key, &of_args));
            let rule =
                rule.or_else(|| config.leaves_out(&file, framework, is_chosen).map(|key| (key, config)));
            excluded = match rule {
                _ if hidden => Some(Text::from("because Checkov passes over hidden folders")),
                Some((key, config)) => Some(format!("by `{key}` of {}", config.path).into()),
                None => None,
            };
            if excluded.is_none() {
                break;
            }
        }
        match excluded {
            Some(why) => Unnamed::Excluded(why),
            None if holds_nothing(kind, path, survey.inputs) => {
                Unnamed::Empty("without a resource that Checkov is known to check".into())
            }
            None if kind == InputKind::Helm => Unnamed::Gap(Some(NO_HELM.into())),
            None => Unnamed::Gap(None),
        }
    })
}

/// Without the program it passes over charts, and says nothing (`helm/runner.py`).
const NO_HELM: &str = "Checkov does not mention it: it reads charts only if `helm` is installed, and can fill them in. `[[waiver]]` with `gap` accepts it";

/// Whether there is nothing that Checkov would surely mention. What can't be read may hold something.
fn holds_nothing(kind: InputKind, path: &str, inputs: &Inputs) -> bool {
    let nothing =
        |path: &str| inputs.beginning(path, MOST).is_some_and(|text| !has_checked(kind, path, &text));
    if kind != InputKind::TerraformRoot {
        return nothing(path);
    }
    let files = inputs.files().below(path).filter(|file| file.folder() == path);
    let mut of_terraform =
        files.filter(|file| file.kinds().has(InputKind::Terraform) || file.kinds().has(InputKind::OpenTofu));
    of_terraform.all(|file| nothing(&file.path()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::system::git::Repo;

    use super::*;

    #[test]
    fn what_is_not_named_is_left_out_empty_or_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let bucket = "resource \"aws_s3_bucket\" \"a\" {}\n";
        for (path, text) in [
            ("infra/.checkov.yaml", "skip-path:\n  - old/.*\n  - legacy\nskip-framework: [dockerfile]\n"),
            ("infra/prod/main.tf", bucket),
            ("infra/old/a/main.tf", bucket),
            ("infra/legacy/main.tf", bucket),
            ("infra/skipped/main.tf", bucket),
            ("infra/names/main.tf", "resource \"random_pet\" \"a\" {}\n"),
            ("infra/.hidden/main.tf", bucket),
            ("infra/Dockerfile", "FROM a\n"),
            ("main.tf", bucket),
            ("infra/ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n"),
        ] {
            fs::create_dir_all(top.join(path).parent().unwrap()).unwrap();
            fs::write(top.join(path), text).unwrap();
        }
        let inputs = Inputs::outside_git(&top);
        let repo = Repo { root: top.clone(), base: top, ..Repo::default() };
        let args = ["--skip-path".to_owned(), "skipped".to_owned()];
        let survey = Survey { repo: &repo, inputs: &inputs, checked_projects: &[], args: &args };
        let judge = judge(&["infra".to_owned()], false, &survey);
        let root = InputKind::TerraformRoot;
        let excluded = |why: &str| Unnamed::Excluded(why.into());
        let empty = Unnamed::Empty("without a resource that Checkov is known to check".into());
        for (kind, path, expected) in [
            (root, "infra/prod", Unnamed::Gap(None)),
            (root, "infra/old/a", excluded("by `skip-path` of infra/.checkov.yaml")),
            (root, "infra/legacy", excluded("by `skip-path` of infra/.checkov.yaml")),
            (root, "infra/skipped", excluded("by `skip-path` of `args` of the gate")),
            (root, "infra/names", empty.clone()),
            (root, "infra/.hidden", excluded("because Checkov passes over hidden folders")),
            (
                InputKind::Dockerfile,
                "infra/Dockerfile",
                excluded("by `skip-framework` of infra/.checkov.yaml"),
            ),
            (InputKind::Kubernetes, "infra/ns.yaml", empty),
        ] {
            assert_eq!(judge(kind, path), expected, "{path}");
        }
        // The folder that is scanned is no hidden one.
        let without_args = Survey { args: &[], ..survey };
        let of_top = super::judge(&[".".to_owned()], false, &without_args);
        assert_eq!(of_top(root, "."), Unnamed::Gap(None));
        assert_eq!(of_top(root, "infra/.hidden"), excluded("because Checkov passes over hidden folders"));
    }
}
