//! Names that are not UTF-8: no gate can have them, so they are named.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::*;

fn write(folder: &Path, name: &[u8], text: &str) {
    let path = folder.join(OsStr::from_bytes(name));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn what_gates_toml_can_not_name_is_left_out_with_its_name() {
    let folder = tree(&[("web/package-lock.json", "{")]);
    for (name, text) in [
        (&b"caf\xe9/package-lock.json"[..], "{"),
        (b"caf\xe9/package.json", r#"{"devDependencies": {"typescript": "5", "eslint": "9"}}"#),
        (b"caf\xe9/tsconfig.json", "{}"),
        (b"caf\xe9/eslint.config.js", ""),
        (b"caf\xe9/deep/main.tf", "terraform {\n  backend \"s3\" {}\n}\n"),
        (b"caf\xe9/stack.yaml", "AWSTemplateFormatVersion: 2010-09-09\nResources: {}\n"),
        (b"caf\xe9/compose.yaml", "services:\n  a:\n    build: .\n"),
        (b"caf\xe9/Dockerfile", "FROM scratch\n"),
        (b"ok/Dockerfile.\xff", "FROM scratch\n"),
        (b"ok/po\xe8try/poetry.lock", ""),
        (b"ok/notes-\xff.md", ""),
    ] {
        write(folder.path(), name, text);
    }
    let suggestions = suggested(folder.path());
    let toml = suggestions.gates_toml();
    let config = Config::read(&toml).unwrap();
    let gates: Vec<&str> = config.gates.iter().map(|gate| gate.spec.name).collect();
    assert_eq!(gates, ["gitleaks", "npm-audit", "trivy", "syft"], "{toml}");
    assert!(!suggestions.gates().contains(char::REPLACEMENT_CHARACTER), "{toml}");
    let why = "the name is not UTF-8, and gates.toml can't have it: rename it";
    let named: Vec<(&str, &str)> =
        suggestions.left_out.iter().map(|left| (left.what.as_str(), left.why.as_str())).collect();
    assert_eq!(
        named,
        [
            ("caf\u{fffd} (8 inputs)", why),
            ("ok/Dockerfile.\u{fffd} (1 input)", why),
            ("ok/po\u{fffd}try (1 input)", why)
        ]
    );
}
