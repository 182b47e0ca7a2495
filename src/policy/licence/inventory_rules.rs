//! The rules for an inventory: allowed licences and banned packages. Each package that breaks one is a
//! finding.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Serialize;

use crate::keys::table::Keys;
use crate::model::component::Component;
use crate::model::finding::{Category, Finding, Package};
use crate::model::purl::Purl;
use crate::model::run::{Completeness, GateRecord};
use crate::model::severity::Severity;
use crate::policy::ban::{Ban, BanVerdict};
use crate::policy::coverage::{Coverage, Extent};
use crate::policy::fingerprint::{self, SourceLines};
use crate::redact::Scrubber;
use crate::text::shared::Text;

use super::{Exception, LicenceMatch, Licences, Unknown};

/// The rules of its findings.
const DENIED: &str = "licence-denied";
const UNKNOWN: &str = "licence-unknown";
const BANNED: &str = "package-banned";

/// Why nothing could be checked.
pub(crate) const NO_PACKAGE: &str = "the inventory names no package whose licence could be looked at";

/// The result of a check.
#[derive(Debug, Default)]
pub struct InventoryCheck {
    pub findings: Vec<Finding>,
    /// Lines for the proof.
    pub notes: Vec<String>,
    /// What the rules may leave open by mistake.
    pub warnings: Vec<String>,
}

/// The keys `licences` and `ban` of a gate that reads an inventory.
#[derive(Clone, Debug, Default, Serialize)]
pub struct InventoryRules {
    licences: Option<Licences>,
    #[serde(rename = "ban")]
    bans: Vec<Ban>,
}

impl InventoryRules {
    /// The keys of gates.toml.
    pub const KEYS: [&'static str; 2] = ["licences", "ban"];

    pub fn read(keys: &Keys) -> Self {
        Self {
            licences: keys.table("licences").map(|table| Licences::read(&table)),
            bans: Ban::read_all(keys),
        }
    }

    /// The same for a gate that may not read an inventory. The keys are mistakes then.
    pub fn read_if(reads_inventory: bool, keys: &Keys) -> Option<Self> {
        for key in Self::KEYS.into_iter().filter(|key| !reads_inventory && keys.has(key)) {
            let help = "they need `report` with format = \"cyclonedx\" or \"spdx\"";
            keys.problem_with_help(keys.at_key(key), format!("`{key}` has no inventory to look at"), help);
        }
        let contents = Self::read(keys);
        reads_inventory.then_some(contents)
    }

    /// Whether there is anything to check.
    pub fn asks(&self) -> bool {
        self.licences.is_some() || !self.bans.is_empty()
    }

    /// What the rules may leave open by mistake, in words.
    pub fn warnings(&self) -> Vec<String> {
        self.licences.iter().flat_map(Licences::one_sided).collect()
    }

    /// Checks every package: a finding for each that breaks a rule.
    pub fn check(&self, components: &[Component]) -> InventoryCheck {
        let mut seen = InventoryCheck::default();
        if !self.asks() {
            return seen;
        }
        let mut used = HashSet::new();
        for component in components {
            seen.findings.extend(self.bans.iter().find_map(|ban| banned(ban, component)));
            if let Some(licences) = &self.licences {
                let (matched, exception) = licences.judge(component);
                used.extend(exception);
                seen.findings.extend(licences.finding(component, matched));
            }
        }
        let packages = components.iter().filter(|component| component.kind.is_none()).count();
        let checked = if self.licences.is_some() { "licences" } else { "bans" };
        seen.notes.push(format!("{checked} looked at in {packages} packages"));
        seen.warnings = self.warnings();
        let exceptions = self.licences.iter().flat_map(|licences| &licences.exceptions).enumerate();
        seen.notes.extend(exceptions.map(|(index, Exception { package, reason, .. })| {
            match used.contains(&index) {
                true => format!("the licence exception for {package}: {reason}"),
                false => format!("the licence exception for {package} was not needed"),
            }
        }));
        seen
    }

    /// Checks the inventories of a saved run's gate again, with these rules. `findings` are those of the
    /// whole run.
    pub fn check_again(&self, gate: &mut GateRecord, findings: &mut Vec<Finding>) {
        findings.retain(|finding| finding.gate != gate.id || !Self::found(finding));
        let (tool, several) = (gate.tool.clone(), gate.targets.len() > 1);
        let mut found = Vec::new();
        for target in &mut gate.targets {
            target.inventory_notes.clear();
            target.inventory_warnings.clear();
            let listed = target.inventory.as_deref().map(Vec::as_slice);
            let lacks = !listed.is_some_and(names_a_package) && !target.scope.is_empty() && self.asks();
            if lacks && gate.evidence == Completeness::Whole {
                let why = listed.map_or("the saved run does not list its packages", |_| NO_PACKAGE);
                let of = if several { format!("{}: ", target.name) } else { String::new() };
                gate.evidence = Completeness::Lacking(format!("{of}{why}"));
            }
            let Some(components) = listed.filter(|components| !components.is_empty()) else { continue };
            let seen = self.check(components);
            target.inventory_notes = seen.notes;
            target.inventory_warnings = seen.warnings;
            found.extend(seen.findings.into_iter().map(|finding| Finding {
                gate: gate.id.clone(),
                target: target.name.clone(),
                tool: tool.clone(),
                seen_by: [tool.clone()].into(),
                image: target.image_id.clone(),
                ..finding
            }));
        }
        found.sort_by(fingerprint::order);
        // They are about packages, so no line of the checkout is read for them.
        fingerprint::assign_ids(&mut found, &mut SourceLines::new(&|_| None, &Scrubber::default()));
        findings.extend(found);
    }

    /// Whether a finding comes from these rules, and not from the program that wrote the inventory.
    pub fn found(finding: &Finding) -> bool {
        finding.category == Category::License && [DENIED, UNKNOWN, BANNED].contains(&&*finding.rule)
    }

    pub fn coverage(&self) -> Vec<Coverage> {
        let bans: Vec<String> = self.bans.iter().map(Ban::words).collect();
        let mut all = vec![Coverage::these("ban", &bans)];
        all.extend(Licences::coverage(self.licences.as_ref()));
        all
    }
}

impl Licences {
    fn finding(&self, component: &Component, matched: LicenceMatch) -> Option<Finding> {
        let licences = component.licences.join(", ");
        let (rule, severity, title, fix) = match (matched, self.unknown) {
            (LicenceMatch::Allowed, _) | (LicenceMatch::Unknown, Unknown::Allow) => return None,
            (LicenceMatch::Denied, _) => (
                DENIED,
                Severity::High,
                format!("{} has a licence that is not allowed: {licences}", component.name),
                "replace the package, or name it in `exceptions` of `licences`, with the reason",
            ),
            (LicenceMatch::Unknown, unknown) => {
                let severity = if unknown == Unknown::Deny { Severity::High } else { Severity::Medium };
                let title = match licences.is_empty() {
                    true => format!("the licence of {} is not stated", component.name),
                    false => format!("{} has a licence that SPDX does not know: {licences}", component.name),
                };
                (UNKNOWN, severity, title, "look it up, then name the package in `exceptions` of `licences`")
            }
        };
        Some(finding(component, rule, severity, title, fix))
    }

    /// In the order of the keys. Without `licences` nothing is allowed or denied.
    fn coverage(licences: Option<&Self>) -> Vec<Coverage> {
        let texts = |entries: &[super::Entry]| entries.iter().map(|entry| entry.text.clone()).collect();
        let Some(licences) = licences else {
            return vec![Coverage::new("licences", Extent::Adds(false))];
        };
        let mut exceptions = BTreeMap::new();
        for exception in &licences.exceptions {
            let mut allowed: Vec<String> = texts(&exception.allow);
            allowed.extend(exception.any_unknown.then(|| "unknown".to_owned()));
            exceptions.insert(exception.package.clone(), allowed.join(" or "));
        }
        let exceptions = exceptions.into_iter().map(|(package, allowed)| format!("{package} as {allowed}"));
        let unknown = match licences.unknown {
            Unknown::Deny => Extent::Grade { word: "deny", weakness: 0 },
            Unknown::Warn => Extent::Grade { word: "warn", weakness: 1 },
            Unknown::Allow => Extent::Grade { word: "allow", weakness: 2 },
        };
        vec![
            Coverage::new("licences", Extent::Adds(true)),
            Coverage::new("licences.allow", Extent::Within(licences.allow.as_deref().map(texts))),
            Coverage::new("licences.deny", Extent::These(Some(texts(&licences.deny)))),
            Coverage::new("licences.unknown", unknown),
            Coverage::new("licences.exceptions", Extent::Without(exceptions.collect())),
        ]
    }
}

/// Whether an inventory names more than its own subject.
pub(crate) fn names_a_package(components: &[Component]) -> bool {
    components.iter().any(|component| !component.is_only_a_name())
}

fn banned(ban: &Ban, component: &Component) -> Option<Finding> {
    let name = &component.name;
    let (severity, title) = match ban.judge(component) {
        BanVerdict::Other => return None,
        BanVerdict::Banned => (Severity::Critical, format!("{name} is banned: {}", ban.reason)),
        // It has no rating, so it blocks unless the gate says otherwise.
        BanVerdict::Unclear => {
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
        more_purls: component.more_purls.clone().into(),
        ..Package::default()
    }));
    finding
}
