//! Every scanner, one file or folder each.

mod audit_keys;
pub(crate) mod aws;
mod cfn_lint;
mod checkov;
mod codedeploy;
pub(crate) mod command;
mod docker_build;
mod ecr_push;
mod ecs_task_definition;
mod eslint;
pub mod foreign;
mod git_secrets;
mod gitleaks;
mod inventory_check;
mod npm_audit;
mod pnpm_audit;
mod smoke_test;
pub mod sonarqube;
mod syft;
mod terraform_validate;
#[cfg(test)]
mod testing;
pub(crate) mod told;
mod trivy;
mod tsc;
mod yarn_audit;

use crate::scan::tool::ToolSpec;

/// Every scanner, in the order in which people meet them in a pipeline.
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
    &ecr_push::SPEC,
    &ecs_task_definition::SPEC,
    &codedeploy::SPEC,
    &smoke_test::SPEC,
    &command::SPEC,
];

/// The names of all tools, and of the report formats that stand for one.
pub fn names() -> Vec<&'static str> {
    TOOLS.iter().copied().chain(&foreign::TOOLS).map(|spec| spec.name).collect()
}

/// Finds a scanner by the name that gates.toml uses.
pub fn spec(name: &str) -> Option<&'static ToolSpec> {
    TOOLS.iter().find(|spec| spec.name == name).copied()
}
