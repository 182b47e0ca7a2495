//! The levels that the invocations of a run give to rules and to notifications.

use std::collections::HashMap;

use super::model::{Component, Invocation, Notification, Outcome, Override, Rule, RuleReference, Run};
use super::rules::Rules;

/// The levels that the invocations of a run gave to rules (`ruleConfigurationOverrides`, 3.20.5), and those of its
/// policies (3.14.28, 3.19.5), which count where no invocation gives one.
pub(super) struct Overrides<'a> {
    invocations: Vec<Levels<'a>>,
    policies: Vec<Levels<'a>>,
}

#[derive(Default)]
struct Levels<'a> {
    /// By the rule's place in memory: two components may have rules of one id.
    known: HashMap<*const Rule, &'a str>,
    /// By the id of a rule that the run does not describe.
    unknown: HashMap<&'a str, &'a str>,
}

impl<'a> Levels<'a> {
    fn of(overrides: &'a [Override], rules: &Rules<'a>) -> Self {
        let mut levels = Self::default();
        for one in overrides {
            let level = one.configuration.as_ref().and_then(|configuration| configuration.level.as_deref());
            let (Some(descriptor), Some(level)) = (&one.descriptor, level) else { continue };
            match rules.described_by(descriptor) {
                Some(rule) => drop(levels.known.insert(std::ptr::from_ref(rule), level)),
                None => levels.unknown.extend(name(descriptor).map(|name| (name, level))),
            }
        }
        levels
    }

    fn of_policy(policy: &'a Component, rules: &Rules<'a>) -> Self {
        let mut levels = Self::default();
        for one in policy.rules.iter().flatten() {
            let level =
                one.default_configuration.as_ref().and_then(|configuration| configuration.level.as_deref());
            let Some(level) = level else { continue };
            match rules.configured_by(policy, one) {
                Some(rule) => drop(levels.known.insert(std::ptr::from_ref(rule), level)),
                None => levels.unknown.extend(one.id.as_deref().map(|id| (id, level))),
            }
        }
        levels
    }

    fn level(&self, rule: Option<&Rule>, id: Option<&str>) -> Option<&'a str> {
        match rule {
            Some(rule) => self.known.get(&std::ptr::from_ref(rule)).copied(),
            None => self.unknown.get(id?).copied(),
        }
    }
}

/// The id or the GUID of a rule that the run does not describe.
fn name(reference: &RuleReference) -> Option<&str> {
    reference.id.as_deref().or(reference.guid.as_deref())
}

/// The level of each notification of an invocation: its own, the one that the invocation gave to its kind, that of its
/// kind, or `warning` (3.58.6).
pub(super) struct NotificationLevels<'a> {
    kinds: &'a Rules<'a>,
    configured: Levels<'a>,
}

impl<'a> NotificationLevels<'a> {
    pub(super) fn of(invocation: &'a Invocation, kinds: &'a Rules<'a>) -> Self {
        let overrides = invocation.notification_configuration_overrides.as_deref().unwrap_or_default();
        Self { kinds, configured: Levels::of(overrides, kinds) }
    }

    pub(super) fn level(&self, notification: &'a Notification) -> &'a str {
        let descriptor = notification.descriptor.as_ref();
        let kind = descriptor.and_then(|descriptor| self.kinds.described_by(descriptor));
        let default = || kind?.default_configuration.as_ref()?.level.as_deref();
        let configured = || self.configured.level(kind, name(descriptor?));
        notification.level.as_deref().or_else(configured).or_else(default).unwrap_or("warning")
    }
}

impl<'a> Overrides<'a> {
    pub(super) fn of(run: &'a Run, rules: &Rules<'a>) -> Self {
        let read = |invocation: &'a Invocation| {
            Levels::of(invocation.rule_configuration_overrides.as_deref().unwrap_or_default(), rules)
        };
        // A result without a provenance asks all of them.
        const MOST: usize = 64;
        let policies = run.policies.iter().flatten().take(MOST);
        Self {
            invocations: run.invocations.iter().flatten().take(MOST).map(read).collect(),
            policies: policies.map(|policy| Levels::of_policy(policy, rules)).collect(),
        }
    }

    /// The level of a result's rule in the invocation that it names; if it names none, the worst of all; without one,
    /// that of the policies.
    pub(super) fn level(&self, outcome: &Outcome, rule: Option<&Rule>) -> Option<&'a str> {
        let named = outcome.provenance.as_ref().and_then(|provenance| provenance.invocation_index);
        let of_rule = outcome.rule.as_deref();
        let id = outcome.rule_id.as_deref().or_else(|| name(of_rule?));
        let worst = |levels: &[Levels<'a>]| {
            levels.iter().filter_map(|levels| levels.level(rule, id)).max_by_key(|level| {
                ["none", "note", "warning"].iter().position(|known| known == level).unwrap_or(3)
            })
        };
        let invocations = match named.and_then(|index| usize::try_from(index).ok()) {
            Some(index) => self.invocations.get(index..=index).unwrap_or_default(),
            None => &self.invocations,
        };
        worst(invocations).or_else(|| worst(&self.policies))
    }
}
