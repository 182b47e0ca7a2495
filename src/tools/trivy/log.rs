//! What Trivy's log says: why it ended, and of files that it can't read.

use std::collections::BTreeMap;

use crate::scan::raw_report::go_panic;

/// The files that it could not parse, as it names them, and its word: `WARN [uv] Failed to parse uv lockfile err="failed to parse uv.lock:
/// uv lockfile must contain 1 root package"` (0.70).
pub(super) fn not_parsed(log: &str) -> BTreeMap<&str, String> {
    let lines = log.lines().filter(|line| line.contains("\tWARN\t") || line.contains("\tERROR\t"));
    let said = lines.filter_map(|line| line.split_once("err=\"failed to parse ")?.1.split_once(": "));
    said.map(|(file, why)| {
        let why = why.trim_end().trim_end_matches('"').replace("\\\"", "\"");
        (file, format!("Trivy can't parse it: {why}"))
    })
    .collect()
}

/// The message of the `FATAL` line, without the chain of functions before it, and with the first of
/// the causes that Trivy lists below it.
pub(super) fn fatal_line(stderr: &str) -> Option<String> {
    if let Some(panic) = go_panic(stderr) {
        let panic = panic.split(" [recovered]").next().unwrap_or(panic);
        return Some(format!("Trivy itself failed: {panic}"));
    }
    let mut lines = stderr.lines().skip_while(|line| !line.contains("\tFATAL\t"));
    let (_, message) = lines.next()?.split_once("\tFATAL\t")?;
    let message = message.strip_prefix("Fatal error\t").unwrap_or(message);
    let message = message.strip_prefix("run error: ").unwrap_or(message);
    let core = [
        "unable to find the specified image",
        "failed to download vulnerability DB",
        "--skip-db-update",
        "Unable to initialize the Java DB",
    ]
    .iter()
    .find_map(|words| message.rfind(words))
    .map_or(message, |at| &message[at..]);

    let mut line = core.to_owned();
    if let Some((head, _)) = core.rsplit_once(": ").filter(|(_, tail)| tail.ends_with("occurred:")) {
        let cause = lines.find_map(|line| line.trim_start().strip_prefix("* "));
        line = format!("{head}: {}", cause.unwrap_or("several causes"));
    }
    if core.starts_with("--skip-db-update") {
        line.push_str(" (there is no vulnerability database in the cache folder: let Trivy download one, or point `cache_dir` at one)");
    }
    if core.starts_with("Unable to initialize the Java DB") {
        line.push_str(" (there are Java archives, and their packages are known by a database of their own: `trivy image --download-java-db-only` gets it)");
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::{fatal_line, not_parsed};

    #[test]
    fn a_panic_is_its_own_reason() {
        let log = "2026-12-01T09:52:36Z\tINFO\t[vuln] Vulnerability scanning is enabled\n\
            panic: runtime error: index out of range [1] with length 1 [recovered]\n\n\
            goroutine 1 [running]:\nmain.main()\n\t/home/runner/main.go:20 +0x1d\n";
        assert_eq!(
            fatal_line(log).unwrap(),
            "Trivy itself failed: panic: runtime error: index out of range [1] with length 1"
        );
    }

    #[test]
    fn its_word_for_a_file_is_kept() {
        let log = "2026-12-01T09:52:36Z\tINFO\t[vuln] Vulnerability scanning is enabled\n\
            2026-12-01T09:52:36Z\tWARN\t[pip] Unable to find python\terr=\"site-packages directory not found\"\n\
            2026-12-01T09:52:36Z\tWARN\t[uv] Failed to parse uv lockfile\terr=\"failed to parse a/uv.lock: got \\\"{\\\" instead\"\n";
        let found = not_parsed(log);
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [("a/uv.lock", "Trivy can't parse it: got \"{\" instead".to_owned())]
        );
    }
}
