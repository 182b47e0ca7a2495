//! What an inventory may hold: licences, and no banned package. Each package that it may not is a finding.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{Licences, Standing, Unknown};
use crate::ban::{Ban, Verdict};
use crate::config::Keys;
use crate::finding::{Category, Finding, Package, Text};
use crate::proof::Unproven;
use crate::purl::Purl;
use crate::reach::{Reach, Says};
use crate::sbom::{self, Component};
use crate::severity::Severity;
use crate::tool::Parsed;

/// The rules of its findings.
const DENIED: &str = "licence-denied";
const UNKNOWN: &str = "licence-unknown";
const BANNED: &str = "package-banned";

/// The keys `licences` and `ban` of a gate that reads an inventory.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    licences: Option<Licences>,
    bans: Vec<Ban>,
}

impl Contents {
    /// The keys of gates.toml.
    pub const KEYS: [&'static str; 2] = ["licences", "ban"];

    pub fn read(keys: &Keys) -> Contents {
        Contents {
            licences: keys.table("licences").map(|table| Licences::read(&table)),
            bans: Ban::read_all(keys),
        }
    }

    /// The same for a gate that may read none: then the keys mean nothing.
    pub fn read_if(reads_inventory: bool, keys: &Keys) -> Contents {
        for key in Contents::KEYS.into_iter().filter(|key| !reads_inventory && keys.has(key)) {
            let help = "they need `report` with format = \"cyclonedx\" or \"spdx\"";
            keys.problem_with_help(keys.at_key(key), format!("`{key}` has no inventory to look at"), help);
        }
        Contents::read(keys)
    }

    /// Adds a finding for each package of the document that may not be there.
    pub fn check(&self, document: &[u8], parsed: &mut Parsed) -> Result<(), Unproven> {
        if self.licences.is_none() && self.bans.is_empty() {
            return Ok(());
        }
        let components = sbom::components(document)?;
        if components.is_empty() && !parsed.scope.is_empty() {
            parsed.gaps.push("the inventory names no package whose licence could be looked at".to_owned());
        }
        let (mut seen, mut used) = (HashSet::new(), HashSet::new());
        for component in &components {
            // A package that is installed at several places is one.
            if !seen.insert((&component.name, &component.version, &component.purl, &component.licences)) {
                continue;
            }
            parsed.findings.extend(self.bans.iter().find_map(|ban| banned(ban, component)));
            if let Some(licences) = &self.licences {
                let (standing, exception) = licences.judge(component);
                used.extend(exception);
                parsed.findings.extend(licences.finding(component, standing));
            }
        }
        let told = if self.licences.is_some() { "licences" } else { "bans" };
        parsed.proof.push(format!("{told} looked at in {} packages", components.len()));
        if let Some(licences) = &self.licences {
            let exceptions = licences.exceptions.iter().enumerate();
            parsed.proof.extend(exceptions.clone().filter(|(index, _)| used.contains(index)).map(
                |(_, exception)| format!("licence exception for {}: {}", exception.package, exception.reason),
            ));
            let unused = exceptions.filter(|(index, _)| !used.contains(index));
            parsed.proof.extend(unused.map(|(_, exception)| {
                format!("the licence exception for {} was not needed", exception.package)
            }));
        }
        Ok(())
    }

    /// Whether a finding is of this, and not of the program that wrote the inventory.
    pub fn found(finding: &Finding) -> bool {
        finding.category == Category::License && [DENIED, UNKNOWN, BANNED].contains(&&*finding.rule)
    }

    pub fn reach(&self) -> Vec<Reach> {
        let bans: Vec<String> = self.bans.iter().map(Ban::words).collect();
        let mut all = vec![Reach::these("ban", &bans)];
        all.extend(Licences::reach(self.licences.as_ref()));
        all
    }
}

impl Licences {
    fn finding(&self, component: &Component, standing: Standing) -> Option<Finding> {
        let licences = component.licences.join(", ");
        let (rule, severity, title, fix) = match (standing, self.unknown) {
            (Standing::Allowed, _) | (Standing::Unknown, Unknown::Allow) => return None,
            (Standing::Denied, _) => (
                DENIED,
                Severity::High,
                format!("{} has a licence that is not allowed: {licences}", component.name),
                "replace the package, or name it in `exceptions` of `licences`, with the reason",
            ),
            (Standing::Unknown, unknown) => {
                let severity = if unknown == Unknown::Deny { Severity::High } else { Severity::Medium };
                let title = match licences.is_empty() {
                    true => format!("nobody tells the licence of {}", component.name),
                    false => format!("{} has a licence that SPDX does not know: {licences}", component.name),
                };
                (UNKNOWN, severity, title, "look it up, then name the package in `exceptions` of `licences`")
            }
        };
        Some(finding(component, rule, severity, title, fix))
    }

    /// In the order of the keys. No policy at all is that nothing is allowed or denied.
    fn reach(licences: Option<&Licences>) -> Vec<Reach> {
        let texts = |entries: &[super::Entry]| entries.iter().map(|entry| entry.text.clone()).collect();
        let Some(licences) = licences else {
            return vec![Reach::new("licences", Says::Adds(false))];
        };
        let mut exceptions = BTreeMap::new();
        for exception in &licences.exceptions {
            let mut allowed: Vec<String> = texts(&exception.allow);
            allowed.extend(exception.any_unknown.then(|| "unknown".to_owned()));
            exceptions.insert(exception.package.clone(), allowed.join(" or "));
        }
        let exceptions = exceptions.into_iter().map(|(package, allowed)| format!("{package} as {allowed}"));
        let unknown = match licences.unknown {
            Unknown::Deny => Says::Grade { word: "deny", weakness: 0 },
            Unknown::Warn => Says::Grade { word: "warn", weakness: 1 },
            Unknown::Allow => Says::Grade { word: "allow", weakness: 2 },
        };
        vec![
            Reach::new("licences", Says::Adds(true)),
            Reach::new("licences.allow", Says::Within(licences.allow.as_deref().map(texts))),
            Reach::new("licences.deny", Says::These(Some(texts(&licences.deny)))),
            Reach::new("licences.unknown", unknown),
            Reach::new("licences.exceptions", Says::Without(exceptions.collect())),
        ]
    }
}

fn banned(ban: &Ban, component: &Component) -> Option<Finding> {
    let name = &component.name;
    let (severity, title) = match ban.judge(component) {
        Verdict::Other => return None,
        Verdict::Banned => (Severity::Critical, format!("{name} is banned: {}", ban.reason)),
        // Nobody can rate it, so it blocks unless the gate says otherwise.
        Verdict::Untold => {
            let why =
                format!("{name} may be banned, and its version or kind can't be compared: {}", ban.reason);
            (Severity::Unknown, why)
        }
    };
    let mut finding = finding(component, BANNED, severity, title, "take the package out");
    finding.message = format!("banned: {}", ban.words()).into();
    Some(finding)
}

fn finding(component: &Component, rule: &str, severity: Severity, title: String, fix: &str) -> Finding {
    let mut finding = Finding::new(rule, Category::License, severity, title);
    finding.fix = Some(fix.into());
    finding.message = component.licences.join(", ").into();
    let purl = component.purl.as_deref().and_then(Purl::read);
    finding.package = Some(Arc::new(Package {
        name: component.name.as_str().into(),
        version: component.version.as_deref().map(Text::from),
        ecosystem: purl.map(|purl| purl.kind().into()),
        purl: component.purl.clone(),
        ..Package::default()
    }));
    finding
}
