//! Another run of the same commit, and another image under a tag: the one is a good image that nobody should remove, the other is not.

use super::proxy::{Proxy, Trouble, Whose};
use super::{PUSH, docker_config, run_with};
use crate::common::Ran;
use crate::common::pipeline::{BUILD, Pipeline, docker, real_docker};
use crate::common::registry::Registry;

fn pipeline(build: &str) -> (Pipeline, Proxy) {
    let registry = Registry::open();
    let proxy = Proxy::before(&registry.address);
    let push = PUSH.replace("REGISTRY", &proxy.address) + "login = false\n";
    (Pipeline::at(registry, None, &[build, &push]), proxy)
}

fn run(pipeline: &Pipeline) -> Ran {
    run_with(pipeline, &docker_config(pipeline, "{}"), |_| {})
}

/// Builds an image that says that it is of this commit, as another machine would have built it. `name`: what it is called.
fn build_of(pipeline: &Pipeline, name: &str, commit: &str) {
    pipeline.write_image("other", &format!("another build, {name}"));
    let folder = pipeline.project.root().join("other").display().to_string();
    let label = format!("org.opencontainers.image.revision={commit}");
    docker(&["build", "--quiet", "--label", &label, "--tag", name, &folder]);
}

fn commit(pipeline: &Pipeline) -> String {
    pipeline.project.git(&["rev-parse", "HEAD"]).trim().to_owned()
}

/// Title, message and advice of the only finding.
fn finding(pipeline: &Pipeline) -> [String; 3] {
    let record = pipeline.project.record();
    let findings = record["findings"].as_array().unwrap().clone();
    assert_eq!(findings.len(), 1, "{findings:?}");
    ["title", "message", "fix"].map(|key| findings[0][key].as_str().unwrap_or_default().to_owned())
}

#[test]
fn another_build_of_this_commit_is_named_as_that_and_not_removed() {
    let (pipeline, proxy) = pipeline(BUILD);
    let own = format!("{}/{}:{}", proxy.address, pipeline.name, pipeline.tag);
    build_of(&pipeline, &own, &commit(&pipeline));
    docker(&["push", "--quiet", &own]);
    let there = pipeline.pushed();
    let ran = run(&pipeline);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let [title, message, fix] = finding(&pipeline);
    assert_eq!(title, format!("another build of this commit lies under {own}"));
    assert!(message.contains(&there.clone().unwrap()), "{message}");
    let key = format!("deliver the image that is there: `fetch = \"{}/{}\"`", proxy.address, pipeline.name);
    assert!(fix.starts_with(&key) && !fix.contains("remove"), "{fix}");
    assert!(!ran.all().contains("skopeo"), "{}", ran.all());
    // The advice works.
    let fetch = format!("context = 'app', fetch = '{}/NAME' }}", proxy.address);
    let push = PUSH.replace("REGISTRY", &proxy.address) + "login = false\n";
    pipeline.write_gates(&[&BUILD.replace("context = 'app' }", &fetch), &push]);
    let ran = run(&pipeline);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(pipeline.pushed(), there);
}

#[test]
fn without_the_label_of_this_commit_it_is_another_image() {
    let (mut pipeline, proxy) = pipeline(BUILD);
    let named = |pipeline: &Pipeline| format!("{}/{}:{}", proxy.address, pipeline.name, pipeline.tag);
    let own = named(&pipeline);
    build_of(&pipeline, &own, &"3".repeat(40));
    docker(&["push", "--quiet", &own]);
    assert_eq!(run(&pipeline).code, 1);
    let [title, _, fix] = finding(&pipeline);
    assert!(
        title.starts_with("another image lies under") && fix.contains("remove it: `skopeo delete"),
        "{title}: {fix}"
    );

    // What the registry does not tell, or tells wrongly, is no reason to say so.
    let commit = {
        pipeline.write_app("two");
        pipeline.commit("another image");
        commit(&pipeline)
    };
    let own = named(&pipeline);
    build_of(&pipeline, &own, &commit);
    docker(&["push", "--quiet", &own]);
    for (trouble, build) in [
        (Trouble::Status(500, String::new()), false),
        (Trouble::Altered(b'o', b'0'), false),
        (Trouble::AlteredUnsaid(b'o', b'0'), false),
        (Trouble::Status(302, "Location: http://127.0.0.1:9/\r\n".to_owned()), false),
        // Registries keep blobs elsewhere.
        (Trouble::Status(307, format!("Location: {}\r\n", elsewhere(&pipeline))), true),
    ] {
        proxy.misbehave(Whose::PortcullisBlobs, 0, 1, trouble.clone());
        assert_eq!(run(&pipeline).code, 1, "{trouble:?}");
        let [title, ..] = finding(&pipeline);
        assert_eq!(title.starts_with("another build of this commit"), build, "{trouble:?}: {title}");
        assert_eq!(proxy.met(), 1, "{trouble:?}");
    }
}

/// Where the registry itself, without the proxy, has the configuration of the image under the commit's tag.
fn elsewhere(pipeline: &Pipeline) -> String {
    format!(
        "http://{}/v2/{}/blobs/{}",
        pipeline.registry.address,
        pipeline.name,
        pipeline.pushed_id().unwrap()
    )
}

#[test]
fn a_run_that_another_one_overtakes_proves_nothing_and_delivers_what_is_there_next_time() {
    let (pipeline, proxy) = pipeline(BUILD);
    let own = format!("{}/{}:{}", proxy.address, pipeline.name, pipeline.tag);
    let faster = format!("{}:faster", pipeline.name);
    build_of(&pipeline, &faster, &commit(&pipeline));
    let script = format!(
        "real={}\nif [ \"$1\" = push ]; then\n\"$real\" \"$@\" || exit 1\n\"$real\" tag {faster} {own} && \"$real\" push {own} >/dev/null\n\
         exit\nfi\nexec \"$real\" \"$@\"",
        real_docker()
    );
    pipeline.project.program("docker", &script);
    let ran = run(&pipeline);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = pipeline.came_of("push").1;
    assert!(
        reason.contains("another build of this commit lies under")
            && reason.contains(
                "another run of this commit has pushed at the same time: deliver its image with `fetch = "
            )
            && !reason.contains("remove"),
        "{reason}"
    );
    docker(&["image", "rm", "--force", "--no-prune", &faster]);
}

#[test]
fn platforms_that_are_built_again_without_fetch_are_another_build_of_this_commit() {
    let build =
        BUILD.replace("context = 'app' }", "context = 'app', platforms = ['linux/amd64', 'linux/arm64'] }");
    let (pipeline, _proxy) = pipeline(&build);
    let ran = run(&pipeline);
    assert_eq!(ran.code, 0, "{}", ran.all());
    let there = pipeline.pushed();
    // What a build adds that git does not see: packages of the day.
    pipeline.project.write(".git/info/exclude", "time\n");
    pipeline.project.write("app/node_modules/notes/time", "another day");
    let ran = run(&pipeline);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let [title, _, fix] = finding(&pipeline);
    assert!(
        title.starts_with("another build of this commit lies under") && !fix.contains("remove"),
        "{title}: {fix}"
    );
    assert_eq!(pipeline.pushed(), there);
}
