//! Every scanner, one file or folder each.

mod audit_keys;
pub(crate) mod aws;
mod cfn_lint;
mod checkov;
mod codedeploy;
pub(crate) mod command;
mod describe;
mod docker_build;
mod ecs_task_definition;
mod eslint;
pub mod foreign;
mod git_secrets;
mod git_update;
mod gitleaks;
mod inventory_check;
mod lock_files;
mod merges;
mod named_files;
mod npm_audit;
mod passed_over;
mod platforms;
mod pnpm_audit;
mod python_crash;
mod python_pattern;
mod registry;
mod registry_push;
mod smoke_test;
pub mod sonarqube;
mod syft;
mod terraform_validate;
#[cfg(test)]
mod testing;
mod trivy;
mod tsc;
mod yarn_audit;

use crate::scan::tool::ToolSpec;

/// Every scanner, in the usual order of a pipeline.
pub static TOOLS: &[&ToolSpec] = &[
    &gitleaks::SPEC,
    &git_secrets::SPEC,
    &tsc::SPEC,
    &eslint::SPEC,
    &npm_audit::SPEC,
    &yarn_audit::SPEC,
    &pnpm_audit::SPEC,
    &sonarqube::SPEC,
    &docker_build::SPEC,
    &trivy::SPEC,
    &syft::SPEC,
    &checkov::SPEC,
    &terraform_validate::SPEC,
    &cfn_lint::SPEC,
    &registry_push::SPEC,
    &registry_push::ECR,
    &ecs_task_definition::SPEC,
    &codedeploy::SPEC,
    &git_update::SPEC,
    &smoke_test::SPEC,
    &command::SPEC,
];

/// The names of all tools, and of the report formats that can take the place of a tool.
pub fn names() -> Vec<&'static str> {
    TOOLS.iter().copied().chain(&foreign::TOOLS).map(|spec| spec.name).collect()
}

/// Finds a scanner by the name that gates.toml uses.
pub fn spec(name: &str) -> Option<&'static ToolSpec> {
    TOOLS.iter().find(|spec| spec.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::testing::{repo, tool};
    use super::*;
    use crate::inputs::Inputs;
    use crate::scan::scene::{BuiltImage, Scene};

    /// An undeclared file is neither described nor taken from the base.
    #[test]
    fn a_job_reads_only_configuration_files_that_its_tool_declares() {
        let built = [BuiltImage::of_docker("app", "app:1")];
        let mut found = 0;
        for (name, options) in [
            ("gitleaks", "config = 'rules.toml'"),
            ("gitleaks", "scan = 'history'"),
            ("gitleaks", "scan = 'tree'\ndirs = ['a']"),
            ("git-secrets", "scan = 'tree'"),
            ("git-secrets", "scan = 'history'"),
            ("tsc", ""),
            ("eslint", ""),
            ("npm-audit", ""),
            ("yarn-audit", ""),
            ("pnpm-audit", ""),
            ("sonarqube", ""),
            ("docker-build", "images = [{ name = 'app' }]"),
            ("trivy", "scan = 'fs'"),
            ("trivy", "scan = 'config'"),
            ("trivy", "scan = 'image'\nimages = ['app']"),
            ("syft", "dirs = ['a']"),
            ("checkov", ""),
            ("terraform-validate", ""),
            ("command", "run = ['true']"),
        ] {
            let spec = spec(name).unwrap();
            let scene = Scene {
                repo: &repo(""),
                gate: "gate",
                since: None,
                built: &built,
                inputs: &Inputs::default(),
            };
            let jobs = tool(spec, options).plan(&scene).unwrap();
            for config in jobs.iter().flat_map(|job| &job.config_files) {
                let is_declared = spec.config_files.list().iter().any(|one| std::ptr::eq(*one, config.file));
                assert!(is_declared, "{name} reads {}", config.path.display());
                found += 1;
            }
        }
        assert!(found > 20, "{found}");
    }
}
