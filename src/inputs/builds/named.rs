//! Keys that name a Dockerfile, in a text of whichever form: TOML, HCL, Starlark, JSON with comments, YAML with the marks of a template.

use crate::inputs::shell::{MOST_BUILDS, ToldBuild};

/// Whether a key says that its value is a Dockerfile: `dockerfile`, `dockerFile`, `dockerfilePath`, `containerfiles`.
pub(super) fn is_key(key: &str) -> bool {
    let plain: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    let stems = ["dockerfile", "containerfile"];
    stems.iter().any(|stem| plain.split_once(stem).is_some_and(|(_, rest)| ["", "s", "path"].contains(&rest)))
}

/// Whether a text may name one, or start a build.
pub(in crate::inputs) fn may_name_one(text: &str) -> bool {
    let builds = || [" build", "buildx", "'build", "\"build"].iter().any(|word| text.contains(word));
    let programs = ["docker", "podman", "buildah", "nerdctl"];
    ["ockerfile", "ockerFile", "OCKERFILE", "ontainerfile", "kaniko"].iter().any(|word| text.contains(word))
        || (programs.iter().any(|word| text.contains(word)) && builds())
}

/// The Dockerfiles that keys name, in any folder that the text gives as a context.
pub(in crate::inputs) fn of_text(text: &str) -> Vec<ToldBuild> {
    let mut contexts: Vec<Option<String>> = values(text, "context").into_iter().map(Some).collect();
    contexts.truncate(20);
    contexts.push(None);
    let files = ["dockerfile", "containerfile"].iter().flat_map(|stem| values(text, stem));
    let told = |file: String| {
        contexts.iter().map(move |context| ToldBuild {
            file: Some(file.clone()),
            context: context.clone(),
            file_in_context: true,
            is_guess: true,
            ..ToldBuild::default()
        })
    };
    files.flat_map(told).take(MOST_BUILDS).collect()
}

/// The values of the keys that begin or end so, as far as they are written as one word or in quotes.
fn values(text: &str, stem: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let found = lower.match_indices(stem).filter_map(|(at, _)| {
        let rest =
            text[at + stem.len()..].trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let rest = rest.trim_start_matches(['"', '\'']).trim_start_matches([' ', '\t']);
        let rest = rest.strip_prefix(":=").or_else(|| rest.strip_prefix([':', '=']))?;
        let rest = rest.trim_start_matches([' ', '\t']);
        let value = match rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            Some(quote) => rest[1..].split([quote, '\n']).next()?,
            None => rest.split([' ', '\t', '\n', '\r', ',', ')', '}', ']', ';']).next()?,
        };
        (!value.is_empty()).then(|| value.to_owned())
    });
    found.take(MOST_BUILDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_names_a_dockerfile_is_known() {
        for (key, expected) in [
            ("dockerfile", true),
            ("Dockerfile", true),
            ("dockerFile", true),
            ("dockerfile_path", true),
            ("dockerfilePath", true),
            ("build-dockerfile", true),
            ("containerfiles", true),
            ("dockerfile_inline", false),
            ("dockerfileInline", false),
            ("docker", false),
        ] {
            assert_eq!(is_key(key), expected, "{key}");
        }
    }

    #[test]
    fn a_dockerfile_is_found_in_other_forms() {
        for (text, expected) in [
            // fly.toml
            ("[build]\ndockerfile = \"u/img\"\n", "u/img -"),
            // railway.toml
            ("[build]\ndockerfilePath = 'u/img' # x\n", "u/img -"),
            // a Tiltfile
            ("docker_build('a', 'u', dockerfile='u/img', context='u')", "u/img u | u/img -"),
            // devcontainer.json
            ("{ // x\n  \"build\": {\"dockerfile\": \"u/img\"},\n}", "u/img -"),
            ("a: {{ x }}\n  dockerfile: u/img\r\n", "u/img -"),
            ("the dockerfile of u/img", ""),
        ] {
            let shown = |build: &ToldBuild| {
                format!("{} {}", build.file.as_deref().unwrap(), build.context.as_deref().unwrap_or("-"))
            };
            let shown: Vec<String> = of_text(text).iter().map(shown).collect();
            assert_eq!(shown.join(" | "), expected, "{text}");
        }
    }
}
