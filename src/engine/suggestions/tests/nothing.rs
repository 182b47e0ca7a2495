//! What is suggested where a tool finds nothing to look at: what `init` writes works at once all the same.

use super::*;

/// The keys of a gate.
pub(super) fn keys(files: &[(&str, &str)], id: &str) -> Option<String> {
    let suggestions = suggested(tree(files).path());
    let gate = suggestions.gates.iter().find(|gate| gate.id == id);
    gate.map(|gate| gate.gate.keys.replace('\n', " ").trim().to_owned())
}

const NPM_DEV: &str =
    r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"version": "1.0.0", "dev": true}}}"#;
const NPM_NONE: &str = r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/b": {"link": true}}}"#;
const NPM: &str = r#"{"lockfileVersion": 3, "packages": {"": {}, "node_modules/a": {"version": "1.0.0"}}}"#;

/// Trivy says nothing of packages for development. Audits do.
#[test]
fn packages_of_development_alone_leave_nothing_to_scan() {
    let poetry = "[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"dev\"]\n[metadata]\nlock-version = \"2.1\"\n";
    for (path, text) in [
        ("package-lock.json", NPM_DEV),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    devDependencies:\n      a:\n        specifier: ^1.0.0\n        version: 1.0.0\n\npackages:\n\n  a@1.0.0:\n    resolution: {integrity: x}\n",
        ),
        ("poetry.lock", poetry),
        ("gradle.lockfile", "a:b:1=testCompileClasspath\n"),
        ("composer.lock", r#"{"packages": [], "packages-dev": [{"name": "a/b", "version": "1"}]}"#),
        ("Pipfile.lock", r#"{"_meta": {}, "default": {}, "develop": {"a": {"version": "==1"}}}"#),
        // Packages without a version that an advisory could be about.
        ("Package.resolved", r#"{"object": {"pins": []}, "version": 1}"#),
        ("Package.resolved", r#"{"pins": [{"identity": "b", "state": {"revision": "0"}}], "version": 2}"#),
        ("mix.lock", "%{\n  \"b\": {:git, \"https://example.test/b.git\", \"0\", []},\n}\n"),
    ] {
        let files = [(path, text)];
        assert_eq!(keys(&files, "packages").as_deref(), Some("scan = \"fs\" allow_empty = true"), "{path}");
        assert_eq!(keys(&files, "sbom").as_deref(), Some("dirs = [\".\"] allow_empty = true"), "{path}");
        let audit = keys(&files, "audit");
        assert!(audit.is_none_or(|keys| keys == "dirs = [\".\"]"), "{path}");
    }
    let both = [("a/package-lock.json", NPM_DEV), ("b/package-lock.json", NPM)];
    assert_eq!(keys(&both, "packages").as_deref(), Some("scan = \"fs\""));
    assert_eq!(keys(&both, "sbom").as_deref(), Some("dirs = [\".\"]"));
}

#[test]
fn an_audit_without_a_package_waits_for_the_first() {
    for (path, text) in [
        ("package-lock.json", NPM_NONE),
        ("yarn.lock", "# yarn lockfile v1\n\n\n"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n"),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\n\nimporters:\n\n  a:\n    dependencies:\n      b:\n        specifier: workspace:*\n        version: link:../b\n\n  b: {}\n",
        ),
        (
            "yarn.lock",
            "__metadata:\n  version: 8\n\n\"b@https://x/b.git\":\n  resolution: \"b@https://x/b.git#0\"\n",
        ),
    ] {
        assert_eq!(keys(&[(path, text)], "audit").as_deref(), Some("dirs = [\".\"] allow_empty = true"));
    }
    // Of several, only those are named; what can't be read is none of them.
    let several = [
        ("a/package-lock.json", NPM_NONE),
        ("b/package-lock.json", NPM_DEV),
        ("c/package-lock.json", NPM),
        ("d/package-lock.json", "{"),
    ];
    let expected = "dirs = [\"a\", \"b\", \"c\", \"d\"] allow_empty = [\"a\"]";
    assert_eq!(keys(&several, "audit").as_deref(), Some(expected));
}

fn object(version: &str, kind: &str) -> String {
    format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: a\n")
}

/// The settings of other programs have the same form. Objects of other makers have no check, but the next one may.
#[test]
fn checkov_is_for_objects_of_kubernetes() {
    let certificate = object("cert-manager.io/v1", "Certificate");
    let settings = [object("backstage.io/v1alpha1", "Component"), object("skaffold/v4beta6", "Config")];
    let files = [
        ("catalog-info.yaml", settings[0].as_str()),
        ("skaffold.yaml", &settings[1]),
        ("helmfile.yaml", "releases:\n  - name: a\n    chart: b/c\n"),
        ("k8s/kustomization.yaml", "resources:\n  - https://example.test/a\n"),
    ];
    assert_eq!(keys(&files, "iac"), None);
    let service = object("v1", "Service");
    let expected = "dirs = [\"k8s\"] framework = [\"kubernetes\"]";
    let both = [("k8s/certificate.yaml", certificate.as_str()), ("k8s/service.yaml", &service)];
    assert_eq!(keys(&both, "iac").as_deref(), Some(expected));
    assert_eq!(keys(&both[..1], "iac"), Some(format!("{expected} allow_empty = true")));
}

#[test]
fn checkov_waits_where_it_may_have_no_check() {
    for (path, text, waits) in [
        ("main.tf", "resource \"random_pet\" \"a\" {}\n", true),
        ("main.tf", "resource \"aws_s3_bucket\" \"a\" {}\n", false),
        ("a.yaml", "Resources:\n  A:\n    Type: AWS::IAM::Group\n", true),
        ("a.yaml", "Resources:\n  A:\n    Type: AWS::S3::Bucket\n", false),
        ("Dockerfile", "FROM scratch\n", false),
    ] {
        let keys = keys(&[(path, text)], "iac").unwrap();
        assert_eq!(keys.ends_with(" allow_empty = true"), waits, "{path} {text}");
    }
    let module = [
        ("main.tf", "module \"a\" {\n  source = \"./a\"\n}\n"),
        ("a/main.tf", "resource \"aws_s3_bucket\" \"a\" {}\n"),
    ];
    assert_eq!(keys(&module, "iac").as_deref(), Some("dirs = [\".\"] framework = [\"terraform\"]"));
    // Checkov reads Terraform's JSON by another name.
    let json = [(
        "main.tf.json",
        r#"{"terraform": {"backend": {"s3": {}}}, "resource": {"aws_s3_bucket": {"a": {}}}}"#,
    )];
    let found = keys(&json, "iac").unwrap_or_default();
    assert!(found.contains("framework = [\"terraform\", \"terraform_json\"]"), "{found}");
}

/// Names beside the usual ones: Trivy reads them by a pattern, Syft not at all.
#[test]
fn lock_files_of_other_names_are_read_by_a_pattern_or_named() {
    let pip = r#"file_patterns = ["pip:requirements.*\\.txt$"]"#;
    for (path, text, pattern, sbom) in [
        ("requirements/base.txt", "a==1\n", pip, false),
        ("requirements-dev.txt", "a==1\n", pip, true),
        ("npm-shrinkwrap.json", NPM, r#"file_patterns = ["npm:npm-shrinkwrap\\.json$"]"#, false),
        ("gems.locked", "", r#"file_patterns = ["bundler:gems\\.locked$"]"#, false),
    ] {
        let files = [(path, text)];
        let expected = format!("scan = \"fs\" {pattern}");
        assert_eq!(keys(&files, "packages"), Some(expected), "{path}");
        assert_eq!(keys(&files, "sbom").is_some(), sbom, "{path}");
        let named = format!("an SBOM of {path}: Syft looks for no lock file of this name");
        assert_eq!(left_out(&files).contains(&named), !sbom, "{path}");
    }
    let why = "bun.lockb: no scanner here reads a lock file of this name";
    assert!(left_out(&[("bun.lockb", "")]).contains(&why.to_owned()));
    // Only references to other files: nothing to read, and nothing without a lock file.
    let files = [("requirements/base.txt", "a==1\n"), ("requirements.txt", "-r requirements/base.txt\n")];
    assert!(suggested(tree(&files).path()).unlocked.is_empty());
}
