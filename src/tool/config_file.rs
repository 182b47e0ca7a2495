//! A scanner's own configuration files in the scanned repository: they can switch it off, so what
//! they say is told, and under `--policy-from` they come from the base.

use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use super::{Job, SCRATCH};

/// A file that a job reads of itself where it is there.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Absolute.
    pub path: PathBuf,
    pub overrule: Overrule,
}

/// How the scanner is made to heed the base's version of a file instead of the work tree's.
#[derive(Clone, Copy, Debug)]
pub enum Overrule {
    /// It takes another file. `neutral` is one that says nothing, for a base that has none.
    Take { neutral: Option<&'static str>, take: Take },
    /// The same for a file that imports others: it lies in a checkout of the base. Of several the
    /// first that the base has counts.
    Checkout(Take),
    /// It is started in a folder of links to all that is beside the file.
    Farm,
    /// It can't be, and the file does more than narrow the gate: a difference is only told.
    Tell,
    /// It can't be: with a file that differs there is no proof. What to do about it.
    Refuse(&'static str),
}

/// Changes the job so that it reads the copy at this path; `None`: the base has no such file. An
/// error says why that can't be.
pub type Take = fn(&mut Job, Option<&str>) -> Result<(), String>;

/// Below the scratch folder: what comes from the base. No gate has such an id.
pub const FROM_BASE: &str = ".base";

/// An empty folder, for a scanner that reads its configuration where it is started.
pub fn nowhere() -> String {
    format!("{SCRATCH}/{FROM_BASE}/nowhere")
}

/// Options that name keys, so many at most.
const KEYS: usize = 6;

/// What a file switches off or narrows, as far as it can be told cheaply; `None` where such a
/// file does not narrow anything by itself.
pub fn told(name: &str, content: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(content);
    match name {
        ".gitleaksignore" | ".gitallowed" | ".trivyignore" | ".eslintignore" => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            Some(match lines.count() {
                1 => format!("1 ignore in {name}"),
                n => format!("{n} ignores in {name}"),
            })
        }
        ".npmrc" => Some(with(name, keys(&text, '='))),
        ".checkov.yaml" | ".checkov.yml" | "trivy.yaml" | "trivy-secret.yaml" | ".cfnlintrc"
        | ".cfnlintrc.yaml" | ".cfnlintrc.yml" => Some(with(name, keys(&text, ':'))),
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

fn with(name: &str, details: Vec<String>) -> String {
    if details.is_empty() { name.to_owned() } else { format!("{name} ({})", details.join(", ")) }
}

/// The keys of the lines `key: …` or `key = …` that are not indented. Values may be secret, and a
/// key that is an address (`//registry/:_authToken`) is one's own business.
fn keys(text: &str, separator: char) -> Vec<String> {
    let mut keys: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@'))
        .filter_map(|line| line.split_once(separator))
        .map(|(key, _)| key.trim().to_owned())
        .collect();
    if keys.len() > KEYS {
        let more = keys.len() - KEYS;
        keys.truncate(KEYS);
        keys.push(format!("{more} more"));
    }
    keys
}

/// What a .gitleaks.toml narrows: its allowlists, rules that it disables, and whether gitleaks'
/// own rules are left out.
fn gitleaks(text: &str) -> Vec<String> {
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
                "registry = https://example.test\n//example.test/:_authToken=abc\naudit=false\n",
                ".npmrc (registry, audit)",
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
    }
}
