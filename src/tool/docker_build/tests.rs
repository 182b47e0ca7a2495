use std::borrow::Cow;

use super::*;
use crate::config::Problems;
use crate::tool::Document;

fn tool(options: &str) -> (Box<dyn Tool>, Vec<String>) {
    let problems = Problems::default();
    let table = toml::de::DeTable::parse(options).unwrap();
    let tool = configure(&Keys::new(table.get_ref(), 0..0, &problems));
    (tool, problems.into_sorted().into_iter().map(|problem| problem.what).collect())
}

fn repo(head: Option<&str>) -> Repo {
    Repo { root: "/repo".into(), base: "/repo".into(), head: head.map(str::to_owned), ..Repo::default() }
}

const TWO: &str = "images = [
    { name = 'notes-backend', context = 'backend', target = 'prod', tags = ['latest', 'other/name:1'] },
    { name = 'notes-proxy', context = 'nginx', file = 'nginx/Dockerfile.prod', build_args = { VERSION = '1 2' } },
]";

#[test]
fn every_image_is_built_and_tagged_with_the_commit() {
    let repo = repo(Some("3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"));
    let scene = Scene { repo: &repo, gate: "images", since: None, built: &[] };
    let (tool, problems) = tool(TWO);
    assert_eq!(problems, [""; 0]);
    let jobs = tool.plan(&scene).unwrap();
    assert_eq!(
        jobs[0].args.join(" "),
        "build --iidfile $SCRATCH/images/notes-backend/image-id -t notes-backend:3f2a91c4d5e6 \
         -t notes-backend:latest -t other/name:1 --target prod backend"
    );
    assert_eq!(jobs[1].args[5..], ["-f", "nginx/Dockerfile.prod", "--build-arg", "VERSION=1 2", "nginx"]);
    assert_eq!(jobs[0].env["BUILDKIT_PROGRESS"], "plain");
    let built: Vec<String> = tool.builds(&scene).into_iter().map(|image| image.reference).collect();
    assert_eq!(built, ["notes-backend:3f2a91c4d5e6", "notes-proxy:3f2a91c4d5e6"]);
    assert_eq!(jobs[1].image.as_deref(), Some("notes-proxy:3f2a91c4d5e6"));
}

#[test]
fn without_a_commit_the_tag_says_who_built_it() {
    let repo = repo(None);
    let scene = Scene { repo: &repo, gate: "images", since: None, built: &[] };
    assert_eq!(tool(TWO).0.builds(&scene)[0].reference, "notes-backend:portcullis");
}

#[test]
fn mistakes_in_images_are_told() {
    for (options, problem) in [
        ("", "`images` is missing"),
        ("images = []", "`images` is empty: name at least one"),
        ("images = [{ context = '.' }]", "`name` is missing"),
        ("images = [{ name = 'a' }, { name = 'a' }]", "two images are called `a`"),
        ("images = [{ name = 'a:1' }]", "`a:1` is not the name of an image"),
        ("images = [{ name = 'Notes' }]", "`Notes` is not the name of an image"),
        ("images = [{ name = 'a', dockerfile = 'x' }]", "`dockerfile` is not a key of an image of `images`"),
        ("engine = 'podman'\nimages = [{ name = 'a' }]", "`podman` is not a value of `engine`"),
    ] {
        assert_eq!(tool(options).1, [problem], "{options}");
    }
    assert_eq!(tool("images = [{ name = 'localhost:5000/team/a' }]").1, [""; 0]);
}

fn parse(exit: Option<i32>, document: &str, stderr: &str) -> Result<Parsed, Unproven> {
    let raw = RawReport {
        exit,
        documents: vec![Document { name: "image-id".into(), bytes: Cow::Borrowed(document.as_bytes()) }],
        stderr: Cow::Borrowed(stderr.as_bytes()),
        ..RawReport::default()
    };
    let place = Place { root: "/repo".into(), cwd: "/repo".into(), target: "notes-backend".into() };
    tool(TWO).0.parse(&raw, &place)
}

const ID: &str = "sha256:f72812d0176297a1ae86115f55648b9577f09033c24ae0dd4b91844447e3af98";

#[test]
fn only_a_whole_image_id_proves_that_an_image_was_built() {
    let parsed = parse(Some(0), ID, "").unwrap();
    assert_eq!((parsed.image_id.as_deref(), parsed.scope.to_string()), (Some(ID), "1 image".to_owned()));
    assert!(matches!(parse(Some(0), "", ""), Err(Unproven::Empty { .. })));
    assert!(matches!(parse(Some(0), &ID[..40], ""), Err(Unproven::Cut { .. })));
    assert!(matches!(parse(Some(0), "hello", ""), Err(Unproven::Foreign { .. })));
    assert!(matches!(parse(Some(0), &ID.replace('f', "g"), ""), Err(Unproven::Foreign { .. })));
}

#[test]
fn warnings_of_a_build_are_findings_in_its_dockerfile() {
    let log = "#8 DONE 0.1s\n\n 2 warnings found (use docker --debug to expand):\n\
        \x20- JSONArgsRecommended: JSON arguments recommended for CMD (see: signals) (line 5)\n\
        \x20- some older warning without a rule\n";
    let parsed = parse(Some(0), ID, log).unwrap();
    let [first, second] = &parsed.findings[..] else { panic!("{:?}", parsed.findings) };
    assert_eq!((&*first.rule, first.severity), ("JSONArgsRecommended", Severity::Low));
    assert_eq!(&*first.title, "JSON arguments recommended for CMD (see: signals)");
    assert_eq!(first.location.as_ref().unwrap().to_string(), "backend/Dockerfile:5");
    assert_eq!(first.image.as_deref(), Some(ID));
    assert_eq!(&*second.rule, "build-warning");
}

#[test]
fn a_list_of_warnings_that_is_shorter_than_it_says_is_a_cut_log() {
    let log = " 2 warnings found:\n - A: b (line 1)\n";
    assert!(matches!(parse(Some(0), ID, log), Err(Unproven::Cut { .. })));
}

#[test]
fn a_log_without_an_ending_proves_nothing() {
    assert!(matches!(parse(None, "", ""), Err(Unproven::Empty { .. })));
    assert!(matches!(parse(None, "Step 1/3 : FROM scratch\n", ""), Err(Unproven::Foreign { .. })));
    let built = parse(
        None,
        &format!("#5 writing {} done\n#5 naming to docker.io/a:1\n", ID.replace("sha", "image sha")),
        "",
    );
    assert_eq!(built.unwrap().image_id.as_deref(), Some(ID));
    let built = parse(None, "Step 3/3 : CMD x\nSuccessfully built f72812d01762\n", "").unwrap();
    assert_eq!((built.image_id, built.scope.get(Unit::Images)), (None, Some(1)));
    let noisy = "ERROR: pip's dependency resolver\nSuccessfully built f72812d01762\n";
    assert_eq!(parse(None, noisy, "").unwrap().gaps, [""; 0]);
    let clean = parse(None, "Check complete, no warnings found.\n", "").unwrap();
    assert_eq!((clean.findings.len(), clean.scope.get(Unit::Files)), (0, Some(1)));
    let failed =
        parse(None, "#4 ERROR: exit code: 1\n------\nERROR: failed to solve: process \"x\"\n", "").unwrap();
    assert_eq!(failed.gaps, ["the image was not built: failed to solve: process \"x\""]);
}

#[test]
fn the_complaint_is_the_line_that_says_why() {
    const OLD: &str = "DEPRECATED: The legacy builder is deprecated and will be removed in a future release.\n            \
        Install the buildx component to build images with BuildKit:\n            https://docs.docker.com/go/buildx/\n\n";
    for (stderr, why) in [
        ("COPY failed: stat missing: file does not exist", "COPY failed: stat missing: file does not exist"),
        (
            "Error response from daemon: dockerfile parse error line 2: unknown instruction: FROB",
            "dockerfile parse error line 2: unknown instruction: FROB",
        ),
        (
            "Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?",
            "Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?",
        ),
        (
            "unknown flag: --frob\n\nUsage:  docker build [OPTIONS] PATH | URL | -\n\nRun 'docker build --help' for more information",
            "unknown flag: --frob",
        ),
        ("something new\n", "something new"),
    ] {
        let raw = RawReport {
            exit: Some(1),
            stderr: format!("{OLD}{stderr}").into_bytes().into(),
            ..RawReport::default()
        };
        assert_eq!(tool(TWO).0.complaint(&raw).as_deref(), Some(why));
    }
}
