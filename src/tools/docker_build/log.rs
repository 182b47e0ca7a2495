//! What `docker build` prints: BuildKit's plain progress (moby/buildkit `util/progress/progressui`,
//! docker/buildx `commands/build.go` `printWarnings`, moby/buildkit `frontend/subrequests/lint/lint.go`), the
//! classic builder's steps, and the steps of podman and buildah.

use crate::scan::parsed::ReportError;

pub(super) const WHAT: &str = "docker build log";

/// What a log says.
#[derive(Debug)]
pub(super) struct Log {
    pub warnings: Vec<Warning>,
    pub ending: Ending,
    /// Why there is no image. Errors in the log before an image was built come from its steps.
    pub failure: Option<String>,
}

/// How the build ended, if the log reports no failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// An image was built. Has its id if the log gives the whole id.
    Built(Option<String>),
    /// `docker build --check`: the Dockerfile was checked, and nothing was built.
    Checked,
    /// The log does not say.
    Unreported,
}

/// One violation of a build check.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Warning {
    pub rule: String,
    pub message: String,
    pub line: Option<u64>,
    pub file: Option<String>,
    pub url: Option<String>,
}

/// The address that explains the rules of build checks. `--check` prints it after each rule.
const RULES: &str = "https://docs.docker.com/go/dockerfile/rule/";

/// Reads a log. If a list of warnings is shorter than announced, the log is cut.
pub(super) fn read(text: &str) -> Result<Log, ReportError> {
    let mut log = Log { warnings: Vec::new(), ending: Ending::Unreported, failure: None };
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim();
        if let Some(count) = announced(line) {
            let listed = log.warnings.len();
            let items = lines.by_ref().filter_map(|line| line.trim().strip_prefix("- ")).map(listed_warning);
            log.warnings.extend(items.take(count));
            let listed = log.warnings.len() - listed;
            if listed < count {
                let detail = format!("it announces {count} warnings and lists {listed}");
                return Err(ReportError::Cut { what: WHAT, detail });
            }
        } else if let Some((rule, rest)) = line.split_once(" - ").filter(|(_, rest)| rest.starts_with(RULES))
        {
            log.warnings.push(checked_warning(rule, rest, &mut lines));
            log.ending = Ending::Checked;
        } else if line.starts_with("Check complete") {
            log.ending = Ending::Checked;
        } else if let Some(id) = line.split_once("writing image sha256:").map(|(_, id)| id) {
            let id = id.split_whitespace().next().filter(|id| id.len() == 64);
            log.ending = Ending::Built(id.map(|id| format!("sha256:{id}")));
            log.failure = None;
        } else if ["Successfully built ", "Successfully tagged "].iter().any(|words| line.starts_with(words))
            || line.contains(" naming to ")
        {
            // The classic builder prints a short id. podman, buildah and the containerd image store print
            // no id here: keep the id from an earlier line.
            if !matches!(log.ending, Ending::Built(_)) {
                log.ending = Ending::Built(None);
            }
            log.failure = None;
        } else if let Some(failure) = failure(line) {
            log.failure = Some(failure.to_owned());
        }
    }
    Ok(log)
}

/// `2 warnings found (use docker --debug to expand):`
fn announced(line: &str) -> Option<usize> {
    let (count, rest) = line.split_once(' ')?;
    let rest = rest.strip_prefix("warnings found").or(rest.strip_prefix("warning found"))?;
    (rest.ends_with(':') && (rest.len() == 1 || rest.starts_with(" ("))).then(|| count.parse().ok())?
}

/// `JSONArgsRecommended: JSON arguments recommended … (line 5)`
fn listed_warning(text: &str) -> Warning {
    let is_rule = |rule: &&str| !rule.is_empty() && rule.chars().all(char::is_alphanumeric);
    let (rule, message) =
        text.split_once(": ").filter(|(rule, _)| is_rule(rule)).unwrap_or(("build-warning", text));
    let at = message.rsplit_once(" (line ").and_then(|(message, line)| {
        let line = line.strip_suffix(')')?.parse().ok()?;
        Some((message, line))
    });
    let (message, line) = at.map_or((message, None), |(message, line)| (message, Some(line)));
    Warning { rule: rule.to_owned(), message: message.to_owned(), line, file: None, url: None }
}

/// A block of `docker build --check`: rule and address, the message, `Dockerfile:7`.
fn checked_warning<'t>(rule: &str, url: &str, lines: &mut impl Iterator<Item = &'t str>) -> Warning {
    let rule = rule.strip_prefix("WARNING: ").unwrap_or(rule).to_owned();
    let message = lines.next().unwrap_or_default().trim().to_owned();
    let place = lines.next().and_then(|place| place.trim().rsplit_once(':'));
    let place = place.and_then(|(file, line)| Some((file.to_owned(), line.parse().ok()?)));
    let (file, line) = place.map_or((None, None), |(file, line)| (Some(file), Some(line)));
    Warning { rule, message, line, file, url: Some(url.to_owned()) }
}

/// The last line that says why there is no image.
pub(super) fn cause(text: &str) -> Option<String> {
    text.lines().rev().find_map(|line| failure(line.trim())).map(str::to_owned)
}

/// What a line says about a failed build. buildx marks its last line, the others have their own marks.
fn failure(line: &str) -> Option<&str> {
    const MARKS: [&str; 13] = [
        "Cannot connect to the Docker daemon",
        "permission denied while trying to connect",
        "failed to connect to the docker API",
        "failed to solve",
        "failed to compute cache key",
        "executor failed running",
        "failed to create shim task: ",
        "unable to prepare context: ",
        "COPY failed: ",
        "ADD failed: ",
        "The command '",
        "unknown flag: ",
        "invalid argument ",
    ];
    let said = ["ERROR: ", "Error response from daemon: ", "Error: "];
    let said = said.iter().find_map(|mark| line.strip_prefix(mark));
    said.or(MARKS.iter().any(|mark| line.starts_with(mark)).then_some(line))
}

/// The last line that is neither a hint nor the notice that the classic builder is old.
pub(super) fn last_lines(stderr: &str) -> Option<String> {
    const HINTS: [&str; 7] = [
        "DEPRECATED: ",
        "Install the buildx component",
        "https://docs.docker.com/go/buildx",
        "View build details: ",
        "Usage: ",
        "Run 'docker ",
        "See 'docker ",
    ];
    stderr
        .lines()
        .rev()
        .map(str::trim)
        .filter(|line| line.chars().any(char::is_alphanumeric))
        .find(|line| !HINTS.iter().any(|hint| line.starts_with(hint)))
        .map(str::to_owned)
}
