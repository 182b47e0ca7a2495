//! What an `environment.yml` of Conda says. Source: conda, "Creating an environment file manually".

use crate::text::yaml::{Node, documents};

/// Whether an `environment.yml` of Conda names one version of each package; `None`: it is no such file, or names no package.
pub(super) fn conda(text: &str) -> Result<Option<bool>, String> {
    let all = documents(text)?;
    let list = all.first().and_then(|document| document.get("dependencies"));
    let items: Vec<&Node> = list.into_iter().flat_map(Node::items).collect();
    let is_exact = |text: &str| text.contains('=') && !text.contains(['*', '<', '>', '|', ',', '~', '!']);
    let is_pinned = |node: &&Node| match node.as_text() {
        Some(text) => is_exact(text),
        // `pip:` has a list of its own.
        None => {
            node.get("pip").into_iter().flat_map(Node::items).all(|item| item.as_text().is_some_and(is_exact))
        }
    };
    Ok((!items.is_empty()).then(|| items.iter().all(is_pinned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_of_conda_is_a_lock_file_if_it_is_exact() {
        for (text, pinned) in [
            (
                "dependencies:\n  - python=3.11.4\n  - numpy=1.26.0=py311_0\n  - pip:\n    - requests==2.31.0\n",
                Some(true),
            ),
            ("dependencies: [python, numpy=1.26.0]\n", Some(false)),
            ("dependencies:\n  - numpy>=1.26\n", Some(false)),
            ("dependencies:\n  - numpy=1.26.0\n  - pip:\n    - requests\n", Some(false)),
            ("name: prod\nurl: https://example.test\n", None),
            ("", None),
        ] {
            assert_eq!(conda(text).unwrap(), pinned, "{text}");
        }
    }
}
