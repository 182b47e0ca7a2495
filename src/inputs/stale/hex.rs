//! `mix.exs` and `mix.lock`. `mix.exs` is a program: where it decides something about its dependencies, nothing is sure.

use std::collections::BTreeSet;

use super::Named;
use crate::inputs::code::{bodies, without_comments};
use crate::inputs::required::deps_of_mix;

/// `"jason": {:hex, :jason, "1.4.0", …}`
pub(super) fn named(text: &str) -> Option<Named> {
    text.trim_start().starts_with("%{").then_some(())?;
    let names = text.lines().filter_map(|line| line.trim_start().strip_prefix('"')?.split_once("\":"));
    Some(Named { all: names.map(|(name, _)| name.to_owned()).collect(), ..Named::default() })
}

/// `{:jason, "~> 1.4"}` in `deps`. What is for some `targets` is locked for the last of them alone.
pub(super) fn asked(text: &str) -> BTreeSet<String> {
    const SOMETIMES: [&str; 6] = ["path:", "in_umbrella:", "targets:", "env:", "system_env:", "optional:"];
    let code = without_comments(text, "#", false);
    let deps = deps_of_mix(&code);
    if ["if ", "case ", "cond ", "unless ", "System.", "for ", "when "].iter().any(|word| deps.contains(word))
    {
        return BTreeSet::new();
    }
    let tuples = bodies(deps, "{:", ('{', '}'));
    let plain = tuples.filter(|tuple| !SOMETIMES.iter().any(|word| tuple.contains(word)));
    let named = plain.filter_map(|tuple| tuple.split_once(','));
    let names = named.map(|(name, _)| name.trim());
    let is_atom = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    names.filter(is_atom).map(str::to_owned).collect()
}
