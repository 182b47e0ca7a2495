//! A project with one gate that builds an image.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use serde_json::Value;

use super::Project;

pub(crate) const ENGINES: [&str; 3] = ["docker", "podman", "buildah"];

pub(crate) fn gates(engine: &str, name: &str, options: &str) -> String {
    format!(
        "version = 1\nmode = 'production'\n[[gate]]\nid = 'images'\ntool = 'docker-build'\nengine = '{engine}'\n\
         labels = {{ team = 'notes' }}\nimages = [{{ name = '{name}'{options} }}]\n"
    )
}

/// A committed project that builds an image of this name, which no other test has.
pub(crate) fn project(engine: &str, name: &str, options: &str) -> Project {
    let project = Project::with_gates(&gates(engine, name, options));
    project.git(&["init", "--quiet"]);
    project.write("hello", "hello\n");
    // Tests run side by side: none shares a layer with another that may be removed.
    project.write(
        "Dockerfile",
        format!("FROM scratch\nLABEL of={name}\nARG NPM_TOKEN\nARG SHADE=grey\nCOPY hello /\nLABEL shade=$SHADE token=$NPM_TOKEN\n"),
    );
    project.write(".gitignore", "gates-report\n");
    project.commit("an image");
    project
}

pub(crate) fn target(project: &Project) -> Value {
    project.gate("images")["targets"][0].clone()
}

pub(crate) fn which(program: &str) -> std::path::PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file()).unwrap()
}
