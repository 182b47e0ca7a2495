//! The requirements files that a Dockerfile, a script or a pipeline installs: they may have any name.
//!
//! Source: pip and uv, `pip install -r FILE`.

use std::path::Path;

use crate::text::paths::{forward, normalise};

/// The files after `pip install -r`, from the top of the repository: beside the file that says so, or from the top.
pub(super) fn told(text: &str, folder: &str) -> Option<Vec<String>> {
    if !text.contains("pip") {
        return None;
    }
    let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let lines = text.lines().map(str::trim_start).filter(|line| !line.starts_with('#'));
    let files: Vec<&str> = lines.flat_map(files_of).collect();
    let places = |file: &&str| -> Vec<String> {
        // A path in an image has the name of the file that was copied.
        let name = if file.starts_with('/') { file.rsplit('/').next().unwrap_or(file) } else { file };
        let at = |base: &str| forward(&normalise(&Path::new(base).join(name))).to_string();
        [at(folder), at(".")].into_iter().filter(|path| !path.starts_with("..")).collect()
    };
    (!files.is_empty()).then(|| files.iter().flat_map(places).collect())
}

/// The files of the calls of pip in one line.
fn files_of(line: &str) -> Vec<&str> {
    let calls = line.split([';', '&', '|']).filter_map(|call| {
        let (before, rest) = call.split_once("install ")?;
        // `pip`, `/venv/bin/pip3.12`, `python -m pip`, `uv pip`.
        let program = before.split_whitespace().find(|word| {
            let name = word.trim_matches(['"', '\'', '[', ',']).rsplit('/').next().unwrap_or(word);
            name.starts_with("pip")
        });
        program.map(|_| rest)
    });
    let mut files = Vec::new();
    for call in calls {
        let mut words = call.split_whitespace().map(|word| word.trim_matches(['"', '\'', ']', ',']));
        while let Some(word) = words.next() {
            let inline = ["--requirement=", "-r"].iter().find_map(|flag| word.strip_prefix(flag));
            match (word, inline) {
                ("-r" | "--requirement", _) => files.extend(words.next()),
                (_, Some(file)) if !file.is_empty() => files.push(file),
                _ => {}
            }
        }
    }
    // uv reads a project's own manifest, too, which is known by its name.
    let is_manifest = |file: &str| [".toml", ".cfg", ".py", ".lock"].iter().any(|end| file.ends_with(end));
    files.retain(|file| !is_manifest(file));
    files.retain(|file| !file.is_empty() && !file.contains(['$', '{', '*']) && !file.contains("://"));
    files
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn the_files_of_pip_are_found_beside_and_from_the_top() {
        for (text, files) in [
            ("RUN pip install -r reqs.txt\n", &["a/reqs.txt", "reqs.txt"][..]),
            ("RUN pip3 install --no-cache-dir \\\n  -r /app/reqs.txt && rm x\n", &["a/reqs.txt", "reqs.txt"]),
            ("python -m pip install --requirement=b/c.txt", &["a/b/c.txt", "b/c.txt"]),
            ("  - run: uv pip install --system -r deps.txt", &["a/deps.txt", "deps.txt"]),
            ("/venv/bin/pip install -rx.txt", &["a/x.txt", "x.txt"]),
        ] {
            assert_eq!(told(text, "a").unwrap(), files, "{text}");
        }
        for text in [
            "RUN pip install flask",
            "# pip install -r x.txt",
            "apt-get install -r x # pip",
            "pip install -r $F",
        ] {
            assert_eq!(told(text, "a"), None, "{text}");
        }
    }
}
