//! Options of a tool.

use super::*;

/// Every option counts, also one of which nobody can say whether it is looser.
#[test]
fn a_changed_option_is_named_by_its_key() {
    let changes = |tool: &str, base: &str, other: &str| -> Vec<String> {
        let gate = |keys: &str| {
            config(&format!("version = 1\n[[gate]]\nid = 'g'\ntool = '{tool}'\nneeds = []\n{keys}\n"))
        };
        loosened(&gate(base), &gate(other)).iter().map(|one| one.what.clone()).collect()
    };
    let image = "images = [{ name = 'a', context = 'x' }]";
    let run = "run = ['inventory']\nreport = { format = 'cyclonedx', path = '-' }";
    let allow = |more: &str| format!("licences = {{ allow = ['MIT'], {more} }}");
    let deploy = "application = 'a'\ngroup = 'b'\napp_spec = 'c'";
    for (tool, base, other, keys) in [
        ("docker-build", image, &format!("{image}\nengine = 'podman'")[..], &["engine changed"][..]),
        (
            "docker-build",
            image,
            "images = [{ name = 'a', context = 'y' }, { name = 'b' }]\nci_labels = false",
            &["ci_labels changed", "images[] changed"],
        ),
        (
            "docker-build",
            &image.replace("'x'", "'x', build_args = { A = 'a' }"),
            &image.replace("'x'", "'x', build_args = { A = true }"),
            &["images[] changed"],
        ),
        (
            "terraform-validate",
            "init = true",
            "init = false\nengine = 'tofu'",
            &["engine changed", "init changed"],
        ),
        ("codedeploy", deploy, &deploy.replace("'b'", "'z'"), &["group changed"]),
        (
            "codedeploy",
            deploy,
            &format!("{deploy}\nregion = 'r'\npoll = '1s'"),
            &["poll changed", "region changed"],
        ),
        ("terraform-validate", "dirs = ['a', 'b']", "dirs = ['b']", &["dirs = b"]),
        (
            "smoke-test",
            "checks = [{ url = 'http://a/', status = [200] }]",
            "checks = [{ url = 'http://a/', status = [404] }]",
            &["checks changed"],
        ),
        (
            "sonarqube",
            "host = 'https://a.test'",
            "host = 'https://b.test'\nauth = 'basic'",
            &["host changed", "auth changed"],
        ),
        ("ecr-push", "tags = ['a']", "tags = ['b']\nunscanned = true", &["unscanned = true", "tags changed"]),
        ("command", run, &run.replace("'-'", "'a.json'"), &["report changed"]),
        ("syft", &allow("unknown = 'deny'"), &allow("unknown = 'warn'"), &["licences.unknown = warn"]),
        ("syft", &allow("unknown = 'warn'"), &allow("unknown = 'deny'"), &[]),
        ("cfn-lint", "files = ['a.yaml']", "files = ['b.yaml']", &["files changed"]),
        ("tsc", "dirs = ['a']", "dirs = ['./a', 'b']", &[]),
    ] {
        assert_eq!(changes(tool, base, other), keys, "{tool}: {base} → {other}");
        assert_eq!(changes(tool, base, base), [""; 0], "{tool}: {base}");
    }
}
