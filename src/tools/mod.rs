//! Every scanner, one file or folder each.

mod audit_keys;
pub mod aws;
mod cfn_lint;
mod checkov;
mod codedeploy;
pub mod command;
mod docker_build;
mod ecr_push;
mod ecs_task_definition;
mod eslint;
pub mod foreign;
mod git_secrets;
mod gitleaks;
mod npm_audit;
mod pnpm_audit;
mod smoke_test;
pub mod sonarqube;
mod syft;
mod terraform_validate;
#[cfg(test)]
mod testing;
pub mod told;
mod trivy;
mod tsc;
mod yarn_audit;

use crate::scan::tool::Scanner;

/// Every scanner, in the order in which people meet them in a pipeline.
pub static SCANNERS: &[&Scanner] = &[
    &gitleaks::SCANNER,
    &git_secrets::SCANNER,
    &tsc::SCANNER,
    &eslint::SCANNER,
    &npm_audit::SCANNER,
    &yarn_audit::SCANNER,
    &pnpm_audit::SCANNER,
    &sonarqube::SCANNER,
    &docker_build::SCANNER,
    &trivy::SCANNER,
    &syft::SCANNER,
    &checkov::SCANNER,
    &terraform_validate::SCANNER,
    &cfn_lint::SCANNER,
    &ecr_push::SCANNER,
    &ecs_task_definition::SCANNER,
    &codedeploy::SCANNER,
    &smoke_test::SCANNER,
    &command::SCANNER,
];

/// Finds a scanner by the name that gates.toml uses.
pub fn scanner(name: &str) -> Option<&'static Scanner> {
    SCANNERS.iter().find(|scanner| scanner.name == name).copied()
}
