//! Images for several platforms.

use super::*;

#[test]
fn an_image_is_built_once_for_each_platform_with_a_name_of_its_own() {
    let repo = repo(Some("3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"));
    let scene = Scene { repo: &repo, gate: "images", since: None, built: &[], inputs: &Inputs::default() };
    let (tool, problems) = tool(
        "ci_labels = false\nengine = 'podman'\nplatforms = ['linux/amd64', 'linux/arm64/v8']\nimages = [
           { name = 'a', tags = ['1.4', 'x/y:2'] }, { name = 'b', platform = 'linux/arm64' }, { name = 'c', platforms = ['linux/arm/v7'] }]",
    );
    assert_eq!(problems, [""; 0]);
    let built = tool.builds(&scene);
    let names: Vec<(String, &str)> =
        built.iter().map(|image| (image.target(), image.reference.as_str())).collect();
    let all = [
        ("a linux/amd64", "a:3f2a91c4d5e6-linux-amd64"),
        ("a linux/arm64", "a:3f2a91c4d5e6-linux-arm64"),
        ("b", "b:3f2a91c4d5e6"),
        ("c linux/arm/v7", "c:3f2a91c4d5e6-linux-arm-v7"),
    ];
    assert_eq!(names, all.map(|(target, reference)| (target.to_owned(), reference)));
    assert_eq!(built[1].part.as_ref().unwrap().whole, "a:3f2a91c4d5e6");
    assert_eq!(built[1].tags, ["a:1.4-linux-arm64", "x/y:2-linux-arm64"]);
    let jobs = tool.plan(&scene).unwrap();
    let targets: Vec<&str> = jobs.iter().map(|job| &*job.target).collect();
    assert_eq!(targets, all.map(|(target, _)| target));
    let line = jobs[1].invocation.args.join(" ");
    // podman 4 would take the steps of one platform for another's.
    assert!(
        line.contains("-t a:3f2a91c4d5e6-linux-arm64 -t a:1.4-linux-arm64 -t x/y:2-linux-arm64 --platform linux/arm64/v8 --no-cache"),
        "{line}"
    );
    assert!(!jobs[2].invocation.args.contains(&"--no-cache".to_owned()));
    let Extent::Images(Some(names)) = &tool.coverage()[0].says else { panic!("{:?}", tool.coverage()) };
    let listed = ["a", "a linux/amd64", "a linux/arm64", "b", "c", "c linux/arm/v7"];
    assert_eq!(names, &listed);
}

#[test]
fn mistakes_in_platforms_are_reported() {
    for (options, words) in [
        ("platforms = []\nimages = [{ name = 'a' }]", "`platforms` is empty"),
        ("platforms = ['arm64']\nimages = [{ name = 'a' }]", "`arm64` is not a platform"),
        (
            "images = [{ name = 'a', platforms = ['linux/arm64', 'linux/aarch64'] }]",
            "`platforms` names linux/arm64 twice",
        ),
        (
            "images = [{ name = 'a', platform = 'linux/arm64', platforms = ['linux/amd64'] }]",
            "both `platform` and `platforms`",
        ),
        (
            "platforms = ['linux/arm64']\nimages = [{ name = 'a' }, { name = 'a' }]",
            "two images are called `a`",
        ),
    ] {
        let problems = tool(options).1;
        assert!(problems.len() == 1 && problems[0].contains(words), "{options}: {problems:?}");
    }
}

#[test]
fn buildkit_keeps_its_cache_for_each_platform() {
    let repo = repo(None);
    let scene = Scene { repo: &repo, gate: "images", since: None, built: &[], inputs: &Inputs::default() };
    let tool = tool("images = [{ name = 'a', platforms = ['linux/arm64'] }, { name = 'b', platforms = ['linux/arm64'], no_cache = true }]").0;
    let caches = |n: usize, answer: Option<&str>| {
        let mut job = tool.plan(&scene).unwrap().remove(n);
        tool.prepare(&mut job, answer);
        !job.invocation.args.contains(&"--no-cache".to_owned())
    };
    assert!(caches(0, Some("--metadata-file")) && !caches(0, None) && !caches(1, Some("--metadata-file")));
}

#[test]
fn only_the_keys_of_an_image_ask_for_a_platform() {
    let own = "images = [{ name = 'a' }]\n";
    for (options, says) in [
        ("env = { DOCKER_DEFAULT_PLATFORM = 'linux/arm64' }", "`env` sets DOCKER_DEFAULT_PLATFORM"),
        ("args = ['--pull', '--platform=linux/arm64']", "`args` has --platform"),
        ("args = ['--platform', 'linux/arm64']", "`args` has --platform"),
        ("engine = 'podman'\nargs = ['--arch=arm64']", "`args` has --arch"),
    ] {
        assert!(tool(&format!("{own}{options}")).1.iter().any(|mistake| mistake == says), "{options}");
    }
    for options in ["args = ['--build-arg', 'platform=x']", "args = ['--build-arg=--platform=x']"] {
        assert_eq!(tool(&format!("{own}{options}")).1, [""; 0], "{options}");
    }
    // That of the environment does not reach the engine.
    assert_eq!(SPEC.steering, ["DOCKER_DEFAULT_PLATFORM"]);
}
