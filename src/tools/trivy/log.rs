//! What Trivy's log says of files that it can't read.

use std::collections::BTreeMap;

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

#[cfg(test)]
mod tests {
    use super::not_parsed;

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
