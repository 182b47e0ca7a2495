//! Hostile files: every reader ends, without a panic, on texts that are cut anywhere, and on long rows of what opens something.

use crate::inputs::{
    angular, build_args, builds, conda, dotenv, exit_code, go_mod, hcl, packages, required, shell, templates,
    terraform, test_runs, typescript,
};
use crate::model::input::{PackageManager, TestRunner};
use crate::text::yaml;

/// Gives a text to every reader.
fn read_by_all(text: &str) {
    let _ = hcl::blocks(text);
    let _ = yaml::documents(text);
    let _ = shell::builds(text);
    let _ = exit_code::never_fails(text);
    let _ = builds::of_compose(text);
    let _ = builds::of_pipeline(text);
    let _ = builds::of_bake(text);
    let _ = builds::of_skaffold(text);
    let _ = builds::of_jenkins(text);
    let _ = terraform::read(text);
    let _ = terraform::read_json(text.as_bytes());
    let _ = angular::projects("angular.json", text);
    let _ = typescript::read(text);
    let _ = packages::npm("package.json", text.as_bytes());
    let _ = packages::python(text);
    let _ = crate::inputs::cargo_manifest::cargo(text);
    let _ = packages::pnpm_workspace(text);
    let _ = packages::is_pinned(text);
    let _ = go_mod::GoMod::read(text);
    for manager in PackageManager::ALL {
        for name in ["a", "a.py", "setup.cfg"] {
            let _ = required::required(manager, name, text);
        }
    }
    let _ = terraform::resources("a.tf", text);
    let _ = terraform::resources("a.tf.json", text);
    let _ = dotenv::Values::default().literal(text);
    let _ = build_args::of_lines(text);
    let _ = conda::conda(text);
    let _ = templates::may_say_later("a.json", text);
    let _ = templates::kinds("a.yaml", text);
    let _ = templates::kinds("a.json", text);
    for runner in TestRunner::ALL {
        let _ = test_runs::read("a", runner, text);
    }
    let _ = test_runs::pytest_section(text).map(|section| test_runs::pytest("a", &section));
}

const TEXTS: [&str; 11] = [
    "module \"ä\" {\n  source = \"./a${b[\"c\"]}\" # é\n  x = <<-EOT\n  ü\n  EOT\n}\n",
    "services:\n  a: &x\n    build: {context: ., dockerfile: 'ä', target: \"b\\u00e9\"}\n  b:\n    <<: [*x, *x]\n",
    "jobs:\n  a:\n    steps:\n      - run: |\n          cd ä && docker build -fé --target=ü \"$(pwd)/é\"\n",
    "{\"extends\": [\"./ä\", \"é\"], // ü\n \"references\": [{\"path\": \"a\"},], /* é */ \"files\": []}",
    "{\"scripts\": {\"ä\": \"docker build é\"}, \"workspaces\": [\"a/*\", \"!é\"], \"dependencies\": {\"a\": \"1\"}}",
    "[tool.pytest.ini_options]\naddopts = '--junitxml=ä.xml'\n[workspace]\nexclude = ['é']\n",
    "node { docker.build('ä', '-f é .')\n agent { dockerfile {\n filename 'ü'\n } }\n sh \"docker build é\" }\n",
    "export default { reporters: ['junit'], outputFile: { junit: `ä.xml` }, outputDirectory: 'é' }\n",
    "dependencies { // ä\n  api(platform(\"é:b:1\")) /* ü */\n  compileOnly 'a\\é'\n}\n.package(url: \"ü\")\n",
    "defp deps do # é\n  [{:a, \"ü\"}]\nend\n\n  def x\n[options]\ninstall_requires =\n  é\nself.requires(\"ä\")\n",
    "target \"a\" { args = { \"é\" : \"ü\", B = ${c:-ä} } }\nResources:\n  A:\n    Type: AWS::é\nA=${ä:-é}$\n",
];

#[test]
fn a_text_may_end_anywhere() {
    for text in TEXTS {
        for end in 0..=text.len() {
            read_by_all(&String::from_utf8_lossy(&text.as_bytes()[..end]));
            read_by_all(&String::from_utf8_lossy(&text.as_bytes()[end..]));
        }
    }
}

#[test]
fn long_rows_of_what_opens_something_end() {
    const LONG: usize = 60_000;
    let rows = [
        "{", "[", "(", "\"", "'", "${", "$(", "<<A\n", "<<-", "/*", "//", "#", "\\", "a:\n", "- ", "? ",
        "&a ", "*a ", "!", "|\n",
    ];
    let more = [
        "docker build ",
        "docker.build(",
        "dockerfile {",
        "a = \"",
        "a {\n",
        "{\"a\":",
        "[a.",
        "-f ",
        "--x=",
        "cd a;",
        "\t",
        "\n",
        "é",
        "{:",
        "def deps {:a,",
        "dependencies {\n",
        "dependencies",
        ".package(",
        "requires",
        "AWS::",
        "Type: AWS::",
        "${A-",
        "<!--",
    ];
    for row in rows.into_iter().chain(more) {
        read_by_all(&row.repeat(LONG / row.len()));
    }
}
