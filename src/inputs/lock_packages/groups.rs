//! Groups of packages, which each project names as it likes.

/// Whether the name of a group says that its packages are for development alone: `dev`, `lint-ci`. Any other group may be what is shipped:
/// `worker`, `server`.
pub(in crate::inputs) fn is_of_development(group: &str) -> bool {
    const WORDS: [&str; 44] = [
        "actions",
        "bench",
        "benchmark",
        "benchmarks",
        "check",
        "checks",
        "ci",
        "coverage",
        "debug",
        "dev",
        "devel",
        "develop",
        "developer",
        "development",
        "doc",
        "docs",
        "documentation",
        "e2e",
        "example",
        "examples",
        "fmt",
        "format",
        "formatting",
        "github",
        "ide",
        "lint",
        "linters",
        "linting",
        "mypy",
        "notebook",
        "notebooks",
        "profiling",
        "qa",
        "quality",
        "release",
        "style",
        "test",
        "testing",
        "tests",
        "tooling",
        "tools",
        "typecheck",
        "types",
        "typing",
    ];
    let group = group.to_ascii_lowercase();
    group.split(['-', '_', '.', ' ']).any(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::is_of_development;

    #[test]
    fn the_name_of_a_group_tells() {
        for group in ["dev", "Test", "lint-ci", "dev_tools", "docs", "github-actions"] {
            assert!(is_of_development(group), "{group}");
        }
        for group in ["worker", "server", "main", "prod", "device", "contest"] {
            assert!(!is_of_development(group), "{group}");
        }
    }
}
