//! What is known of programs without a gate of their own: exit codes that their makers document, and that mean something else in
//! a shell; and which inputs they read.

use crate::model::input::{InputKind, Language, PackageManager as Manager};
use crate::scan::parsed::Exit;
use crate::scan::reads::{Reach, Reads};

use super::one_place;
use super::programs::{first_names, name, names};
use super::type_checkers;

/// A program, and which of its codes mean findings.
type Known = (&'static str, fn(i32) -> bool);

const FINDINGS: [Known; 2] = [
    // https://github.com/mongodb/kingfisher, "Exit Codes": 205 if a secret was found to be valid.
    ("kingfisher", |code| [200, 205].contains(&code)),
    // The number of failures, at most 255 (`lib/cli/run-helpers.js`, 11.8).
    ("mocha", |code| (1..=255).contains(&code)),
];

/// Codes that mean that nothing was tested (`pytest.ExitCode`, 9.2).
const FAULTS: [(&str, i32, &str); 3] = [
    ("pytest", 3, "internal error of pytest"),
    ("pytest", 4, "pytest was used wrongly"),
    ("pytest", 5, "pytest collected no test"),
];

/// What programs without a gate of their own read below the folder that they are started in.
const READS: [(&str, &[InputKind]); 35] = [
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
    ("kustomize", &[InputKind::Kustomize]),
    ("kubectl-kustomize", &[InputKind::Kustomize]),
    ("tflint", &[InputKind::TerraformRoot]),
    ("tfsec", &[InputKind::TerraformRoot]),
    ("terraform", &[InputKind::TerraformRoot]),
    ("tofu", &[InputKind::TerraformRoot]),
    ("tsc", &[InputKind::TsConfig]),
    ("nuxt-typecheck", &[InputKind::TsConfig, VUE]),
    ("nuxi-typecheck", &[InputKind::TsConfig, VUE]),
    ("vue-tsc", &[InputKind::TsConfig, VUE]),
    ("svelte-check", &[InputKind::TsConfig, SVELTE]),
    ("astro-check", &[InputKind::TsConfig, ASTRO]),
    ("ngc", &[InputKind::TsConfig, ANGULAR]),
    ("ng-build", &[InputKind::TsConfig, ANGULAR]),
    ("eslint", &[InputKind::Eslint, JAVASCRIPT, TYPESCRIPT, VUE, SVELTE]),
    ("biome", &[InputKind::Biome, JAVASCRIPT, TYPESCRIPT, VUE, SVELTE, ASTRO]),
    ("oxlint", &[InputKind::Oxlint, JAVASCRIPT, TYPESCRIPT, VUE, SVELTE, ASTRO]),
    ("deno", &[JAVASCRIPT, TYPESCRIPT]),
    ("semgrep", &[JAVASCRIPT, TYPESCRIPT, VUE]),
    ("opengrep", &[JAVASCRIPT, TYPESCRIPT, VUE]),
];

const JAVASCRIPT: InputKind = InputKind::Source(Language::JavaScript);
const TYPESCRIPT: InputKind = InputKind::Source(Language::TypeScript);
const VUE: InputKind = InputKind::Source(Language::Vue);
const SVELTE: InputKind = InputKind::Source(Language::Svelte);
const ANGULAR: InputKind = InputKind::Source(Language::Angular);
const ASTRO: InputKind = InputKind::Source(Language::Astro);

/// Configurations that hold for a tree, above and below.
const OF_A_TREE: [InputKind; 3] = [InputKind::Eslint, InputKind::Biome, InputKind::Oxlint];

/// Every lock file.
const LOCKS: [InputKind; Manager::ALL.len()] = {
    let mut locks = [InputKind::Lock(Manager::Npm); Manager::ALL.len()];
    let mut at = 0;
    while at < locks.len() {
        locks[at] = InputKind::Lock(Manager::ALL[at]);
        at += 1;
    }
    locks
};

/// Programs that start another one.
const LAUNCHERS: [&str; 14] = [
    "npx", "pnpx", "bunx", "uvx", "pipx", "npm", "pnpm", "yarn", "bun", "uv", "poetry", "python", "python3",
    "bundle",
];

/// The most words before the arguments of a program: `npx --no-install astro check`.
const MOST_BEFORE: usize = 5;

/// Words in front of what a program reads, and that are no path.
const SUBCOMMANDS: [&str; 13] = [
    "audit", "check", "ci", "deny", "dir", "exec", "lint", "run", "scan", "source", "template", "validate",
    "test",
];

/// Whether a command has Terraform or OpenTofu validate a root.
pub(super) fn validates(run: &[String]) -> bool {
    let is_started = first_names(run).first().is_some_and(|first| first == "terraform" || first == "tofu");
    is_started && run.iter().any(|word| word == "validate")
}

/// What a command reads, by the program that it starts, itself or through another (`npx vue-tsc`, `cargo audit`). `dir` is where it
/// starts. If it names what it reads, it reads no more.
pub(crate) fn reads(run: &[String], dir: &str) -> Vec<Reads> {
    let names = first_names(run);
    let started = match names.first() {
        Some(first) if LAUNCHERS.contains(&first.as_str()) => names.as_slice(),
        _ => names.get(..1).unwrap_or_default(),
    };
    // `cargo audit`, `npx --no-install astro check`, `pnpm exec nuxt typecheck`.
    let is_name = |word: &&String| !word.starts_with('-') && !["exec", "run", "dlx"].contains(&word.as_str());
    let plain: Vec<String> = run.iter().filter(is_name).cloned().collect();
    let plain = first_names(&plain);
    let pairs = if started.len() > 1 { plain.len() } else { 1 };
    let joined: Vec<String> = plain.windows(2).take(pairs).map(|pair| pair.join("-")).collect();
    let is_started = |program: &str| started.iter().chain(&joined).any(|name| name == program);
    // ESLint, Biome and oxlint show their settings with some options, and read other text than files with others.
    const ASKS_ONLY: [&str; 12] = [
        "--version",
        "--help",
        "-V",
        "-h",
        "version",
        "help",
        "--print-config",
        "--inspect-config",
        "--env-info",
        "--init",
        "--stdin",
        "--rules",
    ];
    let asks_only = |word: &String| ASKS_ONLY.contains(&word.split('=').next().unwrap_or(word));
    let Some((program, kinds)) = READS.iter().find(|(program, _)| is_started(program)) else {
        return Vec::new();
    };
    if run.iter().any(asks_only) {
        return Vec::new();
    }
    let is_last = |word: &String| {
        let name = name(word);
        name == *program || program.ends_with(&format!("-{name}"))
    };
    let after = run.iter().take(MOST_BEFORE).position(is_last);
    let words = run.iter().skip(after.map_or(1, |at| at + 1));
    // `-` is standard input, which is empty here.
    if run.iter().any(|word| word == "-") {
        return Vec::new();
    }
    let arguments: Vec<&str> = words.clone().map(String::as_str).collect();
    let one_place = || one_place::reads(program, &arguments, dir);
    if let Some(reads) = type_checkers::reads(program, &arguments, dir).or_else(one_place) {
        return reads;
    }
    let paths: Vec<String> = words
        .filter_map(|word| match word.strip_prefix('-') {
            // `--lockfile=app/package-lock.json`
            Some(option) => option.split_once('=').map(|(_, value)| value).filter(|value| is_path(value)),
            None => Some(word.as_str()).filter(|word| !SUBCOMMANDS.contains(word)),
        })
        .map(|word| format!("{dir}/{word}"))
        .collect();
    let kinds = || kinds.iter().copied();
    if kinds().any(|kind| matches!(kind, InputKind::Source(_))) {
        let folders = if paths.is_empty() { vec![dir.to_owned()] } else { paths };
        let is_of_tree = |kind: &InputKind| OF_A_TREE.contains(kind);
        let around = Reads::new(kinds().filter(is_of_tree), &folders, Reach::Around);
        let below = Reads::new(kinds().filter(|kind| !is_of_tree(kind)), &folders, Reach::Below);
        return vec![around, below];
    }
    // Without `-r` it looks at one folder.
    let is_deep =
        *program != "osv-scanner" || run.iter().any(|word| ["-r", "--recursive"].contains(&word.as_str()));
    let reach = if is_deep { Reach::Below } else { Reach::Here };
    match paths.is_empty() {
        true => vec![Reads::new(kinds(), &[dir.to_owned()], reach)],
        false => [reach, Reach::Exactly].map(|reach| Reads::new(kinds(), &paths, reach)).into(),
    }
}

/// Whether the value of an option may be a path of the repository: `--format=json` has none.
fn is_path(value: &str) -> bool {
    value.contains(['/', '.']) && !value.starts_with(['/', '~']) && !value.contains("://")
}

/// The meaning of a code of the program that a command starts, itself or through another (`uvx kingfisher`).
pub(super) fn exit(run: &[String], code: i32) -> Option<Exit> {
    exit_of(&names(run), code)
}

/// The meaning of a code of one of these programs.
pub(super) fn exit_of<T: AsRef<str>>(programs: &[T], code: i32) -> Option<Exit> {
    let is_started = |program: &str| programs.iter().any(|name| name.as_ref() == program);
    let fault = FAULTS.iter().find(|(program, known, _)| *known == code && is_started(program));
    let known = || FINDINGS.iter().find(|(program, _)| is_started(program));
    let findings = || known().filter(|(_, is_finding)| is_finding(code)).map(|_| Exit::Findings);
    fault.map(|(.., meaning)| Exit::Fault(meaning)).or_else(findings)
}

/// The meaning of codes above 128 in a shell: 128 plus the number of the signal.
pub(super) fn signal(code: i32) -> &'static str {
    match code {
        129 => "ended by signal 1, SIGHUP",
        130 => "ended by signal 2, SIGINT",
        131 => "ended by signal 3, SIGQUIT",
        132 => "ended by signal 4, SIGILL",
        134 => "ended by signal 6, SIGABRT",
        135 => "ended by signal 7, SIGBUS",
        136 => "ended by signal 8, SIGFPE",
        137 => "ended by signal 9, SIGKILL: out of memory?",
        139 => "ended by signal 11, SIGSEGV",
        141 => "ended by signal 13, SIGPIPE",
        143 => "ended by signal 15, SIGTERM",
        _ => "ended by a signal, or a failure of its own",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_reads_what_it_is_started_on() {
        let docker = InputKind::Dockerfile;
        let covers = |run: &[&str], kind, path: &str| {
            let run: Vec<String> = run.iter().map(|word| (*word).to_owned()).collect();
            // As the engine does with folders from gates.toml.
            let from_top = |folder: &String| match folder.trim_start_matches("./").trim_end_matches('/') {
                "" => ".".to_owned(),
                folder => folder.to_owned(),
            };
            reads(&run, ".").iter().any(|reads| {
                let folders: Vec<String> = reads.folders.iter().map(from_top).collect();
                reads.covers(kind, path, &folders)
            })
        };
        for (run, kind, path, expected) in [
            (&["hadolint", "a/Dockerfile"][..], docker, "a/Dockerfile", true),
            (&["hadolint", "a/Dockerfile"], docker, "b/Dockerfile", false),
            (&["hadolint", "--version"], docker, "a/Dockerfile", false),
            (&["echo", "hadolint"], docker, "a/Dockerfile", false),
            (&["kube-linter", "lint", "k"], InputKind::Kubernetes, "k/a.yaml", true),
            (&["kube-linter", "lint", "k"], InputKind::Kubernetes, "o/a.yaml", false),
            (&["npx", "vue-tsc", "--build"], InputKind::TsConfig, "web/tsconfig.json", false),
            (&["npx", "vue-tsc", "--build"], InputKind::TsConfig, "tsconfig.json", true),
            (&["npx", "tsc", "--noEmit"], InputKind::TsConfig, "web/tsconfig.json", false),
            (&["npx", "tsc", "--noEmit"], InputKind::TsConfig, "tsconfig.json", true),
            (&["tsc", "-p", "tsconfig.app.json"], InputKind::TsConfig, "tsconfig.app.json", true),
            (&["nuxt", "typecheck"], InputKind::TsConfig, "tsconfig.json", true),
            (&["npx", "--no-install", "nuxt", "typecheck"], InputKind::TsConfig, "tsconfig.json", true),
            (&["pnpm", "exec", "astro", "check"], InputKind::TsConfig, "tsconfig.json", true),
            (&["nuxt", "build"], InputKind::TsConfig, "tsconfig.json", false),
            (&["cargo", "audit"], InputKind::Lock(Manager::Cargo), "Cargo.lock", true),
            (&["cargo", "test"], InputKind::Lock(Manager::Cargo), "Cargo.lock", false),
            (
                &["pip-audit", "-r", "a/requirements.txt"],
                InputKind::Lock(Manager::Pip),
                "b/requirements.txt",
                false,
            ),
            (&["osv-scanner", "-r", "."], InputKind::Lock(Manager::Go), "x/go.sum", true),
            (&["osv-scanner", "--lockfile=a/go.sum"], InputKind::Lock(Manager::Go), "a/go.sum", true),
            (&["osv-scanner", "--lockfile=a/go.sum"], InputKind::Lock(Manager::Go), "b/go.sum", false),
            (&["osv-scanner", "-r", "--format=sarif"], InputKind::Lock(Manager::Go), "b/go.sum", true),
            (&["osv-scanner", "scan", "source", "."], InputKind::Lock(Manager::Go), "b/go.sum", false),
            (&["osv-scanner", "scan", "source", "."], InputKind::Lock(Manager::Go), "go.sum", true),
            (&["hadolint", "-"], docker, "Dockerfile", false),
            (&["vue-tsc", "-p", "a"], VUE, "a/src/A.vue", true),
            (&["vue-tsc", "-p", "a/tsconfig.json"], VUE, "b/A.vue", false),
            (&["vue-tsc", "-p", "tsconfig.app.json"], VUE, "src/A.vue", true),
            (&["npx", "eslint", "src"], InputKind::Eslint, "eslint.config.js", true),
            (&["npx", "eslint", "src"], TYPESCRIPT, "src/a.ts", true),
            (&["npx", "eslint", "src"], TYPESCRIPT, "scripts/a.ts", false),
            (&["npx", "eslint", "--print-config", "src/a.ts"], TYPESCRIPT, "src/a.ts", false),
            (&["eslint", "--stdin"], TYPESCRIPT, "src/a.ts", false),
            (&["biome", "ci"], TYPESCRIPT, "scripts/a.ts", true),
        ] {
            assert_eq!(covers(run, kind, path), expected, "{run:?} {path}");
        }
    }
}
