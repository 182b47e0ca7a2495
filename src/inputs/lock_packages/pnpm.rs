//! `pnpm-lock.yaml`: what the projects ask for. pnpm 11 writes two documents into one file, the first for itself and its plugins.
//!
//! Source: pnpm's `lockfile/types`; "packageManagerDependencies" of pnpm 11.

use crate::text::yaml::{Node, documents};

use super::{LockPackage, LockPackages, Quirk};

pub(super) fn read(text: &str) -> Option<LockPackages> {
    let mut found = LockPackages::default();
    let all = documents(text).ok()?;
    if !all.iter().any(|document| document.get("lockfileVersion").is_some()) {
        return None;
    }
    let locks = all.iter().filter(|document| document.get("lockfileVersion").is_some()).count();
    let mut is_besides = false;
    for document in &all {
        let projects =
            document.get("importers").into_iter().flat_map(Node::entries).map(|(_, project)| project);
        for project in projects.chain(std::iter::once(&**document)) {
            let of = |list: &str| {
                project.get(list).into_iter().flat_map(Node::entries).filter_map(package).collect()
            };
            let lists: [Vec<LockPackage>; 2] = [of("dependencies"), of("optionalDependencies")];
            is_besides |= !lists[1].is_empty();
            found.shipped.extend(lists.into_iter().flatten());
            found.develops += Vec::<LockPackage>::len(&of("devDependencies"));
        }
    }
    found.quirk = match is_besides {
        _ if locks > 1 => Some(Quirk::Documents),
        true => Some(Quirk::Besides),
        false => None,
    };
    Some(found)
}

/// `lodash: {specifier: ^4, version: 4.17.4(peer@1)}`, before version 6 `lodash: 4.17.4_peer@1`. An alias has the name of its package there:
/// `lodash@4.17.4`, before version 9 `/lodash@4.17.4`, before version 6 `/lodash/4.17.4`. What is linked is a project, and an archive or a
/// repository has an address.
fn package((name, node): (&str, &Node)) -> Option<LockPackage> {
    let said = node.as_text().or_else(|| node.text("version"))?;
    let said = said.split('(').next().unwrap_or(said);
    let real = said.trim_start_matches('/');
    let before = real.split('_').next().unwrap_or(real);
    let is_number = |version: &str| version.starts_with(|c: char| c.is_ascii_digit());
    let (name, version) = match before.rsplit_once('/') {
        _ if is_number(said) => (name, before),
        Some((name, version)) if said.starts_with('/') && is_number(version) => (name, version),
        _ => real.rsplit_once('@')?,
    };
    let is_plain = is_number(version)
        && !name.contains(':')
        && version.chars().all(|c| c.is_ascii_alphanumeric() || ".-+".contains(c));
    is_plain.then(|| LockPackage::new(name, Some(version.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::{Quirk, read};

    #[test]
    fn what_every_document_asks_for_is_shipped() {
        let first = "lockfileVersion: '9.0'\nimporters:\n  .:\n    packageManagerDependencies:\n      '@pnpm/exe':\n        specifier: 11.0.0\n        version: 11.0.0\n";
        let second = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      lodash:\n        specifier: ^4\n        version: 4.17.4(a@1)\n      own:\n        specifier: workspace:*\n        version: link:../own\n    devDependencies:\n      jest:\n        specifier: ^1\n        version: 1.0.0\n  b:\n    optionalDependencies:\n      alias:\n        specifier: npm:@s/c@1\n        version: '@s/c@1.0.0(a@1)'\n";
        let found = read(&format!("---\n{first}---\n{second}")).unwrap();
        assert_eq!(
            (names(&found), found.develops),
            (vec!["@s/c 1.0.0".to_owned(), "lodash 4.17.4".to_owned()], 1)
        );
        assert_eq!(found.quirk, Some(Quirk::Documents));
        let optional =
            read("lockfileVersion: '9.0'\noptionalDependencies:\n  a:\n    version: 1.0.0\n").unwrap();
        assert_eq!((names(&optional), optional.quirk), (vec!["a 1.0.0".to_owned()], Some(Quirk::Besides)));
        let aliases = "lockfileVersion: '6.0'\ndependencies:\n  a:\n    specifier: npm:b@1\n    version: /b@1.0.0(c@2.0.0)\n  d:\n    version: https://x.test/d@1.tgz\n";
        assert_eq!(names(&read(aliases).unwrap()), ["b 1.0.0"]);
        let aliases = "lockfileVersion: 5.4\ndependencies:\n  a: /@s/b/1.0.0_c@2.0.0\n  e: 1.0.0_c@2.0.0\n  g: github.com/a/b/1234abc\n";
        assert_eq!(names(&read(aliases).unwrap()), ["@s/b 1.0.0", "e 1.0.0"]);
        let old = read("lockfileVersion: 5.4\ndependencies:\n  lodash: 4.17.4\n").unwrap();
        assert_eq!(names(&old), ["lodash 4.17.4"]);
        assert_eq!(read("a: 1\n"), None);
    }
}
