//! The real programs: scanners, Docker, an image registry, the AWS command line, Chromium, and readers of reports that are not ours.
//! `ci/test` installs and starts them; without them this says what is missing, and fails.

#[path = "../common/mod.rs"]
mod common;

mod audits;
mod boundary;
mod ci_files;
mod codedeploy;
mod compose_services;
mod coverage;
mod delivery;
mod ecr_push;
mod ecs_task_definition;
mod hook;
mod html;
mod identity;
mod image_coverage;
mod image_exports;
mod image_files;
mod images;
mod init;
mod interlock;
mod junit;
mod lock;
mod notes_app;
mod pairs;
mod pipelines;
mod policy_model;
mod repeated_delivery;
mod reports;
mod same_secret;
mod scanners;
mod sonarqube;
mod test_runners;
mod tools;
mod trust;
