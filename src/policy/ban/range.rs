//! Whether a version is in a banned range. Cargo's ranges leave out pre-releases that they do not name, which is
//! right for choosing a version and wrong for a ban.

use std::cmp::Ordering;

use semver::{Comparator, Op, Prerelease, Version, VersionReq};

/// A pre-release comes before its release (<https://semver.org/#spec-item-11>), so `<1.2.3` has 1.2.3-beta.1. It is
/// in every range, too, that its release is in.
pub(crate) fn contains(range: &VersionReq, version: &Version) -> bool {
    let release = Version::new(version.major, version.minor, version.patch);
    range.comparators.iter().all(|one| holds(one, version) || holds(one, &release))
}

fn holds(one: &Comparator, version: &Version) -> bool {
    let lowest = Version {
        pre: one.pre.clone(),
        ..Version::new(one.major, one.minor.unwrap_or(0), one.patch.unwrap_or(0))
    };
    let order = version.cmp_precedence(&lowest);
    let is_full = one.patch.is_some();
    match one.op {
        Op::Less => order == Ordering::Less,
        Op::GreaterEq => order != Ordering::Less,
        Op::LessEq if is_full => order != Ordering::Greater,
        Op::Greater if is_full => order == Ordering::Greater,
        Op::Exact if is_full => order == Ordering::Equal,
        // Of `<=1.2` the whole of 1.2 is in, of `>1.2` none of it.
        Op::LessEq => is_before(version, end(one)),
        Op::Greater => !is_before(version, end(one)),
        Op::Exact | Op::Wildcard | Op::Tilde | Op::Caret => {
            order != Ordering::Less && is_before(version, end(one))
        }
        // An operator of a later version of the crate.
        _ => VersionReq { comparators: vec![one.clone()] }.matches(version),
    }
}

/// The first version after those that `1.2`, `~1.2.3` and `^1.2.3` mean, if there is one.
fn end(one: &Comparator) -> Option<Version> {
    let (major, minor, patch) = (one.major, one.minor, one.patch);
    let next_major = || Some(Version::new(major.checked_add(1)?, 0, 0));
    let next_minor = || Some(Version::new(major, minor?.checked_add(1)?, 0));
    match (one.op, minor, patch) {
        (_, None, _) => next_major(),
        (Op::Caret, Some(_), _) if major > 0 => next_major(),
        (Op::Caret, Some(0), Some(patch)) => Some(Version::new(0, 0, patch.checked_add(1)?)),
        _ => next_minor(),
    }
}

/// A pre-release of the end does not belong to what comes before it.
fn is_before(version: &Version, end: Option<Version>) -> bool {
    end.is_none_or(|end| {
        let end = Version { pre: Prerelease::EMPTY, ..end };
        (version.major, version.minor, version.patch) < (end.major, end.minor, end.patch)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ranges are from <https://doc.rust-lang.org/cargo/reference/specifying-dependencies.html>.
    #[test]
    fn a_range_has_the_releases_that_cargo_has_and_their_pre_releases() {
        let ranges = [
            "^1.2.3",
            "^0.2.3",
            "^0.0.3",
            "^0.0",
            "^0",
            "~1.2.3",
            "~1.2",
            "~1",
            "*",
            "1.*",
            "1.2.*",
            ">=1.2.0",
            ">1",
            "<2",
            "<=1.2",
            "=1.2.3",
            "=1.2",
            ">= 1.2, < 1.5",
            ">1.2.3",
            "<1.2.3",
            "<=1.2.3",
        ];
        for text in ranges {
            let range = VersionReq::parse(text).unwrap();
            for (major, minor, patch) in
                (0..3).flat_map(|a| (0..6).flat_map(move |b| (0..5).map(move |c| (a, b, c))))
            {
                let version = Version::new(major, minor, patch);
                assert_eq!(contains(&range, &version), range.matches(&version), "{text} {version}");
                let before = Version { pre: Prerelease::new("beta.1").unwrap(), ..version.clone() };
                assert!(contains(&range, &before) || !range.matches(&version), "{text} {before}");
            }
        }
    }

    #[test]
    fn a_pre_release_comes_before_its_release() {
        for (range, version, is_in) in [
            ("<1.2.3", "1.2.3-beta.1", true),
            ("<=1.2.3-beta.1", "1.2.3-beta.2", false),
            ("<4", "4.0.0-rc.1", true),
            (">=1.2.3", "1.2.3-beta.1", true),
            (">=1.2.3", "1.2.2-beta.1", false),
            (">1.2.3", "1.2.3-beta.1", false),
            (">1.2.3", "1.2.4-beta.1", true),
            (">=3.3.6, <4", "3.3.5", false),
            (">=1.0.0-rc.2", "1.0.0-rc.1", true),
            ("^1.2", "2.0.0-rc.1", false),
        ] {
            let range = VersionReq::parse(range).unwrap();
            assert_eq!(contains(&range, &Version::parse(version).unwrap()), is_in, "{range} {version}");
        }
    }
}
