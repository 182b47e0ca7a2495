//! `portcullis inputs`: what there is to look at in a repository.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::cli::args::InputsArgs;
use crate::inputs::{File, ImageBuild, Inputs, NpmPackage, TerraformFolder, TestRun, TsProject, Unlocked};
use crate::model::input::{InputKind, InputTrouble, Standing};
use crate::system::git::Repo;
use crate::system::terminal;
use crate::text::human::count;
use crate::text::sanitise::one_line;

/// The most names of one kind that are printed.
const NAMED: usize = 10;

/// Prints the inputs, for people or as JSON.
pub(crate) async fn execute(args: &InputsArgs) -> Result<u8> {
    let repo = Repo::around(&args.dir).await?;
    let inputs = Inputs::read(&repo).await?;
    if args.json {
        terminal::hand_over(|out| {
            serde_json::to_writer_pretty(&mut *out, &Document::of(&inputs))?;
            out.write_all(b"\n")
        })?;
    } else {
        terminal::say(&words(&inputs, &repo.root));
    }
    Ok(0)
}

/// The list for people.
fn words(inputs: &Inputs, top: &Path) -> String {
    let mut text = format!("{} in {}\n", count(inputs.files().len() as u64, "file"), top.display());
    let (sources, others): (BTreeMap<InputKind, usize>, BTreeMap<_, _>) =
        inputs.counts().into_iter().partition(|(kind, _)| matches!(kind, InputKind::Source(_)));
    for (kind, n) in others {
        section(&mut text, &count(n as u64, &kind.words()), inputs.of_kind(kind).iter());
    }
    let sources: Vec<String> = sources.iter().map(|(kind, n)| count(*n as u64, &kind.words())).collect();
    if !sources.is_empty() {
        let _ = write!(text, "\nSources: {}\n", sources.join(", "));
    }
    section(
        &mut text,
        "Images that are built",
        inputs.images().iter().map(|build| {
            let target = build.target.as_ref().map(|target| format!(", target {target}")).unwrap_or_default();
            format!("{} in {}{target} ({})", build.dockerfile, build.context, build.named_by)
        }),
    );
    section(
        &mut text,
        "Without a lock file",
        inputs.unlocked().iter().map(|own| format!("{} ({})", own.manifest, own.manager.title())),
    );
    section(&mut text, "Not looked into", inputs.not_listed().iter());
    section(
        &mut text,
        "Not as it should be",
        inputs.troubles().iter().map(|trouble| format!("{} {}", trouble.path, trouble.why)),
    );
    text
}

/// A title with the first lines of a list; nothing for an empty list.
fn section(text: &mut String, title: &str, lines: impl Iterator<Item: std::fmt::Display>) {
    let mut more = 0;
    for (n, line) in lines.enumerate() {
        if n == 0 {
            let _ = write!(text, "\n{title}\n");
        }
        match n < NAMED {
            true => drop(writeln!(text, "  {}", one_line(&line.to_string()))),
            false => more += 1,
        }
    }
    if more > 0 {
        let _ = writeln!(text, "  and {more} more");
    }
}

/// The whole list, for programs.
#[derive(Serialize)]
struct Document<'i> {
    /// How many files there are, of a kind or not.
    files: usize,
    inputs: Vec<Input>,
    terraform: Vec<Folder<'i>>,
    typescript: Vec<Project<'i>>,
    packages: Vec<Package<'i>>,
    images: Vec<Image<'i>>,
    tests: Vec<Tests<'i>>,
    without_lock: Vec<WithoutLock<'i>>,
    not_listed: &'i [String],
    troubles: &'i [InputTrouble],
}

#[derive(Serialize)]
struct Input {
    path: String,
    kinds: Vec<InputKind>,
    standing: Standing,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    link: bool,
    #[serde(skip_serializing_if = "is_false")]
    nested: bool,
    /// The path is not its exact name, which is not UTF-8.
    #[serde(skip_serializing_if = "is_false")]
    lossy: bool,
}

fn is_false(is: &bool) -> bool {
    !is
}

#[derive(Serialize)]
struct Folder<'i> {
    folder: &'i str,
    root: bool,
    tofu: bool,
    called_by: Vec<&'i str>,
}

#[derive(Serialize)]
struct Project<'i> {
    path: &'i str,
    solution: bool,
    base: bool,
    extends: &'i [String],
    extends_packages: &'i [String],
    references: &'i [String],
    missing: &'i [String],
}

#[derive(Serialize)]
struct Package<'i> {
    path: &'i str,
    package_manager: Option<&'i str>,
    workspaces: &'i [String],
    scripts: &'i BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Image<'i> {
    dockerfile: &'i str,
    context: &'i str,
    target: Option<&'i str>,
    named_by: &'i str,
}

#[derive(Serialize)]
struct Tests<'i> {
    config: &'i str,
    runner: &'static str,
    junit: bool,
    report: Option<&'i str>,
}

#[derive(Serialize)]
struct WithoutLock<'i> {
    manifest: &'i str,
    manager: &'static str,
}

impl<'i> Document<'i> {
    fn of(inputs: &'i Inputs) -> Self {
        Self {
            files: inputs.files().len(),
            inputs: inputs
                .files()
                .iter()
                .filter(|file| !file.kinds().is_empty())
                .map(|file| Input::of(inputs, file))
                .collect(),
            terraform: inputs.terraform().iter().map(Folder::of).collect(),
            typescript: inputs.typescript().iter().map(Project::of).collect(),
            packages: inputs.packages().iter().map(Package::of).collect(),
            images: inputs.images().iter().map(Image::of).collect(),
            tests: inputs.test_runs().iter().map(Tests::of).collect(),
            without_lock: inputs.unlocked().iter().map(WithoutLock::of).collect(),
            not_listed: inputs.not_listed(),
            troubles: inputs.troubles(),
        }
    }
}

impl Input {
    fn of(inputs: &Inputs, file: File) -> Self {
        let state = inputs.state(&file);
        Self {
            path: file.path().into_owned(),
            kinds: file.kinds().iter().collect(),
            standing: file.standing(),
            size: state.map(|state| state.size).unwrap_or_default(),
            object: state.and_then(|state| state.object).map(|object| object.to_string()),
            link: file.is_link(),
            nested: file.is_nested(),
            lossy: file.is_lossy(),
        }
    }
}

impl<'i> Folder<'i> {
    fn of(folder: &'i TerraformFolder) -> Self {
        Self {
            folder: &folder.folder,
            root: folder.is_root(),
            tofu: folder.tofu,
            called_by: folder.called_by.iter().map(String::as_str).collect(),
        }
    }
}

impl<'i> Project<'i> {
    fn of(project: &'i TsProject) -> Self {
        Self {
            path: &project.path,
            solution: project.is_solution(),
            base: project.is_base(),
            extends: &project.extends,
            extends_packages: &project.extends_packages,
            references: &project.references,
            missing: &project.missing,
        }
    }
}

impl<'i> Package<'i> {
    fn of(package: &'i NpmPackage) -> Self {
        Self {
            path: &package.path,
            package_manager: package.package_manager.as_deref(),
            workspaces: &package.workspaces,
            scripts: &package.scripts,
        }
    }
}

impl<'i> Image<'i> {
    fn of(build: &'i ImageBuild) -> Self {
        let ImageBuild { dockerfile, context, target, named_by, .. } = build;
        Self { dockerfile, context, target: target.as_deref(), named_by }
    }
}

impl<'i> Tests<'i> {
    fn of(run: &'i TestRun) -> Self {
        let TestRun { config, runner, junit, report } = run;
        Self { config, runner: runner.id(), junit: *junit, report: report.as_deref() }
    }
}

impl<'i> WithoutLock<'i> {
    fn of(unlocked: &'i Unlocked) -> Self {
        Self { manifest: &unlocked.manifest, manager: unlocked.manager.id() }
    }
}
