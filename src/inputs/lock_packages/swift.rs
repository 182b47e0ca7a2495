//! `Package.resolved`. Advisories call a package by its address: `github.com/apple/swift-nio`. Trivy takes off `https://` and `.git`, no more.
//!
//! Source: Swift Package Manager, `PinsStore`; the GitHub Advisory Database, ecosystem `swift`.

use serde::Deserialize;

use super::{LockPackage, LockPackages};

#[derive(Deserialize)]
struct Resolved {
    #[serde(default)]
    pins: Vec<Pin>,
    /// Version 1.
    object: Option<Object>,
    #[serde(rename = "version")]
    _version: u64,
}

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    pins: Vec<Pin>,
}

#[derive(Deserialize)]
struct Pin {
    identity: Option<String>,
    kind: Option<String>,
    location: Option<String>,
    #[serde(rename = "repositoryURL")]
    repository: Option<String>,
    state: State,
}

#[derive(Deserialize)]
struct State {
    version: Option<String>,
}

pub(super) fn read(text: &str) -> Option<LockPackages> {
    let resolved: Resolved = serde_json::from_str(text).ok()?;
    let pins = resolved.pins.into_iter().chain(resolved.object.into_iter().flat_map(|object| object.pins));
    // One at a branch or a commit has no version that an advisory is about.
    let packages = pins.filter_map(|pin| Some((name(&pin)?, pin.state.version?)));
    let shipped = packages.map(|(name, version)| LockPackage::new(name, Some(version))).collect();
    Some(LockPackages { shipped, ..LockPackages::default() })
}

/// `None`: it lies on this machine.
fn name(pin: &Pin) -> Option<String> {
    if pin.kind.as_deref().is_some_and(|kind| ["localSourceControl", "fileSystem"].contains(&kind)) {
        return None;
    }
    let location = pin.location.as_deref().or(pin.repository.as_deref()).filter(|place| !place.is_empty());
    let Some(location) = location else { return pin.identity.clone() };
    let (host, path) = match location.split_once("://") {
        Some(("file", _)) => return None,
        Some((_, rest)) => rest.split_once('/')?,
        // `git@github.com:apple/swift-nio.git`
        None => location.split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    // Nothing of a user or a password is told.
    let host = host.rsplit('@').next()?.split(':').next()?;
    let path = path.trim_matches('/');
    Some(format!("{host}/{}", path.strip_suffix(".git").unwrap_or(path)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::names;
    use super::read;

    #[test]
    fn a_package_has_the_name_that_advisories_give_it() {
        for (pin, name) in [
            (
                r#""kind": "remoteSourceControl", "location": "https://github.com/a/b.git""#,
                "github.com/a/b 1.0.0",
            ),
            (
                r#""kind": "remoteSourceControl", "location": "git@github.com:a/b.git""#,
                "github.com/a/b 1.0.0",
            ),
            (
                r#""kind": "remoteSourceControl", "location": "ssh://git@github.com:22/a/b""#,
                "github.com/a/b 1.0.0",
            ),
            (
                r#""kind": "remoteSourceControl", "location": "https://u:p@github.com/a/b/""#,
                "github.com/a/b 1.0.0",
            ),
            (r#""kind": "registry", "location": """#, "a.b 1.0.0"),
        ] {
            let lock = format!(
                r#"{{"version": 2, "pins": [{{"identity": "a.b", {pin}, "state": {{"version": "1.0.0"}}}}]}}"#
            );
            assert_eq!(names(&read(&lock).unwrap()), [name], "{pin}");
        }
        let first = r#"{"version": 1, "object": {"pins": [{"package": "b", "repositoryURL": "https://github.com/a/b", "state": {"version": "1.0.0"}},
            {"package": "c", "repositoryURL": "https://github.com/a/c", "state": {"branch": "main", "version": null}}]}}"#;
        assert_eq!(names(&read(first).unwrap()), ["github.com/a/b 1.0.0"]);
        let local = r#"{"version": 2, "pins": [{"identity": "b", "kind": "localSourceControl", "location": "/a/b", "state": {"version": "1.0.0"}}]}"#;
        assert_eq!(names(&read(local).unwrap()), [""; 0]);
        assert_eq!(read("{}"), None);
    }
}
