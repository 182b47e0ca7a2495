//! What a delivery may take: the images that this run has pushed, as it has pushed them. All of them, unless gates.toml
//! leaves one out.

use crate::keys::table::{Keys, Located};
use crate::scan::gate_outputs::{GateOutputs, PUSHERS};
use crate::text::shared::Text;

use super::reference::Reference;

/// The images that this run has pushed: the name of each, and its reference by digest. One that goes to two registries
/// has two.
#[derive(Clone, Debug, Default)]
pub(in crate::tools) struct Pushed(Vec<(Text, String)>);

impl FromIterator<(Text, String)> for Pushed {
    fn from_iter<I: IntoIterator<Item = (Text, String)>>(images: I) -> Self {
        Self(images.into_iter().collect())
    }
}

impl Pushed {
    /// What the push gates have passed on, in the order of gates.toml.
    pub(in crate::tools) fn of(gate_outputs: &GateOutputs) -> Self {
        let gates = gate_outputs.gates.iter().filter(|gate| PUSHERS.contains(&gate.tool));
        gates
            .flat_map(|gate| &gate.targets)
            .filter_map(|target| Some((target.name.clone(), target.outputs.get("image")?.clone())))
            .collect()
    }

    /// The reference of the image with this name. If two gates have pushed it, the later one's.
    pub(in crate::tools) fn named(&self, name: &str) -> Option<&str> {
        let named = self.0.iter().rev().find(|(its, _)| **its == *name);
        named.map(|(_, reference)| reference.as_str())
    }

    /// What gates.toml means: the name of a pushed image, or a reference by digest. `None`: neither.
    pub(in crate::tools) fn meant<'a>(&'a self, image: &'a str) -> Option<&'a str> {
        self.named(image).or_else(|| by_digest(image).then_some(image))
    }

    /// Whether this very image was pushed, however it is spelled.
    pub(in crate::tools) fn has(&self, image: &str) -> bool {
        self.0.iter().any(|(_, reference)| same(reference, image))
    }

    /// The name of the image that was pushed as this reference.
    pub(in crate::tools) fn name_of(&self, image: &str) -> Option<&str> {
        self.0.iter().find(|(_, reference)| same(reference, image)).map(|(name, _)| &**name)
    }

    /// Refuses an image of a repository that this run has pushed to, unless it is what was pushed.
    ///
    /// # Errors
    /// What is wrong with it, in a part of a sentence that begins with who gets it.
    pub(in crate::tools) fn allows(&self, image: &str) -> Result<(), String> {
        if let Err(why) = Reference::read(image) {
            return Err(format!("would get {image}, which is no image: {why}"));
        }
        match self.instead_of(image) {
            Some(reference) => Err(format!("would get {image}, and this run has pushed {reference} there")),
            None => Ok(()),
        }
    }

    /// What this run has pushed to the repository of an image that is another one; `None`: nothing, or this is no image.
    pub(in crate::tools) fn instead_of(&self, image: &str) -> Option<&str> {
        let read = Reference::read(image).ok()?;
        let of_repository = |reference: &&String| {
            Reference::read(reference).is_ok_and(|pushed| pushed.repository == read.repository)
        };
        let pushed = self.0.iter().map(|(_, reference)| reference).find(of_repository)?;
        (!self.has(image)).then_some(pushed)
    }

    /// The names of images that nobody takes, and that are not left out. `taken`: what is delivered.
    pub(in crate::tools) fn left(&self, taken: &[&str], leaves_out: &[String]) -> Vec<&str> {
        let is_taken = |name: &Text| {
            let mut references = self.0.iter().filter(|(its, _)| its == name).map(|(_, reference)| reference);
            references.any(|reference| taken.iter().any(|image| same(reference, image)))
        };
        let mut left: Vec<&str> = self
            .0
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !leaves_out.iter().any(|left| **left == ***name) && !is_taken(name))
            .map(|name| &**name)
            .collect();
        left.sort_unstable();
        left.dedup();
        left
    }
}

/// Whether two references by digest are one image. Other texts are the same if they are spelled alike.
fn same(one: &str, other: &str) -> bool {
    match (Reference::read(one), Reference::read(other)) {
        (Ok(one), Ok(other)) => one.is_same_image(&other),
        _ => one == other,
    }
}

/// Whether a text is a reference by digest: `ghcr.io/team/app@sha256:…`.
pub(in crate::tools) fn by_digest(image: &str) -> bool {
    Reference::read(image).is_ok_and(|reference| reference.digest.is_some())
}

/// Accepts the name of an image or a reference by digest. A tag may mean another image tomorrow.
pub(in crate::tools) fn check_image(keys: &Keys, image: &Located<String>) {
    let text = &image.value;
    let last = text.rsplit('/').next().unwrap_or_default();
    let is_name =
        !last.is_empty() && !text.contains("://") && !last.contains([':', '@']) && text.trim() == text;
    if is_name || by_digest(text) {
        return;
    }
    let what = format!("`{text}` is neither the name of an image nor a reference by digest");
    let why = match Reference::read(text) {
        Err(why) if text.contains('@') => format!(" ({why})"),
        _ => String::new(),
    };
    let help = format!("name it as the gate that pushes it does, or write registry/repository@sha256:…{why}");
    keys.problem_with_help(image.at.clone(), what, help);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(repository: &str, of: char) -> String {
        format!("{repository}@sha256:{}", of.to_string().repeat(64))
    }

    fn pushed() -> Pushed {
        [
            ("app", at("127.0.0.1:5116/x", 'a')),
            ("app", at("ghcr.io/acme/app", 'b')),
            ("web", at("acme/web", 'c')),
        ]
        .map(|(name, reference)| (Text::from(name), reference))
        .into_iter()
        .collect()
    }

    #[test]
    fn another_image_of_a_repository_of_the_run_is_refused_under_every_spelling() {
        for image in [
            at("localhost:5116/x", 'a'),
            at("[::1]:5116/x", 'a'),
            at("ghcr.io/acme/app", 'b'),
            at("ghcr.io/acme/other", 'd'),
            at("index.docker.io/acme/web:1", 'c'),
            "public.ecr.aws/nginx/nginx:1.27".to_owned(),
        ] {
            assert_eq!(pushed().allows(&image), Ok(()));
        }
        for image in [
            at("localhost:5116/x", 'b'),
            at("[::1]:5116/x", 'b'),
            "LOCALHOST:5116/x:old".to_owned(),
            at("ghcr.io/acme/app", 'a'),
            "docker.io/acme/web".to_owned(),
            at("registry-1.docker.io/acme/web", 'd'),
        ] {
            let why = pushed().allows(&image).unwrap_err();
            assert!(why.contains("and this run has pushed"), "{why}");
        }
        for image in
            ["", " ", "http://127.0.0.1:5116/x", "127.0.0.1:5116//x", "127.0.0.1:5116/X", "127.1:5116/x"]
        {
            let why = pushed().allows(image).unwrap_err();
            assert!(why.contains("which is no image"), "{why}");
        }
    }

    #[test]
    fn an_image_is_taken_in_any_registry_that_has_it_or_left_out() {
        let (app, web) = (at("localhost:5116/x", 'a'), at("docker.io/acme/web", 'c'));
        assert_eq!(pushed().left(&[&app, &web], &[]), [""; 0]);
        assert_eq!(pushed().left(&[&web], &[]), ["app"]);
        assert_eq!(pushed().left(&[], &["app".to_owned()]), ["web"]);
        // By name, the later push counts.
        assert_eq!(pushed().named("app"), Some(&*at("ghcr.io/acme/app", 'b')));
        assert_eq!(pushed().meant("gone"), None);
    }
}
