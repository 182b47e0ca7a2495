//! What `docker build` prints: BuildKit's plain progress (moby/buildkit `util/progress/progressui`,
//! docker/buildx `commands/build.go` `printWarnings`, moby/buildkit `frontend/subrequests/lint/lint.go`), the
//! classic builder's steps, and the steps of podman and buildah.

use crate::scan::parsed::ReportError;
use crate::scan::retry::transient_error;

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

/// Why there is no image: the last error, or the first one that podman or buildah have logged.
pub(super) fn cause(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let Some(at) = lines.iter().rposition(|line| failure(line).is_some()) else {
        return lines.iter().find_map(|line| logged(line)).map(explained);
    };
    let said = failure(lines[at])?;
    // What a helper printed (fuse-overlayfs, newuidmap) stands within their error, up to its exit status.
    let rest = &lines[at + 1..];
    let helper =
        rest.iter().position(|line| line.starts_with(": exit status")).map_or(&[][..], |end| &rest[..end]);
    let words: Vec<&str> =
        [said].into_iter().chain(helper.iter().copied()).filter(|line| !line.is_empty()).collect();
    Some(explained(with_its_end(&words.join("; "))))
}

fn explained(cause: String) -> String {
    match hint(&cause) {
        Some(hint) => format!("{cause} ({hint})"),
        None => cause,
    }
}

/// The message of an error in the form of logrus: `time="…" level=error msg="…"`.
fn logged(line: &str) -> Option<String> {
    let (_, rest) =
        line.split_once(" level=error msg=\"").or_else(|| line.split_once(" level=fatal msg=\""))?;
    Some(rest.strip_suffix('"').unwrap_or(rest).replace("\\\"", "\""))
}

/// A long error without its middle: the cause of an error in Go stands at the end.
fn with_its_end(text: &str) -> String {
    const HEAD: usize = 80;
    const TAIL: usize = 200;
    let length = text.chars().count();
    if length <= HEAD + TAIL {
        return text.to_owned();
    }
    let head: String = text.chars().take(HEAD).collect();
    let tail: String = text.chars().skip(length - TAIL).collect();
    format!("{head} … {tail}")
}

/// What engines say of an image that was removed beside a build: they list what they have, and look at each of them
/// later (containers/buildah issues 2781, 3794 and 5674; moby/moby issues 21215, 33396 and 39547).
const REMOVED: [&str; 7] = [
    "layer not known",
    ": image not known",
    "locating item named \"manifest\" for image with ID",
    "unknown parent image ID",
    "No such image: sha256:",
    "unable to find image \"sha256:",
    "layer does not exist",
];

fn was_removed(cause: &str) -> bool {
    REMOVED.iter().any(|words| cause.contains(words))
}

/// Whether the cause says nothing of the image: the engine does not answer, a registry is busy, or somebody removes images.
pub(super) fn is_transient(cause: &str) -> bool {
    cause.contains("Cannot connect to the Docker daemon")
        || was_removed(cause)
        || transient_error(cause).is_some()
}

/// What to do about a cause that does not say it itself.
fn hint(cause: &str) -> Option<&'static str> {
    if was_removed(cause) {
        return Some("was an image removed meanwhile? Remove none (`rmi`, `prune`) while a run builds");
    }
    // What only an engine without root meets.
    const HINTS: [(&str, &str); 3] = [
        (
            "slirp4netns",
            "without root, the network of a RUN step needs slirp4netns and a /dev/net/tun that this user may open; `args = [\"--network=host\"]` does without",
        ),
        (
            "/dev/fuse",
            "this user may not open it; the storage drivers overlay, without a mount program, and vfs do without",
        ),
        (
            "newuidmap",
            "without root, the engine needs the package uidmap, and lines for this user in /etc/subuid and /etc/subgid",
        ),
    ];
    HINTS.iter().find(|(word, _)| cause.contains(word)).map(|(_, hint)| *hint)
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
        .find(|line| {
            !HINTS.iter().any(|hint| line.starts_with(hint)) && !line.contains(" level=warning msg=")
        })
        .map(|line| explained(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first as podman 4.3.1 and buildah 1.28.2 said it, the others as the issues have them.
    #[test]
    fn an_image_that_was_removed_beside_the_build_is_worth_another_try() {
        for line in [
            "Error: checking if cached image exists from a previous build: getting top layer info: layer not known",
            "Error: committing container for step {Command:run}: creating image \"4177\": layer not known",
            "Error: error getting history of \"4177\": error locating item named \"manifest\" for image with ID \"4177\"",
            "failed to export image: failed to set parent sha256:c79a: unknown parent image ID sha256:c79a",
            "No such image: sha256:784a",
            "unable to find image \"sha256:d931\"",
            "Error response from daemon: layer does not exist",
        ] {
            let text = format!("STEP 1/2: FROM scratch\n{line}\n");
            let cause = cause(&text).or_else(|| last_lines(&text)).unwrap();
            assert!(is_transient(&cause), "{cause}");
        }
        let said = cause("Error: getting top layer info: layer not known").unwrap();
        assert!(
            said.ends_with(
                "(was an image removed meanwhile? Remove none (`rmi`, `prune`) while a run builds)"
            )
        );
        for line in ["Error: No such image: notes:1", "ERROR: failed to solve: layers: not found"] {
            assert!(!is_transient(&cause(line).unwrap()), "{line}");
        }
    }

    /// As podman 4.3.1 and buildah 1.28.2 said it to a user without root, with digests shortened.
    #[test]
    fn the_cause_of_an_engine_without_root_is_named() {
        let fuse = format!(
            "STEP 1/4: FROM scratch\ntime=\"2026-12-01T09:24:45Z\" level=error msg=\"Unmounting /x/merged: invalid argument\"\n\
             Error: mounting new container: mounting build container \"ca13\": creating overlay mount to /x/merged, mount_data=\"{}\": \
             using mount program /usr/bin/fuse-overlayfs: unknown argument ignored: lazytime\nunknown argument ignored: \n\
             fuse: failed to open /dev/fuse: Permission denied\nfuse-overlayfs: cannot mount: Permission denied\n: exit status 1\n",
            "lowerdir=/x,".repeat(60)
        );
        let ids = "time=\"2026-12-01T09:27:13Z\" level=warning msg=\"no shared mount\"\n\
            time=\"2026-12-01T09:27:13Z\" level=error msg=\"finding newuidmap: exec: \\\"newuidmap\\\": executable file not found in $PATH\"\n\
            Error during setresuid(0): Invalid argument\n\
            time=\"2026-12-01T09:27:13Z\" level=error msg=\"(Unable to determine exit status)\"\n";
        let network = "STEP 4/4: RUN echo ran\nError: building at STEP \"RUN echo ran\": failed to read from slirp4netns sync pipe: EOF\n";
        for (text, words) in [
            (
                &*fuse,
                &[
                    "mounting new container",
                    "fuse: failed to open /dev/fuse: Permission denied;",
                    "vfs do without",
                ][..],
            ),
            (
                ids,
                &[
                    "finding newuidmap: exec: \"newuidmap\": executable file not found in $PATH",
                    "/etc/subuid",
                ],
            ),
            (network, &["slirp4netns sync pipe: EOF (without root", "--network=host"]),
        ] {
            let cause = cause(text).unwrap();
            assert!(words.iter().all(|words| cause.contains(words)), "{cause}");
            assert!(cause.chars().count() < 500 && !cause.contains('\n'), "{cause}");
        }
        assert_eq!(cause("STEP 1/4: FROM scratch\nlevel=error\n"), None);
    }
}
