//! What there is to look at, compared with what the real Trivy says it read: lock files of every package manager, each whole and cut.

#![allow(clippy::disallowed_methods, reason = "the PATH of the tests")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod inputs;
mod packages;
mod trees;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Project, Ran, real_tools};

const GATES: &str = "version = 1\nmode = \"production\"\n[[gate]]\nid = \"deps\"\ntool = \"trivy\"\nscanners = [\"vuln\"]\nfail_on = \"never\"\noffline = true\ncache_dir = \"cache\"\n";

/// Names that Trivy passes over: no gate reads them.
const OTHERS: [&str; 2] = ["npm/npm-shrinkwrap.json", "pip-dev/requirements-dev.txt"];

/// The lock files of `fixtures/trivy-locks`, by path.
fn locks() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/trivy-locks");
    let files = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let all = files(&folder).into_iter().filter(|path| path.is_dir()).flat_map(|path| files(&path));
    all.map(|path| {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
        (name, fs::read(path).unwrap())
    })
    .collect()
}

/// A repository with these files, and Trivy's database.
fn project(files: &BTreeMap<String, Vec<u8>>) -> Project {
    let project = Project::with_gates(GATES);
    project.git(&["init", "--quiet"]);
    project.write(".gitignore", "/cache\n/gates-report\n");
    with_database(&project);
    files.iter().for_each(|(path, text)| {
        project.write(path, text);
    });
    project.commit("lock files");
    project
}

fn with_database(project: &Project) {
    for file in ["metadata.json", "trivy.db"] {
        let database = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/trivy-db/db");
        project.write(&format!("cache/db/{file}"), fs::read(database.join(file)).unwrap());
    }
}

fn run(project: &Project) -> Ran {
    let path = format!("{}:{}", real_tools().display(), std::env::var("PATH").unwrap_or_default());
    Ran::of(project.command(&["run"]).env("PATH", path).output().unwrap())
}

/// The state of each input of the gate.
fn states(project: &Project) -> BTreeMap<String, String> {
    let gate = project.gate("deps");
    let word = |input: &serde_json::Value, key: &str| input[key].as_str().unwrap().to_owned();
    gate["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| (word(input, "path"), word(input, "state")))
        .collect()
}

#[test]
fn the_lock_files_of_every_package_manager_are_read() {
    let files = locks();
    let project = project(&files);
    let ran = run(&project);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let states = states(&project);
    // go.mod has the packages of go.sum, and is no lock file.
    let expected: BTreeMap<String, String> = files
        .keys()
        .filter(|path| !path.ends_with("go.mod") && !OTHERS.contains(&path.as_str()))
        .map(|path| (path.clone(), "scanned".to_owned()))
        .collect();
    assert_eq!(states, expected);
    assert!(expected.len() > 18, "{expected:?}");
    assert!(
        ran.stdout.contains("Not covered by any gate: 1 npm lock file (npm-audit), 1 pip lock file\n"),
        "{}",
        ran.all()
    );
}

/// In each of these forms no package manager takes a lock file, whatever Trivy says in its log, or makes of it.
#[test]
fn a_broken_lock_file_of_each_kind_is_a_gap() {
    type Break = fn(&[u8]) -> Vec<u8>;
    let conflict: Break = |text| {
        let (first, rest) =
            text.split_at(text.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1));
        [first, b"<<<<<<< HEAD\n", rest, b"=======\n", rest, b">>>>>>> other\n"].concat()
    };
    let utf16: Break = |text| {
        let units = String::from_utf8(text.to_vec()).unwrap();
        [0xfeff].into_iter().chain(units.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    let breaks: [(&str, Break); 7] = [
        ("conflict", conflict),
        ("utf16", utf16),
        ("nul", |text| [&text[..text.len() / 2], b"\0\0", &text[text.len() / 2..]].concat()),
        ("page", |_| b"<!DOCTYPE html><html><body>404</body></html>\n".to_vec()),
        ("words", |_| b"not a lock file\n".to_vec()),
        ("list", |_| b"[]\n".to_vec()),
        ("nothing", |_| Vec::new()),
    ];
    let files = locks();
    let whole = ("yarn/yarn.lock".to_owned(), files["yarn/yarn.lock"].clone());
    let mut broken = BTreeMap::from([whole]);
    for (name, make) in breaks {
        let known = files.iter().filter(|(path, _)| !OTHERS.contains(&path.as_str()));
        broken.extend(known.map(|(path, text)| (format!("{name}/{path}"), make(text))));
    }
    let project = project(&broken);
    let ran = run(&project);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let states = states(&project);
    assert_eq!(states["yarn/yarn.lock"], "scanned");
    for path in broken.keys().filter(|path| !path.ends_with("go.mod") && *path != "yarn/yarn.lock") {
        let state = states.get(path).map(String::as_str);
        // A requirements file that pins nothing is a manifest, or no input.
        if path.ends_with("pip/requirements.txt") && state.is_none() {
            continue;
        }
        // Beside a module that requires none, an empty one is whole.
        // pip writes and reads a requirements file in UTF-16 (PowerShell), and so does Trivy.
        let expected = match path.as_str() {
            "nothing/go/go.sum" => "empty",
            "utf16/pip/requirements.txt" => "scanned",
            _ => "gap",
        };
        assert_eq!(state, Some(expected), "{path}");
    }
}

/// A cut file either leaves the gate without proof, or Trivy still names it, with what is left of it.
#[test]
fn a_lock_file_that_is_cut_never_passes_in_silence() {
    let files = locks();
    let mut gaps = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| !OTHERS.contains(&path.as_str())) {
        let cut = BTreeMap::from([
            ("yarn/yarn.lock".to_owned(), files["yarn/yarn.lock"].clone()),
            (format!("cut/{path}"), text[..text.len() / 2].to_vec()),
        ]);
        let project = project(&cut);
        let ran = run(&project);
        let state = states(&project).get(&format!("cut/{path}")).cloned();
        match state.as_deref() {
            Some("gap") => {
                assert_eq!(ran.code, 3, "{path}: {}", ran.all());
                gaps.push(path.as_str());
            }
            Some("scanned") => {
                let report =
                    project.record()["gates"][0]["targets"][0]["scope"]["packages"].as_u64().unwrap();
                assert!(report > 1, "{path}: {}", ran.all());
            }
            // What is left names no package.
            Some("empty") => {}
            // Not every line pins a version now, so it is no lock file: no gate reads it.
            None if path == "pip/requirements.txt" => {
                assert!(ran.stdout.contains("1 pip manifest without a lock file"), "{}", ran.all());
            }
            other => assert!(other.is_none() && path.ends_with("go.mod"), "{path}: {other:?}"),
        }
    }
    for path in [
        "npm/package-lock.json",
        "composer/composer.lock",
        "pipenv/Pipfile.lock",
        "swift/Package.resolved",
        "nuget/packages.lock.json",
        "bun/bun.lock",
    ] {
        assert!(gaps.contains(&path), "{path}: {gaps:?}");
    }
}
