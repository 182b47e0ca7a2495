//! Describes what scanners' configuration files switch off: helpers for
//! [`Describe`](crate::scan::config_file::Describe).

use crate::redact::npmrc;
use crate::scan::config_file::ConfigNote;
use crate::text::sanitise::short;

/// The most keys that a description names.
const KEYS: usize = 6;
/// The most characters of a key. A line without a separator may be long.
const LONGEST_KEY: usize = 60;

/// A file in which each line that is not a comment names something to ignore.
pub(super) fn ignore_lines(content: &[u8]) -> Option<ConfigNote> {
    let text = String::from_utf8_lossy(content);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Some(ConfigNote::Ignores(lines.count()))
}

/// A file of lines `key: …`.
pub(super) fn yaml_keys(content: &[u8]) -> Option<ConfigNote> {
    Some(ConfigNote::Holds(a_few(keys(&String::from_utf8_lossy(content), ':'))))
}

/// A file of lines `key …`.
pub(super) fn spaced_keys(content: &[u8]) -> Option<ConfigNote> {
    Some(ConfigNote::Holds(a_few(keys(&String::from_utf8_lossy(content), ' '))))
}

/// An `.npmrc`. Only keys are shown: values may be secret. A key that is an address
/// (`//registry/:_authToken`) does not narrow anything.
pub(super) fn npmrc(content: &[u8]) -> Option<ConfigNote> {
    let text = String::from_utf8_lossy(content);
    let keys = npmrc::settings(&text).map(|setting| setting.key);
    Some(ConfigNote::Holds(a_few(keys.filter(|key| !key.starts_with('/')).collect())))
}

/// The keys of the lines that are not indented, keys about audits first. Only keys: values may be secret.
fn keys(text: &str, separator: char) -> Vec<String> {
    let is_key = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic() || "@-\"'".contains(c));
    let mut keys: Vec<String> = text
        .lines()
        .filter(is_key)
        .filter_map(|line| line.split_once(separator))
        .map(|(key, _)| key.trim_matches(['"', '\'', ' ']).to_owned())
        .filter(|key| !key.is_empty() && key.trim_start_matches('-').starts_with(|c: char| c != ' '))
        .collect();
    keys.sort_by_key(|key| !key.to_ascii_lowercase().contains("audit"));
    keys
}

/// The first few, and how many more there are.
pub(super) fn a_few(mut keys: Vec<String>) -> Vec<String> {
    for key in &mut keys {
        *key = short(key, LONGEST_KEY);
    }
    if keys.len() > KEYS {
        let more = keys.len() - KEYS;
        keys.truncate(KEYS);
        keys.push(format!("{more} more"));
    }
    keys
}

#[cfg(test)]
mod tests {
    use crate::tools::spec;

    /// The description of `path`, which a tool declares under `name`.
    fn described(tool: &str, name: &str, path: &str, content: &str) -> Option<String> {
        let declared = spec(tool).unwrap().config_files.list();
        let file = declared.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("{tool} {name}"));
        (file.describe)(content.as_bytes()).map(|note| note.words(path))
    }

    /// Tool, name of the file, its content, and what is said of it.
    const DESCRIBED: [(&str, &str, &str, &str); 17] = [
        (
            "gitleaks",
            ".gitleaksignore",
            "# known\nabc:src/a.ts:rule:1\n\n  def:b:rule:2\n",
            "2 ignores in .gitleaksignore",
        ),
        ("syft", ".syft.yaml", "exclude: ['./**']\nlog:\n  quiet: true\n", ".syft.yaml (exclude)"),
        ("trivy", ".trivyignore", "CVE-2021-1\n", "1 ignore in .trivyignore"),
        ("git-secrets", ".gitallowed", "# ours\n.*\n", "1 ignore in .gitallowed"),
        ("eslint", ".eslintignore", "dist\n", "1 ignore in .eslintignore"),
        (
            "cfn-lint",
            ".cfnlintrc",
            "templates:\n  - a.yaml\nignore_checks: [E]\n",
            ".cfnlintrc (templates, ignore_checks)",
        ),
        ("gitleaks", ".gitleaks.toml", "[extend]\nuseDefault = true\n", ".gitleaks.toml"),
        (
            "gitleaks",
            ".gitleaks.toml",
            "[extend]\nuseDefault = true\ndisabledRules = [\"a\", \"b\"]\n[allowlist]\npaths = [\"x\"]\n[[rules]]\nid = \"r\"\n[[rules.allowlists]]\npaths = [\"y\"]\n",
            ".gitleaks.toml (2 allowlists, 2 disabled)",
        ),
        ("gitleaks", ".gitleaks.toml", "title = \"x\"\n", ".gitleaks.toml (without gitleaks' own rules)"),
        ("gitleaks", ".gitleaks.toml", "not toml [", ".gitleaks.toml (without gitleaks' own rules)"),
        (
            "checkov",
            ".checkov.yaml",
            "# ours\nsoft-fail: true\nskip-check:\n  - CKV_1\n- x: y\n",
            ".checkov.yaml (soft-fail, skip-check)",
        ),
        (
            "npm-audit",
            ".npmrc",
            "registry = https://example.test\n//example.test/:_authToken=abc\n 'audit'=false\n",
            ".npmrc (registry, audit)",
        ),
        (
            "yarn-audit",
            ".yarnrc",
            "# ours\nregistry \"https://example.test\"\n--audit.level critical\n\"--cwd\" sub\n",
            ".yarnrc (--audit.level, registry, --cwd)",
        ),
        (
            "yarn-audit",
            ".yarnrc.yml",
            "nodeLinker: pnp\nenableNetwork: false\nnpmAuditExcludePackages:\n  - lodash\n- x: y\n",
            ".yarnrc.yml (npmAuditExcludePackages, nodeLinker, enableNetwork)",
        ),
        (
            "pnpm-audit",
            "pnpm-workspace.yaml",
            "packages:\n  - a\nauditConfig:\n  ignoreGhsas: [GHSA-1]\n",
            "pnpm-workspace.yaml (auditConfig, packages)",
        ),
        (
            "pnpm-audit",
            "package.json",
            r#"{"name":"a","pnpm":{"auditConfig":{"ignoreCves":["CVE-1"],"ignoreGhsas":["GHSA-1"]}}}"#,
            "package.json (pnpm.auditConfig, ignores 2)",
        ),
        (
            "sonarqube",
            "sonar-project.properties",
            "# sonar.exclusions=**\nsonar.projectKey=a\nsonar.exclusions = **/*.gen.ts\nsonar.login=abc\nsonar.scanner.skip: true\n",
            "sonar-project.properties (sonar.exclusions, sonar.scanner.skip)",
        ),
    ];

    #[test]
    fn what_a_file_switches_off_is_described_in_a_few_words() {
        for (tool, name, content, words) in DESCRIBED {
            assert_eq!(described(tool, name, name, content).as_deref(), Some(words), "{content}");
        }
        assert_eq!(
            described(
                "cfn-lint",
                "templates",
                "queue.yaml",
                "Metadata:\n  cfn-lint:\n    config:\n      ignore_checks: [E3012]\n"
            )
            .as_deref(),
            Some("queue.yaml (cfn-lint: ignore_checks)")
        );
        assert_eq!(
            described(
                "eslint",
                "eslint.config.*",
                "eslint.config.mjs",
                "export default [{ ignores: [\"dist\"], rules: { eqeqeq: \"off\", semi: 'off' } }];"
            )
            .as_deref(),
            Some("eslint.config.mjs (2 × off, ignores files)")
        );
        assert_eq!(described("tsc", "tsconfig.json", "tsconfig.json", "{}"), None);
        let overrides = r#"{"pnpm":{"overrides":{}}}"#;
        assert_eq!(described("pnpm-audit", "package.json", "package.json", overrides), None);
        let long = format!("{}: yes\n", "k".repeat(100_000)).repeat(3);
        assert!(described("trivy", "trivy.yaml", "trivy.yaml", &long).unwrap().len() < 300);
    }
}
