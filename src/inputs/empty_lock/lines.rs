//! The lock files that are read line by line: whether a line names a package.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// A line of `pnpm-lock.yaml` in which no package can be: `importers:`, `  .: {}`.
pub(super) fn is_empty_pnpm(line: &str) -> bool {
    let line = line.trim();
    line.is_empty()
        || ["---", "importers:", ".: {}", "settings:"].contains(&line)
        || ["lockfileVersion: ", "autoInstallPeers: ", "excludeLinksFromLockfile: "].iter().any(|key| {
            line.strip_prefix(key).is_some_and(|value| {
                value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"'.".contains(&byte))
            })
        })
}

/// A file of `pip lock` without packages. What a requirements file takes from git or an archive has a version, which scanners pass over.
pub(super) fn is_empty_pip(text: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Pylock {
        #[serde(rename = "lock-version")]
        _version: IgnoredAny,
        #[serde(default)]
        packages: Vec<IgnoredAny>,
    }
    toml::from_str::<Pylock>(text).is_ok_and(|lock| lock.packages.is_empty())
}

/// A map of Elixir to its end.
pub(super) fn is_whole_map(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("%{") && text.ends_with('}')
}

/// The brackets of the map, or `"b": {:git, …},`.
pub(super) fn is_no_hex_package(line: &str) -> bool {
    let line = line.trim();
    let of_git = line.split_once(':').is_some_and(|(name, rest)| {
        name.starts_with('"') && name.ends_with('"') && rest.trim_start().starts_with("{:git,")
    });
    ["", "%{", "}", "%{}"].contains(&line) || (of_git && !line.contains("{:hex,"))
}

/// Whether it is of Yarn, in lines.
pub(super) fn is_yarn(text: &str) -> bool {
    (text.contains("# yarn lockfile v1") || text.contains("__metadata:"))
        && !text.replace("\r\n", "\n").contains('\r')
}

/// A `Gemfile.lock` that lists no package, and asks for none.
pub(super) fn is_empty_bundler(text: &str) -> bool {
    let mut section = "";
    let mut lines = text.lines();
    let names_one = lines.any(|line| {
        if !line.starts_with(' ') {
            section = line;
        }
        line.starts_with("    ") || (section == "DEPENDENCIES" && line.starts_with(' '))
    });
    !names_one && text.contains("\nDEPENDENCIES\n")
}

/// What a line names that begins a package: of `"a@^1, b@npm:a@^1":`, `^1` and `npm:a@^1`. A workspace is the project itself.
pub(super) fn yarn_names(line: &str) -> impl Iterator<Item = &str> {
    let head = line.strip_suffix(':').filter(|line| !line.starts_with([' ', '#'])).unwrap_or_default();
    // The name of a package with a scope begins with `@`.
    let asked = |name: &'_ str| name.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 2);
    let names = head.split(", ").map(|name| name.trim_matches('"'));
    names.filter_map(move |name| name.get(asked(name)?..)).filter(|asked| !asked.starts_with("workspace:"))
}

/// Whether a registry has it: `^1.0.0`, `npm:^1.0.0`. What comes from elsewhere has another word in front, or an address.
pub(super) fn is_of_registry(asked: &str) -> bool {
    asked.split_once(':').is_none_or(|(from, _)| from == "npm")
}
