//! Which engine pushes an image.

use crate::scan::container_engine::ContainerEngine;

use super::*;

#[test]
fn the_engine_that_has_built_an_image_pushes_it() {
    let repo = repo("");
    for (builder, program) in [
        (ContainerEngine::Docker, "docker"),
        (ContainerEngine::Podman, "podman"),
        (ContainerEngine::Buildah, "podman"),
    ] {
        let built = [BuiltImage { engine: builder, ..BuiltImage::of_docker("a", "a:ffffffffffff") }];
        let inputs = Inputs::default();
        let scene = Scene { repo: &repo, gate: "push", since: None, built: &built, inputs: &inputs };
        let plan = |options: &str| testing::tool(&ECR, options).plan(&scene);
        for options in ["", &format!("engine = '{program}'")] {
            assert_eq!(plan(options).unwrap()[0].command()[0], program, "{options}");
        }
        let other = if program == "docker" { "podman" } else { "docker" };
        let Err(Unplanned::Impossible(why)) = plan(&format!("engine = '{other}'")) else { panic!("{other}") };
        let says =
            format!("a is built by {}, and `engine` is {other}, which does not have it", builder.program());
        assert!(why.starts_with(&says), "{why}");
    }
}
