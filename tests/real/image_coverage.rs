//! What a scan can't see in an image is a gap, for real: packages of a system that Trivy does not know, an image in which it
//! finds nothing to look at, Java archives without their database.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use crate::common::pipeline::{BUILD, OPEN_PUSH, Pipeline, SBOM, SCAN};

fn accepted(image: &str) -> String {
    format!("\n[[waiver]]\ngap = '{image}'\nreason = 'looked at by hand'\nexpires = 2999-01-01\n")
}

/// Arch Linux as far as its package database goes, beside a package of npm.
fn make_arch(pipeline: &mut Pipeline) {
    let project = &pipeline.project;
    project.write("app/etc/os-release", "NAME=\"Arch Linux\"\nID=arch\n");
    let database = "app/var/lib/pacman/local/zlib-1.3-1";
    project.write(&format!("{database}/desc"), "%NAME%\nzlib\n\n%VERSION%\n1:1.3-1\n\n%ARCH%\nx86_64\n\n");
    project.write(&format!("{database}/files"), "%FILES%\nusr/\n");
    project.write("app/Dockerfile", "FROM scratch\nCOPY . /\n");
    pipeline.commit("another system");
}

#[test]
fn packages_of_a_system_that_trivy_does_not_know_are_a_gap_and_nothing_is_pushed() {
    let mut pipeline = Pipeline::plain(&[BUILD, SCAN, SBOM, OPEN_PUSH]);
    make_arch(&mut pipeline);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 3, "{}", ran.all());
    let why = format!(
        "1 of 1 image was not read: {} (sbom lists 1 alpm package, of a system that the scan does not know)",
        pipeline.name
    );
    let (outcome, reason) = pipeline.came_of("scan");
    assert!(outcome == "inconclusive" && reason.starts_with(&why), "{reason}");
    assert_eq!(pipeline.came_of("push").1, "not started: scan is inconclusive");
    assert_eq!(pipeline.registry.tags(&pipeline.name), 0);

    // Also where nothing is pushed. With a reason and an end, it is.
    pipeline.write_gates(&[BUILD, SCAN, SBOM]);
    assert_eq!(pipeline.run(&["run"]).code, 3);
    pipeline.write_gates(&[BUILD, SCAN, SBOM, OPEN_PUSH, &accepted(&pipeline.name)]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(pipeline.pushed().is_some());
    assert!(
        pipeline.came_of("scan").1.contains("scanned 0 of 1 image (1 accepted)"),
        "{}",
        pipeline.came_of("scan").1
    );
}

#[test]
fn an_image_with_nothing_to_look_at_has_one_answer_alone_and_beside_others() {
    let mut pipeline = Pipeline::plain(&[BUILD]);
    let empty = format!("{}-empty", pipeline.name);
    pipeline.project.write("empty/Dockerfile", "FROM scratch\nCOPY hello /\n");
    pipeline.project.write("empty/hello", &pipeline.name);
    pipeline.commit("nothing to look at");
    let images = |names: &str| BUILD.replace("{ name = 'NAME', context = 'app' }", names);
    let alone = images("{ name = 'NAME-empty', context = 'empty' }");
    let beside = images("{ name = 'NAME', context = 'app' }, { name = 'NAME-empty', context = 'empty' }");
    for (build, of) in [(&alone, "1 of 1 image"), (&beside, "1 of 2 images")] {
        pipeline.write_gates(&[build, SCAN, OPEN_PUSH]);
        assert_eq!(pipeline.run(&["run"]).code, 3);
        let (outcome, reason) = pipeline.came_of("scan");
        assert!(
            outcome == "inconclusive" && reason.starts_with(&format!("{of} was not read: {empty} (")),
            "{reason}"
        );

        // An empty scan that is expected frees no image.
        let expected = format!("{SCAN}allow_empty = ['{empty}']\n");
        pipeline.write_gates(&[build, &expected, OPEN_PUSH]);
        assert_eq!(pipeline.run(&["run"]).code, 3);
        let why = format!("no gate has proved that it scanned {empty}");
        assert!(pipeline.came_of("push").1.contains(&why), "{}", pipeline.came_of("push").1);
        assert_eq!(pipeline.registry.tags(&empty), 0);
    }
    // Nor does a pattern, which also fits images of later.
    pipeline.write_gates(&[&beside, SCAN, OPEN_PUSH, &accepted(&format!("{}*", pipeline.name))]);
    assert_eq!(pipeline.run(&["run"]).code, 3);
    assert_eq!(pipeline.came_of("scan").0, "passed");
    assert!(
        pipeline.came_of("push").1.contains("waiver 1 accepts that with a pattern"),
        "{}",
        pipeline.came_of("push").1
    );
    assert_eq!(pipeline.registry.tags(&empty), 0);
    pipeline.write_gates(&[&beside, SCAN, OPEN_PUSH, &accepted(&empty)]);
    let ran = pipeline.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(pipeline.registry.tags(&empty) > 0 && pipeline.pushed().is_some());
}

#[test]
fn java_archives_without_their_database_say_how_to_get_it() {
    let mut pipeline = Pipeline::plain(&[BUILD, SCAN]);
    // An empty archive of the zip format: only its end.
    pipeline.project.write("app/node_modules/a.jar", [b"PK\x05\x06".as_slice(), &[0; 18]].concat());
    pipeline.commit("an archive");
    assert_eq!(pipeline.run(&["run"]).code, 3);
    let (_, reason) = pipeline.came_of("scan");
    assert!(reason.contains("trivy image --download-java-db-only"), "{reason}");
}
