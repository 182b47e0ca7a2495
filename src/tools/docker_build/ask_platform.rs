//! Only `platform` and `platforms` ask for a platform: what asks elsewhere is not compared with what was built.

use crate::keys::table::Keys;
use crate::keys::values::{entry_of, texts_of};

/// The platform of every command of Docker that names none (docker/cli, `docs/reference/commandline/cli.md`). The gate does not get it.
pub(super) const VARIABLE: &str = "DOCKER_DEFAULT_PLATFORM";

const HELP: &str =
    "write `platform = \"linux/arm64\"` for the image: the gate compares it with what was built";

/// Refuses other ways to ask for one.
pub(super) fn check(keys: &Keys) {
    const OPTIONS: [&str; 4] = ["--platform", "--arch", "--os", "--variant"];
    if let Some(at) = entry_of(keys, "env", VARIABLE) {
        keys.problem_with_help(at, format!("`env` sets {VARIABLE}"), HELP);
    }
    for arg in texts_of(keys, "args") {
        let option = arg.value.split('=').next().unwrap_or_default();
        if OPTIONS.contains(&option) {
            keys.problem_with_help(arg.at, format!("`args` has {option}"), HELP);
        }
    }
}
