//! `ban`: packages that may not be in an inventory, by package URL and version.

pub(crate) mod range;

use globset::{GlobBuilder, GlobMatcher};
use semver::{Prerelease, Version, VersionReq};
use serde::Serialize;

use crate::keys::table::Keys;
use crate::model::component::Component;
use crate::model::purl::{Purl, comparable_name};
use crate::policy::path_pattern::stars_in_a_name;

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

/// What a ban says of a package, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BanVerdict {
    Other,
    /// The package is banned, but it is not clear whether this version is.
    Unclear,
    Banned,
}

/// A pattern over package URLs without version and qualifiers: `pkg:npm/@evil/*`. Names are compared as their
/// ecosystem does; `caseless`: also without regard to case, so that a ban is not missed for it.
pub(crate) fn pattern(text: &str, caseless: bool) -> Result<GlobMatcher, String> {
    let plain = text.replace("%40", "@");
    let comparable = plain.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')).map(|(kind, name)| {
        let kind = kind.to_lowercase();
        // An exception for a licence may name a version.
        let last = name.rfind('/').map_or(0, |slash| slash + 1);
        let version = name[last..].rfind('@').filter(|at| *at > 0).map_or(name.len(), |at| last + at);
        format!("pkg:{kind}/{}{}", comparable_name(&kind, &name[..version]), &name[version..])
    });
    glob(&comparable.unwrap_or(plain), caseless)
}

fn glob(text: &str, caseless: bool) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(text).literal_separator(true).case_insensitive(caseless).build();
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
        if package.value.contains('#') {
            let what = "`package` has a part of a package behind `#`: a ban is of the whole package";
            table.problem_with_help(package.at, what, "leave it out, from the `#` on");
            return None;
        }
        if let Some((what, help)) = stars_in_a_name(&package.value) {
            table.problem_with_help(package.at, what, help);
            return None;
        }
        let matcher = pattern(&package.value, true)
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

    /// What it says of a package: the worst of all its package URLs. Without one only the name is known, and several
    /// ecosystems may have a package of that name.
    pub(crate) fn judge(&self, component: &Component) -> BanVerdict {
        let purls: Vec<Purl> = component.purls().collect();
        if purls.is_empty() {
            let may_be = match component.is_image() {
                true => self.may_be_image(&component.name),
                false => self.may_name(&component.name),
            };
            return if may_be { BanVerdict::Unclear } else { BanVerdict::Other };
        }
        let verdicts = purls.iter().map(|purl| self.of_purl(purl, component.version.as_deref()));
        verdicts.max().unwrap_or(BanVerdict::Other)
    }

    /// Of one package URL. `version` is what the package says beside it.
    fn of_purl(&self, purl: &Purl, version: Option<&str>) -> BanVerdict {
        if !self.matcher.is_match(purl.plain()) {
            return BanVerdict::Other;
        }
        match (&self.versions, purl.version().or(version)) {
            (None, _) => BanVerdict::Banned,
            (Some(_), None) => BanVerdict::Unclear,
            (Some(versions), Some(version)) => versions.judge(purl.kind(), version),
        }
    }

    /// Whether a name may be that of the image: `docker.io/library/nginx:1.27` is `nginx`. The ban must be one of images:
    /// Debian has a package of that name, too.
    fn may_be_image(&self, name: &str) -> bool {
        let banned = self.package.strip_prefix("pkg:").and_then(|rest| rest.split_once('/'));
        let Some((_, banned)) =
            banned.filter(|(kind, _)| IMAGES.iter().any(|one| kind.eq_ignore_ascii_case(one)))
        else {
            return false;
        };
        let name = name.split('@').next().unwrap_or_default();
        let tag = name.rfind(':').filter(|colon| !name[*colon..].contains('/'));
        let name = &name[..tag.unwrap_or(name.len())];
        // As many parts as both have, from the end.
        let parts = banned.split('/').count().min(name.split('/').count());
        let end = |text: &str| {
            let from = text.rmatch_indices('/').nth(parts - 1).map_or(0, |(slash, _)| slash + 1);
            text[from..].to_owned()
        };
        glob(&end(banned), true).is_ok_and(|glob| glob.is_match(end(name)))
    }

    /// Whether a name may be that of the package: with its namespace in any notation (`group:name`,
    /// `@scope/name`), or the last part alone. A name that has another namespace is another package.
    fn may_name(&self, name: &str) -> bool {
        let Some((kind, banned)) = self.package.strip_prefix("pkg:").and_then(|rest| rest.split_once('/'))
        else {
            return false;
        };
        let banned = banned.replace("%40", "@");
        let (banned, name) = (banned.as_str(), name.replace(':', "/"));
        let is = |pattern: &str, name: &str| {
            let of = |name: &str| comparable_name(kind, name);
            glob(&of(pattern), true).is_ok_and(|glob| glob.is_match(of(name)))
        };
        let last = banned.rsplit('/').next().unwrap_or(banned);
        // `*` alone would be every package.
        let names_one = last.contains(|c: char| c.is_alphanumeric());
        // A distribution is not part of a name: `pkg:deb/debian/openssl`.
        let of_distribution = DISTRIBUTIONS.contains(&kind);
        match name.rsplit_once('/') {
            Some((_, own)) if of_distribution => is(banned, &name) || (names_one && is(last, own)),
            Some(_) => is(banned, &name),
            None => is(banned, &name) || (names_one && is(last, &name)),
        }
    }
}

/// Types of images.
const IMAGES: [&str; 2] = ["docker", "oci"];

/// Types whose namespace is the distribution, and whose versions end with a revision of the distribution.
const DISTRIBUTIONS: [&str; 4] = ["alpm", "apk", "deb", "rpm"];

impl Versions {
    /// A range has an operator, a comma or a wildcard. Any other text is one version, to the letter: `v1.2.3`,
    /// `1.0.0-next.1`, `latest`. In Cargo a plain version would be a range.
    fn read(text: &str) -> Option<Self> {
        let is_range = text.starts_with(['<', '>', '=', '^', '~'])
            || text.contains([',', '*', '|', ' '])
            || text.split('.').any(|part| part.eq_ignore_ascii_case("x"));
        if !is_range {
            return (!text.is_empty()).then(|| Self::Exactly(text.to_owned()));
        }
        VersionReq::parse(text).ok().map(|range| Self::Range(text.to_owned(), range))
    }

    fn judge(&self, kind: &str, version: &str) -> BanVerdict {
        let banned = |is: bool| if is { BanVerdict::Banned } else { BanVerdict::Other };
        fn plain(version: &str) -> &str {
            version.strip_prefix('v').unwrap_or(version)
        }
        match self {
            Self::Exactly(wanted) => banned(plain(wanted) == plain(version)),
            Self::Range(_, range) => {
                let Some(mut version) = lenient(plain(version)) else { return BanVerdict::Unclear };
                // `5.6.1-1` is the first packaging of 5.6.1, and not what came before it.
                if DISTRIBUTIONS.contains(&kind) {
                    version.pre = Prerelease::EMPTY;
                }
                banned(range::contains(range, &version))
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
