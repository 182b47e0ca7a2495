//! Commands in scripts, and those that build images.
//!
//! Source: the references of `docker build`, `docker buildx build`, `podman build`, `buildah build`, and of kaniko's executor:
//! the Dockerfile is named from where the command runs, the default lies in the context.

use crate::inputs::build_args::{self, BuildArgs};

/// A build as a file tells it: nothing is looked up yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ToldBuild {
    /// The Dockerfile; `None`: the default one of the context.
    pub(super) file: Option<String>,
    /// `None`: the folder of the Dockerfile.
    pub(super) context: Option<String>,
    pub(super) target: Option<String>,
    /// The Dockerfile is named from the context, not from where the command runs.
    pub(super) file_in_context: bool,
    pub(super) args: BuildArgs,
    /// A key says that it is a Dockerfile; who builds it, and how, nobody here knows.
    pub(super) is_guess: bool,
    /// Where the command runs, from where the file's commands begin.
    pub(super) cwd: String,
}

/// The longest path (PATH_MAX).
const LONGEST: usize = 4096;

/// A script that starts more builds is no script.
pub(super) const MOST_BUILDS: usize = 1000;

/// The builds that a script starts.
pub(super) fn builds(script: &str) -> Vec<ToldBuild> {
    let mut builds = Vec::new();
    let (mut cwd, mut before) = (String::new(), Vec::new());
    for words in commands(script) {
        if builds.len() >= MOST_BUILDS {
            break;
        }
        let words = command(&words);
        match words {
            [popd, ..] if popd == "popd" => cwd = before.pop().unwrap_or_default(),
            [cd, back, ..] if cd == "cd" && back == "-" => cwd = before.pop().unwrap_or_default(),
            [cd, folder, ..] if cd == "cd" || cd == "pushd" => {
                before.push(cwd.clone());
                before.truncate(MOST_BUILDS);
                cwd = match at_top(folder) {
                    Some(rest) => rest,
                    None if cwd.len() + folder.len() < LONGEST => format!("{cwd}/{folder}"),
                    None => String::new(),
                };
            }
            _ => builds.extend(
                build(words).map(|build| ToldBuild { cwd: cwd.trim_matches('/').to_owned(), ..build }),
            ),
        }
    }
    builds
}

/// The words after assignments and programs that start programs.
pub(crate) fn command(words: &[String]) -> &[String] {
    const BEFORE: [&str; 14] =
        ["sudo", "exec", "time", "env", "command", "then", "else", "do", "if", "!", "{", "(", "run", "nice"];
    let is_assignment = |word: &str| {
        word.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        })
    };
    let passed = |word: &&String| BEFORE.contains(&word.as_str()) || is_assignment(word);
    let start = words.iter().take_while(passed).count();
    &words[start..]
}

/// The build that a command starts.
pub(super) fn build(words: &[String]) -> Option<ToldBuild> {
    let (program, rest) = words.split_first()?;
    // A recipe of make may begin with `@` or `-`.
    let program = program.trim_start_matches(['@', '-', '+']).rsplit('/').next()?;
    let kaniko = program == "executor" && words[0].contains("kaniko");
    let args = match program {
        "docker" | "podman" | "nerdctl" | "finch" | "buildah" | "$(DOCKER)" | "${DOCKER}" | "$DOCKER" => {
            let verbs = ["image", "buildx", "builder"];
            let mut rest = rest;
            while let Some((first, after)) =
                rest.split_first().filter(|(word, _)| word.starts_with('-') || verbs.contains(&word.as_str()))
            {
                // `docker --context other build`
                let takes = ["--context", "-c", "--host", "-H", "--config", "--log-level", "-l", "--builder"];
                rest = if takes.contains(&first.as_str()) { after.get(1..)? } else { after };
            }
            let (verb, args) = rest.split_first()?;
            ["build", "b", "bud"].contains(&verb.as_str()).then_some(args)?
        }
        "executor" if kaniko => rest,
        _ => return None,
    };
    let mut build = ToldBuild::default();
    let mut input = None;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if let Some(at) = arg.find(['<', '>']).filter(|at| arg[..*at].chars().all(|c| c.is_ascii_digit())) {
            let rest = arg[at + 1..].trim_start_matches(['<', '>']);
            let named = if rest.is_empty() { args.next().map(String::as_str) } else { Some(rest) };
            input = named.filter(|_| arg[at..].starts_with('<')).map(str::to_owned).or(input);
            continue;
        }
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) if name.starts_with('-') => (name, Some(value.to_owned())),
            _ => (arg.as_str(), None),
        };
        let mut own = || value.clone().or_else(|| args.next().cloned());
        match name {
            "-f" | "--file" | "--dockerfile" => build.file = own(),
            "--target" => build.target = own(),
            "--build-arg" => build.args.extend(own().as_deref().and_then(build_args::of_word)),
            "--context" | "-c" if kaniko => {
                build.context = own().map(|text| text.trim_start_matches("dir://").to_owned())
            }
            _ if is_flag(name) => {}
            _ if name.starts_with("-f") && !name.starts_with("--") => build.file = Some(name[2..].to_owned()),
            _ if name.starts_with('-') && name.len() > 1 => drop(own()),
            _ => build.context = Some(arg.clone()),
        }
    }
    // `docker build - < a/Dockerfile`, `docker build -f - . < a/Dockerfile`
    if input.is_some() && build.context.as_deref() == Some("-") {
        return Some(ToldBuild { file: input, context: None, ..build });
    }
    build.file = if build.file.as_deref() == Some("-") { Some(input?) } else { build.file };
    (build.context.is_some()).then_some(build)
}

/// Options that take no value.
fn is_flag(name: &str) -> bool {
    const FLAGS: [&str; 22] = [
        "--no-cache",
        "--pull",
        "--push",
        "--load",
        "-q",
        "--quiet",
        "--rm",
        "--force-rm",
        "--squash",
        "--compress",
        "-D",
        "--debug",
        "--check",
        "--layers",
        "--squash-all",
        "--tls-verify",
        "--no-push",
        "--cleanup",
        "--reproducible",
        "--pull-always",
        "--insecure",
        "--stream",
    ];
    FLAGS.contains(&name)
}

/// The commands of a script, each as words.
pub(crate) fn commands(script: &str) -> Vec<Vec<String>> {
    let script = script.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut commands = Vec::new();
    for line in script.lines() {
        let (mut words, mut word): (Vec<String>, Option<String>) = (Vec::new(), None);
        let mut quote = None;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match (quote, c) {
                (Some(open), c) if c == open => quote = None,
                (None, '"' | '\'') => {
                    quote = Some(c);
                    word.get_or_insert_default();
                }
                (None, '#') if word.is_none() => break,
                (None, ';' | '&' | '|') => {
                    words.extend(word.take());
                    commands.push(std::mem::take(&mut words));
                }
                (None, c) if c.is_whitespace() => words.extend(word.take()),
                // `$(pwd)` and `${{ github.workspace }}` are parts of a word.
                (_, '$') if matches!(chars.peek(), Some('(' | '{')) => {
                    let mut text = String::from('$');
                    let mut depth = 0;
                    for c in chars.by_ref() {
                        text.push(c);
                        depth += i32::from(matches!(c, '(' | '{')) - i32::from(matches!(c, ')' | '}'));
                        if depth == 0 {
                            break;
                        }
                    }
                    word.get_or_insert_default().push_str(&text);
                }
                (_, c) => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        commands.push(words);
    }
    commands.retain(|words| !words.is_empty());
    commands
}

/// What follows a variable that CI services and shells set to the top of the checkout.
pub(super) fn at_top(path: &str) -> Option<String> {
    const TOPS: [&str; 16] = [
        "$(pwd)",
        "${PWD}",
        "$PWD",
        "$(git rev-parse --show-toplevel)",
        "${{ github.workspace }}",
        "${{github.workspace}}",
        "$GITHUB_WORKSPACE",
        "${GITHUB_WORKSPACE}",
        "$CI_PROJECT_DIR",
        "${CI_PROJECT_DIR}",
        "$WORKSPACE",
        "${WORKSPACE}",
        "$CODEBUILD_SRC_DIR",
        "$BITBUCKET_CLONE_DIR",
        "$(Build.SourcesDirectory)",
        "$(System.DefaultWorkingDirectory)",
    ];
    let rest = TOPS.iter().find_map(|top| path.strip_prefix(top))?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/').to_owned())
}

/// Whether a program is a shell script: `#!/bin/sh`, `#!/usr/bin/env bash`.
pub(super) fn is_shell(bytes: &[u8]) -> bool {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    let shells = ["sh", "bash", "dash", "ksh", "zsh"];
    first
        .strip_prefix("#!")
        .is_some_and(|line| line.split([' ', '/', '\t']).any(|word| shells.contains(&word.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(script: &str) -> Vec<String> {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let shown = |build: &ToldBuild| {
            let args = build.args.iter().map(|(name, value)| format!(" {name}={}", or(value)));
            let args: String = args.collect();
            format!("{}:{} {} {}{args}", build.cwd, or(&build.file), or(&build.context), or(&build.target))
        };
        builds(script).iter().map(shown).collect()
    }

    #[test]
    fn a_build_names_file_context_and_target() {
        for (script, expected) in [
            ("docker build .", ":- . -"),
            (
                "docker build -t a:1 --build-arg X=1 -f docker/api.prod --target run api",
                ":docker/api.prod api run X=1",
            ),
            (
                "docker build --build-arg=A=\"b c\" --build-arg V=$(date) --build-arg W .",
                ":- . - A=b c V=$(date) W=-",
            ),
            (
                "sudo docker buildx build --push --platform linux/amd64 --file=a/Dockerfile ./a",
                ":a/Dockerfile ./a -",
            ),
            (
                "DOCKER_BUILDKIT=1 docker image build \\\n  --no-cache \\\n  -fDockerfile.x .",
                ":Dockerfile.x . -",
            ),
            ("podman build --pull -t x \"my folder\"", ":- my folder -"),
            ("buildah bud -f C .", ":C . -"),
            ("docker --context remote build b", ":- b -"),
            (
                "/kaniko/executor --context $CI_PROJECT_DIR/api --dockerfile=D --target t",
                ":D $CI_PROJECT_DIR/api t",
            ),
            ("cd api && docker build . ; echo done", "api:- . -"),
            ("pushd a; popd; docker build b", ":- b -"),
            ("cd a; cd b; cd -; docker build .", "a:- . -"),
            ("docker build - < a/img", ":a/img - -"),
            ("docker build -t x -f - . <a/img", ":a/img . -"),
            ("docker build -f a/img . > log 2>/dev/null", ":a/img . -"),
            ("if true; then docker build x; fi", ":- x -"),
            ("\t@docker build -t $(IMAGE) services/$(NAME)", ":- services/$(NAME) -"),
            ("docker build --build-arg \"A=b c\" . # not this", ":- . - A=b c"),
        ] {
            assert_eq!(shown(script), [expected], "{script}");
        }
    }

    #[test]
    fn other_commands_build_nothing() {
        for script in [
            "docker run build .",
            "# docker build .",
            "echo docker build .",
            "docker build",
            "docker",
            "make build",
        ] {
            assert_eq!(shown(script), [""; 0], "{script}");
        }
        assert_eq!(shown(&"$(".repeat(50_000)), [""; 0]);
    }
}
