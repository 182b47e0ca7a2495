//! Advisories that pnpm ignores for a project: `pnpm.auditConfig` in package.json, `auditConfig` in
//! pnpm-workspace.yaml.

use serde::Deserialize;

use crate::scan::config_file::{BaseOverride, ConfigFile, ConfigNote};
use crate::scan::raw_report::RawReport;
use crate::tools::describe::yaml_keys;

pub(super) static MANIFEST: ConfigFile = ConfigFile {
    name: "package.json",
    describe: describe_manifest,
    overrule: BaseOverride::Farm,
    bars: None,
    programs: None,
    part: None,
    follows: None,
};

pub(super) static WORKSPACE: ConfigFile = ConfigFile {
    name: "pnpm-workspace.yaml",
    describe: yaml_keys,
    overrule: BaseOverride::Farm,
    bars: None,
    programs: None,
    part: None,
    follows: None,
};

/// How many advisories a file with this content ignores; `None` if it ignores nothing.
type Count = fn(&[u8]) -> Option<usize>;

/// The files where a project lists advisories to ignore, each with its counter.
pub(super) static LISTS: [(&ConfigFile, Count); 2] = [(&MANIFEST, of_manifest), (&WORKSPACE, of_workspace)];

/// Whether the project makes pnpm ignore advisories.
pub(super) fn are_in(raw: &RawReport) -> bool {
    LISTS.iter().any(|(file, count)| raw.beside(file.name).any(|text| count(text).is_some()))
}

fn describe_manifest(content: &[u8]) -> Option<ConfigNote> {
    of_manifest(content).map(|n| ConfigNote::Holds(vec![format!("pnpm.auditConfig, ignores {n}")]))
}

fn of_manifest(content: &[u8]) -> Option<usize> {
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
    let manifest: Manifest = serde_json::from_slice(content).ok()?;
    let ignores = manifest.pnpm?.audit_config?;
    Some(ignores.ignore_cves.len() + ignores.ignore_ghsas.len()).filter(|n| *n > 0)
}

fn of_workspace(content: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(content);
    let (_, config) = text.split_once("auditConfig")?;
    Some(config.matches("GHSA-").count() + config.matches("CVE-").count()).filter(|n| *n > 0)
}
