//! Several images in one run: nothing moves before all of them are there.

use std::fs;

use super::proxy::{Proxy, Whose};
use super::{PUSH, docker_config, run_with};
use crate::common::pipeline::{BUILD, Pipeline, real_docker};
use crate::common::registry::Registry;

/// Two images, `NAME` and `NAME-proxy`, with `latest` for both.
fn two_images() -> (Pipeline, Proxy) {
    let both = "context = 'app' }, { name = 'NAME-proxy', context = 'proxy' }]";
    let build = BUILD.replace("context = 'app' }]", both);
    let registry = Registry::open();
    let proxy = Proxy::before(&registry.address);
    let push = PUSH.replace("REGISTRY", &proxy.address);
    let push = format!("{push}login = false\nmoving_tags = ['latest']\n");
    let mut pipeline = Pipeline::at(registry, None, &[&build, &push]);
    // Images of the same content would be one.
    pipeline.write_image("proxy", &format!("the other image of {}", pipeline.name));
    pipeline.commit("two images");
    (pipeline, proxy)
}

fn held(pipeline: &Pipeline, tag: &str) -> [Option<String>; 2] {
    [pipeline.name.clone(), format!("{}-proxy", pipeline.name)]
        .map(|name| pipeline.registry.digest(&name, tag))
}

#[test]
fn no_tag_moves_before_every_image_is_in_the_registry() {
    let (mut pipeline, _proxy) = two_images();
    let config = docker_config(&pipeline, "{}");
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 0, "{}", ran.all());
    let (first, tag) = (held(&pipeline, "latest"), pipeline.tag.clone());
    assert!(first[0].is_some() && first == held(&pipeline, &tag));

    // The second image of the next commit can't be pushed.
    pipeline.write_app("two");
    pipeline.commit("another image");
    let script = format!(
        "case \"$*\" in push*proxy*) echo 'denied: no' >&2; exit 1 ;; push*) echo \"$*\" >>seen-pushes ;; esac\nexec {} \"$@\"",
        real_docker()
    );
    pipeline.project.program("docker", &script);
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 3, "{}", ran.all());
    let [one, other] = held(&pipeline, &pipeline.tag);
    assert!(one.is_some() && other.is_none());
    assert_eq!(held(&pipeline, "latest"), first);
    let pushes = fs::read_to_string(pipeline.project.root().join("seen-pushes")).unwrap();
    assert_eq!(pushes.lines().count(), 1, "{pushes}");
    let gate = pipeline.project.gate("push");
    assert_eq!(gate["targets"].as_array().unwrap().len(), 2);
    let notes = gate["targets"][1]["notes"].to_string();
    assert!(notes.contains(&format!("not started because of it: {} as latest", pipeline.name)), "{gate:#}");

    // The next run delivers what is left.
    fs::remove_file(pipeline.project.bin().join("docker")).unwrap();
    fs::remove_file(pipeline.project.root().join("seen-pushes")).unwrap();
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 0, "{} {}", ran.all(), pipeline.project.record()["findings"]);
    assert_eq!(held(&pipeline, "latest"), held(&pipeline, &pipeline.tag));
    assert_ne!(held(&pipeline, "latest"), first);
}

#[test]
fn a_wrong_image_under_the_tag_is_named_with_the_command_that_removes_it() {
    let (mut pipeline, proxy) = two_images();
    let config = docker_config(&pipeline, "{}");
    // Somebody, or a push that went wrong, has left another image there.
    let wrong = format!("{}/{}:{}", proxy.address, pipeline.name, pipeline.tag);
    pipeline.build_another(&wrong);
    crate::common::pipeline::docker(&["push", "--quiet", &wrong]);
    let left = pipeline.pushed().unwrap();
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 1, "{}", ran.all());
    let record = pipeline.project.record();
    let finding = &record["findings"][0];
    assert!(finding["message"].as_str().unwrap().contains(&left), "{finding}");
    let command = format!("`skopeo delete --tls-verify=false docker://{wrong}`");
    assert!(finding["fix"].as_str().unwrap().contains(&command), "{finding}");
    // The summary breaks its lines.
    assert!(ran.stdout.contains("skopeo"), "{}", ran.stdout);
    // `latest` is of neither image.
    assert_eq!(held(&pipeline, "latest"), [None, None]);

    // The same if it comes to light after the push only: somebody pushes right behind this run.
    pipeline.write_app("two");
    pipeline.commit("another image");
    let own = format!("{}/{}:{}", proxy.address, pipeline.name, pipeline.tag);
    let script = format!(
        "real={}\nif [ \"$1\" = push ] && [ \"$2\" = {own} ]; then\n\
         \"$real\" \"$@\" || exit 1\n\"$real\" tag {wrong} {own} && \"$real\" push {own} >/dev/null\nexit\nfi\nexec \"$real\" \"$@\"",
        real_docker()
    );
    pipeline.project.program("docker", &script);
    let ran = run_with(&pipeline, &config, |command| {
        command.args(["--jobs", "1"]);
    });
    assert_eq!(ran.code, 3, "{}", ran.all());
    let reason = pipeline.came_of("push").1;
    assert!(
        reason.contains("another image lies under") && reason.contains("; remove it: `skopeo"),
        "{reason}"
    );
    assert_eq!(held(&pipeline, "latest"), [None, None]);
}

/// Two gates, one for each image.
fn two_gates(more: &str) -> (Pipeline, Proxy) {
    let (pipeline, proxy) = two_images();
    let both = "context = 'app' }, { name = 'NAME-proxy', context = 'proxy' }]";
    let build = BUILD.replace("context = 'app' }]", both);
    let gate = |id: &str, image: &str, more: &str| {
        let push = PUSH.replace("REGISTRY", &proxy.address).replace("'push'", &format!("'{id}'"));
        format!("{push}login = false\nimages = ['{image}']\nmoving_tags = ['latest']\n{more}")
    };
    pipeline.write_gates(&[&build, &gate("one", "NAME", ""), &gate("two", "NAME-proxy", more)]);
    (pipeline, proxy)
}

/// A docker that does not push what `refused` matches.
fn refuse_pushes(pipeline: &Pipeline, refused: &str) {
    let script = format!(
        "case \"$*\" in push*{refused}*) echo 'denied: no' >&2; exit 1 ;; esac\nexec {} \"$@\"",
        real_docker()
    );
    pipeline.project.program("docker", &script);
}

/// The tags that were written, in order, and forgets them. The engine pushes those that stay, Portcullis moves the others.
fn noted(pipeline: &Pipeline, proxy: &Proxy) -> Vec<String> {
    let written = proxy.written();
    for (who, tag) in &written {
        assert_eq!(*who == Whose::Portcullis, tag.ends_with(":latest"), "{written:?}");
    }
    written.into_iter().map(|(_, tag)| tag.replace(&pipeline.name, "N")).collect()
}

#[test]
fn no_tag_moves_before_every_push_gate_has_pushed() {
    let (mut pipeline, proxy) = two_gates("");
    let config = docker_config(&pipeline, "{}");
    refuse_pushes(&pipeline, "nothing");
    let plan = pipeline.run(&["plan"]);
    assert!(plan.stdout.contains("and when two has pushed"), "{}", plan.stdout);
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 0, "{}", ran.all());
    let tag = pipeline.tag.clone();
    let order =
        [format!("N:{tag}"), format!("N-proxy:{tag}"), "N:latest".to_owned(), "N-proxy:latest".to_owned()];
    assert_eq!(noted(&pipeline, &proxy), order);
    let first = held(&pipeline, "latest");
    assert_eq!(first, held(&pipeline, &tag));

    // The gate of the second image can't push the next commit.
    pipeline.write_app("two");
    pipeline.commit("another image");
    refuse_pushes(&pipeline, "proxy");
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(noted(&pipeline, &proxy), [format!("N:{}", pipeline.tag)]);
    assert_eq!(held(&pipeline, "latest"), first);
    let (outcome, reason) = pipeline.came_of("one");
    assert_eq!(outcome, "skipped", "{reason}");
    assert!(
        reason.contains(&format!("{} as latest not started: two is inconclusive", pipeline.name)),
        "{reason}"
    );
    assert_eq!(pipeline.came_of("two").0, "inconclusive");

    // The next run delivers what is left.
    refuse_pushes(&pipeline, "nothing");
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(held(&pipeline, "latest"), held(&pipeline, &pipeline.tag));
    assert_ne!(held(&pipeline, "latest"), first);
}

#[test]
fn a_push_gate_that_does_not_count_still_keeps_tags_from_moving_and_one_that_is_left_out_does_not() {
    let (pipeline, proxy) = two_gates("required = false");
    let config = docker_config(&pipeline, "{}");
    refuse_pushes(&pipeline, "proxy");
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert_eq!(noted(&pipeline, &proxy), [format!("N:{}", pipeline.tag)]);
    let (outcome, reason) = pipeline.came_of("one");
    assert!(outcome == "inconclusive" && reason.contains("not started: two is inconclusive"), "{reason}");
    assert_eq!(held(&pipeline, "latest"), [None, None]);

    let (pipeline, proxy) = two_gates("branches = ['release/*']");
    refuse_pushes(&pipeline, "nothing");
    let ran = run_with(&pipeline, &config, |command| {
        command.args(["--branch", "main"]);
    });
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(noted(&pipeline, &proxy), [format!("N:{}", pipeline.tag), "N:latest".to_owned()]);
}

#[test]
fn an_order_of_push_gates_hides_no_image_from_the_second_and_one_that_can_t_be_planned_keeps_the_tags() {
    let (mut pipeline, _proxy) = two_gates("needs = ['one']");
    let config = docker_config(&pipeline, "{}");
    refuse_pushes(&pipeline, "nothing");
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 0, "{}", ran.all());
    let first = held(&pipeline, "latest");
    assert!(first[0].is_some() && first[1].is_some());

    let gates = pipeline.project.read("gates.toml");
    let unknown = format!("{}-proxy'", pipeline.name);
    let at = gates.rfind(&unknown).unwrap();
    pipeline
        .project
        .write("gates.toml", format!("{}no-such-image'{}", &gates[..at], &gates[at + unknown.len()..]));
    pipeline.write_app("two");
    pipeline.commit("another image");
    let ran = run_with(&pipeline, &config, |_| {});
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(pipeline.came_of("two").1.contains("no-such-image"), "{}", ran.all());
    assert_eq!(held(&pipeline, "latest"), first);
}
