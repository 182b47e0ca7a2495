//! Pushes to real registries: with passwords and tokens, over TLS, behind a proxy that misbehaves, and of several images.

#![allow(clippy::disallowed_methods, reason = "the tests make keys and talk to Docker themselves")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod built_platform;
mod faults;
mod fetched;
mod gitops;
mod keys;
mod logins;
mod moving_tags;
mod platforms;
mod proxy;
mod races;
mod several;
mod tls;
mod tokens;

use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::common::Ran;
use crate::common::aws::PASSWORD;
use crate::common::pipeline::Pipeline;

/// A push that no gate has to free: what frees an image is another test's.
const PUSH: &str = "
[[gate]]
id = 'push'
tool = 'registry-push'
registry = 'REGISTRY'
unscanned = true
retries = 0
";

/// The file that `docker login` writes, in a folder of the project that DOCKER_CONFIG names.
fn docker_config(pipeline: &Pipeline, text: &str) -> PathBuf {
    pipeline.project.write("seen/docker/config.json", text).parent().unwrap().to_owned()
}

/// The entry of a login.
fn login(address: &str, user: &str) -> String {
    let auth = STANDARD.encode(format!("{user}:{PASSWORD}"));
    format!("{{\"auths\": {{\"{address}\": {{\"auth\": \"{auth}\"}}}}}}")
}

/// A run with this folder of Docker's settings.
fn run_with(pipeline: &Pipeline, config: &PathBuf, more: impl FnOnce(&mut Command)) -> Ran {
    let mut command = pipeline.command(&["run"]);
    command.env("DOCKER_CONFIG", config);
    more(&mut command);
    Ran::of(command.output().unwrap())
}
