//! A project with an image, and what it takes to build it, look at it and push it for real: a Docker engine, Trivy, Syft,
//! a registry that asks for ECR's password, and moto, from which `aws` gets that password.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
#![allow(clippy::disallowed_methods, reason = "tests talk to Docker themselves")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::common::aws::Moto;
use crate::common::registry::Registry;
use crate::common::{CI_SERVICES, Project, Ran, real_tools};

pub(crate) const BUILD: &str = "
[[gate]]
id = 'images'
tool = 'docker-build'
images = [{ name = 'NAME', context = 'app' }]
";

pub(crate) const SCAN: &str = "
[[gate]]
id = 'scan'
tool = 'trivy'
scan = 'image'
needs = ['images']
offline = true
cache_dir = 'cache'
";

pub(crate) const SBOM: &str = "
[[gate]]
id = 'sbom'
tool = 'syft'
needs = ['images']
";

pub(crate) const PUSH: &str = "
[[gate]]
id = 'push'
tool = 'ecr-push'
registry = 'REGISTRY'
retries = 0
";

/// To a registry that wants no login.
pub(crate) const OPEN_PUSH: &str = "
[[gate]]
id = 'push'
tool = 'ecr-push'
registry = 'REGISTRY'
login = false
retries = 0
";

pub(crate) struct Pipeline {
    pub project: Project,
    /// Where the registry wants a login.
    pub moto: Option<Moto>,
    pub registry: Registry,
    /// The image's name, which no other test has.
    pub name: String,
    /// The commit, as far as tags have it.
    pub tag: String,
}

impl Pipeline {
    /// A pipeline with these gates; `NAME` and `REGISTRY` in them are its own.
    pub(crate) fn new(gates: &[&str]) -> Self {
        Self::at(Registry::with_login(), Some(Moto::start()), gates)
    }

    /// The same with a registry that wants no login.
    pub(crate) fn plain(gates: &[&str]) -> Self {
        Self::at(Registry::open(), None, gates)
    }

    /// The same with this registry.
    pub(crate) fn at(registry: Registry, moto: Option<Moto>, gates: &[&str]) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let engine = Command::new("docker").arg("info").output();
        assert!(
            engine.is_ok_and(|output| output.status.success()),
            "no Docker engine answers: `source ci/docker-up; docker_up` starts one"
        );
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let mut pipeline = Self {
            project: Project::new(),
            moto,
            registry,
            name: format!("portcullis-test-{}-{number}", std::process::id()),
            tag: String::new(),
        };
        pipeline.project.git(&["init", "--quiet"]);
        pipeline.write_gates(gates);
        pipeline.write_app("one");
        for file in ["metadata.json", "trivy.db"] {
            let database = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/trivy-db/db");
            pipeline.project.write(&format!("cache/db/{file}"), fs::read(database.join(file)).unwrap());
        }
        pipeline.project.write(".gitignore", "/cache\n/gates-report\n/gates.toml\n/other\n/seen\n");
        pipeline.commit("an image");
        pipeline
    }

    pub(crate) fn commit(&mut self, message: &str) {
        self.tag = self.project.commit(message)[..12].to_owned();
    }

    pub(crate) fn write_gates(&self, gates: &[&str]) {
        let gates = gates.concat().replace("NAME", &self.name).replace("REGISTRY", &self.registry.address);
        self.project.write("gates.toml", format!("version = 1\n{gates}"));
    }

    /// The content of the image: one package, of which no advisory is known. No other test has the same layers.
    pub(crate) fn write_app(&self, content: &str) {
        self.write_image("app", &format!("{content} of {}", self.name));
    }

    /// An image with this content in a folder of its own.
    pub(crate) fn write_image(&self, folder: &str, content: &str) {
        let dockerfile = "FROM scratch\nCOPY node_modules/ /app/node_modules/\n";
        self.project.write(&format!("{folder}/Dockerfile"), dockerfile);
        self.project.write(
            &format!("{folder}/node_modules/notes/package.json"),
            // Its own: Docker's classic builder mixes up images of the same content that are built at once, and removed.
            format!(
                "{{\"name\": \"notes\", \"version\": \"1.0.0\", \"description\": \"{content} of {}\"}}",
                self.name
            ),
        );
    }

    /// The binary with the real tools on its PATH, and `aws` pointed at moto. `run` is in production mode, unless
    /// another is named.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut args = args.to_vec();
        if args[0] == "run" && !args.contains(&"--mode") {
            args.extend(["--mode", "production"]);
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = self.project.command(&args);
        // Where the branch is, the test says, not the machine that tests.
        for name in CI_SERVICES {
            command.env_remove(name);
        }
        command.env("PATH", format!("{}:{}:{path}", self.project.bin().display(), real_tools().display()));
        if let Some(moto) = &self.moto {
            moto.point(&mut command);
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    /// The image as it is called on this machine.
    pub(crate) fn image(&self) -> String {
        format!("{}:{}", self.name, self.tag)
    }

    /// The digest that the registry has under the commit's tag.
    pub(crate) fn pushed(&self) -> Option<String> {
        self.registry.digest(&self.name, &self.tag)
    }

    /// The id of the image that the registry has under the commit's tag.
    pub(crate) fn pushed_id(&self) -> Option<String> {
        let config = self.registry.manifest(&self.pushed()?)["config"]["digest"].clone();
        config.as_str().map(str::to_owned)
    }

    /// Builds another image under this name, without any gate.
    pub(crate) fn build_another(&self, name: &str) -> String {
        self.write_image("other", name);
        let folder = self.project.root().join("other");
        docker(&["build", "--quiet", "--tag", name, &folder.display().to_string()])
    }

    /// Outcome and reason of a gate of the last run.
    pub(crate) fn came_of(&self, id: &str) -> (String, String) {
        let gate = self.project.gate(id);
        let text = |key: &str| gate[key].as_str().unwrap_or_default().to_owned();
        (text("outcome"), text("reason"))
    }

    /// What the push of the last run did, one step a line.
    pub(crate) fn steps(&self) -> String {
        let gate = self.project.gate("push");
        let steps = gate["targets"][0]["steps"].as_array().cloned().unwrap_or_default();
        let words = |step: &Value| {
            let did = step["did"].as_array().unwrap().iter();
            did.map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(" ")
        };
        steps.iter().map(words).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        let listed = docker(&["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]);
        for image in listed.lines().filter(|image| image.contains(&self.name)) {
            let _ = Command::new("docker").args(["image", "rm", "--force", "--no-prune", image]).output();
        }
        // What was fetched by its digest has no tag.
        let listed = docker(&["image", "ls", "--digests", "--format", "{{.Repository}}@{{.Digest}}"]);
        for image in listed.lines().filter(|image| image.contains(&self.name)) {
            let _ = Command::new("docker").args(["image", "rm", "--force", "--no-prune", image]).output();
        }
    }
}

pub(crate) fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().unwrap();
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Where the real docker is, for a script that stands in front of it.
pub(crate) fn real_docker() -> String {
    let output = Command::new("sh").args(["-c", "command -v docker"]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
