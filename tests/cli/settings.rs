//! Secrets in settings of git and npm reach no output, even if the setting's name does not look secret.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::outputs::{assert_hidden, command, secret, spellings};
use crate::common::{Project, Ran};

const PRINTS: &str = "version = 1\n[[gate]]\nid = 'prints'\ntool = 'command'\nrun = ['prints']\n";

/// A project with a gate that prints these values in every encoding, and fails.
fn printing(gates: &str, values: &[&str]) -> Project {
    let project = Project::with_gates(gates);
    let page: Vec<String> = values.iter().flat_map(|value| spellings(value)).collect();
    let page = project.write("../page", page.join("\n"));
    project.program("prints", &format!("cat '{0}'; cat '{0}' >&2; exit 1", page.display()));
    project
}

fn base64(text: &str) -> String {
    command(text, &["base64", "-w0"])
}

#[test]
fn headers_in_the_settings_of_git_are_masked() {
    let [basic, token, mine, address] = ["basic", "token", "mine", "address"].map(|name| {
        let value = secret(name);
        value.replace(['/', '"', '+'], "-")
    });
    let project = printing(PRINTS, &[&basic, &token, &mine, &address]);
    let ran = Ran::of(
        project
            .command(&["run", "--verbose"])
            .env("GIT_CONFIG_COUNT", "3")
            .env("GIT_CONFIG_KEY_0", "http.https://git.example.test/.extraheader")
            .env(
                "GIT_CONFIG_VALUE_0",
                format!("AUTHORIZATION: basic {}", base64(&format!("x-access-token:{basic}"))),
            )
            .env("GIT_CONFIG_KEY_1", "http.extraHeader")
            .env("GIT_CONFIG_VALUE_1", format!("PRIVATE-TOKEN: {token}"))
            .env("GIT_CONFIG_KEY_2", format!("url.https://ada:{address}@git.example.test/.insteadOf"))
            .env("GIT_CONFIG_VALUE_2", "https://git.example.test/")
            .env("GIT_CONFIG_PARAMETERS", format!("'http.extraheader'='Authorization: Bearer {mine}'"))
            .output()
            .unwrap(),
    );
    assert!(project.read("gates-report/logs/prints/root/stdout.log").contains("REDACTED"), "{}", ran.all());
    for value in [&basic, &token, &mine, &address] {
        assert_hidden(&project, &ran, value);
    }
}

#[test]
fn a_header_in_any_variable_is_masked() {
    let [plain, quoted] = ["plain", "quoted"].map(|name| secret(name).replace(['/', '"', '+'], "-"));
    let project = printing(PRINTS, &[&plain, &quoted]);
    let mut run = project.command(&["run", "--verbose"]);
    run.env("ONE", format!("Authorization: Bearer {plain}"));
    run.env("OTHER", format!("-H 'Accept: */*' -H \"authorization: token {quoted}\" --fail"));
    let ran = Ran::of(run.output().unwrap());
    for value in [&plain, &quoted] {
        assert_hidden(&project, &ran, value);
    }
}

#[test]
fn credentials_of_npm_are_masked() {
    let names = ["token", "password", "auth", "proxy", "project", "variable"];
    let [token, password, auth, proxy, own, variable] =
        names.map(|name| secret(name).replace(['/', '"', '+'], "-"));
    let gates = format!("{PRINTS}[[gate]]\nid = 'audit'\ntool = 'npm-audit'\ndirs = ['app']\n");
    let project = printing(&gates, &[&token, &password, &auth, &proxy, &own, &variable]);
    project.program("npm", "cat ../../page >&2; exit 1");
    let user = project.write(
        "../home/.npmrc",
        format!(
            "//one.example.test/:_authToken={token}\n//two.example.test/:_password={}\n_auth = \"{}\"\n\
             proxy=http://ada:{proxy}@proxy.example.test:3128\n//three.example.test/:_authToken=${{THREE}}\n",
            base64(&password),
            base64(&format!("ada:{auth}"))
        ),
    );
    project.write("app/.npmrc", format!("//four.example.test/:_authToken={own}\n"));
    let run = |variable_name: &str, value: &std::path::Path| {
        let mut run = project.command(&["run", "--verbose"]);
        run.env("THREE", &variable).env_remove("npm_config_userconfig").env(variable_name, value);
        Ran::of(run.output().unwrap())
    };
    let ran = run("HOME", user.parent().unwrap());
    for value in [&token, &password, &auth, &proxy, &own, &variable] {
        assert_hidden(&project, &ran, value);
    }
    let elsewhere = project.write("../elsewhere/npmrc", project.read("../home/.npmrc"));
    let ran = run("npm_config_userconfig", &elsewhere);
    assert!(!project.read("gates-report/logs/prints/root/stdout.log").contains(&token), "{}", ran.all());
    let log = project.read("gates-report/logs/audit/app/stderr.log");
    assert!(log.contains("REDACTED"), "{log}");
}

#[test]
fn a_key_in_the_npmrc_of_a_base_is_masked() {
    let token = secret("base").replace(['/', '"', '+'], "-");
    let gates = format!("{PRINTS}[[gate]]\nid = 'audit'\ntool = 'npm-audit'\n");
    let project = printing(&gates, &[&token]);
    project.program("npm", "cat .npmrc >&2; exit 1");
    project.git(&["init", "--quiet"]);
    project.write(".npmrc", format!("//four.example.test/:_authToken={token}\n"));
    project.commit("the base");
    project.write(".npmrc", "");
    let ran = project.run(&["run", "--policy-from", "HEAD"]);
    assert_hidden(&project, &ran, &token);
    let log = project.read("gates-report/logs/audit/root/stderr.log");
    assert!(log.contains("_authToken=REDACTED"), "{log}");
}
