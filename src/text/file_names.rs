//! Whether a sentence names a file.

/// Endings of files that tools scan. A list, because `2.0` and `example.com` look like names of files, too.
const ENDINGS: &str = " adb ads astro aspx bash bat bicep c cc cfg cjs clj cls conf cpp cs cshtml css csv cts cxx dart do \
    dockerfile env erb erl ex exs fs go gradle graphql groovy h hbs hcl hpp hrl hs htm html ini ipynb java jl js json json5 \
    jsonc jsp jsx kt kts less lock lua m md mjs ml mm mod mts mustache nix php pl pm po properties proto ps1 psm1 pug py pyi \
    pyx r rake rb rego rs rst rules sbt sc scala scss sh sol sql sum svelte swift tf tfvars toml ts tsx twig txt vb vue xml \
    yaml yml zig zsh ";

/// Names of things that end like files.
const THINGS: [&str; 5] = ["node.js", "next.js", "vue.js", "express.js", "asp.net"];

/// Files without an ending.
const NAMES: [&str; 4] = ["dockerfile", "makefile", "jenkinsfile", "containerfile"];

/// Whether a text names a file: `src/a.py`, `a.py:2`, `'main.tf'`, `Dockerfile`.
pub(crate) fn names_a_file(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || "\"'`()[]{}<>,;|=".contains(c)).any(is_file)
}

fn is_file(word: &str) -> bool {
    if word.contains("://") && !word.to_ascii_lowercase().starts_with("file:") {
        return false;
    }
    let path = without_line(word);
    let last = path.rsplit(['/', '\\', ':']).next().unwrap_or_default().to_ascii_lowercase();
    if THINGS.contains(&last.as_str()) {
        return false;
    }
    let known = |end: &str| !end.is_empty() && ENDINGS.split(' ').any(|ending| ending == end);
    match last.rsplit_once('.') {
        // `.gitignore`, and a file in a folder, whatever its ending.
        Some((stem, end)) => known(end) || (!stem.is_empty() && last.len() < path.len() && is_ending(end)),
        None => NAMES.contains(&last.as_str()),
    }
}

/// `a.py:2:7:` without its line and column.
fn without_line(word: &str) -> &str {
    let mut path = word.trim_end_matches([':', '.', '!', '?']);
    for _ in ["column", "line"] {
        match path.rsplit_once(':') {
            Some((before, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => path = before,
            _ => break,
        }
    }
    path
}

fn is_ending(end: &str) -> bool {
    (1..=12).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_from_versions_addresses_and_names() {
        for text in [
            "Syntax error at line a.py:2:\n `warn(` was unexpected",
            "Could not parse 'src/main.tf'",
            "skipped a.py",
            "a.py: syntax error",
            "file:///repo/a.rb was not read",
            "C:\\code\\a.cs could not be opened.",
            "lib/data.bin is too large",
            "Dockerfile:3 is not valid",
            "No such file: .env",
        ] {
            assert!(names_a_file(text), "{text}");
        }
        for text in [
            "version 2.0.1 is old, see https://example.test/docs/a.html",
            "Log in on semgrep.dev for more rules, e.g. those of the community.",
            "Node.js 18 is deprecated.",
            "12/30 rules ran",
            "",
        ] {
            assert!(!names_a_file(text), "{text}");
        }
    }
}
