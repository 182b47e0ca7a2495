//! ecr-push, for real: a Docker engine builds, Trivy and Syft look, and the image goes to a registry on loopback that asks
//! for ECR's password, which `aws` gets from moto.

#![allow(clippy::disallowed_methods, reason = "the tests talk to Podman themselves")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::Ran;
use crate::common::aws::{ACCOUNT, Moto, PASSWORD, REGION};
use crate::common::pipeline::{BUILD, PUSH, Pipeline, SBOM, SCAN, docker, real_docker};
use crate::common::registry::Registry;

#[test]
fn the_servers_of_the_tests_answer() {
    let moto = Moto::start();
    let made = moto.aws(&["ecr", "create-repository", "--repository-name", "notes-backend"]);
    let uri = format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/notes-backend");
    assert_eq!(made["repository"]["repositoryUri"], uri);
    for registry in [Registry::open(), Registry::with_login()] {
        assert!(registry.address.starts_with("127.0.0.1:"), "{}", registry.address);
        assert_eq!((registry.digest("a", "b"), registry.tags("a")), (None, 0));
    }
}

#[test]
fn what_was_scanned_is_pushed_once_and_another_image_does_not_get_its_tag() {
    let push = format!("{PUSH}tags = ['1.4']\n");
    let mut pipeline = Pipeline::new(&[BUILD, SCAN, SBOM, &push]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    // Docker and the registry's own files say what was pushed; run.json says the same.
    let id = docker(&["image", "inspect", "--format", "{{.Id}}", &pipeline.image()]);
    let digest = pipeline.registry.digest(&pipeline.name, "1.4").unwrap();
    assert_eq!(pipeline.registry.manifest(&digest)["config"]["digest"], id);
    for gate in ["images", "scan", "sbom", "push"] {
        assert_eq!(pipeline.project.gate(gate)["targets"][0]["image_id"], id, "{gate}");
    }
    let repository = format!("{}/{}", pipeline.registry.address, pipeline.name);
    let target = &pipeline.project.gate("push")["targets"][0];
    assert_eq!(
        target["outputs"],
        serde_json::json!({
            "digest": digest, "image": format!("{repository}@{digest}"), "repository": repository, "tag": "1.4"
        })
    );
    assert_eq!(target["name"], *pipeline.name);
    let proof = target["proof"].to_string();
    assert!(proof.contains("(pushed)") && proof.contains("which scan looked at"), "{proof}");

    // The same again: nothing is left to do.
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let again = &pipeline.project.gate("push")["targets"][0];
    assert!(again["proof"].to_string().contains("(already there)"), "{again}");
    assert_eq!(again["outputs"], target["outputs"]);
    assert!(!pipeline.steps().contains("docker push"), "{}", pipeline.steps());

    // Another image under the same tag.
    pipeline.write_app("two");
    pipeline.commit("another image");
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(pipeline.came_of("push").0, "failed");
    let record = pipeline.project.record();
    let finding = &record["findings"][0];
    assert_eq!(
        (finding["rule"].as_str(), finding["decision"].as_str()),
        (Some("immutable-tag"), Some("deny"))
    );
    let other = docker(&["image", "inspect", "--format", "{{.Id}}", &pipeline.image()]);
    let message = finding["message"].as_str().unwrap();
    for word in [&id, &digest, &other] {
        assert!(message.contains(word.as_str()), "{message}");
    }
    let held = pipeline.registry.digest(&pipeline.name, "1.4");
    assert_eq!((held, pipeline.registry.tags(&pipeline.name)), (Some(digest), 1));
    assert!(pipeline.project.gate("push")["targets"][0]["outputs"].is_null());
}

#[test]
fn tags_that_move_follow_the_last_image_and_the_others_stay() {
    let two =
        BUILD.replace("context = 'app' }]", "context = 'app' }, { name = 'NAME-proxy', context = 'app' }]");
    let push = format!(
        "{PUSH}namespace = 'team'\ntags = ['{{commit}}', 'b-{{commit}}']\nmoving_tags = ['latest']\n\
         images = ['NAME', {{ name = 'NAME-proxy', repository = 'edge/NAME' }}]\n"
    );
    let mut pipeline = Pipeline::new(&[&two, SCAN, &push]);
    let held = |pipeline: &Pipeline, tag: &str| {
        ["team", "edge"]
            .map(|part| pipeline.registry.digest(&format!("{part}/{}", pipeline.name), tag).unwrap())
    };
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let (first, tag) = (held(&pipeline, "latest"), pipeline.tag.clone());
    assert_eq!((held(&pipeline, &tag), held(&pipeline, &format!("b-{tag}"))), (first.clone(), first.clone()));

    pipeline.write_app("two");
    pipeline.commit("another image");
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let second = held(&pipeline, "latest");
    assert!(
        first[0] != second[0] && held(&pipeline, &pipeline.tag) == second && held(&pipeline, &tag) == first
    );
    // Two images, then their tags that move.
    let moved = &pipeline.project.gate("push")["targets"][3];
    assert_eq!(moved["name"], format!("{}-proxy as latest", pipeline.name));
    assert!(moved["outputs"].is_null(), "{moved}");
    let proof = moved["proof"].to_string();
    assert!(proof.contains(&format!("latest is {} (pushed; it was {})", second[1], first[1])), "{proof}");
}

#[test]
fn the_password_is_in_no_command_no_log_and_no_file_and_the_users_own_logins_are_left_alone() {
    let pipeline = Pipeline::new(&[BUILD, SCAN, PUSH]);
    let root = pipeline.project.root();
    // A script in front of each program notes what everybody on the machine could see of it.
    let seen = root.join("seen");
    fs::create_dir_all(&seen).unwrap();
    for (name, real) in
        [("docker", real_docker()), ("aws", crate::common::real_tools().join("aws").display().to_string())]
    {
        let script = format!(
            "echo \"$@\" >>{seen}/{name}; env >>{seen}/{name}\n\
             [ \"$1\" != push ] || {real} context show >{seen}/context\nexec {real} \"$@\"",
            seen = seen.display()
        );
        pipeline.project.program(name, &script);
    }
    // The user has a login for this registry that is wrong, a helper that does not exist, and a context.
    let home = pipeline.project.write("home/.docker/config.json", "{}").parent().unwrap().to_owned();
    let context = ["--config", &home.display().to_string(), "context", "create", "here", "--docker"];
    let socket = std::env::var("DOCKER_HOST").unwrap_or("unix:///var/run/docker.sock".to_owned());
    docker(&[&context[..], &[&format!("host={socket}")]].concat());
    let own = format!(
        "{{\"auths\": {{\"{}\": {{\"auth\": \"QVdTOndyb25n\"}}}}, \"credsStore\": \"nobody\", \"currentContext\": \"here\"}}",
        pipeline.registry.address
    );
    fs::write(home.join("config.json"), &own).unwrap();
    let temporary = root.join("seen/tmp");
    fs::create_dir_all(&temporary).unwrap();
    let mut command = pipeline.command(&["run"]);
    command.env("DOCKER_CONFIG", &home).env("TMPDIR", &temporary).env_remove("DOCKER_HOST");
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(pipeline.pushed().is_some());

    assert_eq!(fs::read_to_string(home.join("config.json")).unwrap(), own);
    assert_eq!(fs::read_to_string(seen.join("context")).unwrap(), "here\n");
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
    assert!(pipeline.steps().contains("docker login --username AWS --password-stdin 127.0.0.1:"));
    let steps = pipeline.project.read(&format!("gates-report/logs/push/{}/steps.log", pipeline.name));
    assert!(steps.contains("(not shown)") && steps.contains("Login Succeeded"), "{steps}");
    // As it is, and in the middle of `AWS:…` in base64.
    let encoded = "MTIzNDU2Nzg5MDEyLWF1dGgtdG9rZW";
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains(PASSWORD) && !text.contains(encoded), "{text}");
    }
    let files = files_below(&root);
    assert!(files.len() > 20, "{files:?}");
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains(PASSWORD) && !text.contains(encoded), "{}", file.display());
    }
    // What only one of the two programs is to get.
    let environment = |name: &str| fs::read_to_string(seen.join(name)).unwrap();
    assert!(environment("aws").contains("AWS_SECRET_ACCESS_KEY=") && environment("docker").contains("PATH="));
    assert!(!environment("docker").contains("AWS_SECRET_ACCESS_KEY="));
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .flat_map(|entry| match entry.file_type().unwrap().is_dir() {
            true => files_below(&entry.path()),
            false => vec![entry.path()],
        })
        .collect()
}

#[test]
fn a_push_that_breaks_off_is_tried_again() {
    let push = PUSH.replace("retries = 0", "retries = 1\nretry_delay = '10ms'\nmoving_tags = ['latest']");
    let pipeline = Pipeline::new(&[BUILD, SCAN, &push]);
    // The first push finds no connection at first.
    let pushes = pipeline.project.root().join("seen-pushes");
    let script = format!(
        "if [ \"$1\" = push ]; then echo x >>{pushes}\n\
         if [ $(wc -l <{pushes}) = 1 ]; then echo 'Put \"http://r.example/v2/\": EOF' >&2; exit 1; fi; fi\nexec {} \"$@\"",
        real_docker(),
        pushes = pushes.display()
    );
    pipeline.project.program("docker", &script);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let targets = pipeline.project.gate("push")["targets"].clone();
    assert_eq!([&targets[0]["tries"], &targets[1]["tries"]], [2, 1]);
    assert!(targets[1]["proof"].to_string().contains("latest is sha256:"), "{targets}");
    assert_eq!(pipeline.registry.digest(&pipeline.name, "latest"), pipeline.pushed());
    // The tag that moves is not the engine's.
    assert_eq!(fs::read_to_string(&pushes).unwrap().lines().count(), 2);
}

#[test]
fn a_registry_without_a_login_is_pushed_to_without_aws() {
    let push = format!("{PUSH}login = false\n");
    let pipeline = Pipeline::plain(&[BUILD, SCAN, &push]);
    pipeline.project.program("aws", "echo called >>seen-aws; exit 1");
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let digest = pipeline.pushed().unwrap();
    assert_eq!(pipeline.project.gate("push")["targets"][0]["outputs"]["digest"], *digest);
    assert!(!pipeline.project.root().join("seen-aws").exists());
}

#[test]
fn what_is_missing_is_reported_in_one_sentence_and_nothing_is_pushed() {
    let pipeline = Pipeline::new(&[BUILD, SCAN, PUSH]);
    let without = |name: &str| {
        let mut command = pipeline.command(&["run"]);
        command.env_remove(name);
        Ran::of(command.output().unwrap())
    };
    let says = |ran: Ran, words: &str| {
        assert_eq!(ran.code, 3, "{}", ran.all());
        let (outcome, reason) = pipeline.came_of("push");
        assert!(outcome == "inconclusive" && reason.contains(words), "{outcome}: {reason}");
        assert_eq!(pipeline.registry.tags(&pipeline.name), 0);
        reason
    };
    says(without("AWS_ACCESS_KEY_ID"), "aws has no credentials: set AWS_ACCESS_KEY_ID");

    pipeline.write_gates(&[BUILD, SCAN, &format!("{PUSH}login = false\n")]);
    says(pipeline.run(&["run"]), "requires a login: `login = false` is for registries that anyone may read");

    // Without `registry` AWS says where the repository is, if there is one.
    pipeline.write_gates(&[BUILD, SCAN, &PUSH.replace("registry = 'REGISTRY'", "")]);
    let create = format!("aws ecr create-repository --repository-name {}", pipeline.name);
    says(pipeline.run(&["run"]), &format!("there is no repository {}: `{create}` creates it", pipeline.name));
    let create: Vec<&str> = create.split(' ').skip(1).collect();
    pipeline.moto.as_ref().unwrap().cli(&create);
    let refuse = "echo 'Error response from daemon: login attempt to https://x/v2/ failed with status: 400 Bad Request' >&2";
    let script = format!("[ \"$1\" != login ] || {{ {refuse}; exit 1; }}\nexec {} \"$@\"", real_docker());
    pipeline.project.program("docker", &script);
    let host = format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com");
    let reason = says(pipeline.run(&["run"]), &format!("the login to {host} ended with 1: login attempt"));
    assert!(!reason.contains("Error response"), "{reason}");
    assert!(pipeline.steps().ends_with(&format!("docker login --username AWS --password-stdin {host}")));
}

#[test]
fn podman_pushes_what_podman_has() {
    let build = BUILD.replace("tool = 'docker-build'", "tool = 'docker-build'\nengine = 'podman'");
    assert_ne!(build, BUILD);
    let push = PUSH.replace("retries = 0", "retries = 0\nunscanned = true\nmoving_tags = ['latest']");
    let pipeline = Pipeline::new(&[&build, &push]);
    let home = pipeline.project.write("home/auth.json", "{}");
    let mut command = pipeline.command(&["run"]);
    let ran = Ran::of(command.env("REGISTRY_AUTH_FILE", &home).output().unwrap());
    let podman = Command::new("podman").arg("--version").output().is_ok_and(|output| output.status.success());
    if !podman {
        assert_eq!(ran.code, 3, "{}", ran.all());
        return;
    }
    assert_eq!(ran.code, 0, "{}", ran.all());
    let id = pipeline.project.gate("images")["targets"][0]["image_id"].clone();
    let digest = pipeline.pushed().unwrap();
    assert_eq!(pipeline.registry.manifest(&digest)["config"]["digest"], id);
    let target = &pipeline.project.gate("push")["targets"][0];
    assert_eq!((&target["image_id"], target["outputs"]["digest"].as_str()), (&id, Some(&*digest)));
    assert_eq!(pipeline.registry.digest(&pipeline.name, "latest"), Some(digest));
    assert!(
        pipeline
            .steps()
            .contains("podman login --username AWS --password-stdin --tls-verify=false 127.0.0.1:")
    );
    assert_eq!(fs::read_to_string(&home).unwrap(), "{}");
    assert!(!ran.all().contains(PASSWORD));
    let ran = pipeline.run(&["run"]);
    assert!(ran.code == 0 && !pipeline.steps().contains("podman push"), "{}", pipeline.steps());
    let _ = Command::new("podman").args(["image", "rm", "--force", &pipeline.image()]).output();
}
