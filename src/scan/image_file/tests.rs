use super::*;

use crate::text::hash::sha256;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// A layout that is written part by part.
struct Written(tempfile::TempDir);

impl Written {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(folder.path().join("blobs/sha256")).unwrap();
        fs::write(folder.path().join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn blob(&self, content: &str) -> String {
        let digits = sha256(content.as_bytes());
        fs::write(self.path().join("blobs/sha256").join(&digits), content).unwrap();
        format!("sha256:{digits}")
    }

    /// The descriptor of an image. `more`: further fields of it.
    fn image(&self, platform: &str, config_type: &str, more: &str) -> String {
        let (os, architecture) = platform.split_once('/').unwrap();
        let config = self.blob(&format!(r#"{{"os": "{os}", "architecture": "{architecture}"}}"#));
        let layer = self.blob(&format!("the layer for {platform}"));
        let manifest = self.blob(&format!(
            r#"{{"config": {{"mediaType": "{config_type}", "digest": "{config}", "size": 1}}, "layers": [{{"digest": "{layer}", "size": 1}}]}}"#
        ));
        format!(r#"{{"mediaType": "{MANIFEST}", "digest": "{manifest}", "size": 7{more}}}"#)
    }

    fn platform(platform: &str) -> String {
        let (os, architecture) = platform.split_once('/').unwrap();
        format!(r#", "platform": {{"os": "{os}", "architecture": "{architecture}"}}"#)
    }

    fn index(&self, descriptors: &[String]) {
        fs::write(self.path().join("index.json"), Self::index_of(descriptors)).unwrap();
    }

    fn index_of(descriptors: &[String]) -> String {
        format!(r#"{{"schemaVersion": 2, "manifests": [{}]}}"#, descriptors.join(","))
    }

    /// The same as an archive beside it.
    #[allow(clippy::disallowed_methods, reason = "the archives are those of tar")]
    fn archive(&self, parts: &[&str]) -> PathBuf {
        let to = self.path().join("image.tar");
        let mut tar = std::process::Command::new("tar");
        assert!(tar.current_dir(self.path()).arg("-cf").arg(&to).args(parts).status().unwrap().success());
        to
    }
}

fn targets(path: &Path) -> Vec<String> {
    InputImage::all_of(path, "it", &[]).unwrap().iter().map(InputImage::target).collect()
}

fn refusal(path: &Path) -> String {
    match InputImage::all_of(path, "it", &[]) {
        Err(Unplanned::Impossible(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// As `buildah manifest push --all mp oci:layout` writes it: an index in an index.
#[test]
fn each_image_of_a_layout_is_a_target_and_what_is_attached_is_none() {
    let layout = Written::new();
    assert_eq!(targets(&layout.path().join("image.tar")), ["it"]);
    assert!(refusal(layout.path()).contains("can't be read: index.json"), "{}", refusal(layout.path()));
    let image = |platform: &str| layout.image(platform, CONFIG, &Written::platform(platform));
    let mark = r#", "annotations": {"vnd.docker.reference.type": "attestation-manifest"}"#;
    let unknown = Written::platform("unknown/unknown");
    let statement = layout.blob("a statement");
    let manifest = layout.blob(&format!(
        r#"{{"config": {{"mediaType": "{CONFIG}", "digest": "{statement}"}}, "layers": [{{"mediaType": "application/vnd.in-toto+json", "digest": "{statement}"}}]}}"#
    ));
    let attestation = format!(r#"{{"mediaType": "{MANIFEST}", "digest": "{manifest}"{unknown}{mark}}}"#);
    // As `docker save` names one that was not fetched.
    let absent = attestation.replace(&manifest, &format!("sha256:{}", "0".repeat(64)));
    // A signature of cosign, and an image without a platform in its descriptor.
    let signature = layout.image("-/-", "application/vnd.dev.cosign.signature", r#", "artifactType": "x""#);
    let plain = layout.image("linux/s390x", CONFIG, "");
    let inner = layout.blob(&Written::index_of(&[image("linux/amd64"), attestation.clone()]));
    let inner = format!(r#"{{"mediaType": "{INDEX}", "digest": "{inner}", "size": 1}}"#);
    layout.index(&[inner.clone(), signature]);
    assert_eq!(targets(layout.path()), ["it"]);
    layout.index(&[inner.clone(), image("linux/arm64"), plain, attestation, absent]);
    let all = ["it linux/amd64", "it linux/arm64", "it linux/s390x"];
    assert_eq!(targets(layout.path()), all);
    assert_eq!(targets(&layout.archive(&["./oci-layout", "./index.json", "./blobs"])), all);
    // What only says that it is attached may be run.
    let disguised = layout.image("unknown/unknown", CONFIG, &Written::platform("unknown/unknown"));
    let layers = layout.image("unknown/unknown", CONFIG, &format!("{unknown}{mark}"));
    layout.index(&[inner.clone(), layers]);
    assert_eq!(targets(layout.path()), ["it linux/amd64", "it unknown/unknown"]);
    let marked = layout.image("linux/arm", CONFIG, &format!("{}{mark}", Written::platform("linux/arm")));
    layout.index(&[inner, disguised, marked]);
    assert_eq!(targets(layout.path()), ["it linux/amd64", "it unknown/unknown", "it linux/arm"]);
    layout.index(&[]);
    assert!(refusal(layout.path()).contains("has no image"));
    fs::remove_file(layout.path().join("oci-layout")).unwrap();
    assert!(refusal(layout.path()).contains("it has no oci-layout"));
}

#[test]
fn a_layout_of_one_image_is_made_of_a_folder_and_of_an_archive() {
    let layout = Written::new();
    let image = |platform: &str| layout.image(platform, CONFIG, &Written::platform(platform));
    layout.index(&[image("linux/amd64"), image("linux/arm64")]);
    let archive = layout.archive(&["oci-layout", "index.json", "blobs"]);
    for path in [layout.path(), &archive] {
        let scratch = tempfile::tempdir().unwrap();
        let all = InputImage::all_of(path, "it", &[]).unwrap();
        let arm = all[1].clone().given("file:", "dir:", format!("{SCRATCH}/one"));
        assert_eq!(arm.argument(), "dir:$SCRATCH/one");
        assert_eq!(arm.make(scratch.path()), Ok(Form::Layout));
        let one = scratch.path().join("one");
        let index: layout_index::Index =
            serde_json::from_slice(&fs::read(one.join("index.json")).unwrap()).unwrap();
        let [only] = &index.manifests[..] else { panic!("{}", index.manifests.len()) };
        let digits = only.digest.strip_prefix("sha256:").unwrap();
        let manifest = fs::read_to_string(one.join("blobs/sha256").join(digits)).unwrap();
        let layer = format!("sha256:{}", sha256(b"the layer for linux/arm64"));
        assert!(manifest.contains(&layer) && one.join("blobs/sha256").join(&layer[7..]).is_file());
        assert!(one.join("oci-layout").is_file());
        arm.forget(scratch.path());
        assert!(!one.exists());
    }
    // The blobs of the folder are still there.
    assert!(fs::read_dir(layout.path().join("blobs/sha256")).unwrap().count() >= 6);
}

mod layout_index {
    #[derive(serde::Deserialize)]
    pub(super) struct Index {
        pub manifests: Vec<Named>,
    }
    #[derive(serde::Deserialize)]
    pub(super) struct Named {
        pub digest: String,
    }
}

#[test]
fn a_file_that_has_other_images_than_were_planned_proves_nothing() {
    let layout = Written::new();
    let scratch = tempfile::tempdir().unwrap();
    let image = |platform: &str| layout.image(platform, CONFIG, &Written::platform(platform));
    let make =
        |image: &InputImage| image.clone().given("", "", format!("{SCRATCH}/one")).make(scratch.path());
    let planned = |platforms: &[&str]| {
        let platforms: Vec<String> = platforms.iter().map(|&platform| platform.to_owned()).collect();
        InputImage::all_of(&layout.path().join("image.tar"), "it", &platforms).unwrap()
    };
    let (one, two) = (planned(&[]), planned(&["linux/amd64", "linux/aarch64"]));
    assert_eq!(two.iter().map(InputImage::target).collect::<Vec<_>>(), ["it linux/amd64", "it linux/arm64"]);
    assert_eq!(make(&one[0]), Ok(Form::AsItIs));
    assert!(
        make(&two[0])
            .unwrap_err()
            .contains("has not the platforms that were planned: linux/amd64, linux/arm64")
    );
    let parts = ["oci-layout", "index.json", "blobs"];
    layout.index(&[image("linux/amd64"), image("linux/arm64")]);
    layout.archive(&parts);
    assert_eq!([make(&two[0]), make(&two[1])], [Ok(Form::Layout), Ok(Form::Layout)]);
    let why = make(&one[0]).unwrap_err();
    assert!(why.contains("it has 2 images by now (linux/amd64, linux/arm64), and one was planned"), "{why}");
    layout.index(&[image("linux/amd64"), image("linux/arm64"), image("linux/s390x")]);
    layout.archive(&parts);
    assert!(make(&two[0]).unwrap_err().contains("has linux/amd64, linux/arm64, linux/s390x by now, and"));
    layout.index(&[image("linux/amd64")]);
    layout.archive(&parts);
    assert!(make(&two[0]).is_err());
    assert_eq!(make(&one[0]), Ok(Form::Layout));
    // A part is missing, or is another one.
    layout.archive(&parts[..2]);
    assert!(make(&one[0]).unwrap_err().contains("can't be read"));
    for blob in fs::read_dir(layout.path().join("blobs/sha256")).unwrap().flatten() {
        fs::write(blob.path(), "{}").unwrap();
    }
    layout.archive(&parts);
    assert!(make(&one[0]).unwrap_err().contains("is not what lies under this digest"));
}

/// Why the file gives no image, now that earlier gates are done.
fn refused(path: &Path) -> String {
    let image = InputImage::all_of(path, "it", &[]).unwrap().remove(0);
    let (scratch, one) = (tempfile::tempdir().unwrap(), format!("{SCRATCH}/one"));
    image.given("", "", one).make(scratch.path()).unwrap_err()
}

/// Trivy and Syft do not compare a layer with its digest; engines do, and take another one for none.
#[test]
fn a_layer_that_is_not_what_its_digest_says_is_no_part_of_an_image() {
    let layout = Written::new();
    let image = |platform: &str| layout.image(platform, CONFIG, &Written::platform(platform));
    layout.index(&[image("linux/amd64")]);
    for content in ["the layer for linux/amd64", r#"{"os": "linux", "architecture": "amd64"}"#] {
        let part = layout.path().join("blobs/sha256").join(sha256(content.as_bytes()));
        fs::write(part, format!("{content} and more")).unwrap();
        let config = sha256(br#"{"os": "linux", "architecture": "amd64"}"#);
        let list = format!(r#"[{{"Config": "blobs/sha256/{config}", "Layers": []}}]"#);
        fs::write(layout.path().join("manifest.json"), list).unwrap();
        for parts in [
            &["oci-layout", "index.json", "blobs"][..],
            &["oci-layout", "index.json", "blobs", "manifest.json"],
        ] {
            let why = refused(&layout.archive(parts));
            assert!(
                why.contains("is not what lies under this digest") || why.contains("manifest.json is about"),
                "{why}"
            );
        }
        assert!(refused(layout.path()).contains("is not what lies under this digest"));
        layout.blob(content);
    }
    assert_eq!(targets(layout.path()), ["it"]);
}

#[test]
fn a_compressed_archive_is_unpacked_or_refused_with_the_command_that_does() {
    let layout = Written::new();
    let image = |platform: &str| layout.image(platform, CONFIG, &Written::platform(platform));
    layout.index(&[image("linux/amd64"), image("linux/arm64")]);
    let archive = layout.archive(&["oci-layout", "index.json", "blobs"]);
    let whole = fs::read(&archive).unwrap();
    let gzip = |content: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, content).unwrap();
        gzip.finish().unwrap()
    };
    let start = |magic: &[u8]| [magic, &whole[..]].concat();
    for (content, words) in [
        (start(b"BZh91AY"), "`bunzip2 it`"),
        (start(b"\xfd7zXZ\0"), "`unxz it`"),
        (start(b"\x28\xb5\x2f\xfd"), "`unzstd it`"),
        (gzip(&start(b"BZh91AY")), "`bunzip2 it`"),
        // However it is packed, an archive of two images is not taken for one.
        (gzip(&whole), "since the file is written in the run"),
    ] {
        fs::write(&archive, content).unwrap();
        let why = refused(&archive);
        assert!(why.ends_with(words), "{why}");
    }
    let cut = gzip(&whole);
    fs::write(&archive, &cut[..cut.len() / 2]).unwrap();
    assert!(refused(&archive).starts_with("it can't be unpacked: "));
    fs::write(&archive, gzip(&whole)).unwrap();
    let platforms = ["linux/amd64".to_owned(), "linux/arm64".to_owned()];
    let scratch = tempfile::tempdir().unwrap();
    for image in InputImage::all_of(&archive, "it", &platforms).unwrap() {
        let image = image.given("a:", "b:", format!("{SCRATCH}/one"));
        assert_eq!(image.make(scratch.path()), Ok(Form::Layout));
        image.forget(scratch.path());
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
}

/// As `docker save` writes them: 20.10 the list alone, 25 and later both.
#[test]
fn an_archive_of_docker_save_is_taken_as_it_is_if_it_has_one_image() {
    let layout = Written::new();
    let config = |platform: &str| {
        let (os, architecture) = platform.split_once('/').unwrap();
        let config = layout.blob(&format!(r#"{{"os": "{os}", "architecture": "{architecture}"}}"#));
        config.replace("sha256:", "blobs/sha256/")
    };
    let list_of = |tags: &[&str], config: &str| {
        let entries: Vec<String> = tags
            .iter()
            .map(|tag| format!(r#"{{"Config": "{config}", "RepoTags": ["{tag}"], "Layers": []}}"#))
            .collect();
        fs::write(layout.path().join("manifest.json"), format!("[{}]", entries.join(","))).unwrap();
    };
    let list = |tags: &[&str]| list_of(tags, &config("linux/amd64"));
    let image = |platform: &str| layout.image(platform, CONFIG, &Written::platform(platform));
    layout.index(&[image("linux/amd64")]);
    list(&["a:1"]);
    let old = layout.archive(&["manifest.json"]);
    assert!(!InputImage::all_of(&old, "it", &[]).unwrap()[0].is_layout);
    let both = ["manifest.json", "oci-layout", "index.json", "blobs"];
    assert!(!InputImage::all_of(&layout.archive(&both), "it", &[]).unwrap()[0].is_layout);
    layout.index(&[image("linux/amd64"), image("linux/arm64")]);
    assert_eq!(targets(&layout.archive(&both)), ["it linux/amd64", "it linux/arm64"]);
    // The two lists mean different images: a scanner reads the one, an engine the other.
    let other = config("linux/s390x");
    for wrong in [&*other, "none.json"] {
        list_of(&["a:1"], wrong);
        let why = refused(&layout.archive(&both));
        assert!(why.contains("manifest.json"), "{why}");
        assert_eq!(
            why.contains(&other.replace("blobs/sha256/", "is about the image sha256:")),
            wrong == other,
            "{why}"
        );
    }
    list(&["a:1", "b:1"]);
    let two = InputImage::all_of(&layout.archive(&["manifest.json"]), "it", &[]).unwrap().remove(0);
    let why = two.given("", "", format!("{SCRATCH}/one")).make(layout.path()).unwrap_err();
    assert!(why.contains("it has 2 images (a:1, b:1)"), "{why}");
}
