//! `ban`: packages that may not be in an inventory, by package URL and version.

use globset::{GlobBuilder, GlobMatcher};
use semver::{Version, VersionReq};
use serde::Serialize;

use crate::keys::table::Keys;
use crate::model::component::Component;
use crate::model::purl::Purl;

/// One banned package, or a family of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ban {
    /// As written in gates.toml.
    package: String,
    #[serde(skip)]
    matcher: GlobMatcher,
    versions: Option<Versions>,
    pub reason: String,
}

#[derive(Clone, Debug, Serialize)]
enum Versions {
    /// By Semantic Versioning, as Cargo writes ranges.
    Range(String, #[serde(skip)] VersionReq),
    /// Exactly this version: the ranges of some ecosystems can't be compared.
    Exactly(String),
}

/// What a ban says of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BanVerdict {
    Banned,
    /// The package is banned, but it is not clear whether this version is.
    Unclear,
    Other,
}

/// A pattern over package URLs without version and qualifiers: `pkg:npm/@evil/*`.
pub(crate) fn pattern(text: &str) -> Result<GlobMatcher, String> {
    let plain = text.replace("%40", "@");
    let glob = GlobBuilder::new(&plain).literal_separator(true).case_insensitive(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
}

impl Ban {
    /// Reads the list.
    pub(crate) fn read_all(keys: &Keys) -> Vec<Self> {
        keys.tables("ban").iter().filter_map(Self::read).collect()
    }

    fn read(table: &Keys) -> Option<Self> {
        let package = table.required_text("package");
        let reason = table.required_text("reason");
        let versions = table.text("versions").and_then(|text| {
            let versions = Versions::read(&text.value);
            if versions.is_none() {
                table.problem_with_help(
                    text.at,
                    format!("`{}` is not a range of versions", text.value),
                    "write \">=1.2, <2\", or one version; for \"or\" write a second ban",
                );
            }
            versions
        });
        table.finish("a ban");
        let package = package?;
        if !package.value.starts_with("pkg:") || package.value.contains('?') {
            let help = "write \"pkg:npm/event-stream\" or \"pkg:npm/@scope/*\"";
            table.problem_with_help(package.at, "`package` is not a package URL", help);
            return None;
        }
        if package.value.rsplit('/').next().is_some_and(|name| name.contains('@') && !name.starts_with('@')) {
            table.problem_with_help(package.at, "`package` has a version", "write it in `versions`");
            return None;
        }
        let matcher = pattern(&package.value)
            .map_err(|error| table.problem(package.at.clone(), format!("this is not a pattern: {error}")))
            .ok()?;
        Some(Self { package: package.value, matcher, versions, reason: reason?.value })
    }

    /// `pkg:npm/event-stream >=3.3.6, <4`
    pub(crate) fn words(&self) -> String {
        match &self.versions {
            None => self.package.clone(),
            Some(Versions::Range(text, _) | Versions::Exactly(text)) => format!("{} {text}", self.package),
        }
    }

    /// What it says of a package. Without a package URL only the name is known, and several ecosystems may
    /// have a package of that name.
    pub(crate) fn judge(&self, component: &Component) -> BanVerdict {
        let purl = component.purl.as_deref().and_then(Purl::read);
        let Some(purl) = purl else {
            let name = self.package.split_once('/').map_or("", |(_, name)| name).replace("%40", "@");
            let same = pattern(&name).is_ok_and(|name| name.is_match(&component.name));
            return if same { BanVerdict::Unclear } else { BanVerdict::Other };
        };
        if !self.matcher.is_match(purl.plain()) {
            return BanVerdict::Other;
        }
        let version = purl.version().or(component.version.as_deref());
        match (&self.versions, version) {
            (None, _) => BanVerdict::Banned,
            (Some(_), None) => BanVerdict::Unclear,
            (Some(versions), Some(version)) => versions.judge(version),
        }
    }
}

impl Versions {
    fn read(text: &str) -> Option<Self> {
        // A plain version means exactly that version, as in npm. In Cargo it would be a range.
        let is_bare =
            text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains([',', '*', 'x', '|', ' ']);
        if is_bare {
            return Some(Self::Exactly(text.to_owned()));
        }
        VersionReq::parse(text).ok().map(|range| Self::Range(text.to_owned(), range))
    }

    fn judge(&self, version: &str) -> BanVerdict {
        let banned = |is: bool| if is { BanVerdict::Banned } else { BanVerdict::Other };
        let plain = version.strip_prefix('v').unwrap_or(version);
        match self {
            Self::Exactly(wanted) => banned(wanted == version || wanted == plain),
            Self::Range(_, range) => {
                let Some(version) = lenient(plain) else { return BanVerdict::Unclear };
                // A Cargo range does not match pre-releases that it does not name, so try the release too.
                let release = Version::new(version.major, version.minor, version.patch);
                banned(range.matches(&version) || range.matches(&release))
            }
        }
    }
}

/// Reads `1.2` as 1.2.0.
fn lenient(version: &str) -> Option<Version> {
    let dots = version.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.');
    let padded = match dots.filter(|byte| *byte == b'.').count() {
        0 => format!("{version}.0.0"),
        1 => format!("{version}.0"),
        _ => version.to_owned(),
    };
    Version::parse(version).or_else(|_| Version::parse(&padded)).ok()
}

#[cfg(test)]
mod tests;
