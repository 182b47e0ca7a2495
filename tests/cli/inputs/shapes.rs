//! Small repositories, one for each shape: `fixtures/inputs/NAME.txt` has the files, and the inputs as counted by hand.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{document, lines};
use crate::common::Project;

/// Files by path, and the lines that are expected.
pub(crate) type Shape = (Vec<(String, String)>, Vec<String>);

pub(crate) fn read(text: &str) -> Shape {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n').skip_while(|line| !line.starts_with("=== ")) {
        match line.strip_prefix("=== ") {
            Some(path) => files.push((path.trim().to_owned(), String::new())),
            None => files.last_mut().unwrap().1.push_str(line),
        }
    }
    let (name, expected) = files.pop().unwrap();
    assert_eq!(name, "expected");
    (files, expected.lines().map(str::to_owned).collect())
}

#[test]
fn each_shape_has_the_inputs_that_were_counted_by_hand() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inputs");
    let mut wrong = Vec::new();
    let mut shapes = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let (files, expected) = read(&fs::read_to_string(&path).unwrap());
        let project = Project::new();
        project.git(&["init", "--quiet"]);
        for (file, text) in &files {
            let path = project.write(file, text);
            if file.starts_with("bin/") {
                fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
        project.commit("a shape");
        let mut found = lines(&document(&project));
        if !expected.iter().any(|line| line.starts_with("source/")) {
            found.retain(|line| !line.starts_with("source/"));
        }
        if found != expected {
            let only = |some: &[String], others: &[String]| {
                let own: Vec<_> = some.iter().filter(|line| !others.contains(line)).cloned().collect();
                own.join("\n    ")
            };
            wrong.push(format!(
                "{name}\n  not found:\n    {}\n  not expected:\n    {}",
                only(&expected, &found),
                only(&found, &expected)
            ));
        }
        shapes += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(shapes >= 30, "{shapes}");
}

#[test]
fn outside_of_git_the_same_is_found_in_what_is_listed() {
    let project = Project::new();
    for name in ["a/package-lock.json", "a/node_modules/b/yarn.lock", "a/dist/Dockerfile", "stack.yaml"] {
        project.write(name, "AWSTemplateFormatVersion: '2010-09-09'\n");
    }
    let expected = [
        "cloudformation stack.yaml",
        "lock/npm a/package-lock.json",
        "not-listed a/dist",
        "not-listed a/node_modules",
        "trouble passed-over a/dist",
    ];
    assert_eq!(lines(&document(&project)), expected);
}

#[test]
fn people_get_a_list_by_kind() {
    let project = Project::new();
    project.write("api/package-lock.json", "{}");
    project.write("api/package.json", "{");
    project.write("a.py", "");
    let ran = project.run(&["inputs"]);
    let page = ran.stdout.split_once('\n').unwrap().1;
    assert_eq!(
        page,
        "\n1 npm lock file\n  api/package-lock.json\n\n1 npm manifest\n  api/package.json\n\nSources: 1 Python file\n\
         \nNot as it should be\n  api/package.json can't be parsed: EOF while parsing an object at line 1 column 1\n"
    );
}
