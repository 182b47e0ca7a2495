//! What package managers print after the program that they started.

/// Whether a line after a summary is no sign of another error: it is empty, or a package manager says that the script
/// failed. npm and pnpm name a workspace if they ran several scripts; then the code may be of another one.
pub(super) fn is_harmless(line: &str) -> bool {
    let line = line.trim();
    if line.is_empty() {
        return true;
    }
    let npm = line.strip_prefix("npm error").or_else(|| line.strip_prefix("npm ERR!")).map(str::trim);
    match npm {
        Some(said) => !said.starts_with("workspace"),
        None => HARMLESS.iter().any(|known| line.starts_with(known)),
    }
}

const HARMLESS: [&str; 7] = [
    // pnpm
    "ELIFECYCLE  Test failed.",
    "ELIFECYCLE  Command failed with exit code",
    "[ELIFECYCLE] Test failed.",
    "[ELIFECYCLE] Command failed with exit code",
    // Yarn 1
    "error Command failed with exit code",
    "info Visit https://yarnpkg.com/en/docs/cli/run for documentation",
    // Bun
    "error: script \"",
];
