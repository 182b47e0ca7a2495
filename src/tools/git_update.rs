//! GitOps: writes the digests of pushed images into files of another repository or branch, commits and pushes them.
//! Another system (Argo CD, Flux, CodePipeline) deploys what is there.

mod files;
mod others;
mod report;
mod update;

use serde::Serialize;

use crate::formats::json;
use crate::keys::table::Keys;
use crate::scan::declared::Declared;
use crate::scan::from_environment::FromEnvironment;
use crate::scan::job::Job;
use crate::scan::parsed::{Parsed, ReportError, Unplanned};
use crate::scan::raw_report::RawReport;
use crate::scan::report_origin::ReportOrigin;
use crate::scan::scene::Scene;
use crate::scan::suggestion::Suggestion;
use crate::scan::tool::{Tool, ToolSpec, VersionFrom};
use crate::tools::git_update::files::{File, Kind};
use crate::tools::git_update::report::{Report, WHAT};
use crate::tools::registry::delivered::check_image;

pub(super) static SPEC: ToolSpec = ToolSpec {
    name: "git-update",
    title: "update by git",
    stage: "Deploy",
    usual_seconds: 300,
    program: "git",
    version_args: &["--version"],
    version: VersionFrom::Asking,
    docs: "docs/configuration.md#git-update",
    install: "https://git-scm.com/downloads",
    secret_fields: Declared::None("Portcullis writes the report, without secrets"),
    steering: &[],
    looks_for: Declared::None("it acts"),
    config_files: Declared::None("git reads only its user's own files"),
    init: Suggestion::nothing,
    configure,
};

/// The keys of the gate.
#[derive(Clone, Debug, Serialize)]
struct GitUpdate {
    /// The address of a repository, or the name of a remote of this one.
    remote: String,
    branch: String,
    files: Vec<File>,
    /// Images that this run pushes, and that no file names.
    leaves_out: Vec<String>,
    message: Option<String>,
    author: String,
    /// Also commit to the branch that is scanned.
    allow: bool,
}

fn configure(keys: &Keys) -> Box<dyn Tool> {
    Box::new(read(keys))
}

fn read(keys: &Keys) -> GitUpdate {
    let required = |key| keys.required_text(key);
    let branch = required("branch");
    if let Some(branch) = &branch
        && !is_branch(&branch.value)
    {
        keys.problem(branch.at.clone(), format!("`{}` is not the name of a branch", branch.value));
    }
    let author = keys.text("author");
    if let Some(author) = author.as_ref().filter(|author| !is_author(&author.value)) {
        let help = "write `author = \"Name <name@example.com>\"`";
        keys.problem_with_help(author.at.clone(), format!("`{}` is not an author", author.value), help);
    }
    let remote = keys.text("remote");
    if let Some(remote) = remote.as_ref().filter(|remote| remote.value.starts_with('-')) {
        keys.problem(remote.at.clone(), format!("`{}` is not the address of a repository", remote.value));
    }
    if keys.exists() && !keys.has("files") {
        let help = "write `files = [{ path = \"prod/kustomization.yaml\", kind = \"kustomize\", images = { app = \"app\" } }]`";
        keys.problem_with_help(keys.at(), "`files` is missing", help);
    } else if keys.exists() && keys.tables("files").is_empty() {
        keys.problem(keys.at_key("files"), "`files` is empty: name at least one");
    }
    GitUpdate {
        remote: remote.map_or_else(|| "origin".to_owned(), |remote| remote.value),
        branch: branch.map(|branch| branch.value).unwrap_or_default(),
        files: keys.tables("files").iter().filter_map(read_file).collect(),
        leaves_out: keys.texts_or("leaves_out", &[]),
        message: keys.text("message").map(|message| message.value),
        author: author.map_or_else(|| "Portcullis <portcullis@localhost>".to_owned(), |author| author.value),
        allow: keys.flag_or("allow", false),
    }
}

fn read_file(table: &Keys) -> Option<File> {
    let path = table.required_text("path");
    if let Some(path) = path.as_ref().filter(|path| !is_inside(&path.value)) {
        let what = format!("`{}` is not a path inside of the repository", path.value);
        table.problem(path.at.clone(), what);
    }
    let kinds = [
        ("kustomize", Kind::Kustomize),
        ("values", Kind::Values),
        ("imagedefinitions", Kind::ImageDefinitions),
    ];
    if !table.has("kind") {
        table.problem_with_help(table.at(), "`kind` is missing", "kustomize, values or imagedefinitions");
    }
    let kind = table.word("kind", &kinds).unwrap_or(Kind::Values);
    let images = table.table("images").map(|images| images.text_entries()).unwrap_or_default();
    if !table.has("images") {
        let help = "name in the file → image of this run: `images = { backend = \"notes-backend\" }`";
        table.problem_with_help(table.at(), "`images` is missing", help);
    } else if images.is_empty() {
        table.problem(table.at_key("images"), "`images` is empty: name at least one");
    }
    images.iter().for_each(|(_, image)| check_image(table, image));
    table.finish("a file of `files`");
    let images = images.into_iter().map(|(name, image)| (name, image.value)).collect();
    Some(File { path: path?.value, kind, images })
}

/// Part of git-check-ref-format(1): what could be an option, a range or another ref is none.
fn is_branch(text: &str) -> bool {
    let bad = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
    !text.is_empty()
        && !text.starts_with(['-', '/', '.'])
        && !text.ends_with(['/', '.'])
        && !["..", "@{", "//", ".lock"].iter().any(|part| text.contains(part))
        && !text.contains(bad)
}

fn is_author(text: &str) -> bool {
    let parts = text.strip_suffix('>').and_then(|text| text.split_once(" <"));
    parts.is_some_and(|(name, mail)| {
        !name.trim().is_empty()
            && mail.contains('@')
            && !text.chars().any(char::is_control)
            && !mail.contains('<')
    })
}

fn is_inside(path: &str) -> bool {
    let parts = path.split('/');
    !path.is_empty()
        && !path.contains('\\')
        && parts
            .into_iter()
            .all(|part| !part.is_empty() && part != ".." && !part.eq_ignore_ascii_case(".git"))
}

impl Tool for GitUpdate {
    fn plan(&self, scene: &Scene) -> Result<Vec<Job>, Unplanned> {
        let mut environment = FromEnvironment::default();
        let update = Self { remote: environment.value("remote", &self.remote), ..self.clone() };
        let mut job = scene.job(SPEC.program, &self.branch);
        job.unresolved = environment.unresolved;
        job.args(["push", update.remote.as_str(), &format!("HEAD:refs/heads/{}", update.branch)]);
        job.invocation.options_end = Some(1);
        let files: Vec<&str> = self.files.iter().map(|file| file.path.as_str()).collect();
        job.because(format!(
            "the digests of the pushed images go into {} of {}",
            files.join(", "),
            self.branch
        ));
        job.by_steps(update);
        Ok(vec![job])
    }

    fn acts(&self) -> bool {
        true
    }

    fn parse(&self, raw: &RawReport, _place: &ReportOrigin) -> Result<Parsed, ReportError> {
        json::read::<Report>(raw.report(), WHAT)?.assess()
    }
}

#[cfg(test)]
mod tests;
