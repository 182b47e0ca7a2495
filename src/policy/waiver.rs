//! Waivers: findings that someone has accepted, with a reason and a last day.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use crate::keys::table::Keys;
use crate::model::finding::{Finding, Package};
use crate::model::purl::{Purl, comparable_name};
use crate::policy::path_pattern::{PathPattern, never_fits};
use crate::text::shared::Text;

/// One `[[waiver]]`. Every condition in it must hold.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// Its name in the record: its `name`, or `waiver 3`, counted from 1 in the order of the file.
    pub name: Text,
    /// Whether that name is from gates.toml.
    pub has_own_name: bool,
    pub reason: Text,
    /// The last day on which it applies.
    pub expires: Option<Date>,
    /// The byte of gates.toml where it begins.
    pub at: usize,
    /// Its line, counted from 1; 0 until the text is available.
    pub line: u32,
    rule: Option<String>,
    path: Option<PathPattern>,
    package: Option<String>,
    id: Option<String>,
    tool: Option<String>,
    gate: Option<String>,
    /// Inputs that nobody scans. Such a waiver covers no finding.
    gap: Option<PathPattern>,
}

impl Waiver {
    /// Reads every `[[waiver]]`. `without_end`: a waiver may have no last day. `gates` and `tools` are the
    /// names that a waiver may use.
    pub fn read_all(keys: &Keys, without_end: bool, gates: &[&str], tools: &[&str]) -> Vec<Self> {
        let tables = keys.tables("waiver");
        let mut waivers: Vec<Self> = Vec::new();
        // The first waiver with these conditions, and the names that are taken.
        let mut firsts: HashMap<[Option<String>; 7], usize> = HashMap::new();
        let mut names: HashSet<Text> = HashSet::new();
        for (index, table) in tables.iter().enumerate() {
            for (key, known) in [("gate", gates), ("tool", tools)] {
                // `judge --report` names a gate after the tool or the format if gates.toml has no gate for
                // it.
                let is_known = |word: &str| known.contains(&word) || tools.contains(&word);
                if let Some(word) = table.text(key).filter(|word| !is_known(&word.value)) {
                    let what = format!("there is no {key} `{}`: the waiver covers nothing", word.value);
                    table.unknown(word.at, &what, &word.value, known);
                }
            }
            let Some(waiver) = Self::read(table, index, without_end) else { continue };
            let conditions = waiver.conditions().map(|(_, says)| says.map(str::to_owned));
            if let Some(same) = firsts.get(&conditions).map(|first| &waivers[*first]) {
                let what = match same.expires == waiver.expires {
                    true => format!("this waiver repeats `{}`", same.name),
                    false => {
                        format!(
                            "this waiver contradicts `{}`: the same conditions, another last day",
                            same.name
                        )
                    }
                };
                table.problem_with_help(table.at(), what, "keep one of them");
            } else if names.contains(&waiver.name) {
                let what = format!("another waiver is called `{}` too", waiver.name);
                table.problem_with_help(
                    table.at(),
                    what,
                    "reports use the name to say which waiver covers a finding",
                );
            }
            firsts.entry(conditions).or_insert(waivers.len());
            names.insert(waiver.name.clone());
            waivers.push(waiver);
        }
        waivers
    }

    /// Reads a `[[waiver]]`; `index` counts from 0.
    fn read(table: &Keys, index: usize, without_end: bool) -> Option<Self> {
        let reason = table.required_text("reason");
        let pattern = |key| {
            let mut glob = table.text(key)?;
            // An input may be the top folder itself: a root of Terraform. No finding is there.
            let is_top = key == "gap" && matches!(glob.value.as_str(), "." | "./");
            if is_top {
                ".".clone_into(&mut glob.value);
            } else if let Some((what, help)) = never_fits(&glob.value) {
                table.problem_with_help(glob.at.clone(), what, help);
            }
            let read = PathPattern::read(&glob.value);
            read.map_err(|error| {
                table.problem(glob.at, format!("this is not a path pattern: {}", error.kind()))
            })
            .ok()
        };
        let condition = |key| {
            let text = table.text(key)?;
            if text.value.contains('*') {
                let what = format!(
                    "`{key}` is not a pattern: it is compared letter by letter, so the waiver covers nothing"
                );
                table.problem_with_help(text.at, what, "only `path` accepts `*`; write a waiver for each");
            }
            Some(text.value)
        };
        if let Some(text) = table.text("package")
            && let Some((what, help)) = no_package(&text.value)
        {
            table.problem_with_help(text.at, what, help);
        }
        let waiver = Self {
            has_own_name: table.has("name"),
            name: Text::from(table.text_or("name", &format!("waiver {}", index + 1))),
            reason: Text::from(reason.map(|reason| reason.value).unwrap_or_default()),
            expires: table.date("expires").map(|date| date.value),
            at: table.at().start,
            line: 0,
            rule: condition("rule"),
            path: pattern("path"),
            package: condition("package"),
            id: condition("id"),
            tool: table.text("tool").map(|tool| tool.value),
            gate: table.text("gate").map(|gate| gate.value),
            gap: pattern("gap"),
        };
        table.finish("a waiver");
        if !table.has("expires") && !without_end {
            table.problem_with_help(
                table.at(),
                "this waiver has no end",
                "name its last day: `expires = 2027-03-31`; or, at the top of the file, `waivers_without_end = true`",
            );
        }
        for key in ["rule", "path", "package", "id"].iter().filter(|key| table.has("gap") && table.has(key)) {
            let what = format!("`{key}` is about findings, and `gap` about inputs that were not scanned");
            table.problem_with_help(table.at_key(key), what, "write two waivers");
        }
        let named = ["rule", "path", "package", "id", "tool", "gate", "gap"].iter().any(|key| table.has(key));
        let all_paths = [&waiver.path, &waiver.gap].into_iter().flatten().any(PathPattern::fits_all);
        let of_path = |key: &str| ["path", "gap"].contains(&key);
        let others = waiver.conditions().iter().filter(|(key, says)| !of_path(key) && says.is_some()).count();
        if !named || (all_paths && others == 0) {
            table.problem_with_help(
                table.at(),
                "this waiver would cover every finding",
                "name at least one of `rule`, `path` (narrower than all), `package`, `id`, `tool`, `gate`",
            );
            return None;
        }
        Some(waiver)
    }

    /// The possible conditions, each with its value.
    pub fn conditions(&self) -> [(&'static str, Option<&str>); 7] {
        [
            ("rule", self.rule.as_deref()),
            ("path", self.path.as_ref().map(PathPattern::text)),
            ("package", self.package.as_deref()),
            ("id", self.id.as_deref()),
            ("tool", self.tool.as_deref()),
            ("gate", self.gate.as_deref()),
            ("gap", self.gap.as_ref().map(PathPattern::text)),
        ]
    }

    /// Its pattern for paths.
    pub(super) fn path(&self) -> Option<&PathPattern> {
        self.path.as_ref()
    }

    /// Its pattern for inputs that were not scanned; `None`: it covers findings.
    pub(super) fn gap(&self) -> Option<&PathPattern> {
        self.gap.as_ref()
    }

    /// Whether it accepts that inputs are not scanned, and covers no finding.
    pub fn accepts_gaps(&self) -> bool {
        self.gap.is_some()
    }

    /// Whether it accepts that an input was not scanned: by this gate, with its id and tool, or by any.
    pub(super) fn accepts_gap(&self, path: &str, by: Option<(&str, &str)>) -> bool {
        let is = |wanted: &Option<String>, has: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| has == Some(wanted))
        };
        self.gap.as_ref().is_some_and(|gap| gap.fits(path))
            && is(&self.gate, by.map(|(gate, _)| gate))
            && is(&self.tool, by.map(|(_, tool)| tool))
    }

    /// Whether it names this input by its very path: a pattern also accepts what is added later.
    pub(super) fn names_gap(&self, path: &str) -> bool {
        self.gap.as_ref().is_some_and(|gap| gap.text() == path && gap.fits(path))
    }

    /// Whether it still applies on the day `today`.
    pub fn is_current(&self, today: Date) -> bool {
        self.expires.is_none_or(|expires| today <= expires)
    }

    /// Whether it means a problem in general: it names no place, tool or gate, and no qualifier or subpath of a package
    /// URL, which only the findings that have the same fit.
    pub fn is_wide(&self) -> bool {
        let part = self.package.as_deref().and_then(Purl::read);
        let whole = part.is_none_or(|purl| purl.qualifiers().is_empty() && purl.subpath().is_none());
        self.path.is_none() && self.tool.is_none() && self.gate.is_none() && self.gap.is_none() && whole
    }

    /// Whether it names a finding by its id.
    pub fn names_id(&self) -> bool {
        self.id.is_some()
    }

    /// Whether all its conditions hold for the finding. The day does not matter here.
    pub fn covers(&self, finding: &Finding) -> bool {
        let same = |wanted: &Option<String>, has: &str| wanted.as_deref().is_none_or(|wanted| wanted == has);
        let rule = self.rule.as_deref().is_none_or(|rule| {
            *finding.rule == *rule || finding.aliases.iter().any(|alias| **alias == *rule)
        });
        let path = self.path.as_ref().is_none_or(|pattern| {
            finding.location.as_ref().is_some_and(|location| pattern.fits(&location.path))
        });
        let package = self
            .package
            .as_deref()
            .is_none_or(|package| finding.package.as_ref().is_some_and(|has| is_package(package, has)));
        rule && path
            && package
            && same(&self.id, &finding.id)
            && same(&self.tool, &finding.tool)
            && same(&self.gate, &finding.gate)
    }
}

/// Whether a waiver's `package` is this package. A package URL means what it means in a VEX document; a name means every
/// version, compared as the ecosystem does.
fn is_package(wanted: &str, package: &Package) -> bool {
    if let Some(wanted) = Purl::read(wanted) {
        return wanted.is_of(package);
    }
    let purl = package.purl.as_deref().and_then(Purl::read);
    // A report may leave the scope out of the name. `ms` is not `@evil/ms`.
    let scoped = purl.as_ref().filter(|purl| purl.kind() == "npm").map(|purl| purl.combined_name());
    let name = scoped.as_deref().unwrap_or(&package.name);
    let kind = purl.as_ref().map(Purl::kind).or(package.ecosystem.as_deref()).unwrap_or_default();
    *name == *wanted || comparable_name(kind, name) == comparable_name(kind, wanted)
}

/// The type of a package URL that the package has, or would have.
pub(super) fn kind_of(package: &Package) -> Option<String> {
    let purl = package.purl.as_deref().and_then(Purl::read);
    purl.map(|purl| purl.kind().to_owned()).or_else(|| package.ecosystem.as_deref().map(str::to_owned))
}

/// Why a waiver's `package` is no package.
fn no_package(text: &str) -> Option<(&'static str, &'static str)> {
    if text.starts_with("pkg:") {
        let what = "this is not a package URL, so the waiver covers nothing";
        return Purl::read(text)
            .is_none()
            .then_some((what, "write `pkg:npm/lodash` or `pkg:npm/lodash@4.17.4`"));
    }
    let name = text.rsplit('/').next().unwrap_or(text);
    name.get(1..).is_some_and(|name| name.contains('@')).then_some((
        "a name has no version, so the waiver covers nothing",
        "write a package URL: `pkg:npm/lodash@4.17.4`",
    ))
}

/// A form of a waiver's `package` that is the same for all texts that mean one package, and for some others: to
/// look for waivers by.
pub(super) fn rough_package(text: &str) -> String {
    let name = match text.strip_prefix("pkg:") {
        // Without version, qualifiers and subpath; the scope of npm has an `@` of its own.
        Some(purl) => {
            let path = purl.split(['?', '#']).next().unwrap_or_default();
            let last = path.rfind('/').map_or(0, |slash| slash + 1);
            &path[..path[last..].rfind('@').filter(|at| *at > 0).map_or(path.len(), |at| last + at)]
        }
        None => text,
    };
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    let letters = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    letters.collect()
}
