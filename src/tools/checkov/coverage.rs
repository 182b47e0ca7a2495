//! What became of the infrastructure that Checkov's report does not name.

use crate::inputs::Inputs;
use crate::model::input::InputKind;
use crate::scan::survey::{Judge, Survey, Unnamed};
use crate::text::shared::Text;
use crate::text::yaml::documents;
use crate::tools::checkov::FRAMEWORKS;
use crate::tools::checkov::checked::has_checked;
use crate::tools::checkov::dropped::dropped;
use crate::tools::named_files::yaml_values;
use crate::tools::python_pattern::Pattern;

/// The most of a file that is read: lists of custom resources are long.
const MOST: usize = 16 << 20;

/// The largest file that is read to say what is in it. Bundles of definitions have a few MiB.
const LARGEST: u64 = 16 << 20;

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
        // What can't be parsed leaves nothing out.
        let values = |key: &str| yaml_values(text.as_bytes(), &[key]).unwrap_or_default();
        let skip_path = values("skip-path").iter().map(|pattern| Pattern::of_checkov(pattern)).collect();
        let [framework, skip_framework] = ["framework", "skip-framework"].map(|key| each(&values(key)));
        Self { path, skip_path, framework, skip_framework }
    }

    /// The same from the command line.
    fn of_args(survey: &Survey<'_>) -> Self {
        let skip_path =
            survey.option("--skip-path").iter().map(|pattern| Pattern::of_checkov(pattern)).collect();
        let [framework, skip_framework] =
            ["--framework", "--skip-framework"].map(|name| each(&survey.option(name)));
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

/// Frameworks may be a list in one word: `terraform,dockerfile`.
fn each(words: &[String]) -> Vec<String> {
    words.iter().flat_map(|word| word.split(',')).map(|word| word.trim().to_owned()).collect()
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
        let framework = FRAMEWORKS.iter().find(|(_, of)| *of == kind).map_or("kustomize", |(name, _)| name);
        let mut excluded = None;
        // One of the folders is enough.
        for (dir, config) in &dirs {
            let Some(file) = inside(dir) else { continue };
            let rule = of_args.leaves_out(&file, framework, false).map(|key| (key, &of_args));
            let rule =
                rule.or_else(|| config.leaves_out(&file, framework, is_chosen).map(|key| (key, config)));
            excluded = rule.map(|(key, config)| Text::from(format!("by `{key}` of {}", config.path)));
            if excluded.is_none() {
                break;
            }
        }
        match excluded {
            Some(why) => Unnamed::Excluded(why),
            None if holds_nothing(kind, path, survey.inputs) => {
                Unnamed::Empty("without a resource that Checkov is known to check".into())
            }
            None => Unnamed::Gap(why_unnamed(kind, path, survey.inputs)),
        }
    })
}

/// No manifest of a cluster has so much: an object has at most 1.5 MiB (etcd, `--max-request-bytes`).
const TOO_LARGE: &str = "it can't be read, or has more than 16 MiB, so nobody knows whether Checkov passes over a part of it: split it; `[[waiver]]` with `gap` accepts it";

/// Why Checkov may not mention what it has checks for.
fn why_unnamed(kind: InputKind, path: &str, inputs: &Inputs) -> Option<Text> {
    match kind {
        InputKind::Helm => Some(NO_HELM.into()),
        InputKind::Kustomize => Some(NO_KUSTOMIZE.into()),
        InputKind::Kubernetes
            if inputs.whole(path, LARGEST).is_some_and(|text| documents(&text).is_err()) =>
        {
            Some(NOT_PARSED.into())
        }
        _ => unread_part(kind, path, inputs),
    }
}

/// The object of a manifest that Checkov drops without a word.
pub(super) fn unread_part(kind: InputKind, path: &str, inputs: &Inputs) -> Option<Text> {
    if kind != InputKind::Kubernetes {
        return None;
    }
    let Some(text) = inputs.whole(path, LARGEST) else {
        return Some(TOO_LARGE.into());
    };
    let dropped = dropped(&text)?;
    Some(format!("Checkov passes over {dropped}; `[[waiver]]` with `gap` accepts it").into())
}

/// Without the program it passes over charts, and says nothing (`helm/runner.py`).
const NO_HELM: &str = "Checkov does not mention it: it reads charts only if `helm` is installed, and can fill them in. `[[waiver]]` with `gap` accepts it";

/// It builds each overlay by `kubectl kustomize`, or `kustomize build`, and passes over what they can't build (`kustomize/runner.py`).
const NO_KUSTOMIZE: &str = "Checkov does not mention it: it reads kustomizations only if `kubectl` or `kustomize` is installed, and can build them. `[[waiver]]` with `gap` accepts it";

/// It says so in its log for developers alone (`kubernetes/parser/parser.py`).
const NOT_PARSED: &str = "it can't be parsed as YAML, and Checkov passes over such a file without a word. `[[waiver]]` with `gap` accepts it";

/// Whether there is nothing that Checkov would surely mention. What can't be read may hold something.
fn holds_nothing(kind: InputKind, path: &str, inputs: &Inputs) -> bool {
    let nothing =
        |path: &str| inputs.whole(path, LARGEST).is_some_and(|text| !has_checked(kind, path, &text));
    if kind != InputKind::TerraformRoot {
        return nothing(path) && unread_part(kind, path, inputs).is_none();
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
            (
                "infra/.checkov.yaml",
                "skip-path: [\"old/[a-z]+\", legacy]\nskip-framework: \"arm,dockerfile\"\n",
            ),
            ("infra/prod/main.tf", bucket),
            ("infra/old/a/main.tf", bucket),
            ("infra/legacy/main.tf", bucket),
            ("infra/skipped/main.tf", bucket),
            ("infra/names/main.tf", "resource \"random_pet\" \"a\" {}\n"),
            ("infra/Dockerfile", "FROM a\n"),
            ("main.tf", bucket),
            ("infra/ns.yaml", "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n"),
            ("infra/service.yaml", "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n"),
            ("infra/broken.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: [\n"),
            ("infra/kustomization.yaml", "resources: [service.yaml]\n"),
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
            (
                InputKind::Dockerfile,
                "infra/Dockerfile",
                excluded("by `skip-framework` of infra/.checkov.yaml"),
            ),
            (InputKind::Kubernetes, "infra/ns.yaml", empty),
            (InputKind::Kubernetes, "infra/service.yaml", Unnamed::Gap(None)),
            (InputKind::Kubernetes, "infra/broken.yaml", Unnamed::Gap(Some(NOT_PARSED.into()))),
            (InputKind::Kustomize, "infra/kustomization.yaml", Unnamed::Gap(Some(NO_KUSTOMIZE.into()))),
        ] {
            assert_eq!(judge(kind, path), expected, "{path}");
        }
        let without_args = Survey { args: &[], ..survey };
        let of_top = super::judge(&[".".to_owned()], false, &without_args);
        assert_eq!(of_top(root, "."), Unnamed::Gap(None));
    }
}
