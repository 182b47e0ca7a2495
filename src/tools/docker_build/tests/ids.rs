//! The id of an image that BuildKit has built.

use super::*;

use crate::scan::job::Planned;

/// What `--iidfile`, `--metadata-file` and `docker image inspect` say, by their sources: buildx `commands/build.go`, `build/opt.go`,
/// BuildKit `exporter/containerimage/export.go`, moby `daemon/containerd/image_inspect.go`.
#[test]
fn the_id_is_that_of_the_engine_with_either_image_store() {
    let [manifest, other] = ["0", "1"].map(|digit| ID.replace('f', digit));
    let both = format!(r#"{{"containerimage.config.digest":"{ID}","containerimage.digest":"{manifest}"}}"#);
    let one = |digest: &str| format!(r#"{{"containerimage.digest":"{digest}"}}"#);
    let own = format!(r#"{{"containerimage.config.digest":"{ID}","containerimage.digest":"{ID}"}}"#);
    for (what, iid, metadata, now, id, config, platform) in [
        ("the classic store", ID, &own, ID, ID, None, true),
        (
            "containerd, with provenance: an index",
            &*manifest,
            &one(&manifest),
            &*manifest,
            &*manifest,
            None,
            true,
        ),
        ("containerd, without provenance", ID, &both, &*manifest, &*manifest, Some(ID), true),
        (
            "the same with a buildx that prefers the image's digest",
            &*manifest,
            &one(&manifest),
            &*manifest,
            &*manifest,
            None,
            true,
        ),
        ("a builder in a container, loaded into the classic store", ID, &both, ID, ID, None, true),
        ("another build has the tag by now", ID, &both, &*other, ID, None, false),
    ] {
        let answer =
            format!(r#"[{{"Id": "{now}", "Os": "linux", "Architecture": "amd64", "Config": {{}}}}]"#);
        let document = |name: &str, text: &str| Document {
            name: name.into(),
            bytes: Cow::Owned(text.as_bytes().to_vec()),
        };
        let planned = Planned { platform: Some("linux/amd64".to_owned()), ..Planned::default() };
        let mut raw = RawReport { exit: Some(0), planned: Some(&planned), ..RawReport::default() };
        raw.documents.push(document("image-id", iid));
        raw.beside.push(document(engine::METADATA, metadata));
        raw.answers.push(document(INSPECTED, &answer));
        let place = ReportOrigin { root: "/repo".into(), cwd: "/repo".into(), target: "a".into() };
        let parsed = tool(TWO).0.parse(&raw, &place).unwrap();
        assert_eq!(parsed.image_id.as_deref(), Some(id), "{what}");
        assert_eq!(parsed.outputs.get(CONFIG_DIGEST).map(String::as_str), config, "{what}");
        let says = |all: &[String]| all.iter().any(|one| one.contains("built for"));
        assert_eq!(says(&parsed.proof), platform, "{what}: {:?}", parsed.proof);
        assert_eq!(
            parsed.gaps.iter().any(|gap| gap.contains("does not say")),
            !platform,
            "{what}: {:?}",
            parsed.gaps
        );
    }
}
