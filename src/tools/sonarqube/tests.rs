use super::*;

use crate::scan::step::Output;
use crate::tools::testing::{line, mistakes, plan, tool};

use super::scan::{error_line_of, scanner_version};
use super::server::{Auth, error_line, same};
use super::task_file::TaskFile;

const FILE: &str = "organization=acme\nprojectKey=com.acme:notes\nserverUrl=https://sonar.example\n\
    serverVersion=10.6.0.92116\ndashboardUrl=https://sonar.example/dashboard?id=com.acme%3Anotes&pullRequest=7\n\
    ceTaskId=AZ1f_0-q\nceTaskUrl=https://sonar.example/api/ce/task?id=AZ1f_0-q\n";

#[test]
fn the_command_has_everything_but_the_token() {
    let gate = tool(
        &SPEC,
        "dir = \"app\"\nproject = \"com.acme:notes\"\norganization = \"acme\"\ntoken = \"QUALITY_TOKEN\"",
    );
    let [job] = plan(gate.as_ref(), None).try_into().unwrap();
    assert_eq!(job.invocation.program.name, "sonar-scanner");
    assert_eq!(
        line(&job),
        "-Dsonar.projectKey=com.acme:notes -Dsonar.organization=acme -Dsonar.qualitygate.wait=false"
    );
    assert_eq!((&*job.target, job.invocation.cwd.to_str()), ("app", Some("/repo/app")));
    assert_eq!(job.invocation.hands_on, ["QUALITY_TOKEN".to_owned()].into());
    assert!(job.why.contains("SonarQube Cloud"), "{}", job.why);

    let [npm] = plan(tool(&SPEC, "scanner = \"@sonar/scan\"").as_ref(), None).try_into().unwrap();
    assert_eq!(npm.invocation.program.name, "sonar-scanner-npm");
    assert_eq!(npm.invocation.program.near, ["/repo/node_modules/.bin"].map(std::path::PathBuf::from));

    let none = tool(&SPEC, "scanner = \"none\"\nhost = \"https://sonar.example\"");
    let [none] = plan(none.as_ref(), None).try_into().unwrap();
    assert!(none.command().is_empty() && none.programs().next().is_none());
    assert!(none.why.contains("https://sonar.example"), "{}", none.why);
}

#[test]
fn mistakes_are_reported() {
    for (options, words) in [
        ("token = \"squ_x\"", "`token` must be the name of a variable"),
        ("host = \"ftp://x\"", "`host` begins with neither https:// nor http://"),
        ("host = \"https://\"", "`host` names no host"),
        ("host = \"https://x/?a=b\"", "`host` must not hold a query"),
        ("pull_request = { key = \"7\", target = \"main\" }", "`target` is not a key of `pull_request`"),
    ] {
        assert_eq!(mistakes(&SPEC, options), [words]);
    }
    assert!(mistakes(&SPEC, "scanner = \"none\"\nmax_age = \"5m\"").is_empty());
}

#[test]
fn a_task_file_is_read_to_its_end_or_refused() {
    let file = TaskFile::read(FILE).unwrap();
    assert_eq!((file.task.as_str(), file.server.as_str()), ("AZ1f_0-q", "https://sonar.example"));
    assert_eq!(file.organization.as_deref(), Some("acme"));
    assert_eq!(file.server_version.as_deref(), Some("10.6.0.92116"));
    // Windows writes its own line ends.
    assert_eq!(TaskFile::read(&FILE.replace('\n', "\r\n")), Ok(file));
    for cut in 0..FILE.len() - 1 {
        assert!(TaskFile::read(&FILE[..cut]).is_err(), "cut at {cut}");
    }
    for (text, words) in [
        (FILE.replace("ceTaskId=AZ1f_0-q", "ceTaskId=../../x"), "not the id of a task"),
        (FILE.repeat(2), "twice"),
        (FILE.replace("serverUrl=https://sonar.example\n", ""), "no `serverUrl`"),
        (FILE.replace("com.acme:notes\n", "\n"), "no `projectKey`"),
        ("<html></html>".to_owned(), "not a list"),
    ] {
        let why = TaskFile::read(&text).unwrap_err();
        assert!(why.contains(words), "{why}");
    }
}

#[test]
fn a_server_gets_the_token_as_its_version_takes_it() {
    for (address, version, auth) in [
        ("https://sonar.example", Some("9.9.6.92038"), Auth::Basic),
        ("https://sonar.example", Some("9.0-SNAPSHOT"), Auth::Basic),
        ("https://sonar.example", Some("10.0.0.68432"), Auth::Bearer),
        ("https://sonar.example", Some("2025.1.0"), Auth::Bearer),
        ("https://sonar.example", None, Auth::Bearer),
        // Cloud says 8 of itself.
        ("https://sonarcloud.io", Some("8.0.0.46314"), Auth::Bearer),
        ("https://sonarqube.us", Some("8.0.0.46314"), Auth::Bearer),
        ("https://notsonarcloud.io", Some("8.0.0.46314"), Auth::Basic),
    ] {
        assert_eq!(Auth::of(address, version), auth, "{address} {version:?}");
    }
}

#[test]
fn addresses_of_one_server_are_kept_apart_from_those_of_others() {
    for (a, b) in [
        ("https://sonar.example", "HTTPS://Sonar.Example:443/"),
        ("http://sonar.example:80", "http://sonar.example"),
        ("https://tools.example/sonar", "https://tools.example:443/sonar/"),
    ] {
        assert!(same(a, b), "{a} {b}");
    }
    for (a, b) in [
        ("https://sonar.example", "http://sonar.example"),
        ("https://sonar.example", "https://sonar.example.evil.test"),
        ("https://sonar.example", "https://sonar.example@evil.test"),
        ("https://tools.example/sonar", "https://tools.example/Sonar"),
        ("https://sonar.example:9000", "https://sonar.example"),
        ("sonar.example", "https://sonar.example"),
    ] {
        assert!(!same(a, b), "{a} {b}");
    }
    assert_eq!(error_line("https://sonar.example:9000/sonar"), None);
    assert_eq!(error_line("https://ada@sonar.example"), Some("must not hold a user or a password"));
}

#[test]
fn the_log_of_a_scanner_has_its_version_and_what_went_wrong() {
    for (log, version) in [
        ("12:00:00.000 INFO  SonarScanner CLI 6.2.1.4610\nINFO  Java 17.0.11", Some("6.2.1.4610")),
        ("INFO: Scanner configuration file: NONE\nINFO: SonarScanner 4.6.2.2472\n", Some("4.6.2.2472")),
        ("[INFO]  Using SonarScanner for NPM (@sonar/scan)\n[INFO]  Version: 4.3.0\n", Some("4.3.0")),
        ("INFO: done", None),
    ] {
        assert_eq!(scanner_version(log).as_deref(), version, "{log}");
    }
    let output = |stdout: &str| Output { code: 1, stdout: stdout.as_bytes().to_vec(), stderr: Vec::new() };
    for (log, words) in [
        (
            "INFO: EXECUTION FAILURE\nERROR: Error during SonarScanner execution\nERROR: Not authorized.\nERROR: \nERROR: Re-run SonarScanner using the -X switch to enable full debug logging.",
            "Not authorized.",
        ),
        (
            "12:00:01.000 ERROR Project not found. Please check the key.\n12:00:01.001 INFO  EXECUTION FAILURE",
            "Project not found. Please check the key.",
        ),
        ("[ERROR] ScannerEngine: Failed\n", "ScannerEngine: Failed"),
        ("java: command not found\n", "java: command not found"),
    ] {
        assert_eq!(error_line_of(&output(log), log), words);
    }
}
