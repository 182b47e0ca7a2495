use super::*;

use crate::inputs::Inputs;
use crate::scan::scene::BuiltImage;
use crate::tools::testing::{self, handed_in, mistakes, origin, repo};

use crate::tools::registry::held::{Held, Names};

fn scene_of<T>(built: &[&str], look: impl FnOnce(&Scene) -> T) -> T {
    let repo = repo("");
    let image = |name: &&str| BuiltImage::of_docker(name, &format!("{name}:ffffffffffff"));
    let built: Vec<BuiltImage> = built.iter().map(image).collect();
    look(&Scene { repo: &repo, gate: "push", since: None, built: &built, inputs: &Inputs::default() })
}

fn plan(options: &str, built: &[&str]) -> Result<Vec<Job>, Unplanned> {
    scene_of(built, |scene| testing::tool(&ECR, options).plan(scene))
}

fn impossible(options: &str, built: &[&str]) -> String {
    match plan(options, built) {
        Err(Unplanned::Impossible(why)) => why,
        other => panic!("{options}: {other:?}"),
    }
}

fn lines(options: &str, built: &[&str]) -> Vec<String> {
    plan(options, built)
        .unwrap()
        .iter()
        .map(|job| format!("{}: {}", job.target, testing::line(job)))
        .collect()
}

#[test]
fn every_image_that_was_built_is_pushed_under_the_commit() {
    let jobs = plan("registry = '127.0.0.1:5000'", &["notes-backend", "notes-proxy"]).unwrap();
    let [backend, proxy] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!(testing::line(backend), "push 127.0.0.1:5000/notes-backend:ffffffffffff");
    assert_eq!(backend.image.as_deref(), Some("notes-backend:ffffffffffff"));
    assert_eq!(
        backend.why,
        "notes-backend:ffffffffffff goes to 127.0.0.1:5000/notes-backend as ffffffffffff"
    );
    assert_eq!((&*proxy.target, proxy.unscanned), ("notes-proxy", false));
    let programs: Vec<&str> = proxy.programs().map(|program| program.name.as_str()).collect();
    assert_eq!(programs, ["docker", "aws"]);
    let jobs = plan("engine = 'podman'\nimages = ['a:1']", &[]).unwrap();
    assert_eq!(jobs[0].command()[..2], ["podman", "push"]);
    let jobs = plan("registry = '127.0.0.1:5000'\nlogin = false\nunscanned = true", &["a"]).unwrap();
    assert_eq!((jobs[0].programs().count(), jobs[0].unscanned), (1, true));
}

#[test]
fn registry_namespace_and_repository_say_where_images_go() {
    assert_eq!(lines("", &["a"]), ["a: push ACCOUNT.dkr.ecr.REGION.amazonaws.com/a:ffffffffffff"]);
    assert_eq!(
        lines("region = 'eu-west-1'\nnamespace = 'team/x'", &["a", "localhost:5000/old/b"]),
        [
            "a: push ACCOUNT.dkr.ecr.eu-west-1.amazonaws.com/team/x/a:ffffffffffff",
            "localhost:5000/old/b: push ACCOUNT.dkr.ecr.eu-west-1.amazonaws.com/team/x/old/b:ffffffffffff",
        ]
    );
    let options = "registry = 'https://r.example'\nnamespace = 'team'\ntags = ['1.4', 'b-{commit}']\nmoving_tags = ['latest']\n\
         images = ['a', { name = 'b', repository = 'edge/proxy', tags = ['9'] }, 'ready:2.0']";
    assert_eq!(
        lines(options, &["a", "b", "c"]),
        [
            "a: push r.example/team/a:1.4",
            "b: push r.example/edge/proxy:9",
            "ready:2.0: push r.example/team/ready:1.4",
            "a as latest: push r.example/team/a:latest",
            "b as latest: push r.example/edge/proxy:latest",
            "ready:2.0 as latest: push r.example/team/ready:latest"
        ]
    );
    let jobs = plan(options, &["a", "b"]).unwrap();
    assert_eq!(jobs[0].why, "a:ffffffffffff goes to r.example/team/a as 1.4, b-ffffffffffff");
    // Nothing moves before all are there.
    let waits: Vec<bool> = jobs.iter().map(|job| job.after_siblings).collect();
    assert_eq!(waits, [false, false, false, true, true, true]);
    assert_eq!(jobs[2].image.as_deref(), Some("ready:2.0"));
    // The tag describes the commit as the build's tag does.
    let dirty = [BuiltImage::of_docker("a", "a:ffffffffffff-dirty")];
    let repo = repo("");
    let scene = Scene { repo: &repo, gate: "push", since: None, built: &dirty, inputs: &Inputs::default() };
    for options in ["", "tags = ['{commit}']"] {
        let jobs = testing::tool(&ECR, options).plan(&scene).unwrap();
        assert!(testing::line(&jobs[0]).ends_with("/a:ffffffffffff-dirty"), "{options}");
    }
    // An image that is on this machine already keeps its tag.
    assert_eq!(
        lines("registry = 'r.example'\nimages = ['ready:2.0']", &[]),
        ["ready:2.0: push r.example/ready:2.0"]
    );
}

#[test]
fn what_can_not_be_pushed_is_not_planned() {
    for (options, built, words) in [
        ("", &[][..], "no gate before it builds an image"),
        ("images = ['b']", &["a", "c"], "no gate before it builds an image called b; built: a, c"),
        ("images = ['ready:latest']", &[], "ready:latest is not a tag that stays"),
        ("images = ['ready@sha256:abc']", &[], "is not the name of a repository"),
        (
            "images = [{ name = 'a', repository = 'x' }, { name = 'b', repository = 'x' }]",
            &["a", "b"],
            "two images would be pushed to x:ffffffffffff",
        ),
    ] {
        let why = impossible(options, built);
        assert!(why.contains(words), "{why}");
    }
    // Without a commit every build has the same tag.
    let mut outside = repo("");
    outside.head = None;
    let built = [BuiltImage { mutable: true, ..BuiltImage::of_docker("a", "a:portcullis") }];
    let scene =
        Scene { repo: &outside, gate: "push", since: None, built: &built, inputs: &Inputs::default() };
    for (options, words) in [("", "there is no commit"), ("tags = ['{commit}']", "there is no commit")] {
        let Err(Unplanned::Impossible(why)) = testing::tool(&ECR, options).plan(&scene) else { panic!() };
        assert!(why.contains(words), "{why}");
    }
    let jobs = testing::tool(&ECR, "tags = ['1.4']").plan(&scene).unwrap();
    assert!(testing::line(&jobs[0]).ends_with("/a:1.4"));
}

#[test]
fn mistakes_are_reported() {
    for (options, problem) in [
        ("images = []", "`images` is empty: name at least one, or leave the key out"),
        ("images = ['a', { name = 'a' }]", "two images are called `a`"),
        ("images = [1]", "`images` must be a list of strings and tables, this is an integer"),
        ("images = 'a'", "`images` must be a list of strings and tables, this is a string"),
        ("images = ['']", "`images` holds an empty string"),
        ("images = [{ repository = 'a' }]", "`name` is missing"),
        ("images = [{ name = 'a', tag = '1' }]", "`tag` is not a key of an image of `images`"),
        ("images = [{ name = 'a', repository = 'A' }]", "`A` is not the name of a repository"),
        ("namespace = 'team/'", "`team/` is not the name of a repository"),
        ("tags = ['latest']", "`latest` does not stay with an image"),
        ("tags = ['latest', '1.4']", "`latest` does not stay with an image"),
        ("tags = []", "`tags` is empty: name at least one, or leave the key out"),
        ("tags = ['1 4']", "`1 4` is not a tag"),
        ("tags = ['-a']", "`-a` is not a tag"),
        ("moving_tags = ['{branch}']", "`{branch}` is not a tag"),
        (
            "tags = ['a']\nmoving_tags = ['a']",
            "`a` is in `tags` and in `moving_tags`: a tag either stays or moves",
        ),
        ("login = false", "`login = false` needs a `registry`"),
        (
            "registry = 'r.example/team'",
            "`r.example/team` is not a registry: put the part after the `/` in `namespace`",
        ),
        (
            "registry = 'ftp://r'",
            "`ftp://r` is not a registry: only http:// and https:// are allowed in front",
        ),
        ("registry = 'a b'", "`a b` is not a registry: it is `HOST` or `HOST:PORT`"),
        ("repository = 'a'", "`repository` is not a key of the gate"),
        ("engine = 'buildah'", "`buildah` is not a value of `engine`"),
    ] {
        assert_eq!(mistakes(&ECR, options), [problem], "{options}");
    }
}

#[test]
fn any_registry_is_named_and_has_no_account() {
    let jobs =
        scene_of(&["a"], |scene| testing::tool(&SPEC, "registry = 'ghcr.io'\nlogin = false").plan(scene));
    let [job] = &jobs.unwrap()[..] else { panic!() };
    assert_eq!(testing::line(job), "push ghcr.io/a:ffffffffffff");
    assert_eq!(job.programs().map(|program| program.name.as_str()).collect::<Vec<_>>(), ["docker"]);
    for (options, problem) in [
        ("images = ['a']", "`registry` is missing"),
        ("registry = 'ghcr.io'\nregion = 'eu-west-1'", "`region` is not a key of the gate"),
        (
            "registry = 'ghcr.io/team'",
            "`ghcr.io/team` is not a registry: put the part after the `/` in `namespace`",
        ),
    ] {
        assert_eq!(mistakes(&SPEC, options), [problem], "{options}");
    }
}

/// Docker's manual ("docker login"), and its API: `registry-1.docker.io/v2/library/alpine/manifests/latest`.
#[test]
fn docker_hub_has_three_names() {
    let hub = Registry::read("docker.io").unwrap();
    assert_eq!(hub.login_keys()[0], "https://index.docker.io/v1/");
    assert_eq!(hub.manifest("alpine", "1"), "https://registry-1.docker.io/v2/library/alpine/manifests/1");
    assert_eq!(hub.manifest("ada/app", "1"), "https://registry-1.docker.io/v2/ada/app/manifests/1");
    let other = Registry::read("r.example:5000").unwrap();
    assert_eq!(other.manifest("app", "1"), "https://r.example:5000/v2/app/manifests/1");
    assert_eq!(other.login_keys(), ["r.example:5000"]);
}

#[test]
fn what_lies_under_a_tag_is_removed_by_the_command_of_its_registry() {
    let of = |host: &str| Registry::read(host).unwrap().removal("team/a", "1.4");
    assert_eq!(
        of("123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
        "`aws ecr batch-delete-image --region eu-west-1 --repository-name team/a --image-ids imageTag=1.4`"
    );
    assert!(of("r.example").starts_with("`skopeo delete docker://r.example/team/a:1.4`"));
    assert!(of("127.0.0.1:5000").starts_with("`skopeo delete --tls-verify=false docker://127.0.0.1:5000/"));
    assert_eq!([of("docker.io"), of("ghcr.io")], ["on the web page of its repository"; 2]);
}

#[test]
fn a_registry_is_asked_as_docker_asks_it() {
    let of = |text: &str| format!("{:?}", Registry::read(text));
    for local in ["127.0.0.1:5000", "127.1.2.3", "localhost", "localhost:5000", "[::1]:5000"] {
        assert!(of(local).contains("\"http\""), "{local}");
    }
    for remote in
        ["r.example", "10.0.0.1:5000", "localhost.example", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"]
    {
        assert!(of(remote).contains("\"https\""), "{remote}");
    }
    assert!(
        of("http://r.example:5000").contains("\"http\"") && of("https://localhost").contains("\"https\"")
    );
}

#[test]
fn the_region_of_a_registry_is_in_its_name() {
    for (host, region) in [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", Some("eu-west-1")),
        ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", Some("us-east-1")),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
        ("123456789012.dkr-ecr.us-west-2.on.aws", Some("us-west-2")),
        ("r.example", None),
        ("127.0.0.1:5000", None),
    ] {
        assert_eq!(Registry::read(host).unwrap().region(), region, "{host}");
    }
}

/// The manifest of an image that Docker 20.10 pushed, and the digests that the registry and Docker
/// reported: `sha256sum` of these bytes, and `docker image inspect`.
const MANIFEST: &str = include_str!("../../../fixtures/ecr-push/moved/manifest.json");
const DIGEST: &str = "sha256:87e0baaef56552e9399427606c872e2e6ef597855cb5c404c5365d11fc31741f";
const ID: &str = "sha256:a3a4751e40af755645de246ae48de2f1637c0e9b300bd92ef4779917561b9487";
const OTHER: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

#[test]
fn a_manifest_is_known_by_its_bytes_and_an_image_by_either_digest() {
    let held = Held::read(MANIFEST.as_bytes()).unwrap();
    assert_eq!((&*held.digest, held.config.as_deref()), (DIGEST, Some(ID)));
    let goes_by = |id: &str, also: Option<&str>| {
        Names { id: id.to_owned(), also: also.map(str::to_owned) }.are_of(&held)
    };
    assert!(goes_by(ID, None) && goes_by(DIGEST, None) && goes_by(OTHER, Some(ID)));
    assert!(!goes_by(OTHER, None) && !goes_by(OTHER, Some(OTHER)));
    let index = format!("{{\"schemaVersion\": 2, \"manifests\": [{{\"digest\": \"{DIGEST}\"}}]}}");
    let held = Held::read(index.as_bytes()).unwrap();
    let goes_by = |id: &str| Names { id: id.to_owned(), also: None }.are_of(&held);
    // An index that names this manifest, and none that names another.
    assert!(held.config.is_none() && goes_by(&held.digest) && goes_by(DIGEST) && !goes_by(OTHER));
    for manifest in [
        "",
        "<html></html>",
        "{}",
        "[]",
        "{\"schemaVersion\": 1, \"fsLayers\": []}",
        "{\"config\": {\"digest\": \"sha256:12\"}}",
        "{\"config\": {}}",
        &MANIFEST[..200],
    ] {
        assert!(Held::read(manifest.as_bytes()).is_err(), "{manifest}");
    }
}

/// The report of a push of one tag, with these values of the tag.
fn report(tag: &str) -> String {
    format!(
        r#"{{"portcullis_version": "1.2.3", "image": "a:1", "id": "{ID}", "seen_by": ["scan", "sbom"], "unscanned": false,
            "repository": "r.example/a", "tags": [{{"tag": "1", "moving": false, {tag}}}]}}"#
    )
}

fn held(digest: &str, config: &str) -> String {
    format!("{{\"digest\": \"{digest}\", \"config\": \"{config}\"}}")
}

fn parse(report: &str) -> Result<Parsed, ReportError> {
    testing::tool(&ECR, "").parse(&handed_in(report), &origin())
}

#[test]
fn a_pushed_image_is_passed_on_by_its_digest() {
    let now = held(DIGEST, ID);
    let pushed = format!(r#""before": null, "pushed": "{DIGEST}", "immutable": null, "now": {now}"#);
    let there = format!(r#""before": {now}, "pushed": null, "immutable": null, "now": {now}"#);
    for (tag, came) in [(&pushed, "(pushed)"), (&there, "(already there)")] {
        let parsed = parse(&report(tag)).unwrap();
        let outputs: Vec<(&str, &str)> =
            parsed.outputs.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(
            outputs,
            [
                ("digest", DIGEST),
                ("image", &*format!("r.example/a@{DIGEST}")),
                ("repository", "r.example/a"),
                ("tag", "1")
            ]
        );
        assert!(parsed.findings.is_empty() && parsed.scope.to_string() == "1 image");
        assert_eq!(parsed.image_id.as_deref(), Some(ID));
        assert_eq!(parsed.proof[0], format!("r.example/a:1 is {DIGEST} {came}"));
        assert_eq!(parsed.proof[1], format!("the registry holds {ID}, which scan and sbom looked at"));
    }
    // With containerd's image store the id is that of the manifest.
    let by_manifest = report(&pushed).replace(&format!("\"id\": \"{ID}\""), &format!("\"id\": \"{DIGEST}\""));
    assert_eq!(parse(&by_manifest).unwrap().image_id.as_deref(), Some(DIGEST));
    // Or the build reports both digests.
    let by_other = format!("\"id\": \"{OTHER}\", \"also\": \"{ID}\"");
    let by_other = report(&pushed).replace(&format!("\"id\": \"{ID}\""), &by_other);
    assert_eq!(parse(&by_other).unwrap().image_id.as_deref(), Some(OTHER));
}

#[test]
fn a_tag_that_another_image_has_is_a_finding_and_nothing_is_passed_on() {
    let other = held(OTHER, OTHER);
    let taken = format!(
        r#""before": {other}, "pushed": null, "immutable": null, "now": null, "removal": "`skopeo delete docker://r.example/a:1`""#
    );
    let words = "tag invalid: The image tag 'latest' already exists in the 'a' repository and cannot be overwritten because the repository is immutable.";
    let refused = format!(r#""before": {other}, "pushed": null, "immutable": "{words}", "now": null"#);
    let refused = report(&refused).replace("\"moving\": false", "\"moving\": true");
    for (report, message) in
        [(report(&taken), "the gates saw sha256:a3a4"), (refused, "repository is immutable")]
    {
        let parsed = parse(&report).unwrap();
        let [finding] = &parsed.findings[..] else { panic!("{parsed:?}") };
        assert_eq!(
            (&*finding.rule, &*finding.title),
            ("immutable-tag", "another image lies under r.example/a:1")
        );
        assert!(finding.message.contains(message), "{}", finding.message);
        assert!(parsed.outputs.is_empty());
        // A tag that moves is not to be removed.
        let fix = finding.fix.as_deref().unwrap();
        assert_eq!(
            fix.contains("`skopeo delete docker://r.example/a:1`"),
            !report.contains("\"moving\": true")
        );
    }
}

#[test]
fn a_report_that_does_not_show_the_scanned_image_in_the_registry_proves_nothing() {
    let (now, other) = (held(DIGEST, ID), held(OTHER, OTHER));
    let good = report(&format!(r#""before": null, "pushed": "{DIGEST}", "immutable": null, "now": {now}"#));
    assert!(parse(&good).is_ok());
    let tags_from = good.find("[{\"tag\"").unwrap();
    for (report, words) in [
        (String::new(), "is empty"),
        (good[..good.len() - 9].to_owned(), "cut short"),
        ("{}".to_owned(), "missing field"),
        (format!("{}[]}}", &good[..tags_from]), "names no tag"),
        (good.replace("[\"scan\", \"sbom\"]", "[]"), "no gate has proved that it looked at a:1"),
        (good.replace(DIGEST, "sha256:87e0"), "is not a digest"),
        (good.replace(&DIGEST[7..], &DIGEST[7..].to_uppercase()), "is not a digest"),
        (good.replace(&format!("\"id\": \"{ID}\""), "\"id\": \"\""), "is not a digest"),
        (report(&format!(r#""pushed": "{DIGEST}""#)), "nothing shows that r.example/a:1 is in the registry"),
        (report(&format!(r#""now": {now}"#)), "nothing shows that r.example/a:1 was pushed"),
        (
            report(&format!(r#""before": {}, "now": {now}"#, held(OTHER, ID))),
            "nothing shows that r.example/a:1 was pushed",
        ),
        (
            report(&format!(r#""pushed": "{DIGEST}", "now": {other}"#)),
            "another image lies under r.example/a:1",
        ),
        (report(&format!(r#""pushed": "{OTHER}", "now": {now}"#)), "reported sha256:2222"),
    ] {
        let why = parse(&report).unwrap_err().to_string();
        assert!(why.contains(words), "{why}\n{report}");
    }
    assert!(parse(&good.replace("\"unscanned\": false", "\"unscanned\": true")).is_ok());
}

mod engines;
mod platforms;
