//! The lists of packages that other tools keep in a `pyproject.toml`.
//!
//! Source: Flit, "Old style metadata"; Poetry before 1.2, `dev-dependencies`; uv before 0.4.27, `dev-dependencies`; PDM, "Development
//! dependencies"; Hatch, "Environment configuration".

use toml::Value;

/// Whether one of them names a package of others.
pub(super) fn asks_elsewhere(text: &str) -> bool {
    let Ok(read) = toml::from_str::<toml::Table>(text) else { return false };
    let Some(tool) = read.get("tool") else { return false };
    let at = |path: &[&str]| path.iter().try_fold(tool, |value, key| value.get(key));
    let flit = at(&["flit", "metadata"]);
    let of_flit = ["requires", "dev-requires", "requires-extra"].iter().filter_map(|key| flit?.get(key));
    let others =
        [&["uv", "dev-dependencies"][..], &["pdm", "dev-dependencies"], &["poetry", "dev-dependencies"]];
    let environments = at(&["hatch", "envs"]).and_then(Value::as_table).into_iter().flatten();
    let of_hatch = environments
        .flat_map(|(_, own)| ["dependencies", "extra-dependencies"].iter().filter_map(|key| own.get(key)));
    of_flit.chain(others.iter().filter_map(|path| at(path))).chain(of_hatch).any(names)
}

/// A list, a table of lists, or a table of versions by name. A folder is no package of others.
fn names(list: &Value) -> bool {
    match list {
        Value::Array(lines) => lines
            .iter()
            .filter_map(Value::as_str)
            .any(|line| !line.starts_with(['-', '.']) && !line.contains("file:")),
        Value::Table(table) => table.iter().any(|(name, value)| match value {
            Value::Array(_) => names(value),
            value => name != "python" && value.get("path").is_none(),
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::asks_elsewhere;

    #[test]
    fn each_tool_has_lists_of_its_own() {
        for (text, asks) in [
            ("[tool.flit.metadata]\nrequires = ['a']\n", true),
            ("[tool.flit.metadata.requires-extra]\ntest = ['a']\n", true),
            ("[tool.poetry.dev-dependencies]\na = '1'\n", true),
            ("[tool.poetry.dev-dependencies]\na = { path = '../a' }\n", false),
            ("[tool.uv]\ndev-dependencies = ['a==1']\n", true),
            ("[tool.pdm.dev-dependencies]\nx = ['a==1']\n", true),
            ("[tool.pdm.dev-dependencies]\nx = ['-e file:///${PROJECT_ROOT}/a']\n", false),
            ("[tool.hatch.envs.default]\ndependencies = ['a==1']\n", true),
            ("[tool.hatch.envs.default]\ndependencies = []\n", false),
            ("[tool.ruff]\nline-length = 1\n", false),
        ] {
            assert_eq!(asks_elsewhere(text), asks, "{text}");
        }
    }
}
