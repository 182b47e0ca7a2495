//! The steps: clone, change the files, commit, push, look again.

use std::fs;
use std::path::{Path, PathBuf};

use crate::scan::procedure::{Failure, Procedure, StepContext, Steps, read_text};
use crate::scan::retry::transient_error;
use crate::scan::step::{Output, Step};
use crate::tools::registry::delivered::Pushed;

use super::GitUpdate;
use super::report::{Report, Updated};

const REPORT: &str = "git-update.json";

impl Procedure for GitUpdate {
    fn carry_out<'a>(&'a self, context: &'a mut dyn StepContext) -> Steps<'a> {
        Box::pin(async move {
            let pushed = Pushed::of(context.gate_outputs());
            self.takes_all(&pushed).map_err(Failure::Unproven)?;
            let ours = context.repo().root.clone();
            let remote = self.address(context, &ours).await?;
            let folder = context.scratch().join("clone");
            let branch = self.branch.as_str();
            let shown = folder.to_string_lossy().into_owned();
            let args = [
                "clone",
                "--quiet",
                "--depth=1",
                "--single-branch",
                "--no-tags",
                "--branch",
                branch,
                "--",
                &remote,
                &shown,
            ];
            run(context, None, &args).await?;
            let before = answer(context, &folder, &["rev-parse", "HEAD"]).await?;
            self.keep_off_the_scanned(context, &ours, &remote, &before).await?;

            let mut files = Vec::new();
            for file in &self.files {
                let path = inside(&folder, &file.path)?;
                let text = read_text(&path, &file.path)?;
                let (updated, images) = file.updated(&text, &pushed).map_err(Failure::Unproven)?;
                fs::write(&path, updated)
                    .map_err(|error| Failure::Unproven(format!("{} can't be written: {error}", file.path)))?;
                run(context, Some(&folder), &["add", "--", &file.path]).await?;
                files.push(Updated { path: file.path.clone(), images });
            }
            let changed = answer(context, &folder, &["diff", "--cached", "--name-only"]).await?;
            let mut made = None;
            if !changed.is_empty() {
                made = Some(self.commit(context, &folder, &files).await?);
                let to = format!("HEAD:refs/heads/{branch}");
                let user: Vec<String> = context.args().to_vec();
                let mut args = vec!["push", "--quiet"];
                args.extend(user.iter().map(String::as_str));
                args.extend(["origin", to.as_str()]);
                run(context, Some(&folder), &args).await?;
            }
            let reference = format!("refs/heads/{branch}");
            let listed = answer(context, &folder, &["ls-remote", "origin", &reference]).await?;
            let now = listed.split_whitespace().next().map(str::to_owned);
            let version = env!("CARGO_PKG_VERSION").to_owned();
            let report =
                Report { portcullis_version: version, branch: branch.to_owned(), before, made, now, files };
            context.report(REPORT, &report)
        })
    }
}

impl GitUpdate {
    /// Refuses to leave a pushed image out without a word of the user.
    pub(super) fn takes_all(&self, pushed: &Pushed) -> Result<(), String> {
        let images = self.files.iter().flat_map(|file| file.images.values());
        let taken: Vec<&str> = images.filter_map(|image| pushed.meant(image)).collect();
        let left = pushed.left(&taken, &self.leaves_out);
        match left.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "no file gets {}, which this run has pushed: name it in `images` of a file, or in `leaves_out`",
                left.join(", ")
            )),
        }
    }

    /// The address: of a remote of this repository, or as gates.toml has it.
    async fn address(&self, context: &mut dyn StepContext, ours: &Path) -> Result<String, Failure> {
        let name = self.remote.as_str();
        if name.contains(['/', ':']) {
            return Ok(name.to_owned());
        }
        let output = context.run(git(Some(ours), &["remote", "get-url", "--push", name])).await?;
        let address = output.stdout_text().trim().to_owned();
        match output.success() && !address.is_empty() {
            true => Ok(address),
            false => Err(Failure::Unproven(format!(
                "this repository has no remote {name}: write the address of a repository as `remote`"
            ))),
        }
    }

    /// A commit to the branch that is scanned would start the pipeline again, with what nobody has reviewed.
    async fn keep_off_the_scanned(
        &self,
        context: &mut dyn StepContext,
        ours: &Path,
        remote: &str,
        tip: &str,
    ) -> Result<(), Failure> {
        if self.allow {
            return Ok(());
        }
        let remotes = context.run(git(Some(ours), &["remote", "-v"])).await?;
        let plain = |address: &str| address.trim_end_matches('/').trim_end_matches(".git").to_owned();
        let listed = remotes.stdout_text().into_owned();
        let mut addresses = listed.lines().filter_map(|line| line.split_whitespace().nth(1));
        let same = addresses.any(|address| plain(address) == plain(remote))
            || context.repo().head.as_deref() == Some(tip)
            || context
                .run(git(Some(ours), &["cat-file", "-e", &format!("{tip}^{{commit}}")]))
                .await?
                .success();
        let branch = &self.branch;
        match context.branch() {
            _ if !same => Ok(()),
            Some(scanned) if scanned != branch => Ok(()),
            Some(_) => Err(Failure::Unproven(format!(
                "not pushed: {branch} is the branch that this run scans: name another one, or set `allow = true`"
            ))),
            None => Err(Failure::Unproven(format!(
                "not pushed: {branch} may be the branch that this run scans, which is unknown: name that with --branch"
            ))),
        }
    }

    async fn commit(
        &self,
        context: &mut dyn StepContext,
        folder: &Path,
        files: &[Updated],
    ) -> Result<String, Failure> {
        let (name, mail) = self.author.trim_end_matches('>').split_once(" <").unwrap_or((&self.author, ""));
        let subject = self.message.clone().unwrap_or_else(|| "Update images".to_owned());
        let images = files.iter().flat_map(|file| &file.images).map(|change| change.image.as_str());
        let mut lines: Vec<&str> = images.collect();
        lines.sort_unstable();
        lines.dedup();
        let from =
            context.repo().head.as_ref().map(|head| format!("\n\nOf commit {head}.")).unwrap_or_default();
        let message = format!("{subject}\n\n{}{from}\n", lines.join("\n"));
        let (user, email) = (format!("user.name={name}"), format!("user.email={mail}"));
        let args = [
            "-c",
            &user,
            "-c",
            &email,
            "-c",
            "commit.gpgSign=false",
            "commit",
            "--quiet",
            "--message",
            &message,
        ];
        run(context, Some(folder), &args).await?;
        answer(context, folder, &["rev-parse", "HEAD"]).await
    }
}

/// A file of the clone, and no link out of it.
fn inside(folder: &Path, path: &str) -> Result<PathBuf, Failure> {
    let missing = || Failure::Unproven(format!("the branch has no file {path}"));
    let whole = folder.join(path);
    let real = whole.canonicalize().map_err(|_| missing())?;
    let top = folder.canonicalize().map_err(|_| missing())?;
    match real == top.join(path) && real.is_file() {
        true => Ok(real),
        false => Err(Failure::Unproven(format!("{path} is a link, or no file: it is not changed"))),
    }
}

/// A git command. No hook of the user's runs, and nobody is asked for a password.
fn git(folder: Option<&Path>, args: &[&str]) -> Step {
    let settings = ["-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false"];
    let step = Step::new("git", settings.iter().chain(args).copied()).env("GIT_TERMINAL_PROMPT", "0");
    match folder {
        Some(folder) => step.cwd(folder.to_owned()),
        None => step,
    }
}

async fn run(context: &mut dyn StepContext, folder: Option<&Path>, args: &[&str]) -> Result<Output, Failure> {
    let output = context.run(git(folder, args)).await?;
    if output.success() {
        return Ok(output);
    }
    let verb = args.iter().find(|arg| ["clone", "add", "commit", "push", "diff", "ls-remote"].contains(arg));
    let verb = verb.copied().unwrap_or("rev-parse");
    let said = output.stderr_text().into_owned();
    let line = said.lines().find(|line| {
        ["fatal:", "error:", " ! ", "remote: error"].iter().any(|start| line.starts_with(start))
    });
    let words = line.map_or_else(|| output.error_line(), |line| line.trim().to_owned());
    let why = format!("git {verb} ended with {}: {words}", output.code);
    // Somebody was faster: the next try begins with what they pushed.
    let overtaken =
        ["non-fast-forward", "fetch first", "cannot lock ref"].iter().any(|part| said.contains(part));
    match overtaken || transient_error(&said).is_some() {
        true => Err(Failure::Transient(why)),
        false => Err(Failure::Unproven(why)),
    }
}

async fn answer(context: &mut dyn StepContext, folder: &Path, args: &[&str]) -> Result<String, Failure> {
    Ok(run(context, Some(folder), args).await?.stdout_text().trim().to_owned())
}
