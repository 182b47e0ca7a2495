//! What a run left, searched for a value in whatever spelling.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Project, Ran};

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Everything that a run left: both streams, and the files of its output folder.
pub(crate) fn outputs(project: &Project, ran: &Ran) -> Vec<(String, Vec<u8>)> {
    let mut all = vec![
        ("stdout".to_owned(), ran.stdout.clone().into()),
        ("stderr".to_owned(), ran.stderr.clone().into()),
    ];
    let folder = project.root().join("gates-report");
    if folder.exists() {
        all.extend(
            files(&folder).into_iter().map(|path| (path.display().to_string(), fs::read(path).unwrap())),
        );
    }
    all
}

/// A value that no file of this repository holds.
pub(crate) fn secret(name: &str) -> String {
    format!("{}+{name}/Qz&7\"x9", ["hun", "ter2"].concat())
}

pub(crate) fn command(text: &str, args: &[&str]) -> String {
    use std::io::Write;
    #[allow(clippy::disallowed_methods, reason = "encoders that are not ours")]
    let mut child = std::process::Command::new(args[0])
        .args(&args[1..])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim_end().to_owned()
}

/// The value as other programs write it.
pub(crate) fn spellings(value: &str) -> Vec<String> {
    const PYTHON: &str = "import sys,urllib.parse,json,html,base64
s=sys.stdin.read()
print(json.dumps([s, base64.urlsafe_b64encode(s.encode()).decode(), urllib.parse.quote(s, safe=''),
    urllib.parse.quote_plus(s), json.dumps(s), json.dumps(json.dumps(s)), html.escape(s),
    s.encode().hex(), s.encode().hex().upper()]))";
    let mut all: Vec<String> = serde_json::from_str(&command(value, &["python3", "-c", PYTHON])).unwrap();
    all.push(command(value, &["base64", "-w0"]));
    all.push(command(&format!("user:{value}"), &["base64", "-w0"]));
    all
}

/// Asserts that no output holds the value, whole or in half, in any spelling.
pub(crate) fn assert_hidden(project: &Project, ran: &Ran, value: &str) {
    let half = &value[value.len() / 2..];
    let tail = command(value, &["base64", "-w0"]);
    let tail = &tail[tail.len() / 2..tail.len() - 4];
    let mut spellings = spellings(value);
    spellings.extend([half.to_owned(), tail.to_owned()]);
    for (name, bytes) in outputs(project, ran) {
        let text = String::from_utf8_lossy(&bytes);
        for spelling in &spellings {
            assert!(!text.contains(spelling), "{name} holds {spelling}:\n{text}");
        }
    }
}
