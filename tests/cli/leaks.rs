//! Nothing leaks: control characters of a scanned repository reach no terminal, and secrets reach no output,
//! in any encoding and from any tool.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod environment;
mod evidence;
mod logs;
mod terminal;

use std::fs;

use crate::common::outputs::{assert_hidden, command, outputs, secret, spellings};
use crate::common::{Project, Ran};
use portcullis::text::sanitise::is_unprintable;
use serde_json::{Value, json};

/// Hostile texts, each with what it does to a program that shows it.
const HOSTILE: [&str; 9] = [
    "a\u{1b}[31;1mred\u{1b}[0m",
    "b\u{1b}]0;title\u{7}\u{8}",
    "c\u{202e}gnp.exe\u{2066}",
    "d\r\n::set-output name=x::y",
    "::error file=e::f",
    "f ##vso[task.setvariable]x",
    "##[error]g",
    "h\u{0}\u{fffe}\u{9b}2J",
    "i\nsection_start:0:x\r\u{1b}[0K",
];

/// All of them in one text.
fn hostile() -> String {
    HOSTILE.join(" | ")
}

fn assert_harmless(name: &str, text: &str) {
    for line in text.lines() {
        let steering = line.chars().find(|c| is_unprintable(*c) && *c != '\t');
        assert_eq!(steering, None, "{name}: {line:?}");
        assert!(!line.trim_start().starts_with("::"), "{name}: {line:?}");
        assert!(!line.contains("##[") && !line.contains("##vso["), "{name}: {line:?}");
    }
}

/// The strings of a document, as its reader gets them.
fn assert_texts_harmless(name: &str, value: &Value) {
    match value {
        Value::String(text) => assert_harmless(name, text),
        Value::Array(items) => items.iter().for_each(|item| assert_texts_harmless(name, item)),
        Value::Object(members) => members.iter().for_each(|(key, member)| {
            assert_harmless(name, key);
            assert_texts_harmless(key, member);
        }),
        _ => {}
    }
}

fn assert_all_harmless(project: &Project, ran: &Ran) {
    for (name, bytes) in outputs(project, ran) {
        // Reports are kept as their tool wrote them, without secrets. Programs read them, not people.
        if !name.contains("/gates-report/reports/") {
            assert_harmless(&name, &String::from_utf8(bytes).unwrap());
        }
    }
}

/// A program that writes these bytes to the file that follows `flag`, or else to its standard output.
fn writes(project: &Project, name: &str, flag: &str, report: &[u8], stderr: &str, code: i32) {
    let report = project.write(&format!("../bytes/{name}.report"), report);
    let stderr = project.write(&format!("../bytes/{name}.stderr"), stderr);
    let script = format!(
        "case $1 in version|--version) echo 1.0.0; exit;; esac\nout=/dev/fd/1\n\
         while [ $# -gt 0 ]; do [ \"$1\" != '{flag}' ] || out=$2; shift; done\n\
         cat '{}' >\"$out\"\ncat '{}' >&2\nexit {code}",
        report.display(),
        stderr.display()
    );
    project.program(name, &script);
}

const SCANNED: &str = "10:00AM INF 1 commits scanned.\n10:00AM INF scanned ~10 bytes (10 bytes) in 1ms\n";

/// A gitleaks that reports these values.
fn gitleaks(project: &Project, secrets: &[&str], words: &str) {
    let leaks: Vec<Value> = secrets
        .iter()
        .map(|secret| {
            json!({"RuleID": format!("rule{words}"), "Description": format!("leak{words}"), "File": format!("src/{words}"),
                "Commit": format!("c0ffee{words}"), "SymlinkFile": words, "StartLine": 1, "Secret": secret,
                "Match": secret, "Message": secret, "Author": secret})
        })
        .collect();
    let code = if leaks.is_empty() { 0 } else { 77 };
    writes(project, "gitleaks", "--report-path", json!(leaks).to_string().as_bytes(), SCANNED, code);
}

#[test]
fn nothing_in_a_repository_controls_a_terminal_or_a_ci_service() {
    for planted in HOSTILE.map(str::to_owned).into_iter().chain([hostile()]) {
        let file = planted.replace('\0', "");
        let folder = format!("dir {file}").replace('/', "_");
        let quoted = serde_json::to_string(&folder).unwrap().replace("\\u0000", "");
        let name = serde_json::to_string(&planted).unwrap();
        let project = Project::with_gates(&format!(
            "version = 1\n\
             [[gate]]\nid = 'secrets'\ntool = 'gitleaks'\nstage = {name}\n\
             [[gate]]\nid = 'packages'\ntool = 'trivy'\nscan = 'fs'\ndirs = [{quoted}]\nscanners = ['vuln']\n\
             [[gate]]\nid = 'sarif'\ntool = 'command'\nrun = ['make-sarif']\nreport = {{ format = 'sarif', path = 'out.sarif' }}\n\
             [[gate]]\nid = 'fails'\ntool = 'command'\nrun = ['fails', {name}]\nexit = {{ clean = [0], findings = [1] }}\n\
             [[waiver]]\nname = {name}\nrule = 'nothing'\nreason = {name}\nexpires = 2999-12-31\n"
        ).replace("\\u0000", ""));
        fs::create_dir(project.root().join(&folder)).unwrap();
        gitleaks(&project, &["hunter2-hunter2"], &planted);
        let trivy = json!({"SchemaVersion": 2, "ArtifactName": planted, "ArtifactType": "filesystem", "Results": [{
            "Target": format!("lock{planted}"), "Class": "lang-pkgs", "Type": "npm",
            "Packages": [{"Name": planted, "Version": planted}],
            "Vulnerabilities": [{"VulnerabilityID": planted, "PkgName": planted, "InstalledVersion": planted,
                "FixedVersion": planted, "Severity": "HIGH", "Title": planted, "Description": planted,
                "PrimaryURL": planted, "References": [planted], "CweIDs": [planted]}]}]});
        writes(&project, "trivy", "--output", trivy.to_string().as_bytes(), &planted, 0);
        let sarif = json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": planted, "rules": [{"id": planted}]}},
            "results": [{"ruleId": planted, "message": {"text": planted}, "locations": [{"physicalLocation":
                {"artifactLocation": {"uri": format!("src/{planted}")}, "region": {"startLine": 1}}}]}]}]});
        writes(&project, "make-sarif", "-", sarif.to_string().as_bytes(), &planted, 0);
        let script = fs::read_to_string(project.bin().join("make-sarif")).unwrap();
        fs::write(project.bin().join("make-sarif"), script.replace("out=/dev/fd/1", "out=out.sarif"))
            .unwrap();
        writes(&project, "fails", "-", planted.as_bytes(), &format!("{planted}\nerror: {planted}"), 9);

        let ran = project.run(&["run", "--verbose"]);
        let record = project.record();
        assert_eq!(record["findings"].as_array().unwrap().len(), 3, "{planted:?} {}", ran.all());
        assert_eq!(project.gate("fails")["outcome"], "inconclusive");
        assert_all_harmless(&project, &ran);
        assert_texts_harmless("run.json", &record);

        // Refused input and texts of a saved run are quoted.
        for args in [
            vec!["run", "--only", "secrets", "--since", &file],
            vec!["run", "--profile", &file],
            vec!["run", "--config", &file],
            vec!["judge", "--report", &file],
            vec!["plan"],
            vec!["plan", "--format", "json"],
            vec!["doctor"],
        ] {
            assert_all_harmless(&project, &project.run(&args));
        }
        let mut saved = record.clone();
        saved["findings"][0]["title"] = planted.clone().into();
        saved["gates"][0]["stage"] = planted.clone().into();
        project.write("saved.json", saved.to_string());
        let judged = project.run(&["judge", "--from", "saved.json", "--out", "gates-report", "--verbose"]);
        assert_ne!(judged.code, 2, "{}", judged.all());
        assert_all_harmless(&project, &judged);
        assert_texts_harmless("run.json", &project.record());
    }
}

#[test]
fn mistakes_in_gates_toml_are_shown_without_control_characters() {
    for planted in HOSTILE.map(|planted| planted.replace(['\0', '\r', '\n', '\u{7}', '\u{8}', '\u{1b}'], ""))
    {
        let project = Project::with_gates(&format!(
            "version = 1 # {planted}\n[[gate]]\nid = \"{planted}\"\ntool = \"{planted}\"\n\"{planted}\" = 1\n"
        ));
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 2);
        assert_all_harmless(&project, &ran);
    }
}

#[test]
fn secrets_of_one_gate_and_of_the_environment_are_struck_out_of_every_other() {
    let (leaked, neighbour, token) = (secret("leaked"), secret("neighbour"), secret("token"));
    let project = Project::with_gates(
        "version = 1\n\
         [[gate]]\nid = 'prints'\ntool = 'command'\nrun = ['prints']\n\
         [[gate]]\nid = 'dies'\ntool = 'command'\nrun = ['dies']\nexit = { clean = [0], findings = [1] }\n\
         [[gate]]\nid = 'sarif'\ntool = 'command'\nrun = ['make-sarif']\nreport = { format = 'sarif', path = 'out.sarif' }\n\
         [[gate]]\nid = 'secrets'\ntool = 'gitleaks'\nneeds = ['prints', 'sarif']\n",
    );
    let all: Vec<String> = [&leaked, &neighbour, &token].iter().flat_map(|value| spellings(value)).collect();
    let page = format!(
        "{}\n{} {leaked}{neighbour};{token}\nhun\u{1b}[1m{}\n",
        all.join("\n"),
        "x".repeat(300_000),
        leaked.strip_prefix("hun").unwrap()
    );
    writes(&project, "prints", "-", page.as_bytes(), &page, 0);
    writes(&project, "dies", "-", b"", &format!("error: {leaked} and {neighbour} at {token}\n"), 9);
    let results: Vec<Value> = all
        .iter()
        .map(|text| {
            json!({"ruleId": "r", "message": {"text": text}, "locations": [{"physicalLocation":
            {"artifactLocation": {"uri": "src/a.ts"}, "region": {"startLine": 1}}}]})
        })
        .collect();
    let sarif =
        json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "t"}}, "results": results}]});
    project.write("../bytes/sarif", sarif.to_string());
    project.program("make-sarif", "cat ../bytes/sarif >out.sarif");
    gitleaks(&project, &[&leaked, &neighbour], "");

    let output =
        project.command(&["run", "--verbose", "--jobs", "4"]).env("DEPLOY_TOKEN", &token).output().unwrap();
    let ran = Ran::of(output);
    assert_eq!((ran.code, &project.gate("secrets")["outcome"]), (0, &"failed".into()), "{}", ran.all());
    for value in [&leaked, &neighbour, &token] {
        assert_hidden(&project, &ran, value);
    }
    assert!(project.gate("dies")["reason"].as_str().unwrap().contains("REDACTED and REDACTED at REDACTED"));
    let log = project.read("gates-report/logs/prints/root/stdout.log");
    assert!(log.contains("x REDACTED;REDACTED\nREDACTED"), "{}", &log[log.len() - 200..]);
    let kept = project.read("gates-report/reports/secrets/history/gitleaks-history.json");
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!((&kept[0]["Secret"], &kept[0]["RuleID"]), (&"REDACTED".into(), &"rule".into()));
}

#[test]
fn a_private_key_is_struck_out_line_by_line() {
    let lines: Vec<String> = (0..6).map(|n| format!("MIIEq{n}Zx8").repeat(8)).collect();
    let [begin, end] = ["BEGIN", "END"].map(|word| format!("-----{word} RSA {} KEY-----", "PRIVATE"));
    let key = format!("{begin}\n{}\n{end}", lines.join("\n"));
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = 'prints'\ntool = 'command'\nrun = ['prints']\n[[gate]]\nid = 'secrets'\ntool = 'gitleaks'\n",
    );
    let indented = lines.iter().map(|line| format!("    {line}\r\n")).collect::<String>();
    let page =
        format!("{indented}{}\n{}\n", serde_json::to_string(&key).unwrap(), command(&key, &["base64"]));
    writes(&project, "prints", "-", page.as_bytes(), "", 0);
    gitleaks(&project, &[&key], "");
    let ran = project.run(&["run"]);
    let wrapped = command(&key, &["base64"]);
    for (name, bytes) in outputs(&project, &ran) {
        let text = String::from_utf8_lossy(&bytes);
        let parts = lines.iter().map(String::as_str).chain(wrapped.lines().filter(|row| row.len() > 20));
        parts.for_each(|part| assert!(!text.contains(&part[2..]), "{name} holds {part}:\n{text}"));
    }
}

#[test]
fn secrets_that_gates_toml_gives_are_neither_recorded_nor_planned() {
    let (argument, set) = (secret("argument").replace('"', ""), secret("set").replace('"', ""));
    let project = Project::with_gates(&format!(
        "version = 1\n[[gate]]\nid = 'image'\ntool = 'docker-build'\nimages = [{{ name = 'a', build_args = {{ NPM_TOKEN = '{argument}' }} }}]\n\
         [[gate]]\nid = 'prints'\ntool = 'command'\nrun = ['sh', '-c', 'echo $DB_PASSWORD']\nenv = {{ DB_PASSWORD = '{set}' }}\n"
    ));
    project.program("docker", "echo \"$@\" >&2; exit 1");
    for args in [vec!["run", "--verbose"], vec!["plan"], vec!["plan", "--format", "json"]] {
        let ran = project.run(&args);
        assert_hidden(&project, &ran, &argument);
        assert_hidden(&project, &ran, &set);
    }
    assert_eq!(project.read("gates-report/logs/prints/root/stdout.log"), "REDACTED\n");
    assert!(project.gate("image")["targets"][0]["command"].to_string().contains("NPM_TOKEN=REDACTED"));
}

#[test]
fn what_gitleaks_reports_never_touches_a_disk() {
    let leaked = secret("leaked");
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = 'secrets'\ntool = 'gitleaks'\n\
         [[gate]]\nid = 'looks'\ntool = 'command'\nrun = ['looks']\nneeds = ['secrets']\n",
    );
    gitleaks(&project, &[&leaked], "");
    let scratch = project.root().join("../scratch");
    fs::create_dir(&scratch).unwrap();
    project.program("looks", &format!("! grep -rqF 'ter2+leaked' '{}'", scratch.display()));
    let ran = Ran::of(project.command(&["run"]).env("TMPDIR", &scratch).output().unwrap());
    assert_eq!(project.gate("looks")["outcome"], "passed", "{}", ran.all());
    // Nor does output that is not a report.
    writes(&project, "gitleaks", "-", format!("Secret: {leaked}\n[]").as_bytes(), SCANNED, 77);
    let ran = Ran::of(project.command(&["run"]).env("TMPDIR", &scratch).output().unwrap());
    assert_eq!(project.gate("secrets")["outcome"], "inconclusive");
    assert_hidden(&project, &ran, &leaked);
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
}

/// git-secrets prints its findings as errors, each with the whole line.
#[test]
fn the_output_of_git_secrets_touches_no_disk_and_reaches_no_output() {
    let leaked = secret("leaked").replace('"', "");
    let project = Project::with_gates(
        "version = 1\n[[gate]]\nid = 'secrets'\ntool = 'git-secrets'\npatterns = ['hunter']\n\
         [[gate]]\nid = 'looks'\ntool = 'command'\nrun = ['looks']\nneeds = ['secrets']\n\
         [[gate]]\nid = 'prints'\ntool = 'command'\nrun = ['prints']\nneeds = ['looks']\n",
    );
    project.git(&["init", "--quiet"]);
    project.write("src/a.ts", "a\n");
    project.commit("a file");
    let scratch = project.root().join("../scratch");
    fs::create_dir(&scratch).unwrap();
    project.program("looks", &format!("! grep -rqF 'ter2+leaked' '{}'", scratch.display()));
    writes(&project, "prints", "-", spellings(&leaked).join("\n").as_bytes(), &leaked, 0);

    let matched = format!("src/a.ts:1:const key = '{leaked}';\n");
    let mark = "\n[ERROR] Matched one or more prohibited patterns\n";
    let run = |stdout: &str, stderr: &str, code| {
        writes(&project, "git-secrets", "-", stdout.as_bytes(), stderr, code);
        let ran = Ran::of(project.command(&["run", "--verbose"]).env("TMPDIR", &scratch).output().unwrap());
        for (name, bytes) in outputs(&project, &ran) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(name.contains("/logs/prints/") || !text.contains("ter2+leaked"), "{name}:\n{text}");
        }
        assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
        (project.gate("secrets")["outcome"].as_str().unwrap().to_owned(), ran)
    };
    let (outcome, ran) = run("", &format!("{matched}{mark}"), 1);
    assert_eq!(
        (outcome.as_str(), &project.gate("looks")["outcome"]),
        ("failed", &"passed".into()),
        "{}",
        ran.all()
    );
    assert_hidden(&project, &ran, &leaked);
    assert_eq!(project.record()["findings"][0]["location"]["path"], "src/a.ts");
    // Other options show nothing more.
    for (stdout, stderr, code) in [
        ("", matched.clone(), 1),
        ("", format!("{leaked}\n"), 1),
        ("", format!("fatal: command line, '{leaked}(': Unmatched ( or \\(\n"), 128),
        (&*matched, mark.to_owned(), 1),
        (&*matched, String::new(), 0),
        ("", format!("{matched}{mark}"), 2),
    ] {
        let (outcome, ran) = run(stdout, &stderr, code);
        assert!(outcome == "inconclusive" || stderr.is_empty(), "{stderr}: {}", ran.all());
    }

    let report = project.write("../found.txt", format!("{matched}{mark}"));
    let ran = project.run(&["judge", "--report", &format!("git-secrets={}", report.display())]);
    assert_eq!(project.gate("secrets")["outcome"], "failed", "{}", ran.all());
    assert_hidden(&project, &ran, &leaked);
}

#[test]
fn a_secret_that_would_still_be_published_fails_the_run() {
    let project = Project::with_gates("version = 1\n[[gate]]\nid = 'secrets'\ntool = 'gitleaks'\n");
    // It is a key of run.json, so it can't be removed there.
    gitleaks(&project, &["portcullis_version"], "");
    let ran = project.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(
        ran.stderr.contains("a secret would have been published, so run.json was removed"),
        "{}",
        ran.all()
    );
    assert!(!project.root().join("gates-report/run.json").exists());
}
