use std::borrow::Cow;

use super::*;

use crate::inputs::Inputs;
use crate::keys::mistakes::Problems;
use crate::scan::questions::About;
use crate::scan::raw_report::Document;
use crate::system::git::Repo;
use crate::system::variables;

mod ids;
mod labels;

fn tool(options: &str) -> (Box<dyn Tool>, Vec<String>) {
    let problems = Problems::default();
    let table = toml::de::DeTable::parse(options).unwrap();
    let tool = configure(&Keys::new(table.get_ref(), 0..0, &problems));
    (tool, problems.into_sorted().into_iter().map(|problem| problem.what).collect())
}

fn repo(head: Option<&str>) -> Repo {
    Repo { root: "/repo".into(), base: "/repo".into(), head: head.map(str::to_owned), ..Repo::default() }
}

const TWO: &str = "ci_labels = false
images = [
    { name = 'notes-backend', context = 'backend', target = 'prod', tags = ['latest', 'other/name:1'] },
    { name = 'notes-proxy', context = 'nginx', file = 'nginx/Dockerfile.prod', build_args = { VERSION = '1 2' } },
]";

#[test]
fn every_image_is_built_and_tagged_with_the_commit() {
    let repo = repo(Some("3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"));
    let scene = Scene { repo: &repo, gate: "images", since: None, built: &[], inputs: &Inputs::default() };
    let (tool, problems) = tool(TWO);
    assert_eq!(problems, [""; 0]);
    let jobs = tool.plan(&scene).unwrap();
    assert_eq!(
        jobs[0].invocation.args.join(" "),
        "build --iidfile $SCRATCH/images/notes-backend/image-id -t notes-backend:3f2a91c4d5e6 \
         -t notes-backend:latest -t other/name:1 --target prod \
         --label org.opencontainers.image.revision=3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4 backend"
    );
    assert_eq!(jobs[1].invocation.args[5..9], ["-f", "nginx/Dockerfile.prod", "--build-arg", "VERSION=1 2"]);
    assert_eq!(jobs[1].invocation.args.last().unwrap(), "nginx");
    assert_eq!(jobs[0].invocation.env["BUILDKIT_PROGRESS"], "plain");
    let built: Vec<String> = tool.builds(&scene).into_iter().map(|image| image.reference).collect();
    assert_eq!(built, ["notes-backend:3f2a91c4d5e6", "notes-proxy:3f2a91c4d5e6"]);
    assert_eq!(jobs[1].image.as_deref(), Some("notes-proxy:3f2a91c4d5e6"));
}

#[test]
fn without_a_commit_the_tag_says_who_built_it() {
    let repo = repo(None);
    let scene = Scene { repo: &repo, gate: "images", since: None, built: &[], inputs: &Inputs::default() };
    let built = tool(TWO).0.builds(&scene);
    assert_eq!((&*built[0].reference, built[0].mutable), ("notes-backend:portcullis", true));
    let job = &tool("images = [{ name = 'a' }]").0.plan(&scene).unwrap()[0];
    assert_eq!(job.notes, ["a:portcullis: without a commit, any build can replace this tag"]);
}

#[test]
fn a_work_tree_that_differs_from_its_commit_shows_in_tag_label_and_note() {
    let repo = Repo { dirty: true, ..repo(Some("3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4")) };
    let scene = Scene { repo: &repo, gate: "images", since: None, built: &[], inputs: &Inputs::default() };
    let tool = tool(TWO).0;
    let built = tool.builds(&scene);
    assert_eq!((&*built[0].reference, built[0].mutable), ("notes-backend:3f2a91c4d5e6-dirty", false));
    let job = &tool.plan(&scene).unwrap()[0];
    assert!(job.invocation.args.contains(&"notes-backend:3f2a91c4d5e6-dirty".to_owned()));
    let label = "org.opencontainers.image.revision=3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4-dirty";
    assert!(job.invocation.args.iter().any(|arg| arg == label), "{:?}", job.invocation.args);
    assert_eq!(job.notes, ["the work tree differs from the commit, so the tag is 3f2a91c4d5e6-dirty"]);
}

#[test]
fn without_a_commit_tags_that_move_are_refused_and_versions_are_not() {
    let repo = repo(None);
    let scene = Scene { repo: &repo, gate: "images", since: None, built: &[], inputs: &Inputs::default() };
    let plan = |tags: &str| tool(&format!("images = [{{ name = 'a', tags = [{tags}] }}]")).0.plan(&scene);
    let Err(Unplanned::Impossible(why)) = plan("'latest', 'host/a:main'") else { panic!("it is planned") };
    assert!(why.contains("a would have no tag but latest, host/a:main"), "{why}");
    assert!(plan("'latest', '1.4.0'").is_ok());
}

/// The job of the first image.
fn said(options: &str) -> Job {
    let repo = repo(Some("3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"));
    let scene = Scene { repo: &repo, gate: "images", since: None, built: &[], inputs: &Inputs::default() };
    let (tool, problems) = tool(&format!("ci_labels = false\n{options}"));
    assert_eq!(problems, [""; 0]);
    tool.plan(&scene).unwrap().remove(0)
}

#[test]
fn cache_secrets_platform_and_arguments_are_passed_to_the_builder() {
    let job = said(
        "images = [{ name = 'a', platform = 'linux/amd64', build_args = { NODE = '22', NPM_TOKEN = true },
           secrets = [{ id = 'npm', env = 'NPM_TOKEN' }, { id = 'ca', src = 'ca.pem' }],
           cache_from = ['a:latest'], cache_to = ['type=inline'], pull = true, no_cache = true }]",
    );
    assert!(
        job.invocation.args.join(" ").contains(
            "--platform linux/amd64 --build-arg NODE=22 --build-arg NPM_TOKEN --secret id=npm,env=NPM_TOKEN \
             --secret id=ca,src=ca.pem --cache-from a:latest --cache-to type=inline --pull --no-cache --label"
        ),
        "{}",
        job.invocation.args.join(" ")
    );
    assert!(job.invocation.hands_on.contains("NPM_TOKEN"), "its value comes from the environment");
}

#[test]
fn podman_and_buildah_get_their_own_flags() {
    for (engine, command) in [
        ("podman", "build --iidfile $SCRATCH/images/a/image-id -t a:3f2a91c4d5e6 --pull=always --label"),
        (
            "buildah",
            "build --layers --iidfile $SCRATCH/images/a/image-id -t a:3f2a91c4d5e6 --pull-always --label",
        ),
    ] {
        let job = said(&format!("engine = '{engine}'\nimages = [{{ name = 'a', pull = true }}]"));
        assert_eq!(job.invocation.program.name, engine);
        assert!(job.invocation.args.join(" ").starts_with(command), "{}", job.invocation.args.join(" "));
        // buildah reads arguments after the context as more contexts.
        assert_eq!(job.invocation.options_end, Some(job.invocation.args.len() - 1));
    }
}

#[test]
fn docker_uses_buildkit_if_it_has_it() {
    let docker = tool(TWO).0;
    let question = docker.question(Path::new("/usr/bin/docker"));
    if variables::os("DOCKER_BUILDKIT").is_none() {
        assert_eq!(question.unwrap().join(" "), "env DOCKER_BUILDKIT=1 /usr/bin/docker build --help");
    }
    let podman = tool("engine = 'podman'\nimages = [{ name = 'a' }]").0;
    assert_eq!(podman.question(Path::new("/usr/bin/podman")), None);

    let prepared = |help: Option<&str>| {
        let mut job = said("images = [{ name = 'a' }]");
        docker.prepare(&mut job, help);
        (job.invocation.env.get("DOCKER_BUILDKIT").cloned(), job.invocation.args[1..3].join(" "))
    };
    let id = "--iidfile $SCRATCH/images/a/image-id".to_owned();
    assert_eq!(prepared(None), (None, id.clone()));
    assert_eq!(prepared(Some("Usage:  docker build\n  --secret stringArray")), (Some("1".to_owned()), id));
    let metadata = "--metadata-file $SCRATCH/images/a/metadata.json".to_owned();
    let buildx = prepared(Some("Usage:  docker buildx build\n  --metadata-file string"));
    assert_eq!(buildx, (Some("1".to_owned()), metadata));
    // It says what the engine calls the image.
    let mut asked = said("images = [{ name = 'a', platform = 'linux/amd64' }]");
    docker.prepare(&mut asked, Some("--metadata-file"));
    let [question] = &asked.closing_questions[..] else { panic!("{:?}", asked.closing_questions) };
    assert_eq!(question.about, About::Name("a:3f2a91c4d5e6".to_owned()));

    let mut chosen = said("images = [{ name = 'a' }]");
    chosen.env("DOCKER_BUILDKIT", "0");
    docker.prepare(&mut chosen, Some("--metadata-file"));
    assert_eq!(chosen.invocation.env["DOCKER_BUILDKIT"], "0");
}

#[test]
fn the_digest_of_the_manifest_is_reported_if_there_is_one() {
    let other = ID.replace('f', "0");
    for (metadata, digest) in [
        (
            format!(r#"{{"containerimage.config.digest":"{ID}","containerimage.digest":"{other}"}}"#),
            Some(other.as_str()),
        ),
        (format!(r#"{{"containerimage.digest":"{other}","buildx.build.ref":"x"}}"#), Some(other.as_str())),
        // The old image store has no manifest before a push.
        (format!(r#"{{"containerimage.config.digest":"{ID}","containerimage.digest":"{ID}"}}"#), None),
        (r#"{"containerimage.digest":"sha256:abc"}"#.to_owned(), None),
        ("{".to_owned(), None),
    ] {
        let mut raw = RawReport { exit: Some(0), ..RawReport::default() };
        let document = |name: &str, text: &'static str| Document {
            name: name.into(),
            bytes: Cow::Borrowed(text.as_bytes()),
        };
        raw.documents.push(document("image-id", ID));
        raw.beside.push(Document { name: engine::METADATA.into(), bytes: metadata.as_bytes().into() });
        let place = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: "a".into() };
        let parsed = tool(TWO).0.parse(&raw, &place).unwrap();
        assert_eq!(parsed.image_digest.as_deref(), digest, "{metadata}");
    }
}

#[test]
fn mistakes_in_images_are_reported() {
    for (options, problem) in [
        ("", "`images` is missing"),
        ("images = []", "`images` is empty: name at least one"),
        ("images = [{ context = '.' }]", "`name` is missing"),
        ("images = [{ name = 'a' }, { name = 'a' }]", "two images are called `a`"),
        ("images = [{ name = 'a:1' }]", "`a:1` is not the name of an image"),
        ("images = [{ name = 'Notes' }]", "`Notes` is not the name of an image"),
        ("images = [{ name = 'a', dockerfile = 'x' }]", "`dockerfile` is not a key of an image of `images`"),
        ("engine = 'kaniko'\nimages = [{ name = 'a' }]", "`kaniko` is not a value of `engine`"),
        ("images = [{ name = 'a', tags = ['host/a'] }]", "`host/a` is a name without a tag, and so `latest`"),
        ("images = [{ name = 'a', secrets = [{ id = 'x' }] }]", "a secret is either in `env` or in `src`"),
        ("images = [{ name = 'a', secrets = [{ env = 'X' }] }]", "`id` is missing"),
        ("images = [{ name = 'a', build_args = { X = 1 } }]", "`X` must be a string, or true"),
    ] {
        assert_eq!(tool(options).1, [problem], "{options}");
    }
    assert_eq!(tool("images = [{ name = 'localhost:5000/team/a' }]").1, [""; 0]);
}

fn parse(exit: Option<i32>, document: &str, stderr: &str) -> Result<Parsed, ReportError> {
    let raw = RawReport {
        exit,
        documents: vec![Document { name: "image-id".into(), bytes: Cow::Borrowed(document.as_bytes()) }],
        stderr: Cow::Borrowed(stderr.as_bytes()),
        ..RawReport::default()
    };
    let place = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: "notes-backend".into() };
    tool(TWO).0.parse(&raw, &place)
}

const ID: &str = "sha256:f72812d0176297a1ae86115f55648b9577f09033c24ae0dd4b91844447e3af98";

#[test]
fn only_a_whole_image_id_proves_that_an_image_was_built() {
    let parsed = parse(Some(0), ID, "").unwrap();
    assert_eq!((parsed.image_id.as_deref(), parsed.scope.to_string()), (Some(ID), "1 image".to_owned()));
    // As older versions of podman write it.
    assert_eq!(parse(Some(0), &ID[7..], "").unwrap().image_id.as_deref(), Some(ID));
    assert!(matches!(parse(Some(0), "", ""), Err(ReportError::Empty { .. })));
    assert!(matches!(parse(Some(0), &ID[..40], ""), Err(ReportError::Cut { .. })));
    assert!(matches!(parse(Some(0), "hello", ""), Err(ReportError::Foreign { .. })));
    assert!(matches!(parse(Some(0), &ID.replace('f', "g"), ""), Err(ReportError::Foreign { .. })));
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
fn a_list_of_warnings_that_is_shorter_than_announced_is_a_cut_log() {
    let log = " 2 warnings found:\n - A: b (line 1)\n";
    assert!(matches!(parse(Some(0), ID, log), Err(ReportError::Cut { .. })));
}

#[test]
fn a_log_without_an_ending_proves_nothing() {
    assert!(matches!(parse(None, "", ""), Err(ReportError::Empty { .. })));
    assert!(matches!(parse(None, "Step 1/3 : FROM scratch\n", ""), Err(ReportError::Foreign { .. })));
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
fn the_error_line_is_the_line_that_says_why() {
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
        assert_eq!(tool(TWO).0.error_line(&raw).as_deref(), Some(why));
    }
}

mod platforms;
