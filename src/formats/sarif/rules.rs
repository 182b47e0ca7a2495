//! The rules of a SARIF log: severity, message and category of a result come from its rule, too.

use std::collections::HashMap;

use super::model::{
    Component, ComponentReference, Message, Notification, Outcome, Rule, RuleReference, Tool,
};
use super::plain;

/// The rules of one run, found by id.
pub(super) struct Rules<'a> {
    pub tool: &'a str,
    components: Vec<Known<'a>>,
    /// The index of each component by its name and its GUID.
    by_name: HashMap<&'a str, usize>,
    /// The rules of all components. The rules of the driver go before those of extensions.
    all: HashMap<&'a str, &'a Rule>,
    /// By their GUIDs in lower case.
    by_guid: HashMap<String, &'a Rule>,
}

struct Known<'a> {
    component: &'a Component,
    rules: &'a [Rule],
    by_id: HashMap<&'a str, &'a Rule>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(tool: &'a Tool) -> Self {
        Self::listed(tool, |component| component.rules.as_deref())
    }

    /// The kinds of notifications, which are described as rules are.
    pub(super) fn of_notifications(tool: &'a Tool) -> Self {
        Self::listed(tool, |component| component.notifications.as_deref())
    }

    fn listed(tool: &'a Tool, list: fn(&Component) -> Option<&[Rule]>) -> Self {
        let mut rules = Rules {
            tool: tool.driver.name.as_deref().unwrap_or("unnamed"),
            components: Vec::new(),
            by_name: HashMap::new(),
            all: HashMap::new(),
            by_guid: HashMap::new(),
        };
        for component in std::iter::once(&tool.driver).chain(tool.extensions.iter().flatten()) {
            for name in [&component.name, &component.guid].into_iter().flatten() {
                rules.by_name.entry(name).or_insert(rules.components.len());
            }
            let mut by_id = HashMap::new();
            let listed = list(component).unwrap_or_default();
            for rule in listed {
                if let Some(guid) = &rule.guid {
                    rules.by_guid.entry(guid.to_ascii_lowercase()).or_insert(rule);
                }
                if let Some(id) = rule.id.as_deref() {
                    by_id.entry(id).or_insert(rule);
                    rules.all.entry(id).or_insert(rule);
                }
            }
            rules.components.push(Known { component, rules: listed, by_id });
        }
        rules
    }

    /// The rule of a result.
    pub(super) fn find(&self, outcome: &Outcome) -> Option<&'a Rule> {
        let reference = outcome.rule.as_deref();
        let index = reference.and_then(|rule| rule.index).or(outcome.rule_index);
        self.rule(named(outcome), index, self.component(outcome)).or_else(|| self.with_guid(reference?))
    }

    /// The rule that a reference means.
    pub(super) fn described_by(&self, reference: &RuleReference) -> Option<&'a Rule> {
        let component = self.referred_to(reference.tool_component.as_ref());
        self.rule(reference.id.as_deref(), reference.index, component).or_else(|| self.with_guid(reference))
    }

    fn with_guid(&self, reference: &RuleReference) -> Option<&'a Rule> {
        self.by_guid.get(&reference.guid.as_ref()?.to_ascii_lowercase()).copied()
    }

    /// A rule by its index, if the ids agree; else by its id, first in the component that is named, then in
    /// all of them.
    fn rule(&self, id: Option<&str>, index: Option<i64>, component: Option<&Known<'a>>) -> Option<&'a Rule> {
        let by_index = index
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| component?.rules.get(index))
            .filter(|rule| match (id, rule.id.as_deref()) {
                (Some(id), Some(rule)) => ancestors(id).any(|id| id == rule),
                _ => true,
            });
        let in_named = || ancestors(id?).find_map(|id| component?.by_id.get(id).copied());
        let in_any = || ancestors(id?).find_map(|id| self.all.get(id).copied());
        by_index.or_else(in_named).or_else(in_any)
    }

    fn component(&self, outcome: &Outcome) -> Option<&Known<'a>> {
        self.referred_to(outcome.rule.as_ref().and_then(|rule| rule.tool_component.as_ref()))
    }

    /// The component that has a rule: the driver, unless another is named.
    fn referred_to(&self, wanted: Option<&ComponentReference>) -> Option<&Known<'a>> {
        let Some(wanted) = wanted else {
            return self.components.first();
        };
        let by_index = wanted.index.and_then(|index| usize::try_from(index).ok()?.checked_add(1));
        let names = [&wanted.guid, &wanted.name].into_iter().flatten();
        let by_name = || names.into_iter().find_map(|name| self.by_name.get(name.as_str()).copied());
        self.components.get(by_index.or_else(by_name)?)
    }

    /// The rule id of a result: its own (`CA1000/1`), the id of its rule, or the tool's name.
    pub(super) fn id<'o>(&self, outcome: &'o Outcome, rule: Option<&'o Rule>) -> &'o str
    where
        'a: 'o,
    {
        let of_rule = rule.and_then(|rule| rule.id.as_deref().or(rule.name.as_deref()));
        named(outcome).or(of_rule).unwrap_or(self.tool)
    }

    /// The text of the message of a result.
    pub(super) fn message(&self, outcome: &Outcome, rule: Option<&Rule>) -> Option<String> {
        text(outcome.message.as_ref()?, rule, self.component(outcome))
    }

    /// The text of the message of a notification.
    pub(super) fn words(&self, notification: &Notification) -> Option<String> {
        let descriptor = notification.descriptor.as_ref();
        let kind = descriptor.and_then(|descriptor| self.described_by(descriptor));
        let component = descriptor.and_then(|descriptor| descriptor.tool_component.as_ref());
        text(notification.message.as_ref()?, kind, self.referred_to(component))
    }

    /// The rule that a rule of a policy configures: the one of its id, first in the component that the policy is for
    /// (3.19.5).
    pub(super) fn configured_by(&self, policy: &Component, configured: &Rule) -> Option<&'a Rule> {
        let component = policy.associated_component.as_ref();
        let by_id = self.rule(configured.id.as_deref(), None, self.referred_to(component));
        let by_guid = || self.by_guid.get(&configured.guid.as_ref()?.to_ascii_lowercase()).copied();
        configured.id.as_ref().and(by_id).or_else(by_guid)
    }
}

/// The text of a message: its own, or the string that it refers to, with its arguments inserted.
fn text(message: &Message, rule: Option<&Rule>, component: Option<&Known<'_>>) -> Option<String> {
    let listed = || {
        let id = message.id.as_deref()?;
        let of_rule = rule.and_then(|rule| rule.message_strings.as_ref()?.get(id));
        let global = || component?.component.global_message_strings.as_ref()?.get(id);
        of_rule.or_else(global).and_then(plain)
    };
    let arguments = message.arguments.as_deref().unwrap_or_default();
    let text = plain(message).or_else(listed);
    let text = text.map(|text| if arguments.is_empty() { text.to_owned() } else { fill(text, arguments) });
    // If the string is missing, the arguments still show what the message is about.
    text.or_else(|| Some(arguments.join(", ")).filter(|text| !text.is_empty()))
}

fn named(outcome: &Outcome) -> Option<&str> {
    let of_rule = outcome.rule.as_ref().and_then(|rule| rule.id.as_deref());
    outcome.rule_id.as_deref().or(of_rule).filter(|id| !id.is_empty())
}

/// `a/b/c`, `a/b`, `a`: the id of a result may have more parts than the id of its rule. No id of a rule
/// has as many parts as the limit.
fn ancestors(id: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(id), |id| id.rsplit_once('/').map(|(parent, _)| parent)).take(16)
}

/// Replaces `{0}`, `{1}` with arguments. Doubled braces stand for one brace.
fn fill(text: &str, arguments: &[String]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        let argument = tail.strip_prefix('{').and_then(|inner| {
            let digits = inner.bytes().take(4).take_while(u8::is_ascii_digit).count();
            let (number, after) = inner.split_at(digits);
            Some((arguments.get(number.parse::<usize>().ok()?)?, after.strip_prefix('}')?))
        });
        rest = match argument {
            Some((argument, after)) => {
                out.push_str(argument);
                after
            }
            None => {
                out.push_str(&tail[..1]);
                tail.strip_prefix("{{").or(tail.strip_prefix("}}")).unwrap_or(&tail[1..])
            }
        };
    }
    out.push_str(rest);
    out
}
