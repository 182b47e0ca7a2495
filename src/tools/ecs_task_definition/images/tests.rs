use super::*;
use crate::keys::mistakes::Problems;
use crate::keys::table::Keys;
use crate::scan::placeholder::Values;
use crate::tools::aws::Account;

fn settings(images: &[(&str, &str)], sidecars: &[(&str, &str)], leaves_out: &[&str]) -> Settings {
    let table = |entries: &[(&str, &str)]| {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let problems = Problems::default();
    let keys = Keys::none(&problems);
    Settings {
        template: "task.json".to_owned(),
        account: Account::read(&keys),
        family: None,
        images: table(images),
        sidecars: table(sidecars),
        leaves_out: leaves_out.iter().map(|name| (*name).to_owned()).collect(),
        values: Values::read(&keys),
        image_definitions: None,
        allow_environment: Vec::new(),
    }
}

fn digest(repository: &str, of: char) -> String {
    format!("host/{repository}@sha256:{}", of.to_string().repeat(64))
}

/// What the containers `api` and `proxy` of a template get, in a run that has pushed `api` and `web`.
fn resolved(settings: &Settings, template: [&str; 2]) -> Result<Vec<String>, String> {
    let pushed = [("api", digest("api", 'a')), ("web", digest("team/web", 'b'))];
    let pushed: Pushed = pushed.into_iter().map(|(name, reference)| (name.into(), reference)).collect();
    let container = |name: &str, image: &str| Container {
        name: name.to_owned(),
        image: image.to_owned(),
        ports: Vec::new(),
    };
    let containers = [container("api", template[0]), container("proxy", template[1])];
    Ok(resolve(settings, &pushed, &containers)?.into_values().collect())
}

#[test]
fn a_container_gets_what_was_pushed_and_others_are_named_in_gates_toml() {
    let (api, web) = (digest("api", 'a'), digest("team/web", 'b'));
    let by_name = settings(&[("proxy", "web")], &[], &[]);
    assert_eq!(resolved(&by_name, ["x", "y"]), Ok(vec![api.clone(), web]));
    let beside = settings(&[], &[("proxy", "envoy:v1")], &["web"]);
    assert_eq!(resolved(&beside, ["x", "envoy:v0"]), Ok(vec![api.clone(), "envoy:v1".to_owned()]));
    let other = digest("other", 'c');
    let elsewhere = settings(&[("proxy", &other)], &[], &["web"]);
    assert_eq!(resolved(&elsewhere, ["x", "y"]), Ok(vec![api, other]));
}

#[test]
fn an_image_that_nobody_pushed_or_named_is_none() {
    let (old, web) = (digest("api", 'd'), digest("team/web", 'b'));
    for (settings, template, says) in [
        (
            settings(&[], &[], &["web"]),
            ["x", "nginx:latest"],
            "the container proxy has the image nginx:latest",
        ),
        // A digest in the template is not one of gates.toml.
        (
            settings(&[], &[], &["web"]),
            ["x", &digest("other", 'c')],
            "the container proxy has the image host/other",
        ),
        (settings(&[("proxy", "gone")], &[], &["web"]), ["x", "y"], "no gate of this run has pushed it"),
        (
            settings(&[("api", &old), ("proxy", "web")], &[], &[]),
            ["x", "y"],
            "api would get host/api@sha256:dddd",
        ),
        (
            settings(&[], &[("proxy", "host/team/web:1")], &["web"]),
            ["x", "y"],
            "proxy would get host/team/web:1",
        ),
        (settings(&[], &[("proxy", "envoy:v1")], &[]), ["x", "y"], "no container of task.json gets web"),
        (
            settings(&[("api", &web), ("proxy", &web)], &[], &[]),
            ["x", "y"],
            "no container of task.json gets api",
        ),
    ] {
        let why = resolved(&settings, template).unwrap_err();
        assert!(why.contains(says), "{says}: {why}");
    }
}

#[test]
fn another_spelling_of_a_repository_of_the_run_is_that_repository() {
    let at = |host: &str, of: char| format!("{host}/x@sha256:{}", of.to_string().repeat(64));
    let pushed: Pushed = [("api".into(), at("127.0.0.1:5116", 'a'))].into_iter().collect();
    let container = |name: &str| Container { name: name.to_owned(), image: String::new(), ports: Vec::new() };
    let get = |settings: &Settings| resolve(settings, &pushed, &[container("api"), container("side")]);
    for host in ["localhost:5116", "127.0.0.2:5116", "[::1]:5116", "LOCALHOST:5116"] {
        let other = at(host, 'b');
        for settings in [
            settings(&[("side", &other)], &[], &[]),
            settings(&[], &[("side", &other)], &[]),
            settings(&[], &[("side", &format!("{host}/x:latest"))], &[]),
        ] {
            let why = get(&settings).unwrap_err();
            assert!(why.contains("the container side would get"), "{why}");
        }
        // The very image is no other one, and it is taken.
        let same = settings(&[("api", &at(host, 'a')), ("side", &at("elsewhere.example", 'c'))], &[], &[]);
        assert_eq!(get(&same).unwrap()["api"], at(host, 'a'));
    }
    for sidecar in
        ["", " ", "http://127.0.0.1:5116/x", "127.0.0.1:5116//x", "127.0.0.1:5116/X", "127.1:5116/x"]
    {
        let why = get(&settings(&[], &[("side", sidecar)], &[])).unwrap_err();
        assert!(why.contains("which is no image"), "{sidecar}: {why}");
    }
}
