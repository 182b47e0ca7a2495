//! ecr-push and the interlock, for real: a Docker engine builds, Trivy and Syft look, and the image goes to a registry
//! on loopback that asks for ECR's password, which `aws` gets from moto.

#![allow(clippy::disallowed_methods, reason = "the tests talk to Docker themselves")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

#[path = "common/aws.rs"]
mod aws;
mod common;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws::{ACCOUNT, Moto, PASSWORD, REGION, Registry};
use common::{Project, Ran, real_tools};
use serde_json::{Value, json};

/// A project with one image, and all that it takes to push it.
struct Pipeline {
    project: Project,
    moto: Moto,
    registry: Registry,
    /// The image's name, which no other test has.
    name: String,
    /// The commit, as far as tags have it.
    tag: String,
}

/// Build, scan, bill of materials.
const GATES: &str = "
[[gate]]
id = 'images'
tool = 'docker-build'
images = [{ name = 'NAME', context = 'app' }]
[[gate]]
id = 'scan'
tool = 'trivy'
scan = 'image'
needs = ['images']
offline = true
cache_dir = 'cache'
[[gate]]
id = 'sbom'
tool = 'syft'
needs = ['images']
";

const PUSH: &str = "
[[gate]]
id = 'push'
tool = 'ecr-push'
registry = 'REGISTRY'
";

impl Pipeline {
    /// A pipeline with these gates; `NAME` and `REGISTRY` in them are its own.
    fn new(gates: &str) -> Pipeline {
        Pipeline::at(Registry::with_login(), gates)
    }

    fn at(registry: Registry, gates: &str) -> Pipeline {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let docker = Command::new("docker").arg("info").output();
        assert!(
            docker.is_ok_and(|output| output.status.success()),
            "no Docker engine answers: `source ci/docker-up; docker_up` starts one"
        );
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let mut pipeline = Pipeline {
            project: Project::new(),
            moto: Moto::start(),
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
        pipeline.project.write(".gitignore", "/cache\n/gates-report\n");
        pipeline.tag = pipeline.project.commit("an image")[..12].to_owned();
        pipeline
    }

    fn write_gates(&self, gates: &str) {
        let gates = gates.replace("NAME", &self.name).replace("REGISTRY", &self.registry.address);
        self.project.write("gates.toml", format!("version = 1\n{gates}"));
    }

    /// The content of the image: one package, of which no advisory is known.
    fn write_app(&self, content: &str) {
        self.project.write("app/Dockerfile", "FROM scratch\nCOPY node_modules/ /app/node_modules/\n");
        self.project.write(
            "app/node_modules/notes/package.json",
            format!("{{\"name\": \"notes\", \"version\": \"1.0.0\", \"description\": \"{content}\"}}"),
        );
    }

    fn run(&self, args: &[&str]) -> Ran {
        let mut args = args.to_vec();
        if !args.contains(&"--mode") && args[0] == "run" {
            args.extend(["--mode", "production"]);
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let (bin, tools) = (self.project.bin(), real_tools());
        let mut command = self.project.command(&args);
        command.env("PATH", format!("{}:{}:{path}", bin.display(), tools.display()));
        Ran::of(self.moto.point(&mut command).output().unwrap())
    }

    /// The image as it is called on this machine.
    fn image(&self) -> String {
        format!("{}:{}", self.name, self.tag)
    }

    /// The digest that the registry has under the commit's tag.
    fn pushed(&self) -> Option<String> {
        self.registry.digest(&self.name, &self.tag)
    }

    fn push(&self) -> Value {
        self.project.gate("push")
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        let listed = docker(&["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]);
        for image in listed.lines().filter(|image| image.contains(&self.name)) {
            let _ = Command::new("docker").args(["image", "rm", "--force", image]).output();
        }
    }
}

fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().unwrap();
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn what_was_scanned_is_pushed_with_a_login_of_its_own_and_its_digest_is_handed_on() {
    let pipeline = Pipeline::new(&format!("{GATES}{PUSH}"));
    let ran = pipeline.run(&["run"]);
    eprintln!("{}", ran.all());
    eprintln!("{:#}", pipeline.push());
    assert_eq!(ran.code, 0, "{}", ran.all());
}
