//! Build arguments as compose files, CI files and scripts write them.
//!
//! Sources: the Compose specification ("args" of "build", "Interpolation"); the reference of `docker build` (`--build-arg`);
//! docker/build-push-action and redhat-actions/buildah-build (`build-args`); the reference of skaffold.yaml (`buildArgs`).

use std::collections::BTreeMap;

use crate::text::interpolation::is_name;
use crate::text::yaml::Node;

/// Build arguments by name; `None`: the value is known only where it is built. Values may name variables until the builds are resolved.
pub(crate) type BuildArgs = BTreeMap<String, Option<String>>;

/// The arguments of a mapping (`A: 1`), with those that it merges, or of a list (`- A=1`).
pub(super) fn of_node(args: Option<&Node>) -> BuildArgs {
    let Some(args) = args else { return BuildArgs::new() };
    let merged = args.entries().filter(|(name, _)| *name == "<<").flat_map(|(_, other)| match other {
        Node::List(_) => other.items().collect(),
        one => vec![one],
    });
    // Its own entries come last, and count.
    let all = merged.chain([args]).flat_map(Node::entries).filter(|(name, _)| is_name(name));
    let mut all: BuildArgs = all.map(|(name, value)| (name.to_owned(), value_of(value))).collect();
    all.extend(args.items().filter_map(Node::as_text).filter_map(of_word));
    all
}

/// An empty value is that of the environment.
fn value_of(value: &Node) -> Option<String> {
    value.as_text().filter(|text| !["", "null", "~"].contains(text)).map(str::to_owned)
}

/// The arguments of lines: `A=1`.
pub(super) fn of_lines(text: &str) -> BuildArgs {
    text.lines().filter_map(|line| of_word(line.trim())).collect()
}

/// `A=1`, or `A` alone, whose value is that of the environment.
pub(super) fn of_word(word: &str) -> Option<(String, Option<String>)> {
    let (name, value) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (word, None),
    };
    is_name(name).then(|| (name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::yaml::documents;

    fn shown(args: &BuildArgs) -> String {
        let one = |(name, value): (&String, &Option<String>)| match value {
            Some(value) => format!("{name}={value}"),
            None => name.clone(),
        };
        args.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn arguments_are_read_in_each_form() {
        for (text, expected) in [
            ("A: one\nB: 3\nC:\nD: ${E}\n", "A=one B=3 C D=${E}"),
            ("- A=one\n- B\n- C=${D:-x}\n", "A=one B C=${D:-x}"),
            ("<<: {A: 1, B: 2}\nB: 3\n", "A=1 B=3"),
            ("text", ""),
        ] {
            assert_eq!(
                shown(&of_node(documents(text).unwrap().first().map(|one| &**one))),
                expected,
                "{text}"
            );
        }
        assert_eq!(shown(&of_lines("A=1\n\n  B=${{ github.sha }}\nC D\n")), "A=1 B=${{ github.sha }}");
    }
}
