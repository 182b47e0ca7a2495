//! What is known of programs without a gate of their own: exit codes that their makers document, and that mean something else in
//! a shell; and which inputs they read.

use crate::model::input::{InputKind, PackageManager as Manager};
use crate::scan::parsed::Exit;

/// A program, and which of its codes mean findings.
type Known = (&'static str, fn(i32) -> bool);

const FINDINGS: [Known; 2] = [
    // https://github.com/mongodb/kingfisher, "Exit Codes": 205 if a secret was found to be valid.
    ("kingfisher", |code| [200, 205].contains(&code)),
    // The number of failures, at most 255 (`lib/cli/run-helpers.js`, 11.8).
    ("mocha", |code| (1..=255).contains(&code)),
];

/// What programs without a gate of their own read below the folder that they are started in.
const READS: [(&str, &[InputKind]); 22] = [
    ("pip-audit", &[InputKind::Lock(Manager::Pip)]),
    ("safety", &[InputKind::Lock(Manager::Pip)]),
    ("cargo-audit", &[InputKind::Lock(Manager::Cargo)]),
    ("cargo-deny", &[InputKind::Lock(Manager::Cargo)]),
    ("govulncheck", &[InputKind::Lock(Manager::Go)]),
    ("bundle-audit", &[InputKind::Lock(Manager::Bundler)]),
    ("bundler-audit", &[InputKind::Lock(Manager::Bundler)]),
    ("composer", &[InputKind::Lock(Manager::Composer)]),
    ("osv-scanner", &LOCKS),
    ("grype", &LOCKS),
    ("hadolint", &[InputKind::Dockerfile]),
    ("kubeconform", &[InputKind::Kubernetes]),
    ("kube-linter", &[InputKind::Kubernetes, InputKind::Helm]),
    ("kubescape", &[InputKind::Kubernetes, InputKind::Helm]),
    ("helm", &[InputKind::Helm]),
    ("tflint", &[InputKind::TerraformRoot]),
    ("tfsec", &[InputKind::TerraformRoot]),
    ("terraform", &[InputKind::TerraformRoot]),
    ("tofu", &[InputKind::TerraformRoot]),
    ("vue-tsc", &[InputKind::TsConfig]),
    ("svelte-check", &[InputKind::TsConfig]),
    ("eslint", &[InputKind::Eslint]),
];

/// Every lock file.
const LOCKS: [InputKind; 17] = {
    let mut locks = [InputKind::Lock(Manager::Npm); 17];
    let mut at = 0;
    while at < 17 {
        locks[at] = InputKind::Lock(Manager::ALL[at]);
        at += 1;
    }
    locks
};

/// What a command reads, by the program that it starts, itself or through another (`npx vue-tsc`, `cargo audit`).
pub(super) fn reads(run: &[String]) -> Vec<InputKind> {
    let names = names(run);
    let joined = names.windows(2).map(|pair| pair.join("-"));
    let names: Vec<String> = names.iter().cloned().chain(joined).collect();
    let known = READS.iter().filter(|(program, _)| names.iter().any(|name| name == program));
    known.flat_map(|(_, kinds)| kinds.iter().copied()).collect()
}

/// The meaning of a code of the program that a command starts, itself or through another (`uvx kingfisher`).
pub(super) fn exit(run: &[String], code: i32) -> Option<Exit> {
    let names = names(run);
    let known = FINDINGS.iter().find(|(program, _)| names.iter().any(|name| name == program));
    known.filter(|(_, is_finding)| is_finding(code)).map(|_| Exit::Findings)
}

/// The names of the programs that a command may start.
pub(super) fn names(run: &[String]) -> Vec<String> {
    let name = |word: &String| {
        let last = word.rsplit(['/', '\\']).next().unwrap_or_default();
        last.split(['@', '=']).next().unwrap_or_default().trim_end_matches(".exe").to_owned()
    };
    // Further words are its own arguments.
    const FIRST: usize = 3;
    run.iter().take(FIRST).map(name).collect()
}
