use super::*;

use crate::keys::mistakes::Problems;
use crate::scan::variable::Variable;
use crate::tools::registry::address::Repository;

use super::super::image::{Secret, SecretSource};

const NOTES: &str = "
name: notes
x-build: &common
  args: &args { NODE: '${NODE:-22}', NPM_TOKEN: }
  labels: [team=notes, 'tier=${TIER:-two}']
services:
  api:
    image: ghcr.io/team/api:${TAG}
    platform: linux/amd64
    build:
      <<: *common
      context: ./backend
      dockerfile: docker/Dockerfile.prod
      target: runtime
      args: { <<: *args, VERSION: $TAG, SIGN_KEY: '${SIGN_KEY}' }
      cache_from: ['type=registry,ref=ghcr.io/team/api:cache']
      tags: [ghcr.io/team/api:stable]
      pull: true
      secrets: [npm, { source: ca, target: authority }]
      additional_contexts: [shared=../lib, base=docker-image://debian:12]
    environment: { PASSWORD: $NOT_SET }
  web: { build: ./web }
  proxy: { build: { context: 'https://git.example/proxy.git#main', dockerfile: Proxy, platforms: [linux/arm64] } }
  db: { image: 'postgres:16' }
secrets:
  npm: { environment: NPM_TOKEN }
  ca: { file: ./keys/ca.pem }
";

fn environment(name: &str) -> Option<String> {
    match name {
        "TAG" => Some("1.4".to_owned()),
        "SIGN_KEY" => Some("open sesame".to_owned()),
        _ => None,
    }
}

/// The compose part of a gate.
fn compose(options: &str) -> Option<Compose> {
    let problems = Problems::default();
    let table = toml::de::DeTable::parse(options).unwrap();
    let compose = Compose::read(&Keys::new(table.get_ref(), 0..0, &problems), &[]);
    assert_eq!(problems.into_sorted().len(), 0, "{options}");
    compose
}

/// The images of a file, beside a file of variables.
fn images_with(options: &str, text: &str, env_file: &str) -> Result<Vec<Image>, String> {
    let variables = Variables::read(&environment, env_file).unwrap();
    compose(options).unwrap().read_services(text, &variables, "checkout")
}

fn images(text: &str) -> Result<Vec<Image>, String> {
    images_with("compose = 'deploy/compose.yaml'", text, "NPM_TOKEN=hunter2\n")
}

fn texts(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn each_service_that_is_built_is_an_image_and_its_paths_are_those_of_the_compose_file() {
    let images = images(NOTES).unwrap();
    let [api, proxy, web] = &images[..] else { panic!("{images:#?}") };
    assert_eq!((&*api.name, &*api.context), ("ghcr.io/team/api", "deploy/backend"));
    assert_eq!(api.file.as_deref(), Some("deploy/backend/docker/Dockerfile.prod"));
    assert_eq!((api.target.as_deref(), api.platform.as_deref()), (Some("runtime"), Some("linux/amd64")));
    let set = |value: &str| Variable::Set(value.to_owned());
    let mut args: Vec<(&str, Variable)> =
        api.build_args.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    args.sort_by_key(|(name, _)| *name);
    // What looks secret goes through the environment, and stays out of the command.
    let wanted = [
        ("NODE", set("22")),
        ("NPM_TOKEN", Variable::HandedOn),
        ("SIGN_KEY", Variable::HandedOn),
        ("VERSION", set("1.4")),
    ];
    assert_eq!(args, wanted);
    let environment: Vec<_> = api.environment.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(environment, [("NPM_TOKEN", "hunter2"), ("SIGN_KEY", "open sesame")]);
    assert_eq!(api.labels, texts(&[("team", "notes"), ("tier", "two")]));
    assert_eq!(api.cache_from, ["type=registry,ref=ghcr.io/team/api:cache"]);
    assert!(api.pull && !api.no_cache);
    let secret = |id: &str, source| Secret { id: id.to_owned(), source };
    assert_eq!(
        api.secrets,
        [
            secret("npm", SecretSource::Variable("NPM_TOKEN".to_owned())),
            secret("authority", SecretSource::File("deploy/keys/ca.pem".to_owned())),
        ]
    );
    assert_eq!(api.contexts, texts(&[("shared", "lib"), ("base", "docker-image://debian:12")]));
    // Compose finds them under its own names, and runs what was scanned.
    assert_eq!(api.further_names().collect::<Vec<_>>(), ["ghcr.io/team/api:stable", "ghcr.io/team/api:1.4"]);
    assert_eq!((&*web.name, &*web.context, &web.file), ("notes-web", "deploy/web", &None));
    assert_eq!(web.further_names().collect::<Vec<_>>(), ["notes-web:latest"]);
    assert_eq!(
        (&*proxy.context, proxy.file.as_deref()),
        ("https://git.example/proxy.git#main", Some("Proxy"))
    );
    assert_eq!(proxy.platform.as_deref(), Some("linux/arm64"));
}

#[test]
fn a_project_without_a_name_gives_none_to_its_images() {
    let text = "services: { api: { build: . }, Web: { build: . } }";
    let named = |options, env_file| {
        let images = images_with(options, text, env_file).unwrap();
        let names = |image: &Image| format!("{} {}", image.name, image.further_names().next().unwrap());
        images.iter().map(names).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(named("compose = 'compose.yaml'", ""), "web checkout-web:latest, api checkout-api:latest");
    let given = "COMPOSE_PROJECT_NAME=notes\n";
    assert_eq!(
        named("compose = 'compose.yaml'", given),
        "notes-web notes-web:latest, notes-api notes-api:latest"
    );
    let own = "compose = 'compose.yaml'\nservices = ['api', { service = 'Web', name = 'front' }]";
    assert_eq!(named(own, ""), "api checkout-api:latest, front checkout-web:latest");
    for (folder, name) in [("/a/Notes App_1@2", "notesapp_12"), ("/a/-x", "x"), ("/", "")] {
        assert_eq!(project_folder(Path::new(folder)), name, "{folder}");
    }
}

/// The example of the Compose specification, "Profiles", with a `build` in place of each image.
#[test]
fn services_of_profiles_that_are_not_active_are_not_built_and_named() {
    let text = "services: { web: { build: . }, test_lib: { build: a, profiles: [test] }, \
        coverage_lib: { build: b, profiles: [test] }, debug_lib: { build: c, profiles: [debug, '${MORE:-all}'] }, \
        always: { build: d, profiles: [] } }";
    let built = |options: &str, env_file: &str| {
        let images = images_with(options, text, env_file).unwrap();
        let names: Vec<&str> = images.iter().map(|image| &*image.name).collect();
        (names.join(" "), images.iter().flat_map(|image| image.notes.clone()).collect::<Vec<_>>())
    };
    let all = "compose = 'compose.yaml'";
    let (names, notes) = built(all, "");
    assert_eq!(names, "always web");
    assert_eq!(
        notes,
        [
            "not built from compose.yaml, as their profiles are not active: coverage_lib (test), debug_lib (debug, all), \
          test_lib (test); name a service in `services`, or its profile in COMPOSE_PROFILES"
        ]
    );
    assert_eq!(built(all, "COMPOSE_PROFILES=test\n").0, "always coverage_lib test_lib web");
    assert_eq!(built(all, "COMPOSE_PROFILES=other, all\n").0, "always debug_lib web");
    for active in ["test,debug", "*"] {
        let built = built(all, &format!("COMPOSE_PROFILES={active}\n"));
        assert_eq!(built, ("always coverage_lib debug_lib test_lib web".to_owned(), Vec::new()), "{active}");
    }
    // Who names a service activates its profile.
    assert_eq!(built("compose = 'c.yaml'\nservices = ['test_lib']", ""), ("test_lib".to_owned(), Vec::new()));
    let none = "services: { a: { build: ., profiles: [x] }, b: { image: c } }";
    let why = images(none).unwrap_err();
    assert!(why.contains("not built from deploy/compose.yaml") && why.contains("a (x)"), "{why}");
    for (profiles, words) in
        [("x", "no list of names"), ("[[x]]", "no list of names"), ("['$NONE']", "NONE is not set")]
    {
        let why = images(&format!("services: {{ a: {{ build: ., profiles: {profiles} }} }}")).unwrap_err();
        assert!(why.contains("`services.a.profiles` of deploy/compose.yaml") && why.contains(words), "{why}");
    }
}

#[test]
fn a_service_of_several_platforms_is_an_image_for_each_and_compose_runs_the_one_that_it_names() {
    let text = "services: { api: { image: 'api:1', platform: linux/arm64, \
        build: { context: ., platforms: [linux/arm64, linux/amd64] } }, web: { build: { context: ., platforms: [linux/amd64, linux/s390x] } }, \
        one: { build: . } }";
    let told = |options: &str, usual: &[&str]| {
        let mut compose = compose(options).unwrap();
        compose.platforms = usual.iter().map(|&platform| platform.to_owned()).collect();
        let variables = Variables::read(&environment, "").unwrap();
        let images = compose.read_services(text, &variables, "shop").unwrap();
        let tell = |image: &Image| {
            format!("{}: {}", image.target(), image.further_names().collect::<Vec<_>>().join(" "))
        };
        images.iter().map(tell).collect::<Vec<_>>()
    };
    let several = [
        "api linux/amd64: ",
        "api linux/arm64: api:1",
        "one: shop-one:latest",
        "web linux/amd64: ",
        "web linux/s390x: ",
    ];
    assert_eq!(told("compose = 'c.yaml'", &[]), several);
    // The gate's platforms are for services that name none.
    let usual = told("compose = 'c.yaml'", &["linux/amd64", "linux/arm64"]);
    assert_eq!(usual[2..4], ["one linux/amd64: ", "one linux/arm64: "]);
    let own = "compose = 'c.yaml'\nservices = [{ service = 'api', platform = 'linux/amd64' }]";
    assert_eq!(told(own, &[]), ["api: api:1"]);
}

#[test]
fn what_gates_toml_says_of_a_service_counts_before_the_compose_file() {
    let options = "compose = 'compose.yaml'\nservices = [{ service = 'api', name = 'a', tags = ['2'], fetch = 'r.example/a',
        platform = 'linux/arm64', build_args = { NODE = '24' }, labels = { tier = 'one' },
        secrets = [{ id = 'npm', src = 'token' }], no_cache = true }]";
    let images = images_with(options, NOTES, "NPM_TOKEN=x").unwrap();
    let [api] = &images[..] else { panic!("{images:#?}") };
    assert_eq!((&*api.name, api.platform.as_deref()), ("a", Some("linux/arm64")));
    let fetch = api.fetch.as_ref().map(Repository::full_name);
    assert_eq!((fetch.as_deref(), api.pull, api.no_cache), (Some("r.example/a"), true, true));
    assert_eq!(api.build_args.iter().filter(|(name, _)| name == "NODE").count(), 1);
    assert!(api.build_args.contains(&("NODE".to_owned(), Variable::Set("24".to_owned()))));
    assert_eq!(api.labels.last(), Some(&("tier".to_owned(), "one".to_owned())));
    let ids: Vec<&str> = api.secrets.iter().map(|secret| &*secret.id).collect();
    assert_eq!(ids, ["authority", "npm"]);
    assert!(api.further_names().any(|name| name == "a:2"));
}

#[test]
fn what_no_engine_would_be_told_is_an_error_that_names_its_key() {
    let build = |more: &str| format!("services: {{ api: {{ build: {{ context: ., {more} }} }} }}");
    for (text, words) in [
        (build("ssh: [default]"), "`services.api.build.ssh` of deploy/compose.yaml: the keys of an agent"),
        (build("dockerfile_inline: FROM scratch"), "`services.api.build.dockerfile_inline` of"),
        (build("network: host"), "`services.api.build.network` of deploy/compose.yaml: no key of this gate"),
        (build("dockerfil: a"), "`services.api.build.dockerfil`"),
        (
            build("args: { A: '${NONE}' }"),
            "`services.api.build.args.A` of deploy/compose.yaml: the variable NONE is not set",
        ),
        (build("args: ['A=${NONE:?say which}']"), "say which"),
        (build("target: $NONE"), "`services.api.build.target`"),
        (build("secrets: [x]"), "`secrets.x` is not there"),
        (build("secrets: [{ source: x, mode: 0400 }]"), "`services.api.build.secrets.mode`"),
        (
            build("additional_contexts: { base: 'service:base' }"),
            "`services.api.build.additional_contexts.base`",
        ),
        (build("pull: perhaps"), "neither true nor false"),
        (build("args: { A: [b] }"), "`services.api.build.args.A` of deploy/compose.yaml: it is no text"),
        ("services: { api: { extends: { service: b }, build: . } }".to_owned(), "`services.api.extends`"),
        (
            "include: [other.yaml]\nservices: { api: { build: . } }".to_owned(),
            "`include` of deploy/compose.yaml",
        ),
        ("services: { api: { image: 'a@sha256:1', build: . } }".to_owned(), "a digest already"),
        (
            "services: { api: { platform: linux/arm64, build: { context: ., platforms: [linux/amd64] } } }"
                .to_owned(),
            "linux/arm64 is none of `build.platforms`",
        ),
        (
            "services: { db: { image: postgres } }".to_owned(),
            "no service of deploy/compose.yaml has a `build`",
        ),
        ("services: {}".to_owned(), "no service of deploy/compose.yaml has a `build`"),
        ("name: $NONE\nservices: { api: { build: . } }".to_owned(), "`name` of deploy/compose.yaml"),
        ("services: { api: { build: . }, api: { build: b } }".to_owned(), "`api` is there twice"),
        ("services: [".to_owned(), "deploy/compose.yaml can't be read"),
    ] {
        let why = images(&text).unwrap_err();
        assert!(why.contains(words), "{text}: {why}");
    }
    // All of it at once.
    let why = images(&build("ssh: [default], network: host")).unwrap_err();
    assert!(why.contains("build.ssh") && why.contains("build.network"), "{why}");
    let named = |service: &str| {
        images_with(&format!("compose = 'compose.yaml'\nservices = ['{service}']"), NOTES, "").unwrap_err()
    };
    assert_eq!(named("apy"), "compose.yaml has no service apy; built are api, proxy, web");
    assert!(named("db").contains("`services.db.build` of compose.yaml: there is none"), "{}", named("db"));
}

#[test]
fn arguments_without_a_value_are_handed_on_as_compose_hands_them_on() {
    let text = "services: { api: { build: { context: ., args: [HTTP_PROXY, BASE], labels: { a: } } } }";
    let [api] = &images_with("compose = 'c.yml'", text, "BASE=debian").unwrap()[..] else { panic!() };
    let handed = |name: &str| (name.to_owned(), Variable::HandedOn);
    assert_eq!(api.build_args, [handed("HTTP_PROXY"), handed("BASE")]);
    assert_eq!(api.environment.get("BASE").map(String::as_str), Some("debian"));
    assert_eq!(api.labels, texts(&[("a", "")]));
}

#[test]
fn the_label_of_the_revision_is_not_one_of_the_file() {
    for labels in ["{ org.opencontainers.image.revision: x }", "['org.opencontainers.image.revision=${TAG}']"]
    {
        let text = format!("services: {{ api: {{ build: {{ context: ., labels: {labels} }} }} }}");
        let why = images_with("compose = 'c.yml'", &text, "").unwrap_err();
        assert!(
            why.contains(
                "`services.api.build.labels` of c.yml: org.opencontainers.image.revision can't be set"
            ),
            "{why}"
        );
    }
}

#[test]
fn services_need_a_file_and_each_is_there_once() {
    let problems = |options: &str| {
        let problems = Problems::default();
        let table = toml::de::DeTable::parse(options).unwrap();
        Compose::read(&Keys::new(table.get_ref(), 0..0, &problems), &[]);
        problems.into_sorted().into_iter().map(|problem| problem.what).collect::<Vec<_>>().join("; ")
    };
    for (options, words) in [
        ("services = ['a']", "`services` without `compose`"),
        ("compose = 'c.yaml'\nservices = []", "`services` is empty"),
        ("compose = 'c.yaml'\nservices = ['a', 'a']", "the service `a` is there twice"),
        ("compose = 'c.yaml'\nservices = [{ name = 'b' }]", "`service` is missing"),
        (
            "compose = 'c.yaml'\nservices = [{ service = 'a', context = 'b' }]",
            "`context` is not a key of a service",
        ),
        (
            "compose = 'c.yaml'\nservices = [{ service = 'a', name = 'b:1' }]",
            "`b:1` is not the name of an image",
        ),
    ] {
        assert!(problems(options).contains(words), "{options}: {}", problems(options));
    }
    assert_eq!(problems("compose = 'c.yaml'"), "");
}
