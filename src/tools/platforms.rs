//! The key `platforms`, which several tools have.

use crate::keys::table::Keys;
use crate::scan::platform::Platform;

/// Reads `platforms`: each once, and written as engines write it.
pub(super) fn read_platforms(table: &Keys) -> Option<Vec<String>> {
    let platforms = table.texts("platforms")?;
    if platforms.is_empty() {
        table.problem(
            table.at_key("platforms"),
            "`platforms` is empty: name at least one, or leave the key out",
        );
    }
    let mut seen: Vec<Platform> = Vec::new();
    for platform in &platforms {
        let named = Platform::named(&platform.value);
        if !Platform::is_written_well(&platform.value) {
            let what = format!("`{}` is not a platform", platform.value);
            table.problem_with_help(platform.at.clone(), what, "such as `linux/amd64` or `linux/arm/v7`");
        } else if seen.contains(&named) {
            table.problem(platform.at.clone(), format!("`platforms` names {named} twice"));
        }
        seen.push(named);
    }
    Some(platforms.into_iter().map(|platform| platform.value).collect())
}

/// The same beside `input`.
pub(super) fn input_platforms(keys: &Keys) -> Vec<String> {
    let platforms = read_platforms(keys).unwrap_or_default();
    if !platforms.is_empty() && !keys.has("input") {
        let what = "`platforms` has no effect without `input`";
        keys.problem_with_help(
            keys.at_key("platforms"),
            what,
            "the images that the run builds say it in `docker-build`",
        );
    }
    platforms
}
