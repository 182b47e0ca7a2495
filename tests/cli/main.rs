//! The command line as a user sees it, with fake programs instead of scanners. No scanner needs to be
//! installed.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod ci_files;
mod codedeploy;
mod command_line;
mod coverage;
mod doctor;
mod ecs_task_definition;
mod floor;
mod from_environment;
mod git_update;
mod hook;
mod images;
mod init;
mod init_types;
mod inputs;
mod interlock;
mod judge;
mod leaks;
mod lock;
mod notice;
mod one_policy;
mod other_processes;
mod output_folder;
mod own_programs;
mod policy;
mod policy_from;
mod repeat;
mod reports;
mod risk;
mod scanner_config;
mod schedule;
mod scratch;
mod settings;
mod smoke_test;
mod sonarqube;
mod test_runners;
mod unlooked;
