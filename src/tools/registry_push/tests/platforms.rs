//! Images for several platforms: their plan, and the report of their push.

use super::*;

use crate::scan::platform::Platform;
use crate::scan::scene::PlatformPart;

fn part(name: &str, platform: &str) -> BuiltImage {
    let platform = Platform::named(platform);
    let reference = format!("{name}:ffffffffffff-{}", platform.tag());
    let part = Some(PlatformPart { platform, whole: format!("{name}:ffffffffffff") });
    BuiltImage { part, ..BuiltImage::of_docker(name, &reference) }
}

fn planned(options: &str, built: &[BuiltImage]) -> Result<Vec<Job>, Unplanned> {
    let repo = repo("");
    let scene = Scene { repo: &repo, gate: "push", since: None, built, inputs: &Inputs::default() };
    testing::tool(&ECR, options).plan(&scene)
}

#[test]
fn all_platforms_of_an_image_are_one_push_that_acts_on_each() {
    let built =
        [part("a", "linux/amd64"), part("a", "linux/arm64/v8"), BuiltImage::of_docker("b", "b:ffffffffffff")];
    let jobs = planned("registry = '127.0.0.1:5000'\nmoving_tags = ['latest']", &built).unwrap();
    let targets: Vec<&str> = jobs.iter().map(|job| &*job.target).collect();
    assert_eq!(targets, ["a", "b", "a as latest", "b as latest"]);
    let images: Vec<&String> = jobs[0].images().collect();
    assert_eq!(images, ["a:ffffffffffff-linux-amd64", "a:ffffffffffff-linux-arm64"]);
    assert_eq!(jobs[2].images().count(), 2);
    assert_eq!(jobs[0].image.as_deref(), Some("a:ffffffffffff"));
    assert_eq!(
        jobs[0].why,
        "a:ffffffffffff for linux/amd64, linux/arm64 goes to 127.0.0.1:5000/a as ffffffffffff"
    );
    assert_eq!(jobs[1].images().collect::<Vec<_>>(), ["b:ffffffffffff"]);
    // The tag of a platform is no tag of another image.
    let options = "registry = 'r.example'\nimages = [{ name = 'a', repository = 'x' }, { name = 'b', repository = 'x', tags = ['ffffffffffff-linux-arm64'] }]";
    let Err(Unplanned::Impossible(why)) = planned(options, &built) else { panic!("it is planned") };
    assert!(why.contains("two images would be pushed to x:ffffffffffff-linux-arm64"), "{why}");
}

const AMD: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ARM: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// An index with these configurations.
fn index(digest: &str, images: &[(&str, &str)]) -> String {
    let listed: Vec<String> = images
        .iter()
        .map(|(platform, config)| {
            format!(r#"{{"digest": "{OTHER}", "config": "{config}", "platform": "{platform}"}}"#)
        })
        .collect();
    format!(r#"{{"digest": "{digest}", "config": null, "listed": [{}]}}"#, listed.join(","))
}

fn whole(digest: &str) -> String {
    index(digest, &[("linux/amd64", AMD), ("linux/arm64", ARM)])
}

/// The report of a push of one index; `tag`: the values of its tag.
fn of_index(index: &str, tag: &str) -> String {
    let part = |platform: &str, id: &str, digest: &str| {
        let now = held(digest, id);
        format!(
            r#"{{"platform": "{platform}", "image": "a:1-{platform}", "id": "{id}", "seen_by": ["scan"],
                "tag": {{"tag": "1-x", "moving": false, "before": null, "pushed": "{digest}", "immutable": null, "now": {now}}}}}"#
        )
    };
    format!(
        r#"{{"portcullis_version": "1.2.3", "image": "a:1", "unscanned": false, "repository": "r.example/a", "index": {index},
            "platforms": [{}, {}], "tags": [{{"tag": "1", "moving": false, {tag}}}]}}"#,
        part("linux/amd64", AMD, OTHER),
        part("linux/arm64", ARM, OTHER)
    )
}

#[test]
fn the_index_of_what_was_scanned_is_passed_on_by_its_digest() {
    let made = format!("\"{DIGEST}\"");
    let now = whole(DIGEST);
    let pushed =
        of_index(&made, &format!(r#""before": null, "pushed": "{DIGEST}", "immutable": null, "now": {now}"#));
    let there =
        of_index("null", &format!(r#""before": {now}, "pushed": null, "immutable": null, "now": {now}"#));
    for (report, came) in [(pushed, "(pushed)"), (there, "(already there)")] {
        let parsed = parse(&report).unwrap();
        assert_eq!(parsed.scope.to_string(), "2 images");
        assert_eq!(parsed.outputs["image"], format!("r.example/a@{DIGEST}"));
        assert_eq!((&*parsed.outputs["digest"], &*parsed.outputs["tag"]), (DIGEST, "1"));
        assert_eq!(parsed.proof[0], format!("r.example/a:1 is the index {DIGEST} {came}"));
        assert_eq!(parsed.proof[2], format!("it names {ARM} for linux/arm64, which scan has looked at"));
        // What moves later passes nothing on.
        let moving = report.replace(r#""tag": "1", "moving": false"#, r#""tag": "1", "moving": true"#);
        assert!(parse(&moving).unwrap().outputs.is_empty());
    }
}

#[test]
fn an_index_that_is_not_the_one_of_what_was_scanned_proves_nothing() {
    let made = format!("\"{DIGEST}\"");
    let tag = |now: &str| format!(r#""before": null, "pushed": "{DIGEST}", "immutable": null, "now": {now}"#);
    let good = of_index(&made, &tag(&whole(DIGEST)));
    assert!(parse(&good).is_ok());
    let amd = ("linux/amd64", AMD);
    let from = good.find("\"platforms\"").unwrap();
    for (report, words) in [
        (
            good.replace(r#""seen_by": ["scan"]"#, r#""seen_by": []"#),
            "no gate has proved that it looked at a:1-linux/amd64",
        ),
        (of_index(&made, &tag(&index(DIGEST, &[amd]))), "which is not the index of what the gates saw"),
        (of_index(&made, &tag(&index(DIGEST, &[amd, ("linux/arm64", ID)]))), "which is not the index"),
        (
            of_index(&made, &tag(&index(DIGEST, &[amd, ("linux/arm64", ARM), ("linux/s390x", ID)]))),
            "which is not the index",
        ),
        (of_index(&made, &tag(&index(DIGEST, &[amd, ("linux/arm/v7", ARM)]))), "which is not the index"),
        (of_index(&made, &tag(&whole(OTHER))), "but the registry holds sha256:2222"),
        (of_index("null", &tag(&whole(DIGEST))), "is unknown, but the registry holds"),
        (of_index(&made, &tag("null")), "nothing shows that r.example/a:1 is in the registry"),
        (
            of_index(
                &made,
                &format!(r#""before": null, "pushed": null, "immutable": null, "now": {}"#, whole(DIGEST)),
            ),
            "nothing shows that r.example/a:1 was pushed",
        ),
        (format!("{}\"platforms\": [], \"tags\": []}}", &good[..from]), "names no platform"),
        (good[..good.len() - 20].to_owned(), "cut short"),
        (good.replace(AMD, "sha256:aa"), "is not a digest"),
    ] {
        let why = parse(&report).unwrap_err().to_string();
        assert!(why.contains(words), "{why}\n{report}");
    }
}

#[test]
fn another_index_under_the_tag_or_another_image_under_a_platforms_tag_is_a_finding() {
    let other = index(OTHER, &[("linux/amd64", AMD), ("linux/arm64", ID)]);
    let tag = format!(r#""before": {other}, "pushed": null, "immutable": null, "now": null"#);
    let taken = of_index("null", &tag);
    let fine = r#""before": null, "pushed": null, "immutable": null, "now": null"#;
    let taken_part =
        of_index("null", fine).replacen(r#""before": null"#, &format!(r#""before": {}"#, held(OTHER, ID)), 1);
    for (report, name) in [(taken, "r.example/a:1"), (taken_part, "r.example/a:1-x")] {
        let parsed = parse(&report).unwrap();
        let [finding] = &parsed.findings[..] else { panic!("{parsed:?}") };
        assert_eq!(*finding.title, *format!("another image lies under {name}"));
        assert!(parsed.outputs.is_empty());
    }
}
