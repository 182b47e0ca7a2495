//! What keeps Trivy from seeing or reporting something: its own configuration files, and its options.

use crate::scan::config_file::{BaseOverride, ConfigFile, Describe, Follows, Take};
use crate::tools::describe;
use crate::tools::named_files::{NAMED, yaml_values};

// An empty .trivyignore has no effect, nor has an empty trivy.yaml. The secret rules must be a table
// (0.70). Trivy reads .trivyignore.yaml only if an option names it.
pub(super) static CONFIG: ConfigFile = ConfigFile {
    follows: Some(Follows { names: named, file: Some(&NAMED) }),
    ..declared("trivy.yaml", describe::yaml_keys, "", |job, copy| {
        job.options(["--config"].into_iter().chain(copy));
        Ok(())
    })
};

/// The keys of trivy.yaml whose values are files (`trivy --generate-default-config`, 0.70).
fn named(content: &[u8]) -> Vec<String> {
    const KEYS: [&str; 10] = [
        "ignorefile",
        "ignore-policy",
        "config",
        "secret-config",
        "vex",
        "check",
        "policy",
        "data",
        "vars",
        "values",
    ];
    yaml_values(content, &KEYS)
}

pub(super) static IGNORES: ConfigFile = declared(".trivyignore", describe::ignore_lines, "", |job, copy| {
    job.options(["--ignorefile"].into_iter().chain(copy));
    Ok(())
});
pub(super) static SECRET_RULES: ConfigFile =
    declared("trivy-secret.yaml", describe::yaml_keys, "{}\n", |job, copy| {
        job.options(["--secret-config"].into_iter().chain(copy));
        Ok(())
    });

const fn declared(name: &'static str, describe: Describe, neutral: &'static str, take: Take) -> ConfigFile {
    let overrule = BaseOverride::Take { neutral: Some(neutral), take };
    ConfigFile { name, describe, overrule, bars: None, programs: None, part: None, follows: None }
}

/// Options after which it looks at less, reports less or reads other rules (`trivy image --help`, and `fs` and `config`, 0.70). Those that
/// gates.toml has keys for are among them.
pub(super) const NARROWING: &[&str] = &[
    "--check-namespaces",
    "--checks-bundle-repository",
    "--compliance",
    "--config",
    "-c",
    "--config-check",
    "--detection-priority",
    "--disabled-checks",
    "--distro",
    "--download-db-only",
    "--download-java-db-only",
    "--ignore-policy",
    "--ignore-status",
    "--ignore-unfixed",
    "--ignored-licenses",
    "--ignorefile",
    "--image-config-scanners",
    "--license-confidence-level",
    "--max-image-size",
    "--misconfig-scanners",
    "--offline-scan",
    "--pkg-relationships",
    "--pkg-types",
    "--platform",
    "--rego-error-limit",
    "--scanners",
    "--secret-config",
    "--server",
    "--severity",
    "-s",
    "--skip-check-update",
    "--skip-db-update",
    "--skip-dirs",
    "--skip-files",
    "--skip-java-db-update",
    "--skip-vex-repo-update",
    "--tf-exclude-downloaded-modules",
    "--vex",
    "--vuln-severity-source",
    "--vuln-type",
];
