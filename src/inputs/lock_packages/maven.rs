//! The profiles of a `pom.xml` that are on unless something switches them off (Maven, "Introduction to Build Profiles"): Trivy reads none.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{LockPackage, LockPackages};

#[derive(Default)]
struct Dependency {
    group: String,
    artifact: String,
    scope: String,
    optional: bool,
}

impl Dependency {
    fn is_shipped(&self) -> bool {
        !matches!(self.scope.as_str(), "test" | "provided" | "system" | "import") && !self.optional
    }
}

pub(super) fn read(text: &str) -> Option<LockPackages> {
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut found = LockPackages::default();
    let (mut is_active, mut of_profile, mut dependency) = (false, Vec::new(), Dependency::default());
    loop {
        let at = path.iter().map(String::as_str).collect::<Vec<_>>();
        match reader.read_event().ok()? {
            Event::Start(tag) => path.push(tag.local_name().as_ref().to_owned()),
            Event::Text(words) => {
                let words: &str = words.as_ref();
                let words = words.trim();
                match at.as_slice() {
                    ["project", "profiles", "profile", "activation", "activeByDefault"] => {
                        is_active = words == "true";
                    }
                    ["project", "profiles", "profile", "dependencies", "dependency", key] => match *key {
                        "groupId" => words.clone_into(&mut dependency.group),
                        "artifactId" => words.clone_into(&mut dependency.artifact),
                        "scope" => words.clone_into(&mut dependency.scope),
                        "optional" => dependency.optional = words == "true",
                        _ => {}
                    },
                    _ => {}
                }
            }
            Event::End(_) => {
                match at.as_slice() {
                    ["project", "profiles", "profile", "dependencies", "dependency"] => {
                        of_profile.push(std::mem::take(&mut dependency));
                    }
                    ["project", "profiles", "profile"] => {
                        let own: Vec<Dependency> = std::mem::take(&mut of_profile);
                        let shipped = own.into_iter().filter(|one| is_active && one.is_shipped());
                        found
                            .shipped
                            .extend(shipped.map(|one| {
                                LockPackage::new(format!("{}:{}", one.group, one.artifact), None)
                            }));
                        is_active = false;
                    }
                    _ => {}
                }
                path.pop();
            }
            Event::Eof => return path.is_empty().then_some(found),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::read;

    #[test]
    fn what_an_active_profile_adds_is_shipped() {
        let dependency = |name: &str, rest: &str| {
            format!("<dependency><groupId>g</groupId><artifactId>{name}</artifactId>{rest}</dependency>")
        };
        let profile = |active: &str, inner: String| {
            format!(
                "<profile><activation><activeByDefault>{active}</activeByDefault></activation><dependencies>{inner}</dependencies></profile>"
            )
        };
        let pom = format!(
            "<project><dependencies>{}</dependencies><profiles>{}{}<profile><id>x</id></profile></profiles></project>",
            dependency("a", ""),
            profile(
                "true",
                dependency("b", "<version>1</version>") + &dependency("c", "<scope>test</scope>")
            ),
            profile("false", dependency("d", "")),
        );
        assert_eq!(names(&read(&pom).unwrap()), ["g:b"]);
        assert_eq!(read("<project><profiles>"), None);
    }
}
