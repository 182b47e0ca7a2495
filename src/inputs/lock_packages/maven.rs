//! The profiles of a `pom.xml` that are on unless something switches them off (Maven, "Introduction to Build Profiles"): Trivy reads none.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{LockPackage, LockPackages, Quirk};

#[derive(Default)]
struct Dependency {
    group: String,
    artifact: String,
    scope: String,
    optional: bool,
    /// `[1.0,2.0)`
    range: bool,
}

impl Dependency {
    fn is_shipped(&self) -> bool {
        !matches!(self.scope.as_str(), "test" | "provided" | "system" | "import") && !self.optional
    }
}

/// What has been read so far.
#[derive(Default)]
struct Pom {
    path: Vec<String>,
    dependency: Dependency,
    is_active: bool,
    of_profile: Vec<Dependency>,
    shipped: Vec<LockPackage>,
    ranges: bool,
}

impl Pom {
    /// Where the parser is, from the root on.
    fn at(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    fn words(&mut self, words: &str) {
        let words = words.trim();
        let at = self.at();
        let key = match at.as_slice() {
            ["project", "profiles", "profile", "activation", "activeByDefault"] => {
                self.is_active = words == "true";
                return;
            }
            ["project", "dependencies", "dependency", key]
            | ["project", "profiles", "profile", "dependencies", "dependency", key] => (*key).to_owned(),
            _ => return,
        };
        match key.as_str() {
            "groupId" => words.clone_into(&mut self.dependency.group),
            "artifactId" => words.clone_into(&mut self.dependency.artifact),
            "scope" => words.clone_into(&mut self.dependency.scope),
            "optional" => self.dependency.optional = words == "true",
            "version" => self.dependency.range = words.starts_with(['[', '(']),
            _ => {}
        }
    }

    fn end(&mut self) {
        match self.at().as_slice() {
            ["project", "dependencies", "dependency"] => {
                let own = std::mem::take(&mut self.dependency);
                self.ranges |= own.is_shipped() && own.range;
            }
            ["project", "profiles", "profile", "dependencies", "dependency"] => {
                self.of_profile.push(std::mem::take(&mut self.dependency));
            }
            ["project", "profiles", "profile"] => {
                let own = std::mem::take(&mut self.of_profile).into_iter();
                let shipped = own.filter(|one| self.is_active && one.is_shipped());
                let names = shipped.map(|one| format!("{}:{}", one.group, one.artifact));
                self.shipped.extend(names.map(|name| LockPackage::new(name, None)));
                self.is_active = false;
            }
            _ => {}
        }
        self.path.pop();
    }
}

pub(super) fn read(text: &str) -> Option<LockPackages> {
    let mut reader = Reader::from_str(text);
    let mut pom = Pom::default();
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => pom.path.push(tag.local_name().as_ref().to_owned()),
            Event::Text(words) => pom.words(words.as_ref()),
            Event::End(_) => pom.end(),
            Event::Eof => break,
            _ => {}
        }
    }
    let quirk = match (pom.ranges, pom.shipped.is_empty()) {
        (true, _) => Some(Quirk::Ranges),
        (false, false) => Some(Quirk::Profiles),
        (false, true) => None,
    };
    pom.path.is_empty().then_some(LockPackages { shipped: pom.shipped, develops: 0, quirk })
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::{Quirk, read};

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
        assert_eq!(read(&pom).unwrap().quirk, Some(Quirk::Profiles));
        let range = dependency("a", "<version>[1,2)</version>");
        let ranged = read(&format!("<project><dependencies>{range}</dependencies></project>")).unwrap();
        assert_eq!((ranged.quirk, ranged.shipped.len()), (Some(Quirk::Ranges), 0));
        assert_eq!(read("<project><profiles>"), None);
    }
}
