//! The variables that a tool gets.

use super::*;

#[test]
fn tools_get_the_secrets_that_their_gate_names_and_no_others() {
    let project = Project::with_gates(
        "version = 1\n\
         [[gate]]\nid = 'plain'\ntool = 'command'\nrun = ['sh', '-c', 'env >plain.env']\n\
         [[gate]]\nid = 'named'\ntool = 'command'\nrun = ['sh', '-c', 'env >named.env']\nenv = { DEPLOY_TOKEN = true, NOT_SET_TOKEN = true, API_KEY = 'set-here' }\n\
         [[gate]]\nid = 'trivy'\ntool = 'trivy'\nscan = 'fs'\nenv = { TRIVY_PLATFORM = 'linux/arm64' }\n",
    );
    project.program(
        "trivy",
        "case $1 in --version) env >version.env; echo 1.0.0;; *) env >trivy.env; exit 1;; esac",
    );
    let token = secret("token");
    let mut command = project.command(&["run"]);
    for name in ["DEPLOY_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "API_KEY"] {
        command.env(name, &token);
    }
    for name in ["TRIVY_SEVERITY", "TRIVY_CACHE_DIR", "TRIVY_PLATFORM", "npm_config_registry", "GIT_DIR"] {
        command.env(name, "outside");
    }
    let ran = Ran::of(command.output().unwrap());
    let has = |file: &str, line: &str| project.read(file).lines().any(|set| set.starts_with(line));

    assert!(!project.read("plain.env").contains(&token) && !project.read("trivy.env").contains(&token));
    assert!(has("plain.env", "TRIVY_SEVERITY=outside") && has("plain.env", "npm_config_registry=outside"));
    assert!(!has("plain.env", "GIT_DIR="), "git would look at another repository");
    assert!(has("named.env", &format!("DEPLOY_TOKEN={token}")) && has("named.env", "API_KEY=set-here"));
    assert!(!has("named.env", "DB_PASSWORD") && !has("named.env", "AWS_SECRET_ACCESS_KEY"));
    assert!(!has("trivy.env", "TRIVY_SEVERITY") && has("trivy.env", "TRIVY_CACHE_DIR=outside"));
    assert!(has("trivy.env", "TRIVY_PLATFORM=linux/arm64"));

    let proof = |id: &str| project.gate(id)["targets"][0]["proof"].to_string();
    assert!(proof("named").contains("environment: passed on DEPLOY_TOKEN"), "{}", proof("named"));
    assert!(proof("named").contains("to be passed on, and not set: NOT_SET_TOKEN"));
    assert!(
        proof("plain").contains(
            "environment: removed API_KEY, AWS_SECRET_ACCESS_KEY, DB_PASSWORD, DEPLOY_TOKEN, GIT_DIR"
        )
    );
    assert!(proof("trivy").contains("TRIVY_SEVERITY"));
    assert_hidden(&project, &ran, &token);
}

#[test]
fn a_variable_is_set_or_passed_on_and_nothing_else() {
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = 'a'\ntool = 'command'\nrun = ['true']\nenv = { A_TOKEN = false, B = 1 }\n",
    );
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("`A_TOKEN` must be a string, or true") && ran.stderr.contains("`B` must be"),
        "{}",
        ran.all()
    );
}
