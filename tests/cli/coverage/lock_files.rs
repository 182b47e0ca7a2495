//! Lock files that a gate's tool does not read, though they lie where it looks, and manifests that they do not lock.

use serde_json::json;

use super::{LOCK, gates, project, run};
use crate::common::Project;

const AUDIT: &str = "[[gate]]\nid = \"audit\"\ntool = \"npm-audit\"\n";

/// An npm that found nothing in one package.
const NPM: &str = r#"[ "$1" = --version ] && echo 11.0.0 && exit
echo 'npm http fetch POST 200 https://registry.example/-/npm/v1/security/advisories/bulk 9ms' >&2
echo '{"auditReportVersion": 2, "vulnerabilities": {}, "metadata": {"vulnerabilities": {"total": 0}, "dependencies": {"prod": 1, "dev": 0, "optional": 0, "peer": 0, "total": 1}}}'"#;

fn audited(keys: &str, files: &[(&str, &str)]) -> Project {
    let project = Project::with_gates(&gates(&format!("{AUDIT}{keys}")));
    project.git(&["init", "--quiet"]);
    project.write(".gitignore", "/gates-report\n/report.json\n/bin\n");
    project.program("npm", NPM);
    files.iter().for_each(|(path, text)| drop(project.write(path, *text)));
    project
}

#[test]
fn an_audit_of_another_lock_file_is_no_proof() {
    let root = r#"{"workspaces": ["packages/*"], "dependencies": {"a": "1"}}"#;
    let member = r#"{"name": "m", "dependencies": {"a": "1"}}"#;
    for (keys, files, says) in [
        (
            "",
            &[("package-lock.json", LOCK), ("npm-shrinkwrap.json", LOCK)][..],
            "package-lock.json (the audit reads npm-shrinkwrap.json instead",
        ),
        (
            "dirs = [\".\", \"packages/m\"]\n",
            &[
                ("package.json", root),
                ("package-lock.json", LOCK),
                ("packages/m/package.json", member),
                ("packages/m/package-lock.json", LOCK),
            ],
            "packages/m/package-lock.json (the audit reads package-lock.json instead",
        ),
    ] {
        let project = audited(keys, files);
        let ran = run(&project);
        let reason = project.gate("audit")["reason"].clone();
        assert_eq!(ran.code, 3, "{}", ran.all());
        assert!(reason.as_str().unwrap().contains(says), "{reason}");
    }
    let alone = audited("", &[("package-lock.json", LOCK)]);
    let ran = run(&alone);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[test]
fn a_lock_file_that_another_gate_scans_needs_no_audit() {
    let both = project(
        &gates(&format!(
            "{AUDIT}[[gate]]\nid = \"deps\"\ntool = \"trivy\"\nscanners = [\"vuln\"]\nfile_patterns = [\"npm:npm-shrinkwrap\\\\.json$\"]\n"
        )),
        &["package-lock.json", "npm-shrinkwrap.json"],
    );
    both.program("npm", NPM);
    both.write("package-lock.json", LOCK);
    both.write("npm-shrinkwrap.json", LOCK);
    let ran = run(&both);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let inputs = both.gate("audit")["inputs"].clone();
    let row = inputs.as_array().unwrap().iter().find(|input| input["path"] == "package-lock.json").unwrap();
    assert_eq!(
        (&row["state"], &row["why"]),
        (&json!("excluded"), &json!("because the gate `deps` checks it"))
    );
}

/// Manifests and lock files that only their content, or what installs them, tells apart.
#[test]
fn what_no_lock_file_covers_is_named() {
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("six==1\r\n".bytes().flat_map(|byte| [byte, 0])).collect();
    let project = audited("", &[]);
    for (path, text) in [
        ("api/packages.Api.lock.json", "{}"),
        ("api/Api.csproj", "<Project><PackageReference Include=\"A\"/></Project>"),
        ("props/Directory.Build.props", "<Project><PackageReference Include=\"A\"/></Project>"),
        ("central/Directory.Packages.props", "<Project><PackageVersion Include=\"A\"/></Project>"),
        ("peer/package.json", r#"{"peerDependencies": {"a": "1"}}"#),
        (
            "optional/package.json",
            r#"{"peerDependencies": {"a": "1"}, "peerDependenciesMeta": {"a": {"optional": true}}}"#,
        ),
        ("gradle/deps.gradle", "dependencies { implementation 'a:b:1' }\n"),
        ("gem/x.gemspec", "Gem::Specification.new { |s| s.add_dependency 'rack' }\n"),
        ("flit/pyproject.toml", "[tool.flit.metadata]\nrequires = ['a']\n"),
        ("pins/Requirements.txt", "six==1\n"),
        ("pins/requirements/prod/base.txt", "six==1\n"),
        ("image/Dockerfile", "FROM scratch\nCOPY reqs.txt .\nRUN pip install -r reqs.txt\n"),
        ("image/reqs.txt", "six==1\n"),
    ] {
        project.write(path, text);
    }
    project.write("windows/requirements.txt", utf16);
    run(&project);
    let record = project.record();
    let uncovered = record["inputs"]["uncovered"].as_array().unwrap().iter();
    let paths = uncovered
        .flat_map(|one| one["inputs"].as_array().unwrap())
        .map(|one| one["path"].as_str().unwrap().to_owned());
    let mut found: Vec<String> = paths.filter(|path| !path.ends_with("Dockerfile")).collect();
    found.sort();
    assert_eq!(
        found,
        [
            "api/packages.Api.lock.json",
            "flit/pyproject.toml",
            "gem/x.gemspec",
            "gradle/deps.gradle",
            "image/reqs.txt",
            "peer/package.json",
            "pins/Requirements.txt",
            "pins/requirements/prod/base.txt",
            "props/Directory.Build.props",
            "windows/requirements.txt",
        ]
    );
}
