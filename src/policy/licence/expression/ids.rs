//! The ids of SPDX, from the list of the `spdx` crate, and what became of those that SPDX has replaced.

use std::collections::HashMap;
use std::sync::LazyLock;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Id {
    /// The id that is current today.
    Spdx(String),
    /// `LicenseRef-…`, in lower case.
    Reference(String),
    /// Not an id of SPDX, or one that says nothing (`NOASSERTION`).
    Unknown,
}

/// Ids that SPDX has replaced, with what it names in their place (the notes of
/// <https://spdx.org/licenses/#deprecated>). The ids of the GNU family without `-only` are not listed: a
/// rule covers them.
const REPLACED: [(&str, &str, Option<&str>); 13] = [
    ("GPL-2.0-with-autoconf-exception", "GPL-2.0-only", Some("Autoconf-exception-2.0")),
    ("GPL-2.0-with-bison-exception", "GPL-2.0-only", Some("Bison-exception-2.2")),
    ("GPL-2.0-with-classpath-exception", "GPL-2.0-only", Some("Classpath-exception-2.0")),
    ("GPL-2.0-with-font-exception", "GPL-2.0-only", Some("Font-exception-2.0")),
    ("GPL-2.0-with-GCC-exception", "GPL-2.0-only", Some("GCC-exception-2.0")),
    ("GPL-3.0-with-autoconf-exception", "GPL-3.0-only", Some("Autoconf-exception-3.0")),
    ("GPL-3.0-with-GCC-exception", "GPL-3.0-only", Some("GCC-exception-3.1")),
    ("eCos-2.0", "GPL-2.0-or-later", Some("eCos-exception-2.0")),
    ("wxWindows", "LGPL-2.0-or-later", Some("WxWindows-exception-3.1")),
    ("StandardML-NJ", "SMLNJ", None),
    ("BSD-2-Clause-FreeBSD", "BSD-2-Clause-Views", None),
    ("BSD-2-Clause-NetBSD", "BSD-2-Clause", None),
    ("bzip2-1.0.5", "bzip2-1.0.6", None),
];

/// The ids of SPDX, by their lower case.
static IDS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let ids = spdx::identifiers::LICENSES.iter().map(|licence| licence.name);
    // The crate lists these two among the licences; they mean that nothing is said.
    let ids = ids.filter(|id| !["NOASSERTION", "NONE"].contains(id));
    ids.map(|id| (id.to_ascii_lowercase(), id)).collect()
});

/// The ids by SPDX's own full names, as [`plain`] has them.
static NAMES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut names: HashMap<String, &'static str> = HashMap::new();
    for licence in spdx::identifiers::LICENSES {
        // An id that SPDX has replaced has the name of its successor, which is longer: `GPL-3.0`, `GPL-3.0-only`.
        let id = names.entry(plain(licence.full_name)).or_insert(licence.name);
        if licence.name.len() > id.len() {
            *id = licence.name;
        }
    }
    names
});

/// A full name in small letters, without quotation marks.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['"', '\''], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The id of SPDX for its full name: `Apache License 2.0`.
pub(super) fn by_full_name(name: &str) -> Option<&'static str> {
    if !name.trim().contains(char::is_whitespace) {
        return None;
    }
    NAMES.get(&plain(name)).copied()
}

static EXCEPTIONS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let ids = spdx::identifiers::EXCEPTIONS.iter().map(|exception| exception.name);
    ids.map(|id| (id.to_ascii_lowercase(), id)).collect()
});

/// The id that SPDX has today for a word, and the exception that was part of the old one.
pub(super) fn current(word: &str) -> (Id, Option<&'static str>) {
    let lower = word.to_ascii_lowercase();
    if lower.starts_with("licenseref-")
        || (lower.starts_with("documentref-") && lower.contains(":licenseref-"))
    {
        return (Id::Reference(lower), None);
    }
    let bare = lower.trim_end_matches('+');
    let Some(id) = IDS.get(bare).copied() else { return (Id::Unknown, None) };
    if let Some((_, id, exception)) = REPLACED.iter().find(|(old, ..)| *old == id) {
        return (Id::Spdx((*id).to_owned()), *exception);
    }
    // `GPL-3.0` and `GPL-3.0+` are what SPDX now calls `GPL-3.0-only` and `GPL-3.0-or-later`.
    let family = bare.strip_suffix("-only").unwrap_or(bare);
    let with = |end: &str| IDS.get(&format!("{family}{end}")).copied();
    let or_later = bare.len() < lower.len();
    let id = if or_later { with("-or-later") } else { with("-only") }.unwrap_or(id);
    (Id::Spdx(id.to_owned()), None)
}

/// Whether SPDX has a licence of this id.
pub(super) fn is_listed(id: &str) -> bool {
    IDS.contains_key(&id.to_ascii_lowercase())
}

/// An exception's id as SPDX writes it.
pub(super) fn exception_id(name: &str) -> Option<&'static str> {
    EXCEPTIONS.get(&name.to_ascii_lowercase()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_replaces_an_id_is_on_the_list() {
        for (old, new, exception) in REPLACED {
            assert!(is_listed(old) && is_listed(new), "{old}");
            assert!(exception.is_none_or(|name| exception_id(name) == Some(name)), "{old}");
        }
        assert!(!is_listed("NOASSERTION") && !is_listed("NONE"));
    }
}
