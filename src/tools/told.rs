//! What a scanner's own configuration file switches off.

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use crate::redact::npmrc;
use crate::text::sanitise::short;

/// Options that name keys, so many at most.
const KEYS: usize = 6;
/// A line without a sign of its own may be long; so many characters of a key.
const LONGEST_KEY: usize = 60;

/// What a file switches off or narrows, as far as it can be told cheaply; `None` where such a
/// file does not narrow anything by itself.
pub(crate) fn told(name: &str, content: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(content);
    match name {
        ".gitleaksignore" | ".gitallowed" | ".trivyignore" | ".eslintignore" => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            Some(match lines.count() {
                1 => format!("1 ignore in {name}"),
                n => format!("{n} ignores in {name}"),
            })
        }
        ".npmrc" => {
            // Values may be secret, and a key that is an address (`//registry/:_authToken`) is one's own
            // business.
            let keys = npmrc::settings(&text).map(|setting| setting.key);
            Some(with(name, a_few(keys.filter(|key| !key.starts_with('/')).collect())))
        }
        ".yarnrc" => Some(with(name, a_few(keys(&text, ' ')))),
        ".cfnlintrc"
        | ".cfnlintrc.yaml"
        | ".cfnlintrc.yml"
        | ".checkov.yaml"
        | ".checkov.yml"
        | "trivy.yaml"
        | "trivy-secret.yaml"
        | ".yarnrc.yml"
        | "pnpm-workspace.yaml" => Some(with(name, a_few(keys(&text, ':')))),
        "package.json" => {
            ignores_of_pnpm(name, content).map(|n| with(name, vec![format!("pnpm.auditConfig, ignores {n}")]))
        }
        "sonar-project.properties" => {
            let narrows =
                |key: &&str| ["clusions", ".ignore.", ".skip"].iter().any(|word| key.contains(word));
            let lines = text.lines().filter(|line| !line.trim_start().starts_with(['#', '!']));
            let keys = lines.filter_map(|line| line.split_once(['=', ':'])).map(|(key, _)| key.trim());
            let keys: Vec<String> = keys.filter(narrows).take(KEYS).map(str::to_owned).collect();
            Some(with(name, keys))
        }
        _ if name.starts_with("eslint.config.") || name.starts_with(".eslintrc") => {
            let off = text.matches("\"off\"").count() + text.matches("'off'").count();
            let off = (off > 0).then(|| format!("{off} × off"));
            let ignores = ["gnores", "gnorePatterns"].iter().any(|word| text.contains(word));
            let ignores = ignores.then(|| "ignores files".to_owned());
            Some(with(name, off.into_iter().chain(ignores).collect()))
        }
        // A template that says what cfn-lint shall ignore in it.
        _ if text.contains("cfn-lint") && text.contains("ignore_checks") => {
            Some(with(name, vec!["cfn-lint: ignore_checks".to_owned()]))
        }
        _ if name.ends_with(".toml") => Some(with(name, gitleaks(&text))),
        _ => None,
    }
}

pub(crate) fn with(name: &str, details: Vec<String>) -> String {
    if details.is_empty() { name.to_owned() } else { format!("{name} ({})", details.join(", ")) }
}

/// The keys of the lines `key: …` or `key = …` that are not indented, those of an audit first.
/// Values may be secret, and a key that is an address (`//registry/:_authToken`) is one's own
/// business.
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

fn a_few(mut keys: Vec<String>) -> Vec<String> {
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

/// How many advisories the project tells pnpm to ignore, as far as it can be told: in package.json
/// `pnpm.auditConfig`, in pnpm-workspace.yaml `auditConfig`. `None`: none.
pub(crate) fn ignores_of_pnpm(name: &str, content: &[u8]) -> Option<usize> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Manifest {
        pnpm: Option<Settings>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Settings {
        audit_config: Option<Ignores>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Ignores {
        #[serde(default)]
        ignore_cves: Vec<String>,
        #[serde(default)]
        ignore_ghsas: Vec<String>,
    }
    if name == "package.json" {
        let manifest: Manifest = serde_json::from_slice(content).ok()?;
        let ignores = manifest.pnpm?.audit_config?;
        return Some(ignores.ignore_cves.len() + ignores.ignore_ghsas.len()).filter(|n| *n > 0);
    }
    let text = String::from_utf8_lossy(content);
    let (_, config) = text.split_once("auditConfig")?;
    Some(config.matches("GHSA-").count() + config.matches("CVE-").count()).filter(|n| *n > 0)
}

/// What a .gitleaks.toml narrows: its allowlists, rules that it disables, and whether gitleaks'
/// own rules are left out.
pub(crate) fn gitleaks(text: &str) -> Vec<String> {
    let (table, _) = DeTable::parse_recoverable(text);
    let table = table.get_ref();
    fn at<'t, 'a>(table: &'t DeTable<'a>, key: &str) -> Option<&'t DeValue<'a>> {
        table.get(key).map(toml::Spanned::get_ref)
    }
    let allowlists_of = |table: &DeTable| {
        let list = at(table, "allowlists").and_then(DeValue::as_array).map_or(0, |list| list.len());
        list + usize::from(at(table, "allowlist").is_some())
    };
    let rules = at(table, "rules").and_then(DeValue::as_array);
    let in_rules: usize = rules.map_or(0, |rules| {
        rules.iter().filter_map(|rule| rule.get_ref().as_table()).map(allowlists_of).sum()
    });
    let extend = at(table, "extend").and_then(DeValue::as_table);
    let own_rules =
        extend.and_then(|extend| at(extend, "useDefault")).and_then(DeValue::as_bool) == Some(true);
    let disabled = extend
        .and_then(|extend| at(extend, "disabledRules"))
        .and_then(DeValue::as_array)
        .map_or(0, |rules| rules.len());
    let mut details = Vec::new();
    match allowlists_of(table) + in_rules {
        0 => {}
        1 => details.push("1 allowlist".to_owned()),
        n => details.push(format!("{n} allowlists")),
    }
    if disabled > 0 {
        details.push(format!("{disabled} disabled"));
    }
    if !own_rules {
        details.push("without gitleaks' own rules".to_owned());
    }
    details
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_switches_off_is_told_in_a_few_words() {
        for (name, content, words) in [
            (
                ".gitleaksignore",
                "# known\nabc:src/a.ts:rule:1\n\n  def:b:rule:2\n",
                "2 ignores in .gitleaksignore",
            ),
            (".trivyignore", "CVE-2021-1\n", "1 ignore in .trivyignore"),
            (".gitallowed", "# ours\n.*\n", "1 ignore in .gitallowed"),
            (
                ".cfnlintrc",
                "templates:\n  - a.yaml\nignore_checks: [E]\n",
                ".cfnlintrc (templates, ignore_checks)",
            ),
            (
                "queue.yaml",
                "Metadata:\n  cfn-lint:\n    config:\n      ignore_checks: [E3012]\n",
                "queue.yaml (cfn-lint: ignore_checks)",
            ),
            (".gitleaks.toml", "[extend]\nuseDefault = true\n", ".gitleaks.toml"),
            (
                ".gitleaks.toml",
                "[extend]\nuseDefault = true\ndisabledRules = [\"a\", \"b\"]\n[allowlist]\npaths = [\"x\"]\n[[rules]]\nid = \"r\"\n[[rules.allowlists]]\npaths = [\"y\"]\n",
                ".gitleaks.toml (2 allowlists, 2 disabled)",
            ),
            (".gitleaks.toml", "title = \"x\"\n", ".gitleaks.toml (without gitleaks' own rules)"),
            (".gitleaks.toml", "not toml [", ".gitleaks.toml (without gitleaks' own rules)"),
            (
                ".checkov.yaml",
                "# ours\nsoft-fail: true\nskip-check:\n  - CKV_1\n- x: y\n",
                ".checkov.yaml (soft-fail, skip-check)",
            ),
            (
                ".npmrc",
                "registry = https://example.test\n//example.test/:_authToken=abc\n 'audit'=false\n",
                ".npmrc (registry, audit)",
            ),
            (
                ".yarnrc",
                "# ours\nregistry \"https://example.test\"\n--audit.level critical\n\"--cwd\" sub\n",
                ".yarnrc (--audit.level, registry, --cwd)",
            ),
            (
                ".yarnrc.yml",
                "nodeLinker: pnp\nenableNetwork: false\nnpmAuditExcludePackages:\n  - lodash\n- x: y\n",
                ".yarnrc.yml (npmAuditExcludePackages, nodeLinker, enableNetwork)",
            ),
            (
                "pnpm-workspace.yaml",
                "packages:\n  - a\nauditConfig:\n  ignoreGhsas: [GHSA-1]\n",
                "pnpm-workspace.yaml (auditConfig, packages)",
            ),
            (
                "package.json",
                r#"{"name":"a","pnpm":{"auditConfig":{"ignoreCves":["CVE-1"],"ignoreGhsas":["GHSA-1"]}}}"#,
                "package.json (pnpm.auditConfig, ignores 2)",
            ),
            (
                "sonar-project.properties",
                "# sonar.exclusions=**\nsonar.projectKey=a\nsonar.exclusions = **/*.gen.ts\nsonar.login=abc\nsonar.scanner.skip: true\n",
                "sonar-project.properties (sonar.exclusions, sonar.scanner.skip)",
            ),
            (
                "eslint.config.mjs",
                "export default [{ ignores: [\"dist\"], rules: { eqeqeq: \"off\", semi: 'off' } }];",
                "eslint.config.mjs (2 × off, ignores files)",
            ),
        ] {
            assert_eq!(told(name, content.as_bytes()).as_deref(), Some(words), "{content}");
        }
        assert_eq!(told("tsconfig.json", b"{}"), None);
        let long = format!("{}: yes\n", "k".repeat(100_000)).repeat(3);
        assert!(told("trivy.yaml", long.as_bytes()).unwrap().len() < 300);
        assert_eq!(told("package.json", br#"{"pnpm":{"overrides":{}}}"#), None);
    }
}
