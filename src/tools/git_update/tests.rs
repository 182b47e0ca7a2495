use super::*;

use crate::keys::mistakes::Problems;
use crate::text::shared::Text;
use crate::tools::registry::delivered::Pushed;
use crate::tools::testing::{self, handed_in, mistakes, origin};

fn pushed() -> Pushed {
    let image = |name: &str| (Text::from(name), format!("ghcr.io/acme/{name}@sha256:{}", "ab".repeat(32)));
    [image("backend"), image("proxy")].into_iter().collect()
}

fn updated(kind: Kind, images: &[(&str, &str)], text: &str) -> Result<String, String> {
    let images = images.iter().map(|(name, image)| ((*name).to_owned(), (*image).to_owned())).collect();
    File { path: "file".to_owned(), kind, images }.updated(text, &pushed()).map(|(text, _)| text)
}

/// `DIGEST` stands for the digest of the images.
fn is(result: Result<String, String>, wanted: &str) {
    assert_eq!(result.unwrap(), wanted.replace("DIGEST", &format!("sha256:{}", "ab".repeat(32))));
}

#[test]
fn an_entry_of_a_kustomization_gets_a_digest_in_place_of_its_tag() {
    let text = "# ours\nresources: [base]\nimages:\n# the service\n- name: backend\n  newTag: v1 # last week\n- newName: old/proxy\n  name: proxy\n  digest: \"sha256:0\"\n- name: other\n  newTag: x\n";
    is(
        updated(Kind::Kustomize, &[("backend", "backend"), ("proxy", "proxy")], text),
        "# ours\nresources: [base]\nimages:\n# the service\n- name: backend\n  newName: ghcr.io/acme/backend\n  digest: DIGEST # last week\n- newName: ghcr.io/acme/proxy\n  name: proxy\n  digest: \"DIGEST\"\n- name: other\n  newTag: x\n",
    );
    is(
        updated(
            Kind::Kustomize,
            &[("ghcr.io/acme/backend", "backend")],
            "images:\n- name: ghcr.io/acme/backend\n",
        ),
        "images:\n- name: ghcr.io/acme/backend\n  digest: DIGEST\n",
    );
    for (text, words) in [
        ("images: []\n", "no entry with the name backend"),
        ("images:\n- name: backend\n- name: backend\n", "two entries"),
        ("images:\n- name: backend\n  digest: x\n  newTag: y\n", "`digest` and `newTag`"),
        ("images:\n- {name: backend}\n", "by hand"),
        ("a: 1\na: 2\n", "twice"),
    ] {
        let why = updated(Kind::Kustomize, &[("backend", "backend")], text).unwrap_err();
        assert!(why.contains(words), "{why}");
    }
}

#[test]
fn another_image_of_a_pushed_repository_goes_into_no_file() {
    let at = |name: &str, digits: &str| format!("{name}@sha256:{}", digits.repeat(32));
    let get = |image: &str| updated(Kind::Values, &[("image", image)], "image: a\n");
    for image in
        [at("ghcr.io/acme/backend", "ab"), at("GHCR.io/acme/backend", "ab"), at("ghcr.io/acme/other", "cd")]
    {
        assert_eq!(get(&image).unwrap(), format!("image: {image}\n"));
    }
    for image in [
        at("ghcr.io/acme/backend", "cd"),
        at("ghcr.io:443/acme/backend", "cd"),
        at("GHCR.io/acme/proxy:1", "00"),
    ] {
        let why = get(&image).unwrap_err();
        assert!(why.contains("image would get") && why.contains("this run has pushed"), "{why}");
    }
}

#[test]
fn a_file_names_no_other_image_of_a_pushed_repository_beside_the_entries_of_the_gate() {
    let kustomization = |more: &str| {
        let text = format!("images:\n- name: backend\n  newTag: v1\n{more}");
        updated(Kind::Kustomize, &[("backend", "backend")], &text)
    };
    let values =
        |more: &str| updated(Kind::Values, &[("a.image", "backend")], &format!("a: {{image: x}}\n{more}"));
    let definitions = |more: &str| {
        let text = format!(
            "[{{\"name\": \"a\", \"imageUri\": \"x\"}}, {{\"name\": \"b\", \"imageUri\": \"{more}\"}}]"
        );
        updated(Kind::ImageDefinitions, &[("a", "backend")], &text)
    };
    let (own, old) = ("ab".repeat(32), "cd".repeat(32));
    for (result, place) in [
        (
            kustomization(&format!("- name: b\n  newName: ghcr.io/acme/proxy\n  digest: sha256:{old}\n")),
            "images[1] is",
        ),
        (kustomization("- name: ghcr.io/acme/proxy\n  newTag: v1\n"), "images[1] is ghcr.io/acme/proxy:v1,"),
        (kustomization("- name: b\n  newName: GHCR.io/acme/backend\n"), "images[1] is GHCR.io/acme/backend,"),
        (values(&format!("b: {{image: 'ghcr.io/acme/backend@sha256:{old}'}}\n")), "b.image is"),
        (values("b: [{run: 'ghcr.io:443/acme/proxy:v1'}]\n"), "b[0].run is"),
        (values("b: ['ghcr.io/acme/proxy:v1']\n"), "b[0] is"),
        (values("b: {sidecarImage: ghcr.io/acme/proxy}\n"), "b.sidecarImage is"),
        (
            values("b: {image: {registry: ghcr.io, repository: acme/proxy, tag: v1, digest: ''}}\n"),
            "b.image is ghcr.io/acme/proxy:v1,",
        ),
        (
            values(&format!("b: {{repository: ghcr.io/acme/proxy, tag: v1, digest: 'sha256:{old}'}}\n")),
            "b is ghcr.io/acme/proxy@",
        ),
        (values("b: {name: ghcr.io/acme/proxy, tag: v1}\n"), "b is ghcr.io/acme/proxy:v1,"),
        (definitions(&format!("ghcr.io/acme/proxy@sha256:{old}")), "[1] is"),
        (definitions("ghcr.io/acme/backend"), "[1] is"),
    ] {
        let why = result.unwrap_err();
        assert!(why.contains(place) && why.contains("this run has pushed ghcr.io/acme/"), "{why}");
    }
    for result in [
        kustomization(&format!("- name: b\n  newName: ghcr.io/acme/proxy\n  digest: sha256:{own}\n")),
        kustomization(
            "- name: backend2\n  newName: ghcr.io/acme/backend2\n  newTag: v1\n- name: b\n  newTag: v1\n",
        ),
        values(&format!("b: {{image: 'ghcr.io/acme/proxy@sha256:{own}'}}\n")),
        values(
            "b: {image: 'nginx:1', url: 'https://ghcr.io/acme/proxy:8080', name: 'a b: c', docs: ghcr.io/acme/proxy}\n",
        ),
        values("b: [1, null, true, 'a', '']\n"),
        definitions("public.ecr.aws/nginx/nginx:1"),
    ] {
        assert!(result.is_ok(), "{result:?}");
    }
}

#[test]
fn a_pushed_image_is_in_a_file_or_left_out() {
    let update = |backend: &str, keys: &str| {
        let options = format!(
            "branch = 'a'\nfiles = [{{ path = 'a', kind = 'values', images = {{ x = '{backend}' }} }}]\n{keys}"
        );
        let table = toml::de::DeTable::parse(&options).unwrap();
        let problems = Problems::default();
        let keys = Keys::new(table.get_ref(), 0..0, &problems);
        let update = read(&keys);
        assert_eq!(problems.into_sorted(), []);
        update.takes_all(&pushed())
    };
    let why = update("backend", "").unwrap_err();
    assert!(why.starts_with("no file gets proxy, which this run has pushed"), "{why}");
    assert_eq!(update("backend", "leaves_out = ['proxy']"), Ok(()));
    let by_digest = format!("ghcr.io/acme/backend@sha256:{}", "ab".repeat(32));
    assert_eq!(update(&by_digest, "leaves_out = ['proxy']"), Ok(()));
    assert!(update("backend", "leaves_out = ['backend']").is_err());
}

#[test]
fn values_of_a_chart_are_named_by_their_path() {
    let text = "backend:\n  image:\n    registry: docker.io # hub\n    repository: 'acme/old'\n    tag: \"1\"\n    digest:\nproxy: {image: nginx:1}\nother: x\n";
    is(
        updated(Kind::Values, &[("backend.image", "backend"), ("proxy.image", "proxy")], text),
        "backend:\n  image:\n    registry: ghcr.io # hub\n    repository: 'acme/backend'\n    tag: \"1\"\n    digest: DIGEST\nproxy: {image: ghcr.io/acme/proxy@DIGEST}\nother: x\n",
    );
    for (path, text, words) in [
        ("image", "a: b\n", "has no `image`"),
        ("image", "image: {repository: a, tag: b}\n", "has no `digest`"),
        ("image", "image: {digest: a}\n", "has no `repository`"),
        ("image", "image: &a b\nother: *a\n", "no plain value"),
    ] {
        let why = updated(Kind::Values, &[(path, "backend")], text).unwrap_err();
        assert!(why.contains(words), "{why}");
    }
    let why = updated(Kind::Values, &[("image", "nobody")], "image: a\n").unwrap_err();
    assert!(why.contains("no gate of this run has pushed it"), "{why}");
}

#[test]
fn image_definitions_keep_their_form() {
    is(
        updated(
            Kind::ImageDefinitions,
            &[("web", "backend")],
            "[{\"name\":\"web\",\"imageUri\":\"old\"},\n {\"name\":\"x\",\"imageUri\":\"y\"}]",
        ),
        "[{\"name\":\"web\",\"imageUri\":\"ghcr.io/acme/backend@DIGEST\"},\n {\"name\":\"x\",\"imageUri\":\"y\"}]",
    );
    let why = updated(Kind::ImageDefinitions, &[("web", "backend")], "[]").unwrap_err();
    assert!(why.contains("no container with the name web"), "{why}");
}

#[test]
fn mistakes_are_reported() {
    let files = "files = [{ path = 'a', kind = 'values', images = { b = 'c' } }]";
    for (options, problem) in [
        (files.to_owned(), "`branch` is missing"),
        ("branch = 'a'".to_owned(), "`files` is missing"),
        ("branch = 'a'\nfiles = []".to_owned(), "`files` is empty: name at least one"),
        (format!("branch = '-a'\n{files}"), "`-a` is not the name of a branch"),
        (format!("branch = 'a..b'\n{files}"), "`a..b` is not the name of a branch"),
        (
            format!("branch = 'a'\nremote = '--upload-pack=x'\n{files}"),
            "`--upload-pack=x` is not the address of a repository",
        ),
        (format!("branch = 'a'\nauthor = 'Ada'\n{files}"), "`Ada` is not an author"),
        (
            format!("branch = 'a'\n{}", files.replace("'a'", "'../a'")),
            "`../a` is not a path inside of the repository",
        ),
        (
            format!("branch = 'a'\n{}", files.replace("'a'", "'.git/config'")),
            "`.git/config` is not a path inside of the repository",
        ),
        (format!("branch = 'a'\n{}", files.replace("'values'", "'json'")), "`json` is not a value of `kind`"),
        (
            format!("branch = 'a'\n{}", files.replace("'c'", "'http://r.example/c@sha256:ab'")),
            "`http://r.example/c@sha256:ab` is neither the name of an image nor a reference by digest",
        ),
        (
            format!("branch = 'a'\n{}", files.replace("'c'", "'c:1'")),
            "`c:1` is neither the name of an image nor a reference by digest",
        ),
        (
            format!("branch = 'a'\n{}", files.replace("{ b = 'c' }", "{}")),
            "`images` is empty: name at least one",
        ),
    ] {
        assert_eq!(mistakes(&SPEC, &options), [problem], "{options}");
    }
}

const BEFORE: &str = "1111111111111111111111111111111111111111";
const MADE: &str = "2222222222222222222222222222222222222222";

fn report(made: &str, now: &str, image: &str) -> String {
    format!(
        r#"{{"portcullis_version": "1", "branch": "prod", "before": "{BEFORE}", "made": {made}, "now": {now},
            "files": [{{"path": "a", "images": [{{"name": "b", "image": "{image}"}}]}}]}}"#
    )
}

#[test]
fn only_the_commit_that_the_remote_has_is_proof() {
    let options = "branch = 'prod'\nfiles = [{ path = 'a', kind = 'values', images = { b = 'c' } }]";
    let parse = |report: &str| testing::tool(&SPEC, options).parse(&handed_in(report), &origin());
    let quoted = |id: &str| format!("\"{id}\"");
    let image = "r/a@sha256:ab";
    let parsed = parse(&report(&quoted(MADE), &quoted(MADE), image)).unwrap();
    assert_eq!(parsed.outputs["commit"], MADE);
    assert_eq!(parse(&report("null", &quoted(BEFORE), image)).unwrap().outputs["commit"], BEFORE);
    for (report, words) in [
        (report(&quoted(MADE), "null", image), "nothing shows"),
        (report(&quoted(MADE), &quoted(BEFORE), image), "at the end"),
        (report("null", &quoted(MADE), image), "at the end"),
        (report(&quoted("abc"), &quoted("abc"), image), "not the id of a commit"),
        (report(&quoted(MADE), &quoted(MADE), "r/a:latest"), "no image by digest"),
        (
            report(&quoted(MADE), &quoted(MADE), image).replace("\"files\": [", "\"files\": [], \"x\": ["),
            "names no image",
        ),
        ("{}".to_owned(), "missing field"),
        (String::new(), "is empty"),
    ] {
        let why = parse(&report).unwrap_err().to_string();
        assert!(why.contains(words), "{why}");
    }
}
